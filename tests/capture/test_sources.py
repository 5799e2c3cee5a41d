"""Sources: real timestamps, clean errors, nothing of a password."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid.capture.addresses import without_credentials
from reid.capture.images import read_image
from reid.capture.sources import open_source
from reid.core.errors import SourceError
from tests.making import NOON, write_video


def moving(n: int, height: int = 48, width: int = 64):
    for i in range(n):
        frame = np.full((height, width, 3), 60, np.uint8)
        frame[:, (i * 2) % width :] = 190
        yield frame


class TestVideo:
    def test_times_are_the_file_s_own(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "gate.mp4", moving(5), fps=10)
        frames = list(open_source(str(path), start=NOON).frames())
        assert [f.time - NOON for f in frames] == [
            timedelta(milliseconds=100 * i) for i in range(5)
        ]
        assert [f.index for f in frames] == [0, 1, 2, 3, 4]
        assert {f.camera for f in frames} == {"gate"}

    def test_a_recorded_time_counts_before_the_file_s(self, tmp_path: Path) -> None:
        stated = {"creation_time": "2024-03-02T10:00:00.000000Z"}
        path = write_video(tmp_path / "a.mp4", moving(2), metadata=stated)
        source = open_source(str(path))
        assert source.start_from == "recorded"
        assert source.start == datetime(2024, 3, 2, 10, tzinfo=UTC)

    def test_without_any_time_the_file_s_is_used_and_said(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.gif", moving(3))
        source = open_source(str(path))
        assert source.start_from == "file time"
        assert source.start == datetime.fromtimestamp(path.stat().st_mtime, UTC)

    def test_an_animated_gif_is_a_video(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.gif", moving(4), fps=10)
        frames = list(open_source(str(path), start=NOON).frames())
        assert len(frames) == 4
        assert frames[3].time - NOON == timedelta(milliseconds=300)

    def test_a_truncated_video_gives_what_is_left_and_says_so(self, tmp_path: Path) -> None:
        whole = write_video(tmp_path / "a.mkv", noise(60), fps=10).read_bytes()
        cut = tmp_path / "cut.mkv"
        cut.write_bytes(whole[: len(whole) // 2])
        source = open_source(str(cut))
        frames = list(source.frames())
        assert 5 < len(frames) < 60

    def test_a_truncated_mp4_says_so(self, data: Path, tmp_path: Path) -> None:
        whole = (data / "video" / "one-by-one-person-detection.mp4").read_bytes()
        cut = tmp_path / "cut.mp4"
        cut.write_bytes(whole[: len(whole) // 3])
        source = open_source(str(cut))
        frames = sum(1 for _ in source.frames())
        assert 200 < frames < 1394
        assert "cut.mp4" in source.problems[0]

    def test_an_mp4_without_its_index_cannot_be_opened(self, tmp_path: Path) -> None:
        whole = write_video(tmp_path / "a.mp4", noise(30)).read_bytes()
        cut = tmp_path / "cut.mp4"
        cut.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(SourceError, match=r"cut\.mp4 cannot be opened as video"):
            open_source(str(cut))

    def test_a_gif_cut_short_is_reported(self, data: Path, tmp_path: Path) -> None:
        whole = (data / "video" / "classroom.gif").read_bytes()
        cut = tmp_path / "cut.gif"
        cut.write_bytes(whole[: len(whole) // 3])
        source = open_source(str(cut))
        assert 0 < len(list(source.frames())) < 45
        assert "cut.gif: cut short" in source.problems[0]

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("missing.mp4", None),
            ("empty.mp4", b""),
            ("text.mp4", b"not a video at all" * 50),
            ("text.png", b"not an image at all" * 50),
        ],
    )
    def test_what_cannot_be_read_is_named(self, tmp_path: Path, name: str, content) -> None:
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(SourceError, match=name) as caught:
            list(open_source(str(path)).frames())
        assert "\n" not in str(caught.value)

    def test_the_key_is_the_content_s(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mp4", moving(3))
        copy = tmp_path / "b.mp4"
        copy.write_bytes(path.read_bytes())
        other = write_video(tmp_path / "c.mp4", moving(4))
        keys = [open_source(str(p)).key for p in (path, copy, other)]
        assert keys[0] == keys[1] != keys[2]


def turned_clockwise(path: Path) -> None:
    """Write into an MP4's track header that players turn it by 90° clockwise, as phones do."""
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40  # version 0: the matrix follows 40 bytes of fields
    turn = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    content[matrix : matrix + 36] = b"".join(v.to_bytes(4, "big", signed=True) for v in turn)
    path.write_bytes(content)


def test_a_video_filmed_sideways_is_turned_upright(tmp_path: Path) -> None:
    frame = np.zeros((32, 64, 3), np.uint8)
    frame[:12, :12] = 255  # top left as stored, top right as shown
    path = write_video(tmp_path / "phone.mp4", [frame] * 2)
    turned_clockwise(path)
    shown = next(iter(open_source(str(path)).frames())).expose_unredacted()
    assert shown.shape == (64, 32, 3)
    assert shown[:8, -8:].mean() > 200
    assert shown[:8, :8].mean() < 40


def noise(n: int):
    random = np.random.default_rng(0)
    for _ in range(n):
        yield random.integers(0, 256, (48, 64, 3), np.uint8)


class TestImages:
    @pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "CMYK", "I;16", "LA"])
    def test_every_kind_of_image_becomes_rgb(self, tmp_path: Path, mode: str) -> None:
        path = tmp_path / ("a.tif" if mode in {"CMYK", "I;16"} else "a.png")
        Image.new(mode, (5, 7)).save(path)
        pixels = read_image(path)
        assert pixels.shape == (7, 5, 3)
        assert pixels.dtype == np.uint8

    def test_a_broken_heic_picture_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "a.heic").write_bytes(b"not really")
        with pytest.raises(SourceError, match=r"a\.heic is not a readable image"):
            read_image(tmp_path / "a.heic")

    def test_twenty_megapixels_are_an_image(self, tmp_path: Path) -> None:
        Image.new("L", (5200, 4000), 90).save(tmp_path / "a.png")
        assert read_image(tmp_path / "a.png").shape == (4000, 5200, 3)

    def test_one_pixel_is_an_image(self, tmp_path: Path) -> None:
        Image.new("RGB", (1, 1), (9, 8, 7)).save(tmp_path / "a.png")
        assert read_image(tmp_path / "a.png").tolist() == [[[9, 8, 7]]]

    def test_exif_rotation_is_applied(self, tmp_path: Path) -> None:
        image = Image.new("RGB", (20, 10))
        exif = image.getexif()
        exif[0x0112] = 6  # turned by 90°
        image.save(tmp_path / "a.jpg", exif=exif)
        assert read_image(tmp_path / "a.jpg").shape == (20, 10, 3)

    def test_an_image_beyond_200_megapixels_is_refused(self, tmp_path: Path, monkeypatch) -> None:
        Image.new("1", (300, 300)).save(tmp_path / "a.png")
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
        with pytest.raises(SourceError, match="megapixels"):
            read_image(tmp_path / "a.png")

    def test_a_folder_skips_what_is_no_image_and_says_so(self, tmp_path: Path) -> None:
        Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
        (tmp_path / "b.jpg").write_bytes(b"nonsense")
        (tmp_path / "notes.txt").write_text("no")
        source = open_source(str(tmp_path))
        assert len(list(source.frames())) == 1
        assert "b.jpg" in source.problems[0]

    def test_a_folder_without_images_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="holds no images"):
            open_source(str(tmp_path))

    def test_crops_are_images_not_videos(self, tmp_path: Path) -> None:
        path = write_video(tmp_path / "a.mp4", moving(2))
        with pytest.raises(SourceError, match="--crops takes"):
            open_source(str(path), crops=True)


class TestAddresses:
    def test_passwords_are_cut(self) -> None:
        shown = without_credentials("rtsp://admin:s3cret@10.0.0.4:554/live?token=abc")
        assert shown == "rtsp://10.0.0.4:554"

    def test_an_unreachable_stream_is_one_line_without_password(self) -> None:
        source = open_source("rtsp://admin:s3cret@127.0.0.1:9/live?token=abc")
        with pytest.raises(SourceError) as caught:
            next(source.frames())
        text = str(caught.value) + repr(source) + repr(caught.value.__cause__)
        assert "s3cret" not in text
        assert "abc" not in text
        assert "rtsp://127.0.0.1:9 " in str(caught.value)
        assert caught.value.__suppress_context__


def test_pillow_is_not_asked_to_write(tmp_path: Path) -> None:
    """Reading leaves nothing behind."""
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    read_image(tmp_path / "a.png")
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_decoders_threads_never_wait_for_python() -> None:
    """Or closing a stream that breaks off stops the process; None is silent without Python."""
    import av.logging

    import reid.capture.sources  # noqa: F401

    assert av.logging.get_level() is None

"""Inputs that went wrong in public bug reports: each kind made here, and the collected files."""

import errno
import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from reid.anonymise import CopyOptions, redact_path
from reid.capture.colour import tone_map
from reid.capture.sources import AnimationSource, open_source, open_sources
from reid.core.errors import SourceError, TargetError, UsageError
from reid.detect.last_check import LastCheck
from tests.making import NOON, write_video
from tests.test_anonymise import OnePerson, scene

STEP = Fraction(1, 10)


@pytest.fixture(scope="module")
def faults(data: Path) -> Path:
    folder = data / "faults"
    if not folder.is_dir():
        pytest.skip("the collected files are not here")
    return folder


def seconds(path: Path) -> list[float]:
    """Return when each frame of a copy is shown."""
    with av.open(str(path)) as container:
        return [float(frame.time) for frame in container.decode(video=0)]


def heard(path: Path) -> tuple[np.ndarray, int, float]:
    """Return a copy's sound, its rate and when it begins."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    return np.concatenate([f.to_ndarray()[0] for f in frames]), frames[0].rate, frames[0].time


def first(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)


def increasing(times: list[float]) -> bool:
    return all(b > a for a, b in itertools.pairwise(times))


COLLECTED = {
    "bad_g12.mp4": (34, 2.83, "34 of 35", True),
    "live_small.ts": (297, 24.9, "skipped", True),
    "dup.mkv": (35, 2.83, "1 repeated", False),
    "concat_reset.ts": (70, 5.75, "joined", False),
    "res_up.ts": (70, 5.75, "another size", False),
    "s_mulaw.avi": (35, 2.83, "", False),
    "s_aac.ts": (35, 2.83, "", False),
    "two.mkv": (35, 2.83, "2 video tracks", False),
    "sar.mp4": (35, 2.83, "", False),
    "hdr10.mp4": (35, 2.83, "HDR", False),
    "raw.h264": (35, 2.83, "", False),
    "cut_el.mp4": (19, 1.5, "", False),
    "anim10.webp": (10, 1.08, "", False),
    "pages10.tif": (10, 0.9, "", False),
}
"""Frames, seconds from the first to the last, what is said, and whether something is missing."""


@pytest.fixture
def without_last_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces are sought in copies elsewhere; here it is about which frames there are, and when."""
    for what in ("still", "frame"):
        monkeypatch.setattr(LastCheck, what, lambda _, redacted: redacted)


@pytest.mark.usefixtures("without_last_check")
@pytest.mark.parametrize("name", COLLECTED)
def test_each_collected_film_gives_a_whole_copy(faults: Path, tmp_path: Path, name: str) -> None:
    frames, lasts, words, missing = COLLECTED[name]
    target = tmp_path / "copy.mp4"
    report = redact_path(faults / name, target, OnePerson(), CopyOptions(keep_audio=True))
    times = seconds(target)
    assert len(times) >= frames
    assert increasing(times)
    assert times[-1] - times[0] == pytest.approx(lasts, abs=0.1)
    assert words in " ".join(report.problems)
    assert bool(report.problems) is bool(words)
    assert report.incomplete is missing


@pytest.mark.parametrize(
    ("name", "size"), [("res_up.ts", (480, 270)), ("sar.mp4", (480, 270)), ("two.mkv", (480, 270))]
)
def test_each_collected_film_has_one_right_shape(faults: Path, name: str, size: tuple) -> None:
    sizes = {(f.width, f.height) for f in open_source(str(faults / name)).frames()}
    assert sizes == {size}


def test_collected_photos_have_their_own_time_and_can_be_copied(
    faults: Path, tmp_path: Path
) -> None:
    photo = open_source(str(faults / "exif6.jpg"))
    assert photo.start_from == "recorded"
    assert photo.start == datetime(2023, 7, 1, 10).astimezone(UTC)
    assert next(photo.frames()).time == photo.start
    report = redact_path(faults / "p.heic", tmp_path / "p.heic", OnePerson())
    assert report.target == tmp_path / "p.jpg"
    assert Image.open(report.target).size == (480, 270)


def test_collected_colours_are_kept_and_tagged(faults: Path, tmp_path: Path) -> None:
    redact_path(faults / "bars709.mp4", tmp_path / "bars.mp4", OnePerson())
    drift = np.abs(first(faults / "bars709.mp4") - first(tmp_path / "bars.mp4"))[200:]
    assert drift.mean() < 3
    with av.open(str(tmp_path / "bars.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
    redact_path(faults / "hdr10.mp4", tmp_path / "hdr.mp4", OnePerson())
    plain, mapped = first(faults / "dup.mkv"), first(tmp_path / "hdr.mp4")
    assert abs(plain[150:].mean() - mapped[150:].mean()) < 12
    assert mapped[150:].std() > plain[150:].std() * 0.8, "no grey veil"


def stamped(path: Path, stamps: list[int], pictures: Iterator[np.ndarray] | None = None) -> Path:
    """Write a film whose frames carry these stamps, in tenths of a second, whatever they are."""
    shapes = pictures or scene(len(stamps))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 120, "yuvj420p"
        for number, pixels in enumerate(shapes):
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture = picture.reformat(format="yuvj420p")
            picture.pts, picture.time_base = number, STEP
            for packet in stream.encode(picture):
                packet.time_base = STEP
                packet.pts = packet.dts = stamps[number]
                out.mux(packet)
    return path


class TestClocks:
    @pytest.mark.parametrize(
        "stamps",
        [[0, 1, 2, 2, 3, 4, 5], [0, 1, 2, 576_000, 576_001, 576_002]],
        ids=["repeats", "jumps"],
    )
    def test_a_film_is_copied_whole_and_that_is_said(
        self, tmp_path: Path, stamps: list[int]
    ) -> None:
        film = stamped(tmp_path / "film.mkv", stamps)
        report = redact_path(film, tmp_path / "copy.mp4", OnePerson())
        times = seconds(tmp_path / "copy.mp4")
        assert len(times) == len(stamps)
        assert increasing(times)
        assert times[-1] < 2
        assert "time stamps" in " ".join(report.problems)
        assert not report.incomplete

    def test_two_recordings_one_after_the_other(self, tmp_path: Path) -> None:
        parts = [write_video(tmp_path / f"{n}.ts", scene(12)).read_bytes() for n in range(2)]
        (tmp_path / "both.ts").write_bytes(b"".join(parts))
        frames = list(open_source(str(tmp_path / "both.ts"), start=NOON).frames())
        assert len(frames) == 24
        assert frames[-1].time - NOON < timedelta(seconds=3)
        assert increasing([(f.time - NOON).total_seconds() for f in frames])

    def test_raw_video_has_its_own_frame_rate(self, tmp_path: Path) -> None:
        with av.open(str(tmp_path / "raw.h264"), "w") as out:
            stream = out.add_stream("libx264", rate=8)
            stream.width, stream.height, stream.pix_fmt = 96, 120, "yuv420p"
            stream.options = {"x264-params": "force-cfr=1"}
            for pixels in scene(16):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            out.mux(stream.encode(None))
        source = open_source(str(tmp_path / "raw.h264"), start=NOON)
        assert source.fps == pytest.approx(8)
        assert list(source.frames())[-1].time - NOON == timedelta(seconds=15 / 8)


class TestShapes:
    def test_pictures_of_another_size_are_fitted_into_the_first_one_s(self, tmp_path: Path) -> None:
        first_part = write_video(tmp_path / "a.ts", scene(6)).read_bytes()
        large = (np.full((180, 320, 3), 200, np.uint8) for _ in range(6))
        (tmp_path / "both.ts").write_bytes(
            first_part + write_video(tmp_path / "b.ts", large).read_bytes()
        )
        source = open_source(str(tmp_path / "both.ts"))
        frames = list(source.frames())
        assert {(f.width, f.height) for f in frames} == {(96, 120)}
        shown = frames[-1].expose_unredacted()
        assert shown[60, 48].min() > 180
        assert shown[5].max() < 30, "padded, not stretched"
        assert "another size" in " ".join(source.notes)

    @pytest.mark.parametrize(
        ("shape", "size"),
        [(Fraction(2), (192, 120)), (Fraction(1, 2), (96, 240)), (Fraction(4, 3), (128, 120))],
    )
    def test_pixels_are_square(self, tmp_path: Path, shape: Fraction, size: tuple) -> None:
        path = tmp_path / "film.mkv"
        with av.open(str(path), "w") as out:
            stream = out.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = 96, 120, "yuv420p"
            stream.codec_context.sample_aspect_ratio = shape
            for pixels in scene(4):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            out.mux(stream.encode(None))
        assert {(f.width, f.height) for f in open_source(str(path)).frames()} == {size}

    def test_the_default_track_is_read_and_the_other_mentioned(self, tmp_path: Path) -> None:
        path = tmp_path / "two.mkv"
        with av.open(str(path), "w") as out:
            streams = []
            for side in (32, 64):
                stream = out.add_stream("libx264", rate=10)
                stream.width = stream.height = side
                stream.pix_fmt = "yuv420p"
                streams.append(stream)
            streams[0].disposition = av.stream.Disposition(0)
            streams[1].disposition = av.stream.Disposition.default
            for number in range(4):
                for stream in streams:
                    flat = np.full((stream.height, stream.width, 3), 90, np.uint8)
                    picture = av.VideoFrame.from_ndarray(flat, format="rgb24")
                    picture.pts, picture.time_base = number, STEP
                    out.mux(stream.encode(picture))
            for stream in streams:
                out.mux(stream.encode(None))
        source = open_source(str(path))
        assert {f.width for f in source.frames()} == {64}
        assert "track 1 (32×32)" in source.notes[0]


class TestColours:
    def bars(self, path: Path, matrix: int | None, height: int = 720) -> Path:
        """Write coloured bars, converted and tagged as BT.709 (1), BT.601 (6), or untagged."""
        bars = np.zeros((height, 256, 3), np.uint8)
        for number, colour in enumerate(
            [(200, 30, 30), (30, 200, 30), (30, 30, 200), (180, 180, 0)]
        ):
            bars[:, number * 64 : (number + 1) * 64] = colour
        with av.open(str(path), "w") as out:
            stream = out.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = 256, height, "yuv420p"
            context = stream.codec_context
            if matrix is not None:
                context.colorspace = context.color_primaries = context.color_trc = matrix
                context.color_range = 1
            picture = av.VideoFrame.from_ndarray(bars, format="rgb24")
            used = {1: "itu709", 6: "itu601", None: "itu709"}[matrix]
            picture = picture.reformat(format="yuv420p", dst_colorspace=used)
            picture.pts = 0
            out.mux(stream.encode(picture))
            out.mux(stream.encode(None))
        return path

    @pytest.mark.parametrize("matrix", [1, 6, None])
    def test_colours_are_read_and_written_as_they_are_meant(
        self, tmp_path: Path, matrix: int | None
    ) -> None:
        film = self.bars(tmp_path / "film.mp4", matrix)
        raw = next(open_source(str(film)).frames()).expose_unredacted()
        assert raw[500, 32] == pytest.approx([200, 30, 30], abs=6)
        redact_path(film, tmp_path / "copy.mp4", OnePerson())
        assert np.abs(first(film) - first(tmp_path / "copy.mp4"))[200:].mean() < 3
        with av.open(str(tmp_path / "copy.mp4")) as container:
            assert container.streams.video[0].codec_context.colorspace == (matrix or 2)

    def test_hdr_white_and_dark_keep_their_place(self) -> None:
        for transfer, white in ((16, 0.508), (18, 0.75)):
            grey = np.full((1, 1, 3), round(white * 65535), np.uint16)
            assert tone_map(grey, transfer).mean() > 200
            assert tone_map(np.zeros((1, 1, 3), np.uint16), transfer).mean() == 0
            assert tone_map(np.full((1, 1, 3), 65535, np.uint16), transfer).mean() > 250


class TestSound:
    def film(self, path: Path, codec: str, late: float = 0.0, base: float = 0.0) -> Path:
        """Write two seconds of film; a click sounds one second after the first picture."""
        rate = 8000
        with av.open(str(path), "w") as out:
            avi = path.suffix == ".avi"  # which has no stamps for H.264
            stream = out.add_stream("mjpeg" if avi else "libx264", rate=10)
            stream.width, stream.height = 96, 120
            stream.pix_fmt = "yuvj420p" if avi else "yuv420p"
            sound = out.add_stream(codec, rate=rate, layout="mono")
            for number, pixels in enumerate(scene(20)):
                picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                picture.pts, picture.time_base = round(base * 10) + number, STEP
                out.mux(stream.encode(picture))
            out.mux(stream.encode(None))
            wave = np.zeros(int((2 - late) * rate), np.int16)
            click = int((1 - late) * rate)
            wave[click : click + 400] = 20_000 * np.sin(np.arange(400))
            block = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
            block.sample_rate, block.time_base = rate, Fraction(1, rate)
            block.pts = round((base + late) * rate)
            resampler = av.AudioResampler(sound.codec_context.format, "mono", rate)
            for part in resampler.resample(block):
                out.mux(sound.encode(part))
            out.mux(sound.encode(None))
        return path

    @pytest.mark.parametrize(
        ("name", "codec", "late", "base"),
        [
            ("film.avi", "pcm_mulaw", 0.0, 0.0),
            ("film.avi", "pcm_alaw", 0.0, 0.0),
            ("film.mkv", "pcm_s16le", 0.5, 0.0),
            ("film.ts", "aac", 0.0, 40.0),
            ("film.ts", "aac", 0.5, 40.0),
        ],
    )
    @pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov"])
    def test_sound_is_converted_and_in_step(
        self, tmp_path: Path, name: str, codec: str, late: float, base: float, ending: str
    ) -> None:
        film = self.film(tmp_path / name, codec, late, base)
        target = tmp_path / f"copy{ending}"
        redact_path(film, target, OnePerson(), CopyOptions(keep_audio=True))
        assert seconds(target)[0] == pytest.approx(0, abs=0.05)
        wave, rate, begins = heard(target)
        click = begins + int(np.abs(wave).argmax()) / rate
        assert click == pytest.approx(1.02, abs=0.08)


def pages(count: int = 5) -> list[Image.Image]:
    """Return frames of which no two are alike: some writers make one of those that are."""
    made = []
    for number, pixels in enumerate(scene(count)):
        pixels[70:110, number * 15 : number * 15 + 15] = (20, 220, 20)
        made.append(Image.fromarray(pixels))
    return made


class TestImages:
    @pytest.mark.parametrize("ending", [".webp", ".png", ".tif"])
    def test_all_frames_of_an_animation_are_read_and_copied(
        self, tmp_path: Path, ending: str
    ) -> None:
        source = tmp_path / f"in{ending}"
        options = {} if ending == ".tif" else {"duration": 200}
        pages()[0].save(source, save_all=True, append_images=pages()[1:], **options)
        opened = open_source(str(source), start=NOON)
        assert isinstance(opened, AnimationSource)
        frames = list(opened.frames())
        assert len(frames) == opened.total == 5
        if ending != ".tif":
            assert [f.time - NOON for f in frames] == [timedelta(seconds=i / 5) for i in range(5)]
        report = redact_path(source, tmp_path / f"out{ending}", OnePerson())
        assert report.written == 5
        copy = Image.open(tmp_path / f"out{ending}")
        assert copy.n_frames == 5
        for page in range(5):
            copy.seek(page)
            head = np.asarray(copy.convert("RGB"))[12:38, 22:58].astype(int)
            assert (head[..., 0] - head[..., 1]).mean() < 40, "no page keeps its head"

    def test_pages_in_a_folder_are_all_read(self, tmp_path: Path) -> None:
        pages()[0].save(tmp_path / "a.tif", save_all=True, append_images=pages()[1:])
        pages()[0].save(tmp_path / "b.png")
        source = open_source(str(tmp_path))
        assert [f.index for f in source.frames()] == list(range(6))
        assert len({source.origin(i)[1] for i in range(6)}) == 6
        assert Path(source.origin(5)[0]).name == "b.png"

    def test_a_small_preview_in_a_photo_is_no_second_frame(self, tmp_path: Path) -> None:
        large, small = pages()[0], pages()[0].resize((24, 30))
        small.encoderinfo = {"tiffinfo": {254: 1}}
        large.save(tmp_path / "a.tif", save_all=True, append_images=[small], tiffinfo={254: 0})
        assert len(list(open_source(str(tmp_path / "a.tif")).frames())) in {1, 2}

    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            ({36867: "2023:07:01 10:00:00", 36881: "+02:00"}, datetime(2023, 7, 1, 8, tzinfo=UTC)),
            ({36867: "2023:07:01 10:00:00"}, datetime(2023, 7, 1, 10).astimezone(UTC)),
            ({36868: "2023:07:02 10:00:00"}, datetime(2023, 7, 2, 10).astimezone(UTC)),
            ({36867: "0000:00:00 00:00:00"}, None),
            ({36867: "1970:01:01 00:00:00"}, None),
            ({36867: "\x00soon"}, None),
            ({}, None),
        ],
    )
    def test_a_photo_s_own_time(self, tmp_path: Path, tags: dict, expected) -> None:
        exif = Image.Exif()
        exif.get_ifd(0x8769).update(tags)
        pages()[0].save(tmp_path / "a.jpg", exif=exif)
        source = open_source(str(tmp_path / "a.jpg"))
        assert source.start_from == ("recorded" if expected else "file time")
        if expected:
            assert next(source.frames()).time == expected


class TestFolders:
    @pytest.fixture
    def mixed(self, tmp_path: Path) -> Path:
        folder = tmp_path / "in"
        (folder / "sub").mkdir(parents=True)
        pages()[0].save(folder / "a.png")
        pages()[0].save(folder / "phone.jpg")
        (folder / "broken.heic").write_bytes(b"no image")
        write_video(folder / "sub" / "b.mp4", scene(4))
        write_video(folder / "c.gif", scene(3))
        write_video(folder / "d.ts", scene(3))
        (folder / "notes.txt").write_text("x")
        (folder / ".hidden").write_text("x")
        return folder

    def test_everything_is_copied_or_named(self, mixed: Path, tmp_path: Path) -> None:
        report = redact_path(mixed, tmp_path / "out", OnePerson())
        out = tmp_path / "out"
        written = {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
        assert written == {"a.png", "phone.jpg", "sub/b.mp4", "c.gif", "d.mp4"}
        said = " ".join(report.problems)
        assert "broken.heic" in said
        assert "notes.txt" in said
        assert ".ts cannot be written" in said
        assert ".hidden" not in said
        assert report.incomplete
        assert report.written == 2 + 4 + 3 + 3

    def test_every_video_is_a_source_of_its_own(self, mixed: Path) -> None:
        opened = list(open_sources(str(mixed)))
        assert [source.kind for source in opened] == ["stills", "video", "video", "video"]
        assert {source.camera for source in opened} == {"in"}
        assert "notes.txt" in " ".join(opened[0].notes)
        assert "b.mp4" in " ".join(open_source(str(mixed)).notes), "or it is named as left out"

    def test_a_phone_s_photo_does_not_replace_its_neighbour(self, tmp_path: Path) -> None:
        from reid.anonymise import _copies

        root, out = tmp_path / "in", tmp_path / "out"
        files = [root / "a.heic", root / "a.jpg"]
        copies = _copies(files, root, out)
        assert set(copies.values()) == {out / "a.heic.jpg", out / "a.jpg"}

    def test_an_original_is_never_replaced(self, tmp_path: Path) -> None:
        pages()[0].save(tmp_path / "a.jpg")
        with pytest.raises(UsageError, match="is there already"):
            redact_path(tmp_path / "a.jpg", tmp_path / "a.heic", OnePerson())


class TestFullDisk:
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES])
    @pytest.mark.parametrize("name", ["in.mp4", "in.gif", "in.png"])
    def test_it_is_one_clear_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
    ) -> None:
        source = tmp_path / name
        pages()[0].save(source) if name == "in.png" else write_video(source, scene(3))
        error = OSError(number, "anything")

        def fail(*_: object, **__: object) -> None:
            raise error

        if name == "in.mp4":
            error = av.error.OSError(number, "anything")
            monkeypatch.setattr("reid.capture.video_writer.VideoWriter.finish", fail)
        else:
            monkeypatch.setattr(Image.Image, "save", fail)
        with pytest.raises(TargetError) as caught:
            redact_path(source, tmp_path / f"out{source.suffix}", OnePerson())
        expected = "Permission denied" if number == errno.EACCES else "the disk is full"
        assert expected in str(caught.value)
        assert "\n" not in str(caught.value)
        assert sorted(p.name for p in tmp_path.iterdir()) == [name]


def test_the_exit_code_says_that_parts_are_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from reid.embed import RegionEmbedder
    from tests.cli.test_main import run

    for module in ("reid.cli.commands", "reid.loading"):  # the first is bound to the second
        monkeypatch.setattr(f"{module}.load_tracker", lambda _: OnePerson())
    monkeypatch.setattr("reid.loading.load_embedder", lambda _: RegionEmbedder())
    whole = write_video(tmp_path / "a.mkv", scene(40)).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) * 2 // 3])
    target = tmp_path / "copy.mp4"
    status, _, error = run(monkeypatch, capsys, "redact", str(tmp_path / "cut.mkv"), str(target))
    assert status == 1, error
    assert "as far as it goes" in error
    assert 5 < len(seconds(target)) < 40
    where = ("--venue", str(tmp_path / "v"), "--json")
    status, printed, error = run(monkeypatch, capsys, "index", str(tmp_path / "cut.mkv"), *where)
    assert status == 1, error
    assert json.loads(printed)["incomplete"] is True
    status, printed, error = run(monkeypatch, capsys, "index", str(tmp_path / "a.mkv"), *where)
    assert status == 0, error
    assert json.loads(printed)["incomplete"] is False


def test_a_folder_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(SourceError, match="no images"):
        redact_path(tmp_path / "in", tmp_path / "out", OnePerson())

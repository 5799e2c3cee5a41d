"""`reid redact`: heads gone, sound and metadata left behind, nothing half-written."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from reid.anonymise import CopyOptions, redact_path
from reid.core.boxes import Tracks, as_boxes, empty_boxes
from reid.core.errors import SourceError, UsageError
from reid.detect.head_regions import TOP_WITHOUT_HEAD, HeadCandidates
from reid.detect.tracker import Seen
from tests.doubles import TrackerDouble
from tests.making import write_video

PERSON = [20, 10, 60, 110]


class OnePerson(TrackerDouble):
    """Stands in for the detector: one person at a known place in every frame."""

    def track(self, raw):
        box = as_boxes([PERSON])
        tracks = Tracks(box, np.ones(1, np.float32), np.ones(1, np.int64))
        return Seen(tracks, HeadCandidates.upright(empty_boxes()))


def scene(n: int = 6):
    """Frames whose head area is red, the rest grey."""
    for i in range(n):
        frame = np.full((120, 96, 3), 100 + i, np.uint8)
        frame[10:40, 20:60] = (255, 0, 0)
        yield frame


def red_in(pixels: np.ndarray) -> float:
    """How red the head's area is on average, 0 to 255; codecs smear single pixels."""
    head = pixels[12:38, 22:58].astype(int)
    return float((head[..., 0] - head[..., 1]).mean())


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_video_comes_back_without_heads_sound_and_metadata(tmp_path: Path) -> None:
    place = {"location": "+48.1+11.5/", "comment": "the Miller family"}
    source = write_video(tmp_path / "in.mp4", scene(), audio=True, metadata=place)
    assert red_in(frames_of(source)[0]) > 150, "the control: the head is in the original"
    target = tmp_path / "out.mp4"
    tracker = OnePerson()
    report = redact_path(source, target, tracker)
    assert report.written == 6
    assert tracker.careful, "whoever keeps a copy has the time to look twice"
    shown = frames_of(target)
    assert len(shown) == 6
    assert max(red_in(f) for f in shown) < 40
    with av.open(str(target)) as container:
        assert not container.streams.audio
        assert "Miller" not in str(container.metadata)
    assert b"Miller" not in target.read_bytes()


def test_sound_stays_when_asked_for(tmp_path: Path) -> None:
    source = write_video(tmp_path / "in.mp4", scene(), audio=True)
    target = tmp_path / "out.mp4"
    redact_path(source, target, OnePerson(), CopyOptions(keep_audio=True))
    with av.open(str(target)) as container:
        assert len(container.streams.audio) == 1
        assert sum(1 for _ in container.decode(audio=0)) > 0


def test_times_are_kept(tmp_path: Path) -> None:
    source = write_video(tmp_path / "in.mp4", scene(8), fps=5)
    target = tmp_path / "out.mkv"
    redact_path(source, target, OnePerson())
    with av.open(str(target)) as container:
        times = [round(frame.time, 2) for frame in container.decode(video=0)]
    assert times == [round(i / 5, 2) for i in range(8)]


def test_a_gif_stays_one(tmp_path: Path) -> None:
    source = write_video(tmp_path / "in.gif", scene())
    target = tmp_path / "out.gif"
    redact_path(source, target, OnePerson())
    shown = frames_of(target)
    assert len(shown) == 6
    assert max(red_in(f) for f in shown) < 40
    drift = np.abs(shown[0][60:].astype(int) - frames_of(source)[0][60:])
    assert drift.mean() < 2, "colours are kept"
    with av.open(str(target)) as container:
        assert [round(f.time, 2) for f in container.decode(video=0)] == [i / 10 for i in range(6)]


@pytest.mark.parametrize("ending", [".png", ".jpg"])
def test_an_image_loses_head_and_exif(tmp_path: Path, ending: str) -> None:
    source = tmp_path / f"in{ending}"
    exif = Image.Exif()
    exif[0x010E] = "taken at the Miller house"
    Image.fromarray(next(scene())).save(source, exif=exif)
    target = tmp_path / f"out{ending}"
    redact_path(source, target, OnePerson())
    pixels = np.asarray(Image.open(target))
    assert red_in(pixels) < 40
    bottom = 10 + 100 * TOP_WITHOUT_HEAD
    assert np.abs(pixels[int(bottom) + 2 :].astype(int) - 100).mean() < 1
    assert not Image.open(target).getexif()
    assert b"Miller" not in target.read_bytes()


def test_a_folder_keeps_its_shape(tmp_path: Path) -> None:
    for name in ("a.png", "b/c.png"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(next(scene())).save(tmp_path / "in" / name)
    (tmp_path / "in" / "bad.png").write_bytes(b"no image")
    report = redact_path(tmp_path / "in", tmp_path / "out", OnePerson())
    assert report.written == 2
    assert "bad.png" in report.problems[0]
    written = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.*"))
    assert written == ["a.png", "b/c.png"]


def test_the_original_is_never_overwritten(tmp_path: Path) -> None:
    source = write_video(tmp_path / "in.mp4", scene())
    before = source.read_bytes()
    with pytest.raises(UsageError, match="overwrite"):
        redact_path(source, source, OnePerson())
    assert source.read_bytes() == before


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    class Fails(OnePerson):
        def track(self, raw):
            if raw.index == 3:
                raise SourceError("the camera is on fire")
            return super().track(raw)

    source = write_video(tmp_path / "in.mp4", scene())
    with pytest.raises(SourceError, match="on fire"):
        redact_path(source, tmp_path / "out.mp4", Fails())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4"]


def test_an_unknown_kind_of_target_is_refused(tmp_path: Path) -> None:
    source = write_video(tmp_path / "in.mp4", scene())
    with pytest.raises(UsageError, match=r"\.mp4"):
        redact_path(source, tmp_path / "out.xyz", OnePerson())

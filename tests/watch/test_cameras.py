"""Live cameras: a failing one never stops the others; what comes late is dropped and counted."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from reid.capture.sources import Source
from reid.core.errors import SourceError
from reid.pipeline import IndexReport
from reid.watch.cameras import CameraLoop, CameraSource
from reid.watch.status import Health
from tests.making import write_video


@dataclass
class FakeIndexer:
    """Reads frames as fast, or as slowly, as told."""

    stop: threading.Event
    frames: int = 20
    slow: float = 0.0
    seen: list[int] = field(default_factory=list)

    def index(self, source: Source) -> IndexReport:
        for frame in source.frames():
            self.seen.append(frame.index)
            time.sleep(self.slow)
            if len(self.seen) >= self.frames:
                self.stop.set()
        return IndexReport(source.name)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    write_video(path, [np.full((48, 64, 3), 20 * i, np.uint8) for i in range(8)])
    return path


def test_a_file_is_played_again_and_again(clip: Path) -> None:
    stop = threading.Event()
    indexer = FakeIndexer(stop, frames=20)
    loop = CameraLoop("gate", str(clip), lambda: indexer, stop, first_pause=0.01)
    loop.run()
    assert loop.health.frames >= 20
    assert loop.health.reconnects >= 2


def test_a_failing_camera_backs_off_and_stops_no_other(clip: Path) -> None:
    stop = threading.Event()
    good = FakeIndexer(stop, frames=12)
    bad = FakeIndexer(stop)
    broken = CameraLoop("roof", "/nowhere.mp4", lambda: bad, stop, first_pause=0.05)
    healthy = CameraLoop("gate", str(clip), lambda: good, stop, first_pause=0.01)
    threads = [threading.Thread(target=loop.run) for loop in (broken, healthy)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert healthy.health.frames >= 12
    assert broken.health.frames == 0
    assert 1 <= broken.health.reconnects <= 6, "the pauses must grow"
    assert broken.health.problem


def test_frames_that_come_late_are_dropped(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid.watch.cameras._PACE", 1000.0)
    stop = threading.Event()
    health = Health("gate")
    indexer = FakeIndexer(stop, frames=100, slow=0.05)
    indexer.index(CameraSource(str(clip), "gate", health=health, stop=stop))
    assert health.dropped >= 1
    assert health.dropped + len(indexer.seen) == 8
    assert health.behind > 0, "frames waited"
    assert indexer.seen == sorted(indexer.seen)


def test_passwords_are_not_in_names() -> None:
    source = CameraSource("rtsp://admin:hunter2@cam.example/1?token=abc", "gate")
    assert "hunter2" not in source.name + repr(source)
    assert "abc" not in source.name


def test_stopping_ends_a_camera_at_once(clip: Path) -> None:
    stop = threading.Event()
    stop.set()
    source = CameraSource(str(clip), "gate", stop=stop)
    assert list(source.frames()) == []


def test_an_unreadable_stream_says_so(tmp_path: Path) -> None:
    source = CameraSource(str(tmp_path / "none.mp4"), "gate")
    with pytest.raises(SourceError, match="cannot be opened"):
        list(source.frames())


@dataclass
class BreaksOff:
    """Reads frames, and fails again and again; the times of its attempts are kept."""

    stop: threading.Event
    frames: int
    tries: list[float] = field(default_factory=list)

    def index(self, source: CameraSource) -> IndexReport:
        self.tries.append(time.monotonic())
        source.health.frames += self.frames
        if len(self.tries) >= 6:
            self.stop.set()
        raise SourceError("the stream broke off")


@pytest.mark.parametrize(("frames", "longest"), [(5, 1.5), (0, 60.0)])
def test_who_was_sending_frames_is_asked_again_at_once(frames: int, longest: float) -> None:
    stop = threading.Event()
    camera = BreaksOff(stop, frames)
    CameraLoop("gate", "rtsp://camera/", lambda: camera, stop, first_pause=0.1).run()
    pauses = [b - a for a, b in zip(camera.tries, camera.tries[1:], strict=False)]
    assert len(pauses) == 5
    assert sum(pauses) < longest
    assert (max(pauses) > 1.0) is (frames == 0), "only a camera that sends nothing is left alone"

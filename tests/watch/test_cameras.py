"""Live cameras: a failing one never stops the others; what comes late is dropped and counted."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from reid.capture.sources import Source
from reid.core.errors import SourceError
from reid.core.pixels import RawFrame
from reid.core.supervisor import Supervisor
from reid.pipeline import IndexReport
from reid.watch.cameras import CameraLoop, CameraSource, Reader
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
    with pytest.raises(SourceError, match="is no file"):
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


def frames_of(*parts: object) -> Iterator[RawFrame]:
    """Yield a frame for a number, raise an error, wait for an event."""
    for part in parts:
        if isinstance(part, BaseException):
            raise part
        if isinstance(part, threading.Event):
            part.wait(20)
            continue
        yield RawFrame(np.zeros((8, 8, 3), np.uint8), "gate", int(str(part)), datetime.now(UTC))


@pytest.mark.parametrize(
    "error",
    [SourceError("gone"), OSError(24, "files"), ValueError(), MemoryError(), SystemExit(1),
     KeyboardInterrupt(), RuntimeError("can't start new thread")],
    ids=lambda e: type(e).__name__,
)  # fmt: skip
def test_a_reader_that_dies_ends_the_frames_at_once(error: BaseException) -> None:
    reader = Reader(frames_of(1, error), Health("gate"), threading.Event())
    frames = reader.newest()
    assert next(frames).index == 1
    began = time.monotonic()
    with pytest.raises(Exception):  # noqa: B017
        next(frames)
    assert time.monotonic() - began < 5


def test_a_stream_without_frames_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reid.watch.cameras.SILENT_AFTER", 0.3)
    silent = threading.Event()
    reader = Reader(frames_of(1, silent, 2), Health("gate"), threading.Event())
    frames = reader.newest()
    next(frames)
    with pytest.raises(SourceError, match="no frame came"):
        next(frames)
    silent.set()


def test_an_old_error_goes_with_the_first_frame() -> None:
    health = Health("gate", problem="connection refused")
    next(Reader(frames_of(1, 2), health, threading.Event()).newest())
    assert (health.problem, health.connected) == ("", True)


@pytest.mark.parametrize("error", [ValueError(), MemoryError(), SystemExit(1)])
def test_whatever_indexing_raises_a_supervised_camera_goes_on(
    clip: Path, error: BaseException
) -> None:
    stop, supervisor = threading.Event(), Supervisor()
    good, tries = FakeIndexer(stop, frames=4), []

    def indexer() -> FakeIndexer:
        tries.append(1)
        if len(tries) < 3:
            raise error
        return good

    loop = CameraLoop("gate", str(clip), indexer, stop, first_pause=0.01)
    supervisor.add("camera gate", loop.run, every=0.01, first=0.0)
    supervisor.start()
    assert stop.wait(20), "it never got on"
    supervisor.end(5)
    assert loop.health.frames >= 4

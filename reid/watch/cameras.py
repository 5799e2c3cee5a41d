"""Live cameras: each in its own thread, reconnecting by itself, never in another one's way."""

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from reid.capture.sources import LiveSource
from reid.core.errors import ReidError, SourceError
from reid.core.pixels import RawFrame
from reid.pipeline import Indexer
from reid.store.write_buffer import WriteBuffer
from reid.watch.status import Health

LOG: Final = logging.getLogger("reid.watch")

FIRST_PAUSE: Final = 1.0
"""Seconds before the first attempt to reconnect; doubled with each attempt that brings no frame."""

QUICK_PAUSE: Final = 0.2
"""Seconds before reconnecting to a camera that was sending frames."""

LONGEST_PAUSE: Final = 60.0

SILENT_AFTER: Final = 30.0
"""Seconds without a frame after which a stream is given up and connected to again."""

COMES_ROUND_WITHIN: Final = 180.0
"""Seconds in which a camera's loop must take a frame or try to connect, else it is late."""

STORE_WITHIN: Final = 12.0
"""Seconds, at the end, to store what was seen."""

_BUFFER: Final = 4  # frames waiting; older ones are dropped, so that what is seen is now
_LOOK_AGAIN: Final = 0.5  # seconds
_PACE: Final = 10.0  # frames a second of a file that is played as a camera


class Reader:
    """Reads frames ahead in a thread, and drops what comes late.

    Whatever ends the thread is handed on: an error, the stream's end, and its silence.
    """

    def __init__(self, frames: Iterator[RawFrame], health: Health, stop: threading.Event) -> None:
        self._frames, self._health, self._stop = frames, health, stop
        self._waiting: deque[tuple[float, RawFrame]] = deque()
        self._ready = threading.Condition()
        self._ended = False
        self._failure: BaseException | None = None
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._read, name="reader", daemon=True)

    def newest(self) -> Iterator[RawFrame]:
        """Yield frames until the stream ends, fails, falls silent, or is told to stop.

        Raises:
            SourceError: no frame came for `SILENT_AFTER` seconds.
        """
        self._thread.start()
        heard = time.monotonic()
        try:
            while not self._stop.is_set():
                taken, over = self._take()
                if taken is not None:
                    self._note(taken[0])
                    yield taken[1]
                    heard = time.monotonic()
                elif over:
                    self._raise_failure()
                    return
                elif time.monotonic() - heard > SILENT_AFTER:
                    raise SourceError(f"no frame came for {SILENT_AFTER:.0f} s")
        finally:
            self._left.set()

    def _take(self) -> tuple[tuple[float, RawFrame] | None, bool]:
        """Return the next frame with the time when it came, and whether none will come any more."""
        with self._ready:
            if not self._waiting and not self._ended:
                self._ready.wait(_LOOK_AGAIN)
            taken = self._waiting.popleft() if self._waiting else None
            self._health.queue = len(self._waiting)
            over = not self._waiting and (self._ended or not self._thread.is_alive())
        return taken, over

    def _note(self, came: float) -> None:
        health = self._health
        health.frames += 1
        health.connected, health.last_frame, health.problem = True, time.time(), ""
        health.behind = time.monotonic() - came

    def _raise_failure(self) -> None:
        if isinstance(self._failure, Exception):
            raise self._failure
        if self._failure is not None or not self._ended:
            raise SourceError("reading the stream ended unexpectedly")

    def _read(self) -> None:
        try:
            for frame in self._frames:
                self._put(frame)
                if self._stop.is_set() or self._left.is_set():
                    break
        except BaseException as error:  # a reader that dies must not leave its loop waiting
            self._failure = error
        finally:
            with self._ready:
                self._ended = True
                self._ready.notify()

    def _put(self, frame: RawFrame) -> None:
        with self._ready:
            if len(self._waiting) >= _BUFFER:
                self._waiting.popleft()
                self._health.dropped += 1
            self._waiting.append((time.monotonic(), frame))
            self._ready.notify()


@dataclass(slots=True)
class CameraSource(LiveSource):
    """A stream, or a file played in a loop, read ahead in a thread that drops what comes late."""

    health: Health = field(default_factory=lambda: Health(""))
    stop: threading.Event = field(default_factory=threading.Event)
    beat: Callable[[], None] = lambda: None
    is_file: bool = field(init=False)

    def __post_init__(self) -> None:
        LiveSource.__post_init__(self)
        self.is_file = Path(self.address).is_file()

    def frames(self) -> Iterator[RawFrame]:
        """Yield the newest frames until the stream ends, fails, or is told to stop."""
        for frame in Reader(LiveSource.frames(self), self.health, self.stop).newest():
            self.beat()
            yield frame

    def _waited(self) -> bool:
        """Play a file at a camera's pace."""
        return self.is_file and self.stop.wait(1 / _PACE)


class CameraLoop:
    """One camera, indexed until told to stop."""

    def __init__(
        self,
        camera: str,
        address: str,
        indexer: Callable[[], Indexer],
        stop: threading.Event,
        first_pause: float = FIRST_PAUSE,
        write_buffer: WriteBuffer | None = None,
    ) -> None:
        self.health = Health(camera)
        self._write_buffer = write_buffer
        self._address, self._indexer, self._stop = address, indexer, stop
        self._first_pause = first_pause
        self.beat: Callable[[], None] = lambda: None
        """Called whenever it gets on: for who supervises it."""

    def look(self) -> Health:
        """Return how the camera is doing now, what waits to be stored included."""
        health, box = self.health, self._write_buffer
        if box is not None:
            health.sightings, health.waiting, health.lost = box.stored, box.waiting, box.lost
            health.lag = box.lag
        return replace(health, problem=(box.problem if box else "") or health.problem)

    def run(self) -> None:
        """Index until told to stop, then store what was seen."""
        self._repeat()
        if self._write_buffer is not None:
            self._write_buffer.close(STORE_WITHIN)

    def _repeat(self) -> None:
        """Index; after an end or a failure connect again, later each time no frame came."""
        pause = self._first_pause
        indexer: Indexer | None = None
        while not self._stop.is_set():
            before = self.health.frames
            self.beat()
            try:
                indexer = indexer or self._indexer()
                self._index(indexer)
                self.health.problem = "stream ended"
            except Exception as error:  # whatever breaks one camera must not stop the others
                self.health.problem = str(error) if isinstance(error, ReidError) else "failed"
                LOG.warning(json.dumps(self._line(type(error).__name__)))
            self.health.connected = False
            came = self.health.frames > before
            if self._stop.wait(min(QUICK_PAUSE, self._first_pause) if came else pause):
                return
            pause = self._first_pause if came else min(LONGEST_PAUSE, pause * 2)
            self.health.reconnects += 1

    def _index(self, indexer: Indexer) -> None:
        source = CameraSource(
            self._address, self.health.camera, health=self.health, stop=self._stop, beat=self.beat
        )
        report = indexer.index(source)
        for problem in source.problems:
            LOG.warning(json.dumps(self._line(problem.removeprefix(f"{source.name}: "))))
        if self._write_buffer is None:
            self.health.sightings += report.sightings

    def _line(self, error: str) -> dict[str, object]:
        return {
            "camera": self.health.camera,
            "problem": error,
            "reconnects": self.health.reconnects,
            "dropped": self.health.dropped,
        }

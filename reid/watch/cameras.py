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
from reid.core.errors import ReidError
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

STORE_WITHIN: Final = 12.0
"""Seconds, at the end, to store what was seen."""

_BUFFER: Final = 4  # frames waiting; older ones are dropped, so that what is seen is now
_PACE: Final = 10.0  # frames a second of a file that is played as a camera


@dataclass(slots=True)
class CameraSource(LiveSource):
    """A stream, or a file played in a loop, read ahead in a thread that drops what comes late."""

    health: Health = field(default_factory=lambda: Health(""))
    stop: threading.Event = field(default_factory=threading.Event)

    def frames(self) -> Iterator[RawFrame]:
        """Yield the newest frames until the stream ends, fails, or is told to stop."""
        waiting: deque[tuple[float, RawFrame]] = deque()
        ready = threading.Condition()
        ended: list[BaseException | None] = []

        def read() -> None:
            failure: BaseException | None = None
            try:
                for frame in self._paced():
                    with ready:
                        if len(waiting) >= _BUFFER:
                            waiting.popleft()
                            self.health.dropped += 1
                        waiting.append((time.monotonic(), frame))
                        ready.notify()
                    if self.stop.is_set():
                        break
            except ReidError as error:
                failure = error
            with ready:
                ended.append(failure)
                ready.notify()

        threading.Thread(target=read, daemon=True).start()
        while not self.stop.is_set():
            with ready:
                if not waiting and not ended:
                    ready.wait(0.5)
                came, frame = waiting.popleft() if waiting else (0.0, None)
                self.health.queue = len(waiting)
                over = bool(ended) and not waiting
            if frame is not None:
                self.health.frames += 1
                self.health.connected, self.health.last_frame = True, time.time()
                self.health.behind = time.monotonic() - came
                yield frame
            elif over:
                if ended[0] is not None:
                    raise ended[0]
                return

    def _paced(self) -> Iterator[RawFrame]:
        """Read the stream; a file is played at a camera's pace."""
        is_file = Path(self.address).is_file()
        for frame in LiveSource.frames(self):
            yield frame
            if is_file and self.stop.wait(1 / _PACE):
                return


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
            self._address, self.health.camera, health=self.health, stop=self._stop
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

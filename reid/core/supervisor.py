"""Long-lived loops: each goes on whatever it meets, is counted, and is seen when it is late.

A loop whose thread dies does so in silence: nothing is erased, sent or watched any more, and nobody
is told. So every loop that runs as long as its process runs here.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from reid.core.reading import typed

LOG: Final = logging.getLogger("reid.loops")

FIRST_PAUSE: Final = 0.5
"""Seconds before a round that failed is tried again; doubled with each failure in a row."""

LONGEST_PAUSE: Final = 30.0

LATE_AFTER: Final = 60.0
"""Seconds beyond its interval after which a loop that has not come round is late."""


@dataclass(frozen=True, slots=True)
class LoopStatus:
    """How a loop is doing.

    Attributes:
        rounds, failures: rounds that were completed, and that raised.
        restarts: how often its thread was found dead and started again.
        age: seconds since it last came round, or began.
        late: it has not come round in time.
        problem: type of the error of the last round; empty where that was completed.
    """

    name: str
    rounds: int = 0
    failures: int = 0
    restarts: int = 0
    age: float = 0.0
    late: bool = False
    problem: str = ""

    @property
    def well(self) -> bool:
        """Whether it comes round in time, and its last round was completed."""
        return not self.late and not self.problem

    @property
    def words(self) -> str:
        """What is wrong with it, in one phrase; empty if nothing."""
        if self.late:
            return f"{self.name} has not come round for {self.age:.0f} s"
        return f"{self.name} fails ({self.problem})" if self.problem else ""

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {**asdict(self), "age": round(self.age, 1)}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Self:
        """Read it; what a newer version says besides is left out."""
        return typed(cls, said)


class Loop:
    """Calls a function again and again in a thread of its own, until told to stop.

    Args:
        name: what it is called in status, logs and health.
        body: one round. It may also block for long if it calls `beat` while it gets on.
        every: seconds between two rounds.
        within: seconds in which it must come round, else it is late; None for the default.
        first: seconds before the first round; None for `every`.
    """

    def __init__(
        self,
        name: str,
        body: Callable[[], object],
        every: float,
        within: float | None = None,
        first: float | None = None,
    ) -> None:
        self.name, self._body, self._every = name, body, every
        self._within = every + LATE_AFTER if within is None else within
        self._first = every if first is None else first
        self.first_pause, self.longest_pause = FIRST_PAUSE, LONGEST_PAUSE
        self._rounds = self._failures = self._restarts = self._in_a_row = 0
        self._problem = ""
        self._came_round = time.monotonic()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, stop: threading.Event | None = None) -> None:
        """Begin, or begin again where its thread has died; does nothing where it runs."""
        if self.alive:
            return
        self._restarts += self._thread is not None and not self._stop.is_set()
        self._stop = stop or self._stop
        self._came_round = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def beat(self) -> None:
        """Say that it gets on, from within a round that takes long."""
        self._came_round = time.monotonic()

    def join(self, seconds: float) -> None:
        """Wait for its end, at most so long."""
        if self._thread is not None:
            self._thread.join(seconds)

    def status(self) -> LoopStatus:
        """Return how it is doing."""
        age = time.monotonic() - self._came_round
        dead = self._thread is not None and not self.alive
        late = not self._stop.is_set() and (age > self._within or dead)
        return LoopStatus(
            self.name, self._rounds, self._failures, self._restarts, age, late, self._problem
        )

    def _run(self) -> None:
        pause = self._first
        while not self._stop.wait(pause):
            pause = self._round()

    def _round(self) -> float:
        """Go round once; returns how many seconds to wait before the next round."""
        try:
            self._body()
        except BaseException as error:  # whatever it is: the loop must not end in silence
            self._failures += 1
            self._in_a_row += 1
            self._problem = type(error).__name__
            # the type alone: texts of errors may hold what must not be logged
            LOG.warning(json.dumps({"loop": self.name, "problem": self._problem}))
            return min(self.longest_pause, self.first_pause * 2.0 ** min(self._in_a_row - 1, 10))
        self._rounds += 1
        self._in_a_row, self._problem = 0, ""
        self.beat()
        return self._every


class Supervisor:
    """All long-lived loops of a process: started together, looked after, told to stop together."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()
        self._loops: dict[str, Loop] = {}

    def add(
        self,
        name: str,
        body: Callable[[], object],
        every: float,
        within: float | None = None,
        first: float | None = None,
    ) -> Loop:
        """Register a loop, see `Loop`; `start` begins it.

        Raises:
            ValueError: there is one of that name.
        """
        if name in self._loops:
            raise ValueError(f"a loop is called {name} already")
        loop = self._loops[name] = Loop(name, body, every, within, first)
        return loop

    def start(self) -> None:
        """Begin every loop that does not run; call it again to restart those that died."""
        if not self.stop.is_set():
            for loop in list(self._loops.values()):
                loop.start(self.stop)

    def end(self, seconds: float) -> None:
        """Tell all loops to stop, and wait for them, at most so long together."""
        self.stop.set()
        until = time.monotonic() + seconds
        for loop in self._loops.values():
            loop.join(max(0.0, until - time.monotonic()))

    def status(self) -> list[LoopStatus]:
        """Return how all loops are doing, in the order in which they were added."""
        return [loop.status() for loop in list(self._loops.values())]

    def problems(self) -> list[str]:
        """Return what is wrong, one phrase a loop; empty if all come round in time."""
        return [status.words for status in self.status() if not status.well]

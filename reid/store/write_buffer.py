"""Sightings of a live camera on their way to the store, which may be away for a while.

Indexing must not stop because a server is being restarted: sightings wait in memory, redacted as
always, and are stored when the store answers again. What does not fit is dropped, oldest first, and
counted.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from reid.core.errors import SpaceMismatch, StoreError
from reid.core.records import Sightings
from reid.core.supervisor import Loop, LoopStatus
from reid.store import Store

MOST: Final = 1000
"""Sightings that may wait; with their pictures about 100 MB."""

_ENDING: Final = 1.0  # seconds
_ROUND: Final = 5.0  # seconds after which the loop comes round with nothing to store
_REMEMBERED: Final = 10_000  # ids; a tracklet is cut after minutes, so this is plenty

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 5.0
"""Seconds before the next attempt to store; doubled with each failure."""


class WriteBuffer:
    """Stores sightings in a thread of its own, in order, until it succeeds.

    A sighting that was stored once is only ever updated: if it is gone meanwhile, somebody erased
    it, and it stays erased.

    Args:
        store: opens the store when there is something to store; it may be away at first.
        most: sightings that may wait.
        again: gives sightings the vectors of the venue's present model, if it has changed since
            they were described; without it such sightings are refused.

    Attributes:
        stored: sightings stored so far, each counted once.
        lost: sightings dropped because too many were waiting.
        problem: why the store does not take them at the moment; empty while it does.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        most: int = MOST,
        again: Callable[[Sightings], Sightings] | None = None,
    ) -> None:
        self._open, self._most, self._again = store, most, again
        self._store: Store | None = None
        self._waiting: deque[tuple[float, Sightings]] = deque()
        self._known: dict[str, None] = {}  # ids stored before, oldest first
        self._changed = threading.Condition()
        self._closing = False
        self._over = threading.Event()
        self._loop = Loop("store", self._round, every=0.0, first=0.0)
        self._loop.first_pause, self._loop.longest_pause = FIRST_PAUSE, LONGEST_PAUSE
        self._refused: SpaceMismatch | None = None
        self.stored = self.lost = 0
        self.problem = ""

    @property
    def waiting(self) -> int:
        """How many sightings are not stored yet."""
        return sum(len(batch) for _, batch in list(self._waiting))

    @property
    def lag(self) -> float:
        """Seconds that the oldest of them has waited."""
        oldest = next(iter(list(self._waiting)), None)
        return time.monotonic() - oldest[0] if oldest else 0.0

    def add(self, sightings: Sightings) -> None:
        """Take sightings; never waits for the store.

        Raises:
            SpaceMismatch: the store refuses this model's vectors for good.
        """
        if self._refused is not None:
            raise self._refused
        with self._changed:
            self._waiting.append((time.monotonic(), sightings))
            while self.waiting > self._most and len(self._waiting) > 1:
                self.lost += len(self._waiting.popleft()[1])
            self._changed.notify_all()
        if self._over.is_set():  # it is ending: wait for it, else these would wait for the next
            self._loop.join(_ENDING)
        if not self._loop.alive:
            self._closing, self._over = False, threading.Event()
            self._loop.start(self._over)

    def close(self, within: float) -> int:
        """Store what is left, for at most some seconds; returns how many sightings could not be."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._loop.join(within)
        return self.waiting

    def status(self) -> LoopStatus:
        """Return how the loop that stores is doing."""
        return self._loop.status()

    def _round(self) -> None:
        """Store what waits; ends the loop when all is stored and it is being closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing, _ROUND)
            batches = [batch for _, batch in self._waiting]
            if not batches and self._closing:
                self._over.set()
        if batches:
            self._try(batches)

    def _try(self, batches: list[Sightings]) -> None:
        try:
            self._send(batches)
        except SpaceMismatch as error:
            self._refused, self.problem = error, str(error)
            self._over.set()
        except BaseException as error:  # they stay in the queue, and the loop tries again
            self.problem = str(error) if isinstance(error, StoreError) else type(error).__name__
            raise
        else:
            self.problem = ""
            self._done(batches)

    def _send(self, batches: list[Sightings]) -> None:
        """Store what waits; what was described before the venue's model changed, described anew."""
        store = self._store = self._store or self._open()
        if self._again is not None and any(b.model_id != store.newest_model() for b in batches):
            wanted = store.model_id
            batches = [b if b.model_id == wanted else self._again(b) for b in batches]
        newest = Sightings.concatenate(batches).newest()
        fresh = [row for row, key in enumerate(newest.keys) if key.id not in self._known]
        again = [row for row, key in enumerate(newest.keys) if key.id in self._known]
        if fresh:
            store.add(newest.take(fresh))
            self._remember([newest.keys[row].id for row in fresh])
            self.stored += len(fresh)
        if again:
            store.update(newest.take(again))

    def _remember(self, ids: list[str]) -> None:
        self._known.update(dict.fromkeys(ids))
        while len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]

    def _done(self, batches: list[Sightings]) -> None:
        """Forget what was sent; some of it may have been dropped meanwhile."""
        sent = {id(batch) for batch in batches}
        with self._changed:
            while self._waiting and id(self._waiting[0][1]) in sent:
                self._waiting.popleft()

"""Wrong passwords: how long to wait, by account and address; each is forgotten with time.

Whoever types wrong passwords waits longer and longer, alone: an account is not locked for others,
and an address that many share is not closed for one of them. Only where wrong passwords for an
account come from very many places does everybody wait whose device has not signed in before.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MOST_KEYS: Final = 10_000
"""What is remembered; beyond, what was used least lately is forgotten."""

_SLACK: Final = 0.5  # of a failure: a little is forgotten between any two


@dataclass(frozen=True, slots=True)
class Rule:
    """How wrong passwords of a kind are answered.

    Attributes:
        free: how many nobody waits after.
        first, longest: seconds to wait after the next, doubled with each, and at most.
        forgotten: seconds after which one is forgotten.
    """

    free: int
    first: float
    longest: float
    forgotten: float

    def wait(self, failures: float) -> float:
        """Return the seconds to wait after so many failures."""
        if failures < self.free - _SLACK:
            return 0.0
        over = min(max(0.0, failures - self.free), 30.0)
        return min(self.longest, self.first * math.pow(2.0, over))


PAIR: Final = Rule(free=5, first=30, longest=900, forgotten=600)
"""One account from one address."""

DEVICE: Final = Rule(free=10, first=30, longest=900, forgotten=600)
"""One account from a device that has signed in with it before."""

ADDRESS: Final = Rule(free=40, first=10, longest=300, forgotten=30)
"""All accounts from one address."""

ACCOUNT: Final = Rule(free=60, first=30, longest=900, forgotten=120)
"""One account from all addresses together."""

Key = tuple[Rule, str]


class Throttle:
    """Remembers failures; safe to share among threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._known: OrderedDict[Key, tuple[float, float]] = OrderedDict()  # failures, at

    def begin(self, *keys: Key) -> float:
        """Count an attempt as a failure until it is `forgiven`; or return how long to wait.

        It is counted first, so that many attempts at once are no way around. One that has to wait
        is not counted.
        """
        with self._lock:
            now = self._clock()
            waits = [self._wait(key, now) for key in keys]
            if max(waits) > 0:
                return max(waits)
            for key in keys:
                self._add(key, now, 1.0)
            return 0.0

    def forgive(self, *keys: Key) -> None:
        """Take back the attempt just counted: it succeeded."""
        with self._lock:
            for key in keys:
                self._add(key, self._clock(), -1.0)

    def forget(self, key: Key) -> None:
        """Forget all failures of a key."""
        with self._lock:
            self._known.pop(key, None)

    def wait(self, *keys: Key) -> float:
        """Return how long the next attempt has to wait, in seconds."""
        with self._lock:
            return max(self._wait(key, self._clock()) for key in keys)

    def _wait(self, key: Key, now: float) -> float:
        failures, at = self._known.get(key, (0.0, now))
        return max(0.0, at + key[0].wait(failures) - now)

    def _left(self, key: Key, now: float) -> float:
        """Return the failures that are not forgotten."""
        failures, at = self._known.get(key, (0.0, now))
        return max(0.0, failures - (now - at) / key[0].forgotten)

    def _add(self, key: Key, now: float, failures: float) -> None:
        self._known[key] = max(0.0, self._left(key, now) + failures), now
        self._known.move_to_end(key)
        while len(self._known) > MOST_KEYS:
            self._known.popitem(last=False)

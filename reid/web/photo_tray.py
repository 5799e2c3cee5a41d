"""Photos on their way into a case: who is in them, without heads, for some minutes in memory.

The photo itself is never here: its bytes are dropped as soon as its people are cut out.
"""

import asyncio
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from reid.core.records import PhotoPerson

KEPT_SECONDS: Final = 20 * 60
"""How long somebody may take to choose a person and open the case."""

MOST_KEPT: Final = 32
"""Photos of all staff together; an earlier one goes first."""

AT_ONCE: Final = 1
"""Photos that are received and read at once; the next wait their turn, their bytes unread."""


class Reader(Protocol):
    """Finds the people in a photo."""

    def read(self, data: bytes) -> tuple[PhotoPerson, ...]:
        """Return them, the largest first."""
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    user: str
    until: float
    people: tuple[PhotoPerson, ...]


class PhotoTray:
    """Who is in the photos that staff have just handed over; each sees their own.

    Args:
        load: makes the reader, when the first photo comes: its models take seconds to load.
    """

    def __init__(self, load: Callable[[], Reader]) -> None:
        self._load, self._reader = load, None
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._alone = threading.Lock()
        self._loading = threading.Lock()
        self.turn = asyncio.Semaphore(AT_ONCE)

    _reader: Reader | None

    def take(self, data: bytes, user: str) -> tuple[str, tuple[PhotoPerson, ...]]:
        """Read a photo; returns the name under which its people are kept for a while.

        Raises:
            SourceError: it cannot be read.
            ModelError: a model is missing.
        """
        with self._loading:
            self._reader = self._reader or self._load()
        people = self._reader.read(data)
        name = secrets.token_urlsafe(24)
        with self._alone:
            self._drop_old()
            self._kept[name] = _Kept(user, time.monotonic() + KEPT_SECONDS, people)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return name, people

    def person(self, name: str, user: str, number: int) -> PhotoPerson | None:
        """Return one of the people in a photo that this user handed over; None: not here."""
        with self._alone:
            self._drop_old()
            kept = self._kept.get(name)
        if kept is None or kept.user != user or not 0 <= number < len(kept.people):
            return None
        return kept.people[number]

    def _drop_old(self) -> None:
        now = time.monotonic()
        for name in [name for name, kept in self._kept.items() if kept.until <= now]:
            del self._kept[name]

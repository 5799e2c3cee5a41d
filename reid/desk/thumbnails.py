"""Redacted thumbnails as they are stored, kept in memory; never on disk outside the store."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import Final

from reid.desk.cases.audit import reference
from reid.store import Filter, Store

MOST: Final = 3000
"""Pictures kept in memory."""

_TOGETHER: Final = 48  # pictures that are looked up together: those of a page are asked for at once
_REMOTE_FOR: Final = 0.25  # seconds for which a version read from far away is taken as the newest


class PictureKeys:
    """What the addresses of a case's pictures carry: valid within the case, gone with its key."""

    def __init__(self, case_key: bytes) -> None:
        self._key = case_key

    def of(self, sighting: str) -> str:
        """Return what the address of a sighting's picture carries."""
        return reference(self._key, f"picture {sighting}")

    def __repr__(self) -> str:
        return "PictureKeys(key hidden)"


class Pictures:
    """Redacted JPEGs by sighting id, the most recently shown in memory.

    What is in memory follows the table: after each commit, of whatever process, a picture is shown
    again only once its sighting was found to be stored still.

    Args:
        withheld: returns the sightings whose pictures nobody is shown.
    """

    def __init__(self, store: Store, withheld: Callable[[], Set[str]] = frozenset[str]) -> None:
        self._store, self._withheld = store, withheld
        self._kept: OrderedDict[str, tuple[int, bytes]] = OrderedDict()  # version it is known at
        self._lock = threading.Lock()
        self._version = 0
        self._asked = float("-inf")

    def load(self, sightings: Sequence[str]) -> set[str]:
        """Fetch what is not in memory yet, and forget what was erased: a read of each kind.

        Returns which of them are stored.
        """
        version = self._newest()
        with self._lock:
            missing = [one for one in sightings if one not in self._kept]
            stale = [one for one in sightings if self._known_at(one) not in {None, version}]
        stored = self._store.ids(Filter(ids=stale)) if stale else set()
        found = self._store.pictures(missing) if missing else {}
        with self._lock:
            for one in stale:
                held = self._kept.pop(one, None)
                if held is not None and one in stored:
                    self._kept[one] = version, held[1]
            self._kept.update({one: (version, data) for one, data in found.items()})
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return set(sightings) - (set(missing) - set(found)) - (set(stale) - stored)

    def get(self, sighting: str) -> bytes | None:
        """Return a picture, or None if there is no such sighting any more, or it is withheld."""
        if sighting in self._withheld():
            return None
        version = self._newest()
        with self._lock:
            known = self._known_at(sighting)
            beside = [one for one, (at, _) in self._kept.items() if at != version][-_TOGETHER:]
        if known != version:
            self.load(list(dict.fromkeys([sighting, *(beside if known is not None else ())])))
        with self._lock:
            held = self._kept.get(sighting)
            if held is None:
                return None
            self._kept.move_to_end(sighting)
        return held[1]

    def clear(self) -> None:
        """Forget all; after an erasure."""
        with self._lock:
            self._kept.clear()

    def _known_at(self, sighting: str) -> int | None:
        held = self._kept.get(sighting)
        return None if held is None else held[0]

    def _newest(self) -> int:
        """Return the table's version; storage far away is not asked for every picture."""
        remote = not isinstance(self._store.folder, Path)
        if not remote or time.monotonic() - self._asked > _REMOTE_FOR:
            self._version, self._asked = self._store.version, time.monotonic()
        return self._version

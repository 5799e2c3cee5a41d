"""Redacted thumbnails as they are stored, kept in memory; never on disk outside the store."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from reid.desk.cases.audit import reference
from reid.store import Store

MOST: Final = 3000
"""Pictures kept in memory."""


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
    """Redacted JPEGs by sighting id, the most recently shown in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, sightings: Sequence[str]) -> None:
        """Fetch what is not in memory yet, in one read."""
        missing = [sighting for sighting in sightings if sighting not in self._kept]
        if not missing:
            return
        found = self._store.pictures(missing)
        with self._lock:
            self._kept.update(found)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def kept(self, sighting: str) -> bytes | None:
        """Return a picture that is in memory, or None; never waits for the disk."""
        with self._lock:
            return self._kept.get(sighting)

    def get(self, sighting: str) -> bytes | None:
        """Return a picture, or None if there is no such sighting."""
        self.load([sighting])
        with self._lock:
            found = self._kept.get(sighting)
            if found is not None:
                self._kept.move_to_end(sighting)
        return found

    def clear(self) -> None:
        """Forget all; after an erasure."""
        with self._lock:
            self._kept.clear()

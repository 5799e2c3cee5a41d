"""The venue's sightings in memory, so that a search answers at once and still sees new ones."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.rank import Gallery
from reid.search import without_camera_means
from reid.store import Keys, Store

STALE: Final = 15.0
"""Seconds after which a search waits for the newest sightings instead of using those in memory."""

FRESH: Final = 1.0
"""Seconds for which the store is not asked again whether it has changed."""

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """N sightings at one moment.

    Attributes:
        version: of the store's table.
        keys: N keys, each built when it is asked for.
        ids, cameras: object arrays (N,).
        start, end: datetime64[us] (N,), UTC.
        gallery: to rank; its vectors are unit vectors less what a camera's sightings share.
    """

    version: int
    keys: Keys
    ids: NDArray[np.object_]
    cameras: NDArray[np.object_]
    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    gallery: Gallery
    _row_of: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store) -> "Snapshot":
        """Read everything that the store holds now."""
        version = store.version
        columns = store.read(vectors=True)
        ids = columns.keys.column("id")
        keys = columns.keys
        gallery = Gallery(
            keys, columns.attributes, columns.body, columns.visible, without_camera_means(columns)
        )
        return cls(
            version,
            keys,
            ids,
            keys.column("camera"),
            keys.column("start").astype("datetime64[us]"),
            keys.column("end").astype("datetime64[us]"),
            gallery,
        )

    def __len__(self) -> int:
        return len(self.ids)

    def row(self, sighting: str) -> int | None:
        """Return the row of a sighting, or None."""
        if not self._row_of:
            self._row_of.update({str(name): i for i, name in enumerate(self.ids)})
        return self._row_of.get(sighting)

    def rows(
        self, since: datetime | None, until: datetime | None, cameras: Sequence[str]
    ) -> Rows | None:
        """Return the rows within a time window and some cameras; None for all."""
        if since is None and until is None and not cameras:
            return None
        keep = np.ones(len(self), bool)
        if since is not None:
            keep &= self.end >= _instant(since)
        if until is not None:
            keep &= self.start <= _instant(until)
        if cameras:
            keep &= np.isin(self.cameras.astype(str), list(cameras))
        return np.flatnonzero(keep)


class Snapshots:
    """Keeps the newest snapshot; reads a newer one in the background when the store has changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._current: Snapshot | None = None
        self._checked = 0.0
        self._reading = threading.Lock()

    def get(self) -> Snapshot:
        """Return the sightings as they are, or were at most `STALE` seconds ago."""
        current, age = self._current, time.monotonic() - self._checked
        if current is None or age > STALE:
            return self._read()
        if age < FRESH:
            return current
        if self._store.version != current.version:
            threading.Thread(target=self._read_quietly, daemon=True).start()
        else:
            self._checked = time.monotonic()
        return current

    def refresh(self) -> Snapshot:
        """Return the sightings as they are now; for after an erasure."""
        self._current = None
        return self._read()

    def _read(self) -> Snapshot:
        with self._reading:
            began = time.monotonic()
            if self._current is None or self._store.version != self._current.version:
                self._current = Snapshot.of(self._store)
            self._checked = began
            return self._current

    def _read_quietly(self) -> None:
        if self._reading.locked():
            return
        self._read()


def _instant(when: datetime) -> np.datetime64:
    return np.datetime64(when.astimezone(UTC).replace(tzinfo=None), "us")

"""The venue's sightings in memory, so that a search answers at once and still sees new ones."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.rank import Gallery, Knobs
from reid.rank.nearest import LISTS_FROM, Places
from reid.search.questions import LoadedVectors, fits_in_memory, knobs_of, places_of
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
        ids: object array (N,).
        places: when and before which camera each was.
        gallery: to rank; its vectors are unit vectors less what a camera's sightings share, None
            where there are too many to hold.
        loaded: the same vectors, to find which are nearest to one; None without them.
        knobs: how the model's beliefs are taken.
    """

    version: int
    keys: Keys
    ids: NDArray[np.object_]
    places: Places
    gallery: Gallery
    loaded: LoadedVectors | None
    knobs: Knobs
    _row_of: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store) -> "Snapshot":
        """Read everything that the store holds now."""
        version = store.version
        columns = store.read(vectors=fits_in_memory(store))
        keys = columns.keys
        loaded = None if columns.vectors is None else LoadedVectors.of(columns)
        vectors = None if loaded is None else loaded.nearest.vectors
        gallery = Gallery(keys, columns.attributes, columns.body, columns.visible, vectors)
        places = places_of(keys) if loaded is None else loaded.places
        knobs = knobs_of(store.model_id)
        return cls(version, keys, keys.column("id"), places, gallery, loaded, knobs)

    @property
    def start(self) -> NDArray[np.datetime64]:
        """When each sighting began, datetime64[us] (N,), UTC."""
        return self.places.start

    @property
    def end(self) -> NDArray[np.datetime64]:
        """When each sighting ended, likewise."""
        return self.places.end

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
        return self.places.rows(since, until, cameras)

    def follow(self, before: "Snapshot | None") -> None:
        """Get ready to find what is nearest among many, quickly where an earlier snapshot was.

        Its lists are taken over for the sightings that both begin with; without any they are made
        in the background, and meanwhile everything is compared.
        """
        if self.loaded is None or len(self) < LISTS_FROM:
            return
        nearest = self.loaded.nearest
        if before is not None and before.loaded is not None and before.loaded.nearest.ready:
            both = min(len(self), len(before))
            differ = np.flatnonzero(self.ids[:both] != before.ids[:both])
            same = int(differ[0]) if len(differ) else both
            nearest.follow(before.loaded.nearest, same)
        else:
            threading.Thread(target=nearest.build, daemon=True).start()


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
                before, newest = self._current, Snapshot.of(self._store)
                newest.follow(before)
                self._current = newest
            self._checked = began
            return self._current

    def _read_quietly(self) -> None:
        if self._reading.locked():
            return
        self._read()

"""The venue's sightings in memory, so that a search answers at once and still sees new ones."""

import threading
import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.core.records import SearchWindow
from reid.rank import Gallery, Refinement, ScoreConfig
from reid.rank.camera_geometry import CameraPrior
from reid.rank.evidence import EvidenceTable
from reid.rank.nearest import LISTS_FROM, Nearest, Places
from reid.store import Columns, Keys, Store
from reid.weights.registry import evidence_of, temperature_of

STALE: Final = 15.0
"""Seconds after which a search waits for the newest sightings instead of using those in memory."""

FRESH: Final = 1.0
"""Seconds for which the store is not asked again whether it has changed."""

EXPECTED_SIGHTINGS: Final = 2.0
"""Sightings that somebody who is in a venue is expected to have: most walk past two cameras. With
one and a half or three probabilities are less honest (`reid bench ranking`)."""

MEAN_FROM: Final = 12
"""Sightings a camera needs before its mean vector says something about the camera."""

VECTORS_UP_TO: Final = 4_000_000
"""Sightings whose vectors are read into memory, a kilobyte each; of more, only those that the
table's own index finds near, and what a camera's sightings share is left in them."""

Rows = NDArray[np.intp]


def gallery_of(
    columns: Columns,
    vectors: NDArray[np.float32] | None = None,
    mountings: Mapping[str, CameraPrior] | None = None,
) -> Gallery:
    """Return what was read of N sightings, to rank; with `vectors` (N, D) feedback counts too."""
    beliefs = columns.attributes, columns.body, columns.visible
    return Gallery(
        columns.keys, *beliefs, vectors, columns.measures, mountings or {}, columns.in_view
    )


def score_config_of(model_id: str) -> ScoreConfig:
    """Return how the beliefs of an embedder are taken in the ranking."""
    return ScoreConfig(
        temperature=temperature_of(model_id),
        expected_sightings=EXPECTED_SIGHTINGS,
        evidence=EvidenceTable.of(evidence_of(model_id)),
        model_id=model_id,
    )


@dataclass(frozen=True, slots=True, eq=False)
class LoadedVectors:
    """The vectors of N sightings in memory, to compare without the table.

    Attributes:
        keys: N keys.
        places: when and before which camera each was.
        nearest: over unit vectors (N, D) less their cameras' means.
    """

    keys: Keys
    places: Places
    nearest: Nearest

    @classmethod
    def of(cls, columns: Columns) -> "LoadedVectors":
        """Take the vectors of what was read with them; in place of theirs."""
        keys, vectors = columns.keys, without_camera_means(columns)
        return cls(keys, places_of(keys), Nearest(vectors))

    def row(self, sighting: str) -> int | None:
        """Return the row of a sighting, or None."""
        return self.keys.row(sighting)


def fits_in_memory(store: Store) -> bool:
    """Whether the vectors of a venue are few enough to be read into memory."""
    return store.count() <= VECTORS_UP_TO


def places_of(keys: Keys) -> Places:
    """Return when, and before which camera, each of N sightings was."""
    start, end = (keys.column(name).astype("datetime64[us]") for name in ("start", "end"))
    return Places(start, end, *keys.coded("camera"))


def without_camera_means(columns: Columns) -> NDArray[np.float32]:
    """Return unit vectors (N, D), each less the mean vector of its camera; in place of theirs."""
    assert columns.vectors is not None
    vectors = columns.vectors if columns.vectors.flags.writeable else columns.vectors.copy()
    codes, _ = columns.keys.coded("camera")
    return less_camera_means(vectors, codes)


def less_camera_means(
    vectors: NDArray[np.float32], cameras: NDArray[np.integer[Any]]
) -> NDArray[np.float32]:
    """Return unit vectors (N, D), each less the mean of its camera's; in place of theirs.

    Args:
        vectors: (N, D).
        cameras: (N,), which camera each is of; one of fewer than `MEAN_FROM` keeps its mean.
    """
    for camera in np.unique(cameras):
        rows = cameras == camera
        if rows.sum() >= MEAN_FROM:
            vectors[rows] -= vectors[rows].mean(axis=0)
    norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    vectors /= np.maximum(norms, 1e-9)[:, None]
    return vectors


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
        config: how the model's beliefs are taken.
        withheld: ids of sightings that are left out, stored as they are.
        stored: how many sightings the table holds, those left out too.
        model_id: whose vectors they are.
    """

    version: int
    keys: Keys
    ids: NDArray[np.object_]
    places: Places
    gallery: Gallery
    loaded: LoadedVectors | None
    config: ScoreConfig
    withheld: Set[str] = frozenset()
    stored: int = 0
    model_id: str = ""
    _row_of: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        store: Store,
        mountings: Mapping[str, CameraPrior] | None = None,
        withheld: Set[str] = frozenset(),
    ) -> "Snapshot":
        """Read everything that the store holds now; `mountings` say how cameras hang.

        `withheld` are ids of sightings that are left out.
        """
        version = store.version
        columns = store.read(vectors=fits_in_memory(store))
        stored = len(columns)
        columns = columns.without(withheld) if withheld else columns
        keys = columns.keys
        loaded = None if columns.vectors is None else LoadedVectors.of(columns)
        vectors = None if loaded is None else loaded.nearest.vectors
        gallery = gallery_of(columns, vectors, mountings)
        places = places_of(keys) if loaded is None else loaded.places
        model = store.model_id
        config = score_config_of(model)
        ids = keys.column("id")
        return cls(version, keys, ids, places, gallery, loaded, config, withheld, stored, model)

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

    def rows(self, window: SearchWindow) -> Rows | None:
        """Return the rows in a window; None for all."""
        return self.places.rows(window)

    def unrefined(self) -> Refinement:
        """Return what holds before anything was confirmed or rejected."""
        return Refinement(self.config, np.zeros(len(self), np.float32))

    def follow(self, before: "Snapshot | None") -> None:
        """Get ready to find what is nearest among many, quickly where an earlier snapshot was.

        Its lists are taken over for the sightings that both begin with; without any they are made
        in the background, and meanwhile everything is compared.
        """
        if self.loaded is None or len(self) < LISTS_FROM:
            return
        nearest = self.loaded.nearest
        if before is not None and before.model_id != self.model_id:
            before = None  # `reid adapt` has given all of them other vectors
        if before is not None and before.loaded is not None and before.loaded.nearest.ready:
            both = min(len(self), len(before))
            differ = np.flatnonzero(self.ids[:both] != before.ids[:both])
            same = int(differ[0]) if len(differ) else both
            nearest.follow(before.loaded.nearest, same)
        else:
            threading.Thread(target=nearest.build, daemon=True).start()


class Snapshots:
    """Keeps the newest snapshot; reads a newer one in the background when the store has changed.

    Args:
        withheld: returns the ids of sightings that nobody may be shown at the moment.
    """

    def __init__(
        self,
        store: Store,
        mountings: Mapping[str, CameraPrior] | None = None,
        withheld: Callable[[], Set[str]] = frozenset[str],
    ) -> None:
        self._store, self._mountings, self._withheld = store, mountings, withheld
        self._current: Snapshot | None = None
        self._checked = 0.0
        self._reading = threading.Lock()

    def get(self) -> Snapshot:
        """Return the sightings as they are, or were at most `STALE` seconds ago."""
        current, age = self._current, time.monotonic() - self._checked
        if current is None or age > STALE or current.withheld != self._withheld():
            return self._read()
        if age < FRESH:
            return current
        if self._store.version != current.version:
            if self._store.count() < current.stored:  # some were erased: they are not shown again
                return self._read()
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
            withheld = self._withheld()
            before = self._current
            known = None if before is None else (before.version, before.withheld)
            if known != (self._store.version, withheld):
                newest = Snapshot.of(self._store, self._mountings, withheld)
                newest.follow(before)
                self._current = newest
            self._checked = began
            assert self._current is not None
            return self._current

    def _read_quietly(self) -> None:
        if self._reading.locked():
            return
        self._read()

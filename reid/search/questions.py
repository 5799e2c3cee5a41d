"""Questions to a venue: who fits a description, where else the same clothes were seen."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import UsageError
from reid.core.records import Answer, Query, SightingKey, SimilarMatch
from reid.rank import Gallery, Knobs, rank
from reid.rank.nearest import Nearest, Places
from reid.rank.rerank import rerank
from reid.store import Columns, Filter, Keys, Store
from reid.weights.registry import sharpness_of

TIMES_SEEN: Final = 2.0
"""Sightings that somebody who is in a venue is expected to have: most walk past two cameras. With
one and a half or three probabilities are less honest (table in reid/lab/bench/README.md)."""

MEAN_FROM: Final = 12
"""Sightings a camera needs before its mean vector says something about the camera."""

ROUTE_SIMILARITY: Final = 0.5
"""Cosine, camera means subtracted, from which two sightings may be the same clothes."""

RERANKED: Final = 100
"""Closest sightings that are sorted anew by the neighbours they share."""

LEAST_RERANKED: Final = 8
"""Of fewer, shared neighbours say nothing."""

VECTORS_UP_TO: Final = 4_000_000
"""Sightings whose vectors are read into memory, a kilobyte each; of more, only those that the
table's own index finds near, and what a camera's sightings share is left in them."""

_NEIGHBOURS: Final = 1000  # taken from the vector index and then compared with care


def search(store: Store, query: Query, which: Filter, top: int) -> Answer:
    """Rank the venue's sightings for a description."""
    columns = store.read(which)
    gallery = Gallery(columns.keys, columns.attributes, columns.body, columns.visible)
    return rank(query, gallery, top=top, knobs=knobs_of(store.model_id))


def knobs_of(model_id: str) -> Knobs:
    """Return how the beliefs of an embedder are taken in the ranking."""
    return Knobs(sharpness=sharpness_of(model_id), times=TIMES_SEEN)


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


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """C sightings near one that is asked for, closest first, it left out.

    Attributes:
        keys, rows: the keys of N sightings, and which of them the candidates are, (C,).
        closeness: cosines (C,).
        vectors: of the first `RERANKED`, (R, D).
        asked: of the one asked for, (D,).
    """

    keys: Keys
    rows: NDArray[np.intp]
    closeness: NDArray[np.float32]
    vectors: NDArray[np.float32]
    asked: NDArray[np.float32]


def fits_in_memory(store: Store) -> bool:
    """Whether the vectors of a venue are few enough to be read into memory."""
    return store.count() <= VECTORS_UP_TO


def places_of(keys: Keys) -> Places:
    """Return when, and before which camera, each of N sightings was."""
    start, end = (keys.column(name).astype("datetime64[us]") for name in ("start", "end"))
    return Places(start, end, *keys.coded("camera"))


def similar(
    store: Store, sighting: str, which: Filter, top: int, loaded: LoadedVectors | None = None
) -> list[SimilarMatch]:
    """Return the sightings that look most like one, best first, without itself.

    The nearest by cosine are found first: in memory, each camera's mean vector (its light, its
    place) subtracted once the camera has seen `MEAN_FROM` sightings; of more than `VECTORS_UP_TO`
    by the table's own index, whose vectors are as stored. The first `RERANKED` are then sorted
    anew by the neighbours they share.

    Args:
        which: time window and cameras; nothing else of a filter.
        loaded: the venue's vectors where they are in memory already; read here where they are not.

    Raises:
        UsageError: there is no such sighting.
    """
    if which != Filter(which.since, which.until, which.cameras):
        raise ValueError("similar sightings are filtered by time and camera only")
    if loaded is None and fits_in_memory(store):
        loaded = LoadedVectors.of(store.read(vectors=True))
    wanted = max(top, RERANKED)
    if loaded is None:
        near = _near_in_table(store, sighting, which)
    else:
        near = _near_in_memory(loaded, sighting, which, wanted)
    order = reranked(near.asked, near.vectors, len(near.rows))[:top]
    return [SimilarMatch(near.keys[int(near.rows[i])], float(near.closeness[i])) for i in order]


def _near_in_memory(
    loaded: LoadedVectors, sighting: str, which: Filter, wanted: int
) -> _Candidates:
    row = loaded.row(sighting)
    if row is None:
        raise _no_sighting(sighting)
    vectors = loaded.nearest.vectors
    among = loaded.places.rows(which.since, which.until, which.cameras)
    rows, closeness = loaded.nearest.search(vectors[row], wanted + 1, among)
    others = rows != row
    rows, closeness = rows[others], closeness[others]
    return _Candidates(loaded.keys, rows, closeness, vectors[rows[:RERANKED]], vectors[row])


def _near_in_table(store: Store, sighting: str, which: Filter) -> _Candidates:
    """Ask the table's index, and read the vectors of what it finds near."""
    own = store.read(Filter(ids=[sighting]), vectors=True)
    if not len(own):
        raise _no_sighting(sighting)
    assert own.vectors is not None
    near = [name for name, _ in store.similar(own.vectors[0], _NEIGHBOURS, which)]
    found = store.read(Filter(ids=[sighting, *near]), vectors=True)
    assert found.vectors is not None
    closeness = found.vectors @ own.vectors[0]
    order = np.argsort(-closeness, kind="stable")
    order = order[order != found.keys.row(sighting)]
    first = found.vectors[order[:RERANKED]]
    return _Candidates(found.keys, order, closeness[order], first, own.vectors[0])


def _no_sighting(sighting: str) -> UsageError:
    return UsageError(f"no sighting {sighting} is stored: take an id from a search's answer")


def reranked(asked: NDArray[np.float32], vectors: NDArray[np.float32], count: int) -> list[int]:
    """Return the order of `count` candidates, the first few sorted by the neighbours they share.

    Args:
        asked: unit vector (D,).
        vectors: unit vectors (R, D) of the first candidates, closest first.
    """
    if len(vectors) < LEAST_RERANKED:
        return list(range(count))
    distance = rerank(asked[None], vectors)[0]
    return [*np.argsort(distance, kind="stable").tolist(), *range(len(vectors), count)]


def journey(
    store: Store, sighting: str, which: Filter, loaded: LoadedVectors | None = None
) -> list[SimilarMatch]:
    """Return where the same clothes were seen, in order of time, the sighting itself included.

    Sightings that look alike are taken in the order of `similar`, as long as nobody would have to
    be before two cameras at once.

    Raises:
        UsageError: there is no such sighting.
    """
    alike = similar(store, sighting, which, _NEIGHBOURS, loaded)
    own = store.keys([sighting]).get(sighting)
    if own is None:
        raise _no_sighting(sighting)
    route = [SimilarMatch(own, 1.0)]
    for other in alike:
        if other.similarity < ROUTE_SIMILARITY:
            continue
        if not any(_clash(other.key, stop.key) for stop in route):
            route.append(other)
    return sorted(route, key=lambda stop: stop.key.start)


def without_camera_means(columns: Columns) -> NDArray[np.float32]:
    """Return unit vectors (N, D), each less the mean vector of its camera; in place of theirs."""
    assert columns.vectors is not None
    vectors = columns.vectors if columns.vectors.flags.writeable else columns.vectors.copy()
    codes, cameras = columns.keys.coded("camera")
    for camera in range(len(cameras)):
        rows = codes == camera
        if rows.sum() >= MEAN_FROM:
            vectors[rows] -= vectors[rows].mean(axis=0)
    norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    vectors /= np.maximum(norms, 1e-9)[:, None]
    return vectors


def _clash(a: SightingKey, b: SightingKey) -> bool:
    return a.camera != b.camera and a.start < b.end and b.start < a.end

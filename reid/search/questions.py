"""Questions to a venue: who fits a description, where else the same clothes were seen."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import UsageError
from reid.core.records import Answer, Query, SearchWindow, SightingKey, SimilarMatch
from reid.rank import (
    Gallery,
    Question,
    Refinement,
    next_question,
    rank,
    stature,
    with_people,
)
from reid.rank.likeness import likeness
from reid.rank.rerank import rerank
from reid.search.snapshot import (
    LoadedVectors,
    Rows,
    Snapshot,
    fits_in_memory,
    gallery_of,
    score_config_of,
    without_camera_means,
)
from reid.store import Filter, Keys, Store

ROUTE_SIMILARITY: Final = 0.5
"""Cosine, camera means subtracted, from which two sightings may be the same clothes."""

RERANKED: Final = 100
"""Closest sightings that are sorted anew by the neighbours they share."""

LEAST_RERANKED: Final = 8
"""Of fewer, shared neighbours say nothing."""

OUTSIDE: Final = -60.0
"""Nats that take sightings outside a window out of the running for the next question."""

_NEIGHBOURS: Final = 1000  # taken from the vector index and then compared with care


def search(store: Store, query: Query, window: SearchWindow, top: int) -> Answer:
    """Rank the stored sightings in a window for a description.

    How common a value is goes by the window, how tall people look before a camera by all.
    """
    compared = query.photo is not None and fits_in_memory(store)
    columns = store.read(Filter.within(window), vectors=compared)
    gallery = gallery_of(columns, without_camera_means(columns) if compared else None)
    if window != SearchWindow() and any(wish.slot in stature.SLOTS for wish in query.wishes):
        gallery.tall.append(_statures_among_all(store, columns.keys))
    as_it_is = Refinement(score_config_of(store.model_id), np.zeros(len(gallery), np.float32))
    answer = _ranked(query, gallery, None, top, as_it_is)
    return with_people(answer, _vectors_of(store, [match.key.id for match in answer.matches]))


def _vectors_of(store: Store, ids: list[str]) -> NDArray[np.float32] | None:
    """Return the vectors (n, D) of some sightings; None where one is gone meanwhile."""
    found = store.read(Filter(ids=ids), vectors=True) if ids else None
    if found is None or found.vectors is None or len(found) != len(ids):
        return None
    rows = [found.keys.row(name) for name in ids]
    return None if None in rows else found.vectors[np.array(rows, np.intp)]


def _statures_among_all(store: Store, keys: Keys) -> stature.Statures:
    """Return the heights of some sightings, their cameras learnt from all that are stored."""
    everybody, measures = store.measures()
    ids = everybody.column("id")
    codes = everybody.coded("camera")[0].astype(np.intp)
    order = np.argsort(ids)
    rows = order[np.searchsorted(ids, keys.column("id"), sorter=order)]
    return stature.statures(measures, codes).take(rows)


def search_snapshot(
    snapshot: Snapshot,
    query: Query,
    window: SearchWindow,
    top: int,
    refinement: Refinement | None = None,
) -> tuple[Answer, int]:
    """Rank the sightings in memory that are in a window; also returns how many these are.

    How common a value is goes by all sightings in memory, not by those in the window alone.

    Args:
        refinement: what staff's decisions change; nothing where it is left out.
    """
    rows = snapshot.rows(window)
    searched = len(snapshot) if rows is None else len(rows)
    refinement = refinement or snapshot.unrefined()
    return _ranked(query, snapshot.gallery, rows, top, refinement), searched


def best_question(
    snapshot: Snapshot,
    query: Query,
    window: SearchWindow,
    skip: frozenset[str],
    refinement: Refinement,
) -> Question | None:
    """Return what to ask next about the person, if anything would help among those in a window.

    Args:
        skip: slots that are not asked for.
    """
    if not query.asks:
        return None
    rows = snapshot.rows(window)
    extra = refinement.extra
    alike = likeness(query.photo, snapshot.gallery, refinement.config.model_id)
    if alike is not None:
        extra = extra + alike.nats
    if rows is not None:
        outside = np.full(len(snapshot), OUTSIDE, np.float32)
        outside[rows] = 0
        extra = extra + outside
    return next_question(query, snapshot.gallery, config=refinement.config, extra=extra, skip=skip)


def _ranked(
    query: Query, gallery: Gallery, rows: Rows | None, top: int, refinement: Refinement
) -> Answer:
    if not query.asks:
        return Answer(query, "unsure", ())
    config, extra = refinement.config, refinement.extra
    return rank(query, gallery, top=top, config=config, extra=extra, rows=rows)


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


def similar(
    store: Store, sighting: str, window: SearchWindow, top: int, loaded: LoadedVectors | None = None
) -> list[SimilarMatch]:
    """Return the sightings that look most like one, best first, without itself.

    The nearest by cosine are found first: in memory, each camera's mean vector (its light, its
    place) subtracted once the camera has seen `MEAN_FROM` sightings; of more than `VECTORS_UP_TO`
    by the table's own index, whose vectors are as stored. The first `RERANKED` are then sorted
    anew by the neighbours they share.

    Args:
        window: which sightings are compared.
        loaded: the venue's vectors where they are in memory already; read here where they are not.

    Raises:
        UsageError: there is no such sighting.
    """
    if loaded is None and fits_in_memory(store):
        loaded = LoadedVectors.of(store.read(vectors=True))
    wanted = max(top, RERANKED)
    if loaded is None:
        near = _near_in_table(store, sighting, window)
    else:
        near = _near_in_memory(loaded, sighting, window, wanted)
    order = reranked(near.asked, near.vectors, len(near.rows))[:top]
    return [SimilarMatch(near.keys[int(near.rows[i])], float(near.closeness[i])) for i in order]


def _near_in_memory(
    loaded: LoadedVectors, sighting: str, window: SearchWindow, wanted: int
) -> _Candidates:
    row = loaded.row(sighting)
    if row is None:
        raise _no_sighting(sighting)
    vectors = loaded.nearest.vectors
    among = loaded.places.rows(window)
    rows, closeness = loaded.nearest.search(vectors[row], wanted + 1, among)
    others = rows != row
    rows, closeness = rows[others], closeness[others]
    return _Candidates(loaded.keys, rows, closeness, vectors[rows[:RERANKED]], vectors[row])


def _near_in_table(store: Store, sighting: str, window: SearchWindow) -> _Candidates:
    """Ask the table's index, and read the vectors of what it finds near."""
    own = store.read(Filter(ids=[sighting]), vectors=True)
    if not len(own):
        raise _no_sighting(sighting)
    assert own.vectors is not None
    near = [name for name, _ in store.similar(own.vectors[0], _NEIGHBOURS, Filter.within(window))]
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
    store: Store, sighting: str, window: SearchWindow, loaded: LoadedVectors | None = None
) -> list[SimilarMatch]:
    """Return where the same clothes were seen, in order of time, the sighting itself included.

    Sightings that look alike are taken in the order of `similar`, as long as nobody would have to
    be before two cameras at once.

    Raises:
        UsageError: there is no such sighting.
    """
    alike = similar(store, sighting, window, _NEIGHBOURS, loaded)
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


def _clash(a: SightingKey, b: SightingKey) -> bool:
    return a.camera != b.camera and a.start < b.end and b.start < a.end

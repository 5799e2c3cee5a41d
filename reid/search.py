"""Questions to a venue: who fits a description, where else the same clothes were seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.errors import UsageError
from reid.models import sharpness_of
from reid.rank import Gallery, Knobs, rank
from reid.rank.rerank import rerank
from reid.records import Answer, Match, Query, SightingKey
from reid.store import Columns, Filter, Store

TIMES_SEEN: Final = 2.0
"""Sightings that somebody who is in a venue is expected to have: most walk past two cameras. With
one and a half or three probabilities are less honest (table in reid/bench/README.md)."""

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


@dataclass(frozen=True, slots=True)
class Likeness:
    """A sighting that looks like another one, and their cosine similarity in [-1, 1]."""

    key: SightingKey
    similarity: float


def search(store: Store, query: Query, which: Filter, top: int) -> Answer:
    """Rank the venue's sightings for a description."""
    columns = store.read(which)
    gallery = Gallery(columns.keys, columns.attributes, columns.body, columns.visible)
    return rank(query, gallery, top=top, knobs=knobs_of(store.model_id))


def knobs_of(model_id: str) -> Knobs:
    """Return how the beliefs of an embedder are taken in the ranking."""
    return Knobs(sharpness=sharpness_of(model_id), times=TIMES_SEEN)


def similar(store: Store, sighting: str, which: Filter, top: int) -> list[Likeness]:
    """Return the sightings that look most like one, best first, without itself.

    What all people before one camera share (its light, its place) is taken out first: every
    camera's mean vector is subtracted once the camera has seen `MEAN_FROM` sightings.

    Raises:
        UsageError: there is no such sighting.
    """
    if sighting not in store.keys([sighting]):
        raise UsageError(f"no sighting {sighting}: take an id from `reid search`")
    many = store.count() > VECTORS_UP_TO
    everything = _near(store, sighting, which) if many else store.read(vectors=True)
    assert everything.vectors is not None
    vectors = everything.vectors if many else without_camera_means(everything)
    ids = everything.keys.column("id").tolist()
    row = ids.index(sighting)
    allowed = set(ids) - {sighting} if many else store.ids(which) - {sighting}
    closeness = vectors @ vectors[row]
    order = [int(i) for i in np.argsort(-closeness, kind="stable") if ids[i] in allowed]
    order = reranked(vectors, row, order)
    return [Likeness(everything.keys[i], float(closeness[i])) for i in order[:top]]


def _near(store: Store, sighting: str, which: Filter) -> Columns:
    """Read a sighting and those that the table's index finds near it."""
    asked = store.read(Filter(ids=[sighting]), vectors=True)
    assert asked.vectors is not None
    found = store.similar(asked.vectors[0], _NEIGHBOURS, which)
    return store.read(Filter(ids=[sighting, *(name for name, _ in found)]), vectors=True)


def reranked(vectors: NDArray[np.float32], row: int, order: list[int]) -> list[int]:
    """Return `order` with its first `RERANKED` sorted anew by the neighbours they share.

    Args:
        vectors: float32 (N, D), unit vectors. row: the one asked for. order: rows, closest first.
    """
    first = order[:RERANKED]
    if len(first) < LEAST_RERANKED:
        return order
    distance = rerank(vectors[row : row + 1], vectors[first])[0]
    return [first[i] for i in np.argsort(distance, kind="stable")] + order[RERANKED:]


def journey(store: Store, sighting: str, which: Filter) -> list[Likeness]:
    """Return where the same clothes were seen, in order of time, the sighting itself included.

    Sightings that look alike are taken from the most alike on, as long as nobody would have to be
    before two cameras at once.
    """
    alike = similar(store, sighting, which, top=_NEIGHBOURS)
    route = [Likeness(store.keys([sighting])[sighting], 1.0)]
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


def answer_json(answer: Answer, query: dict[str, Any]) -> dict[str, Any]:
    """Return an answer in the shape of `reid search --json`; `query` is how it was understood."""
    return {
        "query": query,
        "outcome": answer.outcome,
        "matches": [match_json(match) for match in answer.matches],
    }


def match_json(match: Match) -> dict[str, Any]:
    """Return one match in the shape of `reid search --json`."""
    reasons = [
        {
            "slot": reason.slot,
            "value": reason.value,
            "negated": reason.negated,
            "verdict": reason.verdict,
            "probability": _rounded(reason.probability),
        }
        for reason in match.why
    ]
    return {
        **key_json(match.key),
        "score": _rounded(match.score),
        "probability": _rounded(match.probability),
        "why": reasons,
    }


def key_json(key: SightingKey) -> dict[str, Any]:
    """Return a sighting's key; times are ISO 8601 with offset."""
    return {
        "sighting": key.id,
        "source": key.source,
        "camera": key.camera,
        "start": _iso(key.start),
        "end": _iso(key.end),
    }


def likeness_json(found: Sequence[Likeness]) -> list[dict[str, Any]]:
    """Return likenesses in the shape of `reid similar --json`."""
    return [{**key_json(f.key), "similarity": _rounded(f.similarity)} for f in found]


def _clash(a: SightingKey, b: SightingKey) -> bool:
    return a.camera != b.camera and a.start < b.end and b.start < a.end


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)

"""How long a search takes among ten thousand, a hundred thousand, a million sightings."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.records import SearchWindow, SightingKey
from reid.describe import describe
from reid.lab.bench.metrics.figures import Figures, Fraction, ThreeDigits
from reid.rank import Gallery, rank
from reid.rank.nearest import LISTS_FROM, Nearest, Places

Float = NDArray[np.float32]

DIM: Final = 256
SMALLEST: Final = 1000
"""Fewer sightings than these say nothing about time."""

TOP: Final = 10
_ROUNDS: Final = 15
_CLUSTERS: Final = 500
_CAMERAS: Final = 20
_SPREAD: Final = 0.7
_PROBES: Final = 32  # lists that FAISS's inverted file looks into
_STAY: Final = np.timedelta64(20, "s")
_BEGUN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SENTENCE: Final = "girl in a red hoodie and blue jeans with a yellow backpack"


class Timed(Figures):
    """Latency of one way to search.

    Attributes:
        p50_ms, p95_ms: milliseconds.
        recall_at_10: share of the exact ten nearest that are found; None where it is exact by
            nature.
    """

    p50_ms: ThreeDigits
    p95_ms: ThreeDigits
    recall_at_10: Fraction | None = None

    @classmethod
    def of(cls, seconds: Sequence[float], recall: float | None = None) -> "Timed":
        """Summarise repetitions."""
        low, high = np.percentile(np.array(seconds) * 1000, [50, 95])
        return cls(p50_ms=float(low), p95_ms=float(high), recall_at_10=recall)


class _Keys(Sequence[SightingKey]):
    """Keys of made-up sightings, each built when asked for."""

    def __init__(self, n: int) -> None:
        self._n = n

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(self._n))]
        when = _BEGUN + timedelta(seconds=row)
        return SightingKey(f"{row:09d}", "", "", f"c{row % _CAMERAS}", when, when, row)

    def coded(self, name: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return the cameras as positions (N,), and their names."""
        assert name == "camera"
        codes = (np.arange(self._n) % _CAMERAS).astype(np.int32)
        return codes, tuple(f"c{i}" for i in range(_CAMERAS))


def time_search(n: int, seed: int) -> dict[str, Timed]:
    """Time ways to search `n` made-up sightings.

    ``description`` ranks a sentence over the attribute table as the product does; the others look
    for the ten nearest vectors: as the product does, among all, two hours of three cameras, and a
    day of all; exactly with NumPy; and with FAISS, where it is installed, exactly and by an
    inverted file of 8-bit codes.
    """
    rng = np.random.default_rng(seed)
    timed = {"description": _description(n, rng)}
    centres = rng.normal(size=(_CLUSTERS, DIM)).astype(np.float32) / np.sqrt(DIM)
    vectors = _near(centres, n, rng)
    queries = _near(centres, _ROUNDS, rng)
    exact = [_nearest(vectors, query) for query in queries]
    timed |= _product(vectors, queries)
    timed["vectors, NumPy exact"] = _repeat(lambda i: _nearest(vectors, queries[i]))
    return timed | _faiss(vectors, queries, exact)


def _description(n: int, rng: np.random.Generator) -> Timed:
    def table(columns: int) -> Float:
        levels = rng.integers(0, 256, (columns, n), np.uint8)
        values = levels.astype(np.float32).T  # already column by column
        values *= values
        values /= np.float32(255**2)
        return values

    seen = np.ones((len(vocabulary.PARTS), n), np.float32).T
    gallery = Gallery(
        _Keys(n),
        table(len(vocabulary.ATTRIBUTE_COLUMNS)),
        table(len(vocabulary.BODY_COLUMNS)),
        seen,
    )
    query = describe(_SENTENCE)
    rank(query, gallery, top=50)  # remembers the venue's rates, as a running program does
    return _repeat(lambda _: rank(query, gallery, top=50))


def _product(vectors: Float, queries: Float) -> dict[str, Timed]:
    """Time the product's way, and compare with all that a filter lets by."""
    n = len(vectors)
    start = np.datetime64(_BEGUN.replace(tzinfo=None), "us") + np.arange(n).astype("m8[s]")
    names = tuple(f"c{i}" for i in range(_CAMERAS))
    codes = (np.arange(n) % _CAMERAS).astype(np.int32)
    places = Places(start, start + _STAY, codes, names)
    index = Nearest(vectors)
    if n >= LISTS_FROM:
        index.build()
    middle = _BEGUN + timedelta(seconds=n // 2)
    windows = {
        "all": SearchWindow(),
        "two hours, 3 of 20 cameras": SearchWindow(middle, middle + timedelta(hours=2), names[:3]),
        "a day": SearchWindow(middle, middle + timedelta(days=1)),
    }
    timed = {}
    for label, window in windows.items():
        allowed = places.rows(window)
        among = np.arange(n) if allowed is None else allowed
        if len(among) < TOP:
            continue
        hits = [
            len(np.intersect1d(index.search(query, TOP, allowed)[0], _best(vectors, among, query)))
            for query in queries
        ]
        recall = float(np.mean(hits)) / TOP

        def find(i: int, window: SearchWindow = window) -> object:
            return index.search(queries[i], TOP, places.rows(window))

        timed[f"vectors, product, {label}"] = _repeat(find, recall)
    return timed


def _best(vectors: Float, among: NDArray[np.intp], query: Float) -> NDArray[np.intp]:
    chosen = vectors if len(among) == len(vectors) else vectors[among]
    return np.asarray(among[_nearest(chosen, query)], np.intp)


def _near(centres: Float, n: int, rng: np.random.Generator) -> Float:
    noise = rng.standard_normal((n, DIM), np.float32) * np.float32(_SPREAD / np.sqrt(DIM))
    noise += centres[rng.integers(0, len(centres), n)]
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return noise


def _nearest(vectors: Float, query: Float) -> NDArray[np.int64]:
    closeness = vectors @ query
    best = np.argpartition(-closeness, min(TOP, len(closeness) - 1))[:TOP]
    return np.asarray(best[np.argsort(-closeness[best])], np.int64)


def _faiss(vectors: Float, queries: Float, exact: list[NDArray[np.int64]]) -> dict[str, Timed]:
    try:
        import faiss
    except ImportError:
        return {}
    lists = int(max(64, 2 * np.sqrt(len(vectors))))
    flat: Any = faiss.IndexFlatIP(DIM)
    coded: Any = faiss.index_factory(DIM, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    coded.train(vectors[: 40 * lists])
    coded.nprobe = _PROBES
    return {
        "vectors, FAISS exact": _indexed(flat, vectors, queries, exact),
        "vectors, FAISS inverted file, 8 bit": _indexed(coded, vectors, queries, exact),
    }


def _indexed(index: Any, vectors: Float, queries: Float, exact: list[NDArray[np.int64]]) -> Timed:
    """Fill one of FAISS's indexes and time it."""
    index.add(vectors)
    found = [index.search(query[None], TOP)[1][0] for query in queries]
    hits = [len(np.intersect1d(f, e)) / TOP for f, e in zip(found, exact, strict=True)]
    return _repeat(lambda i: index.search(queries[i][None], TOP), float(np.mean(hits)))


def _repeat(search: Callable[[int], object], recall: float | None = None) -> Timed:
    seconds = []
    for i in range(_ROUNDS):
        begun = time.perf_counter()
        search(i)
        seconds.append(time.perf_counter() - begun)
    return Timed.of(seconds, recall)

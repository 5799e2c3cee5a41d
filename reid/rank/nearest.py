"""The nearest of a million vectors in a few milliseconds, also among those that a filter lets by.

An inverted file (Sivic and Zisserman 2003): every vector belongs to the list of its nearest centre,
and only the lists whose centres are nearest to a query are looked into. What is found there is
compared exactly. Few vectors, or few that a filter lets by, are simply all compared.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.records import SearchWindow

Float = NDArray[np.float32]
Rows = NDArray[np.intp]

LISTS_FROM: Final = 200_000
"""Vectors from which on lists pay; comparing fewer takes less than 15 ms."""

EXACT: Final = 20_000
"""Vectors that are compared one by one in any case, where a filter lets no more by."""

PROBES: Final = 32
"""Lists looked into."""

_FEWEST: Final = 400  # vectors let by among the lists looked into; else more lists are
_SAMPLE: Final = 48  # vectors a list that its centre is trained on
_ROUNDS: Final = 4
_BATCH: Final = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """When, and before which camera, each of N sightings was.

    Attributes:
        start, end: datetime64[us] (N,), UTC.
        codes: int32 (N,), position of the camera in `names`.
        names: cameras.
    """

    start: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    codes: NDArray[np.int32]
    names: tuple[str, ...]

    def rows(self, window: SearchWindow) -> Rows | None:
        """Return the rows in a window, ascending; None for all."""
        if window == SearchWindow():
            return None
        keep = np.ones(len(self.codes), bool)
        if window.since is not None:
            keep &= self.end >= instant(window.since)
        if window.until is not None:
            keep &= self.start <= instant(window.until)
        if window.cameras:
            keep &= np.isin(np.array(self.names), window.cameras)[self.codes]
        return np.flatnonzero(keep)


class Nearest:
    """Finds what is nearest to a vector.

    Args:
        vectors: float32 (N, D), unit norm; not copied.
    """

    def __init__(self, vectors: Float) -> None:
        self._vectors = vectors
        self._centres: Float | None = None
        self._list_of: NDArray[np.int32] = np.zeros(0, np.int32)
        self._order: Rows = np.zeros(0, np.intp)
        self._ends: NDArray[np.intp] = np.zeros(0, np.intp)

    @property
    def vectors(self) -> Float:
        """The vectors (N, D) that are searched."""
        return self._vectors

    @property
    def ready(self) -> bool:
        """Whether there are lists; without them all vectors are compared."""
        return self._centres is not None

    def build(self, seed: int = 0) -> None:
        """Make the lists: √N of them, their centres trained by k-means on a sample."""
        count = int(np.sqrt(len(self._vectors)))
        rng = np.random.default_rng(seed)
        drawn = rng.choice(len(self._vectors), min(len(self._vectors), _SAMPLE * count), False)
        self._fill(_trained(self._vectors[np.sort(drawn)], count, rng), np.zeros(0, np.int32))

    def follow(self, before: "Nearest", same: int) -> None:
        """Take over the lists of an earlier state whose first `same` vectors are the same."""
        if before._centres is not None:
            self._fill(before._centres, before._list_of[:same])

    def search(self, vector: Float, top: int, rows: Rows | None = None) -> tuple[Rows, Float]:
        """Return the `top` nearest rows, nearest first, and their cosine similarity.

        Args:
            vector: float32 (D,), unit norm.
            top: how many.
            rows: only these, ascending; None for all.
        """
        if rows is not None and len(rows) <= EXACT:
            return self._compared(vector, top, rows)
        if self._centres is None:
            return self._compared(vector, top, rows)
        return self._compared(vector, top, self._probed(vector, rows))

    def _probed(self, vector: Float, rows: Rows | None) -> Rows:
        """Return the rows in the nearest lists, of more lists where a filter leaves few."""
        assert self._centres is not None
        allowed = None
        if rows is not None:
            allowed = np.zeros(len(self._vectors), bool)
            allowed[rows] = True
        nearest = np.argsort(-(self._centres @ vector), kind="stable")
        found: list[Rows] = []
        probed = total = 0
        for wanted in (PROBES, 4 * PROBES, len(nearest)):
            for one in nearest[probed:wanted]:
                part = self._order[self._ends[one] : self._ends[one + 1]]
                found.append(part if allowed is None else part[allowed[part]])
                total += len(found[-1])
            probed = wanted
            if total >= _FEWEST:
                break
        return np.concatenate(found)

    def _compared(self, vector: Float, top: int, rows: Rows | None) -> tuple[Rows, Float]:
        closeness = (self._vectors if rows is None else self._vectors[rows]) @ vector
        if top < len(closeness):
            best = np.argpartition(-closeness, top)[:top]
            best = best[np.argsort(-closeness[best], kind="stable")]
        else:
            best = np.argsort(-closeness, kind="stable")
        return (best if rows is None else rows[best]), closeness[best]

    def _fill(self, centres: Float, known: NDArray[np.int32]) -> None:
        """Sort the vectors into lists; the first few are `known` already."""
        new = self._vectors[len(known) :]
        batches = (new[i : i + _BATCH] for i in range(0, len(new), _BATCH))
        self._list_of = np.concatenate([known, *(_closest(b, centres) for b in batches)])
        self._order = np.argsort(self._list_of, kind="stable")
        counts = np.bincount(self._list_of, minlength=len(centres))
        self._ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
        self._centres = centres


def _trained(sample: Float, count: int, rng: np.random.Generator) -> Float:
    """Return `count` centres of unit vectors by spherical k-means (Dhillon and Modha 2001)."""
    centres = sample[rng.choice(len(sample), count, replace=False)]
    for _ in range(_ROUNDS):
        owner = np.concatenate(
            [_closest(sample[i : i + _BATCH], centres) for i in range(0, len(sample), _BATCH)]
        )
        order = np.argsort(owner, kind="stable")
        filled, starts = np.unique(owner[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts, axis=0)
        centres = centres.copy()
        centres[filled] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return centres


def _closest(vectors: Float, centres: Float) -> NDArray[np.int32]:
    return np.asarray((vectors @ centres.T).argmax(axis=1), np.int32)


def instant(when: datetime) -> np.datetime64:
    """Return a moment as the columns of times hold it: UTC, without a zone."""
    return np.datetime64(when.astimezone(UTC).replace(tzinfo=None), "us")

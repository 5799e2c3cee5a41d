"""Ranking metrics of person re-identification, by their published definitions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RankingScores:
    """How well a gallery is ranked for a set of queries; all shares in [0, 1].

    Q counts the queries that have a right answer in the gallery; others are left out.

    Attributes:
        rows: (Q,), which of the queries handed in these are.
        average_precision: (Q,), mean of the precision at each right answer.
        inverse_negative_penalty: (Q,), right answers ÷ rank of the last one found.
        first_rank: (Q,), 1-based rank of the first right answer.
        n_gallery: size of the gallery, without what is junk for every query.
    """

    rows: NDArray[np.int64]
    average_precision: Float
    inverse_negative_penalty: Float
    first_rank: NDArray[np.int64]
    n_gallery: int

    def __len__(self) -> int:
        return len(self.rows)

    def hits(self, k: int) -> Float:
        """Return 1.0 where a right answer is among the first k, else 0.0; (Q,)."""
        return (self.first_rank <= k).astype(np.float64)

    def rank(self, k: int) -> float:
        """Return rank-k: the share of queries with a right answer among the first k."""
        return _mean(self.hits(k))

    def cmc(self, reach: int) -> Float:
        """Return the cumulative match characteristic: rank-1, rank-2, … rank-`reach`."""
        return np.array([self.rank(k) for k in range(1, reach + 1)])

    @property
    def mean_ap(self) -> float:
        """Mean average precision (Zheng et al. 2015, Market-1501)."""
        return _mean(self.average_precision)


def average_precision(ranks: NDArray[np.int64]) -> float:
    """Return the mean of the precision at each right answer, whose 1-based ranks rise; (R,)."""
    return float((np.arange(1, len(ranks) + 1) / ranks).mean())


def score_ranking(
    distance: NDArray[np.float32],
    relevant: NDArray[np.bool_],
    ignored: NDArray[np.bool_] | None = None,
) -> RankingScores:
    """Score a ranking by distance.

    Args:
        distance: (Q, G), smaller is more alike; ties keep the gallery's order.
        relevant: (Q, G), the right answers.
        ignored: (Q, G), entries that count neither way ("junk": same person and same camera).
    """
    ignored = np.zeros_like(relevant) if ignored is None else ignored
    rows, precision, penalty, first = [], [], [], []
    for row in range(len(distance)):
        order = np.argsort(distance[row], kind="stable")
        hits = relevant[row, order][~ignored[row, order]]
        ranks = np.flatnonzero(hits) + 1
        if not len(ranks):
            continue
        rows.append(row)
        precision.append(average_precision(ranks))
        penalty.append(len(ranks) / ranks[-1])
        first.append(ranks[0])
    junk = int(ignored.all(axis=0).sum()) if len(ignored) else 0
    return RankingScores(
        np.array(rows, np.int64),
        np.array(precision, np.float64),
        np.array(penalty, np.float64),
        np.array(first, np.int64),
        distance.shape[1] - junk,
    )


def _mean(values: Float) -> float:
    return float(values.mean()) if len(values) else 0.0

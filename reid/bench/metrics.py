"""Ranking metrics of person re-identification, by their published definitions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RankingScores:
    """How well a gallery is ranked for a set of queries; all shares in [0, 1].

    Attributes:
        cmc: (R,), share of queries with a right answer among the first 1, 2, …, R.
        average_precision: (Q,), area under precision-recall a query.
        inverse_negative_penalty: (Q,), right answers ÷ rank of the last one found.
        first_rank: (Q,), 1-based rank of the first right answer.
        n_gallery: size of the gallery.
    """

    cmc: Float
    average_precision: Float
    inverse_negative_penalty: Float
    first_rank: NDArray[np.int64]
    n_gallery: int

    def rank(self, k: int) -> float:
        """Return rank-k: the share of queries with a right answer among the first k."""
        return float((self.first_rank <= k).mean()) if len(self.first_rank) else 0.0

    @property
    def mean_ap(self) -> float:
        """Mean average precision (Zheng et al. 2015, Market-1501)."""
        return float(self.average_precision.mean()) if len(self.average_precision) else 0.0

    @property
    def mean_inp(self) -> float:
        """Mean inverse negative penalty (Ye et al. 2021, AGW)."""
        penalty = self.inverse_negative_penalty
        return float(penalty.mean()) if len(penalty) else 0.0


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

    Returns:
        Scores over the queries that have at least one right answer.
    """
    ignored = np.zeros_like(relevant) if ignored is None else ignored
    precision, penalty, first = [], [], []
    for row in range(len(distance)):
        order = np.argsort(distance[row], kind="stable")
        hits = relevant[row, order][~ignored[row, order]]
        ranks = np.flatnonzero(hits) + 1
        if not len(ranks):
            continue
        found = np.arange(1, len(ranks) + 1)
        precision.append((found / ranks).mean())
        penalty.append(len(ranks) / ranks[-1])
        first.append(ranks[0])
    first_rank = np.array(first, np.int64)
    gallery = distance.shape[1]
    reach = np.arange(1, gallery + 1 if first else 1)
    cmc = (first_rank[None] <= reach[:, None]).mean(axis=1) if first else np.zeros(0)
    return RankingScores(
        np.asarray(cmc, np.float64), np.array(precision), np.array(penalty), first_rank, gallery
    )

"""Two models on the same queries: is the difference more than chance?"""

from collections.abc import Sequence

import numpy as np

from reid.lab.bench.metrics.figures import Ends, Figures, Fraction
from reid.lab.bench.metrics.intervals import bootstrap_difference
from reid.lab.bench.metrics.ranking import RankingScores


class Difference(Figures):
    """First model less second, of rank-1 and mAP, query by query.

    Attributes:
        intervals: 95 %, people resampled, each with the same queries of both models; a difference
            whose interval holds 0 is not shown.
    """

    rank1: Fraction
    mAP: Fraction
    intervals: dict[str, Ends]

    @classmethod
    def of(
        cls, first: RankingScores, second: RankingScores, people: Sequence[str], seed: int
    ) -> "Difference":
        """Compare two rankings of the same gallery for the same queries.

        Args:
            first, second: of the same Q queries.
            people: the person behind each query handed in.
            seed: of the bootstrap.

        Raises:
            ValueError: not the same queries.
        """
        if not np.array_equal(first.rows, second.rows) or not len(first):
            raise ValueError("not the same queries")
        gains = {
            "rank1": first.hits(1) - second.hits(1),
            "mAP": first.average_precision - second.average_precision,
        }
        clusters = [people[int(row)] for row in first.rows]
        return cls(
            rank1=float(gains["rank1"].mean()),
            mAP=float(gains["mAP"].mean()),
            intervals={
                name: bootstrap_difference(gain, clusters, seed) for name, gain in gains.items()
            },
        )

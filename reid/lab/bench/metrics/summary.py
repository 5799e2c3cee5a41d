"""The figures of a ranking, as they are printed: rank-k, mAP, mINP, each with its interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from reid.lab.bench.metrics.intervals import Interval, bootstrap_mean
from reid.lab.bench.metrics.ranking import RankingScores

RANKS: Final = (1, 3, 5, 10)
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Ranking:
    """Figures as fractions, each with a 95 % interval.

    Attributes:
        figures: by name: rank1, rank3, rank5, rank10, mAP, mINP.
        intervals: the same names; people, not images, are resampled.
        n_query: queries that have a right answer.
        n_gallery: size of the gallery.
    """

    figures: dict[str, float]
    intervals: dict[str, Interval]
    n_query: int
    n_gallery: int

    @classmethod
    def of(cls, scores: RankingScores, people: Sequence[str], seed: int) -> "Ranking":
        """Summarise scores; `people` names the person behind each query handed in."""
        values = {f"rank{k}": scores.hits(k) for k in RANKS}
        values |= {"mAP": scores.average_precision, "mINP": scores.inverse_negative_penalty}
        clusters = [people[int(row)] for row in scores.rows]
        return cls(
            {name: float(v.mean()) if len(v) else 0.0 for name, v in values.items()},
            {name: bootstrap_mean(v, clusters, seed) for name, v in values.items()},
            len(scores),
            scores.n_gallery,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the figures at the top level, the intervals beside them."""
        return {
            **{name: round(value, _DIGITS) for name, value in self.figures.items()},
            "n_query": self.n_query,
            "n_gallery": self.n_gallery,
            "intervals": intervals_json(self.intervals),
        }


def rounded(value: float) -> float | None:
    """Return a figure for JSON: four digits, None for one that is not defined."""
    return None if math.isnan(value) else round(value, _DIGITS)


def intervals_json(intervals: dict[str, Interval]) -> dict[str, list[float]]:
    """Return intervals as lists of two rounded figures."""
    return {name: [round(end, _DIGITS) for end in ends] for name, ends in intervals.items()}

"""The figures of a ranking, as they are printed: rank-k, mAP, mINP, each with its interval."""

from collections.abc import Sequence
from typing import Any, Final, Self

from reid.lab.bench.metrics.figures import Ends, Figures, MaybeFraction
from reid.lab.bench.metrics.intervals import bootstrap_share, wilson
from reid.lab.bench.metrics.ranking import RankingScores

RANKS: Final = (1, 3, 5, 10)


class Share(Figures):
    """So many of so many, with a 95 % interval (Wilson); no share of none."""

    share: MaybeFraction
    hits: int
    n: int
    interval: Ends

    @classmethod
    def of(cls, hits: int, n: int) -> Self:
        """Return `hits` ÷ `n`."""
        return cls(share=hits / n if n else None, hits=hits, n=n, interval=wilson(hits, n))


class RankingFigures(Figures):
    """Figures as fractions, each with a 95 % interval; None where nobody was asked for.

    Attributes:
        intervals: by name of the figure; people, not images, are resampled.
        n_query: queries that have a right answer.
        n_gallery: size of the gallery.
    """

    rank1: MaybeFraction
    rank3: MaybeFraction
    rank5: MaybeFraction
    rank10: MaybeFraction
    mAP: MaybeFraction
    mINP: MaybeFraction
    n_query: int
    n_gallery: int
    intervals: dict[str, Ends]

    @classmethod
    def of(cls, scores: RankingScores, people: Sequence[str], seed: int) -> "RankingFigures":
        """Summarise scores; `people` names the person behind each query handed in."""
        return RankingFigures.model_validate(summarised(scores, people, seed))

    def figures(self) -> dict[str, float | None]:
        """Return rank1, rank3, rank5, rank10, mAP, mINP by name."""
        return {name: getattr(self, name) for name in self.intervals}


def summarised(scores: RankingScores, people: Sequence[str], seed: int) -> dict[str, Any]:
    """Return the fields of `RankingFigures`."""
    values = {f"rank{k}": scores.hits(k) for k in RANKS}
    values |= {"mAP": scores.average_precision, "mINP": scores.inverse_negative_penalty}
    clusters = [people[int(row)] for row in scores.rows]
    return {
        **{name: float(v.mean()) if len(v) else None for name, v in values.items()},
        "n_query": len(scores),
        "n_gallery": scores.n_gallery,
        "intervals": {name: bootstrap_share(v, clusters, seed) for name, v in values.items()},
    }

"""From scores to probabilities: what each sighting is worth among all others, and against nobody.

Before looking, the person is among the N sightings with probability a (`PRESENT`). With scores s,
log-likelihood ratios, Bayes' rule gives

    P(nobody) = (1 - a) / Z,     Z = (1 - a) + a · mean of exp(s),

and where the person is seen only once, P(i) = a/N · exp(s_i) / Z, all of them exclusive. But who
walks through a venue is seen by several cameras: with m sightings of theirs expected, each has

    P(i) = (1 - P(nobody)) · σ(t s_i + λ),     Σ σ(t s + λ) = m,

the chance to be one of a set of m drawn with odds exp(t s) (conditional Poisson sampling; Hájek,
1964). A model may also be shy, t > 1: it tells people apart better than it believes, because it was
calibrated on single pictures and each belief is one of a whole stay. t is fitted on rendered venues
whose people are known (the model's card says it); whether anybody is there is not told any better
by it. Figures are in reid/lab/bench/README.md.
"""

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from reid.rank.gallery import Floats

Doubles = NDArray[np.float64]

PRESENT: Final = 0.8
"""Probability, before looking, that the person is among the sightings at all."""

FEWEST: Final = 10
"""N is never taken to be smaller: of three sightings each would be likely before any look."""

MOST_OF_ALL: Final = 0.5
"""Nobody is taken to have more than this share of all sightings."""

LEADING: Final = 256
"""Best sightings whose chances are kept below 1; of the others exp(t s + λ) is taken as it is."""

_HALVINGS: Final = 60


@dataclass(frozen=True, slots=True)
class Odds:
    """What scores are worth among others.

    Attributes:
        nobody: probability that none of the others is the person.
        alone: log of the probability of a score of 0, where the person is seen once.
        level: the same at sharpness t; λ above, where the person is seen more often.
        sharpness: t, how much further apart people are than their scores say.
        often: whether the person is expected to be seen more than once.
    """

    nobody: float
    alone: float
    level: float
    sharpness: float = 1.0
    often: bool = False

    @classmethod
    def of(cls, scores: Floats, sharpness: float = 1.0, times: float = 1.0) -> Self:
        """Weigh the scores (N,) in the running; `times` is m, how often the person is seen."""
        places = max(len(scores), FEWEST)
        often = times > 1
        s = scores.astype(np.float64)
        best = float(s.max(initial=-math.inf)) if len(s) else 0.0
        high = max(0.0, best)
        some = PRESENT * float(np.exp(s - high).sum()) / places
        total = (1 - PRESENT) * math.exp(-high) + some
        nobody = (1 - PRESENT) * math.exp(-high) / total if len(s) else 1 - PRESENT
        alone = math.log(PRESENT / places / (total if len(s) else 1.0)) - high
        if often:
            level = _level(sharpness * s, min(times, MOST_OF_ALL * places), places - len(s))
        elif len(s) and some > 0:
            among = math.log(float(np.exp(sharpness * (s - best)).sum()))
            level = math.log(some / total) - among - sharpness * best
        else:
            level = alone
        return cls(nobody, alone, level, sharpness, often)

    def probability(self, scores: Floats) -> Doubles:
        """Return the probability (n,) that each is the person described."""
        logs = self.sharpness * scores.astype(np.float64) + self.level
        if not self.often:
            return np.asarray(np.exp(np.minimum(logs, 0.0)))
        return np.asarray((1 - self.nobody) * _sigmoid(logs))

    def any_of(self, scores: Floats) -> float:
        """Return the probability that one of these (n,) is the person described."""
        chances = self.probability(scores)
        if not self.often:
            return min(1.0, float(chances.sum()))
        somebody = max(1e-12, 1 - self.nobody)
        return somebody * (1 - float(np.prod(1 - np.minimum(chances / somebody, 1.0))))

    def once(self, scores: Floats) -> Doubles:
        """Return the probability (n,) of each as it would be if the person were seen only once."""
        return np.asarray(np.exp(np.minimum(scores.astype(np.float64) + self.alone, 0.0)))


def _sigmoid(logits: Doubles) -> Doubles:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -700, 700))))


def _level(logits: Doubles, times: float, empty: int) -> float:
    """Return λ under which the chances σ(logits + λ), and `empty` ones of 0, sum to `times`."""
    logits = np.concatenate([logits, np.zeros(empty)])
    if len(logits) > LEADING:
        logits = np.partition(logits, len(logits) - LEADING)
        rest, logits = logits[:-LEADING], logits[-LEADING:]
    else:
        rest = np.empty(0)
    high = float(logits.max())
    tail = float(np.exp(rest - high).sum())
    low, top = -high - 60.0, 60.0 - float(logits.min())
    for _ in range(_HALVINGS):
        middle = (low + top) / 2
        sum_ = float(_sigmoid(logits + middle).sum()) + tail * math.exp(min(middle + high, 700.0))
        low, top = (low, middle) if sum_ > times else (middle, top)
    return (low + top) / 2

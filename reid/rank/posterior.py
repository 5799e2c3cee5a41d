"""Posterior probabilities of scores: each sighting against all others, and against nobody.

Before looking, the person is among the N sightings with probability a: `PRESENT`, and among fewer
than `FEWEST` less often, with the root of their number, as most who are there have not passed a
camera yet. With scores s, log-likelihood ratios, Bayes' rule gives

    P(nobody) = (1 - a) / Z,     Z = (1 - a) + a · mean of exp(s),

and where the person is seen only once, P(i) = a/N · exp(s_i) / Z, all of them exclusive. But who
walks through a venue is seen by several cameras: with m sightings of theirs expected, each has

    P(i) = (1 - P(nobody)) · σ(s_i / T + λ),     Σ σ(s / T + λ) = m,

the chance to be one of a set of m drawn with odds exp(s / T) (conditional Poisson sampling; Hájek,
1964). T is the model's temperature. One that was calibrated on single pictures is underconfident
of a whole stay, whose beliefs it averages: it tells people apart better than its scores say, and
T < 1. T is fitted on rendered venues whose people are known (the model's card says it); whether
anybody is there is not told any better by it. `reid bench ranking` measures both.
"""

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from reid.rank.gallery import Floats

Doubles = NDArray[np.float64]

PRESENT: Final = 0.8
"""Prior probability that the person is among the sightings at all."""

FEWEST: Final = 10
"""Of fewer sightings each would be likely before any look: the person may be none of them."""

MOST_OF_ALL: Final = 0.5
"""Nobody is taken to have more than this share of all sightings."""

LEADING: Final = 256
"""Best sightings whose chances are kept below 1; of the others exp(s / T + λ) is taken as it is."""

_HALVINGS: Final = 60


@dataclass(frozen=True, slots=True)
class Posterior:
    """What scores are worth among others.

    Attributes:
        nobody: probability that none of the others is the person.
        log_once: log of the probability of a score of 0, where the person is seen once, at T = 1.
        offset: the same at temperature T; λ above, where the person is seen more often.
        temperature: T, by which scores are divided.
        repeated: whether the person is expected to be seen more than once.
    """

    nobody: float
    log_once: float
    offset: float
    temperature: float = 1.0
    repeated: bool = False

    @classmethod
    def of(cls, scores: Floats, temperature: float = 1.0, expected_sightings: float = 1.0) -> Self:
        """Weigh the scores (N,) of all candidates; `expected_sightings` is m of the person."""
        places = max(len(scores), FEWEST)
        repeated = expected_sightings > 1
        s = scores.astype(np.float64)
        best = float(s.max(initial=-math.inf)) if len(s) else 0.0
        high = max(0.0, best)
        among = PRESENT * math.sqrt(min(1.0, len(s) / FEWEST))
        each = among / max(1, len(s))
        none, some = (1 - among) * math.exp(-high), each * float(np.exp(s - high).sum())
        nobody = none / (none + some)
        log_once = math.log(each / (none + some)) - high if len(s) else -math.inf
        if repeated:
            most = min(expected_sightings, MOST_OF_ALL * places)
            offset = _offset(_scaled(s, temperature), most, places - len(s))
        elif len(s) and some > 0:
            all_of_them = math.log(float(np.exp(_scaled(s - best, temperature)).sum()))
            offset = math.log(some / (none + some)) - all_of_them - best * (1 / temperature)
        else:
            offset = log_once
        return cls(nobody, log_once, offset, temperature, repeated)

    def probability(self, scores: Floats) -> Doubles:
        """Return the probability (n,) that each is the person described."""
        logits = _scaled(scores.astype(np.float64), self.temperature) + self.offset
        if not self.repeated:
            return np.asarray(np.exp(np.minimum(logits, 0.0)))
        return np.asarray((1 - self.nobody) * _sigmoid(logits))

    def any_of(self, scores: Floats) -> float:
        """Return the probability that one of these (n,) is the person described."""
        chances = self.probability(scores)
        if not self.repeated:
            return min(1.0, float(chances.sum()))
        somebody = max(1e-12, 1 - self.nobody)
        return somebody * (1 - float(np.prod(1 - np.minimum(chances / somebody, 1.0))))

    def once(self, scores: Floats) -> Doubles:
        """Return the probability (n,) of each as it would be if the person were seen only once."""
        return np.asarray(np.exp(np.minimum(scores.astype(np.float64) + self.log_once, 0.0)))


def _scaled(scores: Doubles, temperature: float) -> Doubles:
    """Return scores over the temperature; multiplied, so that 2/3 gives what a factor 1.5 gave."""
    return np.asarray(scores * (1 / temperature))


def _sigmoid(logits: Doubles) -> Doubles:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -700, 700))))


def _offset(logits: Doubles, expected: float, empty: int) -> float:
    """Return λ under which the chances σ(logits + λ), and `empty` ones of 0, sum to `expected`."""
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
        low, top = (low, middle) if sum_ > expected else (middle, top)
    return (low + top) / 2

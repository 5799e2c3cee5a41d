"""Verdicts: what a belief says for or against one wish, here and on real people.

A model's belief p in a wish is compared with the venue's own sightings, by how much its log-odds
differ from those of the wish's rate π here, d = logit p - logit π: a model that calls every dark
coat black speaks against nobody by saying so once more. What a difference is worth has been
measured slot by slot on real people (the model's card says how) and is kept as a cautious shape,

    log LR = slope · (d - above)   where d > above,
             slope · (d - below)   where d < below,
             0                     between them,

LR being how much more often such a difference is seen where the wish holds than where it does not.
Below `FOR` and above `AGAINST` it cannot be told. A slot without `below` never speaks against
anybody: it does not tell real people apart, or nobody has measured it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from reid.core.records import Verdict, Wish
from reid.rank.gallery import Floats

FOR: Final = 1.5
"""Likelihood ratio from which a belief speaks for a wish."""

AGAINST: Final = 0.5
"""Likelihood ratio up to which it speaks against: accusing wants more than agreeing."""

FARTHEST: Final = 3.0
"""Differences in log-odds beyond this say no more."""

LEAST_BELIEF: Final = 1e-4
LEAST_RATE: Final = 0.01
"""Beliefs, and rates, are not taken to be nearer to 0 or 1."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SlotReliability:
    """What a difference in log-odds is worth in a slot.

    Attributes:
        slope: log-likelihood ratio per unit of difference; at least 0.
        below: difference under which it speaks against; None: never.
        above: difference over which it speaks for.
        venue: share of the rate's log-odds that is taken off: 1 compares with this venue alone,
            0 takes the model at its word.
    """

    slope: float = 1.0
    below: float | None = 0.0
    above: float = 0.0
    venue: float = 1.0

    def __post_init__(self) -> None:
        if self.slope < 0 or (self.below is not None and self.below > self.above):
            raise ValueError(f"slope must be at least 0, below at most above: {self}")

    @classmethod
    def of(cls, said: Mapping[str, float]) -> Self:
        """Read one line of a model's card; without `below` it never speaks against."""
        return cls(said["slope"], said.get("below"), said.get("above", 0.0), said.get("venue", 1.0))


AS_BELIEVED: Final = SlotReliability()
"""Of a model that says nothing about its slots: its beliefs are taken to be calibrated."""

UNMEASURED: Final = SlotReliability(slope=0.5, below=None)
"""Of a slot that the card of a model with a table does not name."""


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """Column (``upper.type=dress``) or slot (``upper.type``) → what it is worth."""

    slots: Mapping[str, SlotReliability]

    @classmethod
    def of(cls, card: Mapping[str, Mapping[str, float]]) -> Self:
        """Read the table of a model's card; empty where it has none."""
        return cls({name: SlotReliability.of(said) for name, said in card.items()})

    def reliability(self, wish: Wish) -> SlotReliability:
        """Return what a difference is worth for a wish: by its column, else by its slot."""
        if not self.slots:
            return AS_BELIEVED
        by_slot = self.slots.get(wish.slot, UNMEASURED)
        return self.slots.get(f"{wish.slot}={wish.value}", by_slot)


def difference(belief: Floats, usual: float, venue: float = 1.0) -> Doubles:
    """Return by how much the log-odds of beliefs (n,) differ from the rate's; NaN stays NaN."""
    here = venue * float(_logit(np.clip(usual, LEAST_RATE, 1 - LEAST_RATE)))
    said = _logit(np.clip(belief.astype(np.float64), LEAST_BELIEF, 1 - LEAST_BELIEF))
    return np.clip(said - here, -FARTHEST, FARTHEST)


def log_ratio(
    belief: Floats, usual: float, known: SlotReliability, negated: bool = False
) -> Doubles:
    """Return the log-likelihood ratio (n,) of beliefs in a wish.

    Args:
        belief: (n,), that the wish holds as it was said; NaN where not estimated.
        usual: its rate at this venue.
        known: what its slot is worth.
        negated: the wish, and with it belief and rate, is that something is *not* so.
    """
    apart = difference(belief, usual, known.venue) * (-1 if negated else 1)
    nats = known.slope * np.maximum(apart - known.above, 0)
    if known.below is not None:
        nats += known.slope * np.minimum(apart - known.below, 0)
    nats = -nats if negated else nats
    return nats if known.below is not None else np.maximum(nats, 0)


def verdict(log_lr: float) -> Verdict:
    """Return what a log-likelihood ratio amounts to."""
    if log_lr >= math.log(FOR):
        return "match"
    return "conflict" if log_lr <= math.log(AGAINST) else "unclear"


def _logit(share: Doubles) -> Doubles:
    return np.asarray(np.log(share / (1 - share)))

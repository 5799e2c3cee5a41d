"""What a difference in log-odds is worth, slot by slot: fitted on people whose truth is known.

A logistic regression of the truth, true and false weighing the same, so that its log-odds are a
log-likelihood ratio. It is drawn towards a ratio of 1: by a prior, by few people, by how badly the
slot tells people apart; and of several data sets the most cautious of each figure is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.bench.metrics.calibration import auc
from reid.rank.evidence import SlotReliability

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

SPEAKS_AGAINST_FROM: Final = 0.7
"""AUC on the worst of the sets from which a slot may speak against somebody."""

LITTLE_KNOWN, FULLY_KNOWN = 0.55, 0.95
"""AUC up to which a slot says nothing, and from which its slope is taken as it was fitted."""

FEWEST_PEOPLE, FEWEST_FALSE = 4, 20
"""With fewer people, or pairs of whom a field is false, a slot is left unmeasured."""

PRIOR_PEOPLE: Final = 3
"""People that agree with a ratio of 1, beside those measured."""

MOST_PEOPLE: Final = 200
"""More people than this do not outweigh the prior any further."""

_SLOPE_PRIOR, _CENTRE_PRIOR, _CENTRE = 0.1, 1.0, -0.4
_STEPS: Final = 60


@dataclass(frozen=True, slots=True)
class Fitted:
    """What one data set says of a slot: log LR = slope · (d - centre)."""

    slope: float
    centre: float
    auc: float
    people: int


def fit(apart: Float, truth: Flags, people: int) -> Fitted | None:
    """Fit a slot; None where too little is known.

    Args:
        apart: (N,), differences in log-odds, see `reid.rank.evidence`.
        truth: (N,), whether the field holds.
        people: how many different people it was asked of.
    """
    if people < FEWEST_PEOPLE or int((~truth).sum()) < FEWEST_FALSE:
        return None
    slope, centre = _regress(apart, truth, min(people, MOST_PEOPLE))
    shrunk = max(0.0, slope) * people / (people + PRIOR_PEOPLE)
    return Fitted(shrunk, centre, auc(apart, truth), people)


def cautious(sets: Sequence[Fitted], venue: float = 1.0) -> SlotReliability:
    """Join what data sets say of one slot: least slope, widest band in which nothing is said."""
    worst = min(one.auc for one in sets)
    known = float(np.clip((worst - LITTLE_KNOWN) / (FULLY_KNOWN - LITTLE_KNOWN), 0, 1))
    below = min(0.0, *(one.centre for one in sets))
    return SlotReliability(
        round(known * min(one.slope for one in sets), 2),
        round(below, 2) + 0.0 if worst >= SPEAKS_AGAINST_FROM else None,
        round(max(0.0, *(one.centre for one in sets)), 2),
        venue,
    )


def joined(
    tables: Sequence[Mapping[str, Fitted]], venue: Mapping[str, float]
) -> dict[str, SlotReliability]:
    """Join the tables of several data sets; `venue` names slots that are not fully relative."""
    names = sorted({name for table in tables for name in table})
    return {
        name: cautious([table[name] for table in tables if name in table], venue.get(name, 1.0))
        for name in names
    }


def _regress(apart: Float, truth: Flags, people: int) -> tuple[float, float]:
    """Return slope and centre of the balanced regression, by Newton's method on slope and offset.

    The priors: a small slope, and an offset that puts the centre a little under the venue's rate.
    """
    weight = people * np.where(truth, 0.5 / max(1, truth.sum()), 0.5 / max(1, (~truth).sum()))
    design = np.stack([apart, np.ones(len(apart))], axis=1)
    at = np.array([1.0, -_CENTRE])
    for _ in range(_STEPS):
        said = 1 / (1 + np.exp(-(design @ at)))
        offset = at[1] + at[0] * _CENTRE
        pull = np.array([_SLOPE_PRIOR * at[0] + _CENTRE_PRIOR * offset * _CENTRE,
                         _CENTRE_PRIOR * offset])  # fmt: skip
        gradient = design.T @ (weight * (said - truth)) + pull
        curve = weight * said * (1 - said)
        prior = np.array([[_SLOPE_PRIOR + _CENTRE_PRIOR * _CENTRE**2, _CENTRE_PRIOR * _CENTRE],
                          [_CENTRE_PRIOR * _CENTRE, _CENTRE_PRIOR]])  # fmt: skip
        step = np.linalg.solve(design.T @ (curve[:, None] * design) + prior, gradient)
        at = at - step
        if float(np.abs(step).max()) < 1e-9:
            break
    slope = float(at[0])
    return slope, (-float(at[1]) / slope if slope > 1e-6 else 0.0)

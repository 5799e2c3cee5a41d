"""Who was with them: sightings before one camera that overlap in time and walk together.

A description may name a companion ("with a woman in a blue coat"). If a sighting is the person
described, the companion is beside it with a certain chance, and else it says nothing: people get
lost from their companions. So with likelihood ratios exp(c) of the others beside it, each as likely
to be the companion,

    LR = 1 - w + w · mean of exp(c),

and of somebody who is alone 1 - w + w · `UNSEEN`, where a companion may be outside the picture or
missed by the detector: being with such a person says much, being alone little.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.body_measures import points_of
from reid.core.records import Companion, Query, SightingKey
from reid.rank.gallery import Floats, Gallery
from reid.rank.score import ScoreConfig, score, terms

Doubles = NDArray[np.float64]
Rows = NDArray[np.intp]

WITH: Final = 0.5
"""Chance that a companion who was named is still beside the person."""

UNSEEN: Final = 0.5
"""Chance that a companion who is there gives no sighting beside the person's."""

MOST: Final = 2.5
"""Nats that a companion adds at most."""

OVERLAP: Final = 0.5
"""Share of the shorter of two stays that both are there."""

NEAR: Final = 1.5
"""Body heights between the feet of people who walk together."""

CONSIDERED: Final = 2_000
"""Best sightings by what they wear themselves, whose companions are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """What companions say of some sightings.

    Attributes:
        nats: float64 (N,), added to the scores.
        nearest: companion's number → row → the row beside it that fits the companion best.
        said: companion's number → row → log-likelihood ratio of having such a person beside.
    """

    nats: Doubles
    nearest: dict[int, dict[int, int]]
    said: dict[int, dict[int, float]]


def company_of(
    query: Query, gallery: Gallery, totals: Floats, rows: Rows, config: ScoreConfig
) -> Company | None:
    """Return what the companions named say; None where none is described.

    Args:
        totals: scores (N,) of what people wear themselves.
        rows: the sightings in question.
    """
    named = [(i, one) for i, one in enumerate(query.companions) if one.wishes]
    if not named or not len(rows):
        return None
    best = rows
    if len(rows) > CONSIDERED:
        best = rows[np.argpartition(-totals[rows], CONSIDERED)[:CONSIDERED]]
    beside = together(gallery, best)
    company = Company(np.zeros(len(gallery)), {}, {})
    for number, companion in named:
        ratios = np.exp(np.clip(_scores(companion, gallery, config), -10, 10))
        nearest, said = company.nearest.setdefault(number, {}), company.said.setdefault(number, {})
        for row, others in zip(best.tolist(), beside, strict=True):
            fits = float(ratios[others].mean()) if len(others) else UNSEEN
            said[row] = min(MOST, math.log(1 - WITH + WITH * fits))
            company.nats[row] += said[row]
            if len(others):
                nearest[row] = int(others[ratios[others].argmax()])
    return company


def together(gallery: Gallery, rows: Rows) -> list[Rows]:
    """Return for each of some sightings (R,) the rows of those who walk together with it."""
    start, end = _times(gallery.keys)
    codes = gallery.cameras()[1]
    found: list[Rows] = [np.empty(0, np.intp)] * len(rows)
    for camera in np.unique(codes[rows]):
        here = np.flatnonzero(codes == camera)
        here = here[np.argsort(start[here], kind="stable")]
        longest = float((end[here] - start[here]).max())
        for place in np.flatnonzero(codes[rows] == camera):
            row = int(rows[place])
            low = np.searchsorted(start[here], start[row] - longest)
            high = np.searchsorted(start[here], end[row], side="right")
            others = here[low:high]
            others = others[others != row]
            found[place] = others[_walk_together(gallery, row, others, (start, end))]
    return found


def _walk_together(
    gallery: Gallery, row: int, others: Rows, times: tuple[Doubles, Doubles]
) -> NDArray[np.bool_]:
    start, end = times
    shared = np.minimum(end[others], end[row]) - np.maximum(start[others], start[row])
    shorter = np.minimum(end[others] - start[others], end[row] - start[row])
    long_enough = (shared >= 0) & (shared >= OVERLAP * shorter)
    if gallery.measures is None or not len(others):
        return np.asarray(long_enough, np.bool_)
    own, theirs = points_of(gallery.measures[[row]])[0], points_of(gallery.measures[others])
    height = (own[:, 2] + theirs[:, :, 2]) / 2
    apart = np.hypot(*np.moveaxis(theirs[:, :, :2] - own[:, :2], 2, 0)) / height
    near = np.median(apart, axis=1) <= NEAR
    unknown = np.isnan(apart).any(axis=1)  # of who is cut off nothing is measured
    return np.asarray(long_enough & (near | unknown), np.bool_)


def _scores(companion: Companion, gallery: Gallery, config: ScoreConfig) -> Floats:
    return score(gallery, terms(Query("", companion.wishes), config), config)


def _times(keys: Sequence[SightingKey]) -> tuple[Doubles, Doubles]:
    """Return when each sighting began and ended (N,), in seconds."""
    column = getattr(keys, "column", None)  # a store's keys are not built one by one
    if column is not None:
        stored = [column(name).astype("datetime64[us]") for name in ("start", "end")]
        return stored[0].astype(np.int64) / 1e6, stored[1].astype(np.int64) / 1e6
    times = np.array([(key.start.timestamp(), key.end.timestamp()) for key in keys])
    times = times.reshape(-1, 2)
    return times[:, 0], times[:, 1]

"""Confirm and reject: what the staff's yes and no say about the rest of the list."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.records import Query
from reid.rank.answer import MATCH_FROM, belief_in
from reid.rank.gallery import Floats, Gallery
from reid.rank.score import DEFAULT, NOT_VISIBLE_BELOW, ScoreConfig, Term, terms

LIKE_CONFIRMED: Final = 1.2
"""Nats a standard deviation of likeness to a confirmed sighting is worth."""

LIKE_REJECTED: Final = 0.6
"""Nats the same is worth against, for a rejected one, beyond `COMMON_LIKENESS`."""

COMMON_LIKENESS: Final = 1.5
"""Standard deviations of likeness that say nothing: people in blue jeans look alike."""

MOST_LIKENESS: Final = 4.0
REJECTED: Final = -20.0
"""Nats that put a rejected sighting last."""

CONFIRMED: Final = 20.0
DOUBTED: Final = 0.25
"""What is left of the trust in a wish that a confirmed sighting contradicts."""


@dataclass(frozen=True, slots=True)
class Refinement:
    """What feedback changes, to be passed on to `rank`.

    Attributes:
        config: with the wishes that turned out wrong trusted less.
        extra: float32 (N,), nats added for likeness to what was confirmed or rejected.
    """

    config: ScoreConfig
    extra: Floats


def refine_rows(
    query: Query,
    gallery: Gallery,
    yes: NDArray[np.intp],
    no: NDArray[np.intp],
    config: ScoreConfig = DEFAULT,
) -> Refinement:
    """Learn from rows that were confirmed, and rejected, where their numbers are known."""
    extra = _likeness(gallery, yes, no)
    extra[no] += REJECTED
    extra[yes] += CONFIRMED
    doubts = dict(config.doubts)
    for term in terms(query, config) if len(yes) else ():
        if _contradicted(gallery, term, yes, config):
            for wish in term.wishes:
                doubts[wish.slot, wish.value] = DOUBTED
    return Refinement(replace(config, doubts=doubts), extra)


def _likeness(gallery: Gallery, yes: NDArray[np.intp], no: NDArray[np.intp]) -> Floats:
    """Return nats (N,) for looking like what was confirmed, against looking like the rejected."""
    extra = np.zeros(len(gallery), np.float32)
    if gallery.vectors is None:
        return extra
    if len(yes):
        extra += np.float32(LIKE_CONFIRMED) * _standard(gallery.vectors, yes)
    if len(no):
        beyond = np.maximum(_standard(gallery.vectors, no) - COMMON_LIKENESS, 0)
        extra -= np.float32(LIKE_REJECTED) * beyond.astype(np.float32)
    return extra


def _standard(vectors: Floats, rows: NDArray[np.intp]) -> Floats:
    """Return the likeness (N,) to the nearest of some rows, in standard deviations."""
    likeness = (vectors @ vectors[rows].T).max(axis=1)
    others = np.ones(len(vectors), bool)
    others[rows] = False
    base = likeness[others] if others.any() else likeness
    spread = max(float(base.std()), 1e-6)
    standard = np.clip((likeness - base.mean()) / spread, -MOST_LIKENESS, MOST_LIKENESS)
    return np.asarray(standard, dtype=np.float32)


def _contradicted(gallery: Gallery, term: Term, yes: NDArray[np.intp], config: ScoreConfig) -> bool:
    beliefs = belief_in(gallery, term, yes, config)
    seen = gallery.part(term.wishes[0].slot)[yes] >= NOT_VISIBLE_BELOW
    judged = beliefs[seen & ~np.isnan(beliefs)]
    return len(judged) > 0 and float(judged.mean()) < MATCH_FROM / 2

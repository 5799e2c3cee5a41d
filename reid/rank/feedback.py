"""Confirm and reject: what the staff's yes and no say about the rest of the list."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.rank.answer import MATCH_FROM, belief_in
from reid.rank.gallery import Floats, Gallery
from reid.rank.score import DEFAULT, NOT_VISIBLE_BELOW, Knobs, Term, terms
from reid.records import Query

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
        knobs: with the wishes that turned out wrong trusted less.
        extra: float32 (N,), nats added for likeness to what was confirmed or rejected.
        explanation: one sentence a change.
    """

    knobs: Knobs
    extra: Floats
    explanation: tuple[str, ...]


def refine(
    query: Query,
    gallery: Gallery,
    *,
    confirmed: Collection[str] = (),
    rejected: Collection[str] = (),
    knobs: Knobs = DEFAULT,
) -> Refinement:
    """Learn from sightings (by id) that were confirmed to be, or not to be, the person."""
    rows = {key.id: i for i, key in enumerate(gallery.keys)}
    yes = np.asarray([rows[i] for i in confirmed if i in rows], dtype=np.intp)
    no = np.asarray([rows[i] for i in rejected if i in rows], dtype=np.intp)
    return refine_rows(query, gallery, yes, no, knobs)


def refine_rows(
    query: Query,
    gallery: Gallery,
    yes: NDArray[np.intp],
    no: NDArray[np.intp],
    knobs: Knobs = DEFAULT,
) -> Refinement:
    """Learn from rows that were confirmed, and rejected, where their numbers are known."""
    extra, said = _likeness(gallery, yes, no)
    extra[no] += REJECTED
    extra[yes] += CONFIRMED
    doubts = dict(knobs.doubts)
    for term in terms(query, knobs) if len(yes) else ():
        if _contradicted(gallery, term, yes, knobs):
            for wish in term.wishes:
                doubts[wish.slot, wish.value] = DOUBTED
            name = " or ".join(str(w.value) for w in term.wishes)
            said.append(
                f"{term.wishes[0].slot} {'not ' * term.negated}{name}: the confirmed sighting "
                "does not show it, so it counts less now"
            )
    return Refinement(replace(knobs, doubts=doubts), extra, tuple(said))


def _likeness(
    gallery: Gallery, yes: NDArray[np.intp], no: NDArray[np.intp]
) -> tuple[Floats, list[str]]:
    extra = np.zeros(len(gallery), np.float32)
    said: list[str] = []
    if gallery.vectors is None:
        return extra, said
    if len(yes):
        extra += np.float32(LIKE_CONFIRMED) * _standard(gallery.vectors, yes)
        said.append(f"sightings that look like the {len(yes)} confirmed come first")
    if len(no):
        beyond = np.maximum(_standard(gallery.vectors, no) - COMMON_LIKENESS, 0)
        extra -= np.float32(LIKE_REJECTED) * beyond.astype(np.float32)
        said.append(f"sightings that look just like the {len(no)} rejected come later")
    return extra, said


def _standard(vectors: Floats, rows: NDArray[np.intp]) -> Floats:
    """Return the likeness (N,) to the nearest of some rows, in standard deviations."""
    likeness = (vectors @ vectors[rows].T).max(axis=1)
    others = np.ones(len(vectors), bool)
    others[rows] = False
    base = likeness[others] if others.any() else likeness
    spread = max(float(base.std()), 1e-6)
    standard = np.clip((likeness - base.mean()) / spread, -MOST_LIKENESS, MOST_LIKENESS)
    return np.asarray(standard, dtype=np.float32)


def _contradicted(gallery: Gallery, term: Term, yes: NDArray[np.intp], knobs: Knobs) -> bool:
    beliefs = belief_in(gallery, term, yes, knobs)
    seen = gallery.part(term.wishes[0].slot)[yes] >= NOT_VISIBLE_BELOW
    judged = beliefs[seen & ~np.isnan(beliefs)]
    return len(judged) > 0 and float(judged.mean()) < MATCH_FROM / 2


@dataclass(frozen=True, slots=True)
class LastSeen:
    """Where and when somebody was last seen, for the ranking.

    Attributes:
        time: UTC, or None.
        minutes: how far from it a sighting is half as interesting.
        cameras: camera → nats for (or against) it: near the place, or far from it.
    """

    time: datetime | None = None
    minutes: float = 30.0
    cameras: Mapping[str, float] | None = None


MOST_AGAINST: Final = 2.0
"""Nats that time can take away: a clock may be wrong, and people misremember."""


def nearness(gallery: Gallery, last: LastSeen) -> Floats:
    """Return nats (N,) for being near, in time and place, to where somebody was last seen."""
    nats = np.zeros(len(gallery), np.float32)
    for i, key in enumerate(gallery.keys):
        if last.time is not None:
            gap = max(
                (key.start - last.time).total_seconds(), (last.time - key.end).total_seconds()
            )
            half_lives = max(0.0, gap) / 60 / last.minutes
            nats[i] -= min(MOST_AGAINST, float(np.log(2)) * half_lives)
        if last.cameras is not None:
            nats[i] += last.cameras.get(key.camera, 0.0)
    return nats

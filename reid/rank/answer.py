"""From scores to an answer: the best matches, why, and whether anybody fits at all."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.rank.gallery import Floats, Gallery
from reid.rank.score import (
    DEFAULT,
    NOT_VISIBLE_BELOW,
    Knobs,
    Term,
    gallery_lacks_wish,
    holds,
    rate,
    score,
    terms,
)
from reid.records import Answer, Match, Outcome, Query, Reason, Verdict

MATCH_FROM: Final = 0.5
"""Belief from which a wish counts as a match."""

NOTABLE: Final = (0.25, 2.5)
"""A lower belief is still a match when it is this high and this many times the venue's rate."""

FITS: Final = 0.5
"""Agreement from which the best sighting may be called found."""

NOBODY: Final = 0.36
"""Agreement under which nobody fits."""

RIVALS: Final = 10
"""With more sightings than this as good as the best one, the answer is unsure."""

RIVAL_NATS: Final = 0.7
"""A rival's score is at most this much lower than the best one's (half as likely)."""

FEWEST: Final = 10
"""Prior odds are never taken better than one in this many."""


def rank(
    query: Query,
    gallery: Gallery,
    *,
    top: int | None = 50,
    knobs: Knobs = DEFAULT,
    extra: Floats | None = None,
    rows: NDArray[np.intp] | None = None,
) -> Answer:
    """Rank the sightings of a gallery by how well they fit a query.

    `top` is how many matches come back (None: all). `extra` (N,) is added to the scores, in nats:
    feedback, or what is known of time and place. Sightings outside the query's time window or
    cameras, or outside `rows` where the caller has looked that up already, are left out. Without
    anything to go by the order is the gallery's own.
    """
    asked = terms(query, knobs)
    totals = score(gallery, asked, knobs)
    if extra is not None:
        totals = totals + extra.astype(np.float32)
    rows = _allowed(query, gallery) if rows is None else rows
    pool = totals if len(rows) == len(totals) else totals[rows]
    order = rows[_best(pool, len(rows) if top is None else top)]
    reasons = explain(gallery, asked, order, knobs)
    chances = probability(totals[order], len(rows))
    matches = tuple(
        Match(gallery.keys[int(i)], float(totals[i]), float(chance), why)
        for i, chance, why in zip(order, chances, reasons, strict=True)
    )
    return Answer(query, outcome(gallery, asked, totals, rows, knobs), matches)


def probability(scores: Floats, n: int) -> NDArray[np.float64]:
    """Return the probability that each is the person described, with prior odds of one in `n`."""
    logits = scores.astype(np.float64) - math.log(max(n, FEWEST))
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -50, 50))))


def _allowed(query: Query, gallery: Gallery) -> NDArray[np.intp]:
    """Return the rows within the query's time window and cameras."""
    if not query.cameras and query.since is None and query.until is None:
        return np.arange(len(gallery))
    cameras = set(query.cameras)
    keep = [
        (not cameras or key.camera in cameras)
        and (query.since is None or key.end >= query.since)
        and (query.until is None or key.start <= query.until)
        for key in gallery.keys
    ]
    return np.flatnonzero(keep)


def _best(totals: Floats, top: int) -> NDArray[np.intp]:
    top = min(top, len(totals))
    if top <= 0:
        return np.empty(0, np.intp)
    if top < len(totals):
        chosen = np.sort(np.argpartition(-totals, top - 1)[:top])
    else:
        chosen = np.arange(len(totals))
    return chosen[np.argsort(-totals[chosen], kind="stable")]


def explain(
    gallery: Gallery, asked: Sequence[Term], rows: NDArray[np.intp], knobs: Knobs = DEFAULT
) -> list[tuple[Reason, ...]]:
    """Return the reasons of each row: one a wish, in the order of the query's terms."""
    reasons: list[list[Reason]] = [[] for _ in rows]
    for term in asked:
        beliefs = belief_in(gallery, term, rows, knobs)
        seen = gallery.part(term.wishes[0].slot)[rows]
        usual = rate(gallery, term, knobs)
        for mine, belief, share in zip(reasons, beliefs, seen, strict=True):
            verdict, chance = _verdict(float(belief), float(share), usual)
            mine.extend(Reason(w.slot, w.value, verdict, chance, w.negated) for w in term.wishes)
    return [tuple(mine) for mine in reasons]


def belief_in(gallery: Gallery, term: Term, rows: NDArray[np.intp], knobs: Knobs) -> Floats:
    """Return the belief (n,) of some rows in a term; NaN where it is not estimated."""
    belief = None
    if not all(gallery_lacks_wish(gallery, wish) for wish in term.wishes):
        belief, _ = holds(gallery, term, rows, knobs)
    return np.full(len(rows), np.nan, np.float32) if belief is None else belief


def _verdict(belief: float, share: float, usual: float) -> tuple[Verdict, float | None]:
    if math.isnan(belief):
        return "not_estimated", None
    if share < NOT_VISIBLE_BELOW:
        return "not_visible", belief
    floor, times = NOTABLE
    if belief >= MATCH_FROM or (belief >= floor and belief >= times * usual):
        return "match", belief
    return "conflict", belief


def agreement(
    gallery: Gallery, asked: Sequence[Term], rows: NDArray[np.intp], knobs: Knobs = DEFAULT
) -> NDArray[np.float64]:
    """Return how far each row bears out what was asked, in [0, 1]; NaN where nothing is judged.

    The mean belief over the terms that could be judged, each weighed by what it says (its
    surprise, -log π) and by how far it is to be trusted.
    """
    total = np.zeros(len(rows))
    weight = np.zeros(len(rows))
    for term in asked:
        beliefs = belief_in(gallery, term, rows, knobs).astype(np.float64)
        seen = gallery.part(term.wishes[0].slot)[rows]
        judged = ~np.isnan(beliefs) & (seen >= NOT_VISIBLE_BELOW)
        says = term.trust * max(0.1, -math.log(rate(gallery, term, knobs)))
        total += np.where(judged, says * np.nan_to_num(beliefs), 0)
        weight += np.where(judged, says, 0)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(weight > 0, total / weight, np.nan))


def outcome(
    gallery: Gallery,
    asked: Sequence[Term],
    totals: Floats,
    rows: NDArray[np.intp],
    knobs: Knobs = DEFAULT,
) -> Outcome:
    """Say whether the best of some rows are the person, may be, or nobody is."""
    if not len(rows):
        return "nobody_fits"
    best = rows[_best(totals[rows], RIVALS + 1)]
    fit = agreement(gallery, asked, best, knobs)
    if np.isnan(fit[0]):
        return "unsure"
    if np.nanmax(fit) < NOBODY:
        return "nobody_fits"
    rivals = int((totals[best] >= totals[best[0]] - RIVAL_NATS).sum())
    return "found" if fit[0] >= FITS and rivals <= RIVALS else "unsure"

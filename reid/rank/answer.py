"""From scores to an answer: the best matches, why, and whether anybody fits at all.

A score is a log-likelihood ratio: how much better "this is the person" explains what the model
believes of a sighting than "this is somebody else". `Posterior` turns scores into the probabilities
that are shown, and the words beside them and over the list follow from those: "found" only over
somebody who is possible at least, "nobody fits" only where nobody is. Whether it may be "found" is
read off what they would be if the person were seen only once, and at temperature 1, and off the
evidence as it was measured on real people: read off what is shown it would be said of too many who
are not there (`reid bench ranking` shows it).
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.records import Answer, Beside, Match, Outcome, Person, Query, Reason, Verdict
from reid.rank.companions import Company, company_of
from reid.rank.evidence import log_ratio, verdict
from reid.rank.gallery import Floats, Gallery
from reid.rank.likeness import Likeness, likeness
from reid.rank.people import people_of
from reid.rank.posterior import MOST_OF_ALL, PRESENT, Posterior
from reid.rank.score import (
    DEFAULT,
    NOT_VISIBLE_BELOW,
    ScoreConfig,
    Term,
    gallery_lacks_wish,
    holds,
    rate,
    score,
    terms,
)

MATCH_FROM: Final = 0.5
"""Belief from which a sighting bears a wish out, when all of a venue are looked at together."""

WEAK_MATCH_FROM: Final = 0.3
"""A belief from here on bears it out as well where it is not below the venue's rate of the value:
otherwise the blackest coat of all would count against a person in black."""

LIKELY: Final = 0.5
"""From this probability on it is said: found, or nobody fits."""

FIRST_LOOKED_AT: Final = 10
"""Sightings that somebody looks at first; "found" says that the person is probably among them."""

LOOKED_SHARE, LEAST_LOOKED_AT = 0.1, 5
"""Nor are more than this share of all taken together, but for the least: of thirty sightings ten
are a third before any look."""

FOUND_EVIDENCE: Final = 0.6
"""Share of the evidence that must speak for the best sighting for "found" to be said."""

FOUND_RATIO: Final = 10.0
"""How much likelier the evidence of the best sighting must be of the person than of others, by the
likelihood ratios of all verdicts together, for "found" to be said: what is not in view, or cannot
be told, adds nothing."""

PHOTO_SURPRISE: Final = 3.0
"""Nats that looking like a photo is worth as evidence: one in twenty looks so much alike."""

LEAST_EVIDENCE: Final = 1 / 3
"""With a smaller share the evidence is two to one against a sighting."""

KNOWN: Final = 10.0
"""Nats of `extra` from which a sighting is known to be the person, whatever the description."""


def rank(
    query: Query,
    gallery: Gallery,
    *,
    top: int | None = 50,
    config: ScoreConfig = DEFAULT,
    extra: Floats | None = None,
    rows: NDArray[np.intp] | None = None,
) -> Answer:
    """Rank the sightings of a gallery by how well they fit a query.

    `top` is how many matches come back (None: all). `extra` (N,) is added to the scores, in nats:
    what feedback says. Sightings outside `rows` are left out. Without anything to go by the order
    is the gallery's own.
    """
    asked = terms(query, config)
    totals = score(gallery, asked, config)
    if extra is not None:
        totals = totals + extra.astype(np.float32)
    rows = np.arange(len(gallery)) if rows is None else rows
    alike = likeness(query.photo, gallery, config.model_id)
    if alike is not None:
        totals = totals + alike.nats
    company = company_of(query, gallery, totals, rows, config)
    if company is not None:
        totals = totals + company.nats.astype(np.float32)
    pool = totals if len(rows) == len(totals) else totals[rows]
    order = rows[_best(pool, len(rows) if top is None else top)]
    reasons = explain(gallery, asked, order, config)
    known = np.zeros(len(totals), bool) if extra is None else extra >= KNOWN
    others = totals[rows[~known[rows]]]
    posterior = Posterior.of(others, config.temperature, config.expected_sightings)
    usual = min(MOST_OF_ALL, PRESENT * config.expected_sightings / max(1, len(others)))
    ratios = evidence_ratio(gallery, asked, order, config)
    for more in (company, alike):
        ratios = ratios if more is None else ratios + more.nats[order]
    most = ceiling(ratios, usual)
    chances = np.where(known[order], 1.0, np.minimum(posterior.probability(totals[order]), most))
    alike_to = [None if alike is None else alike.of(int(i)) for i in order]
    near = beside(query, gallery, company, order, config)
    matches = tuple(
        Match(gallery.keys[int(i)], float(totals[i]), float(chance), why, others, looks)
        for i, chance, why, others, looks in zip(
            order, chances, reasons, near, alike_to, strict=True
        )
    )
    said = "found" if known[rows].any() else outcome(gallery, asked, totals, rows, config, alike)
    answer = Answer(query, said, matches, nobody=posterior.nobody)
    return with_people(answer, None if gallery.vectors is None else gallery.vectors[order])


def beside(
    query: Query,
    gallery: Gallery,
    company: Company | None,
    rows: NDArray[np.intp],
    config: ScoreConfig = DEFAULT,
) -> list[tuple[Beside, ...]]:
    """Return for each row whether the companions who were described are beside it."""
    found: list[tuple[Beside, ...]] = []
    for row in rows.tolist():
        one = []
        for number, said in (company.said if company else {}).items():
            other = company.nearest[number].get(row) if company else None
            if other is None:
                one.append(Beside(None, "not_visible", math.exp(said.get(row, 0.0))))
                continue
            asked = terms(Query("", query.companions[number].wishes), config)
            (why,) = explain(gallery, asked, np.array([other]), config)
            fits: Verdict = "match" if verdict(said[row]) == "match" else "unclear"
            one.append(Beside(gallery.keys[other].id, fits, math.exp(said[row]), why))
        found.append(tuple(one))
    return found


def with_people(answer: Answer, vectors: Floats | None) -> Answer:
    """Put sightings of the same clothes together, by the matches' vectors (n, D) if there are any.

    What is said over the list is held to what is said of its people: "found" is not said where
    everybody is unlikely, nor "nobody fits" where somebody is possible.
    """
    people = people_of(answer.matches, vectors, answer.nobody)
    return replace(answer, people=people, outcome=_agreed(answer.outcome, people))


def _agreed(said: Outcome, people: Sequence[Person]) -> Outcome:
    somebody = any(person.level != "unlikely" for person in people)
    if (said == "found" and not somebody) or (said == "nobody_fits" and somebody):
        return "unsure"
    return said


def evidence_ratio(
    gallery: Gallery, asked: Sequence[Term], rows: NDArray[np.intp], config: ScoreConfig = DEFAULT
) -> NDArray[np.float64]:
    """Return the log-likelihood ratio (n,) of all that is shown as evidence, in nats.

    As the verdicts go by what beliefs are worth on real people, so does this; what is not in view
    adds nothing, nor does what was read off a photo, which is compared as a whole.
    """
    total = np.zeros(len(rows))
    for term in asked:
        if term.of_photo:
            continue
        beliefs = belief_in(gallery, term, rows, config)
        ratios = log_ratios(gallery, term, beliefs, config)
        seen = gallery.part(term.wishes[0].slot)[rows] >= NOT_VISIBLE_BELOW
        total += np.where(seen & ~np.isnan(beliefs), np.nan_to_num(ratios), 0.0)
    return total


def ceiling(log_lr: NDArray[np.float64], usual: float) -> NDArray[np.float64]:
    """Return the most (n,) that is said of sightings whose evidence has such a ratio, by Bayes.

    Args:
        log_lr: (n,), nats.
        usual: share of the sightings that are the person's, before looking.
    """
    prior = math.log(usual / (1 - usual))
    return np.asarray(1 / (1 + np.exp(-np.clip(log_lr + prior, -700, 700))))


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
    gallery: Gallery, asked: Sequence[Term], rows: NDArray[np.intp], config: ScoreConfig = DEFAULT
) -> list[tuple[Reason, ...]]:
    """Return the reasons of each row: one a wish, in the order of the query's terms."""
    reasons: list[list[Reason]] = [[] for _ in rows]
    for term in asked:
        beliefs = belief_in(gallery, term, rows, config)
        seen = gallery.part(term.wishes[0].slot)[rows]
        ratios = log_ratios(gallery, term, beliefs, config)
        for mine, belief, share, ratio in zip(reasons, beliefs, seen, ratios, strict=True):
            mine.extend(_reasons(term, float(belief), float(share), float(ratio)))
    return [tuple(mine) for mine in reasons]


def log_ratios(
    gallery: Gallery, term: Term, beliefs: Floats, config: ScoreConfig
) -> NDArray[np.float64]:
    """Return the log-likelihood ratio (n,) of beliefs (n,) in a term at this venue."""
    known = config.evidence.reliability(term.wishes[0])
    return log_ratio(beliefs, rate(gallery, term, config), known, term.negated)


def belief_in(gallery: Gallery, term: Term, rows: NDArray[np.intp], config: ScoreConfig) -> Floats:
    """Return the belief (n,) of some rows in a term; NaN where it is not estimated."""
    belief = None
    if not all(gallery_lacks_wish(gallery, wish) for wish in term.wishes):
        belief, _ = holds(gallery, term, rows, config)
    if belief is None:
        return np.full(len(rows), np.nan, np.float32)
    return belief


def _reasons(term: Term, belief: float, share: float, log_lr: float) -> list[Reason]:
    """Return one reason a wish of a term that is judged as one."""
    said: Verdict
    chance: float | None
    ratio: float | None
    if math.isnan(belief) or math.isnan(share):
        said, chance, ratio = "not_estimated", None, None
    elif share < NOT_VISIBLE_BELOW:
        said, chance, ratio = "not_visible", belief, None
    else:
        said, chance, ratio = verdict(log_lr), belief, math.exp(log_lr)
    return [Reason(w.slot, w.value, said, chance, w.negated, ratio) for w in term.wishes]


def evidence_share(
    gallery: Gallery,
    asked: Sequence[Term],
    rows: NDArray[np.intp],
    config: ScoreConfig = DEFAULT,
    alike: Likeness | None = None,
) -> NDArray[np.float64]:
    """Return the share of the evidence that bears each row out (n,); NaN where none is judged.

    Each term is weighed by its surprise, -log π, and by how far it is to be trusted. This is about
    the venue as a whole, whether anybody there can be the person, and takes beliefs as they are: a
    colour that nobody wears is held against everybody, though it tells no two of them apart.
    """
    total, weight = np.zeros(len(rows)), np.zeros(len(rows))
    if alike is not None:
        weight += PHOTO_SURPRISE * alike.worn
        total += PHOTO_SURPRISE * alike.worn * (alike.nats[rows] > 0)
    for term in asked:
        if term.of_photo:
            continue
        beliefs = belief_in(gallery, term, rows, config)
        seen = gallery.part(term.wishes[0].slot)[rows]
        usual = rate(gallery, term, config)
        judged = ~np.isnan(beliefs) & (seen >= NOT_VISIBLE_BELOW)
        supported = beliefs >= min(MATCH_FROM, max(WEAK_MATCH_FROM, usual))
        says = term.trust * max(0.1, -math.log(usual))
        total += says * (judged & supported)
        weight += says * judged
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(weight > 0, total / weight, np.nan))


def outcome(
    gallery: Gallery,
    asked: Sequence[Term],
    totals: Floats,
    rows: NDArray[np.intp],
    config: ScoreConfig = DEFAULT,
    alike: Likeness | None = None,
) -> Outcome:
    """Say whether the person is probably among the best of some rows, may be, or is nobody there.

    "found": the first `FIRST_LOOKED_AT` (of few sightings, the first tenth) together are more
    likely than not, the best of them matches most of what was asked, and its evidence is strong by
    what beliefs are worth on real people. "nobody_fits": that it is none of them is more likely
    than not, or the evidence of even the best is against them.
    """
    if not len(rows):
        return "nobody_fits"
    best = rows[_best(totals[rows], FIRST_LOOKED_AT)]
    fit = evidence_share(gallery, asked, best, config, alike)
    if np.isnan(fit[0]):
        return "unsure"
    posterior = Posterior.of(totals[rows])
    if posterior.nobody >= LIKELY or np.nanmax(fit) < LEAST_EVIDENCE:
        return "nobody_fits"
    few = best[: max(LEAST_LOOKED_AT, math.ceil(LOOKED_SHARE * len(rows)))]
    likely = float(posterior.once(totals[few]).sum()) >= LIKELY
    ratio = float(evidence_ratio(gallery, asked, best[:1], config)[0])
    ratio += 0.0 if alike is None else float(alike.nats[best[0]])
    strong = ratio >= math.log(FOUND_RATIO)
    return "found" if likely and strong and fit[0] >= FOUND_EVIDENCE else "unsure"

"""The next best question: the slot whose answer is expected to narrow the candidates most."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.records import Query
from reid.rank.gallery import Floats, Gallery
from reid.rank.score import (
    CERTAINTY,
    DEFAULT,
    NOT_VISIBLE_BELOW,
    ScoreConfig,
    gallery_lacks,
    score,
    terms,
)

MOST_CANDIDATES: Final = 500
"""Only the best so many sightings are weighed against each other."""

LEAST_GAIN: Final = 0.05
"""A question that is expected to say less than this (nats) is not worth a parent's time."""

Doubles = NDArray[np.float64]

WORDS: Final = {
    "upper.type": "What were they wearing on top?",
    "upper.colour": "What colour was the top?",
    "upper.pattern": "Did the top have a pattern: stripes, checks, a print?",
    "upper.sleeve": "Were the sleeves long or short?",
    "outer.type": "Were they wearing a jacket or coat over it?",
    "outer.colour": "What colour was the jacket or coat?",
    "lower.type": "Trousers, jeans, leggings, shorts or a skirt?",
    "lower.colour": "What colour were the trousers or skirt?",
    "lower.length": "Was that long or short?",
    "lower.pattern": "Did the trousers or skirt have a pattern?",
    "feet.type": "What shoes?",
    "feet.colour": "What colour were the shoes?",
    "head.type": "Anything on the head: a cap, a hat, a hood?",
    "head.colour": "What colour was it, on the head?",
    "neck.type": "Were they wearing a scarf?",
    "hair.colour": "What colour is the hair?",
    "hair.length": "Is the hair long or short?",
    "body.age": "A child, a teenager, an adult or somebody older?",
    "body.build": "Slim, medium or heavy build?",
    "body.height": "Short, medium or tall for that age?",
    "body.sex": "A woman or girl, or a man or boy?",
}
"""How a slot is asked for."""

KNOWN: Final = {
    "upper.type": 0.9, "upper.colour": 0.9, "lower.type": 0.85, "lower.colour": 0.8,
    "feet.type": 0.6, "feet.colour": 0.55, "outer.type": 0.8, "outer.colour": 0.8,
    "body.age": 1.0, "body.sex": 1.0, "hair.colour": 0.95, "hair.length": 0.95,
    "head.type": 0.85, "head.colour": 0.8, "body.build": 0.9, "body.height": 0.9,
    "upper.pattern": 0.7, "upper.sleeve": 0.6, "neck.type": 0.7,
}  # fmt: skip
"""How often somebody who knows the person can answer (a judgement of ours)."""

SELDOM_KNOWN: Final = 0.6
CARRIED_KNOWN: Final = 0.85


OUTERMOST: Final = frozenset({"jacket", "coat", "suit", "costume"})
"""Garments over which nobody is asked about another."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask next.

    Attributes:
        slot: the slot it is about.
        text: the question in words, with what it would do.
        candidates: how many sightings are in the running now (e to the entropy of who it is).
        expected_remaining: how many will be after the answer, on average.
    """

    slot: str
    text: str
    expected_remaining: float
    candidates: float


def next_question(
    query: Query,
    gallery: Gallery,
    *,
    config: ScoreConfig = DEFAULT,
    extra: Floats | None = None,
    skip: frozenset[str] = frozenset(),
) -> Question | None:
    """Return the most telling question that has not been answered, or None if none is worth it.

    Only slots that the model estimates, that the description leaves open and that are not in
    `skip` (asked, and not known) are weighed, each by how likely the person asked knows it.
    """
    if len(gallery) < 2:
        return None
    weights, rows = _posterior(query, gallery, config, extra)
    now = _entropy(weights)
    best: tuple[float, str, float] | None = None
    for slot in open_slots(query, gallery, config):
        if slot in skip:
            continue
        after = expected_entropy(gallery, slot, weights, rows, config)
        gain = (now - after) * _known(slot)
        if best is None or gain > best[0]:
            best = (gain, slot, after)
    if best is None or best[0] < LEAST_GAIN:
        return None
    _, slot, after = best
    count, left = math.exp(now), math.exp(after)
    text = (
        f"{ask(slot)} It would cut {max(2, round(count))} candidates to about {max(1, round(left))}"
    )
    return Question(slot, text, left, count)


def open_slots(query: Query, gallery: Gallery, config: ScoreConfig = DEFAULT) -> list[str]:
    """Return the slots that may still be asked for, in vocabulary order."""
    said = {wish.slot for wish in query.wishes}
    carried = {wish.slot for wish in query.wishes if not wish.negated}
    covered = any(w.slot == "upper.type" and w.value in OUTERMOST for w in query.wishes)
    slots: list[str] = []
    for name, slot in vocabulary.SLOTS.items():
        if name in said or not slot.values:
            continue
        owner = name.removesuffix(".colour")
        if owner.startswith("carry.") and owner != name and owner not in carried:
            continue
        if (
            name in {"head.colour", "neck.colour", "outer.colour"}
            and owner + ".type" not in carried
        ):
            continue
        if name.startswith("outer.") and covered:
            continue
        if name not in WORDS and not name.startswith("carry."):
            continue
        if not all(gallery_lacks(gallery, name, value) for value in slot.values):
            slots.append(name)
    return slots


def ask(slot: str) -> str:
    """Return a slot as a question."""
    if slot in WORDS:
        return WORDS[slot]
    thing = slot.removeprefix("carry.").removesuffix(".colour").replace("-", " ")
    article = "an" if thing[0] in "aeiou" else "a"
    if slot.endswith(".colour"):
        return f"What colour was the {thing}?"
    return f"Were they carrying {article} {thing}?"


def _known(slot: str) -> float:
    usual = CARRIED_KNOWN if slot.startswith("carry.") else SELDOM_KNOWN
    return KNOWN.get(slot, usual)


def _posterior(
    query: Query, gallery: Gallery, config: ScoreConfig, extra: Floats | None
) -> tuple[Doubles, NDArray[np.intp]]:
    """Return how likely each of the best sightings is the one, and which they are."""
    scores = score(gallery, terms(query, config), config)
    if extra is not None:
        scores = scores + extra
    rows = np.arange(len(scores))
    if len(scores) > MOST_CANDIDATES:
        rows = np.argpartition(-scores, MOST_CANDIDATES)[:MOST_CANDIDATES]
    logits = scores[rows].astype(np.float64)
    weights = np.exp(logits - logits.max())
    return weights / weights.sum(), rows


def expected_entropy(
    gallery: Gallery,
    slot: str,
    weights: Doubles,
    rows: NDArray[np.intp],
    config: ScoreConfig = DEFAULT,
) -> float:
    """Return the entropy (nats) of who it is after the answer, averaged over the answers.

    An answer v turns the weight of a sighting by (1 - w) + w p(v) / π(v), as in the score; how
    likely it is to be given is what the sightings in the running say.
    """
    beliefs = _beliefs(gallery, slot, rows)  # (answers, n)
    seen = gallery.part(slot)[rows]
    trust = CERTAINTY["sure"] * config.reliability.get(slot, 1.0)
    trusts = np.where(seen >= NOT_VISIBLE_BELOW, trust * np.minimum(seen, 1.0), 0.0)
    total = 0.0
    for belief in beliefs:
        chance = float((weights * belief).sum())
        if chance < 1e-6:
            continue
        turned = weights * (1 + trusts * (belief / chance - 1))
        total += chance * _entropy(turned / turned.sum())
    return total


def _beliefs(gallery: Gallery, slot: str, rows: NDArray[np.intp]) -> list[Doubles]:
    """Return the belief (n,) in each answer, the answers of a sighting summing to 1."""
    columns = [gallery.column(slot, value) for value in vocabulary.SLOTS[slot].values]
    found = [np.nan_to_num(c[rows].astype(np.float64)) for c in columns if c is not None]
    if len(found) == 1:
        return [found[0], 1 - found[0]]
    total = np.sum(found, axis=0)
    none = np.maximum(0.0, 1 - total)
    scale = np.maximum(total + none, 1e-9)
    return [belief / scale for belief in [*found, none]]


def _entropy(weights: Doubles) -> float:
    held = weights[weights > 0]
    return float(-(held * np.log(held)).sum())

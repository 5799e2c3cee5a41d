"""A crowd made of numbers: people with known clothes, seen by a model that errs as models do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from reid.core import vocabulary as vocab
from reid.core.records import Query, SightingKey, Wish
from reid.rank import Gallery, ScoreConfig, measure
from reid.rank.confusions import confusions

Person = dict[str, str]
"""Slot → the one value that holds."""

POPULATION: Final[Mapping[str, Mapping[str, float]]] = {
    "upper.type": {"t-shirt": 30, "jacket": 20, "sweater": 14, "hoodie": 12, "shirt": 12,
                   "coat": 6, "dress": 4, "vest": 2},
    "upper.colour": {"black": 26, "white": 17, "grey": 15, "blue": 17, "red": 7, "green": 5,
                     "pink": 4, "beige": 3, "brown": 2, "yellow": 2, "purple": 1, "orange": 1},
    "upper.pattern": {"plain": 68, "graphic": 15, "striped": 8, "plaid": 5, "floral": 3,
                      "spotted": 1},
    "lower.type": {"jeans": 40, "trousers": 30, "shorts": 14, "leggings": 9, "skirt": 7},
    "lower.colour": {"blue": 38, "black": 32, "grey": 12, "beige": 7, "white": 4, "green": 3,
                     "brown": 3, "red": 1},
    "feet.type": {"sneakers": 60, "shoes": 24, "boots": 9, "sandals": 7},
    "feet.colour": {"white": 34, "black": 34, "brown": 10, "grey": 9, "blue": 5, "red": 3,
                    "beige": 3, "pink": 2},
    "head.type": {"none": 84, "cap": 9, "hat": 6, "hood": 1},
    "hair.colour": {"black": 38, "brown": 36, "yellow": 14, "grey": 8, "orange": 2, "white": 2},
    "hair.length": {"short": 55, "long": 41, "bald": 4},
    "body.age": {"adult": 60, "child": 16, "teen": 14, "older": 10},
    "body.sex": {"female": 50, "male": 50},
    "carry.backpack": {"none": 82, "present": 18},
    "carry.shoulder-bag": {"none": 87, "present": 13},
    "carry.balloon": {"none": 98, "present": 2},
    "carry.pushchair": {"none": 97, "present": 3},
}  # fmt: skip
"""How often each value is met (per cent; judgements of ours for a theme park)."""

CLARITY: Final = {"colour": 3.2, "type": 2.8, "pattern": 1.6, "feet": 0.8, "head": 0.9,
                  "hair": 0.5, "body": 1.4, "carry": 2.2}  # fmt: skip
"""How far (logits) the model's evidence for the right value stands out, by kind of slot."""

BOLDNESS: Final = {"feet": 2.5, "head": 2.0, "hair": 2.5}
"""By how much a badly known kind of slot exaggerates: that is what reliability is for."""

HIDDEN: Final = {"lower": 0.15, "feet": 0.35, "carried": 0.1, "head": 0.1, "upper": 0.02}
"""How often a body part is not seen."""

CAST: Final = 1.2
"""Logits that half of the cameras add to colours beside the right one."""

TIME: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """N people, what is true of them, and how the model sees them."""

    people: list[Person]
    gallery: Gallery


def kind(slot: str) -> str:
    """Return the kind of a slot, for `CLARITY`."""
    region, _, rest = slot.partition(".")
    return region if region in CLARITY else rest.rpartition(".")[2]


def draw(rng: np.random.Generator) -> Person:
    """Draw one person from the population."""
    return {
        slot: str(rng.choice(list(rates), p=np.asarray(list(rates.values())) / sum(rates.values())))
        for slot, rates in POPULATION.items()
    }


def make(n: int, seed: int) -> Crowd:
    """Make a crowd of `n` people, each seen once by one of four cameras."""
    rng = np.random.default_rng(seed)
    people = [draw(rng) for _ in range(n)]
    cameras = rng.integers(0, 4, n)
    attributes = np.full((n, len(vocab.ATTRIBUTE_COLUMNS)), np.nan, np.float32)
    body = np.full((n, len(vocab.BODY_COLUMNS)), np.nan, np.float32)
    visible = np.ones((n, len(vocab.PARTS)), np.float32)
    for part, share in HIDDEN.items():
        visible[:, vocab.PART_INDEX[part]] = np.where(rng.random(n) < share, 0.1, 1.0)
    for slot in POPULATION:
        column = vocab.PART_INDEX[vocab.SLOTS[slot].part]
        for i, person in enumerate(people):
            seen = visible[i, column] > 0.5
            beliefs = _believe(rng, slot, person[slot], bool(cameras[i] % 2), bool(seen))
            _write(attributes[i], body[i], slot, beliefs)
    keys = [
        SightingKey(f"{i}", "crowd", "crowd", f"cam{c}", TIME, TIME, i)
        for i, c in enumerate(cameras)
    ]
    return Crowd(people, Gallery(keys, attributes, body, visible))


def _believe(
    rng: np.random.Generator, slot: str, truth: str, cast: bool, seen: bool
) -> dict[str, float]:
    """Return the model's belief in each value of a slot: Bayes' rule on noisy evidence."""
    rates = POPULATION[slot]
    values = list(rates)
    clarity = CLARITY[kind(slot)] if seen else 0.0
    evidence = rng.normal(0, np.sqrt(max(clarity, 1e-6)), len(values))
    evidence[values.index(truth)] += clarity
    if seen and truth != "none":
        for (other, value), share in confusions(slot, truth, None).items():
            if other == slot and value in values:
                lift = share * clarity
                if cast and slot.endswith("colour"):
                    lift += CAST * (share > 0.15)
                evidence[values.index(value)] += lift
    logits = np.log(np.asarray(list(rates.values())) / 100) + BOLDNESS.get(kind(slot), 1) * evidence
    chances = np.exp(logits - logits.max())
    return dict(zip(values, chances / chances.sum(), strict=True))


def _write(
    attributes: np.ndarray, body: np.ndarray, slot: str, beliefs: Mapping[str, float]
) -> None:
    for value in vocab.SLOTS[slot].values:
        column = vocab.Column(slot, value)
        chance = beliefs.get(value, 0.005)
        if column in vocab.ATTRIBUTE_INDEX:
            attributes[vocab.ATTRIBUTE_INDEX[column]] = chance
        else:
            body[vocab.BODY_INDEX[column]] = chance


SLIP: Final = 0.5
"""Speakers use the word of a neighbouring value this many times as often as its share says."""

DOUBT_WHEN_WRONG, DOUBT_WHEN_RIGHT = 0.7, 0.15
"""How often a witness hedges a field that is wrong, and one that is right."""


@dataclass(frozen=True, slots=True)
class Style:
    """A way of describing somebody: how many fields are given, how many of them are wrong."""

    name: str
    fields: int
    wrong: int


STYLES: Final = (
    Style("true", 6, 0),
    Style("one wrong", 6, 1),
    Style("two wrong", 6, 2),
    Style("vague", 3, 0),
)

SAID_FIRST: Final = (
    "body.age", "body.sex", "upper.type", "upper.colour", "lower.type", "lower.colour",
    "feet.type", "feet.colour", "head.type", "hair.colour", "hair.length", "upper.pattern",
    "carry.backpack", "carry.shoulder-bag", "carry.balloon", "carry.pushchair",
)  # fmt: skip
"""Fields in the order of a form: also the fixed order that questions are compared with."""


def describe_person(rng: np.random.Generator, person: Person, style: Style) -> Query:
    """Say some fields of a person, some of them wrongly, each with its certainty."""
    known = [slot for slot in SAID_FIRST if person[slot] != "none"]
    slots = [str(s) for s in rng.permutation(known)[: style.fields]]
    wishes = []
    for i, slot in enumerate(slots):
        wrong = i < style.wrong
        value = person[slot]
        if wrong:
            others = [v for v in draw_values(slot) if v not in {value, "none"}]
            value = str(rng.choice(others)) if others else value
        else:
            value = _named(rng, slot, value)
        doubted = rng.random() < (DOUBT_WHEN_WRONG if wrong else DOUBT_WHEN_RIGHT)
        wishes.append(Wish(slot, value, "unsure" if doubted else "sure"))
    return Query("", tuple(wishes))


def _named(rng: np.random.Generator, slot: str, truth: str) -> str:
    """Return the word that a speaker has for the truth: one's jacket is another's coat."""
    for value in draw_values(slot):
        share = confusions(slot, value, None).get((slot, truth), 0.0) if value != "none" else 0.0
        if rng.random() < SLIP * share:
            return value
    return truth


def draw_values(slot: str) -> list[str]:
    """Return the values of a slot that the crowd has."""
    return list(POPULATION[slot])


def reliability(seed: int, n: int = 1500) -> ScoreConfig:
    """Measure how far the model is to be trusted, on a crowd of its own."""
    crowd = make(n, seed)
    truths = [{slot: frozenset({value}) for slot, value in p.items()} for p in crowd.people]
    return ScoreConfig(reliability=measure(crowd.gallery, truths))

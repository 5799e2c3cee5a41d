"""What each part of the ranking is worth, on crowds made of numbers.

Run by hand: ``python -m reid.bench.ranking``. It prints the rank of the right person for true,
partly wrong and vague descriptions, with each part of the score left out in turn, and how many
questions it takes to bring the right person into the first three.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from reid.bench.crowd import POPULATION, Crowd, Person, draw, make
from reid.rank import Gallery, Knobs, measure, next_question, rank
from reid.rank.neighbours import neighbours
from reid.rank.question import WORDS, open_slots
from reid.rank.score import score, terms
from reid.records import Query, Wish

MOST_QUESTIONS: Final = 12
SLIP: Final = 0.5
"""Speakers use the word of a neighbouring value this many times as often as its share says."""

FIRST: Final = 3
UNKNOWN: Final = 0.15
"""How often a question is answered with "I don't know"."""

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
        share = neighbours(slot, value, None).get((slot, truth), 0.0) if value != "none" else 0.0
        if rng.random() < SLIP * share:
            return value
    return truth


def draw_values(slot: str) -> list[str]:
    """Return the values of a slot that the crowd has."""
    return list(POPULATION[slot])


def variants(known: Knobs) -> dict[str, Knobs]:
    """Return the score as it is, and with each part left out."""
    return {
        "all": known,
        "no certainty": replace(known, certainty=False),
        "no rarity": replace(known, rarity=False),
        "no reliability": replace(known, reliability={}),
        "no neighbours": replace(known, neighbours=False),
    }


def reliability(seed: int, n: int = 1500) -> Knobs:
    """Measure how far the model is to be trusted, on a crowd of its own."""
    crowd = make(n, seed)
    truths = [{slot: frozenset({value}) for slot, value in p.items()} for p in crowd.people]
    return Knobs(reliability=measure(crowd.gallery, truths))


def rank_of(query: Query, gallery: Gallery, row: int, knobs: Knobs) -> int:
    """Return the rank of a row; half of its equals come before it."""
    scores = score(gallery, terms(query, knobs), knobs)
    above = int((scores > scores[row]).sum())
    return 1 + above + (int((scores == scores[row]).sum()) - 1) // 2


def ablation(crowd: Crowd, knobs: Knobs, asks: int, seed: int) -> dict[str, dict[str, list[int]]]:
    """Return style → variant → ranks of the right person."""
    table: dict[str, dict[str, list[int]]] = {}
    for style in STYLES:
        rng = np.random.default_rng(seed)
        rows = rng.integers(0, len(crowd.people), asks)
        queries = [describe_person(rng, crowd.people[row], style) for row in rows]
        table[style.name] = {
            name: [
                rank_of(query, crowd.gallery, int(row), variant)
                for query, row in zip(queries, rows, strict=True)
            ]
            for name, variant in variants(knobs).items()
        }
    return table


def questions(crowd: Crowd, knobs: Knobs, asks: int, seed: int, *, best: bool) -> list[int]:
    """Return how many questions each search took until the right person was in the first three."""
    rng = np.random.default_rng(seed)
    counts = []
    for row in rng.integers(0, len(crowd.people), asks):
        person = crowd.people[row]
        query = describe_person(rng, person, Style("vague", 2, 0))
        counts.append(_interview(rng, crowd, int(row), query, knobs, best=best))
    return counts


def _interview(
    rng: np.random.Generator, crowd: Crowd, row: int, query: Query, knobs: Knobs, *, best: bool
) -> int:
    asked: set[str] = set()
    for count in range(MOST_QUESTIONS):
        if rank_of(query, crowd.gallery, row, knobs) <= FIRST:
            return count
        slot = _next(crowd, query, knobs, frozenset(asked), best=best)
        if slot is None:
            break
        asked.add(slot)
        if rng.random() >= UNKNOWN:
            query = replace(query, wishes=(*query.wishes, _answer(crowd.people[row], slot)))
    return MOST_QUESTIONS


def _next(
    crowd: Crowd, query: Query, knobs: Knobs, asked: frozenset[str], *, best: bool
) -> str | None:
    if best:
        unknown = frozenset(set(WORDS) | set(POPULATION)) - set(POPULATION)
        question = next_question(query, crowd.gallery, knobs=knobs, skip=asked | unknown)
        return None if question is None else question.slot
    still = set(open_slots(query, crowd.gallery, knobs)) - asked
    return next((slot for slot in SAID_FIRST if slot in still), None)


def _answer(person: Person, slot: str) -> Wish:
    value = person[slot]
    if value != "none":
        return Wish(slot, value)
    absent = "present" if slot.startswith("carry.") else "cap"
    return Wish(slot, absent, negated=True)


def summary(ranks: list[int]) -> str:
    """Return median rank, rank-1 and rank-10 of a list of ranks."""
    array = np.asarray(ranks)
    return (
        f"{np.median(array):6.1f}  {np.mean(array == 1):.3f}  {np.mean(array <= 10):.3f}"
        f"  {np.mean(1 / array):.3f}"
    )


def calibration(crowd: Crowd, knobs: Knobs, asks: int, seed: int) -> Iterator[str]:
    """Yield, for each band of probability said, how often the match was the right person."""
    rng = np.random.default_rng(seed)
    said: list[float] = []
    right: list[bool] = []
    for style in STYLES:
        for row in rng.integers(0, len(crowd.people), asks):
            query = describe_person(rng, crowd.people[row], style)
            for match in rank(query, crowd.gallery, top=10, knobs=knobs).matches:
                said.append(match.probability)
                right.append(match.key.id == str(row))
    edges = [0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]
    for low, high in pairwise(edges):
        inside = [i for i, p in enumerate(said) if low <= p < high or (high == 1.0 == p)]
        if inside:
            mean, share = np.mean([(said[i], right[i]) for i in inside], axis=0)
            yield f"said {mean:.3f}: right {share:.3f} ({len(inside)})"


def main(n: int = 1000, asks: int = 1000, seed: int = 7) -> list[str]:
    """Return the report as lines."""
    crowd, knobs = make(n, seed), reliability(seed + 1)
    lines = [f"{n} people, {asks} descriptions; median rank, rank-1, rank-10, mean 1/rank"]
    for style, row in ablation(crowd, knobs, asks, seed + 2).items():
        lines += [f"{style:10} {name:15} {summary(ranks)}" for name, ranks in row.items()]
    small = make(max(20, n // 4), seed + 5)
    for name, best in (("best", True), ("fixed", False)):
        counts = questions(small, knobs, asks // 5, seed + 3, best=best)
        lines.append(f"questions, {name} order: {np.mean(counts):.2f} (0 to {MOST_QUESTIONS})")
    lines.extend(calibration(crowd, knobs, asks // 5, seed + 4))
    lines.append(f"reliability: { {k: round(v, 2) for k, v in knobs.reliability.items()} }")
    return lines


__all__ = ["STYLES", "ablation", "describe_person", "draw", "main", "questions", "rank_of"]

if __name__ == "__main__":
    import sys

    sys.stdout.write("\n".join(main()) + "\n")

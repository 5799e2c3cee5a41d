"""How many questions a good order saves: simulated witnesses answer about people who are known."""

from dataclasses import replace
from typing import Final

import numpy as np

from reid.core.records import Query, Wish
from reid.lab.bench.known_people import DRAWS, Known, Labels, random_fields, rank_of
from reid.lab.bench.metrics.figures import Figures, ThreeDigits
from reid.lab.bench.metrics.intervals import bootstrap_mean
from reid.rank import ScoreConfig, next_question
from reid.rank.question import open_slots

OPENING: Final = 2
"""Fields that are known before the first question."""

MOST_QUESTIONS: Final = 10
NEAR: Final = 3
"""Questions end when the right person is among the first so many."""

ASKED_IN_ORDER: Final = (
    "body.age", "body.sex", "feet.type", "feet.colour", "upper.type", "upper.colour", "lower.type",
    "lower.colour", "outer.type", "outer.colour", "head.type", "hair.colour", "hair.length",
    "upper.pattern", "upper.sleeve", "carry.backpack", "carry.shoulder-bag", "carry.handbag",
)  # fmt: skip
"""The order of the desk's form: what questions are compared with."""


class QuestionFigures(Figures):
    """How many questions it takes until the right person is among the first three.

    Attributes:
        best, fixed: mean number, asked by expected gain and in the order of the desk's form.
        best_at_once, fixed_at_once: share of simulations that need no question.
        saves: `fixed` less `best`; `saves_interval`: people are resampled.
        interviews: simulations. most: questions after which one is given up.
    """

    best: ThreeDigits
    fixed: ThreeDigits
    best_at_once: ThreeDigits
    fixed_at_once: ThreeDigits
    saves: ThreeDigits
    saves_interval: tuple[ThreeDigits, ThreeDigits]
    interviews: int
    most: int

    def note(self) -> str:
        """Return the figures in a line."""
        low, high = self.saves_interval
        return (
            f"questions until among the first three: {self.best} by gain, {self.fixed} in the "
            f"order of the form; saves {self.saves} [{low}, {high}]"
        )


def simulate_questions(known: Known, config: ScoreConfig, seed: int) -> QuestionFigures:
    """Ask about known people until the right one is among the first three."""
    rng = np.random.default_rng(seed)
    starts = [
        (random_fields(true, OPENING, rng), who)
        for who, true in known.labels.items()
        if (known.who == who).any()
        for _ in range(DRAWS)
    ]
    people = [who for _, who in starts]
    counts = {
        name: np.array(
            [_questions_asked(known, q, who, config, best=name == "best") for q, who in starts]
        )
        for name in ("best", "fixed")
    }
    saved = (counts["fixed"] - counts["best"]).astype(np.float64)
    best, fixed = counts["best"], counts["fixed"]
    return QuestionFigures(
        best=float(best.mean()),
        fixed=float(fixed.mean()),
        best_at_once=float((best == 0).mean()),
        fixed_at_once=float((fixed == 0).mean()),
        saves=float(saved.mean()),
        saves_interval=bootstrap_mean(saved, people, seed),
        interviews=len(starts),
        most=MOST_QUESTIONS,
    )


def _questions_asked(
    known: Known, query: Query, who: str, config: ScoreConfig, *, best: bool
) -> int:
    """Ask until the person is near the top; what is not labelled the speaker does not know."""
    asked: frozenset[str] = frozenset()
    for count in range(MOST_QUESTIONS):
        if rank_of(known, query, who, config) <= NEAR:
            return count
        slot = _next(known, query, config, asked, best=best)
        if slot is None:
            break
        asked |= {slot}
        query = replace(query, wishes=(*query.wishes, *_answer(known.labels[who], slot)))
    return MOST_QUESTIONS


def _next(
    known: Known, query: Query, config: ScoreConfig, asked: frozenset[str], *, best: bool
) -> str | None:
    if best:
        question = next_question(query, known.gallery, config=config, skip=asked)
        return None if question is None else question.slot
    still = set(open_slots(query, known.gallery, config)) - asked
    return next((slot for slot in ASKED_IN_ORDER if slot in still), None)


def _answer(true: Labels, slot: str) -> tuple[Wish, ...]:
    if slot in true:
        return tuple(Wish(slot, value) for value in sorted(true[slot])[:1])
    if slot.startswith("carry.") and not slot.endswith("colour"):
        return (Wish(slot, "present", negated=True),)
    return ()

"""The first step: a sentence → its clauses, with what each is like before it is read.

A clause ends with a mark; whether that mark ends what is being said ("," in a list does not) is
told here as far as the words around it tell.
"""

from dataclasses import dataclass

from reid.describe.grammar.sentence import Sentence
from reid.describe.items import Item


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of items between two marks.

    Attributes:
        first, stop: its items, ``[first, stop)``; its mark stands at `stop`.
        mark: what ends it, or None at the end of the text.
        hard: a sentence ends with it.
        noun_first: it names things before what they look like ("trousers black, top red").
        continues: after it the same thing is described further ("red, white and blue").
        list_goes_on: after it a list is continued ("no hat, gloves or scarf").
    """

    first: int
    stop: int
    mark: Item | None
    hard: bool
    noun_first: bool
    continues: bool
    list_goes_on: bool


def split(sentence: Sentence) -> tuple[Clause, ...]:
    """Return the clauses of a sentence; the last one has no mark, and may be empty."""
    clauses: list[Clause] = []
    first = 0
    for i, item in enumerate(sentence.items):
        if item.kind == "break":
            clauses.append(_clause(sentence, first, i, item))
            first = i + 1
    clauses.append(_clause(sentence, first, len(sentence.items), None))
    return tuple(clauses)


def _clause(sentence: Sentence, first: int, stop: int, mark: Item | None) -> Clause:
    hard = mark is None or mark.is_hard()
    return Clause(
        first,
        stop,
        mark,
        hard,
        noun_first=_noun_first(sentence.items[first:stop]),
        continues=sentence.continues(stop),
        list_goes_on=sentence.list_goes_on(stop),
    )


def _noun_first(items: tuple[Item, ...]) -> bool:
    """Whether a clause names things first ("trousers black")."""
    pattern = ""
    for item in items:
        if item.roles & {"copula", "or"} or ("people" in item.senses and pattern):
            pattern += "x"
        letter = "n" if "things" in item.senses else ""
        if not letter and {"colours", "shades", "hair_colours"} & item.senses.keys():
            letter = "a"
        if letter and pattern[-1:] != letter:
            pattern += letter
    return pattern[:1] == "n" and pattern[-1:] == "a" and "x" not in pattern

"""Sentence → Query: what a worried parent, a witness or a radio message says somebody wears."""

import sys
from types import ModuleType
from typing import Final

from reid.core.errors import UsageError
from reid.core.records import Companion, Query
from reid.describe.ages import join_ages
from reid.describe.ago import minutes_ago
from reid.describe.context import find_place, find_time
from reid.describe.doubts import merge_doubts
from reid.describe.grammar import Reader
from reid.describe.grammar.exclusions import rule_out
from reid.describe.grammar.losses import take_away
from reid.describe.grammar.order import in_order
from reid.describe.grammar.sentence import Sentence
from reid.describe.items import itemise
from reid.describe.language import detect
from reid.describe.lexicon import LANGUAGES, load
from reid.describe.portrait import Portrait
from reid.describe.tokens import clean, read_tokens, split_elided
from reid.describe.wire import from_json, slot_json, to_json
from reid.describe.wishes import Builder

__all__ = ["LANGUAGES", "describe", "from_json", "minutes_ago", "slot_json", "to_json"]

SHOWN: Final = 200
"""Characters of a description that are repeated where its language is not read."""


def describe(text: str, language: str | None = None) -> Query:
    """Understand a description of a person.

    Args:
        text: what was said, in any of `LANGUAGES`.
        language: two letters; found from the words when None.

    Returns:
        What was asked for. Nothing is guessed: what was not understood is in `unparsed`, kinds of
        trait that are never searched are in `refused`. A description with nothing usable gives a
        query without wishes. So does one in a language that is not read: `language` names it.

    Raises:
        UsageError: the text is empty, or the language is not one of `LANGUAGES`.
    """
    cleaned = clean(text)
    if not cleaned:
        raise UsageError("the description is empty; say what the person wears or carries")
    if language is not None and language not in LANGUAGES:
        raise UsageError(f"language {language!r} is not one of {', '.join(LANGUAGES)}")
    tokens, unread = read_tokens(cleaned)
    cleaned = cleaned[: tokens[-1].stop] if tokens else ""
    spoken_in = language or detect(tokens)
    if spoken_in not in LANGUAGES:
        return Query(text=text, unparsed=(cleaned[:SHOWN],), language=spoken_in)
    lexicon = load(spoken_in)
    spoken = find_time(cleaned, lexicon)
    if spoken is not None:
        tokens = [t for t in tokens if t.stop <= spoken.start or t.start >= spoken.stop]
    tokens = split_elided(tokens, lexicon.elided, lexicon.words)
    tokens = merge_doubts(tokens, cleaned, lexicon)
    spans = [(token.start, token.stop) for token in tokens]
    items = join_ages(itemise(tokens, lexicon, cleaned), lexicon)
    place, items = find_place(items, cleaned, spans)
    sentence = Sentence(tuple(in_order(take_away(rule_out(items)))), lexicon)
    reading = Reader(sentence).read()
    builder = Builder()
    wishes = builder.build(reading.main)
    companions = tuple(_companion(c, cleaned, spans, builder) for c in reading.companions)
    return Query(
        text=text,
        wishes=wishes,
        companions=companions,
        last_seen_place=place,
        last_seen_time=None if spoken is None else spoken.value,
        unparsed=(*reading.unparsed, *([unread] if unread else [])),
        refused=reading.refused,
        language=lexicon.language,
    )


def _companion(
    person: Portrait, text: str, spans: list[tuple[int, int]], builder: Builder
) -> Companion:
    said = ""
    if person.stop > person.start:
        said = text[spans[person.start][0] : spans[person.stop - 1][1]].strip(" ,.;")
    return Companion(said, builder.build(person))


class _CallableModule(ModuleType):
    """This package, which can be called, so that `reid.describe(text)` needs no second name."""

    def __call__(self, text: str, language: str | None = None) -> Query:
        """Understand a description of a person."""
        return describe(text, language)


sys.modules[__name__].__class__ = _CallableModule

"""Every lexicon speaks the vocabulary, so that a contributor's slip shows at once."""

import re

import pytest

from reid.core import vocabulary as vocab
from reid.describe import LANGUAGES
from reid.describe.frames import WHOLE_KIT, parse_thing
from reid.describe.grammar.describing import colour_meaning
from reid.describe.lexicon import load

ENGLISH_ROLES = {role for entry in load("en").phrases.values() for role in entry.roles}
FREE = {"other", "hair"}
"""Things without a slot of their own."""

NEEDED = {"no", "or", "and", "but", "hedge", "think", "dunno", "in", "with", "companion", "skip"}


def senses(code: str, section: str) -> set[str]:
    return {e.senses[section] for e in load(code).phrases.values() if section in e.senses}


@pytest.mark.parametrize("code", LANGUAGES)
def test_things_are_slots_and_values_of_the_vocabulary(code: str) -> None:
    for meaning in senses(code, "things") - FREE:
        slots, layer = parse_thing(meaning)
        assert layer == WHOLE_KIT or 1 <= layer <= 5, meaning
        for slot, values in slots.items():
            if not values:
                assert f"{slot}.colour" in vocab.SLOTS, meaning
            for value in values:
                assert vocab.is_valid(slot, value), meaning


@pytest.mark.parametrize("code", LANGUAGES)
def test_colours_patterns_and_traits_are_in_the_vocabulary(code: str) -> None:
    for section in ("colours", "hair_colours"):
        for meaning in senses(code, section):
            values, _ = colour_meaning(meaning)
            assert values, meaning
            assert set(values) <= set(vocab.COLOURS), meaning
    assert senses(code, "patterns") | senses(code, "pattern_nouns") <= set(vocab.PATTERNS)
    assert senses(code, "refused") == set(vocab.REFUSED), "all eight kinds are refused"
    for meaning in senses(code, "body"):
        for part in meaning.split():
            slot, _, value = part.partition("=")
            assert slot.startswith("size") or vocab.is_valid(slot, value), meaning


@pytest.mark.parametrize("code", LANGUAGES)
def test_roles_are_those_that_the_grammar_knows(code: str) -> None:
    roles = {role for entry in load(code).phrases.values() for role in entry.roles}
    assert roles >= NEEDED
    assert roles - ENGLISH_ROLES <= {"number", "place_after", "forward", "garb", "part"}


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_carried_thing_and_every_garment_has_a_word(code: str) -> None:
    meant = {
        (slot, value)
        for meaning in senses(code, "things") - FREE
        for slot, values in parse_thing(meaning)[0].items()
        for value in values
    }
    wanted = {
        (name, value)
        for name, slot in vocab.SLOTS.items()
        if name.endswith(".type") or re.fullmatch(r"carry\.[a-z-]+", name)
        for value in slot.values
        if not name.startswith("outer.")
    }
    assert not wanted - meant

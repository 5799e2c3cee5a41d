"""A slot is complete when every table over the vocabulary knows it; this lists what one lacks.

`lacking(slot)` names, table by table, what is still to be written for a slot. The recipe in
.github/CONTRIBUTING.md goes through it in order.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import reid.web
from reid.core import vocabulary
from reid.core.vocabulary import Slot
from reid.describe.frames import LAYERS
from reid.describe.lexicon import LANGUAGES, load
from reid.describe.show import SWATCHES
from reid.embed.card import read_card
from reid.embed.colour import _ANCHORS
from reid.rank import confusions
from reid.rank.question import WORDS as QUESTIONS
from reid.web.inflect import grammar_of
from reid.web.translations import words
from reid.web.views import _GROUPS
from reid.weights import registry

CSS = (Path(reid.web.__file__).parent / "static" / "app.css").read_text(encoding="utf-8")

SECTIONS = {
    "type": ("things",), "present": ("things",), "colour": ("colours",),
    "pattern": ("patterns", "pattern_nouns", "motifs"), "sleeve": ("sleeves",),
    "length": ("sizes", "things"), "age": ("people",), "sex": ("people",),
    "build": ("body",), "height": ("body",),
}  # fmt: skip
"""Kind of slot → sections of a lexicon that say its values."""

ON_PURPOSE = {
    "question": {
        "outer.pattern", "eyes.type", "neck.colour", "body.age_years",
    },  # asked for in another question, or not worth one
    "form": {
        "upper.sleeve", "outer.pattern", "lower.pattern", "eyes.type", "neck.type", "neck.colour",
        "body.age_years", "body.build",
    },  # said in the sentence alone, or in a field of its own
    "confusions": {"eyes.type", "neck.type"},  # one value, or values that nobody confuses
    "model": set(vocabulary.NEVER_ESTIMATED),
    "rendered people": {"body.age_years"},
}  # fmt: skip
"""Slots that a table leaves out, and is to."""


def kind(slot: Slot) -> str:
    return "present" if slot.values == ("present",) else slot.name.rpartition(".")[2]


def region(slot: Slot) -> str:
    return slot.name.removesuffix(f".{kind(slot)}")


@cache
def meanings(language: str) -> frozenset[tuple[str, str]]:
    """Return (section, word of a meaning) pairs of a lexicon."""
    entries = load(language).phrases.values()
    senses = {sense for entry in entries for sense in entry.senses.items()}
    return frozenset(
        (section, part) for section, text in senses for part in re.split(r"[ |=]", text)
    )


def in_lexicons(slot: Slot) -> Iterator[str]:
    for language, value in product(LANGUAGES, slot.values):
        word = slot.name if value == "present" else value
        sections = SECTIONS.get(kind(slot), ("things", "body"))
        if not any((section, word) in meanings(language) for section in sections):
            yield f"describe/lexicon/{language}.toml [{sections[0]}]: {slot.name}={value}"


def in_web_words(slot: Slot) -> Iterator[str]:
    """Name, values and, where the sentence needs one, the phrase; the same keys in each file."""
    needed = [f"slot.{slot.name}", *(f"value.{v}" for v in slot.values)]
    if slot.name == "body.height":
        needed += [f"height.{v}" for v in slot.values]
    if slot.name.startswith(("body.", "hair.")) and slot.values:
        needed.append(f"phrase.{slot.name}")
    elif kind(slot) in {"pattern", "sleeve", "length"}:
        needed += [f"phrase.{kind(slot)}.{v}" for v in slot.values if v != "plain"]
    elif kind(slot) == "colour" and not slot.name.startswith("carry."):
        needed.append(f"phrase.{region(slot)}")
    for language, key in product(words().languages, needed):
        if key not in words().keys(language):
            yield f"web/words/{language}.toml: {key}"


def in_forms_of_words(slot: Slot) -> Iterator[str]:
    """Nouns have a gender in the languages whose adjectives agree."""
    nouns = [f"value.{v}" for v in slot.values] if kind(slot) == "type" else []
    nouns += [f"slot.{slot.name}"] if kind(slot) == "present" else []
    for language, noun in product(("de", "es", "fr"), nouns):
        if slot.name != "eyes.type" and noun not in grammar_of(language).nouns:
            yield f"web/grammar/{language}.toml [nouns]: {noun}"


def in_colours(slot: Slot) -> Iterator[str]:
    """Every colour has a swatch, a dot, a rate, confusions and an anchor in CIELAB."""
    tables = {
        "describe/show.py SWATCHES": SWATCHES,
        "rank/confusions.py COLOURS": confusions.COLOURS,
        "rank/confusions.py COLOUR_RATES": confusions.COLOUR_RATES,
        "embed/colour.py _ANCHORS": {**_ANCHORS, "multicolour": ()},
        "web/static/app.css .c-…": set(re.findall(r"\.c-([a-z]+)", CSS)),
    }
    for name, table in tables.items() if kind(slot) == "colour" else ():
        yield from (f"{name}: {value}" for value in slot.values if value not in table)


def in_confusions(slot: Slot) -> Iterator[str]:
    """A garment, or a bag, is called by another's name now and then."""
    if kind(slot) == "type":
        known = {*confusions.GARMENTS, *(v for row in confusions.GARMENTS.values() for v in row)}
        yield from (f"rank/confusions.py GARMENTS: {v}" for v in slot.values if v not in known)
    if slot.name.removeprefix("carry.") in {*vocabulary.BAGS} - {*confusions.BAGS, "suitcase"}:
        yield f"rank/confusions.py BAGS: {slot.name}"


def in_layers(slot: Slot) -> Iterator[str]:
    for value in slot.values if slot.name == "upper.type" else ():
        if value not in LAYERS:
            yield f"describe/frames.py LAYERS: {value}"


def in_questions(slot: Slot) -> Iterator[str]:
    if slot.name not in QUESTIONS and not slot.name.startswith("carry."):
        yield f"rank/question.py WORDS: {slot.name}"


def in_form(slot: Slot) -> Iterator[str]:
    shown = {name for _, slots in _GROUPS for name in slots}
    if slot.name not in shown and not slot.name.startswith("carry."):
        yield f"web/views.py _GROUPS: {slot.name}"


@cache
def columns_of_the_model() -> frozenset[str]:
    """Return ``slot=value`` names that the shipped embedder has a column for."""
    shipped = registry.find_embedder()
    assert shipped is not None
    card = read_card(shipped.folder)
    return frozenset(name for table in ("attributes", "body") for name in card.names[table])


def in_model(slot: Slot) -> Iterator[str]:
    for value in slot.values:
        if f"{slot.name}={value}" not in columns_of_the_model():
            yield f"models/appearance: train a column {slot.name}={value}"


@cache
def worn_by_rendered_people() -> frozenset[str]:
    from reid.lab.synth.labels import attributes_of
    from reid.lab.synth.population import sample_person

    rng = np.random.default_rng(0)
    people = (sample_person(rng) for _ in range(400))
    return frozenset(slot for person in people for slot in attributes_of(person))


def in_rendered_people(slot: Slot) -> Iterator[str]:
    if slot.name not in worn_by_rendered_people():
        yield f"lab/synth/labels.py attributes_of: {slot.name}"


TABLES: dict[str, Callable[[Slot], Iterator[str]]] = {
    "lexicon": in_lexicons,
    "words": in_web_words,
    "forms of words": in_forms_of_words,
    "colours": in_colours,
    "confusions": in_confusions,
    "layers": in_layers,
    "question": in_questions,
    "form": in_form,
    "model": in_model,
    "rendered people": in_rendered_people,
}
"""Every table over the vocabulary. Reliability, columns, policy and reports follow from it."""


def lacking(slot: Slot, table: str) -> list[str]:
    """Return what a table still lacks of a slot, as ``file: entry``."""
    if slot.name in ON_PURPOSE.get(table, ()):
        return []
    return list(TABLES[table](slot))


@pytest.mark.parametrize("table", TABLES)
def test_no_slot_lacks_anything(table: str) -> None:
    found = [line for slot in vocabulary.SLOTS.values() for line in lacking(slot, table)]
    assert not found, "still to be written:\n" + "\n".join(found)


def test_a_new_slot_is_told_what_it_lacks() -> None:
    new = (
        Slot("hands.type", ("gloves", "mittens"), "upper"),
        Slot("hands.colour", ("black", "teal"), "upper", several=True),
        Slot("carry.skateboard", ("present",), "carried"),
        Slot("upper.type", ("poncho",), "upper"),
    )
    told = {table: [line for slot in new for line in lacking(slot, table)] for table in TABLES}
    assert [table for table, lines in told.items() if not lines] == [], "these notice nothing"
    assert "describe/lexicon/zh.toml [things]: hands.type=gloves" in told["lexicon"]
    assert "web/words/fr.toml: slot.carry.skateboard" in told["words"]
    assert "web/grammar/es.toml [nouns]: value.mittens" in told["forms of words"]
    assert "rank/confusions.py COLOUR_RATES: teal" in told["colours"]
    assert told["layers"] == ["describe/frames.py LAYERS: poncho"]


@pytest.mark.parametrize("table", ON_PURPOSE)
def test_what_is_left_out_on_purpose_is_left_out(table: str) -> None:
    needless = [n for n in ON_PURPOSE[table] if not list(TABLES[table](vocabulary.SLOTS[n]))]
    assert needless == [], "these are there: strike them from ON_PURPOSE"

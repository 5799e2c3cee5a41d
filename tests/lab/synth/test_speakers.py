"""Speakers: what is asserted is in the vocabulary, and true where it is meant to be true."""

import numpy as np
import pytest

from reid.core import vocabulary
from reid.core.records import Wish
from reid.lab.synth.speakers import STYLES, Context, Description, Fact, describe

BOY: tuple[Fact, ...] = (
    ("upper.type", "hoodie"), ("upper.colour", "red"), ("upper.pattern", "graphic"),
    ("upper.sleeve", "long"), ("outer.type", "jacket"), ("outer.colour", "green"),
    ("outer.pattern", "plain"), ("lower.type", "jeans"), ("lower.colour", "blue"),
    ("lower.length", "long"), ("feet.type", "sneakers"), ("feet.colour", "white"),
    ("feet.colour", "red"), ("head.type", "cap"), ("head.colour", "black"),
    ("carry.backpack", "present"), ("carry.backpack.colour", "yellow"),
    ("carry.balloon", "present"), ("carry.balloon.colour", "pink"), ("hair.length", "short"),
    ("hair.colour", "brown"), ("body.age", "child"), ("body.age_years", 6.3),
    ("body.build", "slim"), ("body.height", "medium"), ("body.sex", "male"),
)  # fmt: skip
WOMAN: tuple[Fact, ...] = (
    ("upper.type", "dress"), ("upper.colour", "beige"), ("upper.pattern", "floral"),
    ("upper.sleeve", "short"), ("feet.type", "sandals"), ("feet.colour", "brown"),
    ("neck.type", "scarf"), ("neck.colour", "purple"), ("head.type", "hood"),
    ("carry.pushchair", "present"), ("carry.pushchair.colour", "blue"), ("hair.length", "long"),
    ("hair.colour", "yellow"), ("body.age", "older"), ("body.age_years", 67.0),
    ("body.build", "heavy"), ("body.height", "tall"), ("body.sex", "female"),
)  # fmt: skip
PEOPLE = (BOY, WOMAN)
YEARS_TOLERANCE = 3


def holds(wish: Wish, facts: tuple[Fact, ...]) -> bool:
    if wish.slot == vocabulary.YEARS_SLOT:
        true = next(float(v) for slot, v in facts if slot == wish.slot)
        return abs(float(wish.value) - true) <= YEARS_TOLERANCE
    return ((wish.slot, wish.value) in facts) is not wish.negated


def untrue(said: Description, facts: tuple[Fact, ...]) -> set[str]:
    """Slots of `said` that the labels contradict; alternatives need one that holds."""
    groups: dict[object, list[Wish]] = {}
    for i, wish in enumerate(said.wishes):
        groups.setdefault(("alone", i) if wish.group is None else wish.group, []).append(wish)
    return {g[0].slot for g in groups.values() if not any(holds(w, facts) for w in g)}


@pytest.mark.parametrize("facts", PEOPLE)
@pytest.mark.parametrize("style", STYLES)
def test_true_versions_agree_with_the_labels(facts: tuple[Fact, ...], style: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(80):
        said = describe(facts, rng, style=style)
        assert said.wishes and not said.wrong
        assert not untrue(said, facts), said.text


@pytest.mark.parametrize("facts", PEOPLE)
def test_wrong_versions_are_wrong_where_they_say_so(facts: tuple[Fact, ...]) -> None:
    rng = np.random.default_rng(1)
    mistaken = 0
    for _ in range(300):
        said = describe(facts, rng, version="wrong")
        allowed = set(said.wrong) | ({"body.age"} if vocabulary.YEARS_SLOT in said.wrong else set())
        false = untrue(said, facts)
        assert false <= allowed, said.text
        assert set(said.wrong) <= false | {"body.age"}, said.text
        assert len(said.wrong) <= 2
        mistaken += bool(said.wrong)
    assert mistaken > 270


def test_vague_versions_say_little_and_nothing_false() -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        said = describe(BOY, rng, version="vague")
        assert not untrue(said, BOY), said.text
        clothes = [w for w in said.wishes if not w.slot.startswith("body.")]
        assert all(w.certainty == "unsure" for w in clothes), said.text
        assert len(clothes) <= 6


def test_colour_words_are_in_the_text() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        said = describe(BOY, rng)
        for wish in said.wishes:
            plain = wish.slot.endswith(".colour") and wish.group is None and not wish.modifier
            if plain and wish.value != "grey" and not wish.slot.startswith("hair"):
                assert str(wish.value) in said.text.lower(), said.text


def test_dialects_keep_their_words() -> None:
    rng = np.random.default_rng(4)
    british = " ".join(describe(WOMAN, rng, variety="uk").text for _ in range(200)).lower()
    american = " ".join(describe(WOMAN, rng, variety="us").text for _ in range(200)).lower()
    assert "stroller" not in british and "stroller" in american
    assert "buggy" in british and "buggy" not in american


def test_hundreds_of_wordings_and_one_a_seed() -> None:
    texts = [describe(BOY, np.random.default_rng(i)).text for i in range(500)]
    assert len(set(texts)) > 450
    assert texts[7] == describe(BOY, np.random.default_rng(7)).text


def test_context_is_reported_only_where_it_was_said() -> None:
    context = Context("the carousel", "14:20", "his older brother", ("face", "blue eyes"))
    rng = np.random.default_rng(5)
    for style in STYLES:
        said = describe(BOY, rng, style=style, context=context)
        assert said.refused == ("face",) and "blue eyes" in said.text.lower()
        assert said.context.place == "the carousel" and "carousel" in said.text
        assert said.context.time == "14:20"
        if said.context.companion:
            assert "brother" in said.text


def test_json_form_has_the_parsers_fields() -> None:
    form = describe(BOY, np.random.default_rng(0)).as_dict()
    slots = form["slots"]
    assert isinstance(slots, list)
    assert slots[0].keys() == {"slot", "value", "certainty", "negated", "group", "modifier"}
    assert all(vocabulary.is_valid(s["slot"], s["value"]) for s in slots)

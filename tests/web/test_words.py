"""Every language says everything, with the same placeholders, and nothing is missing."""

import re
from pathlib import Path

import pytest

import reid.web
from reid.core import vocabulary
from reid.desk.cases import OUTCOMES, STEPS
from reid.desk.policy.places import ALLOWED
from reid.web.inflect import BUILD, HAIR, grammar_of
from reid.web.phrases import sentence
from reid.web.translations import Words, wish_text

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


PERSON = [entry("body.age", "child"), entry("body.sex", "female")]
CHILD = [
    entry("body.age", "child"),
    entry("body.sex", "female"),
    entry("body.age_years", 6),
    entry("hair.length", "long"),
    entry("upper.type", "hoodie"),
    entry("upper.colour", "red", modifier="dark"),
    entry("upper.pattern", "striped"),
    entry("lower.type", "jeans"),
    entry("lower.colour", "blue"),
    entry("feet.type", "boots"),
    entry("feet.colour", "white"),
    entry("feet.colour", "black"),
    entry("head.type", "hat", negated=True),
    entry("head.colour", "white", certainty="unknown"),
    entry("carry.suitcase", "present"),
    entry("carry.suitcase.colour", "green", group=1),
    entry("carry.suitcase.colour", "pink", group=1),
]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "girl, 6 years old, long hair, white and black boots, striped dark red "
               "hoodie, blue jeans, no hat, green or pink suitcase"),
        ("de", "Mädchen, 6 Jahre alt, lange Haare, weiße und schwarze Stiefel, gestreifter "
               "dunkelroter Kapuzenpulli, blaue Jeans, ohne Hut, grüner oder rosa Koffer"),
        ("es", "niña, 6 años, pelo largo, botas blancas y negras, sudadera con capucha rojo "
               "oscuro a rayas, vaqueros azules, sin sombrero, maleta verde o rosa"),
        ("fr", "fille, 6 ans, cheveux longs, bottes blanches et noires, sweat à capuche "
               "rouge foncé à rayures, jean bleu, sans chapeau, valise verte ou rose"),
        ("zh", "女孩，6岁，长发，白色和黑色靴子，条纹深红色连帽衫，蓝色牛仔裤，"
               "没有帽子，绿色或粉色行李箱"),
    ],
)  # fmt: skip
def test_sentences(language: str, expected: str) -> None:
    assert sentence(WORDS.translator(language), CHILD, language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [("de", "Schuhe: weiß"), ("es", "zapatos: blancos"), ("fr", "chaussures : blanches")],
)
def test_what_follows_a_colon_agrees_where_it_must(language: str, expected: str) -> None:
    assert wish_text(WORDS.translator(language), entry("feet.colour", "white")) == expected


def test_a_thing_of_two_names_agrees_with_the_nearer() -> None:
    slots = [entry("upper.type", kind, group=1) for kind in ("jacket", "coat")]
    slots.append(entry("upper.colour", "green"))
    said = {code: sentence(WORDS.translator(code), slots, code) for code in ("de", "fr")}
    assert said == {"de": "grüne Jacke oder Mantel", "fr": "veste ou manteau vert"}


@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_every_noun_has_a_gender_and_every_adjective_its_forms(language: str) -> None:
    grammar = grammar_of(language)
    kinds = [s for s in vocabulary.SLOTS if s.endswith(".type") and s != "eyes.type"]
    nouns = {f"value.{value}" for slot in kinds for value in vocabulary.SLOTS[slot].values}
    nouns |= {f"slot.carry.{thing}" for thing in vocabulary.CARRIED}
    nouns |= {f"phrase.{slot.partition('.')[0]}" for slot in kinds} | {HAIR, BUILD}
    assert nouns <= grammar.nouns.keys(), nouns - grammar.nouns.keys()
    known = WORDS.keys("en") | {HAIR, BUILD}
    assert set(grammar.nouns) | set(grammar.adjectives) | grammar.after <= known
    assert {len(forms) for forms in grammar.adjectives.values()} == {len(grammar.genders)}


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "zh"])
@pytest.mark.parametrize("kind", ["hoodie", "jacket", "t-shirt", "dress", "coat"])
@pytest.mark.parametrize("colour", ["red", "blue", "black", "yellow"])
def test_what_the_form_says_is_understood_again(language: str, kind: str, colour: str) -> None:
    from reid.describe import describe

    slots = [entry("upper.type", kind), entry("upper.colour", colour), *PERSON]
    said = sentence(WORDS.translator(language), slots, language)
    wishes = {(w.slot, w.value) for w in describe(said, language).wishes}
    expected = {("upper.type", kind), ("upper.colour", colour)}
    assert expected | {(e["slot"], e["value"]) for e in PERSON} <= wishes, said


DOUBTED = [
    entry("body.age", "child", certainty="unsure"),
    entry("body.sex", "male"),
    entry("body.age_years", 6, certainty="unsure"),
    entry("upper.type", "jacket"),
    entry("upper.colour", "red", certainty="unsure"),
    entry("lower.type", "jeans"),
    entry("head.type", "hat", certainty="unsure"),
    entry("head.colour", "green", certainty="unsure"),
    entry("neck.type", "scarf", certainty="unsure", negated=True),
    entry("carry.backpack", "present"),
    entry("carry.backpack.colour", "yellow", certainty="unsure"),
]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "maybe boy, about 6 years old, jacket (maybe red), jeans, maybe green hat, "
               "maybe no scarf, backpack (maybe yellow)"),
        ("de", "vielleicht Junge, etwa 6 Jahre alt, Jacke (vielleicht rot), Jeans, "
               "vielleicht grüner Hut, vielleicht ohne Schal, Rucksack (vielleicht gelb)"),
        ("fr", "peut-être garçon, environ 6 ans, veste (peut-être rouge), jean, "
               "peut-être chapeau vert, peut-être sans écharpe, sac à dos (peut-être jaune)"),
    ],
)  # fmt: skip
def test_what_is_doubted_is_said_as_doubtful(language: str, expected: str) -> None:
    assert sentence(WORDS.translator(language), DOUBTED, language) == expected


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "zh"])
def test_doubt_is_understood_again(language: str) -> None:
    from reid.describe import describe

    said = sentence(WORDS.translator(language), DOUBTED, language)
    doubted = {(w.slot, w.value) for w in describe(said, language).wishes if w.certainty != "sure"}
    # about six is a child for sure, whatever the doubt about the years
    sure = ("upper.type", "lower.type", "carry.backpack", "body.sex", "body.age")
    assert doubted >= {(e["slot"], e["value"]) for e in DOUBTED if e["slot"] not in sure}, said
    assert not {slot for slot, _ in doubted} & {"upper.type", "lower.type", "carry.backpack"}


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "zh"])
@pytest.mark.parametrize("age", ["child", "teen", "adult", "older"])
@pytest.mark.parametrize("sex", ["male", "female"])
def test_who_it_is_is_understood_again(language: str, age: str, sex: str) -> None:
    from reid.describe import describe

    slots = [entry("body.age", age), entry("body.sex", sex)]
    said = sentence(WORDS.translator(language), slots, language)
    wishes = {(w.slot, w.value) for w in describe(said, language).wishes}
    assert {("body.age", age), ("body.sex", sex)} <= wishes, said

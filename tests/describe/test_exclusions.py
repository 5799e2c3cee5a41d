"""What is said not to be is never searched for: denials, exceptions and losses of every kind."""

import pytest

from reid.core.vocabulary import SLOTS
from reid.describe import LANGUAGES, describe
from reid.describe.lexicon import load

Wish = tuple[str, object, bool]

RULED_OUT = {
    "en": """anything but {c} | any colour except {c} | other than {c} | {t} not {c} | non-{c} |
        not wearing {c} | {t} that isn't {c} | no {c} | nothing {c} | all colours apart from {c}""",
    "de": """alles außer {c} | außer {c} | {t}, nicht {c} | trägt kein {c} | alles andere als {c} |
        {t} in jeder Farbe außer {c} | {t}, die nicht {c} ist | nichts als Hosen, nicht {c}""",
    "es": """cualquier cosa menos {c} | menos {c} | {t} no {c} | no lleva {c} | todo menos {c} |
        {t} de cualquier color excepto {c} | {t} que no es {c} | que no sea {c} | nada {c}""",
    "fr": """tout sauf {c} | sauf {c} | {t} pas {c} | ne porte pas de {c} | rien de {c} |
        {t} de n'importe quelle couleur sauf {c} | {t} qui n'est pas {c} | autre que {c}""",
    "zh": """除了{c} | 除{c}以外 | {t}不是{c} | 没穿{c} | 非{c}{t} | {c}除外 | 不穿{c} |
        {c}以外的{t}""",
}
WORDS = {
    "en": ("jacket", "red"), "de": ("Jacke", "rot"), "es": ("chaqueta", "roja"),
    "fr": ("veste", "rouge"), "zh": ("夹克", "红色"),
}  # fmt: skip
FORMS = [(code, form.strip()) for code in LANGUAGES for form in RULED_OUT[code].split("|")]


def wishes(text: str, language: str | None = None) -> set[Wish]:
    return {(w.slot, w.value, w.negated) for w in describe(text, language).wishes}


@pytest.mark.parametrize(("language", "form"), FORMS)
def test_a_colour_that_is_ruled_out_is_denied(language: str, form: str) -> None:
    thing, colour = WORDS[language]
    said = wishes(form.format(t=thing, c=colour), language)
    assert ("upper.colour", "red", True) in said or ("lower.colour", "red", True) in said
    assert not [wish for wish in said if wish[1] == "red" and not wish[2]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_that_denies_asks_for_what_it_denies(language: str) -> None:
    """Every word of a lexicon that rules out, with a colour alone and after a thing."""
    thing, colour = WORDS[language]
    space = "" if language == "zh" else " "
    asked = []
    for phrase, entry in load(language).phrases.items():
        if entry.roles & {"no", "non", "except", "save"} and "whole" not in entry.roles:
            said = space.join(phrase)
            for text in (f"{said}{space}{colour}", f"{thing}{space}{said}{space}{colour}"):
                wished = wishes(text, language)
                asked += [text for w in wished if w[0].endswith("colour") and not w[2]]
    assert not asked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anything but a hoodie", {("upper.type", "hoodie", True)}),
        ("purple everything except the top, white", {("lower.colour", "purple", False)}),
        ("nothing but black clothes", {("upper.colour", "black", False)}),
        ("no black trousers, white trousers", {("lower.colour", "white", False)}),
        ("a bag that's not a backpack", {("carry.handbag", "present", False)}),
        ("keine rote Jacke, sondern eine blaue", {("upper.colour", "blue", False)}),
        ("everything but the shoes is black", {("feet.type", "shoes", False)}),
        ("a shirt with no stripes", {("upper.pattern", "striped", True)}),
    ],
)
def test_a_thing_may_be_ruled_out_and_another_kept(text: str, expected: set[Wish]) -> None:
    assert expected <= wishes(text)


def test_neither_of_two_is_no_choice_between_them() -> None:
    denied = [w for w in describe("the coat isn't red or blue").wishes if w.negated]
    assert {w.value for w in denied} == {"red", "blue"}
    assert {w.group for w in denied} == {None}


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("she lost her blue hat", "head.type"),
        ("his cap is gone", "head.type"),
        ("hat seinen blauen Rucksack verloren", "carry.backpack"),
        ("ha perdido su mochila azul", "carry.backpack"),
        ("elle a perdu son bonnet bleu", "head.type"),
        ("他的蓝色书包丢了", "carry.backpack"),
        ("男孩的帽子丢了", "head.type"),
        ("the boy's cap is gone", "head.type"),
        ("she dropped her scarf and it's gone", "neck.type"),
        ("she lost her red hat, it's in the cloakroom", "head.type"),
    ],
)
def test_what_is_lost_is_not_worn(text: str, slot: str) -> None:
    said = wishes(text)
    assert slot in {name for name, _, negated in said if negated}
    assert not [w for w in said if not w[2] and w[0].startswith(slot.rpartition(".")[0])]


@pytest.mark.parametrize(
    "text",
    ["one shoe missing", "hat einen Schuh verloren", "le falta un zapato", "少了一只鞋",
     "il lui manque une chaussure"],
)  # fmt: skip
def test_one_of_a_pair_is_neither_asked_for_nor_denied(text: str) -> None:
    assert not [wish for wish in wishes(text) if wish[0].startswith("feet")]


@pytest.mark.parametrize(
    "text",
    ["we lost our son, red hat", "boy in a red hat lost at the gate", "Kind mit Mütze vermisst"],
)
def test_somebody_who_is_lost_keeps_his_clothes(text: str) -> None:
    assert ("head.type", "hat", False) in wishes(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "no idea, maybe red?"),
        ("de", "keine Ahnung, vielleicht rot?"),
        ("es", "ni idea, ¿quizás rojo?"),
        ("fr", "aucune idée, peut-être rouge ?"),
        ("zh", "不知道，可能是红色？"),
    ],
)
def test_a_guess_is_kept_as_a_doubt(language: str, text: str) -> None:
    found = [(w.slot, w.value, w.certainty) for w in describe(text, language).wishes]
    assert found == [("upper.colour", "red", "unsure")]


def test_a_thing_that_is_not_known_keeps_what_is_guessed_of_it() -> None:
    found = {(w.slot, w.value, w.certainty) for w in describe(
        "not sure about the trousers, maybe black").wishes}  # fmt: skip
    assert found == {("lower.type", "trousers", "sure"), ("lower.colour", "black", "unsure")}


@pytest.mark.parametrize(
    ("text", "sex"),
    [("my son, red hat", "male"), ("mi hijo, gorro rojo", "male"), ("ma fille, robe", "female"),
     ("meine Tochter, Mütze", "female"), ("我儿子，红色帽子", "male")],
)  # fmt: skip
def test_a_son_or_a_daughter_is_likely_a_child(text: str, sex: str) -> None:
    found = {(w.slot, w.value, w.certainty) for w in describe(text).wishes}
    assert found >= {("body.sex", sex, "sure"), ("body.age", "child", "unsure")}


def test_an_age_overrules_what_a_son_is_likely_to_be() -> None:
    ages = [w.value for w in describe("my son, he is 34").wishes if w.slot == "body.age"]
    assert ages == ["adult"]


@pytest.mark.parametrize(
    "text", ["yellow bag", "gelbe Tasche", "bolsa amarilla", "sac jaune", "黄色的包"]
)
def test_a_bag_of_unknown_kind_is_any_bag(text: str) -> None:
    query = describe(text)
    bags = {"backpack", "shoulder-bag", "handbag", "plastic-bag"}
    for slots in ({f"carry.{bag}" for bag in bags}, {f"carry.{bag}.colour" for bag in bags}):
        assert slots <= SLOTS.keys()
        groups = {w.group for w in query.wishes if w.slot in slots}
        assert {w.slot for w in query.wishes if w.slot in slots} == slots
        assert len(groups) == 1
        assert None not in groups

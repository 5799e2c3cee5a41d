"""Doubt is built from parts, and so is a denial: any of them, on any thing."""

import pytest

from reid.describe import describe
from reid.describe.doubts import merge_doubts
from reid.describe.lexicon import load
from reid.describe.tokens import tokenise

BEFORE = """I'm fairly sure | we're almost certain | not a hundred percent but |
I am not entirely sure, |
unless I'm very much mistaken | if I'm not mistaken, | if memory serves, |
if I recall correctly, | as far as I can tell, | to the best of my knowledge |
I could be wrong but | don't quote me on it but | I couldn't swear to it but |
it's hard to say but | I have a vague feeling | there's a good chance | in all likelihood |
I dimly remember | I'd probably say | I was told | a witness said | he must have had |
said to be | my best guess is | what looks like | maybe | I think"""
AFTER = "I could be wrong | if I remember right | to be confirmed | (?) | not sure though | I think"
OTHERS = {
    "de": ("wenn mich nicht alles täuscht, {}", "eine blaue Jacke"),
    "es": ("que yo recuerde, {}", "una chaqueta azul"),
    "fr": ("si je ne me trompe pas, {}", "une veste bleue"),
    "zh": ("据我所知，{}", "蓝色夹克"),
}


def doubted(text: str, language: str = "en") -> set[str]:
    wishes = describe(text, language).wishes
    return {str(w.value) for w in wishes if w.certainty == "unsure" and not w.negated}


@pytest.mark.parametrize("said", [phrase.strip() for phrase in BEFORE.split("|")])
@pytest.mark.parametrize("thing", ["a blue coat", "he had a blue coat"])
def test_what_follows_a_doubt_is_unsure(said: str, thing: str) -> None:
    assert {"blue", "coat"} <= doubted(f"{said} {thing}")
    assert "red" not in doubted(f"red hat. {said} {thing}"), "doubt must not spread backwards"


@pytest.mark.parametrize("said", [phrase.strip() for phrase in AFTER.split("|")])
def test_what_a_doubt_ends_is_unsure(said: str) -> None:
    assert doubted(f"red hat, a blue coat {said}") >= {"coat"}
    assert "red" not in doubted(f"red hat, a blue coat {said}")


@pytest.mark.parametrize("language", OTHERS)
def test_doubt_in_other_languages(language: str) -> None:
    frame, thing = OTHERS[language]
    assert "blue" in doubted(frame.format(thing), language)
    assert doubted(thing, language) == set(), "the control is not doubted"


@pytest.mark.parametrize(
    "text",
    ["I'm not sure about the colour, a coat", "can't say what shoes, red hat", "sure, a coat"],
)
def test_not_every_sure_is_a_doubt(text: str) -> None:
    assert doubted(text) == set()


def test_merging_keeps_every_other_token_in_place() -> None:
    text = "unless I'm mistaken red hat"
    tokens = merge_doubts(tokenise(text), text, load("en"))
    assert [token.text for token in tokens] == ["unless I'm mistaken", "red", "hat"]
    assert [text[t.start : t.stop] for t in tokens] == [t.text for t in tokens]


@pytest.mark.parametrize(
    ("language", "text", "slot", "denied", "instead"),
    [
        ("en", "the trousers weren't black, more like brown", "lower", "black", "brown"),
        ("de", "die Hose war nicht schwarz, sie war braun", "lower", "black", "brown"),
        ("es", "el pantalón no era negro, más bien azul", "lower", "black", "blue"),
        ("fr", "le manteau n'était pas rouge, il était vert", "upper", "red", "green"),
        ("zh", "裤子不是黑色的，是蓝色的", "lower", "black", "blue"),
    ],
)
def test_a_denied_colour_is_corrected(
    language: str, text: str, slot: str, denied: str, instead: str
) -> None:
    colours = [
        (w.value, w.negated) for w in describe(text, language).wishes if w.slot == f"{slot}.colour"
    ]
    assert sorted(colours) == sorted([(denied, True), (instead, False)])


def test_nothing_dark_is_no_dark_garment() -> None:
    wishes = describe("he isn't wearing anything dark").wishes
    assert [(w.slot, w.value, w.negated, w.certainty) for w in wishes if "colour" in w.slot] == [
        ("upper.colour", "black", True, "sure")
    ]


@pytest.mark.parametrize(
    "text", ["green or blue, the T-shirt", "green or blue it was, the T-shirt"]
)
def test_a_colour_may_come_before_its_thing(text: str) -> None:
    found = {(w.slot, w.value) for w in describe(text).wishes}
    assert found == {("upper.type", "t-shirt"), ("upper.colour", "green"), ("upper.colour", "blue")}


def test_to_be_is_not_his() -> None:
    slots = {w.slot for w in describe("die Jacke könnte blau sein").wishes}
    assert slots == {"upper.type", "upper.colour"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "trousers: black? navy?"),
        ("de", "die Hose, schwarz? dunkelblau?"),
        ("es", "los pantalones, ¿negros? ¿azul marino?"),
        ("fr", "le pantalon, noir ? bleu marine ?"),
        ("zh", "裤子是黑色？深蓝色？"),
    ],
)
def test_two_questions_are_two_doubted_alternatives(language: str, text: str) -> None:
    colours = [w for w in describe(text, language).wishes if w.slot == "lower.colour"]
    assert {(w.value, w.certainty) for w in colours} == {("black", "unsure"), ("blue", "unsure")}
    assert len({w.group for w in colours}) == 1
    assert colours[0].group is not None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "un jersey azul, al menos creo que era azul"),
        ("fr", "un pull bleu, enfin je crois qu'il était bleu"),
        ("zh", "蓝色毛衣，至少我觉得是蓝色"),
    ],
)
def test_a_colour_said_again_in_doubt_is_doubted_once(language: str, text: str) -> None:
    colours = [w for w in describe(text, language).wishes if w.slot == "upper.colour"]
    assert [(w.value, w.certainty) for w in colours] == [("blue", "unsure")]


def test_a_doubt_between_marks_after_and_goes_forward() -> None:
    assert doubted("black jeans and, I want to say, a blue top") == {"blue"}


@pytest.mark.parametrize(
    ("language", "text", "place", "time"),
    [
        ("en", "last seen: platform 4, 17.35", "platform 4", "17:35"),
        ("en", "left the swimming pool around 16:00", "the swimming pool", "16:00"),
        ("en", "lost near the big wheel just before 3", "near the big wheel", "15:00"),
        ("en", "by the bandstand at roughly 1 o'clock", "the bandstand", "13:00"),
        ("de", "zuletzt gesehen: Gleis 4, 17.35 Uhr", "Gleis 4", "17:35"),
        ("de", "verloren beim Riesenrad kurz vor drei", "Riesenrad", "15:00"),
        ("de", "gegen ein Uhr beim Spielplatz weggelaufen", "Spielplatz", "13:00"),
        ("es", "lo vimos por última vez delante del acuario", "delante del acuario", None),
        ("es", "se perdió cerca de la noria poco antes de las tres", "cerca de la noria", "15:00"),
        ("fr", "vu pour la dernière fois quai 4 à 17h35", "quai 4", "17:35"),
        ("fr", "entre le café et la fontaine à 15 heures", "entre le café et la fontaine", "15:00"),
        ("zh", "五点三刻在鬼屋不见了", "鬼屋", "17:45"),
    ],
)
def test_where_and_when_in_few_words(
    language: str, text: str, place: str, time: str | None
) -> None:
    query = describe(text, language)
    assert (query.last_seen_place, query.last_seen_time) == (place, time)

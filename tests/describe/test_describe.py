"""Rules of the vocabulary, one sentence each."""

import io

import pytest
from rich.console import Console

from reid.core.errors import UsageError
from reid.describe import describe, from_json, to_json
from reid.describe.show import render
from reid.describe.spelling import edits


def slots(text: str) -> set[str]:
    """Return the wishes as ``"!slot=value?"`` (negated, unsure)."""
    return {
        f"{'!' * w.negated}{w.slot}={w.value}{'?' * (w.certainty == 'unsure')}"
        for w in describe(text).wishes
    }


def test_the_json_of_the_command() -> None:
    assert to_json(describe("boy, 6, red or orange hoodie, no hat, at the carousel at 14:20")) == {
        "slots": [
            entry("upper.type", "hoodie"),
            entry("upper.colour", "red", group=0),
            entry("upper.colour", "orange", group=0),
            entry("head.type", "hat", negated=True),
            entry("body.sex", "male"),
            entry("body.age", "child"),
            entry("body.age_years", 6),
        ],
        "refused": [],
        "context": {
            "last_seen_place": "the carousel",
            "last_seen_time": "14:20",
            "with": [],
        },
        "unparsed": [],
        "language": "en",
    }


def entry(slot, value, *, group=None, negated=False, modifier=None, certainty="sure"):
    return {
        "slot": slot,
        "value": value,
        "certainty": certainty,
        "negated": negated,
        "group": group,
        "modifier": modifier,
    }


def test_json_comes_back_as_the_same_query() -> None:
    text = "girl with her dad in a dark blue coat, maybe a pink scarf"
    query = describe(text)
    assert from_json(to_json(query), text) == query
    with pytest.raises(UsageError, match="JSON"):
        from_json({"slots": [{"slot": "upper.colour", "value": "mauve"}]})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red bag and black coat", {"upper.colour=black", "carry.handbag.colour=red"}),
        ("dark top, light blue jeans", {"upper.colour=black?", "lower.colour=blue"}),
        ("denim jacket over a white tee", {"outer.colour=blue", "upper.colour=white"}),
        ("jacket", {"upper.type=jacket"}),
        ("jacket and t-shirt", {"outer.type=jacket", "upper.type=t-shirt"}),
        ("white top, same colour trousers", {"upper.colour=white", "lower.colour=white"}),
        ("denim dungarees", {"lower.type=jeans", "lower.colour=blue"}),
        ("trousers black, top red", {"lower.colour=black", "upper.colour=red"}),
        ("her bag was red and her coat black", {"upper.colour=black", "body.sex=female"}),
        ("toddler", {"body.age=child"}),
        ("man in his sixties", {"body.age=older", "body.sex=male"}),
        ("18 months old", {"body.age=child", "body.age_years=1"}),
        ("no hat, gloves or scarf", {"!head.type=hat", "!neck.type=scarf"}),
        ("without a bag but with a scarf", {"!carry.backpack=present", "neck.type=scarf"}),
        ("the jacket is not black", {"upper.type=jacket", "!upper.colour=black"}),
        ("blue jeans, I think", {"lower.type=jeans?", "lower.colour=blue?"}),
        ("red or possibly pink dress", {"upper.colour=red", "upper.colour=pink?"}),
        ("blonde hair", {"hair.colour=yellow"}),
        ("gren jacket, blakc trousrs", {"upper.colour=green", "lower.colour=black"}),
        ("5 ft 2 woman", {"body.height=short", "body.sex=female"}),
        ("large black coat", {"upper.type=coat", "upper.colour=black"}),
    ],
)
def test_what_a_phrase_means(text: str, expected: set[str]) -> None:
    assert expected <= slots(text), slots(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("IC1 male", "race"),
        ("black man in a white coat", "race"),
        ("tanned", "skin"),
        ("Sikh", "religion"),
        ("in a wheelchair", "disability"),
        ("neck tattoo", "tattoo"),
        ("brown eyes and a beard", "face"),
        ("walks with a limp", "gait"),
        ("she was crying", "emotion"),
    ],
)
def test_what_is_never_searched_is_named(text: str, kind: str) -> None:
    query = describe(text)
    assert query.refused == (kind,)
    assert not any(
        w.slot.endswith("colour") and w.value in {"black", "brown"} for w in query.wishes
    )


def test_clothes_of_a_companion_are_not_the_persons() -> None:
    query = describe("boy holding hands with a tall woman in a green coat, he has blue wellies")
    assert "upper.colour=green" not in slots(query.text)
    (companion,) = query.companions
    assert companion.text == "a tall woman in a green coat"
    assert {w.value for w in companion.wishes} >= {"coat", "green", "female", "tall"}


def test_what_the_speaker_does_not_know_is_no_slot() -> None:
    assert slots("don't know what shoes, red coat") == {"upper.type=coat", "upper.colour=red"}


@pytest.mark.parametrize(
    "text",
    ["a girl called Rose", "boy, his name is Bob", "ein Junge namens Weiß", "niña, se llama Rosa"],
)
def test_a_name_is_neither_searched_nor_kept(text: str) -> None:
    query = describe(text)
    assert {wish.slot for wish in query.wishes} == {"body.sex", "body.age"}
    assert not query.unparsed


def test_what_is_not_understood_is_listed() -> None:
    query = describe("a green zorblax and red shoes")
    assert query.unparsed == ("green zorblax",)
    assert not any(w.value == "green" for w in query.wishes)


@pytest.mark.parametrize(
    ("text", "language", "time"),
    [
        ("about twenty past two", "en", "14:20"),
        ("quarter to eleven", "en", "10:45"),
        ("at 9.05 am", "en", "09:05"),
        ("half past three", "en", "15:30"),
        ("ten minutes ago", "en", "ten minutes ago"),
        ("um halb drei", "de", "14:30"),
        ("a las dos y cuarto", "es", "14:15"),
        ("vers 16h40", "fr", "16:40"),
        ("下午三点半", "zh", "15:30"),
    ],
)
def test_when(text: str, language: str, time: str) -> None:
    assert describe(text, language).last_seen_time == time


def test_the_terminal_shows_slots_refusals_and_what_was_not_understood() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(render(describe("girl, red or pink hat, beard, zorblax, with her dad, 14:20")))
    shown = console.export_text()
    for part in ("head    ■ red or ■ pink hat", "with her dad", "14:20", "face: never searched",
                 "body †  female, child", "not understood: zorblax"):  # fmt: skip
        assert part in shown
    console.print(render(describe("sin bolso, vestido de rayas de manga corta")))
    shown = console.export_text()
    assert "striped short-sleeved dress" in shown
    assert "carry  not backpack, not shoulder-bag, not handbag, not plastic-bag" in shown
    assert "read as Spanish" in shown
    console.print(render(describe("xyzzy")))
    assert "nothing that can be searched for" in console.export_text()


def test_edits_are_counted_by_hand() -> None:
    assert edits("jaket", "jacket", 2) == 1
    assert edits("blakc", "black", 2) == 1
    assert edits("trousres", "trousers", 2) == 1
    assert edits("hat", "scarf", 2) > 2


def test_a_school_uniform_is_no_place() -> None:
    query = describe("girl in school uniform")
    assert query.last_seen_place is None
    assert "uniform" in " ".join(query.unparsed)
    assert describe("last seen at school in a blue coat").last_seen_place is not None

"""Which language a description is in, and those that are not read."""

import io

import pytest
from rich.console import Console

from reid.describe import LANGUAGES, describe, from_json, to_json
from reid.describe.language import UNREAD
from reid.describe.show import render


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("bambino con giacca rossa e pantaloni blu", "it"),
        ("menino de camisa vermelha e calça azul", "pt"),
        ("jongen met rode jas en blauwe broek", "nl"),
        ("chłopiec w czerwonej kurtce", "pl"),
        ("pojke med röd jacka och blå byxor", "sv"),
        ("dreng med rød jakke og blå bukser", "da"),
        ("băiat cu geacă roșie", "ro"),
        ("kırmızı ceketli çocuk", "tr"),
        ("мальчик в красной куртке", "ru"),
        ("ولد يرتدي سترة حمراء", "ar"),
        ("αγόρι με κόκκινο μπουφάν", "el"),
        ("赤いジャケットの男の子", "ja"),
        ("빨간 재킷을 입은 소년", "ko"),
    ],
)
def test_a_language_that_is_not_read_is_named(text: str, language: str) -> None:
    query = describe(text)
    assert query.language == language
    assert not query.wishes
    assert query.unparsed == (text,)
    assert from_json(to_json(query), text) == query
    screen = io.StringIO()
    Console(file=screen, width=200).print(render(query))
    assert f"not read: {UNREAD[language]}; say it in English" in screen.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_that_is_given_is_read(language: str) -> None:
    assert describe("jeans blu", language).language == language


@pytest.mark.parametrize(
    "text",
    [
        "red jacket",
        "chaqueta roja",
        "veste rouge",
        "rote Jacke",
        "红色夹克",
        "jeans",
        "xyz",
        "vest",
    ],
)
def test_a_few_words_are_enough_to_be_read(text: str) -> None:
    assert describe(text).language in LANGUAGES


def test_foreign_letters_in_a_name_do_not_make_a_description_foreign() -> None:
    assert describe("boy called Иван, red jacket, blue jeans and a white cap").language == "en"

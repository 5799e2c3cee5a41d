"""Anything may be typed into a search box: never an exception, never a hang."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.core.errors import UsageError
from reid.describe import LANGUAGES, describe, from_json, to_json
from reid.describe.lexicon import load

WORDS = sorted({" ".join(p) for code in LANGUAGES for p in load(code).phrases})
GLUE = [
    " ",
    " ",
    " ",
    ", ",
    ". ",
    "; ",
    "/",
    "-",
    " (",
    ") ",
    ": ",
    "? ",
    "'",
    "’s ",
    "\n",
    "， ",
    "",
]
PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(["6", "14:20", "5'10\"", "30s", "99999999999999", "0", "1.8 m", "8-10", "w/o"]),
    st.text(max_size=6),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(PIECES, st.sampled_from(GLUE)), max_size=25))
def test_any_words_in_any_order_are_read(pairs: list[tuple[str, str]]) -> None:
    check("".join(piece + glue for piece, glue in pairs))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120))
def test_any_characters_are_read(text: str) -> None:
    check(text)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.sampled_from(LANGUAGES))
def test_any_words_are_read_in_a_language_that_is_not_theirs(words: list[str], code: str) -> None:
    query = describe(" ".join(words), code)
    assert query.language == code


def check(text: str) -> None:
    try:
        query = describe(text)
    except UsageError as error:
        assert "empty" in str(error)
        return
    assert from_json(to_json(query), text) == query


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x07"])
def test_an_empty_description_says_so_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match="empty"):
        describe(text)


def test_an_unknown_language_says_which_there_are() -> None:
    with pytest.raises(UsageError, match="en, es"):
        describe("red coat", "xx")


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE sightings; --",
        "<script>alert(1)</script>",
        "{{7*7}} ${jndi:ldap://x}",
        "%s%n",
    ],
)
def test_markup_is_only_text(text: str) -> None:
    query = describe(text)
    assert not query.wishes


@pytest.mark.parametrize(
    "piece",
    [
        "red hoodie and ",
        "no hat or ",
        "maybe ",
        "with his mum ",
        "(",
        "dark ",
        "，红色外套",
        "1 ",
        "a" * 50,
    ],
)
def test_ten_thousand_words_are_bounded(piece: str) -> None:
    describe(piece * 10)
    start = time.process_time()
    describe(piece * 10_000)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_long_numbers_are_no_numbers(language: str) -> None:
    for text in ("9" * 4000, "9" * 400 + " years old", "1," + "0" * 400, "²", "٣ years", "1.5.5"):
        describe(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_pattern_of_doubt_goes_back_over_its_words(language: str) -> None:
    """A pattern with two ways to read one word doubles its time with every repetition."""
    lexicon = load(language)
    patterns = " ".join([*lexicon.doubts, *lexicon.doubt_parts.values()])
    words = sorted(set(re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", patterns)) | {"really", "12"})
    space = "" if language == "zh" else " "
    for first in ("not", "i'm not", words[0], ""):
        for word in words:
            start = time.process_time()
            describe(f"{first} {(word + space) * 20}x", language)
            assert time.process_time() - start < 0.25, (first, word)


PIECES_OF_SIXTEEN_THOUSAND = [
    *[
        "7",
        "7.",
        "7 ",
        "1-",
        "12:",
        "5'10\" ",
        "5yo",
        "5 years ",
        "5 past ",
        "1 to ",
        "%",
        "½",
        "٣",
    ],
    *[
        "!",
        ".",
        "?",
        ",",
        ":",
        "/",
        "(",
        "()",
        "[",
        "{",
        '"',
        "'",
        "’s",
        "-",
        "a-",
        "_",
        "\n",
        "\t",
    ],
    *[
        "a",
        "A",
        "ß",
        "é",
        "e\u0301",
        "ﷺ",
        "д",
        "ع",
        "ก",
        "😀",
        "\u200b",
        "红",
        "红色外套",
        " x",
        "a1",
    ],
    *["red ", "maybe ", "not ", "any ", "but ", "except red ", "no idea ", "lost her ", "missing "],
    *["with his mum ", "mum's ", "red hoodie and ", "same colour as ", "red respectively ", "ago "],
    *["near the ", "last seen near ", "anything but ", "jacke", "redhoodiebluejeans", "vor 5 "],
    *["il y a ", "hace ", "my son ", "dad's coat ", "the one ", "red, ", "red or ", "nicht "],
]


@pytest.mark.parametrize(
    "language",
    [None, *(pytest.param(code, marks=pytest.mark.slow) for code in LANGUAGES)],
)
def test_twice_the_text_takes_twice_the_time(language: str | None) -> None:
    """Any input takes linear time: nothing that is repeated takes the square of its length."""
    describe("red", language)
    slow = {}
    for piece in PIECES_OF_SIXTEEN_THOUSAND:
        took = [_seconds("x " + (piece * size)[:size], language) for size in (16_000, 32_000)]
        if took[1] > 0.2 and took[1] > 3 * took[0]:
            slow[piece] = took
    assert not slow


def _seconds(text: str, language: str | None) -> float:
    """Return the shortest of up to three readings: what else the process does is not meant."""
    times: list[float] = []
    while len(times) < 3 and (not times or times[-1] > 0.1):
        start = time.process_time()
        describe(text, language)
        times.append(time.process_time() - start)
    return min(times)

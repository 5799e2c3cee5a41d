"""Text → tokens: words, numbers and punctuation, with their place in the text."""

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from itertools import islice
from typing import Final

MAX_CHARACTERS: Final = 200_000
"""Longer texts are cut: ten thousand words is a document, not a description."""

MAX_TOKENS: Final = 2_000
"""What follows is not read, and said not to be."""

_WORD: Final = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff]"  # one Chinese character
    r"|[^\W\d_\u3400-\u9fff\uf900-\ufaff]+(?:['’`´][^\W\d_\u3400-\u9fff\uf900-\ufaff]+)*"  # a word
    r"|\d+(?:[.,]\d+)?"  # a number
    r"|\n|[^\w\s]"  # punctuation, one mark each
)
_APOSTROPHES: Final = str.maketrans("", "", "'’`´")
_STRAIGHT: Final = str.maketrans("’`´", "'''")
LONGEST_WORD: Final = 60
"""Longer runs of letters and digits are no word, and no pattern looks into them."""

_TOO_LONG: Final = re.compile(rf"[^\W\u3040-\u9fff\uf900-\ufaff]{{{LONGEST_WORD + 1},}}")
_JOINING: Final = frozenset("-‐‑–")
_REWRITTEN: Final = (
    (re.compile(r"\bw/o\b\s*", re.IGNORECASE), "no "),
    (re.compile(r"\bw/\s*", re.IGNORECASE), "with "),
    (re.compile(r"(?<=\d)\s?y\.?/?o\b\.?", re.IGNORECASE), " yo"),
    (re.compile(r"\s?%"), " percent"),
    (re.compile(r"[ \t\r\f\v\u3000]+"), " "),
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        text: as written.
        norm: lower case, without apostrophes.
        start, stop: character span in the cleaned text.
        glued: joined to the token before by a hyphen ("blue-grey").
        owns: ends in a possessive s ("mum's").
    """

    text: str
    norm: str
    start: int
    stop: int
    glued: bool = False
    owns: bool = False


def clean(text: str) -> str:
    """Return the text in one Unicode form, without control characters and runs of spaces."""
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])
    text = "".join(c if c == "\n" or unicodedata.category(c)[0] != "C" else " " for c in text)
    for pattern, replacement in _REWRITTEN:
        text = pattern.sub(replacement, text)
    return text.strip()


def fold(word: str) -> str:
    """Return the form of a word that lexicons are written in."""
    return word.translate(_APOSTROPHES).lower()


def searchable(text: str) -> str:
    """Return a text as patterns look for phrases in it, each character in its place.

    Lower case and straight apostrophes; what is too long for a word is masked, because a pattern
    that tries every way to cut it up takes the square of its length.
    """
    low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text.translate(_STRAIGHT))
    return _TOO_LONG.sub(lambda run: "\x01" * len(run[0]), low)


def read_tokens(text: str) -> tuple[list[Token], str | None]:
    """Return the first `MAX_TOKENS` tokens of a text, and a note on what was not read."""
    found = _WORD.finditer(text)
    first = list(islice(found, MAX_TOKENS + 1))  # one more: a hyphen looks at what follows
    rest = sum(1 for _ in found)
    tokens = _tokens(first)
    rest += max(0, len(tokens) - MAX_TOKENS)
    return tokens[:MAX_TOKENS], f"… {rest} more words" if rest > 0 else None


def tokenise(text: str) -> list[Token]:
    """Split a cleaned text into tokens; a hyphen between words only marks them as glued."""
    return _tokens(list(_WORD.finditer(text)))


def _tokens(found: list[re.Match[str]]) -> list[Token]:
    tokens: list[Token] = []
    glued = False
    for i, match in enumerate(found):
        word = match[0]
        if word in _JOINING and _joins(found, i):
            glued = True
            continue
        owns = word[-2:].lower() in {"'s", "’s", "s'", "s’"}
        tokens.append(Token(word, fold(word), match.start(), match.end(), glued, owns))
        glued = False
    return tokens


def split_elided(tokens: list[Token], elided: frozenset[str], known: Container[str]) -> list[Token]:
    """Split "l'écharpe" where the whole is no known word and the front is one of `elided`."""
    if not elided:
        return tokens
    return [part for token in tokens for part in _parts(token, elided, known)]


def _parts(token: Token, elided: frozenset[str], known: Container[str]) -> list[Token]:
    front, mark, rest = token.text.translate(_STRAIGHT).partition("'")
    if not mark or not rest or front.lower() not in elided or token.norm in known:
        return [token]
    cut = token.start + len(front) + 1
    text = token.text[len(front) + 1 :]
    return [
        Token(token.text[: len(front)], front.lower(), token.start, cut, token.glued),
        Token(text, fold(text), cut, token.stop),
    ]


def _joins(found: list[re.Match[str]], i: int) -> bool:
    if not 0 < i < len(found) - 1:
        return False
    before, mark, after = found[i - 1], found[i], found[i + 1]
    touching = before.end() == mark.start() and mark.end() == after.start()
    digits = before[0][0].isdigit() and after[0][0].isdigit()
    return touching and not digits and before[0][-1].isalnum() and after[0][0].isalnum()

"""Which language a description is in: the one that knows most of its words.

Languages that are not read are told apart too, by their commonest words or their letters, so that a
description in one of them is said not to be understood instead of being read as its neighbour.
"""

import tomllib
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Final

from reid.describe.lexicon import LANGUAGES, load
from reid.describe.tokens import Token

SAMPLE: Final = 60
"""Tokens that are looked at."""

UNREAD: Final = {
    "it": "Italian", "pt": "Portuguese", "nl": "Dutch", "pl": "Polish", "sv": "Swedish",
    "da": "Danish or Norwegian", "ro": "Romanian", "tr": "Turkish", "ru": "Cyrillic letters",
    "ar": "Arabic letters", "el": "Greek", "he": "Hebrew", "hi": "Hindi", "th": "Thai",
    "ja": "Japanese", "ko": "Korean",
}  # fmt: skip
"""Languages, or letters, that are known not to be read."""

_LETTERS: Final = {
    "CYRILLIC": "ru", "ARABIC": "ar", "GREEK": "el", "HEBREW": "he", "DEVANAGARI": "hi",
    "THAI": "th", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko",
}  # fmt: skip
MOST_OF_IT: Final = 3
"""One word in so many in foreign letters makes a description foreign."""

FEWEST: Final = 2
"""Words of a language that is not read that tell it."""


def detect(tokens: list[Token]) -> str:
    """Return the language that knows most of the words; English when none does.

    One of `UNREAD` where that language's words or letters are more than any language knows that is
    read.
    """
    words = [token.norm for token in tokens[:SAMPLE] if token.norm[:1].isalpha()]
    foreign = _by_letters(words)
    if foreign is not None:
        return foreign
    known = {language: _score(words, language) for language in LANGUAGES if _exists(language)}
    best = max(known, key=lambda language: (known[language], language == LANGUAGES[0]))
    return _unread(words, known[best]) or best


def _by_letters(words: list[str]) -> str | None:
    """Return the language that a good part of the words is written in the letters of."""
    counts: dict[str, int] = {}
    for word in words:
        if word[0] > "\u036f" and not "\u3400" <= word[0] <= "\u9fff":
            language = _LETTERS.get(unicodedata.name(word[0], "").partition(" ")[0])
            if language is not None:
                counts[language] = counts.get(language, 0) + 1
    if not counts:
        return None
    most = max(counts, key=lambda language: counts[language])
    return most if counts[most] * MOST_OF_IT >= len(words) else None


def _unread(words: list[str], known: float) -> str | None:
    """Return the language that is not read and has more of the words than `known`."""
    scores = {name: sum(word in own for word in words) for name, own in _commonest().items()}
    most = max(scores, key=lambda language: scores[language])
    return most if scores[most] >= FEWEST and scores[most] > known else None


@lru_cache(maxsize=1)
def _commonest() -> dict[str, frozenset[str]]:
    path = resources.files("reid.describe.lexicon") / "unread.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: frozenset(words.split()) for name, words in raw.items()}


@lru_cache(maxsize=8)
def _exists(language: str) -> bool:
    try:
        load(language)
    except FileNotFoundError:
        return False
    return True


def _score(words: list[str], language: str) -> float:
    lexicon = load(language)
    return sum(1.0 for word in words if lexicon.lemma(word) is not None)

"""Which language a description is in: the one that knows most of its words."""

from functools import lru_cache

from reid.describe.lexicon import LANGUAGES, load
from reid.describe.tokens import Token

SAMPLE = 60
"""Tokens that are looked at."""


def detect(tokens: list[Token]) -> str:
    """Return the language that knows most of the words; English when none does."""
    words = [token.norm for token in tokens[:SAMPLE] if token.norm[:1].isalpha()]
    known = {language: _score(words, language) for language in LANGUAGES if _exists(language)}
    return max(known, key=lambda language: (known[language], language == LANGUAGES[0]))


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

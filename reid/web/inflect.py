"""Adjectives that agree with their noun: one TOML file a language that needs it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "grammar"

HAIR: Final = "hair"
BUILD: Final = "build"
"""Nouns that no key of the words stands for alone."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a language puts adjectives to nouns; without rules they stay as they are, before it.

    Attributes:
        genders: number of each gender in an adjective's forms.
        nouns: key of a noun → gender.
        adjectives: key of an adjective → its forms.
        adjective_first: adjectives stand before their noun.
        predicate: they agree after a colon too ("jupe : verte").
        fixed_shades: a colour with a shade does not agree ("jupe bleu foncé").
        after: keys that stand after the noun all the same.
    """

    genders: Mapping[str, int] = field(default_factory=dict)
    nouns: Mapping[str, str] = field(default_factory=dict)
    adjectives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    adjective_first: bool = True
    predicate: bool = False
    fixed_shades: bool = False
    after: frozenset[str] = frozenset()

    def form(self, adjective: str, noun: str) -> str | None:
        """Return an adjective (by key) beside a noun (by key); None: it is said as it is."""
        forms = self.adjectives.get(adjective)
        gender = self.nouns.get(noun)
        if forms is None or gender is None:
            return None
        return forms[self.genders[gender]]


@cache
def grammar_of(language: str) -> Grammar:
    """Read a language's rules; a language without a file has none."""
    path = FOLDER / f"{language}.toml"
    if not path.is_file():
        return Grammar()
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Grammar(
        genders={gender: i for i, gender in enumerate(data["genders"].split())},
        nouns={noun: gender for gender, nouns in data["nouns"].items() for noun in nouns.split()},
        adjectives={key: tuple(forms.split()) for key, forms in data["adjectives"].items()},
        adjective_first=data["position"] == "before",
        predicate=data["predicate"],
        fixed_shades=data["fixed_shades"],
        after=frozenset(data["after"].split()),
    )

"""The words of each language, read from one TOML file a language.

A line of a lexicon reads *meaning = words*, the words separated by commas; a word may be a phrase.
Write words in lower case and in their dictionary form (`endings` says how others lead back to it),
with a space where usage wavers between a hyphen, a space and nothing at all.

Sections:
    [things]         what is worn or carried: ``"slot=value"``, alternatives ``a|b``, more than one
                     slot separated by spaces, a bare region ("upper") where the type is not said,
                     ``layer=N`` where it is worn further out than its type says, ``+look`` where
                     its name says how it looks (jorts: ``+denim``); "other" is a
                     thing without a slot, "hair" the hair
    [parts]          pieces of a garment: `whole` count for its colours, `small` do not
    [colours]        "modifier colour|alternative"; [hair_colours] the same words, said of hair
    [shades] [patterns] [pattern_nouns] [motifs] [sizes] [sleeves]    words that describe a thing
    [people]         sex and age; `relation` (mum), `child` (son)
    [body]           what is said of the body
    [refused]        kind of trait → words
    [words]          the small words that build a sentence, by their role
    sounds           (above the sections) letters → how they are heard, for words spelled by ear
    [numbers] [time] numerals, clock times and phrases, as regular expressions
    [ago]            how phrases of "time ago" name units and amounts, as regular expressions:
                     `marks` that it is one, `now` none at all
"""

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from reid.describe.tokens import fold, tokenise

LANGUAGES: Final = ("en", "es", "fr", "de", "zh")
"""Languages with a lexicon file; the first is the one taken when nothing speaks for another."""

CONTENT: Final = (
    "things", "parts", "people", "body", "refused", "colours", "hair_colours", "shades", "patterns",
    "pattern_nouns", "motifs", "sizes", "sleeves",
)  # fmt: skip

CORRECTABLE: Final = frozenset({"things", "colours", "hair_colours", "patterns", "pattern_nouns"})
"""Sections whose words a slip of the pen is corrected to."""

NO_ROLES: Final[frozenset[str]] = frozenset()


DOUBT_MARK: Final = "\x00doubt"
"""Stands for a phrase of doubt that a pattern found; nobody can type it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a word or phrase means: content by section, and its roles in a sentence."""

    senses: Mapping[str, str] = field(default_factory=dict)
    roles: frozenset[str] = NO_ROLES


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language.

    Attributes:
        language: two letters.
        before: adjectives stand before their noun.
        endings: (ending, replacement) pairs that lead a word back to its dictionary form.
        phrases: word sequences → entry.
        longest: first word → length of the longest phrase that it begins.
        words: every word of every phrase, for telling what is a slip of the pen.
        unaccented: a word without its accents → the word ("garcon", "gruen").
        content: words of things, colours and patterns: what a slip is corrected to.
        swappable: these and the words for people that stand alone: what two swapped letters are
            corrected to.
        ago: what [ago] says.
        numbers: numeral → value; `tens` twenty → 20; `decades` forties → 40.
        time: the section as it stands.
        units: word → "cm", "m", "foot" or "inch".
        abbreviations: words whose full stop does not end a sentence.
        elided: words that lose their vowel and are written as one with the next (French l').
        sounds: (letters, letters that sound the same) pairs.
        guarded: words that are never taken for a slip of the pen of another.
        compounds: nouns are written together with what describes them (German).
        relatives_first: what somebody wears is said before the word for them (Chinese).
        doubts: patterns of phrases that doubt, with {parts} of `doubt_parts` in them.
    """

    language: str
    before: bool
    endings: tuple[tuple[str, str], ...]
    phrases: Mapping[tuple[str, ...], Entry]
    longest: Mapping[str, int]
    words: frozenset[str]
    unaccented: Mapping[str, str]
    numbers: Mapping[str, float]
    tens: Mapping[str, float]
    decades: Mapping[str, float]
    units: Mapping[str, str]
    abbreviations: frozenset[str]
    elided: frozenset[str]
    guarded: frozenset[str]
    sounds: tuple[tuple[str, str], ...]
    content: frozenset[str]
    swappable: frozenset[str]
    time: Mapping[str, Any]
    ago: Mapping[str, str]
    compounds: bool
    relatives_first: bool
    doubts: tuple[str, ...]
    doubt_parts: Mapping[str, str]

    def lemma(self, word: str) -> str | None:
        """Return the dictionary form of a word, or None if it is not known."""
        return word if word in self.words else self.stem(word)

    def stem(self, word: str) -> str | None:
        """Return the known word that an inflected form comes from, or None."""
        if word in self.unaccented:
            return self.unaccented[word]
        for ending, replacement in self.endings:
            stem = word.removesuffix(ending) + replacement
            if word.endswith(ending) and len(stem) > 1:
                if stem in self.words:
                    return stem
                if stem in self.unaccented:
                    return self.unaccented[stem]
        return None


@lru_cache(maxsize=len(LANGUAGES))
def load(language: str) -> Lexicon:
    """Read the lexicon of a language (once)."""
    path = resources.files(__package__) / f"{language}.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    numbers = _numbers(raw["numbers"])
    entries = _entries(raw, numbers)
    longest: dict[str, int] = {}
    for phrase in entries:
        longest[phrase[0]] = max(longest.get(phrase[0], 0), len(phrase))
    words = frozenset(word for phrase in entries for word in phrase)
    return Lexicon(
        language=raw["language"],
        before=raw["adjectives"] == "before",
        endings=tuple((a, b) for a, b in raw["endings"]),
        phrases=entries,
        longest=longest,
        words=words,
        unaccented=_unaccented(words),
        numbers=numbers,
        tens=_values(raw["numbers"].get("tens", "")),
        decades=_values(raw["numbers"].get("decades", "")),
        units={
            word.strip(): unit
            for unit, words in raw.get("units", {}).items()
            for word in words.split(",")
        },
        abbreviations=frozenset(raw.get("abbreviations", "").split()),
        elided=frozenset(raw.get("elided", "").split()),
        guarded=frozenset(raw.get("guarded", "").split()),
        sounds=tuple((a, b) for a, b in raw.get("sounds", ())),
        content=frozenset(
            word
            for phrase, entry in entries.items()
            if entry.senses.keys() & CORRECTABLE
            for word in phrase
        ),
        swappable=frozenset(
            phrase[0]
            for phrase, entry in entries.items()
            if len(phrase) == 1 and entry.senses.keys() & (CORRECTABLE | {"people"})
        ),
        time=raw.get("time", {}),
        ago=raw.get("ago", {}),
        compounds=bool(raw.get("compounds", False)),
        relatives_first=raw.get("relatives") == "before",
        doubts=tuple(raw.get("doubts", {}).get("patterns", ())),
        doubt_parts=raw.get("doubts", {}).get("parts", {}),
    )


def _entries(raw: dict[str, Any], numbers: Mapping[str, float]) -> dict[tuple[str, ...], Entry]:
    """Return what each word and phrase of a lexicon file means."""
    senses: dict[tuple[str, ...], dict[str, str]] = {}
    roles: dict[tuple[str, ...], set[str]] = {}
    for section in CONTENT:
        for meaning, phrase in _lines(raw.get(section, {})):
            senses.setdefault(phrase, {}).setdefault(section, meaning)
    for role, phrase in _lines(raw["words"]):
        roles.setdefault(phrase, set()).add(role)
    roles[(DOUBT_MARK,)] = {"think"}
    for numeral in numbers:
        phrase = tuple(token.norm for token in tokenise(numeral))
        if len(phrase) > 1:
            roles.setdefault(phrase, set()).add("number")
    return {
        phrase: Entry(senses.get(phrase, {}), frozenset(roles.get(phrase, ())))
        for phrase in senses.keys() | roles.keys()
    }


_SPELLED_OUT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def _unaccented(words: frozenset[str]) -> dict[str, str]:
    """Return the words that have accents by what is typed without them: "garcon", "gruen"."""
    plain: dict[str, str] = {}
    for word in sorted(words):
        bare = unicodedata.normalize("NFD", word.replace("œ", "oe"))
        bare = "".join(c for c in bare if not unicodedata.combining(c))
        for form in {bare, word.translate(_SPELLED_OUT)} - words:
            plain.setdefault(form, word)
    return plain


def _lines(section: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for meaning, words in section.items():
        for phrase in words.split(","):
            tokens = _tokens(phrase)
            if tokens:
                yield meaning, tokens


def _tokens(phrase: str) -> tuple[str, ...]:
    """Return the tokens of a phrase; most are plain words, which need no cutting up."""
    words = phrase.split()
    if all(word.isalpha() and word < "\u3400" for word in words):
        return tuple(word.lower() for word in words)
    return tuple(token.norm for token in tokenise(phrase))


def _values(text: str) -> dict[str, float]:
    pairs = (pair.strip().split("=") for pair in text.split(",") if pair.strip())
    return {fold(word.strip()).replace("-", " "): float(value) for word, value in pairs}


def _numbers(section: Mapping[str, str]) -> dict[str, float]:
    words = section["words"].split()
    numbers = {fold(word).replace("-", " "): float(i) for i, word in enumerate(words)}
    return numbers | _values(section.get("tens", "")) | _values(section.get("more", ""))

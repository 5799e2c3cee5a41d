"""The app's words in each language: one TOML file a language, same keys in all."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from reid.core.vocabulary import YEARS_SLOT
from reid.web.inflect import BUILD, HAIR, Grammar, grammar_of

FOLDER: Final = Path(__file__).parent / "words"
DEFAULT: Final = "en"


@dataclass(frozen=True, slots=True)
class Translator:
    """Turns a key, and values for its placeholders, into text of one language."""

    texts: Mapping[str, str] = field(repr=False)
    fallback: Mapping[str, str] = field(repr=False)
    grammar: Grammar = field(repr=False)
    language: str = DEFAULT

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of a key."""
        text = self.texts.get(key, self.fallback.get(key, key.rpartition(".")[2]))
        return text.format(**values) if values else text

    def known(self, key: str) -> str | None:
        """Return the text of a key, or None where there is none."""
        return self.texts.get(key, self.fallback.get(key))

    def beside(self, adjective: str, noun: str) -> str:
        """Say an adjective so that it agrees with a noun, both by key."""
        return self.grammar.form(adjective, noun) or self(adjective)


class Words:
    """All languages; a missing word falls back to English."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._texts = {path.stem: _flat(path) for path in sorted(folder.glob("*.toml"))}

    @property
    def languages(self) -> tuple[str, ...]:
        """Two letters each."""
        return tuple(self._texts)

    @property
    def names(self) -> dict[str, str]:
        """Each language's own name."""
        return {code: texts["language.name"] for code, texts in self._texts.items()}

    def keys(self, language: str) -> set[str]:
        """Return the keys that a language has."""
        return set(self._texts[language])

    def translator(self, language: str) -> Translator:
        """Return what translates into a language."""
        texts, fallback = self._texts.get(language, {}), self._texts[DEFAULT]
        return Translator(texts, fallback, grammar_of(language), language)


@cache
def words() -> Words:
    """Return the words, read once."""
    return Words()


def slot_name(t: Translator, slot: str) -> str:
    """Say a slot: "upper.colour" → "top, colour"."""
    return t(f"slot.{slot}")


def value_name(t: Translator, value: str | float, slot: str = "") -> str:
    """Say a value: "t-shirt" → "T-shirt"; a height's "short" is not that of a sleeve."""
    if isinstance(value, (int, float)):
        return f"{value:g}"
    return t(f"{'height' if slot == 'body.height' else 'value'}.{value}")


def wish_text(t: Translator, entry: Mapping[str, Any]) -> str:
    """Say one field of a description: "jacket", "top: dark red", "no hat", "about 6 years old"."""
    if entry["slot"] == YEARS_SLOT:
        return years_text(t, entry)
    said = _plainly(t, str(entry["slot"]), entry["value"], str(entry.get("modifier") or ""))
    return t("chip.no", what=said) if entry.get("negated") else said


def years_text(t: Translator, entry: Mapping[str, Any]) -> str:
    """Say an age in years; "about" is said of a doubtful one alone."""
    about = entry.get("certainty", "sure") != "sure"
    return t("phrase.years" if about else "phrase.years_sure", n=value_name(t, entry["value"]))


def shaded(t: Translator, value: str | float, modifier: str, noun: str = "") -> str:
    """Say a colour with its shade, of a noun if one is named.

    "dark" and "light" alone are kept as dark black and light white.
    """
    if (modifier, value) in {("dark", "black"), ("light", "white")}:
        return t.beside(f"modifier.{modifier}", noun)
    if not modifier:
        return t.beside(f"value.{value}", noun)
    colour = value_name(t, value) if t.grammar.fixed_shades else t.beside(f"value.{value}", noun)
    return t("phrase.shade", shade=t(f"modifier.{modifier}"), colour=colour)


def trait(t: Translator, slot: str, value: str | float) -> str:
    """Say what somebody is like: "long hair", "slim build", "girl" is put together elsewhere."""
    if value == "bald":
        return t("value.bald")
    noun = HAIR if slot.startswith("hair.") else BUILD if slot == "body.build" else ""
    what = t.beside(f"value.{value}", noun) if noun else value_name(t, value, slot)
    return t(f"phrase.{slot}", what=what)


def _plainly(t: Translator, slot: str, value: str | float, modifier: str) -> str:
    region, _, kind = slot.rpartition(".")
    if slot.startswith(("body.", "hair.")):
        return trait(t, slot, value)
    if value == "present":
        return slot_name(t, slot)
    if kind == "type":
        return value_name(t, value)
    noun = f"slot.{region}" if region.startswith("carry.") else f"phrase.{region}"
    agreeing = noun if t.grammar.predicate else ""
    if kind == "colour":
        return t("phrase.of", thing=t(noun), what=shaded(t, value, modifier, agreeing))
    quality = "value.plain" if value == "plain" else f"phrase.{kind}.{value}"
    return t("phrase.of", thing=t(noun), what=t.beside(quality, agreeing))


def _flat(path: Path) -> dict[str, str]:
    """Read a file's tables as dotted keys."""
    texts: dict[str, str] = {}

    def walk(prefix: str, table: Mapping[str, Any]) -> None:
        for name, value in table.items():
            key = f"{prefix}{name}"
            if isinstance(value, dict):
                walk(f"{key}.", value)
            else:
                texts[key] = str(value)

    walk("", tomllib.loads(path.read_text(encoding="utf-8")))
    return texts

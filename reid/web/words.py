"""The app's words in each language: one TOML file a language, same keys in all."""

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from reid.vocabulary import YEARS_SLOT

FOLDER: Final = Path(__file__).parent / "words"
DEFAULT: Final = "en"

Translator = Callable[..., str]


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
        """Return a function from a key, and values for its placeholders, to text."""
        texts, fallback = self._texts.get(language, {}), self._texts[DEFAULT]

        def translate(key: str, **values: object) -> str:
            text = texts.get(key, fallback.get(key, key.rpartition(".")[2]))
            return text.format(**values) if values else text

        return translate


@cache
def words() -> Words:
    """Return the words, read once."""
    return Words()


def slot_name(t: Translator, slot: str) -> str:
    """Say a slot: "upper.colour" → "top, colour"."""
    return t(f"slot.{slot}")


def value_name(t: Translator, value: str | float) -> str:
    """Say a value: "t-shirt" → "T-shirt"."""
    if isinstance(value, (int, float)):
        return f"{value:g}"
    return t(f"value.{value}")


def wish_text(t: Translator, entry: Mapping[str, Any]) -> str:
    """Say one field of a description: "jacket", "top: dark red", "no hat", "about 6 years old"."""
    said = _plainly(t, str(entry["slot"]), entry["value"], str(entry.get("modifier") or ""))
    return t("chip.no", what=said) if entry.get("negated") else said


def shaded(t: Translator, value: str | float, modifier: str) -> str:
    """Say a colour with its shade; "dark" and "light" alone are kept as dark black, light white."""
    if (modifier, value) in {("dark", "black"), ("light", "white")}:
        return t(f"modifier.{modifier}")
    colour = value_name(t, value)
    return t("phrase.shade", shade=t(f"modifier.{modifier}"), colour=colour) if modifier else colour


def _plainly(t: Translator, slot: str, value: str | float, modifier: str) -> str:
    region, _, kind = slot.rpartition(".")
    if slot == YEARS_SLOT:
        return t("phrase.years", n=value_name(t, value))
    if slot.startswith(("body.", "hair.")):
        return t(f"phrase.{slot}", what=value_name(t, value))
    if value == "present":
        return slot_name(t, slot)
    if kind == "type":
        return value_name(t, value)
    thing = slot_name(t, region) if region.startswith("carry.") else t(f"phrase.{region}")
    if kind == "colour":
        return t("phrase.of", thing=thing, what=shaded(t, value, modifier))
    quality = value_name(t, value) if value == "plain" else t(f"phrase.{kind}.{value}")
    return t("phrase.of", thing=thing, what=quality)


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

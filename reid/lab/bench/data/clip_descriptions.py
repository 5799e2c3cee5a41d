"""Sentences asked of clips: of people who are in none of them, and of some who are there."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Final, Literal

Half = Literal["dev", "held", "all"]

HALVES: Final[tuple[Half, ...]] = ("dev", "held", "all")
"""Settings were chosen on the first; the second was asked when they were fixed."""

_FILE: Final = "clip_descriptions.toml"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A description, and the language it is in (two letters)."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class ClipDescriptions:
    """What is asked.

    Attributes:
        absent: of people who are in none of the known clips.
        present: name of a clip, or of a folder of clips → of people who are there.
    """

    absent: tuple[Sentence, ...]
    present: dict[str, tuple[Sentence, ...]]


def read_clip_descriptions(half: Half = "all") -> ClipDescriptions:
    """Read the sentences that come with the benchmark; of absent people one half, or all."""
    text = resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    data = tomllib.loads(text)
    halves = ("dev", "held") if half == "all" else (half,)
    return ClipDescriptions(
        tuple(one for name in halves for one in _sentences(data["absent"][name])),
        {clip: _sentences(said) for clip, said in data["present"].items()},
    )


def _sentences(by_language: dict[str, list[str]]) -> tuple[Sentence, ...]:
    return tuple(Sentence(text, lang) for lang, texts in by_language.items() for text in texts)

"""Places that were said ("by the gift shop", "am Karussell") → cameras of the venue.

A phrase is compared with what cameras are called, their id and name, and with the kinds of place
that they look at, over five languages and with a letter wrong here and there. Of what it names,
sightings nearby count more, as far as somebody could have walked by then, and none is ruled out.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import PolicyError
from reid.core.reading import read_toml
from reid.desk.policy import Policy
from reid.desk.reach import distances
from reid.rank.nearest import Places, instant

SAME_WORD: Final = 0.84
"""Likeness of two words, of five letters and more, from which one is the other misspelt."""

KIND_ONLY: Final = 0.5
"""What it is worth that a camera looks at such a kind of place, and is called something else."""

AS_GOOD: Final = 0.15
"""Cameras that fit a phrase by so much less than the best are meant as well."""

BELIEVED: Final = 0.6
"""How often the person was near where they are said to have been last."""

MOST: Final = 1.5
"""Nats that a place said adds at most."""

NEAR_M: Final = 30.0
"""Metres around a camera that are near it whatever the time."""

UNMEASURED_M: Final = 100.0
"""Metres between two cameras of which no plan tells how far apart they are."""

UNTIMED_S: Final = 180.0
"""Seconds of walking that are allowed for where no time was said."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Concept:
    """A thing that places are called after, the kind of place that it is, and its words."""

    name: str
    kind: str
    words: tuple[str, ...]


def cameras_named(phrase: str, policy: Policy) -> tuple[str, ...]:
    """Return the cameras that a phrase names, those that fit best; none where it names none."""
    said = _plain(phrase)
    if not said:
        return ()
    fits = {name: _fit(said, name, policy) for name in policy.cameras}
    best = max(fits.values(), default=0.0)
    if best < KIND_ONLY:
        return ()
    return tuple(name for name, fit in fits.items() if fit >= max(KIND_ONLY, best - AS_GOOD))


def place_nats(
    named: Sequence[str], policy: Policy, places: Places, seen_at: datetime | None
) -> Doubles | None:
    """Return what N sightings gain or lose, float64 (N,), in nats, by how near they are.

    With K falling off with the way there, over what can be walked in the time between,
    LR = 1 - `BELIEVED` + `BELIEVED` · K ÷ mean of K: whoever is elsewhere loses little.

    Args:
        named: cameras near which the person is said to have been.
        seen_at: when that was, if anybody said.
    """
    codes = {name: i for i, name in enumerate(places.names)}
    known = [name for name in named if name in policy.cameras]
    if not known or not len(places.codes):
        return None
    ways = np.array([_way(camera, known, policy) for camera in places.names])
    reach = NEAR_M + policy.plan.walk_m_per_s * _apart(places, seen_at)
    near = np.exp(-ways[places.codes] / reach)
    share = near.mean()
    if not share or not any(name in codes for name in known):
        return None
    return np.asarray(np.minimum(np.log(1 - BELIEVED + BELIEVED * near / share), MOST))


def _way(camera: str, named: Sequence[str], policy: Policy) -> float:
    """Return the metres from a camera to the nearest of those named."""
    if camera in named:
        return 0.0
    return min(distances(policy, one).get(camera, UNMEASURED_M) for one in named)


def _apart(places: Places, seen_at: datetime | None) -> Doubles:
    """Return the seconds (N,) between each sighting and when the person was last seen."""
    if seen_at is None:
        return np.full(len(places.codes), UNTIMED_S)
    moment = instant(seen_at)
    before = (moment - places.end) / np.timedelta64(1, "s")
    after = (places.start - moment) / np.timedelta64(1, "s")
    return np.asarray(np.maximum(0.0, np.maximum(before, after)), np.float64)


def _fit(said: str, camera: str, policy: Policy) -> float:
    """Return how well a phrase names a camera, in [0, 1]."""
    about = policy.cameras[camera]
    called = _plain(f"{about.name or ''} {camera.replace('-', ' ').replace('_', ' ')}")
    own = _shared(said, called)
    spoken = _concepts(said)
    same = {one.name for one in spoken} & {one.name for one in _concepts(called)}
    if same - _PLAIN_KINDS or (same and len(spoken) == 1):
        own = max(own, 0.95)
    if any(one.kind == about.place for one in spoken):
        own = max(own, KIND_ONLY)
    return own


def _shared(said: str, called: str) -> float:
    """Return the share of a phrase's own words that a name has too, misspelt or not."""
    if _is_chinese(said):
        names = [word for word in called.split() if len(word) > 1 and _is_chinese(word)]
        return 1.0 if any(name in said or said in name for name in names) else 0.0
    wanted = _content(said)
    if not wanted:
        return 0.0
    names = _content(called)
    hits = [max((_alike(word, name) for name in names), default=0.0) for word in wanted]
    return sum(hits) / len(hits)


def _alike(word: str, name: str) -> float:
    if word == name:
        return 1.0
    if min(len(word), len(name)) < 5:
        return 0.0
    ratio = SequenceMatcher(None, word, name).ratio()
    return ratio if ratio >= SAME_WORD else 0.0


def _concepts(text: str) -> list[_Concept]:
    """Return the things that a phrase names, the longest words first, each word once."""
    found: list[_Concept] = []
    rest = f" {text} "
    for word, concept in _by_length():
        taken = _find(word, rest)
        if taken is not None:
            rest = rest.replace(taken, " ")
            found.append(concept)
    return found


def _find(word: str, text: str) -> str | None:
    """Return the part of a text that is a word, or a misspelling of one."""
    if _is_chinese(word):
        return word if word in text else None
    if f" {word} " in text:
        return word
    if " " in word or len(word) < 5:
        return None
    return next((one for one in text.split() if _alike(one, word)), None)


@cache
def _by_length() -> tuple[tuple[str, _Concept], ...]:
    pairs = [(word, concept) for concept in _table() for word in concept.words]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


@cache
def _table() -> tuple[_Concept, ...]:
    return tuple(_read(_loaded()))


@cache
def _loaded() -> dict[str, dict[str, str]]:
    return read_toml(Path(__file__).with_name("place_words.toml"), PolicyError)


def _read(table: dict[str, dict[str, str]]) -> Iterator[_Concept]:
    for kind, concepts in table.items():
        if kind == _FILLING:
            continue
        for name, words in concepts.items():
            yield _Concept(name, kind, tuple(_plain(word) for word in words.split(",")))


_FILLING: Final = "filling"
"""Section with the words that name no place."""

_PLAIN_KINDS: Final = frozenset({"shop", "ride", "gate", "hall", "square", "train"})
"""Concepts that say no more than the kind of place."""


def _content(text: str) -> list[str]:
    return [word for word in text.split() if word not in _plain_filling()]


@cache
def _plain_filling() -> frozenset[str]:
    return frozenset(_plain(_loaded()[_FILLING][_FILLING]).split())


def _plain(text: str) -> str:
    """Return a phrase in lower case, without accents and punctuation."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", bare))


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)

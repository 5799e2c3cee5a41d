"""How long ago something was, where somebody said it so: "20 minutes ago" is 20."""

import re
from functools import lru_cache
from typing import Final

from reid.describe.context import value_of
from reid.describe.lexicon import Lexicon, load
from reid.describe.tokens import searchable

_UNITS: Final = {"second": 1 / 60, "minute": 1.0, "quarter": 15.0, "hour": 60.0}  # minutes
_AMOUNTS: Final = {"quarter_of": 0.25, "half": 0.5, "three_quarters": 0.75, "one": 1.0,
                   "one_and_half": 1.5, "two": 2.0, "few": 5.0}  # fmt: skip
_LONGEST: Final = 80  # characters of such a phrase


def minutes_ago(phrase: str, language: str) -> float | None:
    """Return how many minutes ago a phrase means, "just now" being 0; None where it names none.

    Of several numbers ("five or ten minutes") the last counts.
    """
    lexicon, low = load(language), searchable(phrase)
    if len(low) > _LONGEST or not lexicon.ago:
        return None
    if _pattern(lexicon.ago["now"]).search(low):
        return 0.0
    if not _pattern(lexicon.ago["marks"]).search(low):
        return None
    found = next(
        ((size, hit) for name, size in _UNITS.items() if (hit := _unit(lexicon, name, low))), None
    )
    if found is None:
        return None
    size, unit = found
    amount = _amount(low[: unit.start()], lexicon)
    if amount is None:
        return None
    half = lexicon.ago.get("and_half")
    more = 0.5 if half and _pattern(half).search(low, unit.end()) else 0.0
    return (amount + more) * size


def _unit(lexicon: Lexicon, name: str, low: str) -> re.Match[str] | None:
    return _pattern(lexicon.ago[name]).search(low) if name in lexicon.ago else None


def _amount(before: str, lexicon: Lexicon) -> float | None:
    """Read the amount that stands before a unit: the last, the longest of those that overlap."""
    said: list[tuple[int, int, float]] = [
        (hit.start(), -hit.end(), -value)
        for name, value in _AMOUNTS.items()
        if name in lexicon.ago
        for hit in _pattern(lexicon.ago[name]).finditer(before)
    ]
    numbers = [
        (hit.start(), -hit.end(), -float(value))
        for hit in _numeral(lexicon.language).finditer(before)
        if (value := value_of(hit[0], lexicon)) is not None
    ]
    amount: float | None = None
    read = 0
    for start, stop, minus in sorted([*said, *numbers]):
        if start >= read:
            amount, read = -minus, -stop
    return amount


@lru_cache(maxsize=8)
def _numeral(language: str) -> re.Pattern[str]:
    words = sorted((*load(language).numbers, r"\d{1,3}"), key=len, reverse=True)
    one = "(?:" + "|".join(word.replace(" ", "[ -]") for word in words) + ")"
    if language == "zh":
        return re.compile(one)
    return re.compile(rf"(?<!\w){one}(?:[ -]{one})?(?!\w)")


@lru_cache(maxsize=64)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)

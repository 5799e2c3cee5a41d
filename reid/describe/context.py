"""Where and when somebody was last seen, cut out of a description."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from reid.describe.items import Item
from reid.describe.lexicon import Lexicon, load
from reid.describe.tokens import searchable

AFTERNOON: Final = range(1, 8)
"""Hours said without "am" or "pm" that mean the afternoon: venues are shut at four at night."""

LONGEST_PLACE: Final = 8
"""Words in the phrase of a place."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A time that was said, and the character span that says it."""

    value: str
    start: int
    stop: int


def find_time(text: str, lexicon: Lexicon) -> Spoken | None:
    """Return the first time said, as HH:MM for a clock time, else the phrase."""
    low = searchable(text)
    patterns = _patterns(lexicon.language)
    best: Spoken | None = None
    for pattern, clock in patterns:
        found = pattern.search(low)
        if found is None:
            continue
        value = _clock(found, lexicon) if clock else text[slice(*found.span("said"))].strip()
        if value is not None and (best is None or found.start() < best.start):
            best = Spoken(value, found.start(), found.end())
    return best


@lru_cache(maxsize=8)
def _patterns(language: str) -> list[tuple[re.Pattern[str], bool]]:
    lexicon = load(language)
    words = sorted((*lexicon.numbers, r"\d{1,2}"), key=len, reverse=True)
    words = [word.replace(" ", "[ -]") for word in words]
    number = "(?:" + "|".join(words) + ")"
    edge = ("", "") if language == "zh" else (r"(?<!\w)", r"(?!\w)")
    before = "|".join(
        re.escape(w.strip())
        for w in sorted(lexicon.time.get("before", "").split(","), key=len, reverse=True)
        if w.strip()
    )
    space = "" if language == "zh" else " "
    lead = f"(?:(?:{before}){space}){{0,3}}" if before else ""
    compiled = []
    for clock, name in ((True, "clock"), (False, "phrases")):
        for pattern in lexicon.time.get(name, []):
            body = pattern.replace("{n}", number)
            compiled.append((re.compile(f"{edge[0]}{lead}(?P<said>{body}){edge[1]}"), clock))
    return compiled


def _clock(found: re.Match[str], lexicon: Lexicon) -> str | None:
    groups = {name: value for name, value in found.groupdict().items() if value is not None}
    if "noon" in groups:
        return "12:00"
    hour = 1 if "one" in groups else value_of(groups.get("h4") or groups.get("h", ""), lexicon)
    minute = value_of(groups.get("m") or groups.get("n") or "0", lexicon)
    if hour is None or minute is None:
        return None
    exact = "h4" in groups or groups.get("h", "").startswith("0")
    if "quarter" in groups:
        minute = 15
    if "threequarters" in groups:
        minute = 45
    if "half" in groups:
        minute = 30
    if "halfto" in groups:
        hour, minute = hour - 1, 30
    if "to" in groups and not _minutes(found, value_of(groups["to"], lexicon) or 0, hour):
        return None  # "four to five years", "fifteen to seventeen"
    if "to" in groups or "quarterto" in groups:
        back = 15 if "quarterto" in groups else value_of(groups["to"], lexicon) or 0
        hour, minute = hour - 1, 60 - back
    if ("pm" in groups and hour < 12) or ("am" not in groups and not exact and hour in AFTERNOON):
        hour += 12
    elif "am" in groups and hour == 12:
        hour = 0
    if not (0 <= hour < 24 and 0 <= minute < 60):
        return None
    return f"{hour:02d}:{minute:02d}"


def _minutes(found: re.Match[str], minute: int, hour: int) -> bool:
    """Whether two numbers are minutes and an hour: fives, unless minutes are named."""
    return (minute % 5 == 0 and hour <= 12) or "min" in found[0]


def value_of(word: str, lexicon: Lexicon) -> int | None:
    """Return the number that a numeral means, or None."""
    word = word.strip()
    if word.isdigit():
        return int(word)
    number = lexicon.numbers.get(word.replace("'", "").replace("-", " "))
    if number is None and " " in word:
        parts = [lexicon.numbers.get(part) for part in word.split()]
        known = [part for part in parts if part is not None]
        number = sum(known) if len(known) == len(parts) else None
    return None if number is None else int(number)


def find_place(
    items: list[Item], text: str, spans: list[tuple[int, int]]
) -> tuple[str | None, list[Item]]:
    """Return the phrase of the place, and the items without it; `spans` are the tokens'."""
    for i, item in enumerate(items):
        named = _named_at(items, i)
        if not named and ("place" not in item.roles or item.senses):
            continue
        stop = _place_end(items, i - 1 if named else i)
        if stop is None:
            continue
        first = i + 1 if "bare" in item.roles and not named else i
        place = text[spans[items[first].start][0] : spans[items[stop - 1].stop - 1][1]]
        return place, [*items[:i], *(item.used() for item in items[i:stop]), *items[stop:]]
    return None, items


def _named_at(items: list[Item], i: int) -> bool:
    """Whether a place is named without a preposition: "last seen: platform 4"."""
    start = i if "spots" in items[i].roles else i + 1 if "the" in items[i].roles else len(items)
    if start >= len(items) or "spots" not in items[start].roles or "place" in items[i].roles:
        return False
    before = items[i - 1] if i else None
    if before is not None and before.value in {":", "：", ","} and i > 1:
        before = items[i - 2]
    return before is not None and "seen" in before.roles


def _place_end(items: list[Item], i: int) -> int | None:
    """Return the item after the phrase of a place that begins with the preposition at `i`."""
    weak = items[i].text.lower() in {"in", "on", "to", "from", "into", "inside", "under", "round",
                                     "around", "through", "by", "over"}  # fmt: skip
    seen = any("seen" in item.roles for item in items[max(0, i - 4) : i])
    found = None
    for j in range(i + 1, min(len(items), i + 1 + LONGEST_PLACE)):
        item = items[j]
        after = item.kind == "number" or "place_after" in item.roles
        if "spots" in item.roles or (found == j and after):
            if weak and not seen and _thing_at(items, j + 1):
                return None  # "in school uniform" is no place
            found = j + 1
        elif item.kind in {"break", "gap", "age"} or "people" in item.senses:
            break
        elif item.kind == "unknown" and (not weak or seen or item.text[:1].isupper()):
            found = j + 1
        elif item.senses and not item.roles and j + 1 < len(items):
            if not _spot_ahead(items, j):
                break
        elif found is not None and item.roles & {"until", "in", "with", "companion", "and"}:
            if not ("and" in item.roles and _spot_ahead(items, j)):
                break
        elif found is None and item.roles & {"until"} and not item.roles & {"skip"}:
            break
    return found


def _thing_at(items: list[Item], j: int) -> bool:
    """Whether a thing is named here, so that the word before it only says which kind."""
    if j >= len(items) or "place_after" in items[j].roles:
        return False
    return items[j].kind == "unknown" or bool(items[j].senses.keys() & {"motifs", "values"})


def _spot_ahead(items: list[Item], j: int) -> bool:
    for item in items[j + 1 : j + 3]:
        if "spots" in item.roles:
            return True
        if item.kind == "break":
            return False
    return False

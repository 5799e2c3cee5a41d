"""Ages and heights in items: "about six", "6yo", "in his forties", "18 months", "5ft 10"."""

from typing import Final

from reid.core import vocabulary
from reid.describe.items import Item
from reid.describe.lexicon import Lexicon

LOOK_BACK: Final = 4
"""Items before a number that tell whether it is an age."""

EDGE: Final = 2
"""An "about" age this near to another band leaves the band in doubt too."""

FOOT_CM, INCH_CM = 30.48, 2.54
TALL_CM: Final = {"male": 183, "female": 171}
SHORT_CM: Final = {"male": 168, "female": 158}
"""From (below) this height an adult counts as tall (short)."""

_BEFORE_AN_AGE: Final = frozenset({"about", "skip", "copula", "think", "hedge"})

PAUSES: Final = ".,;!\n…，、。；！"
"""Marks between which a number by itself is an age."""

GROWN: Final = 15
"""Years from which a height is judged as an adult's; below, 77 cm + 6 cm a year is usual."""


def join_ages(items: list[Item], lexicon: Lexicon) -> list[Item]:
    """Return the items with every age said as one item of kind "age"."""
    out: list[Item] = []
    i = 0
    while i < len(items):
        height = _height(items, i, lexicon)
        found = height or _decade(items, i, lexicon) or _age(items, i, out)
        if found is None:
            out.append(items[i])
            i += 1
            continue
        value, width = found
        first, last = items[i], items[i + width - 1]
        kind = "height" if height else "age"
        out.append(Item(kind, first.start, last.stop, first.text, value=value))
        i += width
    return out


def _age(items: list[Item], i: int, before: list[Item]) -> tuple[str, int] | None:
    """Read a number at `i` as an age, if what stands around it says that it is one."""
    number = items[i]
    if number.kind != "number" or not isinstance(number.value, float):
        return None
    years, width = [number.value], 1
    if _is(items, i + 1, "or", "to") or _mark(items, i + 1, "/-–"):
        second = items[i + 2] if i + 2 < len(items) else None
        if second is not None and second.kind == "number" and isinstance(second.value, float):
            years.append(second.value)
            width = 3
    beside = _value(items, i + 1)
    if width == 1 and beside == number.value + 1 and beside < 10:  # 七八岁: seven or eight
        years.append(beside)
        width = 2
    if _is(items, i + width, "half"):
        width += 1
    unit = next((r for r in ("months", "age") if _is(items, i + width, r)), None)
    about = _lookback(before, "about")
    one = number.value == 1 and not number.text.isdigit()
    if unit is None and (one or "a" in number.roles):
        return None
    if unit is None and not _said_of_person(before, items, i + width):
        return None
    if unit == "months":
        years = [y / 12 for y in years]
    width += unit is not None
    if unit is not None and _is(items, i + width, "about") and not _is(items, i + width + 1, "age"):
        about, width = True, width + 1
    elif unit is None and _is(items, i + width, "about") and _is(items, i + width, "hedge"):
        about, width = True, width + 1  # "twenty-five or so"
    years = [float(int(y)) for y in years]
    if any(not 0 <= y <= vocabulary.MAX_YEARS for y in years):
        return None
    return spoken(years, about=about), width


def spoken(years: list[float], *, about: bool) -> str:
    """Return an age as the value of an item: traits, with "?" where they are in doubt."""
    doubt = "?" if about or len(years) > 1 else ""
    bands = list(dict.fromkeys(vocabulary.age_band(y) for y in years))
    near = {vocabulary.age_band(max(0, y + d)) for y in years for d in (-EDGE, EDGE)}
    band_doubt = "?" if doubt and len(near | set(bands)) > 1 else ""
    numbers = "|".join(f"{y:.0f}" for y in years)
    return f"body.age{band_doubt}={'|'.join(bands)} body.age_years{doubt}={numbers}"


def _said_of_person(before: list[Item], items: list[Item], after: int) -> bool:
    """Whether a bare number is an age: "boy, 6", "aged about six", "girl (7)"."""
    if (before and "size" in before[-1].roles) or _of_something(items, after):
        return False  # "gate seven", "size twelve"
    if _alone(before, items, after):
        return not _numbered(before, items, after)
    if before and before[-1].roles & {"he", "she", "they"}:
        return after >= len(items) or not items[after].senses
    for item in reversed(before[-LOOK_BACK:]):
        if "aged" in item.roles and not item.senses:
            return True
        if "people" in item.senses or "body" in item.senses or "refused" in item.senses:
            return True
        if item.roles & {"he", "she"} and not item.senses:
            return True
        if "again" in item.roles and _ends(items, after):
            return True
        if item.kind == "break" and item.value in set(",(-–:/，（"):
            continue
        if not item.roles & _BEFORE_AN_AGE and item.kind != "unknown":
            return False
    return len(before) <= LOOK_BACK and (_ends(items, after) or bool(items[after].senses))


def _of_something(items: list[Item], after: int) -> bool:
    """Whether what follows a number says that it counts or names something else."""
    if after >= len(items):
        return False
    following = items[after]
    if following.kind in {"unknown", "number"} or following.senses.keys() & {"things", "people"}:
        return True
    if following.kind == "break" and following.value in {":", "%", "'", '"', "£", "$"}:
        return True
    return _counts(items, after)


def _alone(before: list[Item], items: list[Item], after: int) -> bool:
    """Whether a number is a phrase of its own: "… blue shorts, about twelve"."""
    opening = next((x for x in reversed(before) if not x.roles & _BEFORE_AN_AGE), None)
    starts = opening is None or (opening.kind == "break" and str(opening.value) in PAUSES)
    numbering = any("pattern_nouns" in x.senses for x in before[-LOOK_BACK - 2 :])
    counted = after + 1 < len(items) and items[after + 1].kind == "number"
    ends = after >= len(items) or _mark(items, after, PAUSES)
    return starts and ends and not numbering and not counted


def _counts(items: list[Item], after: int) -> bool:
    """Whether what follows is carried, so that the number counts it: "two red bags"."""
    for item in items[after : after + 3]:
        if "things" in item.senses:
            several = item.text.lower().endswith(("s", "en"))
            return several and item.senses["things"].startswith("carry")
        if not item.senses.keys() & {"colours", "shades", "patterns", "sizes"}:
            return False
    return False


def _numbered(before: list[Item], items: list[Item], after: int) -> bool:
    """Whether a number only counts the lines of a list: "1. red coat"."""
    first = not before or before[-1].value == "\n"
    return first and after < len(items) and items[after].value in {".", ")"}


def _ends(items: list[Item], i: int) -> bool:
    return i >= len(items) or items[i].kind == "break"


def _decade(items: list[Item], i: int, lexicon: Lexicon) -> tuple[str, int] | None:
    """Read "forties", "30s"."""
    item = items[i]
    decade = lexicon.decades.get(item.text.lower())
    width = 1
    if decade is None and item.kind == "number" and isinstance(item.value, float):
        s = items[i + 1] if i + 1 < len(items) else None
        odd = s is not None and (s.text.lower() == "s" or "odd" in s.roles)
        part = i > 0 and "part" in items[i - 1].roles  # "Mitte dreißig"
        if (odd or part) and item.value % 10 == 0 and item.value:
            decade, width = item.value, 2 if odd else 1
            if _is(items, i + width, "age"):
                width += 1
    if decade is None:
        return None
    return f"body.age={vocabulary.age_band(decade + 5)}", width


def _height(items: list[Item], i: int, lexicon: Lexicon) -> tuple[str, int] | None:
    """Read "5 ft 10", "5'10", "175 cm", "1.75 m", "1 m 75" as a height in centimetres."""
    first = _value(items, i)
    if first is None or i + 1 >= len(items):
        return None
    unit = _unit(items[i + 1], lexicon)
    rest = _value(items, i + 2)
    if unit == "cm" and 50 <= first <= 230:
        return f"height={first:.0f}", 2
    if unit == "foot" and 2 <= first <= 7:
        inches = rest if rest is not None and rest < 12 else 0.0
        width = 3 if inches else 2
        if inches and i + 3 < len(items) and _unit(items[i + 3], lexicon) == "inch":
            width = 4
        return f"height={first * FOOT_CM + inches * INCH_CM:.0f}", width
    if unit == "m" and 0.5 <= first <= 2.3:
        whole = first == int(first)
        if whole and rest is not None and 1 <= rest <= 99:
            return f"height={first * 100 + (rest if rest >= 10 else 10 * rest):.0f}", 3
        return None if whole else (f"height={first * 100:.0f}", 2)
    return None


def height_value(cm: float, sex: str | None, years: float | None) -> str:
    """Return the value of ``body.height`` for a height, among people of that age and sex."""
    if years is not None and years < GROWN:
        usual = 77 + 6 * years
        return "tall" if cm > 1.07 * usual else "short" if cm < 0.93 * usual else "medium"
    tall = TALL_CM.get(sex or "", max(TALL_CM.values()))
    short = SHORT_CM.get(sex or "", min(SHORT_CM.values()))
    return "tall" if cm >= tall else "short" if cm < short else "medium"


def _value(items: list[Item], i: int) -> float | None:
    if i < len(items) and items[i].kind == "number" and isinstance(items[i].value, float):
        return float(str(items[i].value))
    return None


def _unit(item: Item, lexicon: Lexicon) -> str | None:
    if item.kind == "break":
        return {"'": "foot", "’": "foot", "′": "foot", '"': "inch", "″": "inch"}.get(
            str(item.value)
        )
    return lexicon.units.get(item.text.lower())


def _is(items: list[Item], i: int, *roles: str) -> bool:
    return i < len(items) and bool(items[i].roles & set(roles))


def _mark(items: list[Item], i: int, marks: str) -> bool:
    return i < len(items) and items[i].kind == "break" and str(items[i].value) in marks


def _lookback(before: list[Item], role: str) -> bool:
    return any(role in item.roles for item in before[-2:])

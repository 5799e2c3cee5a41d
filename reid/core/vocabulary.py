"""The attributes of an appearance: slots, values, which are body-derived, which are refused.

One vocabulary serves the parser, the models, the store, the labels of synthetic people and the
screens. A *slot* is a question ("upper.colour"), a *value* one answer ("red"), and a *column* one
(slot, value) pair: the probability matrices of `reid.core.records.Sightings` have one column each,
in the order of `ATTRIBUTE_COLUMNS` and `BODY_COLUMNS`.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

COLOURS: Final = (
    "black", "white", "grey", "red", "orange", "yellow", "green",
    "blue", "purple", "pink", "brown", "beige", "multicolour",
)  # fmt: skip
PATTERNS: Final = ("plain", "striped", "plaid", "spotted", "floral", "graphic")
UPPER_TYPES: Final = (
    "t-shirt", "shirt", "polo", "sweater", "hoodie", "jacket",
    "coat", "vest", "suit", "dress", "costume",
)  # fmt: skip
CARRIED: Final = (
    "backpack", "shoulder-bag", "handbag", "plastic-bag", "suitcase",
    "umbrella", "toy", "balloon", "pushchair",
)  # fmt: skip
BAGS: Final = ("backpack", "shoulder-bag", "handbag", "plastic-bag", "suitcase")

PARTS: Final = ("head", "upper", "lower", "feet", "carried")
"""Body parts whose visibility is recorded, in the column order of `Sightings.visible`."""

REFUSED: Final = (
    "race", "skin", "religion", "disability", "tattoo", "face", "gait", "emotion",
)  # fmt: skip
"""Kinds of trait that are never searched nor estimated."""

NEVER_ESTIMATED: Final = ("eyes.type",)
"""Slots that may be said but cannot be read off redacted pixels."""

YEARS_SLOT: Final = "body.age_years"
"""The one slot whose value is a number, not a word."""

MAX_YEARS: Final = 120

AGE_BANDS: Final = (("child", 0, 12), ("teen", 13, 19), ("adult", 20, 59), ("older", 60, MAX_YEARS))
"""Age band, first year, last year (both inclusive)."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One question about an appearance.

    Attributes:
        name: e.g. ``"upper.colour"``.
        values: every answer, in fixed order; empty for `YEARS_SLOT`.
        part: the body part (of `PARTS`) that must be seen to answer.
        body_derived: read off the body, not off clothes; policy decides about its use.
        several: whether more than one value can hold at once (colours).
    """

    name: str
    values: tuple[str, ...]
    part: str
    body_derived: bool = False
    several: bool = False


def _slots() -> tuple[Slot, ...]:
    slots: list[Slot] = []

    def add(name: str, values: tuple[str, ...], part: str, **flags: bool) -> None:
        slots.append(Slot(name, values, part, **flags))

    add("upper.type", UPPER_TYPES, "upper")
    add("upper.colour", COLOURS, "upper", several=True)
    add("upper.pattern", PATTERNS, "upper")
    add("upper.sleeve", ("none", "short", "long"), "upper")
    add("outer.type", UPPER_TYPES, "upper")
    add("outer.colour", COLOURS, "upper", several=True)
    add("outer.pattern", PATTERNS, "upper")
    add("lower.type", ("trousers", "jeans", "leggings", "shorts", "skirt"), "lower")
    add("lower.colour", COLOURS, "lower", several=True)
    add("lower.pattern", PATTERNS, "lower")
    add("lower.length", ("short", "long"), "lower")
    add("feet.type", ("sneakers", "sandals", "boots", "shoes"), "feet")
    add("feet.colour", COLOURS, "feet", several=True)
    add("head.type", ("cap", "hat", "hood", "helmet", "covering"), "head")
    add("head.colour", COLOURS, "head", several=True)
    add("eyes.type", ("glasses", "sunglasses"), "head")
    add("neck.type", ("scarf",), "upper")
    add("neck.colour", COLOURS, "upper", several=True)
    for thing in CARRIED:
        add(f"carry.{thing}", ("present",), "carried")
        add(f"carry.{thing}.colour", COLOURS, "carried", several=True)
    add("hair.length", ("short", "long", "bald"), "head", body_derived=True)
    add("hair.colour", COLOURS, "head", body_derived=True, several=True)
    add("body.age", ("child", "teen", "adult", "older"), "upper", body_derived=True)
    add(YEARS_SLOT, (), "upper", body_derived=True)
    add("body.build", ("slim", "medium", "heavy"), "upper", body_derived=True)
    add("body.height", ("short", "medium", "tall"), "upper", body_derived=True)
    add("body.sex", ("female", "male"), "upper", body_derived=True)
    return tuple(slots)


SLOTS: Final[dict[str, Slot]] = {slot.name: slot for slot in _slots()}


class Column(NamedTuple):
    """One column of a probability matrix."""

    slot: str
    value: str


def _columns(*, body_derived: bool) -> tuple[Column, ...]:
    return tuple(
        Column(slot.name, value)
        for slot in SLOTS.values()
        if slot.body_derived is body_derived and slot.name not in NEVER_ESTIMATED
        for value in slot.values
    )


ATTRIBUTE_COLUMNS: Final = _columns(body_derived=False)
"""Columns of `Sightings.attributes`: everything worn and carried."""

BODY_COLUMNS: Final = _columns(body_derived=True)
"""Columns of `Sightings.body`: everything read off the body itself."""

ATTRIBUTE_INDEX: Final = {column: i for i, column in enumerate(ATTRIBUTE_COLUMNS)}
BODY_INDEX: Final = {column: i for i, column in enumerate(BODY_COLUMNS)}
PART_INDEX: Final = {part: i for i, part in enumerate(PARTS)}


def told_from(slot: str) -> tuple[str, ...]:
    """Return the body parts, one or two, of which any serves to answer a slot, its own first."""
    return ("upper", "lower") if slot.startswith("body.") else (SLOTS[slot].part,)


def is_valid(slot: str, value: str | float) -> bool:
    """Whether `slot` is in the vocabulary and `value` one of its answers."""
    if slot == YEARS_SLOT:
        return isinstance(value, (int, float)) and 0 <= value <= MAX_YEARS
    return slot in SLOTS and value in SLOTS[slot].values


def age_band(years: float) -> str:
    """Return the value of ``body.age`` for an age in years."""
    for band, _, last in AGE_BANDS:
        if years < last + 1:
            return band
    return AGE_BANDS[-1][0]

"""What has been said of one person so far: drafts that the reading still changes."""

from dataclasses import dataclass, field
from typing import Final

from reid.core import vocabulary
from reid.core.records import Modifier

Values = tuple[str, ...]

LAYERS: Final = {
    "t-shirt": 1, "vest": 1, "polo": 1, "dress": 1, "costume": 1, "shirt": 2, "sweater": 3,
    "hoodie": 3, "suit": 3, "jacket": 4, "coat": 5,
}  # fmt: skip
"""How far out a garment is usually worn."""

WHOLE_KIT: Final = -1
"""The layer of what is no garment but all of them ("full Arsenal kit")."""


@dataclass(slots=True)
class Mod:
    """Something said of a thing.

    Attributes:
        kind: "colour", "pattern", "sleeve", "size", "shade" or "denim".
        values: alternatives of one word (teal: green, blue).
        hair: the same word's values when said of hair.
        shade: of a colour.
        either: alternative to the colour before it ("red or orange").
        legs: a word for "short" that makes shorts of trousers ("kurze Hose").
    """

    kind: str
    values: Values
    text: str = ""
    hair: Values = ()
    shade: Modifier | None = None
    unsure: bool = False
    negated: bool = False
    either: bool = False
    legs: bool = False


@dataclass(slots=True)
class Frame:
    """One thing worn or carried.

    Attributes:
        slots: slot → alternatives, as the lexicon has it; a bare region has no alternatives.
        layer: how far out it is worn.
        mods: what describes it.
        dropped: it is no thing of its own after all.
        forgotten: the speaker does not know what it was like.
        alternative: the thing that this is an alternative to.
        beneath: the thing that it is said to be worn under.
    """

    slots: dict[str, Values]
    text: str = ""
    layer: int = 0
    mods: list[Mod] = field(default_factory=list)
    unsure: bool = False
    negated: bool = False
    dropped: bool = False
    forgotten: bool = False
    alternative: "Frame | None" = None
    outermost: bool = False
    innermost: bool = False
    order: int = 0

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that it covers, e.g. ("upper",) or ("carry.backpack",)."""
        return tuple(dict.fromkeys(region(slot) for slot in self.slots))

    def colours(self) -> list[Mod]:
        """Return the colours said of it."""
        return [mod for mod in self.mods if mod.kind == "colour"]

    def coloured(self) -> bool:
        """Whether it has a colour, if only "dark"."""
        return any(mod.kind in {"colour", "shade", "denim"} for mod in self.mods)

    def gone(self) -> bool:
        """Whether nothing is asked of it."""
        return self.dropped or self.forgotten

    def described(self) -> bool:
        """Whether it has a colour, a shade or a pattern."""
        return any(mod.kind in {"colour", "pattern", "shade", "denim"} for mod in self.mods)


def region(slot: str) -> str:
    """Return what a slot is about: "upper.type" → "upper", "carry.toy" → "carry.toy"."""
    parts = slot.split(".")
    return ".".join(parts[:2]) if parts[0] == "carry" else parts[0]


def parse_thing(meaning: str) -> tuple[dict[str, Values], int]:
    """Read the meaning of a thing in a lexicon: ``"upper.type=vest layer=4"``."""
    slots: dict[str, Values] = {}
    layer = 0
    for part in meaning.split():
        name, _, value = part.partition("=")
        if part[0] == "+":
            continue
        if name == "layer":
            layer = int(value)
            continue
        values = tuple(value.split("|")) if value else ()
        for slot in name.split("|"):
            slots[slot] = values
    types = next((values for slot, values in slots.items() if slot == "upper.type"), ())
    return slots, layer or max((LAYERS[value] for value in types), default=1)


def parse_look(meaning: str) -> list[Mod]:
    """Return what the name of a thing says of its look: ``"… +denim"`` of jorts."""
    mods: list[Mod] = []
    for word in (part[1:] for part in meaning.split() if part[0] == "+"):
        kind = "denim" if word == "denim" else "colour" if word in vocabulary.COLOURS else "pattern"
        mods.append(Mod(kind, (word,)))
    return mods


@dataclass(slots=True)
class Trait:
    """One thing said of the body.

    Attributes:
        exact: as a number, which overrules a word like "girl".
        weak: only likely ("my son": a child), which anything else overrules.
    """

    slot: str
    values: tuple[str | float, ...]
    unsure: bool = False
    negated: bool = False
    exact: bool = False
    weak: bool = False


@dataclass(slots=True)
class Person:
    """Somebody in the description.

    Attributes:
        named: a word for the person was said ("boy").
        kin: by a word for somebody's elder or friend ("dad").
        child: by a word for somebody's child ("son").
        beside: named as somebody's company ("with his dad"); `called` by which word.
        start, stop: token span of what is said, for a companion.
    """

    sex: str | None = None
    frames: list[Frame] = field(default_factory=list)
    traits: list[Trait] = field(default_factory=list)
    named: bool = False
    kin: bool = False
    child: bool = False
    beside: bool = False
    called: str = ""
    start: int = 0
    stop: int = 0

"""What has been said of one person so far: things with what describes them, and traits."""

from dataclasses import dataclass, field
from typing import Final

from reid.core import vocabulary
from reid.core.records import Certainty, Modifier, Wish

Values = tuple[str, ...]

LAYERS: Final = {
    "t-shirt": 1, "vest": 1, "polo": 1, "dress": 1, "costume": 1, "shirt": 2, "sweater": 3,
    "hoodie": 3, "suit": 3, "jacket": 4, "coat": 5,
}  # fmt: skip
"""How far out a garment is usually worn."""

WHOLE_KIT: Final = -1
"""The layer of what is no garment but all of them ("full Arsenal kit")."""

ALL_OVER: Final = "upper lower"
"""The text of a frame that only says what colour somebody is all over."""

COAT_LAYER: Final = 4
"""From here on a garment is worn over others."""

DARK_ALONE: Final = "black"
LIGHT_ALONE: Final = "white"
"""What a garment said only to be dark or light is searched as: an unsure colour so modified."""

WEIGHT_NOT_COLOUR: Final = frozenset({"jacket", "coat", "vest", "sweater", "suit"})
"""Garments of which a bare "light" may mean that they are thin."""


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
        start, stop: token span of what is said, for a companion.
    """

    sex: str | None = None
    frames: list[Frame] = field(default_factory=list)
    traits: list[Trait] = field(default_factory=list)
    named: bool = False
    kin: bool = False
    child: bool = False
    start: int = 0
    stop: int = 0


class Builder:
    """Turns what was said of one person into wishes."""

    def __init__(self, first_group: int = 0) -> None:
        self.wishes: list[Wish] = []
        self.group = first_group

    def build(self, person: Person) -> list[Wish]:
        """Return the wishes, things in the order said, the body last."""
        frames = _without_linings([frame for frame in person.frames if not frame.gone()])
        frames = _without_repeats(_without_denials(frames))
        chains = _chains(frames)
        outer = _outer(chains)
        for frame in frames:
            denim = any(mod.kind == "denim" for mod in frame.mods)
            legs = any(mod.legs and not mod.negated for mod in frame.mods)
            if legs and frame.slots.get("lower.type") == ("trousers",):
                frame.slots["lower.type"] = ("shorts",)
            if denim and frame.slots.get("lower.type") == ("trousers",):
                frame.slots["lower.type"] = ("jeans",)
        for chain in chains:
            self._chain(chain, "outer" if chain[0] in outer else None)
        for trait in _one_a_slot(person.traits):
            self._either(trait.slot, trait.values, trait.unsure, trait.negated)
        return list(dict.fromkeys(self.wishes))

    def _chain(self, chain: list[Frame], place: str | None) -> None:
        """Add a thing, or several that are alternatives to each other."""
        if len(chain) == 1:
            frame = chain[0]
            for slot, values in frame.slots.items():
                if values and not slot.startswith("carry."):
                    self._either(_at(slot, place), values, frame.unsure, frame.negated)
            self._carried([frame])
        else:
            self._alternatives(chain, place)
        for frame in chain:
            if not frame.negated:
                self._describe(frame, place)

    def _alternatives(self, chain: list[Frame], place: str | None) -> None:
        group = self._next()
        _merge_colours(chain)
        for frame in chain:
            for slot, values in frame.slots.items():
                if not slot.startswith("carry.") or values:
                    for value in values:
                        self._add(_at(slot, place), value, frame.unsure, frame.negated, group)

    def _carried(self, frames: list[Frame]) -> None:
        for frame in frames:
            slots = [slot for slot in frame.slots if slot.startswith("carry.")]
            group = self._next() if len(slots) > 1 and not frame.negated else None
            for slot in slots:
                self._add(slot, "present", frame.unsure, frame.negated, group)

    def _describe(self, frame: Frame, place: str | None) -> None:
        regions = [_at(r, place) for r in frame.regions]
        several = len(regions) > 1 and regions[0].startswith("carry.")
        for chain in _colour_chains(frame):
            for targets in [regions] if several else [[r] for r in regions]:
                self._colours(chain, targets, frame)
        for mod in frame.mods:
            for where in regions:
                self._other(mod, where, frame)

    def _colours(self, chain: list[Mod], regions: list[str], frame: Frame) -> None:
        entries = [
            (f"{where}.colour", value, mod)
            for where in regions
            for mod in chain
            for value in (mod.hair if where == "hair" and mod.hair else mod.values)
            if f"{where}.colour" in vocabulary.SLOTS
        ]
        ruled_out = frame.negated or all(mod.negated for mod in chain)  # neither, not either
        group = self._next() if len(entries) > 1 and not ruled_out else None
        for slot, value, mod in entries:
            unsure = mod.unsure or frame.unsure
            self._add(slot, value, unsure, mod.negated or frame.negated, group, mod.shade)

    def _other(self, mod: Mod, where: str, frame: Frame) -> None:
        slot = {"pattern": "pattern", "sleeve": "sleeve", "size": "length"}.get(mod.kind)
        name = f"{where}.{slot}"
        if slot is None or name not in vocabulary.SLOTS:
            return
        if where == "lower" and slot == "length" and "shorts" in frame.slots.get("lower.type", ()):
            return
        for value in mod.values:
            self._add(name, value, mod.unsure or frame.unsure, mod.negated)

    def _either(
        self, slot: str, values: tuple[str | float, ...], unsure: bool, negated: bool
    ) -> None:
        group = self._next() if len(values) > 1 else None
        for value in values:
            self._add(slot, value, unsure, negated, group)

    def _add(
        self,
        slot: str,
        value: str | float,
        unsure: bool,
        negated: bool = False,
        group: int | None = None,
        shade: Modifier | None = None,
    ) -> None:
        certainty: Certainty = "unsure" if unsure else "sure"
        if vocabulary.is_valid(slot, value):
            self.wishes.append(Wish(slot, value, certainty, negated, group, shade))

    def _next(self) -> int:
        self.group += 1
        return self.group - 1


def _at(slot: str, place: str | None) -> str:
    if place is None or not slot.startswith("upper"):
        return slot
    return place + slot.removeprefix("upper")


def _merge_colours(chain: list[Frame]) -> None:
    """Make "blue jeans or black jeans" jeans that are blue or black."""
    first = chain[0]
    for other in chain[1:]:
        colours = other.colours()
        if colours and first.colours() and other.regions == first.regions:
            colours[0].either = True
            first.mods.extend(colours)
            other.mods = [mod for mod in other.mods if mod.kind != "colour"]


def _without_linings(frames: list[Frame]) -> list[Frame]:
    """Leave out tights under a skirt: the vocabulary has one garment for the legs."""
    lower = [frame for frame in frames if "lower.type" in frame.slots and not frame.negated]
    covers = [f for f in lower if {"skirt", "shorts"} & set(f.slots["lower.type"])]
    return [
        frame
        for frame in frames
        if not (covers and frame in lower and frame.slots["lower.type"] == ("leggings",))
        or frame.alternative is not None
    ]


def _without_repeats(frames: list[Frame]) -> list[Frame]:
    """Leave out "in green" where a green garment is named: the same thing, said again."""
    named = [f for f in frames if f.slots.get("upper.type") and not f.negated]
    return [
        frame
        for frame in frames
        if frame.slots.keys() != {"upper"}
        or frame.text != "upper"
        or not any(_same_colours(frame, other) for other in named)
    ]


def _without_denials(frames: list[Frame]) -> list[Frame]:
    """Read "no black trousers, white trousers" as trousers that are white and not black.

    Likewise "a bag other than a rucksack" as any bag but that one.
    """
    kept: list[Frame] = []
    for frame in frames:
        said = [f for f in frames if not f.negated and f.slots.keys() & frame.slots.keys()]
        same = [f for f in said if f.slots == frame.slots]
        if frame.negated and frame.colours() and same:
            for mod in frame.colours():
                mod.negated = True
            same[0].mods.extend(frame.colours())
            continue
        for bag in said if frame.negated and frame.regions[0].startswith("carry.") else ():
            if len(bag.slots) > 1:
                bag.slots = {slot: v for slot, v in bag.slots.items() if slot not in frame.slots}
        kept.append(frame)
    return kept


def _same_colours(frame: Frame, other: Frame) -> bool:
    mine = [mod.values for mod in frame.colours()]
    return bool(mine) and all(values in [mod.values for mod in other.colours()] for values in mine)


def _chains(frames: list[Frame]) -> list[list[Frame]]:
    chains: list[list[Frame]] = []
    home: dict[int, list[Frame]] = {}
    for frame in frames:
        chain = home.get(id(frame.alternative)) if frame.alternative is not None else None
        if chain is None:
            chain = []
            chains.append(chain)
        chain.append(frame)
        home[id(frame)] = chain
    return chains


def _outer(chains: list[list[Frame]]) -> list[Frame]:
    """Return the first frame of the chain that is worn over another, if one is."""
    upper = [
        c
        for c in chains
        if "upper" in c[0].regions
        and c[0].layer != WHOLE_KIT
        and (len(c[0].regions) == 1 or c[0].text != ALL_OVER)
    ]
    worn = [c for c in upper if not c[0].negated]
    absent = [c[0] for c in upper if c[0].negated and c[0].layer >= COAT_LAYER]
    if len(worn) < 2:
        return absent if worn and _lightest(worn[0][0]) < COAT_LAYER else []
    single = [c for c in worn if len(c[0].regions) == 1]
    if not single:
        return []
    best = max(single, key=lambda c: (c[0].outermost, not c[0].innermost, c[0].layer, c[0].order))
    clear = best[0].outermost or any(c[0].innermost for c in worn if c is not best)
    rest = [c for c in worn if c is not best]
    if clear or all(c[0].layer < best[0].layer for c in rest):
        return [best[0]]
    return []


def _lightest(frame: Frame) -> int:
    """Return how far out the lightest garment that a thing may be is worn: of a fleece, 3."""
    types = frame.slots.get("upper.type", ())
    return min(frame.layer, *(LAYERS[v] for v in types)) if len(types) > 1 else frame.layer


def _colour_chains(frame: Frame) -> list[list[Mod]]:
    """Split the colours of a thing into runs of alternatives."""
    chains: list[list[Mod]] = []
    for mod in frame.colours() or _implied(frame):
        if mod.either and chains:
            chains[-1].append(mod)
        else:
            chains.append([mod])
    return chains


def _implied(frame: Frame) -> list[Mod]:
    """Return the colour that denim has, or that "dark" and "light" alone stand for."""
    shades = [mod for mod in frame.mods if mod.kind == "shade"]
    shade = shades[0].values[0] if shades else None
    modifier: Modifier | None = "dark" if shade == "dark" else "light" if shade else None
    unsure = any(mod.unsure for mod in shades)
    if any(mod.kind == "denim" for mod in frame.mods):
        return [Mod("colour", ("blue",), shade=modifier, unsure=unsure)]
    if modifier is None:
        return []
    if modifier == "light" and WEIGHT_NOT_COLOUR & {v for vs in frame.slots.values() for v in vs}:
        return []
    if any(value == "jeans" for values in frame.slots.values() for value in values):
        return [Mod("colour", ("blue",), shade=modifier, unsure=True)]
    alone = DARK_ALONE if modifier == "dark" else LIGHT_ALONE
    negated = shades[0].negated
    doubt = unsure or not negated  # "dark" may be navy or brown, but "not dark" is no doubt
    return [Mod("colour", (alone,), shade=modifier, unsure=doubt, negated=negated)]


def _one_a_slot(traits: list[Trait]) -> list[Trait]:
    """Keep the last age and sex said: an age in years overrules the band of the word "girl"."""
    kept: dict[tuple[str, bool], Trait] = {}
    for trait in traits:
        key = (trait.slot, trait.negated)
        known = kept.get(key)
        vague = trait.slot == "body.age" and trait.values == ("adult",)
        if trait.values == ("child",) and known is not None and known.values == ("teen",):
            continue  # "a teenage kid"
        if known is not None and trait.weak:
            continue
        if known is None or known.weak or trait.exact or not (known.exact or vague):
            kept[key] = trait
    return list(kept.values())

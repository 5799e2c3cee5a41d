"""The third step: what was read of a person → wishes in slots and values of the vocabulary."""

from dataclasses import replace
from typing import Final

from reid.core import vocabulary
from reid.core.records import Certainty, Modifier, Wish
from reid.describe.frames import LAYERS, WHOLE_KIT
from reid.describe.portrait import BodyTrait, Look, Portrait, Thing

ALL_OVER: Final = "upper lower"
"""The name of a thing that only says what colour somebody is all over."""

COAT_LAYER: Final = 4
"""From here on a garment is worn over others."""

DARK_ALONE: Final = "black"
LIGHT_ALONE: Final = "white"
"""What a garment said only to be dark or light is searched as: an unsure colour so modified."""

WEIGHT_NOT_COLOUR: Final = frozenset({"jacket", "coat", "vest", "sweater", "suit"})
"""Garments of which a bare "light" may mean that they are thin."""


class Builder:
    """Turns what was read of people into wishes; groups are numbered through all of them."""

    def __init__(self, first_group: int = 0) -> None:
        self.wishes: list[Wish] = []
        self.group = first_group

    def build(self, person: Portrait) -> tuple[Wish, ...]:
        """Return the wishes, things in the order said, the body last."""
        self.wishes = []
        things = _without_repeats(_without_denials(_without_linings(list(person.things))))
        chains = _chains([_named_by_look(thing) for thing in things])
        outer = _outer(chains)
        for chain in chains:
            self._chain(chain, "outer" if chain[0] in outer else None)
        for trait in _one_a_slot(person.traits):
            self._either(trait.slot, trait.values, trait.unsure, trait.negated)
        return tuple(dict.fromkeys(self.wishes))

    def _chain(self, chain: list[Thing], place: str | None) -> None:
        """Add a thing, or several that are alternatives to each other."""
        if len(chain) == 1:
            thing = chain[0]
            for slot, values in thing.slots.items():
                if values and not slot.startswith("carry."):
                    self._either(_at(slot, place), values, thing.unsure, thing.negated)
            self._carried(thing)
        else:
            chain = _merge_colours(chain)
            self._alternatives(chain, place)
        for thing in chain:
            if not thing.negated:
                self._describe(thing, place)

    def _alternatives(self, chain: list[Thing], place: str | None) -> None:
        group = self._next()
        for thing in chain:
            for slot, values in thing.slots.items():
                for value in values:
                    self._add(_at(slot, place), value, thing.unsure, thing.negated, group)

    def _carried(self, thing: Thing) -> None:
        slots = [slot for slot in thing.slots if slot.startswith("carry.")]
        group = self._next() if len(slots) > 1 and not thing.negated else None
        for slot in slots:
            self._add(slot, "present", thing.unsure, thing.negated, group)

    def _describe(self, thing: Thing, place: str | None) -> None:
        regions = [_at(r, place) for r in thing.regions]
        several = len(regions) > 1 and regions[0].startswith("carry.")
        for chain in _colour_chains(thing):
            for targets in [regions] if several else [[r] for r in regions]:
                self._colours(chain, targets, thing)
        for look in thing.looks:
            for where in regions:
                self._other(look, where, thing)

    def _colours(self, chain: list[Look], regions: list[str], thing: Thing) -> None:
        entries = [
            (f"{where}.colour", value, look)
            for where in regions
            for look in chain
            for value in (look.hair if where == "hair" and look.hair else look.values)
            if f"{where}.colour" in vocabulary.SLOTS
        ]
        ruled_out = thing.negated or all(look.negated for look in chain)  # neither, not either
        group = self._next() if len(entries) > 1 and not ruled_out else None
        for slot, value, look in entries:
            unsure = look.unsure or thing.unsure
            self._add(slot, value, unsure, look.negated or thing.negated, group, look.shade)

    def _other(self, look: Look, where: str, thing: Thing) -> None:
        slot = {"pattern": "pattern", "sleeve": "sleeve", "size": "length"}.get(look.kind)
        name = f"{where}.{slot}"
        if slot is None or name not in vocabulary.SLOTS:
            return
        if where == "lower" and slot == "length" and "shorts" in thing.slots.get("lower.type", ()):
            return
        for value in look.values:
            self._add(name, value, look.unsure or thing.unsure, look.negated)

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


def _named_by_look(thing: Thing) -> Thing:
    """Return trousers as the shorts or the jeans that their look makes them."""
    if thing.slots.get("lower.type") != ("trousers",):
        return thing
    legs = any(look.legs and not look.negated for look in thing.looks)
    denim = any(look.kind == "denim" for look in thing.looks)
    name = "shorts" if legs else "jeans" if denim else "trousers"
    return replace(thing, slots={**thing.slots, "lower.type": (name,)})


def _merge_colours(chain: list[Thing]) -> list[Thing]:
    """Make "blue jeans or black jeans" jeans that are blue or black."""
    first, others = chain[0], chain[1:]
    for n, other in enumerate(others):
        colours = other.colours()
        if colours and first.colours() and other.regions == first.regions:
            either = (replace(colours[0], either=True), *colours[1:])
            first = replace(first, looks=(*first.looks, *either))
            rest = tuple(look for look in other.looks if look.kind != "colour")
            others[n] = replace(other, looks=rest)
    return [first, *others]


def _without_linings(things: list[Thing]) -> list[Thing]:
    """Leave out tights under a skirt: the vocabulary has one garment for the legs."""
    lower = [thing for thing in things if "lower.type" in thing.slots and not thing.negated]
    if not any({"skirt", "shorts"} & set(thing.slots["lower.type"]) for thing in lower):
        return things
    return [
        thing
        for thing in things
        if thing.slots.get("lower.type") != ("leggings",)
        or thing.negated
        or thing.alternative is not None
    ]


def _without_repeats(things: list[Thing]) -> list[Thing]:
    """Leave out "in green" where a green garment is named: the same thing, said again."""
    named = [thing for thing in things if thing.slots.get("upper.type") and not thing.negated]
    return [
        thing
        for thing in things
        if thing.slots.keys() != {"upper"}
        or thing.name != "upper"
        or not any(_same_colours(thing, other) for other in named)
    ]


def _without_denials(things: list[Thing]) -> list[Thing]:
    """Read "no black trousers, white trousers" as trousers that are white and not black.

    Likewise "a bag other than a rucksack" as any bag but that one.
    """
    now = {thing.number: thing for thing in things}
    for thing in things:
        if not thing.negated:
            continue
        said = [t for t in now.values() if not t.negated and t.slots.keys() & thing.slots.keys()]
        same = next((t for t in said if t.slots == thing.slots), None)
        if thing.colours() and same is not None:
            denied = [replace(colour, negated=True) for colour in thing.colours()]
            now[same.number] = replace(same, looks=(*same.looks, *denied))
            del now[thing.number]
            continue
        for bag in said if thing.regions[0].startswith("carry.") else ():
            if len(bag.slots) > 1:
                left = {slot: v for slot, v in bag.slots.items() if slot not in thing.slots}
                now[bag.number] = replace(bag, slots=left)
    return list(now.values())


def _same_colours(thing: Thing, other: Thing) -> bool:
    mine = [look.values for look in thing.colours()]
    return bool(mine) and set(mine) <= {look.values for look in other.colours()}


def _chains(things: list[Thing]) -> list[list[Thing]]:
    """Return the things, those that are alternatives to each other together."""
    chains: list[list[Thing]] = []
    home: dict[int, list[Thing]] = {}
    for thing in things:
        chain = home.get(thing.alternative) if thing.alternative is not None else None
        if chain is None:
            chain = []
            chains.append(chain)
        chain.append(thing)
        home[thing.number] = chain
    return chains


def _outer(chains: list[list[Thing]]) -> list[Thing]:
    """Return the first thing of the chain that is worn over another, if one is."""
    upper = [
        c
        for c in chains
        if "upper" in c[0].regions
        and c[0].layer != WHOLE_KIT
        and (len(c[0].regions) == 1 or c[0].name != ALL_OVER)
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


def _lightest(thing: Thing) -> int:
    """Return how far out the lightest garment that a thing may be is worn: of a fleece, 3."""
    types = thing.slots.get("upper.type", ())
    return min(thing.layer, *(LAYERS[v] for v in types)) if len(types) > 1 else thing.layer


def _colour_chains(thing: Thing) -> list[list[Look]]:
    """Split the colours of a thing into runs of alternatives."""
    chains: list[list[Look]] = []
    for look in _said_once(thing.colours()) or _implied(thing):
        if look.either and chains:
            chains[-1].append(look)
        else:
            chains.append([look])
    return chains


def _said_once(colours: tuple[Look, ...]) -> list[Look]:
    """Return colours without those said again: doubted once, doubted ("I think it was blue")."""
    kept: dict[object, Look] = {}
    for look in colours:
        key = (look.values, look.hair, look.shade, look.negated)
        known = kept.get(key)
        if known is None:
            kept[key] = look
        elif look.unsure and not known.unsure:
            kept[key] = replace(known, unsure=True)
    return list(kept.values())


def _implied(thing: Thing) -> list[Look]:
    """Return the colour that denim has, or that "dark" and "light" alone stand for."""
    shades = [look for look in thing.looks if look.kind == "shade"]
    shade = shades[0].values[0] if shades else None
    modifier: Modifier | None = "dark" if shade == "dark" else "light" if shade else None
    unsure = any(look.unsure for look in shades)
    if any(look.kind == "denim" for look in thing.looks):
        return [Look("colour", ("blue",), shade=modifier, unsure=unsure)]
    if modifier is None:
        return []
    types = {value for values in thing.slots.values() for value in values}
    if modifier == "light" and WEIGHT_NOT_COLOUR & types:
        return []
    if "jeans" in types:
        return [Look("colour", ("blue",), shade=modifier, unsure=True)]
    alone = DARK_ALONE if modifier == "dark" else LIGHT_ALONE
    negated = shades[0].negated
    doubt = unsure or not negated  # "dark" may be navy or brown, but "not dark" is no doubt
    return [Look("colour", (alone,), shade=modifier, unsure=doubt, negated=negated)]


def _one_a_slot(traits: tuple[BodyTrait, ...]) -> list[BodyTrait]:
    """Keep the last age and sex said: an age in years overrules the band of the word "girl"."""
    kept: dict[tuple[str, bool], BodyTrait] = {}
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

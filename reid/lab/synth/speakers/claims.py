"""What a speaker chooses to say: facts picked from labels, left vague or got wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from reid.core import vocabulary
from reid.lab.synth.speakers import words

Value = str | float
Fact = tuple[str, Value]
"""Slot and value of the vocabulary; of several colours the largest comes first."""
Version = Literal["true", "wrong", "vague"]
Certainty = Literal["sure", "unsure"]

GARMENTS: Final = ("upper", "outer", "lower", "feet", "head", "neck")
_CONFUSED_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "upper": ("t-shirt", "shirt", "sweater", "hoodie", "jacket", "coat"),
    "outer": ("jacket", "coat", "sweater", "hoodie"),
    "lower": ("trousers", "jeans", "leggings", "shorts", "skirt"),
    "feet": ("sneakers", "sandals", "boots", "shoes"),
    "head": ("cap", "hat", "helmet"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One garment or carried thing as the speaker will tell it.

    Attributes:
        name: "upper", …, or "carry.X".
        kind: value of the ``.type`` slot, or X; "" where the speaker says no more than a colour.
        colours: one or two, largest first; may be empty.
        pattern, sleeve, length: values, or "" where not said.
        shade: "light", "dark" or "".
        certainty: of everything said about it.
        absent: the speaker says that there was none.
    """

    name: str
    kind: str = ""
    colours: tuple[str, ...] = ()
    pattern: str = ""
    sleeve: str = ""
    length: str = ""
    shade: str = ""
    certainty: Certainty = "sure"
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Portrait:
    """Everything that one speaker means to say.

    Attributes:
        age, sex, build, height: values, or "".
        years: age in years, or None.
        hair_length, hair_colour: values, or "".
        items: in order of telling.
        wrong: slots that are deliberately not so.
    """

    age: str = ""
    years: int | None = None
    sex: str = ""
    build: str = ""
    height: str = ""
    hair_length: str = ""
    hair_colour: str = ""
    items: tuple[Item, ...] = ()
    wrong: tuple[str, ...] = field(default=())


def values(facts: Sequence[Fact], slot: str) -> tuple[Value, ...]:
    """Return every value of a slot, in order."""
    return tuple(value for name, value in facts if name == slot)


def _word(facts: Sequence[Fact], slot: str) -> str:
    found = values(facts, slot)
    return str(found[0]) if found else ""


def _item(facts: Sequence[Fact], name: str, kind: str, shades: dict[str, str]) -> Item:
    colours = tuple(str(v) for v in values(facts, f"{name}.colour"))[:2]
    return Item(
        name,
        kind,
        colours,
        _word(facts, f"{name}.pattern"),
        _word(facts, f"{name}.sleeve"),
        _word(facts, f"{name}.length"),
        shades.get(name, "") if len(colours) == 1 else "",
    )


def portrait_of(facts: Sequence[Fact], shades: dict[str, str] | None = None) -> Portrait:
    """Collect all facts of a person into a portrait.

    Args:
        facts: the labels.
        shades: "light" or "dark" of a garment ("upper") where its label says so.
    """
    shades = shades or {}
    items = []
    for name in GARMENTS:
        kind = _word(facts, f"{name}.type")
        if kind:
            items.append(_item(facts, name, kind, shades))
    items += [
        _item(facts, f"carry.{thing}", thing, shades)
        for thing in vocabulary.CARRIED
        if values(facts, f"carry.{thing}")
    ]
    years = values(facts, vocabulary.YEARS_SLOT)
    return Portrait(
        age=_word(facts, "body.age"),
        years=round(float(years[0])) if years else None,
        sex=_word(facts, "body.sex"),
        build=_word(facts, "body.build"),
        height=_word(facts, "body.height"),
        hair_length=_word(facts, "hair.length"),
        hair_colour=_word(facts, "hair.colour"),
        items=tuple(items),
    )


def choose(full: Portrait, version: Version, rng: np.random.Generator, detail: float) -> Portrait:
    """Pick what is told; `detail` in [0, 1] is how much the speaker's style tells."""
    told = _vague(full, rng) if version == "vague" else _picked(full, rng, detail)
    return _mistaken(told, full, rng) if version == "wrong" else told


def _picked(full: Portrait, rng: np.random.Generator, detail: float) -> Portrait:
    keep = {"upper": 0.98, "outer": 0.85, "lower": 0.85, "feet": 0.45, "head": 0.8, "neck": 0.6}
    items = [
        _trimmed(item, rng, detail)
        for item in full.items
        if rng.random() < keep.get(item.name, 0.85) * (0.55 + 0.45 * detail)
    ]
    if not items and full.items:
        items.append(_trimmed(full.items[0], rng, detail))
    items += _absences(full, rng, 0.12)
    said = rng.random(5) < np.array([0.75, 0.9, 0.3, 0.25, 0.5]) * (0.5 + 0.5 * detail)
    years = full.years if said[0] and full.years is not None and full.years < 80 else None
    return replace(
        full,
        items=tuple(items),
        years=years,
        sex=full.sex if said[1] else "",
        build=full.build if said[2] and full.build != "medium" else "",
        height=full.height if said[3] and full.height != "medium" else "",
        hair_length=full.hair_length if said[4] else "",
        hair_colour=full.hair_colour if said[4] and full.hair_length != "bald" else "",
    )


def _trimmed(item: Item, rng: np.random.Generator, detail: float) -> Item:
    """Leave out details that nobody mentions."""
    unsure = rng.random() < 0.12
    return replace(
        item,
        pattern=item.pattern if item.pattern != "plain" and rng.random() < 0.85 else "",
        sleeve=item.sleeve if rng.random() < 0.25 * detail else "",
        length=item.length if rng.random() < 0.2 * detail else "",
        colours=item.colours[: 2 if rng.random() < 0.5 else 1],
        certainty="unsure" if unsure else "sure",
    )


def _absences(full: Portrait, rng: np.random.Generator, share: float) -> list[Item]:
    """Things that the speaker says were not there, and were not."""
    there = {item.name for item in full.items}
    candidates = [
        Item(f"carry.{thing}", thing, absent=True)
        for thing in ("backpack", "handbag", "umbrella")
        if f"carry.{thing}" not in there
    ]
    if "head" not in there:
        candidates += [Item("head", kind, absent=True) for kind in ("hat", "cap")]
    if rng.random() > share or not candidates:
        return []
    return [candidates[int(rng.integers(len(candidates)))]]


def _vague(full: Portrait, rng: np.random.Generator) -> Portrait:
    """One or two garments by colour or by kind only, the age band, nothing certain."""
    count = int(rng.integers(1, 3))
    usual = [i for i in full.items if i.name in ("upper", "outer", "lower")] or list(full.items)
    picked = [usual[int(i)] for i in rng.permutation(len(usual))[:count]]
    items = []
    for item in picked:
        bare = Item(item.name, item.kind, item.colours[:1], certainty="unsure")
        nameless = item.name in ("upper", "lower") and item.kind != "dress" and item.colours
        if nameless and rng.random() < 0.5:
            bare = replace(bare, kind="")
        elif rng.random() < 0.25:
            bare = replace(bare, colours=())
        items.append(bare)
    sex = full.sex if rng.random() < 0.6 else ""
    return Portrait(age=full.age, sex=sex, items=tuple(items))


def _mistaken(told: Portrait, full: Portrait, rng: np.random.Generator) -> Portrait:
    """Get one or two slots wrong."""
    for _ in range(int(rng.integers(1, 3))):
        told = _one_mistake(told, full, rng)
    if not told.wrong and told.age:
        told = _wrong_age(told, full, rng)
    return told


def _one_mistake(told: Portrait, full: Portrait, rng: np.random.Generator) -> Portrait:
    touched = {slot.rsplit(".", 1)[0] for slot in told.wrong}
    options = [
        i
        for i, item in enumerate(told.items)
        if not item.absent
        and item.name not in touched
        and (item.colours or item.name in _CONFUSED_TYPES)
    ]
    if told.years is not None and "body" not in touched and rng.random() < 0.15:
        return _wrong_age(told, full, rng)
    if not options:
        return told
    index = options[int(rng.integers(len(options)))]
    item = told.items[index]
    wrong_kind = item.name in _CONFUSED_TYPES and item.kind not in ("", "dress", "costume")
    if item.colours and (rng.random() < 0.7 or not wrong_kind):
        changed, slot = _wrong_colour(item, full, rng), f"{item.name}.colour"
    elif wrong_kind:
        changed, slot = _wrong_type(item, rng), f"{item.name}.type"
    else:
        return told
    items = (*told.items[:index], changed, *told.items[index + 1 :])
    return replace(told, items=items, wrong=(*told.wrong, slot))


def _wrong_colour(item: Item, full: Portrait, rng: np.random.Generator) -> Item:
    worn = next(i.colours for i in full.items if i.name == item.name)
    likely = [c for c in words.CONFUSED[item.colours[0]] if c not in worn]
    others = [c for c in vocabulary.COLOURS[:-1] if c not in worn]
    pool = likely if likely and rng.random() < 0.6 else others
    return replace(item, colours=(pool[int(rng.integers(len(pool)))],), shade="")


def _wrong_type(item: Item, rng: np.random.Generator) -> Item:
    pool = [kind for kind in _CONFUSED_TYPES[item.name] if kind != item.kind]
    kind = pool[int(rng.integers(len(pool)))]
    return replace(item, kind=kind, sleeve="", length="", pattern="")


def _wrong_age(told: Portrait, full: Portrait, rng: np.random.Generator) -> Portrait:
    true = full.years if full.years is not None else 30
    shift = int(rng.choice([-1, 1])) * int(
        rng.integers(4, 6) if true < 20 else rng.integers(12, 22)
    )
    years = true + shift if true + shift >= 2 else true - shift
    return replace(
        told,
        years=years,
        age=vocabulary.age_band(years),
        wrong=(*told.wrong, vocabulary.YEARS_SLOT),
    )

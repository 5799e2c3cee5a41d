"""What is easily taken for what among colours, garments and bags, and how common each value is.

A share says how often one value is meant, or shown, where another is said. They are judgements of
ours (garments: one speaker's jacket is another's coat; colours: distance in hue and lightness under
indoor light), written as constants so that they can be disputed.
"""

from collections.abc import Mapping
from typing import Final

from reid.core import vocabulary

Shares = Mapping[str, float]

SPOKEN: Final = 0.25
"""How much of a share counts: what speakers call otherwise. What the model confuses is already in
its beliefs, and counting that twice ranks worse (`reid bench ranking`). A shade
counts in full: a camera does show navy as black."""

GARMENTS: Final[Mapping[str, Shares]] = {
    "jacket": {"coat": 0.7, "hoodie": 0.3, "vest": 0.2, "suit": 0.3, "sweater": 0.15},
    "coat": {"jacket": 0.7, "hoodie": 0.1},
    "hoodie": {"sweater": 0.5, "jacket": 0.4},
    "sweater": {"hoodie": 0.5, "shirt": 0.2, "t-shirt": 0.2, "jacket": 0.1},
    "t-shirt": {"polo": 0.6, "shirt": 0.35, "vest": 0.3, "sweater": 0.1},
    "shirt": {"polo": 0.4, "t-shirt": 0.35, "sweater": 0.15},
    "polo": {"t-shirt": 0.7, "shirt": 0.5},
    "vest": {"t-shirt": 0.4, "jacket": 0.2},
    "suit": {"jacket": 0.6, "coat": 0.3},
    "costume": {"dress": 0.2, "suit": 0.1},
    "dress": {"shirt": 0.1, "coat": 0.1},
    "trousers": {"jeans": 0.5, "leggings": 0.4},
    "jeans": {"trousers": 0.6, "leggings": 0.3},
    "leggings": {"trousers": 0.5, "jeans": 0.4},
    "shorts": {"skirt": 0.2},
    "skirt": {"shorts": 0.2},
    "sneakers": {"shoes": 0.5, "boots": 0.1},
    "shoes": {"sneakers": 0.5, "boots": 0.3, "sandals": 0.2},
    "boots": {"shoes": 0.4},
    "sandals": {"shoes": 0.4},
    "cap": {"hat": 0.6, "helmet": 0.1},
    "hat": {"cap": 0.6, "hood": 0.2, "covering": 0.2},
    "hood": {"covering": 0.3, "hat": 0.2},
    "covering": {"hood": 0.3, "hat": 0.3},
}
"""Type asked → types that may be the same garment in other words."""

COLOURS: Final[Mapping[str, Shares]] = {
    "black": {"grey": 0.25, "blue": 0.2, "brown": 0.1},
    "white": {"grey": 0.3, "beige": 0.3},
    "grey": {"black": 0.2, "white": 0.2, "blue": 0.1, "beige": 0.1},
    "red": {"orange": 0.25, "pink": 0.25, "brown": 0.1},
    "orange": {"red": 0.25, "yellow": 0.25, "brown": 0.1},
    "yellow": {"orange": 0.25, "beige": 0.2},
    "green": {"blue": 0.15, "brown": 0.1},
    "blue": {"purple": 0.2, "black": 0.15, "green": 0.1, "grey": 0.1},
    "purple": {"pink": 0.3, "blue": 0.3, "red": 0.1},
    "pink": {"purple": 0.3, "red": 0.25},
    "brown": {"beige": 0.3, "black": 0.15, "orange": 0.1, "red": 0.1},
    "beige": {"brown": 0.3, "white": 0.25, "grey": 0.2, "yellow": 0.1},
    "multicolour": {},
}
"""Colour asked → colours it is taken for."""

DARK: Final[Mapping[str, Shares]] = {
    "black": {"blue": 0.8, "grey": 0.7, "brown": 0.7, "green": 0.3, "purple": 0.2},
    "blue": {"black": 0.6, "purple": 0.2},
    "grey": {"black": 0.6, "blue": 0.2, "brown": 0.1},
    "green": {"black": 0.4, "brown": 0.3},
    "red": {"brown": 0.4, "purple": 0.3, "black": 0.2},
    "brown": {"black": 0.5, "red": 0.1},
    "purple": {"black": 0.4, "blue": 0.3, "red": 0.2},
}
"""The same for a colour said to be dark; "dark" alone is black said so."""

LIGHT: Final[Mapping[str, Shares]] = {
    "white": {"beige": 0.8, "grey": 0.7, "yellow": 0.3, "blue": 0.2, "pink": 0.2},
    "blue": {"grey": 0.4, "white": 0.3},
    "grey": {"white": 0.5, "beige": 0.2, "blue": 0.1},
    "brown": {"beige": 0.7},
    "green": {"yellow": 0.2, "grey": 0.2},
    "pink": {"white": 0.3, "beige": 0.2},
    "purple": {"pink": 0.4, "grey": 0.2},
    "yellow": {"white": 0.4, "beige": 0.4},
    "red": {"pink": 0.5, "orange": 0.3},
}
"""The same for a colour said to be light; "light" alone is white said so."""

BAGS: Final[Mapping[str, Shares]] = {
    "backpack": {"shoulder-bag": 0.3},
    "shoulder-bag": {"handbag": 0.6, "backpack": 0.3},
    "handbag": {"shoulder-bag": 0.6, "plastic-bag": 0.2},
    "plastic-bag": {"handbag": 0.3},
}
"""Bag asked → bags it is taken for (another slot each)."""

COLOUR_RATES: Final[Shares] = {
    "black": 0.32, "white": 0.2, "grey": 0.2, "red": 0.1, "orange": 0.03, "yellow": 0.04,
    "green": 0.07, "blue": 0.25, "purple": 0.04, "pink": 0.06, "brown": 0.09, "beige": 0.08,
    "multicolour": 0.05,
}  # fmt: skip
"""Share of garments with a colour, before a venue has shown its own (ours, from street scenes)."""

CARRY_RATE: Final = 0.08
"""Share of people who carry one given thing, before a venue has shown its own."""


def usual_rate(slot: str, value: str) -> float:
    """Return how common a value is before the venue has shown its own rate."""
    if slot.endswith("colour"):
        return COLOUR_RATES[value]
    if slot.startswith("carry."):
        return CARRY_RATE
    return 1 / max(2, len(vocabulary.SLOTS[slot].values))


def confusions(slot: str, value: str, modifier: str | None) -> Mapping[tuple[str, str], float]:
    """Return the columns, and their shares, that also speak for ``slot`` = ``value``."""
    if slot.endswith("colour"):
        shaded = {"dark": DARK, "light": LIGHT}.get(modifier or "", {}).get(value)
        if shaded is not None:
            return {(slot, v): s for v, s in shaded.items()}
        return {(slot, v): SPOKEN * s for v, s in COLOURS[value].items()}
    if slot.startswith("carry."):
        thing = slot.removeprefix("carry.")
        return {(f"carry.{v}", "present"): SPOKEN * s for v, s in BAGS.get(thing, {}).items()}
    if slot.endswith(".type"):
        known = vocabulary.SLOTS[slot].values
        return {(slot, v): SPOKEN * s for v, s in GARMENTS.get(value, {}).items() if v in known}
    return {}

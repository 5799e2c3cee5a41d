"""The marginals of synthetic people: one object whose tables are the distribution.

Slots are drawn independently given (apparent sex, age band), so that a model cannot lean on
stereotypes; what excludes what is written in `reid.lab.synth.population.sample_garments`.
"""

from dataclasses import dataclass, field
from typing import Final

from reid.lab.synth.catalogue import SEXES, catalogue
from reid.lab.synth.colours import hex_rgb

Table = dict[str, float]


def _worn(slot: str) -> dict[str, Table]:
    """Return what is worn in a slot, by apparent sex, as the catalogue has it."""
    return {sex: catalogue().shares(slot, sex) for sex in SEXES}


def _perhaps(slot: str) -> dict[str, Table]:
    """Return what is worn in a slot by apparent sex, "" = nothing."""
    return {
        sex: {"": max(1 - sum(table.values()), 0.0), **table} for sex, table in _worn(slot).items()
    }


@dataclass(frozen=True)
class Population:
    """What people look like and wear: probabilities by value.

    Attributes:
        age: of the bands. female: share of apparent women and girls. build, height: bands.
        upper, lower, feet: types by apparent sex ("female", "male"), as in the catalogue; some
            uppers say themselves what is worn below.
        outer: types of a second layer, "" = none; what cannot be worn over the upper is not
            (`reid.lab.synth.layering.goes_over`). head, neck: likewise, "" = nothing.
        worn, held: what is carried, "" = nothing; "a+b" = both; `…_child` below 13.
        wheelchair: share of people who sit in one; it takes the place of all they would carry.
        hair: styles by apparent sex. eyewear: "" = none.
        outer_plain: share of outer garments that are plain; others have an upper's pattern.
        bare_feet: share without socks in shoes. socks_seen: share of others who show them, though
            something long is on their legs.
        upper_pattern, lower_pattern, head_pattern, colour tables: of the ground colour by slot.
        domain: which weaves and palettes are used.
    """

    age: Table = field(
        default_factory=lambda: {"child": 0.22, "teen": 0.13, "adult": 0.5, "older": 0.15}
    )
    female: float = 0.5
    build: Table = field(default_factory=lambda: {"slim": 0.32, "medium": 0.48, "heavy": 0.2})
    height: Table = field(default_factory=lambda: {"short": 0.25, "medium": 0.5, "tall": 0.25})
    upper: dict[str, Table] = field(default_factory=lambda: _worn("upper"))
    lower: dict[str, Table] = field(default_factory=lambda: _worn("lower"))
    outer: dict[str, Table] = field(default_factory=lambda: _perhaps("outer"))
    feet: dict[str, Table] = field(default_factory=lambda: _worn("feet"))
    head: dict[str, Table] = field(default_factory=lambda: _perhaps("head"))
    neck: dict[str, Table] = field(default_factory=lambda: _perhaps("neck"))
    worn: Table = field(default_factory=lambda: catalogue().carried("worn", "grown"))
    worn_child: Table = field(default_factory=lambda: catalogue().carried("worn", "child"))
    held: Table = field(default_factory=lambda: catalogue().carried("held", "grown"))
    held_child: Table = field(default_factory=lambda: catalogue().carried("held", "child"))
    wheelchair: float = 0.012
    eyewear: Table = field(default_factory=lambda: {"": 0.78, "glasses": 0.15, "sunglasses": 0.07})
    outer_plain: float = 0.78
    bare_feet: float = 0.2
    socks_seen: float = 0.5
    head_pattern: Table = field(
        default_factory=lambda: {
            "plain": 0.8,
            "striped": 0.05,
            "plaid": 0.05,
            "floral": 0.05,
            "spotted": 0.05,
        }
    )
    upper_pattern: Table = field(
        default_factory=lambda: {
            "plain": 0.58,
            "striped": 0.13,
            "plaid": 0.09,
            "graphic": 0.12,
            "floral": 0.05,
            "spotted": 0.03,
        }
    )
    lower_pattern: Table = field(
        default_factory=lambda: {
            "plain": 0.88,
            "striped": 0.03,
            "plaid": 0.03,
            "graphic": 0.03,
            "floral": 0.02,
            "spotted": 0.01,
        }
    )
    upper_colour: Table = field(
        default_factory=lambda: {
            "black": 0.17,
            "white": 0.13,
            "grey": 0.13,
            "blue": 0.16,
            "red": 0.08,
            "green": 0.07,
            "beige": 0.06,
            "brown": 0.05,
            "pink": 0.05,
            "yellow": 0.04,
            "purple": 0.03,
            "orange": 0.03,
        }
    )
    lower_colour: Table = field(
        default_factory=lambda: {
            "black": 0.28,
            "blue": 0.24,
            "grey": 0.15,
            "beige": 0.09,
            "brown": 0.06,
            "white": 0.06,
            "green": 0.04,
            "red": 0.03,
            "pink": 0.02,
            "purple": 0.01,
            "yellow": 0.01,
            "orange": 0.01,
        }
    )
    feet_colour: Table = field(
        default_factory=lambda: {
            "black": 0.34,
            "white": 0.2,
            "grey": 0.12,
            "brown": 0.12,
            "blue": 0.06,
            "red": 0.05,
            "beige": 0.05,
            "pink": 0.02,
            "green": 0.02,
            "yellow": 0.01,
            "purple": 0.005,
            "orange": 0.005,
        }
    )
    thing_colour: Table = field(
        default_factory=lambda: {
            "black": 0.24,
            "blue": 0.13,
            "red": 0.12,
            "grey": 0.09,
            "brown": 0.09,
            "pink": 0.07,
            "green": 0.07,
            "yellow": 0.05,
            "white": 0.05,
            "beige": 0.04,
            "purple": 0.03,
            "orange": 0.02,
        }
    )
    domain: str = "train"


DEFAULT: Final = Population()
HELD_OUT: Final = Population(domain="held-out")

STATURE: Final = {
    "female": (
        (1.5, 80),
        (3, 95),
        (5, 109),
        (7, 121),
        (9, 133),
        (11, 145),
        (13, 157),
        (15, 161),
        (18, 163),
        (30, 164),
        (60, 161),
        (90, 154),
    ),
    "male": (
        (1.5, 82),
        (3, 96),
        (5, 110),
        (7, 122),
        (9, 134),
        (11, 144),
        (13, 157),
        (15, 170),
        (18, 176),
        (30, 177),
        (60, 174),
        (90, 167),
    ),
}
"""Median standing height in centimetres by age in years (rounded growth references)."""

STATURE_SPREAD: Final = 0.041
"""Standard deviation of height as a part of the median."""

HEIGHT_BAND: Final = 0.75
"""Deviations from the median beyond which a person is short or tall for the age."""

SKIN: Final = tuple(
    hex_rgb(c)
    for c in (
        "f2d6c6",
        "ecc4ab",
        "e0ac8b",
        "cf9870",
        "b57c55",
        "95613f",
        "74482f",
        "54331f",
        "3a2319",
    )
)
HAIR: Final[dict[str, tuple[str, ...]]] = {
    "black": ("15120f", "1d1815", "231f1d"),
    "brown": ("4a3222", "5e4128", "38261b", "6f4e33"),
    "yellow": ("d3b070", "c39f5e", "e0c68c"),
    "orange": ("b2572a", "a5481f"),
    "grey": ("8a8884", "a6a49f", "6e6c69"),
    "white": ("c6c3bd", "d2cfc8"),
    "red": ("8e1f2a",),
    "pink": ("e07fb0",),
    "blue": ("3a63b5",),
    "purple": ("7040a0",),
    "green": ("3f9060",),
}
COLOURS_OF_HAIR: Final = {
    "black": 0.35, "brown": 0.35, "yellow": 0.35, "orange": 0.05, "red": 0.012, "pink": 0.01,
    "blue": 0.01, "purple": 0.008, "green": 0.006,
}  # fmt: skip
"""Weights of colours of hair; black and yellow depend on how dark the skin is."""

GREYED: Final = {"grey": 0.65, "white": 0.35}

HAIR_STYLES: Final = {
    "female": {
        "long01": 0.3,
        "ponytail01": 0.17,
        "braid01": 0.1,
        "bob01": 0.13,
        "bob02": 0.12,
        "short01": 0.06,
        "short02": 0.05,
        "afro01": 0.05,
        "bald": 0.02,
    },
    "male": {
        "short01": 0.2,
        "short02": 0.22,
        "short03": 0.2,
        "short04": 0.14,
        "afro01": 0.05,
        "long01": 0.04,
        "bob02": 0.03,
        "bald": 0.12,
    },
}
LONG_HAIR: Final = ("long01", "ponytail01", "braid01")

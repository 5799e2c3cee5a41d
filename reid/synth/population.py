"""The distribution of synthetic people: one object whose tables are the marginals.

Slots are drawn independently given (apparent sex, age band), so that a model cannot lean on
stereotypes; what excludes what (a dress has no trousers) is written in `sample_person`.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from reid.synth import outfits
from reid.synth.people import BodyShape, Garment, Looks, Person, Prop
from reid.synth.colours import draw, hex_rgb
from reid.vocabulary import AGE_BANDS

Rng = np.random.Generator
Table = dict[str, float]


@dataclass(frozen=True)
class Population:
    """What people look like and wear: probabilities by value.

    Attributes:
        age: of the bands. female: share of apparent women and girls. build, height: bands.
        upper, lower: by apparent sex ("female", "male"); dresses and costumes have no `lower` draw.
        outer: types of a second layer, "" = none. feet, head ("" = nothing), scarf.
        worn, held: what is carried, "" = nothing; "a+b" = both; `worn_child`, `held_child` below 13.
        hair: styles by apparent sex. eyewear: "" = none.
        upper_pattern, lower_pattern, colour tables: of the ground colour by slot.
        domain: which weaves and palettes are used.
    """

    age: Table = field(default_factory=lambda: {"child": 0.22, "teen": 0.13, "adult": 0.5, "older": 0.15})
    female: float = 0.5
    build: Table = field(default_factory=lambda: {"slim": 0.3, "medium": 0.45, "heavy": 0.25})
    height: Table = field(default_factory=lambda: {"short": 0.25, "medium": 0.5, "tall": 0.25})
    upper: dict[str, Table] = field(default_factory=lambda: {
        "female": {"t-shirt": 0.2, "shirt": 0.13, "polo": 0.04, "sweater": 0.13, "hoodie": 0.09,
                   "jacket": 0.1, "coat": 0.08, "vest": 0.07, "suit": 0.02, "dress": 0.11, "costume": 0.03},
        "male": {"t-shirt": 0.25, "shirt": 0.16, "polo": 0.08, "sweater": 0.11, "hoodie": 0.12,
                 "jacket": 0.12, "coat": 0.05, "vest": 0.05, "suit": 0.03, "dress": 0.0, "costume": 0.03},
    })  # fmt: skip
    lower: dict[str, Table] = field(default_factory=lambda: {
        "female": {"trousers": 0.26, "jeans": 0.27, "leggings": 0.15, "shorts": 0.14, "skirt": 0.18},
        "male": {"trousers": 0.4, "jeans": 0.34, "leggings": 0.02, "shorts": 0.24, "skirt": 0.0},
    })  # fmt: skip
    outer: Table = field(default_factory=lambda: {"": 0.7, "jacket": 0.16, "coat": 0.08, "vest": 0.06})
    feet: Table = field(default_factory=lambda: {"sneakers": 0.42, "shoes": 0.28, "boots": 0.16, "sandals": 0.14})
    head: Table = field(default_factory=lambda: {"": 0.66, "cap": 0.1, "hat": 0.1, "hood": 0.06, "helmet": 0.03, "covering": 0.05})
    scarf: float = 0.09
    worn: Table = field(default_factory=lambda: {"": 0.62, "backpack": 0.2, "shoulder-bag": 0.18})
    worn_child: Table = field(default_factory=lambda: {"": 0.7, "backpack": 0.3})
    held: Table = field(default_factory=lambda: {
        "": 0.56, "handbag": 0.1, "plastic-bag": 0.09, "suitcase": 0.06, "umbrella": 0.05, "toy": 0.02,
        "balloon": 0.03, "pushchair": 0.06, "handbag+plastic-bag": 0.03,
    })  # fmt: skip
    held_child: Table = field(default_factory=lambda: {
        "": 0.6, "plastic-bag": 0.04, "toy": 0.18, "balloon": 0.14, "umbrella": 0.04,
    })  # fmt: skip
    eyewear: Table = field(default_factory=lambda: {"": 0.78, "glasses": 0.15, "sunglasses": 0.07})
    upper_pattern: Table = field(default_factory=lambda: {
        "plain": 0.58, "striped": 0.13, "plaid": 0.09, "graphic": 0.12, "floral": 0.05, "spotted": 0.03,
    })  # fmt: skip
    lower_pattern: Table = field(default_factory=lambda: {
        "plain": 0.88, "striped": 0.03, "plaid": 0.03, "graphic": 0.03, "floral": 0.02, "spotted": 0.01,
    })  # fmt: skip
    upper_colour: Table = field(default_factory=lambda: {
        "black": 0.17, "white": 0.13, "grey": 0.13, "blue": 0.16, "red": 0.08, "green": 0.07, "beige": 0.06,
        "brown": 0.05, "pink": 0.05, "yellow": 0.04, "purple": 0.03, "orange": 0.03,
    })  # fmt: skip
    lower_colour: Table = field(default_factory=lambda: {
        "black": 0.28, "blue": 0.24, "grey": 0.15, "beige": 0.09, "brown": 0.06, "white": 0.06, "green": 0.04,
        "red": 0.03, "pink": 0.02, "purple": 0.01, "yellow": 0.01, "orange": 0.01,
    })  # fmt: skip
    feet_colour: Table = field(default_factory=lambda: {
        "black": 0.34, "white": 0.2, "grey": 0.12, "brown": 0.12, "blue": 0.06, "red": 0.05, "beige": 0.05,
        "pink": 0.02, "green": 0.02, "yellow": 0.01, "purple": 0.005, "orange": 0.005,
    })  # fmt: skip
    thing_colour: Table = field(default_factory=lambda: {
        "black": 0.24, "blue": 0.13, "red": 0.12, "grey": 0.09, "brown": 0.09, "pink": 0.07, "green": 0.07,
        "yellow": 0.05, "white": 0.05, "beige": 0.04, "purple": 0.03, "orange": 0.02,
    })  # fmt: skip
    domain: str = "train"


DEFAULT: Final = Population()
HELD_OUT: Final = Population(domain="held-out")

STATURE: Final = {
    "female": ((1.5, 80), (3, 95), (5, 109), (7, 121), (9, 133), (11, 145), (13, 157), (15, 161),
               (18, 163), (30, 164), (60, 161), (90, 154)),
    "male": ((1.5, 82), (3, 96), (5, 110), (7, 122), (9, 134), (11, 144), (13, 157), (15, 170),
             (18, 176), (30, 177), (60, 174), (90, 167)),
}  # fmt: skip
"""Median standing height in centimetres by age in years (rounded growth references)."""

STATURE_SPREAD: Final = 0.041
"""Standard deviation of height as a part of the median."""

HEIGHT_BAND: Final = 0.75
"""Deviations from the median beyond which a person is short or tall for the age."""

SKIN: Final = tuple(
    hex_rgb(c) for c in ("f2d6c6", "ecc4ab", "e0ac8b", "cf9870", "b57c55", "95613f", "74482f", "54331f", "3a2319")
)
HAIR: Final[dict[str, tuple[str, ...]]] = {
    "black": ("15120f", "1d1815", "231f1d"), "brown": ("4a3222", "5e4128", "38261b", "6f4e33"),
    "yellow": ("d3b070", "c39f5e", "e0c68c"), "orange": ("b2572a", "a5481f"),
    "grey": ("8a8884", "a6a49f", "6e6c69"), "white": ("dddad4", "e8e6e0"),
    "red": ("8e1f2a",), "pink": ("e07fb0",), "blue": ("3a63b5",), "purple": ("7040a0",),
    "green": ("3f9060",),
}  # fmt: skip
HAIR_STYLES: Final = {
    "female": {"long01": 0.3, "ponytail01": 0.17, "braid01": 0.1, "bob01": 0.13, "bob02": 0.12,
               "short01": 0.06, "short02": 0.05, "afro01": 0.05, "bald": 0.02},
    "male": {"short01": 0.2, "short02": 0.22, "short03": 0.2, "short04": 0.14, "afro01": 0.05,
             "long01": 0.04, "bob02": 0.03, "bald": 0.12},
}  # fmt: skip
LONG_HAIR: Final = ("long01", "ponytail01", "braid01")


def pick(table: Table, rng: Rng) -> str:
    """Draw a key by its probability (weights need not sum to 1)."""
    keys = tuple(table)
    weights = np.fromiter(table.values(), float)
    return keys[int(rng.choice(len(keys), p=weights / weights.sum()))]


def median_stature(years: float, sex: float) -> float:
    """Return the reference height in metres."""
    f, m = (np.interp(years, *zip(*STATURE[s], strict=True)) for s in ("female", "male"))
    return float((1 - sex) * f + sex * m) / 100


def height_band(metres: float, years: float, sex: float) -> str:
    """Return short, medium or tall for the age."""
    z = (metres / median_stature(years, sex) - 1) / STATURE_SPREAD
    return "short" if z < -HEIGHT_BAND else "tall" if z > HEIGHT_BAND else "medium"


def _years(band: str, rng: Rng) -> float:
    low, high = next((a, b) for name, a, b in AGE_BANDS if name == band)
    low, high = max(low, 1.6), min(high + 0.99, 88)
    return float(low + (high - low) * (rng.random() ** (1.4 if band == "older" else 1.0)))


def sample_shape(rng: Rng, population: Population, band: str | None = None) -> BodyShape:
    """Draw a body."""
    years = _years(band or pick(population.age, rng), rng)
    apparent = 0.0 if rng.random() < population.female else 1.0
    sex = abs(apparent - min(float(rng.exponential(0.12)), 0.42))
    build = pick(population.build, rng)
    low, high = {"slim": (0.08, 0.36), "medium": (0.4, 0.62), "heavy": (0.74, 1.0)}[build]
    z = {"short": (-2.0, -0.85), "medium": (-0.65, 0.65), "tall": (0.85, 2.0)}
    deviations = rng.uniform(*z[pick(population.height, rng)])
    origin = rng.dirichlet((0.5, 0.5, 0.5))
    return BodyShape(
        years=years, sex=sex, muscle=float(np.clip(rng.normal(0.5, 0.17), 0.05, 0.95)),
        weight=float(rng.uniform(low, high)),
        stature=median_stature(years, sex) * (1 + STATURE_SPREAD * float(deviations)),
        origin=(float(origin[0]), float(origin[1]), float(origin[2])),
        bust=float(rng.uniform(0.2, 0.85)), proportion=float(rng.uniform(0.3, 0.9)),
    )  # fmt: skip


def sample_skin(rng: Rng) -> tuple[float, float, float]:
    """Draw a skin tone evenly over the human range."""
    t = rng.random() * (len(SKIN) - 1)
    tone = [float(np.interp(t, range(len(SKIN)), [s[c] for s in SKIN])) for c in range(3)]
    r, g, b = (float(np.clip(x + rng.normal(0, 0.012), 0.05, 0.97)) for x in tone)
    return r, g, b


def sample_looks(rng: Rng, shape: BodyShape, population: Population) -> Looks:
    """Draw skin, hair and eyewear."""
    sex = "female" if shape.sex < 0.5 else "male"
    styles = dict(HAIR_STYLES[sex])
    if shape.years < 16:
        styles.pop("bald")
    skin = sample_skin(rng)
    grey = float(np.clip((shape.years - 42) / 40, 0, 0.85))
    dark = 1 - np.mean(skin)
    natural = {
        "black": 0.35 + 0.6 * dark, "brown": 0.35, "yellow": max(0.35 - 0.5 * dark, 0.02),
        "orange": 0.05, "red": 0.012, "pink": 0.01, "blue": 0.01, "purple": 0.008, "green": 0.006,
    }  # fmt: skip
    colour = pick({"grey": 0.65, "white": 0.35}, rng) if rng.random() < grey else pick(natural, rng)
    base = np.asarray(hex_rgb(HAIR[colour][rng.integers(len(HAIR[colour]))]))
    rgb = np.clip(base * rng.normal(1, 0.06), 0.02, 0.97)
    beard = float(rng.uniform(0.3, 1)) if sex == "male" and shape.years > 19 and rng.random() < 0.35 else 0.0
    return Looks(
        skin=skin, hair=pick(styles, rng), hair_rgb=(float(rgb[0]), float(rgb[1]), float(rgb[2])),
        hair_colour=colour, eyewear=pick(population.eyewear, rng),
        face_seed=int(rng.integers(2**31)), beard=beard,
    )  # fmt: skip


def sample_garments(rng: Rng, shape: BodyShape, population: Population) -> tuple[Garment, ...]:
    """Draw an outfit: upper, perhaps outer, lower, feet, perhaps head and neck."""
    sex = "female" if shape.sex < 0.5 else "male"
    tailor = outfits.Tailor(rng, population.domain)
    upper_type = pick(population.upper[sex], rng)
    pattern = pick(population.upper_pattern, rng)
    upper = tailor.upper(upper_type, pick(population.upper_colour, rng), pattern, sex)
    clothes = [upper]
    outer_type = pick(population.outer, rng)
    if outer_type and upper.kind in outfits.CAN_LIE_BENEATH:
        colour = pick(population.upper_colour, rng)
        outer_pattern = "plain" if rng.random() < 0.85 else pick(population.upper_pattern, rng)
        clothes.append(tailor.outer(outer_type, colour, outer_pattern))
    if upper.kind == "suit":
        clothes.append(tailor.suit_trousers(upper))
    elif upper.kind not in ("dress", "costume"):
        kind = pick(population.lower[sex], rng)
        clothes.append(tailor.lower(kind, pick(population.lower_colour, rng), pick(population.lower_pattern, rng), sex))
    elif upper.kind == "dress" and rng.random() < 0.3:
        clothes.append(tailor.lower("leggings", pick(population.lower_colour, rng), "plain", sex))
    clothes += tailor.feet(pick(population.feet, rng), pick(population.feet_colour, rng), tuple(clothes))
    head = pick(population.head, rng)
    if head:
        clothes.append(tailor.head(head, pick(population.thing_colour, rng), tuple(clothes)))
    if rng.random() < population.scarf:
        clothes.append(tailor.scarf(pick(population.thing_colour, rng), pick(population.lower_pattern, rng)))
    return tuple(clothes)


def sample_props(rng: Rng, shape: BodyShape, population: Population) -> tuple[Prop, ...]:
    """Draw what is carried."""
    tailor = outfits.Tailor(rng, population.domain)
    child = shape.years < 13
    worn = pick(population.worn_child if child else population.worn, rng)
    held = pick(population.held_child if child else population.held, rng)
    kinds = [k for k in (worn, *held.split("+")) if k]
    side = int(rng.choice([-1, 1]))
    props = []
    for kind in kinds:
        colour = pick(population.thing_colour, rng)
        if kind == "plastic-bag" and rng.random() < 0.55:
            colour = "white"
        props.append(tailor.prop(kind, colour, side))
        side = -side
    return tuple(props)


def sample_person(
    rng: Rng, population: Population = DEFAULT, *, key: str | None = None, band: str | None = None
) -> Person:
    """Draw an identity.

    Args:
        rng: source of all chance.
        population: the distribution.
        key: name of the identity; unique among all that are rendered together.
        band: age band, when it is given from outside (a child of a family).
    """
    shape = sample_shape(rng, population, band)
    looks = sample_looks(rng, shape, population)
    garments = sample_garments(rng, shape, population)
    props = sample_props(rng, shape, population)
    return Person(key or f"p{rng.integers(2**62):016x}", shape, looks, garments, props)


@dataclass(frozen=True)
class Member:
    """One of a group: the person and where they are in it (x right, z ahead, metres)."""

    person: Person
    offset: tuple[float, float]
    adult: bool


def sample_group(rng: Rng, population: Population = DEFAULT, *, key: str | None = None) -> tuple[Member, ...]:
    """Draw people who walk together: alone, couples, friends, or families with children."""
    kind = pick({"alone": 0.34, "pair": 0.22, "friends": 0.12, "family": 0.32}, rng)
    name = key or f"g{rng.integers(2**62):016x}"
    bands: list[str | None] = [None]
    if kind == "pair":
        bands = [pick({"adult": 0.7, "older": 0.2, "teen": 0.1}, rng)] * 2
    elif kind == "friends":
        bands = [pick({"teen": 0.5, "adult": 0.5}, rng)] * int(rng.integers(3, 6))
    elif kind == "family":
        adults = int(rng.integers(1, 3))
        bands = [pick({"adult": 0.85, "older": 0.15}, rng) for _ in range(adults)]
        bands += ["child"] * int(rng.choice([1, 1, 2, 3]))
    if kind == "alone":
        bands = [pick({k: v for k, v in population.age.items() if k != "child"}, rng)]
    members = []
    for i, band in enumerate(bands):
        person = sample_person(rng, population, key=f"{name}-{i}", band=band)
        x = (i - (len(bands) - 1) / 2) * rng.uniform(0.5, 0.75)
        members.append(Member(person, (float(x), float(rng.normal(0, 0.2))), band != "child"))
    return tuple(members)


def thing_colour(name: str, rng: Rng) -> tuple[float, float, float]:
    """Draw a shade for a thing."""
    return draw(name, rng)

"""Drawing synthetic people and groups from the tables of `reid.lab.synth.marginals`."""

from dataclasses import dataclass

import numpy as np

from reid.core.vocabulary import AGE_BANDS
from reid.lab.synth import layering, outfits
from reid.lab.synth.colours import draw, hex_rgb
from reid.lab.synth.marginals import (
    DEFAULT,
    HAIR,
    HAIR_STYLES,
    HEIGHT_BAND,
    HELD_OUT,
    LONG_HAIR,
    SKIN,
    STATURE,
    STATURE_SPREAD,
    Population,
    Table,
)
from reid.lab.synth.person import BodyShape, Garment, Looks, Person, Prop

Rng = np.random.Generator

__all__ = [
    "DEFAULT", "HAIR", "HAIR_STYLES", "HELD_OUT", "LONG_HAIR", "SKIN", "Member", "Population",
    "height_band", "median_stature", "pick", "sample_garments", "sample_group", "sample_looks",
    "sample_person", "sample_props", "sample_shape", "sample_skin", "thing_colour", "wheelchair",
]  # fmt: skip


def pick(table: Table, rng: Rng) -> str:
    """Draw a key by its probability (weights need not sum to 1)."""
    keys = tuple(table)
    weights = np.fromiter(table.values(), float)
    return keys[int(rng.choice(len(keys), p=weights / weights.sum()))]


def median_stature(years: float, sex: float) -> float:
    """Return the reference height in metres."""
    f, m = (
        float(np.interp(years, [y for y, _ in STATURE[s]], [cm for _, cm in STATURE[s]]))
        for s in ("female", "male")
    )
    return ((1 - sex) * f + sex * m) / 100


def height_band(metres: float, years: float, sex: float) -> str:
    """Return short, medium or tall for the age."""
    z = (metres / median_stature(years, sex) - 1) / STATURE_SPREAD
    return "short" if z < -HEIGHT_BAND else "tall" if z > HEIGHT_BAND else "medium"


def _years(band: str, rng: Rng) -> float:
    first, last = next((a, b) for name, a, b in AGE_BANDS if name == band)
    low, high = max(first, 1.6), min(last + 0.99, 88.0)
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
        years=years,
        sex=sex,
        muscle=float(np.clip(rng.normal(0.5, 0.17), 0.05, 0.95)),
        weight=float(rng.uniform(low, high)),
        stature=median_stature(years, sex) * (1 + STATURE_SPREAD * float(deviations)),
        origin=(float(origin[0]), float(origin[1]), float(origin[2])),
        bust=float(rng.uniform(0.2, 0.85)),
        proportion=float(rng.uniform(0.3, 0.9)),
    )


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
    dark = 1 - float(np.mean(skin))
    natural: Table = {
        "black": 0.35 + 0.6 * dark,
        "brown": 0.35,
        "yellow": max(0.35 - 0.5 * dark, 0.02),
        "orange": 0.05,
        "red": 0.012,
        "pink": 0.01,
        "blue": 0.01,
        "purple": 0.008,
        "green": 0.006,
    }
    colour = pick({"grey": 0.65, "white": 0.35}, rng) if rng.random() < grey else pick(natural, rng)
    base = np.asarray(hex_rgb(HAIR[colour][rng.integers(len(HAIR[colour]))]))
    rgb = np.clip(base * rng.normal(1, 0.06), 0.02, 0.97)
    beard = (
        float(rng.uniform(0.3, 1))
        if sex == "male" and shape.years > 19 and rng.random() < 0.35
        else 0.0
    )
    return Looks(
        skin=skin,
        hair=pick(styles, rng),
        hair_rgb=(float(rgb[0]), float(rgb[1]), float(rgb[2])),
        hair_colour=colour,
        eyewear=pick(population.eyewear, rng),
        face_seed=int(rng.integers(2**31)),
        beard=beard,
    )


def sample_garments(rng: Rng, shape: BodyShape, population: Population) -> tuple[Garment, ...]:
    """Draw an outfit: upper, perhaps outer, lower, feet, perhaps head and neck."""
    sex = "female" if shape.sex < 0.5 else "male"
    sampler = outfits.GarmentSampler(rng, population.domain)
    upper_type = pick(population.upper[sex], rng)
    pattern = pick(population.upper_pattern, rng)
    upper = sampler.upper(upper_type, pick(population.upper_colour, rng), pattern, sex)
    clothes = [upper]
    outer_type = pick(population.outer, rng)
    if outer_type and layering.goes_over(outer_type, upper, girl=sex == "female"):
        colour = pick(population.upper_colour, rng)
        outer_pattern = "plain" if rng.random() < 0.78 else pick(population.upper_pattern, rng)
        clothes = [layering.close_fitting(upper, outer_type)]
        clothes.append(sampler.outer(outer_type, colour, outer_pattern))
    over = clothes[-1]
    if over.kind == "suit":
        clothes.append(sampler.suit_trousers(over))
    elif over.kind == "dress" and over.slot == "outer":
        if rng.random() < 0.6:
            colour = pick(population.lower_colour, rng)
            clothes.append(sampler.lower("leggings", colour, "plain", sex))
    elif upper.kind not in ("dress", "costume"):
        kind = pick(population.lower[sex], rng)
        clothes.append(
            sampler.lower(
                kind, pick(population.lower_colour, rng), pick(population.lower_pattern, rng), sex
            )
        )
    elif upper.kind == "dress" and rng.random() < 0.3:
        clothes.append(sampler.lower("leggings", pick(population.lower_colour, rng), "plain", sex))
    clothes = layering.above_the_lower(clothes)
    clothes += sampler.feet(
        pick(population.feet, rng), pick(population.feet_colour, rng), tuple(clothes)
    )
    head = pick(population.head, rng)
    if head:
        clothes.append(sampler.head(head, pick(population.thing_colour, rng), tuple(clothes)))
    if rng.random() < population.scarf:
        clothes.append(
            sampler.scarf(pick(population.thing_colour, rng), pick(population.lower_pattern, rng))
        )
    return tuple(clothes)


def sample_props(rng: Rng, shape: BodyShape, population: Population) -> tuple[Prop, ...]:
    """Draw what is carried."""
    sampler = outfits.GarmentSampler(rng, population.domain)
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
        props.append(sampler.prop(kind, colour, side))
        side = -side
    return tuple(props)


def wheelchair(rng: Rng, population: Population) -> Prop:
    """Draw a wheelchair, most of them dark."""
    colour = pick({**population.thing_colour, "black": 0.6}, rng)
    return outfits.GarmentSampler(rng, population.domain).prop("wheelchair", colour, 1)


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
    if rng.random() < population.wheelchair:
        props = (wheelchair(rng, population),)
    return Person(key or f"p{rng.integers(2**62):016x}", shape, looks, garments, props)


@dataclass(frozen=True)
class Member:
    """One of a group: the person and where they are in it (x right, z ahead, metres)."""

    person: Person
    offset: tuple[float, float]
    adult: bool


def sample_group(
    rng: Rng, population: Population = DEFAULT, *, key: str | None = None
) -> tuple[Member, ...]:
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

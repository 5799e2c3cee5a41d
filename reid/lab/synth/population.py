"""Drawing synthetic people and groups from the tables of `reid.lab.synth.marginals`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid.core.vocabulary import AGE_BANDS
from reid.lab.synth import layering, outfits
from reid.lab.synth.catalogue import catalogue, pick
from reid.lab.synth.colours import draw, hex_rgb
from reid.lab.synth.marginals import (
    COLOURS_OF_HAIR,
    DEFAULT,
    GREYED,
    HAIR,
    HAIR_STYLES,
    HEIGHT_BAND,
    HELD_OUT,
    LONG_HAIR,
    SKIN,
    STATURE,
    STATURE_SPREAD,
    Population,
)
from reid.lab.synth.person import BodyShape, Garment, Looks, Person, Prop

Rng = np.random.Generator

__all__ = [
    "DEFAULT", "HAIR", "HAIR_STYLES", "HELD_OUT", "LONG_HAIR", "SKIN", "Member", "OutfitSampler",
    "Population",
    "height_band", "median_stature", "pick", "sample_garments", "sample_group", "sample_looks",
    "sample_person", "sample_props", "sample_shape", "sample_skin", "thing_colour", "wheelchair",
]  # fmt: skip


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
    colour = _hair_colour(rng, shape.years, dark=1 - float(np.mean(skin)))
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


def _hair_colour(rng: Rng, years: float, *, dark: float) -> str:
    """Draw a colour of hair by age and by how dark the skin is, in [0, 1]."""
    if rng.random() < float(np.clip((years - 42) / 40, 0, 0.85)):
        return pick(GREYED, rng)
    natural = {"black": 0.35 + 0.6 * dark, "yellow": max(0.35 - 0.5 * dark, 0.02)}
    return pick(COLOURS_OF_HAIR | natural, rng)


def sample_garments(rng: Rng, shape: BodyShape, population: Population) -> tuple[Garment, ...]:
    """Draw an outfit: upper, perhaps outer, lower, feet, perhaps head and neck."""
    return OutfitSampler(rng, population, "female" if shape.sex < 0.5 else "male").outfit()


class OutfitSampler:
    """Draws an outfit, slot by slot; what is drawn later fits what is worn already."""

    def __init__(self, rng: Rng, population: Population, sex: str) -> None:
        self.rng, self.population, self.sex = rng, population, sex
        self.sampler = outfits.GarmentSampler(rng, population.domain)
        self.rows = catalogue()

    def outfit(self) -> tuple[Garment, ...]:
        """Draw all garments of one person."""
        clothes = [*self._tops()]
        clothes = layering.above_the_lower([*clothes, *self._lower(clothes)])
        clothes += self._feet(clothes)
        return (*clothes, *self._head(clothes), *self._neck())

    def _tops(self) -> list[Garment]:
        people = self.population
        kind = pick(people.upper[self.sex], self.rng)
        pattern = pick(people.upper_pattern, self.rng)
        colour = pick(people.upper_colour, self.rng)
        upper = self.sampler.garment("upper", kind, colour, pattern, sex=self.sex)
        kind = pick(people.outer[self.sex], self.rng)
        rows = self.rows.of_kind("outer", kind, people.domain) if kind else ()
        fitting = tuple(row for row in rows if layering.goes_over(row, upper))
        if not fitting:
            return [upper]
        row = outfits.choose(fitting, self.sex, self.rng)
        colour = pick(people.upper_colour, self.rng)
        plain = self.rng.random() < people.outer_plain
        pattern = "plain" if plain else pick(people.upper_pattern, self.rng)
        outer = self.sampler.of_row(row, colour, pattern, sex=self.sex)
        return [layering.close_fitting(upper, row), outer]

    def _lower(self, tops: list[Garment]) -> list[Garment]:
        """Draw what is on the legs: what the outermost top says, or as people like."""
        people, sex = self.population, self.sex
        below = next(
            (odds for top in reversed(tops) if (odds := self.rows.row(top.row).below)), None
        )
        if below is not None:
            name = pick(below, self.rng)
            if not name:
                return []
            colour = pick(people.lower_colour, self.rng)
            return [self.sampler.of_row(self.rows.row(name), colour, sex=sex, top=tops[-1])]
        kind, colour = pick(people.lower[sex], self.rng), pick(people.lower_colour, self.rng)
        pattern = pick(people.lower_pattern, self.rng)
        return [self.sampler.garment("lower", kind, colour, pattern, sex=sex)]

    def _feet(self, worn: Sequence[Garment]) -> list[Garment]:
        kind = pick(self.population.feet[self.sex], self.rng)
        colour = pick(self.population.feet_colour, self.rng)
        return self.shod(kind, colour, worn)

    def shod(self, kind: str, colour: str, worn: Sequence[Garment]) -> list[Garment]:
        """Draw shoes and, where the legs are bare or now and then else, socks."""
        rng, people = self.rng, self.population
        shoes = self.sampler.garment("feet", kind, colour, sex=self.sex)
        shoes = layering.below_what_hangs(shoes, worn)
        shoe = self.rows.row(shoes.row).shoe
        covered = any(self.rows.cuts[g.cut].at_boots and g.length == "long" for g in worn)
        if shoe is None or shoe.straps or (covered and rng.random() >= people.socks_seen):
            return [shoes]
        if rng.random() < people.bare_feet:
            return [shoes]
        return [shoes, self.sampler.garment("socks", "socks", "white", sex=self.sex)]

    def _head(self, worn: Sequence[Garment]) -> list[Garment]:
        kind = pick(self.population.head[self.sex], self.rng)
        if not kind:
            return []
        colour = pick(self.population.thing_colour, self.rng)
        return [self.covered(kind, colour, worn)]

    def covered(self, kind: str, colour: str, worn: Sequence[Garment]) -> Garment:
        """Draw headwear; a hood is of the cloth of what it belongs to."""
        row = self.sampler.row("head", kind, self.sex)
        pattern = pick(self.population.head_pattern, self.rng)
        top = next((g for g in reversed(worn) if g.slot in ("upper", "outer")), None)
        return self.sampler.of_row(row, colour, pattern, sex=self.sex, top=top)

    def _neck(self) -> list[Garment]:
        kind = pick(self.population.neck[self.sex], self.rng)
        if not kind:
            return []
        colour = pick(self.population.thing_colour, self.rng)
        pattern = pick(self.population.lower_pattern, self.rng)
        return [self.sampler.garment("neck", kind, colour, pattern, sex=self.sex)]


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
        props.append(sampler.prop(kind, pick(population.thing_colour, rng), side))
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

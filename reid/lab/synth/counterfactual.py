"""Counterfactual sets: one picture again, with only one thing about the person changed.

The scene, camera, pose seed, clothes and things stay; `CHANGES` names what differs. What follows
from a change of body (how a shirt falls on another build) follows physically.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.catalogue import catalogue
from reid.lab.synth.colours import draw, hex_rgb
from reid.lab.synth.crops import (
    Crop,
    CropJob,
    crop_window,
    person_of,
    shoot,
    station_of,
    write_shard,
)
from reid.lab.synth.outfits import GarmentSampler
from reid.lab.synth.person import Person
from reid.lab.synth.population import (
    HAIR,
    HAIR_STYLES,
    SKIN,
    OutfitSampler,
    Population,
    median_stature,
    pick,
    sample_garments,
    sample_looks,
    sample_props,
    wheelchair,
)
from reid.lab.synth.render import stage
from reid.lab.synth.stations import place_actor

Rng = np.random.Generator


def _skin(person: Person, rng: Rng, population: Population) -> Person:
    """The tone farthest away on the range: light for dark and dark for light."""
    del population
    tones = np.asarray(SKIN)
    mine = int(np.linalg.norm(tones - np.asarray(person.looks.skin), axis=1).argmin())
    far = len(SKIN) - 1 if mine < len(SKIN) // 2 else 0
    other = SKIN[int(np.clip(far + rng.integers(-1, 2), 0, len(SKIN) - 1))]
    return replace(person, looks=replace(person.looks, skin=other))


def _age(person: Person, rng: Rng, population: Population) -> Person:
    """A young adult for the old and the other way round; children stay children."""
    del population
    shape = person.shape
    years = float(rng.uniform(62, 82) if shape.years < 45 else rng.uniform(20, 32))
    if shape.years < 16:
        years = float(np.clip(shape.years + rng.choice([-3, 3]), 2, 15))
    size = shape.stature / median_stature(shape.years, shape.sex)
    stature = size * median_stature(years, shape.sex)
    return replace(person, shape=replace(shape, years=years, stature=stature))


def _sex(person: Person, rng: Rng, population: Population) -> Person:
    """The other apparent sex at the same height; hair as that sex often wears it."""
    del population
    sex = 1 - person.shape.sex
    style = pick(HAIR_STYLES["female" if sex < 0.5 else "male"], rng)
    looks = replace(person.looks, hair=style, beard=0.0 if sex < 0.5 else person.looks.beard)
    return replace(person, shape=replace(person.shape, sex=sex), looks=looks)


def _face(person: Person, rng: Rng, population: Population) -> Person:
    """Another face, beard and eyewear, another head shape; hair and skin stay."""
    other = sample_looks(rng, person.shape, population)
    origin = rng.dirichlet((0.5, 0.5, 0.5))
    looks = replace(
        person.looks, beard=other.beard, eyewear=other.eyewear, face_seed=other.face_seed
    )
    shape = replace(person.shape, origin=(float(origin[0]), float(origin[1]), float(origin[2])))
    return replace(person, looks=looks, shape=shape)


def _hair(person: Person, rng: Rng, population: Population) -> Person:
    """Another cut and colour of hair."""
    del population
    looks = person.looks
    styles = [s for table in HAIR_STYLES.values() for s in table if s != looks.hair]
    colours = [c for c in HAIR if c != looks.hair_colour]
    colour = colours[int(rng.integers(len(colours)))]
    rgb = hex_rgb(HAIR[colour][0])
    style = styles[int(rng.integers(len(styles)))]
    return replace(person, looks=replace(looks, hair=style, hair_colour=colour, hair_rgb=rgb))


def _clothes(person: Person, rng: Rng, population: Population) -> Person:
    """The same person in other clothes, with other things."""
    garments = sample_garments(rng, person.shape, population)
    return replace(person, garments=garments, props=sample_props(rng, person.shape, population))


def _colour(person: Person, rng: Rng, population: Population) -> Person:
    """The same clothes, one of them in another colour: the yardstick for all other changes."""
    shown = [g for g in person.garments if g.slot in ("upper", "outer", "lower")]
    old = shown[int(rng.integers(len(shown)))]
    others = {k: v for k, v in population.upper_colour.items() if k != old.colours[0]}
    name = pick(others, rng)
    cloth = replace(old.textile, colours=(draw(name, rng), *old.textile.colours[1:]))
    colours = (name, *(colour for colour in old.colours[1:] if colour != name))
    new = replace(old, textile=cloth, colours=colours)
    return replace(person, garments=tuple(new if g is old else g for g in person.garments))


def _childhood(person: Person, rng: Rng, population: Population) -> Person:
    """A child for a grown-up and the other way round, in the same clothes at their size."""
    del population
    shape = person.shape
    grown = shape.years >= 16
    years = float(rng.uniform(4, 11) if grown else rng.uniform(22, 45))
    size = shape.stature / median_stature(shape.years, shape.sex)
    stature = size * median_stature(years, shape.sex)
    beard = 0.0 if grown else person.looks.beard
    return replace(
        person,
        shape=replace(shape, years=years, stature=stature),
        looks=replace(person.looks, beard=beard),
    )


def _build(person: Person, rng: Rng, population: Population) -> Person:
    """Slim for heavy and the other way round."""
    del population
    heavy = person.shape.weight >= 0.5
    weight = float(rng.uniform(0.08, 0.3) if heavy else rng.uniform(0.78, 1.0))
    return replace(person, shape=replace(person.shape, weight=weight))


def _covering(person: Person, rng: Rng, population: Population) -> Person:
    """A head covering, or none for whoever wears one."""
    worn = person.wearing("head")
    garments = tuple(g for g in person.garments if g.slot != "head")
    if worn is None or worn.kind != "covering":
        colour = pick(population.thing_colour, rng)
        sampler = OutfitSampler(rng, population, "female")
        garments = (*garments, sampler.covered("covering", colour, garments))
    return replace(person, garments=garments)


def _pushchair(person: Person, rng: Rng, population: Population) -> Person:
    """A pushchair in both hands, or none for whoever pushes one; what is worn stays."""
    pushed = any(prop.kind == "pushchair" for prop in person.props)
    props = tuple(prop for prop in person.props if catalogue().thing(prop.kind).place == "worn")
    if not pushed:
        colour = pick(population.thing_colour, rng)
        props = (*props, GarmentSampler(rng, population.domain).prop("pushchair", colour, 1))
    return replace(person, props=props)


def _wheelchair(person: Person, rng: Rng, population: Population) -> Person:
    """Sitting in a wheelchair, or on one's feet for whoever has one; what is worn stays."""
    seated = any(prop.kind == "wheelchair" for prop in person.props)
    props = () if seated else (wheelchair(rng, population),)
    return replace(person, props=props)


CHANGES: Final[dict[str, Callable[[Person, Rng, Population], Person]]] = {
    "skin": _skin, "age": _age, "sex": _sex, "face": _face, "hair": _hair, "clothes": _clothes,
    "colour": _colour, "childhood": _childhood, "build": _build, "covering": _covering,
    "pushchair": _pushchair, "wheelchair": _wheelchair,
}  # fmt: skip
"""What may change; "clothes" and "colour" keep the body, all others keep the clothes, but for what
they name. Sets on disk name a change by its place here: new ones come last."""


@dataclass(frozen=True, eq=False)
class Pair:
    """One picture before and after: the identity, what changed, both crops."""

    identity: int
    change: str
    view: int
    before: Crop
    after: Crop
    people: tuple[Person, Person]


def changed(person: Person, change: str, rng: Rng, population: Population) -> Person:
    """Return the person with only `change` (a key of `CHANGES`) different.

    Raises:
        KeyError: no such change.
    """
    other = CHANGES[change](person, rng, population)
    return replace(other, key=f"{person.key}/{change}")


def pairs(job: CropJob, identity: int, change: str) -> list[Pair]:
    """Render the pairs of one identity: every view before and after one change."""
    person = person_of(job, identity)
    kind = list(CHANGES).index(change)
    other = changed(
        person, change, np.random.default_rng((job.seed, identity, 8, kind)), job.population
    )
    made = []
    for view in range(job.views):
        rng = np.random.default_rng((job.seed, identity, 9, view))
        station = station_of(int(rng.integers(job.pool)), job.seed, job.domain)
        at = station.draw_spot(rng)
        actor = place_actor(person, (at[0], at[1]), rng, tuple(p.kind for p in person.props))
        window = crop_window(stage([actor])[0], station.lens, rng)
        crops = []
        for who in (person, other):
            props = tuple(prop.kind for prop in who.props)
            moment = np.random.default_rng((job.seed, identity, 10, view))
            gait = "stand" if actor.gait == "sit" else actor.gait
            here = replace(actor, person=who, props=props, gait=gait)
            crops.append(shoot(station, [here], moment, job, window))
        made.append(Pair(identity, change, view, crops[0], crops[1], (person, other)))
    return made


def stacked(made: list[Pair]) -> dict[str, NDArray[np.generic]]:
    """Return pairs as arrays: before, after uint8 (N, H, W, 3), parts, identity, view, change."""
    return {
        "before": np.stack([p.before.image for p in made]),
        "after": np.stack([p.after.image for p in made]),
        "before_parts": np.stack([p.before.parts for p in made]),
        "after_parts": np.stack([p.after.parts for p in made]),
        "before_head": np.stack([p.before.head_box for p in made]),
        "after_head": np.stack([p.after.head_box for p in made]),
        "identity": np.asarray([p.identity for p in made], np.int32),
        "view": np.asarray([p.view for p in made], np.int16),
        "change": np.asarray([list(CHANGES).index(p.change) for p in made], np.int16),
    }


def run_shard(
    job: CropJob, changes: tuple[str, ...], shard: int, folder: Path, deadline: float
) -> None:
    """Render the pairs of one shard's identities into `folder`."""
    del deadline
    first = shard * job.shard
    numbers = range(first, min(first + job.shard, job.identities))
    made = [p for identity in numbers for change in changes for p in pairs(job, identity, change)]
    write_shard(folder, stacked(made))

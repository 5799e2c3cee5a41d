"""The two-camera clip that ships with the package: a fixed cast on fixed routes.

Run ``python -m reid.lab.synth.venue.demo_clips FOLDER`` to film it again.
"""

# ruff: noqa: E501  (the cast reads best by rows)

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from reid.lab.synth.camera import CameraLook, sample_look
from reid.lab.synth.labels import attributes_of
from reid.lab.synth.person import Garment, Person, Prop
from reid.lab.synth.places import framed, person_spans
from reid.lab.synth.population import (
    DEFAULT,
    Member,
    OutfitSampler,
    median_stature,
    sample_person,
)
from reid.lab.synth.speakers import Context, describe
from reid.lab.synth.venue.film import Shoot, film, visits
from reid.lab.synth.venue.plan import Venue, Watch, lay_out
from reid.lab.synth.venue.routes import Leg, Party, find_path
from reid.lab.synth.venue.story import facts_of

SEED: Final = 36
ROUTES: Final = 12
"""Seed of the routes: one by which the child is long in both pictures."""
SECONDS: Final = 26.0
FPS: Final = 10
SIZE: Final = (640, 360)
START: Final = datetime(2026, 5, 2, 14, 20, tzinfo=UTC)
KINDS: Final = ("amusement park", "plaza")
CHILD: Final = "child"
_PASSAGE: Final = 5.0

Clothes = tuple[tuple[str, str, str], ...]
"""(slot, kind, colour) of each garment; props have the slot "carry"."""

CAST: Final[tuple[tuple[str, str, float, float, Clothes], ...]] = (
    (CHILD, "child", 6.5, 0.92, (("upper", "hoodie", "red"), ("lower", "jeans", "blue"), ("feet", "sneakers", "white"), ("carry", "backpack", "yellow"))),
    ("mother", "adult", 36, 0.05, (("upper", "coat", "beige"), ("lower", "trousers", "black"), ("feet", "boots", "brown"), ("carry", "handbag", "black"))),
    ("teen", "teen", 16, 0.9, (("upper", "t-shirt", "green"), ("lower", "shorts", "black"), ("feet", "sneakers", "red"), ("carry", "backpack", "black"))),
    ("older man", "older", 71, 0.95, (("upper", "sweater", "grey"), ("lower", "trousers", "brown"), ("feet", "shoes", "black"), ("head", "hat", "brown"))),
    ("older woman", "older", 68, 0.05, (("upper", "shirt", "purple"), ("lower", "skirt", "grey"), ("feet", "shoes", "black"), ("carry", "shoulder-bag", "red"))),
    ("father", "adult", 41, 0.95, (("upper", "jacket", "blue"), ("lower", "jeans", "blue"), ("feet", "sneakers", "grey"))),
    ("other child", "child", 8, 0.1, (("upper", "t-shirt", "yellow"), ("lower", "leggings", "pink"), ("feet", "sneakers", "white"), ("carry", "balloon", "red"))),
    ("woman with pushchair", "adult", 31, 0.08, (("upper", "shirt", "white"), ("lower", "jeans", "blue"), ("feet", "sneakers", "white"), ("carry", "pushchair", "green"))),
    ("traveller", "adult", 29, 0.93, (("upper", "jacket", "black"), ("lower", "trousers", "beige"), ("feet", "shoes", "brown"), ("carry", "suitcase", "orange"))),
)  # fmt: skip
"""Key, age band, years, sex (0 female to 1 male), clothes."""


def cast() -> dict[str, Person]:
    """Dress the cast."""
    return {CAST[i][0]: _dressed(i) for i in range(len(CAST))}


def _dressed(number: int) -> Person:
    key, band, years, sex, clothes = CAST[number]
    rng = np.random.default_rng([SEED, number])
    drawn = sample_person(rng, DEFAULT, key=key, band=band)
    word = "female" if sex < 0.5 else "male"
    wardrobe = OutfitSampler(rng, DEFAULT, word)
    garments: list[Garment] = []
    props: list[Prop] = []
    for slot, kind, colour in clothes:
        match slot:
            case "feet":
                garments += wardrobe.shod(kind, colour, garments)
            case "head":
                garments.append(wardrobe.covered(kind, colour, garments))
            case "carry":
                props.append(wardrobe.sampler.prop(kind, colour, 1))
            case _:
                garments.append(wardrobe.sampler.garment(slot, kind, colour, sex=word))
    ratio = median_stature(years, sex) / median_stature(drawn.shape.years, drawn.shape.sex)
    shape = replace(
        drawn.shape, years=years, sex=sex, weight=0.5, stature=drawn.shape.stature * ratio
    )
    hair = "short02" if sex > 0.5 else "ponytail01"
    looks = replace(drawn.looks, hair=hair, beard=0.0)
    return replace(drawn, shape=shape, looks=looks, garments=tuple(garments), props=tuple(props))


def venue() -> Venue:
    """Lay out the two zones, a short passage between them."""
    plan = lay_out(SEED, 2, size=SIZE, kinds=KINDS)
    looks = (_clean(sample_look(np.random.default_rng(1), kind="good")),
             _clean(sample_look(np.random.default_rng(8), kind="washed")))  # fmt: skip
    cameras = tuple(
        Watch(w.id, w.zone, replace(w.lens, k1=look.optics.k1, k2=look.optics.k2), look)
        for w, look in zip(plan.cameras, looks, strict=True)
    )
    return replace(plan, cameras=cameras, links=((0, 1, _PASSAGE),))


def _clean(look: CameraLook) -> CameraLook:
    """A camera in fair order: little noise, full resolution, so that the clip stays small."""
    sensor = replace(look.sensor, read_noise=0.5, shot_noise=0.8, chroma_noise=0.0, exposure=0.1)
    plain = (1.0, 1.0, 1.0)
    optics = replace(
        look.optics, defocus=0.5, motion=0.5, haze=0.0, flare=0.0, light=plain, light_right=plain
    )
    transport = replace(look.transport, scale=1.0, jpeg=100, interlace=0.0)
    return replace(look, sensor=sensor, optics=optics, transport=transport)


def parties(plan: Venue, people: dict[str, Person]) -> tuple[Party, ...]:
    """Send the cast on their ways, each through the middle of the pictures."""
    rng = np.random.default_rng([SEED, ROUTES])
    ways: tuple[tuple[tuple[str, ...], tuple[int, ...], float, float, float], ...] = (
        (("mother", CHILD), (0, 1), 0.3, 1.1, 0.0),
        (("teen",), (1, 0), -3.0, 1.35, 0.0),
        (("older man", "older woman"), (0,), -4.0, 0.75, 9.0),
        (("father", "other child"), (1,), -2.0, 0.9, 7.0),
        (("woman with pushchair",), (1, 0), -6.0, 1.15, 0.0),
        (("traveller",), (0, 1), 4.0, 1.4, 0.0),
    )
    return tuple(_party(plan, people, way, rng) for way in ways)


def _party(
    plan: Venue, people: dict[str, Person],
    way: tuple[tuple[str, ...], tuple[int, ...], float, float, float], rng: np.random.Generator,
) -> Party:  # fmt: skip
    """Names, zones, start in seconds, metres a second, seconds of a stop in the first zone."""
    names, zones, start, speed, stop = way
    middle = (len(names) - 1) / 2
    members = tuple(
        Member(people[name], ((i - middle) * 0.62, 0.1 * i), "child" not in name)
        for i, name in enumerate(names)
    )
    legs: list[Leg] = []
    time = start
    for i, zone in enumerate(zones):
        if i:
            time += plan.passage(zones[i - 1], zone) / speed
        doors = plan.zones[zone].doors
        seen = _watched(plan, zone, rng)
        first = doors[zones[i - 1]] if i else seen[0]
        last = doors[zones[i + 1]] if i + 1 < len(zones) else seen[2]
        for one, two in ((first, seen[1]), (seen[1], last)):
            path = find_path(plan.zones[zone].site, one, two)
            walked = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum()) / speed
            legs.append(Leg(time, time + walked, zone, path))
            time += walked
            if stop and two == seen[1]:
                spot = np.array([two], np.float32)
                legs.append(Leg(time, time + stop, zone, spot, float(rng.uniform(0, 6))))
                time += stop
    return Party(names[0], members, tuple(legs), int(rng.integers(2**20)))


def _watched(plan: Venue, zone: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """A floor point at the picture's edge, one well in it, and another at the edge."""
    site, lens = plan.zones[zone].site, next(w.lens for w in plan.cameras if w.zone == zone)
    spots = site.free_spots(rng, 300, margin=0.4)
    foot, height = person_spans(lens, spots)
    chest = np.insert(spots, 1, 1.0, axis=1).astype(np.float32)
    clear = framed(lens, spots) & site.sees(lens.position, chest)
    aside = np.abs(foot[:, 0] / lens.width - 0.5)
    tall = height / lens.height
    inner = spots[clear & (aside < 0.3) & (tall > 0.24) & (tall < 0.5)]
    outer = spots[clear & (aside > 0.38) & (tall > 0.18) & (tall < 0.5)]
    inner, outer = (p if len(p) else spots for p in (inner, outer))
    picks = [outer[int(rng.integers(len(outer)))], inner[int(rng.integers(len(inner)))]]
    far = outer[np.linalg.norm(outer - picks[0], axis=1).argmax()]
    return [(float(x), float(z)) for x, z in (*picks, far)]


def make_demo(folder: Path) -> dict[str, Any]:
    """Film both cameras into `folder` and write ``truth.json`` beside the clips; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    plan, people = venue(), cast()
    groups = parties(plan, people)
    shoot = Shoot(SECONDS, FPS, START, seed=SEED, supersample=2, preset="slow", crf=26)
    cameras: dict[str, Any] = {}
    stays = []
    for watch in plan.cameras:
        records = film(plan, watch, groups, shoot, folder / f"{watch.id}.mp4")
        stays += visits(records, watch.id)
        cameras[watch.id] = {
            "file": f"{watch.id}.mp4", "zone": plan.zones[watch.zone].name,
            "frames": [_compact(record) for record in records],
        }  # fmt: skip
    rng = np.random.default_rng([SEED, 77])
    context = Context(place=plan.zones[0].name, time="14:20")
    said = [describe(facts_of(people[CHILD]), rng, context=context).as_dict() for _ in range(4)]
    truth = {
        "start": START.isoformat(), "fps": FPS, "width": SIZE[0], "height": SIZE[1],
        "fields": ["person", "x0", "y0", "x1", "y1", "head x0", "head y0", "head x1", "head y1", "visible"],
        "people": {key: {"years": p.shape.years, "attributes": attributes_of(p)} for key, p in people.items()},
        "lost": CHILD, "descriptions": said, "visits": stays, "cameras": cameras,
    }  # fmt: skip
    (folder / "truth.json").write_text(json.dumps(truth, separators=(",", ":")))
    return truth


def _compact(record: dict[str, Any]) -> list[list[Any]]:
    """One frame as rows of `fields`; its number is its place in the list."""
    return [
        [one["person"], *map(round, one["box"]), *map(round, one["head"]), round(one["visible"], 2)]
        for one in record["people"]
    ]


if __name__ == "__main__":
    make_demo(Path(sys.argv[1]))

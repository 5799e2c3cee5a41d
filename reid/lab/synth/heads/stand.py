"""A stand full of people: up to two thousand small heads in one picture."""

from dataclasses import replace
from typing import Final

import numpy as np

from reid.lab.synth.heads.shot import Shot, shot_of
from reid.lab.synth.places import project
from reid.lab.synth.places.builder import Builder
from reid.lab.synth.population import Population, sample_person
from reid.lab.synth.render import render_staged, stage
from reid.lab.synth.scene import Actor, Lens, Place

Rng = np.random.Generator

_RISE, _DEEP, _SEAT = 0.42, 0.8, 0.56
"""Metres: a row above the one before it, its depth, the width of a seat."""
_HEAD: Final = 0.23
"""Metres: a head's longer side."""
_AWAY: Final = 34.0
_CAST: Final = 36
_SEATED: Final = 0.7


def full_stand(
    rng: Rng, population: Population, key: str, count: int, size: tuple[int, int], head: float
) -> tuple[Shot, Lens]:
    """Render a stand.

    Args:
        rng: source of all chance. population: who is there. key: of the cast.
        count: people at most; they fill what the picture shows of the stand.
        size: width and height, px. head: about how many px a head is tall.
    """
    columns = max(4, int(size[0] / head * _HEAD / _SEAT))
    rows = max(3, min(count // columns, int(size[1] / head * _HEAD / _RISE * 0.9)))
    lens = _lens(rng, rows, size, head)
    actors = _people(rng, population, key, rows, columns, count)
    tall = project(lens, np.array([a.position for a in actors], np.float32))[1]
    staged = stage(actors, [lens.focal * a.person.shape.stature / float(d)
                            for a, d in zip(actors, tall, strict=True)])  # fmt: skip
    place = _steps(rng, rows, columns, population.domain)
    rendering = render_staged(place, lens, staged, supersample=2)
    return shot_of(rendering, lens, staged, ["stand"] * len(staged)), lens


def _lens(rng: Rng, rows: int, size: tuple[int, int], head: float) -> Lens:
    middle = np.array([0.0, rows * _RISE / 2, rows * _DEEP / 2])
    height = float(middle[1] + rng.uniform(-0.2, 0.5) * rows * _RISE)
    away = _AWAY + float(middle[2])
    across = size[1] * _HEAD / head  # metres from the picture's top to its bottom
    distance = float(np.hypot(away, height - middle[1]))
    fov = 2 * np.degrees(np.arctan(across / 2 / distance))
    return Lens(
        (float(rng.normal(0, 4)), max(height, 1.5), -_AWAY),
        (float(middle[0]), float(middle[1]) + 0.6, float(middle[2])), float(fov), *size,
        roll=float(rng.normal(0, 1)),
    )  # fmt: skip


def _people(
    rng: Rng, population: Population, key: str, rows: int, columns: int, count: int
) -> list[Actor]:
    cast = [sample_person(rng, population, key=f"{key}/{i}") for i in range(_CAST)]
    cast = [replace(person, props=()) for person in cast]
    actors = []
    for row in range(rows):
        for column in range(columns):
            if rng.random() < 0.04:
                continue
            x = (column - (columns - 1) / 2) * _SEAT + float(rng.normal(0, 0.05))
            seated = rng.random() < _SEATED
            y, z = row * _RISE, row * _DEEP + 0.3 + float(rng.normal(0, 0.03))
            arms = "hand-high" if rng.random() < 0.08 else ""
            actors.append(Actor(
                cast[int(rng.integers(_CAST))], (x, y, z), np.pi + float(rng.normal(0, 0.25)),
                "sit" if seated else "stand", 0.0, int(rng.integers(2**31)), (), arms,
            ))  # fmt: skip
    return actors[:count]


def _steps(rng: Rng, rows: int, columns: int, domain: str) -> Place:
    """Return the stand itself, facing −z, under an even light."""
    b = Builder(rng)
    half = columns * _SEAT / 2 + 3
    grey = b.flat((118, 116, 112))
    seat = b.flat(tuple(int(v) for v in rng.integers(40, 200, 3)))  # type: ignore[arg-type]
    b.slab((-60, -60, 60, 0), 0.0, b.flat((96, 118, 84)))
    for row in range(rows):
        y, z = row * _RISE, row * _DEEP
        b.wall((half, z), (-half, z), _RISE, seat, base=y - _RISE)
        b.slab((-half, z, half, z + _DEEP), y, grey)
    b.wall((half, rows * _DEEP), (-half, rows * _DEEP), 6.0, grey, base=(rows - 1) * _RISE)
    b.wall((90, 60), (-90, 60), 60.0, b.flat((188, 204, 222)))
    light = float(rng.uniform(0.5, 0.9))
    return Place(
        quads=np.stack(b.quads), uv=np.stack(b.uv), texture=np.array(b.texture, np.int32),
        textures=tuple(b.textures), sun=np.array([0.3, 0.8, -0.52], np.float32),
        sun_colour=np.full(3, 0.3 * light, np.float32),
        ambient_sky=np.full(3, 0.9 * light, np.float32),
        ambient_ground=np.full(3, 0.55 * light, np.float32), domain=domain,
    )  # fmt: skip

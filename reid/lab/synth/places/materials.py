"""Tileable surfaces of floors, walls and ceilings.

Each material is a function of a generator that returns uint8 (512, 512, 3) sRGB, and `SPAN` says
how many metres one repeat covers.
"""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from reid.lab.synth.places.texture_painting import (
    Colour,
    Image,
    cracks,
    fill,
    grain,
    muted,
    near,
    noise,
    rectangle,
    rgb,
    shade,
    vivid,
)

SIZE: Final = 512
Material = Callable[[np.random.Generator], Image]


def _grid(
    rng: np.random.Generator, ground: Colour, joint: Colour, columns: int, rows: int,
    *, offset: float = 0.0, spread: float = 8.0, gap: int = 2,
) -> Image:  # fmt: skip
    """Bricks, tiles or slabs: `columns` × `rows` cells, every other row shifted by `offset`."""
    image = fill(SIZE, SIZE, joint)
    wide, tall = SIZE / columns, SIZE / rows
    for row in range(rows):
        shift = offset * wide * (row % 2)
        for column in range(-1, columns + 1):
            x, y = column * wide + shift, row * tall
            tone = near(rng, ground, spread)
            if 0 <= column < columns or x + wide > 0:
                rectangle(image, x + gap, y + gap, x + wide - gap, y + tall - gap, tone)
                if x + wide > SIZE:
                    rectangle(image, -1, y + gap, x + wide - SIZE - gap, y + tall - gap, tone)
    return image


def _tiles(rng: np.random.Generator) -> Image:
    ground = muted(rng, 110, 225)
    cells = int(rng.choice([4, 5, 8]))
    image = _grid(rng, ground, near(rng, rgb(np.array(ground) * 0.72), 6), cells, cells, spread=3)
    return grain(rng, image, 0.02)


def _checker(rng: np.random.Generator) -> Image:
    pair = muted(rng, 150, 230), muted(rng, 40, 130)
    cells = int(rng.choice([4, 6, 8]))
    step = SIZE // cells
    rows, columns = np.indices((SIZE, SIZE)) // step
    image = np.where(((rows + columns) % 2 == 0)[..., None], pair[0], pair[1]).astype(np.uint8)
    return grain(rng, image, 0.025)


def _terrazzo(rng: np.random.Generator) -> Image:
    ground = muted(rng, 140, 215)
    image = fill(SIZE, SIZE, ground)
    chips = rng.integers(0, SIZE, (2600, 2))
    for x, y in chips:
        size = (int(rng.integers(1, 4)), int(rng.integers(1, 3)))
        centre = (int(x), int(y))
        cv2.ellipse(
            image, centre, size, float(rng.uniform(0, 180)), 0, 360, near(rng, ground, 40), -1
        )
    return image


def _concrete(rng: np.random.Generator) -> Image:
    ground = near(rng, (140, 138, 132), 22)
    image = grain(rng, fill(SIZE, SIZE, ground), 0.05, 6)
    return cracks(rng, grain(rng, image, 0.03, 128), int(rng.integers(0, 3)))


def _asphalt(rng: np.random.Generator) -> Image:
    image = grain(rng, fill(SIZE, SIZE, near(rng, (84, 84, 86), 16)), 0.12, 160)
    return cracks(rng, grain(rng, image, 0.04, 5), int(rng.integers(0, 5)))


def _paving(rng: np.random.Generator) -> Image:
    ground = muted(rng, 105, 190)
    columns, rows = ((3, 6), (4, 4), (5, 8), (8, 16))[int(rng.integers(4))]
    joint = rgb(np.array(ground) * rng.uniform(0.5, 0.75))
    image = _grid(rng, ground, joint, columns, rows, offset=0.5, spread=11, gap=2)
    return grain(rng, image, 0.06, 96)


def _herringbone(rng: np.random.Generator) -> Image:
    ground = near(rng, ((150, 96, 78), (120, 116, 110), (168, 140, 112))[int(rng.integers(3))], 10)
    image = fill(SIZE, SIZE, rgb(np.array(ground) * 0.55))
    unit = SIZE // 16
    for row in range(-2, 18):
        for column in range(-2, 18):
            step = (column - row) % 4
            x, y = column * unit, row * unit
            if step == 0:
                rectangle(
                    image, x + 1, y + 1, x + 2 * unit - 2, y + unit - 2, near(rng, ground, 10)
                )
            elif step == 2:
                rectangle(
                    image, x + 1, y + 1, x + unit - 2, y + 2 * unit - 2, near(rng, ground, 10)
                )
    return grain(rng, image, 0.05, 96)


def _cobbles(rng: np.random.Generator) -> Image:
    ground = near(rng, (118, 114, 110), 18)
    image = fill(SIZE, SIZE, rgb(np.array(ground) * 0.5))
    step = 22
    for row in range(SIZE // step + 1):
        for column in range(SIZE // step + 1):
            x = int(column * step + (row % 2) * step / 2 + rng.normal(0, 1.5))
            y = int(row * step + rng.normal(0, 1.5))
            cv2.ellipse(
                image, (x, y), (10, 9), float(rng.uniform(0, 90)), 0, 360, near(rng, ground, 14), -1
            )
    return grain(rng, image, 0.07, 64)


def _wood(rng: np.random.Generator) -> Image:
    ground = near(
        rng,
        ((156, 104, 60), (120, 78, 46), (190, 150, 104), (100, 84, 70))[int(rng.integers(4))],
        10,
    )
    planks = int(rng.choice([8, 10, 14]))
    tall = SIZE / planks
    image = fill(SIZE, SIZE, ground)
    for plank in range(planks):
        x = float(rng.uniform(-SIZE, 0))
        while x < SIZE:
            length = float(rng.uniform(0.4, 1.0)) * SIZE
            rectangle(
                image,
                x,
                plank * tall,
                x + length - 2,
                (plank + 1) * tall - 2,
                near(rng, ground, 16),
            )
            x += length
    fibre = cv2.resize(noise(rng, SIZE, 8), (SIZE * 6, SIZE))[:, :SIZE]
    return shade(image, np.asarray(1 + 0.07 * fibre, np.float32))


def _carpet(rng: np.random.Generator) -> Image:
    ground = vivid(rng) if rng.random() < 0.4 else muted(rng, 50, 140)
    ground = rgb(np.array(ground) * 0.6 + 30)
    image = fill(SIZE, SIZE, ground)
    if rng.random() < 0.6:
        for _ in range(int(rng.integers(20, 90))):
            centre = (int(rng.integers(SIZE)), int(rng.integers(SIZE)))
            cv2.circle(image, centre, int(rng.integers(4, 26)), near(rng, ground, 22), -1)
    return grain(rng, image, 0.12, 256)


def _grass(rng: np.random.Generator) -> Image:
    ground = near(
        rng, ((84, 112, 50), (104, 118, 60), (70, 96, 48), (140, 130, 80))[int(rng.integers(4))], 8
    )
    image = grain(rng, fill(SIZE, SIZE, ground), 0.2, 110)
    return grain(rng, image, 0.07, 6)


def _leaves(rng: np.random.Generator) -> Image:
    """A lawn or path under fallen leaves."""
    image = _grass(rng) if rng.random() < 0.5 else _asphalt(rng)
    for x, y in rng.integers(0, SIZE, (1100, 2)):
        tone = near(
            rng,
            ((170, 110, 40), (140, 70, 34), (190, 150, 60), (110, 84, 50))[int(rng.integers(4))],
            14,
        )
        size = (int(rng.integers(2, 6)), int(rng.integers(1, 4)))
        cv2.ellipse(image, (int(x), int(y)), size, float(rng.uniform(0, 180)), 0, 360, tone, -1)
    return image


def _rubber(rng: np.random.Generator) -> Image:
    image = fill(SIZE, SIZE, rgb(np.array(vivid(rng)) * 0.7 + 20))
    return grain(rng, image, 0.1, 256)


def _gravel(rng: np.random.Generator) -> Image:
    return grain(
        rng, grain(rng, fill(SIZE, SIZE, near(rng, (168, 156, 136), 16)), 0.1, 128), 0.03, 4
    )


def _brick(rng: np.random.Generator) -> Image:
    ground = near(
        rng,
        ((150, 78, 60), (170, 120, 90), (120, 66, 54), (190, 176, 158))[int(rng.integers(4))],
        10,
    )
    image = _grid(rng, ground, near(rng, (170, 164, 154), 14), 8, 24, offset=0.5, spread=14, gap=1)
    return grain(rng, image, 0.06, 64)


def _plaster(rng: np.random.Generator) -> Image:
    ground = muted(rng, 150, 238)
    return grain(rng, grain(rng, fill(SIZE, SIZE, ground), 0.015, 3), 0.012, 128)


def _paint(rng: np.random.Generator) -> Image:
    ground = rgb(np.array(vivid(rng)) * 0.5 + np.array(muted(rng, 120, 200)) * 0.5)
    return grain(rng, fill(SIZE, SIZE, ground), 0.02, 4)


def _wall_tiles(rng: np.random.Generator) -> Image:
    ground = muted(rng, 170, 240) if rng.random() < 0.6 else rgb(np.array(vivid(rng)) * 0.7 + 40)
    return _grid(rng, ground, rgb(np.array(ground) * 0.8), 8, 16, offset=0.5, spread=4, gap=1)


def _panels(rng: np.random.Generator) -> Image:
    ground = muted(rng, 90, 225)
    image = _grid(
        rng,
        ground,
        rgb(np.array(ground) * 0.6),
        int(rng.choice([2, 3])),
        int(rng.choice([1, 2])),
        spread=4,
        gap=1,
    )
    return grain(rng, image, 0.02, 4)


def _corrugated(rng: np.random.Generator) -> Image:
    wave = 1 + 0.14 * np.sin(np.arange(SIZE) * 2 * np.pi / 16)
    gain = np.broadcast_to(wave.astype(np.float32), (SIZE, SIZE))
    return grain(
        rng, shade(fill(SIZE, SIZE, muted(rng, 80, 200)), np.ascontiguousarray(gain)), 0.04, 4
    )


def _stone(rng: np.random.Generator) -> Image:
    ground = near(rng, (166, 156, 138), 20)
    image = _grid(rng, ground, rgb(np.array(ground) * 0.7), 3, 6, offset=0.5, spread=8, gap=1)
    return grain(rng, image, 0.08, 24)


def _ceiling(rng: np.random.Generator) -> Image:
    ground = muted(rng, 165, 225)
    return _grid(rng, ground, rgb(np.array(ground) * 0.82), 4, 4, spread=3, gap=1)


def _hexagons(rng: np.random.Generator) -> Image:
    ground = muted(rng, 100, 200)
    image = fill(SIZE, SIZE, rgb(np.array(ground) * 0.6))
    columns, rows = 8, 8
    wide, tall = SIZE / columns, SIZE / rows
    angles = np.arange(6) * np.pi / 3 + np.pi / 6
    for row in range(-1, rows + 1):
        for column in range(-1, columns + 1):
            centre = np.array([(column + 0.5 * (row % 2)) * wide, row * tall])
            ring = (
                centre + np.stack([np.cos(angles) * wide, np.sin(angles) * tall * 1.15], -1) * 0.56
            )
            cv2.fillConvexPoly(image, ring.astype(np.int32), near(rng, ground, 12))
    return grain(rng, image, 0.04, 64)


def _mosaic(rng: np.random.Generator) -> Image:
    tones = np.array([muted(rng), vivid(rng), muted(rng), muted(rng)], np.float64)
    cells = rng.choice(tones, (32, 32)) + rng.normal(0, 12, (32, 32, 3))
    small = np.clip(cells, 0, 255).astype(np.uint8)
    image = np.asarray(cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_NEAREST), np.uint8)
    image[::16] = image[:, ::16] = (150, 148, 144)
    return image


MATERIALS: Final[dict[str, Material]] = {
    "tiles": _tiles, "checker": _checker, "terrazzo": _terrazzo, "concrete": _concrete,
    "asphalt": _asphalt, "paving": _paving, "herringbone": _herringbone, "cobbles": _cobbles,
    "wood": _wood, "carpet": _carpet, "grass": _grass, "leaves": _leaves, "rubber": _rubber,
    "gravel": _gravel, "brick": _brick, "plaster": _plaster, "paint": _paint,
    "wall tiles": _wall_tiles, "panels": _panels, "corrugated": _corrugated, "stone": _stone,
    "ceiling": _ceiling, "hexagons": _hexagons, "mosaic": _mosaic,
}  # fmt: skip

SPAN: Final[dict[str, float]] = {
    "tiles": 2.4, "checker": 3.2, "terrazzo": 1.6, "concrete": 4.0, "asphalt": 3.0, "paving": 2.4,
    "herringbone": 1.6, "cobbles": 2.4, "wood": 1.6, "carpet": 2.0, "grass": 3.0, "leaves": 3.0,
    "rubber": 2.0, "gravel": 2.4, "brick": 1.9, "plaster": 4.0, "paint": 4.0, "wall tiles": 1.6,
    "panels": 3.0, "corrugated": 2.4, "stone": 2.4, "ceiling": 2.4, "hexagons": 2.0, "mosaic": 2.6,
}  # fmt: skip
"""Metres covered by one repeat."""


def paint(name: str, rng: np.random.Generator) -> Image:
    """Return one variant of a material.

    Raises:
        KeyError: no material of that name.
    """
    return MATERIALS[name](rng)


def repeated(tile: Image, height: int, width: int, pixels: int) -> Image:
    """Cover `height` × `width` px with `tile` resized so that one repeat takes `pixels`."""
    size = max(8, pixels)
    unit = cv2.resize(tile, (size, size), interpolation=cv2.INTER_AREA if size < SIZE else 1)
    rows, columns = -(-height // size), -(-width // size)
    covered = np.tile(np.asarray(unit, np.uint8), (rows, columns, 1))
    return np.ascontiguousarray(covered[:height, :width])

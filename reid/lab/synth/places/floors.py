"""The floor of a place: material, markings, wear, shade of what stands on it."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from reid.lab.synth.places import materials
from reid.lab.synth.places.builder import Builder, Floats
from reid.lab.synth.places.texture_painting import (
    Colour,
    Image,
    grain,
    near,
    noise,
    rectangle,
    shade,
    vivid,
    wear,
)

Rng = np.random.Generator

PIXELS: Final = 92
"""Pixels of a metre of floor."""
_LINES: Final = (214, 212, 204)
"""White of painted lines, worn a little."""
_MASK: Final = 4
"""Shade is painted at a quarter of the floor's resolution."""


def floor(
    b: Builder, name: str, size: tuple[float, float], marks: tuple[str, ...]
) -> tuple[Image, Image]:
    """Paint the floor of `size` metres (x, z) in material `name` with `marks`.

    Returns:
        The whole floor, and one repeat of its bare material.
    """
    rows, columns = round(size[1] * PIXELS), round(size[0] * PIXELS)
    tile = materials.paint(name, b.rng)
    image = materials.repeated(tile, rows, columns, round(materials.SPAN[name] * PIXELS))
    for mark in marks:
        MARKS[mark](b.rng, image, near(b.rng, _LINES, 10))
    image = wear(b.rng, image, float(b.rng.uniform(0.3, 1.5)))
    if name in ("tiles", "terrazzo", "checker", "wood"):
        image = _reflections(b.rng, image)
    return image, tile


def _metres(value: float) -> int:
    return round(value * PIXELS)


def _bays(rng: Rng, image: Image, white: Colour) -> None:
    rows, columns = image.shape[:2]
    for x in range(_metres(1.0), columns, _metres(2.5)):
        for y0, y1 in ((0, 5.0), (rows / PIXELS - 5.0, rows / PIXELS)):
            rectangle(image, x, _metres(y0), x + _metres(0.1), _metres(y1), white)
    middle = (columns // 2, rows // 2)
    tip = (columns // 2, rows // 2 - _metres(2))
    cv2.arrowedLine(image, middle, tip, white, _metres(0.15), tipLength=0.3)


def _platform(rng: Rng, image: Image, white: Colour) -> None:
    rows = image.shape[0]
    edge = _metres(float(rng.uniform(0.8, 1.4)))
    rectangle(image, edge, 0, edge + _metres(0.4), rows, near(rng, (214, 176, 50), 10))
    rectangle(image, 0, 0, edge // 3, rows, (52, 52, 54))
    rectangle(image, edge // 3, 0, edge // 3 + 8, rows, white)


def _crossing(rng: Rng, image: Image, white: Colour) -> None:
    rows = image.shape[0]
    kerb = _metres(float(rng.uniform(3.0, 5.0)))
    road = grain(rng, np.full((512, 512, 3), near(rng, (76, 76, 80), 12), np.uint8), 0.1, 128)
    image[:, :kerb] = materials.repeated(road, rows, kerb, 300)
    rectangle(image, kerb, 0, kerb + _metres(0.18), rows, near(rng, (168, 164, 156), 8))
    start = int(rng.integers(0, max(1, rows - _metres(4))))
    for y in range(start, start + _metres(4), _metres(1.0)):
        rectangle(image, 0, y, kerb, y + _metres(0.5), white)


def _path(rng: Rng, image: Image, white: Colour) -> None:
    rows, columns = image.shape[:2]
    points = [(float(rng.uniform(0.2, 0.8)) * columns, y) for y in np.linspace(0, rows, 5)]
    line = np.array(points, np.int32)
    tone = near(rng, ((150, 138, 116), (128, 126, 122), (176, 164, 144))[int(rng.integers(3))], 8)
    mask = np.zeros((rows, columns), np.uint8)
    cv2.polylines(mask, [line], False, (255,), _metres(float(rng.uniform(2.5, 4.5))))
    path = grain(rng, np.full((512, 512, 3), tone, np.uint8), 0.08, 100)
    cover = materials.repeated(path, rows, columns, 512)
    np.copyto(image, cover, where=mask[..., None] > 0)


def _patches(rng: Rng, image: Image, white: Colour) -> None:
    rows, columns = image.shape[:2]
    for _ in range(int(rng.integers(2, 6))):
        centre = (int(rng.integers(columns)), int(rng.integers(rows)))
        size = (_metres(float(rng.uniform(0.6, 3.0))), _metres(float(rng.uniform(0.6, 3.0))))
        layer = image.copy()
        cv2.ellipse(layer, centre, size, float(rng.uniform(0, 180)), 0, 360, vivid(rng), -1)
        cv2.addWeighted(layer, 0.55, image, 0.45, 0, dst=image)


MARKS: Final[dict[str, Callable[[Rng, Image, Colour], None]]] = {
    "bays": _bays, "platform": _platform, "crossing": _crossing, "path": _path,
    "patches": _patches,
}  # fmt: skip
"""What is painted on floors, by name: given a generator, the floor, and the white of its lines."""


def _reflections(rng: Rng, image: Image) -> Image:
    """Soft bright pools on a polished floor, under the lamps and before the windows."""
    rows, columns = image.shape[0] // 16, image.shape[1] // 16
    pools = np.zeros((rows, columns), np.float32)
    pitch = int(rng.integers(14, 26))
    for y in range(pitch // 2, rows, pitch):
        for x in range(pitch // 2, columns, pitch):
            cv2.ellipse(pools, (x, y), (2, int(rng.integers(4, 9))), 0, 0, 360, (1.0,), -1)
    pools = np.asarray(cv2.GaussianBlur(pools, (0, 0), 3.0), np.float32)
    gain = 1 + float(rng.uniform(0.05, 0.35)) * pools / max(float(pools.max()), 1e-6)
    return shade(image, np.asarray(cv2.resize(gain, (image.shape[1], image.shape[0])), np.float32))


def cast_shade(
    b: Builder, image: Image, size: tuple[float, float], sun: Floats, strength: float
) -> Image:
    """Darken the floor beneath and beside what stands on it.

    Args:
        b: everything but the floor.
        image: the floor, covering `size` metres (x, z) centred on the origin.
        sun: unit vector towards the sun, shape (3,).
        strength: depth of the cast shadows, in [0, 1]; contact shade is always there.
    """
    rows, columns = image.shape[0] // _MASK, image.shape[1] // _MASK
    scale = np.array([columns / size[0], rows / size[1]])

    def to_px(points: Floats) -> np.ndarray:
        return np.asarray((points + np.array(size) / 2) * scale, np.int32)

    contact = np.zeros((rows, columns), np.float32)
    for x0, z0, x1, z1 in b.footprints:
        low, high = to_px(np.array([[x0 - 0.1, z0 - 0.1], [x1 + 0.1, z1 + 0.1]], np.float32))
        cv2.rectangle(contact, low.tolist(), high.tolist(), (1.0,), -1)
    contact = np.asarray(cv2.GaussianBlur(contact, (0, 0), 0.22 * float(scale.mean())), np.float32)
    gain = 1 - 0.5 * contact
    if strength > 0.02 and sun[1] > 0.12:
        gain *= 1 - strength * _cast(b, sun, to_px, (rows, columns))
    full = cv2.resize(gain, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    return shade(image, np.asarray(full, np.float32))


def _cast(b: Builder, sun: Floats, to_px: object, shape: tuple[int, int]) -> Floats:
    """Project every rectangle along the sun onto the floor: float32 in [0, 1]."""
    assert callable(to_px)
    mask = np.zeros(shape, np.float32)
    dapple = cv2.resize(noise(b.rng, 256, 24), (shape[1], shape[0])) > -0.3
    leafy = np.zeros(shape, np.float32)
    holes = set(b.cutout)
    for quad, texture in zip(b.quads, b.texture, strict=True):
        ground = quad[:, [0, 2]] - quad[:, 1:2] * (sun[[0, 2]] / sun[1])
        cv2.fillConvexPoly(leafy if texture in holes else mask, to_px(ground), (1.0,))
    mask = np.maximum(mask, leafy * dapple)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.6), np.float32)

"""Painted fronts: shops, buildings, halls, glass, hedges, and panoramas for open sides."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from reid.lab.synth.places import materials
from reid.lab.synth.places.texture_painting import (
    Image,
    figure,
    fill,
    goods,
    gradient,
    muted,
    near,
    noise,
    poster,
    rectangle,
    rgb,
    shade,
    sign,
    vivid,
)

PIXELS: Final = 72
"""Pixels of a metre of front."""
Front = Callable[[np.random.Generator, Image], None]


def front(rng: np.random.Generator, kind: str, width: float, height: float, wall: str) -> Image:
    """Paint a front of `width` × `height` metres: kind of `FRONTS`, wall of `MATERIALS`.

    Returns:
        uint8 sRGB; row 0 is the top, the floor is at the bottom.
    """
    rows, columns = round(height * PIXELS), round(width * PIXELS)
    tile = materials.paint(wall, rng)
    image = materials.repeated(tile, rows, columns, round(materials.SPAN[wall] * PIXELS))
    FRONTS[kind](rng, image)
    return _soiled(rng, image)


def _soiled(rng: np.random.Generator, image: Image) -> Image:
    """Darken the foot and the top, streak the surface, let one side be brighter."""
    rows, columns = image.shape[:2]
    up = np.arange(rows, 0, -1, dtype=np.float32)[:, None] / PIXELS
    gain = 1 - 0.3 * np.exp(-up * 3.0) - 0.12 * np.exp(-up * 0.8)
    field = cv2.resize(noise(rng, 256, 4), (columns, rows))
    lean = np.linspace(-1, 1, columns, dtype=np.float32)[None, :] * np.float32(rng.normal(0, 0.08))
    return shade(image, np.asarray(gain + 0.025 * field + lean, np.float32))


def _px(metres: float) -> int:
    return round(metres * PIXELS)


def _window(rng: np.random.Generator, image: Image, box: tuple[int, int, int, int]) -> None:
    """A pane with sky or a dark room behind, a frame, and a slanted reflection."""
    x0, y0, x1, y1 = box
    dark = rng.random() < 0.55
    top = near(rng, (60, 66, 74) if dark else (170, 186, 200), 16)
    pane = gradient(max(1, y1 - y0), max(1, x1 - x0), top, near(rng, rgb(np.array(top) * 0.7), 8))
    pane = np.ascontiguousarray(pane)
    for _ in range(int(rng.integers(0, 3))):
        x = int(rng.integers(0, pane.shape[1]))
        wide = int(rng.integers(4, 40))
        strip = np.array(
            [[x, 0], [x + wide, 0], [x + wide - 60, pane.shape[0]], [x - 60, pane.shape[0]]]
        )
        layer = pane.copy()
        cv2.fillConvexPoly(layer, strip.astype(np.int32), (215, 222, 228))
        cv2.addWeighted(layer, 0.25, pane, 0.75, 0, dst=pane)
    cut = image[max(0, y0) : y1, max(0, x0) : x1]
    cut[:] = pane[: cut.shape[0], : cut.shape[1]]
    cv2.rectangle(image, (x0, y0), (x1, y1), muted(rng, 30, 220), max(2, _px(0.06)))


def _door(rng: np.random.Generator, image: Image, x: int, wide: int, tall: int) -> None:
    rows = image.shape[0]
    tone = muted(rng, 40, 190) if rng.random() < 0.7 else vivid(rng)
    rectangle(image, x, rows - tall, x + wide, rows, tone)
    cv2.rectangle(image, (x, rows - tall), (x + wide, rows), rgb(np.array(tone) * 0.6), _px(0.06))
    if rng.random() < 0.5:
        inset = _px(0.15)
        _window(rng, image, (x + inset, rows - tall + inset, x + wide - inset, rows - tall // 2))
    handle = (x + wide - _px(0.12), rows - _px(1.0))
    cv2.circle(image, handle, 3, (200, 200, 196), -1)


def _shop_window(rng: np.random.Generator, image: Image, box: tuple[int, int, int, int]) -> None:
    """A lit display: shelves of goods or dressed dummies, lamps, glass."""
    x0, y0, x1, y1 = box
    lit = near(rng, (224, 212, 190), 22)
    room = gradient(y1 - y0, x1 - x0, lit, rgb(np.array(lit) * rng.uniform(0.4, 0.8)))
    image[y0:y1, x0:x1] = room
    inside = rng.random()
    if inside < 0.5:
        goods(rng, image, (x0 + 4, y0 + (y1 - y0) // 6, x1 - 4, y1 - 4), int(rng.integers(3, 6)))
    elif inside < 0.85:
        for x in range(x0 + _px(0.5), x1 - _px(0.3), _px(float(rng.uniform(0.7, 1.3)))):
            figure(rng, image, (x, y1 - _px(0.15)), min(_px(1.75), int((y1 - y0) * 0.8)))
    else:
        shown = poster(rng, max(8, (y1 - y0) * 2 // 3), max(8, (x1 - x0) // 2))
        _hang(image[:y1, :x1], x0 + 8, y0 + 8, shown)
    for x in range(x0 + _px(0.4), x1, _px(0.8)):
        cv2.circle(image, (x, y0 + 8), 5, (255, 252, 236), -1)
    layer = image[y0:y1, x0:x1].copy()
    slant = np.array([[0, 0], [(x1 - x0) // 3, 0], [(x1 - x0) // 8, y1 - y0], [0, y1 - y0]])
    cv2.fillConvexPoly(layer, slant.astype(np.int32), (220, 226, 232))
    image[y0:y1, x0:x1] = cv2.addWeighted(layer, 0.18, image[y0:y1, x0:x1], 0.82, 0)
    cv2.rectangle(image, (x0, y0), (x1, y1), muted(rng, 25, 200), _px(0.07))


def _shops(rng: np.random.Generator, image: Image) -> None:
    rows, columns = image.shape[:2]
    head = min(_px(float(rng.uniform(2.5, 3.0))), rows - _px(0.6))
    x = _px(float(rng.uniform(0.1, 1.0)))
    while x < columns - _px(2.5):
        wide = min(_px(float(rng.uniform(2.5, 6.0))), columns - x - 4)
        if rng.random() < 0.12:
            shutter = fill(head, wide, muted(rng, 110, 190))
            shutter[:: _px(0.09)] = shutter[:: _px(0.09)] // 2
            image[rows - head : rows, x : x + wide] = shutter
        else:
            sill = _px(float(rng.choice([0.05, 0.3, 0.6])))
            _shop_window(rng, image, (x, rows - head, x + wide, rows - sill))
            _door(rng, image, x + int(wide * rng.uniform(0.1, 0.7)), _px(1.0), _px(2.1))
        band = _px(float(rng.uniform(0.45, 0.8)))
        top = max(0, rows - head - band)
        image[top : rows - head, x : x + wide] = sign(rng, rows - head - top, wide)
        x += wide + _px(float(rng.uniform(0.2, 0.9)))
    _upper_windows(rng, image, rows - head - _px(1.0))


def _upper_windows(rng: np.random.Generator, image: Image, floor_row: int) -> None:
    """Rows of windows above `floor_row`."""
    wide, tall = _px(float(rng.uniform(0.9, 1.8))), _px(float(rng.uniform(1.2, 1.8)))
    pitch = wide + _px(float(rng.uniform(0.6, 1.6)))
    row = floor_row - tall
    while row > 0:
        for x in range(_px(0.5), image.shape[1] - wide, pitch):
            _window(rng, image, (x, row, x + wide, row + tall))
        row -= tall + _px(1.3)


def _building(rng: np.random.Generator, image: Image) -> None:
    rows, columns = image.shape[:2]
    for x in range(_px(1.2), columns - _px(2), _px(float(rng.uniform(3.0, 6.0)))):
        if rng.random() < 0.35:
            _door(rng, image, x, _px(1.1), _px(2.2))
        else:
            _window(rng, image, (x, rows - _px(2.3), x + _px(1.5), rows - _px(0.9)))
    _upper_windows(rng, image, rows - _px(3.2))


def _hang(image: Image, x: int, top: int, picture: Image) -> None:
    """Put a picture on a wall, as much of it as there is wall for."""
    place = image[top : top + picture.shape[0], x : x + picture.shape[1]]
    place[:] = picture[: place.shape[0], : place.shape[1]]


def _hall(rng: np.random.Generator, image: Image) -> None:
    """Posters, doors, notice boards, a dado, pipes and boxes."""
    rows, columns = image.shape[:2]
    if rng.random() < 0.6:
        level = rows - _px(float(rng.uniform(0.9, 1.4)))
        tone = vivid(rng) if rng.random() < 0.4 else muted(rng, 60, 170)
        image[level:] = (image[level:] * 0.25 + np.array(tone) * 0.75).astype(np.uint8)
    rectangle(image, 0, rows - _px(0.12), columns, rows, muted(rng, 30, 140))
    x = _px(float(rng.uniform(0.3, 1.5)))
    while x < columns - _px(1.5):
        what = rng.random()
        wide = _px(float(rng.uniform(0.6, 1.6)))
        if what < 0.45:
            tall = int(wide * rng.uniform(0.7, 1.5))
            top = max(0, rows - _px(1.0) - tall)
            _hang(image, x, top, poster(rng, tall, wide))
        elif what < 0.7:
            _door(rng, image, x, _px(0.95), _px(2.1))
        elif what < 0.85:
            top = max(0, rows - _px(2.6))
            _hang(image, x, top, sign(rng, _px(0.4), wide))
        else:
            rectangle(image, x, rows - _px(1.5), x + _px(0.4), rows - _px(0.9), (170, 30, 30))
        x += wide + _px(float(rng.uniform(0.6, 3.0)))
    if rng.random() < 0.4:
        level = _px(float(rng.uniform(0.2, 0.6)))
        cv2.line(image, (0, level), (columns, level), muted(rng, 90, 180), _px(0.1))


def _glass(rng: np.random.Generator, image: Image) -> None:
    """A curtain wall that shows a pale outside or a dim inside."""
    rows, columns = image.shape[:2]
    bright = rng.random() < 0.55
    tone = near(rng, (206, 216, 224) if bright else (86, 96, 104), 14)
    image[:] = gradient(rows, columns, tone, near(rng, rgb(np.array(tone) * 0.75), 8))
    for _ in range(14):
        x, wide = int(rng.integers(columns)), int(rng.integers(10, 160))
        tall = int(rng.integers(_px(0.5), max(_px(0.6), rows - 4)))
        tint = near(rng, rgb(np.array(tone) * rng.uniform(0.6, 1.05)), 8)
        rectangle(image, x, rows - tall, x + wide, rows, tint)
    image[:] = cv2.GaussianBlur(image, (0, 0), 6)
    frame = muted(rng, 40, 200)
    for x in range(0, columns, _px(float(rng.uniform(1.2, 2.4)))):
        cv2.line(image, (x, 0), (x, rows), frame, _px(0.07))
    for y in range(rows - _px(0.9), 0, -_px(2.2)):
        cv2.line(image, (0, y), (columns, y), frame, _px(0.06))


def _hedge(rng: np.random.Generator, image: Image) -> None:
    rows, columns = image.shape[:2]
    tone = near(rng, (58, 84, 40), 12)
    image[:] = tone
    for _ in range(columns * rows // 420):
        centre = (int(rng.integers(columns)), int(rng.integers(rows)))
        size = (int(rng.integers(4, 10)), int(rng.integers(3, 6)))
        leaf = near(rng, rgb(np.array(tone) * rng.uniform(0.5, 1.7)), 6)
        cv2.ellipse(image, centre, size, float(rng.uniform(0, 180)), 0, 360, leaf, -1)


def _lockers(rng: np.random.Generator, image: Image) -> None:
    rows, columns = image.shape[:2]
    tone = vivid(rng) if rng.random() < 0.5 else muted(rng, 90, 200)
    tall, wide = min(_px(2.0), rows), _px(0.45)
    for x in range(0, columns, wide):
        for level in range(4):
            y = rows - tall + level * tall // 4
            rectangle(image, x + 1, y + 1, x + wide - 1, y + tall // 4 - 1, near(rng, tone, 4))
            cv2.circle(image, (x + wide - 8, y + tall // 8), 3, (40, 40, 40), -1)


def _shelving(rng: np.random.Generator, image: Image) -> None:
    rows, columns = image.shape[:2]
    tall = min(_px(2.3), rows - 4)
    for x in range(0, columns - _px(0.5), _px(1.25)):
        end = min(columns, x + _px(1.2))
        rectangle(image, x, rows - tall, end, rows, near(rng, (70, 68, 64), 12))
        goods(rng, image, (x + 3, rows - tall, end - 3, rows - 6), int(rng.integers(4, 7)))


def _stalls(rng: np.random.Generator, image: Image) -> None:
    """Booths of a fair: striped awnings, counters, toys, bulbs."""
    rows, columns = image.shape[:2]
    x = 0
    while x < columns - _px(2):
        wide = min(_px(float(rng.uniform(2.5, 4.5))), columns - x)
        pair = vivid(rng), (240, 236, 226)
        y = max(0, rows - _px(3.2))
        image[y:, x : x + wide] = near(rng, (90, 74, 60), 14)
        goods(rng, image, (x + 6, y + _px(0.8), x + wide - 6, rows - _px(1.0)), 3)
        rectangle(image, x, rows - _px(1.0), x + wide, rows, pair[0])
        for i, stripe in enumerate(range(x, x + wide, _px(0.3))):
            rectangle(image, stripe, y, min(stripe + _px(0.3), x + wide), y + _px(0.7), pair[i % 2])
        for bulb in range(x, x + wide, _px(0.25)):
            cv2.circle(image, (bulb, y + _px(0.75)), 4, (255, 246, 210), -1)
        x += wide + _px(float(rng.uniform(0.1, 0.8)))


def _plain(rng: np.random.Generator, image: Image) -> None:
    rows, columns = image.shape[:2]
    for x in range(_px(1), columns - _px(1), _px(float(rng.uniform(3, 7)))):
        cv2.line(image, (x, 0), (x, rows), rgb(np.array(image[0, x]) * 0.7), 2)
    if rng.random() < 0.4:
        stripe = rows - _px(float(rng.uniform(0.8, 1.6)))
        rectangle(image, 0, stripe, columns, stripe + _px(0.25), vivid(rng))


FRONTS: Final[dict[str, Front]] = {
    "shops": _shops, "building": _building, "hall": _hall, "glass": _glass, "hedge": _hedge,
    "lockers": _lockers, "shelving": _shelving, "stalls": _stalls, "plain": _plain,
}  # fmt: skip


def panorama(rng: np.random.Generator, kind: str, width: int = 1024, height: int = 384) -> Image:
    """Paint what is seen beyond an open side: "trees", "skyline" or "hills", under a sky."""
    high = near(rng, ((120, 160, 214), (176, 190, 206), (206, 208, 210))[int(rng.integers(3))], 10)
    low = near(rng, rgb(np.array(high) * 0.4 + 140), 6)
    image = np.ascontiguousarray(gradient(height, width, high, low))
    clouds = cv2.resize(noise(rng, 256, 3), (width, height))
    cover = np.clip(clouds - float(rng.uniform(-0.5, 1.5)), 0, 1)[..., None] * 0.6
    image = np.asarray(image * (1 - cover) + 236 * cover, np.uint8)
    horizon = int(height * 0.86)
    if kind == "skyline":
        for _ in range(26):
            x, wide = int(rng.integers(width)), int(rng.integers(30, 120))
            tall = int(rng.integers(30, 200))
            tone = muted(rng, 90, 190)
            rectangle(image, x, horizon - tall, x + wide, height, tone)
            for wy in range(horizon - tall + 6, horizon, 12):
                for wx in range(x + 5, x + wide - 5, 11):
                    rectangle(image, wx, wy, wx + 5, wy + 7, rgb(np.array(tone) * 0.65))
    for layer in range(3):
        tone = near(rng, rgb(np.array((70, 92, 60)) + (2 - layer) * 30), 8)
        for x in range(0, width, 14):
            tall = int(rng.uniform(10, 60 if kind != "trees" else 150) * (0.6 + 0.3 * layer))
            centre = (x + int(rng.normal(0, 6)), horizon - tall // 2 + layer * 16)
            cv2.ellipse(
                image,
                centre,
                (int(rng.integers(10, 30)), max(4, tall // 2)),
                0,
                0,
                360,
                near(rng, tone, 10),
                -1,
            )
    rectangle(image, 0, horizon + 20, width, height, near(rng, (110, 112, 100), 12))
    return shade(
        image, np.asarray(1 + 0.03 * cv2.resize(noise(rng, 256, 32), (width, height)), np.float32)
    )

"""Brushes for procedural textures: tileable noise, wear, stains, glyph shapes, goods.

Every picture is uint8 (h, w, 3) sRGB; colours are RGB triples from 0 to 255.
"""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Colour = tuple[int, int, int]

VIVID: Final[tuple[Colour, ...]] = (
    (200, 30, 36), (230, 120, 20), (240, 196, 30), (40, 140, 60), (24, 90, 170), (20, 160, 170),
    (110, 40, 130), (214, 60, 120), (250, 250, 245), (24, 24, 28), (120, 200, 60), (236, 90, 60),
)  # fmt: skip
"""Colours of signs, goods and cars."""


def rgb(colour: tuple[float, float, float] | NDArray[np.float64]) -> Colour:
    """Round and clip a colour to 8-bit steps."""
    r, g, b = (min(255, max(0, round(float(c)))) for c in colour)
    return r, g, b


def near(rng: np.random.Generator, colour: Colour, spread: float = 12.0) -> Colour:
    """Return a colour near `colour`: mostly lighter or darker, a little of another hue."""
    shift = rng.normal(0, spread) + rng.normal(0, spread * 0.16, 3)
    return rgb(np.array(colour, np.float64) + shift)


def muted(rng: np.random.Generator, low: int = 60, high: int = 225) -> Colour:
    """Return a colour of walls and floors: grey with a little warmth or coolness."""
    grey, warm = rng.uniform(low, high), rng.normal(4, 9)
    return rgb((grey + warm, grey + rng.normal(0, 3), grey - warm))


def vivid(rng: np.random.Generator) -> Colour:
    """Return a colour of signs and goods."""
    colour = np.array(VIVID[int(rng.integers(len(VIVID)))], np.float64)
    grey = colour.mean() * 0.7 + 40
    return near(rng, rgb(colour + (grey - colour) * rng.beta(1.6, 2.4)), 14)


def fill(height: int, width: int, colour: Colour) -> Image:
    """Return a picture of one colour."""
    return np.full((height, width, 3), colour, np.uint8)


@lru_cache(maxsize=48)
def _noise(size: int, cells: int, octaves: int, seed: int) -> Floats:
    rng = np.random.default_rng([seed, size, cells, octaves])
    total = np.zeros((size, size), np.float32)
    for octave in range(octaves):
        n = min(cells * 2**octave, size)
        grid = rng.standard_normal((n, n)).astype(np.float32)
        wrapped = np.pad(grid, 2, mode="wrap")
        scale = size / n
        big = cv2.resize(
            wrapped, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC if n < size else 0
        )
        start = round(2 * scale)
        total += np.asarray(big[start : start + size, start : start + size]) * 0.6**octave
    total -= total.mean()
    return np.asarray(total / total.std(), np.float32)


def noise(rng: np.random.Generator, size: int, cells: int, octaves: int = 4) -> Floats:
    """Return tileable fractal noise, float32 (size, size), mean 0, deviation 1.

    A dozen variants are kept, rolled to a random start: enough, and quick.
    """
    field = _noise(size, cells, octaves, int(rng.integers(0, 3)))
    dy, dx = (int(v) for v in rng.integers(0, size, 2))
    return np.roll(field, (dy, dx), (0, 1))


def shade(image: Image, gain: Floats) -> Image:
    """Multiply a picture by a map of gains, float32 (H, W), in [0, 2)."""
    steps = cv2.convertScaleAbs(gain, alpha=128)
    wide = cv2.merge([steps, steps, steps])
    return np.asarray(cv2.multiply(image, wide, scale=1 / 128), np.uint8)


def grain(rng: np.random.Generator, image: Image, strength: float, cells: int = 32) -> Image:
    """Roughen a square picture with noise of relative `strength`."""
    field = noise(rng, image.shape[0], cells)
    return shade(image, np.asarray(1 + strength * field, np.float32))


def wear(rng: np.random.Generator, image: Image, strength: float = 1.0) -> Image:
    """Age a surface: uneven tone, dark stains, pale scuffs, gum spots."""
    height, width = image.shape[:2]
    macro = cv2.resize(noise(rng, 256, 3), (width, height), interpolation=cv2.INTER_LINEAR)
    gain = np.asarray(1 + 0.045 * strength * macro, np.float32)
    small = max(1, min(height, width) // 512)
    mask = np.zeros((height // small, width // small), np.float32)
    for _ in range(int(rng.poisson(14 * strength))):
        centre = (int(rng.integers(mask.shape[1])), int(rng.integers(mask.shape[0])))
        axes = (int(rng.integers(2, 24)), int(rng.integers(2, 16)))
        depth = float(rng.uniform(-0.22, 0.08))
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, (depth,), -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), 3.0), np.float32)
    gain = gain + strength * np.asarray(cv2.resize(mask, (width, height)), np.float32)
    out = shade(image, gain)
    for _ in range(int(rng.poisson(45 * strength))):
        spot = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(out, spot, int(rng.integers(1, 4)), near(rng, (70, 68, 64), 15), -1, cv2.LINE_AA)
    return out


def cracks(rng: np.random.Generator, image: Image, count: int) -> Image:
    """Draw thin dark cracks that wander."""
    height, width = image.shape[:2]
    tone = rgb(np.array(image.reshape(-1, 3).mean(axis=0)) * 0.55)
    for _ in range(count):
        steps = rng.normal(0, 14, (24, 2)) + rng.normal(0, 18, 2)
        line = np.cumsum(steps, axis=0) + rng.uniform(0, 1, 2) * (width, height)
        cv2.polylines(image, [line.astype(np.int32)], False, tone, 1, cv2.LINE_AA)
    return image


def gradient(height: int, width: int, top: Colour, bottom: Colour) -> Image:
    """Return a vertical gradient."""
    ramp = np.linspace(0, 1, height)[:, None, None]
    column = np.array(top) * (1 - ramp) + np.array(bottom) * ramp
    return np.broadcast_to(column, (height, width, 3)).astype(np.uint8)


def rectangle(image: Image, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
    """Fill a rectangle given in pixels, corners in any order."""
    corners = (round(min(x0, x1)), round(min(y0, y1))), (round(max(x0, x1)), round(max(y0, y1)))
    cv2.rectangle(image, *corners, colour, -1)


def glyphs(rng: np.random.Generator, image: Image, box: tuple[int, int, int, int]) -> None:
    """Write strokes that look like lettering and say nothing, inside x0, y0, x1, y1."""
    x0, y0, x1, y1 = box
    height = y1 - y0
    ground = image[(y0 + y1) // 2, max(0, min(image.shape[1] - 1, (x0 + x1) // 2))]
    ink = (245, 245, 240) if float(np.mean(ground)) < 130 else near(rng, (30, 30, 40), 20)
    thick = max(1, height // 7)
    x = float(x0)
    while x + height * 0.5 < x1:
        width = height * rng.uniform(0.35, 0.7)
        for _ in range(int(rng.integers(2, 4))):
            a = (
                int(x + rng.choice([0, 0.5, 1]) * width),
                int(y0 + rng.choice([0, 0.5, 1]) * height),
            )
            b = (int(x + rng.choice([0, 1]) * width), int(y0 + rng.choice([0, 0.5, 1]) * height))
            cv2.line(image, a, b, ink, thick, cv2.LINE_AA)
        if rng.random() < 0.35:
            middle = (int(x + width / 2), int(y0 + height / 2))
            cv2.ellipse(image, middle, (int(width / 2), height // 2), 0, 0, 360, ink, thick)
        x += width + height * (0.2 if rng.random() < 0.85 else 0.7)


def sign(rng: np.random.Generator, height: int, width: int) -> Image:
    """Return a sign: a ground, a mark, a row of strokes."""
    image = fill(height, width, vivid(rng))
    pad = max(2, height // 6)
    start = pad
    if rng.random() < 0.6 and width > 2 * height:
        centre, radius = (pad + height // 3, height // 2), max(2, height // 3)
        mark = vivid(rng)
        if rng.random() < 0.5:
            cv2.circle(image, centre, radius, mark, -1, cv2.LINE_AA)
        else:
            rectangle(image, pad, pad, pad + 2 * radius, height - pad, mark)
        start = pad * 2 + 2 * radius
    glyphs(rng, image, (start, height // 4, width - pad, height - height // 4))
    return image


def poster(rng: np.random.Generator, height: int, width: int) -> Image:
    """Return a poster: shapes in front of a gradient, a title of strokes."""
    image = np.ascontiguousarray(gradient(height, width, vivid(rng), vivid(rng)))
    for _ in range(int(rng.integers(2, 7))):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        size = int(rng.integers(max(2, width // 8), max(3, width // 2)))
        if rng.random() < 0.5:
            cv2.circle(image, centre, size, vivid(rng), -1, cv2.LINE_AA)
        else:
            points = np.array(centre) + rng.normal(0, size, (int(rng.integers(3, 6)), 2))
            cv2.fillPoly(image, [points.astype(np.int32)], vivid(rng), cv2.LINE_AA)
    line = max(4, height // 12)
    for row in range(int(rng.integers(1, 4))):
        top = int(height * 0.08) + row * line * 2
        glyphs(rng, image, (width // 10, top, int(width * rng.uniform(0.5, 0.95)), top + line))
    cv2.rectangle(image, (0, 0), (width - 1, height - 1), (235, 235, 235), max(1, width // 50))
    return image


def goods(
    rng: np.random.Generator, image: Image, box: tuple[int, int, int, int], rows: int
) -> None:
    """Fill a rectangle with shelves of packets, bottles and boxes."""
    x0, y0, x1, y1 = box
    pitch = (y1 - y0) / rows
    for row in range(rows):
        bottom = y0 + (row + 1) * pitch - 2
        x = float(x0)
        while x < x1 - 2:
            width = float(rng.uniform(0.12, 0.5)) * pitch
            tall = float(rng.uniform(0.45, 0.85)) * pitch
            tone = vivid(rng) if rng.random() < 0.7 else muted(rng)
            for _ in range(int(rng.integers(1, 5))):
                if x + width > x1:
                    break
                rectangle(image, x, bottom - tall, x + width * 0.9, bottom, near(rng, tone, 6))
                band = bottom - tall * 0.6
                rectangle(image, x, band, x + width * 0.9, band + tall * 0.25, near(rng, tone, 50))
                x += width
            x += float(rng.uniform(0, 0.1)) * pitch
        rectangle(image, x0, bottom, x1, bottom + 2, (120, 118, 114))


def figure(rng: np.random.Generator, image: Image, foot: tuple[int, int], tall: int) -> None:
    """Draw a dressed dummy of a shop window, `tall` px high, standing at `foot`."""
    x, y = foot
    skin = near(rng, (205, 196, 186), 15)
    head, wide = tall // 14, tall // 7
    upper, lower = vivid(rng) if rng.random() < 0.5 else muted(rng), muted(rng, 25, 160)
    for side in (-1, 1):
        leg = (x + side * wide // 3, y), (x + side * wide // 4, y - tall // 2)
        cv2.line(image, *leg, lower, max(2, wide // 2), cv2.LINE_AA)
        arm = (
            (x + side * wide // 2, y - int(tall * 0.8)),
            (x + side * int(wide * 0.8), y - tall // 2),
        )
        cv2.line(image, *arm, upper, max(1, wide // 4), cv2.LINE_AA)
    torso = np.array(
        [[x - wide // 2, y - int(tall * 0.83)], [x + wide // 2, y - int(tall * 0.83)],
         [x + wide * 2 // 5, y - tall // 2], [x - wide * 2 // 5, y - tall // 2]], np.int32
    )  # fmt: skip
    cv2.fillConvexPoly(image, torso, upper, cv2.LINE_AA)
    cv2.ellipse(image, (x, y - int(tall * 0.92)), (head, int(head * 1.3)), 0, 0, 360, skin, -1)

"""What may differ between a rendered frame and a real one: colours, edges, noise, odd shapes.

The wilder the styles a detector was trained under, the less it holds on to how renders look
(domain randomisation, Tobin et al. 2017).
"""

from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Labels = NDArray[np.float32]
Rng = np.random.Generator

_SWAPPED: Final = 0.08  # share of pictures whose colour channels change places
_GREY: Final = 0.08
_EXPOSED: Final = 0.7  # share of pictures that are brought to a mean brightness of _MEANS
_MEANS: Final = (0.25, 0.6)
_WARES: Final = 0.35  # of the pictures with odd shapes, the share with rows of wares
_MOST_HIDDEN: Final = 0.7  # share of a box behind odd shapes from which nobody is asked for


def restyle(picture: Image, random: Rng) -> Image:
    """Change colours, sharpness, noise and compression of uint8 (H, W, 3)."""
    picture = _colours(picture, random)
    if random.random() < 0.25:
        picture = _blurred(picture, random)
    if random.random() < 0.2:
        picture = _coarse(picture, random)
    if random.random() < 0.25:
        picture = _shaded(picture, random)
    if random.random() < 0.4:
        picture = _noisy(picture, random)
    if random.random() < 0.3:
        picture = _compressed(picture, random)
    return picture


def _colours(picture: Image, random: Rng) -> Image:
    if random.random() < _SWAPPED:
        picture = np.ascontiguousarray(picture[..., random.permutation(3)])
    flat = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    grey = np.asarray(cv2.cvtColor(flat, cv2.COLOR_GRAY2RGB), np.uint8)
    amount = 0.0 if random.random() < _GREY else float(random.uniform(0.2, 1.7))
    mixed = cv2.addWeighted(picture, amount, grey, 1 - amount, 0)
    levels = np.arange(256, dtype=np.float32) / 255
    curve = levels ** _gamma(grey, random)
    curve = (curve - 0.5) * float(np.exp(random.uniform(-0.35, 0.4))) + 0.5
    curve += random.uniform(-0.1, 0.1)
    cast = np.exp(random.normal(0, 0.12, 3))
    table = np.clip(curve[:, None] * cast * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(mixed, table[None]), np.uint8)


def _gamma(grey: Image, random: Rng) -> float:
    """Draw an exponent of brightness: mostly one that exposes the picture as a camera might."""
    if random.random() >= _EXPOSED:
        return float(np.exp(random.uniform(-0.5, 0.5)))
    mean = float(np.clip(grey.mean() / 255, 0.05, 0.95))
    wanted = random.uniform(*_MEANS)
    return float(np.clip(np.log(wanted) / np.log(mean), 0.4, 2.5))


def _blurred(picture: Image, random: Rng) -> Image:
    if random.random() < 0.6:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), random.uniform(0.4, 1.8)), np.uint8)
    length = int(random.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), random.uniform(0, 180), 1)
    turned = np.asarray(cv2.warpAffine(kernel, turn, (length, length)), np.float32)
    return np.asarray(cv2.filter2D(picture, -1, turned / max(turned.sum(), 1e-6)), np.uint8)


def _coarse(picture: Image, random: Rng) -> Image:
    """Take resolution away and enlarge again."""
    height, width = picture.shape[:2]
    share = float(random.uniform(0.35, 0.8))
    small = cv2.resize(
        picture, (int(width * share), int(height * share)), interpolation=cv2.INTER_LINEAR
    )
    how = cv2.INTER_CUBIC if random.random() < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(small, (width, height), interpolation=how), np.uint8)


def _shaded(picture: Image, random: Rng) -> Image:
    """Multiply by soft light and shade that has nothing to do with the scene."""
    cells = int(random.integers(2, 7))
    light = np.repeat(np.exp(random.normal(0, 0.3, (cells, cells, 1))).astype(np.float32), 3, 2)
    spread = cv2.resize(light, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.multiply(picture, spread, dtype=cv2.CV_8U), np.uint8)


def _noisy(picture: Image, random: Rng) -> Image:
    noise: NDArray[Any] = np.zeros(picture.shape, np.int16)
    level = float(random.uniform(2, 14))
    cv2.setRNGSeed(int(random.integers(2**31)))
    cv2.randn(noise, np.zeros(3), np.full(3, level))
    return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)


def _compressed(picture: Image, random: Rng) -> Image:
    quality = int(random.integers(25, 85))
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8) if done else picture


def scribble(picture: Image, labels: Labels, random: Rng) -> Labels:
    """Draw shapes that are nobody into a picture; return the labels still worth asking for.

    Args:
        picture: uint8 (H, W, 3), changed in place.
        labels: float32 (n, 5): class, xyxy px.
    """
    size = picture.shape[0]
    hidden = np.zeros(picture.shape[:2], np.uint8)
    if random.random() < _WARES:
        _draw_wares(picture, hidden, random)
    for _ in range(int(random.integers(1, 6))):
        _draw(picture, hidden, _outline(random, size), random)
    return labels[[_hidden_share(hidden, box) < _MOST_HIDDEN for box in labels[:, 1:]]]


def _fill(
    picture: Image,
    hidden: Image,
    outline: NDArray[np.int32],
    paint: Callable[[slice, slice], Image],
) -> None:
    """Fill a polygon (n, 2) of the picture, and note in `hidden` what lies behind it.

    `paint` is asked for the pixels of the polygon's box.
    """
    size = picture.shape[0]
    x0, y0 = np.maximum(outline.min(axis=0), 0)
    x1, y1 = np.minimum(outline.max(axis=0) + 1, size)
    if x0 >= x1 or y0 >= y1:
        return
    rows, columns = slice(int(y0), int(y1)), slice(int(x0), int(x1))
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillPoly(mask, [outline - np.array([x0, y0], np.int32)], 1)
    hidden[rows, columns] |= mask
    inside = mask.astype(bool)
    picture[rows, columns][inside] = paint(rows, columns)[inside]


def _draw(picture: Image, hidden: Image, outline: NDArray[np.int32], random: Rng) -> None:
    """Fill a polygon of the picture with cloth."""

    def cloth(rows: slice, columns: slice) -> Image:
        shape = rows.stop - rows.start, columns.stop - columns.start
        return _cloth(random, shape, picture.shape[0])

    _fill(picture, hidden, outline, cloth)


def _outline(random: Rng, size: int) -> NDArray[np.int32]:
    """Return a polygon: a post, a box, or something rounded, such as a ball on a stick is not."""
    centre = random.uniform(0, size, 2)
    half = np.exp(random.uniform(np.log(0.02), np.log(0.16), 2)) * size
    corners = int(random.choice([3, 4, 4, 5, 7, 20]))
    angles = np.sort(random.uniform(0, 2 * np.pi, corners))
    if corners == 20:
        angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    points = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * half
    return np.asarray(points.round(), np.int32)


def _draw_wares(picture: Image, hidden: Image, random: Rng) -> None:
    """Draw a row or a stack of vases, jugs, bottles or bowls: round things, lit from one side."""
    size = picture.shape[0]
    tall = float(np.exp(random.uniform(np.log(0.05), np.log(0.3)))) * size
    outline, wide = _turned(random, tall)
    columns, rows = int(random.integers(1, 6)), int(random.choice([1, 1, 2, 3]))
    left, foot = random.uniform(-0.2, 1) * size, random.uniform(0.2, 1.1) * size
    base = (
        random.uniform(0, 255, 3) if random.random() < 0.5 else np.full(3, random.uniform(150, 255))
    )
    for row in range(rows):
        for column in range(columns):
            jitter = random.normal(0, 0.04, 2) * wide
            place = np.array([left + column * wide * 1.05, foot - row * tall * 0.95]) + jitter
            shade = np.clip(base * np.exp(random.normal(0, 0.08)), 0, 255)
            _draw_round(picture, hidden, (outline + place).round().astype(np.int32), shade)


def _turned(random: Rng, tall: float) -> tuple[NDArray[np.float64], float]:
    """Return the outline (n, 2) of something turned, its foot at the origin, and its width."""
    knots = int(random.integers(3, 7))
    radii = random.uniform(0.12, 0.5, knots) * random.uniform(0.5, 1.2)
    height = np.linspace(0, 1, 24)
    radius = np.interp(height, np.linspace(0, 1, knots), radii)
    if random.random() < 0.6:  # thrown round, not cut with corners
        radius = np.convolve(np.pad(radius, 2, mode="edge"), np.full(5, 0.2), "valid")
    right = np.stack([radius, -height], 1)
    left = np.stack([-radius, -height], 1)[::-1]
    return np.concatenate([right, left]) * tall, float(2 * radius.max() * tall)


def _draw_round(
    picture: Image, hidden: Image, outline: NDArray[np.int32], colour: NDArray[np.float64]
) -> None:
    """Fill a polygon of the picture as a round thing of one colour."""
    middle, half = outline[:, 0].mean(), max(float(np.ptp(outline[:, 0])) / 2, 1.0)

    def lit(rows: slice, columns: slice) -> Image:
        across = (np.arange(columns.start, columns.stop) - middle) / half
        light = np.clip(1.05 - 0.45 * (across + 0.35) ** 2, 0.3, 1.1)
        row = np.clip(light[:, None] * colour, 0, 255).astype(np.uint8)
        return np.broadcast_to(row, (rows.stop - rows.start, *row.shape))

    _fill(picture, hidden, outline, lit)


def _cloth(random: Rng, shape: tuple[int, ...], size: int) -> Image:
    """Return uint8 (*shape, 3) to fill a shape with: plain, shaded or striped."""
    first, second = random.uniform(0, 255, (2, 3))
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32) / size
    angle, turns = random.uniform(0, np.pi), random.choice([0.0, 0.5, 8.0, 20.0, 40.0])
    wave = np.sin((columns * np.cos(angle) + rows * np.sin(angle)) * turns * 2 * np.pi)
    share = (wave[..., None] + 1) / 2
    return np.asarray(first * share + second * (1 - share), np.uint8)


def _hidden_share(hidden: Image, box: NDArray[np.float32]) -> float:
    x0, y0, x1, y1 = (int(v) for v in box)
    part = hidden[y0 : y1 + 1, x0 : x1 + 1]
    return float(part.mean()) if part.size else 0.0

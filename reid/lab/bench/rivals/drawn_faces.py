"""Drawn faces: people told apart by their features, where no photos are at hand."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

SIZE: Final = (23, 28)
"""Width and height, px: as photos of AT&T's set at the size of these benchmarks."""

_SCALE: Final = 6  # drawn so many times as large
_SHIFT: Final = 0.35  # px: how far a photo is off, standard deviation
_NOISE: Final = 6.0  # grey levels


def draw_faces(people: int, photos: int, seed: int) -> list[list[Grey]]:
    """Draw `photos` grey faces, uint8 (28, 23), of each of `people` people.

    A person keeps hairline, brows, eyes, nose, mouth and tone; a photo varies place, light and
    noise. They are simpler than real faces, and easier to tell apart.
    """
    return [
        [_photo(_face(np.random.default_rng([seed, who])), np.random.default_rng([seed, who, i]))
         for i in range(photos)]
        for who in range(people)
    ]  # fmt: skip


def _face(rng: np.random.Generator) -> NDArray[np.float32]:
    width, height = (side * _SCALE for side in SIZE)
    tone, dark = rng.uniform(130, 215), rng.uniform(20, 80)
    image = np.full((height, width), tone, np.float32)
    middle, eyes = width / 2, height * rng.uniform(0.38, 0.46)
    apart, wide = width * rng.uniform(0.16, 0.25), width * rng.uniform(0.06, 0.11)
    thick = int(rng.integers(2, 9))
    tilt = rng.uniform(-0.12, 0.12) * width
    cv2.rectangle(image, (0, 0), (width, int(height * rng.uniform(0.1, 0.28))), dark, -1)
    for side in (-1, 1):
        x = middle + side * apart
        cv2.ellipse(image, _at(x, eyes), _at(wide, wide * 0.6), 0, 0, 360, 245, -1)
        cv2.circle(image, _at(x, eyes), int(wide * 0.5), dark * 0.6, -1)
        brow = eyes - height * rng.uniform(0.08, 0.1)
        inner, outer = (
            _at(x - side * wide, brow + tilt * 0.3),
            _at(x + side * wide, brow - tilt * 0.3),
        )
        cv2.line(image, inner, outer, dark, thick)
    nose = height * rng.uniform(0.56, 0.66)
    cv2.line(image, _at(middle, eyes), _at(middle + rng.uniform(-4, 4), nose), tone * 0.75, thick)
    mouth, lips = height * rng.uniform(0.74, 0.82), width * rng.uniform(0.1, 0.22)
    cv2.ellipse(image, _at(middle, mouth), _at(lips, thick * 1.2), 0, 0, 360, dark + 40, -1)
    if rng.random() < 0.3:
        cv2.ellipse(image, _at(middle, height * 0.95), _at(width * 0.3, height * 0.14), 0, 0, 360,
                    dark, -1)  # fmt: skip
    return image


def _photo(face: NDArray[np.float32], rng: np.random.Generator) -> Grey:
    right, down = rng.normal(0, _SHIFT * _SCALE, 2)
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    moved = cv2.warpAffine(face, matrix, face.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(moved, SIZE, interpolation=cv2.INTER_AREA) * rng.uniform(0.85, 1.1)
    return np.clip(small + rng.normal(0, _NOISE, small.shape), 0, 255).astype(np.uint8)


def _at(x: float, y: float) -> tuple[int, int]:
    return round(float(x)), round(float(y))

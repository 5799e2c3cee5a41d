"""Colour as people name it: perceptual coordinates, colour names, and a camera's cast undone."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.pixels import Image
from reid.core.vocabulary import COLOURS

Float = NDArray[np.float32]

NAMED: Final = COLOURS[:-1]
"""The colours one pixel can have: all but "multicolour"."""

_ANCHORS: Final[dict[str, tuple[str, ...]]] = {
    "black": ("0c0c0e", "1a1a1c", "24232a", "15151f", "2b2a2c"),
    "white": ("ffffff", "f2f2f2", "e6e8ec", "dedfe0", "f5f2ea"),
    "grey": ("4a4a4c", "666668", "808080", "9a9a9c", "b4b4b8", "77808a", "8d8a86"),
    "red": ("c81e1e", "a01818", "e03030", "7a1420", "d04848", "5c1018", "b03a3a"),
    "orange": ("f07818", "e06010", "ff9030", "d86c28", "f09858"),
    "yellow": ("f0d020", "ffe640", "d8b818", "f0e078", "c8a418"),
    "green": ("208030", "105020", "40a848", "606820", "88c070", "1e6e5c", "30a090", "3a4a2a",
              "4e5a34", "186058", "5e5a20", "4a4818", "7a7030"),
    "blue": ("1838a0", "101c50", "3068d0", "60a0e0", "a0c8f0", "203860", "486890", "1890b8",
             "1a1e34", "252a40", "30a8b0", "2c3a5c", "6a86b0", "14706f"),
    "purple": ("602080", "8040a0", "a878c8", "401850", "8a4a90", "c8a0e8"),
    "pink": ("f0a0b8", "e86090", "f8c8d4", "d84880", "e0a0a8", "c87890"),
    "brown": ("5a3418", "784a28", "3c2414", "8c6040", "6a5038", "4a382c", "a06a3c"),
    "beige": ("d8c8a8", "c8b088", "e8dcc0", "b8a078", "cfc0a8", "a89878"),
}  # fmt: skip
"""Typical shades of clothing a colour word covers, sRGB."""

_SHADE_SPREAD: Final = 7.0  # ΔE: how far from a typical shade its name still holds
_LIGHTNESS_WEIGHT: Final = 0.7  # of L* against a*, b*: shading moves lightness most
_LUT_STEP: Final = 8


@dataclass(frozen=True, slots=True)
class Light:
    """What a camera does to colour: the value of black, and a gain a channel that undoes its cast.

    Attributes:
        black: float32 (3,), the darkest level, 0 to 255.
        gain: float32 (3,), RGB factors after subtracting `black`.
    """

    black: Float
    gain: Float

    @classmethod
    def neutral(cls) -> Self:
        """Return the light that changes nothing."""
        return cls(np.zeros(3, np.float32), np.ones(3, np.float32))

    @classmethod
    def of(cls, images: Iterable[Image]) -> Self:
        """Estimate a camera's light from images of its own scene.

        Contrast is stretched between dark and bright percentiles, and the mean of the
        moderately coloured pixels is drawn half-way to grey (grey world with discounted strength:
        a lawn is green under white light too).
        """
        samples = [image.reshape(-1, 3)[:: max(1, image.size // 6000)] for image in images]
        if not samples:
            return cls.neutral()
        pixels = np.concatenate(samples).astype(np.float32)
        black = np.minimum(np.percentile(pixels, _DARK, axis=0), _HIGHEST_BLACK)
        white = np.percentile(pixels, _BRIGHT, axis=0)
        span = np.maximum(white - black, _LEAST_SPAN)
        black = black * _BLACK_STRENGTH
        lifted = np.maximum(pixels - black, 0)
        mean = lifted.mean(axis=0)
        cast = mean.mean() / np.maximum(mean, 1.0)
        stretch = np.clip(_TARGET_SPAN / span.mean(), 1.0, _MOST_STRETCH)
        gain = np.clip(cast, 0.6, 1.6) ** _CAST_STRENGTH * stretch
        return cls(black.astype(np.float32), gain.astype(np.float32))

    def undo(self, image: Image) -> Image:
        """Return `image` (uint8 RGB) as it would look under neutral light."""
        corrected = (image.astype(np.float32) - self.black) * self.gain
        return np.asarray(np.clip(np.rint(corrected), 0, 255), np.uint8)


_DARK: Final = 1.0  # percentile
_BRIGHT: Final = 99.0  # percentile
_HIGHEST_BLACK: Final = 40.0  # a scene whose darkest part is brighter shows no black at all
_LEAST_SPAN: Final = 40.0
_TARGET_SPAN: Final = 235.0
_MOST_STRETCH: Final = 1.35
_BLACK_STRENGTH: Final = 0.8
_CAST_STRENGTH: Final = 0.5


def lab(image: Image) -> Float:
    """Return CIELAB (H, W, 3): L* 0–100, a*, b* (D65), of uint8 sRGB."""
    scaled = image.astype(np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB), np.float32)


def name_colours(image: Image) -> Float:
    """Return the probability of each of `NAMED` a pixel, float32 (H, W, 12), summing to 1."""
    table = _name_table()
    cells = image // _LUT_STEP
    return table[cells[..., 0], cells[..., 1], cells[..., 2]]


@cache
def _name_table() -> Float:
    """Tabulate colour names over RGB, one cell every `_LUT_STEP` levels."""
    levels = np.arange(0, 256, _LUT_STEP, dtype=np.uint8) + _LUT_STEP // 2
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    side = len(levels)
    colours = _weigh(lab(grid.reshape(side * side, side, 3))).reshape(-1, 3)
    votes = np.zeros((len(colours), len(NAMED)), np.float32)
    for i, name in enumerate(NAMED):
        shades = np.array([[int(s[k : k + 2], 16) for k in (0, 2, 4)] for s in _ANCHORS[name]])
        anchors = _weigh(lab(shades.astype(np.uint8)[None]))[0]
        distance = ((colours[:, None] - anchors[None]) ** 2).sum(-1)
        votes[:, i] = np.exp(-distance.min(axis=1) / (2 * _SHADE_SPREAD**2)) + 1e-9
    votes /= votes.sum(axis=1, keepdims=True)
    return votes.reshape(side, side, side, len(NAMED))


def _weigh(colours: Float) -> Float:
    return colours * np.array([_LIGHTNESS_WEIGHT, 1, 1], np.float32)

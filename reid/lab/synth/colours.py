"""Cloth colours: what shades exist and which word a person would use for each.

Names follow perception, not dye: a shade is named after its nearest anchor in CIELAB with
lightness weighted less than hue, so a "blue" that everybody would call black is labelled black.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.person import Rgb

Float = NDArray[np.float32]

ANCHORS: Final[tuple[tuple[str, str, str], ...]] = (
    ("black", "", "0c0c0d 18181a 202124 26262b 1a1d22 221d1c 2c2c2e"),
    ("grey", "dark", "4a4b4d 58595a 434a50 504a46"),
    ("grey", "", "757679 878889 6d757c 80797a 999a9b"),
    ("grey", "light", "a9aaab b5b6b8 a8aeb4 b3aeaa bfc0c1"),
    ("white", "", "f2f2f0 e6e6e4 dedede f4efe4 e3e8ec d6d7d8"),
    ("red", "", "c41e24 d93030 b01c22 e04a3f cf2b45"),
    ("red", "dark", "7a1822 5e131c 8e2128 6b2028"),
    ("orange", "", "e8701c f28a2a d9601a f59a4a c85a1e"),
    ("yellow", "", "f2cc1e f7e04a e0b020 f5e27e d8b93a eed95f"),
    ("green", "", "2e8b3e 4fae4c 1f7a4d 6fbf5a 8cc63e 58a878"),
    ("green", "dark", "1e4a2c 2f4a30 4d5a2e 3f5a44 5f6b38 25473a"),
    ("green", "light", "a6d48e b9dca8 9fd3b4 c0dd8a"),
    ("blue", "", "2456b0 2f6fd0 3b82c4 1d4fa0 4a7fb0 2a86a8 4565a0"),
    ("blue", "dark", "1a2a52 16234a 25385f 1f3d63 2a4468 33466b"),
    ("blue", "light", "8ab6e0 a4c8e8 7fa6cc 9fc4d8 b2cdea 86b8c8"),
    ("purple", "", "6a3a9c 8552b0 5b3280 9a6fc0 7a4a98"),
    ("purple", "dark", "44265e 3d2450 4f2a58"),
    ("purple", "light", "b9a0d8 c4b0e0 a98fc8"),
    ("pink", "", "e0609a f088b0 d8508a e87fa0 dc78b8"),
    ("pink", "light", "f4b8cc f7cbd6 eaaec4 f0c0c0"),
    ("brown", "", "6e4a2e 7d5636 5c3d28 86603e 8a5a3c 764f3c"),
    ("brown", "dark", "3f2a1e 4a3324 382820"),
    ("beige", "", "d2bc94 c4ab82 dcc9a8 b8a07a cdb99a bfae90 e3d3b4"),
)
"""Vocabulary colour, "light"/"dark"/"" modifier, and sRGB shades that bear the name."""


def srgb_to_linear(srgb: NDArray[np.floating]) -> Float:
    """Return linear light in [0, 1] from sRGB in [0, 1] (IEC 61966-2-1)."""
    s = np.asarray(srgb, np.float32)
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear_to_srgb(linear: NDArray[np.floating]) -> Float:
    """Return sRGB in [0, 1] from linear light."""
    x = np.clip(np.asarray(linear, np.float32), 0, 1)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055).astype(np.float32)


DULL: Final = 0.55
"""Most that a drawn shade is mixed with grey: worn cloth is rarely as pure as a dye."""

_XYZ: Final = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32
)
_WHITE: Final = np.array([0.9505, 1.0, 1.089], np.float32)
_XYZ_OF_WHITE: Final = [[float(x) for x in row] for row in _XYZ / _WHITE[:, None]]
"""`_XYZ` with white as (1, 1, 1)."""


def lab(srgb: NDArray[np.floating]) -> Float:
    """Return CIELAB (D65), shape (..., 3), from sRGB in [0, 1]."""
    t = srgb_to_linear(srgb) @ _XYZ.T / _WHITE
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    out = [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])]
    return np.stack(out, axis=-1).astype(np.float32)


def lab_of(srgb: NDArray[np.floating] | Rgb) -> tuple[float, float, float]:
    """Return CIELAB of one sRGB colour, as `lab` does, in a tenth of the time."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in map(float, srgb)]
    x, y, z = (
        t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116
        for t in (sum(w * c for w, c in zip(row, linear, strict=True)) for row in _XYZ_OF_WHITE)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def hex_rgb(text: str) -> Rgb:
    """Return sRGB in [0, 1] of six hexadecimal digits."""
    r, g, b = (int(text[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return r, g, b


@lru_cache(maxsize=1)
def _anchors() -> tuple[Float, tuple[tuple[str, str], ...]]:
    names, shades = [], []
    for name, modifier, codes in ANCHORS:
        for code in codes.split():
            names.append((name, modifier))
            shades.append(hex_rgb(code))
    return lab(np.asarray(shades)), tuple(names)


_WEIGHT: Final = np.array([0.7, 1.0, 1.0], np.float32)


def name_of(srgb: NDArray[np.floating] | Rgb) -> tuple[str, str]:
    """Return (vocabulary colour, modifier) of one sRGB colour in [0, 1]."""
    points, names = _anchors()
    distance = ((points - lab_of(srgb)) * _WEIGHT) ** 2
    return names[int(distance.sum(axis=1).argmin())]


def names_of(srgb: NDArray[np.floating]) -> NDArray[np.str_]:
    """Return the vocabulary colour of each row of sRGB (n, 3) in [0, 1]."""
    points, names = _anchors()
    scaled = lab(srgb) * _WEIGHT
    distance = np.linalg.norm(scaled[:, None] - (points * _WEIGHT)[None], axis=2)
    return np.asarray([names[i][0] for i in distance.argmin(1)])


@lru_cache(maxsize=256)
def _shades(name: str, modifier: str | None) -> tuple[tuple[Rgb, float], ...]:
    """Return the anchors of a name, with the mean of each."""
    found = [
        hex_rgb(code)
        for colour, mod, codes in ANCHORS
        if colour == name and modifier in (None, mod)
        for code in codes.split()
    ]
    return tuple((rgb, sum(rgb) / 3) for rgb in found)


def has_shade(name: str, modifier: str) -> bool:
    """Whether people call some shades of a colour "light" or "dark"."""
    return bool(_shades(name, modifier))


def draw(name: str, rng: np.random.Generator, modifier: str | None = None) -> Rgb:
    """Draw an sRGB shade that people call `name` (and, if given, "light" or "dark")."""
    shades = _shades(name, modifier)
    base, grey = shades[rng.integers(len(shades))]
    for _ in range(12):
        dull, light = rng.uniform(0, DULL), rng.normal(1, 0.07)
        r, g, b = (
            float(min(max((c + (grey - c) * dull) * light + noise, 0.02), 0.97))
            for c, noise in zip(base, rng.normal(0, 0.018, 3), strict=True)
        )
        if name_of((r, g, b))[0] == name:
            return r, g, b
    return base

"""Weaves: small tileable images that mix up to three colours, shared by all garments.

A weave is RGBA uint8: R and G are the shares of colours 1 and 2 (the rest is colour 0), B a height
for folds and knit relief (128 = flat), A a shade (128 = 1×). They are drawn by code from a fixed
seed, so that layer numbers mean the same everywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Image = NDArray[np.uint8]
Rng = np.random.Generator

SIZE: Final = 128
TILE, CHEST, HEIGHT = range(3)
"""How a weave lies on a garment: repeated, printed once on the chest, or once over the height."""


@dataclass(frozen=True, eq=False)
class Weave:
    """One weave.

    Attributes:
        family: a key of `FAMILIES`.
        pattern: vocabulary pattern.
        mode: `TILE`, `CHEST` or `HEIGHT`.
        texels: uint8, shape (128, 128, 4).
        domain: which render domain may use it: train, held-out or both.
    """

    family: str
    pattern: str
    mode: int
    texels: Image
    domain: str

    @cached_property
    def shares(self) -> tuple[float, float, float]:
        """Mean share of colours 0, 1 and 2."""
        one, two = (float(self.texels[..., c].mean() / 255) for c in (0, 1))
        return max(1 - one - two, 0.0), one, two


_Y, _X = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE


def tileable_noise(rng: Rng, low: float, high: float, stretch: float = 1.0) -> Float:
    """Return band-limited periodic noise (128, 128), mean 0, deviation 1; cycles in a tile."""
    fy = np.fft.fftfreq(SIZE)[:, None] * SIZE * stretch
    fx = np.fft.fftfreq(SIZE)[None] * SIZE
    radius = np.hypot(fx, fy)
    spectrum = np.fft.fft2(rng.normal(size=(SIZE, SIZE))) * ((radius >= low) & (radius <= high))
    noise = np.real(np.fft.ifft2(spectrum))
    return np.asarray(noise / max(noise.std(), 1e-9), np.float32)


def _wrap(d: NDArray[np.floating]) -> Float:
    return np.asarray(d - np.round(d), np.float32)


def _pack(
    one: Float | float = 0.0,
    two: Float | float = 0.0,
    height: Float | float = 0.0,
    shade: Float | float = 1.0,
) -> Image:
    out = np.zeros((SIZE, SIZE, 4), np.float32)
    out[..., 0] = np.clip(one, 0, 1) * 255
    out[..., 1] = np.minimum(np.clip(two, 0, 1), 1 - out[..., 0] / 255) * 255
    out[..., 2] = np.clip(128 + 127 * np.asarray(height), 0, 255)
    out[..., 3] = np.clip(128 * np.asarray(shade), 0, 255)
    return out.round().astype(np.uint8)


def _plain(rng: Rng) -> Image:
    return _pack(shade=1 + 0.02 * tileable_noise(rng, 20, 60))


def _heather(rng: Rng) -> Image:
    grain = tileable_noise(rng, 10, 50, rng.choice([0.4, 1.0, 2.0]))
    return _pack(shade=1 + 0.07 * grain)


def _knit(rng: Rng) -> Image:
    n = int(rng.choice([12, 16, 20]))
    rib = np.abs(np.sin(np.pi * n * _X)) * (0.7 + 0.3 * np.sin(2 * np.pi * n * _Y))
    if rng.random() < 0.4:  # cables
        rib = rib + 0.8 * np.abs(np.sin(np.pi * 3 * _X + 0.8 * np.sin(2 * np.pi * 3 * _Y)))
    return _pack(height=(rib - rib.mean()) * 0.7, shade=0.86 + 0.2 * rib)


def _corduroy(rng: Rng) -> Image:
    rib = np.sin(np.pi * int(rng.choice([14, 18, 24])) * _X) ** 2
    return _pack(height=rib - 0.5, shade=0.85 + 0.25 * rib)


def _denim(rng: Rng) -> Image:
    twill = 0.5 + 0.5 * np.sin(2 * np.pi * (34 * _X + 34 * _Y))
    fade = np.clip(0.15 + 0.12 * tileable_noise(rng, 1, 5), 0, 0.5)
    slub = tileable_noise(rng, 15, 60, 0.25)
    return _pack(one=fade * (0.6 + 0.4 * twill), shade=0.95 + 0.06 * slub)


def _quilted(rng: Rng) -> Image:
    n = int(rng.choice([4, 5, 7]))
    pillow = np.abs(np.sin(np.pi * n * _Y)) ** 0.5
    if rng.random() < 0.3:
        pillow = pillow * np.abs(np.sin(np.pi * n * _X)) ** 0.5
    pillow = pillow + 0.08 * tileable_noise(rng, 6, 20, 2.0)
    return _pack(height=(pillow - 0.6) * 1.2, shade=0.62 + 0.42 * pillow)


def _band(rng: Rng, axis: Float, low: int = 2, high: int = 12) -> tuple[Float, Float]:
    n = int(rng.integers(low, high))
    duty = float(rng.choice([0.12, 0.25, 0.4, 0.5, 0.65]))
    t = (axis * n) % 1.0
    one = (t < duty).astype(np.float32)
    two = np.zeros_like(one)
    if rng.random() < 0.35:
        two = ((t > duty + 0.1) & (t < duty + 0.1 + 0.5 * (0.9 - duty))).astype(np.float32)
    return one, two


def _stripes(rng: Rng) -> Image:
    return _pack(*_band(rng, _Y))


def _pinstripes(rng: Rng) -> Image:
    return _pack(*_band(rng, _X, 4, 14))


def _irregular_stripes(rng: Rng) -> Image:
    edges = np.sort(rng.random(int(rng.integers(5, 14))))
    which = rng.integers(0, 3, len(edges) + 1)
    which[-1] = which[0]
    level = which[np.searchsorted(edges, _Y)]
    return _pack((level == 1).astype(np.float32), (level == 2).astype(np.float32))


def _plaid(rng: Rng) -> Image:
    n = int(rng.integers(1, 5))
    widths = rng.uniform(0.15, 0.5, 2)
    tx, ty = (_X * n) % 1.0, (_Y * n) % 1.0
    one = 0.5 * ((tx < widths[0]).astype(np.float32) + (ty < widths[0]).astype(np.float32))
    at, thin = rng.uniform(0.55, 0.85), rng.uniform(0.04, 0.12)
    two = np.maximum(np.abs(tx - at) < thin, np.abs(ty - at) < thin).astype(np.float32)
    if rng.random() < 0.4:
        two = two * 0
    return _pack(one, two * 0.9)


def _gingham(rng: Rng) -> Image:
    n = int(rng.integers(4, 10))
    tx, ty = (_X * n) % 1.0 < 0.5, (_Y * n) % 1.0 < 0.5
    return _pack(0.5 * (tx.astype(np.float32) + ty.astype(np.float32)))


def _windowpane(rng: Rng) -> Image:
    n, thin = int(rng.integers(2, 6)), rng.uniform(0.06, 0.16)
    return _pack(np.maximum((_X * n) % 1.0 < thin, (_Y * n) % 1.0 < thin).astype(np.float32))


def _spots(rng: Rng) -> Image:
    n, radius = int(rng.integers(3, 9)), rng.uniform(0.2, 0.34)
    x, y = _X * n, _Y * n
    shift = 0.5 * (np.floor(y) % 2) if n % 2 == 0 else 0.0
    d = np.hypot(_wrap(x + shift - 0.5), _wrap(y - 0.5))
    return _pack(np.clip((radius - d) * 12, 0, 1))


def _leopard(rng: Rng) -> Image:
    cells = tileable_noise(rng, 6, 10)
    ring = (cells > 0.6) & (cells < 1.5) & (tileable_noise(rng, 8, 14) > -0.8)
    return _pack(ring.astype(np.float32), (cells >= 1.5).astype(np.float32))


def _petals(rng: Rng, one: Float, two: Float, cx: float, cy: float, r: float) -> None:
    dx, dy = _wrap(_X - cx), _wrap(_Y - cy)
    angle, d = np.arctan2(dy, dx), np.hypot(dx, dy)
    lobes, turn = int(rng.integers(4, 7)), rng.uniform(0, 6)
    flower = d < r * (0.65 + 0.35 * np.cos(lobes * angle + turn))
    leaf = (np.abs(_wrap(angle / (2 * np.pi) + rng.random())) < 0.05) & (d < 1.9 * r)
    np.maximum(two, leaf, out=two)
    first = rng.random() < 0.7
    target, other = (one, two) if first else (two, one)
    target[flower] = 1
    other[flower] = 0
    middle = d < 0.28 * r
    target[middle], other[middle] = 0, 1


def _floral(rng: Rng) -> Image:
    one, two = np.zeros((SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), np.float32)
    size = rng.uniform(0.05, 0.16)
    for _ in range(int(0.5 / size**2 / 3.5)):
        _petals(rng, one, two, rng.random(), rng.random(), size * rng.uniform(0.6, 1.3))
    return _pack(one, two)


def _camouflage(rng: Rng) -> Image:
    a, b = tileable_noise(rng, 1, 6), tileable_noise(rng, 1, 6)
    return _pack((a > 0.25).astype(np.float32), ((b > 0.5) & (a <= 0.25)).astype(np.float32))


def _geometric(rng: Rng) -> Image:
    n = int(rng.integers(3, 7))
    zig = np.abs(_wrap(_X * n)) * 2
    kind = rng.integers(3)
    if kind == 0:
        t = (_Y * n + zig * 0.6) % 1.0
    elif kind == 1:
        t = np.abs(_wrap(_X * n)) + np.abs(_wrap(_Y * n))
    else:
        t = (np.floor(_X * n * 2) + np.floor(_Y * n * 2)) % 2 * 0.6 + 0.2 * zig
    return _pack((t < 0.33).astype(np.float32), (t > 0.75).astype(np.float32))


def _tie_dye(rng: Rng) -> Image:
    a, b = tileable_noise(rng, 1, 4), tileable_noise(rng, 1, 5)
    return _pack(np.clip(0.5 + 0.6 * a, 0, 1), np.clip(0.7 * b - 0.2, 0, 1))


def _letters(rng: Rng, one: Float, y: float, tall: float, wide: float) -> None:
    """Draw a row of letter-like marks about height y."""
    count = int(rng.integers(3, 9))
    pitch = wide / count
    for i in range(count):
        x0 = 0.5 - wide / 2 + i * pitch
        inside = (x0 < _X) & (x0 + 0.8 * pitch > _X) & (np.abs(_Y - y) < tall / 2)
        holes = rng.random((3, 2)) < 0.35
        row = np.clip(((_Y - y) / tall + 0.5) * 3, 0, 2.99).astype(int)
        col = np.clip((_X - x0) / (0.8 * pitch) * 2, 0, 1.99).astype(int)
        one[inside & ~holes[row, col]] = 1


def _print(rng: Rng) -> Image:
    """A chest print: a badge, a picture or lettering, once."""
    one, two = np.zeros((SIZE, SIZE), np.float32), np.zeros((SIZE, SIZE), np.float32)
    d = np.hypot(_X - 0.5, (_Y - 0.45) * rng.uniform(0.8, 1.4))
    kind = rng.integers(5)
    if kind == 0:
        one[d < 0.36], two[d < 0.28] = 1, 1
        one[d < 0.28] = 0
    elif kind == 1:
        blob = tileable_noise(rng, 1, 5) - 6 * np.maximum(d - 0.3, 0) * 3
        one, two = (blob > 0.1).astype(np.float32), (blob < -0.6).astype(np.float32)
        two[d > 0.42] = 0
    elif kind == 2:
        frame = (np.abs(_X - 0.5) < 0.38) & (np.abs(_Y - 0.42) < 0.3)
        scene = tileable_noise(rng, 1, 8)
        one[frame & (scene > 0.2)] = 1
        two[frame & (scene < -0.3)] = 1
    elif kind == 3:
        star = d < 0.3 * (0.7 + 0.3 * np.cos(5 * np.arctan2(_Y - 0.45, _X - 0.5)))
        one[star] = 1
    lines = int(rng.integers(1, 4)) if kind == 4 else int(rng.random() < 0.6)
    for i in range(lines):
        y = 0.5 + 0.2 * (i - (lines - 1) / 2) if kind == 4 else 0.88
        _letters(rng, one if rng.random() < 0.7 else two, y, rng.uniform(0.1, 0.2), 0.8)
    return _pack(one, two)


def _block(rng: Rng) -> Image:
    """Blocks of colour over the height of a garment."""
    cut = np.sort(rng.uniform(0.15, 0.85, 2))
    one, two = (cut[1] < _Y).astype(np.float32), np.zeros_like(_Y)
    if rng.random() < 0.5:
        two = ((cut[0] < _Y) & (cut[1] >= _Y)).astype(np.float32)
    if rng.random() < 0.3:
        one = ((cut[0] < _Y) & (cut[0] + 0.14 > _Y)).astype(np.float32)
        two = np.zeros_like(_Y)
    return _pack(one, two)


Maker = Callable[[Rng], Image]

DYES_OF_DENIM: Final = ("blue", "black", "grey", "white")


@dataclass(frozen=True)
class Family:
    """Weaves of one kind.

    Attributes:
        name: of the kind.
        pattern: what it is called, in the vocabulary's words.
        mode: `TILE`, `CHEST` or `HEIGHT`.
        count: how many different ones are drawn.
        make: what draws one.
        scale_m: metres that one repeat (or one print) spans, from and to.
        relief, gloss: strength of folds and of highlights, from and to.
        washed_dyes: the only colours that it comes in, washed out to many shades; () = it comes in
            all colours and unwashed. Cloth of another colour is made in the first.
    """

    name: str
    pattern: str
    mode: int
    count: int
    make: Maker
    scale_m: tuple[float, float]
    relief: tuple[float, float] = (0.35, 0.9)
    gloss: tuple[float, float] = (0.0, 0.12)
    washed_dyes: tuple[str, ...] = ()


FAMILIES: Final = {
    family.name: family
    for family in (
        Family("plain", "plain", TILE, 2, _plain, (0.15, 0.3)),
        Family("heather", "plain", TILE, 4, _heather, (0.12, 0.3)),
        Family(
            "knit", "plain", TILE, 5, _knit, (0.12, 0.25), relief=(0.245, 0.63), gloss=(0.0, 0.0)
        ),
        Family("corduroy", "plain", TILE, 2, _corduroy, (0.1, 0.2)),
        Family(
            "denim", "plain", TILE, 6, _denim, (0.35, 0.7), (0.8, 0.8), (0.03, 0.03), DYES_OF_DENIM
        ),
        Family("quilted", "plain", TILE, 5, _quilted, (0.35, 0.5), gloss=(0.1, 0.4)),
        Family("stripes", "striped", TILE, 12, _stripes, (0.18, 0.5)),
        Family("pinstripes", "striped", TILE, 4, _pinstripes, (0.15, 0.4)),
        Family("irregular", "striped", TILE, 6, _irregular_stripes, (0.3, 0.7)),
        Family("plaid", "plaid", TILE, 12, _plaid, (0.1, 0.32)),
        Family("gingham", "plaid", TILE, 3, _gingham, (0.1, 0.3)),
        Family("windowpane", "plaid", TILE, 3, _windowpane, (0.15, 0.35)),
        Family("spots", "spotted", TILE, 6, _spots, (0.15, 0.45)),
        Family("leopard", "spotted", TILE, 2, _leopard, (0.2, 0.4)),
        Family("floral", "floral", TILE, 12, _floral, (0.2, 0.5)),
        Family("camouflage", "graphic", TILE, 4, _camouflage, (0.3, 0.6)),
        Family("geometric", "graphic", TILE, 6, _geometric, (0.15, 0.5)),
        Family("tie-dye", "graphic", TILE, 3, _tie_dye, (0.4, 0.8)),
        Family("print", "graphic", CHEST, 28, _print, (0.2, 0.34)),
        Family("block", "plain", HEIGHT, 8, _block, (0.5, 0.6)),
    )
}
"""Every family by its name. Layers are numbered in this order: new families come last."""

HELD_OUT_EVERY: Final = 4
"""Every fourth weave of a patterned family is kept for the held-out domain."""


@lru_cache(maxsize=1)
def weaves() -> tuple[Weave, ...]:
    """Return every weave; the index is the texture layer."""
    out = []
    for f, family in enumerate(FAMILIES.values()):
        for i in range(family.count):
            texels = family.make(np.random.default_rng((7, f, i)))
            domain = "both"
            if family.count >= HELD_OUT_EVERY:
                domain = "held-out" if i % HELD_OUT_EVERY == 3 else "train"
            out.append(Weave(family.name, family.pattern, family.mode, texels, domain))
    return tuple(out)


@lru_cache(maxsize=64)
def layers(families: tuple[str, ...], domain: str) -> tuple[int, ...]:
    """Return the layers of these families that `domain` may use."""
    return tuple(
        i for i, w in enumerate(weaves()) if w.family in families and w.domain in (domain, "both")
    )


def folds(count: int = 6) -> Image:
    """Return tileable fold heights, uint8 (count, 128, 128): drapes, and creases here and there.

    Cloth is smooth for the most part: creases everywhere look like corrugated iron.
    """
    out = np.zeros((count, SIZE, SIZE), np.float32)
    for i in range(count):
        rng = np.random.default_rng((11, i))
        drape = tileable_noise(rng, 1, 3, float(rng.choice([0.8, 1.3, 2.2])))
        crease = 1 - np.abs(tileable_noise(rng, 2, 6, float(rng.choice([0.6, 1.0, 1.8]))))
        where = np.clip(0.3 + 0.7 * tileable_noise(rng, 1, 2), 0, 1.3)
        fine = tileable_noise(rng, 6, 16)
        out[i] = 0.45 * drape + 0.55 * where * np.clip(crease, -0.5, 1) + 0.04 * fine
    return np.clip(128 + 45 * out, 0, 255).astype(np.uint8)

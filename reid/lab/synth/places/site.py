"""A whole place: floor, sides, ceiling, furniture, light; built from a seed."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.places import facades, floors, materials
from reid.lab.synth.places.animals_and_vehicles import MAKERS as PASSERS
from reid.lab.synth.places.animals_and_vehicles import PASSING
from reid.lab.synth.places.builder import UNIT_UV, Builder, RideSeat
from reid.lab.synth.places.furniture import MAKERS
from reid.lab.synth.places.kinds import KINDS, Kind
from reid.lab.synth.places.texture_painting import muted, near, rectangle
from reid.lab.synth.scene import Place

Floats = NDArray[np.float32]
_MAKERS: Final = MAKERS | PASSERS
_PANORAMA_DISTANCE: Final = 34.0
_FRONT_LENGTH: Final = 15.0
"""Metres of front painted before it repeats."""
_WALL_HEIGHT: Final = (3.5, 8.5)
"""Metres: fronts in the open air."""


@dataclass(frozen=True, eq=False)
class Site:
    """A place and what a director must know to put people and cameras in it.

    Attributes:
        place: for the renderer; the floor is centred on the origin.
        kind: of `reid.lab.synth.places.kinds`.
        width, depth: of the floor, along x and z, metres.
        ceiling: height in metres; 0 in the open air.
        obstacles: float32 (M, 4): x0, z0, x1, z1 in metres.
        light: the light's name.
        ride_seats: of what stands there and can be ridden.
    """

    place: Place
    kind: str
    width: float
    depth: float
    ceiling: float
    obstacles: Floats
    light: str
    ride_seats: tuple[RideSeat, ...] = ()

    def taken(self, points: Floats, margin: float = 0.25) -> NDArray[np.bool_]:
        """Whether floor points (N, 2) are off the floor or within `margin` of an obstacle."""
        half = np.array([self.width, self.depth]) / 2 - 0.4
        outside = np.any(np.abs(points) > half, axis=1)
        if len(self.obstacles) == 0:
            return np.asarray(outside)
        low, high = self.obstacles[:, :2] - margin, self.obstacles[:, 2:] + margin
        p = points[:, None, :]
        inside = np.any(np.all((p > low) & (p < high), axis=-1), axis=1)
        return np.asarray(outside | inside)

    def sees(self, eye: tuple[float, float, float], points: Floats) -> NDArray[np.bool_]:
        """Whether nothing stands between `eye` and points (N, 3), shape (N,)."""
        quads = self.place.quads.astype(np.float64)
        origin, u, v = quads[:, 0], quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0]
        normal = np.cross(u, v)
        ray = points[:, None, :].astype(np.float64) - np.array(eye)
        along = (ray * normal).sum(axis=-1)
        along = np.where(np.abs(along) < 1e-9, 1e-9, along)
        t = ((origin - np.array(eye)) * normal).sum(axis=-1) / along
        local = np.array(eye) + ray * t[..., None] - origin
        a = (local * u).sum(axis=-1) / np.maximum((u * u).sum(axis=-1), 1e-9)
        c = (local * v).sum(axis=-1) / np.maximum((v * v).sum(axis=-1), 1e-9)
        hit = (t > 0.01) & (t < 0.98) & (a > 0) & (a < 1) & (c > 0) & (c < 1)
        return np.asarray(~hit.any(axis=1))

    def free_spots(self, rng: np.random.Generator, count: int, margin: float = 0.25) -> Floats:
        """Return up to `count` random free floor points, float32 (N, 2) x, z."""
        half = np.array([self.width, self.depth]) / 2
        points = rng.uniform(-half, half, (count * 4, 2)).astype(np.float32)
        return points[~self.taken(points, margin)][:count]


@lru_cache(maxsize=4)
def build_site(
    seed: int, domain: str = "train", kind: str | None = None, *, passing: bool = False
) -> Site:
    """Build a place; the same arguments give the same place.

    `passing` puts animals, bicycles, motorcycles and buses there too; all else stays as it is.

    Raises:
        KeyError: no such domain or kind.
    """
    kinds = KINDS[domain]
    rng = np.random.default_rng([seed, list(KINDS).index(domain)])
    name = kind or str(rng.choice(list(kinds)))
    spec = kinds[name]
    width, depth = (float(rng.uniform(*span)) for span in (spec.width, spec.depth))
    roofed = spec.ceiling[1] > 0 and (spec.ceiling[0] > 0 or rng.random() < 0.5)
    ceiling = float(rng.uniform(max(2.6, spec.ceiling[0]), spec.ceiling[1])) if roofed else 0.0
    b = Builder(rng)
    light, sun, sun_colour, sky, ground = _light(rng, indoor=roofed)
    _sides(b, spec, width, depth, ceiling, ground)
    sides = len(b.quads)
    _furnish(b, spec, width, depth)
    if passing:
        _let_pass(b, name, (width, depth), seed)
    _floor(b, spec, (width, depth), sun, light, sides)
    place = Place(
        quads=np.stack(b.quads),
        uv=np.stack(b.uv),
        texture=np.array(b.texture, np.int32),
        textures=tuple(b.textures),
        sun=sun,
        sun_colour=sun_colour,
        ambient_sky=sky,
        ambient_ground=ground,
        domain=domain,
        cutout=tuple(b.cutout),
    )
    obstacles = np.array(b.footprints, np.float32).reshape(-1, 4)
    return Site(place, name, width, depth, ceiling, obstacles, light, tuple(b.ride_seats))


_LIGHT_SHARES: Final[dict[bool, tuple[tuple[str, float], ...]]] = {
    True: (("tubes", 0.45), ("warm", 0.25), ("daylight", 0.2), ("dim", 0.1)),
    False: (("sun", 0.4), ("overcast", 0.25), ("evening", 0.15), ("shade", 0.12), ("night", 0.08)),
}
"""Light and its share, indoors (True) and outdoors."""

_LIGHTS: Final[dict[str, tuple[float, float, tuple[float, float, float]]]] = {
    "tubes": (0.25, 0.72, (0.97, 1.02, 1.0)), "warm": (0.35, 0.55, (1.14, 1.0, 0.8)),
    "daylight": (0.5, 0.5, (0.96, 1.0, 1.05)), "dim": (0.2, 0.25, (1.08, 1.0, 0.86)),
    "sun": (1.05, 0.42, (1.05, 1.0, 0.92)), "overcast": (0.12, 0.8, (0.97, 1.0, 1.04)),
    "evening": (0.8, 0.3, (1.3, 0.95, 0.66)), "shade": (0.06, 0.55, (0.9, 0.98, 1.1)),
    "night": (0.25, 0.1, (1.2, 1.0, 0.72)),
}  # fmt: skip
"""Light: strength of the main light, of the ambient light, colour of the main light."""


def _light(rng: np.random.Generator, *, indoor: bool) -> tuple[str, Floats, Floats, Floats, Floats]:
    """Draw the light; direction and colour of the main light; light from above and from below."""
    names, shares = zip(*_LIGHT_SHARES[indoor], strict=True)
    light = str(rng.choice(names, p=np.array(shares)))
    strength, ambient, tint = _LIGHTS[light]
    steep = {"evening": (0.2, 0.5), "sun": (0.5, 1.2)}.get(light, (0.9, 1.45))
    height, turn = float(rng.uniform(*steep)), float(rng.uniform(0, 2 * np.pi))
    sun = [np.cos(height) * np.sin(turn), np.sin(height), np.cos(height) * np.cos(turn)]
    colour = np.array(tint) * np.exp(rng.normal(0, 0.05, 3))
    scale = float(rng.uniform(0.8, 1.2))
    cool = np.array([0.94, 1.0, 1.1]) if light in ("sun", "evening", "shade") else colour
    above = ambient * scale * cool
    below = above * float(rng.uniform(0.45, 0.75)) * np.array([1.05, 1.0, 0.92])
    main = strength * scale * colour
    vectors = np.array([sun, main, above, below], np.float32)
    return light, vectors[0], vectors[1], vectors[2], vectors[3]


def _sides(
    b: Builder, spec: Kind, width: float, depth: float, ceiling: float, ground: Floats
) -> None:
    """Close the sides with painted fronts, open the others to a panorama, roof the place."""
    rng = b.rng
    count = int(rng.integers(spec.open_sides[0], spec.open_sides[1] + 1)) if spec.panorama else 0
    opened = set(rng.permutation(4)[:count].tolist())
    x, z = width / 2, depth / 2
    lines = (((x, z), (-x, z)), ((x, -z), (x, z)), ((-x, -z), (x, -z)), ((-x, z), (-x, -z)))
    height = ceiling or float(rng.uniform(*_WALL_HEIGHT))
    painted: list[int] = []
    for side, (a, c) in enumerate(lines):
        if side in opened:
            continue
        if len(painted) < 2:
            kind, wall = str(rng.choice(spec.fronts)), str(rng.choice(spec.walls))
            painted.append(b.paint(facades.front(rng, kind, _FRONT_LENGTH, height, wall)))
        length = float(np.hypot(a[0] - c[0], a[1] - c[1]))
        b.wall(a, c, height, painted[side % len(painted)], uv=_shifted(rng, length / _FRONT_LENGTH))
    if count:
        view = b.paint(facades.panorama(rng, str(rng.choice(spec.panorama))))
        far = _PANORAMA_DISTANCE
        corners = ((far, far), (-far, far), (-far, -far), (far, -far))
        for side in range(4):
            b.wall(corners[side], corners[(side + 1) % 4], 26.0, view, base=-3.5, uv=_shifted(rng))
    if ceiling:
        _ceiling(b, width, depth, ceiling)


def _shifted(rng: np.random.Generator, repeats: float = 1.0) -> Floats:
    """Texture corners moved sideways, so that two walls of one picture differ."""
    moved = UNIT_UV * np.array([repeats, 1.0]) + np.array([rng.random(), 0.0])
    return np.asarray(moved, np.float32)


def _ceiling(b: Builder, width: float, depth: float, height: float) -> None:
    rng = b.rng
    tile = materials.paint("ceiling" if rng.random() < 0.7 else "concrete", rng)
    image = materials.repeated(tile, round(depth * 24), round(width * 24), 58)
    lamp = near(rng, (250, 248, 240), 3)
    pitch = int(rng.integers(48, 90))
    for row in range(pitch // 2, image.shape[0] - 30, pitch):
        for column in range(pitch // 2, image.shape[1] - 12, pitch):
            rectangle(image, column, row, column + 8, row + 30, lamp)
    x, z = width / 2, depth / 2
    texture = b.paint(image)
    b.quad([[-x, height, -z], [x, height, -z], [x, height, z], [-x, height, z]], texture)
    for _ in range(int(rng.integers(0, 3))):
        at = float(rng.uniform(-x * 0.8, x * 0.8))
        pipe = (0.25, 0.25, depth)
        b.box((at, 0.0), pipe, (b.flat(muted(rng, 120, 200)),), base=height - 0.5, solid=False)


_CLEAR: Final = {
    "car": 2.6, "carousel": 3.4, "shelf": 1.7, "slide": 2.6, "kiosk": 2.0, "coach": 4.0,
    "animal": 1.2, "bicycle": 1.2, "motorcycle": 1.2,
}  # fmt: skip
"""Metres that a thing keeps from what stands already; .8 unless said."""


def _furnish(b: Builder, spec: Kind, width: float, depth: float) -> None:
    """Stand things along the sides and inside, never into each other."""
    half = np.array([width, depth]) / 2
    for name, low, high in spec.edge:
        for _ in range(int(b.rng.integers(low, high + 1))):
            side = int(b.rng.integers(4))
            along = float(b.rng.uniform(-0.9, 0.9))
            inset = 1.9 if name == "car" else float(b.rng.uniform(0.6, 1.1))
            x, z = (
                (along * half[0], half[1] - inset), (half[0] - inset, along * half[1]),
                (along * half[0], -half[1] + inset), (-half[0] + inset, along * half[1]),
            )[side]  # fmt: skip
            yaw = (np.pi, -np.pi / 2, 0.0, np.pi / 2)[side]
            turn = np.pi / 2 if name == "car" and b.rng.random() < 0.5 else 0.0
            _stand(b, name, (float(x), float(z)), float(yaw + turn + b.rng.normal(0, 0.05)))
    for name, low, high in spec.inside:
        for _ in range(int(b.rng.integers(low, high + 1))):
            x, z = b.rng.uniform(-half * 0.85, half * 0.85)
            yaw = float(b.rng.integers(4)) * np.pi / 2 + float(b.rng.normal(0, 0.08))
            _stand(b, name, (float(x), float(z)), yaw)


def _let_pass(b: Builder, kind: str, size: tuple[float, float], seed: int) -> None:
    """Stand what comes along there anywhere, drawn from its own generator."""
    kept, b.rng = b.rng, np.random.default_rng([seed, 71])
    half = np.array(size) / 2
    for name, low, high in PASSING.get(kind, ()):
        for _ in range(int(b.rng.integers(low, high + 1))):
            x, z = b.rng.uniform(-half * 0.85, half * 0.85)
            _stand(b, name, (float(x), float(z)), float(b.rng.uniform(0, 2 * np.pi)))
    b.rng = kept


def _stand(b: Builder, name: str, at: tuple[float, float], yaw: float) -> None:
    """Stand one thing, or leave it out where something is already."""
    clear = _CLEAR.get(name, 0.8)
    for x0, z0, x1, z1 in b.footprints:
        if x0 - clear < at[0] < x1 + clear and z0 - clear < at[1] < z1 + clear:
            return
    _MAKERS[name](b, at, yaw)


def _floor(
    b: Builder, spec: Kind, size: tuple[float, float], sun: Floats, light: str, sides: int
) -> None:
    """Paint the floor last, when everything that shades it stands; add the ground around it."""
    name = str(b.rng.choice(spec.floors))
    image, tile = floors.floor(b, name, size, spec.marks)
    furniture = Builder(b.rng, quads=b.quads[sides:], texture=b.texture[sides:], cutout=b.cutout)
    furniture.footprints = b.footprints
    depth = {"sun": 0.55, "evening": 0.4, "night": 0.25, "daylight": 0.2}.get(light, 0.12)
    image = floors.cast_shade(furniture, image, size, sun, depth)
    x, z = size[0] / 2, size[1] / 2
    b.slab((-x, -z, x, z), 0.0, b.paint(image))
    far = _PANORAMA_DISTANCE + 4
    repeats = np.asarray(UNIT_UV * (2 * far / materials.SPAN[name]), np.float32)
    corners = [[-far, -0.03, far], [far, -0.03, far], [far, -0.03, -far], [-far, -0.03, -far]]
    b.quad(corners, b.paint(tile), repeats)

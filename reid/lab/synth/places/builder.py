"""Geometry of a place under construction: textured rectangles and the floor that they cover."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.places.texture_painting import Colour, Image, fill, grain

Floats = NDArray[np.float32]
UNIT_UV = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
"""Texture corners of a rectangle listed from lower left, seen from the front."""


@dataclass(frozen=True, slots=True)
class RideSeat:
    """Where somebody may ride.

    Attributes:
        gait: in which they do, of `reid.lab.synth.scene.RIDING`.
        place: x, y, z of the seat, metres.
        yaw: radians, where they face: 0 is +z, positive turns towards +x.
    """

    gait: str
    place: tuple[float, float, float]
    yaw: float


@dataclass(eq=False)
class Builder:
    """Collects rectangles; `footprints` are x0, z0, x1, z1 in metres where nobody can stand."""

    rng: np.random.Generator
    quads: list[Floats] = field(default_factory=list)
    uv: list[Floats] = field(default_factory=list)
    texture: list[int] = field(default_factory=list)
    textures: list[Image] = field(default_factory=list)
    cutout: list[int] = field(default_factory=list)
    footprints: list[tuple[float, float, float, float]] = field(default_factory=list)
    named: dict[str, int] = field(default_factory=dict)
    ride_seats: list[RideSeat] = field(default_factory=list)

    def paint(self, image: Image, *, cutout: bool = False) -> int:
        """Store a texture and return its index; in a cut-out, pure black is a hole."""
        self.textures.append(np.ascontiguousarray(image, np.uint8))
        if cutout:
            self.cutout.append(len(self.textures) - 1)
        return len(self.textures) - 1

    def flat(self, colour: Colour, roughness: float = 0.02) -> int:
        """Store a texture of one slightly rough colour, once per colour."""
        key = f"flat {colour}"
        if key not in self.named:
            self.named[key] = self.paint(grain(self.rng, fill(64, 64, colour), roughness, 8))
        return self.named[key]

    def quad(self, corners: object, texture: int, uv: Floats = UNIT_UV) -> None:
        """Add one rectangle: four world points from the texture's lower left, anticlockwise."""
        self.quads.append(np.asarray(corners, np.float32).reshape(4, 3))
        self.uv.append(uv)
        self.texture.append(texture)

    def wall(
        self, a: tuple[float, float], b: tuple[float, float], height: float, texture: int,
        *, base: float = 0.0, uv: Floats = UNIT_UV,
    ) -> None:  # fmt: skip
        """Add an upright rectangle on the floor line from `a` to `b`, (x, z) each."""
        (ax, az), (bx, bz) = a, b
        top = base + height
        self.quad([[ax, base, az], [bx, base, bz], [bx, top, bz], [ax, top, az]], texture, uv)

    def slab(self, box: tuple[float, float, float, float], y: float, texture: int) -> None:
        """Add a level rectangle over x0, z0, x1, z1 at height `y`, facing up."""
        x0, z0, x1, z1 = box
        self.quad([[x0, y, z1], [x1, y, z1], [x1, y, z0], [x0, y, z0]], texture)

    def box(
        self, at: tuple[float, float], size: tuple[float, float, float], textures: tuple[int, ...],
        *, yaw: float = 0.0, base: float = 0.0, solid: bool = True,
    ) -> None:  # fmt: skip
        """Add a box of width, height, depth standing at `at`; textures: sides[, top[, front]]."""
        width, height, depth = size
        side, top, front = textures[0], textures[min(1, len(textures) - 1)], textures[-1]
        front = front if len(textures) > 2 else side
        x, z = width / 2, depth / 2
        corners = self.turned(at, yaw, [(-x, z), (x, z), (x, -z), (-x, -z)])
        for i in range(4):
            face = front if i == 0 else side
            self.wall(corners[i], corners[(i + 1) % 4], height, face, base=base)
        self.quad([[cx, base + height, cz] for cx, cz in corners], top)
        if solid and base < 1.6:
            self.block(corners)

    def board(
        self, at: tuple[float, float], size: tuple[float, float], texture: int,
        *, yaw: float = 0.0, base: float = 0.0,
    ) -> None:  # fmt: skip
        """Add an upright picture of width, height, centred at `at`, facing +z turned by `yaw`."""
        a, b = self.turned(at, yaw, [(-size[0] / 2, 0), (size[0] / 2, 0)])
        self.wall(a, b, size[1], texture, base=base)

    def cylinder(
        self, at: tuple[float, float], radius: float, height: float, texture: int,
        *, base: float = 0.0, sides: int = 10, taper: float = 1.0,
    ) -> None:  # fmt: skip
        """Add a round column; `taper` is the top's radius over the bottom's."""
        angles = np.linspace(0, 2 * np.pi, sides + 1)
        x, z = at
        for i in range(sides):
            p, q = angles[i], angles[i + 1]
            low = [(x + radius * np.sin(t), z + radius * np.cos(t)) for t in (p, q)]
            r = radius * taper
            high = [(x + r * np.sin(t), z + r * np.cos(t)) for t in (p, q)]
            u0, u1 = i / sides, (i + 1) / sides
            uv = np.array([[u0, 1], [u1, 1], [u1, 0], [u0, 0]], np.float32)
            top = base + height
            self.quad(
                [[low[0][0], base, low[0][1]], [low[1][0], base, low[1][1]],
                 [high[1][0], top, high[1][1]], [high[0][0], top, high[0][1]]], texture, uv,
            )  # fmt: skip
        if base < 1.6:
            self.footprints.append((x - radius, z - radius, x + radius, z + radius))

    def block(self, corners: list[tuple[float, float]]) -> None:
        """Mark the floor under `corners` as taken."""
        xs, zs = [c[0] for c in corners], [c[1] for c in corners]
        self.footprints.append((min(xs), min(zs), max(xs), max(zs)))

    @staticmethod
    def turned(
        at: tuple[float, float], yaw: float, offsets: list[tuple[float, float]]
    ) -> list[tuple[float, float]]:
        """Turn (x, z) offsets by `yaw` (0 faces +z, positive towards +x) and move them to `at`."""
        c, s = float(np.cos(yaw)), float(np.sin(yaw))
        return [(at[0] + x * c + z * s, at[1] - x * s + z * c) for x, z in offsets]

"""Small closed shapes: rounded boxes, tubes, lathes, spheres. Any unit; normals point outward."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.meshes import vertex_normals

Float = NDArray[np.float32]
Int = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Shape:
    """Points float32 (n, 3), unit normals (n, 3), faces int32 (m, 3)."""

    points: Float
    normals: Float
    faces: Int

    def moved(self, offset: tuple[float, float, float] | NDArray[np.floating]) -> "Shape":
        """Return the shape shifted."""
        return Shape(
            (self.points + np.asarray(offset)).astype(np.float32), self.normals, self.faces
        )

    def turned(self, rotation: NDArray[np.floating]) -> "Shape":
        """Return the shape rotated by a (3, 3) matrix."""
        return Shape(
            (self.points @ rotation.T).astype(np.float32),
            (self.normals @ rotation.T).astype(np.float32),
            self.faces,
        )


def _made(points: NDArray[np.floating], faces: NDArray[np.integer]) -> Shape:
    p, f = np.asarray(points, np.float32), np.asarray(faces, np.int32)
    return Shape(p, vertex_normals(p, f), f)


def grid_faces(rows: int, cols: int, *, closed: bool) -> Int:
    """Return the triangles of a grid of points; `closed` joins the last column to the first."""
    r, c = np.mgrid[0 : rows - 1, 0 : cols if closed else cols - 1]
    a, b = r * cols + c, r * cols + (c + 1) % cols
    d, e = a + cols, b + cols
    faces = np.stack([np.stack([a, d, b], -1), np.stack([b, d, e], -1)], 2)
    return faces.reshape(-1, 3).astype(np.int32)


def superellipsoid(
    radii: tuple[float, float, float], round_up: float = 0.5, round_flat: float = 0.5, n: int = 10
) -> Shape:
    """Return a rounded box: exponents 1 = ellipsoid, towards 0 = box (Barr 1981)."""
    v = np.linspace(np.pi / 2, -np.pi / 2, n)[:, None]
    u = np.linspace(0, 2 * np.pi, 2 * n, endpoint=False)[None]

    def power(x: NDArray[np.floating], e: float) -> NDArray[np.floating]:
        out: NDArray[np.floating] = np.sign(x) * np.abs(x) ** e
        return out

    ring = power(np.cos(v), round_up)
    x, z = (
        radii[0] * ring * power(np.sin(u), round_flat),
        radii[2] * ring * power(np.cos(u), round_flat),
    )
    y = radii[1] * power(np.sin(v), round_up) * np.ones_like(u)
    points = np.stack([x, y, z], -1).reshape(-1, 3)
    return _made(points, grid_faces(n, 2 * n, closed=True))


def ball(radius: float, n: int = 9) -> Shape:
    """Return a sphere."""
    return superellipsoid((radius, radius, radius), 1, 1, n)


def tube(
    path: NDArray[np.floating],
    radius: float | NDArray[np.floating],
    sides: int = 6,
    flat: float = 1.0,
    beside: tuple[float, float, float] | None = None,
) -> Shape:
    """Return a tube along points (k, 3); `flat` < 1 squeezes it into a strap lying sideways.

    `beside` is a direction that the path takes nowhere: rings begin there, and do not twist.
    """
    p = np.asarray(path, np.float64)
    tangent = np.gradient(p, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    usual = (1.0, 0.0, 0.0) if abs(tangent[0, 0]) < 0.9 else (0.0, 0.0, 1.0)
    seed = np.array(usual if beside is None else beside)
    side = seed - tangent * (tangent @ seed)[:, None]
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    up = np.cross(tangent, side)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    r = np.broadcast_to(np.asarray(radius), (len(p),))[:, None, None]
    ring = (
        side[:, None] * np.cos(angle)[None, :, None]
        + up[:, None] * np.sin(angle)[None, :, None] * flat
    )
    points = (p[:, None] + ring * r).reshape(-1, 3)
    return _made(points, grid_faces(len(p), sides, closed=True)[:, ::-1])


def lathe(profile: NDArray[np.floating], n: int = 16) -> Shape:
    """Turn a profile of (radius, y) rows, top to bottom, about the y axis."""
    u = np.linspace(0, 2 * np.pi, n, endpoint=False)[None]
    r, y = np.asarray(profile, float)[:, :1], np.asarray(profile, float)[:, 1:]
    points = np.stack([r * np.sin(u), y * np.ones_like(u), r * np.cos(u)], -1).reshape(-1, 3)
    return _made(points, grid_faces(len(profile), n, closed=True))


def joined(shapes: list[Shape]) -> Shape:
    """Return several shapes as one."""
    starts = np.cumsum([0] + [len(s.points) for s in shapes[:-1]])
    return Shape(
        np.concatenate([s.points for s in shapes]),
        np.concatenate([s.normals for s in shapes]),
        np.concatenate([s.faces + k for s, k in zip(shapes, starts, strict=True)]).astype(np.int32),
    )


def arc(
    start: NDArray[np.floating], end: NDArray[np.floating], sag: NDArray[np.floating], n: int = 9
) -> Float:
    """Return points (n, 3) on a quadratic curve whose middle is pulled by `sag`."""
    t = np.linspace(0, 1, n)[:, None]
    out = np.asarray(start) * (1 - t) + np.asarray(end) * t + np.asarray(sag) * (4 * t * (1 - t))
    return np.asarray(out, np.float32)

"""What sits on head and neck: hats, hoods, coverings, scarves, glasses. Decimetres at rest."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.catalogue import Brim, Dome, Headwear, within
from reid.lab.synth.makehuman import BODY_END, BONE, load
from reid.lab.synth.meshes import vertex_normals
from reid.lab.synth.pieces import Sheet
from reid.lab.synth.shapes import Shape, ball, grid_faces, joined, superellipsoid, tube

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Array = NDArray[np.float64]

PEAK_ROUNDNESS: Final = 0.9
"""Exponent of the cosine by which a peak falls off to its sides: below 1 it is broad."""

BRIM_THICK: Final = 0.03
"""Half a brim's thickness, decimetres."""

RIGID_REGION: Final = 6
"""Region number of things that are not the body: cloth coordinates are plain positions."""


@dataclass(frozen=True)
class HeadShape:
    """An ellipsoid round the top of the head: centre and radii, and the joints near it."""

    centre: Array
    radii: Array
    neck: Array
    top: float
    chin: float
    shoulder: float


def head_shape_of(base: Float, joints: Float) -> HeadShape:
    """Measure the head of a morphed base mesh."""
    data = load()
    head = np.flatnonzero(data.skin_bones[:BODY_END, 0] == BONE["head"])
    points = base[head].astype(np.float64)
    top, joint = points[:, 1].max(), joints[BONE["head"]].astype(np.float64)
    middle = joint[1] + 0.42 * (top - joint[1])
    band = points[np.abs(points[:, 1] - middle - 0.15) < 0.35]
    inner = band[np.abs(band[:, 0]) < np.quantile(np.abs(band[:, 0]), 0.9)]
    back, front = inner[:, 2].min(), np.quantile(inner[:, 2], 0.97)
    radii = np.array([np.quantile(np.abs(band[:, 0]), 0.85), top - middle, (front - back) / 2])
    neck = joints[BONE["neck01"]].astype(np.float64)
    shoulder = float(abs(joints[BONE["shoulder01.L"], 0]))
    centre = np.array([0, middle, (front + back) / 2])
    return HeadShape(centre, radii, neck, float(top), float(points[:, 1].min()), shoulder)


def bound(shape: Shape, bones: Int, weights: Float) -> Sheet:
    """Return a shape as a sheet with skin weights: bones (n, 4), weights (n, 4)."""
    n = len(shape.points)
    region = np.full(n, RIGID_REGION, np.int32)
    return Sheet(
        shape.points, shape.normals, shape.faces, bones, weights, region, np.zeros(n, np.float32)
    )


def on_bone(shape: Shape, name: str) -> Sheet:
    """Return a shape that follows one bone."""
    n = len(shape.points)
    bones, weights = np.zeros((n, 4), np.int32), np.zeros((n, 4), np.float32)
    bones[:, 0], weights[:, 0] = BONE[name], 1
    return bound(shape, bones, weights)


def between(shape: Shape, upper: str, lower: str, share: Float) -> Sheet:
    """Return a shape that follows `upper` by `share` (n,) and `lower` by the rest."""
    n = len(shape.points)
    bones, weights = np.zeros((n, 4), np.int32), np.zeros((n, 4), np.float32)
    bones[:, 0], bones[:, 1] = BONE[upper], BONE[lower]
    weights[:, 0], weights[:, 1] = share, 1 - share
    return bound(shape, bones, weights)


def _dome(head_shape: HeadShape, dome: Dome, rng: np.random.Generator, rows: int = 7) -> Shape:
    """A cap over the skull."""
    cols = 20
    azimuth = _azimuths(cols)
    front, back = dome.front_deg, dome.back_deg
    low = np.radians(front + (back - front) * (0.5 - 0.5 * np.cos(azimuth)))
    t = np.linspace(0, 1, rows)[:, None]
    elevation = np.pi / 2 + (low[None] - np.pi / 2) * t
    margin = [within(limits, rng) for limits in (dome.side_dm, dome.above_dm, dome.behind_dm)]
    radii = head_shape.radii + np.asarray(margin)
    x = radii[0] * np.cos(elevation) * np.sin(azimuth)
    z = radii[2] * np.cos(elevation) * np.cos(azimuth)
    y = radii[1] * np.sin(elevation)
    points = (np.stack([x, y, z], -1).reshape(-1, 3) + head_shape.centre).astype(np.float32)
    faces = grid_faces(rows, cols, closed=True)
    return Shape(points, vertex_normals(points, faces), faces)


def _brim(head_shape: HeadShape, brim: Brim, rng: np.random.Generator) -> Shape:
    """A brim round the skull, perhaps with a peak."""
    a = _azimuths()
    near = np.abs(_signed(a)) <= np.radians(brim.peak_deg)
    peak = np.clip(np.cos(a), 0, 1) ** PEAK_ROUNDNESS * near
    if rng.random() < brim.backwards:
        peak = np.roll(peak, len(a) // 2)
    wavy = 1 + brim.wave * np.sin(3 * a + rng.uniform(0, 6))
    reach = within(brim.reach_dm, rng) * wavy + brim.peak_dm * peak
    drop = within(brim.drop_dm, rng) + brim.peak_drop_dm * peak
    level = head_shape.centre[1] + brim.level * head_shape.radii[1] + brim.level_dm
    rings = []
    for t, lift in ((0.0, 1), (0.5, 1), (1.0, 0), (1.0, -1), (0.5, -1), (0.0, -1)):
        rx, rz = head_shape.radii[0] * 1.02 + reach * t, head_shape.radii[2] * 1.02 + reach * t
        y = level - drop * t**1.6 + BRIM_THICK * lift
        rings.append(np.stack([rx * np.sin(a), y, rz * np.cos(a)], -1))
    points = (np.concatenate(rings) + head_shape.centre * (1, 0, 1)).astype(np.float32)
    faces = grid_faces(len(rings), len(a), closed=True)
    return Shape(points, vertex_normals(points, faces), faces)


def _azimuths(n: int = 24) -> Array:
    return np.linspace(0, 2 * np.pi, n, endpoint=False)


def made(shape: Headwear, seed: int, loose: float, head_shape: HeadShape) -> list[Sheet]:
    """Return the sheets of headwear that is made, not a mesh.

    Args:
        shape: a row of the catalogue. seed: small variation. loose: how far its cloth stands off.
        head_shape: of this head.
    """
    rng = np.random.default_rng(seed)
    hard = [_dome(head_shape, dome, rng) for dome in shape.domes if rng.random() < dome.share]
    if shape.brim is not None and rng.random() < shape.brim.share:
        hard.append(_brim(head_shape, shape.brim, rng))
    if rng.random() < shape.bobble:
        hard.append(ball(0.3).moved((0, head_shape.top + 0.35, head_shape.centre[2])))
    sheets = [on_bone(joined(hard), "head")] if hard else []
    if shape.shell is not None:
        near, far = shape.shell.margin_dm
        margin = near + (far - near) * loose
        sheets.append(shell(head_shape, margin, shape.shell.opening_deg, shape.shell.behind_dm))
    if shape.cape is not None:
        spread, length = (
            low + (high - low) * loose for low, high in (shape.cape.spread, shape.cape.length_dm)
        )
        sheets.append(cape(head_shape, spread, length, shape.cape.thick_dm))
    return sheets


def _signed(angle: Array) -> Array:
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)


def shell(head_shape: HeadShape, margin: float, opening: float, back: float) -> Sheet:
    """A hood's or headscarf's shell round the whole head, open over the face.

    Args:
        head_shape: of this head. margin: decimetres.
        opening: half angle of the face opening, degrees.
        back: how much farther it stands off behind.
    """
    rows, cols = 13, 24
    elevation = np.linspace(np.pi / 2, np.radians(-78), rows)[:, None]
    azimuth = _azimuths(cols)[None]
    direction = np.stack(
        [np.cos(elevation) * np.sin(azimuth), np.sin(elevation) + 0 * azimuth,
         np.cos(elevation) * np.cos(azimuth)], -1,
    ).reshape(-1, 3)  # fmt: skip
    radii = head_shape.radii + margin
    low = np.clip(-direction[:, 1], 0, 1)
    stretch = 1 + 0.55 * low[:, None] * (0, 1, 0) + 0.18 * np.clip(low[:, None], 0, 1) * (0, 0, 1)
    points = direction * radii * stretch
    points[:, 2] -= back * np.clip(-direction[:, 2], 0, 1) * np.clip(direction[:, 1] + 0.6, 0, 1)
    points = (points + head_shape.centre).astype(np.float32)
    faces = grid_faces(rows, cols, closed=True)
    s = on_bone(Shape(points, vertex_normals(points, faces), faces), "head")
    facing = direction @ np.array([0, -0.30, 0.954])
    keep = np.cos(np.radians(opening)) - facing
    return s.clipped(keep.astype(np.float32))


def cape(head_shape: HeadShape, spread: float, length: float, thick: float = 0.12) -> Sheet:
    """Cloth from below the chin over the neck and shoulders.

    Args:
        head_shape: of this head. spread: part of the shoulders' width reached.
        length: decimetres below the root of the neck. thick: how far it stands off the neck.
    """
    rows, cols = 6, 20
    a = _azimuths(cols)
    rings = []
    for i in range(rows):
        t = i / (rows - 1)
        rx = (1 - t) * (head_shape.radii[0] * 0.92 + thick) + t * head_shape.shoulder * spread
        rz = (1 - t) * (head_shape.radii[2] * 0.8 + thick) + t * (0.95 + 0.1 * spread)
        y = (1 - t) * (head_shape.chin + 0.25) + t * (head_shape.neck[1] - length)
        z = (1 - t) * (head_shape.centre[2] - 0.1) + t * (head_shape.neck[2] + 0.12)
        sag = 0.25 * t * np.abs(np.sin(a)) * spread
        rings.append(np.stack([rx * np.sin(a), y - sag, z + rz * np.cos(a)], -1))
    points = np.concatenate(rings).astype(np.float32)
    faces = grid_faces(rows, cols, closed=True)
    shape = Shape(points, vertex_normals(points, faces), faces)
    share = np.repeat(1 - np.linspace(0, 1, rows), cols).astype(np.float32)
    return between(shape, "head", "spine01", share)


def cloak(head_shape: HeadShape, back: float, hem: float, width: float, seed: int) -> Sheet:
    """A cape tied at the neck that hangs down the back, as children play in.

    Args:
        head_shape: of this head. back: z of the back in decimetres.
        hem: decimetres below the root of the neck where it ends.
        width: part of the shoulders' width it is wide at the hem. seed: of its folds.
    """
    rows, cols = 9, 21
    rng = np.random.default_rng(seed)
    across = np.linspace(-1, 1, cols)
    folds = rng.uniform(0.06, 0.14) * np.sin(across * rng.uniform(7, 13) + rng.uniform(0, 6))
    rings = []
    for t in np.linspace(0, 1, rows):
        out = min(t * 5, 1.0)  # over the shoulders first, then straight down
        half = (1 - out) * head_shape.radii[0] * 0.9 + out * head_shape.shoulder * (
            1.15 + (width - 1) * t
        )
        turn = across * (1.9 - 0.75 * out)
        deep = (1 - out) * (head_shape.radii[2] * 0.7 + 0.1) + out * (
            head_shape.neck[2] + 0.25 - back + 0.5 + 0.5 * t
        )
        y = head_shape.neck[1] + 0.12 - (hem + 0.12) * t - 0.35 * out * np.abs(across) * (1 - t)
        z = head_shape.neck[2] + 0.25 - deep * np.cos(turn) - folds * t
        rings.append(np.stack([half * np.sin(turn) / np.sin(turn.max()), y, z], -1))
    points = np.concatenate(rings).astype(np.float32)
    faces = grid_faces(rows, cols, closed=False)
    shape = Shape(points, vertex_normals(points, faces), faces)
    low = np.repeat(np.linspace(0, 1, rows), cols).astype(np.float32)
    return between(shape, "spine01", "spine05", 1 - low)


def cowl(head_shape: HeadShape, size: float) -> Sheet:
    """A hood hanging behind the neck, and its edge round the neck."""
    a = np.linspace(0, 2 * np.pi, 19)
    behind = 0.5 - 0.5 * np.cos(a)
    rx, rz = head_shape.radii[0] * 0.95 + 0.16, head_shape.radii[2] * 0.72 + 0.2
    y = head_shape.neck[1] + 0.05 - 0.42 * (1 - behind) + 0.16 * behind
    z = head_shape.neck[2] + 0.18 + rz * np.cos(a) - 0.1 * behind
    path = np.stack([rx * np.sin(a), y, z], 1)
    ring = tube(path, 0.16 + 0.2 * behind * size, 7)
    bag = superellipsoid((0.82 * size, 0.7 * size, 0.3 * size), 0.8, 0.9, 8)
    bag = bag.moved((0, head_shape.neck[1] - 0.4 * size, head_shape.neck[2] - rz - 0.28))
    return on_bone(joined([ring, bag]), "spine01")


def collar(head_shape: HeadShape, height: float) -> Sheet:
    """A standing collar."""
    a = _azimuths(16)
    rings = []
    for t in (0.0, 0.5, 1.0):
        rx, rz = head_shape.radii[0] * 0.8 + 0.14 * t, head_shape.radii[2] * 0.68 + 0.1 * t
        lean = 0.16 * (0.5 - 0.5 * np.cos(a))
        y = head_shape.neck[1] - 0.18 + height * t + lean
        rings.append(np.stack([rx * np.sin(a), y, head_shape.neck[2] + 0.2 + rz * np.cos(a)], -1))
    points = np.concatenate(rings[::-1]).astype(np.float32)
    faces = grid_faces(3, 16, closed=True)
    return on_bone(Shape(points, vertex_normals(points, faces), faces), "spine01")


def scarf(head_shape: HeadShape, seed: int, chest: float) -> Sheet:
    """A scarf wound round the neck with an end hanging down; `chest` is the chest's z."""
    rng = np.random.default_rng(seed)
    a = np.linspace(0, 2 * np.pi, 17)
    rx, rz = head_shape.radii[0] * 0.82 + 0.2, head_shape.radii[2] * 0.68 + 0.25
    loops = []
    for lift in (0.0, 0.24):
        y = head_shape.neck[1] + 0.05 + lift + 0.12 * np.cos(a + rng.uniform(-0.5, 0.5)) * -1
        path = np.stack([rx * np.sin(a), y, head_shape.neck[2] + 0.22 + rz * np.cos(a)], 1)
        loops.append(tube(path, rng.uniform(0.2, 0.28), 7))
    side, long = rng.choice([-1.0, 1.0]) * rng.uniform(0.2, 0.5), rng.uniform(1.6, 3.6)
    t = np.linspace(0, 1, 7)
    down = np.stack(
        [side + 0.1 * np.sin(4 * t), head_shape.neck[1] - 0.1 - long * t,
         chest + 0.22 + 0.12 * np.sin(np.pi * t) - 0.25 * t], 1,
    )  # fmt: skip
    tail = tube(down, 0.32, 8, flat=0.3)
    return on_bone(joined([*loops, tail]), "spine01")


def glasses(base: Float, head_shape: HeadShape, *, dark: bool) -> Sheet:
    """Two lenses and their frame before the eyes."""
    y = head_shape.centre[1] - 0.12
    head = base[:BODY_END][np.abs(base[:BODY_END, 1] - y) < 0.12]
    front = float(
        head[np.abs(head[:, 0]) > 0.25, 2].max(initial=head_shape.centre[2] + head_shape.radii[2])
    )
    shapes = []
    for side in (-1, 1):
        size = (0.3, 0.2, 0.05) if dark else (0.29, 0.035, 0.03)
        shapes.append(superellipsoid(size, 0.5, 0.6, 5).moved((side * 0.34, y, front - 0.02)))
        temple = np.array([[side * 0.62, y, front - 0.1], [side * 0.78, y, head_shape.centre[2]]])
        shapes.append(tube(temple, 0.035, 4))
    return on_bone(joined(shapes), "head")


def hair_below(hair: Sheet, head_shape: HeadShape, elevation: float) -> Sheet:
    """Return hair cut off where a hat sits, pressed a little towards the head."""
    level = head_shape.centre[1] + np.sin(np.radians(elevation)) * head_shape.radii[1]
    tilt = 0.12 * (hair.points[:, 2] - head_shape.centre[2])
    return hair.clipped((level + tilt - hair.points[:, 1]).astype(np.float32))


def with_bones(s: Sheet, name: str) -> Sheet:
    """Return the sheet bound to one bone."""
    bones, weights = np.zeros_like(s.bones), np.zeros_like(s.weights)
    bones[:, 0], weights[:, 0] = BONE[name], 1
    return replace(s, bones=bones, weights=weights)

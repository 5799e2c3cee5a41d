"""Meshes bound to the body: fitted assets and parts of the body's own helpers, cut by rule.

A `Piece` holds what does not depend on the identity (binding, topology, skinning, where on the
body each vertex lies); a `Sheet` is the piece fitted to one body, ready to be clipped and drawn.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.body import (
    HEAD_REGION,
    SurfaceMap,
    base_surface_map,
    joint_positions,
    surface_map_of,
)
from reid.lab.synth.makehuman import BODY_END, BONES, Fitted, load
from reid.lab.synth.meshes import components, vertex_normals

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Piece:
    """A mesh bound to the base mesh; see `Fitted` for the binding.

    Attributes:
        fitted: binding and faces (`fitted.faces` are the faces of this piece alone).
        bones: int32 (n, 4). weights: float32 (n, 4).
        surface: region and place along it of each vertex, measured on the base mesh.
    """

    fitted: Fitted
    bones: Int
    weights: Float
    surface: SurfaceMap


@dataclass(frozen=True, eq=False)
class Sheet:
    """A piece on one body: every array has one row a vertex, decimetres.

    Attributes:
        points, normals: float32 (n, 3). faces: int32 (m, 3). bones: int32 (n, 4).
        weights: float32 (n, 4). region: int32 (n,). along: float32 (n,).
    """

    points: Float
    normals: Float
    faces: Int
    bones: Int
    weights: Float
    region: Int
    along: Float

    def pushed(self, distance: Float | float) -> "Sheet":
        """Return the sheet moved out along its normals by decimetres, (n,) or one number."""
        shift = np.broadcast_to(np.asarray(distance, np.float32), (len(self.points),))
        points = (self.points + self.normals * shift[:, None]).astype(np.float32)
        return replace(self, points=points)

    def with_normals(self) -> "Sheet":
        """Return the sheet with normals computed from its shape."""
        return replace(self, normals=vertex_normals(self.points, self.faces))

    def clipped(self, keep: Float) -> "Sheet":
        """Return the part where `keep` (n,) is positive, cut exactly at 0."""
        return _clip(self, keep)

    def only(self, faces: Bool) -> "Sheet":
        """Return the faces chosen by a mask (m,)."""
        return replace(self, faces=self.faces[faces])


def _blend_skin(fitted: Fitted) -> tuple[Int, Float]:
    """Blend the base's skin weights as the vertices blend; keep the four strongest."""
    data = load()
    n = len(fitted.refs)
    dense = np.zeros((n, len(BONES)), np.float32)
    share = np.clip(fitted.weights, 0, None)
    rows = np.arange(n)
    for k in range(3):
        for j in range(4):
            bone = data.skin_bones[fitted.refs[:, k], j]
            np.add.at(dense, (rows, bone), share[:, k] * data.skin_weights[fitted.refs[:, k], j])
    top = np.argsort(-dense, axis=1, kind="stable")[:, :4].astype(np.int32)
    strength = np.take_along_axis(dense, top, 1)
    return top, strength / np.maximum(strength.sum(1, keepdims=True), 1e-6)


def _subset(fitted: Fitted, faces: Int) -> Fitted:
    used, flat = np.unique(faces, return_inverse=True)
    return replace(
        fitted,
        refs=fitted.refs[used],
        weights=fitted.weights[used],
        offsets=fitted.offsets[used],
        faces=flat.reshape(-1, 3).astype(np.int32),
        coarse=np.zeros((0, 3), np.int32),
        small=np.zeros((0, 3), np.int32),
    )


def _own(faces: Int) -> Fitted:
    """Bind faces of the base mesh to itself."""
    size = len(load().base)
    index = np.arange(size, dtype=np.int32)
    one = np.zeros((size, 3), np.float32)
    one[:, 0] = 1
    whole = Fitted(
        refs=np.stack([index] * 3, axis=1),
        weights=one,
        offsets=np.zeros((size, 3), np.float32),
        scale_refs=np.zeros((3, 2), np.int32),
        scale_rest=np.ones(3, np.float32),
        faces=faces,
        hides=np.zeros(size, bool),
        coarse=faces,
        small=faces,
    )
    return _subset(whole, faces)


def _piece(fitted: Fitted) -> Piece:
    base = load().base
    bones, weights = _blend_skin(fitted)
    surface = surface_map_of(fitted.fit(base), bones, weights, joint_positions(base))
    return Piece(fitted, bones, weights, surface)


@lru_cache(maxsize=128)
def piece(source: str, *, small: bool = False) -> Piece:
    """Return a piece by name.

    Args:
        source: ``body``, ``tights``, ``skirt``, an asset's name, or ``asset:i`` for its i-th
            largest connected component.
        small: the few faces that people need who are drawn small.
    """
    data = load()
    if source == "body":
        faces = data.small_faces if small else data.coarse_faces
        return _piece(_own(faces[(faces < BODY_END).all(1)]))
    if source == "tights":
        return _piece(_own(data.small_tights if small else data.tights_faces))
    if source == "skirt":
        return _piece(_own(data.skirt_faces))
    name, _, number = source.partition(":")
    fitted = data.fitted[name]
    faces = fitted.small if small else fitted.coarse
    if number:
        label = components(fitted.faces, len(fitted.refs))
        kinds, counts = np.unique(label[label >= 0], return_counts=True)
        wanted = kinds[np.argsort(-counts, kind="stable")[int(number)]]
        faces = faces[label[faces[:, 0]] == wanted]
    return _piece(_subset(fitted, faces))


def sheet(source: str, base: Float, *, small: bool = False) -> Sheet:
    """Fit a piece to a morphed base (19158, 3) and return it with normals."""
    p = piece(source, small=small)
    points = p.fitted.fit(base)
    normals = vertex_normals(points, p.fitted.faces)
    return Sheet(
        points, normals, p.fitted.faces, p.bones, p.weights, p.surface.region, p.surface.along
    )


def _clip(sheet: Sheet, keep: Float) -> Sheet:
    """Cut triangles along the zero line of a per-vertex field; new vertices lie on the line."""
    inside = keep > 0
    count = inside[sheet.faces].sum(1)
    whole = sheet.faces[count == 3]
    if len(whole) == len(sheet.faces):
        return sheet
    cut = sheet.faces[(count == 1) | (count == 2)]
    # turn each cut face so that its odd vertex (alone on its side) comes first
    sides = inside[cut]
    lone_in = sides.sum(1) == 1
    odd = np.where(lone_in[:, None], sides, ~sides).argmax(1)
    turn = (odd[:, None] + np.arange(3)[None]) % 3
    cut = np.take_along_axis(cut, turn, 1)
    a, b, c = cut[:, 0], cut[:, 1], cut[:, 2]
    start = len(sheet.points)
    m = len(cut)
    ab, ac = start + np.arange(m), start + m + np.arange(m)
    one = np.stack([a, ab, ac], 1)[lone_in]
    two = np.concatenate([np.stack([ab, b, c], 1), np.stack([ab, c, ac], 1)])[
        np.concatenate([~lone_in, ~lone_in])
    ]
    from_, to = np.concatenate([a, a]), np.concatenate([b, c])
    t = keep[from_] / np.where(keep[from_] == keep[to], 1, keep[from_] - keep[to])
    grown = _interpolated(sheet, from_, to, np.clip(t, 0, 1).astype(np.float32))
    return replace(grown, faces=np.concatenate([whole, one, two]).astype(np.int32))


def _interpolated(sheet: Sheet, a: Int, b: Int, t: Float) -> Sheet:
    """Append vertices between pairs of vertices."""

    def mix(values: Float) -> Float:
        w = t if values.ndim == 1 else t[:, None]
        return np.concatenate([values, values[a] * (1 - w) + values[b] * w]).astype(np.float32)

    near = np.where(t < 0.5, a, b)
    return replace(
        sheet,
        points=mix(sheet.points),
        normals=mix(sheet.normals),
        along=mix(sheet.along),
        bones=np.concatenate([sheet.bones, sheet.bones[near]]),
        weights=np.concatenate([sheet.weights, sheet.weights[near]]),
        region=np.concatenate([sheet.region, sheet.region[near]]),
    )


def merged(sheets: list[Sheet]) -> Sheet:
    """Return several sheets as one."""
    if len(sheets) == 1:
        return sheets[0]
    starts = np.cumsum([0] + [len(s.points) for s in sheets[:-1]])
    faces = np.concatenate([s.faces + k for s, k in zip(sheets, starts, strict=True)])
    parts = {
        name: np.concatenate([getattr(s, name) for s in sheets])
        for name in ("points", "normals", "bones", "weights", "region", "along")
    }
    return Sheet(faces=faces.astype(np.int32), **parts)


def body_hidden(covers: list[tuple[int, float, float]]) -> Bool:
    """Return which base vertices clothes cover, bool (19158,).

    Args:
        covers: (region, from, to) spans along the regions that are certainly covered.
    """
    surface = base_surface_map()
    hidden = np.zeros(len(surface.region), bool)
    for region, low, high in covers:
        hidden |= (surface.region == region) & (surface.along > low) & (surface.along < high)
    hidden[surface.region == HEAD_REGION] = False
    return hidden

"""One identity as arrays that a GPU draws: packed vertices, materials, a skeleton to pose.

Vertices are 52 bytes: rest position (m), normal, cloth coordinates (m), bone numbers, bone weights,
and (material, part, region, layer). Bones beyond the body's are free: held things hang from them.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from reid.lab.synth.body import HEAD_REGION, LIMBS, along_limb
from reid.lab.synth.colours import srgb_to_linear
from reid.lab.synth.makehuman import BONE, BONES
from reid.lab.synth.person import Rgb, Textile
from reid.lab.synth.pieces import Sheet
from reid.lab.synth.pose import Skeleton
from reid.lab.synth.scene import HEAD
from reid.lab.synth.textiles import weaves

Float = NDArray[np.float32]
Int = NDArray[np.int32]

VERTEX: Final = np.dtype(
    [
        ("position", "<f4", 3),
        ("normal", "<f4", 3),
        ("cloth", "<f4", 3),
        ("bones", "u1", 4),
        ("weights", "u1", 4),
        ("meta", "u1", 4),
    ]
)
MAX_BONES: Final = 64
FREE_BONE: Final = len(BONES)
MAX_MATERIALS: Final = 24
MATERIAL_ROWS: Final = 5

CLOTH, SKIN, HAIR, HARD = range(4)
"""Kinds of surface, which the shader treats differently."""

UNWOVEN: Final = 5
SUIT_FRONT: Final = 3
"""Modes beside those of `reid.lab.synth.textiles`: one flat colour, a suit with shirt and tie."""


@dataclass(frozen=True, eq=False)
class Figure:
    """A person ready to draw.

    Attributes:
        vertices: `VERTEX` records (n,). faces: int32 (m, 3), two-sided ones first.
        two_sided: how many of the faces are seen from both sides.
        materials: float32 (MAX_MATERIALS, 5, 4), see `material_rows`.
        skeleton: joints at rest, decimetres of the unscaled body.
        scale: metres in one of those decimetres.
        soles: rest positions (k, 3) dm, bones (k,) of points that may touch the ground.
        parts: part numbers that have vertices.
        height: standing height in metres, shoes included.
        free: bones of things: "kind" for a held one, "kind:bone" for what is worn on a bone.
    """

    vertices: NDArray[np.void]
    faces: Int
    two_sided: int
    materials: Float
    skeleton: Skeleton
    scale: float
    soles: tuple[Float, Int]
    parts: tuple[int, ...]
    height: float
    free: dict[str, int] = field(default_factory=dict)

    @cached_property
    def outline(self) -> "Outline":
        """Vertices enough to box the person and the head."""
        return outline_of(self.vertices)


@dataclass(frozen=True, eq=False)
class Outline:
    """Some vertices of a figure, ready to be moved by its bones.

    Attributes:
        parts: uint8 (n,), part numbers.
        moved: sparse (n, 4 · MAX_BONES): times the bones' columns it gives places in the world.
    """

    parts: NDArray[np.uint8]
    moved: csr_array

    def places(self, bones: Float) -> Float:
        """Return world positions float32 (n, 3), metres, by bone matrices (MAX_BONES, 3, 4)."""
        columns = bones.transpose(0, 2, 1).reshape(-1, 3)
        return np.asarray(self.moved @ columns, np.float32)


def outline_of(vertices: NDArray[np.void]) -> Outline:
    """Return every vertex of the head and every second of the rest."""
    parts = vertices["meta"][:, 1]
    chosen = parts == HEAD
    chosen[::2] = True
    v = vertices[chosen]
    count = len(v)
    rest = np.concatenate([v["position"], np.ones((count, 1), np.float32)], axis=1)
    shares = v["weights"].astype(np.float32)[:, :, None] / 255 * rest[:, None]  # (n, 4, 4)
    columns = v["bones"].astype(np.int32)[:, :, None] * 4 + np.arange(4, dtype=np.int32)
    ends = np.arange(0, 16 * count + 1, 16, dtype=np.int32)
    moved = csr_array((shares.ravel(), columns.ravel(), ends), shape=(count, 4 * MAX_BONES))
    moved.eliminate_zeros()
    return Outline(parts[chosen], moved)


def material_rows(
    textile: Textile, kind: int, *, chest: tuple[float, float] = (0.0, 0.3), fold: int = 0
) -> Float:
    """Return one material, float32 (5, 4).

    Rows: colour 0 and layer; colour 1 and repeats a metre; colour 2 and mode; relief, gloss, kind,
    fold layer; centre and size of what is printed once (metres in cloth coordinates).
    """
    linear = srgb_to_linear(np.asarray(textile.colours))
    weave = weaves()[textile.layer]
    mode = weave.mode if kind == CLOTH else UNWOVEN
    if weave.family == "plain":
        mode = UNWOVEN
    rows = np.zeros((MATERIAL_ROWS, 4), np.float32)
    rows[0] = *linear[0], textile.layer
    rows[1] = *linear[1], 1 / max(textile.scale, 1e-3)
    rows[2] = *linear[2], mode
    rows[3] = textile.relief, textile.gloss, kind, fold
    rows[4] = chest[0], chest[1], 0, 0
    return rows


def plain_textile(rgb: Rgb, relief: float = 0.0, gloss: float = 0.1) -> Textile:
    """Return a one-colour surface."""
    return Textile((rgb, rgb, rgb), 0, 0.2, relief, gloss)


@dataclass(eq=False)
class Builder:
    """Collects the meshes of one figure."""

    joints: Float
    scale: float
    vertices: list[NDArray[np.void]] = field(default_factory=list)
    faces: list[Int] = field(default_factory=list)
    open_faces: list[Int] = field(default_factory=list)
    materials: list[Float] = field(default_factory=list)
    count: int = 0

    def material(self, rows: Float) -> int:
        """Add a material, return its number.

        Raises:
            ValueError: more than `MAX_MATERIALS`.
        """
        if len(self.materials) >= MAX_MATERIALS:
            raise ValueError(f"a figure has at most {MAX_MATERIALS} materials")
        self.materials.append(rows)
        return len(self.materials) - 1

    def add(
        self, sheet: Sheet, material: int, part: int, layer: int, *, open_: bool = False
    ) -> None:
        """Add a sheet fitted to the body.

        Args:
            sheet: the mesh. material: of `material`. part: of `reid.lab.synth.scene`.
            layer: lifts it over lower layers when drawn.
            open_: its inside can be seen.
        """
        faces = sheet.faces
        if not len(faces):
            return
        region = _face_regions(sheet)
        owner, faces = _split_by_region(faces, region)
        vertex, regions = owner[:, 0], owner[:, 1]
        out = np.zeros(len(owner), VERTEX)
        points = sheet.points[vertex]
        out["position"] = points * self.scale
        out["normal"] = sheet.normals[vertex]
        out["cloth"] = cloth_coordinates(points, regions, self.joints) * self.scale
        out["bones"] = sheet.bones[vertex]
        out["weights"] = _bytes(sheet.weights[vertex])
        out["meta"][:, 0], out["meta"][:, 1] = material, part
        out["meta"][:, 2], out["meta"][:, 3] = regions, layer
        self._append(out, faces, open_)

    def add_rigid(
        self, points: Float, normals: Float, faces: Int, bone: int | tuple[Int, Float],
        material: int, part: int, layer: int = 0, open_: bool = False,
    ) -> None:  # fmt: skip
        """Add a thing in metres that follows one bone, or (bones (n, 4), weights (n, 4))."""
        out = np.zeros(len(points), VERTEX)
        out["position"], out["normal"] = points, normals
        out["cloth"] = points
        if isinstance(bone, tuple):
            out["bones"], out["weights"] = bone[0], _bytes(bone[1])
        else:
            out["bones"][:, 0], out["weights"][:, 0] = bone, 255
        out["meta"][:, 0], out["meta"][:, 1] = material, part
        out["meta"][:, 2], out["meta"][:, 3] = HEAD_REGION + 1, layer
        self._append(out, faces, open_)

    def _append(self, vertices: NDArray[np.void], faces: Int, open_: bool) -> None:
        self.vertices.append(vertices)
        (self.open_faces if open_ else self.faces).append(faces.astype(np.int32) + self.count)
        self.count += len(vertices)

    def arrays(self) -> tuple[NDArray[np.void], Int, int, Float]:
        """Return vertices, faces (two-sided first), how many are two-sided, padded materials."""
        table = np.zeros((MAX_MATERIALS, MATERIAL_ROWS, 4), np.float32)
        table[: len(self.materials)] = self.materials
        two_sided = sum(len(faces) for faces in self.open_faces)
        faces = np.concatenate([*self.open_faces, *self.faces])
        return np.concatenate(self.vertices), faces, two_sided, table


def _bytes(weights: Float) -> NDArray[np.uint8]:
    """Round weights to bytes that sum to 255 a row."""
    out = np.floor(weights * 255).astype(np.int32)
    out[:, 0] += 255 - out.sum(1)
    return out.clip(0, 255).astype(np.uint8)


def _face_regions(sheet: Sheet) -> Int:
    r = sheet.region[sheet.faces]
    return np.where(r[:, 1] == r[:, 2], r[:, 1], r[:, 0]).astype(np.int32)


def _split_by_region(faces: Int, region: Int) -> tuple[Int, Int]:
    """Duplicate vertices on region borders.

    Returns:
        (vertex, region) rows int32 (n, 2); faces into them.
    """
    keys = faces.astype(np.int64) * 8 + region[:, None]
    unique, flat = np.unique(keys, return_inverse=True)
    owner = np.stack([unique // 8, unique % 8], 1).astype(np.int32)
    return owner, flat.reshape(-1, 3).astype(np.int32)


def cloth_coordinates(points: Float, regions: Int, joints: Float) -> Float:
    """Return (a, b, v) of each vertex, decimetres: across, ahead, along its region's axis.

    Trunk and head measure v downwards from the root of the neck, limbs from their root joint.
    """
    neck = joints[BONE["neck01"]]
    out = np.stack([points[:, 0], points[:, 2], neck[1] - points[:, 1]], 1)
    on_head = regions == HEAD_REGION
    head = joints[BONE["head"]]
    out[on_head] = (points[on_head] - head)[:, [0, 2, 1]]
    for limb, names in LIMBS.items():
        here = regions == limb
        if here.any():
            root, bend, tip = (joints[BONE[name]] for name in names)
            distance, side, front = along_limb(points[here], root, bend, tip)
            out[here] = np.stack([side, front, distance], 1)
    return np.asarray(out, np.float32)

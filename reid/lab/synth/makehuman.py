"""MakeHuman's CC0 data: where it lies, its file formats, and one compact binary of what is used.

Formats (from the data's own layout): a target lists ``index dx dy dz``; a ``.mhclo`` binds every
vertex of a garment to three base vertices by weights and an offset that is scaled by the distance
of two reference vertices per axis; the rig names joints as means of base vertices. Decimetres,
y up, face to +z.
"""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import ReidError
from reid.lab.synth.meshes import simplify, triangulate

Float = NDArray[np.float32]
Int = NDArray[np.int32]

CACHE_VERSION: Final = 8
BODY_END: Final = 13380
SMALL: Final = 144
"""Height in pixels up to which people are drawn with `Fitted.small` faces."""
SMALL_SHARE: Final = 0.45
"""Share of the coarse faces that are left for small people."""
SCALE_AXES: Final = ("x", "y", "z")


class MakeHumanMissing(ReidError):
    """The MakeHuman data folder was not found."""


def _kept_bones() -> tuple[str, ...]:
    names = ["root", "spine05", "spine04", "spine03", "spine02", "spine01"]
    names += ["neck01", "neck02", "neck03", "head"]
    limb = [
        "clavicle", "shoulder01", "upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist",
        "finger1-1", "finger3-1", "finger3-2",
        "pelvis", "upperleg01", "upperleg02", "lowerleg01", "lowerleg02", "foot", "toe2-1",
    ]  # fmt: skip
    return tuple(names + [f"{name}.{side}" for side in "LR" for name in limb])


BONES: Final = _kept_bones()
"""Bones that move here; all others follow the nearest kept ancestor (or finger, or toe)."""

BONE: Final = {name: i for i, name in enumerate(BONES)}


@dataclass(frozen=True, eq=False)
class Fitted:
    """A mesh bound to the base: `v = Σ wᵢ·V[refs] + offset · scale`.

    Attributes:
        refs: int32, shape (n, 3). weights: float32, shape (n, 3). offsets: float32, shape (n, 3).
        scale_refs: int32, shape (3, 2), base vertices whose distance along each axis scales it.
        scale_rest: float32, shape (3,). faces: int32, shape (m, 3).
        hides: bool, shape (19158,): base vertices beneath it.
        coarse: int32, shape (k, 3): fewer faces on the same vertices, for most pictures.
        small: int32, shape (k, 3): still fewer, for people less than `SMALL` px high.
    """

    refs: Int
    weights: Float
    offsets: Float
    scale_refs: Int
    scale_rest: Float
    faces: Int
    hides: NDArray[np.bool_]
    coarse: Int
    small: Int

    def fit(self, base: Float) -> Float:
        """Return this mesh on a morphed base: float32, shape (n, 3), decimetres."""
        scale = np.ones(3, np.float32)
        for axis in range(3):
            a, b = self.scale_refs[axis]
            if a != b:
                scale[axis] = abs(base[a, axis] - base[b, axis]) / self.scale_rest[axis]
        points = np.einsum("nk,nkc->nc", self.weights, base[self.refs])
        return np.asarray(points + self.offsets * scale, np.float32)


@dataclass(frozen=True, eq=False)
class MakeHuman:
    """Everything used of the data.

    Attributes:
        base: float32, shape (19158, 3). body_faces: int32, shape (F, 3), of the skin only.
        coarse_faces, small_faces: int32: fewer faces on the same vertices, see `Fitted`.
        tights_faces, skirt_faces, small_tights: int32.
        targets: name → (vertex indices int32 (k,), deltas float32 (k, 3)).
        joints: bone → base vertices whose mean is its head. parent: int32, shape (B,), −1 = root.
        skin_bones: int32, shape (19158, 4). skin_weights: float32, shape (19158, 4), rows sum to 1.
        fitted: garment, shoe and hair meshes by name.
    """

    base: Float
    body_faces: Int
    coarse_faces: Int
    small_faces: Int
    tights_faces: Int
    small_tights: Int
    skirt_faces: Int
    targets: dict[str, tuple[Int, Float]]
    joints: dict[str, Int]
    parent: Int
    skin_bones: Int
    skin_weights: Float
    fitted: dict[str, Fitted]


def data_root() -> Path:
    """Return the folder with MakeHuman's data.

    Raises:
        MakeHumanMissing: it is nowhere.
    """
    named = os.environ.get("REID_MAKEHUMAN")
    data = os.environ.get("REID_DATA")
    project = Path(__file__).resolve().parents[3]
    places = [Path(named)] if named else []
    places += [Path(data) / "makehuman"] if data else []
    places += [project.parent / "shared" / "data" / "makehuman"]
    for place in places:
        if (place / "base.obj").is_file():
            return place
    looked = ", ".join(str(place) for place in places)
    raise MakeHumanMissing(
        f"MakeHuman's CC0 data (base.obj, targets/, clothes/) not found in {looked}; "
        "set REID_MAKEHUMAN to its folder"
    )


def cache_folder() -> Path:
    """Return the folder for derived binaries (`REID_CACHE`, else the user's cache)."""
    if named := os.environ.get("REID_CACHE"):
        return Path(named)
    from platformdirs import user_cache_path

    return Path(user_cache_path("reid"))


# --- parsers ------------------------------------------------------------------------------------


def read_obj(path: Path) -> tuple[Float, dict[str, Int], Int]:
    """Read vertices, triangles by group, and the connectivity of all triangles.

    Returns:
        vertices float32 (n, 3); group → int32 (m, 3); all faces int32 (M, 3).
    """
    points: list[list[float]] = []
    groups: dict[str, list[list[int]]] = {}
    group = "all"
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("v "):
                points.append([float(x) for x in line.split()[1:4]])
            elif line.startswith("g "):
                group = line.split()[1]
            elif line.startswith("f "):
                corner = [int(x.split("/")[0]) - 1 for x in line.split()[1:]]
                groups.setdefault(group, []).append(corner)
    faces = {name: triangulate(polygons) for name, polygons in groups.items()}
    every = np.concatenate(list(faces.values())).astype(np.int32)
    return np.asarray(points, np.float32), faces, every


def read_target(path: Path) -> tuple[Int, Float]:
    """Read a target: vertex indices int32 (k,), deltas float32 (k, 3)."""
    text = path.read_text(encoding="utf-8", errors="replace")
    body = "\n".join(line for line in text.splitlines() if line and line[0] not in "#")
    if not body.strip():
        return np.zeros(0, np.int32), np.zeros((0, 3), np.float32)
    table = np.array(body.split(), np.float32).reshape(-1, 4)
    return table[:, 0].astype(np.int32), np.ascontiguousarray(table[:, 1:])


def _deleted(tokens: list[str], size: int) -> NDArray[np.bool_]:
    mask = np.zeros(size, bool)
    i = 0
    while i < len(tokens):
        first = last = int(tokens[i])
        if i + 2 < len(tokens) and tokens[i + 1] == "-":
            last = int(tokens[i + 2])
            i += 2
        mask[first : last + 1] = True
        i += 1
    return mask


def read_mhclo(path: Path, size: int) -> Fitted:
    """Read a ``.mhclo`` and the mesh it names; `size` is the number of base vertices.

    Settings may stand between ``verts 0`` and the vertices: a row of 1 or 9 numbers is a vertex.
    """
    scale_refs, scale_rest = np.zeros((3, 2), np.int32), np.ones(3, np.float32)
    rows: list[list[float]] = []
    hidden: list[str] = []
    mesh, section = path.with_suffix(".obj"), ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0][0].isalpha():
            section = words[0]
            if section == "obj_file":
                mesh = path.parent / words[1]
            elif section[1:] == "_scale":
                axis = SCALE_AXES.index(section[0])
                scale_refs[axis] = int(words[1]), int(words[2])
                scale_rest[axis] = float(words[3])
        elif section == "delete_verts":
            hidden += words
        elif len(words) in (1, 9):
            rows.append([float(word) for word in words])
    full = [row if len(row) == 9 else [row[0]] * 3 + [1.0, 0, 0, 0, 0, 0] for row in rows]
    table = np.asarray(full, np.float32)
    points, _, faces = read_obj(mesh)
    table = table[: len(points)]
    coarse = simplify(points, faces, borders=path.parent.parent.name == "hair")
    return Fitted(
        refs=table[:, :3].astype(np.int32),
        weights=np.ascontiguousarray(table[:, 3:6]),
        offsets=np.ascontiguousarray(table[:, 6:9]),
        scale_refs=scale_refs,
        scale_rest=scale_rest,
        faces=faces,
        hides=_deleted(hidden, size),
        coarse=coarse,
        small=simplify(points, coarse, SMALL_SHARE, borders=True),
    )


# --- rig ----------------------------------------------------------------------------------------


def _stand_in(name: str, parents: dict[str, str | None]) -> int:
    """Index of the kept bone that `name` follows."""
    if name.startswith("breast"):
        return BONE["spine02"]
    if name.startswith("finger"):
        number, rest = name[6], name[8]
        side = name[-2:]
        if number == "1":
            return BONE[f"finger1-1{side}"]
        return BONE[f"finger3-1{side}" if rest == "1" else f"finger3-2{side}"]
    if name.startswith("toe"):
        return BONE[f"toe2-1{name[-2:]}"]
    at: str | None = name
    while at is not None and at not in BONE:
        at = parents[at]
    return BONE[at or "root"]


def _read_rig(root: Path, size: int) -> tuple[dict[str, Int], Int, Int, Float]:
    rig = json.loads((root / "rigs" / "default.mhskel").read_text(encoding="utf-8"))
    weights = json.loads((root / "rigs" / "default_weights.mhw").read_text(encoding="utf-8"))
    parents = {name: bone["parent"] for name, bone in rig["bones"].items()}
    joints = {
        name: np.asarray(rig["joints"][rig["bones"][name]["head"]], np.int32) for name in BONES
    }
    for name in ("head", "wrist.L", "wrist.R", "foot.L", "foot.R", "finger3-2.L", "finger3-2.R"):
        source = name.replace("finger3-2", "finger3-3")
        tail = rig["bones"][source]["tail"]
        joints[f"{name}:tail"] = np.asarray(rig["joints"][tail], np.int32)
    parent = np.full(len(BONES), -1, np.int32)
    for name in BONES:
        if parents[name] is not None:
            parent[BONE[name]] = _stand_in(str(parents[name]), parents)
    dense = np.zeros((size, len(BONES)), np.float32)
    for name, pairs in weights["weights"].items():
        table = np.asarray(pairs, np.float32).reshape(-1, 2)
        column = dense[:, _stand_in(name, parents)]
        np.add.at(column, table[:, 0].astype(np.int64), table[:, 1])
    dense[dense.sum(1) == 0, BONE["root"]] = 1
    top = np.argsort(-dense, axis=1, kind="stable")[:, :4].astype(np.int32)
    strength = np.take_along_axis(dense, top, 1)
    return joints, parent, top, strength / strength.sum(1, keepdims=True)


# --- compile and cache --------------------------------------------------------------------------

TARGET_FOLDERS: Final = (
    "macrodetails", "macrodetails/height", "macrodetails/proportions",
    "breast", "stomach", "torso", "hip",
)  # fmt: skip


def _read_targets(root: Path) -> dict[str, tuple[Int, Float]]:
    targets = {}
    for folder in TARGET_FOLDERS:
        for path in sorted((root / "targets" / folder).glob("*.target")):
            index, delta = read_target(path)
            if len(index):
                targets[path.stem] = index, delta
    return targets


def _compile(root: Path) -> MakeHuman:
    base, groups, _ = read_obj(root / "base.obj")
    joints, parent, bones, strength = _read_rig(root, len(base))
    coarse = simplify(base, groups["body"], target=0.22)
    tights = simplify(base, groups["helper-tights"], target=0.6)
    paths = sorted((root / "clothes").glob("*/*.mhclo")) + sorted((root / "hair").glob("*/*.mhclo"))
    return MakeHuman(
        base=base,
        body_faces=groups["body"],
        coarse_faces=coarse,
        small_faces=simplify(base, coarse, SMALL_SHARE),
        tights_faces=tights,
        small_tights=simplify(base, tights, SMALL_SHARE),
        skirt_faces=groups["helper-skirt"],
        targets=_read_targets(root),
        joints=joints,
        parent=parent,
        skin_bones=bones,
        skin_weights=strength,
        fitted={path.stem: read_mhclo(path, len(base)) for path in paths},
    )


def _to_arrays(data: MakeHuman) -> dict[str, NDArray[np.generic]]:
    arrays: dict[str, NDArray[np.generic]] = {
        name: getattr(data, name)
        for name in (
            "base", "body_faces", "coarse_faces", "small_faces", "tights_faces", "small_tights",
            "skirt_faces", "parent", "skin_bones", "skin_weights",
        )
    }  # fmt: skip
    names = list(data.targets)
    arrays["target_names"] = np.asarray(names)
    arrays["target_sizes"] = np.asarray([len(data.targets[n][0]) for n in names])
    arrays["target_index"] = np.concatenate([data.targets[n][0] for n in names]).astype(np.uint16)
    arrays["target_delta"] = np.concatenate([data.targets[n][1] for n in names]).astype(np.float16)
    for name, vertices in data.joints.items():
        arrays[f"joint/{name}"] = vertices
    for name, mesh in data.fitted.items():
        for part in Fitted.__dataclass_fields__:
            arrays[f"fitted/{name}/{part}"] = getattr(mesh, part)
    return arrays


def _from_arrays(arrays: dict[str, NDArray[np.generic]]) -> MakeHuman:
    ends = np.cumsum(arrays["target_sizes"].astype(int))
    index = arrays["target_index"].astype(np.int32)
    delta = arrays["target_delta"].astype(np.float32)
    targets = {
        str(name): (index[end - size : end], delta[end - size : end])
        for name, size, end in zip(
            arrays["target_names"], arrays["target_sizes"].astype(int), ends, strict=True
        )
    }
    keys = sorted({key.split("/")[1] for key in arrays if key.startswith("fitted/")})
    fields = tuple(Fitted.__dataclass_fields__)
    simple = (
        "base", "body_faces", "coarse_faces", "small_faces", "tights_faces", "small_tights",
        "skirt_faces",
    )  # fmt: skip
    rig = ("parent", "skin_bones", "skin_weights")
    return MakeHuman(
        **{name: arrays[name] for name in simple + rig},  # type: ignore[arg-type]
        targets=targets,
        joints={k[6:]: v.astype(np.int32) for k, v in arrays.items() if k.startswith("joint/")},
        fitted={
            key: Fitted(**{f: arrays[f"fitted/{key}/{f}"] for f in fields})  # type: ignore[arg-type]
            for key in keys
        },
    )


def _cache_file(root: Path) -> Path:
    stamp = f"{CACHE_VERSION}:{root}:{(root / 'base.obj').stat().st_mtime_ns}"
    return cache_folder() / f"makehuman-{hashlib.sha256(stamp.encode()).hexdigest()[:16]}.npz"


@lru_cache(maxsize=1)
def load() -> MakeHuman:
    """Return the data, compiled once (about half a minute) and read from the cache afterwards.

    Raises:
        MakeHumanMissing: the data is nowhere.
    """
    root = data_root()
    path = _cache_file(root)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as out:
            np.savez(out, allow_pickle=False, **_to_arrays(_compile(root)))
        Path(out.name).replace(path)
    with np.load(path, allow_pickle=False) as stored:
        return _from_arrays({key: stored[key] for key in stored.files})

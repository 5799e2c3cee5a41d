"""Morphing the base mesh by macro factors, and where its joints lie.

`V = base + Σ w·Δ` with `w` a product of factors of ethnicity, gender, age, muscle and weight. Ages
have nodes (baby 0, child 0.1875, young 0.5, old 1) between which weights are linear.
"""

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.makehuman import BODY_END, BONE, BONES, MakeHuman, load
from reid.lab.synth.person import BodyShape

Float = NDArray[np.float32]
Int = NDArray[np.int32]

DENSE: Final = 0.2
"""Share of the base's vertices from which a target is kept for all of them."""

AGE_NODES: Final = (("baby", 0.0), ("child", 0.1875), ("young", 0.5), ("old", 1.0))
ORIGINS: Final = ("african", "asian", "caucasian")

TORSO, ARM_L, ARM_R, LEG_L, LEG_R, HEAD_REGION = range(6)
"""Regions of the body that carry their own cloth coordinates."""


def age_factor(years: float) -> float:
    """Return MakeHuman's age in [0, 1]: 1 + 48a years below 0.5, 25 + 130(a − 0.5) above."""
    a = (years - 1) / 48 if years < 25 else 0.5 + (years - 25) / 130
    return float(np.clip(a, 0, 1))


def _age_weights(years: float) -> dict[str, float]:
    a = age_factor(years)
    at = [node for _, node in AGE_NODES]
    shares = np.eye(len(at))
    weights = {name: float(np.interp(a, at, shares[i])) for i, (name, _) in enumerate(AGE_NODES)}
    return {name: w for name, w in weights.items() if w > 1e-4}


def _three(x: float, name: str) -> dict[str, float]:
    raw = {"min": max(0.0, 1 - 2 * x), "max": max(0.0, 2 * x - 1), "average": 1 - abs(2 * x - 1)}
    return {f"{level}{name}": w for level, w in raw.items() if w > 1e-4}


def _extremes(x: float, low: str, high: str) -> dict[str, float]:
    return {k: w for k, w in ((low, max(0.0, 1 - 2 * x)), (high, max(0.0, 2 * x - 1))) if w > 1e-4}


def _height_factor(shape: BodyShape) -> float:
    """Return the height targets' factor for adults; the rest of a stature is uniform scale."""
    average = 1.59 + 0.14 * shape.sex
    return (
        float(np.clip(0.5 + (shape.stature - average) * 0.6, 0.4, 0.6)) if shape.years > 15 else 0.5
    )


def target_weights(shape: BodyShape) -> dict[str, float]:
    """Return the weight of every target that moves this body (targets without a file included)."""
    genders = {"male": shape.sex, "female": 1 - shape.sex}
    genders = {name: w for name, w in genders.items() if w > 1e-4}
    ages = _age_weights(shape.years)
    muscle, weight = _three(shape.muscle, "muscle"), _three(shape.weight, "weight")
    out: dict[str, float] = {}
    for (g, gw), (a, aw) in product(genders.items(), ages.items()):
        for origin, ow in zip(ORIGINS, shape.origin, strict=True):
            out[f"{origin}-{g}-{a}"] = gw * aw * ow
        for (m, mw), (w, ww) in product(muscle.items(), weight.items()):
            strength = gw * aw * mw * ww
            out[f"universal-{g}-{a}-{m}-{w}"] = strength
            for name, factor in _extremes(_height_factor(shape), "minheight", "maxheight").items():
                out[f"{g}-{a}-{m}-{w}-{name}"] = strength * factor
            sides = _extremes(shape.proportion, "uncommonproportions", "idealproportions")
            for name, factor in sides.items():
                out[f"{g}-{a}-{m}-{w}-{name}"] = strength * factor
            if g == "female" and a in ("young", "old"):
                for name, factor in _three(shape.bust, "cup").items():
                    out[f"{g}-{a}-{m}-{w}-{name}-averagefirmness"] = strength * factor
    return out


def morph(shape: BodyShape) -> Float:
    """Return all base vertices of this body: float32, shape (19158, 3), decimetres."""
    data = load()
    points = data.base.copy()
    for name, weight in target_weights(shape).items():
        if weight > 1e-3 and (target := data.targets.get(name)) is not None:
            index, delta = target
            if len(index) > DENSE * len(points):
                points += np.float32(weight) * _everywhere(name)
            else:
                points[index] += np.float32(weight) * delta
    return points


@cache
def _everywhere(name: str) -> Float:
    """Return a target's deltas for all base vertices: added many times faster than by index."""
    data = load()
    index, delta = data.targets[name]
    out = np.zeros_like(data.base)
    out[index] = delta
    return out


def joint_positions(points: Float) -> Float:
    """Return the head of every bone of `BONES`, float32 (B, 3), decimetres."""
    joints = load().joints
    return np.asarray([points[joints[name]].mean(0) for name in BONES], np.float32)


def tail_positions(points: Float) -> dict[str, Float]:
    """Return the tails of the end bones (head, wrists, feet, fingers), decimetres."""
    joints = load().joints
    return {
        name[:-5]: points[index].mean(0) for name, index in joints.items() if name.endswith(":tail")
    }


def stature_cm(points: Float) -> float:
    """Return the standing height in centimetres, barefoot."""
    body = points[:BODY_END, 1]
    return float((body.max() - body.min()) * 10)


# --- regions of the surface ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class SurfaceMap:
    """Where on the body each base vertex lies.

    Attributes:
        region: int32, shape (n,), `TORSO` … `HEAD_REGION`.
        along: float32, shape (n,): arms 0 at the shoulder, 1 at the wrist; legs 0 at the hip, 1 at
            the ankle; torso 0 at the hip joints, 1 at the neck's root; skull 0 at the chin line.
    """

    region: Int
    along: Float


def _region_of_bone() -> Int:
    region = np.full(len(BONES), TORSO, np.int32)
    arm = ("shoulder01", "upperarm", "lowerarm", "wrist", "finger")
    leg = ("upperleg", "lowerleg", "foot", "toe")
    for name, i in BONE.items():
        if name.startswith(arm):
            region[i] = ARM_L if name.endswith("L") else ARM_R
        elif name.startswith(leg):
            region[i] = LEG_L if name.endswith("L") else LEG_R
        elif name in ("head", "neck03", "neck02"):
            region[i] = HEAD_REGION
    return region


LIMBS: Final = {
    ARM_L: ("shoulder01.L", "lowerarm01.L", "wrist.L"),
    ARM_R: ("shoulder01.R", "lowerarm01.R", "wrist.R"),
    LEG_L: ("upperleg01.L", "lowerleg01.L", "foot.L"),
    LEG_R: ("upperleg01.R", "lowerleg01.R", "foot.R"),
}
"""The joints between which `SurfaceMap.along` runs from 0 to 1."""


def along_limb(points: Float, root: Float, bend: Float, tip: Float) -> tuple[Float, Float, Float]:
    """Measure points along a two-piece axis.

    Returns:
        distance along it in the unit of the points (n,); offset across it (n, 2) as two arrays.
    """
    upper, lower = bend - root, tip - bend
    lengths = np.linalg.norm(upper), np.linalg.norm(lower)
    upper, lower = upper / lengths[0], lower / lengths[1]
    from_root, from_bend = points - root, points - bend
    first, second = from_root @ upper, from_bend @ lower
    beyond = second > 0
    # what lies along the axis has no part in what lies across it
    across = [np.where(beyond, from_bend @ low, from_root @ up) for up, low in zip(
        _across(upper), _across(lower), strict=True)]  # fmt: skip
    distance = np.where(beyond, lengths[0] + second, np.minimum(first, lengths[0]))
    return distance.astype(np.float32), across[0], across[1]


def _across(axis: Float) -> tuple[Float, Float]:
    """Return the unit vectors across an axis: sideways, and ahead."""
    x, y, z = axis.tolist()
    length = max(math.hypot(x, y), 1e-6)
    u, v = y / length, -x / length  # axis × ahead
    ahead = (v * z, -u * z, u * y - v * x)  # side × axis
    return np.array([u, v, 0.0], np.float32), np.array(ahead, np.float32)


def surface_map_of(points: Float, bones: Int, weights: Float, joints: Float) -> SurfaceMap:
    """Return the surface of a mesh at rest.

    Args:
        points: float32 (n, 3), decimetres. bones: int32 (n, 4). weights: float32 (n, 4).
        joints: float32 (B, 3) of the same body.
    """
    votes = np.zeros((len(points), 6), np.float32)
    region_of = _region_of_bone()
    for k in range(4):
        np.add.at(votes, (np.arange(len(points)), region_of[bones[:, k]]), weights[:, k])
    region = votes.argmax(1).astype(np.int32)
    hip, neck = joints[BONE["upperleg01.L"], 1], joints[BONE["neck01"], 1]
    along = (points[:, 1] - hip) / (neck - hip)
    for limb, names in LIMBS.items():
        root, bend, tip = (joints[BONE[name]] for name in names)
        here = region == limb
        distance, _, _ = along_limb(points[here], root, bend, tip)
        length = np.linalg.norm(bend - root) + np.linalg.norm(tip - bend)
        along[here] = distance / length
    skull = region == HEAD_REGION
    chin = joints[BONE["head"], 1]
    along[skull] = (points[skull, 1] - chin) / 2.0
    return SurfaceMap(region, along.astype(np.float32))


@lru_cache(maxsize=1)
def base_surface_map() -> SurfaceMap:
    """Return the surface of the base mesh."""
    data: MakeHuman = load()
    joints = joint_positions(data.base)
    return surface_map_of(data.base, data.skin_bones, data.skin_weights, joints)

"""Exact labels of a rendering: boxes, heads, joints, visible fractions, attribute vectors.

Boxes are float32 xyxy in pixels of the rendering, the lower right corner exclusive.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.vocabulary import (
    ATTRIBUTE_COLUMNS,
    ATTRIBUTE_INDEX,
    BODY_COLUMNS,
    BODY_INDEX,
    PARTS,
    Column,
    age_band,
)
from reid.lab.synth.figure import Figure
from reid.lab.synth.makehuman import BONE
from reid.lab.synth.person import Person
from reid.lab.synth.population import LONG_HAIR, height_band
from reid.lab.synth.render import Staged, project
from reid.lab.synth.scene import (
    ARM_SKIN,
    CARRIED_PART,
    FEET,
    FIRST_CARRIED,
    HAIR,
    HEAD,
    HEADWEAR,
    LEG_SKIN,
    LOWER,
    OUTER,
    SCARF,
    SOCKS,
    TORSO_SKIN,
    UPPER,
    Lens,
)

Float = NDArray[np.float32]
Byte = NDArray[np.uint8]

JOINTS: Final = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip",
    "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
"""COCO's keypoints, in COCO's order."""

_LIMB_JOINTS: Final = ("upperarm01", "lowerarm01", "wrist", "upperleg01", "lowerleg01", "foot")

PARTS_OF: Final = {
    "head": (HEAD, HAIR, HEADWEAR),
    "upper": (UPPER, OUTER, SCARF, TORSO_SKIN, ARM_SKIN),
    "lower": (LOWER, LEG_SKIN),
    "feet": (FEET, SOCKS),
    "carried": tuple(CARRIED_PART.values()),
}
"""Part numbers that make up each body part of `reid.core.vocabulary.PARTS`."""


# --- words --------------------------------------------------------------------------------------


def attributes_of(
    person: Person, props: tuple[str, ...] | None = None
) -> dict[str, tuple[str, ...]]:
    """Return slot → values, colours largest first, in the vocabulary's words.

    Args:
        person: the identity.
        props: which of the things are there now; None = all.
    """
    out: dict[str, tuple[str, ...]] = {}
    for garment in person.garments:
        if garment.slot == "socks":
            continue
        slot = garment.slot
        out[f"{slot}.type"] = (garment.kind,)
        out[f"{slot}.colour"] = garment.colours
        if slot in ("upper", "outer", "lower"):
            out[f"{slot}.pattern"] = (garment.pattern,)
        if slot == "upper":
            out["upper.sleeve"] = (garment.sleeve,)
        if slot == "lower":
            out["lower.length"] = (garment.length,)
    if person.looks.eyewear:
        out["eyes.type"] = (person.looks.eyewear,)
    for prop in person.props:
        if prop.kind in CARRIED_PART and (props is None or prop.kind in props):
            out[f"carry.{prop.kind}"] = ("present",)
            out[f"carry.{prop.kind}.colour"] = prop.colours
    return out | _body_words(person)


def _body_words(person: Person) -> dict[str, tuple[str, ...]]:
    shape, looks = person.shape, person.looks
    bald = looks.hair == "bald"
    out: dict[str, tuple[str, ...]] = {
        "hair.length": ("bald" if bald else "long" if looks.hair in LONG_HAIR else "short",),
        "body.age": (age_band(shape.years),),
        "body.build": (build_band(shape.weight),),
        "body.height": (height_band(shape.stature, shape.years, shape.sex),),
        "body.sex": ("female" if shape.sex < 0.5 else "male",),
    }
    if not bald:
        out["hair.colour"] = (looks.hair_colour,)
    return out


def build_band(weight: float) -> str:
    """Return slim, medium or heavy of the body's weight factor."""
    return "slim" if weight < 0.38 else "heavy" if weight > 0.68 else "medium"


def attribute_vectors(person: Person, props: tuple[str, ...] | None = None) -> tuple[Byte, Byte]:
    """Return (worn and carried, body-derived): uint8 0 or 1 in the vocabulary's column order."""
    words = attributes_of(person, props)
    worn = np.zeros(len(ATTRIBUTE_COLUMNS), np.uint8)
    body = np.zeros(len(BODY_COLUMNS), np.uint8)
    for slot, values in words.items():
        for value in values:
            column = Column(slot, value)
            if column in ATTRIBUTE_INDEX:
                worn[ATTRIBUTE_INDEX[column]] = 1
            elif column in BODY_INDEX:
                body[BODY_INDEX[column]] = 1
    return worn, body


# --- geometry -----------------------------------------------------------------------------------


def _box(points: Float) -> Float:
    return np.concatenate([points[:, :2].min(0), points[:, :2].max(0)]).astype(np.float32)


def figure_box(staged: Staged, lens: Lens, without: tuple[int, ...] = ()) -> Float:
    """Return the box (4,) of a whole person, seen or not.

    Args:
        staged: the person. lens: the view. without: part numbers left out.
    """
    points = staged.outline
    if without:
        points = points[~np.isin(staged.figure.outline.parts, without)]
    return _box(project(lens, points))


def head_box(staged: Staged, lens: Lens) -> Float:
    """Return the box (4,) of the true head: skin that follows the head bone, not hair or hats."""
    return _box(project(lens, staged.outline[staged.figure.outline.parts == HEAD]))


def _head_points(staged: Staged) -> Float:
    """Return nose, eyes and ears in world metres, from the head's frame and size."""
    m, rest = staged.bones[BONE["head"]], _head_rest(staged.figure)
    return np.asarray(rest @ m[:, :3].T + m[:, 3], np.float32)


@lru_cache(maxsize=128)
def _head_rest(f: Figure) -> Float:
    """Return nose, eyes and ears at rest, metres, (5, 3)."""
    joint = f.skeleton.joints[BONE["head"]] * f.scale
    rows = np.flatnonzero(f.vertices["meta"][:, 1] == HEAD)
    points = f.vertices["position"][rows]
    tall = points[:, 1].max() - joint[1]
    front, wide = points[:, 2].max(), np.abs(points[:, 0]).max()
    y = joint[1] + 0.27 * tall
    return np.array(
        [[0, joint[1] + 0.12 * tall, front], [0.4 * wide, y, front - 0.025],
         [-0.4 * wide, y, front - 0.025], [wide, y - 0.02, joint[2]], [-wide, y - 0.02, joint[2]]],
        np.float32,
    )  # fmt: skip


def joints_world(staged: Staged) -> Float:
    """Return the joints of `JOINTS` in world metres, float32 (17, 3)."""
    f, out = staged.figure, [_head_points(staged)]
    for name in _LIMB_JOINTS:
        for side in "LR":
            b = BONE[f"{name}.{side}"]
            rest = f.skeleton.joints[b] * f.scale
            out.append((staged.bones[b, :, :3] @ rest + staged.bones[b, :, 3])[None])
    return np.concatenate(out).astype(np.float32)


def joints(staged: Staged, lens: Lens, mine: NDArray[np.bool_]) -> Float:
    """Return joints in pixels, float32 (17, 3): x, y, visibility.

    Args:
        staged: the person. lens: the view.
        mine: bool (H, W), pixels of this person. Visibility is COCO's: 0 outside the picture,
            1 hidden by something else, 2 seen (a person's own body does not count as hiding).
    """
    pixels = project(lens, joints_world(staged))
    height, width = mine.shape
    x, y = pixels[:, 0].astype(int), pixels[:, 1].astype(int)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (pixels[:, 2] > 0)
    seen = np.zeros(len(pixels), bool)
    seen[inside] = mine[y[inside], x[inside]]
    visibility = np.where(inside, np.where(seen, 2, 1), 0)
    return np.column_stack([pixels[:, :2], visibility]).astype(np.float32)


# --- masks --------------------------------------------------------------------------------------


def mask_box(mask: NDArray[np.bool_]) -> Float | None:
    """Return the box (4,) of a mask's pixels, None if there are none."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)


def part_counts(parts: Byte, mask: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Return how many pixels each part number has, int64 (256,)."""
    chosen = parts if mask is None else parts[mask]
    return np.bincount(chosen.ravel(), minlength=256)


def visibility(seen: NDArray[np.int64], alone: NDArray[np.int64]) -> tuple[float, Float]:
    """Return (visible fraction of the person, visible fraction of each of `PARTS` (5,)).

    Args:
        seen: pixels by part number in the scene, (256,).
        alone: the same in a render of this person alone; a part that even then has no pixels has
            visibility 0.
    """

    def share(numbers: tuple[int, ...]) -> float:
        whole = float(alone[list(numbers)].sum())
        return min(float(seen[list(numbers)].sum()) / whole, 1.0) if whole > 0 else 0.0

    everything = tuple(range(1, FIRST_CARRIED + len(CARRIED_PART)))
    parts = np.array([share(PARTS_OF[part]) for part in PARTS], np.float32)
    return share(everything), parts

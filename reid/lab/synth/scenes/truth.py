"""What is true of a picture: boxes, heads, joints, and how much of each person is seen."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from reid.core.boxes import clip
from reid.lab.synth.camera import distort_boxes, distort_labels, distort_points
from reid.lab.synth.labels import JOINTS, figure_box, head_box, joints_world
from reid.lab.synth.places import project
from reid.lab.synth.render import Staged, parts_alone
from reid.lab.synth.scene import FIRST_CARRIED, THING_PART, Lens, Rendering

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
KEYPOINTS: Final = JOINTS
_SOLO_SIZE: Final = (48, 80)
"""Columns and rows that a person alone is drawn at to count what could be seen."""
_CARRIED: Final = tuple(THING_PART.values())

SKELETON: Final = (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9),
    (8, 10), (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7),
)  # fmt: skip
"""Pairs of keypoints (from 1) that COCO joins by lines."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One person in one picture; boxes in pixels of the distorted frame.

    Attributes:
        index: of the actor.
        box: float32 (4,) around what is seen of body and clothes, without things carried.
        full_box: float32 (4,) around the whole body, also behind others and beyond the frame.
        head: float32 (4,) around the skull without hair, hidden or not.
        visible: seen share of the body, in [0, 1]; what the frame cuts off counts as unseen.
        head_visible: share of the head box's middle that shows this person.
        joints: float32 (17, 3): x, y, and 0 outside the frame, 1 hidden, 2 seen.
        pixels: number of seen pixels.
        metres: distance from the camera.
    """

    index: int
    box: Floats
    full_box: Floats
    head: Floats
    visible: float
    head_visible: float
    joints: Floats
    pixels: int
    metres: float


def observe(rendering: Rendering, lens: Lens, staged: list[Staged]) -> list[Seen]:
    """Measure everybody of whom at least one pixel is seen.

    Args:
        rendering: ideal picture and label maps; distorted here as `lens.k1`, `lens.k2` say.
        lens: whole-frame geometry (no window).
        staged: the actors in the order of `rendering.person_id`.
    """
    body = np.where(rendering.part < FIRST_CARRIED, rendering.person_id, -1).astype(np.int16)
    body = distort_labels(body, lens.k1, lens.k2)
    found = ndimage.find_objects(body.astype(np.int32) + 1)
    return [
        _seen(body, lens, staged[i], i, where)
        for i, where in enumerate(found[: len(staged)])
        if where is not None
    ]


def _seen(
    body: NDArray[np.int16], lens: Lens, one: Staged, i: int, where: tuple[slice, slice]
) -> Seen:
    size = lens.width, lens.height
    rows, columns = where
    mine = body[where] == i
    count = int(mine.sum())
    box = np.array([columns.start, rows.start, columns.stop, rows.stop], np.float32)
    ideal = np.stack([figure_box(one, lens, _CARRIED), head_box(one, lens)])
    full, head = distort_boxes(ideal, lens.k1, lens.k2, *size)
    alone = _solo_pixels(lens, one, ideal[0])
    stretch = _area(full) / max(_area(ideal[0]), 1.0)
    visible = min(1.0, count / max(alone * stretch, 1.0))
    metres = float(np.linalg.norm(np.array(one.actor.position) - np.array(lens.position)))
    shown = _head_share(mine, (columns.start, rows.start), head, size)
    joints = _joints(lens, one, mine, (columns.start, rows.start))
    return Seen(i, box, full, head, visible, shown, joints, count, metres)


def _area(box: Floats) -> float:
    x0, y0, x1, y1 = (float(v) for v in box)  # beside a lens it may be larger than float32's square
    return (x1 - x0) * (y1 - y0)


def _solo_pixels(lens: Lens, one: Staged, box: Floats) -> float:
    """Pixels of the ideal picture that the body would cover if nothing stood before it."""
    low, high = box[:2] - 1, box[2:] + 1
    wide, tall = (float(v) for v in high - low)
    window = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    parts = parts_alone(replace(lens, window=window, size=_SOLO_SIZE), one)
    return float(((parts > 0) & (parts < FIRST_CARRIED)).mean()) * wide * tall


def _head_share(mine: Bools, corner: tuple[int, int], head: Floats, size: tuple[int, int]) -> float:
    """Share of the head box's middle that shows this person; 0 outside the frame."""
    width, height = head[2] - head[0], head[3] - head[1]
    inset = np.array([0.2, 0.15, -0.2, -0.15]) * np.array([width, height, width, height])
    inner = (head + inset).astype(np.float32)
    full = max(_area(inner), 1.0)
    x0, y0, x1, y1 = clip(inner[None], *size)[0]
    left, top = max(0, round(float(x0)) - corner[0]), max(0, round(float(y0)) - corner[1])
    right, bottom = (max(0, round(float(v)) - c) for v, c in zip((x1, y1), corner, strict=True))
    return min(
        1.0, float(mine[top : max(bottom, top + 1), left : max(right, left + 1)].sum()) / full
    )


def _joints(lens: Lens, one: Staged, mine: Bools, corner: tuple[int, int]) -> Floats:
    pixels, depth = project(lens, joints_world(one))
    pixels = distort_points(pixels, lens.k1, lens.k2, lens.width, lens.height)
    out = np.zeros((len(pixels), 3), np.float32)
    for j, (x, y) in enumerate(pixels):
        if depth[j] <= 0 or not (0 <= x < lens.width and 0 <= y < lens.height):
            continue
        row, column = int(y) - corner[1], int(x) - corner[0]
        on = 0 <= row < mine.shape[0] and 0 <= column < mine.shape[1] and bool(mine[row, column])
        out[j] = x, y, 2 if on else 1
    return out

"""Test-time augmentation: one picture in several sizes, mirrored or not, and the results fused.

A network finds people best at the sizes it was trained on. A video shows everybody again in its
next frame; a still shows them once, and there is time to detect several times.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, as_boxes, iou, suppress_overlapping
from reid.detect.detections import Detections


class Augmentation(NamedTuple):
    """One way to show a picture to the network.

    Attributes:
        side: px of the longer side; None = the model's own size.
        mirrored: flipped horizontally.
        quarters: turned counter-clockwise by so many quarters, before it is mirrored.
        tile: px; cut into tiles of this size at full resolution, each of which is shown by itself.
    """

    side: int | None = None
    mirrored: bool = False
    quarters: int = 0
    tile: int | None = None


NO_AUGMENTATION: Final = (Augmentation(),)
STILL_AUGMENTATIONS: Final = (
    Augmentation(512, True),
    Augmentation(640),
    Augmentation(832, True),
    Augmentation(1280),
)
"""Augmentations of a still: of twelve sets the most precise on unseen synthetic frames."""

SECOND_PASS: Final = (Augmentation(1024),)
"""A second pass over every frame of a video, for redaction alone."""

TURNED: Final = tuple(Augmentation(640, quarters=quarters) for quarters in (1, 2, 3))
"""A still lying on its sides and upside down: for the heads of people who do."""

TILE: Final = 1280
"""Px of a tile's sides: what is larger than the largest augmentation is shown in pieces too."""

SMALLEST_SHOWN: Final = 24.0
"""Px: people lower than this are seldom found."""

_TILED_FROM: Final = 1.25  # of a tile's side, from which a picture is cut into tiles
_OVERLAP: Final = 0.2  # of a tile's side

_SAME: Final = 0.55  # IoU from which boxes of two augmentations are the same object
_RAISED: Final = 0.8
"""Exponent of a person's mean score. With it, 95 % of the boxes from .4 on are people on unseen
synthetic frames: the same precision as without augmentation."""

Scores = NDArray[np.float32]


def unmirrored(boxes: Boxes, width: int) -> Boxes:
    """Map boxes (N, 4) of a mirrored picture, `width` px wide, back to the picture itself."""
    turned = boxes.copy()
    turned[:, [0, 2]] = width - boxes[:, [2, 0]]
    return turned


def with_tiles(
    augmentations: Sequence[Augmentation], width: int, height: int
) -> tuple[Augmentation, ...]:
    """Return augmentations for a picture of this size, px: of a large one its tiles as well."""
    large = max(width, height) >= _TILED_FROM * TILE
    return (*augmentations, Augmentation(tile=TILE)) if large else tuple(augmentations)


def shares_shown(
    augmentations: Sequence[Augmentation], heights: NDArray[np.float32], longest: float
) -> NDArray[np.float32]:
    """Return in what share of augmentations people of these heights (N,), px, can be found; (N,).

    In none smaller than `SMALLEST_SHOWN` px; at least in one.

    Args:
        augmentations: of a picture.
        heights: of people in it, px.
        longest: the picture's longer side, px.
    """
    scales = [1.0 if a.side is None else a.side / longest for a in augmentations]
    shown = (heights[:, None] * np.array(scales) >= SMALLEST_SHOWN).sum(axis=1)
    return np.asarray(np.maximum(shown, 1) / len(augmentations), np.float32)


def tiles_of(width: int, height: int, tile: int) -> list[tuple[int, int, int, int]]:
    """Return overlapping tiles x0, y0, x1, y1 that cover a picture, px."""

    def begins(length: int) -> list[int]:
        count = max(1, math.ceil((length - tile * _OVERLAP) / (tile * (1 - _OVERLAP))))
        last = max(0, length - tile)
        return [round(i * last / max(1, count - 1)) for i in range(count)]

    return [
        (x, y, min(x + tile, width), min(y + tile, height))
        for y in begins(height)
        for x in begins(width)
    ]


def each_once(seen: Detections) -> Detections:
    """Leave out what two tiles both show: of boxes that overlap much, the surest stays."""
    people = suppress_overlapping(seen.people, seen.scores, _SAME)
    heads = suppress_overlapping(seen.heads, seen.head_scores, _SAME)
    return Detections(
        seen.people[people], seen.scores[people], seen.heads[heads], seen.head_scores[heads]
    )


def weighted_boxes_fusion(augmentations: Sequence[Detections]) -> Detections:
    """Fuse the detections of one or more augmentations (Solovyev et al. 2021).

    Each box joins the cluster of other augmentations' boxes that it overlaps most; a fused box is
    the mean of its cluster, weighted by score. A person's score is the mean over all augmentations,
    raised to the scale of a single one: what only one finds is seldom a person. A head's score is
    half the highest of its cluster and half the mean, so that a head that only one augmentation
    finds is still redacted.
    """
    people, mean, _ = _fuse(
        [(augmentation.people, augmentation.scores) for augmentation in augmentations]
    )
    heads, head_mean, highest = _fuse(
        [(augmentation.heads, augmentation.head_scores) for augmentation in augmentations]
    )
    raised = mean if len(augmentations) == 1 else np.power(mean, _RAISED, dtype=np.float32)
    known = (highest + head_mean) / np.float32(2)
    return Detections(people, raised, heads, np.asarray(known, np.float32))


def _fuse(
    augmentations: Sequence[tuple[Boxes, Scores]],
) -> tuple[Boxes, Scores, Scores]:
    """Return fused boxes (N, 4), their mean scores over all augmentations, and the highest."""
    boxes = np.concatenate([each for each, _ in augmentations])
    scores = np.concatenate([score for _, score in augmentations])
    view = np.repeat(np.arange(len(augmentations)), [len(each) for each, _ in augmentations])
    group = _groups(boxes, scores, view)
    count = int(group.max(initial=-1)) + 1
    total, highest = np.zeros(count, np.float32), np.zeros(count, np.float32)
    np.add.at(total, group, scores)
    np.maximum.at(highest, group, scores)
    weighted = np.zeros((count, 4))
    np.add.at(weighted, group, boxes * scores[:, None])
    means = weighted / np.maximum(total, 1e-9)[:, None]
    return as_boxes(means), total / np.float32(len(augmentations)), highest


def _groups(boxes: Boxes, scores: Scores, view: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return for each box (N, 4) the number of the cluster that it is part of."""
    count = len(boxes)
    group = np.zeros(count, np.intp)
    means, weights = np.zeros((count, 4)), np.zeros(count)
    holds = np.zeros((count, int(view.max(initial=-1)) + 1), bool)  # cluster × augmentation
    groups = 0
    for i in np.argsort(-scores, kind="stable"):
        overlap = iou(as_boxes([boxes[i]]), as_boxes(means[:groups]))[0]
        overlap[holds[:groups, view[i]]] = 0  # two boxes of one augmentation are two objects
        g = int(overlap.argmax()) if groups else 0
        if not groups or overlap[g] < _SAME:
            g, groups = groups, groups + 1
        weight = weights[g] + scores[i]
        means[g] += (boxes[i] - means[g]) * (scores[i] / max(weight, 1e-9))
        weights[g], holds[g, view[i]], group[i] = weight, True, g
    return group

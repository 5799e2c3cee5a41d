"""One frame's detections, and the suppression of partial boxes and oversized heads.

A detector sometimes draws a box round a part of a person: the upper half, or the legs. Two boxes
of one person would become two sightings, and the top of the legs would be painted as a head.
"""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import (
    HEAD_IN_UPPER,
    Boxes,
    areas,
    as_boxes,
    empty_boxes,
    intersections,
    top_of,
)
from reid.core.pixels import RawFrame

SURE_HEAD: Final = 0.3
"""Confidence from which a head shows how large its person's head is."""
_WEAK_HEAD: Final = 0.15  # a surer one is believed to be a head, whatever its size
_OVERSIZED: Final = 1.8  # times the height of the sure head
_MOSTLY: Final = 0.8

_UPPER_INSIDE: Final = 0.8
"""Share of a box that lies inside another from which it may be the same person's upper half."""
_LEGS_INSIDE: Final = 0.6  # the same of their legs, which swing out of the whole's box
_HEAD_INSIDE: Final = 0.6  # of a head inside the upper part of whoever has it
_SAME_TOP: Final = 0.15  # of the whole's height: how far apart the tops of one person's boxes are
_SAME_WIDTH: Final = 0.6  # of the whole's width: what an upper half has at least
_BELOW: Final = 0.3
"""Of the whole's height: where legs begin at the earliest, and how far they may reach below it."""

_UPPER_OF_CROP: Final = 0.4  # of its height; measured: further down are bags and hands

_KEYPOINT_SCORE: Final = 0.3
_FACE_KEYPOINTS: Final = slice(0, 5)  # COCO: nose, eyes, ears
_SHOULDERS: Final = slice(5, 7)


@dataclass(frozen=True, slots=True)
class Detections:
    """One model's detections in one frame: people (N, 4) and head candidates (M, 4), with scores.

    `parts` (K, 4) are suppressed partial boxes of these people; redaction uses them all the same.
    """

    people: Boxes
    scores: NDArray[np.float32]
    heads: Boxes
    head_scores: NDArray[np.float32]
    parts: Boxes = field(default_factory=empty_boxes)


def suppress_oversized_heads(seen: Detections) -> Detections:
    """Suppress weak head candidates that are far taller than a sure head of the same person.

    They are mostly torsos: painting one costs the clothes and hides no face. A candidate that may
    be the head of a person without a sure one is kept.
    """
    height = seen.heads[:, 3] - seen.heads[:, 1]
    tops = top_of(seen.people, HEAD_IN_UPPER)
    inside, high = (
        intersections(seen.heads, boxes) >= _MOSTLY * areas(seen.heads)[:, None]
        for boxes in (seen.people, tops)
    )  # (heads, people)
    sure = (seen.head_scores >= SURE_HEAD)[:, None] & high
    known = np.where(sure, height[:, None], 0).max(axis=0, initial=0)  # of each person's sure head
    oversized = inside & (known > 0) & (height[:, None] > _OVERSIZED * known)
    needed = high & (known == 0)
    left_out = oversized.any(axis=1) & ~needed.any(axis=1) & (seen.head_scores < _WEAK_HEAD)
    return replace(seen, heads=seen.heads[~left_out], head_scores=seen.head_scores[~left_out])


def suppress_partial_boxes(seen: Detections) -> Detections:
    """Move boxes that show only a part of another person from `people` to `parts`.

    An upper half has the same head and the same top as the whole person; the one with the higher
    score is kept. Legs have no head candidate and lie in the lower part of a person who has one, or
    below it. A small person in front of a large one has a head of their own, and is kept.
    """
    count = len(seen.people)
    if count < 2:
        return seen
    same, legs = _parts(seen)
    kept = np.ones(count, bool)
    for best in np.argsort(-seen.scores, kind="stable"):
        if kept[best]:
            kept[same[best]] = False  # never itself
    kept &= ~legs.any(axis=0)
    parts = seen.people[~kept]
    return replace(seen, people=seen.people[kept], scores=seen.scores[kept], parts=parts)


def sure_head_heights(seen: Detections) -> NDArray[np.float32]:
    """Return the height (N,) in pixels of each person's own head; NaN where none is sure.

    A head that more than one person may have is nobody's.
    """
    heads = _heads_of(seen)
    sure = (heads >= 0) & (np.bincount(heads[heads >= 0], minlength=1)[heads] == 1)
    sure[sure] = seen.head_scores[heads[sure]] >= SURE_HEAD
    heights = np.full(len(seen.people), np.nan, np.float32)
    heights[sure] = seen.heads[heads[sure], 3] - seen.heads[heads[sure], 1]
    return heights


def _parts(seen: Detections) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return for every pair: are both one person, and is the second the first's legs?

    bool (N, N) each; the first is symmetric.
    """
    people, size, head = seen.people, areas(seen.people), _heads_of(seen)
    wide, tall = (people[:, 2:] - people[:, :2]).T
    inside, below = (
        intersections(wholes, people) / np.maximum(size, 1)[None]
        for wholes in (people, _longer(people))
    )
    drop = (people[None, :, 1] - people[:, None, 1]) / np.maximum(tall[:, None], 1)
    has, larger = head >= 0, size[:, None] > size[None]
    upper = larger & (inside >= _UPPER_INSIDE) & (head[:, None] == head[None]) & has[:, None]
    upper &= (np.abs(drop) < _SAME_TOP) & (wide[None] > _SAME_WIDTH * wide[:, None])
    legs = larger & (below >= _LEGS_INSIDE) & has[:, None] & ~has[None] & (drop > _BELOW)
    return upper | upper.T, legs


def _longer(people: Boxes) -> Boxes:
    """Return boxes that reach farther down: a box may end at the hips."""
    longer = people.copy()
    longer[:, 3] += _BELOW * (people[:, 3] - people[:, 1])
    return longer


def _heads_of(seen: Detections) -> NDArray[np.intp]:
    """Return which head candidate each person (N,) most likely has, -1 for none."""
    if not len(seen.heads) or not len(seen.people):
        return np.full(len(seen.people), -1, np.intp)
    shared = intersections(top_of(seen.people, HEAD_IN_UPPER), seen.heads)
    inside = shared >= _HEAD_INSIDE * np.maximum(areas(seen.heads), 1)[None]
    score = np.where(inside, seen.head_scores[None], 0)
    return np.where(inside.any(axis=1), score.argmax(axis=1), -1).astype(np.intp)


def in_upper_part(heads: Boxes, crop: RawFrame) -> NDArray[np.bool_]:
    """Return which heads (M, 4) are where that of the person in a crop may be; shape (M,)."""
    return np.asarray((heads[:, 1] + heads[:, 3]) / 2 < _UPPER_OF_CROP * crop.height, np.bool_)


def heads_of_poses(keypoints: NDArray[np.float32], people: Boxes) -> Boxes:
    """Return a head box for each pose that shows part of a face.

    Args:
        keypoints: float32 (N, 17, 3), COCO order, x, y in px and confidence.
        people: float32 (N, 4), the boxes of the same people.

    Returns:
        float32 (M, 4), M ≤ N: around the visible nose, eyes and ears, as large as the widest of
        what the face points, the shoulders and the person's box suggest.
    """
    boxes = []
    for points, person in zip(keypoints, people, strict=True):
        face = points[_FACE_KEYPOINTS]
        face = face[face[:, 2] > _KEYPOINT_SCORE, :2]
        if not len(face):
            continue
        shoulders = points[_SHOULDERS]
        across = np.ptp(shoulders[:, 0]) if (shoulders[:, 2] > _KEYPOINT_SCORE).all() else 0.0
        extent = float(np.ptp(face, axis=0).max())
        radius = max(0.9 * extent, 0.36 * across, 0.055 * (person[3] - person[1]))
        x, y = (face.max(axis=0) + face.min(axis=0)) / 2
        boxes.append([x - radius, y - 1.35 * radius, x + radius, y + 1.15 * radius])
    return as_boxes(boxes)

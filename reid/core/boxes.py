"""Where people are in one frame, and the arithmetic of boxes.

Boxes are float32 ``xyxy`` in pixels: x right, y down, the lower right corner exclusive.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]

UNTRACKED = -1
"""Track id of a detection too weak to index; it counts for redaction all the same."""

HEAD_IN_UPPER = 0.6
"""A person's head lies in this upper share of their box, balloon or not."""


@dataclass(frozen=True, slots=True)
class Tracks:
    """People found in one frame.

    Attributes:
        xyxy: float32, shape (N, 4), pixels.
        score: float32, shape (N,), detector confidence in [0, 1].
        track_id: int64, shape (N,); `UNTRACKED` where a detection belongs to no track.
        head_height: float32, shape (N,), of each person's own head, pixels; NaN where none is sure.
    """

    xyxy: Boxes
    score: NDArray[np.float32]
    track_id: NDArray[np.int64]
    head_height: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        n = len(self.track_id)
        if not len(self.head_height):
            object.__setattr__(self, "head_height", np.full(n, np.nan, np.float32))
        if self.xyxy.shape != (n, 4) or self.score.shape != (n,) or len(self.head_height) != n:
            raise ValueError(
                f"Tracks needs xyxy (N, 4), score (N,), track_id (N,); "
                f"got {self.xyxy.shape}, {self.score.shape}, {self.track_id.shape}"
            )

    def __len__(self) -> int:
        return len(self.track_id)

    @classmethod
    def none(cls) -> "Tracks":
        """Return nobody."""
        return cls(empty_boxes(), np.zeros(0, np.float32), np.zeros(0, np.int64))

    def joined(self, others: "Tracks") -> "Tracks":
        """Return these people and others."""
        return Tracks(
            np.concatenate([self.xyxy, others.xyxy]),
            np.concatenate([self.score, others.score]),
            np.concatenate([self.track_id, others.track_id]),
            np.concatenate([self.head_height, others.head_height]),
        )

    def __iter__(self) -> Iterator[tuple[Boxes, float, int]]:
        """Yield (box of shape (4,), score, track id) a person."""
        for box, score, track in zip(self.xyxy, self.score, self.track_id, strict=True):
            yield box, float(score), int(track)


def empty_boxes() -> Boxes:
    """Return no boxes: float32, shape (0, 4)."""
    return np.zeros((0, 4), np.float32)


def as_boxes(boxes: object) -> Boxes:
    """Return `boxes` as float32 of shape (M, 4); an empty sequence gives shape (0, 4).

    Raises:
        ValueError: another shape.
    """
    array = np.asarray(boxes, dtype=np.float32)
    if array.size == 0:
        return empty_boxes()
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"boxes must have shape (M, 4), got {array.shape}")
    return array


def areas(boxes: Boxes) -> NDArray[np.float32]:
    """Return the area in px² of each box, shape (M,); an inverted box has area 0."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], np.float32)


def intersections(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Return the shared area in px² of every pair, shape (len(a), len(b))."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)
    return np.asarray(sides[..., 0] * sides[..., 1], np.float32)


def covered(box: Boxes, by: Boxes, cells: int = 24) -> float:
    """Return the share of a box (4,) that others (M, 4) cover together, to one part in `cells`²."""
    steps = (np.arange(cells) + 0.5) / cells
    x, y = (box[i] + (box[i + 2] - box[i]) * steps for i in (0, 1))
    across = (x >= by[:, :1]) & (x < by[:, 2:3])  # (M, cells)
    down = (y >= by[:, 1:2]) & (y < by[:, 3:])
    return float((down[:, :, None] & across[:, None, :]).any(axis=0).mean())


def iou(a: Boxes, b: Boxes) -> NDArray[np.float32]:
    """Return intersection over union of every pair, shape (len(a), len(b)), in [0, 1]."""
    shared = intersections(a, b)
    union = areas(a)[:, None] + areas(b)[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)


def suppress_overlapping(
    boxes: Boxes, scores: NDArray[np.float32], overlap: float
) -> NDArray[np.intp]:
    """Return the rows that non-maximum suppression keeps, the surest first.

    Args:
        boxes: (N, 4). scores: (N,), above 0.
        overlap: IoU with a surer box above which a box goes.
    """
    sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(sides.tolist(), scores.tolist(), 0.0, overlap)
    return np.asarray(kept, np.intp).reshape(-1)


def clip(boxes: Boxes, width: int, height: int) -> Boxes:
    """Return `boxes` cut at the borders of an image of `width` × `height` pixels."""
    limit = np.array([width, height, width, height], np.float32)
    return np.clip(boxes, 0, limit).astype(np.float32)


def turned_boxes(boxes: Boxes, quarters: int, width: int, height: int) -> Boxes:
    """Return boxes of an image of `width` × `height` px as they lie when it is turned.

    The image is turned counter-clockwise by so many quarters, as by `numpy.rot90`.
    """
    for _ in range(quarters % 4):
        x0, y0, x1, y1 = boxes.T
        boxes = np.stack([y0, width - x1, y1, width - x0], axis=1)
        width, height = height, width
    return as_boxes(boxes)


def top_of(boxes: Boxes, fraction: float) -> Boxes:
    """Return the upper `fraction` (0 to 1) of each box, full width."""
    tops = boxes.copy()
    tops[:, 3] = boxes[:, 1] + (boxes[:, 3] - boxes[:, 1]) * fraction
    return tops

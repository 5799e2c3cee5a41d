"""What the boxes of a tracklet say of a person's height: numbers, gathered before redaction.

See `reid.core.body_measures` for what they are, and `reid.rank.stature` for their use.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.body_measures import FIELDS, POINTS, Floats, unmeasured
from reid.core.boxes import Boxes, Tracks, areas, intersections

LEAST_PIXELS: Final = 24
"""Height of a box under which its edges are too coarse to measure."""

_EDGE: Final = 0.008  # of the frame's height: a box so near to the border may be cut by it
_SLIM, _STOUT = 4.5, 1.55  # height ÷ width between which an upright person's box lies
_OVERLAP: Final = 0.2  # of the box that another may cover before feet or head may be hidden
_HEAD_SHARE: Final = (0.05, 0.4)  # of the body's height; anything else is no head of theirs
_MOST: Final = 600
"""Frames of which a tracklet keeps the numbers; of more, every second, fourth …"""
_LEAST_HEAD_ERROR: Final = 0.02


def measurable(tracks: Tracks, width: int, height: int) -> NDArray[np.bool_]:
    """Return whose box (N,) shows an upright person from head to foot: whole, alone, tall enough.

    Args:
        tracks: people in a frame of `width` × `height` pixels.
    """
    boxes = tracks.xyxy
    if not len(boxes):
        return np.zeros(0, np.bool_)
    wide, tall = (boxes[:, 2:] - boxes[:, :2]).T
    margin = max(2.0, _EDGE * height)
    low, high = np.full(2, margin), np.array([width, height]) - margin
    whole = (boxes[:, :2] > low).all(axis=1) & (boxes[:, 2:] < high).all(axis=1)
    people = tracks.score > 0  # partial boxes of the same people have none
    shared = intersections(boxes, boxes) / np.maximum(areas(boxes), 1)[:, None]
    np.fill_diagonal(shared, 0)
    alone = (shared[:, people].max(axis=1, initial=0)) < _OVERLAP
    upright = (tall > _STOUT * wide) & (tall < _SLIM * wide)
    return np.asarray(whole & alone & upright & (tall >= LEAST_PIXELS), np.bool_)


@dataclass(slots=True)
class BoxMeasures:
    """The boxes of one tracklet, a row a frame: foot x, foot y, height, the head's share of it."""

    _rows: list[tuple[float, float, float, float]] = field(default_factory=list)
    _step: int = 1
    _seen: int = 0

    def add(self, box: Boxes, head_height: float, width: int, height: int) -> None:
        """Add a frame of `width` × `height` pixels with the person at `box` (4,).

        `head_height` is in pixels, NaN where no head is sure.
        """
        self._seen += 1
        if self._seen % self._step:
            return
        x0, y0, x1, y1 = (float(edge) for edge in box)
        share = head_height / (y1 - y0)
        share = share if _HEAD_SHARE[0] <= share <= _HEAD_SHARE[1] else float("nan")
        middle = ((x0 + x1 - width) / 2 / height, (2 * y1 - height) / 2 / height)
        self._rows.append((*middle, (y1 - y0) / height, share))
        if len(self._rows) > _MOST:
            self._rows, self._step = self._rows[1::2], 2 * self._step

    def summary(self) -> Floats:
        """Return the measures of the tracklet so far, float32 (M,), robust to single frames."""
        summary: Floats = np.asarray(unmeasured(1)[0], np.float32)
        if not self._rows:
            return summary
        rows = np.array(self._rows)
        thirds = np.array_split(rows[np.argsort(rows[:, 1], kind="stable"), :3], POINTS)
        points = [np.median(third if len(third) else rows[:, :3], axis=0) for third in thirds]
        summary[: 3 * POINTS] = np.concatenate(points)
        summary[FIELDS.index("head_share") :] = *_median(rows[:, 3]), len(rows)
        return summary


def _median(shares: NDArray[np.float64]) -> tuple[float, float]:
    """Return the median of shares and its standard error; both NaN where there is none."""
    known = shares[~np.isnan(shares)]
    if not len(known):
        return float("nan"), float("nan")
    middle = float(np.median(known))
    spread = 1.4826 * float(np.median(np.abs(known - middle)))
    return middle, max(_LEAST_HEAD_ERROR * middle, spread / float(np.sqrt(min(len(known), 9))))

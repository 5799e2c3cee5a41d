"""Numbers measured from the boxes of a tracklet, from which a person's height is told.

They are box edges and shares of boxes, never pixels: where the feet were, how tall the person stood
in the picture there, and which part of that the head took. Body-derived: policy decides about use.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

POINTS: Final = 3
"""Places of a tracklet that are kept: far, middle and near, each the median of a third of it."""

POINT_FIELDS: Final = ("foot_x", "foot_y", "height")
HEAD_FIELDS: Final = ("head_share", "head_error", "frames")

FIELDS: Final = (
    *(f"{field}_{point}" for point in range(1, POINTS + 1) for field in POINT_FIELDS),
    *HEAD_FIELDS,
)
"""Columns of `reid.core.records.Sightings.measures`. Lengths are in heights of the frame, from its
middle, x right and y down; ``head_share`` is the head's height ÷ the body's, ``head_error`` its
standard error; ``frames`` how many frames were measured. NaN where nothing was."""

WIDTH: Final = len(FIELDS)


def unmeasured(n: int) -> Floats:
    """Return the measures of N sightings of which nothing was measured, float32 (N, `WIDTH`)."""
    return np.full((n, WIDTH), np.nan, np.float32)


def points_of(measures: Floats) -> Floats:
    """Return where feet were and how tall the person stood there: (N, `POINTS`, 3)."""
    return measures[:, : POINTS * len(POINT_FIELDS)].reshape(-1, POINTS, len(POINT_FIELDS))


def head_shares(measures: Floats) -> tuple[Floats, Floats]:
    """Return the heads' share of the body's height (N,), and its standard error (N,)."""
    first = FIELDS.index("head_share")
    return measures[:, first], measures[:, first + 1]

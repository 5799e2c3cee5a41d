"""How head regions are painted over: plain arrays in, plain arrays out.

The paint is computed from pixels outside *all* regions and its shape from the regions alone, so
that nothing inside them can be read off the result. Knows neither frames nor who may see them:
`reid.core.pixels` does.
"""

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, clip

PixelBox = tuple[int, int, int, int]
"""x0, y0, x1, y1 in whole pixels, the lower right corner exclusive."""

Mask = NDArray[np.bool_]

REDACTION: Final = "surroundings-2"
"""Names how heads are painted; changes whenever the painting does."""

_GREY: Final = 127
_CONTEXT: Final = 0.6  # of the box's sides: how far around a head its replacement is taken from
_MIN_CONTEXT: Final = 4  # px
_GRID: Final = 24  # cells a side: the replacement is computed this coarsely, hence soft
_SAMPLES: Final = 4  # a cell's side, pixels looked at: of large surroundings only every n-th counts
_SPREAD: Final = 5.0  # cells: standard deviation of the blur of the surroundings


def paint_over(pixels: NDArray[np.uint8], hidden: Mask, boxes: list[PixelBox]) -> NDArray[np.uint8]:
    """Return a copy of `pixels` (H, W, 3) in which `boxes` show a soft blur of what is around.

    Boxes that touch are painted as one: a head that is remembered from frame to frame is a dozen.

    Args:
        pixels: uint8, shape (H, W, 3).
        hidden: bool, shape (H, W), True inside the boxes: what the paint must not depend on.
        boxes: whole pixels inside the image, as `outermost` gives them.
    """
    painted = pixels.copy()
    for (x0, y0, x1, y1), inside in _groups(boxes):
        paint = _surroundings(pixels, hidden, (x0, y0, x1, y1))
        np.copyto(painted[y0:y1, x0:x1], paint, where=inside[..., None])
    return painted


def mask_of(boxes: list[PixelBox], width: int, height: int) -> Mask:
    """Return which pixels of an image lie in a box: bool, shape (height, width)."""
    hidden = np.zeros((height, width), np.bool_)
    for x0, y0, x1, y1 in boxes:
        hidden[y0:y1, x0:x1] = True
    return hidden


def snap(boxes: Boxes, width: int, height: int) -> list[PixelBox]:
    """Round boxes (M, 4) outwards to whole pixels and cut them at the image's borders."""
    within = clip(boxes, width, height)
    whole = np.concatenate([np.floor(within[:, :2]), np.ceil(within[:, 2:])], axis=1)
    return [(x0, y0, x1, y1) for x0, y0, x1, y1 in whole.astype(int).tolist()]


def outermost(boxes: list[PixelBox]) -> list[PixelBox]:
    """Leave out boxes without area and boxes that lie inside another one."""
    large = sorted({b for b in boxes if b[2] > b[0] and b[3] > b[1]}, key=_area, reverse=True)
    kept: list[PixelBox] = []
    for box in large:
        if not any(_inside(box, other) for other in kept):
            kept.append(box)
    return kept


def _area(box: PixelBox) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _inside(box: PixelBox, other: PixelBox) -> bool:
    return box[0] >= other[0] and box[1] >= other[1] and box[2] <= other[2] and box[3] <= other[3]


def _groups(boxes: list[PixelBox]) -> Iterator[tuple[PixelBox, Mask]]:
    """Yield the bounding box of boxes that touch each other, and which of its pixels are theirs."""
    touching = _touching(np.array(boxes, np.int64).reshape(-1, 4))
    todo = set(range(len(boxes)))
    while todo:
        region: set[int] = set()
        edge = {min(todo)}
        while edge:
            region |= edge
            edge = set(np.flatnonzero(touching[list(edge)].any(axis=0)).tolist()) - region
        todo -= region
        yield _union([boxes[i] for i in sorted(region)])


def _union(boxes: list[PixelBox]) -> tuple[PixelBox, Mask]:
    """Return the bounding box of some boxes, and which of its pixels are in one of them."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    inside = np.zeros((bottom - top, right - left), np.bool_)
    for x0, y0, x1, y1 in boxes:
        inside[y0 - top : y1 - top, x0 - left : x1 - left] = True
    return (left, top, right, bottom), inside


def _touching(boxes: NDArray[np.int64]) -> Mask:
    """Return which boxes (M, 4) overlap or share a piece of an edge; shape (M, M)."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    shared = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - low
    return np.asarray((shared >= 0).all(axis=2) & (shared > 0).any(axis=2), np.bool_)


def _surroundings(pixels: NDArray[np.uint8], hidden: Mask, box: PixelBox) -> NDArray[np.uint8]:
    """Return the paint for `box`: the normalised blur of the pixels around that are not hidden.

    Normalised convolution (Knutsson & Westin 1993): blur colour × certainty and certainty alone
    with the same kernel and divide; here certainty is 0 inside head boxes and 1 outside.
    """
    x0, y0, x1, y1 = box
    height, width = hidden.shape
    margin_x = max(_MIN_CONTEXT, int((x1 - x0) * _CONTEXT))
    margin_y = max(_MIN_CONTEXT, int((y1 - y0) * _CONTEXT))
    left, top = max(0, x0 - margin_x), max(0, y0 - margin_y)
    right, bottom = min(width, x1 + margin_x), min(height, y1 + margin_y)
    if hidden[top:bottom, left:right].all():  # crowded: take the whole frame as context
        left, top, right, bottom = 0, 0, width, height
    step = max(1, min(right - left, bottom - top) // (_SAMPLES * _GRID))
    sampled = np.s_[top:bottom:step, left:right:step]
    certainty = (~hidden[sampled]).astype(np.float32)
    if not certainty.any():
        return np.full((y1 - y0, x1 - x0, 3), _GREY, np.uint8)
    colour = np.multiply(pixels[sampled], certainty[..., None], dtype=np.float32)
    grid = (min(_GRID, certainty.shape[1]), min(_GRID, certainty.shape[0]))
    weight = _blur(_resize(certainty, grid))
    mixed = np.divide(_blur(_resize(colour, grid)), np.maximum(weight, 1e-12)[..., None])
    paint = _resize(np.asarray(mixed, np.float32), (right - left, bottom - top))
    inside = paint[y0 - top : y1 - top, x0 - left : x1 - left]
    return np.clip(np.rint(inside), 0, 255).astype(np.uint8)


def _resize(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    shrinks = size[0] <= image.shape[1] and size[1] <= image.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how), np.float32)


def _blur(image: NDArray[np.float32]) -> NDArray[np.float32]:
    zero_outside = cv2.BORDER_CONSTANT
    blurred = cv2.GaussianBlur(image, (0, 0), sigmaX=_SPREAD, borderType=zero_outside)
    return np.asarray(blurred, np.float32)

"""Pictures turned by any angle, and boxes in them brought back."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, as_boxes

_DIAGONAL: Final = 1.15  # a square turned by an eighth covers more than its upright sides


def turned_image(picture: NDArray[np.uint8], degrees: int) -> NDArray[np.uint8]:
    """Turn a picture counter-clockwise; by other than quarters its border is repeated around."""
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(picture, degrees // 90))
    matrix, size = rotation(degrees, picture.shape[1], picture.shape[0])
    turned = cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def rotation(degrees: int, width: int, height: int) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return the affine map (2, 3) that turns a picture about its centre, and the size it takes."""
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (round(height * sin + width * cos), round(height * cos + width * sin))
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return np.asarray(matrix, np.float64), size


def unturned_boxes(boxes: Boxes, degrees: int, width: int, height: int) -> Boxes:
    """Map boxes (N, 4) of a turned picture back to it; `width` and `height` are its own, px."""
    if not len(boxes) or degrees % 360 == 0:
        return boxes
    matrix, _ = rotation(degrees, width, height)
    back = cv2.invertAffineTransform(matrix)
    centres = np.column_stack([(boxes[:, :2] + boxes[:, 2:]) / 2, np.ones(len(boxes))]) @ back.T
    halves = (boxes[:, 2:] - boxes[:, :2]) / 2
    if degrees % 180 == 90:
        halves = halves[:, ::-1]
    elif degrees % 90:
        halves = np.repeat(halves.max(axis=1, keepdims=True), 2, axis=1) * _DIAGONAL
    return as_boxes(np.concatenate([centres - halves, centres + halves], axis=1))

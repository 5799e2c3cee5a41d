"""Radial lens distortion, the same for pictures, label maps and points.

The model is Brown's (1966) with two radial terms, r in half diagonals of the frame, followed by a
zoom that keeps the corners in place, so that no pixel of the distorted frame lacks a source:

    distorted = centre + (ideal − centre) · (1 + k1·r² + k2·r⁴) / (1 + k1 + k2)
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_NEWTON_STEPS = 4


def distort_points(points: Floats, k1: float, k2: float, width: int, height: int) -> Floats:
    """Move ideal pixel positions, float32 (N, 2), to where the lens puts them."""
    centre, radius = _frame(width, height)
    offset = (np.asarray(points, np.float64) - centre) / radius
    squared = (offset**2).sum(axis=-1, keepdims=True)
    factor = (1 + k1 * squared + k2 * squared**2) / (1 + k1 + k2)
    return np.asarray(centre + offset * factor * radius, np.float32)


def undistort_points(points: Floats, k1: float, k2: float, width: int, height: int) -> Floats:
    """Move distorted pixel positions, float32 (N, 2), back to the ideal picture."""
    centre, radius = _frame(width, height)
    target = (np.asarray(points, np.float64) - centre) / radius
    length = np.linalg.norm(target, axis=-1, keepdims=True) * (1 + k1 + k2)
    r = length.copy()
    for _ in range(_NEWTON_STEPS):
        value = r * (1 + k1 * r**2 + k2 * r**4) - length
        r -= value / np.maximum(1 + 3 * k1 * r**2 + 5 * k2 * r**4, 0.05)
    scale = r / np.maximum(length / (1 + k1 + k2), 1e-9)
    return np.asarray(centre + target * scale * radius, np.float32)


def distort_image(image: NDArray[np.uint8], k1: float, k2: float) -> NDArray[np.uint8]:
    """Distort a picture, uint8 (H, W, 3), smoothly."""
    if abs(k1) + abs(k2) < 1e-4:
        return image
    maps = _maps(round(k1, 4), round(k2, 4), image.shape[1], image.shape[0])
    warped = cv2.remap(image, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def distort_labels(labels: NDArray[np.int16], k1: float, k2: float) -> NDArray[np.int16]:
    """Distort a map of integers, int16 or uint8 (H, W), taking the nearest label."""
    if abs(k1) + abs(k2) < 1e-4:
        return labels
    maps = _maps(round(k1, 4), round(k2, 4), labels.shape[1], labels.shape[0])
    return cv2.remap(labels, *maps, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[return-value]


def distort_boxes(boxes: Floats, k1: float, k2: float, width: int, height: int) -> Floats:
    """Return the boxes, float32 (N, 4), around the distorted borders of `boxes`."""
    if len(boxes) == 0:
        return boxes
    steps = np.linspace(0, 1, 5, dtype=np.float32)
    x1, y1, x2, y2 = (boxes[:, i, None] for i in range(4))
    xs, ys = x1 + (x2 - x1) * steps, y1 + (y2 - y1) * steps
    border_x = np.concatenate([xs, xs, x1 + 0 * steps, x2 + 0 * steps], axis=1)
    border_y = np.concatenate([y1 + 0 * steps, y2 + 0 * steps, ys, ys], axis=1)
    points = np.stack([border_x, border_y], axis=-1).reshape(-1, 2)
    moved = distort_points(points, k1, k2, width, height).reshape(len(boxes), -1, 2)
    return np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1).astype(np.float32)


def _frame(width: int, height: int) -> tuple[NDArray[np.float64], float]:
    return np.array([(width - 1) / 2, (height - 1) / 2]), float(np.hypot(width, height) / 2)


@lru_cache(maxsize=16)
def _maps(k1: float, k2: float, width: int, height: int) -> tuple[Floats, Floats]:
    """For every distorted pixel, the ideal position it shows: two float32 (H, W)."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    grid = np.stack([x, y], axis=-1).reshape(-1, 2)
    source = undistort_points(grid, k1, k2, width, height).reshape(height, width, 2)
    return np.ascontiguousarray(source[..., 0]), np.ascontiguousarray(source[..., 1])

"""Gaussian blur and mosaic: ways of hiding faces that can be undone; only here, to be attacked."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, Tracks, as_boxes, clip
from reid.core.pixels import HeadRegions, Image, Profile
from reid.detect.head_regions import FrameDetections, HeadCandidates, regions_to_redact
from reid.lab.research_image import ResearchImage

Hide = Callable[[Image, Boxes], Image]
"""Raw pixels uint8 RGB (H, W, 3) and a head as found (4,) → pixels with the head hidden."""


def as_shipped(profile: Profile) -> Hide:
    """Return the product's own redaction: the head found, padded, and the top of the person."""

    def hide(pixels: Image, head: Boxes) -> Image:
        return ResearchImage(pixels).redacted(region(pixels, head, profile)).pixels

    return hide


def not_found(pixels: Image, head: Boxes) -> Image:
    """Hide as the product does when no head was found: the top of the person goes."""
    del head
    image = ResearchImage(pixels)
    seen = FrameDetections(image.frame().ref, _person(pixels), HeadCandidates.upright(as_boxes([])))
    return image.redacted(regions_to_redact([seen], 0, "head")).pixels


def gaussian(sigma: float) -> Hide:
    """Return a Gaussian blur of the whole head box; `sigma` is a share of its height."""

    def hide(pixels: Image, head: Boxes) -> Image:
        blurred = np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma * _height(head)), np.uint8)
        return _inside(pixels, blurred, head)

    return hide


def mosaic(cells: int) -> Hide:
    """Return a mosaic of `cells` squares down the head box."""

    def hide(pixels: Image, head: Boxes) -> Image:
        height, width = pixels.shape[:2]
        side = max(1.0, _height(head) / cells)
        small = (max(1, round(width / side)), max(1, round(height / side)))
        coarse = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
        blocks = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
        return _inside(pixels, np.asarray(blocks, np.uint8), head)

    return hide


def nothing(pixels: Image, head: Boxes) -> Image:
    """Hide nothing: the control that shows how well faces can be told apart."""
    del head
    return pixels


METHODS: Final[dict[str, Hide]] = {
    "nothing": nothing,
    "gaussian blur": gaussian(0.10),
    "heavy gaussian blur": gaussian(0.20),
    "mosaic": mosaic(6),
    "as shipped, head": as_shipped("head"),
    "as shipped, face": as_shipped("face"),
    "as shipped, head not found": not_found,
}
"""What is attacked. Blurs and mosaic are as strong as usual: σ a tenth or fifth of the head's
height, six cells down."""


def region(pixels: Image, head: Boxes, profile: Profile) -> HeadRegions:
    """Return what goes when one person fills the image and `head` (4,) was found."""
    found = HeadCandidates.upright(as_boxes([head]))
    seen = FrameDetections(ResearchImage(pixels).frame().ref, _person(pixels), found)
    return regions_to_redact([seen], 0, profile)


def _person(pixels: Image) -> Tracks:
    height, width = pixels.shape[:2]
    whole = as_boxes([[0, 0, width, height]])
    return Tracks(whole, np.ones(1, np.float32), np.zeros(1, np.int64))


def _height(head: Boxes) -> float:
    return float(head[3] - head[1])


def _inside(pixels: Image, hidden: Image, head: Boxes) -> Image:
    """Take `hidden` inside the padded head box of the product, `pixels` elsewhere."""
    boxes: NDArray[np.float32] = region(pixels, head, "head").boxes[:1]
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = np.rint(clip(boxes, width, height)[0]).astype(int)
    result = pixels.copy()
    result[y0:y1, x0:x1] = hidden[y0:y1, x0:x1]
    return result

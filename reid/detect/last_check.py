"""The last check before pixels are kept: a second network looks for faces in what was redacted.

What it finds is painted over as well, and counted. It never sees a raw pixel.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

from reid.core.boxes import Boxes
from reid.core.pixels import HeadRegions, RedactedCrop, RedactedFrame, redact_again
from reid.detect.faces import (
    EVERY_QUARTER,
    FaceFinder,
    View,
    face_finder,
    last_views,
    still_views,
)
from reid.detect.head_regions import regions_left

Kept = TypeVar("Kept", RedactedFrame, RedactedCrop)

_CROP_SIDE: Final = 384
"""Px of a crop's longer side: people cut out of a frame are looked at enlarged."""
_MOST_ENLARGED: Final = 4.0


class LastCheck:
    """Looks for faces in redacted pixels.

    Attributes:
        painted: how many faces were found and painted over so far.
    """

    def __init__(self, finder: FaceFinder | None = None) -> None:
        self._finder = finder or face_finder()
        self.painted = 0

    def crop(self, crop: RedactedCrop) -> RedactedCrop:
        """Return a crop without the faces that are left in it, looked at in four directions."""
        side = min(_CROP_SIDE, round(_MOST_ENLARGED * max(crop.width, crop.height)))
        return self._checked(crop, [View(side, angle) for angle in EVERY_QUARTER])

    def still(self, frame: RedactedFrame) -> RedactedFrame:
        """Return a still without the faces that are left in it, looked at in every direction."""
        return self._checked(frame, still_views(frame.width, frame.height))

    def frame(self, frame: RedactedFrame) -> RedactedFrame:
        """Return a video's frame without the faces that are left in it."""
        return self._checked(frame, last_views(frame.index))

    def _checked(self, image: Kept, views: Sequence[View]) -> Kept:
        left: Boxes = self._finder.find(image.pixels, views).heads
        if not len(left):
            return image
        self.painted += len(left)
        regions: HeadRegions = regions_left(image.ref, left)
        return redact_again(image, regions)

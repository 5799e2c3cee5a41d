"""The last check before pixels are kept: a second network looks for faces in what was redacted.

What it finds is painted over as well, and counted. It never sees a raw pixel.
"""

from collections.abc import Sequence
from typing import TypeVar

from reid.core.pixels import RedactedCrop, RedactedFrame, redact_again
from reid.detect.faces import (
    FaceFinder,
    View,
    crop_views,
    face_finder,
    last_views,
    still_views,
)
from reid.detect.head_regions import regions_left

Kept = TypeVar("Kept", RedactedFrame, RedactedCrop)


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
        return self._checked(crop, crop_views(crop.width, crop.height))

    def still(self, frame: RedactedFrame) -> RedactedFrame:
        """Return a still without the faces that are left in it, looked at in every direction."""
        return self._checked(frame, still_views(frame.width, frame.height))

    def frame(self, frame: RedactedFrame) -> RedactedFrame:
        """Return a video's frame without the faces that are left in it."""
        return self._checked(frame, last_views(frame.index))

    def _checked(self, image: Kept, views: Sequence[View]) -> Kept:
        left = self._finder.find(image.pixels, views).heads
        if not len(left):
            return image
        self.painted += len(left)
        return redact_again(image, regions_left(image.ref, left))

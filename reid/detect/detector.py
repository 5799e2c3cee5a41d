"""What a detector is: a frame in, people and head candidates out."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from reid.core.pixels import RawFrame
from reid.detect.detections import Detections
from reid.detect.test_time_augmentation import NO_AUGMENTATION, Augmentation
from reid.detect.thresholds import Thresholds


class Detector(Protocol):
    """Finds people, and heads where it knows them.

    An implementation is one file beside this one: it inherits from this class, writes `detect` and
    sets `path`; the rest it may leave as it is. `reid.loading.load_detector` builds it.

    Attributes:
        path: where its weights lie; messages name it.
        thresholds: from which scores its detections count.
        fixed: it takes pictures of one size only, and no test-time augmentation.
    """

    path: Path
    thresholds: Thresholds = Thresholds()
    fixed: bool = True

    @property
    def knows_people(self) -> bool:
        """Whether it finds persons; one that does not may still help to find heads."""
        return True

    @property
    def knows_heads(self) -> bool:
        """Whether it gives head candidates; where nothing does, the tops of people are redacted."""
        return False

    @abstractmethod
    def detect(
        self, raw: RawFrame, augmentations: Sequence[Augmentation] = NO_AUGMENTATION
    ) -> Detections:
        """Find people and head candidates in a frame, from `thresholds.redaction` on.

        Boxes are xyxy px of the frame. The raw pixels, `raw.expose_unredacted()`, must not be kept.
        """
        ...

    def detect_in_crop(self, raw: RawFrame) -> Detections:
        """Find heads in an image that is one person, and the person where they stand in it."""
        return self.detect(raw)

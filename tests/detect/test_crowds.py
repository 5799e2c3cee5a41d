"""Crowds: nobody is left out because there are many, and a picture of one says so."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.anonymise import redact_path
from reid.capture.images import read_image
from reid.core.boxes import as_boxes
from reid.core.pixels import RawFrame
from reid.detect.detections import Detections
from reid.detect.detector import Detector
from reid.detect.head_regions import FrameDetections, regions_to_redact
from reid.detect.test_time_augmentation import (
    NO_AUGMENTATION,
    SMALLEST_SHOWN,
    STILL_AUGMENTATIONS,
    Augmentation,
    shares_shown,
)
from reid.detect.tracker import CROWD, CROWD_IN_STILL, CROWD_IN_VIDEO, Tracker
from reid.detect.yolo import YoloDetector, bundled_photos
from reid.lab.research_image import ResearchImage
from reid.weights import registry

HIDDEN = (50.0, 60.0, 56.0, 68.0)


class _Stand(Detector):
    """Finds rows of small people, none with a head, and one more head in tiles alone."""

    fixed = False

    def __init__(self, count: int) -> None:
        self.path = Path("stand")
        self._people = as_boxes([[x * 12, 100, x * 12 + 10, 130] for x in range(count)])
        self.asked: list[Augmentation] = []

    @property
    def knows_heads(self) -> bool:
        return True

    def detect(
        self, raw: RawFrame, augmentations: Sequence[Augmentation] = NO_AUGMENTATION
    ) -> Detections:
        self.asked += augmentations
        heads = [HIDDEN] if augmentations[0].tile else []
        weak = np.full(len(self._people), 0.01, np.float32)
        return Detections(self._people, weak, as_boxes(heads), np.full(len(heads), 0.2, np.float32))


def painted(tracker: Tracker, raw: RawFrame) -> np.ndarray:
    regions = regions_to_redact([FrameDetections(raw.ref, *tracker.track(raw))], 0)
    return regions.boxes


def test_more_people_are_found_than_the_library_keeps_unless_told() -> None:
    (photo,) = (path for path in bundled_photos() if path.stem == "bus")
    person = cv2.resize(read_image(photo)[390:910, 40:250], (29, 72), interpolation=cv2.INTER_AREA)
    stand = ResearchImage(np.tile(person, (12, 30, 1))).frame()
    seen = YoloDetector(registry.find_detector(None)).detect(stand, (Augmentation(870),))
    assert len(seen.people) + len(seen.heads) > 330


def test_weak_people_of_a_crowd_lose_their_tops(raw) -> None:
    for count, goes in ((CROWD - 1, False), (CROWD, True)):
        tracker = Tracker(_Stand(count))
        tracker.start_still()
        boxes = painted(tracker, raw(width=640, height=200))
        assert bool(((boxes[:, 0] <= 4) & (boxes[:, 1] <= 101)).any()) == goes
        assert tracker.crowds == goes


def test_heads_of_a_crowd_are_sought_in_enlarged_tiles(raw) -> None:
    detector = _Stand(CROWD)
    tracker = Tracker(detector)
    tracker.start_still()
    boxes = painted(tracker, raw(width=640, height=200))
    assert CROWD_IN_STILL in detector.asked
    assert ((boxes[:, 0] <= HIDDEN[0]) & (boxes[:, 2] >= HIDDEN[2])).any()
    tracker.start(10, careful=True)
    tracker.track(raw(width=640, height=200))
    assert detector.asked[-1] == CROWD_IN_VIDEO


def test_a_live_video_is_not_searched_in_tiles(raw) -> None:
    detector = _Stand(CROWD)
    Tracker(detector).track(raw(width=640, height=200))
    assert detector.asked == list(NO_AUGMENTATION)


def test_a_copy_says_that_it_shows_a_crowd(tmp_path: Path, raw, monkeypatch) -> None:
    shown = ResearchImage(np.full((200, 640, 3), 90, np.uint8))
    cv2.imwrite(str(tmp_path / "a.png"), shown.pixels)
    report = redact_path(tmp_path / "a.png", tmp_path / "b.png", Tracker(_Stand(CROWD)))
    assert any(line.startswith("a.png: 1 picture shows a crowd") for line in report.problems)
    report = redact_path(tmp_path / "a.png", tmp_path / "c.png", Tracker(_Stand(3)))
    assert not any("crowd" in line for line in report.problems)


def test_people_too_small_for_some_augmentations_are_held_to_less() -> None:
    tall = np.array([400, 30, 4], np.float32)
    shares = shares_shown(STILL_AUGMENTATIONS, tall, 1280.0)
    assert shares[0] == 1
    assert shares[1] == pytest.approx(
        np.mean([30 * a.side / 1280 >= SMALLEST_SHOWN for a in STILL_AUGMENTATIONS if a.side])
    )
    assert shares[2] == pytest.approx(1 / len(STILL_AUGMENTATIONS)), "never of nothing"

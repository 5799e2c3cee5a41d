"""Where the heads of people are who lie, hang or lean: at the top of the copy that shows them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid.core.boxes import Boxes, as_boxes, empty_boxes, intersections
from reid.core.pixels import RawFrame
from reid.core.turning import rotation, unturned_boxes
from reid.detect.detections import Detections
from reid.detect.detector import Detector
from reid.detect.orientation import quarters_upright
from reid.detect.test_time_augmentation import NO_AUGMENTATION, QUARTERS, Augmentation
from reid.detect.tracker import Tracker
from reid.detect.turned_copies import head_ends
from tests.making import NOON

SIZE = (200, 100)
LYING = [20, 50, 140, 90]  # px: 120 long, 40 wide


def seen(*people: list[float], score: float = 0.9) -> Detections:
    scores = np.full(len(people), score, np.float32)
    return Detections(as_boxes(people), scores, empty_boxes(), np.zeros(0, np.float32))


NOBODY = seen()


def in_turn(turn: int, found: Detections, upright: Detections = NOBODY) -> list[Detections]:
    return [upright, *(found if quarters == turn else NOBODY for quarters in (1, 2, 3))]


class _Lying(Detector):
    """Sees somebody in copies turned by one quarter alone, and notes what it was shown."""

    fixed = False

    def __init__(self) -> None:
        self.path = Path("lying")
        self.shown: list[Augmentation] = []

    @property
    def knows_heads(self) -> bool:
        return True

    def detect(
        self, raw: RawFrame, augmentations: Sequence[Augmentation] = NO_AUGMENTATION
    ) -> Detections:
        self.shown += augmentations
        lies = (raw.width, raw.height) == SIZE and augmentations == (QUARTERS[1],)
        return seen(LYING) if lies else NOBODY


@pytest.fixture
def still() -> RawFrame:
    return RawFrame(np.zeros((SIZE[1], SIZE[0], 3), np.uint8), "gate", 0, NOON)


@pytest.mark.parametrize(
    ("turn", "end"),
    [(1, [104, 50, 140, 90]), (3, [20, 50, 56, 90]), (2, [20, 70, 140, 90])],
    ids=["head at the right", "head at the left", "upside down"],
)
def test_the_head_end_is_the_top_of_the_copy(turn: int, end: list[float]) -> None:
    """Counter-clockwise by a quarter the right side comes up; of 120 px 36 go, of 40 at most 20."""
    found = head_ends(in_turn(turn, seen(LYING)), SIZE)
    assert np.allclose(found, [end])


@pytest.mark.parametrize(("score", "count"), [(0.2, 1), (0.7, 1), (0.8, 0), (0.95, 0)])
def test_who_is_as_sure_in_the_picture_as_it_is_stands(score: float, count: int) -> None:
    upright = seen([25, 45, 130, 95], score=score)
    assert len(head_ends(in_turn(1, seen(LYING), upright), SIZE)) == count


def test_somebody_else_standing_by_changes_nothing() -> None:
    upright = seen([150, 5, 190, 99], [16, 5, 30, 60])
    assert len(head_ends(in_turn(1, seen(LYING), upright), SIZE)) == 1


@pytest.mark.parametrize(
    ("score", "upright", "count"), [(0.25, 0.1, 0), (0.35, 0.1, 1), (0.6, 0.0, 0), (0.75, 0.0, 1)]
)
def test_what_is_hardly_anybody_is_left(score: float, upright: float, count: int) -> None:
    """Where the picture as it is shows nobody at all, a copy must be surer."""
    before = seen(LYING, score=upright) if upright else NOBODY
    assert len(head_ends(in_turn(1, seen(LYING, score=score), before), SIZE)) == count


def test_where_a_copy_shows_the_head_it_is_not_sought_at_the_end() -> None:
    found = replace(
        seen(LYING), heads=as_boxes([[118, 60, 138, 80]]), head_scores=np.array([0.8], np.float32)
    )
    assert not len(head_ends(in_turn(1, found), SIZE))


def test_a_still_shows_them_to_redaction(still: RawFrame) -> None:
    tracker = Tracker(_Lying())
    tracker.start_still()
    heads = tracker.track(still).heads
    assert np.allclose(heads.boxes, [[104, 50, 140, 90]])
    assert heads.whole.all()
    assert not heads.sure.any(), "where the head is nobody knows so far"


def test_the_turns_that_say_which_way_is_up_are_not_looked_at_again(still: RawFrame) -> None:
    detector = _Lying()
    tracker = Tracker(detector)
    quarters_upright([still], tracker)
    assert detector.shown == [*QUARTERS]
    tracker.start_still()
    tracker.track(still)
    assert detector.shown.count(QUARTERS[1]) == 2, "as it is, and tilted"
    another = RawFrame(still.expose_unredacted(), "gate", 0, NOON)
    tracker.track(another)
    assert detector.shown.count(QUARTERS[1]) == 4, "of the same name, not the same"


def test_a_large_still_is_turned_in_tiles_too() -> None:
    detector = _Lying()
    large = RawFrame(np.zeros((900, 1600, 3), np.uint8), "gate", 0, NOON)
    tracker = Tracker(detector)
    tracker.start_still()
    tracker.track(large)
    assert {turn.quarters for turn in detector.shown if turn.tile and turn.side} == {0, 1, 2, 3}


@pytest.mark.parametrize("degrees", [45, 90, 135, 225, 300])
def test_a_tilted_frame_shows_boxes_where_they_are(degrees: int) -> None:
    pixels = np.zeros((80, 120, 3), np.uint8)
    pixels[20:30, 70:80] = 255
    tilted = RawFrame(pixels, "gate", 0, NOON).tilted(degrees)
    lit = np.argwhere(tilted.expose_unredacted()[..., 0] > 100)[:, ::-1]
    box = as_boxes([[*lit.min(axis=0), *(lit.max(axis=0) + 1)]])
    back: Boxes = unturned_boxes(box, degrees, 120, 80)
    assert intersections(back, as_boxes([[70, 20, 80, 30]]))[0, 0] > 95
    assert (tilted.width, tilted.height) == (
        rotation(degrees, 120, 80)[1] if degrees % 90 else (80, 120)
    )

"""A detector is one file: any class that says where people are does for the product."""

import ast
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid.core.boxes import UNTRACKED, as_boxes, empty_boxes
from reid.core.errors import ModelError
from reid.core.pixels import RawFrame
from reid.detect.detections import Detections
from reid.detect.detector import Detector
from reid.detect.test_time_augmentation import NO_AUGMENTATION, Augmentation
from reid.detect.tracker import Tracker
from reid.pipeline import Clock, redacted_frames
from tests.making import NOON

PACKAGE = Path(__file__).parents[2] / "reid"
PERSON = (20, 10, 60, 110)


class _OnePerson(Detector):
    """Finds the same person in every frame, and no head."""

    def __init__(self) -> None:
        self.path = Path("one-person")

    def detect(
        self, raw: RawFrame, augmentations: Sequence[Augmentation] = NO_AUGMENTATION
    ) -> Detections:
        scores = np.array([0.9], np.float32)
        return Detections(as_boxes([PERSON]), scores, empty_boxes(), np.zeros(0, np.float32))


class _NoPeople(_OnePerson):
    @property
    def knows_people(self) -> bool:
        return False


def test_a_detector_of_another_make_tracks_and_has_heads_redacted(raw) -> None:
    frames = [raw(width=120, height=120, index=i) for i in range(4)]
    done = list(redacted_frames(iter(frames), Tracker(_OnePerson()), "head", Clock()))
    assert len(done) == 4
    for frame, tracks in done:
        assert tracks.xyxy.tolist() == [list(map(float, PERSON))]
        (painted,) = frame.painted
        assert painted[1] <= PERSON[1] < painted[3] < PERSON[3], "the top of the person stays"
    assert len({int(tracks.track_id[0]) for _, tracks in done[1:]}) == 1


def test_it_finds_people_in_crops_and_stills_too(raw) -> None:
    tracker = Tracker(_OnePerson())
    assert not tracker.heads_of_crop(raw(width=120, height=120)).sure
    tracker.start_still()
    assert len(tracker.track(raw(width=120, height=120)).tracks.xyxy) == 1


def test_what_knows_no_people_is_refused_as_the_detector() -> None:
    with pytest.raises(ModelError, match="one-person does not know persons"):
        Tracker(_NoPeople())


def test_detectors_are_built_in_one_place() -> None:
    def calls(path: Path) -> set[str]:
        nodes = ast.walk(ast.parse(path.read_text()))
        return {
            n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }

    makes = {cls.__name__ for cls in Detector.__subclasses__() if cls.__module__.startswith("reid")}
    assert makes
    building = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if makes & calls(path)
    }
    assert building == {"loading.py"}


class _Nobody(_OnePerson):
    """Finds nobody."""

    def detect(self, raw, augmentations=NO_AUGMENTATION):
        nothing = np.zeros(0, np.float32)
        return Detections(empty_boxes(), nothing, empty_boxes(), nothing)


class _Walking(_OnePerson):
    """One person who walks `step` px to the right each frame."""

    def __init__(self, step: float) -> None:
        super().__init__()
        self.step = step

    def detect(self, raw, augmentations=NO_AUGMENTATION):
        moved = np.array([self.step, 0, self.step, 0], np.float32) * raw.index
        seen = super().detect(raw, augmentations)
        return replace(seen, people=seen.people + moved, heads=seen.heads + moved)


def _ids(frames: range, step: float, *, told: bool) -> list[int]:
    tracker, before, ids = Tracker(_Walking(step)), -1, []
    blank = np.zeros((100, 2000, 3), np.uint8)
    tracker.start(fps=25)
    for index in frames:
        if told and index - before > 1:
            tracker.skip(index - before - 1, calm=False)
        before = index
        ids += tracker.track(RawFrame(blank, "gate", index, NOON)).tracks.track_id.tolist()
    return ids


def test_who_walks_on_in_frames_that_are_left_out_is_the_same_person_after_them() -> None:
    """Ten frames are watched, then every twelfth: only who is expected further on is met there."""
    often = [*range(10), *range(22, 94, 12)]
    assert set(_ids(often, 6.0, told=True)) == {1}
    assert _ids(often, 6.0, told=False)[-1] == UNTRACKED


def test_lost_people_are_waited_for_by_the_clock_whatever_was_left_out() -> None:
    tracker = Tracker(_Walking(0))
    tracker.start(fps=25)
    blank = np.zeros((100, 2000, 3), np.uint8)
    for index in range(5):
        tracker.track(RawFrame(blank, "gate", index, NOON))
    tracker._detector = _Nobody()
    tracker.track(RawFrame(blank, "gate", 5, NOON))
    tracker.skip(200, calm=True)
    tracker.track(RawFrame(blank, "gate", 206, NOON))
    assert not tracker._tracker.lost_stracks, "eight seconds later they are somebody new"

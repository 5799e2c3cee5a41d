"""A detector is one file: any class that says where people are does for the product."""

import ast
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from reid.core.boxes import as_boxes, empty_boxes
from reid.core.errors import ModelError
from reid.core.pixels import RawFrame
from reid.detect.detections import Detections
from reid.detect.detector import Detector
from reid.detect.test_time_augmentation import NO_AUGMENTATION, Augmentation
from reid.detect.tracker import Tracker
from reid.pipeline import Clock, redacted_frames

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

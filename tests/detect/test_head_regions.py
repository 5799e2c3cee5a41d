"""Which boxes are redacted: found heads, tops of people, memory over time."""

from dataclasses import replace

import numpy as np
import pytest

from reid.core.boxes import UNTRACKED, Boxes, Tracks, as_boxes, empty_boxes
from reid.core.pixels import FrameKey, FrameRef
from reid.detect.detections import heads_of_poses
from reid.detect.head_regions import (
    LOOK_AROUND,
    TOP_OF_CROP,
    TOP_WITH_HEAD,
    TOP_WITHOUT_HEAD,
    FrameDetections,
    HeadCandidates,
    crop_regions_to_redact,
    regions_to_redact,
)
from tests.making import NOON


def image(width: int, height: int, index: int = 0) -> FrameRef:
    return FrameRef(FrameKey("gate", index, NOON), width, height)


def head_boxes(frames, now, profile="head") -> Boxes:
    return regions_to_redact(frames, now, profile).boxes


def crop_head_boxes(width, height, candidates, **found) -> Boxes:
    return crop_regions_to_redact(image(width, height), candidates, **found).boxes


def seen(people, heads=(), ids=None, index=0, score=1.0) -> FrameDetections:
    boxes = as_boxes(people)
    ids = list(range(1, len(boxes) + 1)) if ids is None else ids
    tracks = Tracks(boxes, np.full(len(boxes), score, np.float32), np.array(ids, np.int64))
    return FrameDetections(image(400, 300, index), tracks, HeadCandidates.upright(as_boxes(heads)))


def covers(boxes, point) -> bool:
    x, y = point
    return any(b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in boxes)


PERSON = [100, 50, 160, 250]  # 60 × 200
HEAD = [120, 52, 140, 80]


def test_without_a_head_a_larger_top_goes() -> None:
    boxes = head_boxes([seen([PERSON])], 0)
    assert boxes.tolist() == [[100, 50, 160, 50 + 200 * TOP_WITHOUT_HEAD]]


def test_of_somebody_seated_the_top_grows_with_the_width() -> None:
    boxes = head_boxes([seen([[0, 0, 80, 100]])], 0)
    assert boxes[0].tolist() == [0, 0, 80, 40]
    boxes = head_boxes([seen([[0, 0, 80, 96]])], 0)
    assert boxes[0].tolist() == [0, 0, 80, 40]


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ([0, 0, 300, 100], "lies: no side is the top"),
        ([0, 0, 100, 110], "bends, or is cut off"),
        ([20, 0, 380, 300], "fills the picture"),
    ],
)
def test_of_somebody_who_does_not_stand_all_goes_without_a_head(
    person: list[int], why: str
) -> None:
    assert head_boxes([seen([person])], 0)[0].tolist() == person, why


def test_of_somebody_who_lies_the_clothes_stay_where_the_head_is_found() -> None:
    boxes = head_boxes([seen([[0, 0, 300, 100]], [[240, 20, 300, 80]])], 0)
    assert not covers(boxes, (100, 60))
    assert covers(boxes, (270, 50))


def test_a_weak_box_that_does_not_stand_loses_its_top_alone() -> None:
    boxes = head_boxes([seen([[0, 0, 300, 100]], score=0.05)], 0)
    assert boxes[0].tolist() == [0, 0, 300, 50]


def test_a_doubtful_head_is_painted_and_its_person_still_fails_closed() -> None:
    frame = seen([PERSON], [HEAD])
    doubtful = HeadCandidates.upright(frame.candidates.boxes, np.zeros(1, np.bool_))
    boxes = head_boxes([replace(frame, candidates=doubtful)], 0)
    assert covers(boxes, (140, 80))
    assert [100, 50, 160, 50 + 200 * TOP_WITHOUT_HEAD] in boxes.tolist()


def test_what_is_whole_is_painted_as_it_is() -> None:
    found = HeadCandidates.upright(empty_boxes()).with_whole(as_boxes([HEAD]), np.ones(1, np.bool_))
    assert found.regions("head").tolist() == found.regions("face").tolist() == [HEAD]


def test_people_of_other_models_fail_closed_from_the_score_that_counts() -> None:
    strong, weak = [200, 0, 240, 100], [300, 0, 340, 100]
    others = Tracks(
        as_boxes([strong, weak]), np.array([0.5, 0.1], np.float32), np.full(2, UNTRACKED)
    )
    boxes = head_boxes([replace(seen([]), others=others, closed_from=0.2)], 0)
    assert covers(boxes, (220, 10))
    assert not covers(boxes, (320, 10))


def test_with_a_head_its_box_and_a_smaller_top_go() -> None:
    boxes = head_boxes([seen([PERSON], [HEAD])], 0)
    assert [100, 50, 160, 50 + 200 * TOP_WITH_HEAD] in boxes.tolist()
    assert covers(boxes, (120, 52))
    assert covers(boxes, (140, 80))
    assert boxes[:, 3].max() < 50 + 200 * TOP_WITHOUT_HEAD


def test_the_profile_face_keeps_the_crown() -> None:
    boxes = head_boxes([seen([PERSON], [HEAD])], 0, "face")
    assert not covers(boxes, (130, 54))
    assert covers(boxes, (130, 70))


def test_the_profile_face_still_fails_closed() -> None:
    assert covers(head_boxes([seen([PERSON])], 0, "face"), (130, 54))


BALLOON_AND_CHILD = [100, 50, 130, 200]  # 30 × 150
BALLOON = [105, 50, 125, 72]


@pytest.mark.parametrize("profile", ["head", "face"])
def test_a_balloon_above_a_child_is_not_believed_to_be_its_head(profile) -> None:
    boxes = head_boxes([seen([BALLOON_AND_CHILD], [BALLOON])], 0, profile)
    assert covers(boxes, (115, 50 + 150 * 0.55)), "the child's head is half-way down"
    assert not covers(boxes, (115, 50 + 150 * 0.65)), "what the child wears below stays"


def test_a_weak_detection_is_redacted_too() -> None:
    assert covers(head_boxes([seen([PERSON], ids=[UNTRACKED])], 0), (130, 60))


def test_a_head_seen_before_or_after_moves_with_its_person() -> None:
    moved = [200, 50, 260, 250]
    frames = [seen([PERSON], [HEAD]), seen([moved])]
    assert covers(head_boxes(frames, 1), (230, 90 - 8))
    assert covers(head_boxes(frames[::-1], 0), (230, 90 - 8))


def test_a_person_missed_in_one_frame_stays_covered() -> None:
    frames = [seen([PERSON]), seen([]), seen([PERSON])]
    assert covers(head_boxes(frames, 1), (130, 60))


def test_a_person_not_yet_found_is_covered_in_the_frames_before() -> None:
    frames = [seen([])] * LOOK_AROUND + [seen([PERSON])]
    assert covers(head_boxes(frames, 0), (130, 60))


def test_a_head_of_no_person_is_painted_in_its_frame_and_the_next_ones() -> None:
    frames = [seen([], [HEAD]), seen([]), seen([]), seen([])]
    assert [covers(head_boxes(frames, i), (130, 60)) for i in range(4)] == [True, True, True, False]


def test_regions_belong_to_the_frame_in_question_and_keep_their_profile() -> None:
    frames = [seen([PERSON], index=i) for i in range(3)]
    regions = regions_to_redact(frames, 1, "face")
    assert (regions.frame.key.index, regions.profile) == (1, "face")
    crop = crop_regions_to_redact(image(50, 100, 7), empty_boxes(), sure=False, profile="face")
    assert (crop.frame.key.index, crop.profile) == (7, "face")


def test_nobody_nothing() -> None:
    assert head_boxes([seen([])], 0).shape == (0, 4)


def test_a_person_crop_loses_its_top_and_every_head_in_it() -> None:
    top, head = crop_head_boxes(50, 100, as_boxes([[20, 10, 30, 30]]), sure=True).tolist()
    assert top == [0, 0, 50, 100 * TOP_OF_CROP]
    assert head == pytest.approx([18.8, 7.6, 31.2, 35.0])


@pytest.mark.parametrize(
    ("width", "height", "depth"),
    [(40, 100, 30), (80, 100, 40), (100, 100, 50), (104, 100, 100), (20, 100, 60)],
    ids=["whole person", "seated or a child", "square", "may be a head", "balloon above"],
)
def test_a_crop_whose_head_is_not_found_loses_more(width: int, height: int, depth: int) -> None:
    (top,) = crop_head_boxes(width, height, empty_boxes(), sure=False)
    assert top.tolist() == pytest.approx([0, 0, width, depth])


def test_in_a_crop_the_top_of_the_person_goes_as_well() -> None:
    """Below an umbrella: less of whose head was found, more of whose was not."""
    person = as_boxes([[10, 40, 40, 140]])
    head = as_boxes([[20, 45, 30, 58]])
    boxes = crop_head_boxes(50, 140, head, sure=True, people=person)
    assert [10, 40, 40, 58] in boxes.tolist()
    boxes = crop_head_boxes(50, 140, empty_boxes(), sure=False, people=person)
    assert [10, 40, 40, 70] in boxes.tolist()


def test_a_pose_without_face_points_gives_no_head() -> None:
    keypoints = np.zeros((1, 17, 3), np.float32)
    assert heads_of_poses(keypoints, as_boxes([PERSON])).shape == (0, 4)


def test_a_pose_gives_a_head_around_its_face() -> None:
    keypoints = np.zeros((1, 17, 3), np.float32)
    keypoints[0, 0] = (130, 66, 0.9)
    keypoints[0, 1] = (134, 62, 0.9)
    keypoints[0, 2] = (126, 62, 0.9)
    (box,) = heads_of_poses(keypoints, as_boxes([PERSON]))
    assert covers([box], (130, 55))
    assert covers([box], (130, 74))
    assert 15 < box[2] - box[0] < 40

"""Test-time augmentation of stills, weighted boxes fusion, and the second pass."""

from pathlib import Path

import numpy as np
import pytest

from reid.capture.images import read_image
from reid.core.boxes import UNTRACKED, as_boxes, empty_boxes, iou
from reid.core.pixels import RawFrame
from reid.detect import test_time_augmentation
from reid.detect.detections import Detections
from reid.detect.test_time_augmentation import Augmentation, unmirrored, weighted_boxes_fusion
from reid.detect.tracker import Tracker
from reid.detect.yolo import YoloDetector, bundled_photos
from reid.lab.research_image import ResearchImage
from reid.weights import registry

ONE, OTHER = [10.0, 20, 60, 180], [300.0, 20, 350, 180]


def saw(people: list[list[float]], scores: list[float]) -> Detections:
    nothing = np.zeros(0, np.float32)
    return Detections(as_boxes(people), np.array(scores, np.float32), empty_boxes(), nothing)


def test_boxes_of_the_same_are_averaged_by_their_scores() -> None:
    both = weighted_boxes_fusion([saw([[10, 20, 60, 180]], [0.6]), saw([[14, 20, 64, 180]], [0.2])])
    assert both.people.tolist() == [pytest.approx([11, 20, 61, 180])]
    assert both.scores.tolist() == pytest.approx([0.4**0.8])


def test_what_one_augmentation_alone_sees_stays_below_what_all_agree_on() -> None:
    both = weighted_boxes_fusion([saw([ONE, OTHER], [0.5, 0.5]), saw([ONE], [0.5]), saw([], [])])
    assert both.people.tolist() == [ONE, OTHER]
    assert both.scores.tolist() == pytest.approx([(1 / 3) ** 0.8, (0.5 / 3) ** 0.8])


def test_two_boxes_of_one_augmentation_are_two_people() -> None:
    """Two who overlap in one augmentation stay two, whatever another makes of them."""
    behind = [14.0, 20, 64, 180]
    both = weighted_boxes_fusion([saw([ONE, behind], [0.9, 0.8]), saw([[12, 20, 62, 180]], [0.4])])
    assert len(both.people) == 2
    alone, seen_twice = sorted(both.scores.tolist())
    assert (alone, seen_twice) == pytest.approx((0.4**0.8, 0.65**0.8))


def test_heads_are_fused_apart_from_people() -> None:
    one = Detections(as_boxes([ONE]), np.ones(1, np.float32), as_boxes([ONE]), np.ones(1, "f4"))
    both = weighted_boxes_fusion([one, one])
    assert both.people.tolist() == both.heads.tolist() == [ONE]
    assert both.scores.tolist() == both.head_scores.tolist() == [1.0]


def test_a_head_that_one_augmentation_is_sure_of_keeps_more_of_its_score_than_a_person() -> None:
    nobody, sure = empty_boxes(), np.full(1, 0.2, np.float32)
    one = Detections(as_boxes([OTHER]), sure, as_boxes([ONE]), sure)
    both = weighted_boxes_fusion([one, *[Detections(nobody, sure[:0], nobody, sure[:0])] * 3])
    assert both.head_scores.tolist() == pytest.approx([0.1 + 0.025])
    assert both.scores.tolist() == pytest.approx([0.05**0.8])


def test_a_single_augmentation_is_unchanged() -> None:
    assert weighted_boxes_fusion([saw([ONE], [0.3])]).scores.tolist() == pytest.approx([0.3])


def test_nobody_in_any_augmentation() -> None:
    nobody = weighted_boxes_fusion([saw([], []), saw([], [])])
    assert nobody.people.shape == nobody.heads.shape == (0, 4)
    assert nobody.scores.shape == nobody.head_scores.shape == (0,)


def test_boxes_of_a_mirrored_picture_are_turned_back() -> None:
    assert unmirrored(as_boxes([[10, 20, 60, 180]]), 100).tolist() == [[40, 20, 90, 180]]
    assert unmirrored(empty_boxes(), 100).shape == (0, 4)


@pytest.fixture(scope="module")
def detector() -> YoloDetector:
    return YoloDetector(registry.find_detector(None))


@pytest.fixture(scope="module")
def photo() -> RawFrame:
    (path,) = (path for path in bundled_photos() if path.stem == "bus")
    return ResearchImage(read_image(path)).frame()


def test_a_mirrored_picture_shows_people_where_they_are(
    detector: YoloDetector, photo: RawFrame
) -> None:
    plain, turned = (
        detector.detect(photo, [Augmentation(640, mirrored)]) for mirrored in (False, True)
    )
    sure = plain.people[plain.scores > 0.6]
    assert len(sure) >= 2
    assert (iou(sure, turned.people).max(axis=1) > 0.7).all()


def test_a_still_is_augmented_and_a_video_is_not(
    detector: YoloDetector, photo: RawFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[Augmentation] = []
    see = YoloDetector._detect_once

    def noted(self: YoloDetector, raw: RawFrame, augmentation: Augmentation) -> Detections:
        sizes.append(augmentation)
        return see(self, raw, augmentation)

    monkeypatch.setattr(YoloDetector, "_detect_once", noted)
    tracker = Tracker(detector)
    tracker.start_still()
    tracks = tracker.track(photo).tracks
    expected = [*test_time_augmentation.STILL_AUGMENTATIONS, *test_time_augmentation.TURNED]
    assert sizes == expected
    assert (tracks.track_id != UNTRACKED).sum() >= 3, "three people in front are surely there"
    sizes.clear()
    tracker.start(fps=10.0)
    tracker.track(photo)
    assert sizes == list(test_time_augmentation.NO_AUGMENTATION)


def test_a_second_pass_covers_more_and_tracks_the_same(
    detector: YoloDetector, photo: RawFrame
) -> None:
    tracker = Tracker(detector)
    seen = []
    for careful in (False, True):
        tracker.start(fps=10.0, careful=careful)
        seen.append(tracker.track(photo))
    (once, heads), (twice, more) = ((one.tracks, one.heads.boxes) for one in seen)
    assert twice.xyxy[: len(once.xyxy)].tolist() == once.xyxy.tolist()
    assert twice.track_id[: len(once.xyxy)].tolist() == once.track_id.tolist()
    assert len(twice.xyxy) > len(once.xyxy)
    assert (twice.track_id[len(once.xyxy) :] == UNTRACKED).all()
    assert more[: len(heads)].tolist() == heads.tolist() and len(more) > len(heads)


def test_where_a_model_is_pinned_to_a_size_augmentations_still_differ(
    photo: RawFrame, monkeypatch: pytest.MonkeyPatch, detector: YoloDetector
) -> None:
    """ultralytics runs INT8 models at one size on processors with matrix units."""
    read = Path.read_text

    def with_units(self: Path, *args: str, **options: str) -> str:
        text = read(self, *args, **options)
        return f"{text}\nflags: amx_int8\n" if str(self) == "/proc/cpuinfo" else text

    monkeypatch.setattr(Path, "read_text", with_units)
    pinned = YoloDetector(registry.find_detector(None))
    for augmentation in (Augmentation(320), Augmentation(640), Augmentation(320)):
        here, there = pinned.detect(photo, [augmentation]), detector.detect(photo, [augmentation])
        assert pinned._model.predictor.imgsz == detector._model.predictor.imgsz
        assert max(pinned._model.predictor.imgsz) == augmentation.side
        sure = here.people[here.scores > 0.6], there.people[there.scores > 0.6]
        assert len(sure[0]) == len(sure[1]) >= 1
        assert np.abs(np.sort(sure[0], axis=0) - np.sort(sure[1], axis=0)).max() < 12


def test_a_model_of_fixed_size_takes_no_augmentation(data: Path, photo: RawFrame) -> None:
    peer = YoloDetector(data / "peers" / "yolo11n_int8_openvino_model")
    assert (
        peer.detect(photo, test_time_augmentation.STILL_AUGMENTATIONS).people.tolist()
        == peer.detect(photo).people.tolist()
    )

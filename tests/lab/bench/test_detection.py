"""Average precision on paper and against COCO's own code; head coverage by geometry."""

import json
from pathlib import Path

import numpy as np
import pytest

from reid.core.boxes import as_boxes
from reid.core.errors import SourceError
from reid.lab.bench.data.coco import IOU_STEPS, Photo, average_precision, match, read_photos
from reid.lab.bench.detection import covered
from reid.lab.bench.metrics.summary import Share

NOBODY = as_boxes([])


def photo(*people, crowd=()) -> Photo:
    boxes = as_boxes([*people, *crowd])
    flags = np.array([False] * len(people) + [True] * len(crowd), bool)
    return Photo(Path("x.jpg"), boxes, flags, ())


def scores(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_ap_by_hand() -> None:
    """Right, wrong, right of two people: precision 1 up to recall 1/2, then 2/3.

    51 of the 101 recalls lie at or below 1/2: AP = (51 · 1 + 50 · 2/3) / 101.
    """
    found = as_boxes([[0, 0, 10, 10], [50, 50, 60, 60], [20, 0, 30, 10]])
    matched = match(photo([0, 0, 10, 10], [20, 0, 30, 10]), found, scores(0.9, 0.8, 0.7), 0.5)
    assert matched.hit.tolist() == [True, False, True]
    assert average_precision([matched]) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_person_found_twice_counts_once() -> None:
    twice = as_boxes([[0, 0, 10, 10], [0, 0, 10, 9]])
    matched = match(photo([0, 0, 10, 10]), twice, scores(0.5, 0.9), 0.5)
    assert matched.scores.tolist() == pytest.approx([0.9, 0.5])
    assert matched.hit.tolist() == [True, False]
    assert average_precision([matched]) == 1.0


def test_what_lies_in_a_crowd_counts_neither_way() -> None:
    found = as_boxes([[0, 0, 10, 10], [52, 52, 60, 60]])
    matched = match(photo([0, 0, 10, 10], crowd=[[50, 50, 90, 90]]), found, scores(0.5, 0.9), 0.5)
    assert matched.counted.tolist() == [False, True]
    assert average_precision([matched]) == 1.0


def test_nobody_there_and_nobody_found() -> None:
    nobody = match(photo(), NOBODY, scores(), 0.5)
    assert np.isnan(average_precision([nobody]))
    assert average_precision([match(photo([0, 0, 9, 9]), NOBODY, scores(), 0.5)]) == 0.0


def test_equals_cocos_own_code() -> None:
    coco_tools = pytest.importorskip("pycocotools.coco")
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    rng = np.random.default_rng(3)
    photos, found, annotations, results = [], [], [], []
    for image in range(12):
        corners = rng.uniform(0, 200, (5, 2))
        people = np.concatenate([corners, corners + rng.uniform(30, 120, (5, 2))], axis=1)
        boxes = np.concatenate([people + rng.normal(0, 12, people.shape), people[::-1] + 40])
        confidence = rng.permutation(len(boxes)).astype(np.float32) / 10 + image / 1000
        crowd = np.array([False] * 4 + [True])
        photos.append(Photo(Path("x"), as_boxes(people), crowd, ()))
        found.append((as_boxes(boxes), confidence.astype(np.float32)))
        for x0, y0, x1, y1 in people.astype(np.float32).tolist():
            annotations.append({
                "id": len(annotations) + 1, "image_id": image, "category_id": 1,
                "bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0),
                "iscrowd": int(len(annotations) % 5 == 4),
            })  # fmt: skip
        for (x0, y0, x1, y1), score in zip(*(v.tolist() for v in found[-1]), strict=True):
            box = [x0, y0, x1 - x0, y1 - y0]
            results.append({"image_id": image, "category_id": 1, "bbox": box, "score": score})
    truth = coco_tools.COCO()
    truth.dataset = {
        "info": {},
        "images": [{"id": i} for i in range(12)],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person"}],
    }
    truth.createIndex()
    theirs = evaluation.COCOeval(truth, truth.loadRes(results), "bbox")
    theirs.evaluate()
    theirs.accumulate()
    precision = theirs.eval["precision"][:, :, 0, 0, 2]  # all areas, 100 detections
    for step, iou in enumerate(IOU_STEPS):
        ours = average_precision(
            [match(p, b, s, iou) for p, (b, s) in zip(photos, found, strict=True)]
        )
        assert ours == pytest.approx(float(precision[step].mean()), abs=1e-6), iou


def test_a_face_is_covered_when_every_point_is() -> None:
    face = np.array([[5, 5], [15, 5]], np.float32)
    assert covered(face, as_boxes([[0, 0, 10, 10], [10, 0, 20, 10]]))
    assert covered(face, as_boxes([[5, 5, 15, 5]])), "the border is painted too"
    assert not covered(face, as_boxes([[0, 0, 10, 10]]))
    assert not covered(face, NOBODY)


def test_shares_carry_their_interval() -> None:
    assert Share.of(0, 20).model_dump(mode="json") == {
        "share": 0.0, "hits": 0, "n": 20, "interval": [0.0, 0.1611],
    }  # fmt: skip


def test_annotations_are_read(tmp_path) -> None:
    points = [10, 20, 2, 12, 18, 1, 8, 18, 0, *[0] * 42]
    content = {
        "images": [{"id": 7, "file_name": "a.jpg"}],
        "annotations": [
            {"image_id": 7, "category_id": 1, "bbox": [5, 6, 10, 20], "iscrowd": 0,
             "keypoints": points},
            {"image_id": 7, "category_id": 2, "bbox": [0, 0, 1, 1], "iscrowd": 0},
        ],
    }  # fmt: skip
    (tmp_path / "person_keypoints.json").write_text(json.dumps(content))
    (one,) = read_photos(tmp_path)
    assert one.people.tolist() == [[5, 6, 15, 26]]
    assert one.faces[0].tolist() == [[10, 20]], "only what is labelled as visible"
    (tmp_path / "person_keypoints.json").write_text('{"images": 3}')
    with pytest.raises(SourceError, match="not COCO's format"):
        read_photos(tmp_path)


def test_heads_of_real_photos_are_covered(data, detector_path) -> None:
    from reid.detect.yolo import YoloDetector
    from reid.lab.bench.detection import run_detection

    photos = read_photos(data / "coco-people")[:8]
    result = run_detection(photos, YoloDetector(detector_path), None, 0, lambda _: None)
    assert {"AP50", "AP", "recall", "head_coverage"} <= set(result.to_json())
    assert result.coverage["head"].n > 5
    assert result.head_coverage > 0.9
    assert 0.3 < result.AP < result.AP50 <= 1

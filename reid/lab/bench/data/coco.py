"""People annotated in photos (COCO's keypoint format), and average precision as COCO defines it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, areas, as_boxes, intersections
from reid.core.errors import SourceError

Float = NDArray[np.float64]

ANNOTATIONS: Final = "person_keypoints.json"
IOU_STEPS: Final = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
_RECALL_STEPS: Final = np.linspace(0, 1, 101)
_PERSON: Final = 1
_FACE_POINTS: Final = slice(0, 3)  # nose, left eye, right eye
_LABELLED_AND_VISIBLE: Final = 2
_MOST_DETECTIONS: Final = 100  # an image


@dataclass(frozen=True, slots=True)
class Photo:
    """One annotated image.

    Attributes:
        path: where it is.
        people: float32 (N, 4), xyxy px.
        crowd: bool (N,): a box round a group; counts neither way.
        faces: N arrays float32 (F, 2), px: each person's visible nose and eyes.
    """

    path: Path
    people: Boxes
    crowd: NDArray[np.bool_]
    faces: tuple[NDArray[np.float32], ...]


def read_photos(data: Path) -> tuple[Photo, ...]:
    """Read ``images/`` and ``person_keypoints.json``.

    Raises:
        SourceError: missing, or not of this format.
    """
    listing = data / ANNOTATIONS
    if not listing.is_file():
        raise SourceError(f"{listing} does not exist: --data takes a folder of COCO's layout")
    try:
        content = json.loads(listing.read_text())
        people: dict[int, list[dict[str, Any]]] = {entry["id"]: [] for entry in content["images"]}
        for one in content["annotations"]:
            if one["category_id"] == _PERSON:
                people[one["image_id"]].append(one)
        return tuple(
            _photo(data / "images" / entry["file_name"], people[entry["id"]])
            for entry in content["images"]
        )
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise SourceError(f"{listing} is not COCO's format ({type(error).__name__})") from None


def _photo(path: Path, people: Sequence[dict[str, Any]]) -> Photo:
    boxes = [[x, y, x + w, y + h] for x, y, w, h in (p["bbox"] for p in people)]
    faces = []
    for one in people:
        points = np.array(one.get("keypoints") or [0] * 51, np.float32).reshape(-1, 3)
        points = points[_FACE_POINTS]
        faces.append(points[points[:, 2] == _LABELLED_AND_VISIBLE, :2])
    crowd = np.array([bool(one.get("iscrowd")) for one in people], bool)
    return Photo(path, as_boxes(boxes), crowd, tuple(faces))


@dataclass(frozen=True, slots=True)
class Matched:
    """Detections of one image against its annotations at one IoU.

    Attributes:
        scores: (D,), descending.
        hit: bool (D,), found an annotated person.
        counted: bool (D,), False where it found a crowd.
        found: bool (N,), per annotated person without crowds.
    """

    scores: Float
    hit: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    found: NDArray[np.bool_]


def match(photo: Photo, boxes: Boxes, scores: NDArray[np.float32], iou: float) -> Matched:
    """Assign detections to annotations as COCO does.

    Most confident first, each takes the free person that it overlaps most, if by at least `iou`;
    what lies in a crowd (by the share of the detection inside it) is not counted.
    """
    order = np.argsort(-scores, kind="stable")[:_MOST_DETECTIONS]
    boxes, ranked = boxes[order], scores[order].astype(np.float64)
    single, crowds = photo.people[~photo.crowd], photo.people[photo.crowd]
    overlap = _iou(boxes, single)
    inside = intersections(boxes, crowds) / np.maximum(areas(boxes)[:, None], 1e-9)
    found = np.zeros(len(single), bool)
    hit, counted = np.zeros(len(boxes), bool), np.ones(len(boxes), bool)
    for d in range(len(boxes)):
        free = np.where(found, -1.0, overlap[d])
        if len(free) and free.max() >= iou:
            # among equals COCO takes the last one
            found[len(free) - 1 - int(free[::-1].argmax())] = True
            hit[d] = True
        elif (inside[d] >= iou).any():
            counted[d] = False
    return Matched(ranked, hit, counted, found)


def average_precision(matched: Sequence[Matched]) -> float:
    """Return the area under precision-recall over 101 recalls (Lin et al. 2014); NaN if nobody."""
    people = sum(len(m.found) for m in matched)
    if not people:
        return float("nan")
    counted = [m.counted for m in matched]
    scores = np.concatenate([m.scores[c] for m, c in zip(matched, counted, strict=True)])
    hits = np.concatenate([m.hit[c] for m, c in zip(matched, counted, strict=True)])
    if not len(scores):
        return 0.0
    hits = hits[np.argsort(-scores, kind="stable")]
    true = np.cumsum(hits)
    recall = true / people
    precision = true / np.arange(1, len(true) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, _RECALL_STEPS, side="left")
    reached = at < len(envelope)
    return float(np.where(reached, envelope[np.minimum(at, len(envelope) - 1)], 0.0).mean())


def recall(matched: Sequence[Matched]) -> float:
    """Return the share of annotated people who are found at all; NaN if there is nobody."""
    people = sum(len(m.found) for m in matched)
    return sum(int(m.found.sum()) for m in matched) / people if people else float("nan")


def _iou(a: Boxes, b: Boxes) -> Float:
    shared = intersections(a, b).astype(np.float64)
    union = areas(a)[:, None] + areas(b)[None] - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float64)

"""Detections of consecutive frames, linked into tracks by ByteTrack (Zhang et al. 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

from reid.core.boxes import UNTRACKED, Boxes, Tracks
from reid.core.errors import ModelError
from reid.core.pixels import RawFrame
from reid.detect.detections import SURE_HEAD, Detections
from reid.detect.test_time_augmentation import (
    NO_AUGMENTATION,
    SECOND_PASS,
    STILL_AUGMENTATIONS,
    Augmentation,
)
from reid.detect.yolo import Detector, in_upper_part

_LEAST_LATER: Final = 0.625  # of the index score: what may go on with a track that has started
_TRACK_BUFFER_SECONDS: Final = 2.0  # how long a lost person may come back as the same track


@dataclass(frozen=True, slots=True)
class CropHeads:
    """Heads and people found in a person crop.

    Attributes:
        boxes: head candidates (M, 4).
        sure: the person's own head is among them.
        people: persons (N, 4) who would start a track: an umbrella above may leave them the lower
            part of the image.
    """

    boxes: Boxes
    sure: bool
    people: Boxes


class Tracker:
    """Detects people frame by frame and links them into tracks.

    Args:
        detector: finds people, and heads where it knows them.
        heads: another model, used for head candidates only.
    """

    def __init__(self, detector: Detector, heads: Detector | None = None) -> None:
        if not detector.knows_people:
            raise ModelError(f"{detector.path} does not know persons: choose another --detector")
        if heads is not None and not heads.knows_heads:
            raise ModelError(f"{heads.path} knows neither heads nor poses: choose another --heads")
        self._detector = detector
        self._heads = heads
        self._tracker: Any = None
        self._augmentations: Sequence[Augmentation] = NO_AUGMENTATION
        self._second_pass: Sequence[Augmentation] = ()
        self.start(fps=10.0)

    def start_still(self) -> None:
        """Begin a still, which gets test-time augmentation."""
        self.start(fps=1.0)
        self._augmentations = STILL_AUGMENTATIONS

    def start(self, fps: float, *, careful: bool = False) -> None:
        """Begin a new source of `fps` frames a second: no track carries over.

        `careful` adds a second pass over each frame, for redaction alone, if the detector takes
        pictures of any size.
        """
        self._augmentations = NO_AUGMENTATION
        self._second_pass = SECOND_PASS if careful and not self._detector.fixed else ()
        thresholds = self._detector.thresholds
        settings = SimpleNamespace(
            track_high_thresh=thresholds.index * _LEAST_LATER,
            track_low_thresh=thresholds.redaction,
            new_track_thresh=thresholds.index,
            track_buffer=max(2, round(_TRACK_BUFFER_SECONDS * fps)),
            match_thresh=0.8,
            fuse_score=True,
        )
        self._tracker = _byte_tracker()(settings)

    def track(self, raw: RawFrame) -> tuple[Tracks, Boxes]:
        """Return the frame's people, and head candidates of shape (M, 4).

        For redaction, people below the index threshold are listed too, as `UNTRACKED`, and so
        are partial boxes, with a score of 0.
        """
        detections = self._detector.detect(raw, self._augmentations)
        tracks, candidates = self._update(detections, raw), detections.heads
        if self._second_pass:
            more = self._detector.detect(raw, self._second_pass)
            tracks = _with_untracked(tracks, np.concatenate([more.people, more.parts]))
            candidates = np.concatenate([candidates, more.heads])
        if self._heads is not None:
            others = self._heads.detect(raw, self._augmentations).heads
            candidates = np.concatenate([candidates, others])
        return tracks, candidates

    def heads_of_crop(self, raw: RawFrame) -> CropHeads:
        """Return head candidates in an image that is one person already cut out."""
        asked = [self._detector] if self._heads is None else [self._detector, self._heads]
        detections = [model.detect_in_crop(raw) for model in asked]
        boxes = np.concatenate([seen.heads for seen in detections])
        scores = np.concatenate([seen.head_scores for seen in detections])
        sure = in_upper_part(boxes, raw) & (scores >= SURE_HEAD)
        return CropHeads(boxes, bool(sure.any()), detections[0].people)

    def _update(self, seen: Detections, raw: RawFrame) -> Tracks:
        ids = np.full(len(seen.people), UNTRACKED, np.int64)
        for row in self._tracker.update(_boxes(seen, raw)):  # x1 y1 x2 y2 id score class index
            ids[int(row[7])] = int(row[4])
        return _with_untracked(Tracks(seen.people, seen.scores, ids), seen.parts)


def _with_untracked(tracks: Tracks, boxes: Boxes) -> Tracks:
    """Append boxes (N, 4) that count for redaction alone."""
    count = len(boxes)
    return Tracks(
        np.concatenate([tracks.xyxy, boxes]),
        np.concatenate([tracks.score, np.zeros(count, np.float32)]),
        np.concatenate([tracks.track_id, np.full(count, UNTRACKED, np.int64)]),
    )


def _boxes(seen: Detections, raw: RawFrame) -> Any:
    from ultralytics.engine.results import Boxes as UltralyticsBoxes

    data = np.column_stack([seen.people, seen.scores, np.zeros_like(seen.scores)])
    return UltralyticsBoxes(data.astype(np.float32), (raw.height, raw.width))


def _byte_tracker() -> Any:
    from ultralytics.trackers.byte_tracker import BYTETracker

    return BYTETracker

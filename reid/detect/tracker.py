"""Detections of consecutive frames, linked into tracks by ByteTrack (Zhang et al. 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import UNTRACKED, Boxes, Tracks, as_boxes, empty_boxes
from reid.core.errors import ModelError
from reid.core.pixels import RawFrame
from reid.detect.detections import SURE_HEAD, Detections, in_upper_part, sure_head_heights
from reid.detect.detector import Detector
from reid.detect.faces import SURE_FACE, FaceFinder, frame_views, still_views
from reid.detect.head_regions import HeadCandidates
from reid.detect.test_time_augmentation import (
    SECOND_PASS,
    STILL_AUGMENTATIONS,
    TURNED,
    Augmentation,
    shares_shown,
    with_tiles,
)
from reid.detect.yolo import quieten_ultralytics

_LEAST_LATER: Final = 0.625  # of the index score: what may go on with a track that has started
_TRACK_BUFFER_SECONDS: Final = 2.0  # how long a lost person may come back as the same track

STILL_PERSON: Final = 0.2
"""Score from which the top of somebody without a head found goes in a still: heads are sought in so
many ways that of weaker people's boxes most are nobody's. Of people too small for some of the
augmentations, over which scores are averaged, so much less is asked."""

LARGE_HEAD: Final = 0.12
"""Of a still's longer side: taller heads are seen well, and count from higher scores."""

LARGE_HEAD_FROM: Final = 0.2
TURNED_HEAD_FROM: Final = 0.15
"""Scores from which a large head, and a head in a turned copy of a still, go."""

CROWD: Final = 40
SMALL_PERSON: Final = 160.0
"""So many people lower than this, px, are a crowd: many heads are small, and hide one another."""

CROWD_IN_STILL: Final = Augmentation(1280, tile=640)
CROWD_IN_VIDEO: Final = Augmentation(tile=640)
"""How heads of a crowd are sought once more. Of a rendered stand's heads of 16 to 19 px the first
finds 97 %, the second 95 %, the whole picture at 1280 px 65 %."""

_ROOM: Final = 0.2  # of such a head's sides, added on every side: nobody knows where the chin is
_EVIDENCE: Final = 0.4  # score from which people and heads say which way is up


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


class Seen(NamedTuple):
    """What a tracker sees in a frame: people, what may be heads, and what redaction alone needs.

    Attributes:
        tracks: people, and whom they are in other frames.
        heads: what may be heads.
        others: people found by other models than the detector.
        closed_from: score from which the top of a person goes in whom no head was found: one for
            all, or one for each of `tracks` and then of `others`, (N,).
    """

    tracks: Tracks
    heads: HeadCandidates
    others: Tracks = Tracks.none()
    closed_from: float | NDArray[np.float32] = 0.0


class Tracker:
    """Detects people frame by frame and links them into tracks.

    Args:
        detector: finds people, and heads where it knows them.
        heads: other models, used for head candidates only.
        faces: finds faces in stills and in videos that are copied; None = nobody does.

    Attributes:
        crowds: pictures seen so far in which heads of a crowd may have been missed.
    """

    def __init__(
        self,
        detector: Detector,
        heads: Sequence[Detector] = (),
        faces: FaceFinder | None = None,
    ) -> None:
        if not detector.knows_people:
            raise ModelError(f"{detector.path} does not know persons: choose another --detector")
        for model in heads:
            if not model.knows_heads:
                raise ModelError(f"{model.path} knows neither heads nor poses: choose another")
        self._detector = detector
        self._heads = tuple(heads)
        self._faces = faces
        self._tracker: Any = None
        self.crowds = 0
        self._still = False
        self._careful = False
        self.start(fps=10.0)

    def said_of_crowds(self, name: str, before: int = 0) -> list[str]:
        """Say that pictures of a source show crowds, if any do since `crowds` was `before`."""
        count = self.crowds - before
        if not count:
            return []
        shows = "1 picture shows a crowd" if count == 1 else f"{count} pictures show a crowd"
        return [f"{name}: {shows} of small people: look whether heads are left"]

    def start_still(self) -> None:
        """Begin a still, which gets test-time augmentation, and is searched for faces."""
        self.start(fps=1.0)
        self._still = True

    def start(self, fps: float, *, careful: bool = False) -> None:
        """Begin a new source of `fps` frames a second: no track carries over.

        `careful` adds a second pass over each frame, for redaction alone, and looks for faces.
        """
        self._still, self._careful = False, careful
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

    def skip(self, frames: int, *, calm: bool) -> None:
        """Take notice that so many frames were left out before the next one.

        People are expected as far on as they would have walked meanwhile; if it was `calm`, and
        nothing moved, where they were.
        """
        tracker = self._tracker
        tracker.frame_id += frames
        tracker.lost_stracks = [
            one
            for one in tracker.lost_stracks
            if tracker.frame_id - one.end_frame <= tracker.max_frames_lost
        ]
        if calm:
            return
        known = [one for one in tracker.tracked_stracks if one.is_activated]
        for _ in range(min(frames, tracker.args.track_buffer)):
            tracker.multi_predict(known + tracker.lost_stracks)

    @property
    def link_scores(self) -> tuple[float, float]:
        """Scores from which a detection may begin a track, and from which it may go on with one."""
        index = self._detector.thresholds.index
        return index, index * _LEAST_LATER

    def track(self, raw: RawFrame) -> Seen:
        """Return what is seen in the next frame of a source, or in a still.

        For redaction, people below the index threshold are listed too, as `UNTRACKED`, and so
        are partial boxes, with a score of 0.
        """
        return self._track_still(raw) if self._still else self._track_frame(raw)

    def _track_frame(self, raw: RawFrame) -> Seen:
        seen = self._detector.detect(raw)
        tracks = _with_untracked(self._update(seen, raw), seen.parts)
        heads = [seen.heads, *(model.detect(raw).heads for model in self._heads)]
        if self._careful:
            again = with_tiles(SECOND_PASS, raw.width, raw.height)
            for model in (self._detector, *self._heads):
                if not model.fixed:
                    more = model.detect(raw, again)
                    tracks = _with_untracked(tracks, np.concatenate([more.people, more.parts]))
                    heads.append(more.heads)
            if self._is_crowded([seen]):
                heads.append(self._heads_in_tiles(raw, CROWD_IN_VIDEO)[0])
        found = HeadCandidates.upright(np.concatenate(heads))
        if self._careful and self._faces is not None:
            faces = self._faces.find_in_raw(raw, frame_views(raw.index, raw.width, raw.height))
            found = found.with_whole(faces.heads, faces.scores >= SURE_FACE)
        return Seen(tracks, found)

    def _track_still(self, raw: RawFrame) -> Seen:
        """Detect in many augmentations, in turned copies, and with the face finder."""
        several = with_tiles(STILL_AUGMENTATIONS, raw.width, raw.height)
        found = [model.detect(raw, several) for model in (self._detector, *self._heads)]
        crowded = self._is_crowded(found)
        tracks = _with_untracked(self._update(found[0], raw), found[0].parts)
        others = Tracks.none()
        for seen in found[1:]:
            unknown = np.full(len(seen.people), UNTRACKED, np.int64)
            others = others.joined(Tracks(seen.people, seen.scores, unknown))
        scores = np.concatenate([seen.head_scores for seen in found])
        boxes = np.concatenate([seen.heads for seen in found])
        kept = scores >= np.where(_large(boxes, raw), LARGE_HEAD_FROM, 0)
        heads = HeadCandidates.upright(boxes[kept], scores[kept] >= SURE_HEAD)
        if crowded:
            heads = heads.with_upright(*self._heads_in_tiles(raw, CROWD_IN_STILL))
        turned = self._turned_heads(raw)
        heads = heads.with_whole(turned, np.zeros(len(turned), np.bool_))
        if self._faces is not None:
            faces = self._faces.find_in_raw(raw, still_views(raw.width, raw.height))
            heads = heads.with_whole(faces.heads, faces.scores >= SURE_FACE)
        return Seen(
            tracks, heads, others, 0.0 if crowded else self._closed_from(raw, tracks, others)
        )

    def _closed_from(self, raw: RawFrame, tracks: Tracks, others: Tracks) -> NDArray[np.float32]:
        """Return the score from which the tops of people go who have no head found in a still."""
        boxes = np.concatenate([tracks.xyxy, others.xyxy])
        several = with_tiles(STILL_AUGMENTATIONS, raw.width, raw.height)
        longest = max(raw.width, raw.height)
        return STILL_PERSON * shares_shown(several, boxes[:, 3] - boxes[:, 1], longest)

    def _is_crowded(self, found: Sequence[Detections]) -> bool:
        """Whether so many small people are seen that not all their heads can be found; counted."""
        small = [
            int((seen.people[:, 3] - seen.people[:, 1] < SMALL_PERSON).sum()) for seen in found
        ]
        crowded = max(small) >= CROWD
        self.crowds += crowded
        return crowded

    def _heads_in_tiles(
        self, raw: RawFrame, tiles: Augmentation
    ) -> tuple[Boxes, NDArray[np.bool_]]:
        """Return what may be heads (M, 4) in enlarged tiles, and which are sure (M,)."""
        found = [model.detect(raw, (tiles,)) for model in self._models_of_heads()]
        boxes = np.concatenate([empty_boxes(), *(seen.heads for seen in found)])
        scores = np.concatenate([np.zeros(0), *(seen.head_scores for seen in found)])
        return as_boxes(boxes), np.asarray(scores >= SURE_HEAD, np.bool_)

    def _turned_heads(self, raw: RawFrame) -> Boxes:
        """Return what may be heads (M, 4) of people who lie or hang, with room on every side."""
        heads = [empty_boxes()]
        for model in self._models_of_heads():
            for augmentation in TURNED:
                seen = model.detect(raw, (augmentation,))
                least = np.where(_large(seen.heads, raw), SURE_HEAD, TURNED_HEAD_FROM)
                heads.append(seen.heads[seen.head_scores >= least])
        boxes = np.concatenate(heads)
        room = (boxes[:, 2:] - boxes[:, :2]) * _ROOM
        return as_boxes(np.concatenate([boxes[:, :2] - room, boxes[:, 2:] + room], axis=1))

    def quarters_upright(self, raw: RawFrame) -> NDArray[np.float64]:
        """Return how well each of four turns of a frame shows upright people; shape (4,).

        The sums of the squared scores of sure people and heads, of the models that take any size.
        """
        evidence = np.zeros(4)
        for model in self._models_of_heads():
            for quarters, augmentation in enumerate((Augmentation(640), *TURNED)):
                seen = model.detect(raw, (augmentation,))
                for scores in (seen.scores, seen.head_scores):
                    evidence[quarters] += float((scores[scores >= _EVIDENCE] ** 2).sum())
        return evidence

    def _models_of_heads(self) -> list[Detector]:
        models = (self._detector, *self._heads)
        return [model for model in models if model.knows_heads and not model.fixed]

    def heads_of_crop(self, raw: RawFrame) -> CropHeads:
        """Return head candidates in an image that is one person already cut out."""
        found = [model.detect_in_crop(raw) for model in (self._detector, *self._heads)]
        boxes = np.concatenate([seen.heads for seen in found])
        scores = np.concatenate([seen.head_scores for seen in found])
        sure = in_upper_part(boxes, raw) & (scores >= SURE_HEAD)
        return CropHeads(boxes, bool(sure.any()), found[0].people)

    def _update(self, seen: Detections, raw: RawFrame) -> Tracks:
        ids = np.full(len(seen.people), UNTRACKED, np.int64)
        for row in self._tracker.update(_boxes(seen, raw)):  # x1 y1 x2 y2 id score class index
            ids[int(row[7])] = int(row[4])
        return Tracks(seen.people, seen.scores, ids, sure_head_heights(seen))


def _with_untracked(tracks: Tracks, boxes: Boxes) -> Tracks:
    """Append boxes (N, 4) that count for redaction alone."""
    count = len(boxes)
    unknown = np.full(count, UNTRACKED, np.int64)
    return tracks.joined(Tracks(boxes, np.zeros(count, np.float32), unknown))


def _large(heads: Boxes, raw: RawFrame) -> NDArray[np.bool_]:
    """Return which heads (M, 4) are large in a still; shape (M,)."""
    tall = heads[:, 3] - heads[:, 1]
    return np.asarray(tall > LARGE_HEAD * max(raw.width, raw.height), np.bool_)


def _boxes(seen: Detections, raw: RawFrame) -> Any:
    from ultralytics.engine.results import Boxes as UltralyticsBoxes

    data = np.column_stack([seen.people, seen.scores, np.zeros_like(seen.scores)])
    return UltralyticsBoxes(data.astype(np.float32), (raw.height, raw.width))


def _byte_tracker() -> Any:
    quieten_ultralytics()  # the detector may be of another make
    from ultralytics.trackers.byte_tracker import BYTETracker

    return BYTETracker

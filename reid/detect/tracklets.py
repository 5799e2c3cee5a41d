"""Tracks → tracklets, with the best crops of each.

A tracklet is one person's continuous track before one camera. It becomes one stored sighting.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from reid.core.boxes import UNTRACKED, Boxes, Tracks, areas, covered, intersections
from reid.core.pixels import RedactedCrop, RedactedFrame
from reid.detect.box_measures import BoxMeasures, measurable

MAX_CROPS: Final = 8
"""Crops kept for each tracklet, spread over its time."""

GONE_AFTER: Final = timedelta(seconds=2)
"""A track unseen for this long has ended."""

MIN_FRAMES: Final = 3
"""A track of fewer frames is a false detection, and gives no tracklet."""

LONGEST: Final = timedelta(minutes=5)
"""A longer tracklet is cut, so that somebody who sits down is found before they leave."""

ONGOING_EVERY: Final = timedelta(seconds=8)
"""How often a tracklet that goes on before a live camera is stored as seen so far."""

LEAST_SHOWN: Final = 0.25
"""Share of a person's box that must be free of paint for a crop to be kept: of somebody whose head
may be anywhere all is painted, and nothing is stored."""

_FIRST_SLOT: Final = timedelta(milliseconds=300)
_EDGE_PENALTY: Final = 0.6
_PAINT_POWER: Final = 2.0  # redaction takes a quarter of most people; of whom it takes half, little
_CROP_MARGIN: Final = 0.03  # of the box's height, added all round
_EDGE: Final = 2.0  # px


@dataclass(slots=True)
class Tracklet:
    """One person's continuous track before one camera.

    Attributes:
        track_id: of the source's tracks.
        first_index, first_box: frame index and box (4,) where it began; they name the sighting.
        start, end: first and last time seen, UTC.
        frames: number of frames seen.
        passed_on: when it was last returned by `ongoing`, or None.
        measured: where the person stood and how tall in the picture, from boxes.
    """

    track_id: int
    first_index: int
    first_box: Boxes
    start: datetime
    end: datetime
    frames: int = 0
    passed_on: datetime | None = None
    measured: BoxMeasures = field(default_factory=BoxMeasures)
    _slot: timedelta = _FIRST_SLOT
    _crops: dict[int, tuple[float, RedactedCrop]] = field(default_factory=dict)

    @property
    def has_crops(self) -> bool:
        """Whether anything of the person was ever to be seen."""
        return bool(self._crops)

    def crops(self) -> list[RedactedCrop]:
        """Return the kept crops, best first."""
        ranked = sorted(self._crops.values(), key=lambda kept: -kept[0])
        return [crop for _, crop in ranked]

    def add(self, frame: RedactedFrame, box: Boxes, quality: float) -> None:
        """Add a frame with the person at `box` (4,); keep the crop if it is among the best."""
        self.extend(frame)
        slot = (frame.time - self.start) // self._slot
        if slot in self._crops and self._crops[slot][0] >= quality:
            return
        self._crops[slot] = (quality, frame.crop(_with_margin(box), self.track_id))
        while len(self._crops) > MAX_CROPS:
            self._merge_slots()

    def extend(self, frame: RedactedFrame) -> None:
        """Add a frame in which the person is all paint: nothing of it is kept."""
        self.end = frame.time
        self.frames += 1

    def _merge_slots(self) -> None:
        merged: dict[int, tuple[float, RedactedCrop]] = {}
        for slot, kept in self._crops.items():
            if slot // 2 not in merged or kept[0] > merged[slot // 2][0]:
                merged[slot // 2] = kept
        self._crops, self._slot = merged, self._slot * 2


class TrackletBuilder:
    """Builds the tracklets of one source, frame by frame."""

    def __init__(self) -> None:
        self._open: dict[int, Tracklet] = {}
        self._seen_frames = 0

    def add(self, frame: RedactedFrame, tracks: Tracks) -> list[Tracklet]:
        """Add one frame; return the tracklets that have ended."""
        self._seen_frames += 1
        before = self._close(
            lambda tracklet: frame.time - tracklet.end > LONGEST
        )  # the clock jumped
        qualities = crop_qualities(tracks, frame.width, frame.height)
        clear = measurable(tracks, frame.width, frame.height)
        for i, ((box, _, track), quality) in enumerate(zip(tracks, qualities, strict=True)):
            if track == UNTRACKED:
                continue
            tracklet = self._open.get(track)
            if tracklet is None:
                tracklet = Tracklet(track, frame.index, box.copy(), frame.time, frame.time)
                self._open[track] = tracklet
            shown = 1 - covered(box, frame.painted)
            if shown < LEAST_SHOWN:
                tracklet.extend(frame)
            else:
                tracklet.add(frame, box, float(quality) * shown**_PAINT_POWER)
            if clear[i]:
                tracklet.measured.add(box, float(tracks.head_height[i]), frame.width, frame.height)
        return before + self._close(
            lambda tracklet: (
                frame.time - tracklet.end > GONE_AFTER or tracklet.end - tracklet.start > LONGEST
            )
        )

    def ongoing(self) -> list[Tracklet]:
        """Return tracklets that go on and were last returned at least `ONGOING_EVERY` ago."""
        due = [
            tracklet
            for tracklet in self._open.values()
            if tracklet.frames >= MIN_FRAMES
            and tracklet.end - (tracklet.passed_on or tracklet.start) >= ONGOING_EVERY
        ]
        for tracklet in due:
            tracklet.passed_on = tracklet.end
        return due

    def finish(self) -> list[Tracklet]:
        """Return the tracklets still open; the source has ended."""
        return self._close(lambda _: True)

    def _close(self, ended: Callable[[Tracklet], bool]) -> list[Tracklet]:
        closing = [track for track, tracklet in self._open.items() if ended(tracklet)]
        tracklets = [self._open.pop(track) for track in closing]
        return [
            tracklet
            for tracklet in tracklets
            if tracklet.frames >= min(MIN_FRAMES, self._seen_frames) and tracklet.has_crops
        ]


def crop_qualities(
    tracks: Tracks, width: int, height: int
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return how well each person (N,) can be described: large, sure, alone, not cut off."""
    boxes = tracks.xyxy
    if not len(boxes):
        return np.zeros(0, np.float32)
    size = areas(boxes)
    overlap = intersections(boxes, boxes) / np.maximum(size[:, None], 1)
    np.fill_diagonal(overlap, 0)
    alone = 1 - np.minimum(overlap.max(axis=1), 0.95)
    limits = np.array([width, height], np.float32) - _EDGE
    cut = (boxes[:, :2] < _EDGE).any(axis=1) | (boxes[:, 2:] > limits).any(axis=1)
    edge = np.where(cut, _EDGE_PENALTY, 1.0)
    return np.asarray(np.sqrt(size) * tracks.score * alone * edge, np.float32)


def _with_margin(box: Boxes) -> Boxes:
    margin = (box[3] - box[1]) * _CROP_MARGIN
    return np.asarray(box + np.array([-margin, -margin, margin, margin], np.float32), np.float32)

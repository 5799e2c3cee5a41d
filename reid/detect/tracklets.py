"""Tracks → tracklets, with the best crops of each.

A tracklet is one person's continuous track before one camera. It becomes one stored sighting.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import numpy as np

from reid.core.boxes import UNTRACKED, Boxes, Tracks, areas, covered, intersections
from reid.core.pixels import RedactedCrop, RedactedFrame
from reid.detect.box_measures import BoxMeasures, measurable

MAX_CROPS: Final = 8
"""Crops kept for each tracklet, spread over its time."""

GAP: Final = timedelta(milliseconds=250)
"""Frames further apart show too few of the same places for people to be followed by overlap alone,
and nobody may be asked to be in several of them."""

GONE_AFTER: Final = timedelta(seconds=2)
"""A track unseen for this long has ended, where frames follow closely."""

LONGEST_GAP: Final = timedelta(seconds=30)
"""Nobody is followed over a longer gap: who is seen after it is a sighting of its own."""

_GAPS_MISSED: Final = 2.5  # a track unseen for so many gaps has ended, where those are long

MIN_FRAMES: Final = 3
"""A track of fewer frames is a false detection, unless there were no others that could show it."""

SURE_ONCE: Final = 0.6
"""Score from which somebody seen in one frame is kept, where the next one is more than `GAP` away;
seen in two frames they are kept in any case."""

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
        missed: number of frames that might have shown them, `GAP` before or after, and did not.
        surest: highest score of their boxes.
        passed_on: when it was last returned by `ongoing`, or None.
        measured: where the person stood and how tall in the picture, from boxes.
    """

    track_id: int
    first_index: int
    first_box: Boxes
    start: datetime
    end: datetime
    frames: int = 0
    missed: int = 0
    surest: float = 0.0
    passed_on: datetime | None = None
    measured: BoxMeasures = field(default_factory=BoxMeasures)
    _slot: timedelta = _FIRST_SLOT
    _crops: dict[int, tuple[float, RedactedCrop]] = field(default_factory=dict)

    @property
    def has_crops(self) -> bool:
        """Whether anything of the person was ever to be seen."""
        return bool(self._crops)

    def is_somebody(self, seen_frames: int) -> bool:
        """Whether it was seen often enough, for a source of so many frames, to be no flicker."""
        if self.frames >= min(MIN_FRAMES, seen_frames):
            return True
        return not self.missed and (self.frames > 1 or self.surest >= SURE_ONCE)

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
        self._crops[slot] = (quality, crop_of(frame, box, self.track_id))
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
        self._times: deque[datetime] = deque(maxlen=MIN_FRAMES)  # of the last frames

    def add(self, frame: RedactedFrame, tracks: Tracks) -> list[Tracklet]:
        """Add one frame; return the tracklets that have ended."""
        self._seen_frames += 1
        before = self._close(
            lambda tracklet: frame.time - tracklet.end > LONGEST
        )  # the clock jumped
        self._take(frame, tracks)
        self._times.append(frame.time)
        gone_after = patience(self._usual_gap())
        return before + self._close(
            lambda tracklet: (
                frame.time - tracklet.end > gone_after or tracklet.end - tracklet.start > LONGEST
            )
        )

    def _take(self, frame: RedactedFrame, tracks: Tracks) -> None:
        qualities = crop_qualities(tracks, frame.width, frame.height)
        clear = measurable(tracks, frame.width, frame.height)
        for tracklet in self._open.values():
            tracklet.missed += (
                frame.time - tracklet.end <= GAP
                and not (tracks.track_id == tracklet.track_id).any()
            )
        for i, ((box, score, track), quality) in enumerate(zip(tracks, qualities, strict=True)):
            if track == UNTRACKED:
                continue
            tracklet = self._open.get(track) or self._begin(track, frame, box)
            tracklet.surest = max(tracklet.surest, score)
            shown = 1 - covered(box, frame.painted)
            if shown < LEAST_SHOWN:
                tracklet.extend(frame)
            else:
                tracklet.add(frame, box, float(quality) * shown**_PAINT_POWER)
            if clear[i]:
                tracklet.measured.add(box, float(tracks.head_height[i]), frame.width, frame.height)

    def _usual_gap(self) -> timedelta:
        """Return the shorter of the last two gaps: one alone does not make a time-lapse."""
        times = list(self._times)
        gaps = [after - before for before, after in pairwise(times)]
        return min(gaps) if len(gaps) > 1 else timedelta(0)

    def _begin(self, track: int, frame: RedactedFrame, box: Boxes) -> Tracklet:
        missed = sum(frame.time - time <= GAP for time in self._times)
        begun = Tracklet(track, frame.index, box.copy(), frame.time, frame.time, missed=missed)
        self._open[track] = begun
        return begun

    def ongoing(self) -> list[Tracklet]:
        """Return tracklets that go on and were last returned at least `ONGOING_EVERY` ago."""
        due = [
            tracklet
            for tracklet in self._open.values()
            if tracklet.is_somebody(MIN_FRAMES)
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
            if tracklet.is_somebody(self._seen_frames) and tracklet.has_crops
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


def crop_of(frame: RedactedFrame, box: Boxes, track_id: int) -> RedactedCrop:
    """Cut out somebody's box (4,), with a margin."""
    margin = (box[3] - box[1]) * _CROP_MARGIN
    wider = box + np.array([-margin, -margin, margin, margin], np.float32)
    return frame.crop(np.asarray(wider, np.float32), track_id)


def patience(gap: timedelta) -> timedelta:
    """Return after which time unseen a track has ended, by the gap to the frame before."""
    return max(GONE_AFTER, min(_GAPS_MISSED * gap, LONGEST_GAP))

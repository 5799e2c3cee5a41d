"""Tracks → stays: one person's time before one camera, with the best few crops of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from reid.core.boxes import UNTRACKED, Boxes, Tracks, areas, covered, intersections
from reid.core.pixels import RedactedCrop, RedactedFrame

MAX_CROPS: Final = 8
"""Crops kept a stay, spread over its time."""

GONE_AFTER: Final = timedelta(seconds=2)
"""A track unseen for this long has ended."""

MIN_FRAMES: Final = 3
"""A track of fewer frames is a flicker of the detector, not a stay."""

LONGEST: Final = timedelta(minutes=5)
"""A longer stay is cut, so that somebody who sits down is found before they leave."""

STANDING: Final = timedelta(seconds=8)
"""Whoever stays longer before a live camera is stored as seen so far, and again after each."""

_FIRST_SLOT: Final = timedelta(milliseconds=300)
_EDGE_PENALTY: Final = 0.6
_PAINT_POWER: Final = 2.0  # redaction takes a quarter of most people; of whom it takes half, little
_CROP_MARGIN: Final = 0.03  # of the box's height, added all round
_EDGE: Final = 2.0  # px


@dataclass(slots=True)
class Stay:
    """One person's time before one camera.

    Attributes:
        track_id: of the source's tracks.
        first_index, first_box: where it began; they name the sighting.
        start, end: first and last time seen, UTC.
        frames: number of frames seen.
        told: when it was last passed on while it went on, or None.
    """

    track_id: int
    first_index: int
    first_box: Boxes
    start: datetime
    end: datetime
    frames: int = 0
    told: datetime | None = None
    _slot: timedelta = _FIRST_SLOT
    _crops: dict[int, tuple[float, RedactedCrop]] = field(default_factory=dict)

    def crops(self) -> list[RedactedCrop]:
        """Return the kept crops, best first."""
        ranked = sorted(self._crops.values(), key=lambda kept: -kept[0])
        return [crop for _, crop in ranked]

    def see(self, frame: RedactedFrame, box: Boxes, quality: float) -> None:
        """Note that the person is seen at `box` (4,); keep the crop if it is among the best."""
        self.end = frame.time
        self.frames += 1
        slot = (frame.time - self.start) // self._slot
        if slot in self._crops and self._crops[slot][0] >= quality:
            return
        self._crops[slot] = (quality, frame.crop(_with_margin(box), self.track_id))
        while len(self._crops) > MAX_CROPS:
            self._merge_slots()

    def _merge_slots(self) -> None:
        merged: dict[int, tuple[float, RedactedCrop]] = {}
        for slot, kept in self._crops.items():
            if slot // 2 not in merged or kept[0] > merged[slot // 2][0]:
                merged[slot // 2] = kept
        self._crops, self._slot = merged, self._slot * 2


class Stays:
    """Collects the stays of one source, frame by frame."""

    def __init__(self) -> None:
        self._open: dict[int, Stay] = {}
        self._seen_frames = 0

    def see(self, frame: RedactedFrame, tracks: Tracks) -> list[Stay]:
        """Add one frame; return the stays that have ended."""
        self._seen_frames += 1
        before = self._close(lambda stay: frame.time - stay.end > LONGEST)  # the clock jumped
        qualities = crop_qualities(tracks, frame.width, frame.height)
        for (box, _, track), quality in zip(tracks, qualities, strict=True):
            if track == UNTRACKED:
                continue
            stay = self._open.get(track)
            if stay is None:
                stay = Stay(track, frame.index, box.copy(), frame.time, frame.time)
                self._open[track] = stay
            shown = 1 - covered(box, frame.painted)
            stay.see(frame, box, float(quality) * shown**_PAINT_POWER)
        return before + self._close(
            lambda stay: frame.time - stay.end > GONE_AFTER or stay.end - stay.start > LONGEST
        )

    def standing(self) -> list[Stay]:
        """Return the stays that go on and were not passed on for `STANDING`."""
        due = [
            stay
            for stay in self._open.values()
            if stay.frames >= MIN_FRAMES and stay.end - (stay.told or stay.start) >= STANDING
        ]
        for stay in due:
            stay.told = stay.end
        return due

    def finish(self) -> list[Stay]:
        """Return the stays still open; the source has ended."""
        return self._close(lambda _: True)

    def _close(self, ended: Callable[[Stay], bool]) -> list[Stay]:
        closing = [track for track, stay in self._open.items() if ended(stay)]
        stays = [self._open.pop(track) for track in closing]
        return [stay for stay in stays if stay.frames >= min(MIN_FRAMES, self._seen_frames)]


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

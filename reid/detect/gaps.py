"""Tracks over gaps: who is who after seconds without a frame, by motion and by appearance.

ByteTrack links boxes that overlap, and believes in nobody before the third frame. At one frame a
second nobody overlaps, and most people are seen in one frame or two. So where frames are further
apart than `GAP`, who is who is told by where each person may be by then and by what they wear, as
likelihood ratios that are added; the best assignment is taken (Kuhn 1955). Where frames follow
closely nothing is changed.

Appearance is of redacted crops: the linking comes after the redaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import UNTRACKED, Boxes, Tracks, areas, intersections, iou
from reid.core.pixels import RedactedCrop, RedactedFrame
from reid.detect.motion import Motion
from reid.detect.tracklets import GAP, crop_of, patience

Floats = NDArray[np.float32]
Describe = Callable[[Sequence[RedactedCrop]], Floats]

SAME: Final = (0.75, 0.22)
OTHERS: Final = (0.10, 0.17)
"""Mean and standard deviation of the cosine of two crops of one person, and of two people, before
one camera."""

_MOST_ALIKE: Final = 3.0
_MOST_UNLIKE: Final = -4.0
"""Nats that appearance adds at most, and takes at most: half a person may be hidden or painted."""

_CLEAR: Final = 0.5  # share of a box in front of which nobody else's is, to learn from it

_BEST_PLACED: Final = 3.0
"""Nats that a place adds at most: where one has stood, others like to stand too."""

_STAYS: Final = 8.0
"""Seconds after which one in e people who were in the picture still is."""

_NEW_A_FRAME: Final = 0.5  # people who turn up in a frame after a gap, on average
_SAME_BOX: Final = 0.3  # IoU with the box of the frame before
_OWN_IDS: Final = 1 << 20  # ids above are given here, those below are the tracker's
_REMEMBERED: Final = 0.5  # weight of the newest crop's vector


@dataclass(slots=True)
class _Person:
    """Somebody in the picture.

    Attributes:
        track_id: of all their detections.
        motion: where they may be.
        box, seen: the last one (4,), and when.
        vector: of what they wear, unit length; None before it was needed.
        crop: of who vanished, to be described when that is needed.
    """

    track_id: int
    motion: Motion
    box: Boxes
    seen: datetime
    vector: Floats | None = None
    crop: RedactedCrop | None = None


class GapLinker:
    """Gives the detections of one source the track ids that hold over gaps.

    Args:
        starts_from: score from which a detection may be somebody new.
        goes_on_from: score from which it may be somebody known.
        describe: returns the unit vectors (N, D) of redacted crops.

    """

    def __init__(self, starts_from: float, goes_on_from: float, describe: Describe) -> None:
        self._starts_from, self._goes_on_from = starts_from, goes_on_from
        self._describe = describe
        self._people: dict[int, _Person] = {}
        self._id_of: dict[int, int] = {}  # the tracker's id → the one that holds over gaps
        self._before: RedactedFrame | None = None
        self._given: set[int] = set()
        self._next = _OWN_IDS
        self._frames, self._gaps, self._seconds = 0, 0, 0.0

    @property
    def says(self) -> str:
        """What is to be said of a source most of whose frames are far apart; else empty."""
        if not self._gaps or 2 * self._gaps < self._frames:
            return ""
        return (
            f"is a time-lapse (a frame every {self._seconds / self._gaps:.1f} s): people are "
            "followed by place and clothes, and kept if they were surely seen once"
        )

    def link(self, frame: RedactedFrame, tracks: Tracks, *, calm: bool = False) -> Tracks:
        """Return the frame's people with their ids; who is too uncertain stays `UNTRACKED`.

        `calm` says that nothing moved since the frame before, however long ago that is.
        """
        gap = frame.time - self._before.time if self._before else timedelta(0)
        apart = gap > GAP and not calm
        self._frames += 1
        if apart:
            self._gaps, self._seconds = self._gaps + 1, self._seconds + gap.total_seconds()
        self._forget(frame.time, gap)
        ids = self._after_gap(frame, tracks) if apart else self._at_once(frame, tracks)
        self._before = frame
        return replace(tracks, track_id=ids)

    def _forget(self, now: datetime, gap: timedelta) -> None:
        gone = [i for i, one in self._people.items() if now - one.seen > patience(gap)]
        for track_id in gone:
            del self._people[track_id]

    def _at_once(self, frame: RedactedFrame, tracks: Tracks) -> NDArray[np.int64]:
        """Go by the tracker's ids; a new one may be somebody whom only the linker knew so far."""
        ids = np.full(len(tracks), UNTRACKED, np.int64)
        for i, (box, _, said) in enumerate(tracks):
            if said == UNTRACKED:
                continue
            if said not in self._id_of:
                self._id_of[said] = self._unnamed_at(box) or self._fresh(said)
            ids[i] = self._id_of[said]
            self._note(int(ids[i]), box, frame.time)
        for one in self._last_seen():  # and not in this frame
            one.crop = self._crop_before(one)
        return ids

    def _unnamed_at(self, box: Boxes) -> int | None:
        """Return the id of somebody without an id of the tracker's who was there a moment ago."""
        if not self._gaps:
            return None
        named = set(self._id_of.values())
        near = [
            (float(iou(box[None], one.box[None])[0, 0]), one.track_id)
            for one in self._last_seen()
            if one.track_id not in named
        ]
        best = max(near, default=(0.0, 0))
        return best[1] if best[0] >= _SAME_BOX else None

    def _after_gap(self, frame: RedactedFrame, tracks: Tracks) -> NDArray[np.int64]:
        """Find out anew who is who."""
        self._describe_known()
        self._id_of.clear()
        ids = np.full(len(tracks), UNTRACKED, np.int64)
        rows = np.flatnonzero(tracks.score >= self._goes_on_from)
        boxes = tracks.xyxy[rows]
        vectors = self._vectors(frame, boxes)
        known = self._assign(frame, boxes, vectors)
        alone = uncovered(boxes)
        for place, (row, box) in enumerate(zip(rows, boxes, strict=True)):
            said = int(tracks.track_id[row])
            if place not in known and tracks.score[row] < self._starts_from:
                continue
            ids[row] = known.get(place) or self._fresh(said)
            if said != UNTRACKED:
                self._id_of[said] = int(ids[row])
            clear = alone[place] >= _CLEAR or int(ids[row]) not in self._people
            self._note(int(ids[row]), box, frame.time, vectors[place] if clear else None)
        return ids

    def _assign(self, frame: RedactedFrame, boxes: Boxes, vectors: Floats) -> dict[int, int]:
        """Return the ids of those of some boxes (N, 4) that are of somebody known, by position."""
        people = list(self._people.values())
        if not people or not len(boxes):
            return {}
        odds = np.stack([self._odds(one, frame, boxes, vectors) for one in people])
        from scipy.optimize import linear_sum_assignment  # slow to load, seldom needed

        pairs = zip(*linear_sum_assignment(-np.maximum(odds, 0)), strict=True)
        return {int(at): people[who].track_id for who, at in pairs if odds[who, at] > 0}

    def _odds(self, one: _Person, frame: RedactedFrame, boxes: Boxes, vectors: Floats) -> Floats:
        """Return the log odds (N,) that boxes are of a person rather than of somebody new."""
        seconds = (frame.time - one.seen).total_seconds()
        placed = one.motion.evidence(boxes, seconds, (frame.width, frame.height))
        odds = np.minimum(placed, _BEST_PLACED)
        odds -= seconds / _STAYS + np.log(_NEW_A_FRAME)
        if one.vector is not None:
            odds += appearance_evidence(vectors @ one.vector) * uncovered(boxes)
        return np.asarray(odds, np.float32)

    def _fresh(self, said: int) -> int:
        """Return an id for somebody new: the tracker's, where nobody ever had that."""
        if said == UNTRACKED or said in self._given:
            self._next += 1
            return self._next
        self._given.add(said)
        return said

    def _note(self, track: int, box: Boxes, now: datetime, vector: Floats | None = None) -> None:
        one = self._people.get(track)
        if one is None:
            self._people[track] = _Person(track, Motion(box), box, now, vector)
            return
        one.motion.see(box, (now - one.seen).total_seconds())
        one.box, one.seen, one.crop = box, now, None
        if vector is None:
            return
        if one.vector is None:
            one.vector = vector
            return
        mixed = (1 - _REMEMBERED) * one.vector + _REMEMBERED * vector
        one.vector = np.asarray(mixed / max(float(np.linalg.norm(mixed)), 1e-9), np.float32)

    def _describe_known(self) -> None:
        """Describe who is known, where that was not needed until now."""
        unknown = [one for one in self._people.values() if one.vector is None]
        crops = [one.crop or self._crop_before(one) for one in unknown]
        for one, vector in zip(unknown, self._describe(crops) if crops else (), strict=True):
            one.vector, one.crop = vector, None

    def _last_seen(self) -> list[_Person]:
        """Return who was last seen in the frame before."""
        before = self._before.time if self._before else None
        return [one for one in self._people.values() if one.seen == before]

    def _crop_before(self, one: _Person) -> RedactedCrop:
        assert self._before is not None, "somebody is known from a frame before"
        return crop_of(self._before, one.box, one.track_id)

    def _vectors(self, frame: RedactedFrame, boxes: Boxes) -> Floats:
        if not len(boxes):
            return np.zeros((0, 1), np.float32)
        return self._describe([crop_of(frame, box, UNTRACKED) for box in boxes])


def uncovered(boxes: Boxes) -> Floats:
    """Return the share of each box (N, 4) that no other one covers."""
    shared = intersections(boxes, boxes) / np.maximum(areas(boxes), 1)[:, None]
    np.fill_diagonal(shared, 0)
    return np.asarray(1 - shared.max(axis=1, initial=0), np.float32)


def appearance_evidence(cosines: Floats) -> NDArray[np.float64]:
    """Return what cosines (N,) of two crops say for one person against two, in nats (N,)."""
    (same, same_spread), (others, others_spread) = SAME, OTHERS
    # beyond the mean of the same person nothing speaks against them
    alike = -0.5 * ((np.minimum(cosines, same) - same) / same_spread) ** 2 - np.log(same_spread)
    unlike = -0.5 * ((np.maximum(cosines, others) - others) / others_spread) ** 2
    unlike -= np.log(others_spread)
    return np.asarray(np.clip(alike - unlike, _MOST_UNLIKE, _MOST_ALIKE), np.float64)

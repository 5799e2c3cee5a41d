"""Which frames of a film are looked at: those in which something moved since the last look.

A camera mostly shows nothing, and detecting people costs most of the time. So a small picture of
each frame is compared with that of the last frame that was looked at (a background that cannot
learn a person away, as running averages do: they stood in it or they did not). Where nothing
differs, whoever was there still is, and nobody else; such a frame is left out before its RGB is
even computed, so that there are no pixels of it to keep. Now and then all is looked at anyway:
somebody may wear the colour of the wall.

Leaves, clocks and screens move all day. Cells of the picture that moved and showed nobody grow
tired: alone they open the gate a second apart, and so does what moves anywhere after some looks in
vain, as rain, snow and a shaking pole do. Steps of light and exposure shift all of a picture,
which is taken off before comparing. What is gone in the next frame, as rain and noise are, does not
count; nor does what was there at the last look alone, and not in the frame before it.
"""

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from reid.core.boxes import UNTRACKED, Boxes, Tracks, as_boxes

MOVING: Final = 0.2
"""Seconds between looks while people move."""

STILL: Final = 1.0
"""Seconds between looks at people who do not move, and at places that keep moving without any."""

EMPTY: Final = 2.0
"""Seconds between looks where nobody is and nothing moves."""

RUNNING: Final = 1.2
"""Heights a second from which somebody is followed at every frame."""

_NEW: Final = 3  # looks at somebody new, one frame after the other
_WIDTH: Final = 240  # px of the small picture, about
_CELL: Final = 8  # px of it
_DIFFERS: Final = (12, 8, 8)  # levels of brightness, and of both colours
_LEAST: Final = 2  # px that differ in a cell that moved
_TIRED: Final = 3.0  # looks in vain
_RESTED: Final = 60.0  # seconds after which half of that is forgotten
_PLANAR: Final = frozenset({"yuv420p", "yuvj420p"})  # what nearly all cameras send

_LEVELS: Final = np.arange(256)

Plane = NDArray[np.uint8]
Small = tuple[Plane, Plane, Plane]
"""Brightness and both colours of a small picture, each (h, w)."""

Cells = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was left out before a frame.

    Attributes:
        frames: how many.
        calm: nothing moved in any of them: whoever was there still is where they were.
    """

    frames: int = 0
    calm: bool = False


@dataclass(frozen=True, slots=True)
class _Look:
    """A frame that is looked at: when, which cells had moved, what was left out before."""

    seconds: float
    moved: Cells
    skipped: Skipped


@dataclass(slots=True)
class _Somebody:
    box: Boxes
    seconds: float
    looks: int = 1


@dataclass(slots=True)
class MotionGate:
    """Decides frame by frame; one for each source.

    `opens` and `saw` may be called by two threads: what is seen may be known some frames later.

    Attributes:
        step: seconds between frames of the source.
        starts_from: score of a person from which they may be somebody new.
        frames: how many it was asked about.
    """

    step: float
    starts_from: float
    frames: int = 0
    _references: tuple[Small, ...] = ()  # the last look, and the frame before it
    _previous: Small | None = None
    _last: float = 0.0  # seconds of the last look
    _left_out: int = 0
    _stirred: bool = False  # whether something moved since the last look
    _before: Cells | None = None  # what differed in the frame before
    _looks: dict[int, _Look] = field(default_factory=dict)
    _tired: NDArray[np.float32] | None = None
    _people: dict[int, _Somebody] = field(default_factory=dict)
    _anybody: bool = False
    _vain: int = 0  # looks in a row that movement led to, and that showed nobody
    _hurry: bool = False

    def opens(self, index: int, frame: VideoFrame, seconds: float) -> bool:
        """Return whether a frame is looked at.

        Args:
            index: its number in the source.
            frame: as decoded; nothing of it is kept but a small one, in memory.
            seconds: when, on the source's clock.
        """
        self.frames = index + 1
        small = small_picture(frame)
        moved = self._moved(small)
        if moved is None:
            return self._look(index, small, seconds, np.ones(_cells_of(small), np.bool_))
        if seconds - self._last + self.step / 2 >= self._wait(moved):
            return self._look(index, small, seconds, moved)
        self._left_out += 1
        self._stirred |= bool(moved.any())
        self._previous = small
        return False

    def skipped(self, index: int) -> Skipped:
        """Return what was left out before frame `index`, or dropped after it was let through."""
        before = [self._looks[i].skipped for i in self._looked_at(index)]
        return Skipped(
            sum(one.frames for one in before) + max(len(before) - 1, 0),
            all(one.calm for one in before) and bool(before),
        )

    def saw(self, index: int, tracks: Tracks, width: int, height: int) -> None:
        """Take who was seen in frame `index`, in a picture of so many px, not turned."""
        known = self._looked_at(index)
        if not known:
            return
        look = self._looks[known[-1]]
        for i in known:
            del self._looks[i]
        self._anybody = bool(len(tracks))
        self._vain = self._vain + 1 if look.moved.any() and not self._anybody else 0
        size = np.array([width, height] * 2, np.float32)
        self._tire(look, as_boxes(tracks.xyxy / size))
        self._hurry = self._follow(look.seconds, tracks)

    def _looked_at(self, index: int) -> list[int]:
        """Return the frames up to `index` of which nobody has said yet who was seen, in order."""
        return [i for i in sorted(self._looks) if i <= index]

    def _look(self, index: int, small: Small, seconds: float, moved: Cells) -> bool:
        self._looks[index] = _Look(seconds, moved, Skipped(self._left_out, not self._stirred))
        before = self._previous
        if before is None or before[0].shape != small[0].shape:
            before = small
        self._references, self._previous, self._last = (small, before), small, seconds
        self._left_out, self._stirred = 0, False
        return True

    def _moved(self, small: Small) -> Cells | None:
        """Return which cells differ from the last look and the frame before it.

        None if there is none like this.
        """
        if not self._references or self._references[0][0].shape != small[0].shape:
            return None
        now = _differing(small, self._references[0])
        if now.any():
            now &= _differing(small, self._references[1])
        before, self._before = self._before, now
        return now if before is None or self.step >= MOVING else now & before

    def _wait(self, moved: Cells) -> float:
        """Return how many seconds after the last look the next one is due."""
        if not moved.any():
            return STILL if self._anybody else EMPTY
        if self._hurry:
            return 0.0
        tired = self._tired
        fresh = moved if tired is None else moved & (tired < _TIRED)
        return min(MOVING * 1.5**self._vain, STILL) if fresh.any() else STILL

    def _tire(self, look: _Look, people: Boxes) -> None:
        """Note which cells moved and showed nobody; `people` (N, 4) are in shares of the frame."""
        rows, columns = look.moved.shape
        if self._tired is None or self._tired.shape != look.moved.shape:
            self._tired = np.zeros((rows, columns), np.float32)
            return  # all counts as moved at the first look
        occupied = np.zeros((rows, columns), np.bool_)
        for x0, y0, x1, y1 in people * np.array([columns, rows] * 2, np.float32):
            occupied[max(int(y0) - 1, 0) : int(y1) + 2, max(int(x0) - 1, 0) : int(x1) + 2] = True
        self._tired *= 0.5 ** (min(STILL, self.step + MOVING) / _RESTED)
        self._tired[look.moved & ~occupied] += 1
        self._tired[look.moved & occupied] = 0

    def _follow(self, seconds: float, tracks: Tracks) -> bool:
        """Return whether somebody is new or fast, and is to be looked at in the next frame."""
        people: dict[int, _Somebody] = {}
        hurry = False
        for box, score, track in tracks:
            if track == UNTRACKED:
                hurry |= score >= self.starts_from  # the tracker waits for their second look
                continue
            before = self._people.get(int(track))
            looks = before.looks + 1 if before else 1
            people[int(track)] = _Somebody(box, seconds, looks)
            hurry |= looks < _NEW or (before is not None and _speed(before, box, seconds) > RUNNING)
        self._people = people
        return hurry


def _differing(one: Small, other: Small) -> Cells:
    """Return which cells differ, whatever light and exposure do to the whole picture."""
    differs = np.zeros_like(one[0])
    for plane, reference, least in zip(one, other, _DIFFERS, strict=True):
        shift = round(cv2.mean(plane)[0] - cv2.mean(reference)[0])
        table = np.clip(_LEVELS + shift, 0, 255).astype(np.uint8)
        expected = cv2.LUT(reference, table)
        _, more = cv2.threshold(cv2.absdiff(plane, expected), least, 255, cv2.THRESH_BINARY)
        differs = np.asarray(cv2.bitwise_or(differs, more), np.uint8)
    rows, columns = _cells_of(one)
    inside = differs[: rows * _CELL, : columns * _CELL]
    shares = cv2.resize(inside, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(shares >= 255 * (_LEAST - 0.5) / _CELL**2, np.bool_)


def small_picture(frame: VideoFrame) -> Small:
    """Return a frame's brightness and colours, upright, smoothed, and some `_WIDTH` px wide."""
    shrink = max(2, 2 * round(frame.width / _WIDTH / 2))
    size = (max(_CELL, frame.width // shrink), max(_CELL, frame.height // shrink))
    if frame.format.name in _PLANAR and min(frame.width, frame.height) >= shrink * _CELL:
        half = shrink // 2
        planes = [_shrunk(frame, i, by, size) for i, by in enumerate((shrink, half, half))]
    else:
        planes = list(frame.reformat(*size, "yuv444p").to_ndarray())
    turns = round(frame.rotation / 90) % 4
    y, u, v = (np.ascontiguousarray(np.rot90(cv2.blur(p, (3, 3)), turns), np.uint8) for p in planes)
    return y, u, v


def _shrunk(frame: VideoFrame, number: int, by: int, size: tuple[int, int]) -> Plane:
    """Return one plane of a frame, averaged over squares of so many px."""
    plane = frame.planes[number]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    whole = rows[: size[1] * by, : size[0] * by]
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)


def _cells_of(small: Small) -> tuple[int, int]:
    return small[0].shape[0] // _CELL, small[0].shape[1] // _CELL


def _speed(before: _Somebody, box: Boxes, seconds: float) -> float:
    """Return how fast somebody moved, in their heights a second."""
    height = max(float(box[3] - box[1]), 1.0)
    moved = np.abs((box[:2] + box[2:]) / 2 - (before.box[:2] + before.box[2:]) / 2).max()
    return float(moved) / height / max(seconds - before.seconds, 1e-3)

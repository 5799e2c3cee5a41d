"""Which boxes of a frame to redact: found heads, the tops of all people, and memory over time.

In single frames the detector may miss a head, or a person enters before their head is
recognised. So a frame's boxes are the union of what was found in it, the top of *every* person's
box, and where the same track had its head a little before and after.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import (
    HEAD_IN_UPPER,
    UNTRACKED,
    Boxes,
    Tracks,
    as_boxes,
    empty_boxes,
    intersections,
    top_of,
)
from reid.core.pixels import FrameRef, HeadRegions, Profile

TOP_WITH_HEAD: Final = 0.18
"""Share of a person's box, from its top, that goes when a head was found in it."""

TOP_WITHOUT_HEAD: Final = 0.30
"""The same when no head was found: fail closed."""

TOP_OF_WIDTH: Final = 0.5
"""When no head was found, at least this share of the person's *width* goes from the top too, up to
half the box: of somebody seated or cut off, the head is a larger share of what is seen."""

_MOST_OF_PERSON: Final = 0.5

UPRIGHT: Final = 1.2
"""Times its width: a lower box is of somebody who lies, bends, is held or is cut off. No side of it
is the top, so that without a head found all of it goes."""

FILLS: Final = 0.5
"""Share of the frame from which somebody is so near that their head may be anywhere in the box."""

NOT_UPRIGHT_FROM: Final = 0.1
"""Score from which both hold: weaker boxes are mostly nobody."""

SLENDER: Final = 4.0
"""People's boxes are about three times as tall as wide. One taller than so many widths may have
something else at its top, such as the balloon above a child, and the head further down."""

TOP_OF_CROP: Final = 0.22
"""Share of an image that is one person already cut out, from its top, that goes in any case."""

LOOK_AROUND: Final = 6
"""Frames before and after whose boxes of the same track count too."""

_UNTRACKED_LOOK_AROUND: Final = 2  # frames; a head of no track is painted where it was
_PADDING: Final = 0.12  # of a head's sides, added above and beside
_CHIN: Final = 0.25  # of its height, added below: chins and beards
_BROW: Final = 0.32  # share of a head box above the brow, kept by the profile "face"


@dataclass(frozen=True, slots=True)
class HeadCandidates:
    """What may be heads in one frame.

    Attributes:
        boxes: float32 (M, 4), px.
        sure: bool (M,): shows where its person's head is; else it is painted, and the person is
            treated as one without a head found.
        whole: bool (M,): painted as it is, with what belongs to the head included. Others are
            upright heads, which are padded.
    """

    boxes: Boxes
    sure: NDArray[np.bool_]
    whole: NDArray[np.bool_]

    @classmethod
    def upright(cls, boxes: Boxes, sure: NDArray[np.bool_] | None = None) -> Self:
        """Return upright heads (M, 4), all of them sure unless said otherwise."""
        count = len(boxes)
        known = np.ones(count, np.bool_) if sure is None else sure
        return cls(boxes, known, np.zeros(count, np.bool_))

    def with_upright(self, boxes: Boxes, sure: NDArray[np.bool_]) -> Self:
        """Return these and upright heads (K, 4), which are padded."""
        return type(self)(
            np.concatenate([self.boxes, boxes]),
            np.concatenate([self.sure, sure]),
            np.concatenate([self.whole, np.zeros(len(boxes), np.bool_)]),
        )

    def with_whole(self, boxes: Boxes, sure: NDArray[np.bool_]) -> Self:
        """Return these and boxes (K, 4) that are painted as they are."""
        return type(self)(
            np.concatenate([self.boxes, boxes]),
            np.concatenate([self.sure, sure]),
            np.concatenate([self.whole, np.ones(len(boxes), np.bool_)]),
        )

    def regions(self, profile: Profile) -> Boxes:
        """Return what is painted for each, (M, 4)."""
        padded = _shape(self.boxes, profile)
        return np.where(self.whole[:, None], self.boxes, padded).astype(np.float32)


@dataclass(frozen=True, slots=True)
class FrameDetections:
    """One frame's tracks and head candidates.

    Attributes:
        frame: which.
        tracks: its people.
        candidates: what may be heads.
        others: people that redaction alone is to know of: other models' than the detector's.
        closed_from: score from which the tops of people go who have no head found: one for all,
            or one for each of `people`, (N,).
    """

    frame: FrameRef
    tracks: Tracks
    candidates: HeadCandidates
    others: Tracks = field(default_factory=Tracks.none)
    closed_from: float | NDArray[np.float32] = 0.0

    def people(self) -> Tracks:
        """Return everybody, of whichever model."""
        return self.tracks.joined(self.others)


def regions_to_redact(
    frames: Sequence[FrameDetections], now: int, profile: Profile = "head"
) -> HeadRegions:
    """Return what to redact in ``frames[now]``.

    Args:
        frames: consecutive frames around the one in question.
        now: its position among them.
        profile: "head" takes the whole head; "face" keeps what is above the brow (hats, hair)
            wherever a head was found. Where none was found the top of the person goes in both.

    In a slender box nothing found at its top is believed to be the head.
    """
    tracks, candidates = frames[now].people(), frames[now].candidates
    owner = _owners(tracks.xyxy, candidates.boxes)[candidates.sure]
    remembered, remembered_for = _remembered(frames, now, profile)
    found = np.isin(np.arange(len(tracks)), np.concatenate([owner, remembered_for]))
    heads = [candidates.regions(profile), remembered, _strays(frames, now, profile)]
    sure = found & ~_slender(tracks.xyxy)
    headless = ~sure & (tracks.score >= frames[now].closed_from)
    tops = [_fail_closed(tracks, headless, frames[now].frame)]
    if profile == "head":
        tops.append(top_of(tracks.xyxy[sure], TOP_WITH_HEAD))
    boxes = np.concatenate([*heads, *tops, _tops_of_missed(frames, now)])
    return HeadRegions.of_head_finder(frames[now].frame, boxes, profile)


def regions_left(image: FrameRef, boxes: Boxes) -> HeadRegions:
    """Return what is to be painted over in a redacted image, where something was left (M, 4)."""
    return HeadRegions.of_head_finder(image, boxes, "head")


def crop_regions_to_redact(
    frame: FrameRef,
    candidates: Boxes,
    *,
    sure: bool,
    people: Boxes | None = None,
    profile: Profile = "head",
) -> HeadRegions:
    """Return what to redact in an image that is one person: its top, and every candidate.

    Of an image wider than tall, in which no head was found for sure, all goes: it may be a head.

    Args:
        frame: the image.
        candidates: heads found in it (M, 4).
        sure: the person's own head is among them; else as much goes as of anybody in a frame in
            whom no head was found.
        people: persons found in it (N, 4), whose tops go as well: what is above the person, an
            umbrella or a balloon, may be the image's top.
        profile: kept with the result; in such an image the whole head goes in both.
    """
    whole = as_boxes([[0, 0, frame.width, frame.height]])
    boxes = whole
    if sure or frame.width <= frame.height:
        tops = [top_of(whole, TOP_OF_CROP)] if sure else [_closed_tops(whole)]
        if people is not None:
            owned = np.isin(np.arange(len(people)), _owners(people, candidates))
            tops += [top_of(people[owned], TOP_WITH_HEAD), _closed_tops(people[~owned])]
        boxes = np.concatenate([*tops, _shape(candidates, "head")])
    return HeadRegions.of_head_finder(frame, boxes, profile)


def _owners(people: Boxes, heads: Boxes) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return for each head the person whose upper part holds most of it, or -1; shape (M,)."""
    if not len(people) or not len(heads):
        return np.full(len(heads), -1, np.int64)
    shared = intersections(heads, top_of(people, HEAD_IN_UPPER))
    best = shared.argmax(axis=1)
    return np.where(shared.max(axis=1) > 0, best, -1).astype(np.int64)


def _shape(heads: Boxes, profile: Profile) -> Boxes:
    """Pad head boxes, and for the profile "face" leave out what is above the brow."""
    sides = heads[:, 2:] - heads[:, :2]
    low = heads[:, :2] - sides * _PADDING
    high = heads[:, 2:] + sides * np.array([_PADDING, _CHIN], np.float32)
    if profile == "face":
        low[:, 1] = heads[:, 1] + sides[:, 1] * _BROW
    return np.concatenate([low, high], axis=1).astype(np.float32)


def _remembered(
    frames: Sequence[FrameDetections], now: int, profile: Profile
) -> tuple[Boxes, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return regions that the frame's tracks had nearby in time, and for whom one was sure.

    A head keeps its place relative to its person's box, so it is carried over with that box.
    """
    tracks = frames[now].tracks
    boxes, owners = [], []
    for when in _around(frames, now, LOOK_AROUND):
        other, heads = frames[when], frames[when].candidates
        persons = _owners(other.tracks.xyxy, heads.boxes)
        for region, sure, person in zip(heads.regions(profile), heads.sure, persons, strict=True):
            track = other.tracks.track_id[person] if person >= 0 else UNTRACKED
            here = np.flatnonzero((tracks.track_id == track) & (track != UNTRACKED))
            if len(here):
                boxes.append(_carry(region, other.tracks.xyxy[person], tracks.xyxy[here[0]]))
                owners += [here[0]] if sure else []
    return as_boxes(boxes), np.array(owners, np.int64)


def _carry(head: Boxes, there: Boxes, here: Boxes) -> Boxes:
    """Move a head box (4,) from one person box to another of the same person."""
    scale = (here[2:] - here[:2]) / np.maximum(there[2:] - there[:2], 1)
    low = here[:2] + (head[:2] - there[:2]) * scale
    return np.concatenate([low, low + (head[2:] - head[:2]) * scale]).astype(np.float32)


def _strays(frames: Sequence[FrameDetections], now: int, profile: Profile) -> Boxes:
    """Return regions of the nearest frames that belong to no track."""
    boxes = [empty_boxes()]
    for when in _around(frames, now, _UNTRACKED_LOOK_AROUND):
        seen = frames[when]
        owner = _owners(seen.tracks.xyxy, seen.candidates.boxes)
        track = np.append(seen.tracks.track_id, UNTRACKED)[owner]  # owner -1 takes the last one
        boxes.append(seen.candidates.regions(profile)[track == UNTRACKED])
    return np.concatenate(boxes)


def _tops_of_missed(frames: Sequence[FrameDetections], now: int) -> Boxes:
    """Return the tops of people who are seen nearby in time but missed in this frame.

    Between two frames that show them the nearer counts; it is where they were a moment ago or will
    be in a moment, so the whole fail-closed top is taken.
    """
    here = set(frames[now].tracks.track_id.tolist())
    nearest: dict[int, tuple[int, Boxes]] = {}
    for when in _around(frames, now, LOOK_AROUND):
        for box, _, track in frames[when].tracks:
            distance = abs(when - now)
            if track == UNTRACKED or track in here:
                continue
            if track not in nearest or distance < nearest[track][0]:
                nearest[track] = (distance, box)
    boxes = as_boxes([box for _, box in nearest.values()])
    weak = [
        seen.tracks.xyxy[seen.tracks.track_id == UNTRACKED]
        for seen in (frames[w] for w in _around(frames, now, _UNTRACKED_LOOK_AROUND))
    ]
    return _closed_tops(np.concatenate([boxes, *weak]))


def _fail_closed(tracks: Tracks, without_head: NDArray[np.bool_], frame: FrameRef) -> Boxes:
    """Return what goes of people in whom no head was found for sure: their tops, or all of them."""
    people = tracks.xyxy[without_head]
    width, height = (people[:, 2:] - people[:, :2]).T
    near = width * height > FILLS * frame.width * frame.height
    anywhere = (near | (height < UPRIGHT * width)) & (
        tracks.score[without_head] >= NOT_UPRIGHT_FROM
    )
    return np.where(anywhere[:, None], people, _closed_tops(people)).astype(np.float32)


def _closed_tops(people: Boxes) -> Boxes:
    """Return what goes from the top of people in whom no head was found for sure, (N, 4)."""
    width, height = (people[:, 2:] - people[:, :2]).T
    depth = np.maximum(TOP_WITHOUT_HEAD * height, TOP_OF_WIDTH * width)
    depth = np.minimum(depth, _MOST_OF_PERSON * height)
    tops = people.copy()
    tops[:, 3] = people[:, 1] + np.where(_slender(people), HEAD_IN_UPPER * height, depth)
    return tops


def _slender(people: Boxes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which boxes (N, 4) are taller for their width than people are; shape (N,)."""
    width, height = (people[:, 2:] - people[:, :2]).T
    return np.asarray(height > SLENDER * width, np.bool_)


def _around(frames: Sequence[FrameDetections], now: int, reach: int) -> list[int]:
    """Return positions within `reach` of `now`, without `now`."""
    return [i for i in range(max(0, now - reach), min(len(frames), now + reach + 1)) if i != now]

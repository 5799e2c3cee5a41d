"""Tracks become tracklets with a few good crops."""

from datetime import timedelta

import numpy as np

from reid.core.boxes import UNTRACKED, Tracks, as_boxes
from reid.core.pixels import RawFrame, RedactedFrame
from reid.detect.tracklets import (
    GONE_AFTER,
    LONGEST,
    MAX_CROPS,
    MIN_FRAMES,
    ONGOING_EVERY,
    TrackletBuilder,
    crop_qualities,
)
from reid.store.filter import LONGEST_TRACKLET
from tests.making import NOON, redacted


def frame(index: int, seconds: float) -> RedactedFrame:
    pixels = np.full((100, 200, 3), index % 256, np.uint8)
    return redacted(RawFrame(pixels, "gate", index, NOON + timedelta(seconds=seconds)))


def tracks(*people: tuple[list[float], float, int]) -> Tracks:
    return Tracks(
        as_boxes([p[0] for p in people]),
        np.array([p[1] for p in people], np.float32),
        np.array([p[2] for p in people], np.int64),
    )


BOX = [50.0, 20, 80, 90]


def test_one_tracklet_per_person() -> None:
    builder = TrackletBuilder()
    for i in range(20):
        assert not builder.add(
            frame(i, i / 10), tracks((BOX, 0.9, 4), ([120, 10, 150, 90], 0.8, 7))
        )
    done = builder.finish()
    assert [s.track_id for s in done] == [4, 7]
    assert done[0].start == NOON
    assert done[0].end == NOON + timedelta(seconds=1.9)
    assert 1 < len(done[0].crops()) <= MAX_CROPS


def test_a_tracklet_ends_when_the_person_is_gone() -> None:
    builder = TrackletBuilder()
    for i in range(5):
        builder.add(frame(i, i / 10), tracks((BOX, 0.9, 1)))
    later = 0.4 + GONE_AFTER.total_seconds() + 0.1
    assert [s.track_id for s in builder.add(frame(9, later), tracks())] == [1]
    assert builder.finish() == []


def test_no_tracklet_reaches_over_a_jump_of_the_clock() -> None:
    """So that a sighting of a time window began shortly before it."""
    assert 2 * LONGEST + GONE_AFTER < LONGEST_TRACKLET
    builder = TrackletBuilder()
    for i in range(5):
        builder.add(frame(i, i / 10), tracks((BOX, 0.9, 1)))
    for i in range(5):
        before = builder.add(frame(5 + i, 90_000 + i / 10), tracks((BOX, 0.9, 1)))
        assert [s.end for s in before] == ([NOON + timedelta(seconds=0.4)] if not i else [])
    (after,) = builder.finish()
    assert after.start == NOON + timedelta(seconds=90_000)


def test_a_flicker_is_no_tracklet() -> None:
    builder = TrackletBuilder()
    for i in range(10):
        builder.add(frame(i, i / 10), tracks((BOX, 0.9, 1)) if i < MIN_FRAMES - 1 else tracks())
    assert builder.finish() == []


def test_in_a_single_picture_once_is_enough() -> None:
    builder = TrackletBuilder()
    builder.add(frame(0, 0), tracks((BOX, 0.9, 1)))
    assert len(builder.finish()) == 1


def test_weak_detections_are_not_indexed() -> None:
    builder = TrackletBuilder()
    for i in range(10):
        builder.add(frame(i, i / 10), tracks((BOX, 0.2, UNTRACKED)))
    assert builder.finish() == []


def test_a_long_tracklet_is_cut() -> None:
    builder, done = TrackletBuilder(), []
    for i in range(0, int(LONGEST.total_seconds()) + 20):
        done += builder.add(frame(i, float(i)), tracks((BOX, 0.9, 1)))
    assert len(done) == 1


def test_crops_are_spread_and_the_best_comes_first() -> None:
    builder = TrackletBuilder()
    for i in range(200):
        builder.add(frame(i, i / 10), tracks((BOX, 0.9 if i == 137 else 0.5, 1)))
    (tracklet,) = builder.finish()
    crops = tracklet.crops()
    assert len(crops) <= MAX_CROPS
    assert crops[0].index == 137
    assert max(c.index for c in crops) - min(c.index for c in crops) > 100


def test_of_equal_crops_the_one_with_less_paint_comes_first() -> None:
    builder = TrackletBuilder()
    for i in range(40):
        pixels = np.full((100, 200, 3), i, np.uint8)
        head = as_boxes([[45, 15, 85, 40 if i == 23 else 60]])
        seen = redacted(RawFrame(pixels, "gate", i, NOON + timedelta(seconds=i / 10)), head)
        builder.add(seen, tracks((BOX, 0.9, 1)))
    (tracklet,) = builder.finish()
    assert tracklet.crops()[0].index == 23


def test_quality_prefers_whole_people_alone() -> None:
    quality = crop_qualities(
        tracks(
            ([50, 20, 80, 90], 0.9, 1),  # alone and whole
            ([120, 20, 150, 90], 0.9, 2),  # half hidden by the next
            ([120, 20, 150, 60], 0.9, 3),
            ([0, 20, 30, 90], 0.9, 4),  # cut off by the frame
        ),
        200,
        100,
    )
    assert quality[0] > quality[1]
    assert quality[0] > quality[3]


def test_who_stays_is_passed_on_as_seen_so_far_and_again_later() -> None:
    builder, passed = TrackletBuilder(), []
    for tenth in range(10 * round(2.5 * ONGOING_EVERY.total_seconds())):
        builder.add(frame(tenth, tenth / 10), tracks((BOX, 0.9, 1)))
        passed += [(tracklet.track_id, tenth / 10) for tracklet in builder.ongoing()]
    every = ONGOING_EVERY.total_seconds()
    assert passed == [(1, every), (1, 2 * every)]
    assert len(builder.finish()) == 1, "it goes on all the same"

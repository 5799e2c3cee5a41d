"""Clocks of recordings: repeated, backward and jumping stamps become times that move on."""

import itertools

import pytest

from reid.capture.timeline import Timeline

STEP = 1 / 12


def times(stamps: list[float | None], step: float = STEP) -> tuple[list[float], Timeline]:
    timeline = Timeline(step)
    return [timeline.time_of(stamp) for stamp in stamps], timeline


def film(frames: int, start: float = 0.0) -> list[float | None]:
    return [start + i * STEP for i in range(frames)]


CLOCKS = {
    "starts late": film(24, 5000.0),
    "repeats one": [*film(12), *film(12, 11 * STEP)],
    "repeats all": [3.0] * 24,
    "starts again": [*film(12), *film(12)],
    "is set back by an hour": [*film(12, 3600.0), *film(12)],
    "jumps by 16 hours": [*film(12), *film(12, 16 * 3600.0)],
    "jumps and comes back": [*film(8), *film(8, 90_000.0), *film(8, 8 * STEP)],
    "says nothing": [None] * 24,
    "falls silent": [*film(12), *[None] * 12],
    "is wrong once": [*film(12), 7200.0, *film(11, 13 * STEP)],
    "is behind once": [*film(12), 0.0, *film(11, 13 * STEP)],
    "runs backwards": [-i * STEP for i in range(24)],
    "wraps": [*film(12, 95443.7 - 12 * STEP), *film(12)],
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_every_clock_becomes_one_that_moves_on_by_a_frame(clock: str) -> None:
    found, _ = times(CLOCKS[clock])
    steps = [b - a for a, b in itertools.pairwise(found)]
    assert found[0] == 0.0
    assert min(steps) >= STEP * 0.99
    assert found[-1] == pytest.approx(23 * STEP, abs=2.5 * STEP), "no more than a frame a fault"


@pytest.mark.parametrize("clock", CLOCKS)
def test_what_was_mended_is_said(clock: str) -> None:
    _, timeline = times(CLOCKS[clock])
    sound = clock in {"starts late", "says nothing", "falls silent"}
    assert bool(timeline.words()) is not sound


def test_a_wrong_stamp_does_not_move_those_that_follow() -> None:
    for clock in ("is wrong once", "is behind once"):
        found, _ = times(CLOCKS[clock])
        assert found == pytest.approx([i * STEP for i in range(24)])


def test_gaps_and_uneven_frames_are_kept() -> None:
    stamps = [0.0, 0.03, 0.1, 0.5, 30.0, 30.08]
    found, timeline = times(list(stamps))
    assert found == pytest.approx(stamps)
    assert not timeline.words()


def test_time_lapse_is_no_jump() -> None:
    stamps: list[float | None] = [i * 300.0 for i in range(10)]
    found, timeline = times(stamps, step=300.0)
    assert found == stamps
    assert not timeline.words()

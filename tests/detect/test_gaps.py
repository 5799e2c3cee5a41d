"""Who is who over seconds without a frame: by motion and appearance, and only there."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from reid.core.boxes import UNTRACKED, Tracks, as_boxes
from reid.core.pixels import RawFrame, RedactedCrop, RedactedFrame
from reid.detect.gaps import GapLinker, appearance_evidence
from reid.detect.tracklets import GAP, Tracklet, TrackletBuilder
from tests.making import NOON, redacted

RED, GREEN, BLUE = (200, 20, 20), (20, 160, 40), (20, 40, 200)
WIDE, TALL = 400, 200


class Person:
    """Walks from `x` px at `speed` px a second, between two times, in one colour."""

    def __init__(self, colour, x=50.0, speed=0.0, first=0.0, last=1e9, y=180.0, score=0.9) -> None:
        self.colour, self.x, self.speed, self.y = colour, x, speed, y
        self.first, self.last, self.score = first, last, score

    def box(self, seconds: float):
        if not self.first <= seconds <= self.last:
            return None
        x = self.x + self.speed * (seconds - self.first)
        return [x - 16, self.y - 80, x + 16, self.y] if -10 < x < WIDE + 10 else None


def frame(people: Sequence[Person], index: int, seconds: float) -> RedactedFrame:
    pixels = np.full((TALL, WIDE, 3), 128, np.uint8)
    for person in people:
        box = person.box(seconds)
        if box is not None:
            x0, y0, x1, y1 = (max(0, round(v)) for v in box)
            pixels[y0:y1, x0:x1] = person.colour
    return redacted(RawFrame(pixels, "gate", index, NOON + timedelta(seconds=seconds)))


def colours(crops: Sequence[RedactedCrop]) -> np.ndarray:
    """Describe crops by the colour in their middle."""
    middle = [c.pixels[c.height // 2, c.width // 2].astype(np.float32) - 128 for c in crops]
    return np.stack([v / np.linalg.norm(v) for v in middle])


def followed(
    people: Sequence[Person], times: Sequence[float], bursts: float | None = None
) -> list[Tracklet]:
    """Link and build tracklets.

    ByteTrack knows who is in the first frame, and where frames come in bursts follows people
    within each.
    """
    linker, builder = GapLinker(0.4, 0.25, colours), TrackletBuilder()
    done: list[Tracklet] = []
    follows = bursts is not None
    for index, seconds in enumerate(times):
        burst = 0 if bursts is None else 100 * int(seconds // bursts)
        numbered = enumerate(people, start=1 + burst)
        shown = [(p.box(seconds), p.score, number) for number, p in numbered]
        seen = [one for one in shown if one[0] is not None]
        tracks = Tracks(
            as_boxes([box for box, _, _ in seen]),
            np.array([score for _, score, _ in seen], np.float32),
            np.array([number if follows or not index else UNTRACKED for _, _, number in seen]),
        )
        picture = frame(people, index, seconds)
        done += builder.add(picture, linker.link(picture, tracks))
    return done + builder.finish()


def spans(tracklets: Sequence[Tracklet]) -> list[tuple[float, float]]:
    return sorted(
        ((t.start - NOON).total_seconds(), (t.end - NOON).total_seconds()) for t in tracklets
    )


@pytest.mark.parametrize("gap", [0.5, 1.0, 2.0])
def test_who_crosses_is_one_tracklet_at_any_rate(gap: float) -> None:
    times = np.arange(0, 6.1, gap)
    people = [Person(RED, 20, 60), Person(BLUE, 380, -60)]
    assert spans(followed(people, times)) == [(0, times[-1])] * 2


def test_people_who_pass_each_other_are_told_apart_by_their_clothes() -> None:
    """At the place of one stands the other, a second later."""
    people = [Person(RED, 150, 60, last=1), Person(BLUE, 210, -60, last=1)]
    (one, two) = followed(people, [0, 1])
    assert one.frames == two.frames == 2
    for tracklet in (one, two):
        crops = colours(tracklet.crops())
        assert crops[0] @ crops[-1] > 0.99


def test_somebody_else_at_the_same_place_is_somebody_else() -> None:
    people = [Person(RED, 200, last=2.5), Person(GREEN, 200, first=3.5)]
    assert spans(followed(people, range(7))) == [(0, 2), (4, 6)]


def test_variable_rate() -> None:
    """Bursts of a camera that films motion, with seconds between them."""
    times = [burst + i / 10 for burst in (0, 3, 4, 9) for i in range(5)]
    people = [Person(RED, 50, 30), Person(BLUE, 300, last=4.2)]
    for bursts in (1, 100):
        assert spans(followed(people, times, bursts)) == [(0, 4.2), (0, pytest.approx(9.4))]


def test_who_is_surely_seen_once_is_kept() -> None:
    sure, unsure = Person(RED, 100, last=0.5), Person(BLUE, 300, last=0.5, score=0.45)
    assert spans(followed([sure, unsure], range(4))) == [(0, 0)]
    assert len(followed([Person(BLUE, 300, last=1.5, score=0.45)], range(4))) == 1


def test_a_flicker_that_other_frames_could_have_shown_is_not() -> None:
    times = [0, 2, 4, 4.1, 4.2, 4.3]  # only in the first frame of the burst
    assert followed([Person(RED, 100, first=4, last=4.05)], times) == []


def test_no_gap_is_too_long_for_a_sighting_of_its_own() -> None:
    hours = [3600.0 * i for i in range(3)]
    assert spans(followed([Person(RED, 100)], hours)) == [(h, h) for h in hours]


def test_where_frames_follow_closely_nothing_is_changed_or_described() -> None:
    def describe(crops: Sequence[RedactedCrop]) -> np.ndarray:
        raise AssertionError("nothing is to be described")

    linker = GapLinker(0.4, 0.25, describe)
    people = [Person(RED, 20, 60), Person(BLUE, 380, -60)]
    rng = np.random.default_rng(1)
    for index in range(60):
        seconds = index * GAP.total_seconds()
        boxes = as_boxes([b for p in people if (b := p.box(seconds)) is not None])
        ids = rng.permutation([UNTRACKED, 3, 9, 12])[: len(boxes)]
        tracks = Tracks(boxes, np.full(len(boxes), 0.9, np.float32), ids)
        linked = linker.link(frame(people, index, seconds), tracks)
        assert linked.track_id.tolist() == ids.tolist()
    assert linker.says == ""


def test_a_time_lapse_is_said_in_one_line() -> None:
    linker = GapLinker(0.4, 0.25, colours)
    for index in range(4):
        linker.link(frame([], index, 2.0 * index), Tracks.none())
    assert linker.says.startswith("is a time-lapse (a frame every 2.0 s)")
    assert "\n" not in linker.says


def test_appearance_speaks_for_and_against_but_never_alone_decides() -> None:
    evidence = appearance_evidence(np.array([-0.2, 0.0, 0.3, 0.5, 0.75, 1.0], np.float32))
    assert (np.diff(evidence) >= 0).all()
    assert evidence[0] < 0 < evidence[-1] < 5


def test_over_a_calm_gap_the_tracker_s_ids_hold_and_nobody_is_described() -> None:
    """Nothing moved since the frame before: a second is no longer than the next frame."""
    linker = GapLinker(0.4, 0.25, lambda _: pytest.fail("nobody is to be described"))
    box = Person(RED).box(0)
    seen = Tracks(as_boxes([box]), np.array([0.9], np.float32), np.array([7], np.int64))
    for index, seconds in enumerate((0.0, 1.0, 2.0, 3.0)):
        linked = linker.link(frame([Person(RED)], index, seconds), seen, calm=True)
        assert linked.track_id.tolist() == [7]
    assert linker.says == ""

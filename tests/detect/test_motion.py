"""Where somebody may be after a gap."""

import numpy as np

from reid.core.boxes import as_boxes
from reid.detect.motion import Motion

FRAME = (640, 360)


def box(x: float, y: float = 300, height: float = 100) -> np.ndarray:
    """Return a person's box with the feet in the middle of its lower edge."""
    return as_boxes([[x - height / 5, y - height, x + height / 5, y]])[0]


def at(motion: Motion, seconds: float, *places: float) -> np.ndarray:
    return motion.evidence(np.stack([box(x) for x in places]), seconds, FRAME)


def test_who_walks_is_expected_farther_on() -> None:
    motion = Motion(box(100))
    motion.see(box(180), 1.0)
    back, still, on = at(motion, 1.0, 100, 180, 260)
    assert on > back
    assert on > 0
    assert still > 0  # or stopped


def test_who_is_new_may_go_either_way() -> None:
    left, right = at(Motion(box(300)), 1.0, 220, 380)
    assert left == right > 0


def test_the_longer_the_gap_the_less_a_place_says() -> None:
    motion = Motion(box(300))
    near = [at(motion, seconds, 310)[0] for seconds in (0.3, 1.0, 3.0, 10.0)]
    assert near == sorted(near, reverse=True)
    far = [at(motion, seconds, 420)[0] for seconds in (0.1, 0.3, 1.0)]
    assert far == sorted(far)
    assert far[0] < 0 < far[-1]


def test_nearer_people_go_farther() -> None:
    small, large = (
        Motion(box(300, height=height)).evidence(box(420, height=height)[None], 1.0, FRAME)[0]
        for height in (40, 200)
    )
    assert small < 0 < large


def test_another_size_is_somebody_else() -> None:
    motion = Motion(box(300))
    same, half = motion.evidence(np.stack([box(310), box(310, height=50)]), 0.5, FRAME)
    assert same > 0 > half

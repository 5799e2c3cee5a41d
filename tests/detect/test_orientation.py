"""Which way up a picture is, by where the detector sees people upright."""

import numpy as np
import pytest

from reid.core.boxes import turned_boxes
from reid.core.pixels import RawFrame
from reid.detect.orientation import quarters_upright, rotation
from tests.making import NOON, redacted


class Evidence:
    """Stands in for the tracker: evidence for each turn, frame by frame."""

    def __init__(self, *rows: list[float]) -> None:
        self.rows = iter(rows)

    def quarters_upright(self, raw: RawFrame) -> np.ndarray:
        return np.array(next(self.rows))


def frames(count: int) -> list[RawFrame]:
    pixels = np.zeros((6, 9, 3), np.uint8)
    return [RawFrame(pixels, "gate", index, NOON) for index in range(count)]


@pytest.mark.parametrize(
    ("rows", "quarters"),
    [
        ([[0, 0, 0, 0]], 0),
        ([[2, 0, 1, 0]], 0),
        ([[1, 0, 3, 0]], 2),
        ([[1, 0, 1.8, 0]], 0),
        ([[0, 0.9, 0, 0]], 0),
        ([[0, 1.5, 0, 0]], 1),
        ([[1, 0, 0, 0], [0, 0, 0, 3]], 3),
    ],
)
def test_a_picture_is_turned_on_clear_evidence_alone(rows, quarters: int) -> None:
    assert quarters_upright(frames(len(rows)), Evidence(*rows)) == quarters


def test_what_is_told_is_not_looked_for() -> None:
    assert rotation(180, frames(1), Evidence()) == 2
    assert rotation(0, frames(1), Evidence()) == 0


@pytest.mark.parametrize("quarters", range(-3, 5))
def test_boxes_turn_with_their_picture(quarters: int) -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[5:15, 20:50] = 255
    turned = RawFrame(pixels, "gate", 0, NOON).turned(quarters)
    (box,) = turned_boxes(np.array([[20, 5, 50, 15]], np.float32), quarters, 60, 40).astype(int)
    lit = np.argwhere(turned.expose_unredacted()[..., 0])
    assert [lit[:, 1].min(), lit[:, 0].min(), lit[:, 1].max() + 1, lit[:, 0].max() + 1] == list(box)


def test_a_redacted_frame_turned_there_and_back_is_itself() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)
    frame = redacted(RawFrame(pixels, "gate", 0, NOON), [[20, 5, 50, 15]])
    again = frame.turned(1).turned(-1)
    assert np.array_equal(again.pixels, frame.pixels)
    assert again.painted.tolist() == frame.painted.tolist()

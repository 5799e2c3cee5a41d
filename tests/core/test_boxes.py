"""Box arithmetic, worked out on paper."""

import numpy as np
import pytest

from reid.core.boxes import (
    Tracks,
    areas,
    as_boxes,
    clip,
    covered,
    empty_boxes,
    intersections,
    iou,
    top_of,
)

A = as_boxes([[0, 0, 10, 10]])
B = as_boxes([[5, 5, 15, 15], [20, 20, 30, 30], [0, 0, 10, 10]])


def test_areas() -> None:
    assert areas(as_boxes([[0, 0, 4, 5], [4, 4, 0, 0]])).tolist() == [20, 0]


def test_intersections() -> None:
    assert intersections(A, B).tolist() == [[25, 0, 100]]


def test_iou() -> None:
    assert iou(A, B)[0].tolist() == pytest.approx([25 / 175, 0, 1])


def test_clip_keeps_boxes_inside_the_image() -> None:
    assert clip(as_boxes([[-5, 2, 99, 99]]), 20, 10).tolist() == [[0, 2, 20, 10]]


def test_top_of() -> None:
    assert top_of(as_boxes([[10, 20, 30, 120]]), 0.18).tolist() == [[10, 20, 30, 38]]


def test_covered_counts_what_boxes_cover_together() -> None:
    box = as_boxes([[0, 0, 100, 100]])[0]
    halves = as_boxes([[0, 0, 60, 100], [40, 0, 100, 50]])
    assert covered(box, halves) == pytest.approx(0.6 + 0.4 * 0.5, abs=0.03)
    assert covered(box, as_boxes([[-50, -50, 200, 200]])) == 1
    assert covered(box, as_boxes([[100, 0, 200, 100]])) == 0
    assert covered(box, empty_boxes()) == 0


def test_no_boxes() -> None:
    assert as_boxes([]).shape == (0, 4)
    assert iou(A, as_boxes([])).shape == (1, 0)


def test_a_wrong_shape_says_which() -> None:
    with pytest.raises(ValueError, match=r"\(M, 4\), got \(1, 3\)"):
        as_boxes([[1, 2, 3]])
    with pytest.raises(ValueError, match=r"\(1, 4\)"):
        Tracks(A, np.zeros(2, np.float32), np.zeros(2, np.int64))

"""What is measured of boxes, and of which."""

import numpy as np
import pytest

from reid.core.body_measures import FIELDS, head_shares, points_of
from reid.core.boxes import Tracks, as_boxes
from reid.detect.box_measures import BoxMeasures, measurable
from reid.detect.detections import Detections, sure_head_heights

WIDTH, HEIGHT = 640, 360


def tracks(*boxes: list[float], score: float = 0.9) -> Tracks:
    n = len(boxes)
    return Tracks(as_boxes(list(boxes)), np.full(n, score, np.float32), np.arange(n))


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ([100, 0, 140, 100], "cut by the upper border"),
        ([100, 260, 140, 360], "cut by the lower border"),
        ([0, 100, 40, 200], "cut at the side"),
        ([100, 100, 180, 200], "not upright"),
        ([100, 100, 110, 200], "too slender: something is above the head"),
        ([100, 100, 108, 120], "too small"),
    ],
)
def test_boxes_that_tell_no_height(box: list[float], why: str) -> None:
    whole = [300, 100, 340, 200]
    assert measurable(tracks(box, whole), WIDTH, HEIGHT).tolist() == [False, True], why


def test_who_is_behind_somebody_is_not_measured_but_partial_boxes_hide_nobody() -> None:
    one, other = [100, 100, 140, 200], [120, 110, 160, 210]
    assert not measurable(tracks(one, other), WIDTH, HEIGHT).any()
    both = tracks(one, other)
    part = Tracks(both.xyxy, np.array([0.9, 0.0], np.float32), both.track_id)
    assert measurable(part, WIDTH, HEIGHT)[0]
    assert measurable(tracks(), WIDTH, HEIGHT).shape == (0,)


def test_the_summary_is_in_frame_heights_from_the_middle() -> None:
    found = BoxMeasures()
    for foot in (200, 240, 280):
        found.add(np.array([300, foot - 90, 340, foot], np.float32), 15.0, WIDTH, HEIGHT)
    summary = found.summary()[None]
    expected = [[0, (foot - 180) / 360, 0.25] for foot in (200, 240, 280)]
    assert points_of(summary)[0] == pytest.approx(np.array(expected), abs=1e-6)
    share, error = head_shares(summary)
    assert share[0] == pytest.approx(1 / 6)
    assert 0 < error[0] < 0.01
    assert summary[0, FIELDS.index("frames")] == 3


def test_single_frames_and_strange_heads_do_not_count() -> None:
    found = BoxMeasures()
    for i in range(30):
        tall = 40.0 if i % 10 == 0 else 90.0
        head = {1: 80.0, 2: float("nan")}.get(i % 10, 15.0)
        found.add(np.array([300, 200 - tall, 340, 200], np.float32), head, WIDTH, HEIGHT)
    summary = found.summary()[None]
    assert points_of(summary)[0, :, 2] == pytest.approx(0.25)
    assert head_shares(summary)[0] == pytest.approx(15 / 90)


def test_nothing_seen_is_nothing_measured() -> None:
    assert np.isnan(BoxMeasures().summary()).all()
    found = BoxMeasures()
    found.add(np.array([300, 100, 340, 200], np.float32), float("nan"), WIDTH, HEIGHT)
    assert np.isnan(head_shares(found.summary()[None])[0]).all()
    assert not np.isnan(points_of(found.summary()[None])).any(), "one frame gives all three places"


def test_a_long_tracklet_keeps_few_numbers() -> None:
    found = BoxMeasures()
    for i in range(5000):
        x = 300 + i / 100
        found.add(np.array([x, 100, x + 40, 200], np.float32), 15.0, WIDTH, HEIGHT)
    assert len(found._rows) <= 600
    assert points_of(found.summary()[None])[0, 1, 0] == pytest.approx(25 / 360, abs=0.02)


def test_only_a_sure_head_of_ones_own_has_a_height() -> None:
    people = as_boxes([[100, 100, 140, 200], [300, 100, 340, 200], [500, 100, 540, 200]])
    heads = as_boxes([[112, 100, 126, 116], [312, 100, 326, 118]])
    scores = np.array([0.9, 0.1], np.float32)
    seen = Detections(people, np.full(3, 0.9, np.float32), heads, scores)
    assert sure_head_heights(seen) == pytest.approx([16, np.nan, np.nan], nan_ok=True)
    twice = Detections(people[[0, 0]], np.full(2, 0.9, np.float32), heads, scores)
    assert np.isnan(sure_head_heights(twice)).all(), "two may have it"
    nobody = Detections(as_boxes([]), np.zeros(0, np.float32), heads, scores)
    assert sure_head_heights(nobody).shape == (0,)

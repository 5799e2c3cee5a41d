"""Which head candidates count: torsos do not, and whoever may be somebody's head does."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid.core.boxes import as_boxes
from reid.core.errors import ModelError
from reid.detect.detections import Detections, suppress_oversized_heads, suppress_partial_boxes
from reid.detect.thresholds import Thresholds, read_thresholds

PERSON = [0, 0, 100, 300]
HEAD, TORSO = [30, 0, 70, 50], [10, 60, 90, 260]


def seen(heads: list[list[float]], scores: list[float], people: list[list[float]]) -> Detections:
    return Detections(
        as_boxes(people),
        np.full(len(people), 0.9, np.float32),
        as_boxes(heads),
        np.array(scores, np.float32),
    )


def test_a_torso_beside_a_sure_head_is_left_out() -> None:
    kept = suppress_oversized_heads(seen([HEAD, TORSO], [0.8, 0.05], [PERSON]))
    assert kept.heads.tolist() == [HEAD]
    assert kept.head_scores.tolist() == pytest.approx([0.8])


@pytest.mark.parametrize(
    ("heads", "scores"),
    [
        ([HEAD, TORSO], [0.8, 0.2]),  # believed to be a head
        ([HEAD, TORSO], [0.2, 0.05]),  # no head is sure
        ([HEAD, [30, 60, 70, 140]], [0.8, 0.05]),  # not far taller than the head
        ([HEAD, [80, 60, 180, 260]], [0.8, 0.05]),  # mostly outside the person
        ([TORSO], [0.05]),
    ],
)
def test_what_may_be_a_head_stays(heads: list[list[float]], scores: list[float]) -> None:
    found = seen(heads, scores, [PERSON])
    assert suppress_oversized_heads(found).heads.tolist() == heads


def test_a_nearer_face_before_somebody_far_stays() -> None:
    """A weak, large head inside the far person's box is the head of a nearer one without any."""
    near = [0, 50, 120, 500]
    found = seen([HEAD, TORSO], [0.8, 0.05], [PERSON, near])
    assert len(suppress_oversized_heads(found).heads) == 2
    sure = replace(found, heads=as_boxes([HEAD, TORSO, [40, 60, 80, 140]]))
    sure = replace(sure, head_scores=np.array([0.8, 0.05, 0.7], np.float32))
    assert len(suppress_oversized_heads(sure).heads) == 2, "the nearer one's own head is known"


def test_nothing_found() -> None:
    assert suppress_oversized_heads(seen([], [], [])).heads.shape == (0, 4)
    assert suppress_oversized_heads(seen([HEAD], [0.1], [])).heads.shape == (1, 4)


@pytest.mark.parametrize("table", ["thresholds", "confidences"])  # the latter in earlier cards
def test_heads_may_have_a_threshold_of_their_own(tmp_path: Path, table: str) -> None:
    assert Thresholds(redaction=0.1).of_heads == 0.1
    (tmp_path / "model.toml").write_text(f"[{table}]\nredaction = 0.1\nheads = 0.02\n")
    assert read_thresholds(tmp_path / "model").of_heads == 0.02
    (tmp_path / "model.toml").write_text("[thresholds]\nhead = 0.02\n")
    with pytest.raises(ModelError, match="damaged"):
        read_thresholds(tmp_path / "model")


LEGS, UPPER = [20, 170, 80, 310], [2, 2, 96, 190]


def test_an_upper_half_and_legs_are_parts_of_the_whole() -> None:
    found = seen([HEAD], [0.5], [PERSON, LEGS, UPPER])
    found = replace(found, scores=np.array([0.7, 0.8, 0.3], np.float32))
    whole = suppress_partial_boxes(found)
    assert whole.people.tolist() == [PERSON]
    assert sorted(whole.parts.tolist()) == sorted([LEGS, UPPER])
    cut_off = suppress_partial_boxes(replace(found, scores=np.array([0.3, 0.8, 0.7], np.float32)))
    assert cut_off.people.tolist() == [UPPER], "a desk may hide the rest: the surer box stays"


def test_legs_that_reach_below_a_box_are_parts_too() -> None:
    found = seen([HEAD], [0.5], [[0, 0, 100, 200], [20, 110, 80, 260]])
    assert suppress_partial_boxes(found).people.tolist() == [[0, 0, 100, 200]]


@pytest.mark.parametrize(
    ("heads", "people"),
    [
        ([HEAD, [40, 172, 60, 200]], [PERSON, LEGS]),  # a child before an adult has a head
        ([], [PERSON, LEGS]),  # nobody's head is known
        ([HEAD], [PERSON, [60, 170, 160, 310]]),  # beside
        ([HEAD], [PERSON, [20, 40, 80, 180]]),  # a trunk: too high up for legs
        ([HEAD, [80, 5, 110, 40]], [[0, 0, 200, 300], [60, 0, 130, 290]]),  # side by side
    ],
)
def test_who_may_be_somebody_else_is_no_part(
    heads: list[list[float]], people: list[list[float]]
) -> None:
    found = seen(heads, [0.5] * len(heads), people)
    whole = suppress_partial_boxes(found)
    assert whole.people.tolist() == found.people.tolist()
    assert not len(whole.parts)


def test_of_halves_of_halves_one_person_is_left() -> None:
    found = seen([HEAD], [0.5], [PERSON, UPPER, [4, 3, 90, 150]])
    whole = suppress_partial_boxes(found)
    assert whole.people.tolist() == [PERSON]
    assert len(whole.parts) == 2


def test_small_heads_may_count_from_a_lower_confidence() -> None:
    height = np.array([8, 15, 16, 60], np.float32)
    both = Thresholds(redaction=0.05, heads=0.07, small_heads=0.02)
    assert both.head_from(height).tolist() == [0.02, 0.02, 0.07, 0.07]
    assert both.least == 0.02
    assert Thresholds(redaction=0.1).head_from(height).tolist() == [0.1] * 4
    assert Thresholds(redaction=0.1, heads=0.02).least == 0.02

"""Which head candidates count: torsos do not, and whoever may be somebody's head does."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid.errors import ModelError
from reid.people import Confidences, Detections, _confidences_of, without_giants
from reid.tracks import as_boxes

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
    kept = without_giants(seen([HEAD, TORSO], [0.8, 0.05], [PERSON]))
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
    assert without_giants(found).heads.tolist() == heads


def test_a_nearer_face_before_somebody_far_stays() -> None:
    """A weak, large head inside the far person's box is the head of a nearer one without any."""
    near = [0, 50, 120, 500]
    found = seen([HEAD, TORSO], [0.8, 0.05], [PERSON, near])
    assert len(without_giants(found).heads) == 2
    sure = replace(found, heads=as_boxes([HEAD, TORSO, [40, 60, 80, 140]]))
    sure = replace(sure, head_scores=np.array([0.8, 0.05, 0.7], np.float32))
    assert len(without_giants(sure).heads) == 2, "the nearer one's own head is known"


def test_nothing_found() -> None:
    assert without_giants(seen([], [], [])).heads.shape == (0, 4)
    assert without_giants(seen([HEAD], [0.1], [])).heads.shape == (1, 4)


def test_heads_may_count_from_another_confidence(tmp_path: Path) -> None:
    assert Confidences(redaction=0.1).of_heads == 0.1
    (tmp_path / "model.toml").write_text("[confidences]\nredaction = 0.1\nheads = 0.02\n")
    assert _confidences_of(tmp_path / "model").of_heads == 0.02
    (tmp_path / "model.toml").write_text("[confidences]\nhead = 0.02\n")
    with pytest.raises(ModelError, match="damaged"):
        _confidences_of(tmp_path / "model")

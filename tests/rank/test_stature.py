"""From measured heights to beliefs about ages, and from there into the ranking."""

from datetime import timedelta

import numpy as np
import pytest

from reid.core import vocabulary
from reid.core.body_measures import FIELDS, WIDTH, unmeasured
from reid.core.records import Query, SightingKey, Wish
from reid.rank import Gallery, rank
from reid.rank.camera_geometry import USUAL_ADULT_M
from reid.rank.stature import HEAD_SHARE, HEAD_SLOPE, Statures, beliefs, statures
from tests.making import NOON
from tests.rank.test_camera_geometry import Pinhole, adults, distances

UNSAID = np.full((1, 4), np.nan, np.float32)


def measures_of(camera: Pinhole, tall: np.ndarray, heads: bool = False) -> np.ndarray:
    """Return the measures of people (N,) of a height in metres, exact to the millimetre."""
    found = unmeasured(len(tall))
    found[:, :9] = camera.points(tall, distances(len(tall), seed=3)).reshape(len(tall), -1)
    if heads:
        found[:, FIELDS.index("head_share")] = HEAD_SHARE * (tall / USUAL_ADULT_M) ** HEAD_SLOPE
        found[:, FIELDS.index("head_error")] = 0.003
    return found


def gallery(measures: np.ndarray | None, n: int, visible: float = 1.0) -> Gallery:
    keys = [
        SightingKey(f"s{i}", "", "", "gate", NOON, NOON + timedelta(seconds=5), i) for i in range(n)
    ]
    return Gallery(
        keys,
        np.full((n, len(vocabulary.ATTRIBUTE_COLUMNS)), np.nan, np.float32),
        np.full((n, len(vocabulary.BODY_COLUMNS)), np.nan, np.float32),
        np.full((n, len(vocabulary.PARTS)), visible, np.float32),
        measures=measures,
    )


def test_ages_follow_heights() -> None:
    cm = np.array([100, 130, 169, 185, np.nan])
    known = Statures(np.log(cm / 100 / USUAL_ADULT_M), np.full(5, 0.03))
    age, height = beliefs(known, np.repeat(UNSAID, 5, axis=0))
    child = age[:, 0]
    assert (child[:2] > 0.9).all()
    assert (child[2:4] < 0.05).all()
    assert np.isnan(child[4]), "what is not measured and not said stays unknown"
    assert np.isnan(height[4]).all()
    assert age[:4].sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert height[:4].sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert height[3, 2] > 0.4 > height[2, 2], "tall"


def test_what_the_model_said_is_turned_not_replaced() -> None:
    known = Statures(np.log([0.7, np.nan]), np.array([0.05, np.nan]))
    said = np.repeat(np.float32([[0.1, 0.1, 0.6, 0.2]]), 2, axis=0)
    age, _ = beliefs(known, said)
    sure, _ = beliefs(known, said[:, [2, 1, 0, 3]])
    assert 0.1 < age[0, 0] < sure[0, 0]
    assert age[1] == pytest.approx(said[1]), "not measured: as the model said"


def test_a_wide_error_says_little() -> None:
    narrow, _ = beliefs(Statures(np.log([0.75]), np.array([0.03])), UNSAID)
    wide, _ = beliefs(Statures(np.log([0.75]), np.array([0.4])), UNSAID)
    assert narrow[0, 0] > 0.8 > wide[0, 0] > 0.2


def test_a_single_measurement_never_makes_certain() -> None:
    age, _ = beliefs(Statures(np.log([0.6]), np.array([0.01])), UNSAID)
    assert 0.9 < age[0, 0] < 1


def test_heads_tell_where_no_box_shows_the_feet() -> None:
    measures = unmeasured(2)
    measures[:, FIELDS.index("head_share")] = HEAD_SHARE * 0.6**HEAD_SLOPE, HEAD_SHARE
    measures[:, FIELDS.index("head_error")] = 0.003
    found = statures(measures, np.zeros(2, np.intp))
    assert found.log_height[0] - found.log_height[1] == pytest.approx(np.log(0.6), abs=1e-6)
    assert (found.error > 0.15).all(), "the camera's own share is not known yet"


def test_a_camera_whose_heads_are_all_large_sees_no_children() -> None:
    """Seen from high above, heads take a larger part of everybody."""
    measures = measures_of(Pinhole(5, 40, 50), adults(20), heads=True)
    measures[:, FIELDS.index("head_share")] *= 1.25
    found = statures(measures, np.zeros(20, np.intp))
    assert (found.log_height > np.log(0.85)).all()


def test_heads_and_places_together_are_surer_than_either() -> None:
    tall = np.append(adults(50), 1.1)
    places = statures(measures_of(Pinhole(), tall), np.zeros(51, np.intp))
    both = statures(measures_of(Pinhole(), tall, heads=True), np.zeros(51, np.intp))
    assert both.error[-1] < places.error[-1]
    assert both.centimetres[-1] == pytest.approx(110, abs=5)


def test_each_camera_is_learnt_by_itself() -> None:
    low, high = Pinhole(2.5, 10, 40), Pinhole(5, 35, 60)
    tall = np.append(adults(40), 1.1)
    measures = np.concatenate([measures_of(low, tall), measures_of(high, tall)])
    found = statures(measures, np.repeat([0, 1], 41))
    assert found.centimetres[[40, 81]] == pytest.approx(110, abs=7)


def test_nothing_measured_is_nothing_known() -> None:
    found = statures(unmeasured(3), np.zeros(3, np.intp))
    assert not found.known.any()
    assert statures(unmeasured(0), np.zeros(0, np.intp)).log_height.shape == (0,)


class TestInTheRanking:
    CHILD = Query("a child", (Wish("body.age", "child"),))
    TALL = np.append(adults(39), 1.1)

    def test_the_child_comes_first(self) -> None:
        answer = rank(self.CHILD, gallery(measures_of(Pinhole(), self.TALL), 40))
        assert answer.matches[0].key.id == "s39"
        assert [r.verdict for r in answer.matches[0].why] == ["match"]
        assert answer.matches[-1].why[0].verdict == "conflict"

    def test_without_measures_nothing_is_estimated(self) -> None:
        for measures in (None, unmeasured(40)):
            answer = rank(self.CHILD, gallery(measures, 40))
            assert {m.score for m in answer.matches} == {0.0}
            assert answer.matches[0].why[0].verdict == "not_estimated"

    def test_heights_are_not_looked_at_unless_asked_for(self) -> None:
        found = gallery(measures_of(Pinhole(), self.TALL), 40)
        answer = rank(Query("red", (Wish("upper.colour", "red"),)), found)
        assert {m.score for m in answer.matches} == {0.0}
        assert not found.tall, "heights were worked out for a query that does not ask"

    def test_a_wrong_width_is_refused(self) -> None:
        with pytest.raises(ValueError, match=rf"measures must have shape \(2, {WIDTH}\)"):
            gallery(np.zeros((2, 3), np.float32), 2)

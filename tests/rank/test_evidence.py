"""Verdicts: likelihood ratios on paper, at a venue, and by what a model's card says."""

import math

import numpy as np
import pytest

from reid.core import vocabulary as vocab
from reid.core.records import Wish
from reid.rank import ScoreConfig, rank
from reid.rank.evidence import (
    AS_BELIEVED,
    UNMEASURED,
    EvidenceTable,
    SlotReliability,
    log_ratio,
    verdict,
)
from reid.weights.registry import evidence_of, find_embedder
from tests.rank.test_score import BLUE, RED, ask, gallery

HALF = SlotReliability(slope=0.5, below=-1.0, above=1.0)


def odds(log: float) -> np.ndarray:
    """Return the belief (1,) whose log-odds are these."""
    return np.array([1 / (1 + math.exp(-log))], np.float32)


@pytest.mark.parametrize(
    ("log", "nats"), [(3.0, 1.0), (1.0, 0.0), (0.0, 0.0), (-1.0, 0.0), (-2.0, -0.5), (-9.0, -1.0)]
)
def test_a_ratio_on_paper(log: float, nats: float) -> None:
    """0.5 · (d - 1) over 1, 0.5 · (d + 1) under -1, nothing between; d is at most 3 off."""
    assert log_ratio(odds(log), 0.5, HALF)[0] == pytest.approx(nats, abs=1e-5)


def test_what_a_venue_says_of_everybody_is_taken_off() -> None:
    rare, common = 1 / (1 + math.e**2), 1 / (1 + math.e**-2)
    assert log_ratio(odds(0), rare, AS_BELIEVED)[0] == pytest.approx(2)
    assert log_ratio(odds(0), common, AS_BELIEVED)[0] == pytest.approx(-2)
    half = SlotReliability(venue=0.5)
    assert log_ratio(odds(0), rare, half)[0] == pytest.approx(1)


def test_of_the_contrary_the_contrary_is_said() -> None:
    known = SlotReliability(slope=0.7, below=-0.5, above=0.2, venue=0.5)
    for log in (-2.5, -0.3, 1.5):
        plain = log_ratio(odds(log), 0.2, known)
        contrary = log_ratio(1 - odds(log), 0.8, known, negated=True)
        assert contrary == pytest.approx(-plain, abs=1e-5)


@pytest.mark.parametrize("negated", [False, True])
def test_a_slot_without_below_never_speaks_against(negated: bool) -> None:
    beliefs = np.linspace(0, 1, 50, dtype=np.float32)
    nats = log_ratio(beliefs, 0.3, UNMEASURED, negated)
    assert (nats >= 0).all()


def test_what_is_not_estimated_stays_so() -> None:
    assert np.isnan(log_ratio(np.array([np.nan], np.float32), 0.3, AS_BELIEVED)).all()


def test_a_verdict_is_a_likelihood_ratio() -> None:
    ratios = (3.0, 1.51, 1.49, 1.0, 0.51, 0.49, 0.1)
    assert [verdict(math.log(ratio)) for ratio in ratios] == [
        "match", "match", "unclear", "unclear", "unclear", "conflict", "conflict",
    ]  # fmt: skip


def test_a_table_is_looked_up_by_column_then_by_slot() -> None:
    table = EvidenceTable.of(
        {"upper.type": {"slope": 0.2}, "upper.type=dress": {"slope": 1.5, "below": -0.3}}
    )
    assert table.reliability(Wish("upper.type", "dress")) == SlotReliability(1.5, -0.3)
    assert table.reliability(Wish("upper.type", "hoodie")) == SlotReliability(0.2, None)
    assert table.reliability(Wish("feet.type", "boots")) == UNMEASURED
    assert EvidenceTable({}).reliability(Wish("feet.type", "boots")) == AS_BELIEVED


@pytest.mark.parametrize("said", [{"slope": -1.0}, {"slope": 1.0, "below": 0.5, "above": 0.0}])
def test_a_table_that_makes_no_sense_is_refused(said: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="slope must be at least 0"):
        SlotReliability.of(said)


def test_a_colour_that_a_camera_never_says_speaks_against_nobody() -> None:
    people = gallery(*[{RED: 0.04, BLUE: 0.9}] * 40)
    asked = ask(Wish(*RED))
    answer = rank(asked, people)
    assert {r.verdict for m in answer.matches for r in m.why} == {"unclear"}
    assert all(r.likelihood_ratio == pytest.approx(1, abs=0.5) for r in answer.matches[0].why)
    assert answer.outcome == "nobody_fits", "and yet nobody there is in red"


def test_a_slot_that_tells_nobody_apart_is_unclear_and_the_order_stays() -> None:
    hoodie = ("upper.type", "hoodie")
    people = gallery({RED: 0.9, hoodie: 0.02}, {BLUE: 0.9, hoodie: 0.6}, {BLUE: 0.9})
    config = ScoreConfig(
        evidence=EvidenceTable.of(
            {"upper.colour": {"slope": 1.0, "below": 0.0}, "upper.type": {"slope": 0.16}}
        )
    )
    asked = ask(Wish(*RED), Wish(*hoodie))
    plain, measured = rank(asked, people), rank(asked, people, config=config)
    assert [m.key.id for m in measured.matches] == [m.key.id for m in plain.matches]
    assert [m.score for m in measured.matches] == [m.score for m in plain.matches]
    first = next(m for m in measured.matches if m.key.id == "s0")
    assert [r.verdict for r in first.why] == ["match", "unclear"]
    assert first.why[1].likelihood_ratio == 1


def test_what_is_not_seen_has_no_ratio() -> None:
    people = gallery({RED: 0.9}, {RED: 0.9}, known={"upper.colour"})
    people.visible[1, vocab.PART_INDEX["upper"]] = 0.1
    answer = rank(ask(Wish(*RED), Wish("feet.type", "boots")), people)
    hidden = next(m for m in answer.matches if m.key.id == "s1")
    assert [r.verdict for r in hidden.why] == ["not_visible", "not_estimated"]
    assert [r.likelihood_ratio for r in hidden.why] == [None, None]


def test_the_shipped_card_s_table_names_slots_and_columns() -> None:
    shipped = find_embedder()
    assert shipped is not None
    card = evidence_of(shipped.model_id)
    assert card, "the shipped model's slots have been measured"
    for name in card:
        slot, _, value = name.partition("=")
        assert slot in vocab.SLOTS
        assert not value or value in vocab.SLOTS[slot].values
    table = EvidenceTable.of(card)
    assert table.reliability(Wish("upper.type", "hoodie")).below is None
    assert table.reliability(Wish("upper.colour", "red")).below is not None
    assert not evidence_of("anybody's")

"""Evidence in words."""

import pytest

from reid.core.records import Reason
from reid.rank.reasons import lines, sentence, sureness


def test_alternatives_share_a_line() -> None:
    why = [
        Reason("upper.colour", "green", "match", 0.8),
        Reason("upper.colour", "blue", "match", 0.8),
        Reason("lower.type", "jeans", "conflict", 0.1),
        Reason("carry.backpack", "present", "not_estimated", None, negated=True),
        Reason("carry.backpack.colour", "red", "match", 0.7),
        Reason("body.sex", "female", "not_visible", None),
        Reason("lower.length", "short", "match", 0.9),
    ]
    assert [line.text for line in lines(why)] == [
        "upper green or blue",
        "jeans",
        "no backpack",
        "backpack red",
        "female",
        "lower length short",
    ]


def test_one_sentence_says_why() -> None:
    why = [
        Reason("upper.type", "hoodie", "unclear", 0.2, likelihood_ratio=0.9),
        Reason("upper.colour", "red", "match", 0.9, likelihood_ratio=4.0),
        Reason("carry.backpack.colour", "yellow", "match", 0.7, likelihood_ratio=9.0),
        Reason("feet.type", "boots", "not_visible", 0.1),
        Reason("lower.colour", "blue", "conflict", 0.1, likelihood_ratio=0.25),
        Reason("head.type", "cap", "not_estimated", None),
    ]
    assert sentence(why) == (
        "upper red, backpack yellow; against: lower blue; hoodie cannot be told here; "
        "boots not in view; cap not read from pictures"
    )
    assert sentence(why[:1]) == "hoodie cannot be told here"
    assert sentence([]) == ""


def test_only_what_speaks_for_or_against_says_how_sure_it_is() -> None:
    def sure(verdict: str, ratio: float | None) -> float | None:
        return sureness(Reason("upper.colour", "red", verdict, 0.5, likelihood_ratio=ratio))  # type: ignore[arg-type]

    assert sure("match", 4.0) == pytest.approx(0.8)
    assert sure("conflict", 0.25) == pytest.approx(0.8)
    assert sure("unclear", 1.1) is None
    assert sure("not_visible", None) is None

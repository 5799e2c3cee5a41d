"""Evidence in words."""

from reid.core.records import Reason
from reid.rank.reasons import lines


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

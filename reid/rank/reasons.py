"""Reasons in words: one short line a wish, alternatives together."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from reid.core.records import Reason, Verdict


class Line(NamedTuple):
    """One line of evidence: what was asked, how it stands, how sure (None: not estimated)."""

    text: str
    verdict: Verdict
    probability: float | None


def lines(why: Sequence[Reason]) -> list[Line]:
    """Return a line a wish; values judged together ("green or blue") share one."""
    together = groupby(why, key=lambda r: (r.slot, r.negated, r.verdict, r.probability))
    return [
        Line(_words(slot, negated, [str(r.value) for r in group]), verdict, probability)
        for (slot, negated, verdict, probability), group in together
    ]


def _words(slot: str, negated: bool, values: list[str]) -> str:
    if values == ["present"]:
        asked = slot.removeprefix("carry.")
    elif slot.endswith(".type"):
        asked = " or ".join(values)
    else:
        part, _, quality = slot.removeprefix("carry.").rpartition(".")
        what = "" if quality in {"colour", "sex", "age"} else f" {quality}"
        asked = f"{part}{what} {' or '.join(values)}"
        asked = asked.removeprefix("body ")
    return f"no {asked}" if negated else asked

"""Reasons in words: one short line a wish, alternatives together, and all of them in a sentence."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from reid.core.records import Alike, Beside, Reason, Verdict


class Line(NamedTuple):
    """One line of evidence: what was asked, how it stands, and how sure that is."""

    text: str
    verdict: Verdict
    sure: float | None


def lines(why: Sequence[Reason]) -> list[Line]:
    """Return a line a wish; values judged together ("green or blue") share one."""
    together = groupby(why, key=lambda r: (r.slot, r.negated, r.verdict, sureness(r)))
    return [
        Line(_words(slot, negated, [str(r.value) for r in group]), verdict, sure)
        for (slot, negated, verdict, sure), group in together
    ]


def companions(beside: Sequence[Beside]) -> list[Line]:
    """Return a line a companion: what speaks for the one who is there, else what was asked."""
    found = []
    for one in beside:
        there = [why for why in one.why if why.verdict == "match"]
        said = lines(there or one.why)
        text = ", ".join(line.text for line in said) or "nobody beside"
        found.append(Line(f"with {text}", one.verdict, None))
    return found


def photo(alike: Alike | None) -> list[Line]:
    """Return the line of a photo, if there is one to compare."""
    return [] if alike is None else [Line("looks like the photo", alike.verdict, None)]


def sureness(reason: Reason) -> float | None:
    """Return how sure evidence is that speaks for or against, by itself, in [0.5, 1]; else None.

    Probability of the verdict if both had been as likely before looking.
    """
    if reason.likelihood_ratio is None or reason.verdict not in {"match", "conflict"}:
        return None
    true = reason.likelihood_ratio / (1 + reason.likelihood_ratio)
    return true if reason.verdict == "match" else 1 - true


def sentence(why: Sequence[Reason]) -> str:
    """Say why in one sentence: "upper red, backpack yellow; hoodie cannot be told here"."""
    said: dict[Verdict, list[str]] = {}
    for line in lines(why):
        said.setdefault(line.verdict, []).append(line.text)
    return "; ".join(
        form.format(what=", ".join(said[verdict])) for verdict, form in _SENTENCE if verdict in said
    )


_SENTENCE: Final[tuple[tuple[Verdict, str], ...]] = (
    ("match", "{what}"),
    ("conflict", "against: {what}"),
    ("unclear", "{what} cannot be told here"),
    ("not_visible", "{what} not in view"),
    ("not_estimated", "{what} not read from pictures"),
)
"""What each verdict contributes, in this order."""


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

"""What may be worn over what, and how it gives way so that both can be seen."""

from dataclasses import replace
from typing import Final

from reid.lab.synth.person import Garment

CAN_LIE_BENEATH: Final = ("t-shirt", "shirt", "polo", "sweater", "dress", "vest", "hoodie")
"""What anything warm may be worn over."""

CLOSED_OVER: Final = {
    "t-shirt": ("t-shirt", "shirt", "sweater"),
    "polo": ("t-shirt", "shirt", "sweater"),
    "dress": ("t-shirt", "shirt", "polo", "sweater"),
}
"""Garments that are worn closed over another, and over which: only its sleeves show."""

LIGHT: Final = ("t-shirt", "shirt", "polo", "vest")
"""What an open shirt, a cardigan or a suit's jacket is worn over."""


def goes_over(kind: str, upper: Garment, *, girl: bool) -> bool:
    """Whether an outer garment of this kind may be worn over an upper one and show it."""
    if kind == "costume":  # a cape
        return upper.kind != "suit"
    if upper.kind not in CAN_LIE_BENEATH:
        return False
    if kind == "dress":
        return girl and upper.kind in CLOSED_OVER[kind]
    if kind in CLOSED_OVER:
        return upper.kind in CLOSED_OVER[kind] and upper.sleeve == "long"
    if kind in ("shirt", "sweater", "suit"):
        return upper.kind in LIGHT
    return True


def close_fitting(upper: Garment, outer: str) -> Garment:
    """Return the upper so that a closed garment over it does not let it through."""
    if outer not in CLOSED_OVER:
        return upper
    return replace(upper, loose=min(upper.loose, 0.15))


def above_the_lower(clothes: list[Garment]) -> list[Garment]:
    """Shorten coats and dresses so that what is worn beneath shows: labels can be seen."""
    lower = next((g for g in clothes if g.slot == "lower"), None)
    if lower is None:
        return clothes
    end = {"hotpants": 0.18, "pencil": 0.46}.get(lower.cut, lower.hem_at)
    limit = max(end - (0.15 if lower.length == "short" else 0.25), 0.06)
    long = ("coat", "dress")
    return [replace(g, hem_at=min(g.hem_at, limit)) if g.kind in long else g for g in clothes]

"""What may be worn over what, and how it gives way so that both can be seen."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from reid.lab.synth.catalogue import GarmentRow, catalogue
from reid.lab.synth.person import Garment

CLOSE: Final = 0.15
"""Looseness that a garment has at most beneath one that is closed over it."""

SHOWN: Final = {"short": 0.15, "": 0.25, "long": 0.25}
"""How far lowers of each length show below a coat or dress, as a part of the leg."""

BETWEEN: Final = 0.15
"""Part of the leg that trousers show at least between a coat or dress and boots."""

SHORTEST: Final = 0.06
"""Part of the leg that coats and dresses cover at least."""


def goes_over(row: GarmentRow, upper: Garment) -> bool:
    """Whether an outer garment of this row may be worn over an upper one and show it."""
    return upper.kind in row.over and row.over_sleeve in ("", upper.sleeve)


def close_fitting(upper: Garment, outer: GarmentRow) -> Garment:
    """Return the upper so that a closed garment over it does not let it through."""
    return replace(upper, loose=min(upper.loose, CLOSE)) if outer.closed else upper


def above_the_lower(clothes: list[Garment]) -> list[Garment]:
    """Shorten coats and dresses so that what is worn beneath shows: labels can be seen."""
    lower = next((g for g in clothes if g.slot == "lower"), None)
    if lower is None:
        return clothes
    limit = max(lower.hem_at - SHOWN[lower.length], SHORTEST)
    return [replace(g, hem_at=min(g.hem_at, limit)) if _hangs(g) else g for g in clothes]


def below_what_hangs(shoes: Garment, clothes: Sequence[Garment]) -> Garment:
    """Return boots as low as narrow trousers need to be seen between them and a coat or dress."""
    cuts = catalogue().cuts
    tucked = any(g.slot == "lower" and cuts[g.cut].at_boots == "tucked" for g in clothes)
    hems = [g.hem_at + BETWEEN for g in clothes if _hangs(g)]
    shaft = catalogue().row(shoes.row).shoe
    if not (tucked and hems and shaft and shaft.shaft):
        return shoes
    return replace(shoes, hem_at=max(shoes.hem_at, *hems))


def _hangs(garment: Garment) -> bool:
    """Whether it hangs down over what is on the legs."""
    return garment.slot != "lower" and catalogue().cuts[garment.cut].ends == "skirt"

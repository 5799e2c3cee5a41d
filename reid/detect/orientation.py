"""Which way up a picture is: cameras hang from ceilings, and not all recorders turn the picture."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from reid.core.pixels import RawFrame
from reid.detect.tracker import Tracker

SAMPLED: Final = 8
"""Frames of a recording that are looked at in four turns."""

_CLEARLY: Final = 1.6  # times the evidence for "as it is" that another turn must have
_LEAST: Final = 1.0  # evidence that it must have beyond that: a sure person with a sure head


def quarters_upright(frames: Iterable[RawFrame], tracker: Tracker) -> int:
    """Return by how many quarters, counter-clockwise, pictures must be turned to be upright.

    0 unless the detector finds clearly more people and heads in another turn.
    """
    evidence = np.zeros(4)
    for raw in frames:
        evidence += tracker.quarters_upright(raw)
    best = int(evidence.argmax())
    return best if evidence[best] > _CLEARLY * evidence[0] + _LEAST else 0


def rotation(degrees: int | None, frames: Iterable[RawFrame], tracker: Tracker) -> int:
    """Return by how many quarters to turn: as told in degrees, else as people stand upright."""
    return quarters_upright(frames, tracker) if degrees is None else degrees // 90 % 4


def said(quarters: int) -> str:
    """Say what was done about a picture that was not upright."""
    return {1: "lay on its right side", 2: "was upside down", 3: "lay on its left side"}[quarters]

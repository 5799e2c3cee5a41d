"""How far a model may be trusted, slot by slot, measured on sightings whose truth is known."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from reid.core import vocabulary
from reid.rank.gallery import Gallery

GRID: Final = np.linspace(0.05, 1.0, 20)
"""Reliabilities that are tried."""

FEWEST_KNOWN: Final = 20
"""With fewer known sightings a slot keeps the reliability 1."""

Truth = Mapping[str, frozenset[str]]
"""Slot → values that hold; slots that are not named are not known."""


def measure(gallery: Gallery, truths: Sequence[Truth]) -> dict[str, float]:
    """Return, for each slot, the share of the time that its estimate is to be believed.

    The value r in (0, 1] under which the true values are most likely: it maximises the mean of
    log(1 + r (p / π - 1)) over what is known, p the belief in the true value and π its rate in
    this gallery. A calibrated model gets about 1; one that is sure and wrong gets little.
    """
    table: dict[str, float] = {}
    for name, slot in vocabulary.SLOTS.items():
        ratios = _ratios(gallery, truths, name, slot.values)
        if len(ratios) >= FEWEST_KNOWN:
            gains = np.log1p(GRID[:, None] * (ratios[None, :] - 1)).mean(axis=1)
            table[name] = float(GRID[int(gains.argmax())])
    return table


def _ratios(
    gallery: Gallery, truths: Sequence[Truth], slot: str, values: tuple[str, ...]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return p / π of every true value of a slot, where it is estimated and seen."""
    found: list[float] = []
    for value in values:
        column = gallery.column(slot, value)
        if column is None:
            continue
        seen = (gallery.part(slot) >= 0.25) & ~np.isnan(column)
        if not seen.any():
            continue
        usual = max(0.01, float(column[seen].mean()))
        rows = [i for i, truth in enumerate(truths) if seen[i] and value in truth.get(slot, ())]
        found.extend(float(column[i]) / usual for i in rows)
    return np.asarray(found, dtype=np.float64)

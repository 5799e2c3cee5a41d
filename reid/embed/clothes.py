"""Beliefs about one person → what is said of their clothes, to be shown and corrected."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.records import Certainty, Wish
from reid.core.vocabulary import ATTRIBUTE_INDEX, PART_INDEX, SLOTS, Column

TOLD_FROM: Final = 0.5
"""Belief from which a value is said at all."""

SURE_FROM: Final = 0.75
"""Belief from which it is said without doubt."""

SEEN_FROM: Final = 0.4
"""Visible share of a body part from which its clothes are told."""

_NEEDS: Final = ("outer", "neck", "head", *(f"carry.{thing}" for thing in vocabulary.CARRIED))
"""Things that few people have: what colour they are is said only where they are there."""

Floats = NDArray[np.float32]


def worn(attributes: Floats, visible: Floats) -> tuple[Wish, ...]:
    """Return what somebody wears and carries, as far as it is told, in the vocabulary's order.

    Only what is told from the outside and worn or carried; nothing that is read off the body.

    Args:
        attributes: (K,), belief per `vocabulary.ATTRIBUTE_COLUMNS`; NaN: not estimated.
        visible: (P,), visible share per `vocabulary.PARTS`.
    """
    said: list[Wish] = []
    for slot in SLOTS.values():
        values = _beliefs(attributes, slot)
        if not values or not visible[PART_INDEX[slot.part]] >= SEEN_FROM:
            continue
        thing = next((one for one in _NEEDS if slot.name.startswith(f"{one}.")), None)
        if thing is not None and not _is_there(attributes, thing):
            continue
        best = sorted(values, key=lambda value: -values[value])
        kept = best if slot.several else best[:1]
        said += [_wish(slot.name, v, values[v]) for v in kept if values[v] >= TOLD_FROM]
    return tuple(said)


def _beliefs(attributes: Floats, slot: vocabulary.Slot) -> dict[str, float]:
    """Return the belief in each value of a slot that is estimated."""
    found: dict[str, float] = {}
    for value in slot.values:
        place = ATTRIBUTE_INDEX.get(Column(slot.name, value))
        if place is not None and not np.isnan(attributes[place]):
            found[value] = float(attributes[place])
    return found


def _is_there(attributes: Floats, thing: str) -> bool:
    """Whether a garment that few people wear, or something carried, is there at all."""
    name = thing if thing.startswith("carry.") else f"{thing}.type"
    values = _beliefs(attributes, SLOTS[name])
    return max(values.values(), default=0.0) >= TOLD_FROM


def _wish(slot: str, value: str, belief: float) -> Wish:
    certainty: Certainty = "sure" if belief >= SURE_FROM else "unsure"
    return Wish(slot, value, certainty, source="photo")

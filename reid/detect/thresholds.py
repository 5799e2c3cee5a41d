"""The confidence thresholds of a detector, read from the card beside its weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import ModelError
from reid.core.reading import first_line, read_toml

REDACTION_SCORE: Final = 0.1
"""From this confidence on a detection counts for redaction, unless the model says otherwise."""

SMALL_HEAD: Final = 16.0
"""Px: below this height painting over what is no head costs little."""

INDEX_SCORE: Final = 0.4
"""From this confidence on a detection may start a track, unless the model says otherwise."""

TABLE: Final = "thresholds"
"""The card's table."""

_EARLIER_TABLE: Final = "confidences"
_CARD: Final = "model.toml"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which confidence on a model's detections count.

    Attributes:
        redaction: of a person, for redaction.
        heads: of a head, for redaction; None = as `redaction`.
        small_heads: of a head less than `SMALL_HEAD` tall; None = as `heads`.
        index: of a person who may start a track, and so be indexed.
    """

    redaction: float = REDACTION_SCORE
    index: float = INDEX_SCORE
    heads: float | None = None
    small_heads: float | None = None

    @property
    def of_heads(self) -> float:
        """The threshold of a head, for redaction."""
        return self.redaction if self.heads is None else self.heads

    def head_from(self, height: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the threshold of heads of these heights (N,), px, for redaction."""
        small = self.of_heads if self.small_heads is None else self.small_heads
        return np.where(height < SMALL_HEAD, small, self.of_heads)

    @property
    def least(self) -> float:
        """The lowest of all thresholds."""
        return min(self.redaction, self.of_heads, self.small_heads or 1.0)


def read_thresholds(path: Path) -> Thresholds:
    """Read ``[thresholds]`` of the ``model.toml`` beside a model, if there is one.

    Cards of earlier versions call the table ``[confidences]``.

    Raises:
        ModelError: it is damaged, or redacts less than without a card.
    """
    card = path.parent / _CARD
    if not card.is_file():
        return Thresholds()
    tables = read_toml(card, ModelError)
    stated = tables.get(TABLE, tables.get(_EARLIER_TABLE, {}))
    try:
        found = Thresholds(**{name: _confidence(value) for name, value in stated.items()})
    except (TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"{card} is damaged ({first_line(error)}): install the package again"
        ) from None
    _require_redaction(found, card)
    return found


def _confidence(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError(f"{str(value)[:40]} is no confidence between 0 and 1")
    return float(value)


def _require_redaction(found: Thresholds, card: Path) -> None:
    """Refuse a card by which fewer heads would go than by no card at all."""
    for name in ("redaction", "heads", "small_heads"):
        value = getattr(found, name)
        if value is not None and value > REDACTION_SCORE:
            raise ModelError(
                f"{card} weakens redaction: {name} = {value:g}, at most {REDACTION_SCORE:g} is "
                "allowed: lower it"
            )

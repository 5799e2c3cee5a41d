"""From which confidence on a detector's boxes count, as the card beside its weights states it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import ModelError

REDACTION_SCORE: Final = 0.1
"""From this confidence on a detection counts for redaction, unless the model says otherwise."""

SMALL_HEAD: Final = 16.0
"""Pixels: paint over what is no head costs little where heads are smaller than this."""

INDEX_SCORE: Final = 0.4
"""From this confidence on a detection may start a track, unless the model says otherwise."""

_CARD: Final = "model.toml"


@dataclass(frozen=True, slots=True)
class Confidences:
    """What a model's confidence is worth.

    Attributes:
        redaction: from here on a person counts for redaction.
        heads: from here on a head does; None = from the same on.
        small_heads: from here on a head less than `SMALL_HEAD` tall does; None = as larger ones.
        index: from here on it may start a track, and so be indexed.
    """

    redaction: float = REDACTION_SCORE
    index: float = INDEX_SCORE
    heads: float | None = None
    small_heads: float | None = None

    @property
    def of_heads(self) -> float:
        """From here on a head counts for redaction."""
        return self.redaction if self.heads is None else self.heads

    def head_from(self, height: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return from which confidence heads of these heights (N,), px, count for redaction."""
        small = self.of_heads if self.small_heads is None else self.small_heads
        return np.where(height < SMALL_HEAD, small, self.of_heads)

    @property
    def least(self) -> float:
        """The lowest confidence that counts for anything."""
        return min(self.redaction, self.of_heads, self.small_heads or 1.0)


def confidences_of(path: Path) -> Confidences:
    """Read ``[confidences]`` of the ``model.toml`` beside a model, if there is one.

    Raises:
        ModelError: it is damaged.
    """
    card = path.parent / _CARD
    if not card.is_file():
        return Confidences()
    try:
        stated = tomllib.loads(card.read_text()).get("confidences", {})
        return Confidences(**{name: float(value) for name, value in stated.items()})
    except (tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise ModelError(f"{card} is damaged ({error}): install the package again") from None

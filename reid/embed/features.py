"""What an embedder says of each crop, before crops are pooled to sightings."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Features:
    """N crops, by column; as in `reid.core.records.Sightings`, one row a crop."""

    vectors: Float
    attributes: Float
    body: Float
    visible: Float

    @classmethod
    def unestimated(cls, n: int, dim: int) -> Self:
        """Return N rows that say nothing: zero vectors, NaN attributes, nothing visible."""
        return cls(
            np.zeros((n, dim), np.float32),
            np.full((n, len(vocabulary.ATTRIBUTE_COLUMNS)), np.nan, np.float32),
            np.full((n, len(vocabulary.BODY_COLUMNS)), np.nan, np.float32),
            np.zeros((n, len(vocabulary.PARTS)), np.float32),
        )

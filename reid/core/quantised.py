"""Probabilities quantised to one byte each, in the table and in a search's memory.

A million sightings of 300 probabilities take 1.2 GB as floats and 0.3 GB so. A question reads a
handful of columns, which are turned into floats then.
"""

from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

STEPS: Final = 250
"""A probability is kept in steps of 1/250."""

UNKNOWN: Final = 255
"""The byte that stands for NaN: not estimated."""

_VALUES: Final[Floats] = np.array([*np.arange(STEPS + 1) / STEPS, *[np.nan] * 5], np.float32)


class QuantisedProbabilities:
    """A table of probabilities, NaN where not estimated; read like a float32 array (N, K).

    Args:
        quantised: uint8 (N, K), as `quantise` gives them. Column after column in memory is best.
    """

    def __init__(self, quantised: NDArray[np.uint8]) -> None:
        self._quantised = quantised

    @classmethod
    def of(cls, probabilities: Floats) -> Self:
        """Quantise probabilities (N, K), float in [0, 1] or NaN."""
        return cls(np.asfortranarray(quantise(probabilities)))

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, K)."""
        return self._quantised.shape

    def __len__(self) -> int:
        return len(self._quantised)

    def __getitem__(self, where: Any) -> Floats:
        """Return part of the table as floats; indexed as an array is."""
        return np.asarray(_VALUES[self._quantised[where]], np.float32)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:] if dtype is None else self[:].astype(dtype)

    def take(self, rows: NDArray[np.intp]) -> "QuantisedProbabilities":
        """Return some rows (R,) of the table."""
        return QuantisedProbabilities(np.asfortranarray(self._quantised[rows]))

    def unknown(self, column: int) -> bool:
        """Whether a column is estimated for nobody."""
        return bool((self._quantised[:, column] > STEPS).all())


def quantise(probabilities: Floats) -> NDArray[np.uint8]:
    """Return probabilities (N, K) as uint8 (N, K), in steps of 1/`STEPS`; NaN as `UNKNOWN`."""
    levels = np.rint(np.clip(np.nan_to_num(probabilities), 0, 1) * STEPS)
    return np.where(np.isnan(probabilities), UNKNOWN, levels).astype(np.uint8)

"""Probabilities in one byte each: as they are stored, and as a search keeps them in memory.

A million sightings of some 300 beliefs are 1.2 GB as floats and 0.3 GB so; what a question asks
for is a handful of columns, which are made floats when it does.
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


class Levels:
    """A table of probabilities, NaN where not estimated; read like a float32 array (N, K).

    Args:
        packed: uint8 (N, K), as `packed` gives them. Column after column in memory is best.
    """

    def __init__(self, packed: NDArray[np.uint8]) -> None:
        self._packed = packed

    @classmethod
    def of(cls, probabilities: Floats) -> Self:
        """Keep probabilities (N, K)."""
        return cls(np.asfortranarray(packed(probabilities)))

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, K)."""
        return self._packed.shape

    def __len__(self) -> int:
        return len(self._packed)

    def __getitem__(self, where: Any) -> Floats:
        """Return part of the table as floats; indexed as an array is."""
        return np.asarray(_VALUES[self._packed[where]], np.float32)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:] if dtype is None else self[:].astype(dtype)

    def unknown(self, column: int) -> bool:
        """Whether a column is estimated for nobody."""
        return bool((self._packed[:, column] > STEPS).all())


def packed(probabilities: Floats) -> NDArray[np.uint8]:
    """Return probabilities (N, K) as bytes (N, K)."""
    levels = np.rint(np.clip(np.nan_to_num(probabilities), 0, 1) * STEPS)
    return np.where(np.isnan(probabilities), UNKNOWN, levels).astype(np.uint8)

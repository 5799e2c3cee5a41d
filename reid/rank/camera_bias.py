"""Colour beliefs without their camera's bias.

A camera with a purple cast calls every second coat purple. How often it says a colour, beside how
often people wear it, tells how much of what it says is the camera's own: that share is taken out of
the log-odds of every sighting before it. Within one camera and colour the order stays as it is;
between cameras, and between the colours of one garment, it gets fairer.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SHARE: Final = 0.75
"""Of the difference, in log-odds; the rest may be what people here really wear."""

SEEN_ENOUGH: Final = 20
"""Sightings with which half of `SHARE` is taken out."""

FEWEST: Final = 12
"""Sightings before one camera under which nothing is taken out."""

_LEAST: Final = 1e-3  # no belief or rate is taken to be nearer to 0 or 1


def without_camera_bias(belief: Floats, codes: NDArray[np.intp], usual: float) -> Floats:
    """Take the cameras' bias out of what is believed of one colour.

    Args:
        belief: float32 (N,), probabilities; NaN where not estimated.
        codes: (N,), the number of each sighting's camera.
        usual: the share of people of whom it is usually true.

    Returns:
        float32 (N,), probabilities.
    """
    return with_odds_times(belief, odds_factors(belief, codes, usual)[codes])


def with_odds_times(belief: Floats, factor: Floats) -> Floats:
    """Return beliefs (n,) with their odds multiplied by a factor (n,) each."""
    lifted = belief * factor
    return np.asarray(lifted / (1 - belief + lifted), np.float32)


def odds_factors(belief: Floats, codes: NDArray[np.intp], usual: float) -> Floats:
    """Return the factor (C,) of each camera's odds; arguments as for `without_camera_bias`."""
    known = ~np.isnan(belief)
    count = np.bincount(codes[known])
    total = np.bincount(codes[known], weights=belief[known])
    mean = np.clip(total / np.maximum(count, 1), _LEAST, 1 - _LEAST)
    strength = np.where(count < FEWEST, 0, SHARE * count / (count + SEEN_ENOUGH))
    odds = (usual / (1 - usual)) / (mean / (1 - mean))
    factor = np.ones(int(codes.max(initial=-1)) + 1, np.float32)
    factor[: len(count)] = odds**strength
    return factor

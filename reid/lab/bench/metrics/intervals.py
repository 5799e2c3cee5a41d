"""How sure a figure is: intervals for shares, and for means over people seen many times."""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

Float = NDArray[np.float64]
Interval = tuple[float, float]

RESAMPLES: Final = 1000
_LEVEL: Final = 0.95
_Z: Final = 1.959963984540054  # the normal distribution's 97.5 % point


def wilson(hits: int, n: int) -> Interval:
    """Return the 95 % interval of a share (Wilson 1927); (0, 1) where nothing was counted."""
    if n == 0:
        return 0.0, 1.0
    share = hits / n
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def exact(hits: int, n: int) -> Interval:
    """Return the exact 95 % interval of a share (Clopper & Pearson 1934)."""
    if n == 0:
        return 0.0, 1.0
    tail = (1 - _LEVEL) / 2
    low = float(beta.ppf(tail, hits, n - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def bootstrap_mean(
    values: Float, clusters: Sequence[str], seed: int, resamples: int = RESAMPLES
) -> Interval:
    """Return the 95 % percentile interval of a mean, resampling whole clusters (Efron 1979).

    Eight views of one person are not eight people: clusters, here people, are drawn with
    replacement and all their values come along.

    Args:
        values: (N,).
        clusters: N labels.
        seed: of the draws.
        resamples: how many draws.
    """
    if not len(values):
        return 0.0, 1.0
    names, member = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(member, values, len(names))
    counts = np.bincount(member, minlength=len(names))
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    return _percentiles((drawn @ sums) / (drawn @ counts))


def bootstrap_share(values: Float, clusters: Sequence[str], seed: int) -> Interval:
    """Return `bootstrap_mean` of shares in [0, 1]; Wilson's where all are 1, or all are 0.

    Drawing again from what never varies has no spread, and would be sure of 28 people of 28.
    Clusters, here people, are what is counted then.
    """
    return _never_sure(bootstrap_mean(values, clusters, seed), len(set(clusters)))


def bootstrap_difference(values: Float, clusters: Sequence[str], seed: int) -> Interval:
    """Return `bootstrap_mean` of differences in [-1, 1] of the same queries under two methods.

    Where none of them differs, as many may differ either way as Wilson's interval of nobody says:
    28 people who are answered alike do not show that everybody is.
    """
    ends = bootstrap_mean(values, clusters, seed)
    if ends != (0.0, 0.0):
        return ends
    most = wilson(0, len(set(clusters)))[1]
    return -most, most


def bootstrap(
    n: int,
    statistic: Callable[[NDArray[np.int64]], float],
    seed: int,
    resamples: int = RESAMPLES,
) -> Interval:
    """Return the 95 % percentile interval of any statistic of `n` units.

    `statistic` is given the units drawn, an int64 array (n,) of positions with repetition; draws
    for which it is NaN are left out.
    """
    return _percentiles(_draws(n, statistic, seed, resamples))


def bootstrap_biased(
    n: int,
    statistic: Callable[[NDArray[np.int64]], float],
    seed: int,
    resamples: int = RESAMPLES,
) -> Interval:
    """Return `bootstrap` of a statistic that drawing again makes larger, its bias taken off.

    A calibration error is a sum of absolute gaps: repeated units widen every gap, so that plain
    percentiles may lie above the figure itself. Draws are moved so that their mean is the figure;
    they stay in [0, 1].
    """
    values = _draws(n, statistic, seed, resamples)
    if not len(values):
        return 0.0, 1.0
    moved = values + (statistic(np.arange(n)) - values.mean())
    return _percentiles(np.clip(moved, 0.0, 1.0))


def _draws(
    n: int, statistic: Callable[[NDArray[np.int64]], float], seed: int, resamples: int
) -> Float:
    """Return the statistic of each draw that has one; none where there are no units."""
    if n == 0:
        return np.zeros(0)
    rng = np.random.default_rng(seed)
    values = np.array([statistic(rng.integers(0, n, n)) for _ in range(resamples)], np.float64)
    return np.asarray(values[~np.isnan(values)], np.float64)


def bootstrap_statistic_share(
    n: int,
    statistic: Callable[[NDArray[np.int64]], float],
    seed: int,
    resamples: int = RESAMPLES,
) -> Interval:
    """Return `bootstrap` of a statistic in [0, 1]; Wilson's where every draw is 1, or every 0."""
    return _never_sure(bootstrap(n, statistic, seed, resamples), n)


def _never_sure(ends: Interval, n: int) -> Interval:
    if ends in {(0.0, 0.0), (1.0, 1.0)}:
        return wilson(n if ends[0] else 0, n)
    return ends


def _percentiles(values: Float) -> Interval:
    if not len(values):
        return 0.0, 1.0
    low, high = np.percentile(values, [50 * (1 - _LEVEL), 100 - 50 * (1 - _LEVEL)])
    return float(low), float(high)

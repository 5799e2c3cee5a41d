"""How tall people are, from where they stood and how large their head is beside the body.

Each camera's geometry (`reid.rank.camera_geometry`) tells a person's height beside the usual
adult's: 0.62 ± .05 of it. The head's share of the body tells the same less well, but from one box
and before the camera has seen anybody: a child's is a sixth, an adult's a seventh or eighth. Both
together say how likely somebody is a child, or tall for their age. Body-derived: these beliefs
stand in the columns of ``body.age`` and ``body.height``, which the ranking reads only when asked,
and the desk takes out of a query what its purpose does not allow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.body_measures import POINTS, Floats, head_shares, points_of
from reid.rank.camera_geometry import (
    ANY_CAMERA,
    USUAL_ADULT_M,
    CameraGeometry,
    CameraPrior,
    Doubles,
    learn,
)

SLOTS: Final = ("body.age", "body.height")
"""Slots of which stature says something."""

HEAD_SHARE: Final = 0.149
"""A detector's head box ÷ its body box, of the usual adult, hair and hats included."""

HEAD_SLOPE: Final = -0.55
"""By how much the log of that share changes with log height: a head grows little."""

HEAD_SPREAD: Final = 0.06
"""Spread of the log of that share between people of one height."""

AGES: Final = vocabulary.SLOTS["body.age"].values
HEIGHTS: Final = vocabulary.SLOTS["body.height"].values

AGE_RATES: Final = {"child": 0.2, "teen": 0.12, "adult": 0.53, "older": 0.15}
"""Share of people of each age, where the model does not say."""

REFERENCE_CM: Final = {
    "years": (1.5, 3, 5, 7, 9, 11, 13, 15, 18, 30, 60, 90),
    "female": (80, 95, 109, 121, 133, 145, 157, 161, 163, 164, 161, 154),
    "male": (82, 96, 110, 122, 134, 144, 157, 170, 176, 177, 174, 167),
}
"""Median standing height by age in years (rounded growth references)."""

SPREAD: Final = 0.041
"""Standard deviation of height as a part of the median."""

OF_THEIR_AGE: Final = 0.75
"""Deviations from the median beyond which somebody is short or tall for their age."""

MISMEASURED: Final = 0.04
"""Share of sightings whose height means nothing: feet behind a bench, on somebody's shoulders."""

_RANGE: Final = 2.0  # nats over which such heights are spread
_BINS: Final = np.linspace(-0.9, 0.3, 121)  # of log height beside the usual adult's
_BLOCK: Final = 65_536
_LEAST_ERROR: Final = 0.02
_FEW, _GROWTH = 8, 1.15
"""A camera's geometry is learnt anew with each track up to so many, then when they grow so much."""


@dataclass(frozen=True, slots=True, eq=False)
class Statures:
    """Height of N people beside the usual adult's; NaN where it is not known.

    Attributes:
        log_height: float64 (N,), log of the ratio; exp gives "0.62 of the usual adult's".
        error: float64 (N,), its standard error.
    """

    log_height: Doubles
    error: Doubles

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whose height (N,) is known."""
        return ~np.isnan(self.log_height)

    @property
    def centimetres(self) -> Doubles:
        """The heights (N,) in centimetres."""
        return np.asarray(100 * USUAL_ADULT_M * np.exp(self.log_height))


def statures(
    measures: Floats,
    codes: NDArray[np.intp],
    priors: Mapping[int, CameraPrior] | None = None,
) -> Statures:
    """Tell the height of N people, each camera's geometry learnt from its own.

    Args:
        measures: float32 (N, M), see `reid.core.body_measures`.
        codes: (N,), the number of each sighting's camera.
        priors: by camera's number, where something is known of how it hangs.
    """
    told = Statures(*_from_heads(measures))
    log_height, error = np.full(len(measures), np.nan), np.full(len(measures), np.nan)
    places = points_of(measures)
    for camera in np.unique(codes):
        rows = np.flatnonzero(codes == camera)
        prior = (priors or {}).get(int(camera), ANY_CAMERA)
        heads = told.log_height[rows], told.error[rows]
        geometry = geometry_of(places[rows], heads, prior)
        if geometry is not None:
            log_height[rows], error[rows] = geometry.log_heights(places[rows])
    return _fused(Statures(log_height, error), told)


def geometry_of(
    points: Floats, heads: tuple[Doubles, Doubles], prior: CameraPrior = ANY_CAMERA
) -> CameraGeometry | None:
    """Return what a camera's tracks teach of it; None before the first.

    The same tracks give the same object, and so do a few more than before.

    Args:
        points: float32 (N, P, 3), foot x, foot y and height of each track, NaN where not measured.
        heads: log heights (N,) as the heads tell them, and their errors (N,).
        prior: of the camera.
    """
    rows = np.flatnonzero(~np.isnan(points).any(axis=(1, 2)))
    if not len(rows):
        return None
    rows = rows[: _milestone(len(rows))]
    told = np.stack([heads[0][rows], heads[1][rows]]).astype("<f8")
    return _learnt(points[rows].astype("<f4").tobytes(), told.tobytes(), prior)


@lru_cache(maxsize=4096)
def _learnt(points: bytes, heads: bytes, prior: CameraPrior) -> CameraGeometry:
    told = np.frombuffer(heads, "<f8").reshape(2, -1)
    return learn(np.frombuffer(points, "<f4").reshape(-1, POINTS, 3), (told[0], told[1]), prior)


def _milestone(n: int) -> int:
    """Return the largest step up to `n`; steps are 1, 2 … and from `_FEW` on grow by a factor."""
    if n <= _FEW:
        return n
    return int(_FEW * _GROWTH ** int(np.log(n / _FEW) / np.log(_GROWTH) + 1e-9))


def _from_heads(measures: Floats) -> tuple[Doubles, Doubles]:
    """Return log heights (N,) by the head's share of the body, and their errors (N,)."""
    share, error = (one.astype(np.float64) for one in head_shares(measures))
    with np.errstate(invalid="ignore"):
        log_height = (np.log(share) - np.log(HEAD_SHARE)) / HEAD_SLOPE
        spread = np.sqrt(HEAD_SPREAD**2 + (error / share) ** 2) / abs(HEAD_SLOPE)
    return log_height, spread


def _fused(a: Statures, b: Statures) -> Statures:
    """Return what two independent measurements say together, or the one that there is."""
    pairs = np.stack([a.log_height, b.log_height]), np.stack([a.error, b.error])
    known = ~np.isnan(pairs[0])
    weight = np.where(known, 1 / np.where(known, pairs[1], 1) ** 2, 0)
    total = weight.sum(axis=0)
    seen = total > 0
    total = np.where(seen, total, 1)
    mean = (weight * np.where(known, pairs[0], 0)).sum(axis=0) / total
    return Statures(np.where(seen, mean, np.nan), np.where(seen, np.sqrt(1 / total), np.nan))


def beliefs(
    measured: Statures, ages: Floats, prior: Mapping[str, float] = AGE_RATES
) -> tuple[Floats, Floats]:
    """Return the beliefs in each age (N, 4) and each height for that age (N, 3).

    Args:
        measured: of N people.
        ages: float32 (N, 4), what the model believes of their ages, NaN where it does not say.
        prior: of the ages, where it does not.

    Rows whose height is not known keep what the model said of their age, and NaN for the height.
    """
    usual = np.array([prior[age] for age in AGES])
    known = measured.known
    age, height = ages.astype(np.float32).copy(), np.full((len(ages), len(HEIGHTS)), np.nan)
    rows = np.flatnonzero(known)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        said = ages[block].astype(np.float64)
        said = np.where(np.isnan(said).any(axis=1, keepdims=True), usual, said + 1e-3)
        likely = _likelihoods(measured.log_height[block], measured.error[block])
        joint = said[:, :, None] * likely  # (n, ages, heights)
        joint /= joint.sum(axis=(1, 2), keepdims=True)
        age[block], height[block] = joint.sum(axis=2), joint.sum(axis=1)
    return age, height.astype(np.float32)


def _likelihoods(log_height: Doubles, error: Doubles) -> Doubles:
    """Return the likelihood (n, ages, heights) of a measured height, times each height's share."""
    error = np.maximum(error, _LEAST_ERROR)[:, None]
    step = _BINS[1] - _BINS[0]
    near = np.exp(-0.5 * ((log_height[:, None] - _BINS) / error) ** 2) / error
    near *= step / np.sqrt(2 * np.pi)  # (n, bins), the share of the measurement in each
    table = _table()
    seen = np.einsum("nb,bah->nah", near, table / step)
    return np.asarray((1 - MISMEASURED) * seen + MISMEASURED / _RANGE * table.sum(axis=0))


@lru_cache(maxsize=1)
def _table() -> Doubles:
    """Return the share of people of an age in each bin of log height, by height for that age.

    float64 (bins, ages, heights); each age sums to 1.
    """
    deviations = np.linspace(-3, 3, 61)
    mass = np.exp(-0.5 * deviations**2)
    value = np.digitize(deviations, (-OF_THEIR_AGE, OF_THEIR_AGE))
    table = np.zeros((len(_BINS), len(AGES), len(HEIGHTS)))
    for age, (_, first, last) in enumerate(vocabulary.AGE_BANDS):
        for years in np.linspace(max(first, 1.5), min(last + 0.99, 90), 40):
            for sex in ("female", "male"):
                median = np.interp(years, REFERENCE_CM["years"], REFERENCE_CM[sex])
                tall = np.log(median * (1 + SPREAD * deviations) / (100 * USUAL_ADULT_M))
                bins = np.abs(tall[:, None] - _BINS).argmin(axis=1)
                np.add.at(table, (bins, age, value), mass)
    return np.asarray(table / table.sum(axis=(0, 2))[None, :, None])

"""How tall people are, from where they stood and how large their head is beside the body.

Each camera's geometry (`reid.rank.camera_geometry`) tells a person's height beside the usual
adult's: 0.62 ± .05 of it. The head's share of the body tells the same less well, but also where the
camera has seen hardly anybody: a child's is a sixth, an adult's a seventh. Seen from above, a body
looks shorter and a head does not: the camera's slant is taken into account. Both together say how
likely somebody is a child, or tall for their age. Body-derived: these beliefs stand in the columns
of ``body.age`` and ``body.height``, which the ranking reads only when asked, and the desk takes out
of a query what its purpose does not allow.
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
    MOST_TRACKS,
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

HEAD_OFFSET: Final = 0.08
"""How far, as a log, the usual adult's share may be from `HEAD_SHARE` before one camera."""

BODY_DEPTH: Final = 0.2
"""Depth of a body, front to back, as a part of its height: what is seen of it from above."""

USUAL_DEPRESSION: Final = 0.3
"""Radians below the horizontal at which most people are seen."""

HUBER: Final = 1.5
"""Standard deviations beyond which a value counts less towards a mean."""

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

    def take(self, rows: NDArray[np.intp]) -> "Statures":
        """Return some of them (R,), in the order asked for."""
        return Statures(self.log_height[rows], self.error[rows])

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
    log_height, error = np.full(len(measures), np.nan), np.full(len(measures), np.nan)
    for camera in np.unique(codes):
        rows = np.flatnonzero(codes == camera)
        prior = (priors or {}).get(int(camera), ANY_CAMERA)
        found = _before_one_camera(measures[rows], prior)
        log_height[rows], error[rows] = found.log_height, found.error
    return Statures(log_height, error)


def _before_one_camera(measures: Floats, prior: CameraPrior) -> Statures:
    places = points_of(measures)
    geometry = geometry_of(places, prior)
    nowhere = np.full(len(measures), np.nan)
    standing, depression = Statures(nowhere, nowhere), nowhere
    if geometry is not None:
        standing = Statures(*geometry.log_heights(places))
        depression = geometry.depressions(places)
    return _fused(standing, _from_heads(measures, depression, standing))


def geometry_of(points: Floats, prior: CameraPrior = ANY_CAMERA) -> CameraGeometry | None:
    """Return what a camera's tracks teach of it; None before the first.

    The same tracks give the same object, and so do a few more than before.

    Args:
        points: float32 (N, P, 3), foot x, foot y and height of each track, NaN where not measured.
        prior: of the camera.
    """
    rows = np.flatnonzero(~np.isnan(points).any(axis=(1, 2)))
    if not len(rows):
        return None
    rows = rows[: _milestone(len(rows))][-MOST_TRACKS:]
    return _learnt(points[rows].astype("<f4").tobytes(), prior)


@lru_cache(maxsize=512)
def _learnt(points: bytes, prior: CameraPrior) -> CameraGeometry:
    return learn(np.frombuffer(points, "<f4").reshape(-1, POINTS, 3), prior)


def _milestone(n: int) -> int:
    """Return the largest step up to `n`; steps are 1, 2 … and from `_FEW` on grow by a factor."""
    if n <= _FEW:
        return n
    return int(_FEW * _GROWTH ** int(np.log(n / _FEW) / np.log(_GROWTH) + 1e-9))


def _from_heads(measures: Floats, depression: Doubles, standing: Statures) -> Statures:
    """Tell the height of N people before one camera by the head's share of the body.

    What a head's share is for the usual adult is learnt for each camera, from those whose height
    its geometry tells: detectors differ, and hats with the weather.

    Args:
        measures: float32 (N, M).
        depression: (N,), angle below the horizontal at which each is seen; NaN where unknown.
        standing: their heights by the camera's geometry.
    """
    share, error = (one.astype(np.float64) for one in head_shares(measures))
    slant = np.where(np.isnan(depression), USUAL_DEPRESSION, depression)
    longer = 1 / (np.cos(slant) + BODY_DEPTH * np.sin(slant))
    logs = np.log(share / HEAD_SHARE) - np.log(longer)
    noise = HEAD_SPREAD**2 + (error / share) ** 2
    both = ~np.isnan(logs) & standing.known
    apart = logs[both] - HEAD_SLOPE * standing.log_height[both]
    doubt = noise[both] + (HEAD_SLOPE * standing.error[both]) ** 2
    offset, variance = _robust_mean(apart, doubt, HEAD_OFFSET**2)
    spread = np.sqrt(noise + variance) / abs(HEAD_SLOPE)
    return Statures((logs - offset) / HEAD_SLOPE, spread)


def _robust_mean(values: Doubles, variances: Doubles, prior: float) -> tuple[float, float]:
    """Return the mean of values (n,) around 0 and its variance; far values count less (Huber).

    `prior` is the variance of the mean itself before any value is seen.
    """
    mean, total = 0.0, 1 / prior
    for _ in range(8):
        away = np.abs(values - mean) / np.sqrt(variances + 1 / total)
        weight = np.minimum(1, HUBER / np.maximum(away, 1e-9)) / variances
        total = 1 / prior + float(weight.sum())
        mean = float((weight * values).sum()) / total
    return mean, 1 / total


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
                np.add.at(table, (bins, np.full_like(bins, age), value), mass)
    return np.asarray(table / table.sum(axis=(0, 2))[None, :, None])

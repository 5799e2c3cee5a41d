"""How tall people look at each place of a camera's picture, learnt from its own tracks.

A camera over flat ground sees a foot at depression α below the horizontal and the head of the same
person at β: whatever the distance, 1 - tan β / tan α is the person's height ÷ the camera's. Four
numbers turn places in the picture into angles: the horizon, the focal length, the roll, and how far
the lens bends straight lines. A fifth is what that ratio is for the usual adult. They have a prior
that holds for most cameras, so that the first track already says something; with more tracks the
posterior narrows (adaptive importance sampling, with fixed draws: the same tracks, the same fit).

Nobody tells the fit who is an adult: the people are a mixture of adults, children and mistakes
(boxes of seated people, or cut ones), in which every track is allowed to be any of them.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

POINT_NOISE: Final = 0.04
"""Spread of log height from one place to another: boxes, gait, uneven ground."""

MOST_TRACKS: Final = 300
"""A camera's geometry is fitted to the last so many tracks."""

_PEOPLE: Final = ((0.70, 0.0, 0.06), (0.15, -0.18, 0.09), (0.12, -0.48, 0.18))
"""Share, mean and spread of log (height ÷ the usual adult's): grown, older and small children."""
_HALF_NEW: Final = 30
"""Tracks after which the next says half of what the first said: people come in groups, and by
again. Without it a camera with many tracks gets a lens that no camera has, and children grow up."""

_MISTAKES: Final = 0.03 / 3  # share ÷ the width of the range over which they are spread, in nats
_WITHIN_MOST: Final = 4.0  # nats that disagreement inside one track may cost at most
_LEAST_TANGENT: Final = 0.02  # of the depression of a foot; above, it stands near the horizon
_DRAWS: Final = 256  # geometries tried in each round
_FIRST_TRACKS: Final = 100  # that the rounds before the last look at
_USUAL_STEPS: Final = 25  # values of the usual adult's ratio tried with each
_TOGETHER: Final = 200_000  # densities computed at a time
_ROUNDS: Final = 5
_WIDER: Final = 1.4  # than the last round's posterior, each round's proposal
_LEAST_EFFECTIVE: Final = 24.0  # draws; a posterior that fewer carry is flattened first
_LEAST_STRAIGHT: Final = 0.3  # no lens bends so much that less than this is left
_KEPT: Final = 16  # geometries that represent the posterior


@dataclass(frozen=True, slots=True)
class CameraPrior:
    """What is known of a camera before it has seen anybody: mean and spread of each.

    Attributes:
        horizon: row of the horizon, in frame heights below the picture's middle.
        focal: log of the focal length, in frame heights.
        roll: radians, positive where the picture is turned clockwise.
        bend: λ of the division model of radial distortion, r in frame heights; negative: barrel.
        usual: log of the usual adult's height ÷ the camera's.
    """

    horizon: tuple[float, float] = (-0.4, 0.3)
    focal: tuple[float, float] = (0.25, 0.25)
    roll: tuple[float, float] = (0.0, 0.03)
    bend: tuple[float, float] = (-0.08, 0.12)
    usual: tuple[float, float] = (float(np.log(0.5)), 0.4)

    @classmethod
    def of_mounting(
        cls,
        height_m: float | None = None,
        tilt_degrees: float | None = None,
        fov_degrees: float | None = None,
    ) -> "CameraPrior":
        """Return the prior where somebody measured the mounting.

        Args:
            height_m: of the camera above the ground.
            tilt_degrees: below the horizontal.
            fov_degrees: vertical field of view.
        """
        plain = cls()
        focal = plain.focal
        if fov_degrees is not None:
            focal = (float(np.log(0.5 / np.tan(np.radians(fov_degrees) / 2))), 0.04)
        horizon = plain.horizon
        if tilt_degrees is not None:
            row = -float(np.exp(focal[0]) * np.tan(np.radians(tilt_degrees)))
            horizon = (row, 0.04 + abs(row) * focal[1])
        usual = plain.usual
        if height_m is not None:
            usual = (float(np.log(USUAL_ADULT_M / height_m)), 0.04)
        return cls(horizon, focal, plain.roll, plain.bend, usual)


USUAL_ADULT_M: Final = 1.69
"""Height of the usual adult, women and men together."""

ANY_CAMERA: Final = CameraPrior()


@dataclass(frozen=True, slots=True, eq=False)
class CameraGeometry:
    """What is believed of one camera: G geometries with their weights.

    Attributes:
        nodes: float64 (G, 4), horizon, log focal length, roll and bend of each.
        weights: float64 (G,), they sum to 1.
        usual: float64 (G, 2), mean and variance of the usual adult's log ratio under each.
        tracks: how many it was learnt from.
    """

    nodes: Doubles
    weights: Doubles
    usual: Doubles
    tracks: int

    def log_heights(self, points: Floats) -> tuple[Doubles, Doubles]:
        """Return log (height ÷ the usual adult's) (N,) and its standard error (N,).

        Args:
            points: float32 (N, P, 3), foot x, foot y and height of each person at P places.

        NaN where there is no place, or none below the horizon.
        """
        ratios = np.stack([log_ratios(points, node) for node in self.nodes])  # (G, N, P)
        middle, spread = _median_and_spread(ratios)
        heights = middle - self.usual[:, :1]
        known = ~np.isnan(heights)
        weights = np.where(known, self.weights[:, None], 0)
        weights /= np.maximum(weights.sum(axis=0), 1e-12)
        heights = np.where(known, heights, 0)
        mean = (weights * heights).sum(axis=0)
        within = np.where(known, self.usual[:, 1:] + np.maximum(spread, POINT_NOISE / 2) ** 2, 0)
        between = weights * (heights - mean) ** 2
        variance = (weights * within).sum(axis=0) + between.sum(axis=0)
        seen = known.any(axis=0)
        return np.where(seen, mean, np.nan), np.where(seen, np.sqrt(variance), np.nan)

    def depressions(self, points: Floats) -> Doubles:
        """Return the angle below the horizontal (N,) at which each person is seen, radians.

        Args:
            points: float32 (N, P, 3), as for `log_heights`.
        """
        horizon, focal, *_ = self.weights @ self.nodes
        focal = np.exp(focal)
        middle = np.median(points[..., 1] - points[..., 2] / 2, axis=-1)
        return np.asarray(np.arctan(-horizon / focal) + np.arctan(middle / focal), np.float64)


def log_ratios(points: Floats, node: Doubles) -> Doubles:
    """Return log (height ÷ the camera's) at each place (N, P) under one geometry (4,); NaN: none.

    Args:
        points: float32 (N, P, 3), foot x, foot y and height.
        node: horizon, log focal length, roll and bend; or of several geometries, (4, G, 1, 1),
            which gives (G, N, P).
    """
    horizon, focal, roll, bend = node[0], np.exp(node[1]), node[2], node[3]
    x, foot, height = np.moveaxis(points.astype(np.float64), -1, 0)
    tilt = -horizon / focal

    def row(y: Doubles) -> Doubles:
        straight = np.maximum(1 + bend * (x**2 + y**2), _LEAST_STRAIGHT)
        return np.asarray((y * np.cos(roll) - x * np.sin(roll)) / straight / focal)

    rows = (row(foot), row(foot - height))
    foot_tangent, head_tangent = ((tilt + row) / (1 - tilt * row) for row in rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = 1 - head_tangent / np.where(foot_tangent > _LEAST_TANGENT, foot_tangent, np.nan)
        return np.asarray(np.log(np.where(ratio > 0, ratio, np.nan)))


def learn(points: Floats, prior: CameraPrior = ANY_CAMERA) -> CameraGeometry:
    """Learn a camera's geometry from its tracks.

    Args:
        points: float32 (N, P, 3), foot x, foot y and height of each track at P places, the newest
            last; NaN where not measured.
        prior: of the camera.
    """
    rows = np.flatnonzero(~np.isnan(points).any(axis=(1, 2)))[-MOST_TRACKS:]
    centre = np.array([prior.horizon, prior.focal, prior.roll, prior.bend])
    mean, root = centre[:, 0], np.diag(centre[:, 1])
    for turn in range(_ROUNDS):
        first = _FIRST_TRACKS if turn < _ROUNDS - 1 else MOST_TRACKS
        draws = _standard_normal(turn)
        nodes = mean + draws @ root.T
        evidence, usual = _evidence(points[rows[:first]], nodes, prior)
        evidence += 0.5 * (draws**2).sum(axis=1)  # ÷ the density that they were drawn from
        if turn < _ROUNDS - 1:
            weights = _flattened(evidence)
            mean = weights @ nodes
            spread = (nodes - mean).T @ (weights[:, None] * (nodes - mean))
            root = np.linalg.cholesky(_WIDER**2 * spread + np.diag((0.03 * centre[:, 1]) ** 2))
    weights = np.exp(evidence - evidence.max())
    best = np.argsort(-weights)[:_KEPT]
    weights = weights[best] / weights[best].sum()
    return CameraGeometry(nodes[best], weights, usual[best], len(rows))


@lru_cache(maxsize=_ROUNDS)
def _standard_normal(turn: int) -> Doubles:
    """Return the draws (D, 4) of a round, mirrored, so that their mean is 0; the same each time."""
    half = np.random.default_rng(turn).normal(size=(_DRAWS // 2, 4))
    return np.concatenate([half, -half])


def _flattened(evidence: Doubles) -> Doubles:
    """Return weights (D,) of draws by their log evidence, flattened until enough of them count."""
    heat = 1.0
    while True:
        weights = np.exp((evidence - evidence.max()) / heat)
        weights /= weights.sum()
        if 1 / (weights**2).sum() >= _LEAST_EFFECTIVE:
            return np.asarray(weights)
        heat *= 1.5


def _evidence(points: Floats, nodes: Doubles, prior: CameraPrior) -> tuple[Doubles, Doubles]:
    """Return how well tracks and prior agree with geometries (G, 4), as a log (G,).

    Also returns mean and variance (G, 2) of the usual adult's log ratio under each.
    """
    together = max(1, _TOGETHER // max(1, len(points) * _USUAL_STEPS * len(_PEOPLE)))
    parts = [
        _evidence_of_some(points, nodes[first : first + together], prior)
        for first in range(0, len(nodes), together)
    ]
    evidence, usual = (np.concatenate(part) for part in zip(*parts, strict=True))
    for axis, (mean, spread) in enumerate((prior.horizon, prior.focal, prior.roll, prior.bend)):
        evidence -= 0.5 * ((nodes[:, axis] - mean) / spread) ** 2
    return evidence, usual


def _evidence_of_some(
    points: Floats, nodes: Doubles, prior: CameraPrior
) -> tuple[Doubles, Doubles]:
    """Return what `_evidence` does, without the prior of the geometries (G, 4)."""
    new = 1 / (1 + len(points) / _HALF_NEW)
    middle, apart = _median_and_spread(log_ratios(points, nodes.T[:, :, None, None]))  # (G, N)
    known = ~np.isnan(middle)
    within = np.where(known, np.minimum(0.5 * (apart / POINT_NOISE) ** 2, _WITHIN_MOST), 0)
    lost = (~known).sum(axis=1) * np.log(_MISTAKES)
    usuals = _usuals(middle, prior)
    logs = new * _log_mixture(middle, usuals)
    logs -= 0.5 * ((usuals - prior.usual[0]) / prior.usual[1]) ** 2
    highest = logs.max(axis=1, keepdims=True)
    chance = np.exp(logs - highest)
    total = chance.sum(axis=1)
    centre = (chance * usuals).sum(axis=1) / total
    variance = (chance * (usuals - centre[:, None]) ** 2).sum(axis=1) / total
    step = (usuals[:, -1] - usuals[:, 0]) / 5  # one standard deviation
    evidence = highest[:, 0] + np.log(total * step) - new * (within.sum(axis=1) - lost)
    return evidence, np.stack([centre, variance], axis=1)


def _usuals(middle: Doubles, prior: CameraPrior) -> Doubles:
    """Return the usual adult's log ratios to try, (G, U), given the tracks' (G, N); NaN: none."""
    known = ~np.isnan(middle)
    count = known.sum(axis=1)
    ordered = np.sort(middle, axis=1)  # NaN last
    row, last = np.arange(len(middle)), np.maximum(count - 1, 0)
    centre = np.full(len(middle), prior.usual[0])
    spread = np.full(len(middle), prior.usual[1])
    if middle.shape[1]:
        median = (ordered[row, last // 2] + ordered[row, (last + 1) // 2]) / 2
        mean, some = _product(prior.usual, (median + 0.1, 0.25))
        centre = np.where(count > 0, mean, centre)
        spread = np.where(count > 0, some, spread)
    offsets = np.linspace(-1, 1, _USUAL_STEPS)
    return np.asarray(centre[:, None] + 2.5 * spread[:, None] * offsets)


def _log_mixture(middle: Doubles, usuals: Doubles) -> Doubles:
    """Return the log-likelihood (G, U) of the log ratios of tracks (G, N), NaN where not known.

    Each usual adult's ratio (G, U) is tried.
    """
    share, mean, spread = np.array(_PEOPLE).T[..., None]  # (K, 1)
    total = spread**2 + POINT_NOISE**2 / 2
    apart = middle[:, :, None, None] - usuals[:, None, None, :] - mean  # (G, N, K, U)
    density = share * np.exp(-0.5 * apart**2 / total) / np.sqrt(2 * np.pi * total)
    each = np.log(density.sum(axis=2) + _MISTAKES)
    return np.asarray(np.where(np.isnan(middle)[..., None], 0, each).sum(axis=1))


def _median_and_spread(ratios: Doubles) -> tuple[Doubles, Doubles]:
    """Return the median along the last axis, and the standard deviation; NaN where all are."""
    known = ~np.isnan(ratios)
    count = known.sum(axis=-1)
    ordered = np.sort(ratios, axis=-1)  # NaN last
    take = np.maximum(count - 1, 0)[..., None]
    low = np.take_along_axis(ordered, take // 2, axis=-1)[..., 0]
    high = np.take_along_axis(ordered, (take + 1) // 2, axis=-1)[..., 0]
    middle = (low + high) / 2
    away = np.where(known, ratios - middle[..., None], 0)
    return middle, np.sqrt((away**2).sum(axis=-1) / np.maximum(count, 1))


def _product(a: tuple[float, float], b: tuple[Doubles, float]) -> tuple[Doubles, float]:
    """Return means and spread of the products of two normal densities."""
    one, two = 1 / a[1] ** 2, 1 / b[1] ** 2
    return (a[0] * one + b[0] * two) / (one + two), float(np.sqrt(1 / (one + two)))

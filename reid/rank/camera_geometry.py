"""How tall people look at each place of a camera's picture, learnt from its own tracks.

A camera over flat ground sees a foot at depression α below the horizontal and the head of the same
person at β: whatever the distance, 1 - tan β / tan α is the person's height ÷ the camera's. Three
numbers turn rows of the picture into angles: the horizon, the focal length and the roll. A fourth
is what that ratio is for the usual adult. They are found on a grid, with a prior that holds for
most cameras, so that the first track already says something; with tracks the posterior narrows.

Nobody tells the fit who is an adult: the people are a mixture of adults, children and mistakes
(boxes of seated people, or cut ones), in which every track is allowed to be any of them.
"""

from dataclasses import dataclass
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
_MISTAKES: Final = 0.03 / 3  # share ÷ the width of the range over which they are spread, in nats
_WITHIN_MOST: Final = 4.0  # nats that disagreement inside one track may cost at most
_LEAST_TANGENT: Final = 0.02  # of the depression of a foot; above, it stands near the horizon
_STEPS: Final = (11, 5, 5)  # nodes of the grid along horizon, focal length and roll
_FIRST_TRACKS: Final = 100  # that the rounds before the last look at
_USUAL_STEPS: Final = 27  # and along the usual adult's ratio
_ROUNDS: Final = 3
_REACH: Final = 2.4  # standard deviations that a grid reaches either way
_KEPT: Final = 16  # geometries that represent the posterior


@dataclass(frozen=True, slots=True)
class CameraPrior:
    """What is known of a camera before it has seen anybody: mean and spread of each.

    Attributes:
        horizon: row of the horizon, in frame heights below the picture's middle.
        focal: log of the focal length, in frame heights.
        roll: radians, positive where the picture is turned clockwise.
        usual: log of the usual adult's height ÷ the camera's.
    """

    horizon: tuple[float, float] = (-0.45, 0.35)
    focal: tuple[float, float] = (float(np.log(1.2)), 0.35)
    roll: tuple[float, float] = (0.0, 0.03)
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
        return cls(horizon, focal, plain.roll, usual)


USUAL_ADULT_M: Final = 1.69
"""Height of the usual adult, women and men together."""

ANY_CAMERA: Final = CameraPrior()


@dataclass(frozen=True, slots=True, eq=False)
class CameraGeometry:
    """What is believed of one camera: G geometries with their weights.

    Attributes:
        nodes: float64 (G, 3), horizon, log focal length and roll of each.
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
        horizon, focal, _ = self.weights @ self.nodes
        focal = np.exp(focal)
        middle = np.median(points[..., 1] - points[..., 2] / 2, axis=-1)
        return np.asarray(np.arctan(-horizon / focal) + np.arctan(middle / focal), np.float64)


def log_ratios(points: Floats, node: Doubles) -> Doubles:
    """Return log (height ÷ the camera's) at each place (N, P) under one geometry (3,); NaN: none.

    Args:
        points: float32 (N, P, 3), foot x, foot y and height.
        node: horizon, log focal length and roll.
    """
    horizon, focal, roll = node[0], np.exp(node[1]), node[2]
    x, foot, height = np.moveaxis(points.astype(np.float64), -1, 0)
    aside, tilt = x * np.sin(roll), -horizon / focal
    rows = ((y * np.cos(roll) - aside) / focal for y in (foot, foot - height))
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
    centre = np.array([prior.horizon, prior.focal, prior.roll])
    box = centre.copy()
    for turn in range(_ROUNDS):
        nodes, first = _grid(box), _FIRST_TRACKS if turn < _ROUNDS - 1 else MOST_TRACKS
        found = _fit(points[rows[:first]], nodes, prior)
        mean = found.weights @ nodes
        spread = np.sqrt(found.weights @ (nodes - mean) ** 2)
        steps = 2 * _REACH * box[:, 1] / (np.array(_STEPS) - 1)
        box = np.stack([mean, np.clip(spread, 0.35 * steps, centre[:, 1])], axis=1)
    best = np.argsort(-found.weights)[:_KEPT]
    weights = found.weights[best] / found.weights[best].sum()
    return CameraGeometry(nodes[best], weights, found.usual[best], len(rows))


def _grid(box: Doubles) -> Doubles:
    """Return the nodes (G, 3) of a grid around a mean and a spread for each number, (3, 2)."""
    axes = [
        mean + spread * np.linspace(-_REACH, _REACH, steps)
        for (mean, spread), steps in zip(box, _STEPS, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def _fit(points: Floats, nodes: Doubles, prior: CameraPrior) -> CameraGeometry:
    """Weigh geometries (G, 3) by how well tracks and prior agree with each."""
    offsets = np.linspace(-1, 1, _USUAL_STEPS)
    evidence, usual = np.empty(len(nodes)), np.empty((len(nodes), 2))
    for i, node in enumerate(nodes):
        ratios = log_ratios(points, node)
        middle, spread = _median_and_spread(ratios)
        known = ~np.isnan(middle)
        within = np.minimum(0.5 * (spread[known] / POINT_NOISE) ** 2, _WITHIN_MOST)
        lost = np.count_nonzero(~known) * np.log(_MISTAKES)
        base = prior.usual
        if known.any():
            base = _product(prior.usual, (float(np.median(middle[known])) + 0.1, 0.25))
        usuals = base[0] + 2.5 * base[1] * offsets
        logs = _log_mixture(middle[known], usuals)
        logs -= 0.5 * ((usuals - prior.usual[0]) / prior.usual[1]) ** 2
        chance = np.exp(logs - logs.max())
        total = chance.sum()
        mean = chance @ usuals / total
        usual[i] = mean, chance @ (usuals - mean) ** 2 / total
        evidence[i] = logs.max() + np.log(total * base[1]) - within.sum() + lost
    for axis, (expected, deviation) in enumerate((prior.horizon, prior.focal, prior.roll)):
        evidence -= 0.5 * ((nodes[:, axis] - expected) / deviation) ** 2
    weights = np.exp(evidence - evidence.max())
    return CameraGeometry(nodes, weights / weights.sum(), usual, len(points))


def _log_mixture(middle: Doubles, usuals: Doubles) -> Doubles:
    """Return the log-likelihood (U,) of N tracks' log ratios for each usual adult's ratio (U,)."""
    share, mean, spread = np.array(_PEOPLE).T[..., None]  # (K, 1)
    total = spread**2 + POINT_NOISE**2 / 2
    apart = middle[:, None, None] - usuals - mean
    density = share * np.exp(-0.5 * apart**2 / total) / np.sqrt(2 * np.pi * total)
    return np.asarray(np.log(density.sum(axis=1) + _MISTAKES).sum(axis=0))


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


def _product(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    """Return mean and spread of the product of two normal densities."""
    one, two = 1 / a[1] ** 2, 1 / b[1] ** 2
    return (a[0] * one + b[0] * two) / (one + two), float(np.sqrt(1 / (one + two)))

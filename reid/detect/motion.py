"""Where somebody may be after a gap: a constant-velocity Kalman filter with time in seconds.

The state is the point between the feet and the logarithm of the height, each with its velocity
(Kalman 1960; with white-noise acceleration as in Bar-Shalom et al. 2001, section 6.2.2). Lengths
are in heights of the person, so that near and far people move alike. Whoever stands, and whoever
turns up anywhere, are kept as two more ways of moving.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes

Floats = NDArray[np.float64]

_MEASURED: Final = np.array([0.10, 0.10, 0.08])
"""Standard deviation of a box's foot x, foot y (heights) and log height."""

_SPEED: Final = np.array([0.9, 0.35, 0.12])
"""Of the velocity of somebody new, a second: people walk about 0.8 heights a second."""

_TURNING: Final = np.array([0.45, 0.2, 0.08])
"""Of the change of velocity within a second."""

_STILL: Final = np.array([0.12, 0.10, 0.08])
"""Of somebody who has not moved, however long it is ago."""

_STANDS: Final = 0.3
_ANYWHERE: Final = 0.03
"""Shares of people who stand, and who are found where nothing told it."""

_HEIGHTS: Final = 1.5  # nats of log height over which unknown people are spread


class Motion:
    """One person's motion, from the boxes seen so far.

    Args:
        box: (4,), where they were seen first.
    """

    def __init__(self, box: Boxes) -> None:
        self._point = _point(box)
        self._velocity = np.zeros(3)
        self._covariance = np.zeros((3, 2, 2))
        self._covariance[:, 0, 0] = _MEASURED**2
        self._covariance[:, 1, 1] = _SPEED**2

    @property
    def height(self) -> float:
        """Height in px."""
        return math.exp(self._point[2])

    def see(self, box: Boxes, seconds: float) -> None:
        """Take the box (4,) in which they are so much later."""
        scale = self._scale
        mean, covariance = self._after(seconds)
        surprise = (_point(box) - mean) / scale
        gain = covariance[:, :, 0] / (covariance[:, 0, 0] + _MEASURED**2)[:, None]  # (3, 2)
        self._point = mean + gain[:, 0] * surprise * scale
        self._velocity += gain[:, 1] * surprise
        self._covariance = covariance - gain[:, :, None] * covariance[:, None, 0, :]

    def evidence(self, boxes: Boxes, seconds: float, frame: tuple[int, int]) -> Floats:
        """Return how much likelier boxes (N, 4) are of this person than of anybody, in nats (N,).

        Args:
            boxes: in a frame so many seconds after the last box.
            seconds: since then.
            frame: its width and height in px; anybody may be anywhere in it.
        """
        mean, covariance = self._after(seconds)
        away = (np.stack([_point(box) for box in boxes]) - mean) / self._scale  # (N, 3)
        since = (np.stack([_point(box) for box in boxes]) - self._point) / self._scale
        walks = _log_normal(away, np.sqrt(covariance[:, 0, 0] + _MEASURED**2))
        stands = _log_normal(since, _STILL)
        anybody = -math.log(frame[0] * frame[1] / self.height**2 * _HEIGHTS)
        ways = [
            math.log(1 - _STANDS - _ANYWHERE) + walks,
            math.log(_STANDS) + stands,
            np.full(len(boxes), math.log(_ANYWHERE) + anybody),
        ]
        return np.asarray(np.logaddexp.reduce(ways, axis=0) - anybody, np.float64)

    @property
    def _scale(self) -> Floats:
        return np.array([self.height, self.height, 1.0])

    def _after(self, seconds: float) -> tuple[Floats, Floats]:
        """Return point (3,) and covariance (3, 2, 2) so many seconds after the last box."""
        step = np.array([[1.0, seconds], [0.0, 1.0]])
        noise = np.array([[seconds**3 / 3, seconds**2 / 2], [seconds**2 / 2, seconds]])
        covariance = step @ self._covariance @ step.T + _TURNING[:, None, None] ** 2 * noise
        return self._point + self._velocity * seconds * self._scale, covariance


def _point(box: Boxes) -> Floats:
    """Return foot x, foot y and log height (3,) of a box (4,)."""
    height = max(float(box[3] - box[1]), 1.0)
    return np.array([(box[0] + box[2]) / 2, box[3], math.log(height)], np.float64)


def _log_normal(away: Floats, deviation: Floats) -> Floats:
    """Return the log density (N,) of independent normal values (N, 3) around 0."""
    scaled = away / deviation
    return np.asarray(
        -0.5 * (scaled**2).sum(axis=1) - np.log(deviation).sum() - 1.5 * math.log(2 * math.pi)
    )

"""A camera's geometry, learnt from people whom a pinhole camera sees exactly."""

from dataclasses import dataclass

import numpy as np
import pytest

from reid.rank.camera_geometry import ANY_CAMERA, USUAL_ADULT_M, CameraPrior, learn, log_ratios


@dataclass(frozen=True)
class Pinhole:
    """A camera `height` metres up, looking `tilt` degrees down, with a vertical field of view."""

    height: float = 3.0
    tilt: float = 20.0
    fov: float = 45.0

    @property
    def focal(self) -> float:
        return float(0.5 / np.tan(np.radians(self.fov) / 2))

    @property
    def node(self) -> np.ndarray:
        horizon = -self.focal * np.tan(np.radians(self.tilt))
        return np.array([horizon, np.log(self.focal), 0.0, 0.0])

    def points(self, statures: np.ndarray, distances: np.ndarray) -> np.ndarray:
        """Return foot x, foot y and height of people (N,) at distances (N, P), float32."""
        tilt = np.radians(self.tilt)

        def row(above: np.ndarray | float) -> np.ndarray:
            down = self.height - np.broadcast_to(above, distances.shape)
            ahead = distances * np.cos(tilt) + down * np.sin(tilt)
            return self.focal * (down * np.cos(tilt) - distances * np.sin(tilt)) / ahead

        foot = row(0.0)
        tall = foot - row(statures[:, None])
        return np.stack([np.zeros_like(foot), foot, tall], axis=-1).astype(np.float32)


CAMERAS = (Pinhole(), Pinhole(5.0, 35.0, 60.0), Pinhole(2.5, 10.0, 40.0), Pinhole(1.6, 3.0, 50.0))


def adults(n: int, seed: int = 0) -> np.ndarray:
    return USUAL_ADULT_M * np.exp(np.random.default_rng(seed).normal(0, 0.05, n))


def distances(n: int, seed: int = 1) -> np.ndarray:
    """Return three distances of each person, metres, all within every camera's picture."""
    return np.sort(np.random.default_rng(seed).uniform(5, 15, (n, 3)), axis=1)[:, ::-1]


@pytest.mark.parametrize("camera", CAMERAS)
def test_the_ratio_is_exact_under_the_true_geometry(camera: Pinhole) -> None:
    statures = np.array([0.9, 1.3, 1.69, 1.95])
    ratios = log_ratios(camera.points(statures, distances(4)), camera.node)
    assert np.exp(ratios) == pytest.approx(
        np.repeat(statures[:, None] / camera.height, 3, axis=1), rel=1e-4
    )


def test_a_foot_above_the_horizon_has_no_height() -> None:
    points = np.array([[[0, -0.6, 0.3]] * 3], np.float32)
    assert np.isnan(log_ratios(points, Pinhole(tilt=10).node)).all()
    log_height, error = learn(np.empty((0, 3, 3), np.float32)).log_heights(points * np.nan)
    assert np.isnan(log_height).all()
    assert np.isnan(error).all()


@pytest.mark.parametrize("camera", CAMERAS)
def test_heights_are_learnt_from_fifty_tracks(camera: Pinhole) -> None:
    geometry = learn(camera.points(adults(50), distances(50)))
    statures = np.array([0.95, 1.2, 1.4, 1.69, 1.9])
    log_height, error = geometry.log_heights(camera.points(statures, distances(5, seed=9)))
    assert 100 * USUAL_ADULT_M * np.exp(log_height) == pytest.approx(100 * statures, abs=8)
    assert (error < 0.07).all()


def test_the_first_track_says_something_with_a_wide_error_that_narrows() -> None:
    camera = Pinhole()
    seen = camera.points(np.array([1.7, 1.7, 1.1]), distances(3))
    first = learn(seen[:1]).log_heights(seen)
    later = learn(camera.points(adults(50), distances(50))).log_heights(seen)
    assert abs(first[0][0]) < 0.1, "the first is taken for an adult"
    assert (first[1] > later[1]).all()
    assert (np.abs(first[0] - later[0]) < 2.5 * np.hypot(first[1], later[1])).all()


def test_children_seated_people_and_cut_boxes_do_not_move_it() -> None:
    camera = Pinhole()
    statures, places = adults(100), distances(100)
    statures[:25] = np.linspace(0.9, 1.5, 25)  # children
    points = camera.points(statures, places)
    points[25:35, :, 2] *= 0.6  # seated: short for where they are
    points[35:40, :, 1] -= 0.1  # legs behind a counter: foot and height too high up
    points[35:40, :, 2] -= 0.1
    points[40:43, :, 2] *= 1.8  # a balloon above
    test = camera.points(np.array([1.0, 1.69]), distances(2, seed=5))
    log_height, _ = learn(points).log_heights(test)
    assert np.exp(log_height) * USUAL_ADULT_M == pytest.approx([1.0, 1.69], abs=0.1)


def test_known_mounting_says_heights_before_anybody_was_seen() -> None:
    camera = Pinhole()
    prior = CameraPrior.of_mounting(camera.height, camera.tilt, camera.fov)
    assert prior.horizon[0] == pytest.approx(camera.node[0])
    seen = camera.points(np.array([1.1]), distances(1))
    told, told_error = learn(seen, prior=prior).log_heights(seen)
    alone, alone_error = learn(seen).log_heights(seen)
    assert np.exp(told[0]) * USUAL_ADULT_M == pytest.approx(1.1, abs=0.15)
    assert abs(told[0] - np.log(1.1 / USUAL_ADULT_M)) < abs(alone[0] - np.log(1.1 / USUAL_ADULT_M))
    assert told_error[0] < alone_error[0]
    assert CameraPrior.of_mounting() == ANY_CAMERA

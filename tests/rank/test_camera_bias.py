"""A camera's bias, worked out on paper."""

import numpy as np
import pytest

from reid.rank.camera_bias import SHARE, without_camera_bias


def test_a_purple_camera_is_corrected() -> None:
    """60 sightings: odds of .5 are 1, of the usual .2 a quarter; 3/4 · 60/80 of it go."""
    belief = np.full(60, 0.5, np.float32)
    belief[:2] = 0.9, 0.1  # their mean is .5 too
    fair = without_camera_bias(belief, np.zeros(60, np.intp), 0.2)
    factor = 0.25 ** (SHARE * 60 / 80)
    assert fair[0] == pytest.approx(9 * factor / (1 + 9 * factor), abs=1e-5)
    assert fair[2] == pytest.approx(factor / (1 + factor), abs=1e-5)
    assert (np.argsort(fair) == np.argsort(belief)).all(), "within a camera the order stays"


def test_each_camera_by_itself_and_the_unknown_stay() -> None:
    belief = np.repeat(np.float32([0.5, 0.2]), 30)
    belief[0] = np.nan
    codes = np.repeat([0, 1], 30)
    fair = without_camera_bias(belief, codes, 0.2)
    assert np.isnan(fair[0])
    assert fair[1] < 0.4
    assert fair[30:] == pytest.approx(0.2, abs=1e-5), "a camera that says it as often as usual"


def test_few_sightings_say_nothing_of_a_camera() -> None:
    belief = np.full(11, 0.9, np.float32)
    assert without_camera_bias(belief, np.zeros(11, np.intp), 0.1) == pytest.approx(0.9)
    assert without_camera_bias(np.empty(0, np.float32), np.empty(0, np.intp), 0.1).shape == (0,)

"""Intervals against values worked out elsewhere."""

import numpy as np
import pytest

from reid.lab.bench.metrics.intervals import bootstrap, bootstrap_mean, exact, wilson


def test_wilson_against_newcombe() -> None:
    """Newcombe 1998, table I: 81 of 263, 0 of 20."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_exact_by_hand() -> None:
    """0 of n: the upper end solves (1 - p)^n = 0.025; n of n is its mirror image."""
    assert exact(0, 10) == pytest.approx((0.0, 1 - 0.025**0.1))
    assert exact(10, 10) == pytest.approx((0.025**0.1, 1.0))
    assert exact(81, 263) == pytest.approx((0.2527, 0.3676), abs=1e-4)


def test_clusters_are_drawn_whole() -> None:
    """Two people, one always right and one never: a draw gives 0, 1/2 or 1, each often."""
    values = np.repeat([0.0, 1.0], 500)
    people = ["a"] * 500 + ["b"] * 500
    assert bootstrap_mean(values, people, seed=0) == (0.0, 1.0)
    low, high = bootstrap_mean(values, [str(i) for i in range(1000)], seed=0)
    assert 0.46 < low < 0.5 < high < 0.54, "a thousand people are surer"


def test_a_constant_has_no_spread_and_the_seed_decides() -> None:
    assert bootstrap_mean(np.ones(9), list("aabbccdde"), seed=1) == (1.0, 1.0)
    values = np.arange(40.0)
    again = [bootstrap(40, lambda rows: float(values[rows].mean()), seed=5) for _ in range(2)]
    assert again[0] == again[1]


def test_draws_without_a_value_are_left_out() -> None:
    assert bootstrap(3, lambda rows: float("nan"), seed=0, resamples=10) == (0.0, 1.0)

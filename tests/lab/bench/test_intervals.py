"""Intervals against values worked out elsewhere."""

import numpy as np
import pytest
from scipy.stats import binomtest

from reid.lab.bench.metrics.intervals import (
    bootstrap,
    bootstrap_biased,
    bootstrap_mean,
    bootstrap_share,
    bootstrap_statistic_share,
    exact,
    wilson,
)
from reid.lab.bench.metrics.ranking import score_ranking
from reid.lab.bench.metrics.summary import RankingFigures, Share
from reid.lab.bench.report.tables import figure


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


def test_28_of_28_people_are_not_certain() -> None:
    """SciPy's Wilson interval of 28 of 28 is [88, 100] %."""
    people = [str(i) for i in range(28)]
    expected = binomtest(28, 28).proportion_ci(method="wilson")
    assert bootstrap_share(np.ones(28), people, 0) == pytest.approx(tuple(expected))
    low, high = bootstrap_share(np.zeros(28), people, 0)
    assert (low, high) == pytest.approx((0, 1 - expected.low))
    twice = bootstrap_share(np.ones(56), people * 2, 0)
    assert twice == pytest.approx(tuple(expected)), "people are counted, not images"
    always = bootstrap_statistic_share(28, lambda rows: 1.0, 0, resamples=10)
    assert always == pytest.approx(tuple(expected))
    assert figure(1.0, bootstrap_share(np.ones(28), people, 0)) == "100.0 [88, 100]"


def test_a_perfect_ranking_of_28_people_is_printed_with_wilsons_interval() -> None:
    same = np.eye(28, dtype=bool)
    scores = score_ranking(1 - same.astype(np.float32), same)
    found = RankingFigures.of(scores, [str(i) for i in range(28)], 0)
    assert found.rank1 == 1.0
    assert found.intervals["rank1"] == (0.8794, 1.0)


def test_of_nobody_there_is_no_figure() -> None:
    none = np.zeros((0, 3), bool)
    found = RankingFigures.of(score_ranking(none.astype(np.float32), none), [], 0)
    assert set(found.figures().values()) == {None}
    assert figure(found.rank1, found.intervals["rank1"]) == "-"
    assert Share.of(0, 0).share is None


def test_a_calibration_error_lies_in_its_interval() -> None:
    """Twenty bins of eight answers, as over targets: plain percentiles lie above the figure."""
    rng = np.random.default_rng(0)
    said = np.repeat(np.linspace(0.05, 0.95, 20), 8)
    true = rng.random(160) < said

    def error(rows):
        bins = [rows[rows // 8 == b] for b in range(20)]
        return float(np.mean([abs(said[b].mean() - true[b].mean()) for b in bins if len(b)]))

    figure_itself = error(np.arange(160))
    assert bootstrap(160, error, 0, 300)[0] > figure_itself * 0.95, "the case must tell"
    low, high = bootstrap_biased(160, error, 0, 300)
    assert low < figure_itself < high
    assert (low + high) / 2 == pytest.approx(figure_itself, abs=0.01)
    assert bootstrap_biased(0, error, 0) == (0.0, 1.0)

"""Ranking metrics on cases small enough for paper."""

import numpy as np
import pytest

from reid.lab.bench.metrics.intervals import bootstrap_mean
from reid.lab.bench.metrics.paired import Difference
from reid.lab.bench.metrics.ranking import score_ranking


def distances(*rows):
    return np.array(rows, np.float32)


def flags(*rows):
    return np.array(rows, bool)


def test_ap_and_inp_by_hand() -> None:
    """Right answers at ranks 1 and 3 of 4: AP = (1/1 + 2/3) / 2, INP = 2/3."""
    scores = score_ranking(distances([0.1, 0.2, 0.3, 0.4]), flags([1, 0, 1, 0]))
    assert scores.mean_ap == pytest.approx((1 + 2 / 3) / 2)
    assert scores.inverse_negative_penalty.mean() == pytest.approx(2 / 3)
    assert scores.rank(1) == 1.0


def test_cmc_counts_the_first_right_answer() -> None:
    """First right answers at ranks 1, 2, 4: rank-1 1/3, rank-2 and rank-3 2/3, rank-4 1."""
    order = distances([1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4])
    scores = score_ranking(order, flags([1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]))
    assert scores.first_rank.tolist() == [1, 2, 4]
    assert scores.cmc(4).tolist() == pytest.approx([1 / 3, 2 / 3, 2 / 3, 1])


def test_ignored_entries_take_no_rank() -> None:
    """Two junk images before the right one leave it at rank 1."""
    ignored = flags([1, 1, 0, 0])
    scores = score_ranking(distances([1, 2, 3, 4]), flags([0, 0, 1, 0]), ignored)
    assert scores.rank(1) == 1.0
    assert scores.mean_ap == 1.0
    assert scores.n_gallery == 2


def test_a_query_without_a_right_answer_is_left_out() -> None:
    scores = score_ranking(distances([1, 2], [1, 2]), flags([0, 0], [0, 1]))
    assert scores.rows.tolist() == [1]
    assert scores.rank(1) == 0.0
    assert scores.mean_ap == 0.5


def test_ties_keep_the_gallerys_order() -> None:
    scores = score_ranking(distances([0, 0, 0]), flags([0, 0, 1]))
    assert scores.first_rank.tolist() == [3]


def test_nothing_to_score() -> None:
    scores = score_ranking(np.zeros((0, 3), np.float32), np.zeros((0, 3), bool))
    assert (scores.rank(1), scores.mean_ap, len(scores)) == (0, 0, 0)


def test_a_paired_difference_by_hand() -> None:
    """Drawing both models' queries together, person by person, in plain loops."""
    rng = np.random.default_rng(3)
    same = np.eye(40, dtype=bool)
    noise = rng.normal(size=(40, 40)).astype(np.float32)
    first = score_ranking(noise - 2.2 * same, same)
    second = score_ranking(noise + 0.3 * rng.normal(size=(40, 40)) - 2.0 * same, same)
    people = [str(i // 4) for i in range(40)]
    found = Difference.of(first, second, people, seed=0)
    gain = first.average_precision - second.average_precision
    draws = []
    for _ in range(4000):
        chosen = rng.integers(0, 10, 10)
        draws.append(np.mean(np.concatenate([gain[4 * c : 4 * c + 4] for c in chosen])))
    assert found.mAP == pytest.approx(gain.mean(), abs=1e-4)
    assert found.intervals["mAP"] == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=0.015)
    alone = np.ptp(bootstrap_mean(first.average_precision, people, 0))
    assert np.ptp(found.intervals["mAP"]) < alone, "what both find hard cancels"
    with pytest.raises(ValueError, match="same queries"):
        Difference.of(first, score_ranking(noise[:9], same[:9]), people, 0)

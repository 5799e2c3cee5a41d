"""Rankings scored by hand."""

import numpy as np
import pytest

from reid.bench.metrics import score_ranking


def relevant(*rows: str) -> np.ndarray:
    return np.array([[c == "1" for c in row] for row in rows])


def in_order(rows: int, columns: int) -> np.ndarray:
    return np.tile(np.arange(columns, dtype=np.float32), (rows, 1))


def test_one_query_worked_out() -> None:
    scores = score_ranking(in_order(1, 5), relevant("01010"))
    assert scores.average_precision.tolist() == [pytest.approx((1 / 2 + 2 / 4) / 2)]
    assert scores.inverse_negative_penalty.tolist() == [pytest.approx(2 / 4)]
    assert scores.cmc.tolist() == [0, 1, 1, 1, 1]
    assert (scores.rank(1), scores.rank(2)) == (0, 1)


def test_junk_counts_neither_way() -> None:
    scores = score_ranking(in_order(1, 4), relevant("0010"), relevant("1000"))
    assert scores.first_rank.tolist() == [2]


def test_a_query_without_an_answer_does_not_count() -> None:
    scores = score_ranking(in_order(2, 3), relevant("000", "100"))
    assert len(scores.first_rank) == 1
    assert scores.mean_ap == 1


def test_ties_keep_the_gallery_s_order() -> None:
    scores = score_ranking(np.zeros((1, 3), np.float32), relevant("001"))
    assert scores.first_rank.tolist() == [3]


def test_nothing_to_score() -> None:
    scores = score_ranking(in_order(1, 2), relevant("00"))
    assert (scores.rank(1), scores.mean_ap, scores.mean_inp) == (0, 0, 0)

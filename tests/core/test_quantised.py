"""Probabilities in one byte each are read as what they were, to a step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reid.core import vocabulary
from reid.core.quantised import STEPS, QuantisedProbabilities
from reid.core.records import SightingKey
from reid.describe import describe
from reid.rank import Gallery, rank
from reid.rank import gallery as module
from tests.making import NOON

TABLES = arrays(
    np.float32,
    st.tuples(st.integers(1, 20), st.integers(1, 6)),
    elements=st.one_of(st.just(np.nan), st.floats(0, 1, width=32)),
)


@given(TABLES)
def test_they_come_back_to_half_a_step(table: np.ndarray) -> None:
    kept = QuantisedProbabilities.of(table)
    assert kept.shape == table.shape
    assert len(kept) == len(table)
    assert np.allclose(kept, table, atol=0.5 / STEPS + 1e-6, equal_nan=True)
    assert np.array_equal(kept[:, 0], np.asarray(kept)[:, 0], equal_nan=True)
    rows = np.arange(0, len(table), 2)
    assert np.array_equal(kept[rows, 0], np.asarray(kept)[rows, 0], equal_nan=True)


@given(TABLES)
def test_unknown_is_what_is_estimated_for_nobody(table: np.ndarray) -> None:
    kept = QuantisedProbabilities.of(table)
    for column in range(table.shape[1]):
        assert kept.unknown(column) == bool(np.isnan(table[:, column]).all())


def test_what_is_no_probability_is_cut() -> None:
    assert np.asarray(QuantisedProbabilities.of(np.array([[-0.5, 1.5]], np.float32))).tolist() == [
        [0, 1]
    ]
    with pytest.raises(IndexError):
        QuantisedProbabilities.of(np.zeros((1, 2), np.float32))[:, 2]


@pytest.mark.parametrize("remembered", [0, 1000, module.REMEMBERED])
def test_they_are_ranked_as_floats_are(remembered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where only some columns have room as floats, or none."""
    monkeypatch.setattr(module, "REMEMBERED", remembered)
    n, random = 60, np.random.default_rng(3)
    widths = (vocabulary.ATTRIBUTE_COLUMNS, vocabulary.BODY_COLUMNS, vocabulary.PARTS)
    tables = [random.integers(0, STEPS + 6, (n, len(w))).astype(np.uint8) for w in widths]
    kept = [QuantisedProbabilities(np.asfortranarray(table)) for table in tables]
    keys = [SightingKey(f"s{i}", "a", "k", f"c{i % 3}", NOON, NOON, i) for i in range(n)]
    for sentence in ("girl in a red hoodie and navy jeans", "no backpack, teal coat, about six"):
        asked = describe(sentence)
        quantised, floats = Gallery(keys, *kept), Gallery(keys, *(one[:] for one in kept))
        some, same = (rank(asked, one, top=None) for one in (quantised, floats))
        assert some.outcome == same.outcome
        assert [m.key.id for m in some.matches] == [m.key.id for m in same.matches]
        assert [m.score for m in some.matches] == pytest.approx([m.score for m in same.matches])
        assert [m.why for m in some.matches] == [m.why for m in same.matches]

"""The nearest vectors: exactly where few are asked for, nearly always from lists."""

from datetime import UTC, datetime

import numpy as np
import pytest

from reid.core.records import SearchWindow
from reid.rank import nearest
from reid.rank.nearest import Nearest, Places

RNG = np.random.default_rng(0)


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """8,000 vectors around 60 centres."""
    centres = RNG.normal(size=(60, 32))
    return unit(centres[RNG.integers(0, 60, 8000)] + 0.6 * RNG.normal(size=(8000, 32)))


def exact(vectors: np.ndarray, query: np.ndarray, rows: np.ndarray, top: int = 10) -> np.ndarray:
    return rows[np.argsort(-(vectors[rows] @ query), kind="stable")[:top]]


def test_without_lists_everything_is_compared(vectors) -> None:
    rows, closeness = Nearest(vectors).search(vectors[7], 5)
    assert rows[0] == 7
    assert rows.tolist() == exact(vectors, vectors[7], np.arange(8000), 5).tolist()
    assert closeness == pytest.approx(vectors[rows] @ vectors[7])


def test_more_than_there_are_gives_all() -> None:
    rows, closeness = Nearest(unit(np.eye(3))).search(unit(np.eye(3))[1], 9)
    assert rows[0] == 1
    assert len(rows) == len(closeness) == 3
    none, _ = Nearest(unit(np.eye(3))).search(unit(np.eye(3))[1], 9, np.zeros(0, np.intp))
    assert len(none) == 0


@pytest.mark.parametrize("share", [1.0, 0.3, 0.01])
def test_lists_find_what_comparing_all_finds(vectors, share, monkeypatch) -> None:
    monkeypatch.setattr(nearest, "EXACT", 0)
    index = Nearest(vectors)
    index.build()
    assert index.ready
    rows = np.sort(RNG.choice(8000, int(8000 * share), replace=False))
    hits = 0
    for query in vectors[::400]:
        found, _ = index.search(query, 10, None if share == 1 else rows)
        assert np.isin(found, rows).all()
        hits += np.isin(found, exact(vectors, query, rows)).sum()
    assert hits / 200 > 0.97


def test_a_filter_that_leaves_few_is_exact(vectors) -> None:
    index = Nearest(vectors)
    index.build()
    rows = np.arange(3, 8000, 7)
    found, _ = index.search(vectors[0], 10, rows)
    assert found.tolist() == exact(vectors, vectors[0], rows).tolist()


def test_what_is_added_goes_into_the_lists_there_are(vectors, monkeypatch) -> None:
    monkeypatch.setattr(nearest, "EXACT", 0)
    first, whole = Nearest(vectors[:7000]), Nearest(vectors)
    first.build()
    whole.follow(first, 7000)
    assert whole.ready
    for row in (10, 7500):
        found, closeness = whole.search(vectors[row], 3)
        assert (found[0], closeness[0]) == (row, pytest.approx(1))
    other = Nearest(vectors)
    other.follow(Nearest(vectors), 8000)
    assert not other.ready, "nothing to take over"


def test_places_by_time_and_camera() -> None:
    minutes = np.array(["2026-05-02T12:00", "2026-05-02T12:10", "2026-05-02T12:20"], "M8[us]")
    places = Places(minutes, minutes + np.timedelta64(5, "m"), np.array([0, 1, 0], np.int32),
                    ("gate", "shop"))  # fmt: skip

    def at(minute: int) -> datetime:
        return datetime(2026, 5, 2, 12, minute, tzinfo=UTC)

    assert places.rows(SearchWindow()) is None
    assert places.rows(SearchWindow(since=at(14))).tolist() == [1, 2]
    assert places.rows(SearchWindow(until=at(10))).tolist() == [0, 1]
    assert places.rows(SearchWindow(cameras=("gate",))).tolist() == [0, 2]
    assert places.rows(
        SearchWindow(since=at(12), until=at(14), cameras=("shop", "no-such"))
    ).tolist() == [1]
    assert places.rows(SearchWindow(cameras=("no-such",))).tolist() == []

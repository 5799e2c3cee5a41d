"""What a live camera saw waits for the store, is stored once, and stays erased."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reid.core.errors import SpaceMismatch, StoreError
from reid.core.records import Sightings
from reid.store import Filter, Store
from reid.store import write_buffer as module
from reid.store.write_buffer import Outbox
from tests.store.made import DIM, sightings


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "venue", "m-1", DIM)


@pytest.fixture
def away(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Keep the store away for as long as the only item is true."""
    away, add = [True], store.add

    def sometimes(some: Sightings) -> None:
        if away[0]:
            raise StoreError("the storage does not answer")
        add(some)

    monkeypatch.setattr(store, "add", sometimes)
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    return away


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come true within 20 s"
        time.sleep(0.02)


def test_everything_is_stored_once(store: Store) -> None:
    box = Outbox(lambda: store)
    for names in (["a", "b"], ["b"], ["c"]):
        box.add(sightings(names))
    assert box.close(20) == 0
    assert store.ids() == {"a", "b", "c"}
    assert box.stored == 3


def test_the_newest_of_the_same_stay_counts(store: Store) -> None:
    box = Outbox(lambda: store)
    box.add(sightings(["a"], camera="gate"))
    box.add(sightings(["a"], camera="hall"))
    box.close(20)
    assert store.keys(["a"])["a"].camera == "hall"


def test_what_was_erased_while_it_went_on_stays_erased(store: Store) -> None:
    box = Outbox(lambda: store)
    box.add(sightings(["a", "b"]))
    until(lambda: box.stored == 2)
    store.erase(Filter(ids=["a"]))
    box.add(sightings(["a", "b", "c"]))
    box.close(20)
    assert store.ids() == {"b", "c"}


def test_a_store_that_is_away_is_waited_for(store: Store, away: list[bool]) -> None:
    box = Outbox(lambda: store)
    box.add(sightings(["a"]))
    until(lambda: box.problem != "")
    box.add(sightings(["b"]))
    assert (box.waiting, box.stored) == (2, 0)
    assert box.lag > 0
    away[0] = False
    assert box.close(20) == 0
    assert (store.ids(), box.problem, box.lost) == ({"a", "b"}, "", 0)


def test_what_does_not_fit_is_dropped_oldest_first_and_counted(
    store: Store, away: list[bool]
) -> None:
    box = Outbox(lambda: store, most=4)
    box.add(sightings(["a1", "a2"]))
    until(lambda: box.problem != "")  # it has tried, and pauses
    for name in ("b", "c"):
        box.add(sightings([f"{name}1", f"{name}2"]))
    away[0] = False
    box.close(20)
    assert store.ids() == {"b1", "b2", "c1", "c2"}
    assert box.lost == 2


def test_a_store_that_refuses_for_good_says_so(store: Store) -> None:
    box = Outbox(lambda: store)
    box.add(sightings(["a"], model="m-2"))
    until(lambda: "m-2" in box.problem)
    with pytest.raises(SpaceMismatch):
        box.add(sightings(["b"], model="m-2"))

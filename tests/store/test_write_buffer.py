"""What a live camera saw waits for the store, is stored once, and stays erased."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid.core.errors import SpaceMismatch, StoreError
from reid.core.records import Sightings
from reid.store import Filter, Store
from reid.store import write_buffer as module
from reid.store.write_buffer import WriteBuffer
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
    buffer = WriteBuffer(lambda: store)
    for names in (["a", "b"], ["b"], ["c"]):
        buffer.add(sightings(names))
    assert buffer.close(20) == 0
    assert store.ids() == {"a", "b", "c"}
    assert buffer.stored == 3


def test_the_newest_of_the_same_stay_counts(store: Store) -> None:
    buffer = WriteBuffer(lambda: store)
    buffer.add(sightings(["a"], camera="gate"))
    buffer.add(sightings(["a"], camera="hall"))
    buffer.close(20)
    assert store.keys(["a"])["a"].camera == "hall"


def test_what_was_erased_while_it_went_on_stays_erased(store: Store) -> None:
    buffer = WriteBuffer(lambda: store)
    buffer.add(sightings(["a", "b"]))
    until(lambda: buffer.stored == 2)
    store.erase(Filter(ids=["a"]))
    buffer.add(sightings(["a", "b", "c"]))
    buffer.close(20)
    assert store.ids() == {"b", "c"}


def test_a_store_that_is_away_is_waited_for(store: Store, away: list[bool]) -> None:
    buffer = WriteBuffer(lambda: store)
    buffer.add(sightings(["a"]))
    until(lambda: buffer.problem != "")
    buffer.add(sightings(["b"]))
    assert (buffer.waiting, buffer.stored) == (2, 0)
    assert buffer.lag > 0
    away[0] = False
    assert buffer.close(20) == 0
    assert (store.ids(), buffer.problem, buffer.lost) == ({"a", "b"}, "", 0)


def test_what_does_not_fit_is_dropped_oldest_first_and_counted(
    store: Store, away: list[bool]
) -> None:
    buffer = WriteBuffer(lambda: store, most=4)
    buffer.add(sightings(["a1", "a2"]))
    until(lambda: buffer.problem != "")  # it has tried, and pauses
    for name in ("b", "c"):
        buffer.add(sightings([f"{name}1", f"{name}2"]))
    away[0] = False
    buffer.close(20)
    assert store.ids() == {"b1", "b2", "c1", "c2"}
    assert buffer.lost == 2


def test_a_store_that_refuses_for_good_says_so(store: Store) -> None:
    buffer = WriteBuffer(lambda: store)
    buffer.add(sightings(["a"], model="m-2"))
    until(lambda: "m-2" in buffer.problem)
    with pytest.raises(SpaceMismatch):
        buffer.add(sightings(["b"], model="m-2"))


def test_what_was_described_before_the_model_changed_is_described_anew(store: Store) -> None:
    store.add(sightings(["old"]))
    turned: list[str] = []

    def again(some: Sightings) -> Sightings:
        turned.extend(key.id for key in some.keys)
        return replace(some, model_id=store.newest_model())

    buffer = WriteBuffer(lambda: store, again=again)
    buffer.add(sightings(["a"]))
    until(lambda: buffer.stored == 1)
    store.reembed("m-1+x", lambda tracklets: np.eye(DIM, dtype=np.float32)[: len(tracklets)])
    buffer.add(sightings(["b"]))
    buffer.add(sightings(["c"], model="m-1+x"))
    assert buffer.close(20) == 0
    assert store.ids() == {"old", "a", "b", "c"}
    assert turned == ["b"]

"""The sightings in memory: filters by time and camera, and lists carried from state to state."""

import time
from pathlib import Path

import numpy as np
import pytest

from reid.core.records import SearchWindow
from reid.describe import describe
from reid.rank import rank
from reid.search import questions
from reid.search import snapshot as module
from reid.search.snapshot import Snapshot, Snapshots
from reid.store import Store
from tests.venues import CAMERAS, DIM, MODEL, sightings


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.create(tmp_path / "venue", MODEL, DIM)
    made.add(sightings(40))
    return made


def test_cameras_and_times_filter(store: Store) -> None:
    snapshot = Snapshot.of(store)
    cameras = np.array([key.camera for key in snapshot.keys])
    assert snapshot.rows(SearchWindow()) is None
    for camera in CAMERAS:
        rows = snapshot.rows(SearchWindow(cameras=(camera,)))
        assert rows.tolist() == np.flatnonzero(cameras == camera).tolist()
    middle = snapshot.keys[20].start
    late = snapshot.rows(SearchWindow(since=middle))
    assert late.tolist() == [i for i in range(40) if snapshot.keys[i].end >= middle]


def test_a_fresh_venue_has_no_rows(tmp_path: Path) -> None:
    snapshot = Snapshot.of(Store.create(tmp_path / "empty", MODEL, DIM))
    assert len(snapshot) == 0
    assert snapshot.rows(SearchWindow(cameras=("gate",))).tolist() == []


def test_lists_are_made_behind_the_scenes_and_carried_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LISTS_FROM", 10)
    snapshots = Snapshots(store)
    first = snapshots.get()
    for _ in range(500):
        if first.loaded.nearest.ready:
            break
        time.sleep(0.01)
    assert first.loaded.nearest.ready
    store.add(sightings(10, offset=100))
    second = snapshots._read()
    assert len(second) == 50
    assert second.loaded.nearest.ready, "taken over at once"
    vectors = second.gallery.vectors
    found, closeness = second.loaded.nearest.search(vectors[45], 3)
    assert closeness[0] == pytest.approx(1, abs=1e-5)
    assert closeness[0] == pytest.approx(float(vectors[found[0]] @ vectors[45]), abs=1e-5)
    fresh = snapshots.refresh()
    assert fresh.loaded is not second.loaded


def test_of_very_many_the_vectors_stay_in_the_table(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Snapshot.of(store)
    monkeypatch.setattr(module, "VECTORS_UP_TO", 10)
    snapshot = Snapshot.of(store)
    assert snapshot.gallery.vectors is None
    assert snapshot.loaded is None
    asked = describe("red hoodie")
    some, all_ = (rank(asked, one.gallery, top=5) for one in (snapshot, whole))
    assert [m.key.id for m in some.matches] == [m.key.id for m in all_.matches]
    vectors = store.read(vectors=True).vectors
    assert vectors is not None
    closeness = vectors @ vectors[3]
    found = questions.similar(store, str(snapshot.ids[3]), SearchWindow(cameras=CAMERAS[:2]), 40)
    cameras = np.array([key.camera for key in snapshot.keys])
    rows = np.flatnonzero(np.isin(cameras, CAMERAS[:2]) & (np.arange(40) != 3))
    assert {f.key.id for f in found} == set(snapshot.ids[rows])
    said = {f.key.id: f.similarity for f in found}
    assert said == pytest.approx(
        {str(snapshot.ids[row]): float(closeness[row]) for row in rows}, abs=1e-5
    )

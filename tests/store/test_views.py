"""Further views of tracks: kept with their sighting, gone with it, and vectors of another model."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from reid.core.errors import SpaceMismatch
from reid.core.pixels import RedactedCrop
from reid.core.records import Sightings
from reid.store import Filter, Store
from tests.making import NOON, redacted_noise
from tests.store.made import DIM, sightings

AT_ONCE = timedelta(0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "venue", "m-1", DIM)


def with_views(names: list[str], count: int = 2, minute: int = 0) -> Sightings:
    """Sightings with views of noise that no other crop has."""
    views = tuple(
        tuple(redacted_noise(1000 + 10 * sum(map(ord, name)) + i) for i in range(count))
        for name in names
    )
    return replace(sightings(names, minute=minute), views=views)


def bytes_of(crop: RedactedCrop) -> bytes:
    return crop.encode()[-150:-20]  # beyond the tables that all JPEGs share


def lies_in(folder: Path, needle: bytes) -> bool:
    return any(needle in p.read_bytes() for p in folder.rglob("*") if p.is_file())


def test_views_come_back_by_sighting(store: Store) -> None:
    given = with_views(["a", "b"])
    store.add(given)
    store.add(sightings(["c"]))
    found = store.views(["a", "c", "unknown"])
    assert list(found) == ["a"]
    assert [view.index for view in found["a"]] == [view.index for view in given.views[0]]
    assert store.count_views() == 4


def test_without_views_there_is_no_table_of_them(store: Store) -> None:
    store.add(sightings(["a"]))
    assert (store.views(["a"]), store.count_views()) == ({}, 0)
    assert store.expire_views(NOON + timedelta(days=1), AT_ONCE) == 0
    assert store.erase(Filter(ids=["a"])) == 1
    assert not (Path(str(store.folder)) / "views.lance").exists()


def test_the_same_sighting_again_replaces_its_views(store: Store) -> None:
    store.add(with_views(["a", "b"], count=3))
    store.add(with_views(["a"], count=1))
    assert {i: len(v) for i, v in store.views(["a", "b"]).items()} == {"a": 1, "b": 3}


def test_views_of_what_was_erased_meanwhile_are_not_kept(store: Store) -> None:
    store.add(with_views(["a", "b"]))
    store.erase(Filter(ids=["a"]))
    store.update(with_views(["a", "b"]))
    assert list(store.views(["a", "b"])) == ["b"]


def test_no_byte_of_an_erased_sighting_s_views_stays(store: Store, tmp_path: Path) -> None:
    given = with_views(["a", "b"])
    store.add(given)
    store.add(given)  # leaves an earlier version of both
    gone, left = bytes_of(given.views[0][0]), bytes_of(given.views[1][0])
    assert lies_in(tmp_path, gone), "the control must find it"
    store.erase(Filter(ids=["a"]))
    assert not lies_in(tmp_path, gone)
    assert lies_in(tmp_path, left)


def test_views_may_go_before_their_sightings(store: Store, tmp_path: Path) -> None:
    old, new = with_views(["a"]), with_views(["b"], minute=60)
    store.add(old)
    store.add(new)
    before = NOON + timedelta(minutes=30)
    assert store.expire_views(before, timedelta(minutes=40)) == 0, "it waits for others"
    assert store.expire_views(before, AT_ONCE) == 2
    assert not lies_in(tmp_path, bytes_of(old.views[0][0]))
    assert (store.ids(), store.count_views()) == ({"a", "b"}, 2)


def test_a_source_indexed_again_leaves_no_stale_views(store: Store) -> None:
    store.add(with_views(["a", "b"]))
    assert store.finish_source("s1", ["b"]) == 1
    assert store.count_views() == 2


def test_joined_and_taken_sightings_keep_their_views() -> None:
    some, none = with_views(["a", "b"]), sightings(["c"])
    both = Sightings.concatenate([some, none])
    assert [len(views) for views in both.views] == [2, 2, 0]
    assert both.take([2, 1]).views == ((), some.views[1])
    assert Sightings.concatenate([none, none]).views == ()
    with pytest.raises(ValueError, match="views of none or of all 2"):
        replace(some, views=some.views[:1])


def basis(tracklets: Sequence[Sequence[RedactedCrop]]) -> np.ndarray:
    """Say how many crops a tracklet has."""
    return np.eye(DIM, dtype=np.float32)[[len(crops) for crops in tracklets]]


def test_all_sightings_get_vectors_of_another_model_at_once(store: Store) -> None:
    store.add(with_views(["a"]))
    store.add(sightings(["b"]))
    before, version = store.read(), store.version
    assert store.reembed("m-1+x", basis) == 2
    after = Store.open(store.folder).read(vectors=True)
    said = dict(zip([k.id for k in after.keys], after.vectors.argmax(axis=1), strict=True))
    assert said == {"a": 3, "b": 1}, "of every crop there is"
    assert (store.model_id, Store.open(store.folder).model_id) == ("m-1+x", "m-1+x")
    assert store.version > version, "who holds sightings in memory reads them again"
    order = [[k.id for k in after.keys].index(k.id) for k in before.keys]
    assert [after.keys[row] for row in order] == list(before.keys)
    assert np.array_equal(
        np.asarray(after.attributes)[order], np.asarray(before.attributes), equal_nan=True
    )
    assert set(store.crops(["a", "b"])) == {"a", "b"}
    assert store.similar(basis([["x"]])[0], 1)[0][0] == "b"  # type: ignore[list-item]


def test_vectors_of_the_former_model_are_refused_by_who_was_open_before(store: Store) -> None:
    store.add(sightings(["a"]))
    writer = Store.open(store.folder)
    store.reembed("m-1+x", basis)
    with pytest.raises(SpaceMismatch, match="reid adapt"):
        writer.add(sightings(["b"]))
    assert store.ids() == {"a"}


def test_an_erasure_after_new_vectors_leaves_no_byte(store: Store, tmp_path: Path) -> None:
    given = with_views([f"sighting-{i:03d}" for i in range(20)])
    store.add(given)
    store.reembed("m-1+x", basis)
    needles = [given.vectors[7].tobytes(), bytes_of(given.crops[7]), b"sighting-007"]
    assert all(lies_in(tmp_path, needle) for needle in needles), "the control must find them"
    store.erase(Filter(ids=["sighting-007"]))
    assert [needle for needle in needles if lies_in(tmp_path, needle)] == []
    assert store.state().old_versions == 0

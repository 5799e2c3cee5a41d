"""A writer that loses its lock in mid-commit while somebody erases: nothing breaks or is lost.

What has been written but not committed belongs to no version, just as what a dead writer left. The
erasure removes both; a commit that comes after that would name files that are gone.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import lance
import pytest
from lance.file import LanceFileReader
from lancedb.index import IvfRq

from reid.core.errors import StoreError
from reid.storage.postgresql import DATABASE_VARIABLE
from reid.storage.venue_path import Bucket
from reid.store import Filter, Store, maintenance
from reid.store import table as module
from tests.servers import PostgreSQL, needs_postgresql, needs_s3, postgresql
from tests.store.made import DIM, sightings


def in_two_steps(
    table: Any, rows: Any, *, insert: bool, between: list[Callable[[], object]]
) -> None:
    """Write and commit as the engine does in one step; once, something happens in between."""
    dataset = table.to_lance()
    merge = dataset.merge_insert("id").when_matched_update_all()
    merge = merge.when_not_matched_insert_all() if insert else merge
    written, _ = merge.execute_uncommitted(rows)
    if between:
        between.pop()()
    lance.LanceDataset.commit(dataset, written)


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What happens between the next write of sightings and its commit."""
    waiting: list[Callable[[], object]] = []
    monkeypatch.setattr(module, "_upsert", partial(in_two_steps, between=waiting))
    return waiting


@pytest.fixture
def own_database(monkeypatch: pytest.MonkeyPatch, bucket: Bucket) -> Iterator[PostgreSQL]:
    with postgresql() as server:
        monkeypatch.setenv(DATABASE_VARIABLE, server.url)
        yield server


@needs_s3
@needs_postgresql
def test_a_database_that_restarts_in_mid_commit_costs_nothing(
    bucket: Bucket, own_database: PostgreSQL, between: list[Callable[[], object]]
) -> None:
    writer, other = (Store.create(bucket, "m-1", DIM) for _ in range(2))
    writer.add(sightings(["a", "b"]))

    def restart_and_erase() -> None:
        own_database.stop()
        own_database.start()
        other.erase(Filter(ids=["a"]))

    between.append(restart_and_erase)
    writer.add(sightings(["c", "d"]))
    assert not between, "the control: it did happen in mid-commit"
    read = Store.open(bucket).read(vectors=True)
    assert sorted(key.id for key in read.keys) == ["b", "c", "d"]
    assert len(Store.open(bucket).crops(["b", "c", "d"])) == 3


def test_without_the_fence_the_table_would_be_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.create(tmp_path, "m-1", DIM)
    store.add(sightings(["a", "b"]))
    rows = module.to_arrow(sightings(["c"]), store._table.schema)
    monkeypatch.setattr(maintenance, "fence", lambda table: None)
    in_two_steps(store._table, rows, insert=True, between=[partial(store.erase, Filter(ids=["a"]))])
    with pytest.raises(StoreError, match="cannot be read"):
        Store.open(tmp_path).read(vectors=True)


def test_what_a_dead_writer_left_goes_with_the_next_erasure(tmp_path: Path) -> None:
    store = Store.create(tmp_path, "m-1", DIM)
    store.add(sightings(["a", "b"]))
    rows = module.to_arrow(sightings(["left-behind"]), store._table.schema)
    store._table.to_lance().merge_insert("id").when_not_matched_insert_all().execute_uncommitted(
        rows
    )

    def found() -> list[str]:
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        return [path.name for path in files if b"left-behind" in path.read_bytes()]

    assert found(), "the control must find it"
    store.erase(Filter(ids=["a"]))
    assert not found()
    assert store.ids() == {"b"}


def test_an_erased_row_leaves_the_index_of_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shortened() -> list[int]:
        """How many shortened vectors each file of an index on disk holds."""
        found = (tmp_path / "sightings.lance" / "_indices").rglob("auxiliary.idx")
        return [LanceFileReader(str(path)).metadata().num_rows for path in found]

    monkeypatch.setattr(maintenance, "VECTORS_FROM", 300)
    store = Store.create(tmp_path, "m-1", 16)
    given = sightings([f"n{i:03d}" for i in range(300)], dim=16)
    store.add(given)
    store.maintain()
    assert shortened() == [300]
    store.erase(Filter(ids=["n007", "n100"]))
    assert shortened() == [298]
    assert store.similar(given.vectors[9], 1)[0][0] == "n009"


def test_an_index_of_an_older_kind_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "VECTORS_FROM", 300)
    store = Store.create(tmp_path, "m-1", 16)
    given = sightings([f"n{i:03d}" for i in range(300)], dim=16)
    store.add(given)
    one_bit = IvfRq(distance_type="cosine", num_partitions=1)
    store._table.create_index("vector", config=one_bit)
    store.maintain()
    kinds = [i.name for i in store._table.list_indices() if "vector" in i.columns]
    assert kinds == [maintenance._VECTOR_INDEX]
    assert (
        store._table.to_lance().stats.index_stats(kinds[0])["indices"][0]["sub_index"]["num_bits"]
        == maintenance._BITS
    )
    assert store.similar(given.vectors[9], 1)[0][0] == "n009"


def test_files_are_joined_to_a_size_that_an_erasure_can_write_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "ROWS_A_FILE", 8)
    store = Store.create(tmp_path, "m-1", DIM)
    for start in range(0, 24, 2):
        store.add(sightings([f"n{i:02d}" for i in (start, start + 1)]))
    store.maintain()

    def files() -> dict[str, int]:
        fragments = store._table.to_lance().get_fragments()
        return {f.data_files()[0].path: f.count_rows() for f in fragments}

    before = files()
    assert sum(before.values()) == 24
    assert max(before.values()) <= 12
    store.erase(Filter(ids=["n00"]))
    kept = before.keys() & files().keys()
    assert len(before) - len(kept) == 1, "only the file that it was in is written anew"


def test_a_fence_keeps_the_commit_that_came_just_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = (Store.create(tmp_path, "m-1", DIM) for _ in range(2))
    store.add(sightings(["a"]))
    restore = lance.LanceDataset.restore

    def too_late(dataset: lance.LanceDataset) -> None:
        monkeypatch.setattr(lance.LanceDataset, "restore", restore)
        monkeypatch.setattr(other, "_lock", store._lock)
        other.add(sightings(["b"]))
        restore(dataset)

    monkeypatch.setattr(lance.LanceDataset, "restore", too_late)
    with pytest.raises(StoreError, match="lock was lost"):
        maintenance.fence(store._table)
    assert Store.open(tmp_path).ids() == {"a", "b"}

"""The venue on disk: upserts, filters, spaces, concurrent writers, erasure to the byte."""

import stat
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import lancedb
import numpy as np
import pytest

from reid.core import vocabulary
from reid.core.errors import SpaceMismatch, StoreError
from reid.store import SCHEMA_VERSION, Filter, Store, maintenance
from tests.making import NOON
from tests.store.made import DIM, run_together, sightings


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "venue", "m-1", DIM)


def files_with(folder: Path, needle: bytes) -> list[str]:
    return [
        str(p.relative_to(folder))
        for p in folder.rglob("*")
        if p.is_file() and needle in p.read_bytes()
    ]


def test_the_folder_is_private(store: Store) -> None:
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_what_goes_in_comes_out(store: Store) -> None:
    given = sightings(["a", "b"])
    given.attributes[0, 3], given.visible[1, 2] = 0.25, 0.5
    store.add(given)
    back = store.read(vectors=True)
    order = [given.keys.index(k) for k in back.keys]
    assert sorted(order) == [0, 1]
    assert np.allclose(back.vectors, given.vectors[order])
    assert np.allclose(back.attributes, given.attributes[order], atol=0.002, equal_nan=True)
    assert np.allclose(back.visible, given.visible[order], atol=0.002)
    assert np.isnan(back.body).all()


@pytest.mark.parametrize("vectors", [True, False])
def test_columns_without_some_rows_are_the_others_in_every_field(
    store: Store, vectors: bool
) -> None:
    """Else nobody is shown anything while an erasure can be taken back."""
    store.add(sightings(["a", "b", "c"]))
    whole = store.read(vectors=vectors)
    kept = [i for i, key in enumerate(whole.keys) if key.id != "b"]
    less = whole.without({"b"})
    for field in fields(whole):
        left, there = getattr(less, field.name), getattr(whole, field.name)
        if there is None:
            assert left is None, field.name
        elif field.name == "keys":
            assert list(left) == [there[i] for i in kept]
        else:
            assert np.array_equal(left, np.asarray(there)[kept], equal_nan=True), field.name


def test_crops_come_back_redacted(store: Store) -> None:
    given = sightings(["a", "b"])
    store.add(given)
    crops = store.crops(["b", "unknown"])
    assert list(crops) == ["b"]
    assert crops["b"].policy == given.crops[1].policy
    assert crops["b"].box.tolist() == [0, 0, 12, 24]
    assert crops["b"].time == NOON


def test_the_same_sighting_again_replaces_itself(store: Store) -> None:
    store.add(sightings(["a", "b"]))
    store.add(sightings(["b", "c"], camera="hall"))
    assert store.count() == 3
    assert store.keys(["b"])["b"].camera == "hall"


def test_what_a_second_run_no_longer_finds_goes(store: Store) -> None:
    store.add(sightings(["a", "b"]))
    store.add(sightings(["x"], source="s2"))
    store.add(sightings(["b", "c"]))
    assert store.finish_source("s1", ["b", "c"]) == 1
    assert store.ids() == {"b", "c", "x"}


def test_filters(store: Store) -> None:
    store.add(sightings(["a"], camera="gate", minute=0))
    store.add(sightings(["b"], camera="it's", minute=10))
    assert store.ids(Filter(cameras=["it's"])) == {"b"}
    assert store.ids(Filter(since=NOON + timedelta(minutes=5))) == {"b"}
    assert store.ids(Filter(until=NOON + timedelta(minutes=5))) == {"a"}
    assert store.ids(Filter(since=NOON + timedelta(seconds=20))) == {"a", "b"}, "stays overlap"
    assert store.ids(Filter(ended_before=NOON + timedelta(minutes=1))) == {"a"}
    assert store.ids(Filter(ids=["a"], cameras=["it's"])) == set()
    assert store.ids(Filter(cameras=["x' OR '1'='1"])) == set()
    assert store.cameras() == ["gate", "it's"]


def test_similar_ranks_by_cosine(store: Store) -> None:
    given = sightings(["a", "b", "c"])
    store.add(given)
    found = store.similar(given.vectors[1], 2)
    assert found[0][0] == "b"
    assert found[0][1] == pytest.approx(1, abs=1e-5)
    assert len(found) == 2


def test_vectors_of_another_model_are_refused(store: Store) -> None:
    store.add(sightings(["a"]))
    with pytest.raises(SpaceMismatch, match=r"m-1, not m-2"):
        store.add(sightings(["b"], model="m-2"))
    with pytest.raises(SpaceMismatch, match=r"m-1, not m-2"):
        Store.create(store.folder, "m-2", DIM)
    assert store.count() == 1


def test_a_venue_that_is_none_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="reid index"):
        Store.open(tmp_path)


def test_a_newer_venue_asks_for_an_update(store: Store) -> None:
    db = lancedb.connect(store.folder)
    table = db.open_table("sightings").to_arrow()
    metadata = {**table.schema.metadata, b"reid.schema": str(SCHEMA_VERSION + 1).encode()}
    db.create_table("sightings", table.replace_schema_metadata(metadata), mode="overwrite")
    with pytest.raises(StoreError, match="newer version"):
        Store.open(store.folder)


def test_an_older_writer_stops_when_the_venue_is_upgraded_meanwhile(store: Store) -> None:
    older = Store.open(store.folder)
    older.add(sightings(["a"]))
    db = lancedb.connect(store.folder)
    table = db.open_table("sightings").to_arrow()
    metadata = {**table.schema.metadata, b"reid.schema": str(SCHEMA_VERSION + 1).encode()}
    db.create_table("sightings", table.replace_schema_metadata(metadata), mode="overwrite")
    for change in (
        lambda: older.add(sightings(["b"])),
        lambda: older.erase(Filter(ids=["a"])),
        older.maintain,
    ):
        with pytest.raises(StoreError, match="newer version"):
            change()
    assert db.open_table("sightings").count_rows() == 1


def test_a_damaged_venue_is_one_line(store: Store) -> None:
    store.add(sightings(["a"]))
    for path in (store.folder / "sightings.lance").rglob("*"):
        if path.is_file():
            path.write_bytes(b"garbage")
    with pytest.raises(StoreError) as caught:
        Store.open(store.folder).read()
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        Store.create(tmp_path / "file" / "venue", "m-1", DIM)


class TestErasure:
    def test_no_byte_of_an_erased_sighting_stays(self, store: Store) -> None:
        names = [f"sighting-{i:03d}" for i in range(60)]
        given = sightings(names)
        store.add(given)
        store.finish_source("s1", names)
        gone, row = names[17], 17
        needles = {
            "id": gone.encode(),
            "vector": given.vectors[row].tobytes(),
            "crop": given.crops[row].encode()[-150:-20],  # beyond the tables that all JPEGs share,
        }
        for what, needle in needles.items():
            assert files_with(store.folder, needle), f"the control must find the {what}"
        assert store.erase(Filter(ids=[gone])) == 1
        for what, needle in needles.items():
            assert files_with(store.folder, needle) == [], what
        assert store.ids() == set(names) - {gone}
        assert store.ids(Filter(ids=[names[3]])) == {names[3]}, "the rebuilt index still finds"

    def test_no_byte_stays_in_the_parts_of_an_index(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(maintenance, "INDEX_NEW_EVERY", 4)
        names = [f"sighting-{i:03d}" for i in range(12)]
        for name in names:
            store.add(sightings([name]))
        assert store._table.index_stats("id_idx").num_indices > 1
        for gone in (names[5], names[11]):
            assert any("_indices" in file for file in files_with(store.folder, gone.encode()))
            assert store.erase(Filter(ids=[gone])) == 1
            assert files_with(store.folder, gone.encode()) == []
        assert store.ids(Filter(ids=names)) == set(names) - {names[5], names[11]}

    def test_parts_of_an_index_become_one(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(maintenance, "INDEX_NEW_EVERY", 4)
        monkeypatch.setattr(maintenance, "PARTS", 2)
        for i in range(12):
            store.add(sightings([f"sighting-{i:03d}"]))
        store.maintain()
        for name in ("id_idx", "camera_idx", "start_idx", "source_key_idx"):
            about = store._table.index_stats(name)
            assert (about.num_indices, about.num_unindexed_rows) == (1, 0), name
        assert store.ids(Filter(ids=["sighting-003"])) == {"sighting-003"}

    def test_by_camera_and_time(self, store: Store) -> None:
        store.add(sightings(["a"], camera="gate", minute=0))
        store.add(sightings(["b"], camera="hall", minute=0))
        store.add(sightings(["c"], camera="gate", minute=90))
        ended = Filter(cameras=["gate"], ended_before=NOON + timedelta(hours=1))
        assert store.erase(ended) == 1
        assert store.ids() == {"b", "c"}

    def test_nothing_to_erase(self, store: Store) -> None:
        store.add(sightings(["a"]))
        assert store.erase(Filter(ids=["nobody"])) == 0
        assert store.count() == 1

    def test_an_empty_filter_erases_nothing(self, store: Store) -> None:
        with pytest.raises(ValueError, match="everything"):
            store.erase(Filter())

    def test_a_reader_opened_before_still_reads(self, store: Store) -> None:
        store.add(sightings(["a", "b"]))
        reader = Store.open(store.folder)
        assert reader.count() == 2
        store.erase(Filter(ids=["a"]))
        assert reader.ids() == {"b"}
        assert list(reader.crops(["b"])) == ["b"]


class TestGrowth:
    """What is new costs what is new, whatever the table's size."""

    def test_lists_of_vectors_are_made_anew_when_the_table_has_doubled(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(maintenance, "VECTORS_FROM", 256)
        monkeypatch.setattr(maintenance, "_ROWS_A_LIST", 64)

        def grow(first: int, end: int) -> tuple[int, int, int]:
            store.add(sightings([f"n{i:04d}" for i in range(first, end)]))
            store.maintain()
            about = store._table.to_lance().stats.index_stats("vector_4_bits")
            return (
                len(about["indices"]),
                about["indices"][0]["num_partitions"],
                about["num_unindexed_rows"],
            )

        assert grow(0, 320) == (1, 5, 0)
        assert grow(320, 500) == (2, 5, 0)
        assert grow(500, 640) == (3, 5, 0)
        assert grow(640, 700) == (1, 10, 0)

    def test_many_parts_of_the_index_of_vectors_become_one(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(maintenance, "VECTORS_FROM", 256)
        monkeypatch.setattr(maintenance, "PARTS", 3)
        given = sightings([f"n{i:04d}" for i in range(400)])
        store.add(given)
        store.maintain()
        parts = []
        for i in range(4):
            store.add(sightings([f"{i}-{k}" for k in range(20)]))
            store.maintain()
            parts.append(store._table.index_stats("vector_4_bits").num_indices)
        assert parts == [2, 3, 1, 2]
        assert store.similar(given.vectors[7], 1)[0][0] == "n0007"
        last = sightings([f"3-{k}" for k in range(20)])
        assert store.similar(last.vectors[5], 1)[0][0] == "3-5"

    def test_files_are_joined_at_the_end_of_a_source_once_many_wait(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(maintenance, "MANY_FILES", 5)
        files = []
        for source in range(4):
            names = [f"{source}-{i}" for i in range(2)]
            for name in names:
                store.add(sightings([name], source=f"s{source}"))
            store.finish_source(f"s{source}", names)
            files.append(store.state().files)
        assert files == [2, 4, 1, 3]


def _write(folder: str, names: list[str], start) -> None:
    start.wait()
    store = Store.create(Path(folder), "m-1", DIM)
    for i in range(0, len(names), 5):
        store.add(sightings(names[i : i + 5]))
    store.finish_source("s1", names)


def _erase(folder: str, names: list[str], start) -> None:
    start.wait()
    store = Store.create(Path(folder), "m-1", DIM)
    for name in names:
        store.erase(Filter(ids=[name]))


def test_two_processes_may_index_the_same_source_at_once(tmp_path: Path) -> None:
    names = [f"n{i:02d}" for i in range(40)]
    folder = str(tmp_path / "venue")
    run_together((_write, folder, names), (_write, folder, names))
    assert sorted(k.id for k in Store.open(Path(folder)).read().keys) == names


def test_writers_beside_an_erasure_lose_nothing(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "venue", "m-1", DIM)
    doomed = [f"d{i:02d}" for i in range(6)]
    store.add(sightings(doomed, source="old"))
    names = [f"n{i:02d}" for i in range(30)]
    folder = str(store.folder)
    run_together((_write, folder, names), (_erase, folder, doomed))
    assert store.ids() == set(names)


def test_columns_are_those_of_the_vocabulary(store: Store) -> None:
    store.add(sightings(["a"]))
    assert store.read().attributes.shape == (1, len(vocabulary.ATTRIBUTE_COLUMNS))


def test_keys_are_coded_by_what_occurs(store: Store) -> None:
    store.add(sightings(["a", "b"]))
    store.add(sightings(["c"], camera="shop"))
    keys = store.read().keys
    codes, names = keys.coded("camera")
    assert [names[code] for code in codes] == keys.column("camera").tolist()
    empty, none = store.read(Filter(cameras=["no-such"])).keys.coded("camera")
    assert (len(empty), none) == (0, ())

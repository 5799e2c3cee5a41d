"""Venues outlive the vocabulary and the schema: columns by name, migrations, nothing lost."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import lancedb
import numpy as np
import pytest

from reid.core import columns, vocabulary
from reid.core.body_measures import WIDTH
from reid.core.errors import StoreError
from reid.core.records import Query, SearchWindow, Wish
from reid.core.vocabulary import Column
from reid.rank import Gallery, rank
from reid.search.questions import search
from reid.storage.locks import lock_of
from reid.store import SCHEMA_VERSION, Filter, Store, migrations, table
from reid.store.layout import stored_names
from reid.store.migrations import FIRST_ORDER, MIGRATIONS
from tests.changed_vocabulary import by_name, change
from tests.store.made import DIM, sightings

FIRST_VENUE = Path(__file__).parent / "fixtures" / "venue-schema-1"
FIRST_ROWS = 4
SALTS = {"attributes": 1, "body": 2, "visible": 3}
MEASURED = np.arange(WIDTH, dtype=np.float32)[None] / 7
NEW = Column("upper.fabric", "denim")


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A venue as the first schema wrote it; see the README beside it."""
    return Path(shutil.copytree(FIRST_VENUE, tmp_path / "venue"))


def metadata(folder: Path) -> dict[bytes, bytes]:
    return dict(lancedb.connect(folder).open_table("sightings").schema.metadata)


def of_the_first(row: int) -> dict[str, float]:
    """Return what the fixture says of a sighting, by the names of columns."""
    said = {
        name: (37 * row + 7 * k + salt) % 251 / 250
        for part, salt in SALTS.items()
        for k, name in enumerate(columns.FIRST.of(part))
    }
    return said | dict.fromkeys(columns.FIRST.attributes[::11], np.nan)


def check_first(store: Store, without: str = "", ids: Filter | None = None) -> None:
    read = store.read(ids, vectors=True)
    found = by_name(read)
    for place, key in enumerate(read.keys):
        for name, value in of_the_first(key.track_id).items():
            if name != without:
                assert np.isclose(found[name][place], value, atol=1e-6, equal_nan=True), name
        assert read.vectors is not None
        assert read.vectors[place].argmax() == key.track_id


def saying(names: list[str]):
    """Return sightings with another probability in every column."""
    made = sightings(names)
    for part in columns.TABLES:
        values = getattr(made, part)
        values[:] = np.arange(values.size).reshape(values.shape) % 251 / 250
    return made


class TestTheFirstSchema:
    def test_the_fixture_is_of_the_first_schema(self) -> None:
        said = metadata(FIRST_VENUE)
        assert (said[b"reid.schema"], said[b"reid.columns"]) == (b"1", FIRST_ORDER.encode())

    def test_it_is_read_and_migrated(self, first: Path) -> None:
        store = Store.open(first)
        assert store.count() == FIRST_ROWS
        check_first(store)
        said = metadata(first)
        assert said[b"reid.schema"] == str(SCHEMA_VERSION).encode()
        assert json.loads(said[b"reid.columns.attributes"]) == list(columns.FIRST.attributes)
        assert b"reid.columns" not in said
        assert said[b"reid.model"] == b"made-up-1"
        assert set(store.crops([f"sighting-{i}" for i in range(4)])) == store.ids()

    def test_nothing_was_measured_of_what_it_holds(self, first: Path) -> None:
        with lock_of(first, "venue"):
            assert np.isnan(Store.open(first).read().measures).all(), "not migrated yet"
        store = Store.open(first)
        assert np.isnan(store.read().measures).all()
        given = replace(sightings(["new"], model="made-up-1", dim=8), measures=MEASURED)
        store.add(given)
        assert (store.read(Filter(ids=["new"])).measures == MEASURED).all()
        assert np.isnan(store.read(Filter(ids=["sighting-0"])).measures).all()
        keys, measures = Store.open(first).measures()
        assert (measures[keys.row("new")] == MEASURED[0]).all()
        assert np.isnan(measures).all(axis=1).sum() == FIRST_ROWS

    def test_how_much_of_it_is_painted_is_not_known(self, first: Path) -> None:
        store = Store.open(first)
        assert np.isnan(store.read().in_view[:]).all()
        left = np.linspace(0, 1, len(vocabulary.PARTS), dtype=np.float32)[None]
        store.add(replace(sightings(["new"], model="made-up-1", dim=8), in_view=left))
        read = Store.open(first).read()
        np.testing.assert_allclose(read.in_view[:][read.keys.row("new")], left[0], atol=2e-3)
        assert np.isnan(read.in_view[:]).all(axis=1).sum() == FIRST_ROWS

    def test_a_migration_interrupted_before_its_number_is_begun_again(self, first: Path) -> None:
        store = Store.open(first)
        found = lancedb.connect(first).open_table("sightings").to_lance()
        found.update_schema_metadata({"reid.schema": "2"})
        store.add(sightings(["new"], model="made-up-1", dim=8))
        assert metadata(first)[b"reid.schema"] == str(SCHEMA_VERSION).encode()
        check_first(store, ids=Filter(ids=[f"sighting-{i}" for i in range(4)]))

    def test_it_means_the_first_order_whatever_the_vocabulary_is_now(
        self, first: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        change(monkeypatch, lambda found: found[::-1])
        check_first(Store.open(first))

    def test_it_is_migrated_once(self, first: Path) -> None:
        version = Store.open(first).version
        assert Store.open(first).version == version

    def test_it_is_read_as_it_is_while_another_holds_the_lock(
        self, first: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(table, "_MIGRATION_WAIT", 0.1)
        with lock_of(first, "venue"):
            store = Store.open(first)
            assert metadata(first)[b"reid.schema"] == b"1"
            check_first(store)
        assert store.erase(Filter(ids=["sighting-3"])) == 1, "the first write migrates it"
        assert metadata(first)[b"reid.schema"] == str(SCHEMA_VERSION).encode()
        check_first(store)

    def test_what_is_added_lies_beside_it(self, first: Path) -> None:
        store = Store.open(first)
        given = sightings(["new"], model="made-up-1", dim=8)
        given.attributes[0, vocabulary.ATTRIBUTE_INDEX[Column("feet.type", "boots")]] = 0.5
        store.add(given)
        assert by_name(store.read(Filter(ids=["new"])))["feet.type=boots"] == 0.5
        check_first(store, ids=Filter(ids=[f"sighting-{i}" for i in range(4)]))

    def test_an_interrupted_migration_is_begun_again(
        self, first: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(table, version) -> None:
            raise OSError("the power is gone")

        with monkeypatch.context() as patch:
            patch.setattr(migrations, "MIGRATIONS", (fails,))
            check_first(Store.open(first))
        assert metadata(first)[b"reid.schema"] == b"1"
        Store.open(first)
        assert metadata(first)[b"reid.schema"] == str(SCHEMA_VERSION).encode()

    def test_migrations_run_in_order_each_to_its_own_schema(
        self, first: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def note(table, version) -> None:
            table.to_lance().update_schema_metadata({"reid.schema": str(version), "noted": "yes"})

        monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, note))
        for module in (migrations, table):
            monkeypatch.setattr(module, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
        check_first(Store.open(first))
        said = metadata(first)
        assert (said[b"reid.schema"], said[b"noted"]) == (str(SCHEMA_VERSION + 1).encode(), b"yes")

    def test_an_unknown_order_without_names_is_refused(self, first: Path) -> None:
        found = lancedb.connect(first).open_table("sightings").to_lance()
        found.update_schema_metadata({"reid.columns": "0123456789abcdef"})
        with pytest.raises(StoreError, match="another vocabulary: index its sources again"):
            Store.open(first)


def test_a_schema_has_one_migration_from_each_before() -> None:
    assert len(MIGRATIONS) + 1 == SCHEMA_VERSION


def test_a_newer_venue_names_what_to_do_in_one_line(tmp_path: Path) -> None:
    Store.create(tmp_path, "m-1", DIM)
    found = lancedb.connect(tmp_path).open_table("sightings").to_lance()
    found.update_schema_metadata({"reid.schema": str(SCHEMA_VERSION + 1)})
    for opening in (lambda: Store.open(tmp_path), lambda: Store.create(tmp_path, "m-1", DIM)):
        with pytest.raises(
            StoreError, match=r"newer version .*: install the newer version of this program"
        ) as caught:
            opening()
        assert "\n" not in str(caught.value)


def test_a_reader_stops_when_a_newer_version_upgrades_the_venue(tmp_path: Path) -> None:
    store = Store.create(tmp_path, "m-1", DIM)
    found = lancedb.connect(tmp_path).open_table("sightings").to_lance()
    found.update_schema_metadata({"reid.schema": str(SCHEMA_VERSION + 1)})
    with pytest.raises(StoreError, match="newer version"):
        store.read()


class TestAnotherVocabulary:
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        """A venue of today's vocabulary."""
        store = Store.create(tmp_path / "venue", "m-1", DIM)
        store.add(saying(["a", "b"]))
        return store

    def test_another_order_reads_and_writes_the_same_by_name(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = by_name(store.read())
        change(monkeypatch, lambda found: found[::-1])
        again = Store.open(store.folder)
        after = by_name(again.read())
        assert list(after) != list(before)
        for name, values in before.items():
            assert np.array_equal(values, after[name]), name
        given = saying(["c"])
        again.add(given)
        found = by_name(again.read(Filter(ids=["c"])))
        for name, values in by_name(given).items():
            assert np.allclose(found[name], values, atol=1e-6), name
        monkeypatch.undo()
        for name, values in by_name(store.read(Filter(ids=["c"]))).items():
            assert np.allclose(found[name], values, atol=1e-6), f"{name}, read in the order before"

    def test_a_search_gives_the_same_answer(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = Query("", (Wish("upper.colour", "red"), Wish("carry.backpack", "present")))
        before = search(store, asked, SearchWindow(), 5)
        change(monkeypatch, lambda found: found[::-1])
        assert search(Store.open(store.folder), asked, SearchWindow(), 5) == before

    def test_a_new_column_is_not_estimated_and_a_removed_one_is_kept_but_not_read(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = by_name(store.read())
        gone = vocabulary.ATTRIBUTE_COLUMNS[3]
        with monkeypatch.context() as patch:
            change(patch, lambda found: (NEW, *(c for c in found if c != gone)), ("attributes",))
            again = Store.open(store.folder)
            again.add(sightings(["nothing-new"]))
            after = by_name(again.read(Filter(ids=["a", "b"])))
            assert np.isnan(after.pop("upper.fabric=denim")).all()
            gallery = Gallery.of(saying(["x"]))
            assert gallery.attributes.shape[1] == len(columns.current().attributes)
        assert before.keys() - after.keys() == {f"{gone.slot}={gone.value}"}
        assert stored_names(again._table.schema, "attributes").keys() == {"attributes"}
        now = by_name(store.read(Filter(ids=["a", "b"])))
        for name, values in before.items():
            assert np.array_equal(values, now[name]), f"{name} is still stored"

    def test_what_is_said_of_a_new_column_is_kept(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = by_name(store.read())
        change(monkeypatch, lambda found: (NEW, *found), ("attributes",))
        monkeypatch.setattr(vocabulary, "PARTS", ("hands", *vocabulary.PARTS))
        again = Store.open(store.folder)
        writer = Store.open(store.folder)  # looks at the table before it is widened
        given = saying(["c"])
        again.add(given)
        writer.add(saying(["d"]))
        for name in ("c", "d"):
            found = by_name(again.read(Filter(ids=[name])))
            for column, values in by_name(given).items():
                assert np.allclose(found[column], values, atol=1e-6), column
        stored = by_name(again.read(Filter(ids=["a", "b"])))
        assert np.isnan(stored["upper.fabric=denim"]).all() and np.isnan(stored["hands"]).all()
        for column, values in before.items():
            assert np.array_equal(stored[column], values), column
        again.maintain()
        assert again.erase(Filter(ids=["a"])) == 1
        assert float(by_name(again.read(Filter(ids=["c"])))["hands"][0]) == 0
        monkeypatch.undo()
        for column, values in by_name(store.read(Filter(ids=["b"]))).items():
            assert np.array_equal(values, before[column][1:]), "the vocabulary before reads on"

    def test_names_written_for_columns_that_never_came_do_no_harm(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = by_name(store.read())
        said = {"reid.columns.attributes_2": json.dumps(["lost=in-a-crash", "so=was-this"])}
        store._table.to_lance().update_schema_metadata(said)
        after = by_name(Store.open(store.folder).read())
        assert all(np.array_equal(after[name], values) for name, values in before.items())
        change(monkeypatch, lambda found: (NEW, *found), ("attributes",))
        again = Store.open(store.folder)
        again.add(saying(["c"]))
        assert by_name(again.read(Filter(ids=["c"])))["upper.fabric=denim"] == 0

    def test_nothing_in_common_is_refused(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        change(monkeypatch, lambda found: [NEW], ("attributes",))
        with pytest.raises(StoreError, match="another vocabulary: index its sources again"):
            Store.open(store.folder)

    def test_names_that_do_not_fit_are_one_line(self, store: Store) -> None:
        said = {"reid.columns.attributes": json.dumps(["upper.type=shirt"])}
        store._table.to_lance().update_schema_metadata(said)
        with pytest.raises(StoreError, match="do not fit their names") as caught:
            Store.open(store.folder)
        assert "\n" not in str(caught.value)


def test_a_part_that_was_not_estimated_is_said_to_be_so() -> None:
    made = saying(["a", "b"])
    made.visible[:, vocabulary.PART_INDEX["upper"]] = np.nan
    made.visible[:, vocabulary.PART_INDEX["lower"]] = 1
    asked = Query("", (Wish("upper.colour", "red"), Wish("lower.colour", "red")))
    (match, _) = rank(asked, Gallery.of(made)).matches
    assert match.why[0].verdict == "not_estimated"
    assert match.why[1].verdict in {"match", "conflict"}
    assert np.isfinite(match.score)


def test_crops_are_indexed_with_a_changed_vocabulary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole command, with a slot added, one removed and one moved before anything is loaded."""
    text = Path(vocabulary.__file__).read_text()
    sleeve = '    add("upper.sleeve", ("none", "short", "long"), "upper")\n'
    length = '    add("lower.length", ("short", "long"), "lower")\n'
    begin, new = '    add("upper.type",', '    add("upper.fabric", ("denim",), "upper")\n'
    assert sleeve in text and length in text and begin in text
    text = text.replace(sleeve, "").replace(length, "").replace(begin, new + sleeve + begin)
    (tmp_path / "vocabulary.py").write_text(text)
    program = (
        "import importlib.util, sys, reid.core\n"
        f"place = r'{tmp_path / 'vocabulary.py'}'\n"
        "spec = importlib.util.spec_from_file_location('reid.core.vocabulary', place)\n"
        "module = importlib.util.module_from_spec(spec)\n"
        "sys.modules['reid.core.vocabulary'] = reid.core.vocabulary = module\n"
        "spec.loader.exec_module(module)\n"
        "from reid.cli.main import main\n"
        "main()\n"
    )
    (tmp_path / "crops" / "p1").mkdir(parents=True)
    (tmp_path / "crops" / "p1" / "1.jpg").write_bytes(saying(["x"]).crops[0].encode())
    command = ["index", str(tmp_path / "crops"), "--crops", "--venue"]

    def index(program: str, venue: str) -> dict[str, np.ndarray]:
        words = [sys.executable, "-c", program, *command, str(tmp_path / venue)]
        ended = subprocess.run(words, capture_output=True, text=True, env=os.environ, check=False)
        assert ended.returncode == 0, ended.stderr
        return by_name(Store.open(tmp_path / venue).read())

    usual, changed = (
        index("from reid.cli.main import main; main()", "usual"),
        index(program, "changed"),
    )
    for name, values in usual.items():
        if name.startswith("lower.length"):
            assert np.isnan(changed[name]).all() and not np.isnan(values).any()
        else:
            assert np.array_equal(changed[name], values, equal_nan=True), name
    change(monkeypatch, lambda found: (NEW, *found), ("attributes",))
    store = Store.open(tmp_path / "changed")
    (stored,) = stored_names(store._table.schema, "attributes").values()
    assert "upper.fabric=denim" in stored
    assert np.isnan(by_name(store.read())["upper.fabric=denim"]).all()

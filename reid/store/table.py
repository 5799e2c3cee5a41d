"""The venue's sightings: one LanceDB table, one lock, erasure to the byte.

Readers take no lock. Every commit takes the venue's lock: without it, a writer beside an
erasure has been seen to leave the table unreadable. A sighting's id is the table's primary key, so
that indexing the same file again, or from two processes at once, replaces rows instead of doubling
them.
"""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, Self, TypeVar

import pyarrow as pa

from reid.core.errors import SpaceMismatch, StoreError
from reid.core.pixels import RedactedCrop
from reid.core.records import SightingKey, Sightings
from reid.core.redaction_mark import marked
from reid.storage.locks import lock_of
from reid.storage.venue_path import Bucket, Folder, storage_fault
from reid.store import maintenance
from reid.store.cache import FragmentCache
from reid.store.connection import connect, explained, is_conflict
from reid.store.filter import Filter
from reid.store.layout import (
    IN_VIEW,
    MEASURES,
    stored_fields,
    stored_names,
    unpack,
    unpack_measures,
    widen,
)
from reid.store.maintenance import TableState
from reid.store.migrations import SCHEMA_VERSION, check_schema, migrate, schema_version
from reid.store.rows import (
    CROP_FIELDS,
    KEY_COLUMNS,
    META_MODEL,
    Columns,
    Float,
    Keys,
    crop_of,
    matrix,
    schema,
    to_arrow,
    with_vectors,
)
from reid.store.views import Views

TABLE: Final = "sightings"

_LOCK: Final = "venue"
_READ_TRIES: Final = 4
_MIGRATION_WAIT: Final = 5.0
"""Seconds that an opening waits for the lock if a migration is due; without it, see `_upgrade`."""

_PAUSES: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # seconds between attempts to commit

_PROBES: Final = 32  # lists of the vector index that are looked into
_CANDIDATES: Final = 250

_DESCRIBED_AT_ONCE: Final = 128  # sightings whose pictures are in memory together

VectorsOf = Callable[[Sequence[Sequence[RedactedCrop]]], Float]
"""The vectors (N, D) of N tracklets, each given by its crops, best first."""

T = TypeVar("T")


class Store:
    """The sightings of one venue.

    Use `Store.open` for a venue that exists and `Store.create` to make one where there is none.
    """

    def __init__(
        self,
        folder: Folder,
        model_id: str | None,
        dim: int | None,
        database: str | None = None,
    ) -> None:
        self.folder = folder
        self._lock = lock_of(folder, _LOCK, database=database)
        self._cache = FragmentCache() if isinstance(folder, Bucket) else None
        with explained(folder, "opened"):
            self._db: Any = connect(folder)
            try:
                self._table: Any = self._db.open_table(TABLE)
            except ValueError:  # there is none, or another process is making it
                if model_id is None or dim is None:
                    raise
                self._make_if_none(model_id, dim)
                self._table = self._db.open_table(TABLE)
        self._check(model_id)
        self._upgrade(database)
        self._views = Views(folder, self._db)

    @staticmethod
    def exists(folder: Folder) -> bool:
        """Whether a venue's folder has a table of sightings."""
        return (folder / f"{TABLE}.lance").is_dir()

    @classmethod
    def open(cls, folder: Folder, database: str | None = None) -> Self:
        """Open a venue for reading, erasing or adding what fits its model.

        `database` is the URL of the server that keeps its lock, by default the environment's.

        Raises:
            StoreError: there is none, it is damaged, or a newer version wrote it.
        """
        if not cls.exists(folder):
            raise StoreError(
                f"{folder} holds no sightings: run `reid index VIDEO --venue {folder}`"
            )
        return cls(folder, None, None, database)

    @classmethod
    def create(cls, folder: Folder, model_id: str, dim: int) -> Self:
        """Open a venue for vectors of `dim` numbers of `model_id`, and make it if need be.

        Raises:
            SpaceMismatch: the venue holds vectors of another model.
            StoreError: it cannot be made or opened.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder} cannot be made ({error.strerror})") from None
        return cls(folder, model_id, dim)

    @property
    def model_id(self) -> str:
        """The model whose vectors are stored."""
        return self._metadata(META_MODEL)

    def newest_model(self) -> str:
        """Return the model whose vectors are stored now: `reembed` may have changed it."""
        self._read(lambda table: table.version)
        return self.model_id

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return int(self._table.schema.field("vector").type.list_size)

    @property
    def version(self) -> int:
        """A number that changes with every commit, of whatever process."""
        return int(self._read(lambda table: table.version))

    def count(self, which: Filter | None = None) -> int:
        """Return the number of sightings."""
        where = (which or Filter()).sql()
        return int(self._read(lambda table: table.count_rows(where or None)))

    def add(self, sightings: Sightings) -> None:
        """Insert sightings, replacing those of the same id; one commit.

        Raises:
            SpaceMismatch: they are of another model than the venue's.
        """
        self._merge(sightings, insert=True)

    def update(self, sightings: Sightings) -> None:
        """Replace the sightings that are still stored; those erased meanwhile stay erased.

        Raises:
            SpaceMismatch: they are of another model than the venue's.
        """
        self._merge(sightings, insert=False)

    def _merge(self, sightings: Sightings, *, insert: bool) -> None:
        self._require_space(sightings)
        if not len(sightings):
            return
        rows = to_arrow(sightings, self._table.schema)

        def upsert(table: Any) -> None:
            nonlocal rows
            self._require_space(sightings)  # it may be another one since: see `reembed`
            widen(table, sightings)
            if not rows.schema.equals(table.schema, check_metadata=True):
                rows = to_arrow(sightings, table.schema)
            _upsert(table, rows, insert=insert)
            if sightings.views:
                self._keep_views(sightings)

        self._commit(upsert)

    def _keep_views(self, sightings: Sightings) -> None:
        """Keep the views of what is stored now; of what was erased meanwhile nothing."""
        stored = self.ids(Filter(ids=[key.id for key in sightings.keys]))
        rows = [row for row, key in enumerate(sightings.keys) if key.id in stored]
        self._views.replace(
            [sightings.keys[row] for row in rows], [sightings.views[row] for row in rows]
        )

    def reembed(self, model_id: str, vectors_of: VectorsOf) -> int:
        """Give every sighting a vector of another model, from its stored pictures, in one commit.

        Most are described before the lock is taken; those that came meanwhile, under it. Whoever
        adds vectors of the former model afterwards is refused.

        Args:
            model_id: names the new space; its vectors are as long as the old.
            vectors_of: the vectors (N, D) of N tracklets, each given by its crops, best first.

        Returns:
            How many sightings there are.
        """
        known: dict[str, Float] = {}
        self._describe(sorted(self.ids()), vectors_of, known)

        def rewrite(table: Any) -> int:
            late = self.ids() - known.keys()
            self._describe(sorted(late), vectors_of, known)
            rows = with_vectors(table.to_lance(), model_id, known)
            self._db.create_table(TABLE, data=rows, schema=rows.schema, mode="overwrite")
            table.checkout_latest()
            maintenance.index(table)
            return int(table.count_rows())

        return self._commit(rewrite)

    def _describe(self, ids: Sequence[str], vectors_of: VectorsOf, into: dict[str, Float]) -> None:
        """Add the vectors of sightings that are stored, by id."""
        for first in range(0, len(ids), _DESCRIBED_AT_ONCE):
            some = ids[first : first + _DESCRIBED_AT_ONCE]
            crops, views = self.crops(some), self.views(some)
            vectors = vectors_of([[crop, *views.get(i, [])] for i, crop in crops.items()])
            into.update(zip(crops, vectors, strict=True))

    def _require_space(self, sightings: Sightings) -> None:
        if sightings.model_id != self.model_id:
            raise SpaceMismatch(
                f"{self.folder} holds vectors of {self.model_id}, not {sightings.model_id}: "
                f"index again after `reid adapt`, or use another --venue"
            )

    def finish_source(self, source_key: str, kept: Sequence[str]) -> int:
        """End the indexing of a source: remove its rows that are not among the ids `kept`.

        Such rows remain when an earlier run saw the source differently (another detector, another
        step). Many small files are compacted. Returns how many rows went.
        """
        stored = self.ids(Filter(sources=[source_key]))
        stale = sorted(stored - set(kept))

        def finish(table: Any) -> None:
            if stale:
                table.delete(Filter(ids=stale).sql())
                self._views.forget(stale)
            maintenance.compact_if_many(table)

        self._commit(finish)
        return len(stale)

    def ids(self, which: Filter | None = None) -> set[str]:
        """Return the ids of sightings."""
        return set(self._select(["id"], which).column("id").to_pylist())

    def read(self, which: Filter | None = None, *, vectors: bool = False) -> Columns:
        """Read what ranking needs: keys, probabilities, measures, and vectors if asked."""
        where, cache = (which or Filter()).sql(), self._cache

        def scan(table: Any) -> tuple[pa.Schema, pa.Table]:
            check_schema(table.schema, self.folder)  # a newer version may have upgraded it
            measured = [MEASURES] if MEASURES in table.schema.names else []
            wanted = [*KEY_COLUMNS, *stored_fields(table.schema), *measured]
            wanted += ["vector"] if vectors else []
            if cache is not None and which is None:
                return table.schema, cache.read(table, wanted)
            return table.schema, _scan(table, wanted, where)

        layout, table = self._read(scan)
        held = matrix(table, "vector") if vectors else None
        table = table.drop_columns(["vector"]) if vectors else table  # a copy at a time is enough
        attributes = unpack(table, layout, "attributes")
        table = table.drop_columns(list(stored_names(layout, "attributes")))
        body, visible = unpack(table, layout, "body"), unpack(table, layout, "visible")
        in_view = unpack(table, layout, IN_VIEW)
        return Columns(
            Keys(table), attributes, body, visible, unpack_measures(table), in_view, held
        )

    def measures(self) -> tuple[Keys, Float]:
        """Read the keys (N) and measures (N, M) of all sightings, and nothing else of them."""

        def scan(table: Any) -> pa.Table:
            measured = [MEASURES] if MEASURES in table.schema.names else []
            return _scan(table, [*KEY_COLUMNS, *measured], "")

        rows = self._read(scan)
        return Keys(rows), unpack_measures(rows)

    def crops(self, ids: Sequence[str]) -> dict[str, RedactedCrop]:
        """Return the best crop of each sighting asked for, by id."""
        names = ["id", "camera", "track_id", *CROP_FIELDS]
        rows = self._select(names, Filter(ids=ids)).to_pylist() if ids else []
        return {row["id"]: crop_of(row) for row in rows}

    def pictures(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Return the JPEG of the same crops, by id; only bytes that carry redaction's mark."""
        rows = self._select(["id", "crop"], Filter(ids=ids)).to_pylist() if ids else []
        return {row["id"]: marked(row["crop"]) for row in rows}

    def keys(self, ids: Sequence[str]) -> dict[str, SightingKey]:
        """Return the keys of sightings by id; unknown ids are left out."""
        if not ids:
            return {}
        return {key.id: key for key in Keys(self._select(list(KEY_COLUMNS), Filter(ids=ids)))}

    def cameras(self) -> list[str]:
        """Return the ids of all cameras, sorted."""
        return sorted(set(self._select(["camera"], None).column("camera").to_pylist()))

    def similar(
        self, vector: Float, top: int, which: Filter | None = None
    ) -> list[tuple[str, float]]:
        """Return (id, cosine similarity) of the nearest sightings, nearest first.

        The index finds `_CANDIDATES` or more by their shortened vectors, in the lists nearest by;
        these are compared exactly.
        """
        where = (which or Filter()).sql()

        def search(table: Any) -> pa.Table:
            query = table.search(vector, vector_column_name="vector").distance_type("cosine")
            query = query.where(where, prefilter=True) if where else query
            query = query.nprobes(_PROBES).refine_factor(-(-_CANDIDATES // top))
            return query.select(["id", "_distance"]).limit(top).to_arrow()

        nearest = self._read(search)
        ids, distances = nearest.column("id").to_pylist(), nearest.column("_distance").to_pylist()
        return [(i, 1.0 - float(d)) for i, d in zip(ids, distances, strict=True)]

    def erase(self, which: Filter) -> int:
        """Remove sightings from table, indexes and old versions, so that no byte of them stays.

        Rows are deleted, their files rewritten without them, every earlier version and every index
        that names them dropped from disk. Returns how many went.

        Raises:
            ValueError: an empty filter; erase a whole venue by removing its folder.
        """
        where = which.sql()
        if not where:
            raise ValueError("an empty filter would erase everything")

        gone = 0

        def purge(table: Any) -> None:
            nonlocal gone
            going = int(table.count_rows(where))
            if going:
                table.delete(where)
            gone += going
            maintenance.purge(self.folder / f"{TABLE}.lance", table, self._lock)
            self._views.keep_only(lambda ids: self.ids(Filter(ids=ids)), self._lock)

        self._commit(purge, "erased from")
        return gone

    def views(self, ids: Sequence[str]) -> dict[str, list[RedactedCrop]]:
        """Return the further views of sightings, by id; those that have none are left out."""
        with explained(self.folder, "read"):
            return self._views.read(ids)

    def count_views(self) -> int:
        """Return how many further views are kept."""
        with explained(self.folder, "read"):
            return self._views.count()

    def expire_views(self, before: datetime, together: timedelta) -> int:
        """Remove the views of tracks that ended before a time, to the byte; returns how many.

        Nothing is done until some ended `together` earlier: each time writes files anew.
        """
        if not self._views.count(Filter(ended_before=before - together)):
            return 0
        return self._commit(lambda _: self._views.expire(before, self._lock), "erased from")

    def maintain(self) -> TableState:
        """Compact small files, build or extend the indexes, drop versions that nobody reads.

        For a timer; readers and writers go on. Returns the table's state afterwards.
        """
        self._commit(maintenance.maintain)
        return self.state()

    def state(self) -> TableState:
        """Return how large the table is and what waits for maintenance."""
        return TableState.of(self._read(lambda table: table))

    def _make_if_none(self, model_id: str, dim: int) -> None:
        with self._lock:
            if not self.exists(self.folder):
                self._db.create_table(TABLE, schema=schema(model_id, dim))
                maintenance.index(self._db.open_table(TABLE))

    def _check(self, model_id: str | None) -> None:
        check_schema(self._table.schema, self.folder)
        if model_id is not None and model_id != self.model_id:
            raise SpaceMismatch(
                f"{self.folder} holds vectors of {self.model_id}, not {model_id}: choose that "
                f"--embedder or another --venue"
            )

    def _upgrade(self, database: str | None) -> None:
        """Bring a table of an earlier schema to the newest, under the venue's lock.

        A reader may hold no lock, or find it taken for long: then the table is read as it is, and
        whoever writes next upgrades it.
        """
        if schema_version(self._table.schema) == SCHEMA_VERSION:
            return
        lock = lock_of(self.folder, _LOCK, _MIGRATION_WAIT, database)
        with suppress(StoreError, RuntimeError, OSError), lock:
            self._table.checkout_latest()
            migrate(self._table)

    def _metadata(self, key: bytes) -> str:
        value = (self._table.schema.metadata or {}).get(key)
        if value is None:
            raise StoreError(f"{self.folder} was not written by this program")
        return str(value.decode())

    def _select(self, columns: list[str], which: Filter | None) -> pa.Table:
        where = (which or Filter()).sql()
        return self._read(lambda table: _scan(table, columns, where))

    def _commit(self, action: Callable[[Any], T], verb: str = "written") -> T:
        """Change the newest version under the lock; again if another commit came first.

        That one may have been somebody's who got the lock because PostgreSQL dropped it here: then
        it is taken anew. Actions can be repeated.
        """
        with explained(self.folder, verb):
            for pause in _PAUSES:
                with self._lock:
                    try:
                        return self._try(action)
                    except (RuntimeError, OSError) as error:
                        if not is_conflict(error):
                            raise
                time.sleep(pause * random.uniform(0.5, 1.5))
        raise StoreError(f"{self.folder} has too many writers at once: run it again")

    def _try(self, action: Callable[[Any], T]) -> T:
        """The schema is looked at each time: a venue may be upgraded while an older writer runs."""
        self._table.checkout_latest()
        self._check(None)
        migrate(self._table)
        return action(self._table)

    def _read(self, action: Callable[[Any], Any]) -> Any:
        """Run a read on the newest version; again if an erasure just removed what it read."""
        for attempt in range(_READ_TRIES):
            try:
                self._table.checkout_latest()
                return action(self._table)
            except (RuntimeError, OSError, ValueError) as error:
                if attempt == _READ_TRIES - 1:
                    raise _unreadable(self.folder, error) from None
        raise AssertionError("unreachable")


def _scan(table: Any, columns: list[str], where: str) -> pa.Table:
    """Read some columns of all rows, or of those that an SQL condition keeps."""
    query = table.search()
    query = query.where(where) if where else query
    return query.select(columns).limit(None).to_arrow()


def _upsert(table: Any, rows: pa.Table, *, insert: bool) -> None:
    merge = table.merge_insert("id").when_matched_update_all()
    (merge.when_not_matched_insert_all() if insert else merge).execute(rows)
    maintenance.index_new(table)


def _unreadable(folder: Folder, error: BaseException) -> StoreError:
    if isinstance(folder, Bucket):
        return StoreError(f"{folder} cannot be read: {storage_fault(error)}")
    return StoreError(f"{folder} cannot be read ({type(error).__name__}): is it damaged?")

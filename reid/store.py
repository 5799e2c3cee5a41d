"""The venue's sightings on disk: one LanceDB table, one lock, erasure to the byte.

Readers take no lock. Every commit takes the venue's file lock: without it, a writer beside an
erasure has been seen to leave the table unreadable. A sighting's id is the table's primary key, so
that indexing the same file again, or from two processes at once, replaces rows instead of doubling
them.
"""

import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self, overload

import lancedb
import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout
from lancedb.index import Bitmap, BTree
from numpy.typing import NDArray

from reid import vocabulary
from reid.errors import SpaceMismatch, StoreError
from reid.pixels import CropPlace, FrameKey, RedactedCrop, decode, marked
from reid.records import SightingKey, Sightings

SCHEMA_VERSION: Final = 1
TABLE: Final = "sightings"

_LOCK_NAME: Final = "venue.lock"
_LOCK_TIMEOUT: Final = 120.0  # seconds
_SCALAR_INDEXES: Final = {
    "id": BTree(),
    "camera": Bitmap(),
    "start": BTree(),
    "source_key": BTree(),
}
_KEY_COLUMNS: Final = ("id", "source", "source_key", "camera", "start", "end", "track_id")
_READ_TRIES: Final = 4
_META_SCHEMA, _META_MODEL, _META_COLUMNS = b"reid.schema", b"reid.model", b"reid.columns"

Float = NDArray[np.float32]

_LEVELS: Final = 250  # a probability is stored in steps of 1/250
_UNKNOWN: Final = 255  # stands for NaN: not estimated
_LEVEL_VALUES: Final[Float] = np.array(
    [*np.arange(_LEVELS + 1) / _LEVELS, *[np.nan] * 5], np.float32
)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which sightings: all that meet every condition given.

    Attributes:
        since, until: the stay overlaps this time window (UTC).
        cameras: camera ids; empty for all.
        sources: content keys of sources; empty for all.
        ids: sighting ids; empty for all.
        ended_before: the stay ended before this time; for retention.
        except_ids: sighting ids that are left out; confirmed ones of open cases.
    """

    since: datetime | None = None
    until: datetime | None = None
    cameras: Sequence[str] = ()
    sources: Sequence[str] = ()
    ids: Sequence[str] = ()
    ended_before: datetime | None = None
    except_ids: Sequence[str] = ()

    def sql(self) -> str:
        """Return the condition in the table's SQL, or an empty string for all rows."""
        terms = [
            f"{column} IN ({', '.join(map(_quote, values))})"
            for column, values in (
                ("camera", self.cameras),
                ("source_key", self.sources),
                ("id", self.ids),
            )
            if values
        ]
        if self.since:
            terms.append(f"end >= {_timestamp(self.since)}")
        if self.until:
            terms.append(f"start <= {_timestamp(self.until)}")
        if self.ended_before:
            terms.append(f"end < {_timestamp(self.ended_before)}")
        if self.except_ids:
            terms.append(f"id NOT IN ({', '.join(map(_quote, self.except_ids))})")
        return " AND ".join(terms)


class Keys(Sequence[SightingKey]):
    """The keys of many rows, each built when it is asked for."""

    def __init__(self, table: pa.Table) -> None:
        self._columns = [table.column(name) for name in _KEY_COLUMNS]
        self._rows: int = table.num_rows

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, row: int) -> SightingKey: ...
    @overload
    def __getitem__(self, row: slice) -> list[SightingKey]: ...
    def __getitem__(self, row: int | slice) -> SightingKey | list[SightingKey]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(self._rows))]
        return SightingKey(*(column[row].as_py() for column in self._columns))

    def column(self, name: str) -> NDArray[Any]:
        """Return one field of all keys (N,): str objects, or datetime64 in UTC."""
        return np.asarray(self._columns[_KEY_COLUMNS.index(name)].to_numpy())

    def coded(self, name: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return one field of all keys as positions (N,) in the values that occur, and those."""
        coded = self._columns[_KEY_COLUMNS.index(name)].combine_chunks().dictionary_encode()
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
        return codes, tuple(coded.dictionary.to_pylist())


@dataclass(frozen=True, slots=True)
class Columns:
    """N stored sightings without their crops; as in `reid.records.Sightings`."""

    keys: Keys
    attributes: Float
    body: Float
    visible: Float
    vectors: Float | None

    def __len__(self) -> int:
        return len(self.keys)


class Store:
    """The sightings of one venue.

    Use `Store.open` for a venue that exists and `Store.create` to make one where there is none.
    """

    def __init__(self, folder: Path, model_id: str | None, dim: int | None) -> None:
        self.folder = folder
        self._lock = FileLock(folder / _LOCK_NAME, timeout=_LOCK_TIMEOUT)
        with _explained(folder, "opened"):
            self._db: Any = lancedb.connect(folder)
            if model_id is not None and dim is not None and not self._exists():
                with self._locked():
                    if not self._exists():
                        self._make(model_id, dim)
            self._table: Any = self._db.open_table(TABLE)
        self._check(model_id)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a venue for reading, erasing or adding what fits its model.

        Raises:
            StoreError: there is none, it is damaged, or a newer version wrote it.
        """
        if not (folder / f"{TABLE}.lance").is_dir():
            raise StoreError(
                f"{folder} holds no sightings: run `reid index VIDEO --venue {folder}`"
            )
        return cls(folder, None, None)

    @classmethod
    def create(cls, folder: Path, model_id: str, dim: int) -> Self:
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
        return self._metadata(_META_MODEL)

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
        if sightings.model_id != self.model_id:
            raise SpaceMismatch(
                f"{self.folder} holds vectors of {self.model_id}, not {sightings.model_id}: "
                f"use another --venue, or index its sources again into a new one"
            )
        if not len(sightings):
            return
        rows = _to_arrow(sightings, self._table.schema)
        with _explained(self.folder, "written"), self._locked():
            self._table.checkout_latest()
            merge = self._table.merge_insert("id")
            merge.when_matched_update_all().when_not_matched_insert_all().execute(rows)

    def finish_source(self, source_key: str, kept: Sequence[str]) -> int:
        """End the indexing of a source: remove its rows that are not among the ids `kept`.

        Such rows remain when an earlier run saw the source differently (another detector, another
        step). The indexes are brought up to date. Returns how many rows went.
        """
        stored = self.ids(Filter(sources=[source_key]))
        stale = sorted(stored - set(kept))
        with _explained(self.folder, "written"), self._locked():
            self._table.checkout_latest()
            if stale:
                self._table.delete(Filter(ids=stale).sql())
            self._table.optimize()
        return len(stale)

    def ids(self, which: Filter | None = None) -> set[str]:
        """Return the ids of sightings."""
        return set(self._select(["id"], which).column("id").to_pylist())

    def read(self, which: Filter | None = None, *, vectors: bool = False) -> Columns:
        """Read what ranking needs: keys, attributes, body, visibility, and vectors if asked."""
        wanted = [*_KEY_COLUMNS, "attributes", "body", "visible", *(["vector"] if vectors else [])]
        table = self._select(wanted, which)
        return Columns(
            Keys(table),
            _unpack(table, "attributes"),
            _unpack(table, "body"),
            _unpack(table, "visible"),
            _matrix(table, "vector") if vectors else None,
        )

    def crops(self, ids: Sequence[str]) -> dict[str, RedactedCrop]:
        """Return the best crop of each sighting asked for, by id."""
        names = ["id", "camera", "track_id", *_CROP_FIELDS]
        rows = self._select(names, Filter(ids=ids)).to_pylist() if ids else []
        return {row["id"]: _crop_of(row) for row in rows}

    def pictures(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Return the JPEG of the same crops, by id; only bytes that carry redaction's mark."""
        rows = self._select(["id", "crop"], Filter(ids=ids)).to_pylist() if ids else []
        return {row["id"]: marked(row["crop"]) for row in rows}

    def keys(self, ids: Sequence[str]) -> dict[str, SightingKey]:
        """Return the keys of sightings by id; unknown ids are left out."""
        if not ids:
            return {}
        return {key.id: key for key in Keys(self._select(list(_KEY_COLUMNS), Filter(ids=ids)))}

    def cameras(self) -> list[str]:
        """Return the ids of all cameras, sorted."""
        return sorted(set(self._select(["camera"], None).column("camera").to_pylist()))

    def similar(
        self, vector: Float, top: int, which: Filter | None = None
    ) -> list[tuple[str, float]]:
        """Return (id, cosine similarity) of the nearest sightings, nearest first."""
        where = (which or Filter()).sql()

        def search(table: Any) -> pa.Table:
            query = table.search(vector, vector_column_name="vector").distance_type("cosine")
            query = query.where(where, prefilter=True) if where else query
            return query.select(["id", "_distance"]).limit(top).to_arrow()

        found = self._read(search)
        ids, distances = found.column("id").to_pylist(), found.column("_distance").to_pylist()
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
        with _explained(self.folder, "erased from"), self._locked():
            self._table.checkout_latest()
            gone = int(self._table.count_rows(where))
            if gone:
                self._table.delete(where)
            self._purge()
        return gone

    def _purge(self) -> None:
        """Leave only the newest version on disk, without deleted rows, with new indexes."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that readers of old versions will have to reopen
            self._table.compact_files(materialize_deletions=True, materialize_deletions_threshold=0)
            self._table.checkout_latest()
            self._index()
            self._table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)

    def _make(self, model_id: str, dim: int) -> None:
        self._db.create_table(TABLE, schema=_schema(model_id, dim))
        self._table = self._db.open_table(TABLE)
        self._index()

    def _index(self) -> None:
        for column, config in _SCALAR_INDEXES.items():
            self._table.create_index(column, config=config, replace=True)

    def _exists(self) -> bool:
        return (self.folder / f"{TABLE}.lance").is_dir()

    def _check(self, model_id: str | None) -> None:
        version = int(self._metadata(_META_SCHEMA))
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.folder} was written by a newer version (schema {version}, this one reads "
                f"{SCHEMA_VERSION}): update with `pip install -U reid`"
            )
        if self._metadata(_META_COLUMNS) != _columns_id():
            raise StoreError(f"{self.folder} uses another vocabulary: index its sources again")
        if model_id is not None and model_id != self.model_id:
            raise SpaceMismatch(
                f"{self.folder} holds vectors of {self.model_id}, not {model_id}: choose that "
                f"--embedder or another --venue"
            )

    def _metadata(self, key: bytes) -> str:
        value = (self._table.schema.metadata or {}).get(key)
        if value is None:
            raise StoreError(f"{self.folder} was not written by this program")
        return str(value.decode())

    def _select(self, columns: list[str], which: Filter | None) -> pa.Table:
        where = (which or Filter()).sql()

        def scan(table: Any) -> pa.Table:
            query = table.search()
            query = query.where(where) if where else query
            return query.select(columns).limit(None).to_arrow()

        return self._read(scan)

    def _read(self, action: Callable[[Any], Any]) -> Any:
        """Run a read on the newest version; again if an erasure just removed what it read."""
        for attempt in range(_READ_TRIES):
            try:
                self._table.checkout_latest()
                return action(self._table)
            except (RuntimeError, OSError, ValueError) as error:
                if attempt == _READ_TRIES - 1:
                    raise StoreError(
                        f"{self.folder} cannot be read ({type(error).__name__}): is it damaged?"
                    ) from error
        raise AssertionError("unreachable")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        except Timeout:
            raise StoreError(
                f"{self.folder} is being written by another process for over "
                f"{_LOCK_TIMEOUT:.0f} s: try again when it is done"
            ) from None


_CROP_FIELDS: Final = ("crop", "crop_box", "crop_index", "crop_time", "frame_width", "frame_height")


@contextmanager
def _explained(folder: Path, verb: str) -> Iterator[None]:
    """Turn failures of the storage engine into one line."""
    try:
        yield
    except (StoreError, SpaceMismatch):
        raise
    except (RuntimeError, OSError, ValueError) as error:
        text = str(error)
        if "No space left" in text or "os error 28" in text:
            raise StoreError(f"{folder}: disk full; free some space and run it again") from None
        if "ermission denied" in text:
            raise StoreError(f"{folder} cannot be {verb}: permission denied") from None
        reason = text.splitlines()[0][:120] if text else type(error).__name__
        raise StoreError(f"{folder} cannot be {verb} ({reason})") from error


def _schema(model_id: str, dim: int) -> pa.Schema:
    stamp = pa.timestamp("us", tz="UTC")
    primary = {"lance-schema:unenforced-primary-key": "true"}
    fields = [
        pa.field("id", pa.string(), nullable=False, metadata=primary),
        pa.field("source", pa.string()),
        pa.field("source_key", pa.string()),
        pa.field("camera", pa.string()),
        pa.field("start", stamp),
        pa.field("end", stamp),
        pa.field("track_id", pa.int64()),
        pa.field("vector", pa.list_(pa.float32(), dim)),
        pa.field("attributes", pa.binary(len(vocabulary.ATTRIBUTE_COLUMNS))),
        pa.field("body", pa.binary(len(vocabulary.BODY_COLUMNS))),
        pa.field("visible", pa.binary(len(vocabulary.PARTS))),
        pa.field("crop", pa.large_binary()),
        pa.field("crop_box", pa.list_(pa.float32(), 4)),
        pa.field("crop_index", pa.int64()),
        pa.field("crop_time", stamp),
        pa.field("frame_width", pa.int32()),
        pa.field("frame_height", pa.int32()),
    ]
    metadata = {
        _META_SCHEMA: str(SCHEMA_VERSION),
        _META_MODEL: model_id,
        _META_COLUMNS: _columns_id(),
    }
    return pa.schema(fields, metadata=metadata)


def _columns_id() -> str:
    """Return what tells one column order of the vocabulary from another."""
    names = repr((vocabulary.ATTRIBUTE_COLUMNS, vocabulary.BODY_COLUMNS, vocabulary.PARTS))
    return hashlib.blake2b(names.encode(), digest_size=8).hexdigest()


def _to_arrow(sightings: Sightings, schema: pa.Schema) -> pa.Table:
    keys, crops = sightings.keys, sightings.crops
    columns: dict[str, Any] = {name: [getattr(key, name) for key in keys] for name in _KEY_COLUMNS}
    columns["vector"] = sightings.vectors
    columns["attributes"] = _pack(sightings.attributes)
    columns["body"] = _pack(sightings.body)
    columns["visible"] = _pack(sightings.visible)
    columns["crop"] = [crop.encode() for crop in crops]
    columns["crop_box"] = np.stack([crop.box for crop in crops])
    columns["crop_index"] = [crop.index for crop in crops]
    columns["crop_time"] = [crop.time.astimezone(UTC) for crop in crops]
    columns["frame_width"] = [crop.place.frame_width for crop in crops]
    columns["frame_height"] = [crop.place.frame_height for crop in crops]
    return pa.table([_array(columns[field.name], field.type) for field in schema], schema=schema)


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    if pa.types.is_fixed_size_list(kind):
        flat = pa.array(np.ascontiguousarray(values).reshape(-1), kind.value_type)
        return pa.FixedSizeListArray.from_arrays(flat, kind.list_size)
    return pa.array(values, kind)


def _matrix(table: pa.Table, name: str) -> Float:
    """Return a fixed-size-list column as float32 (N, width)."""
    column = table.column(name)
    width = column.type.list_size
    chunks = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    flat = np.concatenate(chunks) if chunks else np.zeros(0, np.float32)
    return flat.reshape(-1, width).astype(np.float32)


def _pack(probabilities: Float) -> list[bytes]:
    """Write probabilities (N, width) as one byte each, `_UNKNOWN` for NaN."""
    levels = np.rint(np.clip(np.nan_to_num(probabilities), 0, 1) * _LEVELS)
    packed = np.where(np.isnan(probabilities), _UNKNOWN, levels).astype(np.uint8)
    return [row.tobytes() for row in packed]


def _unpack(table: pa.Table, name: str) -> Float:
    """Read back what `_pack` wrote: float32 (N, width)."""
    column = table.column(name).combine_chunks()
    width = column.type.byte_width
    levels = np.frombuffer(b"".join(column.to_pylist()), np.uint8).reshape(-1, width)
    return _LEVEL_VALUES[levels]


def _crop_of(row: dict[str, Any]) -> RedactedCrop:
    key = FrameKey(row["camera"], row["crop_index"], row["crop_time"])
    box = np.array(row["crop_box"], np.float32)
    place = CropPlace(box, row["track_id"], row["frame_width"], row["frame_height"])
    return decode(row["crop"], key, place)


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _timestamp(when: datetime) -> str:
    return f"timestamp '{when.astimezone(UTC).isoformat(sep=' ', timespec='microseconds')}'"

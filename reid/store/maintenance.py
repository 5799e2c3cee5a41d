"""Compaction and indexing of the table, and removal of all that was erased.

An erasure removes files that no version names: a writer that died may have left people's data in
them. But they may as well belong to a writer that is at work without knowing that it lost the lock
(its connection to PostgreSQL broke). So whoever erases first lists them, then puts a fence: a
commit that the storage engine lets no commit that was begun before it follow. What such a writer
wrote is then removed, its commit refused, and it writes again.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from reid.core.errors import StoreError
from reid.storage.locks import Lock
from reid.storage.venue_path import Folder
from reid.store.storage_engine import lancedb

VECTORS_FROM: Final = 100_000
"""Sightings from which an index of their vectors is built; fewer are compared one by one."""

ROWS_A_FILE: Final = 1 << 17
"""Rows of a file after compaction. An erasure rewrites the files that it takes rows from, and a
search server fetches compacted files again, so larger files cost more of both."""

INDEX_NEW_EVERY: Final = 64
"""Commits after which their files are compacted and indexed. Until then each file costs every later
commit a request, since it looks for its sightings' ids in all that the index does not know, and
every search by likeness another."""

_INDEX_NEW_ROWS: Final = 2048  # files of fewer rows are compacted with the new ones

KEPT: Final = timedelta(minutes=10)
"""How long an old version is kept, for readers that still use it."""

_SCALARS: Final = {
    "id": lancedb.index.BTree(),
    "camera": lancedb.index.Bitmap(),
    "start": lancedb.index.BTree(),
    "source_key": lancedb.index.BTree(),
}
PARTS: Final = 8
"""Parts of an index from which on they are merged; every search reads each."""

MANY_FILES: Final = 64
"""Small files from which on they are compacted at the end of a source."""

_ALL: Final = 1000  # parts of an index, more than there ever are
_VECTORS: Final = "vector"
_VECTOR_INDEX: Final = "vector_4_bits"  # another kind has another name, and is replaced
_BITS: Final = 4  # a number of a vector: one bit leaves the nearest of many thousands untold
_REMOVABLE: Final = ("data/", "_deletions/", "_indices/", "_transactions/")
_ROWS_A_LIST: Final = 8192  # sightings a list of the vector index, about
_SAMPLE: Final = 64  # vectors a list that its centre is made of
_ROUNDS: Final = 20  # of k-means


@dataclass(frozen=True, slots=True)
class TableState:
    """How large a table is, and what waits for maintenance.

    Attributes:
        sightings: rows.
        size: bytes of the newest version.
        files: data files; `small_files` of them are worth compacting.
        old_versions: versions before the newest; they may hold rows that were removed since.
        oldest: when the oldest of these was written, or None.
        unindexed: rows that the slowest index does not know yet.
    """

    sightings: int
    size: int
    files: int
    small_files: int
    old_versions: int
    oldest: datetime | None
    unindexed: int

    @classmethod
    def of(cls, table: Any) -> Self:
        """Read the state of a table."""
        stats, versions = table.stats(), table.list_versions()
        old = [v["timestamp"].astimezone(UTC) for v in versions if v["version"] != table.version]
        waiting = [table.index_stats(i.name) for i in table.list_indices()]
        return cls(
            sightings=int(stats["num_rows"]),
            size=int(stats["total_bytes"]),
            files=int(stats["fragment_stats"]["num_fragments"]),
            small_files=int(stats["fragment_stats"]["num_small_fragments"]),
            old_versions=len(old),
            oldest=min(old, default=None),
            unindexed=max((s.num_unindexed_rows for s in waiting if s is not None), default=0),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the same for programs; the time is ISO 8601 or null."""
        names = ("sightings", "size", "files", "small_files", "old_versions", "unindexed")
        oldest = self.oldest.isoformat() if self.oldest else None
        return {**{name: getattr(self, name) for name in names}, "oldest": oldest}


NOTHING: Final = TableState(0, 0, 0, 0, 0, None, 0)
"""Of a venue where nothing is stored yet."""


def index(table: Any) -> None:
    """Build all indexes anew."""
    _index_scalars(table)
    if table.count_rows() >= VECTORS_FROM or _has_vectors(table):
        _index_vectors(table)


def maintain(table: Any) -> None:
    """Compact small files, extend the indexes, drop versions older than `KEPT`."""
    with warnings.catch_warnings(action="ignore"):
        compact(table)
        if table.count_rows() >= VECTORS_FROM and not _has_vectors(table):
            _index_vectors(table)
        table.to_lance().cleanup_old_versions(older_than=KEPT)


def compact(table: Any) -> None:
    """Compact small files and extend the indexes by the new rows."""
    table.to_lance().optimize.compact_files(target_rows_per_fragment=ROWS_A_FILE)
    table.checkout_latest()
    _extend(table, _scalars(table))
    if _has_vectors(table):
        _extend_vectors(table)


def compact_if_many(table: Any) -> None:
    """Compact if there are `MANY_FILES` small files; the cost is spread over many commits."""
    if _small_files(table) >= MANY_FILES:
        compact(table)


def compact_files_if_many(table: Any) -> None:
    """Do the same for a table that has no indexes, and drop versions older than `KEPT`."""
    if _small_files(table) >= MANY_FILES:
        dataset = table.to_lance()
        dataset.optimize.compact_files(target_rows_per_fragment=ROWS_A_FILE)
        table.checkout_latest()
        table.to_lance().cleanup_old_versions(older_than=KEPT)


def _small_files(table: Any) -> int:
    fragments = table.to_lance().get_fragments()
    return sum(f.metadata.physical_rows < ROWS_A_FILE // 2 for f in fragments)


def index_new(table: Any) -> None:
    """Every `INDEX_NEW_EVERY` commits, of whatever process, compact and index the new files.

    Large files are left alone, and each index gets a part of its own, so that the cost does
    not grow with the table; `compact` merges the parts.
    """
    if table.version % INDEX_NEW_EVERY:
        return
    optimize = table.to_lance().optimize
    with warnings.catch_warnings(action="ignore"):
        optimize.compact_files(
            target_rows_per_fragment=_INDEX_NEW_ROWS, materialize_deletions=False
        )
        optimize.optimize_indices(index_names=_scalars(table), num_indices_to_merge=0)
    table.checkout_latest()


def purge(folder: Folder, table: Any, lock: Lock) -> None:
    """Leave only the newest version on disk, without deleted rows, with new indexes.

    Rewriting a file takes its deleted rows out of every index. Only the bounds of a scalar index's
    pages may still be an erased value, so these are built anew; the vectors' holds no such thing.

    Args:
        folder: the table's own.

    Raises:
        StoreError: the lock was lost meanwhile; nothing of another writer's was removed.
    """
    _purge(folder, table, lock, _index_scalars)


def purge_files(folder: Folder, table: Any, lock: Lock) -> None:
    """Do the same for a table that has no indexes.

    Raises:
        StoreError: the lock was lost meanwhile; nothing of another writer's was removed.
    """
    _purge(folder, table, lock, lambda _: None)


def _purge(folder: Folder, table: Any, lock: Lock, reindex: Callable[[Any], None]) -> None:
    with warnings.catch_warnings(
        action="ignore"
    ):  # that readers of old versions will have to reopen
        table.to_lance().optimize.compact_files(
            target_rows_per_fragment=ROWS_A_FILE,
            materialize_deletions=True,
            materialize_deletions_threshold=0,
        )
        table.checkout_latest()
        reindex(table)
        astray = _astray(table)
        if not lock.still_held():
            raise StoreError(
                "the venue's lock was lost before old versions were removed: run again"
            )
        fence(table)
        for name in astray:
            (folder / name).unlink(missing_ok=True)
        table.to_lance().cleanup_old_versions(older_than=timedelta(0))


def fence(table: Any) -> None:
    """Commit the newest version once more, so that no commit begun before can follow.

    Raises:
        StoreError: somebody committed at this very moment, so the lock was lost; that is kept.
    """
    table.checkout_latest()
    dataset = table.to_lance()
    expected = dataset.version + 1
    dataset.restore()
    if dataset.latest_version != expected:
        dataset.checkout_version(dataset.latest_version - 1).restore()
        raise StoreError("the venue's lock was lost, another writer was at work: run again")
    table.checkout_latest()


def _astray(table: Any) -> list[str]:
    """Return the files, below the table's folder, that no version names."""
    dataset = table.to_lance()
    there = dataset.all_files().read_all().column("path").to_pylist()
    named = set(dataset.tracked_files().read_all().column("path").to_pylist())
    return [name for name in there if name.startswith(_REMOVABLE) and name not in named]


def _has_vectors(table: Any) -> bool:
    return any(index.name == _VECTOR_INDEX for index in table.list_indices())


def _extend(table: Any, names: list[str]) -> None:
    """Index what is new, as parts of their own; of many parts make one."""
    parts = max((table.index_stats(name).num_indices for name in names), default=0)
    merged = _ALL if parts >= PARTS else 0
    table.to_lance().optimize.optimize_indices(index_names=names, num_indices_to_merge=merged)
    table.checkout_latest()


def _extend_vectors(table: Any) -> None:
    """Build it anew once its lists are twice as long as meant, as a table grows.

    The storage engine would rather split lists that have become long, whenever something is new;
    that reads all vectors each time and takes as long as to build it.
    """
    (about, *_) = table.to_lance().stats.index_stats(_VECTOR_INDEX)["indices"]
    if table.count_rows() > 2 * _ROWS_A_LIST * about["num_partitions"]:
        _index_vectors(table)
    else:
        _extend(table, [_VECTOR_INDEX])


def _scalars(table: Any) -> list[str]:
    return [index.name for index in table.list_indices() if _VECTORS not in index.columns]


def _index_scalars(table: Any) -> None:
    for column, config in _SCALARS.items():
        table.create_index(column, config=config, replace=True)


def _index_vectors(table: Any) -> None:
    """Sort the vectors into lists, each shortened to a few bits a number.

    RaBitQ (Gao and Long 2024; with more than a bit Gao et al. 2025) learns no codes, so it takes
    less time than product quantisation. As the table grows, lists that have become long are
    split when new rows are added.
    """
    for index in table.list_indices():
        if _VECTORS in index.columns and index.name != _VECTOR_INDEX:
            table.drop_index(index.name)
    config = lancedb.index.IvfRq(
        distance_type="cosine",
        num_partitions=max(1, table.count_rows() // _ROWS_A_LIST),
        num_bits=_BITS,
        sample_rate=_SAMPLE,
        max_iterations=_ROUNDS,
    )
    table.create_index(_VECTORS, config=config, name=_VECTOR_INDEX, replace=True)

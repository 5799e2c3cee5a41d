"""A store in memory that answers as the one on LanceDB does, and is checked against it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from reid.core.errors import SpaceMismatch, StoreError
from reid.core.pixels import RedactedCrop
from reid.core.records import SightingKey, Sightings
from reid.store import Filter
from reid.store.filter import LONGEST_TRACKLET
from reid.store.layout import IN_VIEW, unpack, unpack_measures
from reid.store.rows import KEY_COLUMNS, Columns, Keys, crop_of, matrix, schema, to_arrow
from tests.simulator.world import SimLock, World


@lru_cache(maxsize=4)
def layout_of(model_id: str, dim: int) -> pa.Schema:
    """Return the fields of a table."""
    return schema(model_id, dim)


@dataclass
class Disk:
    """What lies on disk: the rows of the newest version, and whose bytes older ones still hold.

    A version is one commit; whoever reads sees a whole one.
    """

    model_id: str
    dim: int
    rows: dict[str, pa.Table] = field(default_factory=dict)
    bytes_of: set[str] = field(default_factory=set)
    version: int = 1
    _read: tuple[int, pa.Table] | None = None

    def commit(self, rows: dict[str, pa.Table]) -> None:
        """Make a new version."""
        self.rows, self.version = rows, self.version + 1
        self.bytes_of |= set(rows)

    def purge(self) -> None:
        """Drop all versions but the newest."""
        self.bytes_of = set(self.rows)
        self.version += 1

    def table(self) -> pa.Table:
        """Return all rows."""
        if self._read is None or self._read[0] != self.version:
            rows = list(self.rows.values())
            whole = pa.concat_tables(rows) if rows else self.layout.empty_table()
            self._read = self.version, whole.combine_chunks()
        return self._read[1]

    @property
    def layout(self) -> pa.Schema:
        """The table's fields."""
        return layout_of(self.model_id, self.dim)


class MemoryStore:
    """The interface of `reid.store.Store` over a simulated disk.

    Each commit takes the venue's lock, and a process may die before and after it.
    """

    def __init__(self, world: World, locks: dict[str, Any], disk: Disk) -> None:
        self._world, self._disk = world, disk
        self._lock = SimLock(world, locks, "venue", 120.0)
        self.folder = world.folder
        self.model_id, self.dim = disk.model_id, disk.dim

    @property
    def version(self) -> int:
        """A number that changes with every commit."""
        self._world.pause("asks for the table's version")
        return self._disk.version

    def count(self, which: Filter | None = None) -> int:
        """Return the number of sightings."""
        return len(self._rows(which))

    def ids(self, which: Filter | None = None) -> set[str]:
        """Return the ids of sightings."""
        return set(self._rows(which).column("id").to_pylist())

    def keys(self, ids: Sequence[str]) -> dict[str, SightingKey]:
        """Return the keys of sightings by id."""
        rows = self._named(ids).select(list(KEY_COLUMNS))
        return {key.id: key for key in Keys(rows)} if rows.num_rows else {}

    def crops(self, ids: Sequence[str]) -> dict[str, RedactedCrop]:
        """Return the best crop of each sighting asked for."""
        return {row["id"]: crop_of(row) for row in self._named(ids).to_pylist()}

    def pictures(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Return the JPEG of the same crops."""
        rows = self._named(ids)
        names, crops = rows.column("id").to_pylist(), rows.column("crop").to_pylist()
        return dict(zip(names, crops, strict=True))

    def cameras(self) -> list[str]:
        """Return the ids of all cameras."""
        return sorted(set(self._rows(None).column("camera").to_pylist()))

    def read(self, which: Filter | None = None, *, vectors: bool = False) -> Columns:
        """Read what ranking needs."""
        rows = self._rows(which)
        held = matrix(rows, "vector").copy() if vectors else None
        attributes, body, visible, in_view = (
            unpack(rows, rows.schema, name) for name in ("attributes", "body", "visible", IN_VIEW)
        )
        return Columns(Keys(rows), attributes, body, visible, unpack_measures(rows), in_view, held)

    def add(self, sightings: Sightings) -> None:
        """Insert sightings, replacing those of the same id."""
        self._merge(sightings, insert=True)

    def update(self, sightings: Sightings) -> None:
        """Replace the sightings that are still stored."""
        self._merge(sightings, insert=False)

    def erase(self, which: Filter) -> int:
        """Remove sightings from the newest version, then all that older ones hold."""
        if not which.sql():
            raise ValueError("an empty filter would erase everything")
        with self._lock:
            self._begin("erases")
            going = self.ids_now(which)
            if going:
                self._disk.commit({k: v for k, v in self._disk.rows.items() if k not in going})
            self._begin("has deleted, removes old versions")
            self._disk.purge()
        self._world.pause("has erased")
        return len(going)

    def count_views(self) -> int:
        """Return the number of further views of tracks: none are kept here."""
        return 0

    def ids_now(self, which: Filter) -> set[str]:
        """Return the ids of sightings, without giving up one's turn."""
        return set(_matching(self._disk.table(), which).column("id").to_pylist())

    def _merge(self, sightings: Sightings, *, insert: bool) -> None:
        if sightings.model_id != self.model_id:
            raise SpaceMismatch(f"the venue holds vectors of {self.model_id}")
        with self._lock:
            self._begin("writes sightings")
            fresh = rows_of(sightings)
            kept = fresh if insert else {k: v for k, v in fresh.items() if k in self._disk.rows}
            if kept:
                self._disk.commit({**self._disk.rows, **kept})
        self._world.pause("has written sightings")

    def _begin(self, what: str) -> None:
        self._world.pause(what)
        if self._world.faults.full:
            raise StoreError("disk full; free some space and run it again")

    def _rows(self, which: Filter | None) -> pa.Table:
        self._world.pause("reads the table")
        return _matching(self._disk.table(), which or Filter())

    def _named(self, ids: Sequence[str]) -> pa.Table:
        self._world.pause("reads some rows")
        rows = [row for i in dict.fromkeys(ids) if (row := self._disk.rows.get(i)) is not None]
        return pa.concat_tables(rows) if rows else self._disk.layout.empty_table()


def rows_of(sightings: Sightings) -> dict[str, pa.Table]:
    """Return each sighting as a table of one row, by id."""
    layout = layout_of(sightings.model_id, sightings.vectors.shape[1])
    table = to_arrow(sightings, layout)
    return {key.id: table.slice(i, 1) for i, key in enumerate(sightings.keys)}


def _matching(rows: pa.Table, which: Filter) -> pa.Table:
    """Return the rows that a filter means; written anew, not by its SQL."""
    kept = np.ones(rows.num_rows, bool)
    for name, wanted in (
        ("camera", which.cameras), ("source_key", which.sources), ("id", which.ids),
    ):  # fmt: skip
        if wanted:
            kept &= np.isin(rows.column(name).to_numpy(zero_copy_only=False), list(wanted))
    if which.except_ids:
        names = rows.column("id").to_numpy(zero_copy_only=False)
        kept &= ~np.isin(names, list(which.except_ids))
    start, end = _times(rows, "start"), _times(rows, "end")
    if which.since:
        kept &= (end >= _instant(which.since)) & (start >= _instant(which.since - LONGEST_TRACKLET))
    if which.until:
        kept &= start <= _instant(which.until)
    if which.ended_before:
        before = _instant(which.ended_before)
        kept &= (end < before) & (start < before)
    return rows if kept.all() else rows.filter(pa.array(kept))


def _times(rows: pa.Table, name: str) -> np.ndarray:
    return rows.column(name).cast(pa.int64()).to_numpy(zero_copy_only=False)


def _instant(when: datetime) -> int:
    return round(when.timestamp() * 1_000_000)

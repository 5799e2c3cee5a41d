"""Sources that were indexed completely, so that none is indexed twice.

An entry is a hash of the source's content and of the options, and a time: nothing about people.
It is kept when sightings are erased, so that beginning a large index again does not bring
back what was erased.
"""

import hashlib
import time
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from reid.storage.locks import lock_of
from reid.storage.venue_path import Folder
from reid.store.connection import connect, explained, is_conflict
from reid.store.maintenance import KEPT

TABLE: Final = "indexed"

COMPACTED_EVERY: Final = 32
"""Commits after which the files are compacted: reading each takes at least one request."""

_TRIES: Final = 6
_PAUSE: Final = 0.2  # seconds
_SCHEMA: Final = pa.schema(
    [
        pa.field("work", pa.string(), nullable=False,
                 metadata={"lance-schema:unenforced-primary-key": "true"}),
        pa.field("finished", pa.timestamp("us", tz="UTC")),
    ]
)  # fmt: skip


class CompletedWork:
    """The completed work of a venue."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._lock = lock_of(folder, TABLE)

    def finished(self, work: str) -> bool:
        """Whether some work was finished before."""
        with explained(self._folder, "read"):
            table = self._table()
            return table is not None and bool(table.count_rows(f"work = '{work}'"))

    def finish(self, work: str) -> None:
        """Note that some work is finished."""
        row = pa.table({"work": [work], "finished": [datetime.now(UTC)]}, schema=_SCHEMA)
        with explained(self._folder, "written"), self._lock:
            for attempt in range(_TRIES):
                try:
                    self._note(row)
                except (RuntimeError, OSError) as error:
                    if not is_conflict(error) or attempt == _TRIES - 1:
                        raise
                    time.sleep(_PAUSE)
                else:
                    return

    def _note(self, row: pa.Table) -> None:
        table = self._table()
        if table is None:
            table = connect(self._folder).create_table(TABLE, schema=_SCHEMA)
        table.merge_insert("work").when_not_matched_insert_all().execute(row)
        if table.version % COMPACTED_EVERY == 0:
            _compact(table)

    def _table(self) -> Any:
        if not (self._folder / f"{TABLE}.lance").is_dir():
            return None
        return connect(self._folder).open_table(TABLE)


def _compact(table: Any) -> None:
    dataset = table.to_lance()
    with warnings.catch_warnings(action="ignore"):
        dataset.optimize.compact_files()
        dataset.cleanup_old_versions(older_than=KEPT)


def work_of(source_key: str, how: Sequence[object]) -> str:
    """Return a hash of a source's content and of all options that decide what is stored of it."""
    text = repr((source_key, *map(str, how)))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

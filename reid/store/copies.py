"""A venue's tables as streams of rows, and back.

Rows are copied, not files: what a file still holds of an erased sighting, or an earlier version
does, is in no copy. Indexes are built anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

import pyarrow as pa

from reid.core.errors import StoreError
from reid.storage.venue_path import Folder
from reid.store import completed_work, maintenance, table, views
from reid.store.connection import connect, explained

TABLES: Final = (table.TABLE, views.VIEWS, completed_work.TABLE)
"""All tables that a venue may have: of sightings, of their further views, of what is indexed."""

_ROWS_AT_ONCE: Final = 512  # in memory, each with its picture


class Overtaken(StoreError):
    """A version that an erasure or the maintenance removed while it was being copied."""


def versions(folder: Folder) -> dict[str, int]:
    """Return the newest version of each table that there is."""
    with explained(folder, "read"):
        there = [name for name in TABLES if (folder / f"{name}.lance").is_dir()]
        return {name: int(connect(folder).open_table(name).version) for name in there}


def write_rows(folder: Folder, name: str, version: int, out: IO[bytes]) -> int:
    """Write all rows of a table's version as an Arrow stream; returns how many.

    Raises:
        Overtaken: the version is no longer there; begin again with a newer one.
    """
    rows = 0
    with _overtaken(folder):
        found = connect(folder).open_table(name).to_lance().checkout_version(version)
        reader = found.scanner(batch_size=_ROWS_AT_ONCE).to_reader()
        with pa.ipc.new_stream(out, reader.schema.with_metadata(found.schema.metadata)) as stream:
            for batch in reader:
                stream.write_batch(batch)
                rows += batch.num_rows
    return rows


def read_rows(folder: Folder, name: str, source: IO[bytes]) -> int:
    """Make a table of a stream that `write_rows` wrote; returns how many rows it has.

    Raises:
        StoreError: it cannot be written.
    """
    with explained(folder, "written"):
        database: Any = connect(folder)
        with pa.ipc.open_stream(source) as stream:
            made = database.create_table(name, data=stream, schema=stream.schema, mode="overwrite")
        if name == table.TABLE:
            maintenance.index(made)
        return int(made.count_rows())


@contextmanager
def _overtaken(folder: Folder) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError, FileNotFoundError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the file that is written
        raise Overtaken(f"{folder} was erased from while it was copied: try again") from None

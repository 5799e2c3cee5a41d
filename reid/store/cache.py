"""A search server's local copy of a table on S3: only what is new is fetched.

A table is made of fragments whose files never change; a later version has more of them, or the same
ones with rows deleted. What was read of a fragment is kept until it changes or goes, so that erased
rows leave the copy with the first look after the erasure.
"""

from typing import Any

import pyarrow as pa


class FragmentCache:
    """Columns of a table's fragments, in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, pa.Table] = {}

    def read(self, table: Any, columns: list[str]) -> pa.Table:
        """Return all rows of the table's current version, in the table's order."""
        dataset = table.to_lance()
        fresh: dict[str, pa.Table] = {}
        for fragment in dataset.get_fragments():
            name = _identity(fragment, columns)
            known = self._kept.get(name)
            fresh[name] = fragment.to_table(columns=columns) if known is None else known
        self._kept = fresh
        if not fresh:
            return dataset.schema.empty_table().select(columns)
        return pa.concat_tables(fresh.values()).select(columns)


def _identity(fragment: Any, columns: list[str]) -> str:
    """Name what a fragment holds: its files, the rows deleted from it, and what is read."""
    about = fragment.metadata
    files = [file.path for file in about.files]
    return repr((about.id, files, str(about.deletion_file), columns))

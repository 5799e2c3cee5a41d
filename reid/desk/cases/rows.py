"""The desk's database as lines of JSON, and back: from SQLite or PostgreSQL, to either.

A first line says which revision the tables have and which numbers were given out last, so that no
case gets the number of an earlier one. Then comes a line a row. Sign-ins stay behind: who was
signed in then signs in anew.
"""

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from reid.core.errors import DatabaseError
from reid.desk.cases import migrations
from reid.desk.cases.database import Database

_LEFT: Final = ("sessions", migrations.MARK)
_COUNTED: Final = ("cases", "alerts", "outbox")  # tables whose numbers are given out once
_AT_ONCE: Final = 500  # rows of one statement


def write_rows(database: Database, out: IO[bytes]) -> int:
    """Write all rows as they are at one moment; returns how many."""
    written = 0
    with database.snapshot() as connection:
        head = {
            "revision": migrations.revision_of(connection),
            "numbers": {name: _last_number(connection, name) for name in _COUNTED},
        }
        out.write(json.dumps(head).encode() + b"\n")
        for table in _tables(connection):
            query = sa.select(table).execution_options(yield_per=_AT_ONCE)
            for row in connection.execute(query).mappings():
                if not _is_derived(table.name, row):
                    line = {"table": table.name, "row": dict(row)}
                    out.write(json.dumps(line, default=_hex).encode() + b"\n")
                    written += 1
    return written


class Rows:
    """Rows that fill an empty database.

    Args:
        lines: what `write_rows` wrote.

    Raises:
        DatabaseError: they are none.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        head = _read(next(self._lines, b""))
        try:
            self.revision = str(head["revision"])
            self._numbers = {str(name): int(last) for name, last in head["numbers"].items()}
        except (KeyError, TypeError, ValueError, AttributeError):
            raise DatabaseError("the backup's cases cannot be read: use another backup") from None

    def fill(self, connection: Connection) -> None:
        """Insert them into tables of their revision, which hold nothing but its own name."""
        tables = {table.name: table for table in _tables(connection)}
        connection.execute(tables["meta"].delete())
        for name, rows in self._parts():
            if name not in tables:
                raise DatabaseError(f"the backup has cases of an unknown kind ({name})")
            connection.execute(tables[name].insert(), rows)
        for name, last in self._numbers.items():
            _count_from(connection, name, last)

    def _parts(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Yield rows of one table at a time, in their order."""
        name, rows = "", list[dict[str, Any]]()
        for line in self._lines:
            said = _read(line)
            if rows and (said["table"] != name or len(rows) == _AT_ONCE):
                yield name, rows
                rows = []
            name = said["table"]
            rows.append({key: _unhex(value) for key, value in said["row"].items()})
        if rows:
            yield name, rows


def _tables(connection: Connection) -> list[sa.Table]:
    """Return the tables as they are in the database, those that others refer to first."""
    found = sa.MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name not in _LEFT]


def _is_derived(table: str, row: Any) -> bool:
    """Whether a row is written by the migration itself."""
    return table == "meta" and row["name"] == "schema"


def _last_number(connection: Connection, table: str) -> int:
    if connection.dialect.name == "sqlite":
        query = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    else:
        query = sa.text("SELECT pg_sequence_last_value(pg_get_serial_sequence(:name, 'id'))")
    return int(connection.scalar(query, {"name": table}) or 0)


def _count_from(connection: Connection, table: str, last: int) -> None:
    """Give out the numbers of a table after the last one that was."""
    if not last:
        return
    if connection.dialect.name == "sqlite":
        said = {"name": table, "last": last}
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), said)
        connection.execute(sa.text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), said)
    else:
        query = sa.text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)")
        connection.execute(query, {"name": table, "last": last})


def _hex(value: object) -> dict[str, str]:
    if isinstance(value, (bytes, memoryview)):
        return {"hex": bytes(value).hex()}
    raise TypeError(type(value).__name__)


def _unhex(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def _read(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise DatabaseError("the backup's cases cannot be read: use another backup") from None

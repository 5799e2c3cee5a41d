"""The steps that bring a desk's database from any earlier schema to the newest: alembic revisions.

To change a table: change it in `database.py`, add a file to `versions/` with the columns written
out (a revision never imports the tables of today), and name it in `NEWEST`. Use
`op.batch_alter_table` where SQLite cannot alter a table. A test compares the two.
"""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from reid.core.errors import CaseError

NEWEST = "0004"
"""The revision that this version reads and writes."""

FOLDER: Final = Path(__file__).parent
VERSIONS = FOLDER / "versions"

_BEFORE_REVISIONS: Final = "1"  # `meta.schema` of databases without a revision
MARK: Final = "alembic_version"
"""The table that holds the revision."""


def revision_of(connection: Connection) -> str | None:
    """Return a database's revision; None where it has none. Costs two small queries."""
    if not sa.inspect(connection).has_table(MARK):
        return None
    found = connection.scalar(sa.text(f"SELECT version_num FROM {MARK}"))
    return None if found is None else str(found)


def upgrade(connection: Connection, shown: str, to: str | None = None) -> None:
    """Bring a database to a revision, by default the newest, within the connection's transaction.

    A database from before there were revisions passes the first one, which adds what is missing.
    `shown` is the database's name in messages.

    Raises:
        CaseError: it was written by a newer version, or the revision is one's.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("path_separator", "newline")
    for option, folder in (("script_location", FOLDER), ("version_locations", VERSIONS)):
        config.set_main_option(option, str(folder).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    _refuse_unknown(connection, known, shown)
    to = to or NEWEST
    if to not in known:
        raise CaseError(f"{to} is a schema of a newer version: install that one to read it")
    command.upgrade(config, to)
    _tell_earlier_versions(connection)


def _refuse_unknown(connection: Connection, known: set[str], shown: str) -> None:
    found = revision_of(connection)
    if found is None and sa.inspect(connection).has_table("meta"):
        schema = connection.scalar(sa.text("SELECT value FROM meta WHERE name = 'schema'"))
        found = None if schema in {None, _BEFORE_REVISIONS} else str(schema)
    if found is not None and found not in known:
        raise CaseError(
            f"{shown} was written by a newer version (schema {found}, this one reads up to "
            f"{NEWEST}): install the newer version of this program that wrote it"
        )


def _tell_earlier_versions(connection: Connection) -> None:
    """Note the revision where versions without revisions look for it, so that they refuse it."""
    connection.execute(sa.text("DELETE FROM meta WHERE name = 'schema'"))
    connection.execute(
        sa.text("INSERT INTO meta (name, value) VALUES ('schema', :schema)"),
        {"schema": NEWEST.lstrip("0")},
    )

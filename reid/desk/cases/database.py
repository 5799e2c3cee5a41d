"""The desk's database: SQLite in the venue's folder by default, PostgreSQL by URL."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from reid.core.errors import DatabaseError
from reid.desk.cases import migrations
from reid.storage.locks import lock_of
from reid.storage.postgresql import DATABASE_VARIABLE, masked, postgresql_engine
from reid.storage.venue_path import Folder

FILE_NAME: Final = "desk.sqlite"

_BUSY_SECONDS: Final = 30

metadata = sa.MetaData()


class Moment(sa.types.TypeDecorator[datetime]):
    """A time with zone, kept as ISO 8601 in UTC: the same text in every database."""

    impl = sa.String(40)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        """Write a time; refuses one without zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time must carry a time zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        """Read a time back."""
        return None if value is None else datetime.fromisoformat(value)


meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
users = sa.Table(
    "users",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("password", sa.Text, nullable=False),
    sa.Column("role", sa.String(20), nullable=False),
    sa.Column("created", Moment, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False, default=False),
    sa.Column("failures", sa.Integer, nullable=False, default=0),  # of earlier versions, as is
    sa.Column("locked_until", Moment),  # the next
)
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token", sa.String(64), primary_key=True),
    sa.Column("user", sa.String(64), sa.ForeignKey("users.name"), nullable=False),
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("created", Moment, nullable=False),
    sa.Column("seen", Moment, nullable=False),
)
cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("purpose", sa.String(64), nullable=False),
    sa.Column("owner", sa.String(80), nullable=False),
    sa.Column("opened", Moment, nullable=False),
    sa.Column("expires", Moment, nullable=False),
    sa.Column("closed", Moment),
    sa.Column("outcome", sa.String(30)),
    sa.Column("watching", sa.Boolean, nullable=False, default=False),
    sa.Column("key", sa.LargeBinary),
    sa.Column("child_name", sa.Text),
    sa.Column("reporter", sa.Text),
    sa.Column("relationship", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("query", sa.Text),
    sa.Column("last_seen_place", sa.Text),
    sa.Column("last_seen_at", Moment),
    sa.Column("companion", sa.Text),
    sa.Column("erase_at", Moment),
    sqlite_autoincrement=True,
)
requests = sa.Table(
    "requests",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("user", sa.String(80), nullable=False),
    sa.Column("made", Moment, nullable=False),
)
searches = sa.Table(
    "searches",
    metadata,
    sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("made", Moment, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("filters", sa.Text, nullable=False),
)
decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("sighting", sa.String(64), primary_key=True),
    sa.Column("verdict", sa.String(10), nullable=False),
    sa.Column("camera", sa.Text, nullable=False),
    sa.Column("start", Moment, nullable=False),
    sa.Column("end", Moment, nullable=False),
    sa.Column("made", Moment, nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
)
steps = sa.Table(
    "steps",
    metadata,
    sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("step", sa.String(30), primary_key=True),
    sa.Column("made", Moment, nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
)
photos = sa.Table(
    "photos",
    metadata,
    sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("model_id", sa.Text, nullable=False),
    sa.Column("vector", sa.LargeBinary, nullable=False),
    sa.Column("picture", sa.LargeBinary),  # redacted; only where staff keep it
    sa.Column("made", Moment, nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
)
alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("sighting", sa.String(64), nullable=False),
    sa.Column("camera", sa.Text, nullable=False),
    sa.Column("start", Moment, nullable=False),
    sa.Column("raised", Moment, nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("seen", sa.Boolean, nullable=False, default=False),
    sa.Column("continues", sa.Boolean),
    sa.UniqueConstraint("case_id", "sighting"),
    sqlite_autoincrement=True,
)
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("sighting", sa.String(64), nullable=False),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("camera", sa.Text, nullable=False),
    sa.Column("start", Moment, nullable=False),
    sa.Column("raised", Moment, nullable=False),
    sa.Column("probability", sa.Float, nullable=False),
    sa.Column("continues", sa.Boolean, nullable=False, default=False),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("due", Moment, nullable=False),
    sa.Column("sent", Moment),
    sa.Column("problem", sa.String(40), nullable=False, default=""),
    sa.UniqueConstraint("case_id", "sighting", "channel"),
    sqlite_autoincrement=True,
)
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(80), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("case_id", sa.Integer),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Index("audit_by", "actor", "action", "at"),
)


class Content(Protocol):
    """What an empty database is filled with, in the tables of a revision."""

    revision: str

    def fill(self, connection: Connection) -> None: ...


class Database:
    """Opens the desk's database; one of an earlier version is brought to the newest schema.

    Args:
        folder: the venue's folder.
        url: SQLAlchemy URL of a PostgreSQL database; None for SQLite in the folder.
        content: fills it, whole or not at all; it must be empty.

    Raises:
        DatabaseError: it cannot be reached, was written by a newer version, or is not empty.
    """

    def __init__(
        self, folder: Folder, url: str | None = None, content: Content | None = None
    ) -> None:
        self.folder, self.url = folder, url
        self._shown = "the PostgreSQL database" if url else str(folder / FILE_NAME)
        with self.explained():
            self._engine = postgresql_engine(url) if url else _sqlite(folder / FILE_NAME)
            if content is not None or not self._is_newest():
                with lock_of(folder, FILE_NAME, database=url):
                    self._migrate(content)

    @property
    def is_sqlite(self) -> bool:
        """Whether the data lies in the venue's folder."""
        return self._engine.dialect.name == "sqlite"

    def __repr__(self) -> str:
        return f"Database({self._shown})"

    def __str__(self) -> str:
        return self._shown

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a consistent view."""
        with self.explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a view in which all queries see the same moment, while others write."""
        with self.explained(), self._engine.connect() as plain:
            several = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
            yield plain.execution_options(**several)

    def write(self) -> AbstractContextManager[Connection]:
        """Open a transaction that alone may write; committed unless something is raised."""
        return self._alone("writing")

    @contextmanager
    def _alone(self, purpose: Literal["writing", "migrating"]) -> Iterator[Connection]:
        with self.explained(), self._engine.connect() as plain:
            connection = plain.execution_options(**{purpose: True})
            with connection.begin():
                if not self.is_sqlite:
                    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(746574)")
                yield connection

    def purge(self) -> None:
        """Leave no byte of deleted rows in the database's files."""
        with self.explained(), self._engine.connect() as plain:
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")
            if self.is_sqlite:
                connection.exec_driver_sql("VACUUM")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            else:
                content = (
                    "cases", "searches", "decisions", "steps", "alerts", "outbox", "requests",
                    "sessions", "photos",
                )  # fmt: skip
                for table in content:
                    connection.exec_driver_sql(f"VACUUM FULL {table}")

    def _is_newest(self) -> bool:
        with self.read() as connection:
            return migrations.revision_of(connection) == migrations.NEWEST

    def _migrate(self, content: Content | None = None) -> None:
        """Bring it to the newest revision, whole or not at all, unless somebody just did.

        The transaction keeps out every other writer, of earlier versions too.
        """
        try:
            with self._alone("migrating") as connection:
                if content is not None:
                    self._fill(connection, content)
                elif migrations.revision_of(connection) == migrations.NEWEST:
                    return
                migrations.upgrade(connection, self._shown)
                _append_only(connection)
                _check_whole(connection, self._shown)
        finally:
            self._engine.dispose()  # a connection that migrated does not check references

    def _fill(self, connection: Connection, content: Content) -> None:
        if sa.inspect(connection).get_table_names():
            raise DatabaseError(f"{self._shown} is not empty: name an empty database")
        migrations.upgrade(connection, self._shown, content.revision)
        content.fill(connection)

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn the database's failures into one line without values (they may be names)."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            cause = getattr(error, "orig", None) or error
            first = (str(cause).splitlines() or [""])[0]
            text = first if isinstance(cause, (sqlite3.Error, OSError)) else type(cause).__name__
            raise DatabaseError(f"{self._shown} cannot be used ({masked(text)[:160]})") from None


def _sqlite(path: Folder) -> sa.Engine:
    if not isinstance(path, Path):
        raise DatabaseError(
            "cases of a venue on S3 are kept in PostgreSQL: set "
            f"{DATABASE_VARIABLE} to postgresql://user@host/name"
        )
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    engine = sa.create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
        hide_parameters=True,
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # transactions begin where `_begin` says so
        for pragma in (
            "journal_mode=WAL",
            "secure_delete=ON",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            alone = options.get("writing") or options.get("migrating")
            if options.get("migrating"):  # else a table that others refer to cannot be rebuilt
                connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            mode = "IMMEDIATE" if alone else "DEFERRED"
            connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def _append_only(connection: Connection) -> None:
    """Let the database itself refuse to change the audit trail."""
    if connection.dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER IF NOT EXISTS audit_no_{verb.lower()} BEFORE {verb} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
            )
        return
    connection.exec_driver_sql(
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger AS $$ BEGIN "
        "RAISE EXCEPTION 'the audit trail is append-only'; END $$ LANGUAGE plpgsql"
    )
    connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_no_change ON audit")
    connection.exec_driver_sql(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
    )


def _check_whole(connection: Connection, shown: str) -> None:
    """Refuse tables that lack a column, and rows that refer to none."""
    inspector = sa.inspect(connection)
    for table in metadata.sorted_tables:
        found = {column["name"] for column in inspector.get_columns(table.name)}
        if lacking := sorted(set(table.columns.keys()) - found):
            raise DatabaseError(
                f"{shown} was written by no version of reid (table {table.name} lacks "
                f"{', '.join(lacking)}): restore it from a backup"
            )
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise DatabaseError(
                f"{shown} is damaged (table {broken[0]} refers to rows that are not there): "
                "restore it from a backup"
            )

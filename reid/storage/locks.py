"""One writer at a time: a file's lock in a venue's folder, PostgreSQL's for a venue on S3.

Both are freed by the operating system or the server when their holder dies. A lock on PostgreSQL is
also lost when the connection is; who is about to destroy something asks `still_held` first.
"""

import hashlib
import os
import threading
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import sqlalchemy as sa
from filelock import FileLock, Timeout

from reid.core.errors import StoreError
from reid.storage.postgresql import DATABASE_VARIABLE, postgresql_engine
from reid.storage.venue_path import Folder


class Lock(Protocol):
    """A lock that its holder may take again."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...  # fmt: skip
    def still_held(self) -> bool:
        """Whether nobody else can have got it meanwhile."""
        ...


def lock_of(folder: Folder, name: str, timeout: float = 120.0, database: str | None = None) -> Lock:
    """Return a venue's lock of some name; waiting longer than `timeout` seconds is an error.

    `database` is the URL of the PostgreSQL server of a venue on S3, by default the environment's.
    """
    if isinstance(folder, Path):
        return FolderLock(folder, name, timeout)
    return DatabaseLock(str(folder), name, timeout, database)


class FolderLock:
    """A lock on a file; each thread holds it for itself."""

    def __init__(self, folder: Path, name: str, timeout: float) -> None:
        self._folder, self._timeout = folder, timeout
        self._file = FileLock(folder / f"{name}.lock", timeout=timeout, mode=0o600)

    def __enter__(self) -> Self:
        try:
            self._file.acquire()
        except Timeout:
            raise StoreError(_waited(self._folder, self._timeout)) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._file.release()

    def still_held(self) -> bool:
        """Whether it is held; the kernel takes it from nobody who lives."""
        return bool(self._file.is_locked)


class DatabaseLock:
    """An advisory lock on the venue's PostgreSQL server, held by one connection.

    Raises:
        StoreError: on entering: no server is named, it does not answer, or the wait is too long.
    """

    def __init__(
        self, address: str, name: str, timeout: float, database: str | None = None
    ) -> None:
        self._address, self._timeout, self._database = address, timeout, database
        digest = hashlib.blake2b(f"{address}/{name}".encode(), digest_size=8).digest()
        self._key = int.from_bytes(digest, "big", signed=True)
        self._turn = threading.RLock()  # one thread at a time within this process
        self._depth = 0
        self._connection: sa.Connection | None = None

    def __enter__(self) -> Self:
        self._turn.acquire()
        try:
            if not self._depth:
                self._take()
            self._depth += 1
        except BaseException:
            self._turn.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._depth -= 1
        try:
            if not self._depth:
                self._give()
        finally:
            self._turn.release()

    def still_held(self) -> bool:
        """Ask the server whether this connection holds it."""
        held = sa.text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND pid = pg_backend_pid() AND objsubid = 1 "
            "AND ((classid::bigint << 32) | objid::bigint) = :key"
        )
        try:
            assert self._connection is not None
            return bool(self._connection.scalar(held, {"key": self._key}))
        except (AssertionError, sa.exc.SQLAlchemyError):
            return False

    def _take(self) -> None:
        limit = {"limit": f"{round(1000 * self._timeout)}ms"}
        try:
            plain = self._connection = self._connect()
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(sa.text("SELECT set_config('lock_timeout', :limit, false)"), limit)
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": self._key})
        except sa.exc.SQLAlchemyError as error:
            self._drop()
            waited = "LockNotAvailable" in type(getattr(error, "orig", error)).__name__
            raise StoreError(
                _waited(self._address, self._timeout)
                if waited
                else f"{self._address} cannot be written: the PostgreSQL server that keeps its "
                f"lock does not answer; see {DATABASE_VARIABLE}"
            ) from None

    def _connect(self) -> sa.Connection:
        url = self._database or os.environ.get(DATABASE_VARIABLE)
        if not url:
            raise StoreError(
                f"{self._address} is written under a lock that PostgreSQL keeps: set "
                f"{DATABASE_VARIABLE} to postgresql://user@host/name"
            )
        return _engine(url, os.getpid()).connect()

    def _give(self) -> None:
        """Unlock; a connection that broke took the lock with it."""
        try:
            assert self._connection is not None
            self._connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": self._key})
            self._connection.close()
        except sa.exc.SQLAlchemyError:
            self._drop()
        self._connection = None

    def _drop(self) -> None:
        """Close the connection for good, and with it the lock."""
        if self._connection is not None:
            with suppress(sa.exc.SQLAlchemyError):
                self._connection.invalidate()
                self._connection.close()
        self._connection = None


@lru_cache(maxsize=16)
def _engine(url: str, process: int) -> sa.Engine:
    """Return the connections that all locks of a process share; a forked one has its own."""
    return postgresql_engine(url, pool_size=2, max_overflow=30)


def _waited(where: object, timeout: float) -> str:
    return (
        f"{where} is being written by another process for over {timeout:.0f} s: try again when "
        f"it is done"
    )

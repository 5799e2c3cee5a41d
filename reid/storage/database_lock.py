"""A lock that the venue's PostgreSQL server keeps, for venues on S3.

It is freed by the server when its holder dies, and lost when the connection is; who is about to
destroy something asks `still_held` first.
"""

import hashlib
import os
import threading
from contextlib import suppress
from functools import lru_cache
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from reid.core.errors import StoreError
from reid.storage.postgresql import DATABASE_VARIABLE, postgresql_engine
from reid.storage.venue_path import waited


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
            in_vain = "LockNotAvailable" in type(getattr(error, "orig", error)).__name__
            raise StoreError(
                waited(self._address, self._timeout)
                if in_vain
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

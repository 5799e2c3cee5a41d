"""What of the product touches the outside, bound to a simulated world; the rest runs as it is."""

import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import sqlalchemy as sa

from reid.core.errors import StoreError
from reid.desk import cases, erasure, retention_clock, thumbnails
from reid.desk import desk as desk_module
from reid.desk.cases import alerts, audit, book, database, outbox, photos
from reid.search import snapshot
from reid.storage import durable
from reid.watch import alerting
from tests.simulator.world import SimLock, World, patched

_SQLITE = database._sqlite
_WRITES = ("INSERT", "UPDATE", "DELETE", "VACUUM")


class VenueLock(SimLock):
    """A venue's lock, as `reid.storage.locks.lock_of` returns it."""

    def too_late(self) -> Exception:
        return StoreError(f"{self._name} is being written by another process")


class Machine:
    """Binds the product's modules to a world: clock, locks, random numbers, database, threads."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._locks: dict[str, Any] = {}
        self._random = random.Random(f"keys {world.seed}")
        self._anonymous = 0
        self._disks: dict[Path, Disk] = {}
        world.on_power_failure = self._lose_connections

    @contextmanager
    def bound(self) -> Iterator[None]:
        """Run the product on this machine."""
        clock, keys = _clock(self.world), self._secrets()
        timed = (book, alerts, outbox, audit, desk_module, alerting, retention_clock, photos)
        changes = [(module, "datetime", clock) for module in timed]
        changes += [(module, "lock_of", self.lock_of) for module in (audit, database, erasure)]
        changes += [(module, "secrets", keys) for module in (book, audit)]
        changes += [(module, "threading", self._threading()) for module in (snapshot, alerting)]
        seconds = SimpleNamespace(monotonic=self.world.monotonic, perf_counter=self.world.monotonic)
        changes += [
            (module, "time", seconds)
            for module in (snapshot, thumbnails, desk_module, retention_clock)
        ]
        changes.append((retention_clock, "_machine", lambda: f"boot {self.world.failures}"))
        changes.append((durable, "os", _Os(self.world)))
        changes.append((database, "_BUSY_SECONDS", 0))
        changes.append((database, "_sqlite", self._sqlite))
        changes.append((cases, "Accounts", lambda *_: None))  # hashing takes a second
        with ExitStack() as stack:
            stack.enter_context(patched(changes))
            yield
        for disk in self._disks.values():
            disk.engine.dispose()

    def lock_of(
        self, folder: Path, name: str, timeout: float = 120.0, database: str | None = None
    ) -> VenueLock:
        """Return a venue's lock of some name."""
        return VenueLock(self.world, self._locks, name, timeout)

    def _secrets(self) -> SimpleNamespace:
        draw = self._random.randbytes
        return SimpleNamespace(token_bytes=draw, token_hex=lambda n: draw(n).hex())

    def _threading(self) -> SimpleNamespace:
        """Return threads that are tasks of the process that starts them."""

        def lock() -> SimLock:
            self._anonymous += 1
            return SimLock(self.world, self._locks, f"thread lock {self._anonymous}")

        def thread(target: Callable[[], object], daemon: bool = True) -> SimpleNamespace:
            def start() -> None:
                task = self.world.task
                if task is None:
                    target()
                    return
                self.world.spawn(task.process, f"thread of {task.name}", target)

            return SimpleNamespace(start=start)

        return SimpleNamespace(Lock=lock, Thread=thread)

    def _sqlite(self, path: Path) -> sa.Engine:
        path = Path(path)
        if path not in self._disks:
            self._disks[path] = _disk(path)
            self._disks[path].mount(self.world, self._locks)
        return self._disks[path].engine

    def _lose_connections(self) -> None:
        for disk in self._disks.values():
            disk.engine.dispose()


class Disk:
    """SQLite on a disk that fills, is torn, and is shared with others.

    Whoever wants to write waits here and not inside SQLite, where nobody else could go on. All
    processes of all runs share one engine, so that each statement is compiled once; each has
    connections of its own.
    """

    def __init__(self, path: Path) -> None:
        self._path, self.engine = path, _SQLITE(path)
        pool: Any = self.engine.pool
        pool._max_overflow = -1  # who waited for a connection would stop all others
        dialect: Any = self.engine.dialect
        self._commit, self._rollback = dialect.do_commit, dialect.do_rollback
        self._execute = dialect.do_execute
        dialect.do_commit, dialect.do_rollback = self.commit, self.rollback
        dialect.do_execute = self.execute
        dialect.do_execute_no_params = self.execute_no_params

    def mount(self, world: World, locks: dict[str, Any]) -> None:
        """Put it into a machine."""
        self._world, self._lock = world, SimLock(world, locks, "database")
        self._writers: set[int] = set()

    def commit(self, dbapi: Any) -> None:
        """Write what was done, unless the disk is full or the power fails meanwhile."""
        writes = id(_raw(dbapi)) in self._writers
        if writes:
            self._world.pause("commits")
            self._require_room()
        torn = writes and self._world.task and self._world.rng.random() < self._world.faults.tear
        before = self._state() if torn else None
        self._commit(dbapi)
        if before is not None:
            self._tear(before)
        self._done(dbapi)
        if writes:
            self._world.pause("has committed")

    def rollback(self, dbapi: Any) -> None:
        """Undo."""
        self._rollback(dbapi)
        self._done(dbapi)

    def execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        """Run one statement."""
        self._before(statement, cursor)
        with _never_locked():
            self._execute(cursor, statement, parameters, context)

    def execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        """Run one statement without parameters."""
        self._before(statement, cursor)
        with _never_locked():
            cursor.execute(statement)

    def _before(self, statement: str, cursor: sqlite3.Cursor) -> None:
        """Wait for one's turn to read or to write; refuse what finds no room."""
        self._world.require_alive()
        if statement == "BEGIN IMMEDIATE":
            self._lock.acquire()
            self._writers.add(id(cursor.connection))
        elif statement.startswith("BEGIN"):
            self._world.pause("reads the database")
        if statement.startswith(("VACUUM", "PRAGMA wal_checkpoint")):
            self._lock.acquire()  # it needs the database to itself for this one statement
            self._lock.release()
        if statement.startswith(_WRITES):
            if id(cursor.connection) in self._writers:
                self._world.pause("changes rows")
            self._require_room()

    def _require_room(self) -> None:
        if self._world.faults.full:
            raise sqlite3.OperationalError("database or disk is full")

    def _tear(self, before: tuple[bytes, int]) -> None:
        """Let the power fail while the last commit was being written, if it went to the log."""
        after = self._state()
        if after[0] != before[0] or after[1] <= before[1]:
            return
        log = self._path.with_name(f"{self._path.name}-wal")
        self._world.power_fails((log, before[1], after[1]))
        self._world.require_alive()

    def _state(self) -> tuple[bytes, int]:
        """Return what the database's own file holds, and how long its log is."""
        log = self._path.with_name(f"{self._path.name}-wal")
        return self._path.read_bytes(), log.stat().st_size if log.exists() else 0

    def _done(self, dbapi: Any) -> None:
        self._writers.discard(id(_raw(dbapi)))
        self._lock.release()


@contextmanager
def _never_locked() -> Iterator[None]:
    """Tell of waiting inside SQLite: here nobody else could go on meanwhile."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise RuntimeError(f"the simulator let two write at once: {error}") from error
        raise


def _raw(connection: Any) -> Any:
    """Return sqlite3's own connection."""
    return getattr(connection, "dbapi_connection", None) or connection


@cache
def _disk(path: Path) -> Disk:
    return Disk(path)


class _Os:
    """`os`, whose sync of a folder the world notes."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, descriptor: int, data: bytes) -> int:
        """Write, where there is room."""
        self._world.require_alive()
        self._world.require_room()
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        """Sync; of what is in memory alone nothing needs to be."""
        self._world.synced(Path(f"/proc/self/fd/{descriptor}").readlink())


def _clock(world: World) -> type[datetime]:
    class SimDatetime(datetime):
        """`datetime` by the world's clock."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return world.now.astimezone(tz)  # type: ignore[return-value]

    return SimDatetime

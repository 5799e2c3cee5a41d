"""The audit trail: append-only, each line sealed together with the one before it.

The seal is an HMAC under a key that lies in the venue's folder, not in the database, so that
somebody who can write to the database alone can forge no line. The last seal is also kept in a file
beside it, so that cutting lines off the end shows; printing it puts it out of everybody's reach.
Lines hold no content: people's data appears only as an HMAC under the case's own key, which is
destroyed with the case.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from reid.core.errors import AccessError, AuditError
from reid.desk.cases.database import Database, audit, meta
from reid.storage.locks import lock_of
from reid.storage.venue_path import Folder

KEY_FILE: Final = "audit.key"
HEAD_FILE: Final = "audit.head"

Detail = Mapping[str, str | int | float | bool | Sequence[str]]

_START: Final = "0" * 64
_OWNER: Final = "venue"
_NOTHING: Final[Detail] = {}
_SHORT: Final = 24  # hex digits of a reference to a sighting


@dataclass(frozen=True, slots=True)
class Line:
    """One line: who did what, to which case, when; `detail` is JSON without content."""

    seq: int
    at: str
    actor: str
    action: str
    case_id: int | None
    detail: str
    previous: str
    hash: str

    @property
    def time(self) -> datetime:
        """When, UTC."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True, slots=True)
class Limit:
    """How often somebody may do any of some actions, together, within an hour."""

    actions: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What checking the whole trail found: how many lines hold, the last seal, what is wrong."""

    lines: int
    head: str
    problem: str | None = None


class Change:
    """A transaction whose audit lines are written with it or not at all."""

    def __init__(self, connection: Connection, trail: "Trail") -> None:
        self.connection = connection
        self._trail = trail
        self.head: tuple[int, str] | None = None

    def note(
        self, actor: str, action: str, case_id: int | None = None, detail: Detail = _NOTHING
    ) -> None:
        """Append a line."""
        self.head = self._trail.append(self.connection, actor, action, case_id, detail)

    def require_within(self, limit: Limit, actor: str) -> None:
        """Refuse one more action; nobody else can write meanwhile, so none slips by.

        Raises:
            AccessError: the limit is reached.
        """
        _require_within(self.connection, limit, actor, 1)


class Trail:
    """The venue's audit trail."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._head_path = database.folder / HEAD_FILE
        self._lock = lock_of(database.folder, HEAD_FILE, 30, database.url)
        self._key = self._load_key(database.folder / KEY_FILE)
        self._claim()

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Open a transaction that can note lines; the last seal is put beside it afterwards."""
        with self._database.write() as connection:
            change = Change(connection, self)
            yield change
        if change.head:
            self._anchor(*change.head)

    def append(
        self, connection: Connection, actor: str, action: str, case_id: int | None, detail: Detail
    ) -> tuple[int, str]:
        """Add a line inside a write transaction; returns its number and seal."""
        last, previous = _newest(connection) or (0, _START)
        seq = last + 1
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        text = json.dumps(dict(detail), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        line = Line(seq, at, actor, action, case_id, text, previous, "")
        seal = self._seal(line)
        connection.execute(
            audit.insert().values(
                seq=seq,
                at=at,
                actor=actor,
                action=action,
                case_id=case_id,
                detail=text,
                previous=previous,
                hash=seal,
            )
        )
        return seq, seal

    def lines(self, case_id: int | None = None, newest: int | None = None) -> list[Line]:
        """Return lines in order; of one case, or the newest few."""
        query = sa.select(audit).order_by(audit.c.seq.desc())
        if case_id is not None:
            query = query.where(audit.c.case_id == case_id)
        with self._database.read() as connection:
            rows = connection.execute(query.limit(newest)).all()
        return [Line(*row) for row in reversed(rows)]

    def since(self, seq: int) -> list[Line]:
        """Return the lines after a number, in order."""
        query = sa.select(audit).where(audit.c.seq > seq).order_by(audit.c.seq)
        with self._database.read() as connection:
            return [Line(*row) for row in connection.execute(query)]

    def require_within(self, limit: Limit, actor: str, more: int = 1) -> None:
        """Refuse somebody who has done too much within the last hour to do so much more.

        Raises:
            AccessError: the limit is reached.
        """
        with self._database.read() as connection:
            _require_within(connection, limit, actor, more)

    def verify(self, head: str | None = None) -> Verified:
        """Check every line against its seal, its number and the line before it.

        Args:
            head: a seal noted down earlier; it must still be in the trail.
        """
        kept = self._read_head()
        wanted = {seal for seal in (kept, head) if seal}
        previous, count = _START, 0
        with self._database.read() as connection:
            for row in connection.execute(sa.select(audit).order_by(audit.c.seq)):
                line = Line(*row)
                problem = self._problem(line, count + 1, previous)
                if problem:
                    return Verified(count, previous, problem)
                previous, count = line.hash, count + 1
                wanted.discard(previous)
        if wanted:
            return Verified(count, previous, f"lines are missing after line {count}")
        if kept is None and count:
            return Verified(count, previous, f"{HEAD_FILE} is missing: lines may have been cut off")
        return Verified(count, previous)

    def _problem(self, line: Line, seq: int, previous: str) -> str | None:
        if line.seq != seq:
            return f"line {seq} is missing"
        if line.previous != previous or not hmac.compare_digest(line.hash, self._seal(line)):
            return f"line {seq} was changed"
        return None

    def _seal(self, line: Line) -> str:
        fields = [line.seq, line.at, line.actor, line.action, line.case_id, line.detail]
        text = json.dumps([*fields, line.previous], ensure_ascii=True)
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _anchor(self, seq: int, seal: str) -> None:
        """Keep the newest seal in a file; one process at a time, never going back.

        Who waited for the lock often finds a newer seal there already, and is done.
        """
        with self._lock:
            known = self._head_path.read_text().split() if self._head_path.exists() else ["0"]
            if int(known[0]) >= seq:
                return
            newest, its_seal = self._last() or (seq, seal)
            _write_durably(self._head_path, f"{newest} {its_seal}\n")

    def _last(self) -> tuple[int, str] | None:
        with self._database.read() as connection:
            return _newest(connection)

    def _read_head(self) -> str | None:
        if not self._head_path.exists():
            return None
        words = self._head_path.read_text().split()
        return words[1] if len(words) == 2 else "damaged"

    def _load_key(self, path: Folder) -> bytes:
        with self._lock:
            if not path.exists():
                with self._database.read() as connection:
                    if connection.scalar(sa.select(sa.func.count()).select_from(audit)):
                        raise AuditError(f"{path} is gone: restore it, the trail needs it")
                _write_durably(path, secrets.token_hex(32))
            try:
                return bytes.fromhex(path.read_text().strip())
            except (ValueError, OSError):
                raise AuditError(f"{path} cannot be read: restore it") from None

    def _claim(self) -> None:
        """Bind the database to the venue that holds the key; no other venue reads it.

        Raises:
            AccessError: it is another venue's.
        """
        mine = hmac.new(self._key, b"venue", hashlib.sha256).hexdigest()
        owner = sa.select(meta.c.value).where(meta.c.name == _OWNER)
        with self._database.read() as connection:
            found = connection.scalar(owner)
        if found is None:
            with self._database.write() as connection:
                found = connection.scalar(owner)
                if found is None:
                    connection.execute(meta.insert().values(name=_OWNER, value=mine))
                    found = mine
        if not hmac.compare_digest(found, mine):
            raise AccessError(
                f"{self._database} holds the cases of another venue: give each venue a database "
                "and a database user of its own"
            )


def _require_within(connection: Connection, limit: Limit, actor: str, more: int) -> None:
    since = datetime.now(UTC) - timedelta(hours=1)
    query = sa.select(sa.func.count()).where(
        audit.c.actor == actor,
        audit.c.action.in_(limit.actions),
        audit.c.at >= since.isoformat(timespec="microseconds"),
    )
    if int(connection.scalar(query) or 0) + more > limit.most:
        raise AccessError(f"more than {limit.most} searches in an hour: ask a supervisor")


def _newest(connection: Connection) -> tuple[int, str] | None:
    """Return the number and the seal of the last line."""
    last = connection.execute(
        sa.select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    ).first()
    return (int(last.seq), str(last.hash)) if last else None


def _write_durably(path: Folder, text: str) -> None:
    """Replace a file, readable by its owner alone, such that a crash leaves the old or the new."""
    if not isinstance(path, Path):
        path.write_text(text)  # S3 replaces an object whole or not at all
        return
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(path)


def reference(key: bytes, sighting: str) -> str:
    """Name a sighting such that only who holds the case's key can tell which it is."""
    return hmac.new(key, sighting.encode(), hashlib.sha256).hexdigest()[:_SHORT]

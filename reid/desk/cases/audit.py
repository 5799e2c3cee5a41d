"""The audit trail: append-only, each line sealed together with the one before it.

The seal is an HMAC under a key that lies in the venue's folder, not in the database, so that
somebody who can write to the database alone can forge no line. The number and the seal of the last
line are also kept apart from the lines, under a seal of their own: in the database's table `meta`
and in a file, so that cutting lines off the end shows. Where lines were cut, numbers go on after
the last one ever written, so that the gap stays. Sinks outside the venue (`audit_sinks`) receive
seals as they come; printing one puts it out of everybody's reach as well. Lines hold no content:
people's data appears only as an HMAC under the case's own key, which is destroyed with the case.
"""

import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from reid.core.errors import AccessError, AuditError, StoreError
from reid.desk.cases.audit_sinks import Outside, Seal
from reid.desk.cases.database import Database, audit, cases, meta, users
from reid.storage.durable import write_durably
from reid.storage.locks import lock_of
from reid.storage.venue_path import Folder

LOG: Final = logging.getLogger("reid.desk")

KEY_FILE: Final = "audit.key"
HEAD_FILE: Final = "audit.head"

RESTORED: Final = "restore"
"""Action of the line that follows the last one of a backup, in the venue restored from it."""

Detail = Mapping[str, str | int | float | bool | Sequence[str]]

_START: Final = "0" * 64
_OWNER: Final = "venue"
_NEWEST: Final = "audit.newest"  # of the table `meta`: number and seal of the last line, sealed
_SAID: Final = 5  # problems that are named
_BEGUN: Final = ("serve.json", "status.json")  # written by who left a line before
_NOTHING: Final[Detail] = {}
_KEY_BYTES: Final = 32
_DIGITS: Final = 15
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
    """What checking the whole trail found.

    Attributes:
        lines: how many hold, up to the first problem.
        head: the seal of the last of them.
        problems: what is wrong, in order of the lines; the first few.
        lost: first and last number of lines that came after a backup and were lost when the venue
            was restored from it; the line after them says so.
    """

    lines: int
    head: str
    problems: tuple[str, ...] = ()
    lost: tuple[tuple[int, int], ...] = ()

    @property
    def problem(self) -> str | None:
        """What is wrong, in one line; None if nothing is."""
        return "; ".join(self.problems) or None


class Change:
    """A transaction whose audit lines are written with it or not at all."""

    def __init__(self, connection: Connection, trail: "Trail") -> None:
        self.connection = connection
        self._trail = trail
        self.head: Seal | None = None

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
        self.outside = Outside()
        """Sinks outside the venue that receive seals."""

        self._claim()
        self._kept = self._read_head(earlier=True)

    @contextmanager
    def change(self) -> Iterator[Change]:
        """Open a transaction that can note lines; the last seal is put beside it afterwards."""
        with self._database.write() as connection:
            change = Change(connection, self)
            yield change
            if change.head:
                self._count(connection, change.head)
        if change.head:
            self._anchor(change.head)
            self.outside.at_once(change.head)

    def append(
        self, connection: Connection, actor: str, action: str, case_id: int | None, detail: Detail
    ) -> Seal:
        """Add a line inside a write transaction; returns its number and seal.

        Where lines were cut off the end, it follows the last one that was ever written.
        """
        known = (_newest(connection), self._counter(connection), self._kept)
        last = max((seal for seal in known if seal), key=lambda s: s.line, default=Seal(0, _START))
        seq, previous = last.line + 1, last.text
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
        return Seal(seq, seal)

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

    def verify(self, head: str | None = None, received: Sequence[Seal] = ()) -> Verified:
        """Check every line against its seal, its number, and the seals that are kept elsewhere.

        Args:
            head: a seal noted down earlier; it must still be in the trail.
            received: seals that sinks have received, likewise.
        """
        wanted, problems = self._wanted(received)
        begun, good, last = len(problems), Seal(0, _START), Seal(0, _START)
        lost: list[tuple[int, int]] = []
        with self._database.read() as connection:
            for row in connection.execute(sa.select(audit).order_by(audit.c.seq)):
                line = Line(*row)
                if line.seq > last.line + 1 and self._tells_of_loss(line, last):
                    lost.append((last.line + 1, line.seq - 1))
                    last = Seal(line.seq - 1, line.previous)
                problems += self._problems(line, last)
                last = Seal(line.seq, line.hash)
                problems += _other_seal(last, wanted.pop(line.seq, {}))
                good = last if len(problems) == begun else good
                head = None if head == last.text else head
            problems += _cut_off(last.line, wanted)
            problems += self._of_the_past(connection, last.line) if not problems else []
        if head:
            problems.append(f"lines are missing after line {good.line}: none has the seal given")
        return Verified(good.line, good.text, tuple(problems[:_SAID]), tuple(lost))

    def send(self) -> None:
        """Send the newest seal to the sinks outside that have not received it.

        Raises:
            OSError: one of them does not take it.
        """
        if self.outside.sinks:
            self.outside.send(self._last())

    def _wanted(self, received: Sequence[Seal]) -> tuple[dict[int, dict[str, str]], list[str]]:
        """Return the seals that must be in the trail (line → seal → who has it), and problems."""
        problems: list[str] = []
        with self._database.read() as connection:
            counter, newest = self._counter(connection), _newest(connection)
        earlier = counter is None and self._is_of_earlier_version()
        found = [(HEAD_FILE, self._read_head(earlier)), ("the database's counter", counter)]
        for name, seal in found[: 1 if earlier else 2]:
            if seal is None and newest:
                problems.append(f"{name} is missing or was changed: lines may have been cut off")
        found += [("what was received", seal) for seal in received]
        for sink in self.outside.files:
            try:
                seals = sink.seals()
            except OSError as error:
                problems.append(f"{sink.path} cannot be read ({error.strerror})")
                continue
            if newest and not seals:
                problems.append(f"{sink.path} holds no seal: it was emptied, or never written")
            found += [(str(sink.path), seal) for seal in seals]
        wanted: dict[int, dict[str, str]] = {}
        for name, seal in found:
            if seal is not None:
                wanted.setdefault(seal.line, {}).setdefault(seal.text, name)
        return wanted, problems

    def _problems(self, line: Line, last: Seal) -> list[str]:
        """Say what is wrong with a line that follows another."""
        problems = []
        if line.seq > last.line + 1:
            problems.append(_missing(last.line + 1, line.seq - 1))
        follows = line.previous == last.text or bool(problems)
        if not follows or not self.is_genuine(line):
            problems.append(f"line {line.seq} was changed")
        return problems

    def _tells_of_loss(self, line: Line, last: Seal) -> bool:
        """Whether a line after a gap says that the venue was restored as of the line before it."""
        return (
            line.action == RESTORED
            and json.loads(line.detail).get("line") == last.line
            and self.is_genuine(line)
        )

    def is_genuine(self, line: Line) -> bool:
        """Whether a line's own seal is right."""
        return hmac.compare_digest(line.hash, self._seal(line))

    def go_on_after(self, seal: Seal) -> None:
        """Give the next line a number after one that is known from outside, and follow its seal."""
        if self._kept is None or self._kept.line < seal.line:
            self._kept = seal

    def _of_the_past(self, connection: Connection, lines: int) -> list[str]:
        """Say what the venue holds that lines must tell of, and none does."""
        problems = []
        for table, column, action, name in (
            (users, users.c.name, "user.add", "user"), (cases, cases.c.id, "case.open", "case C-"),
        ):  # fmt: skip
            known = connection.scalars(sa.select(column)).all()
            told = sa.select(audit.c.detail, audit.c.case_id).where(audit.c.action == action)
            rows = connection.execute(told).all()
            lacking = sorted(set(known) - {_subject(row.detail, row.case_id) for row in rows})
            if lacking:
                gap = "" if table is cases else " "
                problems.append(f"no line tells of {name}{gap}{lacking[0]}: lines are missing")
        begun = [name for name in _BEGUN if (self._database.folder / name).exists()]
        if not lines and begun and not problems:
            problems.append(f"the trail is empty, but {begun[0]} says that the venue has a past")
        return problems

    def key_for(self, purpose: str) -> bytes:
        """Return a key of the venue's own for something else than the trail."""
        return hmac.new(self._key, f"key for {purpose}".encode(), hashlib.sha256).digest()

    def _seal(self, line: Line) -> str:
        fields = [line.seq, line.at, line.actor, line.action, line.case_id, line.detail]
        text = json.dumps([*fields, line.previous], ensure_ascii=True)
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _count(self, connection: Connection, newest: Seal) -> None:
        """Keep number and seal of the newest line in the database, apart from the lines."""
        mine = meta.c.name == _NEWEST
        value = self._sealed(newest)
        if not connection.execute(meta.update().where(mine).values(value=value)).rowcount:
            connection.execute(meta.insert().values(name=_NEWEST, value=value))

    def _counter(self, connection: Connection) -> Seal | None:
        """Return what the database keeps apart from the lines; None if that was changed."""
        value = connection.scalar(sa.select(meta.c.value).where(meta.c.name == _NEWEST))
        return self._unsealed(value or "")

    def _anchor(self, newest: Seal) -> None:
        """Keep the newest seal in a file; one process at a time, never going back.

        Who waited for the lock often finds a newer seal there already, and is done. The line is
        written by now: where the file cannot be, whoever writes the next line does it, and nobody
        is told that what was done had failed.
        """
        try:
            self._keep_head(newest)
        except StoreError as error:
            LOG.warning(json.dumps({"audit": "head not kept", "problem": type(error).__name__}))

    def _keep_head(self, newest: Seal) -> None:
        with self._lock:
            known = self._read_head(earlier=True)
            if known is None or known.line < newest.line:
                known = max(newest, self._last() or newest, key=lambda seal: seal.line)
                write_durably(self._head_path, f"{self._sealed(known)}\n")
            self._kept = known

    def _last(self) -> Seal | None:
        with self._database.read() as connection:
            return _newest(connection)

    def _read_head(self, earlier: bool = False) -> Seal | None:
        """Return what the file keeps; None if it is missing, damaged or was changed.

        Args:
            earlier: whether an earlier version may have written it, without a seal of its own.
        """
        words = self._head_words()
        if earlier and len(words) == 2 and words[0].isascii() and words[0].isdigit():
            return Seal(int(words[0][:_DIGITS]), words[1])
        return self._unsealed(" ".join(words))

    def _is_of_earlier_version(self) -> bool:
        return len(self._head_words()) == 2

    def _head_words(self) -> list[str]:
        try:
            return self._head_path.read_bytes().decode().split()
        except (FileNotFoundError, UnicodeDecodeError):
            return []

    def _sealed(self, seal: Seal) -> str:
        """Return a number and its seal with a seal of their own."""
        text = f"{seal.line} {seal.text}"
        own = hmac.new(self._key, f"newest {text}".encode(), hashlib.sha256).hexdigest()
        return f"{text} {own}"

    def _unsealed(self, text: str) -> Seal | None:
        """Read that back; None if it was changed."""
        words = text.split()
        if len(words) != 3 or not (words[0].isascii() and words[0].isdigit()):
            return None
        seal = Seal(int(words[0][:_DIGITS]), words[1])
        return seal if hmac.compare_digest(self._sealed(seal).encode(), text.encode()) else None

    def _load_key(self, path: Folder) -> bytes:
        with self._lock:
            if not path.exists():
                with self._database.read() as connection:
                    if connection.scalar(sa.select(sa.func.count()).select_from(audit)):
                        raise AuditError(f"{path} is gone: restore it, the trail needs it")
                write_durably(path, secrets.token_hex(_KEY_BYTES))
            try:
                key = bytes.fromhex(path.read_bytes().decode("ascii").strip())
                if len(key) == _KEY_BYTES:
                    return key
                raise ValueError("too short or too long")
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
    now, hour = datetime.now(UTC), timedelta(hours=1)
    since, until = ((now + by).isoformat(timespec="microseconds") for by in (-hour, hour))
    query = sa.select(sa.func.count()).where(
        audit.c.actor == actor,
        audit.c.action.in_(limit.actions),
        audit.c.at.between(since, until),  # not what a clock wrote that was far ahead
    )
    if int(connection.scalar(query) or 0) + more > limit.most:
        raise AccessError(f"more than {limit.most} searches in an hour: ask a supervisor")


def _newest(connection: Connection) -> Seal | None:
    """Return the number and the seal of the last line."""
    last = connection.execute(
        sa.select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    ).first()
    return Seal(int(last.seq), str(last.hash)) if last else None


def _missing(first: int, last: int) -> str:
    return f"line {first} is missing" if first == last else f"lines {first} to {last} are missing"


def _other_seal(line: Seal, wanted: Mapping[str, str]) -> list[str]:
    """Say where another seal of a line is kept."""
    others = [name for text, name in wanted.items() if text != line.text]
    return [f"line {line.line} was changed: {others[0]} has another seal of it"] if others else []


def _cut_off(newest: int, wanted: Mapping[int, Mapping[str, str]]) -> list[str]:
    """Say which lines are missing at the end; those in between were named already."""
    last = max(wanted, default=0)
    if last <= newest:
        return []
    keeper = next(iter(wanted[last].values()))
    return [f"{_missing(newest + 1, last)}: {keeper} has a seal of line {last}"]


def _subject(detail: str, case_id: int | None) -> str | int | None:
    """Return whom a line tells of: a case, or a user."""
    if case_id is not None:
        return case_id
    said = json.loads(detail)
    return said.get("user") if isinstance(said, dict) else None


def reference(key: bytes, sighting: str) -> str:
    """Name a sighting such that only who holds the case's key can tell which it is."""
    return hmac.new(key, sighting.encode(), hashlib.sha256).hexdigest()[:_SHORT]

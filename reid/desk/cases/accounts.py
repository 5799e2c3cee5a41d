"""Staff accounts: argon2 passwords, lock-out, sessions."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.engine import Connection

from reid.core.errors import AccessError, UsageError
from reid.desk.cases.audit import Trail
from reid.desk.cases.database import Database, sessions, users

Role = Literal["viewer", "operator", "supervisor", "auditor"]
ROLES: Final = get_args(Role)

LEAST_PASSWORD: Final = 12
MOST_PASSWORD: Final = 200
FREE_FAILURES: Final = 5
"""Wrong passwords before an account is locked."""

FIRST_LOCK: Final = timedelta(minutes=1)
LONGEST_LOCK: Final = timedelta(hours=1)
IDLE: Final = timedelta(minutes=30)
"""A session unused for this long has ended."""

SHIFT: Final = timedelta(hours=12)
"""A session never lasts longer than this."""

MOST_SESSIONS: Final = 10
"""Sessions of one user at once; another sign-in ends the oldest."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_SEEN_STEP: Final = timedelta(seconds=30)  # how exactly the last use is kept
_REFUSED: Final = "wrong name or password, or the account is locked for a while"


@dataclass(frozen=True, slots=True)
class User:
    """A member of staff."""

    name: str
    role: Role
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in user and the token their forms must carry."""

    user: User
    csrf: str
    created: datetime

    def __repr__(self) -> str:
        return f"Session({self.user.name}, csrf hidden)"


class Accounts:
    """Users and their sessions."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database, self._trail = database, trail
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex(8))

    def add(self, name: str, password: str, role: str, actor: str) -> User:
        """Make an account.

        Raises:
            UsageError: a bad name, role or password, or the name is taken.
        """
        _check_name(name, role)
        hashed = self._hashed(name, password)
        with self._trail.change() as change:
            taken = change.connection.scalar(sa.select(users.c.name).where(users.c.name == name))
            if taken:
                raise UsageError(f"there is a user {name} already: choose another name")
            row = {"name": name, "password": hashed, "role": role, "failures": 0}
            change.connection.execute(
                users.insert().values(**row, disabled=False, created=datetime.now(UTC))
            )
            change.note(actor, "user.add", None, {"user": name, "role": role})
        return self.get(name)

    def set_password(self, name: str, password: str, actor: str) -> None:
        """Set a new password; ends the user's sessions."""
        self.get(name)
        hashed = self._hashed(name, password)
        with self._trail.change() as change:
            self._update(change.connection, name, password=hashed, failures=0, locked_until=None)
            change.connection.execute(sessions.delete().where(sessions.c.user == name))
            change.note(actor, "user.password", None, {"user": name})

    def disable(self, name: str, actor: str) -> None:
        """Let a user sign in no more, and sign them out everywhere."""
        self.get(name)
        with self._trail.change() as change:
            self._update(change.connection, name, disabled=True)
            change.connection.execute(sessions.delete().where(sessions.c.user == name))
            change.note(actor, "user.disable", None, {"user": name})

    def get(self, name: str) -> User:
        """Return a user.

        Raises:
            UsageError: there is none.
        """
        with self._database.read() as connection:
            row = connection.execute(sa.select(users).where(users.c.name == name)).first()
        if row is None:
            raise UsageError(f"there is no user {name}: `reid user list` names all")
        return User(row.name, row.role, row.disabled)

    def all(self) -> list[User]:
        """Return all users by name."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(users).order_by(users.c.name)).all()
        return [User(row.name, row.role, row.disabled) for row in rows]

    def sign_in(self, name: str, password: str) -> str:
        """Check a password and return the token of a new session.

        Every refusal says the same and takes the same time, so that names cannot be tried out.

        Raises:
            AccessError: unknown, disabled, locked, or a wrong password.
        """
        name = name.strip().lower()[:64]
        with self._database.read() as connection:
            row = connection.execute(sa.select(users).where(users.c.name == name)).first()
        matches = self._matches(row.password if row else self._nobody, password)
        now = datetime.now(UTC)
        locked = row is not None and row.locked_until is not None and row.locked_until > now
        if row is None or row.disabled or locked or not matches:
            wrong = row is not None and not locked and not matches
            self._refuse(name if row else "unknown", now, count=wrong)
        return self._start(name, now)

    def _start(self, name: str, now: datetime) -> str:
        token = secrets.token_urlsafe(32)
        with self._trail.change() as change:
            self._update(change.connection, name, failures=0, locked_until=None)
            change.connection.execute(sessions.delete().where(sessions.c.created < now - SHIFT))
            _end_oldest(change.connection, name)
            change.connection.execute(
                sessions.insert().values(
                    token=_digest(token),
                    user=name,
                    csrf=secrets.token_urlsafe(32),
                    created=now,
                    seen=now,
                )
            )
            change.note(name, "login")
        return token

    def session(self, token: str) -> Session | None:
        """Return the live session of a token, or None; using it keeps it alive."""
        if not token:
            return None
        now = datetime.now(UTC)
        joined = sessions.join(users, sessions.c.user == users.c.name)
        columns = (users.c.name, users.c.role, users.c.disabled, sessions.c.csrf)
        query = (
            sa.select(*columns, sessions.c.created, sessions.c.seen)
            .select_from(joined)
            .where(sessions.c.token == _digest(token))
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None or row.disabled or now - row.seen > IDLE or now - row.created > SHIFT:
            return None
        if now - row.seen > _SEEN_STEP:
            with self._database.write() as connection:
                mine = sessions.c.token == _digest(token)
                connection.execute(sessions.update().where(mine).values(seen=now))
        return Session(User(row.name, row.role), row.csrf, row.created)

    def sign_out(self, token: str, actor: str) -> None:
        """End a session."""
        with self._trail.change() as change:
            change.connection.execute(sessions.delete().where(sessions.c.token == _digest(token)))
            change.note(actor, "logout")

    def _refuse(self, name: str, now: datetime, *, count: bool) -> None:
        with self._trail.change() as change:
            if count:
                failures = 1 + int(
                    change.connection.scalar(
                        sa.select(users.c.failures).where(users.c.name == name)
                    )
                    or 0
                )
                self._update(
                    change.connection, name, failures=failures, locked_until=_lock(failures, now)
                )
            change.note("anonymous", "login.refused", None, {"user": name})
        raise AccessError(_REFUSED)

    def _update(self, connection: Connection, name: str, **values: object) -> None:
        connection.execute(users.update().where(users.c.name == name).values(**values))

    def _hashed(self, name: str, password: str) -> str:
        if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
            raise UsageError(f"a password has at least {LEAST_PASSWORD} characters")
        if name in password.lower() or len(set(password)) < 5:
            raise UsageError("this password is too easy: leave out the name, mix the characters")
        return self._hasher.hash(password)

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password[:MOST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False


def same(a: str, b: str) -> bool:
    """Compare two tokens in constant time."""
    return hmac.compare_digest(a.encode(), b.encode())


def _check_name(name: str, role: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError("a user's name is of a-z, 0-9, dot, dash: like desk-1")
    if role not in ROLES:
        raise UsageError(f"{role!r} is not a role: choose one of {', '.join(ROLES)}")


def _end_oldest(connection: Connection, name: str) -> None:
    """Leave room for one more session of a user."""
    newest = sa.select(sessions.c.token).where(sessions.c.user == name)
    kept = newest.order_by(sessions.c.created.desc()).limit(MOST_SESSIONS - 1)
    tokens = list(connection.scalars(kept))
    connection.execute(
        sessions.delete().where(sessions.c.user == name, sessions.c.token.not_in(tokens))
    )


def _lock(failures: int, now: datetime) -> datetime | None:
    if failures < FREE_FAILURES:
        return None
    doublings = min(failures - FREE_FAILURES, 10)
    return now + min(LONGEST_LOCK, FIRST_LOCK * (1 << doublings))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

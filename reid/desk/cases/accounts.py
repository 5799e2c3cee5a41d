"""Staff accounts: argon2 passwords, sign-in, sessions."""

import hashlib
import hmac
import re
import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, get_args

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.engine import Connection

from reid.core.errors import AccessError, TooManyAttempts, UsageError
from reid.desk.cases.audit import Trail
from reid.desk.cases.database import Database, sessions, users
from reid.desk.cases.devices import Devices
from reid.desk.cases.throttle import ACCOUNT, ADDRESS, DEVICE, PAIR, Key, Throttle

Role = Literal["viewer", "operator", "supervisor", "auditor"]
ROLES: Final = get_args(Role)

LEAST_PASSWORD: Final = 12
MOST_PASSWORD: Final = 200
IDLE: Final = timedelta(minutes=30)
"""A session unused for this long has ended."""

SHIFT: Final = timedelta(hours=12)
"""A session never lasts longer than this."""

MOST_SESSIONS: Final = 10
"""Sessions of one user at once; another sign-in ends the oldest."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_SEEN_STEP: Final = timedelta(seconds=30)  # how exactly the last use is kept
_REFUSED: Final = "wrong name or password"
_HASHES_AT_ONCE: Final = 4  # argon2 takes 64 MiB each
_UNKNOWN: Final = "unknown"


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


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody signs in: the address, and what the device carries of sign-ins before."""

    address: str = "here"
    device: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A new session's token, and what the device carries from now on."""

    token: str = field(repr=False)
    device: str = field(repr=False)


class Accounts:
    """Users and their sessions."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database, self._trail = database, trail
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash(secrets.token_hex(8))
        self._hashing = threading.BoundedSemaphore(_HASHES_AT_ONCE)
        self.throttle, self._devices = Throttle(), Devices(trail.key_for("devices"))

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
            self._update(change.connection, name, password=hashed)
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
        """Sign in on this machine; returns the token of a new session, see `sign_in_from`."""
        return self.sign_in_from(Origin(), name, password).token

    def sign_in_from(self, origin: Origin, name: str, password: str) -> SignIn:
        """Check a password and begin a new session.

        Every refusal says the same and takes the same time, so that names cannot be tried out.
        Who has typed too many wrong passwords has to wait; a device that this user has signed in
        on before waits for its own alone.

        Raises:
            AccessError: unknown, disabled, or a wrong password.
            TooManyAttempts: too many wrong passwords.
        """
        name = name.strip().lower()[:64]
        with self._database.read() as connection:
            row = connection.execute(sa.select(users).where(users.c.name == name)).first()
        hashed = row.password if row else self._nobody
        device = self._devices.known(origin.device, name, hashed)
        own, shared = _keys(name, origin.address, device)
        wait = self.throttle.begin(own, *shared)
        if wait:
            raise TooManyAttempts(wait)
        matches = self._matches(hashed, password)
        if row is None or row.disabled or not matches:
            self._refuse(name if row else _UNKNOWN, self.throttle.wait(own, *shared))
        self.throttle.forget(own)
        self.throttle.forgive(*shared)
        return SignIn(self._start(name), self._devices.remember(origin.device, name, hashed))

    def _start(self, name: str) -> str:
        token, now = secrets.token_urlsafe(32), datetime.now(UTC)
        with self._trail.change() as change:
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

    def _refuse(self, name: str, wait: float) -> None:
        """Leave a line; there is none for those who have to wait, or they would fill the disk."""
        waits = {"wait": round(wait)} if wait else {}
        with self._trail.change() as change:
            change.note("anonymous", "login.refused", None, {"user": name, **waits})
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
            with self._hashing:
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


def _keys(name: str, address: str, device: str | None) -> tuple[Key, list[Key]]:
    """Return what an attempt is counted under: its own, and what it shares with others."""
    who = _digest(name)
    if device is not None:
        return (DEVICE, f"{who} {device}"), []
    return (PAIR, f"{who} {address}"), [(ADDRESS, address), (ACCOUNT, who)]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

"""Accounts: passwords, lock-out, sessions."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from reid.core.errors import AccessError, UsageError
from reid.desk.cases import CaseRecords
from reid.desk.cases.accounts import IDLE, SHIFT
from reid.desk.cases.database import sessions, users

PASSWORD = "correct horse battery"


@pytest.fixture
def anna(records: CaseRecords) -> CaseRecords:
    records.accounts.add("anna", PASSWORD, "operator", "setup")
    return records


def test_sign_in_and_out(anna: CaseRecords) -> None:
    token = anna.accounts.sign_in(" Anna ", PASSWORD)
    session = anna.accounts.session(token)
    assert session is not None
    assert (session.user.name, session.user.role) == ("anna", "operator")
    assert session.csrf not in repr(session)
    anna.accounts.sign_out(token, "anna")
    assert anna.accounts.session(token) is None


def test_tokens_and_passwords_are_not_stored(anna: CaseRecords, tmp_path: Path) -> None:
    token = anna.accounts.sign_in("anna", PASSWORD)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.encode() not in stored
    assert PASSWORD.encode() not in stored
    assert b"$argon2id$" in stored


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("eve", PASSWORD), ("", "")])
def test_every_refusal_says_the_same(anna: CaseRecords, name: str, password: str) -> None:
    with pytest.raises(AccessError, match="wrong name or password"):
        anna.accounts.sign_in(name, password)


def test_a_password_typed_as_name_is_not_logged(anna: CaseRecords) -> None:
    with pytest.raises(AccessError):
        anna.accounts.sign_in("hunter2hunter2", "anna")
    assert "hunter2" not in repr(anna.trail.lines())


def test_lock_out_holds_against_the_right_password(anna: CaseRecords) -> None:
    for _ in range(5):
        with pytest.raises(AccessError):
            anna.accounts.sign_in("anna", "wrong")
    with pytest.raises(AccessError):
        anna.accounts.sign_in("anna", PASSWORD)
    with anna.database.write() as connection:
        connection.execute(users.update().values(locked_until=datetime.now(UTC)))
    assert anna.accounts.sign_in("anna", PASSWORD)


def test_a_disabled_user_is_out_at_once(anna: CaseRecords) -> None:
    token = anna.accounts.sign_in("anna", PASSWORD)
    anna.accounts.disable("anna", "boss")
    assert anna.accounts.session(token) is None
    with pytest.raises(AccessError):
        anna.accounts.sign_in("anna", PASSWORD)


def test_a_new_password_ends_sessions(anna: CaseRecords) -> None:
    token = anna.accounts.sign_in("anna", PASSWORD)
    anna.accounts.set_password("anna", "another long phrase", "boss")
    assert anna.accounts.session(token) is None
    assert anna.accounts.sign_in("anna", "another long phrase")


@pytest.mark.parametrize(("column", "age"), [("seen", IDLE), ("created", SHIFT)])
def test_sessions_end(anna: CaseRecords, column: str, age: timedelta) -> None:
    token = anna.accounts.sign_in("anna", PASSWORD)
    past = datetime.now(UTC) - age - timedelta(seconds=1)
    with anna.database.write() as connection:
        connection.execute(sessions.update().values({column: past}))
    assert anna.accounts.session(token) is None


def test_each_sign_in_is_a_new_session(anna: CaseRecords) -> None:
    first, second = (anna.accounts.sign_in("anna", PASSWORD) for _ in range(2))
    assert first != second
    with anna.database.read() as connection:
        assert len(set(connection.scalars(sa.select(sessions.c.csrf)))) == 2


@pytest.mark.parametrize(
    ("name", "password", "role", "says"),
    [
        ("anna", PASSWORD, "operator", "already"),
        ("An na", PASSWORD, "operator", "a user's name"),
        ("bob", "short", "operator", "at least 12"),
        ("bob", "bob-has-a-password", "operator", "too easy"),
        ("bob", "aaaaaaaaaaaaaa", "operator", "too easy"),
        ("bob", PASSWORD, "king", "not a role"),
    ],
)
def test_bad_accounts(anna: CaseRecords, name: str, password: str, role: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        anna.accounts.add(name, password, role, "setup")

"""Accounts: passwords, lock-out, sessions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from reid.core.errors import AccessError, TooManyAttempts, UsageError
from reid.desk.cases import CaseRecords, Origin
from reid.desk.cases.accounts import IDLE, SHIFT
from reid.desk.cases.database import sessions, users
from reid.desk.cases.devices import Devices
from reid.desk.cases.throttle import MOST_KEYS, PAIR, Throttle

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


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(anna: CaseRecords) -> Clock:
    anna.accounts.throttle = Throttle(clock := Clock())
    return clock


def guess(anna: CaseRecords, origin: Origin, name: str = "anna", times: int = 1) -> list[float]:
    """Type wrong passwords; returns the seconds that each had to wait, 0 if it was heard."""
    waits = []
    for number in range(times):
        try:
            anna.accounts.sign_in_from(origin, name, f"wrong password {number}")
        except TooManyAttempts as error:
            waits.append(error.seconds)
        except AccessError:
            waits.append(0.0)
    return waits


ATTACKER, DESK = Origin("192.0.2.1"), Origin("192.0.2.2")


@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_guesses_wait_longer_and_longer(anna: CaseRecords, clock: Clock, name: str) -> None:
    assert guess(anna, ATTACKER, name, 7) == [0] * 5 + [30, 30]
    heard = 0
    for _ in range(24 * 60):  # a day of trying once a minute
        clock.now += 60
        heard += guess(anna, ATTACKER, name) == [0]
    assert heard <= 160, "more than one in nine minutes"
    with pytest.raises(TooManyAttempts, match=r"try again in \d+ (seconds|minutes)"):
        for _ in range(2):
            guess(anna, ATTACKER, name)
            anna.accounts.sign_in_from(ATTACKER, name, PASSWORD)


def test_guesses_from_elsewhere_lock_nobody_out(anna: CaseRecords, clock: Clock) -> None:
    anna.accounts.add("bob", PASSWORD, "operator", "setup")
    for _ in range(24):  # a day, one guess an hour after a first burst
        guess(anna, ATTACKER, times=8)
        assert anna.accounts.sign_in_from(DESK, "anna", PASSWORD).token
        clock.now += 3600
    guess(anna, ATTACKER, times=8)
    assert anna.accounts.sign_in_from(ATTACKER, "bob", PASSWORD).token, "who shares the address"


def test_a_known_device_is_never_locked_out_by_others(anna: CaseRecords, clock: Clock) -> None:
    device = anna.accounts.sign_in_from(DESK, "anna", PASSWORD).device
    for number in range(100):  # from everywhere, until nobody else is heard
        guess(anna, Origin(f"198.51.100.{number}"))
    guess(anna, DESK, "someone", 60)
    for stranger in (DESK, Origin("203.0.113.9"), Origin("203.0.113.9", "made.up~x")):
        with pytest.raises(TooManyAttempts):
            anna.accounts.sign_in_from(stranger, "anna", PASSWORD)
    known = Origin(DESK.address, device)
    assert anna.accounts.sign_in_from(known, "anna", PASSWORD).token
    assert guess(anna, known, times=12)[-1] > 0, "a device that was stolen is no way around"
    clock.now += 3600
    assert anna.accounts.sign_in_from(Origin("203.0.113.9"), "anna", PASSWORD), "it is forgotten"


def test_a_device_is_known_for_its_users_alone(anna: CaseRecords) -> None:
    accounts = anna.accounts
    accounts.add("bob", PASSWORD, "operator", "setup")
    device = accounts.sign_in_from(DESK, "anna", PASSWORD).device
    both = accounts.sign_in_from(Origin("a", device), "bob", PASSWORD).device
    accounts.sign_in_from(Origin("a", both), "anna", PASSWORD)
    with anna.database.read() as connection:
        rows = connection.execute(sa.select(users.c.name, users.c.password)).all()
    hashes = {row.name: row.password for row in rows}
    devices = Devices(anna.trail.key_for("devices"))
    assert devices.known(device, "anna", hashes["anna"])
    assert devices.known(both, "anna", hashes["anna"])
    assert devices.known(both, "bob", hashes["bob"])
    assert devices.known(device, "bob", hashes["bob"]) is None
    assert devices.known(device, "anna", "another password") is None
    assert Devices(b"another venue").known(device, "anna", hashes["anna"]) is None
    for odd in ("", "~", ".", "\udcff.x", "a." + "0" * 9000, "~".join(["a.b"] * 5000)):
        assert devices.known(odd, "anna", hashes["anna"]) is None
    for number in range(20):
        both = devices.remember(both, f"user-{number}", "x")
    assert len(both) < 1000, "a cookie has its size"


def test_attempts_at_once_are_no_way_around(anna: CaseRecords) -> None:
    heard = []

    def attempt(number: int) -> None:
        try:
            anna.accounts.sign_in_from(ATTACKER, "anna", f"wrong {number}")
        except TooManyAttempts:
            return
        except AccessError:
            heard.append(number)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(attempt, range(48)))
    assert len(heard) == 5
    lines = [line for line in anna.trail.lines() if line.action == "login.refused"]
    assert len(lines) == 5, "those who wait leave none, or they would fill the disk"


def test_the_throttle_remembers_few(clock: Clock) -> None:
    throttle = Throttle(clock)
    for number in range(20_000):
        throttle.begin((PAIR, str(number)))
    assert len(throttle._known) == MOST_KEYS


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

"""A clock that jumps ahead erases nothing until it is confirmed; one that is right, in time."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reid.desk import retention_clock
from reid.desk.desk import Desk
from reid.desk.retention_clock import FILE_NAME, ClockJumped, Reading, read_clock
from reid.venue import open_desk, open_venue
from reid.watch.schedule import Scheduler
from reid.watch.status import Status
from tests.fast import cheap_hashes  # noqa: F401
from tests.venues import filled, sightings

YEARS, DAY, HOUR, MINUTE = (timedelta(days=3650), timedelta(days=1), timedelta(hours=1),
                            timedelta(minutes=1))  # fmt: skip


class Machine:
    """A clock that can be set, and a count that cannot."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time, self.counted, self.name = datetime.now(UTC), 1000.0, "a"
        monkeypatch.setattr(retention_clock, "read_clock", self.read)

    def read(self) -> Reading:
        return Reading(self.time.timestamp(), self.counted, self.name)

    def runs(self, span: timedelta) -> None:
        self.time += span
        self.counted += span.total_seconds()

    def starts_anew(self) -> None:
        self.counted, self.name = 5.0, self.name + "a"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


@pytest.fixture
def desk(tmp_path: Path, machine: Machine):
    filled(tmp_path / "venue", 20, machine.time)
    opened = Desk.open(tmp_path / "venue")
    yield opened
    opened.records.database.close()


def see(desk: Desk, when: datetime, offset: int = 100) -> None:
    desk.store.add(sightings(2, when, offset))


def test_a_clock_that_runs_is_gone_by(desk: Desk, machine: Machine) -> None:
    for _ in range(71):
        machine.runs(HOUR)
        assert not desk.expire().anything
    machine.runs(2 * HOUR)
    assert desk.expire().sightings == 20
    assert not desk.clock_doubt


@pytest.mark.parametrize(
    ("jump", "known"), [(2 * HOUR, True), (4 * DAY, True), (YEARS, True), (YEARS, False)]
)
def test_a_clock_that_was_set_ahead_erases_nothing(
    desk: Desk, machine: Machine, jump: timedelta, known: bool
) -> None:
    if known:
        desk.expire()
    machine.time += jump
    for _ in range(30):
        assert not desk.expire().anything
        machine.runs(MINUTE)
    assert desk.store.count() == 20
    assert "nothing is erased by it" in desk.clock_doubt
    with pytest.raises(ClockJumped, match="set the clock"):
        desk.keep_retention()
    machine.time -= jump
    assert not desk.expire().anything
    assert not desk.clock_doubt, "set right again"


def test_a_given_time_is_doubted_too(desk: Desk) -> None:
    assert not desk.expire(datetime.now(UTC) + YEARS).anything
    assert not desk.expire(datetime.now(UTC) + YEARS + DAY / 2).anything
    assert desk.store.count() == 20
    assert desk.expire(datetime.now(UTC) + 3 * DAY + HOUR).sightings == 20


def test_it_is_confirmed_by_a_second_reading_and_a_sighting(desk: Desk, machine: Machine) -> None:
    desk.expire()
    machine.starts_anew()
    machine.runs(30 * DAY)  # switched off for a month
    assert not desk.expire().anything
    machine.runs(9 * MINUTE)
    see(desk, machine.time)
    assert not desk.expire().anything, "it is too early for a second reading"
    machine.runs(2 * MINUTE)
    assert desk.expire().sightings == 20
    assert desk.store.count() == 2
    assert not desk.clock_doubt


def test_without_a_sighting_it_is_confirmed_a_day_later(desk: Desk, machine: Machine) -> None:
    desk.expire()
    machine.starts_anew()
    machine.runs(100 * DAY)
    for _ in range(23):
        assert not desk.expire().anything
        machine.runs(HOUR)
    machine.runs(HOUR)
    assert desk.expire().sightings == 20


def test_a_second_jump_is_no_second_reading(desk: Desk, machine: Machine) -> None:
    desk.expire()
    for _ in range(10):
        machine.time += 2 * DAY
        see(desk, machine.time, 100)
        assert not desk.expire().anything
        machine.runs(MINUTE)
    assert set(desk.store.ids()) >= {f"s{i:023d}" for i in range(20)}


def test_old_recordings_go_where_the_clock_is_known(tmp_path: Path, machine: Machine) -> None:
    store = filled(tmp_path / "venue", 1, machine.time)
    desk = Desk.open(tmp_path / "venue")
    desk.expire()
    store.add(sightings(3, machine.time - YEARS, 50))
    machine.runs(MINUTE)
    assert desk.expire().sightings == 3
    desk.records.database.close()


@pytest.mark.parametrize(
    "damage",
    [b"", b"\xff", b"[]", b"{}", b'{"trusted": 5}', b'{"trusted": {"at": "x"}}',
     b'{"trusted": {"at": 1e300}}', b'{"trusted": {"at": NaN}}', b"[" * 5000],
)  # fmt: skip
def test_a_damaged_file_is_no_reading(desk: Desk, machine: Machine, damage: bytes) -> None:
    (desk.folder / FILE_NAME).write_bytes(damage)
    machine.time += YEARS
    assert not desk.expire().anything
    assert desk.clock_doubt
    assert desk.store.count() == 20


def test_an_interrupted_erasure_is_finished_all_the_same(desk: Desk, machine: Machine) -> None:
    desk.expire()
    machine.time += YEARS
    (desk.folder / "erasing").touch()
    assert desk.expire().resumed
    assert not (desk.folder / "erasing").exists()
    assert desk.store.count() == 20


def test_the_file_is_private_and_rarely_written(desk: Desk, machine: Machine) -> None:
    desk.expire()
    path = desk.folder / FILE_NAME
    assert path.stat().st_mode & 0o077 == 0
    first = path.read_text()
    machine.runs(MINUTE)
    desk.expire()
    assert path.read_text() == first
    machine.runs(5 * MINUTE)
    desk.expire()
    assert json.loads(path.read_text())["trusted"]["at"] > json.loads(first)["trusted"]["at"]


def test_it_is_told_by_commands_and_loops(
    desk: Desk, machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.expire()
    machine.time += YEARS
    assert open_venue(desk.folder).clock_doubt
    assert open_desk(desk.folder).store.count() == 20
    scheduler = Scheduler(desk, lambda: Status(datetime.now(UTC), []))
    loop = scheduler._supervisor._loops["retention"]
    loop._round()
    assert loop.status().words == "retention fails (ClockJumped)"
    from reid.cli.desk import maintain

    maintain(desk.folder)
    assert "the clock says" in capsys.readouterr().err


def test_the_machine_counts_while_it_sleeps() -> None:
    first, second = read_clock(), read_clock()
    assert first.machine == second.machine != ""
    drift = second.ahead_of_count(first)
    assert drift is not None
    assert abs(drift) < timedelta(seconds=5)

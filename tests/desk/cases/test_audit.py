"""The audit trail: every change to it shows."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import pytest

from reid.core.errors import AccessError, AuditError, CaseError
from reid.desk.cases import CaseRecords, NewCase, open_records
from reid.desk.cases.audit import Limit
from reid.desk.cases.audit_sinks import FileSink, Outside

DROP = "".join(f"DROP TRIGGER IF EXISTS audit_no_{verb};" for verb in ("update", "delete"))


def note(records: CaseRecords, n: int) -> None:
    for i in range(n):
        records.book.note("anna", "search", 1, {"number": i})


def tamper(folder: Path, sql: str) -> None:
    with sqlite3.connect(folder / "desk.sqlite") as connection:
        connection.executescript(DROP + sql)


def test_an_untouched_trail_verifies(records: CaseRecords) -> None:
    note(records, 5)
    assert records.trail.verify().problem is None
    assert [line.seq for line in records.trail.lines()] == [1, 2, 3, 4, 5]
    assert [line.seq for line in records.trail.lines(newest=2)] == [4, 5]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE seq = 3", "line 3 was changed"),
        ("UPDATE audit SET detail = '{}' WHERE seq = 2", "line 2 was changed"),
        ("UPDATE audit SET at = '2020' || substr(at, 5) WHERE seq = 1", "line 1 was changed"),
        ("UPDATE audit SET case_id = 2 WHERE seq = 4", "line 4 was changed"),
        ("DELETE FROM audit WHERE seq = 3", "line 3 is missing"),
        ("DELETE FROM audit WHERE seq = 1", "line 1 is missing"),
        ("DELETE FROM audit WHERE seq = 5", "line 5 is missing: audit.head has a seal of line 5"),
        ("DELETE FROM audit", "lines 1 to 5 are missing: audit.head has a seal of line 5"),
        (
            "INSERT INTO audit SELECT 6, at, actor, action, case_id, detail, hash, hash "
            "FROM audit WHERE seq = 5",
            "line 6 was changed",
        ),
    ],
)
def test_forgery_shows(records: CaseRecords, tmp_path: Path, sql: str, says: str) -> None:
    note(records, 5)
    tamper(tmp_path, sql)
    assert records.trail.verify().problems[0] == says


def test_two_lines_swapped_show(records: CaseRecords, tmp_path: Path) -> None:
    note(records, 3)
    tamper(
        tmp_path,
        "UPDATE audit SET seq = 99 WHERE seq = 1; UPDATE audit SET seq = 1 WHERE seq = 2;"
        "UPDATE audit SET seq = 2 WHERE seq = 99;",
    )
    assert records.trail.verify().problems[:2] == ("line 1 was changed", "line 2 was changed")


def test_the_database_refuses_changes_itself(records: CaseRecords, tmp_path: Path) -> None:
    note(records, 1)
    with sqlite3.connect(tmp_path / "desk.sqlite") as connection:
        for sql in ("UPDATE audit SET actor = 'eve'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(sql)


def test_a_seal_noted_on_paper_finds_a_rewritten_trail(
    records: CaseRecords, tmp_path: Path
) -> None:
    note(records, 3)
    paper = records.trail.verify().head
    tamper(tmp_path, "DELETE FROM audit; DELETE FROM meta WHERE name = 'audit.newest';")
    (tmp_path / "audit.head").unlink()
    anew = open_records(tmp_path)
    note(anew, 3)
    assert anew.trail.verify().problem is None
    assert "missing after line 3" in str(anew.trail.verify(paper).problem)
    anew.database.close()


def test_without_the_key_nothing_can_be_added(records: CaseRecords, tmp_path: Path) -> None:
    note(records, 1)
    (tmp_path / "audit.key").unlink()
    with pytest.raises(AuditError, match="restore it"):
        open_records(tmp_path)


def test_many_writers_make_one_chain(tmp_path: Path) -> None:
    many = [open_records(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda records: note(records, 10), many))
    found = many[0].trail.verify()
    assert (found.lines, found.problem) == (40, None)


def test_what_a_clock_wrote_that_was_years_ahead_counts_against_nobody(
    records: CaseRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(days=3000)

    with monkeypatch.context() as patch:
        patch.setattr("reid.desk.cases.audit.datetime", Ahead)
        records.book.note("anna", "search", None, {})
    limit = Limit(("search",), 1)
    records.book.note("anna", "search", None, {}, limit)
    with pytest.raises(AccessError):
        records.book.note("anna", "search", None, {}, limit)


def test_a_failed_change_leaves_no_line(records: CaseRecords) -> None:
    with pytest.raises(CaseError), records.trail.change() as change:
        change.note("anna", "search")
        raise CaseError("the disk is full")
    assert records.trail.lines() == []


def test_files_are_private(records: CaseRecords, tmp_path: Path) -> None:
    note(records, 1)
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


CUT = "DELETE FROM audit WHERE seq > 3;"
NEWEST = "audit.newest"


def counter(folder: Path) -> str:
    with sqlite3.connect(folder / "desk.sqlite") as connection:
        (value,) = connection.execute("SELECT value FROM meta WHERE name = ?", [NEWEST]).fetchone()
    return str(value)


@pytest.mark.parametrize(
    ("back", "says"),
    [
        ({"head"}, "lines 4 to 6 are missing: the database's counter has a seal of line 6"),
        ({"counter"}, "lines 4 to 6 are missing: audit.head has a seal of line 6"),
        ({"head", "no counter"}, "the database's counter is missing or was changed"),
        ({"no head", "counter"}, "audit.head is missing or was changed"),
        ({"old head", "counter"}, "audit.head is missing or was changed"),
        ({"head", "counter", "user"}, "no line tells of user eve"),
        ({"head", "counter", "case"}, "no line tells of case C-1"),
        ({"head", "counter", "sink"}, "lines 4 to 6 are missing"),
    ],
    ids=lambda value: "+".join(sorted(value)) if isinstance(value, set) else "",
)
def test_newest_lines_cannot_be_cut_with_the_seals_of_before(
    records: CaseRecords, tmp_path: Path, back: set[str], says: str
) -> None:
    outside = FileSink(tmp_path.parent / f"{tmp_path.name}.log", "Park")
    note(records, 3)
    head, known = (tmp_path / "audit.head").read_text(), counter(tmp_path)
    if "sink" in back:
        records.trail.outside = Outside([outside])
    if "user" in back:
        records.accounts.add("eve", "correct horse battery", "supervisor", "eve")
    if "case" in back:
        records.book.open(NewCase("missing-child", "red top", "{}"), "eve", 24)
    note(records, 5 - len(back & {"user", "case"}) - 2)
    assert records.trail.verify().problem is None
    tamper(tmp_path, CUT)
    if "head" in back:
        (tmp_path / "audit.head").write_text(head)
    if "no head" in back:
        (tmp_path / "audit.head").unlink()
    if "old head" in back:
        (tmp_path / "audit.head").write_text(" ".join(head.split()[:2]))
    change = f"UPDATE meta SET value = '{known}' WHERE name = '{NEWEST}'"
    if "no counter" in back:
        change = f"DELETE FROM meta WHERE name = '{NEWEST}'"
    if back & {"counter", "no counter"}:
        tamper(tmp_path, change)
    assert says in str(records.trail.verify().problem)
    note(records, 4)  # whoever goes on working does not cover it up
    again = open_records(tmp_path)
    again.trail.outside = records.trail.outside
    assert "missing" in str(again.trail.verify().problem)
    again.database.close()


@pytest.mark.parametrize("left", ["users", "cases", "serve.json", "sink"])
def test_an_empty_trail_of_a_venue_with_a_past_does_not_hold(
    records: CaseRecords, tmp_path: Path, left: str
) -> None:
    outside = Outside([FileSink(tmp_path.parent / f"{tmp_path.name}.log", "Park")])
    assert records.trail.verify().problem is None, "nothing has happened yet"
    if left == "sink":
        records.trail.outside = outside
    if left == "users":
        records.accounts.add("anna", "correct horse battery", "operator", "setup")
    if left == "cases":
        records.book.open(NewCase("missing-child", "red top", "{}"), "anna", 24)
    note(records, 1)
    if left == "serve.json":
        (tmp_path / left).write_text("{}")
    tamper(tmp_path, f"DELETE FROM audit; DELETE FROM meta WHERE name = '{NEWEST}';")
    for path in tmp_path.glob("audit.*"):
        if path.name == "audit.head":
            path.unlink()
    again = open_records(tmp_path)
    again.trail.outside = records.trail.outside
    found = again.trail.verify()
    assert found.lines == 0
    assert found.problem
    again.database.close()


def test_a_trail_of_an_earlier_version_holds_and_goes_on(
    records: CaseRecords, tmp_path: Path
) -> None:
    note(records, 2)
    head = tmp_path / "audit.head"
    head.write_text(" ".join(head.read_text().split()[:2]) + "\n")
    tamper(tmp_path, f"DELETE FROM meta WHERE name = '{NEWEST}';")
    again = open_records(tmp_path)
    assert again.trail.verify().problem is None
    note(again, 1)
    assert (again.trail.verify().lines, again.trail.verify().problem) == (3, None)
    assert len(head.read_text().split()) == 3
    again.database.close()


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"4", b"x y z", b"9" * 400 + b" a b"])
def test_a_damaged_head_is_told_and_stops_nothing(
    records: CaseRecords, tmp_path: Path, damage: bytes
) -> None:
    note(records, 2)
    (tmp_path / "audit.head").write_bytes(damage)
    again = open_records(tmp_path)
    assert "audit.head is missing or was changed" in str(again.trail.verify().problem)
    note(again, 1)
    assert again.trail.verify().problem is None
    again.database.close()

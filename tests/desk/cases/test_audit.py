"""The audit trail: every change to it shows."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reid.core.errors import AuditError, CaseError
from reid.desk.cases import CaseRecords, open_records

DROP = "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;"


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
        ("DELETE FROM audit WHERE seq = 5", "lines are missing after line 4"),
        ("DELETE FROM audit", "lines are missing after line 0"),
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
    assert records.trail.verify().problem == says


def test_two_lines_swapped_show(records: CaseRecords, tmp_path: Path) -> None:
    note(records, 3)
    tamper(
        tmp_path,
        "UPDATE audit SET seq = 99 WHERE seq = 1; UPDATE audit SET seq = 1 WHERE seq = 2;"
        "UPDATE audit SET seq = 2 WHERE seq = 99;",
    )
    assert records.trail.verify().problem == "line 1 was changed"


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
    tamper(tmp_path, "DELETE FROM audit;")
    (tmp_path / "audit.head").unlink()
    note(records, 3)
    assert records.trail.verify().problem is None
    assert records.trail.verify(paper).problem == "lines are missing after line 3"


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


def test_a_failed_change_leaves_no_line(records: CaseRecords) -> None:
    with pytest.raises(CaseError), records.trail.change() as change:
        change.note("anna", "search")
        raise CaseError("the disk is full")
    assert records.trail.lines() == []


def test_files_are_private(records: CaseRecords, tmp_path: Path) -> None:
    note(records, 1)
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name

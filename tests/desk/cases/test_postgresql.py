"""The desk's database on a real PostgreSQL server, started for the test."""

import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from reid.core.errors import AccessError, CaseError
from reid.desk.cases import CaseRecords, NewCase, migrations, open_records
from reid.desk.cases.database import metadata
from tests.desk.cases.earlier import (
    NEXT,
    REBUILD,
    WRITTEN,
    Revisions,
    assert_guarded,
    assert_readable,
    kill_once,
)
from tests.servers import DATABASE_PASSWORD, needs_postgresql, postgresql

pytestmark = needs_postgresql


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgresql() as server:
        yield server.url


def run(url: str, sql: str) -> list[tuple[object, ...]]:
    """Run statements outside the desk; returns what the last one gives."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        done = connection.exec_driver_sql(sql)
        rows = [tuple(row) for row in done] if done.returns_rows else []
    engine.dispose()
    return rows


def columns(url: str) -> set[tuple[object, ...]]:
    """Return every column of every table."""
    return set(
        run(
            url,
            "SELECT table_name, column_name, data_type, is_nullable, column_default "
            "FROM information_schema.columns WHERE table_schema = 'public'",
        )
    )


@pytest.fixture
def empty(url: str) -> str:
    run(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return url


@pytest.fixture
def records(empty: str, tmp_path: Path) -> Iterator[CaseRecords]:
    opened = open_records(tmp_path, empty)
    yield opened
    opened.database.close()


@pytest.fixture
def venue(empty: str, tmp_path: Path) -> Path:
    """Return a venue whose database the version before revisions wrote."""
    folder = Path(shutil.copytree(WRITTEN / "postgresql", tmp_path / "venue"))
    run(empty, (folder / "desk.sql").read_text())
    return folder


@pytest.fixture
def revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Revisions:
    return Revisions(tmp_path, monkeypatch)


def test_a_case_from_open_to_erased(records: CaseRecords) -> None:
    new = NewCase("missing-child", "crimson anorak", "{}", child_name="Mathilda")
    case = records.book.open(new, "anna", 24)
    now = datetime.now(UTC)
    records.book.decide(case.id, "s1", "confirmed", ("gate", now, now), "anna")
    records.alerts.raise_once(case.id, "s1", "gate", now, 0.5)
    records.book.close(case.id, "found-safe", "anna")
    assert records.book.begin_erasing(case.id, "anna") == ["s1"]
    records.book.finish_erasing(case.id, ["s1"], 1, "anna")
    assert records.book.get(case.id).about is None
    assert records.trail.verify().problem is None


def test_accounts(records: CaseRecords) -> None:
    records.accounts.add("anna", "correct horse battery", "operator", "setup")
    token = records.accounts.sign_in("anna", "correct horse battery")
    assert records.accounts.session(token) is not None
    with pytest.raises(AccessError):
        records.accounts.sign_in("anna", "wrong")


def test_the_database_refuses_changes_to_the_trail(records: CaseRecords) -> None:
    records.book.note("anna", "search", None, {})
    for sql in ("UPDATE audit SET actor = 'eve'", "DELETE FROM audit"):
        with pytest.raises(CaseError), records.database.write() as connection:
            connection.exec_driver_sql(sql)
    assert records.trail.verify().lines == 1


def test_many_seats_make_one_chain(records: CaseRecords, url: str, tmp_path: Path) -> None:
    seats = [open_records(tmp_path, url) for _ in range(4)]

    def work(seat: CaseRecords) -> None:
        for i in range(10):
            seat.book.note("anna", "search", None, {"number": i})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, seats))
    found = records.trail.verify()
    assert (found.lines, found.problem) == (40, None)
    for seat in seats:
        seat.database.close()


def test_the_password_is_in_no_message(records: CaseRecords, url: str, tmp_path: Path) -> None:
    assert DATABASE_PASSWORD not in repr(records)
    wrong = url.replace("/postgres", "/nowhere")
    with pytest.raises(CaseError) as caught:
        open_records(tmp_path, wrong)
    assert DATABASE_PASSWORD not in str(caught.value)
    with pytest.raises(CaseError, match="use PostgreSQL"):
        open_records(tmp_path, "mysql://root@localhost/x")


def test_a_database_from_before_revisions_is_taken_over_as_it_is(venue: Path, url: str) -> None:
    before = columns(url)
    records = open_records(venue, url)
    assert_readable(records)
    assert_guarded(records)
    records.database.close()
    added = {row[0] for row in columns(url) - before}
    assert added == {"alembic_version", "outbox", "alerts", "requests", "cases", "photos"}, (
        "what revisions have added"
    )
    assert run(url, "SELECT version_num FROM alembic_version") == [(migrations.NEWEST,)]


@pytest.mark.parametrize("body", [NEXT, REBUILD], ids=["added column", "changed column"])
def test_the_next_revision_keeps_every_row(
    venue: Path, url: str, revisions: Revisions, body: str
) -> None:
    revisions.add(body)
    records = open_records(venue, url)
    assert_readable(records)
    assert_guarded(records)
    records.database.close()


def test_two_that_open_at_once_migrate_once(venue: Path, url: str, revisions: Revisions) -> None:
    runs, other = venue / "runs", venue.parent / "other"
    shutil.copytree(venue, other)  # another machine: the lock of the folder does not bind it
    revisions.add(f"{NEXT}; open({str(runs)!r}, 'a').write('x'); time.sleep(1)")
    for process in [revisions.elsewhere(folder, url) for folder in (venue, other)]:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error
    assert runs.read_text() == "x"


def test_killed_or_failed_in_the_middle_it_is_as_before(
    venue: Path, url: str, revisions: Revisions
) -> None:
    before = columns(url)
    revisions.add(NEXT)
    revisions.add(f"{REBUILD}\n    op.drop_table('alerts')\n    {kill_once(venue / 'killed')}")
    killed = revisions.elsewhere(venue, url)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert columns(url) == before
    with pytest.raises(CaseError, match="UndefinedTable"):
        open_records(venue, url)
    assert columns(url) == before


def test_a_newer_one_is_refused(venue: Path, url: str, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        Revisions(tmp_path, patch).add(NEXT)
        open_records(venue, url).database.close()
    with pytest.raises(
        CaseError, match=r"written by a newer version .* install the newer version of this program"
    ):
        open_records(venue, url)


def test_the_revisions_make_the_tables_of_the_code(records: CaseRecords) -> None:
    with records.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []

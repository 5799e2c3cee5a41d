"""The desk's database on a real PostgreSQL server, started for the test."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from servers import DATABASE_PASSWORD, needs_postgresql, postgresql

from reid.cases import NewCase, Records, open_records
from reid.errors import AccessError, CaseError

pytestmark = needs_postgresql


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgresql() as server:
        yield server.url


@pytest.fixture
def records(url: str, tmp_path: Path) -> Iterator[Records]:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    engine.dispose()
    opened = open_records(tmp_path, url)
    yield opened
    opened.database.close()


def test_a_case_from_open_to_erased(records: Records) -> None:
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


def test_accounts(records: Records) -> None:
    records.accounts.add("anna", "correct horse battery", "operator", "setup")
    token = records.accounts.sign_in("anna", "correct horse battery")
    assert records.accounts.session(token) is not None
    with pytest.raises(AccessError):
        records.accounts.sign_in("anna", "wrong")


def test_the_database_refuses_changes_to_the_trail(records: Records) -> None:
    records.book.note("anna", "search", None, {})
    for sql in ("UPDATE audit SET actor = 'eve'", "DELETE FROM audit"):
        with pytest.raises(CaseError), records.database.write() as connection:
            connection.exec_driver_sql(sql)
    assert records.trail.verify().lines == 1


def test_many_seats_make_one_chain(records: Records, url: str, tmp_path: Path) -> None:
    seats = [open_records(tmp_path, url) for _ in range(4)]

    def work(seat: Records) -> None:
        for i in range(10):
            seat.book.note("anna", "search", None, {"number": i})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, seats))
    found = records.trail.verify()
    assert (found.lines, found.problem) == (40, None)
    for seat in seats:
        seat.database.close()


def test_the_password_is_in_no_message(records: Records, url: str, tmp_path: Path) -> None:
    assert DATABASE_PASSWORD not in repr(records)
    wrong = url.replace("/postgres", "/nowhere")
    with pytest.raises(CaseError) as caught:
        open_records(tmp_path, wrong)
    assert DATABASE_PASSWORD not in str(caught.value)
    with pytest.raises(CaseError, match="use PostgreSQL"):
        open_records(tmp_path, "mysql://root@localhost/x")

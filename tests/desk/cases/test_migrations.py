"""A database of an earlier version opens, whole, with every row and the audit trail intact."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from reid.core.errors import CaseError
from reid.desk.cases import migrations, open_records
from reid.desk.cases.database import Database, metadata
from tests.desk.cases.earlier import (
    NEXT,
    REBUILD,
    WRITTEN,
    Revisions,
    assert_guarded,
    assert_readable,
    kill_once,
)


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    return Path(shutil.copytree(WRITTEN / "sqlite", tmp_path / "venue"))


@pytest.fixture
def revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Revisions:
    return Revisions(tmp_path, monkeypatch)


def stored(venue: Path) -> dict[str, str]:
    """Return the definition of every table, index and trigger, with the revision."""
    with sqlite3.connect(venue / "desk.sqlite") as connection:
        found = dict(connection.execute("SELECT name, sql FROM sqlite_master").fetchall())
        if "alembic_version" in found:
            rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            found["revision"] = str(rows)
    connection.close()
    return found


def test_a_database_from_before_revisions_is_taken_over_as_it_is(venue: Path) -> None:
    before = stored(venue)
    records = open_records(venue)
    assert_readable(records)
    assert_guarded(records)
    records.database.close()
    after = stored(venue)
    assert after.pop("revision") == f"[('{migrations.NEWEST}',)]"
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"alerts", "cases"}, "which have one column more"
    added = {name.removeprefix("sqlite_autoindex_").removesuffix("_1") for name in after}
    assert added - before.keys() <= {"alembic_version", "outbox", "requests", "photos"}, (
        "what revisions have added"
    )


def test_a_table_that_came_before_revisions_is_added(venue: Path) -> None:
    with sqlite3.connect(venue / "desk.sqlite") as connection:
        connection.execute("DROP TABLE steps")
        connection.execute("DROP INDEX audit_by")
    open_records(venue).database.close()
    assert {"steps", "audit_by"} <= stored(venue).keys()


@pytest.mark.parametrize("body", [NEXT, REBUILD], ids=["added column", "rebuilt table"])
def test_the_next_revision_keeps_every_row(venue: Path, revisions: Revisions, body: str) -> None:
    revisions.add(body)
    records = open_records(venue)
    assert_readable(records)
    assert_guarded(records)
    with records.database.read() as connection:
        for pragma, value in (("foreign_keys", 1), ("secure_delete", 1), ("journal_mode", "wal")):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value, pragma
    records.database.close()
    changed = {NEXT: "shoes TEXT", REBUILD: "purpose VARCHAR(80)"}[body]
    assert changed in stored(venue)["cases"]


def test_two_that_open_at_once_migrate_once(venue: Path, revisions: Revisions) -> None:
    runs = venue / "runs"
    revisions.add(f"{NEXT}; open({str(runs)!r}, 'a').write('x'); time.sleep(1)")
    both = [revisions.elsewhere(venue) for _ in range(2)]
    for process in both:
        _, error = process.communicate(timeout=60)
        assert process.returncode == 0, error
    assert runs.read_text() == "x"
    assert_readable(open_records(venue))


def test_killed_or_failed_in_the_middle_it_is_as_before(venue: Path, revisions: Revisions) -> None:
    open_records(venue).database.close()
    before = stored(venue)
    revisions.add(NEXT)
    revisions.add(f"{REBUILD}\n    op.drop_table('alerts')\n    {kill_once(venue / 'killed')}")
    killed = revisions.elsewhere(venue)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert stored(venue) == before
    with pytest.raises(CaseError, match="no such table"):
        open_records(venue)
    assert stored(venue) == before


def test_a_newer_one_is_refused(venue: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        Revisions(tmp_path, patch).add(NEXT)
        open_records(venue).database.close()
    before = stored(venue)
    with pytest.raises(
        CaseError, match=r"written by a newer version .* install the newer version of this program"
    ) as caught:
        open_records(venue)
    assert "\n" not in str(caught.value)
    assert stored(venue) == before


def test_versions_without_revisions_refuse_a_changed_one(venue: Path, revisions: Revisions) -> None:
    revisions.add(NEXT)
    open_records(venue).database.close()
    with sqlite3.connect(venue / "desk.sqlite") as connection:
        schema = connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchall()
    assert schema == [(migrations.NEWEST.lstrip("0"),)]
    assert schema != [("1",)], "they read that alone"


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("ALTER TABLE alerts DROP COLUMN camera", "alerts lacks camera"),
        ("PRAGMA foreign_keys=OFF; DELETE FROM cases WHERE id = 1", "refers to rows"),
        ("UPDATE meta SET value = '7' WHERE name = 'schema'", "newer version"),
    ],
)
def test_one_that_nobody_wrote_is_refused_and_kept(venue: Path, sql: str, says: str) -> None:
    with sqlite3.connect(venue / "desk.sqlite") as connection:
        connection.executescript(sql)
    before = stored(venue)
    with pytest.raises(CaseError, match=says):
        open_records(venue)
    assert stored(venue) == before


def test_the_revisions_make_the_tables_of_the_code() -> None:
    migrated, made = sa.create_engine("sqlite://"), sa.create_engine("sqlite://")
    metadata.create_all(made)
    with migrated.begin() as connection:
        migrations.upgrade(connection, "the database")
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        assert differences == [], "add a revision to reid/desk/cases/migrations/versions"
        found, wanted = sa.inspect(connection), sa.inspect(made)
        for table in metadata.tables:
            assert found.get_foreign_keys(table) == wanted.get_foreign_keys(table), table
            assert found.get_pk_constraint(table) == wanted.get_pk_constraint(table), table


def test_the_newest_revision_is_the_last() -> None:
    names = sorted(path.name for path in migrations.VERSIONS.glob("r*.py"))
    assert names[-1].startswith(f"r{migrations.NEWEST}")


def test_one_of_today_opens_without_alembic(tmp_path: Path) -> None:
    Database(tmp_path).close()
    code = (
        "import sys; from pathlib import Path; from reid.desk.cases import open_records;"
        f"open_records(Path({str(tmp_path)!r})); sys.exit('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or "alembic was loaded"

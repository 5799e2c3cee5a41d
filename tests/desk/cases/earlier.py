"""Databases that the version before revisions wrote, and revisions that do not exist yet."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reid.core.errors import CaseError
from reid.desk.cases import CaseRecords, migrations

WRITTEN = Path(__file__).parent / "unversioned"
GATE = datetime(2026, 5, 1, 12, tzinfo=UTC)

NEXT = "op.add_column('cases', sa.Column('shoes', sa.Text))"
REBUILD = """
    with op.batch_alter_table("cases", recreate="auto") as table:
        table.alter_column("purpose", type_=sa.String(80), existing_nullable=False)
"""
OPEN = """
import sys
from pathlib import Path
from reid.desk.cases import migrations, open_records
migrations.VERSIONS, migrations.NEWEST = Path(sys.argv[1]), sys.argv[2]
open_records(Path(sys.argv[3]), sys.argv[4] or None).database.close()
"""


class Revisions:
    """A copy of the revisions, to which a test adds some."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._monkeypatch = folder / "versions", monkeypatch
        shutil.copytree(migrations.VERSIONS, self._folder)
        monkeypatch.setattr(migrations, "VERSIONS", self._folder)

    def add(self, body: str) -> None:
        """Add one revision after the newest."""
        before = migrations.NEWEST
        name = f"{int(before) + 1:04}"
        (self._folder / f"r{name}.py").write_text(
            "import os, pathlib, signal, time\nimport sqlalchemy as sa\nfrom alembic import op\n"
            f"revision, down_revision = '{name}', '{before}'\n\n"
            f"def upgrade():\n    {body.strip()}\n"
        )
        self._monkeypatch.setattr(migrations, "NEWEST", name)

    def elsewhere(self, venue: Path, url: str = "") -> subprocess.Popen[str]:
        """Open a venue's database in another process."""
        arguments = [str(self._folder), migrations.NEWEST, str(venue), url]
        return subprocess.Popen(
            [sys.executable, "-c", OPEN, *arguments], stderr=subprocess.PIPE, text=True
        )


def kill_once(mark: Path) -> str:
    """Return statements of a revision that kill the process; the second time they fail."""
    path = f"pathlib.Path({str(mark)!r})"
    return (
        f"if not {path}.exists():\n        {path}.touch(); os.kill(os.getpid(), signal.SIGKILL)\n"
        "    op.execute('DELETE FROM nowhere')"
    )


def assert_readable(records: CaseRecords) -> None:
    """Compare with what was written by the version before revisions."""
    assert records.trail.verify().problem is None
    assert records.trail.verify().lines == 17
    assert [(u.name, u.role) for u in records.accounts.all()] == [
        ("anna", "operator"),
        ("boris", "supervisor"),
    ]
    assert records.accounts.sign_in("anna", "correct horse battery")
    case, erased = records.book.get(1), records.book.get(2)
    assert (case.state, case.watching, erased.state, erased.about) == ("open", True, "erased", None)
    assert case.about is not None
    assert (case.about.child_name, case.about.reporter) == ("Mathilda", "Ruth")
    assert (case.about.last_seen_at, case.about.companion) == (GATE, "a dog")
    found = [records.book.search(1, number) for number in (1, 2)]
    assert [f.query for f in found if f] == ['{"slots":["anorak"]}', '{"slots":["red anorak"]}']
    assert {d.sighting: d.verdict for d in records.book.decisions(1)} == {
        "feedc0ffee123456": "confirmed",
        "feedc0ffee654321": "rejected",
    }
    assert list(records.book.steps(1)) == ["description"]
    assert [(a.sighting, a.probability) for a in records.alerts.of(1)] == [
        ("feedc0ffee777777", 0.5)
    ]


def assert_guarded(records: CaseRecords) -> None:
    """The trail still refuses changes, and new cases and lines can be written."""
    for sql in ("UPDATE audit SET actor = 'eve'", "DELETE FROM audit"):
        with pytest.raises(CaseError), records.database.write() as connection:
            connection.exec_driver_sql(sql)
    records.book.note("anna", "search", 1, {})
    assert records.trail.verify().problem is None

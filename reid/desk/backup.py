"""One consistent copy of a venue in one file, while others search, index and watch.

The desk's database is copied at one moment, and the version of each table is noted at the same,
both under the lock under which sightings are erased: so a copy holds nothing that was half erased.
The rows of those versions are then written without a lock. Where an erasure takes them away
meanwhile, the copy begins again: what is erased while it is made is not in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reid.core.errors import StoreError, UsageError
from reid.desk.erasure import MARK
from reid.desk.policy import FILE_NAME as RULES
from reid.storage.archive import ArchiveWriter, new_archive
from reid.storage.locks import lock_of
from reid.storage.venue_path import Folder
from reid.store import copies
from reid.weights.adapted import FOLDER as ADAPTED

if TYPE_CHECKING:  # loads SQLAlchemy
    from reid.desk.desk import Desk

FORMAT: Final = 1
SUFFIX: Final = ".reid-backup"

CASES: Final = "cases.jsonl"
"""The entry that holds the desk's database."""

ROWS: Final = ".arrow"
"""How the entries end that hold a table's rows."""

FILES: Final = "venue/"
"""How the entries begin that are files of the venue's folder."""

_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied: where to, as of when, how many rows of each table."""

    path: Path
    made: datetime
    rows: dict[str, int]


def back_up(venue: Folder, desk: "Desk | None", target: Path, actor: str) -> Backup:
    """Copy a venue into one file that only this user can read.

    Args:
        venue: its folder or bucket.
        desk: its desk; None for a venue without rules.
        target: the file, or a folder that it goes to under the venue's name and the time.
        actor: who does it, for the audit trail.

    Raises:
        UsageError: there is no venue, the file is there already or would lie in the venue.
        StoreError: it cannot be written, or sightings are erased faster than they are copied.
    """
    path = _path(venue, target)
    copied = _OfDesk(venue, desk) if desk else _OfSightings(venue)
    copied.begin(actor, path)
    for _ in range(_TRIES):
        try:
            with new_archive(path) as archive:
                return copied.write(archive, path)
        except copies.Overtaken:
            continue
    raise StoreError(f"{venue} was erased from each time it was copied: try again in a while")


def _path(venue: Folder, target: Path) -> Path:
    if target.is_dir():
        target = target / f"{venue.name or 'venue'}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent} is no folder: make it first")
    if isinstance(venue, Path) and target.resolve().is_relative_to(venue.resolve()):
        raise UsageError(f"{target} lies in the venue: a backup is lost with it; name another disk")
    return target


class _OfSightings:
    """Copies a venue without rules: its tables, and weights of its own."""

    rules = False

    def __init__(self, venue: Folder) -> None:
        self._venue = venue
        self._name = venue.name
        self._database: str | None = None

    def begin(self, actor: str, path: Path) -> None:
        """Note who copies it, where anything notes that.

        Raises:
            UsageError: there is nothing to copy.
        """
        if not copies.versions(self._venue):
            raise UsageError(
                f"{self._venue} holds no sightings and no rules: there is nothing to copy"
            )

    def write(self, archive: ArchiveWriter, path: Path) -> Backup:
        """Write everything into an archive."""
        with lock_of(self._venue, MARK, database=self._database):
            made = datetime.now(UTC)
            self._write_cases(archive)
            versions = copies.versions(self._venue)
        rows = {}
        for name, version in versions.items():
            with archive.entry(f"{name}{ROWS}") as out:
                rows[name] = copies.write_rows(self._venue, name, version, out)
        for name, content in self._files():
            archive.add(f"{FILES}{name}", content)
        archive.finish({"format": FORMAT, "venue": self._name, "made": made.isoformat(),
                        "rules": self.rules, "rows": rows})  # fmt: skip
        return Backup(path, made, rows)

    def _write_cases(self, archive: ArchiveWriter) -> None:
        """Write the desk's database, where there is one."""

    def _files(self) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of the files that the venue cannot do without."""
        if isinstance(self._venue, Path):
            for path in sorted((self._venue / ADAPTED).rglob("*")):
                if path.is_file():
                    yield path.relative_to(self._venue).as_posix(), path.read_bytes()


class _OfDesk(_OfSightings):
    """Copies a venue with rules: cases, audit trail and key besides, and what the rules name."""

    rules = True

    def __init__(self, venue: Folder, desk: "Desk") -> None:
        super().__init__(venue)
        self._desk = desk
        self._name, self._database = desk.policy.venue.name, desk.records.database.url

    def begin(self, actor: str, path: Path) -> None:
        """Note who copies it."""
        self._desk.records.book.note(actor, "backup", None, {"file": path.name})

    def _write_cases(self, archive: ArchiveWriter) -> None:
        from reid.desk.cases.rows import write_rows

        with archive.entry(CASES) as out:
            write_rows(self._desk.records.database, out)

    def _files(self) -> Iterator[tuple[str, bytes]]:
        from reid.desk.cases.audit import KEY_FILE

        measured, plan = self._desk.policy.measured, self._desk.policy.plan
        named = (plan.image, measured.privacy, measured.detection, measured.fairness)
        for name in (RULES, KEY_FILE, *filter(None, named)):
            if (self._venue / name).is_file():
                yield name, (self._venue / name).read_bytes()
        yield from super()._files()

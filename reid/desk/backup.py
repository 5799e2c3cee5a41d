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
from typing import TYPE_CHECKING, Any, Final

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
    if desk is not None:
        desk.records.book.note(actor, "backup", None, {"file": path.name})
    elif not copies.versions(venue):
        raise UsageError(f"{venue} holds no sightings and no rules: there is nothing to copy")
    for _ in range(_TRIES):
        try:
            with new_archive(path) as archive:
                return _copy(venue, desk, archive, path)
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


def _copy(venue: Folder, desk: "Desk | None", archive: ArchiveWriter, path: Path) -> Backup:
    database = desk.records.database.url if desk else None
    with lock_of(venue, MARK, database=database):
        made = datetime.now(UTC)
        if desk is not None:
            _copy_cases(desk, archive)
        versions = copies.versions(venue)
    rows = {}
    for name, version in versions.items():
        with archive.entry(f"{name}{ROWS}") as out:
            rows[name] = copies.write_rows(venue, name, version, out)
    for name, content in _files(venue, desk):
        archive.add(f"{FILES}{name}", content)
    archive.finish(_manifest(venue, desk, made, rows))
    return Backup(path, made, rows)


def _copy_cases(desk: "Desk", archive: ArchiveWriter) -> None:
    from reid.desk.cases.rows import write_rows

    with archive.entry(CASES) as out:
        write_rows(desk.records.database, out)


def _manifest(
    venue: Folder, desk: "Desk | None", made: datetime, rows: dict[str, int]
) -> dict[str, Any]:
    name = desk.policy.venue.name if desk else venue.name
    return {"format": FORMAT, "venue": name, "made": made.isoformat(),
            "rules": desk is not None, "rows": rows}  # fmt: skip


def _files(venue: Folder, desk: "Desk | None") -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the files that a venue cannot do without, and those it names."""
    if desk is not None:
        from reid.desk.cases.audit import KEY_FILE

        measured, plan = desk.policy.measured, desk.policy.plan
        named = (plan.image, measured.privacy, measured.detection, measured.fairness)
        for name in (RULES, KEY_FILE, *filter(None, named)):
            if (venue / name).is_file():
                yield name, (venue / name).read_bytes()
    if isinstance(venue, Path):
        for path in sorted((venue / ADAPTED).rglob("*")):
            if path.is_file():
                yield path.relative_to(venue).as_posix(), path.read_bytes()

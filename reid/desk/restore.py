"""A venue made again from a backup; what should be gone by now does not come back unsaid.

On a disk it is made beside its place and moved there when all of it is written, so that a process
that is killed leaves no half venue. In a bucket, which cannot move things, a mark stands in it
until all is written. Retention is applied at once. What was erased by hand after the backup was
taken is back: the lines that told of it are lost with the venue. So it is said how many lines were
written since, as far as anybody outside the venue has their seals; with a copy of those lines the
cases that they erase are erased again.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reid.core.errors import CaseError, StoreError, UsageError
from reid.desk.backup import CASES, FILES, FORMAT, ROWS
from reid.desk.erasure import Expired
from reid.desk.policy import FILE_NAME as RULES
from reid.storage.archive import ArchiveReader
from reid.storage.durable import hold_alone, sync_all, sync_folder
from reid.storage.venue_path import Folder
from reid.store import copies

if TYPE_CHECKING:  # loads SQLAlchemy
    from reid.desk.cases.audit import Detail, Line, Trail
    from reid.desk.cases.audit_sinks import Seal
    from reid.desk.desk import Desk

UNFINISHED: Final = "restoring"
"""Mark in a bucket: not all of a backup is in it yet."""


_NOTHING: Final = Expired()


@dataclass(frozen=True, slots=True)
class Since:
    """What somebody outside the venue knows of the time after the backup.

    Attributes:
        seals: that a syslog or a webhook has received.
        lines: of the lost trail, a copy.
    """

    seals: "Sequence[Seal]" = ()
    lines: "Sequence[Line]" = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and what did not.

    Attributes:
        made: as of when.
        rows: of each table.
        rules: whether the venue has any.
        line: the newest line of the trail in the backup.
        lost: how many lines came after it; None where nobody outside tells.
        expired: what was over its time, and is erased again.
        cases: those that were erased after the backup, and are erased again.
        erasures: genuine lines after the backup that tell of other erasures.
    """

    made: datetime
    rows: dict[str, int]
    rules: bool = False
    line: int = 0
    lost: int | None = None
    expired: Expired = _NOTHING
    cases: tuple[int, ...] = ()
    erasures: "tuple[Line, ...]" = ()


def restore(
    file: Path, venue: Folder, actor: str, database: str | None = None, since: Since | None = None
) -> Restored:
    """Make a venue from a backup.

    Args:
        file: the backup.
        venue: where there is no venue yet.
        actor: who does it, for the audit trail.
        database: URL of an empty PostgreSQL database; None for SQLite in the venue's folder.
        since: what is known of the time after the backup.

    Raises:
        UsageError: there is something at that place already, or no such backup.
        StoreError: the backup is damaged; nothing was made.
    """
    with ArchiveReader(file) as archive:
        made = _check(archive, file)
        with _place(venue) as fresh:
            so_far = Restored(made, _fill_tables(archive, fresh), bool(archive.about["rules"]))
            if so_far.rules:
                _fill_cases(archive, fresh, database)
            _write_files(archive, fresh)
            if not so_far.rules:
                return so_far
            return _resume(fresh, database, actor, so_far, since or Since())


def _check(archive: ArchiveReader, file: Path) -> datetime:
    """Return when a backup was made."""
    about = archive.about
    try:
        kind, made = int(about["format"]), datetime.fromisoformat(about["made"])
    except (KeyError, TypeError, ValueError):
        raise StoreError(f"{file} is no backup of a venue") from None
    if kind > FORMAT:
        raise StoreError(f"{file} was written by a newer version of this program: install that one")
    if made > datetime.now(UTC):
        raise UsageError(
            f"{file} was made at {made:%Y-%m-%d %H:%M} UTC, which is still to come by this "
            "machine's clock: set it first, retention goes by it"
        )
    return made


def _fill_tables(archive: ArchiveReader, fresh: Folder) -> dict[str, int]:
    """Make the tables; returns how many rows each has."""
    rows = {}
    for table in copies.TABLES:
        if f"{table}{ROWS}" in archive.names:
            with archive.open(f"{table}{ROWS}") as source:
                rows[table] = copies.read_rows(fresh, table, source)
    return rows


def _fill_cases(archive: ArchiveReader, fresh: Folder, database: str | None) -> None:
    from reid.desk.cases.database import Database
    from reid.desk.cases.rows import Rows

    with archive.open(CASES) as lines:
        Database(fresh, database, Rows(lines)).close()


def _write_files(archive: ArchiveReader, fresh: Folder) -> None:
    """Write the files, the rules last: nobody opens a desk without them."""
    names = [name.removeprefix(FILES) for name in archive.names if name.startswith(FILES)]
    for name in sorted(names, key=RULES.__eq__):
        place = fresh
        for part in name.split("/"):
            place = place / part
        if isinstance(place, Path):
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.touch(mode=0o600)
        place.write_bytes(archive.read(f"{FILES}{name}"))


def _resume(
    fresh: Folder, database: str | None, actor: str, so_far: Restored, since: Since
) -> Restored:
    """Go on with the audit trail, and erase what should be gone."""
    from reid.desk.desk import Desk

    desk = Desk.open(fresh, database)
    try:
        return _told(desk, so_far, actor, since)
    finally:
        desk.records.database.close()


def _told(desk: "Desk", so_far: Restored, actor: str, since: Since) -> Restored:
    from reid.desk.cases.audit import RESTORED

    trail = desk.records.trail
    (last,) = trail.lines(newest=1)
    later = [line for line in since.lines if line.seq > last.seq and trail.is_genuine(line)]
    lost = _lost(trail, last.seq, since, later)
    detail: Detail = {"line": last.seq, "lost": lost or 0, "made": so_far.made.isoformat()}
    desk.records.book.note(actor, RESTORED, None, detail)
    desk.trust_clock()
    cases = _erase_again(desk, later, actor)
    told = tuple(one for one in later if one.action == "erase.sightings")
    return Restored(so_far.made, so_far.rows, True, last.seq, lost, desk.expire(), cases, told)


def _lost(trail: "Trail", last: int, since: Since, later: "Sequence[Line]") -> int | None:
    """Count the lines after the backup's last, and let the trail go on after them."""
    from reid.desk.cases.audit_sinks import Seal

    seals = [*since.seals, *(Seal(line.seq, line.hash) for line in later)]
    for sink in trail.outside.files:
        try:
            seals += sink.seals()
        except OSError:
            continue
    if not seals:
        return None
    newest = max(seals, key=lambda seal: seal.line)
    if newest.line > last:
        trail.go_on_after(newest)
    return max(0, newest.line - last)


def _erase_again(desk: "Desk", later: "Sequence[Line]", actor: str) -> tuple[int, ...]:
    """Erase the cases that were erased after the backup."""
    named = {line.case_id for line in later if line.action in {"erase.case", "erase.begin"}}
    done = []
    for case in sorted(case for case in named if case is not None):
        try:
            desk.erase_case(case, actor)
        except CaseError:  # it was opened after the backup
            continue
        done.append(case)
    return tuple(done)


@contextmanager
def _place(venue: Folder) -> Iterator[Folder]:
    """Give a place to make a venue in; it becomes the venue when all is done.

    Raises:
        UsageError: something is there.
    """
    if not isinstance(venue, Path):
        with _place_in_bucket(venue):
            yield venue
        return
    if venue.is_symlink() or (venue.exists() and (not venue.is_dir() or any(venue.iterdir()))):
        raise UsageError(f"{venue} is there already: nothing is overwritten; name a new folder")
    parent = venue.absolute().parent
    if not parent.is_dir():
        raise UsageError(f"{parent} is no folder: make it first")
    fresh = parent / f".{venue.name}.{UNFINISHED}"
    try:
        with _empty_folder(fresh):
            yield fresh
            sync_all(fresh)
            fresh.replace(venue)
        sync_folder(parent)
    except OSError as error:
        raise StoreError(f"{venue} cannot be made ({error.strerror}): free some space") from None


@contextmanager
def _empty_folder(fresh: Path) -> Iterator[None]:
    """Make a folder, without what a killed process left in it; gone again where that fails."""
    fresh.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        if not hold_alone(descriptor):
            raise UsageError(f"{fresh} is being written by another process")
        for old in fresh.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        try:
            yield
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    finally:
        os.close(descriptor)


@contextmanager
def _place_in_bucket(venue: Folder) -> Iterator[None]:
    mark = venue / UNFINISHED
    if venue.exists() and not mark.is_file():
        raise UsageError(f"{venue} is there already: nothing is overwritten; name a new place")
    mark.touch()
    yield
    mark.unlink()

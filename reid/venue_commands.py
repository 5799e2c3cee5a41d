"""What commands do in a venue that has rules: the same searches, bound to a case and audited."""

import getpass
import os
import re
from collections.abc import Sequence

from reid.address import Folder, folder_at
from reid.cases.audit import Detail
from reid.desk import Desk, Filters, SiteAnswer, search_sites
from reid.errors import AuditError, UsageError
from reid.policy import find_policy
from reid.postgresql import DATABASE_VARIABLE
from reid.records import Answer
from reid.search import Likeness
from reid.store import Filter


def actor() -> str:
    """Name who runs the command, for the audit trail."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"


def open_desk(venue: Folder) -> Desk:
    """Open a venue that has rules; what is over its time is erased first.

    Raises:
        PolicyError: it has no rules, or they are wrong.
    """
    desk = Desk.open(venue, os.environ.get(DATABASE_VARIABLE))
    desk.tidy()
    return desk


def find_desk(venue: Folder) -> Desk | None:
    """Return the desk of a venue, or None for a research venue, which has no rules."""
    return open_desk(venue) if find_policy(venue) else None


def case_sites(
    desk: Desk, case: str | None, text: str, sites: Sequence[str], which: Filter, top: int,
    sign_in: tuple[str, str],
) -> list[SiteAnswer]:  # fmt: skip
    """Search other sites for a case, as a member of staff who signs in with name and password.

    Raises:
        UsageError: a site that the rules do not name.
        AccessError: a wrong password, or a role that may not.
    """
    number = case_number(case)
    name, password = sign_in
    token = desk.records.accounts.sign_in(name, password)
    try:
        asked = desk.understand(text, name, number)
        opened = {site: _open_site(desk, site) for site in sites or desk.policy.sites}
        user = desk.records.accounts.get(name)
        return search_sites(desk, opened, user, number, asked, _filters(which), top)
    finally:
        desk.records.accounts.sign_out(token, name)


def _open_site(desk: Desk, name: str) -> Desk:
    site = desk.policy.sites.get(name)
    if site is None:
        known = ", ".join(desk.policy.sites) or "none"
        raise UsageError(f"{name!r} is no site of this venue's rules: {known}")
    return Desk.open(folder_at(site.address), os.environ.get(site.database or ""))


def case_number(text: str | None) -> int:
    """Read a case's name.

    Raises:
        UsageError: missing, or not one.
    """
    if text is None:
        raise UsageError(
            "this venue has rules: no case, no search; open one with `reid case open` and name it "
            "with --case C-1"
        )
    found = re.fullmatch(r"(?:C-?)?(\d{1,9})", text.strip(), re.IGNORECASE)
    if not found:
        raise UsageError(f"{text!r} is not a case: write it like C-1")
    return int(found.group(1))


def case_search(desk: Desk, case: str | None, text: str, which: Filter, top: int) -> Answer:
    """Search within a case."""
    number = case_number(case)
    asked = desk.understand(text, actor(), number)
    return desk.search(number, asked, _filters(which), actor(), top).answer


def case_similar(
    desk: Desk, case: str | None, sighting: str, which: Filter, top: int
) -> list[Likeness]:
    """Find the same clothes within a case."""
    return desk.similar(case_number(case), sighting, _filters(which), actor(), top)


def case_journey(desk: Desk, case: str | None, sighting: str) -> None:
    """Allow a journey, and note it; raises where there is no open case."""
    number = case_number(case)
    desk.records.book.require_open(number)
    ref = desk.records.book.references(number, [sighting])[0]
    desk.records.book.note(actor(), "journey", number, {"ref": ref})


def export_noted(desk: Desk, case: str | None, kind: str, shown: int) -> None:
    """Note that pictures leave the desk as a file."""
    detail: Detail = {"kind": kind, "shown": shown}
    desk.records.book.note(actor(), "export", case_number(case), detail)


def check_cameras_declared(venue: Folder, cameras: Sequence[str]) -> None:
    """Refuse to index a camera whose place the venue's rules do not declare."""
    desk = find_desk(venue)
    for camera in cameras if desk else ():
        assert desk is not None
        desk.policy.require_camera(camera)


def verify_audit(desk: Desk, head: str | None) -> tuple[int, str]:
    """Check the audit trail; returns the number of lines and the last seal.

    Raises:
        AuditError: it was changed.
    """
    found = desk.records.trail.verify(head)
    if found.problem:
        raise AuditError(
            f"the audit trail does not hold: {found.problem} ({found.lines} lines before it do)"
        )
    return found.lines, found.head


def erase_case(desk: Desk, case: str) -> int:
    """Erase a case for good."""
    return desk.erase_case(case_number(case), actor())


def _filters(which: Filter) -> Filters:
    return Filters(which.since, which.until, tuple(which.cameras))

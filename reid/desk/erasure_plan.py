"""What goes when a case is erased, what stays, and which open cases it concerns."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reid.desk.cases import Case, Decision
from reid.desk.parsed_description import allowed
from reid.desk.refinement import refined
from reid.search.questions import search_snapshot

if TYPE_CHECKING:  # which imports this
    from reid.desk.desk import Desk

LISTED: Final = 10
"""First sightings of an open case's newest search; if one of these goes, the case is named."""


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What erasing a case would do.

    Attributes:
        going: confirmed sightings that go with it, in order of time.
        staying: those that stay, each with the names of the open cases that need it.
        listed_by: names of open cases whose newest search lists one that goes.
    """

    going: tuple[Decision, ...]
    staying: tuple[tuple[Decision, tuple[str, ...]], ...]
    listed_by: tuple[str, ...]

    @property
    def seal(self) -> str:
        """What differs as soon as something else would go or stay; hexadecimal."""
        going = [decision.sighting for decision in self.going]
        staying = [(decision.sighting, names) for decision, names in self.staying]
        said = repr((going, staying, self.listed_by))
        return hashlib.sha256(said.encode()).hexdigest()


def plan_erasure(desk: "Desk", case_id: int) -> ErasurePlan:
    """Say what erasing a case would do, as things are now."""
    needed = desk.records.book.needed()
    confirmed = desk.records.book.decisions(case_id, "confirmed")
    going = tuple(d for d in confirmed if d.sighting not in needed)
    staying = tuple(
        (d, tuple(f"C-{number}" for number in needed[d.sighting]))
        for d in confirmed
        if d.sighting in needed
    )
    ids = {d.sighting for d in going}
    others = [c for c in desk.records.book.all("open") if c.id != case_id] if ids else []
    listed = tuple(case.name for case in reversed(others) if ids & _listed(desk, case))
    return ErasurePlan(going, staying, listed)


def _listed(desk: "Desk", case: Case) -> set[str]:
    """Return what a case's newest search lists; nobody is shown it, so it is no question."""
    if not desk.has_sightings:
        return set()
    latest, snapshot = desk.latest_query(case), desk.snapshots.get()
    query, _ = allowed(latest.description.query(), desk.policy.purpose(case.purpose))
    change = refined(query, snapshot, desk.records.book.decisions(case.id))
    answer, _ = search_snapshot(snapshot, query, latest.window, LISTED, change)
    return {match.key.id for match in answer.matches}

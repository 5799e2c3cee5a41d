"""What goes when a case is erased, what stays, and which open cases it concerns."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from reid.desk.cases import Case, CaseBook, Decision


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


def plan_erasure(book: CaseBook, case_id: int, listed: Callable[[Case], set[str]]) -> ErasurePlan:
    """Say what erasing a case would do, as things are now.

    Args:
        book: the venue's cases.
        case_id: which is to be erased.
        listed: what a case's newest search lists, by id of sighting.
    """
    needed = book.needed()
    confirmed = book.decisions(case_id, "confirmed")
    going = tuple(d for d in confirmed if d.sighting not in needed)
    staying = tuple(
        (d, tuple(f"C-{number}" for number in needed[d.sighting]))
        for d in confirmed
        if d.sighting in needed
    )
    ids = {d.sighting for d in going}
    others = [c for c in book.all("open") if c.id != case_id] if ids else []
    names = tuple(case.name for case in reversed(others) if ids & listed(case))
    return ErasurePlan(going, staying, names)

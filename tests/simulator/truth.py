"""What must hold: everything that was promised to somebody, and when it was taken back."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

FOREVER: Final = 1 << 60


class Broken(AssertionError):
    """An invariant does not hold."""


@dataclass
class Stored:
    """One sighting, by the count of steps at which things happened to it.

    Attributes:
        end: when it was last seen.
        added: when its store answered that it has it.
        going: when an erasure that means it began, at the earliest.
        gone: when such an erasure was answered.
    """

    end: datetime
    start: datetime
    camera: str
    added: int = FOREVER
    going: int = FOREVER
    gone: int = FOREVER


@dataclass
class Write:
    """One write to a register: its value, when it began, and when it was answered."""

    value: Any
    begun: int
    done: int = FOREVER


@dataclass
class Register:
    """A value that several write: of overlapping writes any may be the last."""

    writes: list[Write] = field(default_factory=list)

    def begin(self, value: Any, step: int) -> Write:
        """Note that somebody begins to write."""
        self.writes.append(Write(value, step))
        return self.writes[-1]

    def allowed(self, initial: Any = None) -> list[Any]:
        """Return which values it may have."""
        latest = max((w.begun for w in self.writes if w.done != FOREVER), default=-1)
        values = [w.value for w in self.writes if w.done > latest]
        if latest < 0:  # nobody was answered: it may be as it was
            values.append(initial)
        return values


@dataclass
class OpenCase:
    """One case.

    Attributes:
        secret: in its free text; must not outlive it.
        closing, closed: steps at which closing or erasing it began, and was answered.
        erased: step at which its erasure was answered.
        expires: when it is over, at the latest.
        may_expire: the same at the earliest; earlier while an extension was not answered.
    """

    secret: str
    opened: int
    expires: datetime
    may_expire: datetime
    closing: int = FOREVER
    closed: int = FOREVER
    erased: int = FOREVER
    watched: Register = field(default_factory=Register)
    searches: dict[int, str] = field(default_factory=dict)


class Truth:
    """The promises of one run."""

    def __init__(self) -> None:
        self.sightings: dict[str, Stored] = {}
        self.cases: dict[int, OpenCase] = {}
        self.decisions: dict[tuple[int, str], Register] = {}
        self.confirmed: dict[str, set[int]] = {}  # sighting → cases that may hold it
        self.audited: Counter[tuple[str, str, int | None]] = Counter()
        self.alerted: dict[tuple[int, str], datetime] = {}
        self.received: Counter[tuple[int, str]] = Counter()
        self.heads: list[str] = []

    def gone(self, before: int) -> set[str]:
        """Return the sightings whose erasure was answered before a step."""
        return {name for name, one in self.sightings.items() if one.gone < before}

    def present(self, step: int) -> set[str]:
        """Return the sightings that are stored at a step for sure."""
        return {
            name
            for name, one in self.sightings.items()
            if one.added < step and one.going == FOREVER
        }

    def erasure_begins(self, names: set[str], step: int) -> None:
        """Note that some sightings may go from now on."""
        for name in names:
            one = self.sightings[name]
            one.going = min(one.going, step)

    def erasure_done(self, names: set[str], begun: int, step: int) -> None:
        """Note that an erasure was answered: what was stored before it began is gone."""
        for name in names:
            one = self.sightings[name]
            if one.added < begun:
                one.gone = min(one.gone, step)

    def over(self, before: datetime) -> set[str]:
        """Return the sightings that ended before a time."""
        return {name for name, one in self.sightings.items() if one.end < before}

    def kept_for_sure(self, step: int) -> set[str]:
        """Return the sightings that an open case has confirmed at a step, for sure."""
        return {
            sighting
            for (case, sighting), register in self.decisions.items()
            if self.cases[case].closing > step and register.allowed() == ["confirmed"]
        }

    def maybe_kept(self) -> set[str]:
        """Return the sightings that some case may ever have confirmed."""
        return {
            sighting
            for (_, sighting), register in self.decisions.items()
            if any(write.value == "confirmed" for write in register.writes)
        }


def require(holds: bool, what: str) -> None:
    """Raise what is broken."""
    if not holds:
        raise Broken(what)


def hours(count: float) -> timedelta:
    """Return so many hours."""
    return timedelta(hours=count)

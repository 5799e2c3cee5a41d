"""What a case is made of."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args

State = Literal["open", "closed", "erasing", "erased"]
CaseOutcome = Literal["found-safe", "found-elsewhere", "handed-to-police", "withdrawn", "expired"]
Decided = Literal["confirmed", "rejected"]
Step = Literal["description", "radio", "exits", "search", "dispatch", "police", "found", "guardian"]

OUTCOMES: Final[tuple[CaseOutcome, ...]] = get_args(CaseOutcome)
STEPS: Final[tuple[Step, ...]] = get_args(Step)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where and when somebody was last seen, and with whom; empty where nobody says."""

    place: str = field(default="", repr=False)
    at: datetime | None = None
    companion: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NewCase:
    """What is known when a case is opened.

    Attributes:
        purpose: of the venue's rules.
        text: the description as said; may hold a name, so it stays at the desk.
        query: how it was understood, JSON as of `reid.describe.to_json`.
        child_name: optional; stays at the desk.
    """

    purpose: str
    text: str = field(repr=False)
    query: str = field(repr=False)
    reporter: str = field(default="", repr=False)
    relationship: str = field(default="", repr=False)
    child_name: str = field(default="", repr=False)
    last_seen_place: str = field(default="", repr=False)
    last_seen_at: datetime | None = None
    companion: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Case:
    """A case; `about` is None once it is erased.

    `erase_at` is when it is erased by itself, of a closed case whose erasure can be taken back.
    """

    id: int
    state: State
    purpose: str
    owner: str
    opened: datetime
    expires: datetime
    closed: datetime | None
    outcome: CaseOutcome | None
    watching: bool
    about: NewCase | None = field(repr=False)
    erase_at: datetime | None = None

    @property
    def name(self) -> str:
        """What staff call it on the radio."""
        return f"C-{self.id}"

    @property
    def goes(self) -> datetime:
        """When it is erased by itself, once it is closed."""
        return self.expires if self.erase_at is None else min(self.expires, self.erase_at)

    @property
    def is_open(self) -> bool:
        """Whether it can be worked on."""
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """One search within a case: what was asked and the filters, both JSON."""

    number: int
    made: datetime
    query: str = field(repr=False)
    filters: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """Staff's word on a sighting, with what a route needs once its row is gone."""

    sighting: str
    verdict: Decided
    camera: str
    start: datetime
    end: datetime
    made: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A decision that may come late, and twice.

    Attributes:
        key: by which it is known again; empty where it comes once.
        made: when somebody decided; what others have decided since stands.
    """

    key: str = ""
    made: datetime | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A step of the procedure that was taken."""

    step: Step
    made: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Raising:
    """How an alert is raised: by which channels it leaves, and whether it continues another."""

    channels: tuple[str, ...] = ()
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """When all new sightings had last been compared, and with which cases, by number."""

    at: datetime
    cases: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Alert:
    """A new sighting that fits a watched case.

    `continues` says that the same clothes were alerted or confirmed for the case before.
    """

    id: int
    case_id: int
    sighting: str
    camera: str
    start: datetime
    raised: datetime
    probability: float
    seen: bool
    continues: bool = False

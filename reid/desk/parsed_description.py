"""What a case asks: the wishes with their certainty, and the window, as they are kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final

from reid.core.clock import CLOCK_ERROR
from reid.core.errors import UsageError
from reid.core.records import Query, SearchWindow, Wish
from reid.describe import LANGUAGES, describe, from_json, minutes_ago, to_json
from reid.desk.policy import Purpose

if TYPE_CHECKING:  # loads SQLAlchemy
    from reid.desk.cases import Circumstances

UNKNOWN: Final = "unknown"
"""Certainty of a field that the speaker does not know: kept on screen, not searched."""

MOST_WISHES: Final = 60


@dataclass(frozen=True, slots=True)
class ParsedDescription:
    """A description, parsed once: its fields, some of which may be `UNKNOWN` to the speaker.

    Attributes:
        data: what is kept of it, in the shape of `reid describe --json`.
        sentence: the words themselves, where they were just parsed; never kept or compared.
    """

    data: Mapping[str, Any]
    sentence: str = field(default="", repr=False, compare=False)

    @classmethod
    def of_sentence(cls, text: str, language: str | None = None) -> "ParsedDescription":
        """Understand a description."""
        return cls(to_json(describe(text, language)), text)

    @classmethod
    def of_text(cls, text: str) -> "ParsedDescription":
        """Read JSON, from the database or from a browser.

        Raises:
            UsageError: not the JSON of a description.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise UsageError("the fields could not be read: reload the page") from None
        description = cls(_checked(data))
        description.query()
        unknown = [e for e in description.data["slots"] if e.get("certainty") == UNKNOWN]
        from_json({**description.data, "slots": [{**e, "certainty": "sure"} for e in unknown]})
        return description

    def to_text(self) -> str:
        """Write as JSON."""
        return json.dumps(self.data, ensure_ascii=False, sort_keys=True)

    @property
    def slots(self) -> list[dict[str, Any]]:
        """The fields, those unknown included."""
        return list(self.data["slots"])

    @property
    def refused(self) -> tuple[str, ...]:
        """Kinds of traits that were named and are never searched for."""
        return tuple(self.data["refused"])

    @property
    def unparsed(self) -> tuple[str, ...]:
        """Words that were not understood."""
        return tuple(self.data["unparsed"])

    @property
    def last_seen_place(self) -> str:
        """Where the person was last seen, as said, or an empty string."""
        return str(self.data["context"]["last_seen_place"] or "")

    @property
    def last_seen_time(self) -> str:
        """When, as ``HH:MM`` where a clock time was said, else the phrase, or an empty string."""
        return str(self.data["context"]["last_seen_time"] or "")

    def last_seen_at(self, zone: tzinfo, now: datetime | None = None) -> datetime | None:
        """Return when, UTC, by the venue's clock; "20 minutes ago" is as of now.

        None where no time was said, or none that is exact enough ("this morning").
        """
        now = now or datetime.now(UTC)
        language = self.data["language"]
        known = language if language in LANGUAGES else LANGUAGES[0]
        minutes = minutes_ago(self.last_seen_time, known)
        if minutes is not None:
            return now - timedelta(minutes=minutes)
        return clock_time(self.last_seen_time, zone, now)

    def circumstances(self, zone: tzinfo, now: datetime | None = None) -> "Circumstances":
        """Return where and when the person was last seen, and with whom."""
        from reid.desk.cases import Circumstances

        companions = ", ".join(self.companions)
        return Circumstances(self.last_seen_place, self.last_seen_at(zone, now), companions)

    @property
    def companions(self) -> tuple[str, ...]:
        """Who is said to be with the person, in the words used."""
        return tuple(str(one["text"]) for one in self.data["context"]["with"])

    def with_fields_of(self, other: "ParsedDescription") -> "ParsedDescription":
        """Return this with another's fields, as changed by hand; the rest stays."""
        return ParsedDescription({**self.data, "slots": other.slots})

    def query(self, text: str = "") -> Query:
        """Return what can be searched for: all fields that are not unknown."""
        known = [entry for entry in self.data["slots"] if entry.get("certainty") != UNKNOWN]
        return from_json({**self.data, "slots": known}, text)


@dataclass(frozen=True, slots=True)
class LatestQuery:
    """What a case asked last; `number` is the saved search's, None before the first."""

    description: ParsedDescription
    window: SearchWindow
    number: int | None


def clock_time(clock: str, zone: tzinfo, now: datetime | None = None) -> datetime | None:
    """Return the newest past moment at which a clock in `zone` showed ``HH:MM``, UTC.

    A watch may be a little ahead of the venue's clock: what it shows is taken as now.
    """
    try:
        hour, minute = (int(part) for part in clock.split(":"))
        local = (now or datetime.now(UTC)).astimezone(zone)
        when = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError:
        return None
    if when > local + CLOCK_ERROR:
        when -= timedelta(days=1)
    return min(when, local).astimezone(UTC)


def allowed(query: Query, purpose: Purpose) -> tuple[Query, tuple[str, ...]]:
    """Leave out what the purpose does not allow; returns the query and the slots left out."""
    said = [w for wishes in (query.wishes, *(c.wishes for c in query.companions)) for w in wishes]
    withheld = tuple(dict.fromkeys(w.slot for w in said if not purpose.allows(w.slot)))

    def kept(wishes: tuple[Wish, ...]) -> tuple[Wish, ...]:
        return tuple(wish for wish in wishes if purpose.allows(wish.slot))

    companions = tuple(replace(one, wishes=kept(one.wishes)) for one in query.companions)
    return replace(query, wishes=kept(query.wishes), companions=companions), withheld


def _checked(data: Any) -> Mapping[str, Any]:
    empty: dict[str, Any] = {
        "slots": [],
        "refused": [],
        "context": {"last_seen_place": None, "last_seen_time": None, "with": []},
        "unparsed": [],
        "language": "en",
    }
    if not isinstance(data, dict) or not isinstance(data.get("slots", []), list):
        raise UsageError("the fields could not be read: reload the page")
    slots = data.get("slots", [])
    if len(slots) > MOST_WISHES or not all(isinstance(entry, dict) for entry in slots):
        raise UsageError("the fields could not be read: reload the page")
    return {**empty, **{name: data[name] for name in empty if name in data}}

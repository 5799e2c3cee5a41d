"""What a case asks: the wishes with their certainty, and the window, as they are kept."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final

from reid.core.clock import CLOCK_ERROR
from reid.core.errors import UsageError
from reid.core.records import PhotoQuery, Query, SearchWindow, Wish
from reid.describe import LANGUAGES, describe, from_json, minutes_ago, slot_json, to_json
from reid.desk.policy import Purpose

if TYPE_CHECKING:  # loads SQLAlchemy
    from reid.desk.cases import Circumstances

_UNREADABLE: Final = "the fields could not be read: reload the page"

UNKNOWN: Final = "unknown"
"""Certainty of a field that the speaker does not know: kept on screen, not searched."""

MOST_WISHES: Final = 60

MOST_PLACES: Final = 100

WORN: Final[Mapping[str, float]] = {"upper": 0.5, "lower": 0.3, "feet": 0.1, "carry": 0.1}
"""Parts of what a photo shows that may be different today → their share of how it looks."""

_PART_OF: Final = {"outer": "upper", "neck": "upper"}
_TWINS: Final = {"upper": "outer", "outer": "upper"}


@dataclass(frozen=True, slots=True)
class ParsedDescription:
    """A description, parsed once: its fields, some of which may be `UNKNOWN` to the speaker.

    Attributes:
        data: what is kept of it, in the shape of `reid describe --json`.
        sentence: the words themselves, where they were just parsed; never kept or compared.
        photo: how the person's clothes look in a photo; a case keeps it beside the description.
    """

    data: Mapping[str, Any]
    sentence: str = field(default="", repr=False, compare=False)
    photo: PhotoQuery | None = field(default=None, repr=False, compare=False)

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
            raise UsageError(_UNREADABLE) from None
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
    def current(self) -> list[dict[str, Any]]:
        """The fields, without those of a photo that are different today."""
        return [entry for entry in self.slots if not self.is_changed(entry)]

    def is_changed(self, entry: Mapping[str, Any]) -> bool:
        """Whether a field was read off a photo, and is different today."""
        return entry.get("source") == "photo" and part_of(entry["slot"]) in self.changed

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
    def places(self) -> tuple[str, ...]:
        """Cameras near which the person is said to have been, those dropped left out."""
        return tuple(self.data.get("places", ()))

    def with_places(self, cameras: Iterable[str]) -> "ParsedDescription":
        """Return this where the place said means these cameras; those of before where none."""
        named = list(cameras)
        return replace(self, data={**self.data, "places": named}) if named else self

    @property
    def companions(self) -> tuple[str, ...]:
        """Who is said to be with the person, in the words used."""
        return tuple(str(one["text"]) for one in self.data["context"]["with"])

    @property
    def has_photo(self) -> bool:
        """Whether a photo is searched for too."""
        return self.data.get("photo") is not None

    @property
    def photo_number(self) -> int | None:
        """Which of its case's photos; None: none, or one that no case keeps yet."""
        number = (self.data.get("photo") or {}).get("number")
        return number if isinstance(number, int) else None

    @property
    def changed(self) -> tuple[str, ...]:
        """Parts of `WORN` that are known to be different today from what the photo shows."""
        return tuple((self.data.get("photo") or {}).get("changed", ()))

    def with_photo(self, photo: PhotoQuery, clothes: Iterable[Wish]) -> "ParsedDescription":
        """Return this with a photo, and what was read off it where no words say otherwise."""
        seen = self.with_clothes(clothes)
        return replace(
            seen, data={**seen.data, "photo": {"number": None, "changed": []}}, photo=photo
        )

    def with_clothes(self, clothes: Iterable[Wish]) -> "ParsedDescription":
        """Return this with what was read off a photo, where no words say otherwise."""
        words = [e for e in self.slots if e.get("source") != "photo"]
        said = {str(e["slot"]) for e in words}
        said |= {f"{twin}.{rest}" for twin, rest in map(_twin, said) if twin}
        denied = [str(e["slot"]) for e in words if e.get("negated")]
        more = [
            slot_json(wish)
            for wish in clothes
            if wish.slot not in said and not any(wish.slot.startswith(f"{d}.") for d in denied)
        ]
        return replace(self, data={**self.data, "slots": (words + more)[:MOST_WISHES]})

    def with_changed(self, parts: Iterable[str]) -> "ParsedDescription":
        """Return this where parts of `WORN` are different today from what the photo shows.

        Raises:
            UsageError: a part that is none.
        """
        wrong = [part for part in parts if part not in WORN]
        if wrong:
            raise UsageError(f"{wrong[0]!r} is no part of a photo: {', '.join(WORN)}")
        if not self.has_photo:
            return self
        about = {**self.data["photo"], "changed": list(dict.fromkeys(parts))}
        return replace(self, data={**self.data, "photo": about})

    def with_photo_of(self, other: "ParsedDescription") -> "ParsedDescription":
        """Return new words with the photo of what was asked before, and what was read off it."""
        if not other.has_photo or self.has_photo:
            return self
        seen = other.photo_wishes()
        if other.photo is None:
            return replace(self, data={**self.data, "photo": other.data["photo"]})
        kept = self.with_photo(other.photo, seen)
        return replace(kept, data={**kept.data, "photo": other.data["photo"]})

    def photo_wishes(self) -> tuple[Wish, ...]:
        """Return what was read off the photo, whatever is different today."""
        entries = [e for e in self.slots if e.get("source") == "photo"]
        known = [e for e in entries if e.get("certainty") != UNKNOWN]
        return from_json({**self.data, "slots": known}).wishes

    def of_photo(self, number: int | None, photo: PhotoQuery | None) -> "ParsedDescription":
        """Return this with the photo that its case keeps under a number; None: it is gone."""
        if photo is None:
            return self.without_photo()
        about = {"number": number, "changed": list(self.changed)}
        return replace(self, data={**self.data, "photo": about}, photo=photo)

    def without_photo(self) -> "ParsedDescription":
        """Return this without the photo and what was read off it."""
        words = [e for e in self.slots if e.get("source") != "photo"]
        data = {name: value for name, value in self.data.items() if name != "photo"}
        return replace(self, data={**data, "slots": words}, photo=None)

    def with_fields_of(self, other: "ParsedDescription") -> "ParsedDescription":
        """Return this with another's fields, as changed by hand; the rest stays.

        Where the other says which places are meant, what is different today from a photo, or that
        there is no photo any more, that counts too.
        """
        mine = replace(self, data={**self.data, "slots": other.slots})
        if "places" in other.data:
            mine = replace(mine, data={**mine.data, "places": list(other.places)})
        if not self.has_photo or "photo" not in other.data:
            return mine
        if not other.has_photo:
            return mine.without_photo()
        return mine.with_changed(other.changed)

    def query(self, text: str = "") -> Query:
        """Return what can be searched for: all fields that are not unknown, and the photo."""
        changed = self.changed
        known = [entry for entry in self.current if entry.get("certainty") != UNKNOWN]
        plain = {name: value for name, value in self.data.items() if name != "photo"}
        query = from_json({**plain, "slots": known}, text)
        if self.photo is None:
            return query
        worn = sum(share for part, share in WORN.items() if part not in changed)
        return replace(query, photo=replace(self.photo, worn=min(1.0, worn)) if worn else None)


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


def part_of(slot: object) -> str:
    """Return which part of what a photo shows, of `WORN`, a slot is about."""
    region = str(slot).partition(".")[0]
    return _PART_OF.get(region, region)


def _twin(slot: str) -> tuple[str, str]:
    region, _, rest = slot.partition(".")
    return _TWINS.get(region, ""), rest


def _checked(data: Any) -> Mapping[str, Any]:
    empty: dict[str, Any] = {
        "slots": [],
        "refused": [],
        "context": {"last_seen_place": None, "last_seen_time": None, "with": []},
        "unparsed": [],
        "language": "en",
    }
    if not isinstance(data, dict) or not isinstance(data.get("slots", []), list):
        raise UsageError(_UNREADABLE)
    slots = data.get("slots", [])
    if len(slots) > MOST_WISHES or not all(isinstance(entry, dict) for entry in slots):
        raise UsageError(_UNREADABLE)
    found = {**empty, **{name: data[name] for name in empty if name in data}}
    if "places" in data:
        found["places"] = _checked_places(data["places"])
    return {**found, "photo": _checked_photo(data["photo"])} if "photo" in data else found


def _checked_places(said: Any) -> list[str]:
    if not isinstance(said, list) or len(said) > MOST_PLACES:
        raise UsageError(_UNREADABLE)
    if not all(isinstance(camera, str) for camera in said):
        raise UsageError(_UNREADABLE)
    return list(dict.fromkeys(said))


def _checked_photo(said: Any) -> dict[str, Any] | None:
    if said is None:
        return None
    changed = said.get("changed", []) if isinstance(said, dict) else None
    number = said.get("number") if isinstance(said, dict) else None
    if not isinstance(changed, list) or not all(part in WORN for part in map(str, changed)):
        raise UsageError(_UNREADABLE)
    known = number if type(number) is int and number > 0 else None
    return {"number": known, "changed": list(dict.fromkeys(map(str, changed)))}

"""What pages show of sightings, descriptions and cases: plain values, no logic in templates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from reid.core import records as core
from reid.core import vocabulary
from reid.core.clock import CLOCK_ERROR
from reid.core.records import Answer, Beside, Reason, SightingKey, SimilarMatch, percent_of
from reid.desk.cases import Case, Decision
from reid.desk.desk import Desk, SearchResult
from reid.desk.parsed_description import WORN
from reid.rank import Question
from reid.rank.reasons import sureness
from reid.web.translations import Translator, slot_name, value_name, wish_text

Level = Literal["strong", "possible", "weak"]
_LEVELS: Final[Mapping[core.Level, Level]] = {
    "likely": "strong",
    "possible": "possible",
    "unlikely": "weak",
}

LIKE_STRONG: Final = 0.75
LIKE_POSSIBLE: Final = 0.5
"""Cosine from which clothes are called much alike, and alike."""


@dataclass(frozen=True, slots=True)
class ReasonView:
    """One line of an evidence card; `percent` is how sure its verdict is."""

    asked: str
    verdict: str
    percent: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """One sighting on screen.

    Attributes:
        percent, level: of the person, the number and its one word; both stand on the first card.
        times: how many sightings of the same clothes there are; they follow one another.
        same_as: number of the person's first card, on the others; 0 on the first.
    """

    id: str
    picture: str
    camera: str
    place: str
    clock: str
    day: str
    ago: str
    percent: int
    level: Level
    verdict: str
    reasons: tuple[ReasonView, ...]
    times: int = 1
    same_as: int = 0

    @property
    def matches(self) -> int:
        """How many fields match."""
        return sum(reason.verdict == "match" for reason in self.reasons)

    @property
    def conflicts(self) -> int:
        """How many fields conflict."""
        return sum(reason.verdict == "conflict" for reason in self.reasons)

    @property
    def unclear(self) -> int:
        """How many fields cannot be told."""
        return sum(reason.verdict == "unclear" for reason in self.reasons)

    def because(self, t: Translator) -> str:
        """Say why in one sentence: what speaks for it, against it, and what cannot be told."""
        said: dict[str, list[str]] = {}
        for reason in self.reasons:
            said.setdefault(reason.verdict, []).append(reason.asked)
        return t("because.and").join(
            t(f"because.{verdict}", what=t("because.also").join(said[verdict]))
            for verdict in ("match", "conflict", "unclear", "not_visible", "not_estimated")
            if verdict in said
        )


@dataclass(frozen=True, slots=True)
class Chip:
    """One understood field, removable and editable."""

    index: int
    text: str
    certainty: str
    negated: bool
    colour: str
    withheld: bool
    of_photo: bool = False
    changed: bool = False


class Cards:
    """Makes cards for one case."""

    def __init__(self, desk: Desk, case_id: int, t: Translator) -> None:
        self._desk, self._case_id, self._t = desk, case_id, t
        self._decided = {d.sighting: d.verdict for d in desk.records.book.decisions(case_id)}

    def of_answer(self, answer: Answer) -> list[Card]:
        """Make cards of ranked sightings, person after person."""
        urls = self._urls([match.key.id for match in answer.matches])
        cards: list[Card] = []
        for person, matches in answer.by_person():
            first = len(cards) + 1
            for i, match in enumerate(matches):
                reasons = tuple(self._reason(reason) for reason in match.why)
                if match.photo is not None:
                    reasons += (ReasonView(self._t("card.photo"), match.photo.verdict, None),)
                reasons += tuple(self._companion(one) for one in match.beside if one.why)
                level = _LEVELS[person.level]
                card = self._card(match.key, urls[match.key.id], person.probability, level, reasons)
                same = first if i else 0
                cards.append(replace(card, times=len(matches), same_as=same))
        return cards

    def of_similar(self, found: Sequence[SimilarMatch]) -> list[Card]:
        """Make cards of sightings that look alike."""
        urls = self._urls([f.key.id for f in found])
        return [
            self._card(
                f.key,
                urls[f.key.id],
                max(0.0, f.similarity),
                _level(f.similarity, LIKE_POSSIBLE, LIKE_STRONG),
                (),
            )
            for f in found
        ]

    def of_decisions(self, decisions: Sequence[Decision]) -> list[Card]:
        """Make cards of what was decided, from what the case itself keeps."""
        urls = self._urls([d.sighting for d in decisions])
        keys = [
            SightingKey(d.sighting, "", "", d.camera, d.start, max(d.start, d.end), 0)
            for d in decisions
        ]
        return [self._card(key, urls[key.id], 1.0, "strong", ()) for key in keys]

    def _urls(self, sightings: list[str]) -> dict[str, str]:
        keys = self._desk.picture_keys(self._case_id)
        return {s: f"/case/{self._case_id}/picture/{s}/{keys.of(s)}.jpg" for s in sightings}

    def _card(
        self,
        key: SightingKey,
        picture: str,
        probability: float,
        level: Level,
        reasons: tuple[ReasonView, ...],
    ) -> Card:
        zone = self._desk.policy.zone
        camera = self._desk.policy.cameras.get(key.camera)
        when = key.start.astimezone(zone)
        return Card(
            id=key.id,
            picture=picture,
            camera=self._desk.policy.camera_name(key.camera),
            place=self._t(f"place.{camera.place}") if camera else "",
            clock=f"{when:%H:%M:%S}",
            day=day_of(when),
            ago=ago(self._t, key.end),
            percent=percent_of(probability),
            level=level,
            verdict=self._decided.get(key.id, ""),
            reasons=reasons,
        )

    def _reason(self, reason: Reason) -> ReasonView:
        sure = sureness(reason)
        percent = None if sure is None else round(100 * sure)
        return ReasonView(self._asked(reason), reason.verdict, percent)

    def _companion(self, one: Beside) -> ReasonView:
        """Say who is beside: what speaks for the companion, from its fields alone."""
        there = [why for why in one.why if why.verdict == "match"] or list(one.why)
        names = dict.fromkeys(self._asked(why) for why in there)
        what = self._t("because.also").join(names)
        return ReasonView(self._t("card.with", what=what), one.verdict, None)

    def _asked(self, reason: Reason) -> str:
        entry = {"slot": reason.slot, "value": reason.value, "negated": reason.negated}
        return wish_text(self._t, entry)


def heading(outcome: str, cards: Sequence[Card]) -> str:
    """Return which words stand over a list, so that they agree with the cards below.

    Of the unlikely it is not said that several may fit, nor beside one that is likely the person.
    """
    if outcome != "unsure":
        return outcome
    if all(card.level == "weak" and not card.verdict for card in cards):
        return "poor"
    first = next((card for card in cards if not card.verdict), None)
    return "likely" if first is not None and first.level == "strong" else "unsure"


def explained(t: Translator, confirmed: int, rejected: int, result: SearchResult) -> list[str]:
    """Say what staff's decisions changed in the list, a sentence a change."""
    said = [t("refined.confirmed", n=confirmed)] if confirmed else []
    said += [t("refined.rejected", n=rejected)] if rejected else []
    doubted = [e for e in result.description.slots if (e["slot"], e["value"]) in result.doubted]
    names = dict.fromkeys(wish_text(t, entry) for entry in doubted)
    return said + ([t("refined.doubted", what=", ".join(names))] if names else [])


def day_of(when: datetime) -> str:
    """Say the day of a moment in the venue's zone; nothing for today."""
    return "" if when.date() == datetime.now(when.tzinfo).date() else f"{when:%d.%m.}"


def ago(t: Translator, when: datetime) -> str:
    """Say how long ago something was."""
    minutes = int((datetime.now(UTC) - when).total_seconds() // 60)
    if minutes < -CLOCK_ERROR // timedelta(minutes=1):
        return t("time.ahead")
    if minutes < 1:
        return t("time.now")
    if minutes < 90:
        return t("time.minutes", n=minutes)
    if minutes < 48 * 60:
        return t("time.hours", n=round(minutes / 60))
    return t("time.days", n=round(minutes / 60 / 24))


def chips(
    t: Translator,
    slots: Iterable[Mapping[str, Any]],
    withheld: Sequence[str] = (),
    is_changed: Callable[[Mapping[str, Any]], bool] = lambda _: False,
) -> list[Chip]:
    """Show how a description was understood; `is_changed` says what is different today."""
    return [
        Chip(
            index,
            wish_text(t, entry),
            str(entry.get("certainty", "sure")),
            bool(entry.get("negated")),
            str(entry["value"]) if str(entry["slot"]).endswith("colour") else "",
            str(entry["slot"]) in withheld,
            entry.get("source") == "photo",
            is_changed(entry),
        )
        for index, entry in enumerate(slots)
    ]


def photo_parts(t: Translator, changed: Sequence[str] = ()) -> list[tuple[str, str, bool]]:
    """Return the parts of a photo that may be different today: name, label, whether they are."""
    return [(part, t(f"photo.{part}"), part in changed) for part in WORN]


def minutes_open(case: Case, now: datetime | None = None) -> float:
    """Return how long a case has been open, in minutes."""
    return max(0.0, ((now or datetime.now(UTC)) - case.opened).total_seconds() / 60)


@dataclass(frozen=True, slots=True)
class QuestionView:
    """What to ask next, and its possible answers."""

    slot: str
    what: str
    options: tuple[tuple[str, str], ...]
    now: int
    then: int


def question(t: Translator, asked: Question | None) -> QuestionView | None:
    """Show the next best question."""
    if asked is None:
        return None
    values = vocabulary.SLOTS[asked.slot].values
    return QuestionView(
        asked.slot,
        slot_name(t, asked.slot),
        tuple((value, value_name(t, value, asked.slot)) for value in values),
        max(2, round(asked.candidates)),
        max(1, round(asked.expected_remaining)),
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One select of the description's form."""

    slot: str
    label: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """A garment, thing or trait, with its selects."""

    name: str
    label: str
    fields: tuple[Field, ...]
    body: bool = False


_GROUPS: Final = (
    ("who", ("body.age", "body.sex", "body.height")),
    ("feet", ("feet.type", "feet.colour")),
    ("upper", ("upper.type", "upper.colour", "upper.pattern")),
    ("lower", ("lower.type", "lower.colour", "lower.length")),
    ("outer", ("outer.type", "outer.colour")),
    ("head", ("head.type", "head.colour")),
    ("hair", ("hair.colour", "hair.length")),
)
"""The form's groups in the order in which they are asked: shoes early, since they are rarely
changed ("Code Adam")."""


def form_groups(t: Translator) -> list[FieldGroup]:
    """Return the form beside the sentence."""
    groups = []
    for name, slots in _GROUPS:
        fields = tuple(
            Field(
                slot,
                slot_name(t, slot),
                tuple((v, value_name(t, v, slot)) for v in vocabulary.SLOTS[slot].values),
            )
            for slot in slots
        )
        body = all(vocabulary.SLOTS[slot].body_derived for slot in slots)
        groups.append(FieldGroup(name, t(f"group.{name}"), fields, body))
    return groups


def carried(t: Translator) -> list[tuple[str, str]]:
    """Return the things that can be carried: slot and name."""
    return [(f"carry.{thing}", slot_name(t, f"carry.{thing}")) for thing in vocabulary.CARRIED]


def _level(value: float, possible: float, strong: float) -> Level:
    return "strong" if value >= strong else "possible" if value >= possible else "weak"

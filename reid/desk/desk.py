"""The desk: rules, cases, sightings and the audit trail brought together.

Both the web app and the command line go through it, so that neither can search without an open
case, use what the purpose does not allow, or leave no line.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, Self, TypeVar

import numpy as np

from reid.core import vocabulary
from reid.core.errors import CaseError, PolicyError, StoreError, UsageError
from reid.core.records import Answer, SearchWindow, SimilarMatch
from reid.desk.cases import Case, CaseRecords, Sent, open_records
from reid.desk.cases.audit import Detail, Limit
from reid.desk.cases.audit_sinks import Outside, Sink, SyslogSink, WebhookSink, file_sink
from reid.desk.cases.book import SearchLine
from reid.desk.erasure import Eraser, Expired
from reid.desk.erasure_plan import ErasurePlan, plan_erasure
from reid.desk.parsed_description import LatestQuery, ParsedDescription, allowed
from reid.desk.policy import Policy, load_policy
from reid.desk.refinement import refined
from reid.desk.retention_clock import ClockJumped, RetentionClock
from reid.desk.said_places import cameras_named, place_nats
from reid.desk.thumbnails import PictureKeys, Pictures
from reid.rank import Question, Refinement
from reid.rank.camera_geometry import CameraPrior
from reid.search.questions import best_question, journey, search_snapshot, similar
from reid.search.snapshot import Snapshot, Snapshots
from reid.storage.venue_path import Folder
from reid.store import Filter, Store

T = TypeVar("T")

SHOWN: Final = 24
"""Sightings shown a search."""

SEARCH_SITE: Final = "search.site"
QUESTIONS: Final = ("search", "similar", "journey", SEARCH_SITE)
"""Audit actions that are questions about people: all of them count as searches in an hour. To look
at a sighting that was found, or to export it, is audited but asks nothing anew."""

_READINGS: Final = 4  # of memory, while what it names is being erased

_AT_ONCE: Final = Sent()
_BODY: Final = tuple(slot.name for slot in vocabulary.SLOTS.values() if slot.body_derived)

LISTED: Final = 10
"""First sightings of a case's newest search: who erases one of them is told which case that is."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search within a case came to.

    Attributes:
        number: of the saved search, for its address.
        searched: sightings within the window.
        withheld: body-derived slots that the case's purpose does not allow.
        seconds: spent ranking.
        question: what to ask next, if anything would help.
        doubted: slot and value of what counts less now, as a confirmed sighting does not show it.
    """

    case: Case
    number: int
    description: ParsedDescription = field(repr=False)
    window: SearchWindow = field(repr=False)
    answer: Answer = field(repr=False)
    searched: int
    withheld: tuple[str, ...]
    seconds: float
    question: Question | None = None
    doubted: tuple[tuple[str, str | float], ...] = ()


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A ranking, and what it was made from."""

    snapshot: Snapshot
    refinement: Refinement
    answer: Answer
    searched: int


def mountings(policy: Policy) -> dict[str, CameraPrior]:
    """Return what the rules say of how cameras hang, by camera."""
    return {
        name: CameraPrior.of_mounting(camera.height_m, camera.tilt_degrees, camera.fov_degrees)
        for name, camera in policy.cameras.items()
    }


def outside(policy: Policy, folder: Folder) -> Outside:
    """Return the sinks outside the venue that the rules name for seals of the audit trail.

    Raises:
        PolicyError: a file in the venue's own folder.
    """
    named, venue = policy.audit, policy.venue.name
    sinks: list[Sink] = []
    if named.file:
        sinks.append(file_sink(named.file, folder, venue))
    if named.syslog:
        sinks.append(SyslogSink(named.syslog, venue))
    if named.webhook:
        sinks.append(WebhookSink(named.webhook.get_secret_value(), venue))
    return Outside(sinks)


class Desk:
    """One venue, as its staff work with it."""

    def __init__(self, folder: Folder, policy: Policy, records: CaseRecords) -> None:
        self.folder, self.policy, self.records = folder, policy, records
        self._store: Store | None = None
        self._snapshots: Snapshots | None = None
        self._pictures: Pictures | None = None
        self.expired = Expired()
        self.erased = 0
        """Sightings that this process has erased, by hand and by themselves."""
        self._clock = RetentionClock(folder, self._seen, self._stored)

    @classmethod
    def open(cls, folder: Folder, database: str | None = None) -> Self:
        """Open a venue that has rules.

        Raises:
            PolicyError: it has none, or they are wrong.
        """
        policy = load_policy(folder)
        if isinstance(folder, Path) and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
        records = open_records(folder, database)
        records.trail.outside = outside(policy, folder)
        return cls(folder, policy, records)

    @property
    def store(self) -> Store:
        """The venue's sightings; StoreError while nothing is indexed."""
        if self._store is None:
            self._store = Store.open(self.folder, self.records.database.url)
        return self._store

    @property
    def has_sightings(self) -> bool:
        """Whether anything has been indexed yet."""
        try:
            return bool(self.store)
        except StoreError:
            return False

    @property
    def snapshots(self) -> Snapshots:
        """The sightings in memory."""
        if self._snapshots is None:
            self._snapshots = Snapshots(
                self.store, mountings(self.policy), self.records.book.withheld
            )
        return self._snapshots

    @property
    def pictures(self) -> Pictures:
        """The thumbnails in memory."""
        if self._pictures is None:
            self._pictures = Pictures(self.store, self.records.book.withheld)
        return self._pictures

    def load_pictures(self, sightings: Sequence[str]) -> None:
        """Fetch the thumbnails of sightings that a page is about to show, all at once."""
        if sightings and self.has_sightings:
            self.pictures.load(sightings)

    def understand(self, text: str, actor: str, case_id: int | None = None) -> ParsedDescription:
        """Understand a description, unless the venue's moderation refuses it.

        Raises:
            PolicyError: it holds a word that is refused here.
            UsageError: it is empty.
        """
        if self.policy.moderated(text):
            self.records.book.note(actor, "refused", case_id, {"why": "moderation"})
            raise PolicyError("this venue's rules refuse this description: ask a supervisor")
        description = ParsedDescription.of_sentence(text)
        return description.with_places(cameras_named(description.last_seen_place, self.policy))

    def search(
        self,
        case_id: int,
        description: ParsedDescription,
        window: SearchWindow,
        actor: str,
        top: int = SHOWN,
        skip: frozenset[str] = frozenset(),
    ) -> SearchResult:
        """Rank the venue's sightings for a case; the line is written before the answer is given.

        `skip` are slots that nobody can tell; they are not asked for again.

        Raises:
            CaseError: no such open case.
            AccessError: too many searches.
        """
        began = time.perf_counter()
        case = self.records.book.require_open(case_id)
        self.require_questions_left(actor)
        self._check_cameras(window)
        description = self.with_photo(case_id, description, actor)
        query, withheld = allowed(description.query(), self.policy.purpose(case.purpose))

        def rank(snapshot: Snapshot) -> _Ranked:
            refinement = refined(query, snapshot, self.records.book.decisions(case_id))
            refinement = self._near(refinement, snapshot, description, case)
            return _Ranked(
                snapshot, refinement, *search_snapshot(snapshot, query, window, top, refinement)
            )

        ranked = self.answered(rank, lambda found: [m.key.id for m in found.answer.matches])
        answer, searched, refinement = ranked.answer, ranked.searched, ranked.refinement
        body = frozenset(s for s in _BODY if not self.policy.purpose(case.purpose).allows(s))
        question = best_question(ranked.snapshot, query, window, skip | body, refinement)
        detail: Detail = {
            "wishes": len(query.wishes),
            "searched": searched,
            "shown": len(answer.matches),
            "outcome": answer.outcome,
            "refused": list(query.refused),
            "withheld": list(withheld),
            **({"photo": True} if query.photo is not None else {}),
        }
        saved = self.records.book.save_search(
            case_id, description.to_text(), window.to_text(), SearchLine(actor, detail, self._limit)
        )
        seconds = time.perf_counter() - began
        doubted = tuple(refinement.config.doubts)
        return SearchResult(
            case, saved.number, description, window, answer, searched, withheld, seconds, question,
            doubted,
        )  # fmt: skip

    def _near(
        self,
        change: Refinement,
        snapshot: Snapshot,
        description: ParsedDescription,
        case: Case,
    ) -> Refinement:
        """Return what changes the list, and that sightings near a place that was said count more.

        Where the venue has no such camera any more, or nobody said a place, nothing is added.
        """
        seen_at = case.about.last_seen_at if case.about else None
        nats = place_nats(description.places, self.policy, snapshot.places, seen_at)
        if nats is None:
            return change
        return replace(change, extra=np.asarray(change.extra + nats, np.float32))

    def with_photo(
        self, case_id: int, description: ParsedDescription, actor: str
    ) -> ParsedDescription:
        """Return a description with the photo that its case keeps; a new one is kept now."""
        if not description.has_photo:
            return description
        number, photo = description.photo_number, description.photo
        if number is None and photo is not None:
            number = self.records.photos.keep(case_id, photo, actor)
        return description.of_photo(number, self.records.photos.get(case_id, number))

    def forget_photos(self, case_id: int, actor: str) -> None:
        """Leave nothing of a case's photos; what was asked with them is asked without.

        Raises:
            CaseError: no such open case.
        """
        self.records.book.require_open(case_id)
        self.records.photos.forget(case_id, actor)

    def similar(
        self, case_id: int, sighting: str, window: SearchWindow, actor: str, top: int = SHOWN
    ) -> list[SimilarMatch]:
        """Return the sightings whose clothes look most like one's, best first.

        Raises:
            UsageError: there is no such sighting.
            CaseError: no such open case.
            AccessError: too many searches.
        """
        self._require_question(case_id, actor)

        def near(snapshot: Snapshot) -> list[SimilarMatch]:
            _require_row(snapshot, sighting)
            return _shown(similar(self.store, sighting, window, top, snapshot.loaded), snapshot)

        found = self.answered(near, _ids)
        detail: Detail = {"ref": self._ref(case_id, sighting), "shown": len(found)}
        self.note_question("similar", case_id, detail, actor)
        return found

    def journey(
        self, case_id: int, sighting: str, window: SearchWindow, actor: str
    ) -> list[SimilarMatch]:
        """Return where the clothes of a sighting were seen, in order of time, itself included.

        Raises:
            UsageError: there is no such sighting.
            CaseError: no such open case.
            AccessError: too many searches.
        """
        self._require_question(case_id, actor)

        def follow(snapshot: Snapshot) -> list[SimilarMatch]:
            _require_row(snapshot, sighting)
            return _shown(journey(self.store, sighting, window, snapshot.loaded), snapshot)

        route = self.answered(follow, _ids)
        detail: Detail = {"ref": self._ref(case_id, sighting)}
        self.note_question("journey", case_id, detail, actor)
        return route

    def answered(self, ask: Callable[[Snapshot], T], named: Callable[[T], list[str]]) -> T:
        """Answer from memory, and from a new reading where that names what is not stored any more.

        Memory follows the table a little behind; nobody is shown what was erased meanwhile, by
        whatever process. The pictures of what is named are fetched.

        Raises:
            StoreError: sightings went faster than they could be read.
        """
        snapshot = self.snapshots.get()
        for _ in range(_READINGS):
            answer = ask(snapshot)
            ids = named(answer)
            if self.pictures.load(ids).issuperset(ids):
                return answer
            snapshot = self.snapshots.refresh()
        raise StoreError("sightings are being erased at this moment: ask again")

    def _require_question(self, case_id: int, actor: str) -> None:
        """Refuse a question about a sighting where the case is not open, or too many came."""
        self.records.book.require_open(case_id)
        self.require_questions_left(actor)

    def _ref(self, case_id: int, sighting: str) -> str:
        return self.records.book.references(case_id, [sighting])[0]

    def decide(
        self, case_id: int, sighting: str, verdict: str, actor: str, sent: Sent = _AT_ONCE
    ) -> None:
        """Confirm or reject a sighting, or take that back ("undo").

        `sent` says whether it may come late or twice: it is carried out once.

        Raises:
            UsageError: no such sighting, or somebody else has decided since it was sent.
        """
        if verdict not in {"confirmed", "rejected", "undo"}:
            raise UsageError("a sighting is confirmed, rejected, or neither")
        key = self.store.keys([sighting]).get(sighting)
        if key is None or sighting in self.records.book.withheld():
            raise UsageError("this sighting is not stored any more")
        meant = "confirmed" if verdict == "confirmed" else "rejected"
        self.records.book.decide(
            case_id,
            sighting,
            None if verdict == "undo" else meant,  # type: ignore[arg-type]
            (key.camera, key.start, key.end),
            actor,
            sent,
        )
        self._require_stored(sighting)

    def _require_stored(self, sighting: str) -> None:
        self._eraser().wait()
        if not self.still_stored(sighting):
            raise UsageError("this sighting is not stored any more")

    def still_stored(self, sighting: str) -> bool:
        """Whether a sighting was not erased meanwhile; else what was written of it goes too."""
        if self.store.keys([sighting]):
            return True
        self.records.book.forget([sighting])
        return False

    def view(self, case_id: int, sighting: str, actor: str) -> None:
        """Note that somebody opened a sighting of an open case."""
        self.records.book.require_open(case_id)
        self.records.book.note(actor, "view", case_id, {"ref": self._ref(case_id, sighting)})

    def note_question(self, action: str, case_id: int | None, detail: Detail, actor: str) -> None:
        """Write the audit line of a question; there is one for each that is answered.

        Raises:
            AccessError: too many searches; some may have come since the question was taken.
        """
        self.records.book.note(actor, action, case_id, detail, self._limit)

    def note_photo(self, people: int, actor: str) -> None:
        """Note that somebody had a photo read, and how many people are in it."""
        self.records.book.note(actor, "photo.read", None, {"shown": people})

    def note_export(self, case_id: int, kind: str, shown: int, actor: str) -> None:
        """Note that pictures leave the desk, as a file or on paper."""
        self.records.book.note(actor, "export", case_id, {"kind": kind, "shown": shown})

    def note_report(self, actor: str) -> None:
        """Note that somebody reads what an impact assessment asks for."""
        self.records.book.note(actor, "report", None, {})

    def note_denied(self, needs: str, actor: str) -> None:
        """Note that somebody tried what their role may not."""
        self.records.book.note(actor, "refused", None, {"why": "role", "needs": needs})

    def note_start(self, what: Literal["serve", "watch"], detail: Detail) -> None:
        """Note that the web app, or watching the cameras, begins."""
        self.records.book.note("system", f"{what}.start", None, detail)

    def latest_query(self, case: Case, number: int | None = None) -> LatestQuery:
        """Return what a case asked last, or in one search: the one way to find that out.

        It is what the case was opened with where nothing was searched yet, or never that number.
        """
        saved = self.records.book.search(case.id, number)
        if saved is not None:
            description = self._as_kept(case, saved.query)
            return LatestQuery(description, SearchWindow.of_text(saved.filters), saved.number)
        said = case.about.query if case.about else ""
        return LatestQuery(self._as_kept(case, said or "{}"), SearchWindow(), None)

    def _as_kept(self, case: Case, said: str) -> ParsedDescription:
        """Read a description that a case keeps, with its photo."""
        description = ParsedDescription.of_text(said)
        if not description.has_photo:
            return description
        number = description.photo_number
        return description.of_photo(number, self.records.photos.get(case.id, number))

    def picture_keys(self, case_id: int) -> PictureKeys:
        """Return what makes the addresses of a case's pictures."""
        return PictureKeys(self.records.book.reference_key(case_id))

    def erase(self, which: Filter, actor: str, *, even_needed: bool = False) -> int:
        """Erase sightings for good; returns how many went.

        Raises:
            CaseError: open cases need some of them; with `even_needed` these go too.
        """
        check = None if even_needed else self._require_unneeded
        gone = self._eraser().erase(which, actor, check=check)
        self.erased += gone
        self._forget_memory()
        return gone

    def erase_case(self, case_id: int, actor: str) -> int:
        """Erase a case, its confirmed sightings and its key; returns how many sightings went."""
        gone = self._eraser().erase_case(case_id, actor)
        self.erased += gone
        self._forget_memory()
        return gone

    def erasure_plan(self, case_id: int) -> ErasurePlan:
        """Say what erasing a case would do, as things are now."""
        return plan_erasure(self.records.book, case_id, self._listed)

    def _listed(self, case: Case) -> set[str]:
        """Return what a case's newest search lists; nobody is shown it, so it is no question."""
        if not self.has_sightings:
            return set()
        latest, snapshot = self.latest_query(case), self.snapshots.get()
        query, _ = allowed(latest.description.query(), self.policy.purpose(case.purpose))
        change = refined(query, snapshot, self.records.book.decisions(case.id))
        answer, _ = search_snapshot(snapshot, query, latest.window, LISTED, change)
        return {match.key.id for match in answer.matches}

    def schedule_erasure(self, case_id: int, actor: str) -> Case:
        """Erase a closed case once the time in which that can be taken back is over.

        Until then nobody is shown what goes; where the rules leave no such time it goes at once.

        Raises:
            CaseError: it is open, is being erased or is erased.
        """
        undo = timedelta(minutes=self.policy.venue.erase_undo_minutes)
        plan = self.erasure_plan(case_id)
        names = sorted({name for _, cases in plan.staying for name in cases})
        detail: Detail = {
            "going": len(plan.going), "staying": len(plan.staying), "needed_by": names,
            "listed_by": list(plan.listed_by),
        }  # fmt: skip
        book = self.records.book
        case = book.schedule_erasure(case_id, datetime.now(UTC) + undo, detail, actor)
        if not undo:
            self.erase_case(case_id, actor)
            return book.get(case_id)
        self._forget_memory()
        return case

    def take_back_erasure(self, case_id: int, actor: str) -> Case:
        """Keep a case after all that was to be erased.

        Raises:
            CaseError: it is not being erased, or is erased.
        """
        case = self.records.book.take_back_erasure(case_id, actor)
        self._forget_memory()
        return case

    def expire(self, now: datetime | None = None) -> Expired:
        """Erase what is over its time, and finish what an earlier erasure left undone.

        A clock that jumped far ahead is not gone by until it is confirmed, see `clock_doubt`.
        """
        adaptation = self.policy.adaptation
        done = self._eraser().expire(
            self._clock.now(now),
            timedelta(hours=self.policy.venue.retention_hours),
            timedelta(hours=adaptation.retention_hours if adaptation else 0),
        )
        if done.anything:
            self._forget_memory()
        self.erased += done.sightings + done.of_cases
        self.expired = done
        return done

    def trust_clock(self) -> None:
        """Erase by the clock as it is now; for somebody who looks at it, such as at a restore."""
        self._clock.trust()

    def _require_unneeded(self, which: Filter) -> None:
        needed = self.records.book.needed()
        if not needed or not self.has_sightings:
            return
        going = self.store.ids(which)
        mine = going & needed.keys()
        if mine:
            names = ", ".join(f"C-{n}" for n in sorted({n for one in mine for n in needed[one]}))
            raise CaseError(
                f"{len(mine)} of {len(going)} sightings are needed by open cases ({names}): close "
                "these first, or erase them all the same with --even-needed"
            )

    def keep_retention(self) -> None:
        """Erase what is over its time, in a loop that is watched over.

        Raises:
            ClockJumped: the clock is doubted.
        """
        self.expire()
        if self.clock_doubt:
            raise ClockJumped(self.clock_doubt)

    @property
    def clock_doubt(self) -> str:
        """Why the clock is not gone by when sightings are erased; empty if it is."""
        return self._clock.doubt

    def _stored(self) -> bool:
        return self.has_sightings and bool(self.store.count())

    def _seen(self, since: datetime, until: datetime) -> bool:
        window = Filter(since=since, until=until)
        return self.has_sightings and bool(self.store.count(window))

    def _eraser(self) -> Eraser:
        store = self.store if self.has_sightings else None
        return Eraser(self.folder, self.records.book, store, self.records.database.url)

    def _forget_memory(self) -> None:
        if self._pictures is not None:
            self._pictures.clear()
        if self._snapshots is not None:
            self._snapshots.refresh()

    def require_questions_left(self, actor: str, more: int = 1) -> None:
        """Refuse somebody who searches too much, before any work is done.

        Raises:
            AccessError: more questions in an hour than the rules allow.
        """
        self.records.trail.require_within(self._limit, actor, more)

    @property
    def _limit(self) -> Limit:
        return Limit(QUESTIONS, self.policy.moderation.searches_per_hour)

    def _check_cameras(self, window: SearchWindow) -> None:
        unknown = [c for c in window.cameras if c not in self.policy.cameras]
        if unknown:
            raise UsageError("a camera was chosen that this venue does not have")


def _ids(found: list[SimilarMatch]) -> list[str]:
    return [match.key.id for match in found]


def _require_row(snapshot: Snapshot, sighting: str) -> None:
    if snapshot.row(sighting) is None:
        raise UsageError("this sighting is not stored any more")


def _shown(found: list[SimilarMatch], snapshot: Snapshot) -> list[SimilarMatch]:
    """Leave out what is withheld: the table's own index knows nothing of that."""
    return [match for match in found if match.key.id not in snapshot.withheld]

"""The desk: rules, cases, sightings and the audit trail brought together.

Both the web app and the command line go through it, so that neither can search without an open
case, use what the purpose does not allow, or leave no line.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

import numpy as np

from reid import vocabulary
from reid.address import Folder
from reid.cases import Case, Records, open_records
from reid.cases.audit import Detail
from reid.desk.asked import Filters, ParsedDescription, allowed
from reid.desk.erasure import Eraser, Tidied
from reid.desk.feedback import refined
from reid.desk.pictures import PictureKeys, Pictures
from reid.desk.snapshot import Snapshot, Snapshots
from reid.errors import AccessError, PolicyError, StoreError, UsageError
from reid.policy import Policy, load_policy
from reid.rank import Question, Refinement, next_question, rank
from reid.records import Answer, Query
from reid.search import Likeness, similar
from reid.store import Filter, Store

SHOWN: Final = 24
"""Sightings shown a search."""

OUTSIDE: Final = -60.0
"""Nats that take sightings outside the filters out of the running for the next question."""

_BODY: Final = tuple(slot.name for slot in vocabulary.SLOTS.values() if slot.body_derived)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search within a case came to.

    Attributes:
        number: of the saved search, for its address.
        searched: sightings within the filters.
        withheld: body-derived slots that the case's purpose does not allow.
        seconds: spent ranking.
        question: what to ask next, if anything would help.
        doubted: slot and value of what counts less now, as a confirmed sighting does not show it.
    """

    case: Case
    number: int
    asked: ParsedDescription = field(repr=False)
    filters: Filters = field(repr=False)
    answer: Answer = field(repr=False)
    searched: int
    withheld: tuple[str, ...]
    seconds: float
    question: Question | None = None
    doubted: tuple[tuple[str, str | float], ...] = ()


class Desk:
    """One venue, as its staff work with it."""

    def __init__(self, folder: Folder, policy: Policy, records: Records) -> None:
        self.folder, self.policy, self.records = folder, policy, records
        self._store: Store | None = None
        self._snapshots: Snapshots | None = None
        self._pictures: Pictures | None = None
        self.tidied = Tidied()

    @classmethod
    def open(cls, folder: Folder, database: str | None = None) -> Self:
        """Open a venue that has rules.

        Raises:
            PolicyError: it has none, or they are wrong.
        """
        policy = load_policy(folder)
        if isinstance(folder, Path) and folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
        return cls(folder, policy, open_records(folder, database))

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
            self._snapshots = Snapshots(self.store)
        return self._snapshots

    @property
    def pictures(self) -> Pictures:
        """The thumbnails in memory."""
        if self._pictures is None:
            self._pictures = Pictures(self.store)
        return self._pictures

    def understand(self, text: str, actor: str, case_id: int | None = None) -> ParsedDescription:
        """Understand a description, unless the venue's moderation refuses it.

        Raises:
            PolicyError: it holds a word that is refused here.
            UsageError: it is empty.
        """
        if self.policy.moderated(text):
            self.records.book.note(actor, "refused", case_id, {"why": "moderation"})
            raise PolicyError("this venue's rules refuse this description: ask a supervisor")
        return ParsedDescription.of_sentence(text)

    def search(
        self,
        case_id: int,
        asked: ParsedDescription,
        filters: Filters,
        actor: str,
        top: int = SHOWN,
        skip: frozenset[str] = frozenset(),
    ) -> Found:
        """Rank the venue's sightings for a case; the line is written before the answer is given.

        `skip` are slots that nobody can tell; they are not asked for again.

        Raises:
            CaseError: no such open case.
            AccessError: too many searches.
        """
        began = time.perf_counter()
        case = self.records.book.require_open(case_id)
        self.check_rate(actor)
        self._check_cameras(filters)
        query, withheld = allowed(asked.query(), self.policy.purpose(case.purpose))
        snapshot = self.snapshots.get()
        body = frozenset(s for s in _BODY if not self.policy.purpose(case.purpose).allows(s))
        refinement = refined(query, snapshot, self.records.book.decisions(case_id))
        answer, searched, question = self._rank(
            snapshot, query, filters, top, skip | body, refinement
        )
        detail: Detail = {
            "wishes": len(query.wishes),
            "searched": searched,
            "shown": len(answer.matches),
            "outcome": answer.outcome,
            "refused": list(query.refused),
            "withheld": list(withheld),
        }
        saved = self.records.book.save_search(
            case_id, asked.to_text(), filters.to_text(), (actor, detail)
        )
        self.pictures.load([match.key.id for match in answer.matches])
        seconds = time.perf_counter() - began
        doubted = tuple(refinement.knobs.doubts)
        return Found(
            case, saved.number, asked, filters, answer, searched, withheld, seconds, question,
            doubted,
        )  # fmt: skip

    def similar(
        self, case_id: int, sighting: str, filters: Filters, actor: str, top: int = SHOWN
    ) -> list[Likeness]:
        """Return the sightings whose clothes look most like one's, best first.

        Raises:
            UsageError: there is no such sighting.
        """
        self.records.book.require_open(case_id)
        self.check_rate(actor)
        snapshot = self.snapshots.get()
        row = snapshot.row(sighting)
        if row is None:
            raise UsageError("this sighting is not stored any more")
        found = self._nearest(snapshot, row, filters, top)
        ref = self.records.book.references(case_id, [sighting])[0]
        self.records.book.note(actor, "similar", case_id, {"ref": ref, "shown": len(found)})
        self.pictures.load([f.key.id for f in found])
        return found

    def _nearest(self, snapshot: Snapshot, row: int, filters: Filters, top: int) -> list[Likeness]:
        """Look in memory, or by the table's index where the vectors do not fit there."""
        vectors = snapshot.gallery.vectors
        if vectors is None or snapshot.nearest is None:
            which = Filter(since=filters.since, until=filters.until, cameras=filters.cameras)
            return similar(self.store, str(snapshot.ids[row]), which, top)
        rows = snapshot.rows(filters.since, filters.until, filters.cameras)
        alike = zip(*snapshot.nearest.search(vectors[row], top + 1, rows), strict=True)
        others = [(int(i), float(near)) for i, near in alike if i != row][:top]
        return [Likeness(snapshot.keys[i], near) for i, near in others]

    def decide(self, case_id: int, sighting: str, verdict: str, actor: str) -> None:
        """Confirm or reject a sighting, or take that back ("undo")."""
        if verdict not in {"confirmed", "rejected", "undo"}:
            raise UsageError("a sighting is confirmed, rejected, or neither")
        key = self.store.keys([sighting]).get(sighting)
        if key is None:
            raise UsageError("this sighting is not stored any more")
        meant = "confirmed" if verdict == "confirmed" else "rejected"
        self.records.book.decide(
            case_id,
            sighting,
            None if verdict == "undo" else meant,  # type: ignore[arg-type]
            (key.camera, key.start, key.end),
            actor,
        )

    def view(self, case_id: int, sighting: str, actor: str) -> None:
        """Note that somebody opened a sighting."""
        ref = self.records.book.references(case_id, [sighting])[0]
        self.records.book.note(actor, "view", case_id, {"ref": ref})

    def picture_keys(self, case_id: int) -> PictureKeys:
        """Return what makes the addresses of a case's pictures."""
        return PictureKeys(self.records.book.reference_key(case_id))

    def erase(self, which: Filter, actor: str) -> int:
        """Erase sightings for good; returns how many went."""
        gone = self._eraser().erase(which, actor)
        self._forget_memory()
        return gone

    def erase_case(self, case_id: int, actor: str) -> int:
        """Erase a case, its confirmed sightings and its key; returns how many sightings went."""
        gone = self._eraser().erase_case(case_id, actor)
        self._forget_memory()
        return gone

    def tidy(self, now: datetime | None = None) -> Tidied:
        """Erase what is over its time, and finish what an earlier erasure left undone."""
        done = self._eraser().tidy(
            now or datetime.now(UTC), timedelta(hours=self.policy.venue.retention_hours)
        )
        if done.anything:
            self._forget_memory()
        self.tidied = done
        return done

    def _eraser(self) -> Eraser:
        store = self.store if self.has_sightings else None
        return Eraser(self.folder, self.records.book, store, self.records.database.url)

    def _forget_memory(self) -> None:
        if self._pictures is not None:
            self._pictures.clear()
        if self._snapshots is not None:
            self._snapshots.refresh()

    def _rank(
        self,
        snapshot: Snapshot,
        query: Query,
        filters: Filters,
        top: int,
        skip: frozenset[str],
        refinement: Refinement,
    ) -> tuple[Answer, int, Question | None]:
        """Rank, and find the next best question; also returns how many were searched."""
        rows = snapshot.rows(filters.since, filters.until, filters.cameras)
        searched = len(snapshot) if rows is None else len(rows)
        if not query.wishes:
            return Answer(query, "unsure", ()), searched, None
        rows = np.arange(len(snapshot)) if rows is None else rows
        extra, knobs = refinement.extra, refinement.knobs
        answer = rank(query, snapshot.gallery, top=top, knobs=knobs, extra=extra, rows=rows)
        outside = np.full(len(snapshot), OUTSIDE, np.float32)
        outside[rows] = 0
        ask = next_question(query, snapshot.gallery, knobs=knobs, extra=extra + outside, skip=skip)
        return answer, searched, ask

    def check_rate(self, actor: str, action: str = "search") -> None:
        """Refuse somebody who searches too much.

        Raises:
            AccessError: more searches in an hour than the rules allow.
        """
        most = self.policy.moderation.searches_per_hour
        hour = datetime.now(UTC) - timedelta(hours=1)
        if self.records.trail.count(actor, action, hour) >= most:
            raise AccessError(f"more than {most} searches in an hour: ask a supervisor")

    def _check_cameras(self, filters: Filters) -> None:
        unknown = [c for c in filters.cameras if c not in self.policy.cameras]
        if unknown:
            raise UsageError("a camera was chosen that this venue does not have")

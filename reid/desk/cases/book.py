"""The case book: opening, deciding, closing, and forgetting."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from reid.core.errors import CaseError, UsageError
from reid.desk.cases.audit import Detail, Limit, Trail, reference
from reid.desk.cases.database import (
    Database,
    alerts,
    cases,
    decisions,
    outbox,
    photos,
    requests,
    searches,
    steps,
)
from reid.desk.cases.model import (
    OUTCOMES,
    STEPS,
    Case,
    CaseOutcome,
    Circumstances,
    Decided,
    Decision,
    Done,
    NewCase,
    SavedSearch,
    Sent,
    Step,
)
from reid.desk.cases.needs import needed, withheld

LONGEST_TEXT: Final = 4000
LONGEST_FIELD: Final = 200
MOST_SEARCHES: Final = 500
"""Searches kept a case; later ones replace the last."""

_CONTENT: Final = (
    "child_name", "reporter", "relationship", "text", "query",
    "last_seen_place", "last_seen_at", "companion",
)  # fmt: skip


_NOT_SAID: Final = Circumstances()
_AT_ONCE: Final = Sent()


@dataclass(frozen=True, slots=True)
class SearchLine:
    """The audit line of a search: who asked, what came of it, and how often they may ask."""

    actor: str
    detail: Detail
    limit: Limit


class CaseBook:
    """The cases of a venue. Every change notes its audit line in the same transaction."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database, self._trail = database, trail

    def open(self, new: NewCase, owner: str, hours: float) -> Case:
        """Open a case that lasts for `hours` unless it is closed before.

        Raises:
            UsageError: a field that is too long.
        """
        _check_lengths(new)
        now = datetime.now(UTC)
        row = {
            "state": "open",
            "purpose": new.purpose,
            "owner": owner,
            "opened": now,
            "expires": now + timedelta(hours=hours),
            "watching": False,
            "key": secrets.token_bytes(32),
            **{name: getattr(new, name) or None for name in _CONTENT},
        }
        with self._trail.change() as change:
            made = change.connection.execute(cases.insert().values(**row)).inserted_primary_key
            case_id = int(made[0]) if made else 0
            change.note(owner, "case.open", case_id, {"purpose": new.purpose, "hours": hours})
        return self.get(case_id)

    def get(self, case_id: int) -> Case:
        """Return a case.

        Raises:
            CaseError: there is none.
        """
        with self._database.read() as connection:
            row = connection.execute(sa.select(cases).where(cases.c.id == case_id)).first()
        if row is None:
            raise CaseError(f"there is no case C-{case_id}")
        return _case(row)

    def require_open(self, case_id: int) -> Case:
        """Return an open case.

        Raises:
            CaseError: there is none, or it is closed or expired.
        """
        case = self.get(case_id)
        if not case.is_open or case.expires <= datetime.now(UTC):
            raise CaseError(f"{case.name} is closed: open a new case to search")
        return case

    def all(self, *states: str) -> list[Case]:
        """Return cases, newest first; in some states only."""
        query = sa.select(cases).order_by(cases.c.id.desc())
        if states:
            query = query.where(cases.c.state.in_(states))
        with self._database.read() as connection:
            return [_case(row) for row in connection.execute(query)]

    def reference_key(self, case_id: int) -> bytes:
        """Return the key under which a case's sightings are named.

        Raises:
            CaseError: there is no such case, or it is erased.
        """
        with self._database.read() as connection:
            return self._key(connection, case_id)

    def references(self, case_id: int, sightings: Iterable[str]) -> list[str]:
        """Name sightings for the audit trail, under the case's key."""
        with self._database.read() as connection:
            key = self._key(connection, case_id)
        return [reference(key, sighting) for sighting in sightings]

    def describe(
        self,
        case_id: int,
        text: str,
        query: str,
        actor: str,
        seen: Circumstances = _NOT_SAID,
    ) -> None:
        """Replace the description by a better one; what it says of the circumstances counts too."""
        if len(text) > LONGEST_TEXT:
            raise UsageError(f"a description has at most {LONGEST_TEXT} characters")
        self.require_open(case_id)
        named: dict[str, object] = {
            "last_seen_place": seen.place[:LONGEST_FIELD],
            "last_seen_at": seen.at,
            "companion": seen.companion[:LONGEST_FIELD],
        }
        said = {name: value for name, value in named.items() if value}
        self._set(case_id, actor, "case.describe", None, text=text, query=query, **said)

    def watch(self, case_id: int, watching: bool, actor: str) -> None:
        """Have new sightings compared with the case's description, or no more."""
        self.require_open(case_id)
        self._set(case_id, actor, "watch.on" if watching else "watch.off", watching=watching)

    def extend(self, case_id: int, hours: float, actor: str) -> None:
        """Keep a case open for `hours` from now."""
        self.require_open(case_id)
        until = datetime.now(UTC) + timedelta(hours=hours)
        self._set(case_id, actor, "case.extend", {"hours": hours}, expires=until)

    def save_search(
        self, case_id: int, query: str, filters: str, line: SearchLine | None = None
    ) -> SavedSearch:
        """Keep what was asked, so that its address shows it again.

        `line`, if it was searched for: its audit line, which is written in the same transaction.

        Raises:
            AccessError: the line's limit is reached; then nothing is kept.
        """
        with self._trail.change() as change:
            if line is not None:
                change.require_within(line.limit, line.actor)
            saved = _keep_search(change.connection, case_id, query, filters)
            if line is not None:
                detail = {"number": saved.number, **line.detail}
                change.note(line.actor, "search", case_id, detail)
        return saved

    def search(self, case_id: int, number: int | None = None) -> SavedSearch | None:
        """Return one search of a case, or its newest; None where there is none."""
        wanted = sa.select(searches).where(searches.c.case_id == case_id)
        if number is not None:
            wanted = wanted.where(searches.c.number == number)
        with self._database.read() as connection:
            row = connection.execute(wanted.order_by(searches.c.number.desc()).limit(1)).first()
        return None if row is None else SavedSearch(row.number, row.made, row.query, row.filters)

    def decide(
        self,
        case_id: int,
        sighting: str,
        verdict: Decided | None,
        seen: tuple[str, datetime, datetime],
        actor: str,
        sent: Sent = _AT_ONCE,
    ) -> None:
        """Confirm or reject a sighting, or take that back (None).

        Args:
            seen: the sighting's camera, start and end.
            sent: whether it may come late or twice; the second time nothing is done.

        Raises:
            UsageError: somebody else has decided since it was sent.
        """
        camera, start, end = seen
        self.require_open(case_id)
        with self._trail.change() as change:
            if sent.key and not _is_first(change.connection, sent.key, case_id, actor):
                return
            mine = (decisions.c.case_id == case_id, decisions.c.sighting == sighting)
            if sent.made is not None:
                _require_newest(change.connection, sa.and_(*mine), sent.made, actor)
            change.connection.execute(decisions.delete().where(*mine))
            if verdict:
                row = {"case_id": case_id, "sighting": sighting, "verdict": verdict}
                change.connection.execute(
                    decisions.insert().values(
                        **row, camera=camera, start=start, end=end, made=datetime.now(UTC), by=actor
                    )
                )
            ref = reference(self._key(change.connection, case_id), sighting)
            change.note(actor, f"decide.{verdict or 'undo'}", case_id, {"ref": ref})

    def decisions(self, case_id: int, verdict: Decided | None = None) -> list[Decision]:
        """Return what was decided, in order of the sightings' time."""
        query = sa.select(decisions).where(decisions.c.case_id == case_id)
        if verdict:
            query = query.where(decisions.c.verdict == verdict)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(decisions.c.start)).all()
        return [
            Decision(r.sighting, r.verdict, r.camera, r.start, r.end, r.made, r.by) for r in rows
        ]

    def take_step(self, case_id: int, step: str, actor: str) -> None:
        """Note that a step of the procedure was taken; the first time counts."""
        if step not in STEPS:
            raise UsageError(f"{step!r} is not a step of the procedure")
        with self._trail.change() as change:
            mine = (steps.c.case_id == case_id, steps.c.step == step)
            if change.connection.execute(sa.select(steps.c.step).where(*mine)).first():
                return
            row = {"case_id": case_id, "step": step, "made": datetime.now(UTC), "by": actor}
            change.connection.execute(steps.insert().values(**row))
            change.note(actor, f"step.{step}", case_id)

    def steps(self, case_id: int) -> dict[Step, Done]:
        """Return the steps taken."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(steps).where(steps.c.case_id == case_id)).all()
        return {row.step: Done(row.step, row.made, row.by) for row in rows}

    def close(self, case_id: int, outcome: str, actor: str) -> Case:
        """Close a case with its outcome; its content stays until it is erased."""
        if outcome not in OUTCOMES:
            raise UsageError(f"{outcome!r} is not an outcome: {', '.join(OUTCOMES)}")
        case = self.get(case_id)
        if case.state != "open":
            raise CaseError(f"{case.name} is closed already")
        detail = {"outcome": outcome}
        self._set(
            case_id,
            actor,
            "case.close",
            detail,
            state="closed",
            closed=datetime.now(UTC),
            outcome=outcome,
        )
        return self.get(case_id)

    def reopen(self, case_id: int, actor: str) -> Case:
        """Open a closed case again, watched as before; who fetches the person is checked anew.

        Raises:
            CaseError: it is open, is being erased or is erased, or its time is over.
        """
        case = self._closed(case_id)
        if case.erase_at is not None:
            raise CaseError(f"{case.name} is being erased: take the erasure back first")
        if case.expires <= datetime.now(UTC):
            raise CaseError(f"the time of {case.name} is over: open a new case")
        with self._trail.change() as change:
            mine = cases.c.id == case_id
            change.connection.execute(
                cases.update().where(mine).values(state="open", closed=None, outcome=None)
            )
            over = steps.c.step.in_(("found", "guardian"))
            change.connection.execute(steps.delete().where(steps.c.case_id == case_id, over))
            change.note(actor, "case.reopen", case_id)
        return self.get(case_id)

    def schedule_erasure(self, case_id: int, at: datetime, detail: Detail, actor: str) -> Case:
        """Have a closed case erased at a time, until which that can be taken back.

        Raises:
            CaseError: it is open, is being erased or is erased.
        """
        case = self._closed(case_id)
        if case.erase_at is not None:
            raise CaseError(f"{case.name} is being erased already")
        self._set(case_id, actor, "erase.schedule", detail, erase_at=at)
        return self.get(case_id)

    def take_back_erasure(self, case_id: int, actor: str) -> Case:
        """Keep a case after all that was to be erased.

        Raises:
            CaseError: it is not being erased, or is erased.
        """
        case = self.get(case_id)
        if case.state in {"erasing", "erased"}:
            raise CaseError(f"{case.name} is erased")
        if case.erase_at is None:
            raise CaseError(f"{case.name} is not being erased")
        self._set(case_id, actor, "erase.undo", erase_at=None)
        return self.get(case_id)

    def _closed(self, case_id: int) -> Case:
        case = self.get(case_id)
        if case.state == "open":
            raise CaseError(f"{case.name} is open already: close it with its outcome first")
        if case.state != "closed":
            raise CaseError(f"{case.name} is erased")
        return case

    def expired(self, now: datetime) -> list[Case]:
        """Return the cases whose time is over, and those whose erasure was interrupted."""
        over = (cases.c.state == "open") & (cases.c.expires <= now)
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(cases).where(over | cases.c.state.in_(["closed", "erasing"]))
            ).all()
        due = [_case(row) for row in rows]
        return [c for c in due if c.state != "closed" or c.goes <= now]

    def kept(self) -> set[str]:
        """Return the confirmed sightings of open cases: they outlive the venue's retention."""
        query = (
            sa.select(decisions.c.sighting)
            .join(cases, cases.c.id == decisions.c.case_id)
            .where(decisions.c.verdict == "confirmed", cases.c.state == "open")
        )
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def needed(self) -> Mapping[str, tuple[int, ...]]:
        """Return sighting → the open cases that need it; see `reid.desk.cases.needs`."""
        with self._database.read() as connection:
            return needed(connection)

    def withheld(self) -> frozenset[str]:
        """Return the sightings of cases whose erasure can be taken back: nobody is shown them."""
        with self._database.read() as connection:
            return withheld(connection)

    def sightings(self) -> set[str]:
        """Return every sighting that cases name."""
        with self._database.read() as connection:
            return {
                *connection.scalars(sa.select(decisions.c.sighting)),
                *connection.scalars(sa.select(alerts.c.sighting)),
                *connection.scalars(sa.select(outbox.c.sighting)),
            }

    def begin_erasing(self, case_id: int, actor: str) -> list[str]:
        """Mark a case as being erased; return the sightings that go with it.

        They stay listed until `finish_erasing`, so that an interrupted erasure is taken up again.
        """
        case = self.get(case_id)
        if case.state == "erased":
            raise CaseError(f"{case.name} is erased already")
        if case.state == "open":
            self.close(case_id, "expired" if actor == "expiry" else "withdrawn", actor)
        if case.state != "erasing":
            self._set(case_id, actor, "erase.begin", state="erasing", watching=False)
        mine = {d.sighting for d in self.decisions(case_id, "confirmed")}
        return sorted(mine - self.needed().keys())

    def finish_erasing(self, case_id: int, sightings: Sequence[str], gone: int, actor: str) -> None:
        """Forget all that a case says, and its key; the line left proves what went."""
        with self._trail.change() as change:
            key = self._key(change.connection, case_id)
            refs = [reference(key, sighting) for sighting in sightings]
            for table in (decisions, searches, steps, alerts, outbox, requests, photos):
                change.connection.execute(table.delete().where(table.c.case_id == case_id))
            empty: dict[str, Any] = dict.fromkeys((*_CONTENT, "key"))
            change.connection.execute(
                cases.update().where(cases.c.id == case_id).values(**empty, state="erased")
            )
            change.note(actor, "erase.case", case_id, {"sightings": gone, "refs": refs})
        self._database.purge()

    def forget(self, sightings: Iterable[str]) -> None:
        """Drop what cases say of sightings that are no longer stored."""
        gone = list(sightings)
        with self._trail.change() as change:
            for begin in range(0, len(gone), 500):
                part = gone[begin : begin + 500]
                for table in (decisions, alerts, outbox):
                    change.connection.execute(table.delete().where(table.c.sighting.in_(part)))
        self._database.purge()

    def note(
        self,
        actor: str,
        action: str,
        case_id: int | None,
        detail: Detail,
        limit: Limit | None = None,
    ) -> None:
        """Write an audit line of its own.

        Raises:
            AccessError: the limit, if there is one, is reached.
        """
        with self._trail.change() as change:
            if limit is not None:
                change.require_within(limit, actor)
            change.note(actor, action, case_id, detail)

    def _set(
        self, case_id: int, actor: str, action: str, detail: Detail | None = None, **values: object
    ) -> None:
        with self._trail.change() as change:
            change.connection.execute(cases.update().where(cases.c.id == case_id).values(**values))
            change.note(actor, action, case_id, detail or {})

    def _key(self, connection: Connection, case_id: int) -> bytes:
        key = connection.scalar(sa.select(cases.c.key).where(cases.c.id == case_id))
        if key is None:
            raise CaseError(f"C-{case_id} does not exist or is erased")
        return bytes(key)


def _keep_search(connection: Connection, case_id: int, query: str, filters: str) -> SavedSearch:
    """Write a search after the others of its case, unless it is the newest one again."""
    now, mine = datetime.now(UTC), searches.c.case_id == case_id
    last = connection.execute(
        sa.select(searches).where(mine).order_by(searches.c.number.desc()).limit(1)
    ).first()
    if last is not None and (last.query, last.filters) == (query, filters):
        return SavedSearch(last.number, last.made, query, filters)
    number = min(last.number + 1, MOST_SEARCHES) if last else 1
    connection.execute(searches.delete().where(mine, searches.c.number == number))
    row = {"case_id": case_id, "number": number, "made": now}
    connection.execute(searches.insert().values(**row, query=query, filters=filters))
    return SavedSearch(number, now, query, filters)


def _require_newest(
    connection: Connection, mine: sa.ColumnElement[bool], made: datetime, actor: str
) -> None:
    """Refuse a decision that comes late where somebody else has decided meanwhile."""
    row = connection.execute(sa.select(decisions).where(mine)).first()
    if row is not None and row.by != actor and row.made > made:
        raise UsageError(f"{row.by} has decided on this sighting meanwhile ({row.verdict})")


def _is_first(connection: Connection, key: str, case_id: int, actor: str) -> bool:
    """Note that a request is carried out; False if it was before."""
    if connection.scalar(sa.select(requests.c.key).where(requests.c.key == key)):
        return False
    row = {"key": key, "case_id": case_id, "user": actor, "made": datetime.now(UTC)}
    connection.execute(requests.insert().values(**row))
    return True


def _case(row: Any) -> Case:
    about = None
    if row.state != "erased":
        content: dict[str, Any] = {name: getattr(row, name) or "" for name in _CONTENT}
        content["last_seen_at"] = row.last_seen_at
        about = NewCase(row.purpose, **content)
    return Case(
        row.id, row.state, row.purpose, row.owner, row.opened, row.expires, row.closed,
        _outcome(row.outcome), bool(row.watching), about, row.erase_at,
    )  # fmt: skip


def _outcome(value: str | None) -> CaseOutcome | None:
    return next((known for known in OUTCOMES if known == value), None)


def _check_lengths(new: NewCase) -> None:
    if len(new.text) > LONGEST_TEXT:
        raise UsageError(f"a description has at most {LONGEST_TEXT} characters")
    for name in ("reporter", "relationship", "child_name", "last_seen_place", "companion"):
        if len(getattr(new, name)) > LONGEST_FIELD:
            raise UsageError(f"{name.replace('_', ' ')} has at most {LONGEST_FIELD} characters")

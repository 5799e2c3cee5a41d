"""Alerts: new sightings that fit a watched case, each raised once."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from reid.desk.cases.audit import Trail, reference
from reid.desk.cases.database import Database, alerts, audit, cases, decisions, meta
from reid.desk.cases.model import Alert, Looked, Raising
from reid.desk.cases.outbox import keep

_PLAIN: Final = Raising()
_LOOKED: Final = "looked"


class Alerts:
    """The alerts of a venue."""

    def __init__(self, database: Database, trail: Trail) -> None:
        self._database, self._trail = database, trail

    def raise_once(
        self,
        case_id: int,
        sighting: str,
        camera: str,
        start: datetime,
        probability: float,
        how: Raising = _PLAIN,
    ) -> Alert | None:
        """Raise an alert; None if this sighting was alerted for the case before.

        It is put into the outbox of every channel in the same transaction.
        """
        now = datetime.now(UTC)
        row = {"case_id": case_id, "sighting": sighting, "camera": camera, "start": start,
               "continues": how.continues}  # fmt: skip
        known = (alerts.c.case_id == case_id, alerts.c.sighting == sighting)
        with self._trail.change() as change:
            if change.connection.execute(sa.select(alerts.c.id).where(*known)).first():
                return None
            key = change.connection.scalar(
                sa.select(cases.c.key).where(cases.c.id == case_id, cases.c.state == "open")
            )
            if key is None:
                return None
            try:
                made = change.connection.execute(
                    alerts.insert().values(**row, raised=now, probability=probability, seen=False)
                ).inserted_primary_key
            except IntegrityError:
                return None
            ref = reference(bytes(key), sighting)
            change.note("watch", "alert", case_id, {"camera": camera, "ref": ref})
            number = int(made[0]) if made else 0
            alert = Alert(
                number, case_id, sighting, camera, start, now, probability, False, how.continues
            )
            keep(change.connection, alert, how.channels)
        return alert

    def looked(self) -> Looked:
        """Return until when sightings were compared, by whatever process."""
        with self._database.read() as connection:
            noted = connection.scalar(sa.select(meta.c.value).where(meta.c.name == _LOOKED))
        if noted is None:
            return Looked(datetime.now(UTC))
        said = json.loads(noted)
        return Looked(datetime.fromisoformat(said["at"]), frozenset(said["cases"]))

    def watched_since(self, case_id: int) -> datetime | None:
        """Return when a case was begun to be watched, or opened again; None if it never was."""
        begun = sa.select(sa.func.max(audit.c.at)).where(
            audit.c.case_id == case_id, audit.c.action.in_(("watch.on", "case.reopen"))
        )
        with self._database.read() as connection:
            at = connection.scalar(begun)
        return None if at is None else datetime.fromisoformat(at)

    def note_look(self, looked: Looked) -> None:
        """Keep until when sightings were compared, over restarts."""
        text = json.dumps({"at": looked.at.isoformat(), "cases": sorted(looked.cases)})
        with self._database.write() as connection:
            connection.execute(meta.delete().where(meta.c.name == _LOOKED))
            connection.execute(meta.insert().values(name=_LOOKED, value=text))

    def after(self, number: int) -> list[Alert]:
        """Return alerts with a higher number, oldest first."""
        query = sa.select(alerts).where(alerts.c.id > number).order_by(alerts.c.id)
        with self._database.read() as connection:
            return [_alert(row) for row in connection.execute(query)]

    def last(self) -> int:
        """Return the newest alert's number, 0 for none."""
        with self._database.read() as connection:
            return int(connection.scalar(sa.select(sa.func.max(alerts.c.id))) or 0)

    def waiting(self, case_id: int | None = None) -> list[Alert]:
        """Return the alerts of open cases, or of one, that wait for a decision; newest first."""
        with self._database.read() as connection:
            return [_alert(row) for row in connection.execute(_undecided(case_id))]

    def of(self, case_id: int) -> list[Alert]:
        """Return a case's alerts, newest first."""
        query = sa.select(alerts).where(alerts.c.case_id == case_id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(alerts.c.id.desc())).all()
        return [_alert(row) for row in rows]


def _undecided(case_id: int | None) -> sa.Select[Any]:
    """Select the alerts of open cases, or of one, on whose sightings nobody has decided."""
    same = (decisions.c.case_id == alerts.c.case_id, decisions.c.sighting == alerts.c.sighting)
    query = (
        sa.select(alerts)
        .join(cases, cases.c.id == alerts.c.case_id)
        .outerjoin(decisions, sa.and_(*same))
        .where(cases.c.state == "open", decisions.c.sighting.is_(None))
        .order_by(alerts.c.id.desc())
    )
    return query if case_id is None else query.where(alerts.c.case_id == case_id)


def _alert(row: Any) -> Alert:
    return Alert(
        row.id, row.case_id, row.sighting, row.camera, row.start, row.raised, row.probability,
        bool(row.seen), bool(row.continues),
    )  # fmt: skip

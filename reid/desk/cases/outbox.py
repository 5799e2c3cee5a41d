"""Alerts on their way out: kept in the database until the receiver has taken them.

An alert is written here in the transaction that raises it, once for every channel. It is delivered
at least once: it stays due until the channel has taken it or its case is closed, over restarts too.
Several processes may deliver; whoever takes an alert holds it for a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from reid.desk.cases.database import Database, cases, outbox
from reid.desk.cases.model import Alert

HELD: Final = timedelta(seconds=60)
"""How long an alert that is being sent is left alone by others."""

LONGEST_PAUSE: Final = timedelta(seconds=60)
"""Most time between two attempts; it doubles with each."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An alert to be sent by a channel, and how often that was tried."""

    id: int
    alert: Alert
    channel: str
    tries: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a channel has not taken yet.

    Attributes:
        sent, waiting: alerts taken by the receiver, and of open cases not taken yet.
        oldest: seconds that the oldest of those has waited.
        problem: type of the error of the last attempt that failed.
    """

    channel: str
    sent: int = 0
    waiting: int = 0
    oldest: float = 0.0
    problem: str = ""


class Outbox:
    """The alerts of a venue that leave the desk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, alert: Alert, channels: Sequence[str]) -> None:
        """Keep an alert for some channels, those that have it left out."""
        if channels:
            with self._database.write() as connection:
                keep(connection, alert, channels)

    def take(self, channel: str, now: datetime | None = None) -> Outgoing | None:
        """Return a channel's oldest alert that is due, and hold it; None if there is none."""
        now = now or datetime.now(UTC)
        wanted = _open(channel).where(_is_due(now)).order_by(outbox.c.id).limit(1)
        with self._database.read() as connection:  # mostly there is none: then nothing is locked
            if connection.execute(wanted).first() is None:
                return None
        with self._database.write() as connection:
            row = connection.execute(wanted).first()
            if row is None:
                return None
            held = outbox.update().where(outbox.c.id == row.id).values(due=now + HELD)
            connection.execute(held)
        return Outgoing(row.id, _alert(row), channel, row.tries)

    def taken(self, one: Outgoing) -> None:
        """Note that the receiver has it."""
        self._set(one, sent=datetime.now(UTC), problem="")

    def failed(self, one: Outgoing, problem: str, pause: timedelta) -> None:
        """Note that it could not be sent; it is due again after a pause, doubled with each try."""
        wait = min(LONGEST_PAUSE, pause * 2.0 ** min(one.tries, 20))
        self._set(one, tries=one.tries + 1, problem=problem[:40], due=datetime.now(UTC) + wait)

    def state(self, channels: Sequence[str]) -> list[Waiting]:
        """Return how each channel is doing."""
        with self._database.read() as connection:
            return [_state(connection, channel) for channel in channels]

    def _set(self, one: Outgoing, **values: object) -> None:
        with self._database.write() as connection:
            connection.execute(outbox.update().where(outbox.c.id == one.id).values(**values))


def keep(connection: Connection, alert: Alert, channels: Sequence[str]) -> None:
    """Write an alert for each channel that has not got it, within a transaction."""
    row = {"case_id": alert.case_id, "sighting": alert.sighting, "camera": alert.camera,
           "start": alert.start, "raised": alert.raised,
           "probability": alert.probability, "continues": alert.continues}  # fmt: skip
    mine = (outbox.c.case_id == alert.case_id, outbox.c.sighting == alert.sighting)
    known = set(connection.scalars(sa.select(outbox.c.channel).where(*mine)))
    for channel in channels:
        if channel not in known:
            due = datetime.now(UTC)
            connection.execute(outbox.insert().values(**row, channel=channel, due=due))


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    """Select what is due, and what no clock that was right can have put off so long."""
    return (outbox.c.due <= now) | (outbox.c.due > now + 2 * max(HELD, LONGEST_PAUSE))


def _open(channel: str) -> sa.Select[Any]:
    """Select what a channel has not taken, of open cases."""
    return (
        sa.select(outbox)
        .join(cases, cases.c.id == outbox.c.case_id)
        .where(outbox.c.channel == channel, outbox.c.sent.is_(None), cases.c.state == "open")
    )


def _state(connection: Connection, channel: str) -> Waiting:
    mine = sa.select(sa.func.count()).where(outbox.c.channel == channel)
    sent = connection.scalar(mine.where(outbox.c.sent.is_not(None)))
    rows = connection.execute(_open(channel).order_by(outbox.c.id)).all()
    oldest = (datetime.now(UTC) - rows[0].raised).total_seconds() if rows else 0.0
    problem = next((row.problem for row in rows if row.problem), "")
    return Waiting(channel, int(sent or 0), len(rows), oldest, problem)


def _alert(row: Any) -> Alert:
    return Alert(
        row.id, row.case_id, row.sighting, row.camera, row.start, row.raised, row.probability,
        False, bool(row.continues),
    )  # fmt: skip

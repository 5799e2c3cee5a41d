"""Cases, staff accounts and the audit trail: one database that changes all three together."""

from dataclasses import dataclass

from reid.desk.cases.accounts import Accounts, Origin, Session, User, same
from reid.desk.cases.alerts import Alerts
from reid.desk.cases.audit import Line, Trail, Verified
from reid.desk.cases.book import CaseBook
from reid.desk.cases.database import Database
from reid.desk.cases.model import (
    OUTCOMES,
    STEPS,
    Alert,
    Case,
    CaseOutcome,
    Circumstances,
    Decision,
    Done,
    NewCase,
    Raising,
    SavedSearch,
    Sent,
)
from reid.desk.cases.outbox import Outbox, Outgoing, Waiting
from reid.desk.cases.photos import CasePhotos
from reid.storage.venue_path import Folder

__all__ = [
    "OUTCOMES",
    "STEPS",
    "Accounts",
    "Alert",
    "Alerts",
    "Case",
    "CaseBook",
    "CaseOutcome",
    "CasePhotos",
    "CaseRecords",
    "Circumstances",
    "Database",
    "Decision",
    "Done",
    "Line",
    "NewCase",
    "Origin",
    "Outbox",
    "Outgoing",
    "Raising",
    "SavedSearch",
    "Sent",
    "Session",
    "Trail",
    "User",
    "Verified",
    "Waiting",
    "open_records",
    "same",
]


@dataclass(frozen=True, slots=True)
class CaseRecords:
    """Everything the desk writes down."""

    database: Database
    trail: Trail
    accounts: Accounts
    book: CaseBook
    alerts: Alerts
    outbox: Outbox
    photos: CasePhotos


def open_records(folder: Folder, url: str | None = None) -> CaseRecords:
    """Open a venue's database, SQLite in its folder unless a PostgreSQL `url` is given."""
    database = Database(folder, url)
    trail = Trail(database)
    return CaseRecords(
        database,
        trail,
        Accounts(database, trail),
        CaseBook(database, trail),
        Alerts(database, trail),
        Outbox(database),
        CasePhotos(database, trail),
    )

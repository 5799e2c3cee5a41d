"""The tables as they were when revisions began; what a database of then lacks is added."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None

_MOMENT: Final = sa.String(40)  # ISO 8601, UTC


def upgrade() -> None:
    """Make the tables that are not there."""
    _accounts()
    _cases()
    _parts_of_cases()
    _alerts()
    _audit()


def _table(name: str, *parts: sa.schema.SchemaItem, counted: bool = False) -> None:
    op.create_table(name, *parts, if_not_exists=True, sqlite_autoincrement=counted)


def _accounts() -> None:
    _table(
        "meta",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    _table(
        "users",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", _MOMENT),
    )
    _table(
        "sessions",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("user", sa.String(64), sa.ForeignKey("users.name"), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("seen", _MOMENT, nullable=False),
    )


def _cases() -> None:
    _table(
        "cases",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("opened", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("closed", _MOMENT),
        sa.Column("outcome", sa.String(30)),
        sa.Column("watching", sa.Boolean, nullable=False),
        sa.Column("key", sa.LargeBinary),
        sa.Column("child_name", sa.Text),
        sa.Column("reporter", sa.Text),
        sa.Column("relationship", sa.Text),
        sa.Column("text", sa.Text),
        sa.Column("query", sa.Text),
        sa.Column("last_seen_place", sa.Text),
        sa.Column("last_seen_at", _MOMENT),
        sa.Column("companion", sa.Text),
        counted=True,
    )


def _parts_of_cases() -> None:
    _table(
        "searches",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("made", _MOMENT, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("filters", sa.Text, nullable=False),
    )
    _table(
        "decisions",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("sighting", sa.String(64), primary_key=True),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("camera", sa.Text, nullable=False),
        sa.Column("start", _MOMENT, nullable=False),
        sa.Column("end", _MOMENT, nullable=False),
        sa.Column("made", _MOMENT, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
    )
    _table(
        "steps",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("step", sa.String(30), primary_key=True),
        sa.Column("made", _MOMENT, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
    )


def _alerts() -> None:
    _table(
        "alerts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("sighting", sa.String(64), nullable=False),
        sa.Column("camera", sa.Text, nullable=False),
        sa.Column("start", _MOMENT, nullable=False),
        sa.Column("raised", _MOMENT, nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("seen", sa.Boolean, nullable=False),
        sa.UniqueConstraint("case_id", "sighting"),
        counted=True,
    )


def _audit() -> None:
    _table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("case_id", sa.Integer),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("audit_by", "audit", ["actor", "action", "at"], if_not_exists=True)

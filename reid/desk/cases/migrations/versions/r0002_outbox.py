"""Alerts on their way out, kept until they are taken; whether an alert continues an earlier one."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"

_MOMENT: Final = sa.String(40)  # ISO 8601, UTC


def upgrade() -> None:
    """Make the outbox, and the alerts' column."""
    op.add_column("alerts", sa.Column("continues", sa.Boolean))  # unknown of earlier ones
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("sighting", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("camera", sa.Text, nullable=False),
        sa.Column("start", _MOMENT, nullable=False),
        sa.Column("raised", _MOMENT, nullable=False),
        sa.Column("probability", sa.Float, nullable=False),
        sa.Column("continues", sa.Boolean, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due", _MOMENT, nullable=False),
        sa.Column("sent", _MOMENT),
        sa.Column("problem", sa.String(40), nullable=False),
        sa.UniqueConstraint("case_id", "sighting", "channel"),
        sqlite_autoincrement=True,
    )

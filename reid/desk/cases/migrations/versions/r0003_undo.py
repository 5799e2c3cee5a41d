"""When a closed case is erased; which requests of a browser were carried out already."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"

_MOMENT: Final = sa.String(40)  # ISO 8601, UTC


def upgrade() -> None:
    """Add the cases' column, and make the table of requests."""
    op.add_column("cases", sa.Column("erase_at", _MOMENT))
    op.create_table(
        "requests",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("user", sa.String(80), nullable=False),
        sa.Column("made", _MOMENT, nullable=False),
    )

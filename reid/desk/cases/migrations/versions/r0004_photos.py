"""What a case keeps of photos of the person: a vector, and the redacted picture where staff say."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"

_MOMENT: Final = sa.String(40)  # ISO 8601, UTC


def upgrade() -> None:
    """Make the table of photos."""
    op.create_table(
        "photos",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("picture", sa.LargeBinary),
        sa.Column("made", _MOMENT, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
    )

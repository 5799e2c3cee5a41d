"""The venue's PostgreSQL server: connections without passwords in messages, and locks."""

import re
from typing import TYPE_CHECKING, Final

from reid.core.errors import CaseError

if TYPE_CHECKING:  # loaded where a server is asked
    import sqlalchemy as sa

DATABASE_VARIABLE: Final = "REID_DATABASE_URL"
"""Environment variable with the URL of a PostgreSQL database, instead of SQLite."""

_CONNECT: Final = {
    "connect_timeout": 30,  # seconds: a busy machine has been seen to need five
    "keepalives_idle": 10,  # seconds: a lock's holder that is gone is noticed within half a minute
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "application_name": "reid",
}


def postgresql_engine(url: str, **pool: int) -> "sa.Engine":
    """Return an engine for a PostgreSQL URL.

    Raises:
        CaseError: not a URL of PostgreSQL, or its driver is not installed.
    """
    import sqlalchemy as sa

    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise CaseError("the database URL is not one: postgresql://user@host/name") from None
    if not parsed.drivername.startswith("postgresql"):
        raise CaseError(f"a {parsed.drivername} database is not supported: use PostgreSQL")
    try:
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args=dict(_CONNECT),
            **pool,
        )
    except ModuleNotFoundError:
        raise CaseError(
            "PostgreSQL needs one more package: pip install 'psycopg[binary]>=3.2'"
        ) from None


def masked(text: str) -> str:
    """Cut a password out of a URL in a message."""
    return re.sub(r"//[^@/\s]*@", "//", text)

"""Whose clock a time without an offset goes by, and how far clocks may be apart."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from reid.core.errors import UsageError

CLOCK_ERROR: Final = timedelta(minutes=10)
"""How far a camera's clock may be ahead. A wrong time zone is half an hour off at least."""


def utc(when: datetime, zone: tzinfo | None) -> datetime:
    """Return a moment in UTC; without an offset it is in `zone` (None: this machine's)."""
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)


def parse_time(text: str, zone: tzinfo | None) -> datetime:
    """Read an ISO 8601 time, UTC; without an offset it is in `zone` (None: this machine's).

    Raises:
        UsageError: it is none.
    """
    try:
        return utc(datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is not a time: write it like 2026-05-01T14:20") from None

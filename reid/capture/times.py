"""When what a source holds was seen: never in the future, and not so long ago that it must go."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from reid.capture.images import taken_at
from reid.capture.sources import Source, StillSource, VideoSource
from reid.core.clock import CLOCK_ERROR
from reid.core.errors import SourceError

_SAID_BY: Final = {
    "given": "as --start says",
    "recorded": "as it says itself",
    "file time": "as its file's time says",
    "now": "by this machine's clock",
}
_LOOKED_INTO: Final = 2000  # images of a folder whose own times are read before any work


def span_of(source: Source) -> tuple[datetime, datetime]:
    """Return when the first and the last picture of a source were taken, as far as is known."""
    if isinstance(source, VideoSource) and source.total and source.fps:
        return source.start, source.start + timedelta(seconds=source.total / source.fps)
    if isinstance(source, StillSource) and source.start_from != "given":
        paths = source.paths[:_LOOKED_INTO]
        taken = [taken_at(path, source.zone) or source.start for path in paths]
        return min(taken), max(taken)
    return source.start, source.start


def check_times(
    source: Source,
    retention: timedelta | None,
    zone: tzinfo | None = None,
    now: datetime | None = None,
) -> str:
    """Look at a source's times before any work is done.

    Args:
        retention: how long the venue keeps sightings; None: for good.
        zone: in which times are said; None: this machine's.

    Returns:
        A warning, if all or some of it is older than the venue keeps sightings; else "".

    Raises:
        SourceError: some of it would lie in the future, by more than clocks are apart.
    """
    if source.kind == "live":
        return ""
    now = now or datetime.now(UTC)
    first, last = span_of(source)
    if last > now + CLOCK_ERROR:
        raise SourceError(
            f"{source.name} would be seen in the future ({_said(last, zone)}, "
            f"{_SAID_BY[source.start_from]}): give the right time with --start"
        )
    if retention is None or first >= now - retention:
        return ""
    whole = "all" if last < now - retention else "the beginning"
    what = f"{source.name} is of {_said(first, zone)}, {_SAID_BY[source.start_from]}"
    return f"{what}: {_gone(whole, retention)}"


def check_start(start: datetime, retention: timedelta | None, zone: tzinfo | None) -> str:
    """The same of a time that is given for sources which are opened elsewhere.

    Raises:
        SourceError: it lies in the future, by more than clocks are apart.
    """
    now = datetime.now(UTC)
    if start > now + CLOCK_ERROR:
        raise SourceError(f"--start {_said(start, zone)} lies in the future: give the right time")
    if retention is None or start >= now - retention:
        return ""
    return f"--start {_said(start, zone)}: {_gone('what is older', retention)}"


def _gone(what: str, retention: timedelta) -> str:
    hours = f"{retention / timedelta(hours=1):g} h"
    return (
        f"this venue keeps sightings for {hours}, so {what} of it will be erased at once; if the "
        "time is wrong, give the right one with --start"
    )


def _said(when: datetime, zone: tzinfo | None) -> str:
    return f"{when.astimezone(zone):%Y-%m-%d %H:%M}"

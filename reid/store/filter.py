"""Which sightings are meant: conditions, and their SQL."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Self

from reid.core.clock import utc
from reid.core.records import SearchWindow

LONGEST_TRACKLET: Final = timedelta(hours=1)
"""No sighting lasts so long: `reid.detect.tracklets` cuts them after minutes. So one that overlaps
a window began within this time before it, which an index of the beginnings finds."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which sightings: all that meet every condition given.

    Attributes:
        since, until: the tracklet overlaps this time window (UTC).
        cameras: camera ids; empty for all.
        sources: content keys of sources; empty for all.
        ids: sighting ids; empty for all.
        ended_before: the tracklet ended before this time; for retention.
        except_ids: sighting ids that are left out; confirmed ones of open cases.
    """

    since: datetime | None = None
    until: datetime | None = None
    cameras: Sequence[str] = ()
    sources: Sequence[str] = ()
    ids: Sequence[str] = ()
    ended_before: datetime | None = None
    except_ids: Sequence[str] = ()

    @classmethod
    def within(cls, window: SearchWindow) -> Self:
        """Return the condition that sightings are in a window."""
        return cls(window.since, window.until, window.cameras)

    def by_clock(self, zone: tzinfo | None) -> Self:
        """Return it with times in UTC; those without an offset are in `zone`."""

        def by(at: datetime | None) -> datetime | None:
            return at and utc(at, zone)

        return replace(
            self, since=by(self.since), until=by(self.until), ended_before=by(self.ended_before)
        )

    def sql(self) -> str:
        """Return the condition in the table's SQL, or an empty string for all rows."""
        terms = [
            f"{column} IN ({', '.join(map(_quote, values))})"
            for column, values in (
                ("camera", self.cameras),
                ("source_key", self.sources),
                ("id", self.ids),
            )
            if values
        ]
        if self.since:
            terms.append(f"end >= {_timestamp(self.since)}")
            terms.append(f"start >= {_timestamp(self.since - LONGEST_TRACKLET)}")
        if self.until:
            terms.append(f"start <= {_timestamp(self.until)}")
        if self.ended_before:
            terms.append(f"end < {_timestamp(self.ended_before)}")
            terms.append(f"start < {_timestamp(self.ended_before)}")  # follows, and is indexed
        if self.except_ids:
            terms.append(f"id NOT IN ({', '.join(map(_quote, self.except_ids))})")
        return " AND ".join(terms)


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _timestamp(when: datetime) -> str:
    return f"timestamp '{when.astimezone(UTC).isoformat(sep=' ', timespec='microseconds')}'"

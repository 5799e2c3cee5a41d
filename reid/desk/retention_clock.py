"""The time that retention goes by: a clock that jumps far ahead is doubted before it erases.

What is erased is gone, and a clock that is ten years ahead would erase everything. So the last
reading is kept in the venue's folder. A reading far beyond it, or beyond what the machine has
counted since (its time since start cannot be set), is doubted until it is confirmed: by a second
reading ten minutes later at least that goes on from it, and by a sighting of that time; where
nobody is seen, such as after a winter's pause, by a second reading a day later. Until then nothing
more is over its time than by the last reading that was trusted.
"""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from reid.core.errors import ReidError, StoreError
from reid.core.reading import read_json, typed
from reid.storage.venue_path import Folder

FILE_NAME: Final = "clock.json"

FAR: Final = timedelta(days=7)
"""A reading so far beyond the last one, or beyond the newest sighting, is doubted."""

DRIFT: Final = timedelta(hours=1)
"""As is one so far beyond what the machine has counted since: no summer time moves UTC."""

AGAIN_AFTER: Final = timedelta(minutes=10)
CONFIRMED_AFTER: Final = timedelta(days=1)

_SAME: Final = timedelta(minutes=1)  # two readings of one clock, beside the machine's own count
_NEAR: Final = timedelta(hours=1)  # a sighting of the same time
_KEPT_EVERY: Final = timedelta(minutes=5)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ClockJumped(ReidError):
    """A clock that is doubted: nothing is erased by it until it is confirmed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the clock.

    Attributes:
        at: what it said, in seconds since 1970.
        counted: seconds that the machine has counted since its start; 0 where a time was given.
        machine: names the machine's run, so that counts are comparable.
    """

    at: float
    counted: float = 0.0
    machine: str = ""

    @property
    def time(self) -> datetime:
        """What the clock said, UTC."""
        return datetime.fromtimestamp(self.at, UTC)

    def ahead_of_count(self, earlier: "Reading") -> timedelta | None:
        """How much more has passed by the clock than by count; None: not comparable."""
        if not self.machine or self.machine != earlier.machine:
            return None
        return timedelta(seconds=(self.at - earlier.at) - (self.counted - earlier.counted))


class RetentionClock:
    """Says by which time retention goes.

    Args:
        folder: the venue's.
        seen: whether any sighting lies in a window of time.
        stored: whether there is any sighting.
    """

    def __init__(
        self,
        folder: Folder,
        seen: Callable[[datetime, datetime], bool],
        stored: Callable[[], bool],
    ) -> None:
        self._path = folder / FILE_NAME
        self._seen, self._stored = seen, stored
        self.doubt = ""
        """Why the last reading is doubted; empty if it is not."""

    def now(self, given: datetime | None = None) -> datetime:
        """Return the time to go by: the clock's, or the last that was trusted.

        Args:
            given: a time to go by instead of the clock's; it is doubted likewise.
        """
        now = read_clock() if given is None else Reading(given.timestamp())
        trusted, doubted = self._load()
        if not self._is_doubtful(now, trusted) or self._is_confirmed(now, doubted):
            self.doubt = ""
            if _is_due(now, trusted) or doubted is not None:
                self._keep(now, None)
            return now.time
        if doubted is None or not _goes_on(doubted, now):
            doubted = now
            self._keep(trusted, doubted)
        last = trusted.time if trusted else None
        self.doubt = _said(now.time, last)
        return min(last or _NEVER, now.time)

    def trust(self) -> None:
        """Go by the clock from now on, as somebody who looked at it says it is right."""
        self._keep(read_clock(), None)
        self.doubt = ""

    def _is_doubtful(self, now: Reading, trusted: Reading | None) -> bool:
        if trusted is not None:
            drift = now.ahead_of_count(trusted)
            return now.time - trusted.time > FAR if drift is None else drift > DRIFT
        return self._stored() and not self._seen(now.time - FAR, now.time + _NEAR)

    def _is_confirmed(self, now: Reading, doubted: Reading | None) -> bool:
        """Whether a doubted reading was followed by one that goes on from it, and by a sighting."""
        if doubted is None or not _goes_on(doubted, now):
            return False
        passed = now.time - doubted.time
        if passed >= CONFIRMED_AFTER:
            return True
        return passed >= AGAIN_AFTER and self._seen(now.time - _NEAR, now.time + _NEAR)

    def _load(self) -> tuple[Reading | None, Reading | None]:
        """Return the last trusted reading and the first doubted one; a damaged file holds none."""
        try:
            said = read_json(self._path, StoreError)
            readings = [said.get(name) for name in ("trusted", "doubted")]
            trusted, doubted = (typed(Reading, one) if one else None for one in readings)
            return _checked(trusted), _checked(doubted)
        except (StoreError, TypeError, AttributeError, ValueError, ArithmeticError, OSError):
            return None, None

    def _keep(self, trusted: Reading | None, doubted: Reading | None) -> None:
        said: dict[str, Any] = {
            name: asdict(one)
            for name, one in (("trusted", trusted), ("doubted", doubted))
            if one is not None
        }
        text = json.dumps(said)
        if not isinstance(self._path, Path):
            self._path.write_text(text)
            return
        fresh = self._path.with_name(f"{FILE_NAME}.new")
        try:
            fresh.touch(mode=0o600)
            fresh.write_text(text)
            fresh.replace(self._path)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be written ({error.strerror})") from None


def read_clock() -> Reading:
    """Read the machine's clock, and what it has counted since its start, sleep included."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    counted = time.monotonic() if boottime is None else time.clock_gettime(boottime)
    return Reading(datetime.now(UTC).timestamp(), counted, _machine())


@cache
def _machine() -> str:
    """Name this run of the machine; where it has no name, this process."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return uuid.uuid4().hex


def _checked(reading: Reading | None) -> Reading | None:
    """Return a reading, if what it holds is a time: else this raises."""
    return reading if reading is None or reading.time else None


def _is_due(now: Reading, trusted: Reading | None) -> bool:
    """Whether a reading is worth being kept: an earlier one too, once a clock was put back."""
    return trusted is None or abs(now.time - trusted.time) >= _KEPT_EVERY


def _goes_on(first: Reading, now: Reading) -> bool:
    """Whether two readings are of one clock that runs on."""
    drift = now.ahead_of_count(first)
    return now.at >= first.at and (drift is None or abs(drift) <= _SAME)


def _said(now: datetime, last: datetime | None) -> str:
    before = f", {last:%Y-%m-%d %H:%M} UTC before" if last else " without a sighting near it"
    return (
        f"the clock says {now:%Y-%m-%d %H:%M} UTC{before}: nothing is erased by it until it is "
        "confirmed; set the clock, or wait a day"
    )

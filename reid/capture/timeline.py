"""A recording's clock: stamps repeat, run backwards and jump; times only move on."""

from dataclasses import dataclass, field
from typing import Final

_LONGEST_GAP: Final = 60.0  # seconds between two frames that are believed
_LONGEST_GAP_FRAMES: Final = 30.0  # or so many frames, of what takes few of them
_LIKE_ANOTHER: Final = 0.2  # of a frame: stamps closer than this are one stamp repeated


@dataclass(slots=True)
class Timeline:
    """Turns time stamps into seconds since the first, each later than the one before.

    A repeated or earlier stamp, or one beyond a gap that is believed, comes one frame after its
    predecessor. A single wrong stamp changes nothing for those that follow; a clock that goes on
    from elsewhere is joined.

    Attributes:
        step: seconds a frame usually lasts.
        longest_gap: seconds that may lie between two frames; more is a jump of the clock.
        repeated, backward, jumped: how many such stamps there were.
    """

    step: float
    longest_gap: float = 0.0
    repeated: int = 0
    backward: int = 0
    jumped: int = 0
    _now: float | None = field(default=None, init=False)
    _stamp: float = field(default=0.0, init=False)
    _offset: float = field(default=0.0, init=False)
    _off: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        usual = max(_LONGEST_GAP, _LONGEST_GAP_FRAMES * self.step)
        self.longest_gap = self.longest_gap or usual

    def time_of(self, stamp: float | None) -> float:
        """Return when the next frame is shown, in seconds since the first.

        Args:
            stamp: what the recording says, in seconds; None where it says nothing.
        """
        if self._now is None:
            self._stamp = stamp or 0.0
            self._offset = -self._stamp
            self._now = 0.0
            return 0.0
        if stamp is None:
            stamp = self._stamp + self.step
        self._now = self._after(self._now, stamp)
        self._stamp = stamp
        return self._now

    def words(self) -> str:
        """Say what was mended; empty if nothing was."""
        found = ("repeated", self.repeated), ("backward", self.backward), ("jumping", self.jumped)
        counts = ", ".join(f"{count} {what}" for what, count in found if count)
        return f"time stamps mended, the times joined: {counts}" if counts else ""

    def _after(self, now: float, stamp: float) -> float:
        if self._follows(stamp + self._offset - now):
            self._off = False
            return stamp + self._offset
        since = stamp - self._stamp
        if self._off and self._follows(since):  # it goes on from there: a clock that was set
            self._off = False
            self._offset = now + since - stamp
            return now + since
        self._count(since)
        self._off = True
        return now + self.step

    def _follows(self, seconds: float) -> bool:
        return self.step * _LIKE_ANOTHER < seconds <= self.longest_gap

    def _count(self, since: float) -> None:
        if since > self.longest_gap:
            self.jumped += 1
        elif since < -self.step * _LIKE_ANOTHER:
            self.backward += 1
        elif not self._off:
            self.repeated += 1

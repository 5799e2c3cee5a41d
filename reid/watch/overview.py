"""Whether a venue is watched, in one look: for the banner of every page and for the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from reid.storage.venue_path import Folder
from reid.watch.status import Status, read_status

Watched = Literal["none", "off", "silent", "starting", "dead", "partly", "failing", "ok"]

BAD: Final = ("off", "silent", "dead", "partly", "failing")
"""What staff have to be told."""


@dataclass(frozen=True, slots=True)
class Overview:
    """How the watch is.

    Attributes:
        state: "none" where the rules name no stream, "off" where nobody ever watched them,
            "silent" where who watched is gone, "dead" and "partly" where cameras give no frames,
            "failing" where a loop does not come round.
        good, cameras: cameras that give frames, and all.
        age: seconds since the newest frame of any camera; None without one.
        problems: of the loops.
    """

    state: Watched
    good: int = 0
    cameras: int = 0
    age: float | None = None
    problems: tuple[str, ...] = ()

    @property
    def bad(self) -> bool:
        """Whether staff have to be told."""
        return self.state in BAD


def overview(folder: Folder, streams: int) -> Overview:
    """Look at what the watch of a venue last said; `streams` are the cameras that it should watch.

    Raises:
        StoreError: the storage does not answer.
    """
    return overview_of(read_status(folder), streams)


def overview_of(status: Status | None, streams: int) -> Overview:
    """The same, of a status; None: nobody ever watched."""
    if status is None:
        return Overview("off" if streams else "none", cameras=streams)
    now = datetime.now(UTC)
    states = [status.state_of(health) for health in status.cameras]
    ages = [age for health in status.cameras if (age := health.age(now)) is not None]
    good = sum(state in {"ok", "late"} for state in states)
    problems = tuple(loop.words for loop in status.loops if not loop.well)
    state = _state(status, states, good, problems)
    return Overview(state, good, len(states), min(ages, default=None), problems)


def _state(status: Status, states: Sequence[str], good: int, problems: tuple[str, ...]) -> Watched:
    if status.silent:
        return "silent"
    if "starting" in states and "dead" not in states:
        return "starting"
    if good < len(states):
        return "partly" if good else "dead"
    return "failing" if problems else "ok"

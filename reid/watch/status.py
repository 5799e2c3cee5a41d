"""How the cameras and nodes of a venue are: written by who watches, read by `reid status`.

It is one small file in the venue's folder, replaced every few seconds, so that any machine that can
read the venue can tell, and silence itself is seen.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from reid.core.errors import StoreError
from reid.core.reading import read_json, typed
from reid.core.supervisor import LoopStatus
from reid.storage.venue_path import Folder

FILE_NAME: Final = "status.json"
WEB: Final = "serve"
"""The process whose loops are those of the web app."""

SILENT_AFTER: Final = 30.0
"""Seconds without a word after which nobody watches any more, and without a frame, a camera."""

LATE: Final = 10.0
"""Seconds without a frame, or of sightings waiting, after which a camera is late."""

_DAMAGED: Final = (StoreError, ValueError, KeyError, TypeError, AttributeError)

CameraState = Literal["starting", "ok", "late", "dead"]


@dataclass(slots=True)
class Health:
    """How a camera is doing.

    Attributes:
        frames, dropped: looked at, and skipped because newer ones came.
        queue: frames that wait to be looked at; the last one waited `behind` seconds.
        sightings: stored; `waiting` are not yet, the oldest for `lag` seconds, and `lost` never.
        reconnects, restarts: of the stream, and of the process that reads it.
        moves: how often it was moved to another node.
        last_frame: seconds since 1970.
        problem: the last one, of the camera or of the store.
    """

    camera: str
    frames: int = 0
    dropped: int = 0
    sightings: int = 0
    waiting: int = 0
    lag: float = 0.0
    lost: int = 0
    reconnects: int = 0
    restarts: int = 0
    moves: int = 0
    connected: bool = False
    last_frame: float = 0.0
    queue: int = 0
    behind: float = 0.0
    problem: str = ""

    def age(self, now: datetime) -> float | None:
        """Seconds since the newest frame; None before the first."""
        return max(0.0, now.timestamp() - self.last_frame) if self.last_frame else None

    def state(self, now: datetime) -> CameraState:
        """Say in one word how it is: the one truth for pages, terminal and programs."""
        age = self.age(now)
        if not self.connected:
            return "dead" if self.problem or age is not None else "starting"
        if age is None or age > SILENT_AFTER:
            return "dead"
        return "late" if self.problem or self.lag > LATE or age > LATE else "ok"


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the cluster.

    Attributes:
        name: its host and the start of its number.
        alive: whether it answers; `gone` is since when it does not, in seconds since 1970.
        cameras: how many it has.
    """

    name: str
    alive: bool
    cameras: int
    gone: float = 0.0


@dataclass(frozen=True, slots=True)
class Status:
    """How all cameras, nodes and loops were at a moment.

    `where` is the node of each camera, in order.
    """

    at: datetime
    cameras: Sequence[Health]
    where: Sequence[str] = ()
    nodes: Sequence[Node] = ()
    loops: Sequence[LoopStatus] = ()

    @property
    def age(self) -> float:
        """Seconds since it was written."""
        return (datetime.now(UTC) - self.at).total_seconds()

    @property
    def silent(self) -> bool:
        """Whether who wrote it is gone."""
        return self.age > SILENT_AFTER

    def state_of(self, health: Health) -> CameraState:
        """Return how a camera is; where nobody watches any more, every one is dead."""
        return "dead" if self.silent else health.state(datetime.now(UTC))

    def to_json(self) -> dict[str, Any]:
        """Return it for programs; the time is ISO 8601."""
        nodes = list(self.where) or [""] * len(self.cameras)
        cameras = [
            {**asdict(health), "node": node, "state": self.state_of(health)}
            for health, node in zip(self.cameras, nodes, strict=True)
        ]
        return {
            "at": self.at.isoformat(),
            "cameras": cameras,
            "nodes": [asdict(node) for node in self.nodes],
            "loops": [loop.to_json() for loop in self.loops],
        }


@dataclass(frozen=True, slots=True)
class Loops:
    """The long-lived loops of a process beside the watch, as it last said."""

    process: str
    at: datetime
    loops: Sequence[LoopStatus]

    @property
    def age(self) -> float:
        """Seconds since it was said."""
        return (datetime.now(UTC) - self.at).total_seconds()

    def problems(self) -> list[str]:
        """Return what is wrong, one phrase a loop."""
        return [loop.words for loop in self.loops if not loop.well]


def write_status(folder: Folder, status: Status) -> None:
    """Replace what a venue's folder says of its cameras."""
    _replace(folder, FILE_NAME, json.dumps(status.to_json()))


def write_loops(folder: Folder, process: str, loops: Sequence[LoopStatus]) -> None:
    """Replace what a venue's folder says of another process's loops."""
    said = {"at": datetime.now(UTC).isoformat(), "loops": [loop.to_json() for loop in loops]}
    _replace(folder, f"{process}.json", json.dumps(said))


def read_loops(folder: Folder, process: str) -> Loops | None:
    """Return what was last said of another process's loops; None if it never ran."""
    try:
        said = read_json(folder / f"{process}.json", StoreError)
        loops = tuple(LoopStatus.of_json(loop) for loop in said["loops"])
        return Loops(process, _moment(said["at"]), loops)
    except (*_DAMAGED, FileNotFoundError):
        return None


def _replace(folder: Folder, name: str, text: str) -> None:
    path = folder / name
    if not isinstance(path, Path):
        path.write_text(text)
        return
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.write_text(text)
        fresh.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror})") from None


def read_status(folder: Folder) -> Status | None:
    """Return what was last said of a venue's cameras; None if nobody ever watched."""
    path = folder / FILE_NAME
    try:
        data = read_json(path, StoreError)
    except FileNotFoundError:
        return None
    try:
        return _status(data)
    except _DAMAGED:
        raise StoreError(f"{path} is damaged: `reid watch` writes it anew") from None


def _moment(said: str) -> datetime:
    at = datetime.fromisoformat(said)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _status(data: dict[str, Any]) -> Status:
    return Status(
        _moment(data["at"]),
        [typed(Health, camera) for camera in data["cameras"]],
        [str(camera["node"]) for camera in data["cameras"]],
        [typed(Node, node) for node in data["nodes"]],
        tuple(LoopStatus.of_json(loop) for loop in data.get("loops", ())),
    )

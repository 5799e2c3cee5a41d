"""One camera's place in a fleet, and the names of its process."""

from dataclasses import dataclass, field
from typing import Any, Final

from reid.watch.status import Health

FIRST_PAUSE: Final = 1.0
"""Seconds before a camera's process is started again; doubled with each failure."""

_PREFIX: Final = "camera:"
_OTHER: Final = "#"  # no camera's id has it


@dataclass(slots=True)
class CameraWorker:
    """One camera's place in the fleet: its process, and what it said last."""

    camera: str
    name: str = ""
    process: Any = None
    question: Any = None
    asked: float = 0.0
    began: float = 0.0
    due: float = 0.0  # when it may be started, on the monotonic clock
    pause: float = FIRST_PAUSE
    restarts: int = 0
    moves: int = 0
    node: str = ""
    heard: bool = False
    health: Health = field(default_factory=lambda: Health(""))

    def __post_init__(self) -> None:
        self.name = self.name or names_of(self.camera)[0]

    @property
    def other_name(self) -> str:
        """What the process is called that takes this one's place on another node."""
        one, other = names_of(self.camera)
        return one if self.name == other else other


def names_of(camera: str) -> tuple[str, str]:
    """Return the two names of a camera's processes: while it moves there are two."""
    return f"{_PREFIX}{camera}", f"{_PREFIX}{camera}{_OTHER}"


def camera_of(name: str) -> str:
    """Return the camera of a process's name."""
    return name.removeprefix(_PREFIX).removesuffix(_OTHER)

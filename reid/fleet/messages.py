"""What crosses between machines: words and numbers, never an image, an address with a password."""

from dataclasses import dataclass
from datetime import datetime

from reid.pipeline import IndexReport
from reid.watch.status import Health


@dataclass(frozen=True, slots=True)
class Resources:
    """What one process takes of its node: cores and GPUs, also fractions of them."""

    cpus: float = 1.0
    gpus: float = 0.0


@dataclass(frozen=True, slots=True)
class Shard:
    """Sources to index in one go.

    Attributes:
        paths: one video, folder or stream, or many person crops.
        camera: camera id; None for the source's own.
        start: time of the first frame, or None for the source's own.
        crops: each image is one person.
    """

    paths: tuple[str, ...]
    camera: str | None = None
    start: datetime | None = None
    crops: bool = False

    @property
    def name(self) -> str:
        """What to call it in messages."""
        more = len(self.paths) - 1
        return self.paths[0] + (f" and {more} more" if more else "")


@dataclass(frozen=True, slots=True)
class Indexed:
    """What became of a shard.

    Attributes:
        report: as of a single process; None where it failed or was done before.
        skipped: it had been finished before.
        problem: why it failed; empty if it did not.
        node: where it ran.
        processor: seconds of processor time it took, of all threads.
    """

    shard: Shard
    report: IndexReport | None = None
    skipped: bool = False
    problem: str = ""
    node: str = ""
    processor: float = 0.0


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """How a camera's process is.

    Attributes:
        health: of the camera.
        node: where it runs.
        version: of this program.
        looks: whether it looks at the camera; not before it was told to go, nor after its end.
    """

    health: Health
    node: str
    version: str
    looks: bool = True

"""What a fleet gets through, and from that, on paper, what large ones need.

Nothing is extrapolated but by multiplication; what is assumed is listed beside every figure.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from reid.core.errors import SourceError
from reid.fleet.bulk import index_all
from reid.fleet.messages import Resources, Shard
from reid.fleet.ray_client import RayClient
from reid.lab.bench.growth import Grown
from reid.lab.bench.metrics.figures import Figures, OneDigit, TwoDigits
from reid.loading import IndexOptions

FLEETS: Final = ((300, 72.0), (5000, 72.0))
"""Cameras and hours."""

COMMIT_EVERY: Final = 4.0
"""Seconds between two commits of a camera that sees people."""

_GB: Final = 1e9


class FleetPace(Figures):
    """How some cameras get on, all together, on some nodes with some cores.

    Attributes:
        frames_per_second: looked at, by the clock.
        frames_per_core: looked at in a second of processor time, whatever else the machine did.
    """

    nodes: int
    cores: float
    cameras: int
    frames_per_second: TwoDigits
    frames_per_core: TwoDigits


class Assumed(Figures):
    """What the costs on paper take for granted.

    Attributes:
        looks_per_second: frames a second that are looked at, a camera.
        sightings_per_hour: of a camera.
        picture_bytes: of a stored picture of a real person.
    """

    looks_per_second: float = 5.0
    sightings_per_hour: float = 120.0
    picture_bytes: float = 3300.0


class Cost(Figures):
    """What a fleet needs, on paper.

    Attributes:
        cores: busy all the time.
        core_hours: over its hours.
        sightings: stored at the end.
        storage_gb: of them, with pictures.
        memory_gb: to search all of them in one process's memory.
        commits_per_second: wanted, against what one table takes.
        limit: what gives first.
    """

    cameras: int
    hours: float
    cores: OneDigit
    core_hours: int
    sightings: int
    storage_gb: OneDigit
    memory_gb: OneDigit
    commits_per_second: OneDigit
    limit: str


def race(
    cluster: str,
    clip: Path,
    cameras: Sequence[int],
    options: IndexOptions,
    progress: Callable[[int], None],
) -> list[FleetPace]:
    """Index a clip as so many cameras at once, after each core has loaded its models.

    Raises:
        SourceError: the clip cannot be indexed.
    """
    found = []
    with tempfile.TemporaryDirectory() as folder:
        client = RayClient(cluster, Path(folder))
        try:
            cores = client.cpus()
            _index(client, folder, clip, options, [f"warm-{i}" for i in range(int(cores))])
            for number, count in enumerate(cameras):
                names = [f"camera-{count}-{i}" for i in range(count)]
                begun = time.perf_counter()
                frames, processor = _index(client, folder, clip, options, names)
                seconds = time.perf_counter() - begun
                found.append(
                    FleetPace(
                        nodes=sum(client.nodes().values()),
                        cores=cores,
                        cameras=count,
                        frames_per_second=frames / seconds,
                        frames_per_core=frames / max(processor, 1e-9),
                    )
                )
                progress(number + 1)
        finally:
            client.close()
    return found


def _index(
    client: RayClient, venue: str, clip: Path, options: IndexOptions, names: list[str]
) -> tuple[int, float]:
    """Return the frames looked at, and the seconds of processor time that took."""
    shards = [Shard((str(clip),), name) for name in names]
    frames, processor = 0, 0.0
    for done in index_all(client, venue, shards, options, Resources()):
        if done.report is None:
            raise SourceError(f"{clip}: {done.problem or 'indexed before'}")
        frames += done.report.frames // options.every
        processor += done.processor
    return frames, processor


def costs(
    frames_per_core: float,
    largest: Grown,
    memory_row: Callable[[int], float],
    assumed: Assumed,
) -> list[Cost]:
    """Return what `FLEETS` need.

    Args:
        frames_per_core: looked at a second by one core.
        largest: the largest table measured; it gives the size of a row and the pace of commits.
        memory_row: bytes in memory of each of so many sightings.
    """
    return [_cost(n, hours, frames_per_core, largest, memory_row, assumed) for n, hours in FLEETS]


def _cost(
    cameras: int,
    hours: float,
    per_core: float,
    table: Grown,
    memory_row: Callable[[int], float],
    assumed: Assumed,
) -> Cost:
    cores = cameras * assumed.looks_per_second / per_core
    sightings = round(cameras * hours * assumed.sightings_per_hour)
    wanted = cameras / COMMIT_EVERY
    possible = 1000 / table.commit.p50_ms if table.commit else float("inf")
    memory = sightings * memory_row(sightings) / _GB
    row = max(table.bytes_a_row, assumed.picture_bytes + 4 * 256 + 300)
    return Cost(
        cameras=cameras,
        hours=hours,
        cores=cores,
        core_hours=round(cores * hours),
        sightings=sightings,
        storage_gb=sightings * row / _GB,
        memory_gb=memory,
        commits_per_second=wanted,
        limit=_limit(cameras, wanted, possible, memory),
    )


def _limit(cameras: int, wanted: float, possible: float, memory_gb: float) -> str:
    """Say what gives first; commits of cameras that wait for the lock are joined, so they lag."""
    lag = f"one table takes {possible:.0f} commits/s"
    if wanted > possible:
        lag += f": each camera's turn comes every {cameras / possible:.0f} s instead of every 4 s"
    return f"{lag}; a search server needs {memory_gb:.0f} GB to hold all in memory"

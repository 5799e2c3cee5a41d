"""The command `reid bench scale`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid.cli.bench_options import DetectorPath, OwnEmbedder, Seed
from reid.cli.options import Cluster, Venue, numbers_of
from reid.core.errors import UsageError

if TYPE_CHECKING:
    from reid.lab.bench.report.result import Result

Numbers = Annotated[str, typer.Option(help="Numbers of sightings, made up.")]


def scale(
    venue: Venue,
    sizes: Numbers = "100000,300000,1000000",
    cluster: Cluster = None,
    clip: Annotated[
        Path | None, typer.Option(help="A clip with people, indexed as several cameras at once.")
    ] = None,
    cameras: Annotated[str, typer.Option(help="So many at once.")] = "1,2,4",
    detector: DetectorPath = None,
    embedder: OwnEmbedder = None,
    every: Annotated[int, typer.Option(min=1, help="Look at every n-th frame.")] = 1,
    per_hour: Annotated[float, typer.Option(help="Sightings an hour a camera, on paper.")] = 120.0,
    looks: Annotated[float, typer.Option(help="Frames looked at a second, on paper.")] = 5.0,
    seed: Seed = 0,
) -> "Result":
    """How does a table grow, on disk or S3, and what would 300 or 5,000 cameras need?

    Example: reid bench scale --venue big --sizes 100000,1000000 --cluster local --clip gate.mp4
    """
    from reid.cli.bench_output import watched
    from reid.lab.bench.fleets import Assumed
    from reid.lab.bench.scale import Race, run_scale
    from reid.loading import IndexOptions

    numbers, counts = _at_least("--sizes", sizes, 1000), _at_least("--cameras", cameras, 1)
    if (cluster is None) != (clip is None):
        raise UsageError("give both --cluster and --clip, or neither")
    run = None
    if cluster is not None and clip is not None:
        run = Race(cluster, clip, counts, IndexOptions(detector, None, embedder, every))
    assumed = Assumed(looks_per_second=looks, sightings_per_hour=per_hour)
    steps = len(numbers) + (len(counts) if run else 0)
    return watched(
        "steps", steps, lambda progress: run_scale(venue, numbers, run, assumed, seed, progress)
    )


def _at_least(option: str, text: str, least: int) -> list[int]:
    found = numbers_of(option, text)
    if not found or any(n < least for n in found):
        raise UsageError(f"{option} {text}: at least {least} each")
    return found

"""The command `reid bench speed`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from reid.cli.bench_options import DetectorPath, HeadModel, OwnEmbedder, Seed
from reid.cli.options import numbers_of
from reid.core.errors import UsageError

if TYPE_CHECKING:
    from reid.lab.bench.report.result import Result

_MOST_CAMERAS: Final = 64


def speed(
    video: Annotated[
        Path | None, typer.Option(help="A clip with people; without it, search only.")
    ] = None,
    detector: DetectorPath = None,
    heads: HeadModel = None,
    against: Annotated[
        Path | None,
        typer.Option(help="OpenVINO re-ID network of a chain of separate tools, to race against."),
    ] = None,
    frames: Annotated[int, typer.Option(min=1, help="How many frames of the clip.")] = 300,
    sizes: Annotated[str, typer.Option(help="Numbers of sightings.")] = "10000,100000,1000000",
    people: Annotated[
        str, typer.Option(help="Numbers of people before a camera, in clips made for it; to 18.")
    ] = "",
    cameras: Annotated[
        str, typer.Option(help="Numbers of cameras at once, five people before each; to 64.")
    ] = "",
    gate: Annotated[
        bool, typer.Option("--gate", help="Also with --every auto, beside every frame.")
    ] = False,
    embedder: OwnEmbedder = None,
    seed: Seed = 0,
) -> "Result":
    """How fast are indexing and search, beside what one would otherwise put together?

    Example: reid bench speed --video gate.mp4 --detector yolo11n.pt --sizes 10000,100000
    """
    from reid.cli.bench_output import watched
    from reid.lab.bench.rivals.crowded_clip import LARGEST
    from reid.lab.bench.rivals.extractors import own_embedder
    from reid.lab.bench.searching import SMALLEST
    from reid.lab.bench.speed import Contest, parts, run_speed
    from reid.weights.registry import find_detector

    numbers, crowds = numbers_of("--sizes", sizes), numbers_of("--people", people)
    if any(n < SMALLEST for n in numbers):
        raise UsageError(f"--sizes {sizes}: at least {SMALLEST} sightings each")
    if any(not 0 <= n <= LARGEST for n in crowds):
        raise UsageError(f"--people {people}: at most {LARGEST} people")
    at_once = numbers_of("--cameras", cameras)
    if any(not 1 <= n <= _MOST_CAMERAS for n in at_once):
        raise UsageError(f"--cameras {cameras}: 1 to {_MOST_CAMERAS} at once")
    found = find_detector(detector) if video or crowds or at_once or gate else None
    contest = Contest(video, frames, found, heads, against, numbers, crowds, at_once, gate)
    weights = own_embedder(embedder)[1]
    return watched(
        "parts",
        parts(contest),
        lambda progress: run_speed(
            contest, lambda: own_embedder(embedder)[0], weights, seed, progress
        ),
    )

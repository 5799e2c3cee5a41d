"""The command `reid bench absent`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reid.cli.bench_options import DetectorPath, OwnEmbedder
from reid.core.errors import UsageError

if TYPE_CHECKING:
    from reid.lab.bench.absent import AbsentResult


def absent(
    clips: Annotated[
        list[Path] | None,
        typer.Argument(help="Videos, or folders of them; each is a venue. Default: the demo."),
    ] = None,
    detector: DetectorPath = None,
    embedder: OwnEmbedder = None,
    half: Annotated[
        str, typer.Option(help="Which half of the sentences: dev, held, or all.")
    ] = "all",
) -> "AbsentResult":
    """How often is "found" said of people who are not there, and of those who are?

    Example: reid bench absent shop.mp4 street.mp4 --detector yolo11n.pt
    """
    from reid.cli.bench_output import watched
    from reid.lab.bench.absent import run_absent
    from reid.lab.bench.data.clip_descriptions import HALVES, read_clip_descriptions
    from reid.lab.bench.data.venue_sets import demo_folder
    from reid.lab.bench.rivals.extractors import own_embedder
    from reid.loading import IndexOptions, load_tracker
    from reid.weights.registry import find_detector

    which = next((known for known in HALVES if known == half), None)
    if which is None:
        raise UsageError(f"no half {half}: choose one of {', '.join(HALVES)}")
    places, found = clips or [demo_folder()], find_detector(detector)
    tracker, model = load_tracker(IndexOptions(found)), own_embedder(embedder)
    asked = (read_clip_descriptions(which), which)
    return watched(
        "clips",
        len(places),
        lambda progress: run_absent(places, tracker, model, asked, found, progress),
    )

"""The command line: a thin layer over the library. Every failure is one line."""

import sys
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer

from reid import __version__
from reid.cli import desk
from reid.cli.adapt import adapt
from reid.cli.bench import app as bench_app
from reid.cli.console import complain, key_cells, new_table, out, print_json
from reid.cli.options import (
    Cluster,
    Cpus,
    Every,
    Gpus,
    InCase,
    Json,
    Venue,
    frames_wanted,
)
from reid.cli.synth import app as synth_app
from reid.cli.train import app as train_app
from reid.core.clock import parse_time
from reid.core.errors import ReidError, UsageError
from reid.core.memory_dumps import forbid_memory_dumps
from reid.core.records import Query, SearchWindow

app = typer.Typer(
    name="reid",
    help="Find people by what they wear and carry, never by who they are.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
models_app = typer.Typer(no_args_is_help=True, help="Weights: shipped, pulled, and their cards.")
app.add_typer(models_app, name="models")
app.add_typer(synth_app, name="synth")
app.add_typer(train_app, name="train")
app.add_typer(bench_app, name="bench")

EXIT_FAILURE, EXIT_USAGE, EXIT_INTERRUPT = 1, 2, 130

Cameras = Annotated[
    list[str] | None, typer.Option("--camera", help="Only this camera; may be repeated.")
]
Since = Annotated[str | None, typer.Option("--since", help="Not before, e.g. 2026-05-01T14:00.")]
Until = Annotated[str | None, typer.Option("--until", help="Not after.")]
DetectorPath = Annotated[
    Path | None,
    typer.Option("--detector", help="YOLO weights (.pt) or an OpenVINO folder that find people."),
]
Rotate = Annotated[
    int | None,
    typer.Option(help="Turn pictures by 0, 90, 180 or 270 degrees; by default as people stand."),
]
HeadsPath = Annotated[
    Path | None, typer.Option("--heads", help="A head or pose model asked for heads as well.")
]


@app.callback()
def _root() -> None:
    """Find people by what they wear and carry, never by who they are."""


@app.command()
def version() -> None:
    """Print the version. Example: reid version"""
    out.print(__version__)


@app.command()
def index(
    sources: Annotated[
        list[str], typer.Argument(help="Videos, images, folders, streams or webcam:0.")
    ],
    venue: Venue,
    camera: Annotated[
        str | None, typer.Option(help="Camera id; by default the file's name.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="Time of the first frame, e.g. 2026-05-01T14:00.")
    ] = None,
    crops: Annotated[bool, typer.Option("--crops", help="Each image is one person.")] = False,
    detector: DetectorPath = None,
    heads: HeadsPath = None,
    embedder: Annotated[
        str | None, typer.Option(help='An embedder\'s folder, or "regions" for the baseline.')
    ] = None,
    every: Every = "auto",
    careful: Annotated[
        bool,
        typer.Option("--careful", help="Detect twice in every frame: slower, fewer heads missed."),
    ] = False,
    rotate: Rotate = None,
    views: Annotated[
        int,
        typer.Option(
            min=0, max=7, help="Keep so many more crops of a track, for `reid adapt`; rules decide."
        ),
    ] = 0,
    cluster: Cluster = None,
    cpus: Cpus = 1.0,
    gpus: Gpus = 0.0,
    as_json: Json = False,
) -> None:
    """Find the people in videos or images, redact their heads, and store what they wear.

    Example: reid index gate.mp4 --venue park --camera gate --start 2026-05-01T14:00
    """
    from reid.capture.sources import SourceOptions
    from reid.cli.commands import index_sources
    from reid.loading import IndexOptions
    from reid.venue import clock_of

    zone = clock_of(venue)
    began = parse_time(start, zone) if start else None
    about = SourceOptions(camera, began, crops, zone)
    turn = quarter_turn(rotate)
    options = IndexOptions(detector, heads, embedder, frames_wanted(every), careful, turn, views)
    if cluster is not None:
        from reid.cli.fleet import Placement, index_on
        from reid.fleet.messages import Resources

        where = Placement(cluster, Resources(cpus, gpus))
        index_on(where, venue, sources, about, options, as_json=as_json)
        return
    index_sources(sources, venue, options, about, as_json=as_json)


@app.command()
def search(
    venue: Venue,
    text: Annotated[str, typer.Argument(help="A description, in plain words.")] = "",
    photo: Annotated[
        Path | None,
        typer.Option(help="A photo of the person: JPEG, PNG, WebP or HEIC. Heads go at once."),
    ] = None,
    person: Annotated[
        int | None, typer.Option(min=1, help="Of several in the photo: 1 is the largest.")
    ] = None,
    changed: Annotated[
        list[str] | None,
        typer.Option(
            help="Different today than in the photo: upper, lower, feet or carry; may be repeated."
        ),
    ] = None,
    since: Since = None,
    until: Until = None,
    camera: Cameras = None,
    top: Annotated[int, typer.Option(min=1, help="How many matches.")] = 10,
    as_json: Json = False,
    sheet: Annotated[Path | None, typer.Option(help="Write a contact sheet, .png or .jpg.")] = None,
    case: InCase = None,
) -> None:
    """Rank the people of a venue by a description, a photo, or both.

    Example: reid search "boy, red hoodie, yellow backpack" --venue park --sheet found.png

    Example: reid search --photo child.heic "and a red cap" --venue park
    """
    from reid.cli.asking import Asked, FromPhoto, Output, search_venue
    from reid.venue import clock_of

    if photo is None and (person is not None or changed):
        raise UsageError("--person and --changed are about a photo: name one with --photo")
    if photo is None and not text:
        raise UsageError("say what the person wears, or name a photo with --photo")
    shown = None if photo is None else FromPhoto(photo, person, tuple(changed or ()))
    output = Output(as_json, sheet)
    which = window(since, until, camera, clock_of(venue))
    search_venue(venue, Asked(text, shown, which, top), case, output)


@app.command()
def describe(
    text: Annotated[str, typer.Argument(help="A description, or - for one a line from stdin.")],
    as_json: Json = False,
) -> None:
    """Show how a description is understood.

    Example: reid describe "girl about 6, dark blue coat, no hat"
    """
    from reid.describe import describe as understand
    from reid.describe import to_json

    lines = (line.rstrip("\n") for line in sys.stdin) if text == "-" else iter([text])
    for line in lines:
        query = understand(line) if line.strip() or text != "-" else Query(line)
        if as_json:
            print_json(to_json(query))
        else:
            from reid.describe.show import render

            out.print(render(query))


@app.command()
def similar(
    sighting: Annotated[str, typer.Argument(help="A sighting's id, from `reid search`.")],
    venue: Venue,
    since: Since = None,
    until: Until = None,
    camera: Cameras = None,
    top: Annotated[int, typer.Option(min=1, help="How many.")] = 10,
    as_json: Json = False,
    case: InCase = None,
) -> None:
    """Show who else wears much the same.

    Example: reid similar dff9a656958d8034e3a97868 --venue park
    """
    from reid.cli.answers import similar_json
    from reid.venue import clock_of, open_venue

    zone = clock_of(venue)
    which = window(since, until, camera, zone)
    found = open_venue(venue, case).similar(sighting, which, top)
    if as_json:
        print_json({"sighting": sighting, "matches": similar_json(found)})
        return
    table = new_table("sighting", "camera", "from", "to", "similarity")
    for one in found:
        table.add_row(*key_cells(one.key, zone), f"{one.similarity:.2f}")
    out.print(table)


@app.command()
def journey(
    sighting: Annotated[str, typer.Argument(help="A sighting's id, from `reid search`.")],
    venue: Venue,
    since: Since = None,
    until: Until = None,
    as_json: Json = False,
    case: InCase = None,
) -> None:
    """Show where and when the same clothes were seen, in order of time.

    Example: reid journey dff9a656958d8034e3a97868 --venue park
    """
    from reid.cli.answers import similar_json
    from reid.venue import clock_of, open_venue

    zone = clock_of(venue)
    route = open_venue(venue, case).journey(sighting, window(since, until, None, zone))
    if as_json:
        print_json({"sighting": sighting, "route": similar_json(route)})
        return
    table = new_table("sighting", "camera", "from", "to", "similarity")
    for stop in route:
        table.add_row(*key_cells(stop.key, zone), f"{stop.similarity:.2f}")
    out.print(table)


@app.command()
def redact(
    source: Annotated[Path, typer.Argument(help="Image, folder of images, or video.")],
    target: Annotated[Path, typer.Argument(help="What to write.")],
    detector: DetectorPath = None,
    heads: HeadsPath = None,
    face_only: Annotated[
        bool, typer.Option("--face-only", help="Keep what is above the brow (hats, hair).")
    ] = False,
    keep_audio: Annotated[bool, typer.Option("--keep-audio", help="Keep voices.")] = False,
    rotate: Rotate = None,
) -> None:
    """Write a copy without heads: images, folders of images, video. Sound is left out.

    Example: reid redact party.mp4 party-redacted.mp4
    """
    from reid.cli.commands import redact_file
    from reid.loading import IndexOptions

    options = IndexOptions(detector, heads, rotate=quarter_turn(rotate))
    redact_file(source, target, options, face_only=face_only, keep_audio=keep_audio)


@app.command()
def erase(
    venue: Venue,
    camera: Cameras = None,
    sighting: Annotated[
        list[str] | None, typer.Option("--sighting", help="This sighting; may be repeated.")
    ] = None,
    before: Annotated[str | None, typer.Option(help="All that ended before this time.")] = None,
    case: Annotated[str | None, typer.Option(help="A case with all it confirmed.")] = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="All that is over its time; for a timer.")
    ] = False,
    even_needed: Annotated[
        bool, typer.Option("--even-needed", help="Sightings that open cases need too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Remove sightings so that no byte of them stays: rows, indexes, old versions.

    At once and for good; in the web app the erasure of a case can be taken back for a while.

    Example: reid erase --venue park --before 2026-05-01T00:00
    """
    from reid.cli.asking import erase_from
    from reid.store import Filter
    from reid.venue import clock_of

    if not (camera or sighting or before or case or expired):
        raise UsageError("say what to erase: --camera, --sighting, --before, --case or --expired")
    ended = parse_time(before, clock_of(venue)) if before else None
    which = Filter(cameras=camera or (), ids=sighting or (), ended_before=ended)
    gone = erase_from(venue, which, case, expired=expired, even_needed=even_needed)
    if as_json:
        print_json({"erased": gone})
    else:
        out.print(f"{gone} sightings erased from {venue}")


@models_app.command("list")
def models_list(as_json: Json = False) -> None:
    """List shipped, pulled and available weights. Example: reid models list"""
    from reid.weights import registry

    rows: list[tuple[str, ...]] = [
        (m.name, m.kind, "shipped", m.licence) for m in registry.shipped()
    ]
    have = registry.pulled()
    for name, what in registry.PULLABLE.items():
        state = "pulled" if name in have else "`reid models pull`"
        rows.append((name, what.split(":")[0], state, "AGPL-3.0"))
    if as_json:
        names = ("name", "kind", "state", "licence")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    table = new_table("name", "kind", "state", "licence")
    for row in rows:
        table.add_row(*row)
    out.print(table)


@models_app.command("info")
def models_info(name: Annotated[str, typer.Argument(help="A name of `reid models list`.")]) -> None:
    """Print a model's card. Example: reid models info yolo11n"""
    from reid.weights import registry

    out.print(registry.card(name), markup=False, highlight=False)


@models_app.command("pull")
def models_pull(name: Annotated[str, typer.Argument(help="A name of `reid models list`.")]) -> None:
    """Fetch public weights, once. Example: reid models pull yolo11n"""
    from reid.detect.yolo import fetch_weights
    from reid.weights import registry

    if name not in registry.PULLABLE:
        raise UsageError(f"{name} cannot be pulled: choose one of {', '.join(registry.PULLABLE)}")
    path = fetch_weights(name, registry.pulled_folder())
    out.print(f"{name} is ready: {path}")


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Option("--out", help="Where to put the answer; by default ./reid-demo.")
    ] = None,
    detector: DetectorPath = None,
) -> None:
    """Index, search and show an answer, without arguments or internet. Example: reid demo"""
    from reid.cli.demo import run_demo

    run_demo(folder or Path("reid-demo"), detector)


app.command()(adapt)
desk.add_to(app)


def main() -> None:
    """Run the command line; turn failures into one line and an exit code."""
    forbid_memory_dumps()
    try:
        code = app(standalone_mode=False)  # an Exit comes back as its code, not as an exception
    except ReidError as error:
        _fail(str(error), EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILURE)
    except (typer.Abort, KeyboardInterrupt):
        _fail("stopped", EXIT_INTERRUPT)
    except BrokenPipeError:
        sys.exit(EXIT_FAILURE)
    except typer.Exit as leaving:
        sys.exit(leaving.exit_code)
    except Exception as error:
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # click's own
            _fail(error.format_message(), int(error.exit_code))
        raise
    if isinstance(code, int) and code:
        sys.exit(code)


def quarter_turn(degrees: int | None) -> int | None:
    """Check that degrees are a multiple of 90."""
    if degrees is not None and degrees % 90:
        raise UsageError(f"--rotate {degrees}: pictures are turned by 0, 90, 180 or 270 degrees")
    return degrees


def window(
    since: str | None, until: str | None, cameras: list[str] | None, zone: tzinfo | None
) -> SearchWindow:
    """Return the window that the options ask for, times without an offset in `zone`."""
    first = parse_time(since, zone) if since else None
    last = parse_time(until, zone) if until else None
    if first and last and last < first:
        raise UsageError("--until is before --since: swap them")
    return SearchWindow(first, last, tuple(cameras or ()))


def _fail(message: str, code: int) -> None:
    complain(message)
    sys.exit(code)


if __name__ == "__main__":
    main()

"""`reid synth`: render labelled synthetic people."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from reid.core.errors import ReidError

if TYPE_CHECKING:
    from reid.lab.synth.shards import Tally, Work

app = typer.Typer(
    help="Labelled synthetic people from MakeHuman's CC0 data: crops, crowds, whole venues.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Out = Annotated[
    Path, typer.Argument(help="Folder to write into; an interrupted run goes on there.")
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same people and places.")]
Minutes = Annotated[float | None, typer.Option(help="Start no new shard after so many minutes.")]
Processes = Annotated[int | None, typer.Option(help="Subprocesses; default: one a core.")]
HeldOut = Annotated[
    bool, typer.Option("--held-out", help="The second render domain, for tests only.")
]


def _size(text: str) -> tuple[int, int]:
    """Read HEIGHTxWIDTH."""
    try:
        height, width = (int(x) for x in text.lower().split("x"))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not HEIGHTxWIDTH, such as 256x128") from None
    if not (32 <= height <= 1024 and 16 <= width <= 1024):
        raise typer.BadParameter(f"{text!r}: height 32 to 1024, width 16 to 1024")
    return height, width


def _fail(error: ReidError) -> typer.Exit:
    typer.echo(f"error: {error}", err=True)
    return typer.Exit(1)


class _Bar:
    """A progress bar that is fed (done, in all)."""

    def __init__(self, unit: str) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), TimeRemainingColumn(),
        )  # fmt: skip
        self._task = self._progress.add_task(unit, total=None)

    def __enter__(self) -> Callable[[int, int], None]:
        self._progress.start()
        return lambda done, total: self._progress.update(self._task, completed=done, total=total)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _tell(made: int, tally: "Tally", out: Path) -> None:
    """Say how many crops were made, how fast, and what is left."""
    left = f"; {tally.left} shards left, run again to go on" if tally.left else ""
    rate = made / max(tally.seconds, 1e-9)
    typer.echo(f"{made} crops in {tally.seconds:.0f} s ({rate:.1f}/s) in {out}{left}")


def _render(
    work: "Work", results: list[Path], processes: int | None, minutes: float | None
) -> "Tally":
    """Run shards of crops, with progress."""
    from reid.lab.synth.shards import run_shards

    with _Bar("shards") as progress:
        return run_shards(
            work, results, workers=_workers(processes), minutes=minutes, progress=progress
        )


def _make(
    unit: str,
    make: "Callable[..., tuple[dict[str, int], Tally]]",
    out: Path,
    processes: int | None,
    minutes: float | None,
) -> None:
    """Make pictures in shards, with progress; say how many there are, and what is left."""
    from reid.lab.synth.makehuman import load

    try:
        load()
        with _Bar(unit) as progress:
            counts, tally = make(workers=_workers(processes), minutes=minutes, progress=progress)
    except ReidError as error:
        raise _fail(error) from error
    said = ", ".join(f"{number} {name}" for name, number in counts.items())
    left = f"; {tally.left} {unit} left, run again to go on" if tally.left else ""
    typer.echo(f"{said} in {out}, {tally.seconds:.0f} s{left}")


def _workers(processes: int | None) -> int:
    from reid.lab.synth.shards import cores

    return max(processes or cores(), 1)


@app.command(epilog="Example:  reid synth crops out/ --identities 3000 --size 128x64 --minutes 30")
def crops(
    out: Out,
    identities: Annotated[int, typer.Option(help="How many people.")] = 1000,
    cameras: Annotated[int, typer.Option(help="Cameras that see each.")] = 4,
    views: Annotated[int, typer.Option(help="Crops by each camera.")] = 2,
    size: Annotated[str, typer.Option(help="HEIGHTxWIDTH of a crop.")] = "256x128",
    pool: Annotated[int, typer.Option(help="Cameras that a shard's people are spread over.")] = 12,
    shard: Annotated[int, typer.Option(min=1, max=300, help="Identities in a shard.")] = 150,
    crowd: Annotated[float, typer.Option(help="Probability that others stand near.")] = 0.3,
    seed: Seed = 0,
    minutes: Minutes = None,
    processes: Processes = None,
    held_out: HeldOut = False,
) -> None:
    """Crops of people, identity × camera × view, with exact labels, as arrays in shards."""
    from reid.lab.synth import crops as product
    from reid.lab.synth.makehuman import load

    height, width = _size(size)
    job = product.CropJob(
        identities, cameras, views, height, width, seed, "held-out" if held_out else "train",
        pool, shard, crowd=crowd,
    )  # fmt: skip
    try:
        load()
        product.write_manifest(out, job)
        folders = [product.shard_folder(out, i) for i in range(job.shards)]
        tally = _render(partial(product.run_shard, job), folders, processes, minutes)
    except ReidError as error:
        raise _fail(error) from error
    _tell(job.crops(tally.made), tally, out)


@app.command(epilog="Example:  reid synth scenes out/ --places 40 --minutes 60")
def scenes(
    out: Out,
    places: Annotated[int, typer.Option(help="How many places; each is a shard.")] = 40,
    cameras: Annotated[int, typer.Option(help="Cameras in each place.")] = 3,
    frames: Annotated[int, typer.Option(help="Frames of each camera.")] = 8,
    people: Annotated[float, typer.Option(help="Mean number of people before a camera.")] = 13.0,
    poses: Annotated[
        float, typer.Option(min=0, max=1, help="Share who lie, crawl, turn upside down, carry.")
    ] = 0.15,
    seed: Seed = 0,
    minutes: Minutes = None,
    processes: Processes = None,
    held_out: HeldOut = False,
) -> None:
    """Crowded frames with boxes, heads and joints, in COCO and YOLO form."""
    from reid.lab.synth.scenes import ScenesJob, make_scenes

    domain: Literal["train", "held-out"] = "held-out" if held_out else "train"
    job = ScenesJob(out, seed, domain, places, cameras, frames, people, poses=poses)
    _make("places", partial(make_scenes, job), out, processes, minutes)


@app.command(epilog="Example:  reid synth heads out/ --seed 1")
def heads(
    out: Out,
    rounds: Annotated[int, typer.Option(min=1, help="Pictures of each kind.")] = 12,
    seed: Seed = 0,
    minutes: Minutes = None,
    processes: Processes = None,
) -> None:
    """Heads that detectors miss, with their pixels: read by `reid bench detection`."""
    from reid.lab.synth.heads import HeadsJob, make_heads

    job = HeadsJob(out, seed, rounds=rounds)
    _make("rounds", partial(make_heads, job), out, processes, minutes)


@app.command(epilog="Example:  reid synth venue out/ --cameras 4 --people 30 --length 2")
def venue(
    out: Out,
    cameras: Annotated[int, typer.Option(help="How many cameras.")] = 4,
    people: Annotated[int, typer.Option(help="How many people walk there.")] = 30,
    length: Annotated[float, typer.Option(help="Minutes that each clip lasts.")] = 2.0,
    seed: Seed = 0,
    minutes: Minutes = None,
    processes: Processes = None,
    held_out: HeldOut = False,
) -> None:
    """A venue: clips of several cameras, a map, who was where, and what witnesses say."""
    from reid.lab.synth.makehuman import load
    from reid.lab.synth.venue import VenueJob, make_venue

    domain = "held-out" if held_out else "train"
    job = VenueJob(out, seed, domain, cameras, people, length * 60)
    try:
        load()
        with _Bar("cameras") as progress:
            tally = make_venue(job, workers=_workers(processes), minutes=minutes, progress=progress)
    except ReidError as error:
        raise _fail(error) from error
    left = f"; {tally.left} cameras left, run again to go on" if tally.left else ""
    typer.echo(
        f"{tally.made} clips made, {tally.found} found in {out}, {tally.seconds:.0f} s{left}"
    )


@app.command(epilog="Example:  reid synth sheet crops.png --from out/ --labels")
def sheet(
    image: Annotated[Path, typer.Argument(help="PNG or JPEG to write.")],
    source: Annotated[
        Path | None, typer.Option("--from", help="Crops made before; else new ones.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows; a person each.")] = 6,
    columns: Annotated[int, typer.Option(min=1, help="Crops in a row.")] = 12,
    size: Annotated[str, typer.Option(help="HEIGHTxWIDTH of a new crop.")] = "256x128",
    labels: Annotated[
        bool, typer.Option("--labels", help="Draw masks and boxes (with --from).")
    ] = False,
    seed: Seed = 0,
    held_out: HeldOut = False,
) -> None:
    """Draw a contact sheet, so that people can look."""
    from reid.lab.synth import contact_sheets as sheets
    from reid.lab.synth.crops import CropJob

    height, width = _size(size)
    try:
        if source is not None:
            drawn = sheets.of_crops(source, rows=rows, columns=columns, labels=labels)
        else:
            cameras = max(min(4, columns // 2), 1)
            job = CropJob(
                rows, cameras, 1, height, width, seed, "held-out" if held_out else "train", pool=6
            )
            drawn = sheets.fresh(job, rows=rows, columns=columns)
        sheets.save(image, drawn)
    except ReidError as error:
        raise _fail(error) from error
    typer.echo(f"wrote {image} ({drawn.shape[1]} × {drawn.shape[0]})")


@app.command(epilog="Example:  reid synth counterfactual out/ --identities 200 --change skin,age")
def counterfactual(
    out: Out,
    identities: Annotated[int, typer.Option(help="How many people.")] = 100,
    change: Annotated[
        str,
        typer.Option(
            help="skin, age, sex, face, hair, clothes, colour, childhood, build, covering, "
            "pushchair, wheelchair; with commas."
        ),
    ] = "skin,age,sex,face,hair,clothes,childhood,build,covering,pushchair,wheelchair",
    views: Annotated[int, typer.Option(help="Pairs of each person and change.")] = 2,
    size: Annotated[str, typer.Option(help="HEIGHTxWIDTH of a crop.")] = "256x128",
    seed: Seed = 0,
    minutes: Minutes = None,
    processes: Processes = None,
    held_out: HeldOut = False,
) -> None:
    """The same picture again with only one thing about the person changed."""
    from reid.lab.synth import counterfactual as product
    from reid.lab.synth.crops import CropJob, shard_folder, write_manifest
    from reid.lab.synth.makehuman import load

    height, width = _size(size)
    changes = tuple(word.strip() for word in change.split(","))
    if unknown := [word for word in changes if word not in product.CHANGES]:
        raise typer.BadParameter(
            f"unknown change {unknown[0]!r}; one of {', '.join(product.CHANGES)}"
        )
    job = CropJob(
        identities, 1, views, height, width, seed, "held-out" if held_out else "train", shard=50
    )
    try:
        load()
        write_manifest(out, job)
        folders = [shard_folder(out, i) for i in range(job.shards)]
        tally = _render(partial(product.run_shard, job, changes), folders, processes, minutes)
    except ReidError as error:
        raise _fail(error) from error
    _tell(2 * len(changes) * job.crops(tally.made), tally, out)


if __name__ == "__main__":
    app()

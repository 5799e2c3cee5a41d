"""Options that several commands share."""

from typing import Annotated

import typer

from reid.core.errors import UsageError
from reid.core.looking import AUTO
from reid.storage.venue_path import Folder, folder_at

Venue = Annotated[
    Folder,
    typer.Option(
        "--venue",
        parser=folder_at,
        metavar="DIR|s3://…",
        help="Folder of the venue, or its address on S3-compatible storage.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        help="Run on a Ray cluster: its address, auto for the one this machine is in, or local."
    ),
]
Cpus = Annotated[float, typer.Option(min=0.01, help="On a cluster: cores a process.")]
Gpus = Annotated[float, typer.Option(min=0.0, help="On a cluster: GPUs a process, like 0.25.")]


def frames_wanted(said: str) -> int:
    """Return every which frame is looked at: a number, or `AUTO`.

    Raises:
        UsageError: it is neither.
    """
    if said == "auto":
        return AUTO
    if not said.isdecimal() or int(said) < 1:
        raise UsageError(f"--every {said}: write auto, or a number such as 2")
    return int(said)


Every = Annotated[
    str,
    typer.Option(
        metavar="auto|N",
        help="Look where something moves, or at every n-th frame.",
    ),
]
InCase = Annotated[
    str | None, typer.Option("--case", help="The case it is for; needed where a venue has rules.")
]


def numbers_of(option: str, text: str) -> list[int]:
    """Return the whole numbers of an option such as ``10,20``.

    Raises:
        UsageError: they are none.
    """
    try:
        return [int(n) for n in text.split(",") if n]
    except ValueError:
        raise UsageError(f"{option} {text}: write numbers, e.g. 1000,2000") from None

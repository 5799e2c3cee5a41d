"""Options that several commands share."""

from typing import Annotated

import typer

from reid.address import Folder, folder_at

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
InCase = Annotated[
    str | None, typer.Option("--case", help="The case it is for; needed where a venue has rules.")
]

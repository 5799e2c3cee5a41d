"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Venue = Annotated[Path, typer.Option("--venue", help="Folder of the venue.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
InCase = Annotated[
    str | None, typer.Option("--case", help="The case it is for; needed where a venue has rules.")
]

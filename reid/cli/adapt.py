"""`reid adapt`: a venue's weights learn from its own redacted pictures, if its rules allow it."""

from typing import Annotated

import typer

from reid.cli.console import out, print_json, progress_bar
from reid.cli.options import Json, Venue
from reid.core.errors import ModelError

PARTS = 1000  # of the progress bar


def adapt(
    venue: Venue,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Training may take so long; run again after an interruption."),
    ] = None,
    back: Annotated[
        bool, typer.Option("--back", help="Go back to the shipped weights, for all sightings.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of everything drawn.")] = 0,
    as_json: Json = False,
) -> None:
    """Let the venue's embedder learn from its redacted pictures, without labels; for the night.

    Kept only if tracks that it has not seen are told apart better; `--back` undoes it. The rules
    have to allow it: [adaptation] in venue.toml.

    Example: reid adapt --venue park --minutes 60
    """
    from reid.venue import open_venue

    try:
        from reid.lab.adaptation import adapt_venue, go_back
        from reid.lab.train.adapt import AdaptConfig
    except ModuleNotFoundError as error:
        raise ModelError(
            f"learning needs the training code ({error.name} is missing): pip install "
            "'wearabouts[train]'"
        ) from None
    opened = open_venue(venue)
    if back:
        count = go_back(opened)
        _tell({"sightings": count}, f"{count} sightings have vectors of the shipped weights again",
              as_json=as_json)  # fmt: skip
        return
    with progress_bar("learning", PARTS) as progress:
        found = adapt_venue(
            opened, AdaptConfig(seed=seed), minutes, lambda done: progress(round(done * PARTS))
        )
    what = (
        f"kept as {found.model_id}, {found.sightings} sightings have new vectors"
        if found.kept
        else f"not kept, {found.model_id} stays in use"
    )
    said = (
        f"learnt from {found.crops} crops of {found.tracks} tracks; {found.held_back} tracks held "
        f"back, told apart: {found.before:.3f} before, {found.after:.3f} after: {what}"
    )
    _tell(found.to_json(), said, as_json=as_json)


def _tell(data: dict[str, object], text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(data)
    else:
        out.print(text, highlight=False, soft_wrap=True)

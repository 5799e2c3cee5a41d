"""A venue's own weights: what `reid adapt` made of the shipped ones, in the venue's folder.

Which weights are in use, the sightings say: the model whose vectors they hold.
"""

import shutil
from pathlib import Path
from typing import Final

from reid.core.errors import ModelError
from reid.storage.venue_path import Folder

FOLDER: Final = "adapted"
"""Below the venue's folder; holds one folder a model, by its id."""

_JOINT: Final = "+"


def adapted_id(base: str, digest: str) -> str:
    """Name weights by those that they began from and a hash of what they became."""
    return f"{base}{_JOINT}{digest[:8]}"


def is_adapted(model_id: str) -> bool:
    """Whether a model is a venue's own."""
    return _JOINT in model_id


def base_of(model_id: str) -> str:
    """Return the shipped model that a venue's own began from; any other is its own."""
    return model_id.partition(_JOINT)[0]


def weights_of(venue: Folder, model_id: str) -> Path | None:
    """Return the folder of a venue's own weights; None where the model is not one.

    Raises:
        ModelError: they are gone, or the venue is not on this machine's disk.
    """
    if not is_adapted(model_id):
        return None
    place = venue / FOLDER / model_id
    if not isinstance(place, Path) or not place.is_dir():
        raise ModelError(
            f"{place} is gone, and with it the weights of what is stored: restore it, or go back "
            "to the shipped ones with `reid adapt --back`"
        )
    return place


def forget_others(venue: Path, model_id: str) -> None:
    """Remove all of a venue's own weights but those of one model."""
    folder = venue / FOLDER
    for place in folder.iterdir() if folder.is_dir() else ():
        if place.name != model_id:
            shutil.rmtree(place) if place.is_dir() else place.unlink()

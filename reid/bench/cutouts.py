"""Images of a data set, each one person, as `reid index --crops` would store them."""

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from reid import models
from reid.bench.layouts import Labelled
from reid.crops import heads_in_crop
from reid.loading import load_crop_people
from reid.people import People
from reid.pixels import RawFrame, RedactedCrop
from reid.research import ResearchImage
from reid.tracks import Boxes

_REMEMBERED: Final = 100_000  # images, whose boxes several benchmarks of one run ask for


@cache
def finder() -> People:
    """Return the model that looks for heads, loaded once."""
    return load_crop_people(None, None)


def finder_weights() -> dict[str, Path | None]:
    """Return where the model that looks for heads was read from, for a record."""
    return {"heads": models.find_head_detector(None)}


def heads_of(raw: RawFrame) -> Boxes:
    """Return the boxes (M, 4) to redact in an image that is one person."""
    return heads_in_crop(raw, finder())


def crop_of(image: Labelled, index: int, with_heads: bool = False) -> RedactedCrop:
    """Read one image of a data set, without its head unless asked."""
    research = ResearchImage.read(image.path, image.camera, index)
    return research.with_head() if with_heads else research.redacted(_heads_in(image.path))


@lru_cache(maxsize=_REMEMBERED)
def _heads_in(path: Path) -> Boxes:
    return heads_of(ResearchImage.read(path).frame())

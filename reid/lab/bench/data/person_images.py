"""Images of a data set, each one person, as `reid index --crops` would store them."""

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from reid.core.boxes import Boxes
from reid.core.pixels import HeadRegions, RawFrame, RedactedCrop, ResearchCrop
from reid.detect.person_crops import heads_in_crop
from reid.detect.tracker import Tracker
from reid.lab.bench.data.reid_sets import Labelled
from reid.lab.research_image import ResearchImage
from reid.loading import load_crop_tracker
from reid.weights import registry

_REMEMBERED: Final = 100_000  # images, whose boxes several benchmarks of one run ask for


@cache
def finder() -> Tracker:
    """Return the model that looks for heads, loaded once."""
    return load_crop_tracker()


def finder_weights() -> dict[str, Path | None]:
    """Return where the model that looks for heads was read from, for a record."""
    return {"heads": registry.find_head_detector(None)}


def heads_of(raw: RawFrame) -> HeadRegions:
    """Return what to redact in an image that is one person."""
    return heads_in_crop(raw, finder())


def crop_of(image: Labelled, index: int) -> RedactedCrop:
    """Read one image of a data set, without its head."""
    research = ResearchImage.read(image.path, image.camera, index)
    boxes = _heads_in(image.path)  # of the same file, whatever its number was then
    return research.redacted(HeadRegions.of_known_boxes(research.frame().ref, boxes))


def crop_with_head(image: Labelled, index: int) -> ResearchCrop:
    """Read one image of a data set as it is, for comparison."""
    return ResearchImage.read(image.path, image.camera, index).with_head()


@lru_cache(maxsize=_REMEMBERED)
def _heads_in(path: Path) -> Boxes:
    return heads_of(ResearchImage.read(path).frame()).boxes

"""IndexOptions → detector, tracker, embedder: those asked for, else the shipped or pulled ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from reid.core.pixels import RawFrame
from reid.detect.detector import Detector
from reid.detect.faces import face_finder
from reid.detect.person_crops import heads_in_crop, redacted_crop
from reid.detect.tracker import Tracker
from reid.detect.yolo import YoloDetector
from reid.embed import CropEmbedder, Light, RegionEmbedder
from reid.embed.learned import LearnedEmbedder
from reid.weights import registry
from reid.weights.openvino import prepare_openvino

_BLANK: Final = (96, 64, 3)  # px of the picture that models are tried on


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How to index: paths, words and numbers, which may cross between machines.

    Attributes:
        detector: YOLO weights or an OpenVINO folder; None = the default one.
        heads: another model, for head candidates only.
        embedder: a model's folder, or "regions" for the baseline; None = the default one.
        every: process every n-th frame only.
        careful: make a second pass over every frame, for heads.
        rotate: degrees counter-clockwise to turn pictures by; None = as people stand upright.
    """

    detector: Path | None = None
    heads: Path | None = None
    embedder: str | None = None
    every: int = 1
    careful: bool = False
    rotate: int | None = None


_DEFAULTS: Final = IndexOptions()


@dataclass(frozen=True, slots=True)
class Models:
    """What indexing needs: something that describes crops, and something that finds people."""

    embedder: CropEmbedder
    tracker: Tracker


def load_models(options: IndexOptions = _DEFAULTS, *, crops: bool = False) -> Models:
    """Load what indexes videos and photos, or person crops.

    Raises:
        ModelError: a model is missing or unreadable, or finds neither people nor heads.
    """
    load = load_crop_tracker if crops else load_tracker
    return Models(load_embedder(options), load(options))


def load_detector(path: Path) -> Detector:
    """Load a detector: the one place that knows which file is of which make.

    Raises:
        ModelError: missing, unreadable, or knows neither persons, heads nor poses.
    """
    return YoloDetector(path)


def load_tracker(options: IndexOptions = _DEFAULTS) -> Tracker:
    """Load the detector asked for, or the default one, and the extra head model if asked.

    Raises:
        ModelError: a model is missing or unreadable, or finds neither people nor heads.
    """
    return _tracker(registry.find_detector(options.detector), options)


def load_crop_tracker(options: IndexOptions = _DEFAULTS) -> Tracker:
    """Load what finds heads in person crops: the detector asked for, else the shipped one.

    Raises:
        ModelError: a model is missing or unreadable, or finds neither people nor heads.
    """
    return _tracker(registry.find_head_detector(options.detector), options)


def load_embedder(options: IndexOptions = _DEFAULTS) -> CropEmbedder:
    """Load the embedder asked for, or the default one.

    Raises:
        ModelError: it is missing or unreadable.
    """
    name = options.embedder
    if name == RegionEmbedder.model_id.partition("-")[0]:
        return RegionEmbedder()
    if name is not None:
        return LearnedEmbedder(Path(name))
    shipped = registry.find_embedder()
    return LearnedEmbedder(shipped.folder) if shipped else RegionEmbedder()


def product_tracker(detector: Detector, heads: Sequence[Detector] = ()) -> Tracker:
    """Return a tracker as the product uses it: the shipped model is always asked for heads too.

    Raises:
        ModelError: a model is missing or unreadable.
    """
    shipped = registry.find_head_detector(None)
    asked = {detector.path.resolve(), *(model.path.resolve() for model in heads)}
    more = () if shipped.resolve() in asked else (load_detector(shipped),)
    return Tracker(detector, (*more, *heads), face_finder())


def warm(embedder: CropEmbedder | None = None, tracker: Tracker | None = None) -> None:
    """Touch everything native once, in the calling thread: call it before any thread starts.

    Native libraries build their tables at the first call, and some deadlock where two threads make
    that call together. Models that are given run once over a blank picture.
    """
    prepare_openvino()
    raw = RawFrame(np.full(_BLANK, 128, np.uint8), "warm", 0, datetime.now(UTC))
    if tracker is not None:
        tracker.start(fps=1.0)
        tracker.track(raw)
    if embedder is not None:
        crop = redacted_crop(raw, heads_in_crop(raw, None))
        embedder.describe([crop], Light.of([]))


def _tracker(weights: Path, options: IndexOptions) -> Tracker:
    heads = (load_detector(options.heads),) if options.heads else ()
    return product_tracker(load_detector(weights), heads)

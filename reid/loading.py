"""IndexOptions → detector, tracker, embedder: those asked for, else the shipped or pulled ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from reid.core.errors import StoreError
from reid.core.looking import AUTO
from reid.core.pixels import EmbeddableCrop, RawFrame
from reid.core.records import Sightings
from reid.detect.detector import Detector
from reid.detect.faces import face_finder
from reid.detect.person_crops import heads_in_crop, redacted_crop
from reid.detect.tracker import Tracker
from reid.detect.yolo import YoloDetector
from reid.embed import CropEmbedder, Features, Light, RegionEmbedder, pooled_vectors
from reid.embed.learned import LearnedEmbedder
from reid.storage.venue_path import Folder
from reid.weights import registry
from reid.weights.adapted import weights_of
from reid.weights.openvino import prepare_openvino

if TYPE_CHECKING:
    from reid.store import Store

BASELINE: Final = RegionEmbedder.model_id.partition("-")[0]
"""What the embedder without learned weights is called among options."""

_BLANK: Final = (96, 64, 3)  # px of the picture that models are tried on


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How to index: paths, words and numbers, which may cross between machines.

    Attributes:
        detector: YOLO weights or an OpenVINO folder; None = the default one.
        heads: another model, for head candidates only.
        embedder: a model's folder, or "regions" for the baseline; None = the default one.
        every: process every n-th frame only; `AUTO` = of films, where something moves.
        careful: make a second pass over every frame, for heads.
        rotate: degrees counter-clockwise to turn pictures by; None = as people stand upright.
        views: further crops kept of each track, for `reid adapt`, in a venue without rules; rules
            say themselves how many.
    """

    detector: Path | None = None
    heads: Path | None = None
    embedder: str | None = None
    every: int = AUTO
    careful: bool = False
    rotate: int | None = None
    views: int = 0


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
    if name == BASELINE:
        return RegionEmbedder()
    if name is not None:
        return LearnedEmbedder(Path(name))
    shipped = registry.find_embedder()
    return LearnedEmbedder(shipped.folder) if shipped else RegionEmbedder()


def options_for(venue: Folder, options: IndexOptions = _DEFAULTS) -> IndexOptions:
    """Return options that name a venue's own weights, where its sightings are of them.

    Raises:
        ModelError: those weights are gone.
    """
    from reid.store import Store  # loads the storage engine, which redaction never needs

    if options.embedder is not None or not Store.exists(venue):
        return options
    own = weights_of(venue, Store.open(venue).model_id)
    return options if own is None else replace(options, embedder=str(own))


class VenueEmbedder:
    """The embedder of a venue for as long as it is indexed: `reid adapt` may change it meanwhile.

    Args:
        venue: its folder.
        options: which embedder; where they name none, the one that the venue's sightings are of.
    """

    def __init__(self, venue: Folder, options: IndexOptions = _DEFAULTS) -> None:
        self._venue, self._options = venue, options
        self._embedder = load_embedder(options_for(venue, options))
        self._store: Store | None = None

    @property
    def model_id(self) -> str:
        """The model of what was described last."""
        return self._embedder.model_id

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return self._embedder.dim

    def describe(self, crops: Sequence[EmbeddableCrop], light: Light) -> Features:
        """Return the features of N crops, by the model that the venue's sightings are of now."""
        if self._changed():
            self._embedder = load_embedder(options_for(self._venue, self._options))
        return self._embedder.describe(crops, light)

    def _changed(self) -> bool:
        """Whether the sightings are of another model; while the store is away they are not."""
        from reid.store import Store

        try:
            if self._store is None and Store.exists(self._venue):
                self._store = Store.open(self._venue)
            return self._store is not None and self._store.newest_model() != self.model_id
        except StoreError:
            return False


def described_again(venue: Folder, options: IndexOptions, sightings: Sightings) -> Sightings:
    """Return sightings with vectors of the model that a venue's sightings are of now.

    For those that were described just before `reid adapt` changed it.

    Raises:
        ModelError: its weights are gone.
    """
    embedder = load_embedder(options_for(venue, options))
    views = sightings.views or ((),) * len(sightings)
    tracklets = [[crop, *more] for crop, more in zip(sightings.crops, views, strict=True)]
    vectors = pooled_vectors(tracklets, embedder)
    return replace(sightings, vectors=vectors, model_id=embedder.model_id)


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

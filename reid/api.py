"""What a notebook needs beside `reid.describe` and `reid.Venue`: images in, sightings out.

Every image is redacted before anything is described or returned, as `reid index` does it: the head
finder first, the last check for faces after it.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Self, overload

import numpy as np

from reid.anonymise import CopyOptions, RedactReport, redact_path, redact_photo
from reid.capture.images import image_paths
from reid.capture.sources import ArraySource, StillSource, open_arrays, open_crops
from reid.core.errors import SourceError, UsageError
from reid.core.pixels import Image, Profile, RedactedFrame
from reid.core.records import Sightings
from reid.detect.last_check import LastCheck
from reid.detect.tracker import Tracker
from reid.embed import CropEmbedder
from reid.loading import IndexOptions, load_crop_tracker, load_embedder, load_tracker
from reid.pipeline import Indexer, InMemory

Images = str | Path | Sequence[str | Path] | Sequence[Image] | Image
"""Images of one person each: paths, a folder, or uint8 RGB arrays (H, W, 3), or (N, H, W, 3)."""


class Embedder:
    """Describes images of people by what they wear; heads are gone before anything is described.

    Args:
        model: describes redacted crops.
        tracker: finds the heads.
    """

    def __init__(self, model: CropEmbedder, tracker: Tracker) -> None:
        self._model, self._tracker = model, tracker

    @classmethod
    def load(cls, model: str | None = None, *, detector: str | Path | None = None) -> Self:
        """Load an embedding model and the head finder.

        Args:
            model: a model's folder, or "regions" for the baseline; None = the shipped one.
            detector: YOLO weights or an OpenVINO folder; None = the shipped one.

        Raises:
            ModelError: one of them is missing or unreadable.
        """
        options = IndexOptions(None if detector is None else Path(detector), embedder=model)
        return cls(load_embedder(options), load_crop_tracker(options))

    @property
    def model_id(self) -> str:
        """Names the space that the vectors live in: vectors of two models never compare."""
        return self._model.model_id

    @property
    def dim(self) -> int:
        """Length D of a vector."""
        return self._model.dim

    def embed(
        self, images: Images, *, camera: str = "images", start: datetime | None = None
    ) -> Sightings:
        """Redact N images of one person each, and describe what is left.

        Args:
            images: N paths, a folder, or N arrays, uint8 RGB (H, W, 3). Each shows one person,
                already cut out; photos of several people and videos go to `Venue.index`.
            camera: who took them. Their light is judged together, so give one camera's at a time.
            start: when; by default the files' own time, for arrays now.

        Returns:
            N sightings in the order given: `vectors` float32 (N, D) of unit norm, `attributes`
            (N, K), `body` (N, B) and `visible` (N, P) in [0, 1], NaN where not estimated, and the
            redacted `crops`.

        Raises:
            SourceError: an image that cannot be read.
            UsageError: no images, paths and arrays mixed, or arrays of another dtype or shape.
        """
        source = _source(images, camera, start)
        memory = InMemory()
        report = Indexer(memory, self._model, self._tracker).index(source)
        if report.stopped:
            raise KeyboardInterrupt
        if report.problems:
            raise SourceError(report.problems[0])
        return Sightings.concatenate(memory.batches)

    def __repr__(self) -> str:
        return f"Embedder({self.model_id!r}, dim={self.dim})"


@overload
def redact(
    source: str | Path,
    target: str | Path,
    *,
    profile: Profile = "head",
    keep_audio: bool = False,
    rotate: int | None = None,
    detector: str | Path | None = None,
) -> RedactReport: ...


@overload
def redact(
    source: Image,
    target: None = None,
    *,
    profile: Profile = "head",
    rotate: int | None = None,
    detector: str | Path | None = None,
) -> RedactedFrame: ...


def redact(
    source: str | Path | Image,
    target: str | Path | None = None,
    *,
    profile: Profile = "head",
    keep_audio: bool = False,
    rotate: int | None = None,
    detector: str | Path | None = None,
) -> RedactReport | RedactedFrame:
    """Destroy every head in the pixels: of a file, into a new file, or of an array.

    Args:
        source: an image, a folder of images or a video; or one photo, uint8 RGB (H, W, 3).
        target: the file or folder to write; for an array None.
        profile: "head", or "face", which keeps hats and hair.
        keep_audio: keep the sound of a video.
        rotate: degrees counter-clockwise to turn pictures by, to see people upright; by default as
            they stand. What comes out lies as the original does.
        detector: YOLO weights or an OpenVINO folder; None = the default one.

    Returns:
        What was written; for an array the redacted picture, whose `.pixels` are uint8 (H, W, 3).

    Raises:
        SourceError: the source cannot be read, or the array is no image.
        UsageError: the target is missing, is the source, or of a kind that cannot be written.
    """
    options = CopyOptions(profile, keep_audio, rotate)
    if isinstance(source, np.ndarray):
        (raw,) = open_arrays([source], "array", None).frames()
        return redact_photo(raw, _tracker(detector), LastCheck(), options)
    if target is None:
        raise UsageError(f"name the file to write: reid.redact({str(source)!r}, target)")
    return redact_path(Path(source), Path(target), _tracker(detector), options)


@lru_cache(maxsize=1)
def _tracker(detector: str | Path | None) -> Tracker:
    """Load the models once, for many pictures in a row."""
    return load_tracker(IndexOptions(None if detector is None else Path(detector)))


def _source(images: Images, camera: str, start: datetime | None) -> StillSource | ArraySource:
    if isinstance(images, str | Path):
        path = Path(images)
        images = list(image_paths(path)) if path.is_dir() else [path]
    if len(images) == 0:
        raise UsageError("there are no images: give paths, or uint8 RGB arrays (H, W, 3)")
    paths = [Path(image) for image in images if isinstance(image, str | Path)]
    arrays = [image for image in images if isinstance(image, np.ndarray)]
    if len(paths) == len(images):
        if missing := next((path for path in paths if not path.is_file()), None):
            raise SourceError(f"{missing} does not exist, or is no file: name images")
        return open_crops(paths, camera, start)
    if len(arrays) == len(images):
        return open_arrays(arrays, camera, start)
    raise UsageError("give either paths or uint8 RGB arrays (H, W, 3), and nothing else")

"""Raw pixels for research: images of a data set's folder, or renders, never a camera's.

Measuring what redaction costs, and attacking weaker kinds of it, needs heads. A `ResearchImage` is
the only way to them; it may be imported by `bench`, `train` and `synth` alone. A crop that keeps
its head is a `ResearchCrop`, which embedders take and which nothing can store, show or write.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import numpy as np

from reid.capture.images import read_image
from reid.core.pixels import (
    HeadRegions,
    Image,
    RawFrame,
    RedactedCrop,
    ResearchCrop,
    keep_head_for_research,
)
from reid.detect.person_crops import redacted_crop

_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)  # a data set's images carry no time


@dataclass(frozen=True, slots=True, eq=False)
class ResearchImage:
    """One raw image of a data set, or a render.

    Attributes:
        pixels: uint8 RGB (H, W, 3), read-only.
        camera: camera id, as the data set names it.
        index: running number among the images read.
    """

    pixels: Image = field(repr=False)
    camera: str = ""
    index: int = 0

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(
                f"an image must be uint8 (H, W, 3), got {self.pixels.dtype} {self.pixels.shape}"
            )
        view = self.pixels.view()
        view.flags.writeable = False
        object.__setattr__(self, "pixels", view)

    @classmethod
    def read(cls, path: Path, camera: str = "", index: int = 0) -> Self:
        """Read an image file of a data set.

        Raises:
            SourceError: not an image.
        """
        return cls(read_image(path), camera, index)

    def frame(self) -> RawFrame:
        """Return the image as a camera's frame, for the detectors."""
        return RawFrame(self.pixels, self.camera, self.index, _NO_TIME)

    def redacted(self, heads: HeadRegions) -> RedactedCrop:
        """Return the image without what lies in `heads`, regions of its own `frame()`."""
        return redacted_crop(self.frame(), heads)

    def with_head(self) -> ResearchCrop:
        """Return the image as it is, for embedders: it cannot be encoded, pickled or stored."""
        return keep_head_for_research(self.frame())

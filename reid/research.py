"""Raw pixels for research: images of a data set's folder, or renders, never a camera's.

Measuring what redaction costs, and attacking weaker kinds of it, needs heads. A `ResearchImage` is
the only way to them; it may be imported by `bench`, `train` and `synth` alone, and neither store
nor web accepts it: a crop that keeps its head can be looked at, but `encode()` refuses it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import numpy as np

from reid.crops import redacted_crop
from reid.heads import Profile
from reid.ingest import read_image
from reid.pixels import UNREDACTED, Image, RawFrame, RedactedCrop, redact
from reid.tracks import Boxes, empty_boxes

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

    def redacted(self, heads: Boxes, profile: Profile = "head") -> RedactedCrop:
        """Return the image without the pixels in `heads` (M, 4), px."""
        return redacted_crop(self.frame(), heads, profile)

    def with_head(self) -> RedactedCrop:
        """Return the image as it is, in the type that embedders take; it cannot be encoded."""
        height, width = self.pixels.shape[:2]
        whole = np.array([0, 0, width, height], np.float32)
        return redact(self.frame(), empty_boxes(), UNREDACTED).crop(whole, self.index)

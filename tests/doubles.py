"""A base for stand-ins of the tracker: what every source asks of it, answered plainly."""

import numpy as np
from numpy.typing import NDArray

from reid.core.pixels import RawFrame


class TrackerDouble:
    """A tracker without a detector; a test says whom `track` sees."""

    link_scores = (0.4, 0.25)
    crowds = 0
    careful = False

    def start(self, fps: float, *, careful: bool = False) -> None:
        assert fps > 0
        self.careful = careful

    def start_still(self) -> None:
        self.start(fps=1.0)

    def skip(self, frames: int, *, calm: bool) -> None:
        assert frames >= 0

    def said_of_crowds(self, name: str, before: int = 0) -> list[str]:
        return []

    def quarters_upright(self, raw: RawFrame) -> NDArray[np.float64]:
        return np.array([1.0, 0, 0, 0])

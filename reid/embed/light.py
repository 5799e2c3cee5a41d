"""A camera's light, estimated from what lies around people."""

from collections import deque
from typing import Final

import numpy as np

from reid.core.pixels import EmbeddableCrop, Image, RedactedFrame
from reid.embed.colour import Light

_LIGHT_EVERY: Final = 16  # frames between two samples of a camera's light
_LIGHT_SAMPLES: Final = 24
_LIGHT_STEP: Final = 4  # px: samples are thinned
_BORDER: Final = 0.12  # of a crop's width at each side shows background


class LightMeter:
    """Estimates a camera's light from redacted frames as they come."""

    def __init__(self) -> None:
        self._samples: deque[Image] = deque(maxlen=_LIGHT_SAMPLES)
        self._seen = 0

    def see(self, frame: RedactedFrame) -> None:
        """Take a thinned sample of every few frames."""
        if self._seen % _LIGHT_EVERY == 0:
            self._samples.append(frame.pixels[::_LIGHT_STEP, ::_LIGHT_STEP].copy())
        self._seen += 1

    def light(self) -> Light:
        """Return the light as it looks so far."""
        return Light.of(self._samples)


def borders(crop: EmbeddableCrop) -> Image:
    """Return the left and right edges of a crop, below the head: mostly background."""
    wide = max(1, round(crop.width * _BORDER))
    body = crop.pixels[crop.height // 4 :]
    return np.concatenate([body[:, :wide], body[:, -wide:]], axis=1)

"""What redaction has painted of a body: which parts of a crop can still be described.

A head's paint covers no clothes; that of a neighbour, or of a head followed through several
frames, may cover a torso. Paint is a blur of the surroundings and looks like a grey cardigan, so an
embedder is told where it lies: what is painted below the head shows no cloth, as the holes do that
it has learnt from, and of a part that is mostly painted nothing is believed.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.pixels import EmbeddableCrop, Image

Float = NDArray[np.float32]

PLACES: Final = {
    "upper": (0.22, 0.50),
    "lower": (0.50, 0.88),
    "feet": (0.90, 1.00),
    "carried": (0.22, 0.62),
}
"""Where body parts are, from the top of a standing person to the feet; the head is always gone."""

_SIDES: Final = (0.15, 0.85)  # of the crop's width; what is further out is surroundings

LITTLE: Final = 0.4
"""Share of a part that may be painted without any loss: colours are told as well from the rest."""

GONE: Final = 0.85
"""Share from which nothing is told."""

FILL: Final = (0, 255, 0)
"""Colour of what is painted below the head: one of the holes' that training cuts, of no cloth."""

_WHOLE_AT_EDGE: Final = 2.0
"""Height ÷ width from which a crop at the frame's end shows a whole body."""
_WHOLE: Final = 1.4  # the same elsewhere: somebody seated or behind a counter is broader
_STANDING: Final = 2.6  # height ÷ width of a whole standing person


def shown_body(crop: EmbeddableCrop) -> float:
    """Return how much of a standing body a crop shows from the head down, in (0, 1]."""
    shape = crop.height / crop.width
    at_edge = crop.place.frame_height > crop.height and crop.box[3] >= crop.place.frame_height - 1
    cut = shape < (_WHOLE_AT_EDGE if at_edge else _WHOLE)
    return min(1.0, shape / _STANDING) if cut else 1.0


def in_view(crop: EmbeddableCrop) -> Float:
    """Return how far each of `vocabulary.PARTS` (P,) is free of paint, 1 where it hardly matters.

    Parts below a crop's end are not painted; whether they are seen is the embedder's to say.
    """
    left = np.ones(len(vocabulary.PARTS), np.float32)
    if not len(crop.place.painted):
        return left
    mask, body = _mask(crop), shown_body(crop)
    columns = slice(*(round(side * crop.width) for side in _SIDES))
    for part, span in PLACES.items():
        rows = slice(*(round(end / body * crop.height) for end in span))
        there = mask[rows, columns]
        if there.size:
            clear = (GONE - float(there.mean())) / (GONE - LITTLE)
            left[vocabulary.PART_INDEX[part]] = min(1.0, max(0.0, clear))
    return left


def told_of_paint(crop: EmbeddableCrop) -> Image:
    """Return a crop's pixels; where clothes are painted over, with the paint below the head filled.

    Crops that show their clothes stay as they are, so that nothing changes for them.
    """
    if (in_view(crop) >= 1).all():
        return crop.pixels
    below = round(PLACES["upper"][0] / shown_body(crop) * crop.height)
    mask = _mask(crop)
    mask[:below] = False
    pixels = crop.pixels.copy()
    pixels[mask] = FILL
    return pixels


def _mask(crop: EmbeddableCrop) -> NDArray[np.bool_]:
    """Return which pixels (H, W) of a crop are paint."""
    mask = np.zeros((crop.height, crop.width), np.bool_)
    for x0, y0, x1, y1 in np.rint(crop.place.painted).astype(int).tolist():
        mask[max(0, y0) : y1, max(0, x0) : x1] = True
    return mask

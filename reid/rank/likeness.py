"""How much somebody's clothes look like those in a photo, as a log-likelihood ratio.

The photo's appearance vector is compared with every sighting's by their cosine, and the cosine with
those of the venue's own sightings, in standard deviations: z. What z is worth was fitted on pairs
of real people before two cameras, and is kept within bounds that the pairs bear out:

    log LR = worn · clip(slope · (z - even), lowest, highest).

`worn` is the share of the clothes that are still worn: of somebody who has put on another jacket
the vector says that much less. `reid bench photo` measures it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from reid.core.records import Alike, PhotoQuery
from reid.rank.evidence import verdict
from reid.rank.gallery import Floats, Gallery

SLOPE: Final = 2.0
"""Nats a standard deviation of likeness is worth."""

EVEN: Final = 1.3
"""Standard deviations that are met as often of the same person as of others."""

LOWEST, HIGHEST = -3.0, 5.0
"""Nats beyond which a likeness says no more."""

USUAL_MEAN, USUAL_SPREAD = 0.0, 0.15
PRIOR_ROWS: Final = 20
"""Cosines of different people's clothes, worth so many sightings beside the venue's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """What a photo says of N sightings.

    Attributes:
        cosine: (N,), of the photo's vector and each sighting's.
        nats: (N,), log-likelihood ratio.
        worn: share of the clothes that are compared.
    """

    cosine: Floats
    nats: Floats
    worn: float = 1.0

    def of(self, row: int) -> Alike:
        """Return what it says of one sighting."""
        nats = float(self.nats[row])
        return Alike(float(self.cosine[row]), verdict(nats), float(np.exp(nats)))


def likeness(photo: PhotoQuery | None, gallery: Gallery, model_id: str) -> Likeness | None:
    """Compare a photo with sightings; None without a photo, or where vectors cannot be compared.

    Args:
        photo: what is searched for.
        gallery: N sightings, with their vectors.
        model_id: the space that these live in.
    """
    if photo is None or gallery.vectors is None or photo.model_id != model_id:
        return None
    if photo.vector.shape != gallery.vectors.shape[1:]:
        return None
    cosine = np.asarray(gallery.vectors @ photo.vector, np.float32)
    return Likeness(cosine, worth(cosine, photo.worn), photo.worn)


def worth(cosine: Floats, worn: float = 1.0) -> Floats:
    """Return the log-likelihood ratio (N,) of a venue's cosines (N,), in nats."""
    nats = np.clip(SLOPE * (standard(cosine) - EVEN), LOWEST, HIGHEST)
    return np.asarray(np.float32(worn) * nats, np.float32)


def standard(cosine: Floats) -> Floats:
    """Return cosines (N,) in standard deviations of the venue's, few of them helped by the usual.

    Whoever is in the photo is a small part of a venue.
    """
    n = len(cosine)
    mean = (float(cosine.sum(dtype=np.float64)) + PRIOR_ROWS * USUAL_MEAN) / (n + PRIOR_ROWS)
    squares = float(((cosine - mean) ** 2).sum(dtype=np.float64))
    spread = np.sqrt((squares + PRIOR_ROWS * USUAL_SPREAD**2) / (n + PRIOR_ROWS))
    return np.asarray((cosine - np.float32(mean)) / np.float32(spread), np.float32)

"""What unlike people score: the past of a venue without the wanted, who may have been there before.

A bar that is set on every past sighting is put above the wanted's own, and they are never reported
again. So the past is split. Sightings of the same clothes are one person; if one of P people is the
one described, Bayes' rule says that it is person i with odds

    exp(s_i) / sum over the others of exp(s),      s = log-likelihood ratio of the best sighting.

Who stands out so is no evidence of what unlike people score, and is left out; the same is asked of
the next best, as one person may look like two before two cameras. Of somebody who was alerted
already less is asked, until staff reject them.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAME_CLOTHES: Final = 0.5
"""Cosine from which two well-fitting sightings are one person's: of PKU-Reid's 28 people half the
pairs of one person before two cameras reach it, and fewer than 1 % of different people's."""

REPEATED: Final = 0.7
"""Cosine from which any two sightings are one person's; few pairs of different people reach it."""

FITS_FROM: Final = 1.0
"""Nats from which a sighting may be the wanted at all."""

STANDS_OUT: Final = 1.0
"""Odds against all others from which a person may be the wanted: more likely than not."""

ALERTED: Final = 0.5
"""The same of somebody who was alerted and not rejected."""

MOST_GUISES: Final = 3
"""As how many people the wanted may be seen: light and side differ between cameras."""

_SAMPLE: Final = 256  # sightings by which people are counted

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Past:
    """The past of a venue, for one description.

    Attributes:
        impostors: scores (n,) of the sightings that are not taken for the wanted.
        people: how many people were seen, the wanted included.
    """

    impostors: Floats
    people: float


def split(
    scores: Floats,
    vectors: Floats | None,
    rejected: Floats | None = None,
    alerted: Floats | None = None,
) -> Past:
    """Leave out the sightings that are more likely than not the wanted.

    Args:
        scores: log-likelihood ratios (N,), in nats.
        vectors: unit vectors (N, D); None where they are not in memory: then each sighting is a
            person.
        rejected: unit vectors (R, D) of sightings that are not the wanted: nobody who looks like
            them is left out.
        alerted: unit vectors (A, D) of sightings that were alerted before.
    """
    people, mass = _people(scores, vectors)
    kept = np.ones(len(scores), bool)
    fits = np.flatnonzero(scores >= FITS_FROM)
    fits = fits[np.argsort(-scores[fits], kind="stable")]
    groups = _groups(fits, vectors)
    best = np.array([float(scores[group[0]]) for group in groups])
    for number, group in enumerate(groups[:MOST_GUISES]):
        others = mass + float(np.exp(best[number + 1 :]).sum())
        odds = ALERTED if _like(group, vectors, alerted) else STANDS_OUT
        if math.exp(best[number]) >= odds * others and not _like(group, vectors, rejected):
            kept[_alike(group[0], vectors, len(scores))] = False
    return Past(scores[kept], people)


def _people(scores: Floats, vectors: Floats | None) -> tuple[float, float]:
    """Return how many people there are, and the sum of exp(s) over those who do not fit.

    A sighting counts as one over how many look the same, taken from a sample.
    """
    count = len(scores)
    if not count:
        return 0.0, 0.0
    sample = np.unique(np.linspace(0, count - 1, min(count, _SAMPLE)).astype(np.intp))
    shares = np.ones(len(sample))
    if vectors is not None:
        shares = 1 / np.maximum(1, (vectors[sample] @ vectors.T >= REPEATED).sum(axis=1))
    odds = np.where(scores[sample] < FITS_FROM, np.exp(np.minimum(scores[sample], FITS_FROM)), 0)
    each = count / len(sample)
    return each * float(shares.sum()), each * float((shares * odds).sum())


def _groups(rows: NDArray[np.intp], vectors: Floats | None) -> list[NDArray[np.intp]]:
    """Group rows, best first, by the clothes of the best of each group."""
    groups: list[NDArray[np.intp]] = []
    while len(rows):
        same = np.zeros(len(rows), bool)
        if vectors is not None:
            same = vectors[rows] @ vectors[rows[0]] >= SAME_CLOTHES
        same[0] = True
        groups.append(rows[same])
        rows = rows[~same]
    return groups


def _alike(row: np.intp, vectors: Floats | None, count: int) -> NDArray[np.bool_]:
    """Return which of all sightings are of the clothes of one, those that fit less well too."""
    if vectors is None:
        return np.asarray(np.arange(count) == row, np.bool_)
    return np.asarray(vectors @ vectors[row] >= SAME_CLOTHES)


def _like(group: NDArray[np.intp], vectors: Floats | None, known: Floats | None) -> bool:
    """Whether a group's best looks like one of some sightings."""
    if vectors is None or known is None or not len(known):
        return False
    return bool((known @ vectors[group[0]]).max() >= SAME_CLOTHES)

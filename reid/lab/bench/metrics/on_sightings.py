"""What is said of whole sightings: colours of what is worn, and whether there is a bag."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.records import Wish
from reid.core.vocabulary import ATTRIBUTE_COLUMNS, ATTRIBUTE_INDEX, Column
from reid.embed import CropEmbedder
from reid.lab.bench.data.description_sets import DescribedSet
from reid.lab.bench.data.person_images import crop_of
from reid.lab.bench.data.reid_sets import Labelled
from reid.lab.bench.metrics.calibration import auc
from reid.lab.bench.metrics.figures import Ends, Figures, MaybeFraction
from reid.lab.bench.metrics.intervals import wilson
from reid.lab.bench.retrieval import light_of
from reid.rank.camera_bias import without_camera_bias
from reid.rank.confusions import usual_rate
from reid.rank.gallery import CAMERA_CORRECTED

Float = NDArray[np.float64]

WHERE: Final = {"upper_colour": ("upper", "outer"), "lower_colour": ("lower",)}
"""Figure → garments any of whose described colours counts as right; the first is asked for."""


class ColourFigures(Figures):
    """How often the likeliest colour is one of those described, with its interval (Wilson)."""

    share: MaybeFraction
    right: int
    n: int
    interval: Ends


class SightingFigures(Figures):
    """Colours and bags of one camera's sightings; `any_bag_auc` is None where bags tell nothing."""

    upper_colour: ColourFigures
    lower_colour: ColourFigures
    any_bag_auc: MaybeFraction
    n: int


def on_sightings(described: DescribedSet, embedder: CropEmbedder) -> dict[str, SightingFigures]:
    """Return, by camera, how often the likeliest colour is a described one, and bags' AUC.

    A sighting is all images of a person before a camera, their probabilities averaged; colours are
    read as the search reads them (`reid.rank.camera_bias`). Bags are
    any of `reid.core.vocabulary.BAGS`: the likeliest of them against whether one is described.
    """
    cameras = sorted({image.camera for image in described.images})
    return {camera: _of_camera(described, camera, embedder) for camera in cameras}


def _of_camera(described: DescribedSet, camera: str, embedder: CropEmbedder) -> SightingFigures:
    images = [i for i in described.images if i.camera == camera and i.identity in described.labels]
    people, said = _pooled(images, embedder)
    said = _as_ranked(said)
    wishes = [described.labels[who] for who in people]
    return SightingFigures(
        upper_colour=_colours(said, wishes, WHERE["upper_colour"]),
        lower_colour=_colours(said, wishes, WHERE["lower_colour"]),
        any_bag_auc=_bags(said, wishes),
        n=len(people),
    )


def _pooled(images: Sequence[Labelled], embedder: CropEmbedder) -> tuple[list[str], Float]:
    """Return people and their mean attribute probabilities (P, K); NaN where not estimated."""
    crops = [crop_of(image, i) for i, image in enumerate(images)]
    attributes = embedder.describe(crops, light_of(crops)).attributes.astype(np.float64)
    named = np.array([image.identity for image in images])
    people = sorted(set(named.tolist()))
    return people, np.stack([attributes[named == who].mean(axis=0) for who in people])


def _as_ranked(said: Float) -> Float:
    """Return one camera's beliefs (P, K) as the search reads them: colours less its own."""
    fair, camera = said.copy(), np.zeros(len(said), np.intp)
    for k, (slot, value) in enumerate(ATTRIBUTE_COLUMNS):
        if slot in CAMERA_CORRECTED:
            belief = said[:, k].astype(np.float32)
            fair[:, k] = without_camera_bias(belief, camera, usual_rate(slot, value))
    return fair


def _colours(
    said: Float, wishes: Sequence[Sequence[Wish]], garments: Sequence[str]
) -> ColourFigures:
    asked = f"{garments[0]}.colour"
    columns = [k for k, c in enumerate(ATTRIBUTE_COLUMNS) if c.slot == asked]
    slots = {f"{garment}.colour" for garment in garments}
    right = total = 0
    for row, wished in zip(said[:, columns], wishes, strict=True):
        colours = {wish.value for wish in wished if wish.slot in slots}
        if colours and not np.isnan(row).all():
            best = ATTRIBUTE_COLUMNS[columns[int(np.nanargmax(row))]].value
            right, total = right + (best in colours), total + 1
    share = right / total if total else None
    return ColourFigures(share=share, right=right, n=total, interval=wilson(right, total))


def _bags(said: Float, wishes: Sequence[Sequence[Wish]]) -> float:
    kinds = [f"carry.{bag}" for bag in vocabulary.BAGS]
    columns = [ATTRIBUTE_INDEX[Column(kind, "present")] for kind in kinds]
    known = [k for k in columns if not np.isnan(said[:, k]).all()]
    if not known:
        return float("nan")
    carries = np.array([any(wish.slot in kinds for wish in wished) for wished in wishes])
    return auc(np.nanmax(said[:, known], axis=1), carries)

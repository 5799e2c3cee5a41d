"""Redacted crops → sightings: an appearance vector, attributes and body, pooled over a tracklet."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.boxes import covered
from reid.core.pixels import EmbeddableCrop, RedactedCrop
from reid.core.records import SightingKey, Sightings, unrecorded
from reid.core.vocabulary import Column
from reid.embed.colour import Light
from reid.embed.features import Features, Float
from reid.embed.paint import in_view
from reid.embed.regions import RegionEmbedder

__all__ = ["CropEmbedder", "Features", "Light", "RegionEmbedder", "pool", "pooled_vectors"]

_LEAST_WEIGHT: Final = 1e-3
_LEAST_IN_VIEW: Final = np.float32(1e-3)

Parts = NDArray[np.intp]
"""Body parts (K, n), by number: of n together, the mean counts."""

_CLOTHES: Final = np.array([[vocabulary.PART_INDEX[part] for part in ("upper", "lower")]])
"""What a vector is about."""


class CropEmbedder(Protocol):
    """Describes crops. `model_id` names the space its vectors (of `dim` numbers) live in."""

    @property
    def model_id(self) -> str: ...
    @property
    def dim(self) -> int: ...

    def describe(self, crops: Sequence[EmbeddableCrop], light: Light) -> Features:
        """Return the features of N crops seen by one camera under `light`."""
        ...


def pool(
    keys: Sequence[SightingKey],
    tracklets: Sequence[Sequence[RedactedCrop]],
    embedder: CropEmbedder,
    light: Light,
) -> Sightings:
    """Describe N tracklets of one camera, each by its crops, best crop first.

    A crop weighs with the area it shows, so that a far, small view says less than a near one, and
    one that redaction has painted over less than one that it has not: about each body part as far
    as it is free of paint there. A part that no crop shows counts as not visible.

    Raises:
        ValueError: a tracklet without crops.
    """
    if any(not crops for crops in tracklets):
        raise ValueError("every tracklet needs at least one crop")
    features = embedder.describe([crop for crops in tracklets for crop in crops], light)
    clear = _clear(tracklets)
    pooled = _pooling(tracklets, clear)
    best = [views.max(axis=0) for views in clear]
    left = np.stack(best) if best else unrecorded(0)
    return Sightings(
        keys=tuple(keys),
        vectors=_unit(pooled(features.vectors, _CLOTHES)),
        attributes=pooled(features.attributes, _parts_of(vocabulary.ATTRIBUTE_COLUMNS)),
        body=pooled(features.body, _parts_of(vocabulary.BODY_COLUMNS)),
        visible=pooled(features.visible, _each_part()) * left,
        crops=tuple(crops[0] for crops in tracklets),
        model_id=embedder.model_id,
        in_view=left,
    )


def pooled_vectors(tracklets: Sequence[Sequence[RedactedCrop]], embedder: CropEmbedder) -> Float:
    """Return the unit vectors (N, D) of N tracklets, each pooled over its crops as by `pool`."""
    crops = [crop for tracklet in tracklets for crop in tracklet]
    vectors = embedder.describe(crops, Light.neutral()).vectors
    return _unit(_pooling(tracklets, _clear(tracklets))(vectors, _CLOTHES))


def _clear(tracklets: Sequence[Sequence[RedactedCrop]]) -> list[Float]:
    """Return of each tracklet how far its C crops show each body part, (C, P)."""
    return [np.stack([in_view(crop) for crop in crops]) for crops in tracklets]


def _pooling(
    tracklets: Sequence[Sequence[RedactedCrop]], clear: Sequence[Float]
) -> Callable[[Float, Parts], Float]:
    """Return what averages values (C, K) of all crops, in order, to values (N, K) of tracklets.

    It is told which body parts each column is about; `clear` says how far crops show them.
    """
    ends = np.cumsum([len(crops) for crops in tracklets])
    groups = [
        slice(int(end) - len(crops), int(end)) for end, crops in zip(ends, tracklets, strict=True)
    ]
    weights = [_weights(crops) for crops in tracklets]

    def pooled(values: Float, parts: Parts) -> Float:
        rows = [
            _mean(values[g], w[:, None] * _about(c, parts))
            for g, w, c in zip(groups, weights, clear, strict=True)
        ]
        return np.stack(rows) if rows else np.zeros((0, values.shape[1]), np.float32)

    return pooled


def _unit(vectors: Float) -> Float:
    norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return np.asarray(vectors / norms, np.float32)


def _parts_of(columns: Sequence[Column]) -> Parts:
    """Return the numbers (K, 2) of the body parts that each column is told from.

    Age, sex and build are told from legs as well as from the torso.
    """
    named = [vocabulary.told_from(column.slot) for column in columns]
    return np.array(
        [[vocabulary.PART_INDEX[part] for part in (parts[0], parts[-1])] for parts in named],
        np.intp,
    )


def _each_part() -> Parts:
    return np.arange(len(vocabulary.PARTS))[:, None]


def _about(clear: Float, parts: Parts) -> Float:
    """Return how far each of C crops shows what K columns are about, (C, K)."""
    return np.asarray(np.maximum(clear[:, parts].mean(axis=2), _LEAST_IN_VIEW), np.float32)


def _weights(crops: Sequence[RedactedCrop]) -> Float:
    areas = np.array([crop.width * crop.height for crop in crops], np.float32)
    shown = np.array([_shown(crop) for crop in crops], np.float32)
    return np.asarray(shown * np.sqrt(areas) + _LEAST_WEIGHT, np.float32)


def _shown(crop: RedactedCrop) -> float:
    """Return the share of a crop that redaction has left."""
    whole = np.array([0, 0, crop.width, crop.height], np.float32)
    return 1 - covered(whole, crop.place.painted)


def _mean(values: Float, weights: Float) -> Float:
    """Return the weighted mean by column, over the rows that are not NaN; NaN where none is.

    Args:
        values: (C, K).
        weights: (C, K), or (C, 1) for all columns alike.
    """
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0) * weights
    weight = (known * weights).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(weight > 0, total.sum(axis=0) / weight, np.nan), np.float32)

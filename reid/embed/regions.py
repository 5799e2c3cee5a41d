"""The embedding without learned weights: colours and texture of the body's regions.

Every image is scaled to one size. Which pixels belong to the person is judged from where people
stand in a crop and how the colours there differ from those at its borders. What remains is counted:
colour names, lightness, hue and texture, stripe by stripe. Colours are named with the camera's
light undone; the vector keeps it, since subtracting a camera's mean vector measured better. It is
the baseline that learned models must beat.
"""

import itertools
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.pixels import EmbeddableCrop, Image
from reid.core.vocabulary import Column
from reid.embed.colour import NAMED, Float, Light, lab, name_colours
from reid.embed.features import Features
from reid.embed.paint import shown_body

MODEL_ID: Final = "regions-1"
DIM: Final = 256

_WIDTH, _HEIGHT = 64, 160
_STRIPES: Final = 8
_BODY_TOP: Final = 0.19  # of the height: above is the redacted head
_UPPER: Final = (0.22, 0.47)
_LOWER: Final = (0.54, 0.84)
_FEET: Final = (0.92, 1.0)
_BINS: Final = 8
_EM_STEPS: Final = 2
_TEXTURE_WEIGHT: Final = 0.35
_LIGHTNESS_WEIGHT: Final = 0.35
_HUE_WEIGHT: Final = 0.55

_NAMING_SLOPE: Final = 9.0
_NAMING_CENTRE: Final = 0.26  # share of a garment at which a colour is as often named as not
_MULTICOLOUR_SHARE: Final = 0.12

_JEANS_GIVEN: Final = {"blue": 0.75, "black": 0.25, "grey": 0.25, "white": 0.1}
"""Probability that legs of this colour wear jeans; hardly any are of another colour."""
_JEANS_OTHERWISE: Final = 0.04


class RegionEmbedder:
    """The baseline embedding; needs no weights."""

    model_id = MODEL_ID
    dim = DIM

    def describe(self, crops: Sequence[EmbeddableCrop], light: Light) -> Features:
        """Return vectors, attributes and visibility of N crops seen under one camera's light."""
        features = Features.unestimated(len(crops), DIM)
        for row, crop in enumerate(crops):
            image, painted, seen = _standardise(crop)
            person = person_mask(image, painted, seen)
            features.vectors[row] = _vector(image, name_colours(image), person)
            features.visible[row] = _visibility(seen)
            names = name_colours(light.undo(image))
            _estimate_colours(features.attributes[row], names, person, seen)
        return features


def person_mask(image: Image, painted: Float, seen: float = 1.0) -> Float:
    """Return the probability that each pixel is the person, float32 (H, W), 0 where painted over.

    A prior of where people stand in their box, sharpened by colour: the histogram of what is likely
    person against that of the borders, a few steps of expectation maximisation.
    """
    prior = _standing_prior(image.shape[0], image.shape[1], seen) * (1 - painted)
    cells = (lab(image) / np.array([12.5, 16, 16], np.float32) + (0, 8, 8)).astype(np.int64)
    codes = np.clip(cells, 0, 15) @ np.array([256, 16, 1])
    mask = prior
    for _ in range(_EM_STEPS):
        inside = np.bincount(codes.ravel(), mask.ravel(), 4096)
        outside = np.bincount(codes.ravel(), ((1 - mask) * (1 - painted)).ravel(), 4096)
        inside = inside / max(inside.sum(), 1e-6) + 1e-4
        outside = outside / max(outside.sum(), 1e-6) + 1e-4
        odds = prior * inside[codes] / (prior * inside[codes] + (1 - prior) * outside[codes])
        mask = cv2.GaussianBlur(odds.astype(np.float32), (0, 0), 1.0) * (1 - painted)
    return np.asarray(mask, np.float32)


def _standardise(crop: EmbeddableCrop) -> tuple[Image, Float, float]:
    """Return the crop at the standard size, what of it is paint, and how much of the body shows.

    A body cut off below, by the frame's border or by what is in front, is set at the top of the
    standard image, which is filled up with its last row, so that regions stay where they belong.
    """
    seen = shown_body(crop)
    rows = max(8, round(_HEIGHT * seen))
    scaled = cv2.resize(crop.pixels, (_WIDTH, rows), interpolation=cv2.INTER_AREA)
    padded = np.pad(scaled, ((0, _HEIGHT - rows), (0, 0), (0, 0)), mode="edge")
    return np.asarray(padded, np.uint8), _painted(crop, rows), seen


def _painted(crop: EmbeddableCrop, rows: int) -> Float:
    """Return 1 where redaction painted, at the standard size (H, W), else 0."""
    mask = np.zeros((_HEIGHT, _WIDTH), np.float32)
    scale = np.array([_WIDTH / crop.width, rows / crop.height] * 2, np.float32)
    for x0, y0, x1, y1 in np.rint(crop.place.painted * scale).astype(int):
        mask[y0 : y1 + 1, x0 : x1 + 1] = 1
    return mask


def _standing_prior(height: int, width: int, seen: float) -> Float:
    """Return how likely a pixel is person, from where people stand in their box."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    spread = np.interp(y, [0, 0.18, 0.25, 0.5, 0.85, 1], [0.2, 0.3, 0.52, 0.5, 0.5, 0.55])
    prior = 0.95 * np.exp(-0.5 * (x / spread) ** 4) + 0.02
    prior[y[:, 0] < _BODY_TOP] = 0.01
    prior[y[:, 0] > seen] = 0.01
    return np.asarray(prior, np.float32)


def _rows(span: tuple[float, float]) -> slice:
    return slice(round(span[0] * _HEIGHT), round(span[1] * _HEIGHT))


def _vector(image: Image, names: Float, person: Float) -> Float:
    """Return the unit vector (256,): colour by stripe, then texture of upper and lower body."""
    perceptual = lab(image)
    lightness = _soft_bins(perceptual[..., 0] / 100)
    chroma = np.hypot(perceptual[..., 1], perceptual[..., 2])
    angle = np.arctan2(perceptual[..., 2], perceptual[..., 1]) / (2 * np.pi) + 0.5
    hue = _soft_bins(angle) * np.minimum(chroma / 30, 1)[..., None]
    weights = (1.0, _LIGHTNESS_WEIGHT, _HUE_WEIGHT)
    edges = np.linspace(_BODY_TOP, 1, _STRIPES + 1)
    parts = []
    for top, bottom in itertools.pairwise(edges.tolist()):
        rows = _rows((top, bottom))
        for values, weight in zip((names, lightness, hue), weights, strict=True):
            parts.append(weight * _hellinger(_mean(values[rows], person[rows])))
    texture = np.concatenate([_texture(perceptual[..., 0], person, s) for s in (_UPPER, _LOWER)])
    colour = np.concatenate(parts)
    joined = np.concatenate([colour / np.linalg.norm(colour), _TEXTURE_WEIGHT * texture])
    return np.asarray(joined / max(float(np.linalg.norm(joined)), 1e-6), np.float32)


def _soft_bins(values: NDArray[np.floating]) -> Float:
    """Spread values in [0, 1] over `_BINS` triangular bins, (H, W, 8)."""
    centres = (np.arange(_BINS, dtype=np.float32) + 0.5) / _BINS
    near = 1 - np.abs(values[..., None] - centres) * _BINS
    return np.asarray(np.maximum(0, near), np.float32)


def _mean(values: Float, weight: Float) -> Float:
    total = np.tensordot(weight, values, axes=([0, 1], [0, 1]))
    return np.asarray(total / max(float(weight.sum()), 1e-3), np.float32)


def _hellinger(histogram: Float) -> Float:
    return np.asarray(np.sqrt(np.maximum(histogram, 0)), np.float32)


def _texture(lightness: Float, person: Float, span: tuple[float, float]) -> Float:
    """Return gradient energy by orientation (4) at two scales, plain and relative: (16,)."""
    rows = _rows(span)
    energies = []
    for sigma in (0.7, 1.8):
        smooth = cv2.GaussianBlur(lightness, (0, 0), sigma)
        dx = np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), np.float32)[rows]
        dy = np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 0, 1), np.float32)[rows]
        strength = np.hypot(dx, dy)
        direction = (np.arctan2(dy, dx) / np.pi) % 1.0
        bins = np.minimum((direction * 4 + 0.5).astype(int) % 4, 3)
        weight = person[rows] * strength
        energy = np.bincount(bins.ravel(), weight.ravel(), 4) / max(person[rows].sum(), 1e-3)
        energies.append(np.minimum(energy / 40, 1))
        energies.append(energy / max(energy.sum(), 1e-3) * 0.5)
    joined = np.concatenate(energies)
    return np.asarray(joined / max(np.linalg.norm(joined), 1e-6), np.float32)


def _visibility(seen: float) -> Float:
    """Return the visible share of each of `vocabulary.PARTS`; the head is redacted."""
    upper = float(np.clip(seen / 0.45, 0, 1))
    lower = float(np.clip((seen - 0.5) / 0.35, 0, 1))
    feet = float(seen > 0.97)
    shares = {"head": 0.0, "upper": upper, "lower": lower, "feet": feet, "carried": upper}
    return np.array([shares.get(part, np.nan) for part in vocabulary.PARTS], np.float32)


def _estimate_colours(row: Float, names: Float, person: Float, seen: float) -> None:
    """Fill the colour columns of one row of attributes, and what legs' colour says of jeans."""
    for slot, span in (("upper", _UPPER), ("lower", _LOWER), ("feet", _FEET)):
        if seen < span[1] - 0.05:
            continue
        rows = _rows(span)
        share = _mean(names[rows], person[rows])
        named = 1 / (1 + np.exp(-_NAMING_SLOPE * (share - _NAMING_CENTRE)))
        for colour, probability in zip(NAMED, named, strict=True):
            _put(row, f"{slot}.colour", colour, probability)
        several = float((share > _MULTICOLOUR_SHARE).sum())
        many = 1 / (1 + np.exp(-1.5 * (several - 4)))
        _put(row, f"{slot}.colour", "multicolour", many)
        if slot == "lower":
            given = [_JEANS_GIVEN.get(colour, _JEANS_OTHERWISE) for colour in NAMED]
            jeans = float(share @ np.array(given, np.float32))
            _put(row, "lower.type", "jeans", jeans)


def _put(row: Float, slot: str, value: str, probability: float) -> None:
    """Fill one column of a row of attributes, if the vocabulary has it."""
    place = vocabulary.ATTRIBUTE_INDEX.get(Column(slot, value))
    if place is not None:
        row[place] = probability

"""Colours are named as people name them; crops pool to one sighting."""

import numpy as np
import pytest

from reid.core.boxes import as_boxes
from reid.core.pixels import RawFrame
from reid.core.records import SightingKey
from reid.core.vocabulary import ATTRIBUTE_INDEX, PART_INDEX, Column
from reid.embed import Features, Light, RegionEmbedder, pool
from reid.embed.colour import NAMED, name_colours
from tests.making import NOON, redacted

PLAIN = {
    "black": (18, 18, 20),
    "white": (240, 240, 240),
    "grey": (128, 128, 130),
    "red": (200, 25, 30),
    "orange": (235, 110, 25),
    "yellow": (240, 215, 40),
    "green": (35, 130, 50),
    "blue": (30, 70, 180),
    "purple": (110, 45, 140),
    "pink": (240, 150, 180),
    "brown": (95, 58, 30),
    "beige": (214, 198, 165),
}


def person(upper: tuple[int, int, int], lower: tuple[int, int, int]) -> np.ndarray:
    """A figure of two colours before a pale wall."""
    image = np.full((160, 64, 3), (205, 208, 214), np.uint8)
    image[30:80, 18:46] = upper
    image[80:150, 20:44] = lower
    return image


def key(name: str = "a") -> SightingKey:
    return SightingKey(name, "x.mp4", "k", "gate", NOON, NOON, 1)


def probability(features: Features, slot: str, value: str, row: int = 0) -> float:
    return float(features.attributes[row, ATTRIBUTE_INDEX[Column(slot, value)]])


@pytest.mark.parametrize("name", NAMED)
def test_a_plain_colour_gets_its_name(name: str) -> None:
    shares = name_colours(np.full((1, 1, 3), PLAIN[name], np.uint8))[0, 0]
    assert NAMED[int(shares.argmax())] == name
    assert shares.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("upper", ["red", "green", "black", "white", "yellow"])
@pytest.mark.parametrize("lower", ["blue", "grey", "brown"])
def test_garments_get_their_own_colours(upper: str, lower: str, crop_of) -> None:
    crop = crop_of(person(PLAIN[upper], PLAIN[lower]))
    features = RegionEmbedder().describe([crop], Light.neutral())
    assert probability(features, "upper.colour", upper) > 0.7
    assert probability(features, "lower.colour", lower) > 0.7
    assert probability(features, "upper.colour", "pink") < 0.3


def test_what_is_not_estimated_is_nan(crop_of) -> None:
    crop = crop_of(person(PLAIN["red"], PLAIN["blue"]))
    features = RegionEmbedder().describe([crop], Light.neutral())
    assert np.isnan(probability(features, "carry.backpack", "present"))
    assert np.isnan(features.body).all()


def test_blue_legs_may_be_jeans(crop_of) -> None:
    crops = [crop_of(person(PLAIN["red"], PLAIN[c])) for c in ("blue", "brown")]
    features = RegionEmbedder().describe(crops, Light.neutral())
    assert probability(features, "lower.type", "jeans", 0) > 0.5
    assert probability(features, "lower.type", "jeans", 1) < 0.2


def test_legs_that_are_not_shown_are_not_described(crop_of) -> None:
    seated = person(PLAIN["red"], PLAIN["blue"])[:70]
    features = RegionEmbedder().describe([crop_of(seated)], Light.neutral())
    assert features.visible[0, PART_INDEX["lower"]] == 0
    assert features.visible[0, PART_INDEX["feet"]] == 0
    assert np.isnan(probability(features, "lower.colour", "blue"))


def test_the_head_is_never_visible(crop_of) -> None:
    features = RegionEmbedder().describe([crop_of(person((1, 2, 3), (4, 5, 6)))], Light.neutral())
    assert features.visible[0, PART_INDEX["head"]] == 0


def test_a_camera_s_cast_is_undone_in_part() -> None:
    grey = np.full((50, 50, 3), (150, 120, 170), np.uint8)
    grey[:5], grey[-5:] = 20, 240
    light = Light.of([grey])
    before, after = np.ptp(grey[25, 25].astype(int)), np.ptp(light.undo(grey)[25, 25].astype(int))
    assert after < 0.8 * before


def test_a_plain_wall_says_little_about_black() -> None:
    wall = np.full((50, 50, 3), 205, np.uint8)
    garment = np.full((1, 1, 3), PLAIN["red"], np.uint8)
    drift = np.abs(Light.of([wall]).undo(garment).astype(int) - garment)
    assert drift.max() < 60


def test_no_picture_no_correction() -> None:
    image = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    assert np.array_equal(Light.of([]).undo(image), image)


def test_vectors_are_unit_and_tell_clothes_apart(crop_of) -> None:
    random = np.random.default_rng(3)
    crops = [
        crop_of(
            np.clip(
                person(PLAIN[u], PLAIN[v]) + random.integers(-8, 8, (160, 64, 3)), 0, 255
            ).astype(np.uint8)
        )
        for u, v in [("red", "blue"), ("red", "blue"), ("green", "black")]
    ]
    vectors = RegionEmbedder().describe(crops, Light.neutral()).vectors
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.95 > vectors[0] @ vectors[2]


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (3, 3)])
def test_any_size_is_described(size: tuple[int, int], crop_of) -> None:
    features = RegionEmbedder().describe(
        [crop_of(np.full((*size, 3), 90, np.uint8))], Light.neutral()
    )
    assert np.isfinite(features.vectors).all()


class Fixed:
    """Says what it is told, crop by crop."""

    model_id, dim = "fixed", 2

    def __init__(self, vectors, attributes) -> None:
        self.vectors, self.attributes = vectors, attributes

    def describe(self, crops, light) -> Features:
        features = Features.unestimated(len(crops), 2)
        features.vectors[:] = self.vectors
        features.attributes[:, 0] = self.attributes
        return features


def test_pooling_is_the_mean_weighted_by_size(crop_of) -> None:
    large, small = (crop_of(np.zeros((n, n, 3), np.uint8)) for n in (30, 10))
    embedder = Fixed([[1, 0], [0, 1], [0, 1]], [0.8, np.nan, 0.4])
    found = pool([key("a"), key("b")], [[large, small], [small]], embedder, Light.neutral())
    assert found.vectors[0] == pytest.approx(np.array([3, 1]) / np.sqrt(10), abs=1e-3)
    assert found.vectors[1].tolist() == [0, 1]
    assert found.attributes[:, 0].tolist() == pytest.approx([0.8, 0.4])
    assert np.isnan(found.attributes[0, 1])
    assert found.crops == (large, small)


def test_a_crop_under_paint_says_less() -> None:
    raw = RawFrame(np.zeros((20, 20, 3), np.uint8), "gate", 0, NOON)
    whole = as_boxes([[0, 0, 20, 20]])[0]
    bare = redacted(raw).crop(whole, 1)
    painted = redacted(raw, [[0, 0, 20, 15]]).crop(whole, 1)
    embedder = Fixed([[1, 0], [0, 1]], [0.8, 0.4])
    found = pool([key()], [[bare, painted]], embedder, Light.neutral())
    assert found.attributes[0, 0] == pytest.approx((0.8 * 4 + 0.4 * 1) / 5, abs=0.01)


def test_a_stay_without_crops_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one crop"):
        pool([key()], [[]], RegionEmbedder(), Light.neutral())

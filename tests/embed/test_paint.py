"""What is under paint is not described: the embedder is told what is paint."""

from collections.abc import Sequence

import numpy as np
import pytest

from reid.core import vocabulary
from reid.core.pixels import EmbeddableCrop, RawFrame, RedactedCrop
from reid.core.records import SightingKey, Sightings
from reid.embed import Features, Light, pool
from reid.embed.paint import FILL, in_view, told_of_paint
from tests.making import NOON, redacted

WIDE, HIGH = 64, 160
HEAD = (20, 0, 44, 32)
TORSO = (0, 20, WIDE, 84)
LEGS = (0, 82, WIDE, 144)
UPPER, LOWER = vocabulary.PART_INDEX["upper"], vocabulary.PART_INDEX["lower"]


def person(*painted: tuple[int, int, int, int], colour: int = 200) -> RedactedCrop:
    """A person in one colour above, another below, before noise; with paint."""
    pixels = np.random.default_rng(1).integers(90, 130, (HIGH, WIDE, 3), np.uint8)
    pixels[30:82, 12:52] = (colour, 20, 20)
    pixels[82:150, 16:48] = (20, 30, 120)
    frame = redacted(RawFrame(pixels, "gate", 0, NOON), list(painted))
    return frame.crop(np.array([0, 0, WIDE, HIGH], np.float32), 1)


class TestInView:
    def test_a_painted_head_covers_no_clothes(self) -> None:
        assert (in_view(person(HEAD)) == 1).all()
        np.testing.assert_array_equal(told_of_paint(person(HEAD)), person(HEAD).pixels)

    def test_a_painted_part_is_not_in_view_and_others_are(self) -> None:
        upper, lower = in_view(person(HEAD, TORSO)), in_view(person(HEAD, LEGS))
        assert (upper[UPPER], upper[LOWER]) == (0, 1)
        assert (lower[UPPER], lower[LOWER]) == (1, 0)

    def test_a_part_half_painted_is_partly_in_view(self) -> None:
        half = in_view(person((0, 20, WIDE // 2, 84)))
        assert 0.5 < half[UPPER] < 1

    def test_the_embedder_sees_no_cloth_where_paint_is(self) -> None:
        pixels = told_of_paint(person(HEAD, TORSO))
        assert (pixels[60, 30] == FILL).all()
        assert (pixels[10, 30] != FILL).any(), "heads look as they did in training"

    def test_of_somebody_seated_the_parts_lie_lower(self) -> None:
        frame = redacted(RawFrame(np.full((64, 60, 3), 90, np.uint8), "gate", 0, NOON),
                         [(0, 0, 60, 22)])  # fmt: skip
        seated = frame.crop(np.array([0, 0, 60, 64], np.float32), 1)
        assert in_view(seated)[UPPER] == 1


class Told:
    """An embedder that believes what the middle of the torso looks like."""

    model_id, dim = "told-1", 2

    def describe(self, crops: Sequence[EmbeddableCrop], light: Light) -> Features:
        features = Features.unestimated(len(crops), self.dim)
        for row, crop in enumerate(crops):
            red = crop.pixels[60, 32, 0] / 255
            features.vectors[row] = (red, 1 - red)
            features.attributes[row] = red
            features.body[row] = red
            features.visible[row] = 1
        return features


class TestPooling:
    def pooled(self, *crops: RedactedCrop) -> Sightings:
        key = SightingKey("a", "gate.mp4", "k", "gate", NOON, NOON, 1)
        return pool([key], [crops], Told(), Light.neutral())

    def test_of_several_views_those_without_paint_count(self) -> None:
        red = vocabulary.ATTRIBUTE_INDEX[vocabulary.Column("upper.colour", "red")]
        alone = self.pooled(person(HEAD))
        beside = self.pooled(*[person(HEAD, TORSO)] * 7, person(HEAD))
        assert beside.attributes[0, red] == pytest.approx(alone.attributes[0, red], abs=0.01)
        assert beside.in_view[0, UPPER] == 1
        np.testing.assert_allclose(beside.visible, alone.visible)

    def test_a_part_that_no_view_shows_is_not_visible(self) -> None:
        said = self.pooled(person(HEAD, TORSO), person(HEAD, TORSO))
        assert said.visible[0, UPPER] == said.in_view[0, UPPER] == 0
        assert said.visible[0, LOWER] == 1

    def test_without_paint_nothing_changes(self) -> None:
        views = [person(HEAD, colour=200), person(HEAD, colour=100)]
        said = self.pooled(*views)
        assert said.attributes[0] == pytest.approx((200 + 100) / 2 / 255, abs=1e-3)
        assert (said.in_view == 1).all()

"""Raw pixels stay hidden; redaction depends on nothing inside the boxes."""

import copy
import io
import pickle
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from reid.core.boxes import empty_boxes
from reid.core.pixels import (
    CropPlace,
    FrameKey,
    HeadRegions,
    RawFrame,
    RedactedCrop,
    RedactedFrame,
    ResearchCrop,
    decode,
    keep_head_for_research,
    redact,
    redaction_mark,
)
from tests.making import NOON, redacted, stored_crop

corner = st.one_of(
    st.floats(-60, 120, width=32), st.sampled_from([0.0, 48.0, 64.0, -1e9, 1e9, float("inf")])
)
boxes = st.lists(st.tuples(corner, corner, corner, corner), max_size=6).map(
    lambda rows: np.array(rows, np.float32).reshape(-1, 4)
)
images = npst.arrays(
    np.uint8,
    st.tuples(st.integers(1, 48), st.integers(1, 64), st.just(3)),
    fill=st.integers(0, 255),
)


def covered(shape: tuple[int, ...], heads: np.ndarray) -> np.ndarray:
    """Pixels that any box touches, worked out apart from the code under test."""
    mask = np.zeros(shape[:2], bool)
    for x0, y0, x1, y1 in heads:
        rows = np.arange(shape[0])
        columns = np.arange(shape[1])
        in_y = (rows + 1 > y0) & (rows < y1)
        in_x = (columns + 1 > x0) & (columns < x1)
        mask |= in_y[:, None] & in_x[None]
    return mask


def frame(pixels: np.ndarray) -> RawFrame:
    return RawFrame(pixels, "gate", 0, NOON)


class TestRawFrameHidesItsPixels:
    def test_repr_and_str_show_no_pixel(self) -> None:
        pixels = np.full((2, 2, 3), 201, np.uint8)
        assert "201" not in repr(frame(pixels)) + str(frame(pixels))

    def test_numpy_sees_an_object_not_an_array(self) -> None:
        raw = frame(np.zeros((4, 4, 3), np.uint8))
        assert not hasattr(raw, "__array__")
        assert not hasattr(raw, "__array_interface__")
        assert not hasattr(raw, "__buffer__")
        assert np.asarray(raw).dtype == object

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_it_cannot_be_pickled(self, protocol: int) -> None:
        with pytest.raises(TypeError, match="redact"):
            pickle.dumps(frame(np.zeros((4, 4, 3), np.uint8)), protocol)

    @pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy])
    def test_it_cannot_be_copied(self, copier) -> None:
        with pytest.raises(TypeError):
            copier(frame(np.zeros((4, 4, 3), np.uint8)))

    def test_it_cannot_be_saved_by_numpy(self) -> None:
        with pytest.raises(TypeError):
            np.save(io.BytesIO(), frame(np.zeros((4, 4, 3), np.uint8)), allow_pickle=True)

    def test_it_has_no_dict_and_no_setter(self) -> None:
        raw = frame(np.zeros((4, 4, 3), np.uint8))
        assert not hasattr(raw, "__dict__")
        with pytest.raises(AttributeError):
            raw.camera = "other"  # type: ignore[misc]

    def test_exposed_pixels_are_read_only(self) -> None:
        with pytest.raises(ValueError, match="read-only"):
            frame(np.zeros((4, 4, 3), np.uint8)).expose_unredacted()[0] = 1

    @pytest.mark.parametrize(
        "pixels",
        [
            np.zeros((4, 4), np.uint8),
            np.zeros((4, 4, 4), np.uint8),
            np.zeros((4, 4, 3), np.float32),
            np.zeros((0, 4, 3), np.uint8),
        ],
    )
    def test_other_shapes_are_refused(self, pixels: np.ndarray) -> None:
        with pytest.raises(ValueError, match="frame must"):
            frame(pixels)

    def test_a_time_without_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            RawFrame(np.zeros((4, 4, 3), np.uint8), "gate", 0, datetime(2026, 5, 1))


class TestRedaction:
    @settings(max_examples=150, deadline=None)
    @given(images, boxes, st.randoms(use_true_random=False))
    def test_nothing_inside_the_boxes_matters(self, pixels, heads, random) -> None:
        hidden = covered(pixels.shape, heads)
        other = pixels.copy()
        noise = np.random.default_rng(random.randint(0, 2**31)).integers(
            0, 256, pixels.shape, np.uint8
        )
        other[hidden] = noise[hidden]
        first, second = redacted(frame(pixels), heads), redacted(frame(other), heads)
        assert first.pixels.tobytes() == second.pixels.tobytes()

    @settings(max_examples=150, deadline=None)
    @given(images, boxes)
    def test_nothing_outside_the_boxes_changes(self, pixels, heads) -> None:
        hidden = covered(pixels.shape, heads)
        assert np.array_equal(redacted(frame(pixels), heads).pixels[~hidden], pixels[~hidden])

    def test_the_paint_is_a_soft_blur_of_the_surroundings(self) -> None:
        pixels = np.full((60, 60, 3), (10, 120, 200), np.uint8)
        pixels[20:40, 20:40] = 255
        painted = redacted(frame(pixels), np.array([[20, 20, 40, 40]], np.float32)).pixels
        assert np.abs(painted.astype(int) - (10, 120, 200)).max() <= 1

    def test_boxes_that_touch_are_painted_as_one(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
        halves = np.array([[20, 10, 30, 30], [30, 10, 40, 30]], np.float32)
        whole = np.array([[20, 10, 40, 30]], np.float32)
        painted = redacted(frame(pixels), halves).pixels
        assert np.array_equal(painted, redacted(frame(pixels), whole).pixels)

    def test_a_box_over_everything_leaves_plain_grey(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
        painted = redacted(frame(pixels), np.array([[-5, -5, 500, 500]], np.float32)).pixels
        assert (painted == 127).all()

    def test_nan_is_refused(self) -> None:
        with pytest.raises(ValueError, match="NaN"):
            redacted(frame(np.zeros((4, 4, 3), np.uint8)), np.full((1, 4), np.nan, np.float32))

    def test_the_result_says_what_was_painted_and_how(self) -> None:
        heads = np.array([[1.5, 2, 8, 9.2], [2, 3, 4, 5]], np.float32)
        result = redacted(frame(np.zeros((20, 20, 3), np.uint8)), heads)
        assert result.painted.tolist() == [[1, 2, 8, 10]]  # the inner box is part of the outer one
        assert result.policy.startswith("head/")


class TestHeadRegions:
    """Regions cannot be written down by hand, nor used for another frame."""

    def test_boxes_alone_are_refused(self) -> None:
        raw = frame(np.zeros((4, 4, 3), np.uint8))
        with pytest.raises(AttributeError):
            redact(raw, empty_boxes())  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="head finder"):
            HeadRegions(raw.ref, empty_boxes(), "head", object())

    def test_they_cannot_be_emptied_copied_or_changed(self) -> None:
        regions = HeadRegions.of_known_boxes(
            frame(np.zeros((4, 4, 3), np.uint8)).ref, np.array([[0, 0, 2, 2]], np.float32)
        )
        for change in (
            lambda: replace(regions, boxes=empty_boxes()),
            lambda: replace(regions, boxes=empty_boxes(), seal=object()),
            lambda: copy.copy(regions),
            lambda: copy.deepcopy(regions),
            lambda: pickle.dumps(regions),
            lambda: regions.boxes.setflags(write=True),
            lambda: setattr(regions, "boxes", empty_boxes()),
        ):
            with pytest.raises((TypeError, ValueError, AttributeError)):
                change()
        assert regions.boxes.tolist() == [[0, 0, 2, 2]]

    @pytest.mark.parametrize(
        "other",
        [
            RawFrame(np.zeros((4, 4, 3), np.uint8), "gate", 1, NOON),
            RawFrame(np.zeros((4, 4, 3), np.uint8), "shop", 0, NOON),
            RawFrame(np.zeros((4, 4, 3), np.uint8), "gate", 0, NOON + timedelta(seconds=1)),
            RawFrame(np.zeros((4, 5, 3), np.uint8), "gate", 0, NOON),
        ],
        ids=["next frame", "another camera", "another time", "another size"],
    )
    def test_regions_of_another_frame_are_refused(self, other: RawFrame) -> None:
        regions = HeadRegions.of_known_boxes(
            frame(np.zeros((4, 4, 3), np.uint8)).ref, empty_boxes()
        )
        with pytest.raises(ValueError, match="not of"):
            redact(other, regions)

    def test_other_shapes_and_profiles_are_refused(self) -> None:
        ref = frame(np.zeros((4, 4, 3), np.uint8)).ref
        with pytest.raises(ValueError, match=r"\(M, 4\)"):
            HeadRegions.of_known_boxes(ref, np.zeros((2, 3), np.float32))
        with pytest.raises(ValueError, match="profile"):
            HeadRegions.of_known_boxes(ref, empty_boxes(), "none")  # type: ignore[arg-type]

    @settings(max_examples=100, deadline=None)
    @given(images, boxes)
    def test_the_mask_is_every_pixel_that_a_box_touches(self, pixels, heads) -> None:
        _, mask = HeadRegions.of_known_boxes(frame(pixels).ref, heads).rasterise()
        assert np.array_equal(mask, covered(pixels.shape, heads))


class TestResearchCrops:
    """A crop that may show a head is no redacted crop, and goes nowhere."""

    def test_only_this_module_can_make_one(self) -> None:
        place = CropPlace(np.zeros(4), 0, 4, 4)
        with pytest.raises(TypeError, match="by hand"):
            ResearchCrop(object(), np.zeros((4, 4, 3), np.uint8), FrameKey("a", 0, NOON), place)

    def test_it_shows_embedders_what_a_redacted_crop_shows(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (9, 5, 3), np.uint8)
        bare = redacted(frame(pixels)).crop(np.array([0, 0, 5, 9], np.float32), 0)
        kept = keep_head_for_research(frame(pixels))
        for name in ("width", "height", "key", "camera", "index", "time", "track_id"):
            assert getattr(kept, name) == getattr(bare, name), name
        for one, other in ((kept.pixels, bare.pixels), (kept.box, bare.box)):
            assert np.array_equal(one, other)
        assert not len(kept.place.painted)
        with pytest.raises(ValueError, match="WRITEABLE"):
            kept.pixels.setflags(write=True)

    def test_it_is_not_written_copied_or_printed(self) -> None:
        kept = keep_head_for_research(frame(np.full((4, 4, 3), 201, np.uint8)))
        assert not isinstance(kept, RedactedCrop)
        assert not hasattr(kept, "encode")
        assert "201" not in repr(kept) + str(kept)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="redact"):
                pickle.dumps(kept, protocol)
        for copier in (copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="redact"):
                copier(kept)


class TestRedactedTypes:
    def test_only_this_module_can_make_them(self) -> None:
        key = FrameKey("gate", 0, NOON)
        pixels = np.zeros((4, 4, 3), np.uint8)
        with pytest.raises(TypeError, match="redact"):
            RedactedFrame(object(), pixels, key, "head", empty_boxes())
        with pytest.raises(TypeError, match="redact"):
            RedactedCrop(object(), pixels, key, "head", CropPlace(np.zeros(4), 0, 4, 4))

    def test_pixels_cannot_be_reopened_for_writing(self) -> None:
        pixels = redacted(frame(np.zeros((4, 4, 3), np.uint8))).pixels
        with pytest.raises(ValueError, match="WRITEABLE"):
            pixels.setflags(write=True)
        with pytest.raises(ValueError, match="WRITEABLE"):
            pixels.base.setflags(write=True)

    @settings(max_examples=100, deadline=None)
    @given(images, boxes)
    def test_a_crop_is_what_the_frame_shows(self, pixels, heads) -> None:
        whole = redacted(frame(pixels), heads)
        cut = np.array([-3, 5, 20, 30], np.float32)
        crop = whole.crop(cut, 7)
        x0, y0, x1, y1 = crop.box.astype(int)
        assert np.array_equal(crop.pixels, whole.pixels[y0:y1, x0:x1])
        assert crop.pixels.size > 0

    def test_a_crop_knows_where_it_was_painted(self) -> None:
        whole = redacted(
            frame(np.zeros((40, 40, 3), np.uint8)), np.array([[12, 8, 20, 16]], np.float32)
        )
        crop = whole.crop(np.array([10, 10, 30, 40], np.float32), 1)
        assert crop.place.painted.tolist() == [[2, 0, 10, 6]]


class TestStoredBytes:
    def test_a_crop_comes_back(self, crop_of) -> None:
        smooth = np.linspace(0, 255, 64 * 32 * 3).reshape(64, 32, 3).astype(np.uint8)
        crop = crop_of(smooth)
        again = stored_crop(crop)
        assert again.policy == crop.policy
        assert np.abs(again.pixels.astype(int) - crop.pixels).mean() < 6

    def test_an_image_without_the_mark_is_not_decoded(self) -> None:
        import cv2

        plain = cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
        assert redaction_mark(plain) is None
        with pytest.raises(ValueError, match="not a redacted image"):
            decode(plain, FrameKey("gate", 0, NOON), CropPlace(np.zeros(4), 0, 8, 8))

    def test_a_damaged_image_is_reported(self, crop_of) -> None:
        data = crop_of(np.zeros((8, 8, 3), np.uint8)).encode()[:60]
        with pytest.raises(ValueError, match="damaged"):
            decode(data, FrameKey("gate", 0, NOON), CropPlace(np.zeros(4), 0, 8, 8))

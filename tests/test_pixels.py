"""Raw pixels stay hidden; redaction depends on nothing inside the boxes."""

import copy
import io
import pickle
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from making import NOON, stored_crop

from reid.pixels import (
    CropPlace,
    FrameKey,
    RawFrame,
    RedactedCrop,
    RedactedFrame,
    decode,
    redact,
    redaction_mark,
)
from reid.tracks import empty_boxes

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
        first, second = redact(frame(pixels), heads), redact(frame(other), heads)
        assert first.pixels.tobytes() == second.pixels.tobytes()

    @settings(max_examples=150, deadline=None)
    @given(images, boxes)
    def test_nothing_outside_the_boxes_changes(self, pixels, heads) -> None:
        hidden = covered(pixels.shape, heads)
        assert np.array_equal(redact(frame(pixels), heads).pixels[~hidden], pixels[~hidden])

    def test_the_paint_is_a_soft_blur_of_the_surroundings(self) -> None:
        pixels = np.full((60, 60, 3), (10, 120, 200), np.uint8)
        pixels[20:40, 20:40] = 255
        painted = redact(frame(pixels), np.array([[20, 20, 40, 40]], np.float32)).pixels
        assert np.abs(painted.astype(int) - (10, 120, 200)).max() <= 1

    def test_boxes_that_touch_are_painted_as_one(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
        halves = np.array([[20, 10, 30, 30], [30, 10, 40, 30]], np.float32)
        whole = np.array([[20, 10, 40, 30]], np.float32)
        painted = redact(frame(pixels), halves).pixels
        assert np.array_equal(painted, redact(frame(pixels), whole).pixels)

    def test_a_box_over_everything_leaves_plain_grey(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
        painted = redact(frame(pixels), np.array([[-5, -5, 500, 500]], np.float32)).pixels
        assert (painted == 127).all()

    def test_nan_is_refused(self) -> None:
        with pytest.raises(ValueError, match="NaN"):
            redact(frame(np.zeros((4, 4, 3), np.uint8)), np.full((1, 4), np.nan, np.float32))

    def test_the_result_says_what_was_painted_and_how(self) -> None:
        heads = np.array([[1.5, 2, 8, 9.2], [2, 3, 4, 5]], np.float32)
        result = redact(frame(np.zeros((20, 20, 3), np.uint8)), heads)
        assert result.painted.tolist() == [[1, 2, 8, 10]]  # the inner box is part of the outer one
        assert result.policy.startswith("head/")


class TestRedactedTypes:
    def test_only_this_module_can_make_them(self) -> None:
        key = FrameKey("gate", 0, NOON)
        pixels = np.zeros((4, 4, 3), np.uint8)
        with pytest.raises(TypeError, match="redact"):
            RedactedFrame(object(), pixels, key, "head", empty_boxes())
        with pytest.raises(TypeError, match="redact"):
            RedactedCrop(object(), pixels, key, "head", CropPlace(np.zeros(4), 0, 4, 4))

    def test_pixels_cannot_be_reopened_for_writing(self) -> None:
        pixels = redact(frame(np.zeros((4, 4, 3), np.uint8)), empty_boxes()).pixels
        with pytest.raises(ValueError, match="WRITEABLE"):
            pixels.setflags(write=True)
        with pytest.raises(ValueError, match="WRITEABLE"):
            pixels.base.setflags(write=True)

    @settings(max_examples=100, deadline=None)
    @given(images, boxes)
    def test_a_crop_is_what_the_frame_shows(self, pixels, heads) -> None:
        whole = redact(frame(pixels), heads)
        cut = np.array([-3, 5, 20, 30], np.float32)
        crop = whole.crop(cut, 7)
        x0, y0, x1, y1 = crop.box.astype(int)
        assert np.array_equal(crop.pixels, whole.pixels[y0:y1, x0:x1])
        assert crop.pixels.size > 0

    def test_a_crop_knows_where_it_was_painted(self) -> None:
        whole = redact(
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

"""Cameras: looks are drawn as stated, pictures and labels are distorted alike."""

import io
import time
from dataclasses import replace

import av
import numpy as np
import pytest

from reid.lab.synth import camera
from reid.lab.synth.camera import Optics, Processing, Sensor


def picture(height: int = 96, width: int = 128) -> np.ndarray:
    """A smooth colour ramp, uint8 (H, W, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // width, y * 255 // height, 255 - x * 255 // width], -1).astype(
        np.uint8
    )


@pytest.mark.parametrize("domain", ["train", "held-out"])
def test_looks_are_deterministic_and_never_fail(domain: camera.Domain) -> None:
    image = picture()
    for seed in range(60):
        first = camera.sample_look(np.random.default_rng(seed), domain)
        assert first == camera.sample_look(np.random.default_rng(seed), domain)
        rng_a, rng_b = np.random.default_rng(seed), np.random.default_rng(seed)
        a = camera.develop(image, camera.vary(first, rng_a), rng_a, magnification=1.5)
        b = camera.develop(image, camera.vary(first, rng_b), rng_b, magnification=1.5)
        assert a.shape == image.shape and a.dtype == np.uint8
        assert np.array_equal(a, b), f"seed {seed}: same seed, other picture"


def test_kinds_of_camera_occur_as_stated() -> None:
    rng = np.random.default_rng(1)
    drawn = [camera.sample_look(rng).kind for _ in range(3000)]
    total = sum(share for _, share in camera.TRAIN.kinds)
    for kind, share in camera.TRAIN.kinds:
        assert abs(drawn.count(kind) / 3000 - share / total) < 0.03, kind


def test_the_two_domains_differ() -> None:
    only_held_out = dict(camera.HELD_OUT.kinds).keys() - dict(camera.TRAIN.kinds).keys()
    assert {"film", "cyan", "magenta", "sepia"} <= only_held_out
    assert camera.HELD_OUT.jpeg[1] < camera.TRAIN.jpeg[1]


def test_neutral_camera_changes_almost_nothing() -> None:
    image = picture()
    out = camera.develop(image, camera.NEUTRAL, np.random.default_rng(0), magnification=1.0)
    assert np.abs(out.astype(int) - image).max() <= 2


def test_a_cast_pushes_its_colour() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    look = replace(camera.NEUTRAL, processing=Processing(tint=(20.0, -10.0, 20.0)))
    red, green, blue = camera.develop(grey, look, np.random.default_rng(0)).mean(axis=(0, 1))
    assert red - green > 20 and blue - green > 20


def test_exposure_is_in_stops_of_linear_light() -> None:
    grey = np.full((64, 64, 3), 100, np.uint8)
    look = replace(camera.NEUTRAL, sensor=Sensor(exposure=1.0, read_noise=0, shot_noise=0))
    out = camera.develop(grey, look, np.random.default_rng(0)).mean()
    linear = ((100 / 255 + 0.055) / 1.055) ** 2.4 * 2
    expected = (1.055 * linear ** (1 / 2.4) - 0.055) * 255
    assert out == pytest.approx(expected, abs=2)


def test_infrared_has_no_colour() -> None:
    look = camera.sample_look(np.random.default_rng(0), kind="infrared")
    look = replace(look, transport=replace(look.transport, jpeg=100))
    out = camera.develop(picture(), look, np.random.default_rng(0)).astype(int)
    assert np.abs(out[..., 0] - out[..., 1]).max() <= 1


def test_automatic_exposure_lifts_the_dark() -> None:
    dark = np.full((64, 64, 3), 40, np.uint8)
    assert camera.metered(camera.NEUTRAL, dark).sensor.exposure > 0.5
    bright = np.full((64, 64, 3), 220, np.uint8)
    assert camera.metered(camera.NEUTRAL, bright).sensor.exposure < 0


@pytest.mark.parametrize(("k1", "k2"), [(-0.3, 0.07), (-0.1, 0.0), (0.02, 0.0)])
def test_distortion_and_its_inverse_meet(k1: float, k2: float) -> None:
    points = np.random.default_rng(0).uniform(0, 1, (200, 2)) * (640, 360)
    there = camera.distort_points(points.astype(np.float32), k1, k2, 640, 360)
    back = camera.undistort_points(there, k1, k2, 640, 360)
    assert np.abs(back - points).max() < 0.05


def test_corners_stay_in_place() -> None:
    corners = np.array([[0, 0], [639, 0], [639, 359], [0, 359]], np.float32)
    moved = camera.distort_points(corners, -0.25, 0.05, 640, 360)
    assert np.abs(moved - corners).max() < 1.5


def test_picture_labels_points_and_boxes_move_together() -> None:
    """A dot drawn at a point is found, after distortion, where the point has gone."""
    k1, k2 = -0.22, 0.04
    for x, y in [(40, 40), (600, 60), (320, 180), (150, 300)]:
        image = np.zeros((360, 640, 3), np.uint8)
        labels = np.full((360, 640), -1, np.int16)
        image[y - 2 : y + 3, x - 2 : x + 3] = 255
        labels[y - 2 : y + 3, x - 2 : x + 3] = 7
        (expected,) = camera.distort_points(np.array([[x, y]], np.float32), k1, k2, 640, 360)
        bright = np.argwhere(camera.distort_image(image, k1, k2)[..., 0] > 100).mean(axis=0)[::-1]
        marked = np.argwhere(camera.distort_labels(labels, k1, k2) == 7).mean(axis=0)[::-1]
        assert np.abs(bright - expected).max() < 1, f"picture at {x}, {y}"
        assert np.abs(marked - expected).max() < 1, f"labels at {x}, {y}"
        box = np.array([[x - 2, y - 2, x + 3, y + 3]], np.float32)
        (moved,) = camera.distort_boxes(box, k1, k2, 640, 360)
        assert moved[0] < expected[0] < moved[2] and moved[1] < expected[1] < moved[3]


def test_clip_keeps_its_timestamps() -> None:
    memory = io.BytesIO()
    frames = [(0.0, picture()), (0.1, picture()), (0.35, picture())]
    assert camera.write_clip(memory, frames, crf=28, fps=10) == 3
    memory.seek(0)
    with av.open(memory, "r") as container:
        times = [float(frame.time or 0) for frame in container.decode(video=0)]
    assert times == pytest.approx([0.0, 0.1, 0.35], abs=1e-3)


def test_h264_picture_keeps_size_and_content() -> None:
    image = picture(97, 131)
    out = camera.h264_round_trip(image, 24)
    assert out.shape == image.shape
    assert np.abs(out.astype(int) - image).mean() < 12


def test_crops_are_developed_fast() -> None:
    """At least 300 a second on one core; half of that is asked here, the machine may be busy."""
    image = np.random.default_rng(0).integers(0, 255, (256, 128, 3)).astype(np.uint8)
    rng = np.random.default_rng(0)
    looks = [camera.sample_look(rng) for _ in range(30)]
    start = time.process_time()
    for look in looks * 4:
        camera.develop(image, camera.vary(look, rng), rng, magnification=1.5)
    assert 120 / (time.process_time() - start) > 150


def test_optics_defaults_are_a_perfect_lens() -> None:
    assert Optics() == camera.NEUTRAL.optics

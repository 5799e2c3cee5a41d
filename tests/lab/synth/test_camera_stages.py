"""Each stage of a camera by itself: what it does to a picture, measured on the picture."""

import io
from dataclasses import replace

import av
import numpy as np
import pytest

from reid.lab.synth import camera
from reid.lab.synth.camera import (
    NEUTRAL,
    CameraLook,
    Optics,
    Processing,
    Sensor,
    Transport,
    develop,
)

Array = np.ndarray


def shot(image: Array, seed: int = 0, magnification: float | None = 1.0, **stages: object) -> Array:
    """Develop with a neutral camera that differs in some stages."""
    look: CameraLook = replace(NEUTRAL, **stages)  # type: ignore[arg-type]
    return develop(image, look, np.random.default_rng(seed), magnification=magnification)


def flat(level: int, height: int = 96, width: int = 128) -> Array:
    return np.full((height, width, 3), level, np.uint8)


def edge(height: int = 96, width: int = 128) -> Array:
    """Black on the left, white on the right."""
    image = flat(0, height, width)
    image[:, width // 2 :] = 255
    return image


def linear(image: Array) -> Array:
    s = image.astype(float) / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def sharpness(image: Array) -> float:
    return float(np.abs(np.diff(image.astype(float), axis=1)).max())


# --- optics ---------------------------------------------------------------------------------------


def test_defocus_spreads_an_edge_as_a_gaussian_of_its_sigma() -> None:
    row = linear(shot(edge(), optics=Optics(defocus=3.0))[48, :, 0])
    step = np.maximum(np.diff(row), 0)
    at = np.arange(len(step))
    middle = (step * at).sum() / step.sum()
    sigma = np.sqrt((step * (at - middle) ** 2).sum() / step.sum())
    assert sigma == pytest.approx(3.0, rel=0.15)


def test_motion_blurs_along_its_direction_alone() -> None:
    point = flat(0)
    point[46:50, 62:66] = 255
    across = shot(point, optics=Optics(motion=13.0, motion_angle=0.0))
    down = shot(point, optics=Optics(motion=13.0, motion_angle=np.pi / 2))
    for image, long, short in ((across, 1, 0), (down, 0, 1)):
        lit = np.argwhere(image[..., 0] > 25)
        assert np.ptp(lit[:, long]) > 2 * np.ptp(lit[:, short])
        assert np.ptp(lit[:, long]) == pytest.approx(13 + 3, abs=3)


def test_blur_keeps_the_light() -> None:
    for optics in (Optics(defocus=2.0), Optics(motion=9.0, motion_angle=0.7)):
        before, after = linear(edge()), linear(shot(edge(), optics=optics))
        assert after.mean() == pytest.approx(before.mean(), rel=0.02)


def test_a_vignette_darkens_corners_by_its_share_of_light() -> None:
    image = linear(shot(flat(160), optics=Optics(vignette=0.5)))
    middle, corner = image[48, 64, 0], image[0, 0, 0]
    assert corner / middle == pytest.approx(0.5, abs=0.05)
    assert image[0, 0, 0] == pytest.approx(image[-1, -1, 0], rel=0.05)


def test_haze_lifts_black_and_leaves_contrast_as_it_says() -> None:
    image = linear(shot(edge(), optics=Optics(haze=0.2, haze_colour=(0.5, 0.5, 0.5))))
    assert image[0, 0] == pytest.approx([0.1] * 3, abs=0.01)
    assert image[0, -1] == pytest.approx([0.9] * 3, abs=0.03)


def test_a_flare_is_brightest_where_it_is() -> None:
    image = shot(flat(40), optics=Optics(flare=0.5, flare_at=(0.3, 0.5)))[..., 0]
    y, x = np.unravel_index(int(image.argmax()), image.shape)
    assert (x / 128, y / 96) == pytest.approx((0.3, 0.5), abs=0.06)


def test_light_of_two_colours_runs_from_left_to_right() -> None:
    optics = Optics(light=(1.0, 0.6, 0.6), light_right=(0.6, 0.6, 1.0))
    image = linear(shot(flat(140), optics=optics))
    red, blue = image[48, :, 0], image[48, :, 2]
    assert red[2] / blue[2] == pytest.approx(1 / 0.6, rel=0.05)
    assert red[-2] / blue[-2] == pytest.approx(0.6, rel=0.05)
    assert np.all(np.diff(red[::8]) <= 1e-6)


# --- sensor ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("stops", [-1.0, -0.5, 0.5, 1.0])
def test_exposure_doubles_light_a_stop(stops: float) -> None:
    before = linear(shot(flat(110)))[0, 0, 0]
    after = linear(shot(flat(110), sensor=Sensor(stops, read_noise=0, shot_noise=0)))[0, 0, 0]
    assert after / before == pytest.approx(2**stops, rel=0.03)


def test_read_noise_is_everywhere_and_shot_noise_where_light_is() -> None:
    def spread(level: int, read_noise: float, shot_noise: float) -> float:
        sensor = Sensor(read_noise=read_noise, shot_noise=shot_noise)
        return float(shot(flat(level), sensor=sensor)[..., 1].std())

    dark, light = (spread(level, read_noise=4, shot_noise=0) for level in (60, 180))
    assert dark == pytest.approx(light, rel=0.15) and dark == pytest.approx(4, rel=0.2)
    dark, light = (spread(level, read_noise=0, shot_noise=4) for level in (30, 118))
    assert light == pytest.approx(4, rel=0.2)
    assert light / dark == pytest.approx(np.sqrt(118 / 30), rel=0.2)


def test_coarse_noise_hangs_together_and_fine_noise_does_not() -> None:
    def neighbours(size: float) -> float:
        sensor = Sensor(read_noise=8, shot_noise=0, noise_size=size)
        grain = shot(flat(128), sensor=sensor)[..., 1].astype(float) - 128
        return float((grain[:, 1:] * grain[:, :-1]).mean() / grain.var())

    assert abs(neighbours(1.0)) < 0.1
    assert neighbours(2.5) > 0.4


def test_chroma_noise_is_coloured_and_infrared_has_none() -> None:
    def colour(**more: object) -> float:
        sensor = Sensor(read_noise=1, shot_noise=1, chroma_noise=8, **more)  # type: ignore[arg-type]
        image = shot(flat(128), sensor=sensor).astype(float)
        return float((image[..., 0] - image[..., 2]).std())

    assert colour() > 4
    assert colour(infrared=True) == 0


def test_bands_of_tube_light_run_across_the_frame() -> None:
    image = shot(flat(128), sensor=Sensor(read_noise=0, shot_noise=0, roll=0.1)).astype(float)
    assert image.std(axis=1).max() < 1, "rows are even"
    assert np.ptp(image[:, 0, 0]) > 8


def test_another_seed_draws_other_noise_of_the_same_strength() -> None:
    sensor = Sensor(read_noise=5, shot_noise=0)
    one, other = (shot(flat(128), seed, sensor=sensor).astype(float) for seed in (1, 2))
    assert np.abs(one - other).mean() > 2
    assert one.std() == pytest.approx(other.std(), rel=0.1)


# --- processing -----------------------------------------------------------------------------------


def test_black_and_white_end_up_at_their_levels() -> None:
    image = shot(edge(), processing=Processing(black=30, white=210))
    assert image[0, 0].tolist() == pytest.approx([30] * 3, abs=1)
    assert image[0, -1].tolist() == pytest.approx([210] * 3, abs=1)


def test_saturation_of_nothing_is_grey_and_of_more_is_more() -> None:
    red = flat(90)
    red[..., 0] = 170
    chroma = [
        float(np.ptp(shot(red, processing=Processing(saturation=s))[0, 0].astype(int)))
        for s in (0.0, 0.5, 1.0, 1.5)
    ]
    assert chroma[0] == 0
    assert chroma == pytest.approx([0, 40, 80, 120], abs=3)


def test_contrast_darkens_the_dark_and_brightens_the_bright() -> None:
    def curve(contrast: float) -> list[int]:
        return [
            int(shot(flat(v), processing=Processing(contrast=contrast))[0, 0, 0])
            for v in (60, 128, 200)
        ]

    flat_curve, plain, steep = curve(-0.5), curve(0.0), curve(0.8)
    assert steep[0] < plain[0] < flat_curve[0]
    assert steep[2] > plain[2] > flat_curve[2]
    assert steep[1] == pytest.approx(plain[1], abs=2)


def test_sharpening_overshoots_beside_an_edge_and_smear_takes_specks_away() -> None:
    soft = edge()
    soft[soft == 255], soft[soft == 0] = 180, 70
    halos = shot(soft, processing=Processing(sharpen=2.0, sharpen_radius=1.5))
    assert halos.max() > 195 and halos.min() < 55
    specks = flat(100)
    specks[::7, ::7] = 220
    smeared = shot(specks, processing=Processing(denoise=1.0))
    assert (smeared > 130).mean() < 0.3 * (specks > 130).mean()


# --- transport ------------------------------------------------------------------------------------


def test_a_lower_resolution_softens_and_blocks_are_blocks() -> None:
    stripes = flat(0)
    stripes[:, ::4] = stripes[:, 1::4] = 255
    small = shot(stripes, transport=Transport(scale=0.5, jpeg=100))
    assert small.shape == stripes.shape
    assert sharpness(small) < sharpness(stripes)
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3)).astype(np.uint8)
    blocks = shot(noise, transport=Transport(scale=0.5, jpeg=100, blocky=True))
    same = (blocks[:, 1:] == blocks[:, :-1]).all(-1).mean()
    assert same > 0.4


def test_a_crop_that_was_magnified_has_no_more_detail_than_the_sensor_saw() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (192, 96, 3)).astype(np.uint8)
    once, thrice = (shot(noise, magnification=m) for m in (1.0, 3.0))
    assert thrice.astype(float).std() < 0.6 * once.astype(float).std()


def test_interlaced_rows_are_shifted() -> None:
    image = shot(edge(), transport=Transport(jpeg=100, interlace=4.0))
    first, second = ((image[row, 32:, 0] > 128).argmax() + 32 for row in (10, 11))
    assert first == 64 and second == 68


@pytest.mark.parametrize("half", [True, False])
def test_jpeg_is_worse_the_lower_its_quality(half: bool) -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (64, 64, 3)).astype(np.uint8)
    errors = [
        np.abs(camera.jpeg_round_trip(image, q, half).astype(int) - image).mean()
        for q in (100, 90, 50, 15)
    ]
    assert errors[0] == 0
    assert errors == sorted(errors)


def test_chroma_at_half_resolution_bleeds_colour() -> None:
    image = flat(128, 64, 64)
    image[:, ::2, 0] = 255
    full, half = (camera.jpeg_round_trip(image, 95, h).astype(int) for h in (False, True))
    assert np.abs(half - image).mean() > 2 * np.abs(full - image).mean()


def test_h264_of_a_higher_rate_factor_is_smaller_and_worse() -> None:
    rng = np.random.default_rng(0)
    image = np.kron(rng.integers(0, 255, (12, 16, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    sizes, errors = [], []
    for crf in (18, 40):
        memory = io.BytesIO()
        camera.write_clip(memory, [(0.0, image), (0.1, image)], crf=crf, fps=10)
        sizes.append(len(memory.getvalue()))
        errors.append(np.abs(camera.h264_round_trip(image, crf).astype(int) - image).mean())
    assert sizes[1] < sizes[0] and errors[1] > errors[0]


def test_a_clip_says_when_it_began_and_an_empty_one_holds_nothing() -> None:
    from datetime import UTC, datetime

    memory = io.BytesIO()
    start = datetime(2026, 5, 2, 14, 20, tzinfo=UTC)
    camera.write_clip(memory, [(0.0, flat(90))], crf=28, fps=10, start=start)
    memory.seek(0)
    with av.open(memory, "r") as container:
        assert container.metadata["creation_time"].startswith("2026-05-02T14:20")
    assert camera.write_clip(io.BytesIO(), [], crf=28, fps=10) == 0


# --- looks ----------------------------------------------------------------------------------------


def test_a_camera_varies_from_frame_to_frame_and_stays_itself() -> None:
    rng = np.random.default_rng(3)
    look = camera.sample_look(rng, kind="good")
    frames = [camera.vary(look, rng) for _ in range(200)]
    exposures = np.array([f.sensor.exposure for f in frames])
    assert exposures.mean() == pytest.approx(look.sensor.exposure, abs=0.03)
    assert exposures.std() == pytest.approx(0.07, rel=0.3)
    assert {f.sensor.matrix for f in frames} == {look.sensor.matrix}
    assert all(10 <= f.transport.jpeg <= 100 for f in frames)
    still = camera.vary(look, rng, amount=0.0)
    assert still.sensor.exposure == look.sensor.exposure
    assert still.optics.motion == 0


@pytest.mark.parametrize(
    ("kind", "channel"), [("purple", 2), ("green", 1), ("yellow", 0), ("blue", 2)]
)
def test_casts_lean_to_their_colour(kind: str, channel: int) -> None:
    leans = []
    for seed in range(12):
        look = camera.sample_look(np.random.default_rng(seed), kind=kind)
        look = replace(look, optics=Optics(), transport=NEUTRAL.transport)
        mean = develop(flat(128), look, np.random.default_rng(0), magnification=1.0).mean((0, 1))
        leans.append(mean[channel] - np.delete(mean, channel).mean())
    assert np.mean(leans) > 4


def test_dim_cameras_are_dark_and_noisy() -> None:
    dim, good = (
        [camera.sample_look(np.random.default_rng(s), kind=kind).sensor for s in range(40)]
        for kind in ("dim", "good")
    )
    assert max(s.exposure for s in dim) <= -0.7
    assert np.mean([s.read_noise for s in dim]) > 1.3 * np.mean([s.read_noise for s in good])


def test_metering_brings_every_scene_near_the_middle_and_no_further_than_its_stops() -> None:
    lifted = [camera.metered(NEUTRAL, flat(v)).sensor.exposure for v in (5, 60, 120, 250)]
    assert lifted == sorted(lifted, reverse=True)
    assert lifted[0] == pytest.approx(0.75 * 2.0)
    assert lifted[-1] == pytest.approx(-0.75)


# --- lens -----------------------------------------------------------------------------------------


def test_barrel_distortion_bulges_lines_outward_and_keeps_the_middle() -> None:
    top = np.array([[x, 20.0] for x in range(0, 640, 40)], np.float32)
    moved = camera.distort_points(top, -0.25, 0.05, 640, 360)
    assert moved[8, 1] < moved[0, 1], "the middle of the line lies farther out than its ends"
    middle = np.array([[319.5, 179.5]], np.float32)
    assert camera.distort_points(middle, -0.25, 0.05, 640, 360) == pytest.approx(middle)


def test_a_perfect_lens_changes_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    assert camera.distort_image(image, 0.0, 0.0) is image
    boxes = np.array([[3, 4, 20, 22]], np.float32)
    assert camera.distort_boxes(boxes, 0.0, 0.0, 40, 30) == pytest.approx(boxes)
    assert len(camera.distort_boxes(boxes[:0], -0.2, 0.0, 40, 30)) == 0


def test_a_distorted_box_holds_all_that_was_in_it() -> None:
    rng = np.random.default_rng(0)
    box = np.array([[100, 60, 400, 330]], np.float32)
    inside = rng.uniform((100, 60), (400, 330), (300, 2)).astype(np.float32)
    (moved,) = camera.distort_boxes(box, -0.2, 0.03, 640, 360)
    points = camera.distort_points(inside, -0.2, 0.03, 640, 360)
    assert (points >= moved[:2] - 0.5).all() and (points <= moved[2:] + 0.5).all()

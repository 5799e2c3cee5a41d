"""From an ideal picture to what a venue's camera would have recorded.

Order of the stages: light and optics (linear light), resolution, sensor, tone, processor,
compression, enlargement. Each is skipped where the look does not ask for it.
"""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.lab.synth.camera.codec import jpeg_round_trip
from reid.lab.synth.camera.look import (
    IDENTITY,
    REFERENCE_HEIGHT,
    CameraLook,
    Optics,
    Processing,
    Sensor,
)

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]

_SRGB: Final = np.arange(256, dtype=np.float64) / 255
_LINEAR: Final = np.where(_SRGB <= 0.04045, _SRGB / 12.92, ((_SRGB + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
_TONE_STEPS: Final = 2048
"""Entries of the tone curve's table, over linear light from 0 to 1, spaced by its square root."""
_NOISE_TILE: Final = 1024, 1536
"""Rows and columns of noise that are kept: a frame of 720 rows is cut out of it anywhere."""
_MIN_ROWS: Final = 44
"""No look shrinks a picture below this many rows: nothing could be told from it."""
_LUMA: Final = (0.299, 0.587, 0.114)


def develop(
    image: Image, look: CameraLook, rng: np.random.Generator, *, magnification: float | None = None
) -> Image:
    """Return `image` as `look` records it.

    Args:
        image: ideal picture, uint8 (H, W, 3), sRGB; lens distortion is not applied here.
        look: the camera.
        rng: draws the noise.
        magnification: how many times larger `image` is than what the sensor saw: for a crop of 256
            rows of somebody 80 px tall, 3.2. None: the image is the sensor's whole frame, and
            lengths are scaled from `REFERENCE_HEIGHT`.

    Returns:
        uint8 (H, W, 3), sRGB, of the same size.
    """
    height, width = image.shape[:2]
    unit = height / REFERENCE_HEIGHT if magnification is None else 1.0
    share = look.transport.scale / max(magnification or 1.0, 1.0)
    small = _reduced(image, share)
    unit *= look.transport.scale if magnification is None else 1.0
    linear = cv2.LUT(small, _LINEAR)
    linear = _optics(np.asarray(linear, np.float32), look.optics, unit, rng)
    linear = _sensor(linear, look.sensor)
    toned = _tone(linear, look.processing, look.sensor.infrared)
    coded = _processor(_noise(toned, look.sensor, rng), look.processing, unit)
    if look.transport.interlace > 0:
        coded = _interlaced(coded, look.transport.interlace * unit)
    coded = jpeg_round_trip(coded, look.transport.jpeg, look.transport.chroma_half)
    if coded.shape[:2] == (height, width):
        return coded
    how = cv2.INTER_NEAREST if look.transport.blocky else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(coded, (width, height), interpolation=how), np.uint8)


def _reduced(image: Image, share: float) -> Image:
    if share > 0.97:
        return image
    height, width = image.shape[:2]
    share = min(1.0, max(share, _MIN_ROWS / height))
    size = round(width * share), round(height * share)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _optics(linear: Floats, optics: Optics, unit: float, rng: np.random.Generator) -> Floats:
    """Blur, uneven and coloured light, haze and flare, in linear light."""
    sigma = optics.defocus * unit
    if sigma > 0.3:
        linear = np.asarray(cv2.GaussianBlur(linear, (0, 0), sigma), np.float32)
    length = optics.motion * unit
    if length > 1.3:
        kernel = _motion_kernel(round(length * 2) / 2, round(optics.motion_angle, 1))
        linear = np.asarray(cv2.filter2D(linear, -1, kernel), np.float32)
    return _light(linear, optics, rng)


def _light(linear: Floats, optics: Optics, rng: np.random.Generator) -> Floats:
    height, width = linear.shape[:2]
    left, right = np.array(optics.light, np.float32), np.array(optics.light_right, np.float32)
    if np.abs(left - right).max() > 0.03:
        ramp = np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
        linear = linear * (left + (right - left) * ramp)
    if optics.vignette > 0.05:
        falloff = _falloff(height, width, 0.5, 0.5)
        linear = linear * (1 - optics.vignette * falloff)[..., None]
    if optics.haze > 0:
        veil = np.array(optics.haze_colour, np.float32) * np.float32(optics.haze)
        linear = linear * np.float32(1 - optics.haze) + veil
    if optics.flare > 0:
        x, y = (round(float(v), 1) for v in optics.flare_at)
        glow = np.exp(-4.5 * _falloff(height, width, x, y)) * np.float32(optics.flare)
        linear = linear + glow[..., None] * np.array([1.0, 0.98, 0.92], np.float32)
    return linear


@lru_cache(maxsize=32)
def _falloff(height: int, width: int, x: float, y: float) -> Floats:
    """Squared distance from the point (x, y), in fractions; 1 at a corner seen from the middle."""
    across = (np.arange(width, dtype=np.float32) + 0.5) / width - x
    down = (np.arange(height, dtype=np.float32) + 0.5) / height - y
    return np.asarray(2 * (across[None, :] ** 2 + down[:, None] ** 2), np.float32)


@lru_cache(maxsize=256)
def _motion_kernel(length: float, angle: float) -> Floats:
    size = int(np.ceil(length)) | 1
    kernel = np.zeros((size, size), np.float32)
    middle = size // 2
    dx, dy = np.cos(angle) * (length - 1) / 2, np.sin(angle) * (length - 1) / 2
    scale = 16
    ends = [
        (round((middle + sign * dx) * scale), round((middle + sign * dy) * scale))
        for sign in (-1, 1)
    ]
    cv2.line(kernel, ends[0], ends[1], (1.0,), 1, cv2.LINE_AA, 4)
    if kernel.sum() <= 0:
        kernel[middle, middle] = 1
    return np.asarray(kernel / kernel.sum(), np.float32)


def _sensor(linear: Floats, sensor: Sensor) -> Floats:
    """Exposure, balance and colour matrix as one matrix, then the bands of tube light."""
    gains = np.diag(np.array(sensor.white_balance)) * 2.0**sensor.exposure
    matrix = np.array(sensor.matrix) @ gains
    if not np.allclose(matrix, IDENTITY, atol=1e-3):
        linear = np.asarray(cv2.transform(linear, matrix.astype(np.float32)), np.float32)
    if sensor.roll > 0:
        rows = np.linspace(0, 5.0, linear.shape[0], dtype=np.float32)
        bands = 1 + sensor.roll * np.sin(rows + sensor.roll_phase)
        linear = linear * np.asarray(bands, np.float32)[:, None, None]
    return linear


def _tone(linear: Floats, processing: Processing, infrared: bool) -> Floats:
    """Linear light to 8-bit steps as float32, through the tone curve; keep or drop colour."""
    table = _tone_table(processing.gamma, processing.contrast)
    index = np.sqrt(np.clip(linear, 0, 1)) * np.float32(_TONE_STEPS - 1)
    coded = np.take(table, index.astype(np.int32))
    saturation = 0.0 if infrared else processing.saturation
    black, white = processing.black, processing.white
    gain = (white - black) / 255
    luma = np.array(_LUMA)
    mix = gain * (saturation * np.eye(3) + (1 - saturation) * np.tile(luma, (3, 1)))
    tint = np.zeros(3) if infrared else np.array(processing.tint)
    affine = np.concatenate([mix, (black + tint)[:, None]], axis=1)
    return np.asarray(cv2.transform(coded, affine.astype(np.float32)), np.float32)


@lru_cache(maxsize=512)
def _tone_table(gamma: float, contrast: float) -> Floats:
    light = np.linspace(0, 1, _TONE_STEPS) ** 2
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    curve = srgb**gamma
    s_shaped = curve + contrast * curve * (1 - curve) * (2 * curve - 1) * 1.6
    return np.asarray(np.clip(s_shaped, 0, 1) * 255, np.float32)


@lru_cache(maxsize=8)
def _noise_tile(size: float, channels: int) -> Floats:
    """Unit-variance noise with a grain of `size` px, float32 (tile, tile, channels)."""
    rng = np.random.default_rng([round(size * 10), channels])
    tile = rng.standard_normal((*_NOISE_TILE, channels), dtype=np.float32)
    if size > 1.05:
        tile = np.asarray(
            cv2.GaussianBlur(tile, (0, 0), size * 0.45, borderType=cv2.BORDER_REFLECT), np.float32
        ).reshape(tile.shape)
    return np.asarray(tile / tile.std(), np.float32)


def _patch(tile: Floats, height: int, width: int, rng: np.random.Generator) -> Floats:
    """Cut a random window out of `tile`, repeating it where the picture is larger."""
    while tile.shape[0] <= height or tile.shape[1] <= width:
        tile = np.tile(tile, (2, 2, 1))
    y = int(rng.integers(0, tile.shape[0] - height))
    x = int(rng.integers(0, tile.shape[1] - width))
    return tile[y : y + height, x : x + width]


def _noise(coded: Floats, sensor: Sensor, rng: np.random.Generator) -> Floats:
    """Read noise everywhere, shot noise where light is, blotches of colour."""
    total = sensor.read_noise + sensor.shot_noise
    if total < 0.3:
        return coded
    height, width = coded.shape[:2]
    size = round(sensor.noise_size * 2) / 2
    grain = _patch(_noise_tile(size, 1), height, width, rng)
    luma = cv2.transform(coded, np.array([_LUMA], np.float32))
    strength = sensor.read_noise + sensor.shot_noise * np.sqrt(np.clip(luma, 0, 255) / 118)
    noisy: Floats = np.asarray(coded + grain * strength[..., None], np.float32)
    if sensor.chroma_noise > 0.5 and not sensor.infrared:
        half = _patch(_noise_tile(min(1.5, size), 3), -(-height // 2), -(-width // 2), rng)
        blotches = cv2.resize(half * np.float32(sensor.chroma_noise), (width, height))
        noisy = np.asarray(cv2.add(noisy, blotches), np.float32)
    return noisy


def _processor(coded: Floats, processing: Processing, unit: float) -> Image:
    """Denoising smear and sharpening halos; float32 in, uint8 out."""
    image = cv2.convertScaleAbs(np.maximum(coded, 0))
    if processing.denoise > 0:
        smooth = cv2.medianBlur(image, 5 if processing.denoise > 0.75 and unit > 0.5 else 3)
        image = cv2.addWeighted(
            image, 1 - processing.denoise * 0.9, smooth, processing.denoise * 0.9, 0
        )
    if processing.sharpen > 0:
        sigma = max(0.6, processing.sharpen_radius * min(unit, 1.5))
        soft = cv2.GaussianBlur(image, (0, 0), sigma)
        image = cv2.addWeighted(image, 1 + processing.sharpen, soft, -processing.sharpen, 0)
    return np.asarray(image, np.uint8)


def _interlaced(image: Image, shift: float) -> Image:
    """Show the odd rows a moment later, as `shift` px of movement."""
    pixels = max(1, round(shift))
    out = image.copy()
    out[1::2] = np.roll(image[1::2], pixels, axis=1)
    return out

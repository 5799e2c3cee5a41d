"""Decoded pictures → RGB of one size: pixel shape, colour matrix, HDR, rotation."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from reid.core.pixels import Image

_BT709, _UNSPECIFIED, _BT601, _BT2020 = 1, 2, 6, 9
_PQ, _HLG = 16, 18  # transfer functions of HDR
_MATRICES: Final = {
    1: Colorspace.ITU709, 4: Colorspace.FCC, 5: Colorspace.ITU601, 6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M, 9: Colorspace.BT2020,
}  # fmt: skip
_HD_LINES: Final = 720  # from here on an untagged picture is BT.709 to every player
_WIDEST_SHAPE: Final = 8  # a pixel wider or higher than this is a damaged header
_LARGEST_SIDE: Final = 16384

_WHITE: Final = 100.0  # cd/m² of white in SDR; what HDR shows brighter is bent
_TO_BT709: Final = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)
_KNEE: Final = 0.5  # of white; darker light is kept as it is
_BRIGHTEST: Final = 10.0  # times white: what becomes the brightest value
_DARK: Final = 1e-6
_SPARE_BITS: Final = 4  # of sixteen: no camera records more than twelve
_CODES: Final = 1 << (16 - _SPARE_BITS)
_LEVELS: Final = 4096  # steps of the curve back to eight bits


@dataclass(frozen=True, slots=True)
class ColourTags:
    """How a video says its colours are meant, in the numbers of ITU-T H.273.

    Attributes:
        matrix, primaries, transfer: what a copy should be written in.
        tagged: whether the source said so; if not, a copy says nothing either, and every player
            takes it as it took the source.
    """

    matrix: int
    primaries: int
    transfer: int
    tagged: bool

    @property
    def colorspace(self) -> Colorspace:
        """The matrix, as the converter names it."""
        return _MATRICES[self.matrix]


def default_tags(height: int) -> ColourTags:
    """Return what RGB pictures are written in: BT.709 for HD, BT.601 below."""
    matrix = _BT709 if height >= _HD_LINES else _BT601
    return ColourTags(matrix, matrix, matrix, True)


def tags_of(frame: VideoFrame) -> ColourTags:
    """Return what a copy of this picture should be written in."""
    if is_hdr(frame) or frame.format.is_rgb or "pal8" in frame.format.name:
        return default_tags(_HD_LINES if is_hdr(frame) else frame.height)
    matrix = int(frame.colorspace)
    if matrix == _UNSPECIFIED:
        guessed = default_tags(frame.height).matrix
        return ColourTags(guessed, _UNSPECIFIED, _UNSPECIFIED, False)
    if matrix not in _MATRICES:
        return default_tags(frame.height)
    return ColourTags(matrix, int(frame.color_primaries), int(frame.color_trc), True)


def is_hdr(frame: VideoFrame) -> bool:
    """Whether a picture is HDR: PQ (HDR10) or HLG."""
    return int(frame.color_trc) in {_PQ, _HLG}


class Canvas:
    """Makes every picture of a track RGB, upright, with square pixels and of the first one's size.

    Args:
        pixel_shape: width by height of a pixel; None or 0 for square ones.

    Attributes:
        tags: colours of the first picture; None before there was one.
        hdr: whether pictures were tone-mapped to BT.709.
        resized: how many were of another size, and were scaled and padded.
    """

    def __init__(self, pixel_shape: Fraction | None = None) -> None:
        self.tags: ColourTags | None = None
        self.hdr = False
        self.resized = 0
        self._shape = _believable(pixel_shape)
        self._size: tuple[int, int] | None = None  # as shown: width, height
        self._reformatter = VideoReformatter()

    def draw(self, frame: VideoFrame) -> Image:
        """Return uint8 (H, W, 3), the same H and W each time."""
        if self.tags is None:
            self.tags = tags_of(frame)
        width, height = _square(frame.width, frame.height, self._shape)
        pixels = self._rgb(frame, width, height)
        turns = round(frame.rotation / 90) % 4
        upright = np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels
        return self._fitted(upright)

    def _rgb(self, frame: VideoFrame, width: int, height: int) -> Image:
        full = int(frame.color_range) == 2 or frame.format.name.startswith("yuvj")
        source = None if frame.format.is_rgb else _MATRICES.get(_matrix(frame))
        deep = is_hdr(frame)
        rgb = self._reformatter.reformat(
            frame,
            width,
            height,
            "rgb48le" if deep else "rgb24",
            src_colorspace=source,
            src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
        )
        pixels = rgb.to_ndarray()
        if not deep:
            return np.asarray(pixels, np.uint8)
        self.hdr = True
        return tone_map(np.asarray(pixels, np.uint16), int(frame.color_trc))

    def _fitted(self, pixels: Image) -> Image:
        height, width = pixels.shape[:2]
        self._size = self._size or (width, height)
        if self._size == (width, height):
            return pixels
        self.resized += 1
        return fit(pixels, *self._size)


def fit(pixels: Image, width: int, height: int) -> Image:
    """Scale a picture into width × height, its shape kept; what is left over stays black."""
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    inner = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    drawn = cv2.resize(pixels, inner, interpolation=how)
    canvas = np.zeros((height, width, 3), np.uint8)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = drawn
    return canvas


def tone_map(pixels: NDArray[np.uint16], transfer: int) -> Image:
    """Bring HDR (BT.2020, PQ or HLG) to BT.709: white paper keeps its place, highlights bend.

    Args:
        pixels: uint16 RGB (H, W, 3), full range.
    """
    curve = _PQ_TO_LIGHT if transfer == _PQ else _HLG_TO_LIGHT
    light = cv2.transform(np.take(curve, pixels >> _SPARE_BITS), _TO_BT709)
    brightest = np.maximum(cv2.max(cv2.max(light[..., 0], light[..., 1]), light[..., 2]), _DARK)
    scaled = light * np.asarray(_bent(brightest) / brightest * (_LEVELS - 1))[..., None]
    return np.take(_TO_GAMMA, np.clip(scaled, 0, _LEVELS - 1).astype(np.uint16))


def _bent(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Leave what is darker than the knee; above it bend (extended Reinhard), 1 at the brightest."""
    over = np.maximum(light - _KNEE, 0.0) / (1 - _KNEE)
    most = (_BRIGHTEST - _KNEE) / (1 - _KNEE)
    bent = over * (1 + over / most**2) / (1 + over)
    return np.asarray(np.minimum(light, _KNEE) + (1 - _KNEE) * bent, np.float32)


def _pq_to_light() -> NDArray[np.float32]:
    code = np.linspace(0, 1, _CODES) ** (1 / 78.84375)
    bright = np.maximum(code - 0.8359375, 0) / (18.8515625 - 18.6875 * code)
    return np.asarray(bright ** (1 / 0.1593017578125) * 10_000 / _WHITE, np.float32)


def _hlg_to_light() -> NDArray[np.float32]:
    code = np.linspace(0, 1, _CODES)
    high = (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12
    scene = np.where(code <= 0.5, code**2 / 3, high)
    return np.asarray(scene**1.2 * 1_000 / _WHITE, np.float32)


def _to_gamma() -> Image:
    light = np.linspace(0, 1, _LEVELS)
    return np.asarray(np.rint(255 * light ** (1 / 2.4)), np.uint8)


_PQ_TO_LIGHT: Final = _pq_to_light()
_HLG_TO_LIGHT: Final = _hlg_to_light()
_TO_GAMMA: Final = _to_gamma()


def _matrix(frame: VideoFrame) -> int:
    stated = int(frame.colorspace)
    if stated == _UNSPECIFIED and is_hdr(frame):
        return _BT2020
    return default_tags(frame.height).matrix if stated == _UNSPECIFIED else stated


def _believable(shape: Fraction | None) -> Fraction:
    if not shape or not Fraction(1, _WIDEST_SHAPE) <= shape <= _WIDEST_SHAPE:
        return Fraction(1)
    return Fraction(shape)


def _square(width: int, height: int, shape: Fraction) -> tuple[int, int]:
    """Return the size with square pixels: the short side is stretched, nothing is thrown away."""
    wide, high = (width * shape, height * 1) if shape >= 1 else (width * 1, height / shape)
    if max(wide, high) > _LARGEST_SIDE:
        return width, height
    return max(1, round(wide)), max(1, round(high))

"""Photos that somebody hands over: read from memory alone, never from or to a file.

A parent's photo shows a child's face. It comes as bytes, becomes a `RawFrame`, and that is all that
is ever made of it before its heads are gone.
"""

from datetime import UTC, datetime
from io import BytesIO
from typing import Final

import cv2
import numpy as np
from PIL import Image as PillowImage

from reid.capture.images import opened, register_heif, upright
from reid.core.errors import SourceError
from reid.core.pixels import Image, RawFrame

PHOTO_FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF")
"""What phones and their screenshots are of. All are decoded in memory; for some other kinds Pillow
calls programs that are handed a temporary file (PostScript), so these are not tried."""

LARGEST_PHOTO: Final = 24 * 1024 * 1024
"""Bytes of a photo that is taken into memory."""

LONGEST_SIDE: Final = 2560
"""Px to which larger photos are scaled: people in them are large."""

_MOST_PIXELS: Final = 120_000_000
_CAMERA: Final = "photo"
_NAME: Final = "the photo"  # its own name may be a child's


def read_photo(data: bytes) -> RawFrame:
    """Read a JPEG, PNG, WebP or HEIC from memory, upright; its name, place and date are dropped.

    Raises:
        SourceError: too large, damaged, or of another kind; nothing of the photo is in it.
    """
    if len(data) > LARGEST_PHOTO:
        raise SourceError(f"{_NAME} is larger than {LARGEST_PHOTO >> 20} MB: send a smaller copy")
    register_heif()
    try:
        with opened(BytesIO(data), _NAME, PHOTO_FORMATS) as image:
            pixels = _pixels(image)
    except SourceError:
        raise
    except Exception as error:  # decoders raise many kinds; what they say is not passed on
        kind = type(error).__name__
        raise SourceError(f"{_NAME} is not a readable image ({kind})") from None
    return RawFrame(pixels, _CAMERA, 0, datetime.now(UTC))


def _pixels(image: PillowImage.Image) -> Image:
    if image.width * image.height > _MOST_PIXELS:
        millions = _MOST_PIXELS // 1_000_000
        raise SourceError(f"{_NAME} is larger than {millions} megapixels: send a smaller copy")
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is scaled while it is decoded
    pixels = upright(image)
    scale = LONGEST_SIDE / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)

"""Still images: which files are some, and reading one upright and in RGB."""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps

from reid.core.errors import SourceError
from reid.core.pixels import Image

STILL_SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".heic", ".heif"}
)
_HEIF: Final = frozenset({".heic", ".heif"})

_MAX_IMAGE_PIXELS: Final = 200_000_000
_BACKGROUND: Final = 255  # what shows through a transparent image

PillowImage.MAX_IMAGE_PIXELS = _MAX_IMAGE_PIXELS


def read_image(path: Path) -> Image:
    """Read one still: upright (EXIF rotation applied), RGB uint8 (H, W, 3).

    Raises:
        SourceError: not an image, damaged, or larger than 200 megapixels.
    """
    if path.suffix.lower() in _HEIF:
        from pi_heif import register_heif_opener

        register_heif_opener()
    try:
        with PillowImage.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            return _to_rgb(upright)
    except PillowImage.DecompressionBombError:
        raise SourceError(f"{path} is larger than 200 megapixels: make it smaller") from None
    except (OSError, ValueError, SyntaxError) as error:
        raise SourceError(f"{path} is not a readable image ({type(error).__name__})") from None


def image_paths(folder: Path) -> tuple[Path, ...]:
    """Return every still below `folder`, sorted by path."""
    stills = (p for p in folder.rglob("*") if p.suffix.lower() in STILL_SUFFIXES and p.is_file())
    return tuple(sorted(stills))


def _to_rgb(image: PillowImage.Image) -> Image:
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layered = image.convert("RGBA")
        ground = PillowImage.new("RGBA", layered.size, (_BACKGROUND,) * 4)
        image = PillowImage.alpha_composite(ground, layered)
    if image.mode.startswith("I;16") or image.mode == "I":
        deep = np.asarray(image, np.float32)
        image = PillowImage.fromarray((deep / 257.0).clip(0, 255).astype(np.uint8))
    return np.array(image.convert("RGB"), np.uint8)

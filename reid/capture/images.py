"""Images: stills, pages and animations, upright and in RGB, and when a photo was taken."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps

from reid.core.clock import utc
from reid.core.errors import SourceError
from reid.core.memory_dumps import forbid_memory_dumps
from reid.core.pixels import Image

STILL_SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".heic", ".heif"}
)
HEIF_SUFFIXES: Final = frozenset({".heic", ".heif"})

_ANIMATED: Final = frozenset({"WEBP", "PNG", "GIF"})
_PAGED: Final = frozenset({"TIFF"})
_SUBFILE: Final = 254  # TIFF: bit 0 marks a smaller copy of another page

_EXIF_TAGS: Final = 0x8769
_TAKEN: Final = ((36867, 36881), (36868, 36882), (306, 36880))  # taken, digitised, changed; offset
_FIRST_YEAR: Final = 1980

_MAX_IMAGE_PIXELS: Final = 200_000_000
_BACKGROUND: Final = 255  # what shows through a transparent image

PillowImage.MAX_IMAGE_PIXELS = _MAX_IMAGE_PIXELS


def read_image(path: Path) -> Image:
    """Read one still: upright (EXIF rotation applied), RGB uint8 (H, W, 3).

    Raises:
        SourceError: not an image, damaged, or larger than 200 megapixels.
    """
    with _opened(path) as image:
        return upright(image)


def read_pages(path: Path) -> Iterator[tuple[Image, float]]:
    """Yield every page of a TIFF or frame of an animation, with its duration in seconds (or 0).

    Any other image is one page. Damaged pages end it: what was read before them was yielded.

    Raises:
        SourceError: as `read_image`, or a page that is damaged.
    """
    with _opened(path) as image:
        for page in _pages(image):
            image.seek(page)
            image.load()
            yield upright(image), float(image.info.get("duration") or 0) / 1000


def count_pages(path: Path) -> tuple[int, bool]:
    """Return how many pages or frames there are, and whether they are an animation's.

    Raises:
        SourceError: as `read_image`.
    """
    with _opened(path) as image:
        return len(_pages(image)), image.format in _ANIMATED


def taken_at(path: Path, zone: tzinfo | None = None) -> datetime | None:
    """Return when a photo says it was taken (EXIF), UTC; None if it does not say.

    Without an offset in the photo it is in `zone` (None: this machine's).
    """
    try:
        with _opened(path) as image:
            exif = image.getexif()
            tags = {**exif, **exif.get_ifd(_EXIF_TAGS)}
    except (SourceError, KeyError, TypeError):
        return None
    for taken, offset in _TAKEN:
        if when := _exif_time(tags.get(taken), tags.get(offset), zone):
            return when
    return None


def image_paths(folder: Path) -> tuple[Path, ...]:
    """Return every still below `folder`, sorted by path."""
    stills = (p for p in folder.rglob("*") if p.suffix.lower() in STILL_SUFFIXES and p.is_file())
    return tuple(sorted(stills))


@contextmanager
def _opened(path: Path) -> Iterator[PillowImage.Image]:
    if path.suffix.lower() in HEIF_SUFFIXES:
        register_heif()
    with opened(path, str(path)) as image:
        yield image


@contextmanager
def opened(
    source: Path | BytesIO, name: str, formats: tuple[str, ...] | None = None
) -> Iterator[PillowImage.Image]:
    """Open an image; what goes wrong inside is said in one line, with the name given.

    Raises:
        SourceError: not an image (of `formats`, where named), damaged, or too large.
    """
    forbid_memory_dumps()
    try:
        with PillowImage.open(source, formats=formats) as image:
            yield image
    except PillowImage.DecompressionBombError:
        raise SourceError(f"{name} is larger than 200 megapixels: make it smaller") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise SourceError(f"{name} is not a readable image ({type(error).__name__})") from None


def register_heif() -> None:
    """Let HEIC be opened like other images."""
    from pi_heif import register_heif_opener

    register_heif_opener()


def _pages(image: PillowImage.Image) -> Sequence[int]:
    """Return the numbers of the pages to read: all of an animation's, no TIFF's small previews."""
    count = int(getattr(image, "n_frames", 1))
    if count == 1 or image.format not in _ANIMATED | _PAGED:
        return [0]
    if image.format in _ANIMATED:
        apart = bool(getattr(image, "default_image", False))  # an APNG's picture for old viewers
        return range(int(apart), count)  # not a list: a header may promise billions
    pages = []
    for page in range(count):
        image.seek(page)
        if not int(dict(image.getexif()).get(_SUBFILE, 0)) & 1:
            pages.append(page)
    image.seek(0)
    return pages or [0]


def upright(image: PillowImage.Image) -> Image:
    """Return an image's pixels as it was held, RGB uint8 (H, W, 3)."""
    return _to_rgb(ImageOps.exif_transpose(image))


def _exif_time(stated: object, offset: object, zone: tzinfo | None) -> datetime | None:
    try:
        when = datetime.strptime(str(stated).strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
        if when.year < _FIRST_YEAR:  # cameras with an unset clock
            return None
        if offset:
            return datetime.fromisoformat(f"{when.isoformat()}{str(offset).strip()}").astimezone(
                UTC
            )
        return utc(when, zone)
    except (ValueError, OverflowError, OSError):
        return None


def _to_rgb(image: PillowImage.Image) -> Image:
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layered = image.convert("RGBA")
        ground = PillowImage.new("RGBA", layered.size, (_BACKGROUND,) * 4)
        image = PillowImage.alpha_composite(ground, layered)
    if image.mode.startswith("I;16") or image.mode == "I":
        deep = np.asarray(image, np.float32)
        image = PillowImage.fromarray((deep / 257.0).clip(0, 255).astype(np.uint8))
    return np.array(image.convert("RGB"), np.uint8)

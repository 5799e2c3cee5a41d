"""A photo is read from memory: what phones take, upright, and nothing of it is anywhere else."""

import io
import os
import subprocess
import sys
import traceback
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid.capture.photos import LARGEST_PHOTO, LONGEST_SIDE, read_photo
from reid.core.errors import SourceError

MARK = b"the Miller family at 48.1 N 11.5 E"


def picture(width: int = 90, height: int = 60) -> Image.Image:
    """Left half red, right half blue."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 220
    pixels[:, width // 2 :, 2] = 220
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_phones_take_is_read(kind: str) -> None:
    raw = read_photo(encoded(picture(), kind))
    assert (raw.width, raw.height) == (90, 60)
    left, right = raw.expose_unredacted()[30, 20], raw.expose_unredacted()[30, 70]
    assert left[0] > 180 > 60 > left[2] and right[2] > 180 > 60 > right[0]


def test_heic_is_read(data: Path) -> None:
    photo = data / "faults" / "p.heic"
    if not photo.is_file():
        pytest.skip("the collected files are not here")
    raw = read_photo(photo.read_bytes())
    assert (raw.width, raw.height) == (480, 270)


def test_a_photo_held_upright_is_read_upright() -> None:
    exif = Image.Exif()
    exif[274] = 6  # turned by a quarter
    raw = read_photo(encoded(picture(), "JPEG", exif=exif))
    assert (raw.width, raw.height) == (60, 90)
    assert raw.expose_unredacted()[20, 30][0] > 180, "the left is on top now"


def test_transparent_and_grey_pictures_are_read() -> None:
    clear = Image.new("RGBA", (20, 30), (0, 0, 0, 0))
    assert read_photo(encoded(clear, "PNG")).expose_unredacted().min() == 255
    assert (
        read_photo(encoded(Image.new("L", (20, 30), 77), "PNG")).expose_unredacted()[0, 0, 0] == 77
    )


def test_a_large_photo_is_scaled() -> None:
    raw = read_photo(encoded(picture(6000, 3000), "JPEG"))
    assert (raw.width, raw.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)


@cache
def bad_photos() -> dict[str, bytes]:
    whole = encoded(picture(), "JPEG", comment=MARK)
    return {
        "empty": b"",
        "no picture": MARK * 100,
        "cut off": whole[: len(whole) // 2],
        "too large": MARK * (LARGEST_PHOTO // len(MARK) + 2),
        "too many pixels": encoded(Image.new("1", (15_000, 9_000)), "PNG"),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n" + MARK,
        "TIFF": encoded(picture(), "TIFF"),
        "a bad HEIC": b"\0\0\0\x18ftypheic" + MARK * 20,
    }


@pytest.mark.parametrize("which", bad_photos())
def test_what_is_no_photo_is_refused_without_a_word_of_it(which: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_photo(bad_photos()[which])
    said = "".join(traceback.format_exception(caught.value))
    assert str(caught.value).startswith("the photo is ")
    assert "Miller" not in said and "/" not in str(caught.value)


WATCHED = """
import sys
written = []

def hook(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)) and "w" in str(args[1] or ""):
        written.append(str(args[0]))
    if event.split(".")[0] in ("tempfile", "subprocess") or event in ("os.mkdir", "os.rename"):
        written.append(event)

from reid.capture.photos import read_photo
from reid.core.errors import SourceError
data = sys.stdin.buffer.read()
read_photo(data)  # decoders are loaded
sys.addaudithook(hook)
read_photo(data)
try:
    read_photo(data[: len(data) // 2])
except SourceError:
    pass
print(written)
"""


def test_no_file_is_opened_for_writing(tmp_path: Path) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (900, 1200, 3), np.uint8)
    data = encoded(Image.fromarray(noise), "PNG")
    assert len(data) > 2 * 1024 * 1024
    done = subprocess.run(
        [sys.executable, "-c", WATCHED],
        input=data, capture_output=True, check=True, cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.strip() == b"[]"
    assert list(tmp_path.iterdir()) == []

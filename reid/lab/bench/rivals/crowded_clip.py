"""A clip of 1280 × 720 in which a given number of people walk, to see what each one more costs.

People are cut out of the clips that ship with the product and pasted side by side before a still
background.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np

from reid.core.pixels import Image
from reid.lab.bench.data.venue_sets import Clip, Shown, demo_folder, read_venue

WIDTH: Final = 1280
HEIGHT: Final = 720
FPS: Final = 10

_TALL: Final = 190  # px: a person as pasted, with their surroundings
_CUT: Final = 1.25  # times the person's height: how much is cut out
_SHAPE: Final = 0.5  # width ÷ height of what is cut out
_SWAY: Final = 24.0  # px to each side
_PERIOD: Final = 40  # frames from side to side and back
_SEEN: Final = 0.9
_FEWEST, _MOST = 8, 28  # pictures of each person, played to and fro
_GRAIN: Final = 2.0  # levels of noise, standard deviation
_NOISES: Final = 8
_ROW: Final = 6  # people side by side

LARGEST: Final = 3 * _ROW
"""People for whom there is room."""


def write_crowd(path: Path, people: int, frames: int, fps: int = FPS, share: float = 1.0) -> None:
    """Write a clip of so many `people` and `frames`; people up to `LARGEST`.

    `share` is that of the frames in which they are there: in the middle of the clip.
    """
    cast = _cast()
    grainy = _grainy(_background())
    away = round(frames * (1 - share) / 2)
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(frames):
            picture = grainy[number % len(grainy)].copy()
            for slot in range(people if away <= number < frames - away else 0):
                takes = cast[slot % len(cast)]
                _paste(picture, takes[_to_and_fro(number + 5 * slot, len(takes))], slot, number)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))


def _grainy(picture: Image) -> list[Image]:
    """Return a picture with the noise of a camera, several times."""
    draw = np.random.default_rng(0)
    noise = (draw.normal(0, _GRAIN, picture.shape) for _ in range(_NOISES))
    return [np.clip(picture + some, 0, 255).astype(np.uint8) for some in noise]


def _to_and_fro(number: int, length: int) -> int:
    turn = number % max(1, 2 * length - 2)
    return min(turn, 2 * length - 2 - turn)


def _paste(picture: Image, person: Image, slot: int, number: int) -> None:
    high, wide = person.shape[:2]
    sway = _SWAY * np.sin(2 * np.pi * (number + 7 * slot) / _PERIOD)
    left = round((slot % _ROW + 0.5) * WIDTH / _ROW - wide / 2 + sway)
    top = 20 + (slot // _ROW) * (_TALL + 40)
    picture[top : top + high, left : left + wide] = person


def _cast() -> list[list[Image]]:
    """Return pictures of everybody who walks alone for a while, in the order they were filmed."""
    takes: dict[str, list[Image]] = {}
    for clip in read_venue(demo_folder()).clips:
        for pixels, shown in zip(_frames(clip), clip.frames, strict=False):
            for one in shown:
                mine = takes.setdefault(one.person, [])
                full = one.visible >= _SEEN and one.head_visible >= _SEEN
                if full and len(mine) < _MOST and _alone(one, shown):
                    mine.append(_cut_out(pixels, one.box))
    return [pictures for pictures in takes.values() if len(pictures) >= _FEWEST]


def _alone(one: Shown, shown: Sequence[Shown]) -> bool:
    """Whether nobody else is in what would be cut out."""
    x, half = (one.box[0] + one.box[2]) / 2, (one.box[3] - one.box[1]) * _CUT * _SHAPE / 2
    others = [other.box for other in shown if other is not one]
    return all(box[2] < x - half or box[0] > x + half for box in others)


def _cut_out(pixels: Image, box: np.ndarray[Any, np.dtype[np.float32]]) -> Image:
    x, y = float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2
    high = float(box[3] - box[1]) * _CUT
    scale = _TALL / high
    size = (round(_TALL * _SHAPE), _TALL)
    matrix = np.array([[scale, 0, size[0] / 2 - x * scale], [0, scale, size[1] / 2 - y * scale]])
    cut = cv2.warpAffine(pixels, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def _background() -> Image:
    """Return the place of a bundled clip, out of focus."""
    first = next(_frames(read_venue(demo_folder()).clips[0]))
    large = cv2.resize(first, (WIDTH, HEIGHT))
    return np.asarray(cv2.GaussianBlur(large, (0, 0), 25), np.uint8)


def _frames(clip: Clip) -> Iterator[Image]:
    with av.open(str(clip.path)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)

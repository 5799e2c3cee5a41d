"""Frames of `reid synth scenes` → training pictures of the detector: cut, joined, restyled.

A picture is one cut of a frame, or four joined at a random corner (mosaic, Bochkovskiy et al.
2020). How large people are, and how much of them the picture's edge leaves, is drawn anew each
time; so is everything a camera or a lens might do to colours and edges.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.capture.images import read_image
from reid.core.errors import ReidError
from reid.lab.train.style import restyle, scribble

Image = NDArray[np.uint8]
Labels = NDArray[np.float32]
Rng = np.random.Generator

EMPTY: Final = 114
"""Grey of what no frame covers; the detector's letter-boxing uses the same."""

_MOSAIC: Final = 0.5  # share of pictures
_AIMED: Final = 0.75  # share of cuts that are centred near somebody
_PERSON: Final = (0.05, 2.2)  # height of who a cut is aimed at, share of the picture
_ZOOM: Final = (0.8, 2.5)  # of cuts aimed at nobody: times the scale at which a frame just fits
_SCALES: Final = (0.1, 2.2)  # pixels of the picture for one of the frame
_FILLED: Final = 0.8  # of a cut's longer side, what a whole frame fills at least
_LEAST_LEFT: Final = 0.25  # share of a box's area that must be inside the cut
_PLAIN: Final = 0.06  # share of the cut from which a person counts however little of them is in it
_LEAST_SIDE: Final = 4.0  # px
_SCRIBBLED: Final = 0.35  # share of pictures with shapes that are nobody


@dataclass(frozen=True, slots=True)
class Scenes:
    """Frames in memory.

    Attributes:
        frames: uint8 (H, W, 3), RGB, of various sizes.
        labels: float32 (n, 5) each: class (0 person, 1 head), then xyxy in px.
        levels: each frame at its own size, a half and a quarter; a cut is made from the smallest
            that it need not enlarge, bilinearly, as detectors shrink what they are given.
    """

    frames: list[Image]
    labels: list[Labels]
    levels: list[tuple[Image, Image, Image]] = field(init=False)

    def __post_init__(self) -> None:
        halves = [_halved(frame) for frame in self.frames]
        quarters = [_halved(half) for half in halves]
        object.__setattr__(self, "levels", list(zip(self.frames, halves, quarters, strict=True)))


def load(folders: Sequence[Path], split: str = "train") -> Scenes:
    """Read what `reid synth scenes` wrote into folders.

    Raises:
        ReidError: there is nothing in one of them.
    """
    labelled = [pair for folder in folders for pair in _labelled(folder, split)]
    with ThreadPoolExecutor() as pool:
        frames = list(pool.map(read_image, [path for path, _ in labelled]))
    labels = [
        _read(text, frame.shape[1], frame.shape[0])
        for frame, (_, text) in zip(frames, labelled, strict=True)
    ]
    return Scenes(frames, labels)


def _labelled(folder: Path, split: str) -> list[tuple[Path, Path]]:
    paths = sorted((folder / "images" / split).glob("*.jpg"))
    labels = [folder / "labels" / split / f"{path.stem}.txt" for path in paths]
    found = [pair for pair in zip(paths, labels, strict=True) if pair[1].is_file()]
    if not found:
        raise ReidError(f"no labelled frames in {folder}: run `reid synth scenes {folder}` first")
    return found


def _halved(frame: Image) -> Image:
    sides = max(frame.shape[1] // 2, 1), max(frame.shape[0] // 2, 1)
    return np.asarray(cv2.resize(frame, sides, interpolation=cv2.INTER_AREA), np.uint8)


def _read(path: Path, width: int, height: int) -> Labels:
    rows = [[float(word) for word in line.split()] for line in path.read_text().splitlines()]
    table = np.array(rows, np.float32).reshape(-1, 5)
    half = table[:, 3:] / 2
    corners = np.concatenate([table[:, 1:3] - half, table[:, 1:3] + half], axis=1)
    corners *= np.array([width, height, width, height], np.float32)
    return np.concatenate([table[:, :1], corners], axis=1)


def draw(scenes: Scenes, random: Rng, size: int) -> tuple[Image, Labels]:
    """Make one training picture.

    Args:
        scenes: where it is cut from.
        random: draws everything.
        size: px of its sides.

    Returns:
        uint8 (size, size, 3), RGB, and float32 (n, 5): class, then xyxy in px.
    """
    picture = np.full((size, size, 3), EMPTY, np.uint8)
    labels = []
    for x0, y0, x1, y1 in _tiles(random, size):
        tile, found = cut(scenes, random, (x1 - x0, y1 - y0), size)
        picture[y0:y1, x0:x1] = tile
        labels.append(found + np.array([0, x0, y0, x0, y0], np.float32))
    joined = np.concatenate(labels)
    if random.random() < 0.5:
        picture = np.asarray(cv2.flip(picture, 1), np.uint8)
        joined[:, [1, 3]] = size - joined[:, [3, 1]]
    if random.random() < _SCRIBBLED:
        joined = scribble(picture, joined, random)
    return restyle(picture, random), joined


def _tiles(random: Rng, size: int) -> list[tuple[int, int, int, int]]:
    if random.random() >= _MOSAIC:
        return [(0, 0, size, size)]
    x, y = (int(v) for v in random.uniform(0.3, 0.7, 2) * size)
    return [(0, 0, x, y), (x, 0, size, y), (0, y, x, size), (x, y, size, size)]


def cut(scenes: Scenes, random: Rng, shape: tuple[int, int], size: int) -> tuple[Image, Labels]:
    """Cut (width, height) px out of a random frame, at a random scale and place.

    `size` is what the scale is measured by: px of the whole picture that this is a tile of.
    """
    number = int(random.integers(len(scenes.frames)))
    frame, labels = scenes.frames[number], scenes.labels[number]
    people = labels[labels[:, 0] == 0]
    aim = None
    if len(people) and random.random() < _AIMED:
        aim = people[int(random.integers(len(people))), 1:]
    scale = _scale(frame, aim, random, size)
    if min(shape) < size:  # a tile of a mosaic shows less, so show it smaller
        scale *= float(random.uniform(0.5, 1.0))
    scale = max(scale, _FILLED * max(shape) / max(frame.shape[:2]))
    wide, tall = shape[0] / scale, shape[1] / scale
    left, top = _corner(frame, aim, random, wide, tall)
    shift = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]], np.float64)
    level = 0 if scale > 0.5 else 1 if scale > 0.25 else 2
    left, top, wide, tall = (side / 2**level for side in (left, top, wide, tall))
    tile = _window(scenes.levels[number][level], (left, top, wide, tall), shape)
    return tile, _moved(labels, shift, shape)


def _scale(frame: Image, aim: Labels | None, random: Rng, size: int) -> float:
    """Draw how many pixels of the picture show one of the frame.

    By the height that whoever is aimed at shall have: people are as often near as far, whatever
    camera saw them.
    """
    if aim is None:
        return float(size / max(frame.shape[:2]) * np.exp(random.uniform(*np.log(_ZOOM))))
    wanted = size * float(np.exp(random.uniform(*np.log(_PERSON))))
    return float(np.clip(wanted / max(float(aim[3] - aim[1]), 1.0), *_SCALES))


def _corner(
    frame: Image, aim: Labels | None, random: Rng, wide: float, tall: float
) -> tuple[float, float]:
    """Draw the upper left corner of a cut of `wide` × `tall` px of the frame."""
    height, width = frame.shape[:2]
    if aim is not None:
        x, y = aim[:2] + (aim[2:] - aim[:2]) * random.uniform(0, 1, 2)
    else:
        x, y = random.uniform(0, 1, 2) * (width, height)
    left = float(x) - wide * random.uniform(0.2, 0.8)
    top = float(y) - tall * random.uniform(0.2, 0.8)
    return _kept_inside(left, wide, width), _kept_inside(top, tall, height)


def _kept_inside(start: float, length: float, whole: int) -> float:
    """Move a span so that it does not leave the frame, or centre it where it is longer."""
    if length >= whole:
        return (whole - length) / 2
    return float(np.clip(start, 0, whole - length))


def _window(
    frame: Image, window: tuple[float, float, float, float], shape: tuple[int, int]
) -> Image:
    """Return (left, top, wide, tall) of a frame at (width, height) px; grey where it has none."""
    left, top, wide, tall = window
    height, width = frame.shape[:2]
    x0, y0 = max(int(left), 0), max(int(top), 0)
    x1, y1 = min(round(left + wide), width), min(round(top + tall), height)
    scale_x, scale_y = shape[0] / wide, shape[1] / tall
    to_x, to_y = max(round((x0 - left) * scale_x), 0), max(round((y0 - top) * scale_y), 0)
    to_w = min(max(round((x1 - x0) * scale_x), 1), shape[0] - to_x)
    to_h = min(max(round((y1 - y0) * scale_y), 1), shape[1] - to_y)
    out = np.full((shape[1], shape[0], 3), EMPTY, np.uint8)
    part = cv2.resize(frame[y0:y1, x0:x1], (to_w, to_h), interpolation=cv2.INTER_LINEAR)
    out[to_y : to_y + to_h, to_x : to_x + to_w] = part
    return out


def _moved(labels: Labels, shift: NDArray[np.float64], shape: tuple[int, int]) -> Labels:
    """Return the labels that a cut keeps, in its pixels."""
    boxes = labels[:, 1:].reshape(-1, 2, 2) @ shift[:, :2].T.astype(np.float32)
    boxes = (boxes + shift[:, 2].astype(np.float32)).reshape(-1, 4)
    limit = np.array([*shape, *shape], np.float32)
    inside = np.clip(boxes, 0, limit)
    sides, whole = inside[:, 2:] - inside[:, :2], boxes[:, 2:] - boxes[:, :2]
    left = sides.prod(axis=1) / np.maximum(whole.prod(axis=1), 1e-6)
    near = (labels[:, 0] == 0) & (sides.prod(axis=1) >= _PLAIN * shape[0] * shape[1])
    kept = ((left >= _LEAST_LEFT) | near) & (sides.min(axis=1) >= _LEAST_SIDE)
    return np.asarray(np.concatenate([labels[:, :1], inside], axis=1)[kept], np.float32)

"""Heads cut out of rendered crops (`reid synth crops`), as photos for a recogniser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.errors import SourceError
from reid.lab.synth.scene import HEAD

Photo = NDArray[np.uint8]

SIZE: Final = (46, 56)
"""Width and height of a photo, px: twice that of the reference faces."""

MOST_PHOTOS: Final = 10
FEWEST_PHOTOS: Final = 4
_LEAST_HEAD: Final = 20.0  # px
_LEFT_EYE, _RIGHT_EYE = 1, 2  # COCO's joints; seen from before, the left eye is on the right
_APART: Final = 0.2  # of the head's width: the eyes of somebody who looks towards the camera
_FACE_SHARE: Final = 0.3  # of the head's box that must be skin
_DARK, _BRIGHT = 5, 95  # percentiles that become black and white


def is_rendered(data: Path) -> bool:
    """Whether `data` holds shards of rendered crops."""
    return any(data.glob("shard-*/head_box.npy"))


def read_rendered(data: Path) -> list[list[Photo]]:
    """Return grey photos (56, 46) by person, of heads turned towards the camera.

    Clothes, cameras, light and pose differ between a person's photos, the face does not.

    Raises:
        SourceError: damaged.
    """
    photos: dict[tuple[str, int], list[Photo]] = {}
    try:
        for shard in sorted(data.glob("shard-*[0-9]")):
            for identity, photo in _shard(shard):
                photos.setdefault((shard.name, identity), []).append(photo)
    except (OSError, ValueError) as error:
        raise SourceError(f"{data} is damaged ({type(error).__name__}): render it again") from None
    known = (taken[:MOST_PHOTOS] for _, taken in sorted(photos.items()))
    return [taken for taken in known if len(taken) >= FEWEST_PHOTOS]


def _shard(shard: Path) -> Iterator[tuple[int, Photo]]:
    names = ("image", "parts", "head_box", "joints", "identity")
    arrays = (np.load(shard / f"{name}.npy") for name in names)
    for image, parts, head, joint, identity in zip(*arrays, strict=True):
        large = np.isfinite(head).all() and head[3] - head[1] >= _LEAST_HEAD
        if large and _looks_here(parts, head, joint):
            yield int(identity), _cut(image, head)


def _looks_here(
    parts: NDArray[np.uint8], head: NDArray[np.float32], joints: NDArray[np.float32]
) -> bool:
    """Whether eyes are apart and skin is seen, as of a face that is turned towards the camera."""
    apart = joints[_LEFT_EYE, 0] - joints[_RIGHT_EYE, 0]
    x0, y0, x1, y1 = np.clip(np.rint(head), 0, None).astype(int)
    skin = (parts[y0:y1, x0:x1] == HEAD).mean() if x1 > x0 and y1 > y0 else 0.0
    return bool(apart > _APART * (head[2] - head[0]) and skin > _FACE_SHARE)


def _cut(image: NDArray[np.uint8], head: NDArray[np.float32]) -> Photo:
    """Return the head in grey, cut to the shape of a photo, as bright as photos are."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    middle, scale = (head[:2] + head[2:]) / 2, SIZE[1] / float(head[3] - head[1])
    shift = np.array(SIZE) / 2 - middle * scale
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    cut = cv2.warpAffine(grey, matrix, SIZE, borderMode=cv2.BORDER_REPLICATE)
    low, high = np.percentile(cut, (_DARK, _BRIGHT))
    even = (cut.astype(np.float32) - low) / max(1.0, float(high - low)) * 255
    return np.asarray(np.clip(even, 0, 255), np.uint8)

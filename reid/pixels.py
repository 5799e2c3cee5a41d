"""Pixels, raw and redacted: the one place where heads are destroyed.

`RawFrame` hides what a camera saw; `redact` paints over every head box and returns a
`RedactedFrame`, from which `RedactedCrop`s are cut. Everything that is embedded, stored, shown or
written takes the redacted types, so passing raw pixels on is a type error. Both redacted types are
backed by `bytes`, which cannot be reopened for writing, and are built only in this file.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NoReturn, final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.tracks import Boxes, areas, as_boxes, clip, empty_boxes

Image = NDArray[np.uint8]

_PixelBox = tuple[int, int, int, int]

REDACTION: Final = "surroundings-2"
"""Names how heads are painted; changes whenever the painting does."""

UNREDACTED: Final = "none"
"""The policy of research images whose heads were left on purpose; `encode()` refuses them."""

_SEAL: Final = object()
_MARK: Final = b"reid redacted "
_GREY: Final = 127
_CONTEXT: Final = 0.6  # of the box's sides: how far around a head its replacement is taken from
_MIN_CONTEXT: Final = 4  # px
_GRID: Final = 24  # cells a side: the replacement is computed this coarsely, hence soft
_SAMPLES: Final = 4  # a cell's side, pixels looked at: of large surroundings only every n-th counts
_SPREAD: Final = 5.0  # cells: standard deviation of the blur of the surroundings
_JPEG_QUALITY: Final = 92


@dataclass(frozen=True, slots=True)
class FrameKey:
    """Which frame: camera id, running number in its source, time (UTC)."""

    camera: str
    index: int
    time: datetime

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise ValueError("a frame's time must carry a time zone")


def _forbidden(self: object, *_: object) -> NoReturn:
    raise TypeError(f"a {type(self).__name__} cannot be copied, pickled or saved: redact() it")


@final
class RawFrame:
    """A frame as the camera saw it. Its pixels cannot be printed, pickled, copied or saved.

    Args:
        pixels: uint8 RGB, shape (H, W, 3); not copied.
        camera: camera id.
        index: running number of the frame in its source.
        time: when it was taken, with time zone.

    Raises:
        ValueError: another dtype or shape, an empty image, or a time without zone.
    """

    __slots__ = ("__pixels", "key")

    __pixels: Image
    key: FrameKey

    def __init__(self, pixels: Image, camera: str, index: int, time: datetime) -> None:
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ValueError(f"a frame must be uint8 (H, W, 3), got {pixels.dtype} {pixels.shape}")
        if pixels.size == 0:
            raise ValueError(f"a frame must not be empty, got shape {pixels.shape}")
        object.__setattr__(self, "_RawFrame__pixels", pixels)
        object.__setattr__(self, "key", FrameKey(camera, index, time))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a RawFrame is immutable")

    @property
    def camera(self) -> str:
        return self.key.camera

    @property
    def index(self) -> int:
        return self.key.index

    @property
    def time(self) -> datetime:
        return self.key.time

    @property
    def height(self) -> int:
        return int(self.__pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.__pixels.shape[1])

    def expose_unredacted(self) -> Image:
        """Return the raw pixels, read-only uint8 (H, W, 3) RGB. For `people` and `heads` alone."""
        view = self.__pixels.view()
        view.flags.writeable = False
        return view

    def __repr__(self) -> str:
        return (
            f"RawFrame({self.width}×{self.height}, camera={self.camera!r}, "
            f"index={self.index}, pixels hidden)"
        )

    __reduce__ = _forbidden
    __reduce_ex__ = _forbidden
    __getstate__ = _forbidden
    __copy__ = _forbidden
    __deepcopy__ = _forbidden


class _Redacted:
    """Immutable pixels whose heads are gone."""

    __slots__ = ("_data", "_shape", "key", "policy")

    _data: bytes
    _shape: tuple[int, int, int]
    key: FrameKey
    policy: str

    def __init__(self, seal: object, pixels: Image, key: FrameKey, policy: str) -> None:
        if seal is not _SEAL:
            raise TypeError(f"a {type(self).__name__} is made by redact() or decode() only")
        self._set("_data", np.ascontiguousarray(pixels).tobytes())
        self._set("_shape", pixels.shape)
        self._set("key", key)
        self._set("policy", policy)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} is immutable")

    @property
    def pixels(self) -> Image:
        """Read-only uint8 (H, W, 3) RGB."""
        return np.frombuffer(self._data, np.uint8).reshape(self._shape)

    @property
    def camera(self) -> str:
        return self.key.camera

    @property
    def index(self) -> int:
        return self.key.index

    @property
    def time(self) -> datetime:
        return self.key.time

    @property
    def height(self) -> int:
        return self._shape[0]

    @property
    def width(self) -> int:
        return self._shape[1]

    def encode(self) -> bytes:
        """Return a JPEG that carries the mark of redaction and nothing else (no EXIF).

        Raises:
            ValueError: a research image that kept its head.
        """
        if self.policy.split("/")[0] == UNREDACTED:
            raise ValueError("an image that kept its head for research is never written")
        bgr = cv2.cvtColor(self.pixels, cv2.COLOR_RGB2BGR)
        ok, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        if not ok:
            raise ValueError(f"could not encode an image of {self.width}×{self.height} pixels")
        return _with_mark(data.tobytes(), self.policy)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.width}×{self.height}, camera={self.camera!r}, "
            f"index={self.index}, policy={self.policy!r})"
        )


@final
class RedactedFrame(_Redacted):
    """A whole frame whose heads are painted over. Made by `redact` only.

    Attributes:
        painted: float32 (M, 4), xyxy px: what was painted over; read-only.
    """

    __slots__ = ("painted",)

    painted: Boxes

    def __init__(
        self, seal: object, pixels: Image, key: FrameKey, policy: str, painted: Boxes
    ) -> None:
        super().__init__(seal, pixels, key, policy)
        frozen = np.frombuffer(painted.astype(np.float32).tobytes(), np.float32).reshape(-1, 4)
        self._set("painted", frozen)

    def crop(self, box: Boxes, track_id: int) -> "RedactedCrop":
        """Cut out `box` (xyxy px, shape (4,)), clipped to the frame, at least one pixel large."""
        ((x0, y0, x1, y1),) = _snap(as_boxes([box]), self.width, self.height)
        x0, y0 = min(x0, self.width - 1), min(y0, self.height - 1)
        x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
        cut = np.array([x0, y0, x1, y1], np.float32)
        corner = np.array([x0, y0, x0, y0], np.float32)
        painted = clip(self.painted - corner, x1 - x0, y1 - y0)
        painted = painted[areas(painted) > 0]
        place = CropPlace(cut, track_id, self.width, self.height, painted)
        return RedactedCrop(_SEAL, self.pixels[y0:y1, x0:x1], self.key, self.policy, place)


@dataclass(frozen=True, slots=True)
class CropPlace:
    """Where a crop was cut out.

    Attributes:
        box: float32 (4,), xyxy px in its frame; made read-only.
        track_id: the person's track in its source.
        frame_width, frame_height: size of that frame, px.
        painted: float32 (M, 4), xyxy px in the crop: what redaction painted; read-only.
    """

    box: Boxes
    track_id: int
    frame_width: int
    frame_height: int
    painted: Boxes = field(default_factory=empty_boxes)

    def __post_init__(self) -> None:
        if np.shape(self.box) != (4,):
            raise ValueError(f"a crop's box must have shape (4,), got {np.shape(self.box)}")
        for name in ("box", "painted"):
            value = np.asarray(getattr(self, name), np.float32)
            frozen = np.frombuffer(value.tobytes(), np.float32).reshape(value.shape)
            object.__setattr__(self, name, frozen)


@final
class RedactedCrop(_Redacted):
    """One person, cut out of a redacted frame; `place` says where."""

    __slots__ = ("place",)

    place: CropPlace

    def __reduce__(self) -> tuple[object, ...]:
        """Cross to another process as what is stored: a JPEG that carries the mark, or not at all.

        Raises:
            ValueError: a research image that kept its head.
        """
        return _arrived, (self.encode(), self.key, self.place)

    def __init__(
        self, seal: object, pixels: Image, key: FrameKey, policy: str, place: CropPlace
    ) -> None:
        super().__init__(seal, pixels, key, policy)
        self._set("place", place)

    @property
    def box(self) -> Boxes:
        """float32 (4,), xyxy px in the frame it was cut from; read-only."""
        return self.place.box

    @property
    def track_id(self) -> int:
        return self.place.track_id


def redact(raw: RawFrame, heads: Boxes, policy: str = "head") -> RedactedFrame:
    """Paint over every head box with a soft blur of what surrounds it.

    The paint is computed from pixels outside *all* boxes and its shape from the boxes alone:
    whatever is inside the boxes, the result is the same to the bit. Pixels outside are unchanged.
    Boxes that touch are painted as one: a head that is remembered from frame to frame is a dozen.

    Args:
        raw: the frame.
        heads: float32 (M, 4), xyxy px; may overlap, leave the frame or cover it whole.
        policy: which region the boxes stand for, kept with the result.

    Raises:
        ValueError: a box that is not a number.
    """
    boxes = as_boxes(heads)
    if np.isnan(boxes).any():
        raise ValueError("a head box must not hold NaN")
    pixels = raw.expose_unredacted()
    snapped = _outermost(_snap(boxes, raw.width, raw.height))
    hidden = np.zeros(pixels.shape[:2], bool)
    for x0, y0, x1, y1 in snapped:
        hidden[y0:y1, x0:x1] = True
    painted = pixels.copy()
    for (x0, y0, x1, y1), inside in _regions(snapped):
        paint = _surroundings(pixels, hidden, (x0, y0, x1, y1))
        np.copyto(painted[y0:y1, x0:x1], paint, where=inside[..., None])
    return RedactedFrame(_SEAL, painted, raw.key, f"{policy}/{REDACTION}", as_boxes(snapped))


def decode(data: bytes, key: FrameKey, place: CropPlace) -> RedactedCrop:
    """Read back a crop that `RedactedCrop.encode` wrote.

    Raises:
        ValueError: bytes that do not carry the mark of redaction, or are damaged.
    """
    policy = str(redaction_mark(marked(data)))
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError("a stored redacted image is damaged")
    pixels = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    return RedactedCrop(_SEAL, pixels, key, policy, place)


def _arrived(data: bytes, key: FrameKey, place: CropPlace) -> RedactedCrop:
    """Read a crop that came from another process; its arrays are made read-only again."""
    return decode(data, key, replace(place))


def marked(data: bytes) -> bytes:
    """Return encoded bytes as they are, if they carry the mark of redaction.

    Raises:
        ValueError: they do not.
    """
    if redaction_mark(data) is None:
        raise ValueError("these bytes are not a redacted image of this program")
    return data


def redaction_mark(data: bytes) -> str | None:
    """Return the policy that encoded bytes say they were redacted under, or None."""
    if data[:4] != b"\xff\xd8\xff\xfe" or data[6 : 6 + len(_MARK)] != _MARK:
        return None
    end = 4 + int.from_bytes(data[4:6], "big")
    return data[6 + len(_MARK) : end].decode("ascii", "replace")


def _with_mark(jpeg: bytes, policy: str) -> bytes:
    comment = _MARK + policy.encode("ascii", "replace")
    length = (len(comment) + 2).to_bytes(2, "big")
    return jpeg[:2] + b"\xff\xfe" + length + comment + jpeg[2:]


def _snap(boxes: Boxes, width: int, height: int) -> list[_PixelBox]:
    """Round boxes (M, 4) outwards to whole pixels and cut them at the image's borders."""
    within = clip(boxes, width, height)
    whole = np.concatenate([np.floor(within[:, :2]), np.ceil(within[:, 2:])], axis=1)
    return [(x0, y0, x1, y1) for x0, y0, x1, y1 in whole.astype(int).tolist()]


def _outermost(boxes: list[_PixelBox]) -> list[_PixelBox]:
    """Leave out boxes without area and boxes that lie inside another one."""
    large = sorted({b for b in boxes if b[2] > b[0] and b[3] > b[1]}, key=_area, reverse=True)
    kept: list[_PixelBox] = []
    for box in large:
        if not any(_inside(box, other) for other in kept):
            kept.append(box)
    return kept


def _area(box: _PixelBox) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _inside(box: _PixelBox, other: _PixelBox) -> bool:
    return box[0] >= other[0] and box[1] >= other[1] and box[2] <= other[2] and box[3] <= other[3]


def _regions(boxes: list[_PixelBox]) -> Iterator[tuple[_PixelBox, NDArray[np.bool_]]]:
    """Yield the bounding box of boxes that touch each other, and which of its pixels are theirs."""
    touching = _touching(np.array(boxes, np.int64).reshape(-1, 4))
    todo = set(range(len(boxes)))
    while todo:
        region: set[int] = set()
        edge = {min(todo)}
        while edge:
            region |= edge
            edge = set(np.flatnonzero(touching[list(edge)].any(axis=0)).tolist()) - region
        todo -= region
        yield _union([boxes[i] for i in sorted(region)])


def _union(boxes: list[_PixelBox]) -> tuple[_PixelBox, NDArray[np.bool_]]:
    """Return the bounding box of some boxes, and which of its pixels are in one of them."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    inside = np.zeros((bottom - top, right - left), np.bool_)
    for x0, y0, x1, y1 in boxes:
        inside[y0 - top : y1 - top, x0 - left : x1 - left] = True
    return (left, top, right, bottom), inside


def _touching(boxes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which boxes (M, 4) overlap or share a piece of an edge; shape (M, M)."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    shared = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - low
    return np.asarray((shared >= 0).all(axis=2) & (shared > 0).any(axis=2), np.bool_)


def _surroundings(pixels: Image, hidden: NDArray[np.bool_], box: _PixelBox) -> Image:
    """Return the paint for `box`: the normalised blur of the pixels around that are not hidden.

    Normalised convolution (Knutsson & Westin 1993): blur colour × certainty and certainty alone
    with the same kernel and divide; here certainty is 0 inside head boxes and 1 outside.
    """
    x0, y0, x1, y1 = box
    height, width = hidden.shape
    margin_x = max(_MIN_CONTEXT, int((x1 - x0) * _CONTEXT))
    margin_y = max(_MIN_CONTEXT, int((y1 - y0) * _CONTEXT))
    left, top = max(0, x0 - margin_x), max(0, y0 - margin_y)
    right, bottom = min(width, x1 + margin_x), min(height, y1 + margin_y)
    if hidden[top:bottom, left:right].all():  # crowded: take the whole frame as context
        left, top, right, bottom = 0, 0, width, height
    step = max(1, min(right - left, bottom - top) // (_SAMPLES * _GRID))
    sampled = np.s_[top:bottom:step, left:right:step]
    certainty = (~hidden[sampled]).astype(np.float32)
    if not certainty.any():
        return np.full((y1 - y0, x1 - x0, 3), _GREY, np.uint8)
    colour = np.multiply(pixels[sampled], certainty[..., None], dtype=np.float32)
    grid = (min(_GRID, certainty.shape[1]), min(_GRID, certainty.shape[0]))
    weight = _blur(_resize(certainty, grid))
    mixed = np.divide(_blur(_resize(colour, grid)), np.maximum(weight, 1e-12)[..., None])
    paint = _resize(np.asarray(mixed, np.float32), (right - left, bottom - top))
    inside = paint[y0 - top : y1 - top, x0 - left : x1 - left]
    return np.clip(np.rint(inside), 0, 255).astype(np.uint8)


def _resize(image: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    shrinks = size[0] <= image.shape[1] and size[1] <= image.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how), np.float32)


def _blur(image: NDArray[np.float32]) -> NDArray[np.float32]:
    zero_outside = cv2.BORDER_CONSTANT
    blurred = cv2.GaussianBlur(image, (0, 0), sigmaX=_SPREAD, borderType=zero_outside)
    return np.asarray(blurred, np.float32)

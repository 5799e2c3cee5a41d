"""Pixels, raw and redacted: the one place where heads are destroyed.

`RawFrame` hides what a camera saw; `redact` paints over every head box and returns a
`RedactedFrame`, from which `RedactedCrop`s are cut. Everything that is embedded, stored, shown or
written takes the redacted types, so passing raw pixels on is a type error. Both redacted types are
backed by `bytes`, which cannot be reopened for writing, and are built only in this file.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NoReturn, final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.painting import REDACTION, mask_of, outermost, paint_over, snap
from reid.tracks import Boxes, areas, as_boxes, clip, empty_boxes

Image = NDArray[np.uint8]

UNREDACTED: Final = "none"
"""The policy of research images whose heads were left on purpose; `encode()` refuses them."""

_SEAL: Final = object()
_MARK: Final = b"reid redacted "
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
        ((x0, y0, x1, y1),) = snap(as_boxes([box]), self.width, self.height)
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
    snapped = outermost(snap(boxes, raw.width, raw.height))
    hidden = mask_of(snapped, raw.width, raw.height)
    painted = paint_over(raw.expose_unredacted(), hidden, snapped)
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

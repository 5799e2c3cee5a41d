"""Pixels, raw and redacted: the one place where heads are destroyed.

`RawFrame` hides what a camera saw; `redact` paints over the `HeadRegions` of that frame and returns
a `RedactedFrame`, from which `RedactedCrop`s are cut. Everything that is stored, shown or written
takes the redacted types, so passing raw pixels on is a type error. Embedders take a `ResearchCrop`
too, which may show a head and which only the laboratory can make. All of them are sealed: they are
built in this file alone, and their pixels are backed by `bytes`, which cannot be reopened for
writing.
"""

from dataclasses import InitVar, dataclass, field, replace
from datetime import datetime
from typing import Final, Literal, NoReturn, Self, TypeVar, final

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, areas, as_boxes, clip, empty_boxes, turned_boxes
from reid.core.memory_dumps import forbid_memory_dumps
from reid.core.painting import REDACTION, Mask, PixelBox, mask_of, outermost, paint_over, snap
from reid.core.redaction_mark import marked, redaction_mark, with_mark

Image = NDArray[np.uint8]

Profile = Literal["head", "face"]
"""What goes: the whole head, or the face with hats and hair kept."""

_PROFILES: Final[tuple[Profile, ...]] = ("head", "face")

_SEAL: Final = object()
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


@dataclass(frozen=True, slots=True)
class FrameRef:
    """A frame without its pixels: which one it is, and its width and height in px."""

    key: FrameKey
    width: int
    height: int


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
        forbid_memory_dumps()
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
    def ref(self) -> FrameRef:
        """Which frame this is, without its pixels."""
        return FrameRef(self.key, self.width, self.height)

    @property
    def height(self) -> int:
        return int(self.__pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.__pixels.shape[1])

    def turned(self, quarters: int) -> "RawFrame":
        """Return the frame turned counter-clockwise by so many quarters."""
        if quarters % 4 == 0:
            return self
        return RawFrame(np.rot90(self.__pixels, quarters), self.camera, self.index, self.time)

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


@final
@dataclass(frozen=True, slots=True, eq=False)
class HeadRegions:
    """What `redact` paints over in one frame. Nobody writes one down: the head finder makes it.

    Without regions it says that the finder looked at this very frame and found nobody. Regions of
    another frame are refused by `redact`.

    Attributes:
        frame: the frame they were found in.
        boxes: float32 (M, 4), xyxy px; may overlap, leave the frame or cover it whole; read-only.
        profile: what they stand for, kept with the redacted image.

    Raises:
        TypeError: built otherwise than by `of_head_finder` or `of_known_boxes`.
        ValueError: boxes of another shape or that hold NaN, or an unknown profile.
    """

    frame: FrameRef
    boxes: Boxes
    profile: Profile
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("HeadRegions are made by the head finder only")
        boxes = as_boxes(self.boxes)
        if np.isnan(boxes).any():
            raise ValueError("a head box must not hold NaN")
        if self.profile not in _PROFILES:
            raise ValueError(f"a profile is one of {', '.join(_PROFILES)}, not {self.profile!r}")
        object.__setattr__(self, "boxes", _frozen(boxes))

    @classmethod
    def of_head_finder(cls, frame: FrameRef, boxes: Boxes, profile: Profile) -> Self:
        """Return what was found in `frame`. For `heads` alone."""
        return cls(frame, boxes, profile, _SEAL)

    @classmethod
    def of_known_boxes(cls, frame: FrameRef, boxes: Boxes, profile: Profile = "head") -> Self:
        """Return boxes (M, 4) that are known without looking. For the laboratory and tests."""
        return cls(frame, boxes, profile, _SEAL)

    def __len__(self) -> int:
        return len(self.boxes)

    def rasterise(self) -> tuple[list[PixelBox], Mask]:
        """Return what goes in whole pixels: boxes inside the frame, and a mask, bool (H, W).

        Boxes are rounded outwards, and those inside another are left out.
        """
        width, height = self.frame.width, self.frame.height
        boxes = outermost(snap(self.boxes, width, height))
        return boxes, mask_of(boxes, width, height)

    __reduce__ = _forbidden
    __reduce_ex__ = _forbidden
    __copy__ = _forbidden
    __deepcopy__ = _forbidden


def _frozen(boxes: Boxes) -> Boxes:
    """Return a copy of an array of float32 that cannot be reopened for writing."""
    value = np.asarray(boxes, np.float32)
    return np.frombuffer(value.tobytes(), np.float32).reshape(value.shape)


class _Sealed:
    """Immutable pixels that only this file can make."""

    __slots__ = ("_data", "_shape", "key")

    _data: bytes
    _shape: tuple[int, int, int]
    key: FrameKey

    def __init__(self, seal: object, pixels: Image, key: FrameKey) -> None:
        if seal is not _SEAL:
            raise TypeError(f"a {type(self).__name__} is not built by hand: redact() or decode()")
        self._set("_data", np.ascontiguousarray(pixels).tobytes())
        self._set("_shape", pixels.shape)
        self._set("key", key)

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

    @property
    def ref(self) -> FrameRef:
        """Which image this is, without its pixels."""
        return FrameRef(self.key, self.width, self.height)

    def _named(self, more: str) -> str:
        size = f"{self.width}×{self.height}"
        return f"{type(self).__name__}({size}, camera={self.camera!r}, index={self.index}, {more})"


class _Redacted(_Sealed):
    """Immutable pixels whose heads are gone."""

    __slots__ = ("policy",)

    policy: str

    def __init__(self, seal: object, pixels: Image, key: FrameKey, policy: str) -> None:
        super().__init__(seal, pixels, key)
        self._set("policy", policy)

    def encode(self) -> bytes:
        """Return a JPEG that carries the mark of redaction and nothing else (no EXIF)."""
        bgr = cv2.cvtColor(self.pixels, cv2.COLOR_RGB2BGR)
        ok, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        if not ok:
            raise ValueError(f"could not encode an image of {self.width}×{self.height} pixels")
        return with_mark(data.tobytes(), self.policy)

    def __repr__(self) -> str:
        return self._named(f"policy={self.policy!r}")


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
        self._set("painted", _frozen(painted))

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

    def turned(self, quarters: int) -> "RedactedFrame":
        """Return the frame turned counter-clockwise by so many quarters."""
        if quarters % 4 == 0:
            return self
        pixels = np.rot90(self.pixels, quarters)
        painted = turned_boxes(self.painted, quarters, self.width, self.height)
        return RedactedFrame(_SEAL, pixels, self.key, self.policy, painted)


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
            object.__setattr__(self, name, _frozen(getattr(self, name)))


@final
class RedactedCrop(_Redacted):
    """One person, cut out of a redacted frame; `place` says where."""

    __slots__ = ("place",)

    place: CropPlace

    def __reduce__(self) -> tuple[object, ...]:
        """Cross to another process as what is stored: a JPEG that carries the mark."""
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


@final
class ResearchCrop(_Sealed):
    """One person of a research image, whose head may still be there. For embedders to compare.

    It is no `RedactedCrop`: it has no `encode()`, cannot be copied or pickled, and nothing that
    stores, shows or writes takes it.
    """

    __slots__ = ("place",)

    place: CropPlace

    def __init__(self, seal: object, pixels: Image, key: FrameKey, place: CropPlace) -> None:
        super().__init__(seal, pixels, key)
        self._set("place", place)

    @property
    def box(self) -> Boxes:
        """float32 (4,), xyxy px in the image it was cut from; read-only."""
        return self.place.box

    @property
    def track_id(self) -> int:
        return self.place.track_id

    def __repr__(self) -> str:
        return self._named("heads may be there")

    __reduce__ = _forbidden
    __reduce_ex__ = _forbidden
    __getstate__ = _forbidden
    __copy__ = _forbidden
    __deepcopy__ = _forbidden


EmbeddableCrop = RedactedCrop | ResearchCrop
"""What an embedder describes. The product makes the first alone, the laboratory both."""


def redact(raw: RawFrame, heads: HeadRegions) -> RedactedFrame:
    """Paint over every head region with a soft blur of what surrounds it.

    The paint is computed from pixels outside *all* regions and its shape from the regions alone:
    whatever is inside, the result is the same to the bit. Pixels outside are unchanged.

    Args:
        raw: the frame.
        heads: what the head finder found in this very frame.

    Raises:
        ValueError: regions of another frame.
    """
    if heads.frame != raw.ref:
        raise ValueError(f"these head regions are of {heads.frame}, not of {raw.ref}")
    boxes, hidden = heads.rasterise()
    painted = paint_over(raw.expose_unredacted(), hidden, boxes)
    policy = f"{heads.profile}/{REDACTION}"
    return RedactedFrame(_SEAL, painted, raw.key, policy, as_boxes(boxes))


def keep_head_for_research(raw: RawFrame) -> ResearchCrop:
    """Return a whole image as it is, for embedders alone. For `ResearchImage` alone."""
    whole = np.array([0, 0, raw.width, raw.height], np.float32)
    place = CropPlace(whole, raw.index, raw.width, raw.height)
    return ResearchCrop(_SEAL, raw.expose_unredacted(), raw.key, place)


Redactable = TypeVar("Redactable", RedactedFrame, RedactedCrop)


def redact_again(image: Redactable, regions: HeadRegions) -> Redactable:
    """Paint over what is left in a redacted frame or crop; nothing that is painted comes back.

    Raises:
        ValueError: regions of another image.
    """
    if regions.frame != image.ref:
        raise ValueError(f"these head regions are of another image than {image!r}")
    boxes, hidden = regions.rasterise()
    if not boxes:
        return image
    pixels = paint_over(image.pixels, hidden, boxes)
    if isinstance(image, RedactedFrame):
        painted = np.concatenate([image.painted, as_boxes(boxes)])
        return RedactedFrame(_SEAL, pixels, image.key, image.policy, painted)
    painted = np.concatenate([image.place.painted, as_boxes(boxes)])
    place = replace(image.place, painted=painted)
    return RedactedCrop(_SEAL, pixels, image.key, image.policy, place)


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

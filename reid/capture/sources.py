"""Sources of frames: videos, animated images, stills, person crops, streams, webcams, folders.

A `Source` says what it is (camera, start, content key) before any frame is decoded; `frames()`
yields `RawFrame`s with real timestamps. Nothing raw is written anywhere.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, Literal

import av
import numpy as np
from av.container import InputContainer

from reid.capture.addresses import WEBCAM, host_of, is_stream, without_credentials
from reid.capture.colour import Canvas, ColourTags, default_tags, fit
from reid.capture.folders import Contents, contents_of
from reid.capture.images import (
    STILL_SUFFIXES,
    count_pages,
    read_image,
    read_pages,
    taken_at,
)
from reid.capture.motion_gate import MotionGate
from reid.capture.timeline import Timeline
from reid.capture.video import Damage, look_through, main_track, open_container, pictures
from reid.core.clock import CLOCK_ERROR
from reid.core.errors import SourceError
from reid.core.pixels import Image, RawFrame

Kind = Literal["video", "stills", "crops", "live"]
StartFrom = Literal["given", "recorded", "file time", "now"]

_HASH_CHUNK: Final = 1 << 20
_DEFAULT_FPS: Final = 25.0
_PAGE_SECONDS: Final = 0.1  # between pages that say nothing of time
_FIRST_YEAR: Final = 1980  # cameras with an unset clock write 1970 or 1904


@dataclass(slots=True)
class VideoSource:
    """A video file, decoded by FFmpeg."""

    path: Path
    camera: str
    key: str
    start: datetime
    start_from: StartFrom
    total: int | None
    fps: float | None
    kind: Kind = "video"
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    colours: ColourTags | None = None
    cut: bool = False
    gate: MotionGate | None = None

    @property
    def name(self) -> str:
        return str(self.path)

    def origin(self, index: int) -> tuple[str, str]:
        """Return name and content key of what frame `index` was read from."""
        return self.name, self.key

    def frames(self) -> Iterator[RawFrame]:
        """Yield every frame that can be decoded, all of one size; `problems` says what cannot.

        With a `gate`, only those that it opens for.
        """
        with open_container(str(self.path), self.name) as container:
            yield from self._decode(container)

    def sample(self, count: int) -> Iterator[RawFrame]:
        """Yield up to `count` frames from all over the film, as far as they can be reached."""
        with open_container(str(self.path), self.name) as container:
            stream = main_track(container)
            canvas = Canvas(stream.sample_aspect_ratio)
            for number in range(count):
                with suppress(av.error.FFmpegError, OSError, ValueError, StopIteration):
                    if container.duration:
                        container.seek(container.duration * number // count)
                    frame = next(container.decode(stream))
                    yield RawFrame(canvas.draw(frame), self.camera, number, self.start)

    def _decode(self, container: InputContainer) -> Iterator[RawFrame]:
        stream, damage = main_track(container), Damage()
        canvas = Canvas(stream.sample_aspect_ratio)
        timeline = Timeline(1 / (self.fps or _DEFAULT_FPS))
        index = 0
        for frame in pictures(container, stream, damage):
            seconds = timeline.time_of(frame.time)
            if self.gate is None or self.gate.opens(index, frame, seconds):
                pixels = canvas.draw(frame)
                self.colours = canvas.tags
                yield RawFrame(pixels, self.camera, index, self.start + timedelta(seconds=seconds))
            index += 1
        if index == 0:
            raise SourceError(f"{self.name} holds no frame that can be decoded")
        self.problems += damage.lines(self.name, index, self.total)
        if self.cut and not self.problems:
            self.problems.append(f"{self.name}: cut short or damaged after frame {index}")
        self.notes += [f"{self.name}: {said}" for said in _mended(timeline, canvas) if said]


@dataclass(slots=True)
class AnimationSource:
    """An animated WebP or PNG, a film, or a TIFF of several pages, each apart from the others."""

    path: Path
    camera: str
    key: str
    start: datetime
    start_from: StartFrom
    total: int | None
    kind: Kind = "video"
    fps: float | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    colours: ColourTags | None = None

    @property
    def name(self) -> str:
        return str(self.path)

    def origin(self, index: int) -> tuple[str, str]:
        """Return name and content key of what frame `index` was read from."""
        return self.name, self.key

    def sample(self, count: int) -> Iterator[RawFrame]:
        """Yield up to `count` frames from all over it."""
        step = max(1, (self.total or 1) // count)
        with suppress(SourceError):
            for number, (pixels, _) in enumerate(read_pages(self.path)):
                if number % step == 0:
                    yield RawFrame(pixels, self.camera, number, self.start)

    def frames(self) -> Iterator[RawFrame]:
        """Yield every frame or page; a film's are all of one size."""
        seconds, size, index = 0.0, None, 0
        try:
            for pixels, lasts in read_pages(self.path):
                size = size or (pixels.shape[1], pixels.shape[0])
                self.colours = self.colours or default_tags(size[1])
                shown = fit(pixels, *size) if pixels.shape[1::-1] != size else pixels
                when = self.start + timedelta(seconds=seconds)
                yield RawFrame(shown, self.camera, index, when)
                seconds, index = seconds + (lasts or _PAGE_SECONDS), index + 1
        except SourceError as error:
            if index == 0:
                raise
            self.problems.append(f"{error}: {index} of {self.total} frames could be read")


@dataclass(slots=True)
class LiveSource:
    """An RTSP or HTTP stream or a webcam; frames carry the time of their arrival."""

    address: str = field(repr=False)
    camera: str
    name: str = ""
    key: str = ""
    start: datetime = field(default_factory=lambda: datetime.now(UTC))
    start_from: StartFrom = "now"
    total: int | None = None
    fps: float | None = None
    kind: Kind = "live"
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    gate: MotionGate | None = None

    def __post_init__(self) -> None:
        self.name = without_credentials(self.address)
        self.key = _hash_text(f"{self.camera} {self.name} {self.start.isoformat()}")

    def origin(self, index: int) -> tuple[str, str]:
        """Return name and content key of what frame `index` was read from."""
        return self.name, self.key

    def _waited(self) -> bool:
        """Wait for the next frame's time, where it would come too early; True ends the stream."""
        return False

    def frames(self) -> Iterator[RawFrame]:
        """Yield frames until the stream ends; damaged parts are skipped, and counted.

        With a `gate`, only those that it opens for.
        """
        with open_container(self.address, self.name) as container:
            stream, damage = main_track(container), Damage()
            canvas, last, index = Canvas(stream.sample_aspect_ratio), self.start, 0
            for frame in pictures(container, stream, damage):
                last = max(datetime.now(UTC), last + timedelta(microseconds=1))
                seconds = (last - self.start).total_seconds()
                if self.gate is None or self.gate.opens(index, frame, seconds):
                    yield RawFrame(canvas.draw(frame), self.camera, index, last)
                index += 1
                if self._waited():
                    break
        if index == 0:
            raise SourceError(f"{self.name} holds no frame that can be decoded")
        self.problems += damage.lines(self.name, index, None)


@dataclass(slots=True)
class StillSource:
    """Images, each independent of the others: photos, or person crops."""

    paths: tuple[Path, ...]
    camera: str
    start: datetime
    start_from: StartFrom
    kind: Kind
    name: str
    key: str
    fps: float | None = None
    zone: tzinfo | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _places: dict[int, tuple[Path, int]] = field(default_factory=dict, repr=False)

    @property
    def total(self) -> int | None:
        return len(self.paths)

    def origin(self, index: int) -> tuple[str, str]:
        """Return path and content key of the image that frame `index` was read from."""
        path, page = self._places[index]
        content = f"{path.name} {_hash_files((path,))}"
        return str(path), _hash_text(f"{content} page {page}" if page else content)

    def frames(self) -> Iterator[RawFrame]:
        """Yield one frame an image, or one a page; an unreadable image is noted and skipped."""
        index = 0
        for path in self.paths:
            given = self.start_from == "given"
            when = self.start if given else taken_at(path, self.zone) or _modified(path)
            try:
                for page, pixels in enumerate(self._pages(path)):
                    self._places[index] = path, page
                    yield RawFrame(pixels, self.camera, index, when)
                    index += 1
            except SourceError as error:
                self.problems.append(str(error))

    def _pages(self, path: Path) -> Iterator[Image]:
        if self.kind == "crops":
            return iter([read_image(path)])
        return (pixels for pixels, _ in read_pages(path))


@dataclass(slots=True)
class ArraySource:
    """Person crops that are in memory already, such as a notebook's."""

    raws: tuple[RawFrame, ...]
    keys: tuple[str, ...]
    camera: str
    start: datetime
    start_from: StartFrom
    key: str
    name: str = "arrays"
    fps: float | None = None
    kind: Kind = "crops"
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> int | None:
        return len(self.raws)

    def origin(self, index: int) -> tuple[str, str]:
        """Return a name for image `index`, and the hash of its pixels."""
        return f"array {index}", self.keys[index]

    def frames(self) -> Iterator[RawFrame]:
        """Yield one frame an image."""
        yield from self.raws


Source = VideoSource | AnimationSource | LiveSource | StillSource | ArraySource
"""Something that yields frames. All have:

- ``name``: path, or scheme, host and port of an address;
- ``kind``: video, stills, crops or live;
- ``camera``: camera id;
- ``key``: hash of the content;
- ``start``: time of the first frame, UTC, and ``start_from``, where that comes from;
- ``total``: number of frames, and ``fps``, each None when unknown;
- ``problems``: what could not be read, one line each, filled while iterating;
- ``notes``: what else is to be said, nothing of which is lost;
- ``origin(index)``: name and content key of what a frame was read from;
- ``frames()``.
"""


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What is said of sources besides their addresses; see `open_source`."""

    camera: str | None = None
    start: datetime | None = None
    crops: bool = False
    zone: tzinfo | None = None


def open_source(
    address: str,
    *,
    camera: str | None = None,
    start: datetime | None = None,
    crops: bool = False,
    zone: tzinfo | None = None,
) -> Source:
    """Look at what `address` names and return the source that reads it.

    Args:
        address: a video, an image, a folder of images, a stream's URL or ``webcam:0``.
        camera: camera id; by default the file's or folder's name, or the stream's host.
        start: time of the first frame; by default what the file recorded, else its own time.
        crops: each image is one person already cut out.
        zone: of a photo's own time, where it has no offset; None: this machine's.

    Raises:
        SourceError: missing, unreadable, empty, or not an image or video.
    """
    about = SourceOptions(camera, start, crops, zone)
    if is_stream(address):
        return LiveSource(address, camera or default_camera(address))
    path = Path(address)
    if not path.exists():
        raise SourceError(f"{path} does not exist: name a video, an image, a folder or a stream")
    if path.is_dir():
        inside = contents_of(path)
        return _open_folder(path, inside, inside.apart, about)
    if not path.is_file():  # a pipe or a device: reading it may never end
        raise SourceError(f"{path} is no file: name a video, an image, a folder or a stream")
    if path.suffix.lower() in STILL_SUFFIXES:
        return _open_image(path, about)
    if crops:
        raise SourceError(f"{path} is not a folder of images: --crops takes person images")
    return _open_video(path, camera, start)


def open_sources(
    address: str,
    *,
    camera: str | None = None,
    start: datetime | None = None,
    crops: bool = False,
    zone: tzinfo | None = None,
) -> Iterator[Source]:
    """Yield every source below `address`: of a folder its images, and each video in it.

    Raises:
        SourceError: as `open_source`; the sources before were yielded.
    """
    path = Path(address)
    if is_stream(address) or crops or not path.is_dir():
        yield open_source(address, camera=camera, start=start, crops=crops, zone=zone)
        return
    inside = contents_of(path)
    if inside.images or not inside.videos:
        yield _open_folder(path, inside, inside.others, SourceOptions(camera, start, zone=zone))
    for video in inside.videos:
        yield _open_video(video, camera or path.stem, start)


def open_crops(paths: Sequence[Path], camera: str, start: datetime | None) -> StillSource:
    """Return some person crops as a source of their own: a shard of a large gallery.

    Raises:
        SourceError: one of them cannot be read.
    """
    several = tuple(paths)
    began, origin = _start_of(several[0], start, None)
    name, key = str(several[0].parent), _hash_files(several)
    return StillSource(several, camera, began, origin, "crops", name, key)


def open_arrays(images: Sequence[Image], camera: str, start: datetime | None) -> ArraySource:
    """Return person crops in memory, uint8 RGB (H, W, 3) each, as a source.

    Raises:
        SourceError: one of another dtype or shape, or an empty one.
    """
    when = datetime.now(UTC) if start is None else start.astimezone(UTC)
    try:
        raws = tuple(RawFrame(image, camera, i, when) for i, image in enumerate(images))
    except ValueError as error:
        raise SourceError(str(error)) from None
    keys = tuple(_hash_array(image) for image in images)
    origin: StartFrom = "now" if start is None else "given"
    return ArraySource(raws, keys, camera, when, origin, _hash_text(" ".join(keys)))


def default_camera(address: str) -> str:
    """Return the camera id that `open_source` gives to an address where none is named."""
    if address.startswith(WEBCAM) and is_stream(address):
        return address.replace(":", "-").rstrip("-")
    return host_of(address) or "stream" if is_stream(address) else Path(address).stem


def _open_folder(
    path: Path, inside: Contents, left_out: Sequence[Path], about: SourceOptions
) -> StillSource:
    if not inside.images:
        raise SourceError(f"{path} holds no images: name a folder with .jpg or .png files")
    taken = None if about.crops else taken_at(inside.images[0], about.zone)
    began, origin = _start_of(inside.images[0], about.start, taken)
    kind: Kind = "crops" if about.crops else "stills"
    key, camera = _hash_files(inside.images), about.camera or path.stem
    source = StillSource(inside.images, camera, began, origin, kind, str(path), key)
    source.zone = about.zone
    source.notes += [f"left out, no image: {one}" for one in left_out]
    return source


def _open_image(path: Path, about: SourceOptions) -> StillSource | AnimationSource:
    pages, animated = (1, False) if about.crops else count_pages(path)
    began, origin = _start_of(path, about.start, taken_at(path, about.zone))
    camera, key = about.camera or path.stem, _hash_files((path,))
    if pages > 1:
        kind: Kind = "video" if animated else "stills"
        return AnimationSource(path, camera, key, began, origin, pages, kind)
    read_image(path)  # a single image that is none should fail at once
    kind = "crops" if about.crops else "stills"
    return StillSource((path,), camera, began, origin, kind, str(path), key, zone=about.zone)


def _open_video(path: Path, camera: str | None, start: datetime | None) -> VideoSource:
    if path.stat().st_size == 0:
        raise SourceError(f"{path} is empty: copy the file again")
    with open_container(str(path), str(path)) as container:
        recorded = _recorded_at(container)
        facts = look_through(container, main_track(container))
    began, origin = _start_of(path, start, recorded)
    key = _hash_files((path,))
    camera = camera or path.stem
    source = VideoSource(path, camera, key, began, origin, facts.total, facts.fps, cut=facts.cut)
    if facts.others:
        source.notes.append(f"{path} {facts.others}")
    _end_by_now(source)
    return source


def _end_by_now(source: VideoSource) -> None:
    """Take a film's own time as its end where it would else go on beyond now.

    Some cameras state when they stopped, and a file's time is when it was last written.
    """
    if source.start_from == "given" or not source.total or not source.fps:
        return
    lasts, now = timedelta(seconds=source.total / source.fps), datetime.now(UTC)
    if source.start <= now + CLOCK_ERROR and source.start + lasts > now + CLOCK_ERROR:
        source.start -= lasts
        source.notes.append(f"{source.path}: its own time is taken as its end")


def _mended(timeline: Timeline, canvas: Canvas) -> tuple[str, ...]:
    """Say what was done to make one film of what was recorded."""
    resized = f"{canvas.resized} frames were of another size: scaled to the first one's"
    return (
        timeline.words(),
        resized if canvas.resized else "",
        "HDR: tone-mapped to BT.709" if canvas.hdr else "",
    )


def _start_of(
    path: Path, given: datetime | None, recorded: datetime | None
) -> tuple[datetime, StartFrom]:
    if given:
        return given.astimezone(UTC), "given"
    if recorded:
        return recorded, "recorded"
    return _modified(path), "file time"


def _recorded_at(container: InputContainer) -> datetime | None:
    stated = container.metadata.get("creation_time")
    try:
        when = datetime.fromisoformat(stated) if stated else None
    except ValueError:
        return None
    if when is None or when.year < _FIRST_YEAR:
        return None
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _hash_text(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _hash_array(image: Image) -> str:
    digest = hashlib.blake2b(str(image.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(image).tobytes())
    return digest.hexdigest()


def _hash_files(paths: tuple[Path, ...]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:
        if len(paths) > 1:
            digest.update(path.name.encode(errors="surrogateescape"))
        try:
            with path.open("rb") as file:
                while chunk := file.read(_HASH_CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise SourceError(f"{path} cannot be read ({error.strerror})") from None
    return digest.hexdigest()

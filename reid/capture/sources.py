"""Sources of frames: video files, animated images, stills, person crops, streams, webcams.

A `Source` says what it is (camera, start, content key) before any frame is decoded; `frames()`
yields `RawFrame`s with real timestamps. Nothing raw is written anywhere.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit, urlunsplit

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame

from reid.capture.images import STILL_SUFFIXES, image_paths, read_image
from reid.core.errors import SourceError
from reid.core.pixels import Image, RawFrame

Kind = Literal["video", "stills", "crops", "live"]
StartFrom = Literal["given", "recorded", "file time", "now"]

STREAM_SCHEMES: Final = frozenset({"rtsp", "rtsps", "rtmp", "http", "https", "udp", "tcp", "srt"})
WEBCAM: Final = "webcam:"

_HASH_CHUNK: Final = 1 << 20
_STREAM_TIMEOUT: Final = 10.0  # seconds

# FFmpeg's own log prints addresses with passwords. Any level but None hands each line to Python: a
# decoder's thread then waits for the interpreter while that waits for the thread to end, and
# everything stands still, all other cameras included.
av.logging.set_level(None)


@dataclass(slots=True)
class VideoSource:
    """A video file or animated image, decoded by FFmpeg."""

    path: Path
    camera: str
    key: str
    start: datetime
    start_from: StartFrom
    total: int | None
    fps: float | None
    kind: Kind = "video"
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.path)

    def origin(self, index: int) -> tuple[str, str]:
        """Return name and content key of what frame `index` was read from."""
        return self.name, self.key

    def frames(self) -> Iterator[RawFrame]:
        """Yield every decodable frame; a damaged end is noted in `problems`."""
        with _open_container(str(self.path), self.name) as container:
            yield from _decode(container, self)

    def sample(self, count: int) -> Iterator[RawFrame]:
        """Yield up to `count` frames from all over the film, as far as they can be reached."""
        with _open_container(str(self.path), self.name) as container:
            for number in range(count):
                with suppress(av.error.FFmpegError, OSError, ValueError, StopIteration):
                    if container.duration:
                        container.seek(container.duration * number // count)
                    frame = next(container.decode(container.streams.video[0]))
                    yield RawFrame(_upright(frame), self.camera, number, self.start)


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

    def __post_init__(self) -> None:
        self.name = without_credentials(self.address)
        self.key = _hash_text(f"{self.name} {self.start.isoformat()}")

    def origin(self, index: int) -> tuple[str, str]:
        """Return name and content key of what frame `index` was read from."""
        return self.name, self.key

    def frames(self) -> Iterator[RawFrame]:
        """Yield frames until the stream ends."""
        with _open_container(self.address, self.name) as container:
            yield from _decode(container, self)


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
    problems: list[str] = field(default_factory=list)

    @property
    def total(self) -> int | None:
        return len(self.paths)

    def origin(self, index: int) -> tuple[str, str]:
        """Return path and content key of image `index`."""
        path = self.paths[index]
        return str(path), _hash_text(f"{path.name} {_hash_files((path,))}")

    def frames(self) -> Iterator[RawFrame]:
        """Yield one frame an image; an unreadable image is noted in `problems` and skipped."""
        for index, path in enumerate(self.paths):
            try:
                pixels = read_image(path)
            except SourceError as error:
                self.problems.append(str(error))
                continue
            when = self.start if self.start_from == "given" else _modified(path)
            yield RawFrame(pixels, self.camera, index, when)


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

    @property
    def total(self) -> int | None:
        return len(self.raws)

    def origin(self, index: int) -> tuple[str, str]:
        """Return a name for image `index`, and the hash of its pixels."""
        return f"array {index}", self.keys[index]

    def frames(self) -> Iterator[RawFrame]:
        """Yield one frame an image."""
        yield from self.raws


Source = VideoSource | LiveSource | StillSource | ArraySource
"""Something that yields frames. All have:

- ``name``: path or address, without user name and password;
- ``kind``: video, stills, crops or live;
- ``camera``: camera id;
- ``key``: hash of the content;
- ``start``: time of the first frame, UTC, and ``start_from``, where that comes from;
- ``total``: number of frames, and ``fps``, each None when unknown;
- ``problems``: what went wrong while reading, one line each, filled while iterating;
- ``origin(index)``: name and content key of what a frame was read from;
- ``frames()``.
"""


def open_source(
    address: str, *, camera: str | None = None, start: datetime | None = None, crops: bool = False
) -> Source:
    """Look at what `address` names and return the source that reads it.

    Args:
        address: a video, an image, a folder of images, a stream's URL or ``webcam:0``.
        camera: camera id; by default the file's or folder's name, or the stream's host.
        start: time of the first frame; by default what the file recorded, else its own time.
        crops: each image is one person already cut out.

    Raises:
        SourceError: missing, unreadable, empty, or not an image or video.
    """
    if is_stream(address):
        return LiveSource(address, camera or default_camera(address))
    path = Path(address)
    if not path.exists():
        raise SourceError(f"{path} does not exist: name a video, an image, a folder or a stream")
    if path.is_dir() or path.suffix.lower() in STILL_SUFFIXES:
        return _open_stills(path, camera, start, crops=crops)
    if crops:
        raise SourceError(f"{path} is not a folder of images: --crops takes person images")
    return _open_video(path, camera, start)


def open_crops(paths: Sequence[Path], camera: str, start: datetime | None) -> StillSource:
    """Return some person crops as a source of their own: a shard of a large gallery.

    Raises:
        SourceError: one of them cannot be read.
    """
    several = tuple(paths)
    return StillSource(
        paths=several,
        camera=camera,
        start=start or _modified(several[0]),
        start_from="given" if start else "file time",
        kind="crops",
        name=str(several[0].parent),
        key=_hash_files(several),
    )


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


def is_stream(address: str) -> bool:
    """Whether an address names a stream or a webcam, and no file."""
    return address.startswith(WEBCAM) or urlsplit(address).scheme in STREAM_SCHEMES


def default_camera(address: str) -> str:
    """Return the camera id that `open_source` gives to an address where none is named."""
    if is_stream(address):
        return _camera_of_address(address)
    return Path(address).stem


def without_credentials(address: str) -> str:
    """Return `address` without user name, password and query (which may hold a token)."""
    parts = urlsplit(address)
    if not parts.netloc:
        return address
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _open_stills(
    path: Path, camera: str | None, start: datetime | None, *, crops: bool
) -> StillSource:
    paths = image_paths(path) if path.is_dir() else (path,)
    if not paths:
        raise SourceError(f"{path} holds no images: name a folder with .jpg or .png files")
    if len(paths) == 1 and not path.is_dir():
        read_image(path)  # a single image that is none should fail at once
    return StillSource(
        paths=paths,
        camera=camera or path.stem,
        start=start or _modified(paths[0]),
        start_from="given" if start else "file time",
        kind="crops" if crops else "stills",
        name=str(path),
        key=_hash_files(paths),
    )


def _open_video(path: Path, camera: str | None, start: datetime | None) -> VideoSource:
    if path.stat().st_size == 0:
        raise SourceError(f"{path} is empty: copy the file again")
    with _open_container(str(path), str(path)) as container:
        stream = container.streams.video[0]
        recorded = _recorded_at(container)
        fps = float(stream.average_rate) if stream.average_rate else None
        total = stream.frames or None
        if total is None and fps and container.duration:
            total = max(1, round(container.duration / av.time_base * fps))
    began, origin = _start_of(path, start, recorded)
    return VideoSource(path, camera or path.stem, _hash_files((path,)), began, origin, total, fps)


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
    if when is None or when.year < 1980:  # cameras with an unset clock write 1970 or 1904
        return None
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)


def _open_container(address: str, shown: str) -> InputContainer:
    options, fmt, timeout = {}, None, None
    if address.startswith(WEBCAM):
        address, fmt = f"/dev/video{address.removeprefix(WEBCAM) or 0}", "v4l2"
    elif urlsplit(address).scheme in STREAM_SCHEMES:
        timeout = _STREAM_TIMEOUT
        if address.startswith("rtsp"):
            options = {"rtsp_transport": "tcp"}
    try:
        container = av.open(address, format=fmt, options=options, timeout=timeout)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise SourceError(f"{shown} cannot be opened as video ({_reason(error)})") from None
    if not container.streams.video:
        container.close()
        raise SourceError(f"{shown} holds no video")
    return container


def _decode(container: InputContainer, source: VideoSource | LiveSource) -> Iterator[RawFrame]:
    """Yield frames; keep time from running backwards; note a damaged end."""
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    index, last = 0, source.start - timedelta(microseconds=1)
    first_pts: float | None = None
    frames = container.decode(stream)
    while True:
        try:
            frame = next(frames)
        except StopIteration:
            break
        except (av.error.FFmpegError, OSError, ValueError) as error:
            source.problems.append(f"{source.name}: stopped at frame {index} ({_reason(error)})")
            break
        if source.kind == "live":
            when = datetime.now(UTC)
        else:
            seconds = frame.time if frame.time is not None else index / (source.fps or 25.0)
            first_pts = seconds if first_pts is None else first_pts
            when = source.start + timedelta(seconds=seconds - first_pts)
        last = max(when, last + timedelta(microseconds=1))
        yield RawFrame(_upright(frame), source.camera, index, last)
        index += 1
    if index == 0:
        raise SourceError(f"{source.name} holds no frame that can be decoded")
    if source.total and index < source.total * 0.95 and not source.problems:
        source.problems.append(
            f"{source.name}: only {index} of {source.total} frames could be read (truncated?)"
        )


def _upright(frame: VideoFrame) -> Image:
    """Return RGB pixels with the container's rotation applied (phones film sideways)."""
    pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


def _reason(error: BaseException) -> str:
    """Say what FFmpeg found, without its text: that repeats the address, password included."""
    name = type(error).__name__
    return {
        "InvalidDataError": "the data is damaged or not a video",
        "FileNotFoundError": "not found",
        "PermissionError": "permission denied",
        "ConnectionRefusedError": "connection refused",
        "TimeoutError": "timed out",
        "ExitError": "timed out",
        "HTTPUnauthorizedError": "user name or password refused",
    }.get(name, name)


def _camera_of_address(address: str) -> str:
    if address.startswith(WEBCAM):
        return address.replace(":", "-").rstrip("-")
    return urlsplit(address).hostname or "stream"


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

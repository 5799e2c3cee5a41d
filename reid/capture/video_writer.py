"""Files of redacted frames: video, GIF, animated images, TIFF of several pages, stills.

Everything here takes `RedactedFrame`: there is no way to write another. A file appears under its
name when it is complete.
"""

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, VideoReformatter
from av.video.stream import VideoStream
from PIL import Image as PillowImage

from reid.capture.colour import ColourTags, default_tags
from reid.capture.sound import Sound
from reid.core.errors import TargetError
from reid.core.pixels import RedactedFrame

VIDEO_OUT: Final = (".mp4", ".mkv", ".mov", ".gif")
ANIMATION_OUT: Final = (".webp", ".png", ".tif", ".tiff")
STILL_OUT: Final = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")

_TIME_BASE: Final = Fraction(1, 90_000)
_QUALITY: Final = "20"  # H.264 constant rate factor
_IMAGE_QUALITY: Final = 92
_DEFAULT_FPS: Final = 25.0
_LAST_MS: Final = 100  # duration of the only frame
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class VideoWriter:
    """Encodes redacted frames as H.264, each at its own time.

    Args:
        out: an open container.
        start: the time that is shown as zero.
        fps: of the source; None if unknown.
        tags: asked after the first frame: the colours of the source.
        sound: what is heard beside them.
    """

    def __init__(
        self,
        out: OutputContainer,
        start: datetime,
        fps: float | None,
        tags: Callable[[], ColourTags | None],
        sound: Sound | None = None,
    ) -> None:
        self._out, self._start, self._fps = out, start, fps
        self._tags, self._sound = tags, sound
        self._stream: VideoStream | None = None
        self._colours = default_tags(0)
        self._reformatter = VideoReformatter()
        self._last = -1

    def write(self, frame: RedactedFrame) -> None:
        """Encode one frame; all must be of one size."""
        if self._stream is None:
            self._colours = self._tags() or default_tags(frame.height)
            self._stream = self._video_stream(frame)
        at = (frame.time - self._start).total_seconds()
        if self._sound is not None:
            self._sound.write_until(at)
        self._last = max(self._last + 1, round(at / _TIME_BASE))
        picture = self._converted(frame, self._stream)
        picture.time_base, picture.pts = _TIME_BASE, self._last
        self._out.mux(self._stream.encode(picture))

    def finish(self) -> None:
        """Write what the encoder still holds, and the rest of the sound."""
        if self._stream is not None:
            self._out.mux(self._stream.encode(None))
        if self._sound is not None:
            self._sound.finish()

    def _converted(self, frame: RedactedFrame, stream: VideoStream) -> av.VideoFrame:
        pixels = np.ascontiguousarray(frame.pixels[: stream.height, : stream.width])
        if pixels.shape[:2] != (stream.height, stream.width):  # one pixel high or wide
            pixels = np.resize(pixels, (stream.height, stream.width, 3))
        picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        return self._reformatter.reformat(
            picture,
            format="yuv420p",
            dst_colorspace=self._colours.colorspace,
            dst_color_range=ColorRange.MPEG,
        )

    def _video_stream(self, frame: RedactedFrame) -> VideoStream:
        rate = Fraction(self._fps or _DEFAULT_FPS).limit_denominator(1001)
        stream = self._out.add_stream("libx264", rate=max(rate, Fraction(1, 1001)))
        # 4:2:0 sampling needs even sides; a frame narrower than two pixels is not a video
        stream.width, stream.height = max(2, frame.width & ~1), max(2, frame.height & ~1)
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": _QUALITY, "preset": "veryfast"}
        context = stream.codec_context
        context.time_base = _TIME_BASE
        if self._colours.tagged:
            context.colorspace = self._colours.matrix
            context.color_primaries = self._colours.primaries
            context.color_trc = self._colours.transfer
            context.color_range = int(ColorRange.MPEG)
        return stream


def write_gif(frames: Iterator[RedactedFrame], target: Path) -> None:
    """Write an animated GIF with a palette of its own a frame."""
    pictures, durations = _with_durations(frames)
    options = {"duration": durations, "loop": 0, "optimize": False}
    _save_all([picture.quantize(256) for picture in pictures], target, "GIF", options)


def write_animation(frames: Iterator[RedactedFrame], target: Path) -> None:
    """Write an animated WebP or PNG, or a TIFF of several pages, by the target's ending."""
    pictures, durations = _with_durations(frames)
    kind = target.suffix.lower()
    if kind in {".tif", ".tiff"}:
        _save_all(pictures, target, "TIFF", {"compression": "tiff_deflate"})
    elif kind == ".webp":
        # without this, frames that are alike become one
        options = {
            "duration": durations,
            "loop": 0,
            "quality": _IMAGE_QUALITY,
            "minimize_size": False,
        }
        _save_all(pictures, target, "WEBP", options)
    else:
        _save_all(pictures, target, "PNG", {"duration": durations, "loop": 0})


def write_still(frame: RedactedFrame, target: Path) -> None:
    """Write one image by the target's ending, one of `STILL_OUT`."""
    image = PillowImage.fromarray(np.array(frame.pixels))
    suffix = target.suffix.lower()
    with complete(target) as part:
        if suffix in {".jpg", ".jpeg"}:
            image.save(part, "JPEG", quality=_IMAGE_QUALITY)
        else:
            image.save(part, PillowImage.registered_extensions()[suffix])


def container_of(target: Path) -> str:
    """Return FFmpeg's name for the target's ending."""
    return {".mkv": "matroska"}.get(target.suffix.lower(), target.suffix.lower()[1:])


@contextmanager
def complete(path: Path) -> Iterator[str]:
    """Give a temporary name beside `path`; on success it becomes `path`, else it is removed.

    Raises:
        TargetError: it cannot be written, in one line.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield str(part)
        os.replace(part, path)  # noqa: PTH105 - replaces an existing file on every platform
    except (av.error.FFmpegError, OSError) as error:
        raise TargetError(f"{path} cannot be written: {_why(error)}") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _why(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    if number in _FULL:
        return "the disk is full; nothing was kept"
    if isinstance(number, int) and 0 < number < 200:
        return os.strerror(number)
    return type(error).__name__


def _with_durations(frames: Iterator[RedactedFrame]) -> tuple[list[PillowImage.Image], list[int]]:
    pictures, times = [], []
    for frame in frames:
        pictures.append(PillowImage.fromarray(np.array(frame.pixels)))
        times.append(frame.time)
    steps = [round((b - a).total_seconds() * 1000) for a, b in itertools.pairwise(times)]
    return pictures, [*steps, steps[-1] if steps else _LAST_MS]


def _save_all(
    pictures: list[PillowImage.Image], target: Path, kind: str, options: dict[str, Any]
) -> None:
    with complete(target) as part:
        pictures[0].save(part, kind, save_all=True, append_images=pictures[1:], **options)

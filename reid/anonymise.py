"""`reid redact`: images and video in, the same without heads out; nothing else is carried over.

Audio is dropped unless asked for (a voice is biometric), and so are EXIF, GPS, thumbnails,
subtitles and attached pictures. The output appears under its name only when it is complete.
"""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image as PillowImage

from reid.capture.images import STILL_SUFFIXES
from reid.capture.sources import StillSource, VideoSource, open_source
from reid.core.errors import SourceError, UsageError
from reid.core.pixels import Profile, RedactedFrame
from reid.detect.last_check import LastCheck
from reid.detect.orientation import SAMPLED, rotation, said
from reid.detect.tracker import Tracker
from reid.pipeline import Clock, redacted_frames, redacted_still

VIDEO_OUT: Final = (".mp4", ".mkv", ".mov", ".gif")

_TIME_BASE: Final = Fraction(1, 90_000)
_QUALITY: Final = "20"  # H.264 constant rate factor
_JPEG_QUALITY: Final = 92
_DEFAULT_FPS: Final = 25.0
_STILL_MS: Final = 100  # duration of a GIF's only frame


@dataclass(slots=True)
class RedactReport:
    """What was written: number of images or frames, and problems, one line each.

    `faces_left` counts the faces that the last check found in redacted pixels, and painted over.
    """

    written: int = 0
    faces_left: int = 0
    problems: list[str] = field(default_factory=list)


def redact_path(
    source: Path,
    target: Path,
    tracker: Tracker,
    *,
    profile: Profile = "head",
    keep_audio: bool = False,
    rotate: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> RedactReport:
    """Write a redacted copy of an image, a folder of images or a video.

    With `rotate` heads are sought in the picture turned by so many degrees counter-clockwise;
    without, as people stand upright. The copy lies as the original does.

    Raises:
        SourceError: the source cannot be read.
        UsageError: the target is the source, or of a kind that cannot be written.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"{target} would overwrite the original: choose another name")
    opened = open_source(str(source))
    if isinstance(opened, StillSource):
        return _redact_stills(opened, source, target, tracker, profile, rotate, progress)
    if not isinstance(opened, VideoSource):
        raise UsageError("streams cannot be redacted to a file: record one first")
    if target.suffix.lower() not in VIDEO_OUT:
        raise UsageError(f"{target}: a video is written as one of {', '.join(VIDEO_OUT)}")
    return _redact_video(opened, target, tracker, profile, keep_audio, rotate, progress)


def _redact_stills(
    source: StillSource,
    root: Path,
    target: Path,
    tracker: Tracker,
    profile: Profile,
    rotate: int | None,
    progress: Callable[[int], None],
) -> RedactReport:
    report = RedactReport()
    single = not root.is_dir()
    if single and target.suffix.lower() not in STILL_SUFFIXES:
        raise UsageError(f"{target}: an image is written as .png or .jpg")
    check = LastCheck()
    for raw in source.frames():
        quarters = rotation(rotate, [raw], tracker)
        upright, _ = redacted_still(raw.turned(quarters), tracker, profile, check, Clock())
        frame = upright.turned(-quarters)
        path = source.paths[raw.index]
        _save_still(frame, target if single else target / path.relative_to(root))
        report.written += 1
        progress(report.written)
    report.problems, report.faces_left = list(source.problems), check.painted
    if not report.written:
        raise SourceError(report.problems[0] if report.problems else f"{root} holds no images")
    return report


def _save_still(frame: RedactedFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = PillowImage.fromarray(np.array(frame.pixels))
    with _complete(path) as part:
        if path.suffix.lower() in {".jpg", ".jpeg"}:
            image.save(part, "JPEG", quality=_JPEG_QUALITY)
        else:
            image.save(part, PillowImage.registered_extensions()[path.suffix.lower()])


def _redact_video(
    source: VideoSource,
    target: Path,
    tracker: Tracker,
    profile: Profile,
    keep_audio: bool,
    rotate: int | None,
    progress: Callable[[int], None],
) -> RedactReport:
    report, check = RedactReport(), LastCheck()
    quarters = rotation(rotate, source.sample(SAMPLED), tracker)
    tracker.start(fps=source.fps or _DEFAULT_FPS, careful=True)

    def redacted() -> Iterator[RedactedFrame]:
        upright = (raw.turned(quarters) for raw in source.frames())
        for frame, _ in redacted_frames(upright, tracker, profile, Clock()):
            yield check.frame(frame).turned(-quarters)
            report.written += 1
            progress(report.written)

    if target.suffix.lower() == ".gif":
        _write_gif(redacted(), target)
    else:
        _write_video(redacted(), target, source, keep_audio=keep_audio)
    turned = [f"{source.name} {said(quarters)}"] if quarters else []
    report.problems, report.faces_left = [*turned, *source.problems], check.painted
    return report


def _write_gif(frames: Iterator[RedactedFrame], target: Path) -> None:
    """Write an animated GIF with a palette of its own a frame."""
    pictures, times = [], []
    for frame in frames:
        pictures.append(PillowImage.fromarray(np.array(frame.pixels)).quantize(256))
        times.append(frame.time)
    steps = [round((b - a).total_seconds() * 1000) for a, b in itertools.pairwise(times)]
    durations = [*steps, steps[-1] if steps else _STILL_MS]
    with _complete(target) as part:
        pictures[0].save(
            part,
            "GIF",
            save_all=True,
            append_images=pictures[1:],
            duration=durations,
            loop=0,
            optimize=False,
        )


def _write_video(
    frames: Iterator[RedactedFrame], target: Path, source: VideoSource, *, keep_audio: bool
) -> None:
    with _complete(target) as part, av.open(part, "w", format=_container(target)) as out:
        stream: VideoStream | None = None
        sound = _Sound(source, out) if keep_audio else None
        for frame in frames:
            stream = stream or _video_stream(out, source, frame)
            _write(out, stream, frame, source)
        if stream is not None:
            out.mux(stream.encode(None))
        if sound is not None:
            sound.copy()


def _video_stream(out: OutputContainer, source: VideoSource, frame: RedactedFrame) -> VideoStream:
    rate = Fraction(source.fps or _DEFAULT_FPS).limit_denominator(1001)
    stream = out.add_stream("libx264", rate=rate)
    # 4:2:0 sampling needs even sides; a frame narrower than two pixels is not a video
    stream.width, stream.height = max(2, frame.width & ~1), max(2, frame.height & ~1)
    stream.pix_fmt = "yuv420p"
    stream.options = {"crf": _QUALITY, "preset": "veryfast"}
    stream.codec_context.time_base = _TIME_BASE
    return stream


def _write(
    out: OutputContainer, stream: VideoStream, frame: RedactedFrame, source: VideoSource
) -> None:
    pixels = frame.pixels[: stream.height, : stream.width]
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    base = stream.codec_context.time_base or _TIME_BASE
    picture.time_base = base
    picture.pts = round((frame.time - source.start).total_seconds() / base)
    out.mux(stream.encode(picture))


class _Sound:
    """Copies the first audio stream of a video, packet by packet."""

    def __init__(self, source: VideoSource, out: OutputContainer) -> None:
        self._input = av.open(str(source.path))
        self._out = out
        audio = self._input.streams.audio
        self._from = audio[0] if audio else None
        self._to = out.add_stream_from_template(self._from) if self._from else None

    def copy(self) -> None:
        with self._input:
            if self._from is None or self._to is None:
                return
            for packet in self._input.demux(self._from):
                if packet.dts is not None:
                    packet.stream = self._to
                    self._out.mux(packet)


def _container(target: Path) -> str:
    return {".mkv": "matroska"}.get(target.suffix.lower(), target.suffix.lower()[1:])


@contextmanager
def _complete(path: Path) -> Iterator[str]:
    """Give a temporary name beside `path`; on success it becomes `path`, else it is removed."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield str(part)
        os.replace(part, path)  # noqa: PTH105 - replaces an existing file on every platform
    except av.error.FFmpegError as error:
        raise SourceError(f"{path} cannot be written ({type(error).__name__})") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be written ({error.strerror or error})") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)

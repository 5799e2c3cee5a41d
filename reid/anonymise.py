"""`reid redact`: images and video in, the same without heads out; nothing else is carried over.

Audio is dropped unless asked for (a voice is biometric), and so are EXIF, GPS, thumbnails,
subtitles and attached pictures. The output appears under its name only when it is complete; of a
damaged source it goes as far as the source could be read, and the report says so.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import av

from reid.capture.folders import VIDEO_SUFFIXES, contents_of
from reid.capture.images import HEIF_SUFFIXES
from reid.capture.sound import Sound
from reid.capture.sources import AnimationSource, StillSource, VideoSource, open_source
from reid.capture.video_writer import (
    ANIMATION_OUT,
    STILL_OUT,
    VIDEO_OUT,
    VideoWriter,
    complete,
    container_of,
    write_animation,
    write_gif,
    write_still,
)
from reid.core.errors import SourceError, UsageError
from reid.core.pixels import Profile, RawFrame, RedactedFrame
from reid.detect.last_check import LastCheck
from reid.detect.orientation import SAMPLED, rotation, said
from reid.detect.tracker import Tracker
from reid.pipeline import Clock, redacted_frames, redacted_still

_DEFAULT_FPS: Final = 25.0


@dataclass(slots=True)
class RedactReport:
    """What was written.

    Attributes:
        written: images or frames.
        faces_left: faces that the last check found in redacted pixels, and painted over.
        problems: what is to be said, one line each.
        incomplete: whether something of the source could not be read.
        target: the file or folder; its ending may differ where the one asked for cannot be written.
    """

    written: int = 0
    faces_left: int = 0
    problems: list[str] = field(default_factory=list)
    incomplete: bool = False
    target: Path = Path()


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """How a redacted copy is made.

    Attributes:
        profile: "head", or "face", which keeps hats and hair.
        keep_audio: keep the sound of a video.
        rotate: degrees counter-clockwise by which pictures are turned while heads are sought;
            None = as people stand upright. The copy lies as the original does.
    """

    profile: Profile = "head"
    keep_audio: bool = False
    rotate: int | None = None


_PLAINLY: Final = CopyOptions()


def redact_path(
    source: Path,
    target: Path,
    tracker: Tracker,
    options: CopyOptions = _PLAINLY,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> RedactReport:
    """Write a redacted copy of an image, a folder of images and videos, or a video.

    Raises:
        SourceError: the source cannot be read.
        TargetError: the copy cannot be written.
        UsageError: the target is the source, or of a kind that cannot be written.
    """
    if target.exists() and source.exists() and target.samefile(source):
        raise UsageError(f"{target} would overwrite the original: choose another name")
    copy = _Copy(tracker, options, progress)
    copy.report.target = target
    if source.is_dir():
        copy.folder(source, target)
    elif target.suffix.lower() in HEIF_SUFFIXES:
        copy.report.target = _writable(target)
        if copy.report.target.exists():
            raise UsageError(
                f"{target.suffix} cannot be written, and {copy.report.target} is there already: "
                "name another"
            )
        copy.report.problems.append(_other_ending(target, copy.report.target))
        copy.file(source, copy.report.target)
    else:
        copy.file(source, target)
    return copy.report


def redact_photo(
    raw: RawFrame, tracker: Tracker, check: LastCheck, options: CopyOptions
) -> RedactedFrame:
    """Redact one picture, looked at as people stand upright; it comes back as it lay."""
    quarters = rotation(options.rotate, [raw], tracker)
    upright, _ = redacted_still(raw.turned(quarters), tracker, options.profile, check, Clock())
    return upright.turned(-quarters)


class _Copy:
    """One run of `reid redact`: what all files share, and the report that they add to."""

    def __init__(
        self, tracker: Tracker, options: CopyOptions, progress: Callable[[int], None]
    ) -> None:
        self._tracker, self._options, self._progress = tracker, options, progress
        self._check = LastCheck()
        self.report = RedactReport()

    def folder(self, root: Path, target: Path) -> None:
        """Copy every image and video; one that cannot be read does not stop the others."""
        inside = contents_of(root)
        files = [path for path in inside.images + inside.videos if not _within(path, target)]
        if not files:
            raise SourceError(f"{root} holds no images and no videos: name another folder")
        for path, copy in _copies(files, root, target).items():
            if copy.suffix != path.suffix:
                self.report.problems.append(_other_ending(path, copy))
            try:
                self.file(path, copy)
            except SourceError as error:
                self.report.problems.append(str(error))
                self.report.incomplete = True
        self.report.problems += [f"left out, no image or video: {one}" for one in inside.others]
        if not self.report.written:
            raise SourceError(self.report.problems[0])

    def file(self, path: Path, target: Path) -> None:
        """Copy one image, animation or video."""
        source, crowds = open_source(str(path)), self._tracker.crowds
        if isinstance(source, StillSource):
            self._still(source, target)
        elif isinstance(source, AnimationSource):
            self._animation(source, target)
        elif isinstance(source, VideoSource):
            self._video(source, target)
        else:
            raise UsageError("streams cannot be redacted to a file: record one first")
        self.report.problems += source.notes + source.problems
        self.report.problems += self._tracker.said_of_crowds(path.name, crowds)
        self.report.incomplete = self.report.incomplete or bool(source.problems)
        self.report.faces_left = self._check.painted

    def _still(self, source: StillSource, target: Path) -> None:
        if target.suffix.lower() not in STILL_OUT:
            raise UsageError(f"{target}: an image is written as .png or .jpg")
        for raw in source.frames():
            write_still(self._redacted_still(raw), target)
            self._count()
        if source.problems:
            raise SourceError(source.problems.pop())

    def _animation(self, source: AnimationSource, target: Path) -> None:
        suffix = target.suffix.lower()
        if suffix not in ANIMATION_OUT + VIDEO_OUT:
            known = ", ".join(ANIMATION_OUT + VIDEO_OUT)
            raise UsageError(f"{target}: {source.total} frames are written as one of {known}")
        if source.kind == "stills":
            frames: Iterator[RedactedFrame] = map(
                self._counted, map(self._redacted_still, source.frames())
            )
        else:
            frames = self._film(source)
        if suffix in ANIMATION_OUT:
            write_animation(frames, target)
        else:
            self._write(source, frames, target)

    def _video(self, source: VideoSource, target: Path) -> None:
        if target.suffix.lower() not in VIDEO_OUT:
            raise UsageError(f"{target}: a video is written as one of {', '.join(VIDEO_OUT)}")
        self._write(source, self._film(source), target)

    def _write(
        self,
        source: VideoSource | AnimationSource,
        frames: Iterator[RedactedFrame],
        target: Path,
    ) -> None:
        if target.suffix.lower() == ".gif":
            write_gif(frames, target)
            return
        with complete(target) as part, av.open(f"file:{part}", "w", container_of(target)) as out:
            heard = self._options.keep_audio and isinstance(source, VideoSource)
            sound = Sound(source.path, out) if heard else None
            writer = VideoWriter(out, source.start, source.fps, lambda: source.colours, sound)
            for frame in frames:
                writer.write(frame)
            writer.finish()
        self.report.problems += sound.problems if sound else []

    def _film(self, source: VideoSource | AnimationSource) -> Iterator[RedactedFrame]:
        quarters = rotation(self._options.rotate, source.sample(SAMPLED), self._tracker)
        if quarters and self._options.rotate is None:
            self.report.problems.append(f"{source.name} {said(quarters)}")
        self._tracker.start(fps=source.fps or _DEFAULT_FPS, careful=True)
        upright = (raw.turned(quarters) for raw in source.frames())
        for frame, _ in redacted_frames(upright, self._tracker, self._options.profile, Clock()):
            yield self._counted(self._check.frame(frame).turned(-quarters))

    def _redacted_still(self, raw: RawFrame) -> RedactedFrame:
        return redact_photo(raw, self._tracker, self._check, self._options)

    def _counted(self, frame: RedactedFrame) -> RedactedFrame:
        self._count()
        return frame

    def _count(self) -> None:
        self.report.written += 1
        self._progress(self.report.written)


def _copies(files: Sequence[Path], root: Path, target: Path) -> dict[Path, Path]:
    """Return where the copy of each file goes; endings that cannot be written are changed.

    Raises:
        UsageError: a copy would replace an original.
    """
    originals = {path.resolve() for path in files}
    taken = {target / path.relative_to(root) for path in files}
    copies = {}
    for path in files:
        named = target / path.relative_to(root)
        copy = _writable(named)
        if copy != named and copy in taken:  # a.heic beside a.jpg
            copy = named.with_name(named.name + copy.suffix)
        taken.add(copy)
        if copy.resolve() in originals:
            raise UsageError(f"{copy} would overwrite an original: choose another folder")
        copies[path] = copy
    return copies


def _writable(path: Path) -> Path:
    """Return the path, with an ending that can be written: a phone's HEIC becomes JPEG."""
    suffix = path.suffix.lower()
    if suffix in STILL_OUT + VIDEO_OUT:
        return path
    return path.with_suffix(".mp4" if suffix in VIDEO_SUFFIXES else ".jpg")


def _other_ending(wanted: Path, copy: Path) -> str:
    return f"{wanted.suffix} cannot be written: the copy is {copy}"


def _within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())

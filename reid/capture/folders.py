"""Folders: which files in them are images, which are videos, and what is neither."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reid.capture.images import STILL_SUFFIXES

VIDEO_SUFFIXES: Final = frozenset(
    {
        ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg",
        ".gif", ".h264", ".264", ".h265", ".265", ".hevc", ".3gp", ".flv", ".wmv", ".asf", ".mjpeg",
        ".mjpg", ".ogv", ".mxf", ".dav", ".vob", ".y4m",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contents:
    """What is below a folder, each sorted by path; hidden files are nothing."""

    images: tuple[Path, ...]
    videos: tuple[Path, ...]
    others: tuple[Path, ...]

    @property
    def apart(self) -> tuple[Path, ...]:
        """Everything that is no image."""
        return tuple(sorted(self.videos + self.others))


def contents_of(folder: Path) -> Contents:
    """Look at every file below a folder."""
    images, videos, others = [], [], []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        suffix = path.suffix.lower()
        if suffix in STILL_SUFFIXES:
            images.append(path)
        elif suffix in VIDEO_SUFFIXES:
            videos.append(path)
        elif not any(part.startswith(".") for part in path.relative_to(folder).parts):
            others.append(path)
    return Contents(tuple(images), tuple(videos), tuple(others))

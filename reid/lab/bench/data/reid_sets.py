"""Data sets on disk → labelled images, split into queries and gallery by the published protocol."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from reid.capture.images import STILL_SUFFIXES
from reid.core.errors import SourceError, UsageError

LayoutName = Literal["folders", "market1501", "msmt17"]
LAYOUTS: Final[tuple[LayoutName, ...]] = get_args(LayoutName)

Subject = Literal["person", "distractor", "junk"]
"""Whom an image shows: a person; nobody in particular, a wrong answer to every query; or nothing
that counts either way. The last two are Market-1501's (its people 0 and -1)."""

_MARKET_NAME: Final = re.compile(r"(-?\d+)_c(\d+)")
_MARKET_SUBJECTS: Final[dict[int, Subject]] = {-1: "junk", 0: "distractor"}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One image of one person: where it is, who it shows, which camera took it."""

    path: Path
    identity: str
    camera: str
    subject: Subject = "person"


@dataclass(frozen=True, slots=True)
class Split:
    """A retrieval benchmark: each query is looked for in the gallery.

    `layout` says how it was read, for the record.
    """

    query: tuple[Labelled, ...]
    gallery: tuple[Labelled, ...]
    layout: LayoutName | None = None

    def images(self) -> tuple[Labelled, ...]:
        """Return every image once, queries first."""
        return tuple(dict.fromkeys((*self.query, *self.gallery)))


def read_split(
    data: Path,
    layout: LayoutName | None = None,
    query_camera: str | None = None,
    gallery_cameras: Sequence[str] = (),
) -> Split:
    """Read a data set's queries and gallery.

    Args:
        data: its folder.
        layout: ``folders`` (``ID/CAMERA_*.png``; the first camera's images are the queries, the
            others' the gallery), ``market1501`` or ``msmt17`` (as published); None: recognised.
        query_camera, gallery_cameras: other cameras than these defaults, for ``folders``. The
            query camera ``all`` takes every image as query and every image as gallery.

    Raises:
        SourceError: the folder is missing, not of this layout, or looks like another.
        UsageError: cameras that it does not have.
    """
    if not data.is_dir():
        raise SourceError(f"{data} does not exist: name the data set's folder with --data")
    found = layout or recognised(data)
    if found == "folders":
        return _by_camera(read_folders(data), query_camera, gallery_cameras)
    _refuse_other(data, found)
    if query_camera or gallery_cameras:
        raise UsageError(f"{found} has its own queries: leave out the camera options")
    return _READERS[found](data)


def recognised(data: Path) -> LayoutName:
    """Return the layout that a folder looks like: a published one, else ``folders``."""
    return next((name for name, looks in _SIGNS.items() if looks(data)), "folders")


def _refuse_other(data: Path, named: LayoutName) -> None:
    """Refuse a published data set that would be read as another one.

    Raises:
        SourceError: it looks like one that was not named.
    """
    seen = recognised(data)
    if seen not in {named, "folders"}:
        raise SourceError(f"{data} looks like {seen}, not {named}: use --layout {seen}")


def read_folders(data: Path) -> tuple[Labelled, ...]:
    """Read ``ID/CAMERA_*.png``, sorted by path; folders without such images are passed over.

    Raises:
        SourceError: there are none, or it looks like a published data set, whose folders are no
            people.
    """
    _refuse_other(data, "folders")
    found = tuple(
        Labelled(path, path.parent.name, path.stem.split("_")[0])
        for path in sorted(data.glob("*/*_*"))
        if path.suffix.lower() in STILL_SUFFIXES
    )
    if not found:
        raise SourceError(f"{data} holds no images named ID/CAMERA_*.png: is the --layout right?")
    return found


def same_person(
    query: Sequence[Labelled], gallery: Sequence[Labelled]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which gallery entries are right answers and which are ignored, both (Q, G).

    Ignored are junk and, by the protocol of Market-1501 (Zheng et al. 2015), the same person seen
    by the query's own camera. Distractors are wrong answers like any other.
    """
    who, where = _columns(gallery)
    asked, before = _columns(query)
    same = asked[:, None] == who[None]
    here = before[:, None] == where[None]
    subject = np.array([image.subject for image in gallery])
    junk = subject == "junk"
    return same & ~here & (subject == "person"), (same & here) | junk[None]


def _columns(images: Sequence[Labelled]) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    return np.array([i.identity for i in images]), np.array([i.camera for i in images])


def _by_camera(
    images: tuple[Labelled, ...], query_camera: str | None, gallery_cameras: Sequence[str]
) -> Split:
    cameras = sorted({image.camera for image in images})
    if query_camera == "all":
        return Split(images, images, "folders")
    wanted = query_camera or cameras[0]
    others = tuple(gallery_cameras) or tuple(c for c in cameras if c != wanted)
    for camera in (wanted, *others):
        if camera not in cameras:
            raise UsageError(f"no camera {camera}: this data set has {', '.join(cameras)}")
    if not others:
        raise SourceError(f"all images are of camera {wanted}: retrieval needs two cameras")
    query = tuple(image for image in images if image.camera == wanted)
    return Split(query, tuple(image for image in images if image.camera in others), "folders")


def _market(data: Path) -> Split:
    """Read ``query/`` and ``bounding_box_test/`` with names like ``0001_c1s1_001051_00.jpg``."""
    query, gallery = (_market_folder(data / part) for part in ("query", "bounding_box_test"))
    return Split(query, gallery, "market1501")


def _market_folder(folder: Path) -> tuple[Labelled, ...]:
    named = ((_MARKET_NAME.match(path.name), path) for path in sorted(folder.glob("*.jpg")))
    found = tuple(
        Labelled(path, str(int(m[1])), m[2], _MARKET_SUBJECTS.get(int(m[1]), "person"))
        for m, path in named
        if m is not None
    )
    if not found:
        raise SourceError(f"{folder} holds no images named 0001_c1s1_….jpg: is --layout right?")
    return found


def _msmt(data: Path) -> Split:
    """Read ``list_query.txt`` and ``list_gallery.txt``; images are in ``test/``."""
    folders = [f for f in (data / "test", data / "mask_test_v2") if f.is_dir()]
    if not folders:
        raise SourceError(f"{data} holds no folder test: is it MSMT17?")
    return Split(
        _msmt_list(data / "list_query.txt", folders[0]),
        _msmt_list(data / "list_gallery.txt", folders[0]),
        "msmt17",
    )


def _msmt_list(listing: Path, folder: Path) -> tuple[Labelled, ...]:
    """Read lines ``0000/0000_000_01_0303morning_0015_0.jpg 0``: path (with camera), identity."""
    try:
        lines = [line.split() for line in listing.read_text().splitlines() if line.strip()]
        return tuple(
            Labelled(folder / name, identity, str(int(Path(name).name.split("_")[2])))
            for name, identity in lines
        )
    except OSError as error:
        raise SourceError(f"{listing} cannot be read ({error.strerror})") from None
    except (ValueError, IndexError):
        raise SourceError(f"{listing} is not a list of MSMT17: path and number a line") from None


def _looks_like_market(data: Path) -> bool:
    parts = ("query", "bounding_box_test", "bounding_box_train")
    return any((data / part).is_dir() for part in parts)


def _looks_like_msmt(data: Path) -> bool:
    return any((data / f"list_{part}.txt").is_file() for part in ("query", "gallery", "train"))


_SIGNS: Final[dict[LayoutName, Callable[[Path], bool]]] = {
    "market1501": _looks_like_market,
    "msmt17": _looks_like_msmt,
}
"""Published layouts → what gives them away."""

_READERS: Final[dict[LayoutName, Callable[[Path], Split]]] = {
    "market1501": _market,
    "msmt17": _msmt,
}

"""Data sets on disk → labelled images, split into queries and gallery by the published protocol."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from reid.capture.images import STILL_SUFFIXES
from reid.core.errors import SourceError, UsageError

LayoutName = Literal["folders", "market1501", "msmt17"]
LAYOUTS: Final[tuple[LayoutName, ...]] = get_args(LayoutName)

JUNK: Final = "-1"
"""Identity of images that count neither way (Market-1501: bad boxes)."""

DISTRACTOR: Final = "0"
"""Identity of images of nobody in particular: wrong answers to every query (Market-1501)."""

_MARKET_NAME: Final = re.compile(r"(-?\d+)_c(\d+)")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One image of one person: where it is, who it shows, which camera took it."""

    path: Path
    identity: str
    camera: str


@dataclass(frozen=True, slots=True)
class Split:
    """A retrieval benchmark: each query is looked for in the gallery."""

    query: tuple[Labelled, ...]
    gallery: tuple[Labelled, ...]

    def images(self) -> tuple[Labelled, ...]:
        """Return every image once, queries first."""
        return tuple(dict.fromkeys((*self.query, *self.gallery)))


def read_split(
    data: Path,
    layout: LayoutName,
    query_camera: str | None = None,
    gallery_cameras: Sequence[str] = (),
) -> Split:
    """Read a data set's queries and gallery.

    Args:
        data: its folder.
        layout: ``folders`` (``ID/CAMERA_*.png``; the first camera's images are the queries, the
            others' the gallery), ``market1501`` or ``msmt17`` (as published).
        query_camera, gallery_cameras: other cameras than these defaults, for ``folders``. The
            query camera ``all`` takes every image as query and every image as gallery.

    Raises:
        SourceError: the folder is missing or not of this layout.
        UsageError: cameras that it does not have.
    """
    if not data.is_dir():
        raise SourceError(f"{data} does not exist: name the data set's folder with --data")
    if layout == "folders":
        return _by_camera(read_folders(data), query_camera, gallery_cameras)
    if query_camera or gallery_cameras:
        raise UsageError(f"{layout} has its own queries: leave out the camera options")
    return _market(data) if layout == "market1501" else _msmt(data)


def read_folders(data: Path) -> tuple[Labelled, ...]:
    """Read ``ID/CAMERA_*.png``, sorted by path; folders without such images are passed over.

    Raises:
        SourceError: there are none.
    """
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
    by the query's own camera. Distractors (identity ``0``) are wrong answers like any other.
    """
    who, where = _columns(gallery)
    asked, before = _columns(query)
    same = asked[:, None] == who[None]
    here = before[:, None] == where[None]
    junk = who == JUNK
    return same & ~here & ~junk, (same & here) | junk[None]


def _columns(images: Sequence[Labelled]) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    return np.array([i.identity for i in images]), np.array([i.camera for i in images])


def _by_camera(
    images: tuple[Labelled, ...], query_camera: str | None, gallery_cameras: Sequence[str]
) -> Split:
    cameras = sorted({image.camera for image in images})
    if query_camera == "all":
        return Split(images, images)
    wanted = query_camera or cameras[0]
    others = tuple(gallery_cameras) or tuple(c for c in cameras if c != wanted)
    for camera in (wanted, *others):
        if camera not in cameras:
            raise UsageError(f"no camera {camera}: this data set has {', '.join(cameras)}")
    if not others:
        raise SourceError(f"all images are of camera {wanted}: retrieval needs two cameras")
    query = tuple(image for image in images if image.camera == wanted)
    return Split(query, tuple(image for image in images if image.camera in others))


def _market(data: Path) -> Split:
    """Read ``query/`` and ``bounding_box_test/`` with names like ``0001_c1s1_001051_00.jpg``."""
    return Split(_market_folder(data / "query"), _market_folder(data / "bounding_box_test"))


def _market_folder(folder: Path) -> tuple[Labelled, ...]:
    named = ((_MARKET_NAME.match(path.name), path) for path in sorted(folder.glob("*.jpg")))
    found = tuple(
        Labelled(path, str(int(match[1])), match[2]) for match, path in named if match is not None
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

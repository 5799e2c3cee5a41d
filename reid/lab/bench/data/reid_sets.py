"""Data sets on disk → labelled images, split into queries and gallery by the published protocol."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from reid.capture.images import STILL_SUFFIXES
from reid.core.errors import ModelError, SourceError, UsageError

LayoutName = Literal[
    "folders", "market1501", "dukemtmc", "msmt17", "cuhk03-labeled", "cuhk03-detected"
]
LAYOUTS: Final[tuple[LayoutName, ...]] = get_args(LayoutName)

Subject = Literal["person", "distractor", "junk"]
"""Whom an image shows: a person; nobody in particular, a wrong answer to every query; or nothing
that counts either way. The last two are Market-1501's (its people 0 and -1)."""

_DUKE_NAME: Final = re.compile(r"\d+_c\d+_f\d+")
_MARKET_NAME: Final = re.compile(r"(-?\d+)_c(\d+)")
_MARKET_PARTS: Final = ("query", "bounding_box_test")
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
            others' the gallery), another of `LAYOUTS` (as published); None: recognised.
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
    """Return the layout that a folder looks like: a published one, else ``folders``.

    Raises:
        SourceError: it looks like several.
    """
    seen = _seen(data)
    if len(seen) > 1:
        ways = " or ".join(f"--layout {name}" for name in seen)
        raise SourceError(f"{data} holds several data sets: use {ways}")
    return seen[0] if seen else "folders"


def _seen(data: Path) -> list[LayoutName]:
    return [name for name, looks in _SIGNS.items() if looks(data)]


def _refuse_other(data: Path, named: LayoutName) -> None:
    """Refuse a published data set that would be read as another one.

    Raises:
        SourceError: it looks like one that was not named.
    """
    seen = _seen(data)
    if seen and named not in seen and {named, *seen} != {"market1501", "dukemtmc"}:
        raise SourceError(f"{data} looks like {seen[0]}, not {named}: use --layout {seen[0]}")


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
    query, gallery = (_market_folder(data / part, _MARKET_SUBJECTS) for part in _MARKET_PARTS)
    return Split(query, gallery, "market1501")


def _duke(data: Path) -> Split:
    """Read the same folders with names like ``0005_c2_f0046985.jpg``; everybody is somebody."""
    query, gallery = (_market_folder(data / part, {}) for part in _MARKET_PARTS)
    return Split(query, gallery, "dukemtmc")


def _market_folder(folder: Path, subjects: Mapping[int, Subject]) -> tuple[Labelled, ...]:
    named = (
        (_MARKET_NAME.match(path.name), path)
        for path in sorted(folder.glob("*_*"))
        if path.suffix.lower() in STILL_SUFFIXES
    )
    found = tuple(
        Labelled(path, str(int(m[1])), m[2], subjects.get(int(m[1]), "person"))
        for m, path in named
        if m is not None
    )
    if not found:
        raise SourceError(f"{folder} holds no images named 0001_c1….jpg: is --layout right?")
    return found


def _cuhk03(data: Path, kind: str) -> Split:
    """Read the new protocol (Zhong et al. 2017) in any of the ways in which it is passed on.

    They are folders as Market-1501's in ``labeled/``; ``images_labeled/`` beside
    ``cuhk03_new_protocol_config_labeled.mat``, or beside ``splits_new_labeled.json``; the same for
    ``detected``.
    """
    name: LayoutName = "cuhk03-labeled" if kind == "labeled" else "cuhk03-detected"
    if (data / kind).is_dir():
        query, gallery = (_market_folder(data / kind / part, {}) for part in _MARKET_PARTS)
        return Split(query, gallery, name)
    images = data / f"images_{kind}"
    protocols = {
        data / f"cuhk03_new_protocol_config_{kind}.mat": _cuhk03_config,
        data / f"splits_new_{kind}.json": _cuhk03_splits,
    }
    listing = next((path for path in protocols if path.is_file()), None)
    if listing is None or not images.is_dir():
        lists = " or ".join(path.name for path in protocols)
        raise SourceError(
            f"{data} needs {kind}/query, or {images.name}/ and {lists}: is it CUHK03?"
        )
    try:
        query, gallery = protocols[listing](listing, images)
    except (KeyError, ValueError, TypeError, IndexError):
        raise SourceError(f"{listing} is not CUHK03's new protocol") from None
    return Split(query, gallery, name)


def _cuhk03_config(listing: Path, images: Path) -> tuple[tuple[Labelled, ...], ...]:
    """Read the authors' MATLAB file: names, people, cameras, and positions that count from 1."""
    content = load_mat(listing)
    names, people, cameras = (np.ravel(content[n]) for n in ("filelist", "labels", "camId"))
    return tuple(
        tuple(
            Labelled(images / str(names[i]), str(int(people[i])), str(int(cameras[i])))
            for i in np.ravel(content[part]).astype(int) - 1
        )
        for part in ("query_idx", "gallery_idx")
    )


def _cuhk03_splits(listing: Path, images: Path) -> tuple[tuple[Labelled, ...], ...]:
    """Read torchreid's splits: path, person, camera; the paths are of the machine it ran on."""
    split = json.loads(listing.read_text())[0]
    return tuple(
        tuple(
            Labelled(images / Path(path).name, str(int(who)), str(int(camera)))
            for path, who, camera in split[part]
        )
        for part in ("query", "gallery")
    )


def load_mat(path: Path) -> dict[str, Any]:
    """Read a MATLAB file's variables.

    Raises:
        SourceError: it is none.
        ModelError: SciPy is not installed.
    """
    try:
        from scipy.io import loadmat
    except ImportError:
        raise ModelError("this data set needs scipy: pip install 'scipy>=1.13'") from None
    try:
        return dict(loadmat(path, squeeze_me=True, simplify_cells=True))
    except Exception as error:  # scipy raises many kinds for damaged files
        raise SourceError(f"{path} is not a MATLAB file ({type(error).__name__})") from None


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
    parts = (*_MARKET_PARTS, "bounding_box_train")
    return any((data / part).is_dir() for part in parts) and not _looks_like_duke(data)


def _looks_like_duke(data: Path) -> bool:
    images = (p for part in _MARKET_PARTS for p in sorted((data / part).glob("*_c*"))[:1])
    return any(_DUKE_NAME.match(path.name) for path in images)


def _looks_like_msmt(data: Path) -> bool:
    return any((data / f"list_{part}.txt").is_file() for part in ("query", "gallery", "train"))


def _looks_like_cuhk03(data: Path, kind: str) -> bool:
    places = (data / kind / "query", data / kind / "bounding_box_test", data / f"images_{kind}")
    return any(place.is_dir() for place in places)


_SIGNS: Final[dict[LayoutName, Callable[[Path], bool]]] = {
    "dukemtmc": _looks_like_duke,
    "market1501": _looks_like_market,
    "msmt17": _looks_like_msmt,
    "cuhk03-labeled": partial(_looks_like_cuhk03, kind="labeled"),
    "cuhk03-detected": partial(_looks_like_cuhk03, kind="detected"),
}
"""Published layouts → what gives them away."""

_READERS: Final[dict[LayoutName, Callable[[Path], Split]]] = {
    "market1501": _market,
    "dukemtmc": _duke,
    "msmt17": _msmt,
    "cuhk03-labeled": partial(_cuhk03, kind="labeled"),
    "cuhk03-detected": partial(_cuhk03, kind="detected"),
}

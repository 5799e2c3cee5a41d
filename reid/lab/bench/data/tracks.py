"""Data sets' images → tracks, as automatic tracking would have them: without knowing who it is.

What is told of a track is only what a tracker knows: which images are of one walk past one camera,
and when. Identities serve to keep two people's images apart where names do not, as a tracker does.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.bench.data.reid_sets import Labelled, LayoutName

MARKET_FPS: Final = 25.0
MARKET_GAP: Final = 5.0
"""Seconds between two images of one camera's sequence up to which they are one track."""

_MARKET_TIME: Final = re.compile(r"-?\d+_c\d+s(\d+)_(\d+)_")
_APART: Final = 1e6  # seconds from one of a camera's sequences to the next

ASSUMED: Final = {
    "market1501": "a track is what one camera's sequence shows of somebody with gaps of at most "
    f"{MARKET_GAP:g} s, by the frame numbers of the names",
    "others": "all images of somebody before one camera are one short track; when it was is not "
    "known, so nobody is known to have been seen together",
}
"""What stands for automatic tracking, by layout."""


@dataclass(frozen=True, slots=True)
class TrackedImages:
    """N images of T tracks.

    Attributes:
        images: N of them.
        track: int (N,), of which track each is.
        camera: int (T,), who saw each track.
        begin, end: float64 (T,), seconds; NaN where nobody knows.
        assumed: what stands for automatic tracking, in words.
    """

    images: tuple[Labelled, ...]
    track: NDArray[np.intp]
    camera: NDArray[np.intp]
    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    assumed: str


def tracked(images: Sequence[Labelled], layout: LayoutName | None) -> TrackedImages:
    """Gather images of people to tracks; distractors and junk are left out."""
    people = tuple(image for image in images if image.subject == "person")
    timed = layout == "market1501" and all(_MARKET_TIME.match(i.path.name) for i in people)
    times = np.array([_time(image) if timed else np.nan for image in people])
    groups: dict[tuple[str, str], list[int]] = {}
    for i, image in enumerate(people):
        groups.setdefault((image.identity, image.camera), []).append(i)
    walks = [walk for rows in groups.values() for walk in _walks(rows, times)]
    track = np.empty(len(people), np.intp)
    for number, walk in enumerate(walks):
        track[walk] = number
    cameras = sorted({image.camera for image in people})
    return TrackedImages(
        people,
        track,
        np.array([cameras.index(people[walk[0]].camera) for walk in walks], np.intp),
        np.array([times[walk].min() for walk in walks]),
        np.array([times[walk].max() for walk in walks]),
        ASSUMED["market1501" if timed else "others"],
    )


def _time(image: Labelled) -> float:
    """Return when an image of Market-1501 was taken, in seconds of its camera's recordings."""
    found = _MARKET_TIME.match(image.path.name)
    assert found is not None
    return int(found[1]) * _APART + int(found[2]) / MARKET_FPS


def _walks(rows: list[int], times: NDArray[np.float64]) -> list[list[int]]:
    """Part images of one person before one camera where nobody saw them for too long."""
    ordered = sorted(rows, key=lambda row: (times[row], row))
    walks = [[ordered[0]]]
    for before, row in itertools.pairwise(ordered):
        if times[row] - times[before] > MARKET_GAP:  # never, where no times are known
            walks.append([])
        walks[-1].append(row)
    return walks

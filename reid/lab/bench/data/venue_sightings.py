"""A filmed venue → sightings cut by its truth: what could be stored if nobody were missed.

So the search by description can be measured by itself, without a detector's mistakes.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import av
import numpy as np

from reid.core.boxes import Boxes, Tracks, as_boxes
from reid.core.pixels import FrameRef, HeadRegions, Image, RedactedCrop, redact
from reid.core.records import SightingKey, Sightings
from reid.detect.head_regions import FrameDetections, HeadCandidates, regions_to_redact
from reid.embed import CropEmbedder, pool
from reid.lab.bench.data.galleries import CameraGallery
from reid.lab.bench.data.venue_sets import Clip, FilmedVenue, Shown, Visit, at_second
from reid.lab.bench.retrieval import light_of
from reid.lab.research_image import ResearchImage

CROPS_A_VISIT: Final = 6
LEAST_VISIBLE: Final = 0.3

Wanted = dict[int, list[tuple[int, Boxes]]]
"""Frame → visits (by number) to take a picture of, and where the person is."""


def film_galleries(
    venue: FilmedVenue, embedder: CropEmbedder, progress: Callable[[int], None]
) -> tuple[CameraGallery, ...]:
    """Describe every visit to every camera, heads redacted.

    `progress` is told the number of visits done.
    """
    galleries, done = [], 0
    for clip in venue.clips:
        tracklets = visit_crops(venue, clip)
        if tracklets:
            galleries.append(_gallery(clip, tracklets, embedder))
        progress(done := done + sum(visit.camera == clip.camera for visit in venue.visits))
    return tuple(galleries)


def visit_crops(venue: FilmedVenue, clip: Clip) -> list[tuple[Visit, list[RedactedCrop]]]:
    """Return the visits that a clip shows, each with a few redacted crops of the person."""
    visits = [visit for visit in venue.visits if visit.camera == clip.camera]
    crops = _crops(clip, visits)
    return [(visit, crops[i]) for i, visit in enumerate(visits) if crops[i]]


def pictures(clip: Clip, visit: Visit) -> dict[int, Boxes]:
    """Return up to `CROPS_A_VISIT` frames, spread over a visit, and where the person is in each."""
    first, last = (round(at_second(clip, when) * clip.fps) for when in (visit.start, visit.end))
    seen: dict[int, Boxes] = {}
    for index in range(max(0, first), min(last + 1, len(clip.frames))):
        for one in clip.frames[index]:
            if one.person == visit.person and one.visible >= LEAST_VISIBLE:
                seen[index] = one.box
    indexes = list(seen)
    spread = np.linspace(0, len(indexes) - 1, min(CROPS_A_VISIT, len(indexes))).round().astype(int)
    return {indexes[i]: seen[indexes[i]] for i in spread}


def _crops(clip: Clip, visits: Sequence[Visit]) -> list[list[RedactedCrop]]:
    wanted: Wanted = {}
    for number, visit in enumerate(visits):
        for index, box in pictures(clip, visit).items():
            wanted.setdefault(index, []).append((number, box))
    crops: list[list[RedactedCrop]] = [[] for _ in visits]
    for index, pixels in _frames(clip.path, max(wanted, default=-1)):
        if index not in wanted:
            continue
        raw = ResearchImage(pixels, clip.camera, index).frame()
        frame = redact(raw, _heads(raw.ref, clip.frames[index]))
        for number, box in wanted[index]:
            crops[number].append(frame.crop(box, number))
    return crops


def _heads(frame: FrameRef, shown: Sequence[Shown]) -> HeadRegions:
    """Return what is painted when everybody and every head is found where it is."""
    people = as_boxes([one.box for one in shown])
    n = len(people)
    tracks = Tracks(people, np.ones(n, np.float32), np.arange(n, dtype=np.int64))
    heads = HeadCandidates.upright(as_boxes([one.head for one in shown]))
    return regions_to_redact([FrameDetections(frame, tracks, heads)], 0)


def _frames(path: Path, last: int) -> Iterator[tuple[int, Image]]:
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index > last:
                return
            yield index, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _gallery(
    clip: Clip, tracklets: Sequence[tuple[Visit, list[RedactedCrop]]], embedder: CropEmbedder
) -> CameraGallery:
    light = light_of([crop for _, crops in tracklets for crop in crops])
    keys = [
        SightingKey(f"{clip.camera}/{i}", clip.path.name, "", clip.camera, v.start, v.end, i)
        for i, (v, _) in enumerate(tracklets)
    ]
    sightings: Sightings = pool(keys, [crops for _, crops in tracklets], embedder, light)
    return CameraGallery(clip.camera, sightings, tuple(visit.person for visit, _ in tracklets))

"""End to end: a venue's clips are indexed, witnesses are asked, and is the lost child found?"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from reid.capture.sources import open_source
from reid.core.boxes import Boxes, iou
from reid.core.errors import UsageError
from reid.core.pixels import RedactedCrop
from reid.core.records import SightingKey
from reid.describe import describe
from reid.detect.tracker import Tracker
from reid.embed import Embedder
from reid.lab.bench.data.venue_sets import Clip, FilmedVenue, Told, Visit
from reid.lab.bench.description import FIRST_SCREEN
from reid.lab.bench.detection import Share
from reid.lab.bench.report.record import Record, Recorder
from reid.pipeline import Indexer
from reid.search.questions import search
from reid.store import Filter, Store

Progress = Callable[[int], None]
Owners = dict[str, str | None]
"""Sighting id → the person whom its picture shows; None for nobody in particular."""

SAME_BOX: Final = 0.4
"""Overlap (IoU) of a sighting's picture with a person's true box from which it is that person."""


@dataclass(frozen=True, slots=True)
class Sought:
    """One description, answered.

    Attributes:
        told: what was said of whom.
        in_view: whether a camera had the person well in view in the time searched.
        rank: of the first picture of the right person, from 1; None where none is stored.
        searched: how many sightings were ranked.
        outcome: what the product said: found, unsure or nobody_fits.
        seconds: from the sentence to the answer.
    """

    told: Told
    in_view: bool
    rank: int | None
    searched: int
    outcome: str
    seconds: float

    @property
    def false_looks(self) -> int:
        """Pictures of others looked at before the right one, or all where it is not there."""
        return self.searched if self.rank is None else self.rank - 1


@dataclass(frozen=True, slots=True)
class VenueResult:
    """What came of it.

    Attributes:
        sought: every description's answer.
        visits: stays before a camera that gave at least one sighting of the person.
        pictures: sightings whose picture shows one of the people of the venue.
        pieces: sightings a visit, of those that gave any.
        real_time: seconds of film indexed a second.
        model_id, detector: names of the models.
        run: how it was measured.
    """

    sought: tuple[Sought, ...]
    visits: Share
    pictures: Share
    pieces: float
    real_time: float
    model_id: str
    detector: str
    run: Record

    def to_json(self) -> dict[str, Any]:
        """Return figures by who is sought (a lost child, anybody) and by kind of description."""
        groups: dict[str, dict[str, list[Sought]]] = {"lost": {}, "anybody": {}}
        for one in self.sought:
            group = groups["lost" if one.told.lost else "anybody"]
            group.setdefault(one.told.version, []).append(one)
        return {
            **{
                name: {version: summary(kind) for version, kind in group.items()}
                for name, group in groups.items()
            },
            "visits_indexed": self.visits.to_json(),
            "pictures_of_people": self.pictures.to_json(),
            "sightings_a_visit": round(self.pieces, 3),
            "times_real_time": round(self.real_time, 3),
            "model_id": self.model_id,
            "detector": self.detector,
            "redacted": True,
            "run": self.run.to_json(),
        }


def summary(sought: Sequence[Sought]) -> dict[str, Any]:
    """Return figures of one kind of description.

    ``found_first``, ``found_on_first_screen`` and ``found`` are shares of those whom a camera had
    in view; ``left_alone`` is the share of the others of whom the product did not say "found".
    """
    there = [one for one in sought if one.in_view]
    away = [one for one in sought if not one.in_view]
    ranks = [one.rank for one in there if one.rank is not None]
    looks = np.array([one.false_looks for one in there], np.float64)
    times = np.array([one.seconds for one in sought]) * 1000
    return {
        "n": len(sought),
        "found_first": _share(sum(rank == 1 for rank in ranks), len(there)),
        "found_on_first_screen": _share(sum(rank <= FIRST_SCREEN for rank in ranks), len(there)),
        "found": _share(len(ranks), len(there)),
        "said_found": _share(sum(one.outcome == "found" for one in there), len(there)),
        "left_alone": _share(sum(one.outcome != "found" for one in away), len(away)),
        "false_looks": {
            "median": float(np.median(looks)) if len(looks) else None,
            "mean": round(float(looks.mean()), 2) if len(looks) else None,
        },
        "searched": round(float(np.mean([one.searched for one in sought])), 1),
        "answer_ms": round(float(np.median(times)), 2),
    }


def run_venue(
    venue: FilmedVenue,
    tracker: Tracker,
    model: tuple[Embedder, Path | None],
    detector: Path,
    every: int,
    progress: Progress,
) -> VenueResult:
    """Index a venue's clips, ask every witness, and compare with the truth.

    Args:
        venue: clips with their truth.
        people: finds and follows people.
        model: the embedder, and where it was read from.
        detector: where `people` was read from, for the record.
        every: only every n-th frame is looked at.
        progress: told the number of frames read, over all clips.
    """
    embedder, weights = model
    recorder = Recorder("venue", 0, {"every": every})
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "venue", embedder.model_id, embedder.dim)
        begun = time.perf_counter()
        _index(venue.clips, Indexer(store, embedder, tracker, every), progress)
        seconds = time.perf_counter() - begun
        keys = store.keys(sorted(store.ids()))
        owners = owners_of(venue.clips, store.crops(list(keys)))
        sought = tuple(_seek(store, one, venue.visits, owners) for one in venue.told)
    visits, pieces = _visited(venue.visits, keys, owners)
    named = sum(owner is not None for owner in owners.values())
    return VenueResult(
        sought,
        visits,
        Share(named, len(owners)),
        pieces,
        sum(clip.seconds for clip in venue.clips) / seconds,
        embedder.model_id,
        detector.name,
        recorder.finish({"detector": detector, embedder.model_id: weights}, venue.files),
    )


def owners_of(clips: Sequence[Clip], crops: dict[str, RedactedCrop]) -> Owners:
    """Return whom each sighting's picture shows, by its box in its frame."""
    frames = {clip.camera: clip.frames for clip in clips}
    return {i: _owner(crop.box, frames[crop.camera], crop.index) for i, crop in crops.items()}


def _owner(box: Boxes, frames: Sequence[Sequence[Any]], index: int) -> str | None:
    shown = frames[index] if index < len(frames) else ()
    if not shown:
        return None
    overlap = iou(box[None], np.stack([one.box for one in shown]))[0]
    best = int(overlap.argmax())
    return str(shown[best].person) if overlap[best] >= SAME_BOX else None


def _index(clips: Sequence[Clip], indexer: Indexer, progress: Progress) -> None:
    before = 0
    for clip in clips:
        source = open_source(str(clip.path), camera=clip.camera, start=clip.start)
        indexer.index(source)
        before += len(clip.frames)
        progress(before)


def _seek(store: Store, told: Told, visits: Sequence[Visit], owners: Owners) -> Sought:
    """Search as the desk does: everything since the child was last seen with its family."""
    since = told.since
    in_view = any(
        visit.person == told.person and (since is None or visit.end >= since) for visit in visits
    )
    begun = time.perf_counter()
    which = Filter(since=since)
    searched = store.count(which)
    try:
        answer = search(store, describe(told.text), which, top=max(1, searched))
    except UsageError:  # nothing in it can be searched for
        return Sought(told, in_view, None, searched, "unsure", time.perf_counter() - begun)
    seconds = time.perf_counter() - begun
    right = (i for i, m in enumerate(answer.matches, 1) if owners[m.key.id] == told.person)
    return Sought(told, in_view, next(right, None), searched, answer.outcome, seconds)


def _visited(
    visits: Sequence[Visit], keys: dict[str, SightingKey], owners: Owners
) -> tuple[Share, float]:
    """Return which visits gave a sighting, and into how many sightings such a visit fell."""
    pieces = [
        sum(
            owners[i] == visit.person
            and key.camera == visit.camera
            and key.start <= visit.end
            and key.end >= visit.start
            for i, key in keys.items()
        )
        for visit in visits
    ]
    seen = [n for n in pieces if n]
    return Share(len(seen), len(visits)), float(np.mean(seen)) if seen else 0.0


def _share(hits: int, n: int) -> dict[str, Any] | None:
    return Share(hits, n).to_json() if n else None

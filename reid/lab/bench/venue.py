"""End to end: a venue's clips are indexed, witnesses are asked, and is the lost child found?"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from pydantic import Field, SkipValidation

from reid.capture.sources import open_source
from reid.core.boxes import Boxes, iou
from reid.core.pixels import RedactedCrop
from reid.core.records import SearchWindow, SightingKey
from reid.describe import describe
from reid.detect.tracker import Tracker
from reid.embed import CropEmbedder
from reid.lab.bench.child_cues import ChildFigures, child_figures
from reid.lab.bench.data.venue_sets import Clip, FilmedVenue, Shown, Told, Visit
from reid.lab.bench.description import FIRST_SCREEN
from reid.lab.bench.metrics.figures import Figures, OneDigit, ThreeDigits, TwoDigits
from reid.lab.bench.metrics.summary import Share
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
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


class FalseLooks(Figures):
    """Pictures of others looked at before the right one; None where nobody was in view."""

    median: float | None
    mean: TwoDigits | None


class SearchFigures(Figures):
    """Figures of one kind of description.

    Attributes:
        n: descriptions.
        found_first, found_on_first_screen, found, said_found: of those whom a camera had in view:
            the right picture is first, on the first screen, stored at all; "found" is said.
        left_alone: share of the others of whom the product did not say "found".
        searched: mean number of sightings ranked.
        answer_ms: median time from the sentence to the answer.
    """

    n: int
    found_first: Share | None
    found_on_first_screen: Share | None
    found: Share | None
    said_found: Share | None
    left_alone: Share | None
    false_looks: FalseLooks
    searched: OneDigit
    answer_ms: TwoDigits

    def row(self, name: str) -> Row:
        """Return the figures as a row of a table."""
        shares = (
            self.found_first, self.found_on_first_screen, self.found, self.said_found,
            self.left_alone,
        )  # fmt: skip
        mean = self.false_looks.mean
        return (
            name,
            *(_shown(share) for share in shares),
            "-" if mean is None else f"{mean:.1f}",
            f"{self.searched:.0f}",
            f"{self.answer_ms:.0f} ms",
        )


class VenueResult(Result):
    """What came of it, by who is sought and by kind of description.

    Attributes:
        lost, anybody: descriptions of a lost child, and of anybody; by kind.
        children: whether a child looks like a child; None in results of before that was asked.
        visits_indexed: stays before a camera that gave at least one sighting of the person.
        pictures_of_people: sightings whose picture shows one of the people of the venue.
        sightings_a_visit: of those visits that gave any.
        times_real_time: seconds of film indexed a second.
        model_id, detector: names of the models.
        sought: every description's answer; not part of the JSON.
    """

    question: ClassVar[str] = (
        "From video to answer: is the lost child found, after how many false looks?"
    )

    lost: dict[str, SearchFigures]
    anybody: dict[str, SearchFigures]
    children: ChildFigures | None = Field(default=None, exclude_if=lambda figures: figures is None)
    visits_indexed: Share
    pictures_of_people: Share
    sightings_a_visit: ThreeDigits
    times_real_time: ThreeDigits
    model_id: str
    detector: str
    redacted: bool = True
    sought: SkipValidation[tuple[Sought, ...]] = Field(default=(), exclude=True, repr=False)

    def headline(self) -> str:
        """Return how often somebody in view is the first picture, and on the first screen."""
        groups = (("lost child", self.lost), ("anybody", self.anybody))
        said = [
            f"{who}, as described: first {one.found_first.hits} of {one.found_first.n}, on the "
            f"first screen {one.found_on_first_screen.hits}"
            for who, group in groups
            if (one := next(iter(group.values()), None))
            and one.found_first
            and one.found_on_first_screen
        ]
        return "; ".join([*said, f"visits stored {_shown(self.visits_indexed)}"])

    def tables(self) -> list[Table]:
        """Return one row a kind of description, of lost children and of anybody."""
        rows = tuple(
            kind.row(f"{label}, {version}")
            for label, group in (("lost child", self.lost), ("anybody", self.anybody))
            for version, kind in group.items()
        )
        note = (
            f"{self.model_id}, {self.detector}: {_shown(self.visits_indexed)} % of visits indexed, "
            f"in {self.sightings_a_visit:.2f} sightings each; {_shown(self.pictures_of_people)} % "
            f"of pictures show somebody known; indexed {self.times_real_time:.2f} times as fast as "
            "filmed"
        )
        columns = ("%", "first", "first screen", "stored", "said found", "left alone",
                   "false looks", "of", "answer")  # fmt: skip
        beside = [] if self.children is None else [self.children.table()]
        return [Table(columns, rows, note), *beside]


def _shown(share: Share | None) -> str:
    return "-" if share is None else figure(share.share, share.interval)


def summary(sought: Sequence[Sought]) -> SearchFigures:
    """Return figures of one kind of description."""
    there = [one for one in sought if one.in_view]
    away = [one for one in sought if not one.in_view]
    ranks = [one.rank for one in there if one.rank is not None]
    looks = np.array([one.false_looks for one in there], np.float64)
    return SearchFigures(
        n=len(sought),
        found_first=_share(sum(rank == 1 for rank in ranks), len(there)),
        found_on_first_screen=_share(sum(rank <= FIRST_SCREEN for rank in ranks), len(there)),
        found=_share(len(ranks), len(there)),
        said_found=_share(sum(one.outcome == "found" for one in there), len(there)),
        left_alone=_share(sum(one.outcome != "found" for one in away), len(away)),
        false_looks=FalseLooks(
            median=float(np.median(looks)) if len(looks) else None,
            mean=float(looks.mean()) if len(looks) else None,
        ),
        searched=float(np.mean([one.searched for one in sought])),
        answer_ms=1000 * float(np.median([one.seconds for one in sought])),
    )


def _by_version(sought: Sequence[Sought], *, lost: bool) -> dict[str, SearchFigures]:
    """Return figures by kind of description, of lost children or of all others."""
    groups: dict[str, list[Sought]] = {}
    for one in sought:
        if one.told.lost == lost:
            groups.setdefault(one.told.version, []).append(one)
    return {version: summary(group) for version, group in groups.items()}


def run_venue(
    venue: FilmedVenue,
    tracker: Tracker,
    model: tuple[CropEmbedder, Path | None],
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
        children = child_figures(store.read(), owners, venue)
        sought = tuple(_seek(store, one, venue.visits, owners) for one in venue.told)
    visits, pieces = _visited(venue.visits, keys, owners)
    named = sum(owner is not None for owner in owners.values())
    return VenueResult(
        lost=_by_version(sought, lost=True),
        anybody=_by_version(sought, lost=False),
        children=children,
        visits_indexed=visits,
        pictures_of_people=Share.of(named, len(owners)),
        sightings_a_visit=pieces,
        times_real_time=sum(clip.seconds for clip in venue.clips) / seconds,
        model_id=embedder.model_id,
        detector=detector.name,
        sought=sought,
        run=recorder.finish({"detector": detector, embedder.model_id: weights}, venue.files),
    )


def owners_of(clips: Sequence[Clip], crops: dict[str, RedactedCrop]) -> Owners:
    """Return whom each sighting's picture shows, by its box in its frame."""
    frames = {clip.camera: clip.frames for clip in clips}
    return {i: _owner(crop.box, frames[crop.camera], crop.index) for i, crop in crops.items()}


def _owner(box: Boxes, frames: Sequence[Sequence[Shown]], index: int) -> str | None:
    shown = frames[index] if index < len(frames) else ()
    if not shown:
        return None
    overlap = iou(box[None], np.stack([one.box for one in shown]))[0]
    best = int(overlap.argmax())
    return shown[best].person if overlap[best] >= SAME_BOX else None


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
    window = SearchWindow(since)
    searched = store.count(Filter.within(window))
    answer = search(store, describe(told.text), window, top=max(1, searched))
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
    return Share.of(len(seen), len(visits)), float(np.mean(seen)) if seen else 0.0


def _share(hits: int, n: int) -> Share | None:
    return Share.of(hits, n) if n else None

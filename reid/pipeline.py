"""Indexing: frames of a source → redacted tracklets → stored sightings."""

import hashlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from reid.capture.motion_gate import MotionGate, Skipped
from reid.capture.sources import AnimationSource, LiveSource, Source, VideoSource
from reid.core.boxes import Boxes, Tracks, turned_boxes
from reid.core.looking import AUTO
from reid.core.pixels import (
    Profile,
    RawFrame,
    RedactedCrop,
    RedactedFrame,
    redact,
)
from reid.core.records import SightingKey, Sightings
from reid.detect.gaps import GapLinker
from reid.detect.head_regions import LOOK_AROUND, FrameDetections, regions_to_redact
from reid.detect.last_check import LastCheck
from reid.detect.orientation import SAMPLED, rotation, said
from reid.detect.person_crops import heads_in_crop, redacted_crop
from reid.detect.tracker import Tracker
from reid.detect.tracklets import Tracklet, TrackletBuilder
from reid.embed import CropEmbedder, Light, pool
from reid.embed.light import LightMeter, borders
from reid.store import Store
from reid.store.write_buffer import WriteBuffer

_BATCH: Final = 32  # tracklets embedded and stored in one commit
_BATCH_SECONDS: Final = 20.0  # but no longer than this between commits
_LIVE_SECONDS: Final = 4.0  # the same for a live camera, where somebody may be waiting
_CROP_BATCH: Final = 256
_DEFAULT_FPS: Final = 10.0
_WAITED_FOR: Final = timedelta(seconds=1.5)  # where frames are left out

Progress = Callable[[int], None]


@dataclass(slots=True)
class Clock:
    """Seconds spent a stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time spent inside towards `name`."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun


@dataclass(slots=True)
class IndexReport:
    """What indexing one source came to.

    Attributes:
        source: its name.
        frames: frames looked at.
        sightings: tracklets stored.
        replaced: rows of an earlier run that are gone.
        stopped: whether it was interrupted; what was seen until then is stored.
        problems: what is to be said, one line each.
        incomplete: whether parts of a recording could not be read. A gallery's image that is none
            is told of, and leaves nothing out of the others.
        faces_left: faces that the last check found in redacted pixels, and painted over.
        clock: seconds a stage.
    """

    source: str
    frames: int = 0
    sightings: int = 0
    replaced: int = 0
    stopped: bool = False
    problems: list[str] = field(default_factory=list)
    incomplete: bool = False
    faces_left: int = 0
    clock: Clock = field(default_factory=Clock)


class SightingSink(Protocol):
    """Where sightings go: a store, a live camera's write buffer, or memory."""

    def add(self, sightings: Sightings) -> object:
        """Take the next of them."""
        ...


class InMemory:
    """Keeps sightings instead of storing them."""

    def __init__(self) -> None:
        self.batches: list[Sightings] = []

    def add(self, sightings: Sightings) -> None:
        """Take the next of them."""
        self.batches.append(sightings)


@dataclass(frozen=True, slots=True)
class Indexer:
    """Everything that indexing needs besides the source.

    Attributes:
        store: where sightings go; a live camera's write buffer does not wait for the store.
        embedder: describes crops.
        tracker: finds people, and heads in person crops; without it the top of each crop is
            redacted as of a person without a found head.
        every: process every n-th frame only; `AUTO` = of films, where something moves.
        profile: which region of a head is redacted.
        careful: make a second pass over every frame of a video, for heads.
        rotate: degrees counter-clockwise that pictures are turned by, a multiple of 90; None = as
            the detector finds people upright.
        views: further crops of each tracklet that are kept, where the venue allows adaptation.
        progress: called with the number of frames read.
    """

    store: SightingSink
    embedder: CropEmbedder
    tracker: Tracker | None
    every: int = 1
    profile: Profile = "head"
    careful: bool = False
    rotate: int | None = None
    views: int = 0
    progress: Progress = lambda _: None

    def index(self, source: Source) -> IndexReport:
        """Store every tracklet of `source`. After an interrupt (Ctrl-C) what was seen is kept."""
        if source.kind == "crops":
            return _CropsRun(self, source).run()
        return _Run(self, source).run()


def redacted_frames(
    frames: Iterable[RawFrame],
    tracker: Tracker,
    profile: Profile,
    clock: Clock,
    looked: Callable[[FrameDetections], None] = lambda _: None,
    waited_for: timedelta = timedelta.max,
) -> Iterator[tuple[RedactedFrame, Tracks]]:
    """Track people and redact heads, `LOOK_AROUND` frames behind: later frames count too.

    Args:
        looked: told what was seen in a frame as soon as it is known.
        waited_for: how long a frame waits for later ones at most.
    """
    raws: deque[RawFrame] = deque()
    seen: deque[FrameDetections] = deque()
    now = 0  # position in `seen` of the oldest frame not yet redacted
    for raw in itertools.chain(frames, [None]):
        if raw is not None:
            with clock.stage("people"):
                seen.append(FrameDetections(raw.ref, *tracker.track(raw)))
            looked(seen[-1])
            raws.append(raw)
        while raws and (raw is None or _is_due(raws, waited_for)):
            with clock.stage("redact"):
                heads = regions_to_redact(list(seen), now, profile)
                redacted = redact(raws.popleft(), heads)
            yield redacted, seen[now].tracks
            now += 1
            if now > LOOK_AROUND:
                seen.popleft()
                now -= 1


def _is_due(raws: Sequence[RawFrame], waited_for: timedelta) -> bool:
    """Whether the oldest of some frames is redacted now, and waits for no later ones."""
    return len(raws) > LOOK_AROUND or raws[-1].time - raws[0].time > waited_for


def redacted_still(
    raw: RawFrame, tracker: Tracker, profile: Profile, check: LastCheck, clock: Clock
) -> tuple[RedactedFrame, Tracks]:
    """Redact one picture, in which people stand upright, and check it for faces that are left."""
    tracker.start_still()
    frame, tracks = next(redacted_frames([raw], tracker, profile, clock))
    with clock.stage("redact"):
        return check.still(frame), tracks


class _Indexing:
    """What every kind of source shares: a report, storing, and the end of a run."""

    def __init__(self, indexer: Indexer, source: Source) -> None:
        self._to, self._source = indexer, source
        self._report = IndexReport(source.name)
        self._written: list[str] = []
        self._last_check = LastCheck()

    def _keep(self, sightings: Sightings) -> None:
        with self._report.clock.stage("store"):
            self._to.store.add(sightings)
        self._written += [key.id for key in sightings.keys]
        self._report.sightings += len(sightings)

    def _finished(self) -> IndexReport:
        if not self._report.stopped and isinstance(self._to.store, Store):
            self._report.replaced = self._to.store.finish_source(self._source.key, self._written)
        self._report.problems += self._source.notes + self._source.problems
        # a gallery goes on without what is no image; a recording with holes is not a whole one
        self._report.incomplete = bool(self._source.problems) and self._source.kind != "crops"
        self._report.faces_left = self._last_check.painted
        return self._report


class _Run(_Indexing):
    """Indexing one video, stream or set of stills."""

    def __init__(self, indexer: Indexer, source: Source) -> None:
        assert indexer.tracker is not None, "only person crops can be indexed without a detector"
        super().__init__(indexer, source)
        self._tracker = indexer.tracker
        self._crowds_before = indexer.tracker.crowds
        self._light = LightMeter()
        self._linker = GapLinker(*self._tracker.link_scores, self._vectors)
        self._waiting: list[Tracklet] = []
        self._last_commit = time.monotonic()
        self._gate = self._opened_gate()
        self._calm: set[int] = set()  # frames before which nothing moved, until they are linked

    def _opened_gate(self) -> MotionGate | None:
        """Return what leaves frames out in which nothing moves, if that is wanted."""
        source = self._source
        if self._to.every != AUTO or not isinstance(source, VideoSource | LiveSource):
            return None
        starts_from, _ = self._tracker.link_scores
        source.gate = MotionGate(1 / (source.fps or _DEFAULT_FPS), starts_from)
        return source.gate

    def run(self) -> IndexReport:
        builder = TrackletBuilder()
        try:
            for frame, tracks in self._frames():
                self._light.see(frame)
                with self._report.clock.stage("link"):
                    if self._source.kind != "stills":  # these have no before
                        calm = frame.index in self._calm
                        self._calm.discard(frame.index)
                        tracks = self._linker.link(frame, tracks, calm=calm)  # noqa: PLW2901
                with self._report.clock.stage("crop"):
                    self._waiting += builder.add(frame, tracks)
                    if self._source.kind == "stills":
                        self._waiting += builder.finish()
                        builder = TrackletBuilder()
                    if isinstance(self._to.store, WriteBuffer):
                        self._waiting += builder.ongoing()
                if self._due():
                    self._commit()
        except KeyboardInterrupt:
            self._report.stopped = True
        self._waiting += builder.finish()
        self._commit()
        self._report.problems += self._tracker.said_of_crowds(
            self._source.name, self._crowds_before
        )
        if self._linker.says and self._gate is None:
            self._report.problems.append(f"{self._source.name} {self._linker.says}")
        return self._finished()

    def _vectors(self, crops: Sequence[RedactedCrop]) -> NDArray[np.float32]:
        """Return the appearance vectors (N, D) of redacted crops."""
        return self._to.embedder.describe(crops, self._light.light()).vectors

    def _frames(self) -> Iterator[tuple[RedactedFrame, Tracks]]:
        clock, profile = self._report.clock, self._to.profile
        fps = (self._source.fps or _DEFAULT_FPS) / max(self._to.every, 1)
        if self._source.kind != "stills":
            quarters = self._quarters()
            self._tracker.start(fps, careful=self._to.careful)
            turned = (raw.turned(quarters) for raw in self._decoded())

            def looked(seen: FrameDetections) -> None:
                self._tell_gate(seen, quarters)

            waited_for = _WAITED_FOR if self._gate else timedelta.max
            yield from redacted_frames(turned, self._tracker, profile, clock, looked, waited_for)
            return
        for raw in self._decoded():  # stills have no before and after
            with clock.stage("people"):
                quarters = rotation(self._to.rotate, [raw], self._tracker)
            upright = raw.turned(quarters)
            yield redacted_still(upright, self._tracker, profile, self._last_check, clock)

    def _tell_gate(self, seen: FrameDetections, quarters: int) -> None:
        """Say who was seen in a frame that was turned by so many quarters."""
        if self._gate is None:
            return
        frame = seen.frame
        width, height = frame.width, frame.height
        boxes = turned_boxes(seen.tracks.xyxy, -quarters, width, height)
        if quarters % 2:
            width, height = height, width
        self._gate.saw(frame.key.index, replace(seen.tracks, xyxy=boxes), width, height)

    def _quarters(self) -> int:
        """Return by how many quarters a film is turned, and say so."""
        source = self._source
        if not isinstance(source, VideoSource | AnimationSource):
            return (self._to.rotate or 0) // 90 % 4
        with self._report.clock.stage("people"):
            quarters = rotation(self._to.rotate, source.sample(SAMPLED), self._tracker)
        if quarters and self._to.rotate is None:
            self._report.problems.append(f"{source.name} {said(quarters)}: it was turned")
        return quarters

    def _decoded(self) -> Iterator[RawFrame]:
        frames = self._source.frames()
        while True:
            with self._report.clock.stage("decode"):
                raw = next(frames, None)
            gate = self._gate
            self._report.frames = gate.frames if gate else self._report.frames + (raw is not None)
            if raw is None:
                return
            self._to.progress(self._report.frames)
            if gate is not None:
                self._skip(gate.skipped(raw.index), raw.index)
                yield raw
            elif raw.index % max(self._to.every, 1) == 0:
                yield raw

    def _skip(self, skipped: Skipped, index: int) -> None:
        """Note what was left out before frame `index`."""
        if skipped.frames:
            self._tracker.skip(skipped.frames, calm=skipped.calm)
        if skipped.calm:
            self._calm.add(index)

    def _due(self) -> bool:
        waited = time.monotonic() - self._last_commit
        longest = _LIVE_SECONDS if self._source.kind == "live" else _BATCH_SECONDS
        return len(self._waiting) >= _BATCH or (bool(self._waiting) and waited > longest)

    def _commit(self) -> None:
        tracklets, self._waiting = _deduplicated(self._waiting), []
        self._last_commit = time.monotonic()
        if not tracklets:
            return
        keys = [self._key(tracklet) for tracklet in tracklets]
        with self._report.clock.stage("embed"):
            crops = [
                [self._last_check.crop(crop) for crop in tracklet.crops()] for tracklet in tracklets
            ]
            sightings = pool(keys, crops, self._to.embedder, self._light.light())
        measures = np.stack([tracklet.measured.summary() for tracklet in tracklets])
        views = tuple(tuple(of_one[1 : 1 + self._to.views]) for of_one in crops)
        self._keep(replace(sightings, measures=measures, views=views if self._to.views else ()))

    def _key(self, tracklet: Tracklet) -> SightingKey:
        name, content = self._source.origin(tracklet.first_index)
        return SightingKey(
            id=sighting_id(content, tracklet.first_index, tracklet.first_box),
            source=name,
            source_key=self._source.key,
            camera=self._source.camera,
            start=tracklet.start,
            end=tracklet.end,
            track_id=tracklet.track_id,
        )


def _deduplicated(tracklets: list[Tracklet]) -> list[Tracklet]:
    """Leave out repeats: a tracklet that was passed on while it went on may have ended since."""
    return list({id(tracklet): tracklet for tracklet in tracklets}.values())


class _CropsRun(_Indexing):
    """Indexing a gallery of person crops: each image is a sighting."""

    def run(self) -> IndexReport:
        batch: list[RedactedCrop] = []
        try:
            for raw in self._source.frames():
                self._report.frames += 1
                self._to.progress(self._report.frames)
                with self._report.clock.stage("redact"):
                    heads = heads_in_crop(raw, self._to.tracker, self._to.profile)
                    batch.append(self._last_check.crop(redacted_crop(raw, heads)))
                if len(batch) >= _CROP_BATCH:
                    self._commit(batch)
                    batch = []
        except KeyboardInterrupt:
            self._report.stopped = True
        self._commit(batch)
        return self._finished()

    def _commit(self, crops: Sequence[RedactedCrop]) -> None:
        if not crops:
            return
        keys = [self._key(crop) for crop in crops]
        with self._report.clock.stage("embed"):
            light = Light.of([borders(crop) for crop in crops])
            sightings = pool(keys, [[crop] for crop in crops], self._to.embedder, light)
        self._keep(sightings)

    def _key(self, crop: RedactedCrop) -> SightingKey:
        name, content = self._source.origin(crop.index)
        return SightingKey(
            id=sighting_id(content, 0, crop.box),
            source=name,
            source_key=self._source.key,
            camera=self._source.camera,
            start=crop.time,
            end=crop.time,
            track_id=crop.track_id,
        )


def sighting_id(content_key: str, index: int, box: Boxes) -> str:
    """Name a sighting by what it was read from: the same source gives the same id again."""
    corners = ",".join(str(round(float(v))) for v in box)
    text = f"{content_key}/{index}/{corners}"
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()

"""How fast is it, beside what a user would otherwise put together, in one run on one machine?"""

import itertools
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from reid.capture.sources import VideoSource, open_source
from reid.core.errors import SourceError
from reid.core.looking import AUTO
from reid.core.pixels import RawFrame
from reid.detect.tracker import Tracker
from reid.embed import CropEmbedder
from reid.lab.bench.metrics.figures import Figures, OneDigit, TwoDigits
from reid.lab.bench.report.plots import Plot, finish
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table
from reid.lab.bench.rivals.crowded_clip import write_crowd
from reid.lab.bench.rivals.tool_chain import run_chain
from reid.lab.bench.searching import Timed, time_search
from reid.loading import load_detector, product_tracker
from reid.pipeline import Indexer, IndexReport
from reid.store import Store
from reid.store.rows import Columns
from reid.store.write_buffer import WriteBuffer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BEFORE_EACH: Final = 5  # people, of several cameras
_STORED_WITHIN: Final = 60.0  # seconds
_CAMERA_FPS: Final = 25  # of clips on which looking where something moves is measured
_QUIET_SHARE: Final = 0.1  # of their frames in which people are there

ALIKE: Final = 0.6
"""Cosine from which two sightings at one time are taken for the same."""

VIDEO: Final = "the video"
QUIET: Final = "quiet: five people in 10 % of the frames"
BUSY: Final = "busy: five people always"


@dataclass(frozen=True, slots=True)
class Contest:
    """What is compared, and on how much.

    Attributes:
        video: a clip with people.
        frames: how many of its frames.
        detector: YOLO weights or OpenVINO folder for both.
        heads: an extra head model for the product, if wanted.
        network: OpenVINO re-ID network for the chain of tools; None to leave the chain out.
        sizes: numbers of sightings to search.
        people: numbers of people before the camera, in clips of 1280 × 720 made for it.
        cameras: numbers of cameras indexed at once, as `reid watch` does, five people before each.
        gate: compare looking where something moves with looking at every frame.
    """

    video: Path | None
    frames: int
    detector: Path | None
    heads: Path | None
    network: Path | None
    sizes: Sequence[int]
    people: Sequence[int] = ()
    cameras: Sequence[int] = ()
    gate: bool = False


class Pace(Figures):
    """Frames a second by the clock and by processor time, and milliseconds a frame by stage."""

    frames: int
    frames_per_second: TwoDigits
    frames_per_core_second: TwoDigits
    ms_per_frame: dict[str, TwoDigits]

    def row(self, name: str) -> Row:
        """Return both rates as a row of a table."""
        return name, f"{self.frames_per_second:.1f}", f"{self.frames_per_core_second:.1f}"


class GatedPace(Figures):
    """Looking where something moves (`--every auto`) beside looking at every frame.

    Attributes:
        every_frame, auto: both rates.
        times_less_work: of processor time.
        sightings: stored by either.
        found_again: share of those of every frame that `auto` stores too: at the same time, and
            alike (cosine of at least `ALIKE`); each counts once.
    """

    every_frame: Pace
    auto: Pace
    times_less_work: TwoDigits
    sightings: tuple[int, int]
    found_again: float | None

    def row(self, name: str) -> Row:
        """Return rates and sightings as a row of a table."""
        again = "" if self.found_again is None else f"{100 * self.found_again:.0f}"
        return (
            name,
            f"{self.every_frame.frames_per_core_second:.1f}",
            f"{self.auto.frames_per_core_second:.1f}",
            f"{self.times_less_work:.1f}",
            " → ".join(map(str, self.sightings)),
            again,
        )


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one way took over the clip.

    Attributes:
        frames: how many.
        seconds: in all, without loading models.
        stages: seconds by stage.
        processor: seconds of the processor by all threads, which tell even on a busy machine.
    """

    frames: int
    seconds: float
    stages: dict[str, float]
    processor: float

    def pace(self) -> Pace:
        """Return frames a second, and milliseconds a frame by stage."""
        return Pace(
            frames=self.frames,
            frames_per_second=self.frames / self.seconds,
            frames_per_core_second=self.frames / self.processor,
            ms_per_frame={name: s / self.frames * 1000 for name, s in self.stages.items()},
        )


_GROWN: Final = (
    ("people at 1280 × 720", "by_people"),
    ("cameras at 1280 × 720, five people each", "by_cameras"),
)


class SpeedResult(Result):
    """Times.

    Attributes:
        ours: the product, from video to stored sightings; None without a video.
        chain: the separate tools; None where they were left out.
        times_faster: ours against the chain, by the clock.
        times_less_work: the same by processor time.
        by_people: the product, by number of people before the camera.
        by_cameras: the product, by number of cameras; frames of all of them together.
        gated: by kind of clip, where it was asked for.
        search: by number of sightings, by way to search.
        memory_mb: largest resident size of this process.
        model_id: the product's embedder.
    """

    question: ClassVar[str] = "How fast is it, beside a chain of separate tools?"

    ours: Pace | None
    chain: Pace | None
    times_faster: TwoDigits | None
    times_less_work: TwoDigits | None
    by_people: dict[int, Pace]
    by_cameras: dict[int, Pace]
    gated: dict[str, GatedPace]
    search: dict[int, dict[str, Timed]]
    memory_mb: OneDigit
    model_id: str

    def headline(self) -> str:
        """Return frames a second, and how long the largest search takes."""
        said = []
        if self.ours is not None:
            rates = f"{self.ours.frames_per_second:.1f} frames/s"
            said.append(f"{rates}, {self.ours.frames_per_core_second:.1f} of one core")
        if self.search:
            n, ways = max(self.search.items())
            way, timed = next(iter(ways.items()))
            said.append(f"search among {n:,} ({way}): {timed.p50_ms:.1f} ms")
        return "; ".join(said)

    def tables(self) -> list[Table]:
        """Return video against the chain, and search by size."""
        tables = [] if self.ours is None else [self._race(self.ours)]
        for head, name in _GROWN:
            by: dict[int, Pace] = getattr(self, name)
            if by:
                rows = tuple(pace.row(str(n)) for n, pace in by.items())
                tables.append(Table((head, "frames/s", "a core"), rows))
        if self.gated:
            heads = ("a core, 1280 × 720", "every frame", "auto", "times", "sightings", "again, %")
            tables.append(Table(heads, tuple(g.row(name) for name, g in self.gated.items())))
        return [*tables, self._searches()]

    def _race(self, ours: Pace) -> Table:
        paces = {"ours": ours} | ({"chain": self.chain} if self.chain else {})
        rows = tuple(
            (*pace.row(name), ", ".join(f"{k} {v:.1f}" for k, v in pace.ms_per_frame.items()))
            for name, pace in paces.items()
        )
        note = ""
        if self.times_faster is not None:
            note = (
                f"{self.times_faster:.1f} times as fast as the chain, "
                f"{self.times_less_work:.1f} a core"
            )
        return Table(("video", "frames/s", "a core", "ms a frame"), rows, note)

    def _searches(self) -> Table:
        rows = tuple(
            (
                f"{n:,}",
                way,
                f"{timed.p50_ms:.2f}",
                f"{timed.p95_ms:.2f}",
                "" if timed.recall_at_10 is None else f"{timed.recall_at_10:.3f}",
            )
            for n, ways in self.search.items()
            for way, timed in ways.items()
        )
        note = f"largest memory {self.memory_mb:.0f} MB"
        return Table(("search", "way", "p50 ms", "p95 ms", "recall@10"), rows, note)

    def plots(self) -> list[Plot]:
        """Return search latency, and frames a second where that grows with something."""
        paces = [self.plot_paces] if self.by_people or self.by_cameras else []
        return [self.plot_latency, *paces]

    def plot_latency(self, axes: "Axes") -> None:
        """Search latency by number of sightings."""
        for way in dict.fromkeys(way for ways in self.search.values() for way in ways):
            found = {n: ways[way].p50_ms for n, ways in self.search.items() if way in ways}
            axes.plot(list(found), list(found.values()), marker="o", label=way)
        axes.set(xscale="log", yscale="log", xlabel="sightings", ylabel="median, ms")
        finish(axes)

    def plot_paces(self, axes: "Axes") -> None:
        """Frames a second of one core, by number of people and of cameras."""
        grown = (("people", self.by_people), ("cameras, five people each", self.by_cameras))
        for label, by in grown:
            if by:
                rates = [pace.frames_per_core_second for pace in by.values()]
                axes.plot(list(by), rates, marker="o", label=label)
        axes.set(xlabel="people, or cameras", ylabel="frames a second of a core", ylim=(0, None))
        finish(axes)


@dataclass(slots=True)
class FirstFrames(VideoSource):
    """The beginning of a video."""

    most: int = 0

    def frames(self) -> Iterator[RawFrame]:
        """Yield the first `most` frames."""
        yield from itertools.islice(VideoSource.frames(self), self.most)


def run_speed(
    contest: Contest,
    make: Callable[[], CropEmbedder],
    weights: Path | None,
    seed: int,
    progress: Callable[[int], None],
) -> SpeedResult:
    """Measure; `progress` is told the number of parts done, of `parts(contest)`.

    `make` loads the product's embedder: once for each camera.
    """
    recorder = Recorder("speed", seed, {"frames": contest.frames, "sizes": list(contest.sizes)})
    ours = chain = None
    done, embedder = 0, make()
    if contest.video is not None and contest.detector is not None:
        ours = _index(contest, contest.video, embedder)
        progress(done := done + 1)
        if contest.network is not None:
            chain = _chain(contest, contest.video, contest.detector, contest.network)
            progress(done := done + 1)
    by_people = {}
    for n in contest.people if contest.detector is not None else ():
        by_people[n] = _index_crowd(contest, n, embedder).pace()
        progress(done := done + 1)
    by_cameras = {}
    for n in contest.cameras if contest.detector is not None else ():
        by_cameras[n] = _index_cameras(contest, n, make).pace()
        progress(done := done + 1)
    gated = {}
    for name in gated_clips(contest):
        gated[name] = _gated(contest, name, embedder)
        progress(done := done + 1)
    search = {}
    for n in contest.sizes:
        search[n] = time_search(n, seed)
        progress(done := done + 1)
    used = {
        "detector": contest.detector,
        "heads": contest.heads,
        "chain": contest.network,
        embedder.model_id: weights,
    }
    files = [contest.video] if contest.video else []
    return SpeedResult(
        ours=ours.pace() if ours else None,
        chain=chain.pace() if chain else None,
        times_faster=_times(ours, chain, lambda timing: timing.seconds),
        times_less_work=_times(ours, chain, lambda timing: timing.processor),
        by_people=by_people,
        by_cameras=by_cameras,
        gated=gated,
        search=search,
        memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        model_id=embedder.model_id,
        run=recorder.finish(used, files),
    )


def _times(
    ours: Timing | None, chain: Timing | None, spent: Callable[[Timing], float]
) -> float | None:
    """Return how many times our rate is the chain's, where both were measured."""
    if ours is None or chain is None:
        return None
    return (ours.frames / spent(ours)) / (chain.frames / spent(chain))


def parts(contest: Contest) -> int:
    """Return how many parts `run_speed` has."""
    video = 0 if contest.video is None or contest.detector is None else 1
    crowds = len(contest.people) + len(contest.cameras) if contest.detector is not None else 0
    gated = len(gated_clips(contest))
    return video + (video if contest.network else 0) + crowds + gated + len(contest.sizes)


def gated_clips(contest: Contest) -> list[str]:
    """Return the names of the clips on which looking where something moves is measured."""
    if not contest.gate or contest.detector is None:
        return []
    return [*([VIDEO] if contest.video else []), QUIET, BUSY]


def _first_frames(video: Path, frames: int) -> FirstFrames:
    source = open_source(str(video))
    if not isinstance(source, VideoSource):
        raise SourceError(f"{video} is not a video: name one with --video")
    return FirstFrames(
        source.path,
        source.camera,
        source.key,
        source.start,
        source.start_from,
        None,
        source.fps,
        most=frames,
    )


def _warm(contest: Contest, video: Path) -> Tracker:
    """Return what finds people, having looked at frames of the video."""
    assert contest.detector is not None
    heads = (load_detector(contest.heads),) if contest.heads else ()
    tracker = product_tracker(load_detector(contest.detector), heads)
    tracker.start(fps=10.0)
    for raw in _first_frames(video, 2).frames():
        tracker.track(raw)
    return tracker


def _index(contest: Contest, video: Path, embedder: CropEmbedder) -> Timing:
    return _stored(contest, video, embedder, 1)[0]


def _stored(
    contest: Contest, video: Path, embedder: CropEmbedder, every: int
) -> tuple[Timing, Columns]:
    """Index a video; return how long it took, and what was stored."""
    tracker = _warm(contest, video)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "venue", embedder.model_id, embedder.dim)
        source = _first_frames(video, contest.frames)
        begun, worked = time.perf_counter(), time.process_time()
        report = Indexer(store, embedder, tracker, every).index(source)
        seconds, processor = time.perf_counter() - begun, time.process_time() - worked
        stored = store.read(vectors=True)
    return Timing(report.frames, seconds, dict(report.clock.seconds), processor), stored


def _gated(contest: Contest, name: str, embedder: CropEmbedder) -> GatedPace:
    """Index one clip both ways, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        clip = contest.video
        if clip is None or name != VIDEO:
            clip = Path(folder) / "clip.mp4"
            share = _QUIET_SHARE if name == QUIET else 1.0
            write_crowd(clip, _BEFORE_EACH, contest.frames, _CAMERA_FPS, share)
        every, all_of_it = _stored(contest, clip, embedder, 1)
        auto, some = _stored(contest, clip, embedder, AUTO)
    return GatedPace(
        every_frame=every.pace(),
        auto=auto.pace(),
        times_less_work=(auto.frames / auto.processor) / (every.frames / every.processor),
        sightings=(len(all_of_it), len(some)),
        found_again=found_again(all_of_it, some) if len(all_of_it) else None,
    )


def found_again(sightings: Columns, others: Columns) -> float:
    """Return the share of sightings of which another one is at the same time, and alike."""
    if not len(others):
        return 0.0
    assert sightings.vectors is not None
    assert others.vectors is not None
    cosines = sightings.vectors.astype(np.float32) @ others.vectors.astype(np.float32).T
    for i, one in enumerate(sightings.keys):
        for j, other in enumerate(others.keys):
            if one.end < other.start or other.end < one.start:
                cosines[i, j] = -1
    rows, columns = linear_sum_assignment(-cosines)
    return float((cosines[rows, columns] >= ALIKE).sum() / len(sightings))


def _index_crowd(contest: Contest, people: int, embedder: CropEmbedder) -> Timing:
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "crowd.mp4"
        write_crowd(clip, people, contest.frames)
        return _index(contest, clip, embedder)


def _index_cameras(contest: Contest, cameras: int, make: Callable[[], CropEmbedder]) -> Timing:
    """Index so many cameras at once, in a thread each, into one store."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "crowd.mp4"
        write_crowd(clip, _BEFORE_EACH, contest.frames)
        looking = [(make(), _warm(contest, clip)) for _ in range(cameras)]
        first, _ = looking[0]
        store = Store.create(Path(folder) / "venue", first.model_id, first.dim)
        write_buffer = WriteBuffer(lambda: store)

        def index(number: int) -> IndexReport:
            embedder, tracker = looking[number]
            source = replace(_first_frames(clip, contest.frames), camera=f"camera-{number}")
            return Indexer(write_buffer, embedder, tracker).index(source)

        begun, worked = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(cameras) as threads:
            reports = list(threads.map(index, range(cameras)))
        write_buffer.close(_STORED_WITHIN)
        seconds, processor = time.perf_counter() - begun, time.process_time() - worked
    stages = Counter[str]()
    for report in reports:
        stages.update(report.clock.seconds)
    return Timing(sum(report.frames for report in reports), seconds, dict(stages), processor)


def _chain(contest: Contest, video: Path, detector: Path, network: Path) -> Timing:
    with tempfile.TemporaryDirectory() as folder:
        stages = run_chain(video, contest.frames, detector, network, Path(folder))
        frames = len((Path(folder) / "tracks.jsonl").read_text().splitlines())
    clock = {name: spent.clock for name, spent in stages.items()}
    return Timing(frames, sum(clock.values()), clock, sum(s.processor for s in stages.values()))

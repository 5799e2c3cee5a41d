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
from typing import Any, Final

from reid.capture.sources import VideoSource, open_source
from reid.core.errors import SourceError
from reid.core.pixels import RawFrame
from reid.detect.tracker import Tracker
from reid.detect.yolo import Detector
from reid.embed import Embedder
from reid.lab.bench.report.record import Record, Recorder
from reid.lab.bench.rivals.crowded_clip import write_crowd
from reid.lab.bench.rivals.tool_chain import run_chain
from reid.lab.bench.searching import Timed, time_search
from reid.pipeline import Indexer, IndexReport
from reid.store import Store
from reid.store.write_buffer import WriteBuffer

_BEFORE_EACH: Final = 5  # people, of several cameras
_STORED_WITHIN: Final = 60.0  # seconds


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
    """

    video: Path | None
    frames: int
    detector: Path | None
    heads: Path | None
    network: Path | None
    sizes: Sequence[int]
    people: Sequence[int] = ()
    cameras: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Pace:
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

    def to_json(self) -> dict[str, Any]:
        """Return frames a second, and milliseconds a frame by stage."""
        return {
            "frames": self.frames,
            "frames_per_second": round(self.frames / self.seconds, 2),
            "frames_per_core_second": round(self.frames / self.processor, 2),
            "ms_per_frame": {
                name: round(s / self.frames * 1000, 2) for name, s in self.stages.items()
            },
        }


@dataclass(frozen=True, slots=True)
class SpeedResult:
    """Times.

    Attributes:
        ours: the product, from video to stored sightings; None without a video.
        chain: the separate tools; None where they were left out.
        by_people: the product, by number of people before the camera.
        by_cameras: the product, by number of cameras; frames of all of them together.
        search: by number of sightings, by way to search.
        memory: largest resident size of this process, MB.
        model_id: the product's embedder.
        run: how it was measured.
    """

    ours: Pace | None
    chain: Pace | None
    by_people: dict[int, Pace]
    by_cameras: dict[int, Pace]
    search: dict[int, dict[str, Timed]]
    memory: float
    model_id: str
    run: Record

    def to_json(self) -> dict[str, Any]:
        """Return everything; ``times_faster`` is ours against the chain, on the clock."""
        return {
            "ours": self.ours.to_json() if self.ours else None,
            "chain": self.chain.to_json() if self.chain else None,
            "times_faster": self._times(lambda pace: pace.frames / pace.seconds),
            "times_less_work": self._times(lambda pace: pace.frames / pace.processor),
            "by_people": {str(n): pace.to_json() for n, pace in self.by_people.items()},
            "by_cameras": {str(n): pace.to_json() for n, pace in self.by_cameras.items()},
            "search": {
                str(n): {name: timed.to_json() for name, timed in ways.items()}
                for n, ways in self.search.items()
            },
            "memory_mb": round(self.memory, 1),
            "model_id": self.model_id,
            "run": self.run.to_json(),
        }

    def _times(self, rate: Callable[[Pace], float]) -> float | None:
        """Return how many times our rate is the chain's, where both were measured."""
        if self.ours is None or self.chain is None:
            return None
        return round(rate(self.ours) / rate(self.chain), 2)


@dataclass(slots=True)
class FirstFrames(VideoSource):
    """The beginning of a video."""

    most: int = 0

    def frames(self) -> Iterator[RawFrame]:
        """Yield the first `most` frames."""
        yield from itertools.islice(VideoSource.frames(self), self.most)


def run_speed(
    contest: Contest,
    make: Callable[[], Embedder],
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
        by_people[n] = _index_crowd(contest, n, embedder)
        progress(done := done + 1)
    by_cameras = {}
    for n in contest.cameras if contest.detector is not None else ():
        by_cameras[n] = _index_cameras(contest, n, make)
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
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    record = recorder.finish(used, files)
    return SpeedResult(
        ours, chain, by_people, by_cameras, search, memory, embedder.model_id, record
    )


def parts(contest: Contest) -> int:
    """Return how many parts `run_speed` has."""
    video = 0 if contest.video is None or contest.detector is None else 1
    crowds = len(contest.people) + len(contest.cameras) if contest.detector is not None else 0
    return video + (video if contest.network else 0) + crowds + len(contest.sizes)


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
    heads = Detector(contest.heads) if contest.heads else None
    tracker = Tracker(Detector(contest.detector), heads)
    tracker.start(fps=10.0)
    for raw in _first_frames(video, 2).frames():
        tracker.track(raw)
    return tracker


def _index(contest: Contest, video: Path, embedder: Embedder) -> Pace:
    tracker = _warm(contest, video)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "venue", embedder.model_id, embedder.dim)
        begun, worked = time.perf_counter(), time.process_time()
        report = Indexer(store, embedder, tracker).index(_first_frames(video, contest.frames))
        seconds, processor = time.perf_counter() - begun, time.process_time() - worked
    return Pace(report.frames, seconds, dict(report.clock.seconds), processor)


def _index_crowd(contest: Contest, people: int, embedder: Embedder) -> Pace:
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "crowd.mp4"
        write_crowd(clip, people, contest.frames)
        return _index(contest, clip, embedder)


def _index_cameras(contest: Contest, cameras: int, make: Callable[[], Embedder]) -> Pace:
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
    return Pace(sum(report.frames for report in reports), seconds, dict(stages), processor)


def _chain(contest: Contest, video: Path, detector: Path, network: Path) -> Pace:
    with tempfile.TemporaryDirectory() as folder:
        stages = run_chain(video, contest.frames, detector, network, Path(folder))
        frames = len((Path(folder) / "tracks.jsonl").read_text().splitlines())
    clock = {name: spent.clock for name, spent in stages.items()}
    return Pace(frames, sum(clock.values()), clock, sum(s.processor for s in stages.values()))

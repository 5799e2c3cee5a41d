"""Is a person one track? And is their head gone in every frame of it?"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reid.capture.sources import open_source
from reid.core.boxes import UNTRACKED, Boxes
from reid.detect.head_regions import LOOK_AROUND, FrameDetections, regions_to_redact
from reid.detect.tracker import Tracker
from reid.detect.yolo import Detector
from reid.lab.bench.data.mot import Film, Rows, evaluate, read_sequences, venue_sequences
from reid.lab.bench.data.venue_sets import is_venue, read_venue
from reid.lab.bench.metrics.head_coverage import Coverage
from reid.lab.bench.report.record import Record, Recorder

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class TrackingResult:
    """How well people are followed.

    Attributes:
        figures: by film and, under ``all``, over all of them: HOTA, IDF1, MOTA as fractions;
            switches, misses, false_positives as counts.
        coverage: of heads, where the films say where they are.
        frames: looked at. frames_per_second: of detector and tracker.
        people: annotated, a person before two cameras twice. tracks: found.
        detector, heads: names of the models.
        run: how it was measured.
    """

    figures: dict[str, dict[str, float]]
    coverage: dict[str, Any] | None
    frames: int
    frames_per_second: float
    people: int
    tracks: int
    detector: str
    heads: str | None
    run: Record

    def to_json(self) -> dict[str, Any]:
        """Return the figures over all films at the top level."""
        films = {
            name: {key: round(value, 4) for key, value in of_film.items()}
            for name, of_film in self.figures.items()
        }
        return {
            **films.pop("all"),
            "films": films,
            "head_coverage": self.coverage,
            "frames": self.frames,
            "frames_per_second": round(self.frames_per_second, 2),
            "n_people": self.people,
            "n_tracks": self.tracks,
            "model_id": self.detector,
            "heads_model": self.heads,
            "run": self.run.to_json(),
        }


@dataclass(frozen=True, slots=True)
class _Followed:
    """What was seen in each frame of a film, and how long that took."""

    seen: list[FrameDetections]
    seconds: float

    def rows(self) -> Rows:
        """Return the tracks in MOTChallenge's format."""
        rows = [
            (i, track, *box[:2], *(box[2:] - box[:2]), score, 1, 1)
            for i, one in enumerate(self.seen, start=1)
            for box, score, track in one.tracks
            if track != UNTRACKED
        ]
        return np.array(rows, np.float64).reshape(-1, 9)

    def painted(self, now: int) -> Boxes:
        """Return what the product paints in a frame, knowing a few frames around it."""
        first = max(0, now - LOOK_AROUND)
        return regions_to_redact(self.seen[first : now + LOOK_AROUND + 1], now - first).boxes


def read_films(data: Path) -> tuple[Film, ...]:
    """Read a filmed venue, or sequences in MOTChallenge's format.

    Raises:
        SourceError: neither.
    """
    return venue_sequences(read_venue(data)) if is_venue(data) else read_sequences(data)


def run_tracking(
    films: Sequence[Film],
    detector: Detector,
    heads: Detector | None,
    seed: int,
    progress: Progress,
) -> TrackingResult:
    """Follow everybody with the product's detector and tracker, and compare with the truth."""
    recorder = Recorder("tracking", seed)
    tracker = Tracker(detector, heads)
    followed: list[_Followed] = []
    for film in films:
        before = sum(len(one.seen) for one in followed)
        followed.append(_follow(film, tracker, before, progress))
    rows = [one.rows() for one in followed]
    coverage = Coverage()
    for film, one in zip(films, followed, strict=True):
        _cover(film, one, coverage)
    weights = {"detector": detector.path} | ({"heads": heads.path} if heads else {})
    frames = sum(len(one.seen) for one in followed)
    return TrackingResult(
        evaluate(films, rows),
        coverage.to_json() if coverage.frames else None,
        frames,
        frames / max(1e-9, sum(one.seconds for one in followed)),
        sum(len(np.unique(film.truth[film.truth[:, 7] == 1, 1])) for film in films),
        sum(len(np.unique(r[:, 1])) for r in rows),
        detector.path.name,
        heads.path.name if heads else None,
        recorder.finish(dict(weights), [file for film in films for file in film.files]),
    )


def _follow(film: Film, tracker: Tracker, before: int, progress: Progress) -> _Followed:
    tracker.start(fps=film.fps)
    seen: list[FrameDetections] = []
    seconds = 0.0
    for raw in open_source(str(film.source)).frames():
        if raw.index >= film.frames:
            break
        begun = time.perf_counter()
        seen.append(FrameDetections(raw.ref, *tracker.track(raw)))
        seconds += time.perf_counter() - begun
        progress(before + len(seen))
    return _Followed(seen, seconds)


def _cover(film: Film, followed: _Followed, coverage: Coverage) -> None:
    if film.heads is None:
        return
    for now, shown in enumerate(film.heads[: len(followed.seen)]):
        coverage.see(film.name, shown, followed.painted(now))

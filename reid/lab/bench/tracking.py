"""Is a person one track? And is their head gone in every frame of it?"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from reid.capture.sources import open_source
from reid.core.boxes import UNTRACKED, Boxes
from reid.detect.detector import Detector
from reid.detect.head_regions import LOOK_AROUND, FrameDetections, regions_to_redact
from reid.detect.tracker import Tracker
from reid.lab.bench.data.mot import Film, Rows, evaluate, read_sequences, venue_sequences
from reid.lab.bench.data.venue_sets import is_venue, read_venue
from reid.lab.bench.metrics.figures import Figures, FourDigits, Fraction, TwoDigits
from reid.lab.bench.metrics.head_coverage import Coverage, HeadCoverage
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
from reid.loading import product_tracker

Progress = Callable[[int], None]


class TrackFigures(Figures):
    """HOTA, IDF1, MOTA as fractions; the others are counts."""

    HOTA: Fraction
    IDF1: Fraction
    MOTA: FourDigits
    switches: int
    misses: int
    false_positives: int

    def row(self, name: str) -> Row:
        """Return the figures as a row of a table."""
        shares = (figure(share) for share in (self.HOTA, self.IDF1, self.MOTA))
        counts = (self.switches, self.misses, self.false_positives)
        return (name, *shares, *(str(count) for count in counts))


class TrackingResult(TrackFigures, Result):
    """How well people are followed, over all films.

    Attributes:
        films: the same figures by film.
        head_coverage: where the films say where heads are.
        frames: looked at. frames_per_second: of detector and tracker.
        n_people: annotated, a person before two cameras twice. n_tracks: found.
        model_id, heads_model: names of the models.
    """

    question: ClassVar[str] = "Is a person one track, and is their head gone in every frame of it?"

    films: dict[str, TrackFigures]
    head_coverage: HeadCoverage | None
    frames: int
    frames_per_second: TwoDigits
    n_people: int
    n_tracks: int
    model_id: str
    heads_model: str | None

    def headline(self) -> str:
        """Return how well people are followed, and on how many heads nothing is left."""
        said = f"HOTA {figure(self.HOTA)}, IDF1 {figure(self.IDF1)}, MOTA {figure(self.MOTA)}"
        if self.head_coverage is None:
            return said
        heads, frames = self.head_coverage.heads, self.head_coverage.frames
        return (
            f"{said}; heads covered {figure(heads.share, heads.interval)} of {heads.n:,}, frames "
            f"without any left {figure(frames.share, frames.interval)}"
        )

    def tables(self) -> list[Table]:
        """Return figures by film, then heads covered."""
        rows = (self.row("all"), *(film.row(name) for name, film in self.films.items()))
        note = (
            f"{self.model_id}: {self.n_people} people, {self.n_tracks} tracks, "
            f"{self.frames} frames at {self.frames_per_second:.1f}/s"
        )
        columns = ("%", "HOTA", "IDF1", "MOTA", "switches", "missed", "false")
        tables = [Table(columns, rows, note)]
        return [*tables, self.head_coverage.table()] if self.head_coverage else tables


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
    recorder = Recorder("tracking", seed, {"frames": [film.frames for film in films]})
    tracker = product_tracker(detector, (heads,) if heads else ())
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
    found = {name: TrackFigures.model_validate(one) for name, one in evaluate(films, rows).items()}
    return TrackingResult(
        **dict(found.pop("all")),
        films=found,
        head_coverage=coverage.figures() if coverage.frames else None,
        frames=frames,
        frames_per_second=frames / max(1e-9, sum(one.seconds for one in followed)),
        n_people=sum(len(np.unique(film.truth[film.truth[:, 7] == 1, 1])) for film in films),
        n_tracks=sum(len(np.unique(r[:, 1])) for r in rows),
        model_id=detector.path.name,
        heads_model=heads.path.name if heads else None,
        run=recorder.finish(dict(weights), [file for film in films for file in film.files]),
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

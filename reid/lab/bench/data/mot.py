"""MOTChallenge's format, and its figures through TrackEval, the challenge's own evaluation."""

import configparser
import contextlib
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.core.errors import ModelError, SourceError
from reid.lab.bench.data.venue_sets import FilmedVenue, Shown

Rows = NDArray[np.float64]
"""(N, 9): frame and id from 1, x, y, width, height in px, flag or confidence, class, visibility."""

PEDESTRIAN: Final = 1
IGNORED: Final = 8
"""MOTChallenge's class "distractor": who is found there counts neither way."""

LEAST_VISIBLE: Final = 0.1
"""Seen share of a person below which being found counts neither way."""

_VIDEOS: Final = (".mp4", ".mkv", ".avi", ".mov", ".gif", ".webm")
_TRACKER: Final = "reid"
_COUNTS: Final = {"switches": "IDSW", "misses": "CLR_FN", "false_positives": "CLR_FP"}


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """One film with annotated tracks.

    Attributes:
        name: of the folder or camera.
        source: a video, or a folder of frames.
        fps: frames a second.
        truth: the annotated boxes.
        heads: who is in each frame, heads included; None where heads are not annotated.
        files: what was read.
    """

    name: str
    source: Path
    fps: float
    truth: Rows
    heads: tuple[tuple[Shown, ...], ...] | None
    files: tuple[Path, ...]

    @property
    def frames(self) -> int:
        """How many frames are annotated."""
        return int(self.truth[:, 0].max()) if len(self.truth) else 0


def read_sequences(data: Path) -> tuple[Film, ...]:
    """Read one sequence (``gt/gt.txt`` with a video or frames), or a folder of them.

    Raises:
        SourceError: missing, or not of this format.
    """
    if not data.is_dir():
        raise SourceError(f"{data} does not exist: name a folder in MOTChallenge's format")
    listings = [data / "gt" / "gt.txt"]
    if not listings[0].is_file():
        listings = sorted(data.glob("*/gt/gt.txt"))
    if not listings:
        raise SourceError(f"{data} holds no gt/gt.txt: --data takes MOTChallenge's format")
    return tuple(_sequence(listing) for listing in listings)


def venue_sequences(venue: FilmedVenue) -> tuple[Film, ...]:
    """Return a filmed venue's clips as sequences."""
    people = sorted({one.person for clip in venue.clips for shown in clip.frames for one in shown})
    number = {person: i for i, person in enumerate(people, start=1)}
    return tuple(
        Film(
            clip.camera,
            clip.path,
            clip.fps,
            _rows(clip.frames, number),
            clip.frames,
            (clip.path,),
        )
        for clip in venue.clips
    )


def cut(sequence: Film, frames: int) -> Film:
    """Return the first `frames` frames of a sequence."""
    heads = None if sequence.heads is None else sequence.heads[:frames]
    truth = sequence.truth[sequence.truth[:, 0] <= frames]
    return Film(sequence.name, sequence.source, sequence.fps, truth, heads, sequence.files)


def evaluate(sequences: Sequence[Film], found: Sequence[Rows]) -> dict[str, dict[str, float]]:
    """Score tracks against the truth, as MOT17 is scored (TrackEval, Luiten et al. 2021).

    Args:
        sequences: the truth.
        found: for each of them the rows of its tracks; class is not looked at.

    Returns:
        By sequence and, under ``all``, over all of them: HOTA, IDF1, MOTA, switches, misses,
        false_positives, and fragments (tracks a person is spread over, on average).

    Raises:
        ModelError: TrackEval is not installed.
        SourceError: the truth is not what the challenge allows.
    """
    try:
        import trackeval
    except ImportError:
        raise ModelError("tracking needs TrackEval: pip install 'trackeval>=1.3'") from None
    metrics = [
        trackeval.metrics.HOTA(),
        *_quiet(trackeval.metrics.CLEAR, trackeval.metrics.Identity),
    ]
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), sequences, found)
        lengths = {sequence.name: sequence.frames for sequence in sequences}
        scored = _scores(trackeval, metrics, Path(folder), lengths)
    names = [metric.get_name() for metric in metrics]
    whole = {
        name: metric.combine_sequences({seq: one[name] for seq, one in scored.items()})
        for name, metric in zip(names, metrics, strict=True)
    }
    return {"all": _figures(whole), **{seq: _figures(one) for seq, one in scored.items()}}


def _scores(
    trackeval: Any, metrics: list[Any], folder: Path, lengths: dict[str, int]
) -> dict[str, dict[str, Any]]:
    settings = {
        "GT_FOLDER": str(folder / "truth"), "TRACKERS_FOLDER": str(folder / "found"),
        "TRACKERS_TO_EVAL": [_TRACKER], "SEQ_INFO": lengths, "SKIP_SPLIT_FOL": True,
        "PRINT_CONFIG": False,
    }  # fmt: skip
    scored = {}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            data = trackeval.datasets.MotChallenge2DBox(settings)
            for name in lengths:
                raw = data.get_raw_seq_data(_TRACKER, name)
                ready = data.get_preprocessed_seq_data(raw, "pedestrian")
                scored[name] = {m.get_name(): m.eval_sequence(ready) for m in metrics}
    except trackeval.utils.TrackEvalException as error:
        raise SourceError(f"ground truth: {' '.join(str(error).split())[:200]}") from None
    return scored


def _quiet(*metrics: Any) -> list[Any]:
    return [metric({"PRINT_CONFIG": False}) for metric in metrics]


def _figures(scored: dict[str, Any]) -> dict[str, float]:
    clear, identity = scored["CLEAR"], scored["Identity"]
    counts = {name: int(clear[key]) for name, key in _COUNTS.items()}
    return {
        "HOTA": float(np.mean(scored["HOTA"]["HOTA"])),
        "IDF1": float(identity["IDF1"]),
        "MOTA": float(clear["MOTA"]),
        **counts,
    }


def _write(folder: Path, sequences: Sequence[Film], found: Sequence[Rows]) -> None:
    for sequence, rows in zip(sequences, found, strict=True):
        truth = folder / "truth" / sequence.name / "gt" / "gt.txt"
        tracks = folder / "found" / _TRACKER / "data" / f"{sequence.name}.txt"
        for path, lines in ((truth, sequence.truth), (tracks, rows)):
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savetxt(path, lines, "%d,%d,%.2f,%.2f,%.2f,%.2f,%.3f,%d,%.3f")


def _sequence(listing: Path) -> Film:
    folder = listing.parents[1]
    about = configparser.ConfigParser()
    try:
        about.read(folder / "seqinfo.ini")
        listed = about["Sequence"] if about.has_section("Sequence") else {}
        fps = float(listed.get("frameRate", "25"))
        rows = np.loadtxt(listing, delimiter=",", ndmin=2)
        if rows.shape[1] != 9:
            raise ValueError("not nine columns")
    except (OSError, ValueError, configparser.Error) as error:
        raise SourceError(f"{listing} is not MOTChallenge's format ({error})") from None
    source = _film(folder, listed.get("imDir"))
    return Film(folder.name, source, fps, rows, None, (listing,))


def _film(folder: Path, named: str | None) -> Path:
    """Return the frames or video of a sequence: as its ``seqinfo.ini`` says, else what is there."""
    places = [folder / named] if named else []
    places += [folder / "img1", *sorted(p for p in folder.iterdir() if p.suffix in _VIDEOS)]
    for place in places:
        if place.exists():
            return place
    raise SourceError(f"{folder} holds neither img1/ nor a video beside gt/: add the frames")


def _rows(frames: Sequence[Sequence[Shown]], number: dict[str, int]) -> Rows:
    rows = []
    for i, shown in enumerate(frames, start=1):
        for one in shown:
            x0, y0, x1, y1 = one.box.tolist()
            seen = one.visible >= LEAST_VISIBLE
            kind = PEDESTRIAN if seen else IGNORED
            place = (x0, y0, x1 - x0, y1 - y0)
            rows.append((i, number[one.person], *place, float(seen), kind, one.visible))
    return np.array(rows, np.float64).reshape(-1, 9)

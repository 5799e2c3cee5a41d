"""Does a detector find on real clips what another one finds? For footage that nobody annotated."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.capture.sources import open_source
from reid.core.boxes import Boxes, iou
from reid.detect.detections import Detections
from reid.detect.yolo import Detector
from reid.lab.bench.metrics.intervals import wilson
from reid.lab.bench.report.record import Record, Recorder

SURE: Final = 0.5
"""Confidence from which the peer's people count as being there."""

_IOU: Final = 0.5


@dataclass(frozen=True, slots=True)
class AgreementResult:
    """What of the peer's people ours finds too, and what it finds where the peer sees nobody.

    Attributes:
        people: how many the peer finds at confidence `SURE`.
        indexed: of these, found at IoU 0.5 from the confidence that starts a track.
        redacted: of these, found at IoU 0.5 from the confidence that counts for redaction.
        false: of ours from the confidence that starts a track, those that overlap nobody whom the
            peer finds at confidence 0.1, by IoU 0.5.
        frames: how many were looked at.
        clips: the same figures by clip.
        run: how it was measured.
    """

    people: int
    indexed: int
    redacted: int
    false: int
    frames: int
    clips: dict[str, dict[str, float | None]]
    run: Record

    def to_json(self) -> dict[str, Any]:
        """Return shares, with their intervals (Wilson), and false boxes a frame."""
        return {
            "found_indexed": _share(self.indexed, self.people),
            "found_redacted": _share(self.redacted, self.people),
            "false_a_frame": round(self.false / max(self.frames, 1), 4),
            "interval": [round(v, 4) for v in wilson(self.indexed, self.people)],
            "n_people": self.people,
            "n_frames": self.frames,
            "clips": self.clips,
            "run": self.run.to_json(),
        }


def run_agreement(
    clips: Sequence[Path], ours: Detector, peer: Detector, every: int,
    progress: Callable[[int], None],
) -> AgreementResult:  # fmt: skip
    """Compare two detectors on every `every`-th frame of clips."""
    recorder = Recorder("agreement", 0, {"every": every})
    by_clip, least = {}, ours.thresholds.index
    for number, clip in enumerate(clips, start=1):
        counts = [
            np.zeros(4, np.int64),
            *(_counts(o, p, least) for o, p in _seen(clip, ours, peer, every)),
        ]
        by_clip[clip.name] = (np.sum(counts, axis=0), len(counts) - 1)
        progress(number)
    total = np.sum([counts for counts, _ in by_clip.values()], axis=0)
    people, indexed, redacted, false = (int(value) for value in total)
    return AgreementResult(
        people, indexed, redacted, false, sum(n for _, n in by_clip.values()),
        {name: _of_clip(*found) for name, found in by_clip.items()},
        recorder.finish({"detector": ours.path, "peer": peer.path}, list(clips)),
    )  # fmt: skip


def _seen(
    clip: Path, ours: Detector, peer: Detector, every: int
) -> Iterator[tuple[Detections, Detections]]:
    for raw in islice(open_source(str(clip)).frames(), 0, None, every):
        yield ours.detect(raw), peer.detect(raw)


def _counts(ours: Detections, peer: Detections, least: float) -> NDArray[np.int64]:
    """Return (people, indexed, redacted, false) of one frame."""
    there = peer.people[peer.scores >= SURE]
    sure = ours.people[ours.scores >= least]
    indexed, redacted = _overlapped(there, sure), _overlapped(there, ours.people)
    false = len(sure) - _overlapped(sure, peer.people)
    return np.array([len(there), indexed, redacted, false], np.int64)


def _overlapped(boxes: Boxes, others: Boxes) -> int:
    """Return how many boxes overlap one of the others by at least `_IOU`."""
    return int((iou(boxes, others) >= _IOU).any(axis=1).sum())


def _of_clip(counts: NDArray[np.int64], frames: int) -> dict[str, float | None]:
    people, indexed, redacted, false = (int(value) for value in counts)
    return {
        "n_people": people,
        "n_frames": frames,
        "found_indexed": _share(indexed, people),
        "found_redacted": _share(redacted, people),
        "false_a_frame": round(false / max(frames, 1), 4),
    }


def _share(hits: int, n: int) -> float | None:
    return round(hits / n, 4) if n else None

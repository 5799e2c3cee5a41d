"""Does a detector find on real clips what another one finds? For footage that nobody annotated."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from reid.capture.sources import open_source
from reid.core.boxes import Boxes, iou
from reid.detect.detections import Detections
from reid.detect.detector import Detector
from reid.lab.bench.metrics.figures import Ends, Figures, Fraction, MaybeFraction
from reid.lab.bench.metrics.intervals import wilson
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Table, figure

SURE: Final = 0.5
"""Confidence from which the peer's people count as being there."""

_IOU: Final = 0.5


class ClipAgreement(Figures):
    """The figures of one clip.

    Attributes:
        n_people: how many the peer finds at confidence `SURE`.
        n_frames: how many were looked at.
        found_indexed: of these people, found at IoU 0.5 from the confidence that starts a track.
        found_redacted: the same from the confidence that counts for redaction.
        false_a_frame: of ours from the confidence that starts a track, those that overlap nobody
            whom the peer finds at confidence 0.1, by IoU 0.5; a frame.
    """

    n_people: int
    n_frames: int
    found_indexed: MaybeFraction
    found_redacted: MaybeFraction
    false_a_frame: Fraction


class AgreementResult(Result):
    """What of the peer's people ours finds too, and what it finds where the peer sees nobody.

    The fields are those of `ClipAgreement`, over all clips.

    Attributes:
        interval: of `found_indexed` (Wilson).
        clips: by name of the file.
    """

    question: ClassVar[str] = "Does ours find on real clips whom another detector finds?"

    found_indexed: MaybeFraction
    found_redacted: MaybeFraction
    false_a_frame: Fraction
    interval: Ends
    n_people: int
    n_frames: int
    clips: dict[str, ClipAgreement]

    def tables(self) -> list[Table]:
        """Return one row a clip, and all of them."""
        named: list[tuple[str, ClipAgreement | AgreementResult]] = [*self.clips.items()]
        rows = tuple(
            (
                name,
                f"{found.n_people} in {found.n_frames}",
                figure(found.found_indexed),
                figure(found.found_redacted),
                f"{found.false_a_frame:.3f}",
            )
            for name, found in [*named, ("all", self)]
        )
        columns = ("%", "people, frames", "found, indexed", "found, redacted", "false a frame")
        return [Table(columns, rows, "of the people whom the peer finds at confidence 0.5")]


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
    whole = _figures(
        np.sum([counts for counts, _ in by_clip.values()], axis=0),
        sum(frames for _, frames in by_clip.values()),
    )
    indexed = int(sum(counts[1] for counts, _ in by_clip.values()))
    return AgreementResult(
        **dict(whole),
        interval=wilson(indexed, whole.n_people),
        clips={name: _figures(*found) for name, found in by_clip.items()},
        run=recorder.finish({"detector": ours.path, "peer": peer.path}, list(clips)),
    )


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


def _figures(counts: NDArray[np.int64], frames: int) -> ClipAgreement:
    people, indexed, redacted, false = (int(value) for value in counts)
    return ClipAgreement(
        n_people=people,
        n_frames=frames,
        found_indexed=indexed / people if people else None,
        found_redacted=redacted / people if people else None,
        false_a_frame=false / max(frames, 1),
    )

"""Agreement of two detectors, counted by hand."""

from pathlib import Path

import numpy as np

from reid.core.boxes import as_boxes, empty_boxes
from reid.detect.detections import Detections
from reid.detect.thresholds import Thresholds
from reid.lab.bench.agreement import run_agreement
from tests.making import write_video


class Scripted:
    """A detector that finds the same in every frame."""

    thresholds = Thresholds()

    def __init__(self, path: Path, *found: tuple[list[float], float]) -> None:
        path.write_bytes(b"weights")
        self.path = path
        self._boxes = as_boxes([box for box, _ in found])
        self._scores = np.array([score for _, score in found], np.float32)

    def detect(self, raw: object) -> Detections:
        return Detections(self._boxes, self._scores, empty_boxes(), np.zeros(0, np.float32))


def test_people_and_false_boxes_by_hand(tmp_path: Path) -> None:
    """The peer is sure of two people. Ours is sure of one and of somebody nobody else sees,
    and finds the other person at a confidence that only redaction listens to.
    """
    clip = tmp_path / "clip.mp4"
    write_video(clip, [np.full((48, 64, 3), 90, np.uint8)] * 4)
    first, second, weak = [0, 0, 10, 30], [20, 0, 30, 30], [40, 0, 50, 30]
    peer = Scripted(tmp_path / "peer", (first, 0.9), (second, 0.6), (weak, 0.2))
    ours = Scripted(
        tmp_path / "ours", (first, 0.8), (second, 0.2), (weak, 0.7), ([50, 30, 60, 44], 0.5)
    )
    result = run_agreement([clip], ours, peer, 2, lambda _: None)  # type: ignore[arg-type]
    assert result.n_frames == 2
    assert result.n_people == 4
    assert result.found_indexed == 0.5
    assert result.found_redacted == 1.0
    assert result.false_a_frame == 1.0
    assert result.clips["clip.mp4"].found_indexed == 0.5
    (table,) = result.tables()
    assert table.rows[-1] == ("all", "4 in 2", "50.0", "100.0", "1.000")


def test_frames_in_which_nobody_is(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    write_video(clip, [np.zeros((48, 64, 3), np.uint8)] * 2)
    one = Scripted(tmp_path / "one")
    result = run_agreement([clip], one, one, 1, lambda _: None)  # type: ignore[arg-type]
    assert result.n_people == 0
    assert result.false_a_frame == 0
    assert result.found_indexed is None

"""Tracks on paper through TrackEval, heads by geometry, and the demo clip end to end."""

import json
from pathlib import Path

import numpy as np
import pytest

from reid.core.boxes import as_boxes
from reid.core.errors import SourceError
from reid.lab.bench.data.mot import Film, cut, evaluate, read_sequences, venue_sequences
from reid.lab.bench.data.venue_sets import Shown, demo_folder, read_venue
from reid.lab.bench.metrics.head_coverage import Coverage, uncovered

HEAD = np.array([40, 10, 60, 30], np.float32)


def film(rows, name="a") -> Film:
    return Film(name, Path("x.mp4"), 10.0, np.array(rows, np.float64), None, ())


def box(frame: int, who: int, x: float, flag: float = 1, kind: int = 1) -> tuple[float, ...]:
    return (frame, who, x, 0, 10, 20, flag, kind, 1)


def test_figures_by_hand() -> None:
    """One person in four frames; the track changes its name after three, and one is elsewhere.

    MOTA = 1 - (missed 0 + false 1 + switch 1) / 4. IDF1: the longer track has 3 of 4, so
    IDTP 3, IDFN 1, IDFP 2 (the second name and the false one): 2·3 / (2·3 + 2 + 1).
    """
    truth = film([box(i, 1, 0) for i in (1, 2, 3, 4)])
    found = np.array([*(box(i, 7, 0) for i in (1, 2, 3)), box(4, 8, 0), box(2, 9, 50)])
    one = evaluate([truth], [found])["all"]
    assert one["MOTA"] == pytest.approx(1 - 2 / 4)
    assert one["IDF1"] == pytest.approx(6 / 9)
    assert (one["switches"], one["misses"], one["false_positives"]) == (1, 0, 1)


def test_who_is_hardly_seen_counts_neither_way() -> None:
    truth = film([box(1, 1, 0), box(1, 2, 50, flag=0, kind=8)])
    perfect = evaluate([truth], [np.array([box(1, 5, 0)])])["all"]
    also = evaluate([truth], [np.array([box(1, 5, 0), box(1, 6, 50)])])["all"]
    assert perfect == also
    assert perfect["MOTA"] == 1.0


def test_films_are_summed_and_kept_apart() -> None:
    films = [film([box(1, 1, 0)], "left"), film([box(1, 1, 0)], "right")]
    scored = evaluate(films, [np.array([box(1, 3, 0)]), np.zeros((0, 9))])
    assert [scored[name]["MOTA"] for name in ("left", "right", "all")] == [1.0, 0.0, 0.5]


def test_a_sequence_is_read_as_published(tmp_path: Path) -> None:
    folder = tmp_path / "train" / "MOT17-02"
    (folder / "gt").mkdir(parents=True)
    (folder / "img1").mkdir()
    (folder / "gt" / "gt.txt").write_text("1,1,0,0,10,20,1,1,0.9\n9,1,0,0,10,20,1,1,0.9\n")
    (folder / "seqinfo.ini").write_text("[Sequence]\nname=x\nimDir=img1\nframeRate=30\n")
    (one,) = read_sequences(tmp_path / "train")
    assert (one.name, one.fps, one.frames, one.source) == ("MOT17-02", 30, 9, folder / "img1")
    assert cut(one, 5).frames == 1
    (folder / "gt" / "gt.txt").write_text("1,1,0\n")
    with pytest.raises(SourceError, match="MOTChallenge"):
        read_sequences(folder)
    with pytest.raises(SourceError, match="holds no gt"):
        read_sequences(tmp_path / "train" / "MOT17-02" / "img1")


def test_half_a_head_is_half_covered() -> None:
    assert uncovered(HEAD, as_boxes([[30, 0, 70, 40]])) == 0.0
    assert uncovered(HEAD, as_boxes([])) == 1.0
    assert uncovered(HEAD, as_boxes([[30, 0, 70, 20]])) == pytest.approx(0.5, abs=0.05)
    corners = as_boxes([[43, 10, 57, 30], [40, 13, 60, 27]])
    assert uncovered(HEAD, corners) < 0.03, "the corners of a head's box show no head"


def test_one_bad_frame_spoils_a_track() -> None:
    def shown(who: str, visible: float = 1.0) -> Shown:
        return Shown(who, HEAD, HEAD, visible, visible)

    coverage = Coverage()
    all_of_it = as_boxes([[0, 0, 99, 99]])
    coverage.see("cam", [shown("a"), shown("b")], all_of_it)
    coverage.see("cam", [shown("a")], as_boxes([]))
    coverage.see("cam", [shown("b", visible=0.1)], as_boxes([]))
    result = coverage.figures()
    assert (result.heads.hits, result.heads.n) == (2, 3)
    assert (result.frames.hits, result.frames.n) == (1, 2)
    assert (result.tracks.hits, result.tracks.n) == (1, 2)
    assert result.untouched.hits == 1


def test_the_bundled_clips_are_a_venue() -> None:
    venue = read_venue(demo_folder())
    films = venue_sequences(venue)
    assert [f.name for f in films] == ["camera1", "camera2"]
    assert films[0].frames == 260
    assert len(venue.told) == 4
    assert all(told.person == "child" and told.lost for told in venue.told)


def test_a_venue_that_was_not_filmed_to_the_end_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="reid synth venue"):
        read_venue(tmp_path)
    (tmp_path / "people.json").write_text(json.dumps({}))
    with pytest.raises(SourceError, match="not filmed to the end"):
        read_venue(tmp_path)


def test_people_of_the_bundled_clips_are_followed(detector_path: Path) -> None:
    from reid.detect.yolo import YoloDetector
    from reid.lab.bench.tracking import read_films, run_tracking

    films = [cut(f, 25) for f in read_films(demo_folder())[:1]]
    result = run_tracking(films, YoloDetector(detector_path), None, 0, lambda _: None)
    assert result.frames == 25
    assert result.IDF1 > 0.6
    assert result.head_coverage.heads.share > 0.9
    assert result.head_coverage.heads.n > 50

"""Timings are of the right things; the numbers themselves are the machine's."""

import numpy as np
import pytest

from reid.capture.sources import open_source
from reid.detect.yolo import YoloDetector
from reid.lab.bench import searching
from reid.lab.bench.rivals import tool_chain
from reid.lab.bench.rivals.crowded_clip import write_crowd
from reid.lab.bench.rivals.extractors import own_embedder
from reid.lab.bench.searching import Timed, time_search
from reid.lab.bench.speed import Contest, Timing, run_speed
from reid.rank import nearest
from reid.weights.registry import find_head_detector


def test_latencies_by_hand() -> None:
    """Of 1, 2, 3 ms the median is 2 ms; the 95th percentile lies nine tenths from 2 to 3."""
    timed = Timed.of([0.001, 0.002, 0.003], 0.9).model_dump()
    assert timed == {"p50_ms": 2.0, "p95_ms": 2.9, "recall_at_10": 0.9}


def test_pace_by_hand() -> None:
    pace = Timing(50, 2.0, {"people": 1.5, "redact": 0.25}, 4.0).pace()
    assert pace.frames_per_second == 25
    assert pace.frames_per_core_second == 12.5
    assert pace.ms_per_frame == {"people": 30.0, "redact": 5.0}


def test_every_way_to_search_is_timed(monkeypatch) -> None:
    monkeypatch.setattr(searching, "LISTS_FROM", 2000)
    monkeypatch.setattr(nearest, "EXACT", 100)
    ways = time_search(3000, seed=0)
    filtered = "vectors, product, two hours, 3 of 20 cameras"
    assert {"description", "vectors, NumPy exact", "vectors, product, all", filtered} <= set(ways)
    assert ways[filtered].recall_at_10 > 0.9
    for name, timed in ways.items():
        assert 0 < timed.p50_ms <= timed.p95_ms, name
        if "FAISS exact" in name:
            assert timed.recall_at_10 == 1.0


def test_the_product_races_the_chain(data, detector_path, peers, tmp_path, monkeypatch) -> None:
    pytest.importorskip("lap")
    from reid.lab.bench.speed import _first_frames

    video = data / "video/one-by-one-person-detection.mp4"
    assert len(list(_first_frames(video, 4).frames())) == 4
    network = next((peers / "person-reidentification-retail-0288").glob("*.xml"))
    monkeypatch.setattr(tool_chain, "find_spec", lambda _: None)
    spent = tool_chain.run_chain(video, 4, detector_path, network, tmp_path)
    assert set(spent) == {"track", "blur", "re-identify"}
    assert all(one.clock > 0 and one.processor > 0 for one in spent.values())
    lines = (tmp_path / "tracks.jsonl").read_text().splitlines()
    assert len(lines) == 4
    assert np.load(tmp_path / "vectors.npz")["vectors"].ndim <= 2


def test_a_crowd_has_as_many_people_as_asked(tmp_path) -> None:
    """The shipped detector, which knows such people, finds each of them."""
    write_crowd(tmp_path / "crowd.mp4", 5, 3)
    (raw, *_) = open_source(str(tmp_path / "crowd.mp4")).frames()
    assert (raw.width, raw.height) == (1280, 720)
    seen = YoloDetector(find_head_detector(None)).detect(raw)
    middles = sorted(seen.people[seen.scores > 0.4][:, ::2].mean(axis=1) * 6 // 1280)
    assert middles == [0, 1, 2, 3, 4], "one in each of the first five of six places"


def test_cameras_at_once_share_one_store() -> None:
    detector = find_head_detector(None)
    contest = Contest(None, 4, detector, None, None, (), cameras=(1, 2))
    done: list[int] = []
    result = run_speed(contest, lambda: own_embedder("regions")[0], None, 0, done.append)
    assert done == [1, 2]
    assert {n: pace.frames for n, pace in result.by_cameras.items()} == {1: 4, 2: 8}
    for pace in result.by_cameras.values():
        assert pace.frames_per_core_second > 0
        assert {"people", "redact", "describe"} & set(pace.ms_per_frame)
    assert result.plots()[-1] == result.plot_paces
    without = result.model_copy(update={"by_cameras": {}})
    assert without.plots() == [without.plot_latency]

"""Timings are of the right things; the numbers themselves are the machine's."""

import numpy as np
import pytest

from reid.bench import searching
from reid.bench.searching import Timed, time_search
from reid.bench.speed import Pace
from reid.rank import nearest


def test_latencies_by_hand() -> None:
    """Of 1, 2, 3 ms the median is 2 ms; the 95th percentile lies nine tenths from 2 to 3."""
    timed = Timed.of([0.001, 0.002, 0.003], 0.9).to_json()
    assert timed == {"p50_ms": 2.0, "p95_ms": 2.9, "recall_at_10": 0.9}


def test_pace_by_hand() -> None:
    pace = Pace(50, 2.0, {"people": 1.5, "redact": 0.25}).to_json()
    assert pace["frames_per_second"] == 25
    assert pace["ms_per_frame"] == {"people": 30.0, "redact": 5.0}


def test_every_way_to_search_is_timed(monkeypatch) -> None:
    monkeypatch.setattr(searching, "LISTS_FROM", 2000)
    monkeypatch.setattr(nearest, "EXACT", 100)
    ways = time_search(3000, seed=0)
    filtered = "vectors, product, two hours, 3 of 20 cameras"
    assert {"description", "vectors, NumPy exact", "vectors, product, all", filtered} <= set(ways)
    assert ways[filtered].recall > 0.9
    for name, timed in ways.items():
        assert 0 < timed.p50 <= timed.p95, name
        if "FAISS exact" in name:
            assert timed.recall == 1.0


def test_the_product_races_the_chain(data, detector_path, peers, tmp_path) -> None:
    pytest.importorskip("lap")
    from reid.bench.chain import run_chain
    from reid.bench.speed import _first_frames

    video = data / "video/one-by-one-person-detection.mp4"
    assert len(list(_first_frames(video, 4).frames())) == 4
    network = next((peers / "person-reidentification-retail-0288").glob("*.xml"))
    seconds = run_chain(video, 4, detector_path, network, tmp_path)
    assert set(seconds) == {"track", "blur", "re-identify"}
    lines = (tmp_path / "tracks.jsonl").read_text().splitlines()
    assert len(lines) == 4
    assert np.load(tmp_path / "vectors.npz")["vectors"].ndim <= 2

"""Eight clips as eight cameras on three nodes into one bucket, searched while it goes on.

Run by hand: ``pytest -m slow tests/fleet/test_eight.py``.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reid.capture.sources import open_source
from reid.loading import IndexOptions, load_embedder, load_tracker
from reid.pipeline import Indexer
from reid.storage.venue_path import Bucket
from reid.store import Store
from tests.fleet.test_crossing import rows
from tests.making import write_video
from tests.servers import needs_postgresql, needs_s3

pytestmark = [needs_s3, needs_postgresql, pytest.mark.slow, pytest.mark.timeout(1500)]

CLIPS = ("classroom.gif", "store-aisle-detection.gif", "face-demographics-walking.gif")


def cut(data: Path, folder: Path) -> list[str]:
    """Cut real clips into eight of different content."""
    frames = []
    for name in CLIPS:
        shots = [f.expose_unredacted() for f in open_source(str(data / "video" / name)).frames()]
        frames += [shots[i : i + 16] for i in range(0, len(shots) - 15, 16)]
    assert len(frames) >= 8
    return [str(write_video(folder / f"cam{i}.mp4", some)) for i, some in enumerate(frames[:8])]


def reid(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "reid.cli", *words], env=dict(os.environ), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_eight_cameras_on_three_nodes(
    bucket: Bucket, cluster_of: Callable, data: Path, tmp_path: Path, detector_path: Path
) -> None:
    clips = cut(data, tmp_path)
    options = IndexOptions(detector_path, embedder="regions")
    embedder, tracker = load_embedder(options), load_tracker(options)
    alone = Store.create(tmp_path / "alone", embedder.model_id, embedder.dim)
    for clip in clips:
        Indexer(alone, embedder, tracker, 2).index(open_source(clip))
    cluster = cluster_of(3)
    options = ("--detector", str(detector_path), "--embedder", "regions", "--every", "2")
    where = ("--venue", bucket.url, "--cluster", cluster.address, "--json")
    indexing = reid("index", *clips, *options, *where)
    while_it_runs = []
    while indexing.poll() is None:
        if (bucket / "sightings.lance").is_dir():
            search = reid("search", "dark top", "--venue", bucket.url, "--json", "--top", "50")
            answer, error = search.communicate(timeout=120)
            assert search.returncode == 0, error
            while_it_runs.append(len(json.loads(answer)["matches"]))
        time.sleep(1)
    told, error = indexing.communicate()
    assert indexing.returncode == 0, error
    done = [json.loads(line) for line in told.splitlines() if line.strip()]
    assert [one["state"] for one in done] == ["indexed"] * 8
    assert rows(bucket) == rows(tmp_path / "alone")
    assert while_it_runs == sorted(while_it_runs), "what was found once is found again"
    assert while_it_runs
    nodes = {one["node"] for one in done}
    print(f"{len(rows(bucket))} sightings, nodes {nodes}, found meanwhile {while_it_runs}")
    assert len(nodes) >= 2

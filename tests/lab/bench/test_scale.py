"""Growth is measured on a table of made-up sightings; what large fleets need is multiplication."""

from pathlib import Path

import numpy as np
import pytest

from reid.core.errors import UsageError
from reid.core.records import SearchWindow
from reid.describe import describe
from reid.lab.bench.fleets import Assumed, costs
from reid.lab.bench.growth import Grown
from reid.lab.bench.report.html import write_report
from reid.lab.bench.rivals import fabricated_rows
from reid.lab.bench.scale import run_scale
from reid.lab.bench.searching import Timed
from reid.search.questions import search
from reid.storage.venue_path import Bucket
from reid.store import Filter, Store
from reid.store.rows import schema
from tests.servers import needs_postgresql, needs_s3


def test_made_up_rows_are_the_same_again_and_read_like_any(tmp_path: Path) -> None:
    shape = schema(fabricated_rows.MODEL, fabricated_rows.DIM)
    table = fabricated_rows.rows(shape, 0, 300, seed=5)
    assert table.equals(fabricated_rows.rows(shape, 0, 300, seed=5))
    assert (
        table.column("id").to_pylist() != fabricated_rows.rows(shape, 300, 300, 5)["id"].to_pylist()
    )
    store = Store.create(tmp_path / "venue", fabricated_rows.MODEL, fabricated_rows.DIM)
    store._table.add(table)
    read = store.read(vectors=True)
    assert read.vectors is not None
    assert np.allclose(np.linalg.norm(read.vectors, axis=1), 1, atol=1e-4)
    best = search(store, describe("red hoodie"), SearchWindow(), 5).matches[0]
    assert best.why[0].verdict == "match"
    crops = store.crops([best.key.id])
    assert crops[best.key.id].policy


def test_every_size_is_measured(tmp_path: Path) -> None:
    done: list[int] = []
    found = run_scale(tmp_path / "venue", [1000, 3000], None, Assumed(), 0, done.append)
    assert done == [1, 2]
    assert [at.sightings for at in found.table] == [1000, 3000]
    stored = Store.open(tmp_path / "venue")
    assert stored.count() == 3000 - 2, "the measured appends are taken back, one a size is erased"
    assert not stored.count(Filter(cameras=["fabricated"]))
    for at in found.table:
        assert at.appended > 0
        assert at.erase_seconds > 0
        assert at.search["similar, from the table"].recall_at_10 == 1
        assert len(at.search) == 4
        assert all(t.p50_ms <= t.p95_ms for t in at.search.values())
    assert not found.frames_per_core_measured
    pytest.importorskip("matplotlib")
    write_report({"scale": found}, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "<svg role=" in page
    assert "5,000 × 72 h" in page
    with pytest.raises(UsageError, match="name an empty venue"):
        run_scale(tmp_path / "venue", [1000], None, Assumed(), 0, done.append)


@needs_s3
@needs_postgresql
def test_a_table_on_s3_is_measured_too(bucket: Bucket, tmp_path: Path) -> None:
    found = run_scale(bucket, [1000], None, Assumed(), 0, lambda _: None)
    (at,) = found.table
    assert (found.storage, at.sightings, len(at.search)) == ("s3", 1000, 4)
    assert Store.open(bucket).count() == 1000 - 1, "appends are taken back, one is erased"
    assert found.tables()[0].note == "on s3"
    pytest.importorskip("matplotlib")
    write_report({"scale": found}, tmp_path / "report.html")
    assert "<svg role=" in (tmp_path / "report.html").read_text()


def test_what_a_fleet_needs_is_multiplication() -> None:
    table = Grown(sightings=1_000_000, bytes_a_row=1000.0, commit=Timed(p50_ms=40.0, p95_ms=80.0))
    assumed = Assumed(looks_per_second=5, sightings_per_hour=100, picture_bytes=3676)
    small, large = costs(10.0, table, lambda n: 2000.0, assumed)
    assert (small.cameras, small.cores, small.core_hours) == (300, 150.0, 10_800)
    assert small.sightings == 300 * 72 * 100
    assert small.storage_gb == pytest.approx(2.16e6 * 5000 / 1e9, abs=0.1)
    assert small.memory_gb == pytest.approx(4.3, abs=0.1)
    assert small.commits_per_second == 75.0
    assert "takes 25 commits/s: each camera's turn comes every 12 s" in small.limit
    assert "every 200 s" in large.limit

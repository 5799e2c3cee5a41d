"""A node joins, and a camera moves to it while both look: what that costs is measured.

Run by hand: ``pytest -m slow tests/fleet/test_rebalance.py -s``; what it measures is printed.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reid.fleet import rebalance
from reid.fleet.messages import Resources
from reid.fleet.ray_client import RayClient
from reid.fleet.supervisor import Fleet
from reid.loading import IndexOptions
from reid.store import Store
from tests.fleet.test_faults import LOST_AT_MOST, write_clips
from tests.venues import write_rules

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CAMERAS = ("gate", "shop")


@pytest.fixture
def fleet(
    cluster_of: Callable, tmp_path: Path, data: Path, detector_path: Path, monkeypatch
) -> Iterator[tuple[Fleet, object]]:
    """Two cameras on the only node that has cores."""
    monkeypatch.setattr(rebalance, "PATIENCE", 4.0)
    clips = write_clips(tmp_path, data)[: len(CAMERAS)]
    rules = "".join(
        f'[cameras.{name}]\nplace = "hall"\nurl = "{clip}"\n'
        for name, clip in zip(CAMERAS, clips, strict=True)
    )
    venue = write_rules(tmp_path / "venue")
    text = (venue / "venue.toml").read_text()
    (venue / "venue.toml").write_text(text[: text.index("[cameras.")] + rules)
    cluster = cluster_of(1, 0)
    cluster.add_node(num_cpus=2, object_store_memory=80_000_000)
    client = RayClient(cluster.address, venue)
    options = IndexOptions(detector_path, None, "regions", 5)
    yield Fleet(client, venue, CAMERAS, options, Resources(0.5)), cluster
    client.close()


def until(fleet: Fleet, true: Callable[[], bool], seconds: float) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, fleet.status()
        fleet.step()
        time.sleep(0.5)
    return time.monotonic() - began


def uncovered(venue: Path, began: datetime, ended: datetime) -> dict[str, float]:
    """Return the longest stretch of seconds that no sighting covers, by camera."""
    found = {}
    for camera in CAMERAS:
        keys = [key for key in Store.open(venue).read().keys if key.camera == camera]
        seen, longest = began, 0.0
        for start, end in [*sorted((key.start, key.end) for key in keys), (ended, ended)]:
            longest = max(longest, (start - seen).total_seconds())
            seen = max(seen, end)
        found[camera] = round(longest, 1)
    return found


def test_a_camera_moves_to_a_node_that_joins(fleet, tmp_path: Path) -> None:
    watching, cluster = fleet
    venue = tmp_path / "venue"

    def well() -> bool:
        return all(camera.connected for camera in watching.status().cameras)

    until(watching, lambda: well() and Store.exists(venue) and Store.open(venue).count() > 4, 300)
    began = datetime.now(UTC)
    assert len(set(watching.status().where)) == 1
    cluster.add_node(num_cpus=2, object_store_memory=80_000_000)
    moved = until(watching, lambda: sum(c.moves for c in watching.status().cameras) == 1, 400)
    until(watching, well, 60)
    settled = time.monotonic() + LOST_AT_MOST
    until(watching, lambda: time.monotonic() > settled, LOST_AT_MOST + 30)
    status = watching.status()
    assert sorted(node.cameras for node in status.nodes) == [0, 1, 1]
    assert sum(camera.moves for camera in status.cameras) == 1, "even: nothing moves any more"
    assert sum(camera.restarts for camera in status.cameras) == 0
    ended = datetime.now(UTC)
    assert watching.stop() == 0
    keys = Store.open(venue).read().keys
    stays = [(key.source_key, key.track_id, key.start) for key in keys]
    assert len(stays) == len(set(stays)), "a stay is doubled"
    lost = uncovered(venue, began, ended)
    print(f"\n  moved {moved:.0f} s after the node came; longest uncovered, s: {lost}")
    assert max(lost.values()) <= LOST_AT_MOST

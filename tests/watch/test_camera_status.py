"""What is said of cameras and nodes is read as it was written, and silence is seen."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry
from typer.testing import CliRunner

from reid.cli.main import app
from reid.desk.desk import Desk
from reid.watch.camera_metrics import WatchMetrics
from reid.watch.status import (
    FILE_NAME,
    SILENT_AFTER,
    Health,
    Node,
    Status,
    read_status,
    write_status,
)
from tests.venues import filled


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    cameras = [Health("gate", frames=7, lag=0.5, connected=True), Health("shop", problem="gone")]
    nodes = [Node("n1", True, 1), Node("n2", False, 0, gone=12.5)]
    given = Status(datetime.now(UTC), cameras, ["n1", "n2"], nodes)
    write_status(tmp_path, given)
    assert read_status(tmp_path) == given


def test_what_a_newer_version_says_besides_is_passed_over(tmp_path: Path) -> None:
    given = Status(datetime.now(UTC), [Health("gate")], ["n1"], [Node("n1", True, 1)])
    said = given.to_json()
    for one in (said["cameras"][0], said["nodes"][0]):
        one["mood"] = "fine"
    (tmp_path / FILE_NAME).write_text(json.dumps(said))
    assert read_status(tmp_path) == given


def test_nobody_ever_watched(tmp_path: Path) -> None:
    assert read_status(tmp_path) is None


def test_silence_is_seen() -> None:
    now = datetime.now(UTC)
    assert not Status(now, []).silent
    assert Status(now - timedelta(seconds=SILENT_AFTER + 1), []).silent


def test_the_metrics_tell_of_cameras_nodes_and_table(tmp_path: Path) -> None:
    desk = Desk.open(filled(tmp_path / "venue", 5).folder)
    health = Health("gate", frames=7, lost=1, lag=2.5, moves=3)
    status = Status(
        datetime.now(UTC), [health], ["n1"], [Node("n1", True, 1), Node("n2", False, 0)]
    )
    registry = CollectorRegistry()
    registry.register(WatchMetrics(lambda: status, desk))
    value = registry.get_sample_value
    assert value("reid_camera_frames_total", {"camera": "gate"}) == 7
    assert value("reid_camera_lost_total", {"camera": "gate"}) == 1
    assert value("reid_camera_moves_total", {"camera": "gate"}) == 3
    assert value("reid_camera_lag", {"camera": "gate"}) == 2.5
    assert value("reid_nodes") == 1
    assert value("reid_table_sightings") == 5
    assert value("reid_table_old_versions") >= 1
    desk.records.database.close()


def test_the_command_shows_it_all(tmp_path: Path) -> None:
    venue = tmp_path / "venue"

    def reid(*options: str) -> str:
        result = CliRunner().invoke(app, ["status", "--venue", str(venue), *options])
        assert result.exit_code == 0, result.output
        return result.output

    venue.mkdir()
    assert "nobody watches this venue yet" in reid()
    filled(venue, 5)
    gate = Health("gate", frames=7, connected=True, last_frame=datetime.now(UTC).timestamp())
    lost = Node("n2", False, 0, gone=datetime.now(UTC).timestamp() - 180)
    write_status(venue, Status(datetime.now(UTC), [gate], ["n1"], [Node("n1", True, 1), lost]))
    told = json.loads(reid("--json"))
    assert told["watching"]
    assert (told["cameras"][0]["camera"], told["cameras"][0]["node"]) == ("gate", "n1")
    assert told["nodes"][0] == {"name": "n1", "alive": True, "cameras": 1, "gone": 0.0}
    assert told["table"]["sightings"] == 5
    assert not told["erasing"]
    (venue / "erasing").touch()
    shown = reid()
    assert "1 of 1 cameras connected" in shown
    assert "gone for 3 min" in shown
    assert "old versions wait" in shown
    assert json.loads(reid("--json"))["erasing"]
    gate.moves = 2
    write_status(venue, Status(datetime.now(UTC), [gate], ["n1 → n2"], [Node("n1", True, 1), lost]))
    told = json.loads(reid("--json"))["cameras"][0]
    assert (told["node"], told["moves"]) == ("n1 → n2", 2)
    assert "n1 → n2" in reid()

"""What is said of cameras and nodes is read as it was written, and silence is seen."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from reid.watch import Health
from reid.watch.status import SILENT_AFTER, Node, Status, read_status, write_status


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    cameras = [Health("gate", frames=7, lag=0.5, connected=True), Health("shop", problem="gone")]
    given = Status(datetime.now(UTC), cameras, ["n1", "n2"], [Node("n1", True, 1)])
    write_status(tmp_path, given)
    assert read_status(tmp_path) == given


def test_nobody_ever_watched(tmp_path: Path) -> None:
    assert read_status(tmp_path) is None


def test_silence_is_seen() -> None:
    now = datetime.now(UTC)
    assert not Status(now, []).silent
    assert Status(now - timedelta(seconds=SILENT_AFTER + 1), []).silent

"""What goes on beside the cameras goes on whatever one job meets."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reid.core.errors import StoreError
from reid.desk.desk import Desk
from reid.watch import schedule
from reid.watch.schedule import Scheduler
from reid.watch.status import Health, Status, read_status
from tests.venues import filled


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    opened = Desk.open(filled(tmp_path / "venue", 5).folder)
    yield opened
    opened.records.database.close()


def go_round(desk: Desk, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    for name in ("EVERY", "STATUS_EVERY", "EXPIRE_EVERY", "UPKEEP_EVERY"):
        monkeypatch.setattr(schedule, name, 0.05)
    stop = threading.Event()
    threading.Timer(seconds, stop.set).start()
    look = lambda: Status(datetime.now(UTC), [Health("gate", frames=3)])  # noqa: E731
    Scheduler(desk, look).run(stop, 1.0)


def test_every_job_is_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk.store.state()
    assert before.unindexed == 5
    go_round(desk, monkeypatch, 1.5)
    status = read_status(desk.folder)
    assert status is not None
    assert status.cameras[0].frames == 3
    assert desk.store.state().unindexed == 0, "the table is kept up"


def test_one_that_fails_is_tried_again_and_stops_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = []

    def expire() -> None:
        tried.append(1)
        raise StoreError("the storage does not answer at s3://park, asked for Zebedee")

    monkeypatch.setattr(desk, "expire", expire)
    go_round(desk, monkeypatch, 1.5)
    assert len(tried) >= 2
    assert read_status(desk.folder) is not None
    assert "StoreError" in caplog.text
    assert "Zebedee" not in caplog.text

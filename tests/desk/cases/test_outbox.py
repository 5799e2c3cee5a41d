"""An alert stays in the outbox until the receiver has taken it or its case is closed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reid.desk.cases import CaseRecords, NewCase, Raising, open_records

NOW = datetime.now(UTC)
FEW = timedelta(seconds=2)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[CaseRecords]:
    opened = open_records(tmp_path)
    opened.book.open(NewCase("missing-child", "red top", "{}"), "anna", 24)
    yield opened
    opened.database.close()


def raised(
    records: CaseRecords, name: str = "s1", channels: tuple[str, ...] = ("webhook",)
) -> None:
    assert records.alerts.raise_once(1, name, "gate", NOW, 0.5, Raising(channels))


def test_it_is_there_as_soon_as_it_is_raised_once_a_channel(records: CaseRecords) -> None:
    raised(records, channels=("webhook", "mqtt"))
    for channel in ("webhook", "mqtt"):
        one = records.outbox.take(channel)
        assert one is not None
        assert (one.alert.case_id, one.alert.camera, one.tries) == (1, "gate", 0)
    assert records.alerts.raise_once(1, "s1", "gate", NOW, 0.5, Raising(("webhook",))) is None
    assert records.outbox.state(["webhook"])[0].waiting == 1


def test_who_takes_it_holds_it_and_it_is_due_again_if_they_die(records: CaseRecords) -> None:
    raised(records)
    assert records.outbox.take("webhook")
    assert records.outbox.take("webhook") is None
    assert records.outbox.take("webhook", datetime.now(UTC) + timedelta(minutes=2))


def test_it_is_tried_again_with_growing_pauses_for_as_long_as_it_takes(
    records: CaseRecords,
) -> None:
    raised(records)
    now, pauses = datetime.now(UTC), []
    for tries in range(40):
        one = records.outbox.take("webhook", now)
        assert one is not None, f"given up after {tries} attempts"
        assert one.tries == tries
        records.outbox.failed(one, "TimeoutError", FEW)
        assert records.outbox.take("webhook", datetime.now(UTC)) is None
        pauses.append(next(p for p in range(2, 70) if records.outbox.take(
            "webhook", datetime.now(UTC) + timedelta(seconds=p)
        )))  # fmt: skip
        now = datetime.now(UTC) + timedelta(hours=1)
    assert pauses[:5] == [2, 4, 8, 16, 32]
    assert set(pauses[5:]) == {60}
    assert records.outbox.state(["webhook"])[0].problem == "TimeoutError"


def test_what_a_clock_put_off_that_was_years_ahead_is_due(records: CaseRecords) -> None:
    raised(records)
    assert records.outbox.take("webhook", NOW + timedelta(days=3000))
    assert records.outbox.take("webhook") is not None
    assert records.outbox.take("webhook") is None, "held as usual from now on"


def test_what_was_taken_is_never_sent_again(records: CaseRecords) -> None:
    raised(records)
    one = records.outbox.take("webhook")
    assert one is not None
    records.outbox.taken(one)
    assert records.outbox.take("webhook", NOW + timedelta(days=1)) is None
    (state,) = records.outbox.state(["webhook"])
    assert (state.sent, state.waiting, state.problem) == (1, 0, "")


def test_it_outlives_the_process(records: CaseRecords, tmp_path: Path) -> None:
    raised(records)
    again = open_records(tmp_path)
    assert again.outbox.take("webhook")
    again.database.close()


def test_it_goes_with_its_case_and_with_its_sighting(records: CaseRecords) -> None:
    raised(records)
    raised(records, "s2")
    records.book.forget(["s1"])
    assert records.outbox.state(["webhook"])[0].waiting == 1
    records.book.close(1, "found-safe", "anna")
    assert records.outbox.take("webhook") is None
    records.book.finish_erasing(1, records.book.begin_erasing(1, "anna"), 0, "anna")
    with records.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM outbox").scalar() == 0

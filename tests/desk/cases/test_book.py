"""The case book: what a case keeps, and that erasing it leaves nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reid.core.errors import CaseError, UsageError
from reid.desk.cases import CaseRecords, NewCase

NAME, TEXT, SIGHTING = "Mathilda-Unmistakable", "crimson anorak of Mathilda", "feedc0ffee123456"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SEEN = ("gate", NOW, NOW + timedelta(seconds=9))


def opened(records: CaseRecords) -> int:
    new = NewCase("missing-child", TEXT, '{"slots":["anorak"]}', child_name=NAME, last_seen_at=NOW)
    return records.book.open(new, "anna", 24).id


def test_open_and_read_back(records: CaseRecords) -> None:
    case = records.book.get(opened(records))
    assert (case.name, case.state, case.owner) == ("C-1", "open", "anna")
    assert case.about is not None
    assert (case.about.child_name, case.about.last_seen_at) == (NAME, NOW)
    assert case.expires - case.opened == timedelta(hours=24)


def test_content_is_not_printed(records: CaseRecords) -> None:
    case = records.book.get(opened(records))
    assert NAME not in repr(case)
    assert "anorak" not in repr(case.about)


def test_decisions_can_be_changed_and_taken_back(records: CaseRecords) -> None:
    case = opened(records)
    records.book.decide(case, SIGHTING, "rejected", SEEN, "anna")
    records.book.decide(case, SIGHTING, "confirmed", SEEN, "anna")
    assert [d.verdict for d in records.book.decisions(case)] == ["confirmed"]
    assert records.book.kept() == {SIGHTING}
    records.book.decide(case, SIGHTING, None, SEEN, "anna")
    assert records.book.decisions(case) == []


def test_audit_lines_hold_no_content(records: CaseRecords) -> None:
    case = opened(records)
    records.book.decide(case, SIGHTING, "confirmed", SEEN, "anna")
    records.book.close(case, "found-safe", "anna")
    lines = repr(records.trail.lines())
    for secret in (NAME, "anorak", SIGHTING):
        assert secret not in lines
    assert [line.action for line in records.trail.lines(case)] == [
        "case.open",
        "decide.confirmed",
        "case.close",
    ]


def test_erasing_leaves_no_byte(records: CaseRecords, tmp_path: Path) -> None:
    case = opened(records)
    records.book.save_search(case, '{"slots":["anorak"]}', "{}")
    records.book.decide(case, SIGHTING, "confirmed", SEEN, "anna")
    records.alerts.raise_once(case, SIGHTING, "gate", NOW, 0.5)
    records.book.close(case, "found-safe", "anna")
    went = records.book.begin_erasing(case, "anna")
    assert went == [SIGHTING]
    ref = records.book.references(case, went)
    records.book.finish_erasing(case, went, 1, "anna")
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (NAME, "anorak", SIGHTING):
        assert secret.encode() not in stored, secret
    assert ref[0] in records.trail.lines(case)[-1].detail
    assert records.book.get(case).about is None
    assert records.book.get(case).outcome == "found-safe"
    assert records.trail.verify().problem is None


def test_an_interrupted_erasure_is_taken_up_again(records: CaseRecords) -> None:
    case = opened(records)
    records.book.decide(case, SIGHTING, "confirmed", SEEN, "anna")
    records.book.begin_erasing(case, "anna")
    assert [c.id for c in records.book.expired(datetime.now(UTC))] == [case]
    assert records.book.begin_erasing(case, "anna") == [SIGHTING]


def test_a_sighting_of_another_open_case_stays(records: CaseRecords) -> None:
    first, second = opened(records), opened(records)
    for case in (first, second):
        records.book.decide(case, SIGHTING, "confirmed", SEEN, "anna")
    assert records.book.begin_erasing(first, "anna") == []


def test_expiry(records: CaseRecords) -> None:
    case = opened(records)
    later = datetime.now(UTC) + timedelta(hours=25)
    assert records.book.expired(datetime.now(UTC)) == []
    assert [c.id for c in records.book.expired(later)] == [case]
    records.book.extend(case, 48, "anna")
    assert records.book.expired(later) == []


def test_a_closed_case_cannot_be_worked_on(records: CaseRecords) -> None:
    case = opened(records)
    records.book.close(case, "withdrawn", "anna")
    with pytest.raises(CaseError, match="closed"):
        records.book.decide(case, SIGHTING, "confirmed", SEEN, "anna")
    with pytest.raises(CaseError, match="closed already"):
        records.book.close(case, "withdrawn", "anna")
    with pytest.raises(CaseError, match="no case"):
        records.book.get(77)


def test_searches_have_numbers(records: CaseRecords) -> None:
    case = opened(records)
    assert records.book.search(case) is None
    assert records.book.save_search(case, "a", "{}").number == 1
    assert records.book.save_search(case, "a", "{}").number == 1
    assert records.book.save_search(case, "b", "{}").number == 2
    first = records.book.search(case, 1)
    assert first is not None
    assert first.query == "a"


def test_steps_count_once(records: CaseRecords) -> None:
    case = opened(records)
    records.book.take_step(case, "police", "anna")
    records.book.take_step(case, "police", "bob")
    assert records.book.steps(case)["police"].by == "anna"
    with pytest.raises(UsageError, match="not a step"):
        records.book.take_step(case, "dance", "anna")


def test_alerts_are_raised_once(records: CaseRecords) -> None:
    case = opened(records)
    first = records.alerts.raise_once(case, SIGHTING, "gate", NOW, 0.5)
    assert first is not None
    assert records.alerts.raise_once(case, SIGHTING, "gate", NOW, 0.5) is None
    assert records.alerts.after(0) == [first]
    assert records.alerts.of(case) == [first]


@pytest.mark.parametrize("field", ["reporter", "child_name", "last_seen_place"])
def test_too_long(records: CaseRecords, field: str) -> None:
    with pytest.raises(UsageError, match="at most 200"):
        records.book.open(NewCase("p", "t", "{}", **{field: "x" * 201}), "anna", 1)

"""The desk of a venue that lies in a bucket, its cases and audit trail in PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reid.core.errors import AccessError, AuditError, CaseError
from reid.core.records import SearchWindow
from reid.desk.desk import Desk
from reid.desk.parsed_description import ParsedDescription
from reid.storage.venue_path import Bucket
from tests.desk.test_desk import RED, TEXT, case_of
from tests.servers import BUCKET, S3, PostgreSQL, needs_postgresql, needs_s3
from tests.venues import filled, write_rules

pytestmark = [needs_s3, needs_postgresql]


@pytest.fixture
def url(database: PostgreSQL, request: pytest.FixtureRequest) -> str:
    return database.database(request.node.name.split("[")[0])


@pytest.fixture
def desk(bucket: Bucket, url: str) -> Iterator[Desk]:
    filled(bucket)
    opened = Desk.open(bucket, url)
    yield opened
    opened.records.database.close()


def test_from_case_to_erasure(desk: Desk, bucket: Bucket, storage: S3) -> None:
    case = case_of(desk)
    found = desk.search(case, ParsedDescription.of_sentence(TEXT), SearchWindow(), "anna")
    assert found.answer.matches[0].key.id == RED
    desk.decide(case, RED, "confirmed", "anna")
    desk.records.book.close(case, "found-safe", "anna")
    prefix = bucket.url.removeprefix(f"s3://{BUCKET}/")
    assert any(RED.encode() in content for content in storage.objects(prefix).values())
    assert desk.erase_case(case, "anna") == 1
    assert not any(RED.encode() in content for content in storage.objects(prefix).values())
    assert desk.records.trail.verify().problem is None
    assert not (bucket / "erasing").exists()


def test_an_erasure_cut_short_is_finished_by_the_next_start(desk: Desk, bucket: Bucket) -> None:
    (bucket / "erasing").touch()
    assert desk.expire().resumed
    assert not (bucket / "erasing").exists()


def test_another_machine_sees_the_same_venue(desk: Desk, bucket: Bucket, url: str) -> None:
    case = case_of(desk)
    other = Desk.open(bucket, url)
    assert [c.id for c in other.records.book.all("open")] == [case]
    other.records.book.note("bert", "search", case, {})
    assert other.records.trail.verify().problem is None
    other.records.database.close()


def test_cases_of_a_bucket_need_postgresql(bucket: Bucket) -> None:
    write_rules(bucket)
    with pytest.raises(CaseError, match="REID_DATABASE_URL"):
        Desk.open(bucket)


def test_a_lost_key_is_noticed(desk: Desk, bucket: Bucket, url: str) -> None:
    desk.records.book.note("anna", "search", None, {})
    (bucket / "audit.key").unlink()
    with pytest.raises(AuditError, match="restore it"):
        Desk.open(bucket, url)


def test_one_venue_cannot_open_the_cases_of_another(desk: Desk, url: str, tmp_path: Path) -> None:
    case_of(desk)
    other = write_rules(tmp_path / "other")
    Desk.open(other).records.database.close()  # it has a key of its own
    with pytest.raises(AccessError, match="another venue"):
        Desk.open(other, url)

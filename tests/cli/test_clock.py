"""One clock: the command line reads and shows times in the venue's zone, whatever the machine's."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reid.cli.main import app
from reid.core.clock import parse_time
from reid.store import Store
from reid.venue import clock_of
from tests.venues import filled

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(params=["Asia/Tokyo", "America/Los_Angeles", "UTC"])
def venue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A venue in Berlin, on a machine elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        filled(tmp_path / "venue", 30, NOW)
        yield tmp_path / "venue"
    time.tzset()


def reid(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def local(venue: Path, when: datetime) -> str:
    return f"{when.astimezone(clock_of(venue)):%Y-%m-%dT%H:%M:%S}"


def test_search_and_case_list_show_the_venues_time(venue: Path) -> None:
    reid("case", "open", "red top", "--purpose", "missing-child", "--venue", str(venue))
    listed = reid("case", "list", "--venue", str(venue))
    first = min(key.start for key in Store.open(venue).keys(["s" + "0" * 23]).values())
    found = reid("search", "red top", "--case", "C-1", "--venue", str(venue), "--top", "30")
    assert local(venue, first).replace("T", " ") in found
    assert f"{datetime.now(clock_of(venue)):%Y-%m-%d %H:}" in listed


def test_since_and_until_are_the_venues_time(venue: Path) -> None:
    reid("case", "open", "red top", "--purpose", "missing-child", "--venue", str(venue))
    keys = Store.open(venue).read().keys
    middle = sorted(key.start for key in keys)[15]
    common = ("--case", "C-1", "--venue", str(venue), "--top", "99", "--json")
    found = json.loads(reid("search", "red top", "--since", local(venue, middle), *common))
    assert {m["sighting"] for m in found["matches"]} == {k.id for k in keys if k.end >= middle}


@pytest.mark.parametrize("said", ["2026-07-01T14:20", "2026-12-01T14:20", "2026-03-29T02:30"])
def test_a_time_without_an_offset_is_the_venues(venue: Path, said: str) -> None:
    zone = clock_of(venue)
    read = parse_time(said, zone)
    assert read == datetime.fromisoformat(said).replace(tzinfo=zone).astimezone(UTC)
    assert parse_time(f"{said}+05:00", zone) == datetime.fromisoformat(f"{said}+05:00")


def test_a_venue_without_rules_goes_by_the_machines_clock(tmp_path: Path) -> None:
    assert clock_of(tmp_path) is None

"""Times of what is indexed: one clock, never in the future, and a word where it must go at once."""

import json
import os
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from reid.capture.sources import SourceOptions, open_source, open_sources
from reid.capture.times import check_times
from reid.cli.commands import _open_all
from reid.cli.main import app
from reid.core.clock import CLOCK_ERROR
from reid.core.errors import SourceError
from reid.core.records import SearchWindow
from reid.loading import IndexOptions, Models, load_embedder
from reid.store import Filter, Store
from reid.venue import Venue
from reid.web.translations import Words
from reid.web.views import ago
from tests.making import write_video
from tests.venues import write_rules

RULES = '\n[cameras.gallery]\nplace = "shop"\n'
NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


@pytest.fixture
def venue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A venue in Berlin, on a machine elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", getattr(request, "param", "Asia/Tokyo"))
        time.tzset()
        yield write_rules(tmp_path / "venue", RULES)
    time.tzset()


@pytest.fixture(autouse=True)
def light_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times need neither a detector nor a network."""
    models = Models(load_embedder(IndexOptions(embedder="regions")), None)
    for module in ("reid.cli.commands", "reid.venue"):
        monkeypatch.setattr(f"{module}.load_models", lambda *_, **__: models)
    monkeypatch.setattr("reid.fleet.bulk._tracker", lambda *_: None)
    monkeypatch.setattr("reid.fleet.bulk.this_node", lambda: "here")


def gallery(folder: Path, taken: datetime | None = None, written: datetime = NOW) -> Path:
    """Make one picture of a person, which says by its own clock when it was taken."""
    folder.mkdir()
    exif = Image.Exif()
    if taken is not None:
        exif.get_ifd(0x8769)[36867] = f"{taken:%Y:%m:%d %H:%M:%S}"
    Image.new("RGB", (40, 100), (200, 30, 30)).save(folder / "a.jpg", exif=exif)
    os.utime(folder / "a.jpg", (written.timestamp(), written.timestamp()))
    return folder


def reid(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, " ".join((result.output + str(result.exception or "")).split())


def indexed(venue: Path, folder: Path, *more: object) -> tuple[int, str]:
    return reid("index", folder, "--crops", "--camera", "gallery", "--venue", venue, *more)


def local(when: datetime) -> datetime:
    """Return what a clock in Berlin shows, without an offset."""
    return when.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)


def started(venue: Path) -> datetime:
    (key,) = Store.open(venue).read().keys
    return key.start


@pytest.mark.parametrize("venue", ["Asia/Tokyo", "America/Los_Angeles"], indirect=True)
def test_start_is_the_venues_time(venue: Path, tmp_path: Path) -> None:
    code, _ = indexed(venue, gallery(tmp_path / "g"), "--start", local(NOW - HOUR).isoformat())
    assert (code, started(venue)) == (0, NOW - HOUR)


@pytest.mark.parametrize("venue", ["Asia/Tokyo", "America/Los_Angeles"], indirect=True)
def test_a_photos_own_time_without_an_offset_is_the_venues(venue: Path, tmp_path: Path) -> None:
    code, _ = indexed(venue, gallery(tmp_path / "g", taken=local(NOW - HOUR)))
    assert (code, started(venue)) == (0, NOW - HOUR)


@pytest.mark.parametrize("venue", ["Asia/Tokyo", "America/Los_Angeles"], indirect=True)
def test_the_librarys_times_without_an_offset_are_the_venues(venue: Path, tmp_path: Path) -> None:
    write = Venue.open(str(venue))
    write.index(gallery(tmp_path / "g"), camera="gallery", start=local(NOW - HOUR), crops=True)
    assert started(venue) == NOW - HOUR
    window = SearchWindow(local(NOW - HOUR), local(NOW - HOUR)).by_clock(write.clock)
    assert (window.since, window.until) == (NOW - HOUR, NOW - HOUR)
    before = Filter(ended_before=local(NOW)).by_clock(write.clock)
    assert before.ended_before == NOW
    assert write.erase(Filter(ended_before=local(NOW - 2 * HOUR))) == 0
    assert write.erase(Filter(ended_before=local(NOW))) == 1


@pytest.mark.parametrize("by", ["--start", "recorded", "file time"])
def test_the_future_is_refused_and_nothing_is_stored(venue: Path, tmp_path: Path, by: str) -> None:
    future = NOW + 30 * HOUR
    folder = gallery(
        tmp_path / "g",
        taken=local(future) if by == "recorded" else None,
        written=future if by == "file time" else NOW,
    )
    given = ["--start", local(future).isoformat()] if by == "--start" else []
    code, said = indexed(venue, folder, *given)
    assert code == 1
    assert "in the future" in said
    assert f"{local(future):%Y-%m-%d %H:%M}" in said, "in the venue's time"
    assert not Store.exists(venue)


def test_a_clocks_error_is_forgiven(venue: Path, tmp_path: Path) -> None:
    ahead = local(NOW + CLOCK_ERROR - timedelta(minutes=1))
    assert indexed(venue, gallery(tmp_path / "g"), "--start", ahead.isoformat())[0] == 0


def test_one_source_of_the_future_does_not_stop_the_others(venue: Path, tmp_path: Path) -> None:
    good, bad = gallery(tmp_path / "g"), gallery(tmp_path / "b", written=NOW + 30 * HOUR)
    code, said = reid("index", bad, good, "--crops", "--camera", "gallery", "--venue", venue)
    assert code == 1
    assert "in the future" in said
    assert Store.open(venue).count() == 1


@pytest.mark.parametrize("by", ["--start", "recorded", "file time"])
def test_what_would_be_erased_at_once_is_said_before(venue: Path, tmp_path: Path, by: str) -> None:
    old = NOW - 73 * HOUR
    folder = gallery(
        tmp_path / "g",
        taken=local(old) if by == "recorded" else None,
        written=old if by == "file time" else NOW,
    )
    given = ["--start", local(old).isoformat()] if by == "--start" else []
    code, said = indexed(venue, folder, *given)
    assert code == 0
    warned, done = said.index("keeps sightings for 72 h"), said.index("1 sightings in 1 frames")
    assert warned < done, "before the work"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Venue.open(str(venue)).index(folder, camera="gallery", start=old, crops=True)
    assert "erased at once" in str(caught[0].message)


def test_a_venue_without_rules_keeps_everything(tmp_path: Path) -> None:
    folder = gallery(tmp_path / "g", written=NOW - 1000 * HOUR)
    assert check_times(open_source(str(folder), crops=True), None) == ""


class TestFilms:
    def film(self, path: Path, seconds: int) -> Path:
        return write_video(path, (np.zeros((16, 16, 3), np.uint8) for _ in range(seconds)), fps=1)

    def test_the_end_of_a_film_counts(self, tmp_path: Path) -> None:
        path = str(self.film(tmp_path / "a.mp4", 1200))
        start = datetime.now(UTC) - timedelta(minutes=5)
        with pytest.raises(SourceError, match="in the future"):
            check_times(open_source(path, start=start), None)
        assert check_times(open_source(path, start=start - CLOCK_ERROR), None) == ""
        day = timedelta(hours=24)
        some = check_times(open_source(path, start=NOW - day - timedelta(minutes=5)), day)
        assert "the beginning of it" in some
        assert "all of it" in check_times(open_source(path, start=NOW - 2 * day), day)

    def test_a_file_that_was_just_written_ended_now(self, tmp_path: Path) -> None:
        path = self.film(tmp_path / "a.mp4", 1200)
        source = open_source(str(path))
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        assert source.start == written - timedelta(seconds=1200)
        assert "taken as its end" in " ".join(source.notes)
        assert check_times(source, None) == ""

    def test_every_photo_of_a_folder_counts(self, tmp_path: Path) -> None:
        folder = gallery(tmp_path / "g", taken=local(NOW))
        exif = Image.Exif()
        exif.get_ifd(0x8769)[36867] = f"{local(NOW + 30 * HOUR):%Y:%m:%d %H:%M:%S}"
        Image.new("RGB", (8, 8)).save(folder / "b.jpg", exif=exif)
        with pytest.raises(SourceError, match="in the future"):
            check_times(next(open_sources(str(folder))), None)


def test_sightings_of_the_future_are_not_just_now() -> None:
    t = Words().translator("en")
    assert ago(t, datetime.now(UTC) + 2 * HOUR) == "in the future: check the camera's clock"
    assert ago(t, datetime.now(UTC) + timedelta(seconds=30)) == "just now"


def test_on_a_cluster_the_same_holds(venue: Path, tmp_path: Path) -> None:
    from reid.fleet.bulk import index_shard
    from reid.fleet.messages import Shard

    folder = gallery(tmp_path / "g")
    options = IndexOptions(embedder="regions")
    shard = Shard((str(folder / "a.jpg"),), "gallery", NOW - 73 * HOUR, True)
    done = index_shard(str(venue), shard, options)
    assert done.report
    assert "erased at once" in " ".join(done.report.problems)
    with pytest.raises(SourceError, match="in the future"):
        index_shard(str(venue), Shard(shard.paths, "gallery", NOW + 30 * HOUR, True), options)


def test_options_of_sources_carry_the_zone(venue: Path, tmp_path: Path) -> None:
    place = Venue.open(str(venue))
    folder = gallery(tmp_path / "g", taken=local(NOW - HOUR))
    ((source,), failed) = _open_all([str(folder)], SourceOptions(zone=place.clock), place)
    assert not failed
    assert source.start == NOW - HOUR
    assert json.dumps(source.start_from) == '"recorded"'

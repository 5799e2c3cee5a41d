"""A venue's weights learn from its own pictures: allowed, judged, used, and taken back."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from reid.cli.main import main
from reid.core.errors import PolicyError, ReidError, UsageError
from reid.core.pixels import RawFrame
from reid.core.records import SightingKey, Sightings
from reid.embed import Light, pool
from reid.embed.learned import LearnedEmbedder
from reid.lab import adaptation
from reid.lab.adaptation import (
    Adapted,
    _forget_if_old,
    adapt_venue,
    go_back,
    held_back,
    read_tracks,
)
from reid.lab.train.adapt import AdaptConfig
from reid.lab.train.held_back import HeldBack
from reid.loading import options_for
from reid.storage.locks import lock_of
from reid.storage.venue_path import Bucket
from reid.store import Filter, Store
from reid.venue import RuledVenue, Venue, open_venue
from reid.weights.registry import Shipped
from tests.lab.small_embedding import NET, figures, small_embedding
from tests.making import redacted
from tests.venues import CAMERAS, write_rules

CONFIG = AdaptConfig(passes=2, least=2, rounds=2, people=4, views=2, rate=1e-3, warmup=2)
ALLOWED = '\n[adaptation]\npurpose = "The same clothes are found"\nretention_hours = 2\nviews = 2\n'
SIZE = NET.height, NET.width


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_embedding(tmp_path_factory.mktemp("small"))


@pytest.fixture(autouse=True)
def shipped(weights: Path, monkeypatch: pytest.MonkeyPatch) -> Shipped:
    model = Shipped("small", "embedder", "small-1", weights, {}, ".", "", "AGPL-3.0-or-later")
    monkeypatch.setattr(adaptation, "find_embedder", lambda: model)
    monkeypatch.setattr("reid.lab.train.adapt.can_quantise", lambda: False)  # takes its time
    return model


def seen(embedder: LearnedEmbedder, now: datetime, views: int = 2) -> Sightings:
    """Everybody of `figures` before two cameras, a minute apart; the last half an hour ago."""
    crops = figures(people=12)
    tracklets, keys = [], []
    for track in range(len(crops.tracks)):
        camera = CAMERAS[crops.tracks.camera[track]]
        start = now - timedelta(minutes=30 + len(crops.tracks) - track)
        frames = [
            redacted(RawFrame(image, camera, 100 * track + i, start), [[11, 2, 21, 13]])
            for i, image in enumerate(crops.images[crops.track == track])
        ]
        whole = np.array([0, 0, SIZE[1], SIZE[0]], np.float32)
        tracklets.append([frame.crop(whole, track) for frame in frames])
        end = start + timedelta(seconds=20)
        name = f"s{track:023d}"
        keys.append(SightingKey(name, f"{camera}.mp4", f"k{camera}", camera, start, end, track))
    sightings = pool(keys, tracklets, embedder, Light.neutral())
    return replace(sightings, views=tuple(tuple(crops[1 : 1 + views]) for crops in tracklets))


@pytest.fixture
def venue(tmp_path: Path, weights: Path) -> Iterator[Path]:
    folder = write_rules(tmp_path / "venue", ALLOWED)
    embedder = LearnedEmbedder(weights)
    Store.create(folder, embedder.model_id, embedder.dim).add(seen(embedder, datetime.now(UTC)))
    yield folder


@pytest.fixture
def better(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the held-back tracks say, in turn: of the shipped weights, of the adapted ones."""
    said = [0.5, 0.6]
    monkeypatch.setattr(HeldBack, "score", lambda self, net: said.pop(0))
    return said


def adapted(folder: Path, minutes: float | None = None) -> Adapted:
    return adapt_venue(open_venue(folder), CONFIG, minutes, lambda _: None)


def last_line(folder: Path) -> tuple[str, dict[str, object]]:
    opened = open_venue(folder)
    assert isinstance(opened, RuledVenue)
    trail = opened._desk.records.trail
    assert trail.verify().problem is None
    line = trail.lines()[-1]
    return line.action, json.loads(line.detail)


def test_without_rules_that_allow_it_nothing_is_learnt(venue: Path) -> None:
    write_rules(venue)
    with pytest.raises(PolicyError, match=r"\[adaptation\] with purpose and retention_hours"):
        adapted(venue)
    assert not (venue / "adapted").exists()


def test_better_weights_are_used_for_all_sightings(
    venue: Path, weights: Path, better: list[float]
) -> None:
    before = Store.open(venue).read(vectors=True)
    found = adapted(venue)
    assert (found.kept, found.sightings) == (True, 24)
    assert found.tracks + found.held_back == 24
    assert found.crops == 3 * found.tracks
    assert found.model_id.startswith("small-1+")
    store = Store.open(venue)
    assert store.model_id == found.model_id
    own = venue / "adapted" / found.model_id
    assert options_for(venue).embedder == str(own)
    after = store.read(vectors=True)
    assert before.vectors is not None and after.vectors is not None
    embedder = LearnedEmbedder(own)
    key = after.keys[5]
    crops = [store.crops([key.id])[key.id], *store.views([key.id])[key.id]]
    again = pool([key], [crops], embedder, Light.neutral())
    assert np.allclose(after.vectors[5], again.vectors[0], atol=1e-3), "of all its pictures"
    row = [k.id for k in before.keys].index(key.id)
    assert np.array_equal(
        np.asarray(before.attributes)[row], np.asarray(after.attributes)[5], equal_nan=True
    )
    action, detail = last_line(venue)
    assert (action, detail["kept"], detail["model"]) == ("adapt", True, found.model_id)
    assert {"crops", "tracks", "before", "after"} <= detail.keys()
    assert [p.name for p in (venue / "adapted").iterdir()] == [found.model_id]
    card = (venue / "adapted" / found.model_id / "README.md").read_text()
    for words in (
        "learnt from people", "The same clothes are found", "carousel, gate", "small-1",
        f"{found.crops} redacted crops", "reid adapt --back", "reid bench privacy",
    ):  # fmt: skip
        assert words in card, words


def test_what_is_not_better_is_thrown_away(venue: Path, better: list[float]) -> None:
    better[1] = better[0]
    version = Store.open(venue).version
    found = adapted(venue)
    assert (found.kept, found.model_id, found.sightings) == (False, "small-1", 0)
    assert (Store.open(venue).model_id, Store.open(venue).version) == ("small-1", version)
    assert list((venue / "adapted").iterdir()) == []
    assert last_line(venue)[1]["kept"] is False


def test_one_command_goes_back(venue: Path, better: list[float]) -> None:
    with pytest.raises(UsageError, match="nothing to go back from"):
        go_back(open_venue(venue))
    before = Store.open(venue).read(vectors=True).vectors
    better += [0.5, 0.6]
    first = adapted(venue)
    assert adapted(venue).model_id == first.model_id, "each run begins with the shipped weights"
    assert go_back(open_venue(venue)) == 24
    store = Store.open(venue)
    assert store.model_id == "small-1"
    assert not (venue / "adapted").exists()
    assert options_for(venue).embedder is None
    after = store.read(vectors=True).vectors
    assert before is not None and after is not None
    assert (before * after).sum(axis=1).min() > 0.97, "of the pictures as they are stored"
    assert last_line(venue) == ("adapt.back", {"model": "small-1"})


def test_only_tracks_within_their_retention_teach(venue: Path) -> None:
    store = Store.open(venue)
    keys, crops = read_tracks(store, SIZE, since=datetime.now(UTC) - timedelta(minutes=42))
    assert 9 <= len(keys) <= 12 and len(crops) == 3 * len(keys)
    assert keys == sorted(keys, key=lambda key: key.end, reverse=True)
    assert open_venue(venue).require_adaptation().since is not None
    with pytest.raises(ReidError, match="index something first"):
        read_tracks(store, SIZE, since=datetime.now(UTC))


def test_no_more_crops_are_read_than_may_be(venue: Path) -> None:
    keys, crops = read_tracks(Store.open(venue), SIZE, most=10)
    assert (len(keys), len(crops)) == (3, 9)


def test_of_single_pictures_no_time_is_known(venue: Path) -> None:
    store = Store.open(venue)
    _, crops = read_tracks(store, SIZE)
    assert np.isfinite(crops.tracks.begin).all()
    given = seen(LearnedEmbedder(small_embedding(venue / "again")), datetime.now(UTC))
    still = tuple(replace(key, end=key.start) for key in given.keys)
    store.add(replace(given, keys=still))
    _, crops = read_tracks(store, SIZE)
    assert not crops.tracks.seen_together().any()


def test_an_erased_person_s_crops_are_gone_and_never_learnt_from(
    venue: Path, weights: Path, better: list[float]
) -> None:
    adapted(venue)
    given = seen(LearnedEmbedder(weights), datetime.now(UTC))
    gone, views = given.keys[3].id, given.views[3]
    needles = [gone.encode(), *(view.encode()[-150:-20] for view in views)]

    def on_disk(needle: bytes) -> bool:
        return any(needle in p.read_bytes() for p in venue.rglob("*") if p.is_file())

    assert all(map(on_disk, needles)), "the control must find them"
    open_venue(venue).erase(Filter(ids=[gone]))
    assert not any(map(on_disk, needles))
    keys, _ = read_tracks(Store.open(venue), SIZE)
    assert gone not in {key.id for key in keys}


def test_an_interrupted_run_is_gone_on_with(
    venue: Path, better: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float] = []

    def interrupt(done: float) -> None:
        told.append(done)
        if len(told) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adapt_venue(open_venue(venue), CONFIG, None, interrupt)
    assert (venue / "adapted" / "run.pt").is_file()
    assert Store.open(venue).model_id == "small-1"
    steps: list[float] = []
    found = adapt_venue(open_venue(venue), CONFIG, None, steps.append)
    assert steps[0] > told[-1], "not from the beginning"
    assert found.kept and not (venue / "adapted" / "run.pt").exists()


def test_a_run_from_before_the_pictures_there_are_now_is_not_gone_on_with(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.pt"
    checkpoint.touch()
    now = datetime.now(UTC)
    for since in (None, now - timedelta(hours=1)):
        _forget_if_old(checkpoint, since)
        assert checkpoint.is_file()
    _forget_if_old(checkpoint, now + timedelta(seconds=1))
    assert not checkpoint.exists()
    _forget_if_old(checkpoint, now)


def test_one_at_a_time(venue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptation, "_WAIT", 0.05)
    with lock_of(venue, "adapting"), pytest.raises(ReidError, match="being adapted already"):
        adapted(venue)


def test_other_vectors_cannot_be_adapted(tmp_path: Path) -> None:
    folder = tmp_path / "research"
    Store.create(folder, "regions-1", 16)
    with pytest.raises(UsageError, match="only small-1 can be adapted"):
        adapted(folder)


def test_a_venue_on_s3_is_refused(venue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: Venue = open_venue(venue)
    monkeypatch.setattr(opened, "folder", Bucket("s3://park/venue"))
    with pytest.raises(UsageError, match="on this machine's disk"):
        adapt_venue(opened, CONFIG, None, lambda _: None)


def test_a_folder_without_rules_may(venue: Path, better: list[float]) -> None:
    (venue / "venue.toml").unlink()
    found = adapted(venue)
    assert found.kept
    card = (venue / "adapted" / found.model_id / "README.md").read_text()
    assert "for: research" in card


def test_a_fifth_is_held_back_by_name() -> None:
    ids = [f"s{i:023d}" for i in range(2000)]
    held = held_back(ids)
    assert 0.17 < held.mean() < 0.23
    assert held_back(ids[:50]).tolist() == held[:50].tolist()


def test_the_command_says_what_came_of_it(
    venue: Path, better: list[float], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["reid", "adapt", "--venue", str(venue), *arguments])
        capsys.readouterr()
        main()
        return capsys.readouterr().out

    found = json.loads(run("--minutes", "0", "--json"))
    assert found["kept"] is True and found["sightings"] == 24
    assert "24 sightings have vectors of the shipped weights again" in run("--back")

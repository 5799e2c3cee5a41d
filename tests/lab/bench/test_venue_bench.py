"""End to end on the bundled clips, with a detector that is right: who is sought is found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from reid.core.boxes import Tracks, as_boxes
from reid.core.pixels import RawFrame
from reid.detect.head_regions import HeadCandidates
from reid.detect.tracker import Seen
from reid.embed import RegionEmbedder
from reid.lab.bench.data.venue_sets import Clip, Shown, Told, demo_folder, read_venue
from reid.lab.bench.venue import Sought, owners_of, run_venue, summary
from tests.doubles import TrackerDouble

NOON = datetime(2026, 5, 2, 12, tzinfo=UTC)


class Oracle(TrackerDouble):
    """Finds whom the truth of the bundled clips says is there."""

    def __init__(self) -> None:
        self._clips = {clip.camera: clip for clip in read_venue(demo_folder()).clips}
        self._names: list[str] = []

    def start(self, fps: float, *, careful: bool = False) -> None:
        super().start(fps, careful=careful)
        self._names = []

    def track(self, raw: RawFrame) -> Seen:
        shown = self._clips[raw.camera].frames[raw.index]
        self._names += [one.person for one in shown if one.person not in self._names]
        boxes = as_boxes([one.box for one in shown])
        ids = np.array([self._names.index(one.person) for one in shown], np.int64)
        heads = as_boxes([one.head for one in shown])
        tracks = Tracks(boxes, np.ones(len(shown), np.float32), ids)
        return Seen(tracks, HeadCandidates.upright(heads))


def sought(rank: int | None, *, in_view: bool = True, outcome: str = "unsure") -> Sought:
    told = Told("child", "red hoodie", "true", True, None)
    return Sought(told, in_view, rank, 20, outcome, 0.01)


def test_figures_by_hand() -> None:
    """Ranks 1, 13 and none among 20; a fourth person is away, and is left alone."""
    result = summary([
        sought(1, outcome="found"), sought(13), sought(None), sought(None, in_view=False),
    ])  # fmt: skip
    hits = {k: getattr(result, k).hits for k in ("found_first", "found_on_first_screen", "found")}
    assert hits == {"found_first": 1, "found_on_first_screen": 1, "found": 2}
    assert result.found.n == 3
    assert result.said_found.hits == 1
    assert result.left_alone.model_dump(mode="json") == {
        "share": 1.0,
        "hits": 1,
        "n": 1,
        "interval": [0.2065, 1.0],
    }
    assert result.false_looks.model_dump() == {"median": 12.0, "mean": round((0 + 12 + 20) / 3, 2)}
    assert summary([sought(None, in_view=False)]).found is None


def test_a_picture_belongs_to_whom_its_box_shows(crop_of) -> None:
    box = np.array([0, 0, 40, 80], np.float32)
    near = Shown("near", box, box, 1.0, 1.0)
    far = Shown("far", box + 100, box + 100, 1.0, 1.0)
    clip = Clip("gate", Path("x.mp4"), NOON, 10.0, ((far, near),))
    crop = crop_of(np.zeros((80, 40, 3), np.uint8))
    assert owners_of([clip], {"s": crop}) == {"s": "near"}
    elsewhere = Clip("gate", Path("x.mp4"), NOON, 10.0, ((far,),))
    assert owners_of([elsewhere], {"s": crop}) == {"s": None}


@pytest.fixture(scope="module")
def result():
    venue = read_venue(demo_folder())
    vague = replace(venue.told[0], version="vague", text="a child in red")
    later = replace(venue.told[0], since=venue.clips[0].start + timedelta(hours=1))
    venue = replace(venue, told=(*venue.told, vague, later))
    model = (RegionEmbedder(), None)
    return run_venue(venue, Oracle(), model, demo_folder(), 4, lambda _: None)


def test_the_child_of_the_bundled_clips_is_found(result) -> None:
    lost = result.lost
    assert lost["true"].found.hits == lost["true"].found.n == 4
    assert lost["true"].found_on_first_screen.hits == 4
    assert lost["vague"].n == 1
    assert lost["true"].false_looks.mean < 4, "of more than twice as many people"


def test_who_left_an_hour_ago_is_not_in_view(result) -> None:
    last = result.sought[-1]
    assert (last.in_view, last.rank, last.searched) == (False, None, 0)


def test_nearly_every_visit_is_stored_once_and_as_itself(result) -> None:
    assert result.visits_indexed.share > 0.8
    assert result.pictures_of_people.share > 0.95
    assert 1 <= result.sightings_a_visit < 1.5
    assert result.times_real_time > 0
    assert "sought" not in result.to_json(), "answers one by one are not part of it"

"""Children told from adults in a made-up venue whose heights are exact."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reid.core.body_measures import unmeasured
from reid.core.records import Sightings
from reid.lab.bench.child_cues import FIRST, KNOWN_FROM, ChildFigures, child_figures
from reid.lab.bench.data.venue_sets import FilmedVenue
from reid.store import Store
from tests.rank.test_camera_geometry import Pinhole
from tests.rank.test_stature import measures_of
from tests.store.made import DIM, sightings

N = 60
CHILDREN = 15


@pytest.fixture
def venue() -> FilmedVenue:
    ages = ["child" if i % 4 == 0 else "adult" for i in range(N)]
    attributes = {
        f"p{i}": {"body.age": [age], "body.sex": ["female"]} for i, age in enumerate(ages)
    }
    years = {f"p{i}": 7.0 if age == "child" else 30.0 for i, age in enumerate(ages)}
    return FilmedVenue((), (), (), attributes, (), years)


def figures(folder: Path, venue: FilmedVenue, measures: np.ndarray) -> ChildFigures:
    names = [f"s{i}" for i in range(N)]
    made: Sightings = replace(sightings(names), measures=measures)
    store = Store.create(folder / "venue", "m-1", DIM)
    store.add(made)
    owners: dict[str, str | None] = {f"s{i}": f"p{i}" for i in range(N - 1)}
    owners[f"s{N - 1}"] = None
    return child_figures(store.read(), owners, venue)


def test_exact_heights_tell_children_apart(tmp_path: Path, venue: FilmedVenue) -> None:
    tall = np.array([1.21 if i % 4 == 0 else 1.64 for i in range(N)])
    found = figures(tmp_path, venue, measures_of(Pinhole(), tall, heads=True))
    assert N >= KNOWN_FROM
    for one in (found.after, found.known):
        assert one is not None
        assert one.auc == 1.0
        assert one.interval is not None
        assert 0.9 < one.interval[0] < one.interval[1] == 1.0, "so few leave room for chance"
        assert (one.children, one.adults) == (CHILDREN, N - CHILDREN - 1), "one shows nobody"
    assert found.before is not None
    assert found.before.auc == 0.5, "the model says nothing"
    assert found.first is not None
    assert found.first.children + found.first.adults == FIRST
    assert found.said_child == 0
    assert found.height_cm is not None
    assert found.height_cm < 6
    rows = found.table().rows
    assert [row[0] for row in rows][:2] == ["model alone", "with boxes"]


def test_without_measures_nothing_is_gained(tmp_path: Path, venue: FilmedVenue) -> None:
    found = figures(tmp_path, venue, unmeasured(N))
    assert found.after == found.before
    assert found.first is None
    assert found.height_cm is None

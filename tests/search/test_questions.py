"""Similar sightings, journeys, and the search of a store."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from reid.core.errors import UsageError
from reid.core.records import SearchWindow, SightingKey, Sightings
from reid.embed.features import Features
from reid.search.questions import journey, similar
from reid.search.snapshot import MEAN_FROM
from reid.store import Store
from tests.making import NOON
from tests.making import redacted_noise as crop


def put(store: Store, rows: list[tuple[str, str, int, list[float]]]) -> None:
    """Store sightings (id, camera, minute, vector)."""
    features = Features.unestimated(len(rows), 1)
    vectors = np.array([r[3] for r in rows], np.float32)
    store.add(
        Sightings(
            keys=tuple(
                SightingKey(i, "v.mp4", "k", camera, at, at + timedelta(seconds=30), 0)
                for i, camera, at in (
                    (i, camera, NOON + timedelta(minutes=minute)) for i, camera, minute, _ in rows
                )
            ),
            vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
            attributes=features.attributes,
            body=features.body,
            visible=features.visible,
            crops=tuple(crop(i) for i in range(len(rows))),
            model_id="m-1",
        )
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "venue", "m-1", 2)


ROWS = [
    ("a", "gate", 0, [1.0, 0.0]),
    ("b", "hall", 5, [0.9, 0.1]),
    ("c", "hall", 9, [0.0, 1.0]),
    ("d", "exit", 12, [1.0, 0.05]),
    ("e", "pool", 0, [1.0, 0.01]),
]


def test_similar_leaves_out_itself_and_ranks(store: Store) -> None:
    put(store, ROWS)
    assert [f.key.id for f in similar(store, "a", SearchWindow(), 9)] == ["e", "d", "b", "c"]
    assert [f.key.id for f in similar(store, "a", SearchWindow(cameras=("hall",)), 1)] == ["b"]


def test_an_unknown_sighting_is_named(store: Store) -> None:
    put(store, ROWS)
    with pytest.raises(UsageError, match="nobody"):
        similar(store, "nobody", SearchWindow(), 3)


def test_a_camera_s_own_light_is_taken_out(tmp_path: Path) -> None:
    """Two cameras whose light adds a constant vector larger than what tells people apart."""
    store = Store.create(tmp_path / "lit", "m-1", 8)
    people = np.random.default_rng(0).normal(size=(2 * MEAN_FROM, 8))
    people[:, :2] = 0
    rows = []
    for camera, light in (("x", [5.0, 0.0]), ("y", [0.0, 5.0])):
        rows += [
            (f"{camera}{i:02d}", camera, i, (person + np.pad(light, (0, 6))).tolist())
            for i, person in enumerate(people)
        ]
    put(store, rows)
    assert store.read(vectors=True).vectors is not None
    for i in range(len(people)):
        assert similar(store, f"x{i:02d}", SearchWindow(), 1)[0].key.id == f"y{i:02d}"


def test_a_journey_is_in_order_and_nobody_is_in_two_places(store: Store) -> None:
    put(store, ROWS)
    assert [stop.key.id for stop in journey(store, "a", SearchWindow())] == ["a", "b", "d"]

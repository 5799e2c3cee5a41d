"""Photos searched for among other cameras' sightings, on made-up people whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from reid.core.records import Sightings, Wish
from reid.lab.bench.data.galleries import CameraGallery
from reid.lab.bench.data.reid_sets import Labelled
from reid.lab.bench.photo import WAYS, Asked, _few_each, ask_all, figures_of, query_of
from reid.rank import ScoreConfig
from tests.venues import MODEL, sightings

CONFIG = ScoreConfig(model_id=MODEL)
PEOPLE = tuple(f"person {i}" for i in range(20))
RED = Wish("upper.colour", "red")


def seen_by(camera: str, noise: float, seed: int) -> CameraGallery:
    """Twenty people before a camera, their vectors a little different each time."""
    made = sightings(20)
    more = np.random.default_rng(seed).normal(size=made.vectors.shape) * noise
    vectors = (made.vectors + more).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    keys = tuple(replace(key, camera=camera) for key in made.keys)
    return CameraGallery(camera, replace(made, keys=keys, vectors=vectors), PEOPLE)


@pytest.fixture(scope="module")
def cameras() -> list[CameraGallery]:
    return [seen_by("a", 0.02, 1), seen_by("b", 0.02, 2)]


def test_everybody_is_found_by_a_photo_before_the_other_camera(cameras) -> None:
    asked = ask_all("photo_vector", cameras, cameras, {}, CONFIG)
    found = figures_of(asked, 0)
    assert found.n_query == 40 and found.rank1 == found.mAP == 1.0
    assert all(one.right.sum() == 1 and len(one.right) == 20 for one in asked)


def test_sentences_are_asked_of_who_is_described(cameras) -> None:
    said = {PEOPLE[0]: (RED,)}
    assert len(ask_all("sentence", cameras, cameras, said, CONFIG)) == 2
    assert figures_of(ask_all("sentence", cameras, cameras, said, CONFIG), 0).rank1 == 1.0
    assert [len(ask_all(way, cameras, cameras, {}, CONFIG)) for way in WAYS] == [40, 40, 0, 0]


def test_words_overrule_what_was_read_off_the_photo(cameras) -> None:
    seen: Sightings = cameras[0].sightings
    green = Wish("upper.colour", "green")
    query = query_of("photo_and_sentence", seen, 0, (green,))
    assert [w.value for w in query.wishes if w.slot == "upper.colour"] == ["green"]
    assert {w.value for w in query_of("photo", seen, 0, (green,)).wishes} == {"red", "blue"}
    assert query_of("photo_vector", seen, 0, (green,)).wishes == ()
    assert query_of("sentence", seen, 0, (green,)).photo is None


def test_figures_by_hand() -> None:
    first = Asked("a", np.array([0.9, 0.1]), np.array([True, False]), True)
    second = Asked("b", np.array([0.6, 0.4]), np.array([False, True]), True)
    found = figures_of([first, second], 0)
    assert (found.rank1, found.rank5, found.mAP) == (0.5, 1.0, 0.75)
    assert found.found == 1.0 and found.found_right == 0.5
    assert pytest.approx((0.1 + 0.1 + 0.6 + 0.6) / 4) == found.ECE


def test_two_pictures_a_person_and_camera(tmp_path) -> None:
    every = [Labelled(tmp_path / f"{c}_{i}.png", "x", c) for c in "ab" for i in range(4)]
    assert [one.path.stem for one in _few_each(every)] == ["a_0", "a_1", "b_0", "b_1"]

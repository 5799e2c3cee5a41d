"""What adapting gains: halves of the people, tracks as a tracker has them, before and after."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from reid.core.errors import SourceError
from reid.lab.bench.adapt import HEIGHT, WIDTH, AdaptSettings, Lesson, Progress, run_adapt
from reid.lab.bench.data.reid_sets import Labelled, read_split
from reid.lab.bench.data.tracks import tracked
from reid.weights.registry import models_folder
from tests.lab.bench.test_retrieval import paint

SHIPPED = models_folder() / "appearance"


def market(*names: str) -> tuple[Labelled, ...]:
    return tuple(Labelled(Path(n), str(int(n[:4])), n[6]) for n in names)


def test_market_s_names_say_when_a_track_was() -> None:
    images = market(
        "0002_c1s1_000451_03.jpg", "0002_c1s1_000476_03.jpg", "0002_c1s1_000801_03.jpg",
        "0002_c1s2_000451_03.jpg", "0002_c2s1_000451_03.jpg", "0007_c1s1_000460_01.jpg",
    )  # fmt: skip
    found = tracked(images, "market1501")
    assert [found.track[i] == found.track[0] for i in range(6)] == [True, True] + 4 * [False]
    assert len(found.camera) == 5
    first, seventh = found.track[0], found.track[5]
    assert (found.end - found.begin)[first] == 1.0
    assert found.begin[first] < found.begin[seventh] < found.end[first], "they were seen together"
    assert found.camera[found.track].tolist() == [0, 0, 0, 0, 1, 0]
    assert "frame numbers" in found.assumed


def test_elsewhere_a_camera_s_images_of_somebody_are_a_track_of_unknown_time() -> None:
    images = (
        *(Labelled(Path(f"{p}/{c}_{i}.png"), p, c) for p in "12" for c in "ab" for i in range(2)),
        Labelled(Path("junk.png"), "9", "a", "distractor"),
    )
    found = tracked(images, "folders")
    assert found.track.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert found.camera.tolist() == [0, 1, 0, 1]
    assert np.isnan(found.begin).all() and np.isnan(found.end).all()
    assert "not known" in found.assumed


@pytest.fixture
def six_people(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for person in range(1, 7):
        colour = tuple(int(c) for c in random.integers(20, 230, 3))
        for camera in ("01", "02"):
            for view in range(2):
                paint(tmp_path / str(person) / f"{camera}_{view}.png", colour, 60 * view)
    return tmp_path


def test_it_learns_from_half_and_asks_for_the_others(six_people: Path) -> None:
    lessons: list[Lesson] = []
    places: list[Path] = []
    told: list[float] = []

    def copy(lesson: Lesson, folder: Path, progress: Progress) -> None:
        """Learn nothing: before and after are the same."""
        lessons.append(lesson)
        places.append(folder)
        shutil.copytree(SHIPPED, folder, dirs_exist_ok=True)
        progress(1.0)

    split = read_split(six_people, "folders")
    settings = AdaptSettings(both=True)
    result = run_adapt(six_people, split, SHIPPED, copy, settings, told.append)
    assert [(half.people, half.crops, half.tracks) for half in result.halves] == [
        ((3, 3), 12, 6)
    ] * 2
    for lesson in lessons:
        assert lesson.images.shape == (12, HEIGHT, WIDTH, 3)
        assert lesson.track.tolist() == sorted(lesson.track.tolist())
    assert not np.array_equal(lessons[0].images, lessons[1].images), "the other way round"
    for half in result.halves:
        assert half.before == half.after and half.before.n_query == 6
        assert half.before_pooled == half.after_pooled
        assert half.described_before is None
    assert told == [0.5, 1.0]
    assert not any(place.exists() for place in places), "what learnt from people is thrown away"
    (first, _) = result.tables()
    assert "12 crops, 6 tracks of 3 people" in first.note and "not known" in first.note
    assert all(row[3] == "+0.0" for row in first.rows)


def test_what_fails_leaves_no_weights(six_people: Path) -> None:
    places: list[Path] = []

    def fail(lesson: Lesson, folder: Path, progress: Progress) -> None:
        places.append(folder)
        (folder / "appearance.bin").write_bytes(b"learnt")
        raise KeyboardInterrupt

    split = read_split(six_people, "folders")
    with pytest.raises(KeyboardInterrupt):
        run_adapt(six_people, split, SHIPPED, fail, AdaptSettings(), lambda _: None)
    assert not places[0].exists()


def test_few_people_are_told_of(six_people: Path) -> None:
    for person in ("4", "5", "6"):
        shutil.rmtree(six_people / person)
    split = read_split(six_people, "folders")
    with pytest.raises(SourceError, match="3 people are too few"):
        run_adapt(six_people, split, SHIPPED, lambda *_: None, AdaptSettings(), lambda _: None)

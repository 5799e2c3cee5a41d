"""Differentials on vectors at known angles; arms sorted by what differs."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from reid.core.boxes import as_boxes
from reid.core.errors import SourceError
from reid.lab.bench.data.counterfactual_sets import ARMS, Pairs, belongs_first, read_pairs
from reid.lab.bench.fairness import Arm, compare, left_over, run_fairness, snug, tell_apart
from reid.lab.synth.counterfactual import changed
from reid.lab.synth.crops import CropJob, person_of
from reid.lab.synth.population import DEFAULT
from reid.lab.synth.scene import HAIR, HEAD, HEADWEAR
from tests.lab.bench.test_retrieval import MeanColour


def arm(*degrees: float, uncovered: float = 0.0) -> Arm:
    """Two views a person, at these angles."""
    angle = np.radians(degrees)
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    left = np.full(len(degrees), uncovered)
    return Arm(vectors, np.arange(len(degrees)) // 2, left, left / 10)


def test_equal_arms_have_no_differential() -> None:
    one = arm(0, 1, 40, 41, 80, 81)
    result = compare(("a", "b"), one, one, seed=0)
    assert (result.worst_to_best_false_match, result.n_people) == (1.0, 3)
    assert result.miss_difference == 0
    assert result.intervals["miss_difference"] == (0.0, 0.0)


def test_rates_by_hand() -> None:
    """First arm: own views 2° apart, strangers at least 38°. Second: own views 60° apart.

    Highest stranger of all: in the second arm, 60° of person 0 beside 70° of person 1: cos 10,
    which is the threshold at 1 % of 24 comparisons. The first arm misses nobody, the second all.
    """
    near, far = arm(0, 2, 40, 42, 80, 82), arm(0, 60, 70, 130, 180, 240)
    result = compare(("near", "far"), near, far, seed=0)
    assert result.miss == {"near": 0.0, "far": 1.0}
    assert result.miss_difference == -1.0
    assert result.false_match == {"near": 0, "far": pytest.approx(1 / 12, abs=1e-4)}
    assert result.worst_to_best_false_match is None
    worst = result.worst_to_best
    assert (worst["false_match"], worst["miss"], worst["redaction_failure"]) == (None, None, 1.0)


def test_being_found_by_hand() -> None:
    """Second arm: 0° is nearest to 60° and 240° to 180°, their own; the other four are not.

    60° and 70° are nearest to each other, and so are 130° and 180°: of different people.
    """
    near, far = arm(0, 2, 40, 42, 80, 82), arm(0, 60, 70, 130, 180, 240)
    result = compare(("near", "far"), near, far, seed=0)
    assert result.found == {"near": 1.0, "far": pytest.approx(1 / 3, abs=1e-4)}
    assert result.intervals["found_difference"][0] >= 0


def test_heads_left_uncovered_are_counted() -> None:
    result = compare(("a", "b"), arm(0, 1, 90, 91, uncovered=0.2), arm(0, 1, 90, 91), seed=0)
    assert result.redaction_failure == {"a": 1.0, "b": 0.0}
    assert result.skin_left == {"a": 0.0, "b": 0.0}, "a tenth of the head's, too little"
    assert result.intervals["redaction_difference"] == (1.0, 1.0)


def test_a_probe_tells_arms_apart_only_where_they_differ() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 8))
    person = np.arange(200) // 2
    plain = Arm(vectors, person, np.zeros(200), np.zeros(200))
    shifted = replace(plain, vectors=vectors + np.array([3.0, *[0] * 7]))
    assert tell_apart(plain, plain, 0).at_chance
    assert tell_apart(plain, shifted, 0).accuracy > 0.85


def test_left_over_by_hand() -> None:
    """Of a crop 100 px tall the top 22 go: of head rows 18 to 27, six of ten stay."""
    top = as_boxes([[0, 0, 40, 22], [30, 0, 90, 5]])
    parts = np.zeros((100, 40), np.uint8)
    parts[18:28, 10:20] = HEAD
    assert left_over(parts, top) == pytest.approx(0.6)
    parts[24:28, 10:20] = HAIR
    assert left_over(parts, top, (HEAD,)) == pytest.approx(2 / 6), "hair is not skin"
    parts[18:28] = 0
    parts[2:10, 5:9] = HEADWEAR
    assert left_over(parts, top) == 0.0
    assert left_over(np.zeros((10, 10), np.uint8), top) == 0.0


def test_a_crop_is_cut_to_its_person() -> None:
    parts = np.zeros((120, 60), np.uint8)
    parts[10:110, 20:40] = HEAD
    image, cut = snug(np.zeros((120, 60, 3), np.uint8), parts)
    assert image.shape == (106, 26, 3), "3 % of 100 px round it"
    assert cut.shape == (106, 26)


def test_arms_are_sorted_by_the_property() -> None:
    person = person_of(CropJob(identities=1), 0)
    dark = replace(person, looks=replace(person.looks, skin=(0.2, 0.15, 0.1)))
    light = replace(person, looks=replace(person.looks, skin=(0.9, 0.8, 0.7)))
    assert belongs_first("skin", dark, light)
    assert not belongs_first("skin", light, dark)
    old = replace(person, shape=replace(person.shape, years=70))
    young = replace(person, shape=replace(person.shape, years=20))
    assert belongs_first("age", old, young)
    assert not belongs_first("age", young, old)


def test_new_groups_have_their_arms() -> None:
    person = person_of(CropJob(identities=1), 0)
    other = replace(person, shape=replace(person.shape, years=8, weight=0.9))
    plain = replace(person, shape=replace(person.shape, years=30, weight=0.2))
    assert belongs_first("childhood", other, plain)
    assert belongs_first("build", other, plain)
    assert not belongs_first("childhood", plain, other)
    for change in ("covering", "pushchair"):
        bare = replace(plain, garments=plain.garments[:1], props=())
        with_it = changed(bare, change, np.random.default_rng(0), DEFAULT)
        assert belongs_first(change, with_it, bare)
        assert not belongs_first(change, bare, with_it)


class HalfBlind:
    """A face method that finds faces in bright pictures only, and tells people by their colour."""

    model_id = "half-blind"
    files: ClassVar[dict[str, Path]] = {}

    def vectors(self, images, face_height):
        means = np.array([image.mean(axis=(0, 1)) for image in images])
        found = means.mean(axis=1) > 100
        return means / np.linalg.norm(means, axis=1, keepdims=True) * found[:, None], found


def test_faces_are_compared_where_both_arms_show_one() -> None:
    """Ten people of two pictures; in the second arm those of the first two are too dark."""
    people = np.repeat(np.arange(10), 2)
    rng = np.random.default_rng(0)
    before = np.zeros((20, 60, 20, 3), np.uint8)
    before[:] = rng.integers(120, 255, (10, 1, 1, 3), np.uint8)[people]
    after = np.where((people < 2)[:, None, None, None], before // 4, before)
    parts = np.full((20, 60, 20), HEAD, np.uint8)
    pairs = Pairs(
        before, after, parts, parts, people, ("skin",) * 20, np.ones(20, bool), ()
    )  # fmt: skip
    result = run_fairness(pairs, MeanColour(), HalfBlind(), 0, lambda _: None)
    faces = result.faces["skin"]
    assert faces.failure_to_acquire == {"darker": 0.0, "lighter": 0.2}
    assert faces.compared.n_people == 8
    assert faces.compared.miss_difference == 0.0
    assert result.face_model == "half-blind"


def test_pairs_become_arms_and_figures() -> None:
    """Pictures before are in the first arm where `first` says so; colours tell people apart."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(4), 2)
    images = np.zeros((8, 120, 40, 3), np.uint8)
    images[:] = rng.integers(60, 255, (4, 1, 1, 3), np.uint8)[people]
    parts = np.full((8, 120, 40), HEAD, np.uint8)
    first = people % 2 == 0
    pairs = Pairs(images, images + 1, parts, parts, people, ("skin",) * 8, first, ())
    darker, _ = pairs.arm("skin", ARMS["skin"][0])
    assert (darker[first] == images[first]).all()
    assert (darker[~first] == images[~first] + 1).all()
    result = run_fairness(pairs, MeanColour(), None, 0, lambda _: None)
    assert result.changes["skin"].miss == {"darker": 0.0, "lighter": 0.0}


def test_a_folder_without_pairs_says_how_to_make_them(tmp_path) -> None:
    with pytest.raises(SourceError, match="reid synth counterfactual"):
        read_pairs(tmp_path)
    (tmp_path / "shard-00000").mkdir()
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(SourceError, match="damaged"):
        read_pairs(tmp_path)

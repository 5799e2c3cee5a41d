"""Labels of renderings: bands, boxes, joints and visible shares, on numbers and small pictures."""

from dataclasses import replace

import numpy as np
import pytest

from reid.core.vocabulary import ATTRIBUTE_INDEX, BODY_INDEX, PARTS, Column
from reid.lab.synth import labels
from reid.lab.synth.outfits import GarmentSampler
from reid.lab.synth.person import Person
from reid.lab.synth.population import height_band, median_stature, sample_person
from reid.lab.synth.scene import (
    FEET,
    FIRST_CARRIED,
    HAIR,
    HEAD,
    LOWER,
    THING_PART,
    UPPER,
    Actor,
    Lens,
)
from tests.lab.synth.needs import needs_makehuman

Array = np.ndarray


def someone(seed: int = 3) -> Person:
    return replace(sample_person(np.random.default_rng(seed), band="adult"), key=f"label-{seed}")


def counts(**parts: int) -> Array:
    numbers = {"head": HEAD, "hair": HAIR, "upper": UPPER, "lower": LOWER, "feet": FEET}
    out = np.zeros(256, np.int64)
    for name, pixels in parts.items():
        out[numbers.get(name, FIRST_CARRIED)] = pixels
    return out


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "band"), [(0.1, "slim"), (0.37, "slim"), (0.5, "medium"), (0.69, "heavy")]
)
def test_builds_by_the_factor_of_weight(weight: float, band: str) -> None:
    assert labels.build_band(weight) == band


def test_heights_are_short_or_tall_for_their_age() -> None:
    for years in (4, 12, 40, 80):
        for sex in (0.0, 1.0):
            usual = median_stature(years, sex)
            bands = [height_band(usual * k, years, sex) for k in (0.95, 1.0, 1.05)]
            assert bands == ["short", "medium", "tall"], (years, sex)


def test_bald_people_have_no_colour_of_hair() -> None:
    person = someone()
    bald = replace(person, looks=replace(person.looks, hair="bald"))
    words = labels.attributes_of(bald)
    assert words["hair.length"] == ("bald",)
    assert "hair.colour" not in words
    long = replace(person, looks=replace(person.looks, hair="long01"))
    assert labels.attributes_of(long)["hair.length"] == ("long",)


def test_of_things_only_those_at_hand_are_labelled() -> None:
    sampler = GarmentSampler(np.random.default_rng(0), "train")
    props = tuple(sampler.prop(kind, "red", 1) for kind in ("backpack", "balloon"))
    person = replace(someone(), props=props)
    words = labels.attributes_of(person, ("balloon",))
    assert words["carry.balloon"] == ("present",)
    assert "carry.backpack" not in words
    worn, _ = labels.attribute_vectors(person, ("balloon",))
    assert worn[ATTRIBUTE_INDEX[Column("carry.balloon", "present")]] == 1
    assert worn[ATTRIBUTE_INDEX[Column("carry.backpack", "present")]] == 0


def test_body_vectors_have_one_value_a_slot() -> None:
    for seed in range(10):
        _, body = labels.attribute_vectors(someone(seed))
        for slot in ("body.age", "body.sex", "body.build", "body.height", "hair.length"):
            values = [
                on for column, on in zip(BODY_INDEX, body, strict=True) if column.slot == slot
            ]
            assert sum(values) == 1, slot


# --- masks ----------------------------------------------------------------------------------------


def test_the_box_of_a_mask_ends_after_its_last_pixel() -> None:
    mask = np.zeros((20, 30), bool)
    assert labels.mask_box(mask) is None
    mask[4, 7] = True
    assert labels.mask_box(mask).tolist() == [7, 4, 8, 5]  # type: ignore[union-attr]
    mask[10:15, 20:25] = True
    assert labels.mask_box(mask).tolist() == [7, 4, 25, 15]  # type: ignore[union-attr]


def test_parts_are_counted_under_a_mask() -> None:
    parts = np.array([[HEAD, HEAD, UPPER], [0, UPPER, UPPER]], np.uint8)
    assert labels.part_counts(parts)[[0, HEAD, UPPER]].tolist() == [1, 2, 3]
    mask = np.array([[True, False, True], [False, True, False]])
    assert labels.part_counts(parts, mask)[[0, HEAD, UPPER]].tolist() == [0, 1, 2]


def test_visible_shares_by_hand() -> None:
    """Of 100 px of the upper body 25 are seen, of the head all, of shoes that are nowhere none."""
    alone = counts(head=40, upper=100, lower=60)
    share, parts = labels.visibility(counts(head=40, upper=25), alone)
    assert share == pytest.approx(65 / 200)
    assert dict(zip(PARTS, parts.tolist(), strict=True)) == pytest.approx(
        {"head": 1, "upper": 0.25, "lower": 0, "feet": 0, "carried": 0}
    )


def test_more_seen_than_alone_is_all_of_it_and_nobody_is_nothing() -> None:
    share, parts = labels.visibility(counts(upper=120), counts(upper=100))
    assert share == 1 and parts[PARTS.index("upper")] == 1
    share, parts = labels.visibility(counts(), counts())
    assert share == 0 and not parts.any()


def test_carried_things_count_as_carried() -> None:
    alone = np.zeros(256, np.int64)
    alone[[THING_PART["handbag"], UPPER]] = 50, 100
    seen = alone.copy()
    seen[THING_PART["handbag"]] = 10
    _, parts = labels.visibility(seen, alone)
    assert parts[PARTS.index("carried")] == pytest.approx(0.2)


# --- geometry -------------------------------------------------------------------------------------


@needs_makehuman
def test_boxes_hold_the_joints_and_heads_are_on_top() -> None:
    from reid.lab.synth.render import project, stage

    lens = Lens((0.0, 2.2, 8.0), (0.0, 1.0, 0.0), 18.0, 128, 256)
    for seed in range(4):
        (staged,) = stage([Actor(someone(seed), yaw=float(seed), gait="walk", pose_seed=seed)])
        box, head = labels.figure_box(staged, lens), labels.head_box(staged, lens)
        joints = project(lens, labels.joints_world(staged))[:, :2]
        assert (joints >= box[:2] - 1).all() and (joints <= box[2:] + 1).all()
        face = joints[:3].mean(axis=0)
        assert (face >= head[:2] - 1).all() and (face <= head[2:] + 1).all()
        assert head[3] < box[1] + 0.3 * (box[3] - box[1])
        order = [joints[i, 1] for i in (0, 5, 11, 13, 15)]  # nose, shoulder, hip, knee, ankle
        assert order == sorted(order)


@needs_makehuman
def test_left_is_on_the_right_of_who_faces_the_camera() -> None:
    from reid.lab.synth.render import project, stage

    lens = Lens((0.0, 1.5, 8.0), (0.0, 1.0, 0.0), 18.0, 128, 256)
    (front,) = stage([Actor(someone(), yaw=0.0, gait="stand", pose_seed=1)])
    (back,) = stage([Actor(someone(), yaw=np.pi, gait="stand", pose_seed=1)])
    for staged, sign in ((front, 1), (back, -1)):
        x = project(lens, labels.joints_world(staged))[:, 0]
        assert sign * (x[5] - x[6]) > 5 and sign * (x[11] - x[12]) > 3


@needs_makehuman
def test_joints_are_seen_hidden_or_outside() -> None:
    from reid.lab.synth.render import project, stage

    lens = Lens((0.0, 1.5, 8.0), (0.0, 1.0, 0.0), 18.0, 128, 256)
    (staged,) = stage([Actor(someone(), gait="stand", pose_seed=1)])
    everywhere = np.ones((256, 128), bool)
    assert (labels.joints(staged, lens, everywhere)[:, 2] == 2).all()
    assert (labels.joints(staged, lens, ~everywhere)[:, 2] == 1).all()
    close = replace(lens, look_at=(0.0, 1.9, 0.0), fov_y=6.0)
    seen = labels.joints(staged, close, everywhere)
    assert (seen[[15, 16], 2] == 0).all(), "feet are below the picture"
    inside = project(close, labels.joints_world(staged))
    assert seen[:, :2] == pytest.approx(inside[:, :2], abs=1e-3)

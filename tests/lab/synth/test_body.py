"""Bodies from MakeHuman's targets: factors that sum to one, heights, joints, regions."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from reid.lab.synth.body import (
    ARM_L,
    ARM_R,
    HEAD_REGION,
    LEG_L,
    LEG_R,
    TORSO,
    age_factor,
    along_limb,
    base_surface_map,
    joint_positions,
    morph,
    stature_cm,
    tail_positions,
    target_weights,
)
from reid.lab.synth.makehuman import BODY_END, BONE, load
from reid.lab.synth.person import BodyShape
from reid.lab.synth.pieces import body_hidden, piece, sheet
from tests.lab.synth.needs import needs_makehuman

Array = np.ndarray
WOMAN = BodyShape(30, 0.0, 0.5, 0.5, 1.66, (1 / 3, 1 / 3, 1 / 3))
SHAPES = [
    WOMAN,
    replace(WOMAN, sex=1.0, muscle=0.9, stature=1.85),
    replace(WOMAN, years=6, stature=1.15),
    replace(WOMAN, years=77, weight=0.9, sex=0.4, origin=(1.0, 0.0, 0.0)),
]


@cache
def body(shape: BodyShape) -> Array:
    return morph(shape)[:BODY_END]


# --- factors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("years", "factor"), [(1, 0), (10, 0.1875), (25, 0.5), (90, 1.0), (99, 1)])
def test_ages_are_makehumans(years: float, factor: float) -> None:
    assert age_factor(years) == pytest.approx(factor)


@pytest.mark.parametrize("shape", SHAPES)
def test_factors_of_origin_and_build_each_sum_to_one(shape: BodyShape) -> None:
    weights = target_weights(shape)
    origins = sum(
        w for name, w in weights.items() if name.split("-")[0] in ("african", "asian", "caucasian")
    )
    builds = sum(w for name, w in weights.items() if name.startswith("universal-"))
    assert (origins, builds) == pytest.approx((1, 1))
    assert all(0 <= w <= 1 for w in weights.values())


def test_a_man_moves_no_womans_target() -> None:
    man = target_weights(replace(WOMAN, sex=1.0))
    assert not [name for name in man if "female" in name and man[name]]
    assert not [name for name in man if "cup" in name]


# --- bodies ---------------------------------------------------------------------------------------


@needs_makehuman
@pytest.mark.parametrize("shape", SHAPES)
def test_bodies_are_alike_left_and_right(shape: BodyShape) -> None:
    joints = joint_positions(morph(shape))
    for name, number in BONE.items():
        if name.endswith(".L"):
            left, right = joints[number], joints[BONE[name[:-1] + "R"]]
            assert left * (-1, 1, 1) == pytest.approx(right, abs=0.12), name


@needs_makehuman
def test_weight_widens_the_waist() -> None:
    def width(shape: BodyShape, at: float) -> float:
        points = body(shape)
        level = points[:, 1].min() + at * np.ptp(points[:, 1])
        ring = points[(np.abs(points[:, 1] - level) < 0.3) & (np.abs(points[:, 0]) < 2.6)]
        return float(np.ptp(ring[:, 2]))

    thin, heavy = (replace(WOMAN, weight=w) for w in (0.1, 0.95))
    assert width(heavy, 0.6) > 1.1 * width(thin, 0.6)


@needs_makehuman
def test_children_are_small_and_have_large_heads() -> None:
    def head_share(shape: BodyShape) -> float:
        points = morph(shape)
        joints = joint_positions(points)
        tall = points[:BODY_END, 1].max() - points[:BODY_END, 1].min()
        return float((points[:BODY_END, 1].max() - joints[BONE["head"], 1]) / tall)

    child, adult = replace(WOMAN, years=4, stature=1.02), WOMAN
    assert stature_cm(morph(child)) < 0.8 * stature_cm(morph(adult))
    assert head_share(child) > 1.2 * head_share(adult)


@needs_makehuman
def test_joints_lie_in_the_order_of_the_body() -> None:
    joints = joint_positions(morph(WOMAN))
    heights = [
        joints[BONE[n], 1]
        for n in ("foot.L", "lowerleg01.L", "upperleg01.L", "spine03", "neck01", "head")
    ]
    assert heights == sorted(heights)
    x = [joints[BONE[n], 0] for n in ("upperarm01.L", "lowerarm01.L", "wrist.L")]
    assert x == sorted(x) and x[0] > 0, "left is +x"
    tails = tail_positions(morph(WOMAN))
    assert tails["head"][1] > joints[BONE["head"], 1]


# --- the surface ----------------------------------------------------------------------------------


def test_a_point_beside_a_bent_limb_is_measured_on_its_nearer_piece() -> None:
    root, bend, tip = (np.array(p, np.float32) for p in ((0, 4, 0), (0, 2, 0), (0, 0, 0)))
    points = np.array([[0, 4, 0], [0.5, 3, 0], [0, 2, 0.3], [0, 1, 0], [0, -1, 0]], np.float32)
    distance, side, front = along_limb(points, root, bend, tip)
    assert distance == pytest.approx([0, 1, 2, 3, 5])
    assert np.hypot(side, front) == pytest.approx([0, 0.5, 0.3, 0, 0], abs=1e-6)
    assert abs(side[1]) == pytest.approx(0.5) and abs(front[2]) == pytest.approx(0.3)


@needs_makehuman
def test_regions_are_where_they_are_called() -> None:
    surface, points = base_surface_map(), load().base[:BODY_END]
    region, along = surface.region[:BODY_END], surface.along[:BODY_END]
    for left, right in ((ARM_L, ARM_R), (LEG_L, LEG_R)):
        assert points[region == left, 0].mean() > 0 > points[region == right, 0].mean()
        assert (region == left).sum() == pytest.approx((region == right).sum(), rel=0.02)
    head, trunk, leg = (points[region == r, 1].mean() for r in (HEAD_REGION, TORSO, LEG_L))
    assert head > trunk > leg
    feet = (region == LEG_L) & (along > 1)
    assert points[feet, 1].max() < points[:, 1].min() + 1.5
    wrists = (region == ARM_L) & (np.abs(along - 1) < 0.05)
    assert np.abs(points[wrists] - joint_positions(load().base)[BONE["wrist.L"]]).max() < 1


@needs_makehuman
def test_what_a_garment_covers_is_hidden_and_heads_never() -> None:
    surface = base_surface_map()
    hidden = body_hidden([(TORSO, 0.2, 0.8), (HEAD_REGION, -9, 9)])
    assert (surface.region[hidden] == TORSO).all()
    assert surface.along[hidden].min() > 0.2 and surface.along[hidden].max() < 0.8
    assert not body_hidden([]).any()


@needs_makehuman
def test_pieces_follow_the_body_that_they_are_fitted_to() -> None:
    for source in ("male_casualsuit02:1", "female_casualsuit02:1", "shoes01", "tights"):
        p = piece(source, small=True)
        assert p.weights.sum(1) == pytest.approx(1, abs=1e-5)
        thin, heavy = (
            sheet(source, morph(replace(WOMAN, weight=w)), small=True) for w in (0.1, 0.9)
        )
        assert np.array_equal(thin.faces, heavy.faces)
        wide = [float(np.ptp(s.points[:, 2])) for s in (thin, heavy)]
        assert wide[1] > wide[0] - 0.05, source


@needs_makehuman
def test_the_two_halves_of_an_outfit_are_an_upper_and_a_lower() -> None:
    upper, lower = (sheet(f"male_casualsuit02:{i}", load().base, small=True) for i in (0, 1))
    assert upper.points[:, 1].mean() > lower.points[:, 1].mean() + 3
    assert len(sheet("tights", load().base).faces) > len(
        sheet("tights", load().base, small=True).faces
    )

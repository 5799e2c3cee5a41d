"""Gaits, postures and hands: what bodies do, read off the posed joints."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from reid.lab.synth import pose
from reid.lab.synth.body import joint_positions, morph, tail_positions
from reid.lab.synth.catalogue import catalogue
from reid.lab.synth.figure import MAX_BONES, Figure
from reid.lab.synth.makehuman import BONE, BONES
from reid.lab.synth.motion import arms_of, bone_matrices, pose_of, props_of
from reid.lab.synth.outfits import GarmentSampler
from reid.lab.synth.person import BodyShape, Person
from reid.lab.synth.population import sample_person
from reid.lab.synth.pose import HIP, HOLDING, KNEE, STYLES, Pose, Skeleton, posed
from reid.lab.synth.postures import CARRIED_POSTURES, GROUNDED, in_posture
from reid.lab.synth.scene import Actor
from tests.lab.synth.needs import needs_makehuman

Array = np.ndarray
WOMAN = BodyShape(30, 0.0, 0.5, 0.5, 1.66, (1 / 3, 1 / 3, 1 / 3))
SEEDS = range(8)


@cache
def skeleton() -> Skeleton:
    points = morph(WOMAN)
    return Skeleton(joint_positions(points), tail_positions(points))


@cache
def someone(seed: int = 4) -> Person:
    person = sample_person(np.random.default_rng(seed), band="adult")
    return replace(person, key=f"someone-{seed}", props=())


@cache
def figure(person: Person) -> Figure:
    from reid.lab.synth.dress import figure_of

    return figure_of(person, small=True)


def holding(*kinds: str) -> Person:
    sampler = GarmentSampler(np.random.default_rng(2), "train")
    props = tuple(sampler.prop(kind, "red", 1) for kind in kinds)
    return replace(someone(), key=f"someone with {'+'.join(kinds)}", props=props)


def at(p: Pose, name: str) -> Array:
    return p.place[BONE[name]].astype(float)


def low_and_high(p: Pose) -> tuple[float, float]:
    return float(p.place[:, 1].min()), float(p.place[:, 1].max())


def tall() -> float:
    return float(np.ptp(skeleton().joints[:, 1]))


# --- rotations ------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_rotations_about_axes_are_rotations(axis: int) -> None:
    r = pose.about(axis, 37.0)
    assert r @ r.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(r) == pytest.approx(1)
    assert r[axis, axis] == 1
    unit = np.eye(3)[axis]
    assert pose.about_axis(unit, 37.0) == pytest.approx(r, abs=1e-12)


def test_turning_about_any_axis_leaves_it_and_adds_up() -> None:
    axis = np.array([1.0, 2.0, -0.5])
    axis /= np.linalg.norm(axis)
    r = pose.about_axis(axis, 50.0)
    assert r @ axis == pytest.approx(axis)
    assert r @ r == pytest.approx(pose.about_axis(axis, 100.0), abs=1e-12)
    assert np.degrees(np.arccos((np.trace(r) - 1) / 2)) == pytest.approx(50.0)


def test_the_curves_of_a_gait_go_through_their_table_and_repeat() -> None:
    for table in (HIP, KNEE):
        values = [pose._cycle(table, i / 8) for i in range(8)]
        assert values == pytest.approx(table, abs=1e-6)
        assert pose._cycle(table, 1.3) == pytest.approx(pose._cycle(table, 0.3))


# --- gaits ----------------------------------------------------------------------------------------


@needs_makehuman
@pytest.mark.parametrize("gait", STYLES)
def test_global_rotations_are_rotations_and_bones_keep_their_length(gait: str) -> None:
    p, _ = posed(skeleton(), gait, 0.6, {}, 3)
    product = np.einsum("nij,nkj->nik", p.rotation, p.rotation)
    assert np.abs(product - np.eye(3)).max() < 1e-4
    for upper, lower in (("lowerleg01.L", "foot.L"), ("lowerarm01.R", "wrist.R")):
        rest = np.linalg.norm(skeleton().joints[BONE[upper]] - skeleton().joints[BONE[lower]])
        assert np.linalg.norm(at(p, upper) - at(p, lower)) == pytest.approx(rest, rel=0.02)


@needs_makehuman
def test_a_walk_is_the_same_half_a_cycle_later_on_the_other_side() -> None:
    """Legs swap; the moment's own variation is drawn alike by the same seed."""
    one, other = (posed(skeleton(), "walk", phase, {}, 6)[0] for phase in (0.0, 0.5))
    ahead = [at(p, "foot.L")[2] - at(p, "foot.R")[2] for p in (one, other)]
    assert ahead[0] > 2, "at the left heel's strike the left foot is ahead"
    assert ahead[1] < -2
    assert ahead[0] == pytest.approx(-ahead[1], rel=0.25)


@needs_makehuman
def test_arms_swing_against_the_legs() -> None:
    leads = []
    for seed in SEEDS:
        p, _ = posed(skeleton(), "hurry", 0.0, {}, seed)
        leads.append((at(p, "wrist.R") - at(p, "wrist.L"))[2])
    assert np.mean(leads) > 1, "the right arm goes with the left leg"


@needs_makehuman
def test_faster_gaits_take_longer_steps() -> None:
    def step(gait: str) -> float:
        return float(np.mean([
            abs(at(p, "foot.L")[2] - at(p, "foot.R")[2])
            for p in (posed(skeleton(), gait, 0.0, {}, seed)[0] for seed in SEEDS)
        ]))  # fmt: skip

    steps = [step(gait) for gait in ("stand", "stroll", "walk", "hurry")]
    assert steps == sorted(steps)
    assert steps[3] > 1.4 * steps[1]


@needs_makehuman
def test_who_sits_has_thighs_level_and_shins_down() -> None:
    for seed in SEEDS:
        p, _ = posed(skeleton(), "sit", 0.0, {}, seed)
        thigh = at(p, "lowerleg01.L") - at(p, "upperleg01.L")
        shin = at(p, "foot.L") - at(p, "lowerleg01.L")
        assert thigh[2] > 0.85 * np.linalg.norm(thigh)
        assert -shin[1] > 0.85 * np.linalg.norm(shin)


@needs_makehuman
def test_heads_turn_and_some_nod_deeply() -> None:
    turns = []
    for seed in range(40):
        p, style = posed(skeleton(), "stand", 0.0, {}, seed)
        nose = p.rotation[BONE["head"]] @ np.array([0, 0, 1])
        turns.append(np.degrees(np.arctan2(nose[0], nose[2])))
        assert turns[-1] == pytest.approx(style.head_turn, abs=16)
    assert np.std(turns) > 10


@needs_makehuman
@pytest.mark.parametrize("action", ["phone", "umbrella", "toy", "hand-high", "up"])
def test_arms_that_hold_something_up_bring_the_hand_up(action: str) -> None:
    for seed in SEEDS:
        idle, _ = posed(skeleton(), "stand", 0.0, {}, seed)
        busy, _ = posed(skeleton(), "stand", 0.0, {"L": action}, seed)
        assert at(busy, "wrist.L")[1] > at(idle, "wrist.L")[1] + 1
        assert at(busy, "wrist.R") == pytest.approx(at(idle, "wrist.R"), abs=1.5)


@needs_makehuman
def test_a_hand_closes_by_its_curl() -> None:
    def reach(curl: float) -> float:
        poser = pose.Poser(skeleton())
        pose.bend_fingers(poser, "L", curl)
        solved = poser.solve()
        tip = solved.rotation[BONE["finger3-2.L"]] @ np.array([0.0, -1.0, 0.0])
        return float(tip @ np.array([0.0, -1.0, 0.0]))

    open_, half, closed = (reach(c) for c in (0, 40, 80))
    assert open_ == pytest.approx(1)
    assert open_ > half > closed


# --- postures -------------------------------------------------------------------------------------


@needs_makehuman
@pytest.mark.parametrize("posture", [*GROUNDED, *CARRIED_POSTURES])
def test_postures_are_deterministic_and_vary(posture: str) -> None:
    one, same, other = (in_posture(skeleton(), posture, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.place, same.place)
    assert np.abs(one.place - other.place).max() > 0.2
    product = np.einsum("nij,nkj->nik", one.rotation, one.rotation)
    assert np.abs(product - np.eye(3)).max() < 1e-4


@needs_makehuman
@pytest.mark.parametrize("posture", ["lie-back", "lie-side", "lie-front"])
def test_who_lies_is_long_and_low_from_hips_to_head(posture: str) -> None:
    for seed in SEEDS:
        p = in_posture(skeleton(), posture, seed)
        trunk = at(p, "neck01") - at(p, "upperleg01.L")
        assert abs(trunk[1]) < 0.85 * np.linalg.norm(trunk), seed
        low, high = low_and_high(p)
        assert high - low < 0.62 * tall(), seed


@needs_makehuman
def test_on_the_back_the_face_looks_up_and_on_the_front_not() -> None:
    for seed in SEEDS:
        ahead = np.array([0, 0, 1])
        back, front = (in_posture(skeleton(), f"lie-{side}", seed) for side in ("back", "front"))
        assert (back.rotation[BONE["spine03"]] @ ahead)[1] > 0.7
        assert (front.rotation[BONE["spine05"]] @ ahead)[1] < -0.5


@needs_makehuman
def test_upside_down_and_bent_heads_are_not_on_top() -> None:
    for seed in SEEDS:
        p = in_posture(skeleton(), "upside-down", seed)
        assert at(p, "head")[1] < at(p, "upperleg01.L")[1] < at(p, "foot.L")[1] + 4
        bent = in_posture(skeleton(), "bent", seed)
        assert at(bent, "head")[1] < at(bent, "upperleg01.L")[1] + 2


@needs_makehuman
def test_who_crawls_is_on_hands_and_knees() -> None:
    for seed in SEEDS:
        p = in_posture(skeleton(), "crawl", seed)
        hands, knees = at(p, "wrist.L")[1], at(p, "lowerleg01.L")[1]
        hips = at(p, "upperleg01.L")[1]
        assert hips > knees + 2 and hips > hands + 2
        assert abs(hands - knees) < 2.5, "both reach the floor"
        assert at(p, "head")[2] > at(p, "upperleg01.L")[2] + 3


@needs_makehuman
def test_who_sits_on_shoulders_or_in_arms_has_the_legs_apart() -> None:
    for posture, least in (("shoulders", 1.5), ("held", 1.5)):
        for seed in SEEDS:
            p = in_posture(skeleton(), posture, seed)
            knees = at(p, "lowerleg01.L")[0] - at(p, "lowerleg01.R")[0]
            assert knees > least, posture
            assert at(p, "head")[1] > at(p, "upperleg01.L")[1] + 3


# --- in the world ---------------------------------------------------------------------------------


def test_things_hang_from_the_side_they_are_carried_on() -> None:
    person = holding("handbag", "backpack")
    assert props_of(Actor(person)) == {"handbag": "L", "backpack": "L"}
    assert props_of(Actor(person, props=("backpack",))) == {"backpack": "L"}
    assert props_of(Actor(person, props=())) == {}


def test_arms_do_what_their_things_ask_for() -> None:
    for kind in ("suitcase", "umbrella", "toy", "balloon", "plastic-bag"):
        assert arms_of(Actor(holding(kind)))["L"] == kind
    both = arms_of(Actor(holding("pushchair")))
    assert both == {"L": "pushchair", "R": "pushchair"}
    forearms = [arms_of(Actor(holding("handbag"), pose_seed=seed))["L"] for seed in range(200)]
    row = catalogue().thing("handbag")
    assert forearms.count("handbag:forearm") / 200 == pytest.approx(row.forearm, abs=0.1)
    shoulder = [
        bool(arms_of(Actor(holding("shoulder-bag"), gait="carry", pose_seed=s))) for s in range(200)
    ]
    assert np.mean(shoulder) == pytest.approx(catalogue().thing("shoulder-bag").arm_share, abs=0.1)
    assert arms_of(Actor(someone(), arms="ankles")) == {"L": "ankles", "R": "ankles"}


def test_whatever_arms_do_is_known() -> None:
    seen = set()
    for gait in ("walk", "stand", "sit", "cycle", "ride"):
        for seed in range(150):
            seen |= set(arms_of(Actor(someone(), gait=gait, pose_seed=seed)).values())
    assert seen <= set(HOLDING)
    assert {"phone", "pocket", "folded", "bars", "reins", "knees"} <= seen


@needs_makehuman
@pytest.mark.parametrize("gait", ["walk", "stand", "child", "carry", "sit"])
def test_feet_stand_on_the_floor_wherever_somebody_is(gait: str) -> None:
    f = figure(someone())
    actor = Actor(someone(), (3.0, 0.0, -2.0), 0.8, gait, 0.2, 5)
    bones = bone_matrices(f, actor)
    assert bones.shape == (MAX_BONES, 3, 4)
    points, owners = f.soles
    rest = np.concatenate([points * f.scale, np.ones((len(points), 1))], axis=1)
    world = np.einsum("nij,nj->ni", bones[owners], rest)
    assert world[:, 1].min() == pytest.approx(0, abs=1e-3)
    hips = bones[BONE["upperleg01.L"]] @ np.append(
        f.skeleton.joints[BONE["upperleg01.L"]] * f.scale, 1
    )
    assert np.hypot(hips[0] - 3.0, hips[2] + 2.0) < 0.35


@needs_makehuman
@pytest.mark.parametrize("posture", GROUNDED)
def test_whoever_is_on_the_ground_touches_it_and_sinks_no_deeper_than_flesh_yields(
    posture: str,
) -> None:
    f = figure(someone())
    bones = bone_matrices(f, Actor(someone(), gait=posture, pose_seed=2))
    lowest = float(f.outline.places(bones)[:, 1].min())
    assert -0.02 < lowest <= 0


@needs_makehuman
def test_turning_an_actor_turns_everything_about_where_they_stand() -> None:
    f = figure(someone())
    plain = bone_matrices(f, Actor(someone(), (0, 0, 0), 0.0, "stand", 0, 3))
    turned = bone_matrices(f, Actor(someone(), (0, 0, 0), np.pi / 2, "stand", 0, 3))
    quarter = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]], float)
    n = len(BONES)
    assert turned[:n] == pytest.approx(np.einsum("ij,njk->nik", quarter, plain[:n]), abs=1e-4)


@needs_makehuman
def test_a_thing_that_was_put_down_collapses_and_one_in_the_hand_hangs_from_it() -> None:
    person = holding("handbag")
    f = figure(person)
    (bone,) = f.free.values()
    here, gone = (bone_matrices(f, Actor(person, props=p, gait="stand")) for p in (None, ()))
    assert np.abs(gone[bone, :, :3]).max() == 0
    assert np.linalg.det(here[bone, :, :3]) == pytest.approx(1, abs=1e-4)
    wrist = here[BONE["wrist.L"]] @ np.append(f.skeleton.joints[BONE["wrist.L"]] * f.scale, 1)
    assert np.linalg.norm(here[bone, :, 3] - wrist) < 0.35


@needs_makehuman
def test_who_pushes_holds_the_bar_at_its_height_between_both_hands() -> None:
    from reid.lab.synth.dress import grip_height

    person = holding("pushchair")
    f = figure(person)
    bones = bone_matrices(f, Actor(person, gait="push", pose_seed=1))
    (bone,) = f.free.values()
    assert bones[bone, 1, 3] == pytest.approx(grip_height("pushchair", f.height), abs=1e-4)
    wrists = [
        bones[BONE[n]] @ np.append(f.skeleton.joints[BONE[n]] * f.scale, 1)
        for n in ("wrist.L", "wrist.R")
    ]
    assert bones[bone, 0, 3] == pytest.approx(np.mean([w[0] for w in wrists]), abs=0.1)
    assert grip_height("pushchair", 1.1) == 0.75, "a child reaches up"
    assert grip_height("suitcase", 1.8) == pytest.approx(0.44 * 1.8)


@needs_makehuman
def test_who_sits_in_a_wheelchair_has_the_feet_on_its_rest() -> None:
    person = holding("wheelchair")
    f = figure(person)
    p = pose_of(f, Actor(person, gait="walk"))
    points, owners = f.soles
    rest = points - f.skeleton.joints[owners]
    feet = np.einsum("nij,nj->ni", p.rotation[owners], rest) + p.place[owners]
    assert feet[:, 1].min() * f.scale == pytest.approx(0.09, abs=1e-3)

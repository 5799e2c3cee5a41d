"""Things carried and dressed figures: sizes, where they hang, what covers what."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from reid.lab.synth.body import TORSO, base_surface_map, joint_positions, morph
from reid.lab.synth.catalogue import catalogue
from reid.lab.synth.dress import LAYER, figure_of
from reid.lab.synth.figure import MAX_MATERIALS, SUIT_FRONT, VERTEX, Figure
from reid.lab.synth.makehuman import BONE
from reid.lab.synth.outfits import GarmentSampler
from reid.lab.synth.person import BodyShape, Garment, Looks, Person, Prop
from reid.lab.synth.population import sample_person
from reid.lab.synth.props import MAIN, METAL, SHAPES, TRIM, Owner, Part, Torso, torso_of
from reid.lab.synth.scene import (
    FEET,
    HEADWEAR,
    LOWER,
    OUTER,
    SOCKS,
    THING_PART,
    TORSO_SKIN,
    UPPER,
)
from reid.lab.synth.wardrobe import fit_garment, socks
from tests.lab.synth.needs import needs_makehuman

Array = np.ndarray
WOMAN = BodyShape(30, 0.0, 0.5, 0.5, 1.66, (1 / 3, 1 / 3, 1 / 3))
LOOKS = Looks((0.8, 0.6, 0.5), "short01", (0.2, 0.15, 0.1), "brown")
TORSO_MEASURES = Torso(
    -0.12, 0.13, np.array([0.12, 1.4, 0.0]), np.array([0.18, 0.95, 0.0]), 0.17, 1.7, 0.0
)


def sampler(seed: int = 1) -> GarmentSampler:
    return GarmentSampler(np.random.default_rng(seed), "train")


def owner(height: float, kind: str) -> Owner:
    row = catalogue().thing(kind)
    low, high = row.grip_m
    return Owner(height, TORSO_MEASURES, min(max(row.grip_of_height * height, low), high))


def built(kind: str, height: float = 1.7, seed: int = 1, **change: object) -> list[Part]:
    row, thing = catalogue().thing(kind), replace(sampler(seed).prop(kind, "red", 1), **change)  # type: ignore[arg-type]
    return SHAPES[row.shape](thing, row.size, owner(height, kind))


def points_of(parts: list[Part]) -> Array:
    return np.concatenate([part.shape.points for part in parts])


# --- things ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [row.kind for row in catalogue().things])
def test_things_are_whole_and_as_large_as_things_are(kind: str) -> None:
    for seed in range(6):
        for part in built(kind, seed=seed):
            shape = part.shape
            assert np.isfinite(shape.points).all()
            assert shape.faces.max() < len(shape.points)
            assert part.material in (MAIN, TRIM, METAL)
            assert np.linalg.norm(shape.normals, axis=1) == pytest.approx(1, abs=1e-3)
        size = np.ptp(points_of(built(kind, seed=seed)), axis=0)
        assert 0.12 < size.max() < 2.6, (kind, size)


@pytest.mark.parametrize("kind", [r.kind for r in catalogue().things if r.place == "held"])
def test_held_things_have_their_grip_at_the_hand(kind: str) -> None:
    """Something of them is near the origin, where the hand is, or between both hands."""
    reach = 0.25 if catalogue().thing(kind).grip == "both" else 0.12
    for seed in range(4):
        distance = np.linalg.norm(points_of(built(kind, seed=seed)), axis=1)
        assert distance.min() < reach, kind


@pytest.mark.parametrize("kind", ["handbag", "plastic-bag"])
def test_bags_hang_below_the_hand_and_umbrellas_and_balloons_are_above(kind: str) -> None:
    hanging = points_of(built(kind))
    assert hanging[:, 1].max() < 0.08 and hanging[:, 1].min() < -0.2
    for above in ("umbrella", "balloon"):
        assert points_of(built(above))[:, 1].max() > 0.4


def test_wheels_stand_on_the_floor() -> None:
    for kind in ("suitcase", "pushchair"):
        for height in (1.5, 1.9):
            low = points_of(built(kind, height))[:, 1].min()
            assert low == pytest.approx(-owner(height, kind).grip, abs=0.12), kind
    for seat in ("wheelchair", "chair"):
        assert points_of(built(seat))[:, 1].min() == pytest.approx(0, abs=0.03), seat


@pytest.mark.parametrize("kind", ["backpack", "handbag", "toy", "umbrella", "wheelchair"])
def test_things_of_small_people_are_smaller(kind: str) -> None:
    small, large = (np.ptp(points_of(built(kind, height)), axis=0) for height in (1.1, 1.9))
    assert small.max() < large.max()


def test_sizes_of_rows_are_kept() -> None:
    row = catalogue().thing("handbag")
    for seed in range(10):
        body = built("handbag", 1.7, seed, size=1.0)[0].shape.points
        wide, tall = np.ptp(body[:, 2]), np.ptp(body[:, 1])
        assert 2 * row.size.wide_m[0] * 0.9 < wide < 2 * row.size.wide_m[1] * 1.25
        assert 2 * row.size.tall_m[0] * 0.9 < tall < 2 * row.size.tall_m[1] * 1.1


def test_a_backpack_is_behind_and_its_straps_go_round_the_shoulders() -> None:
    parts = built("backpack")
    assert parts[0].shape.points[:, 2].max() < TORSO_MEASURES.back + 0.01
    straps = [p for p in parts if p.shape.points[:, 2].max() > TORSO_MEASURES.chest - 0.02]
    sides = sorted(np.sign(p.shape.points[:, 0].mean()) for p in straps)
    assert sides == [-1, 1]
    assert all(p.bone.startswith("spine") for p in parts)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_shoulder_bag_hangs_on_its_side(side: int) -> None:
    parts = built("shoulder-bag", side=side)
    assert np.sign(parts[0].shape.points[:, 0].mean()) == side
    assert parts[0].shape.points[:, 1].mean() < TORSO_MEASURES.shoulder[1] - 0.2


def test_a_bunch_is_three_balloons_of_three_materials() -> None:
    bunch = built("balloon", colours=("multicolour", "red", "blue", "green"))
    assert {p.material for p in bunch} == {MAIN, TRIM, METAL}
    assert len(bunch) == 6, "each on its string"


@needs_makehuman
def test_a_trunk_is_measured_where_it_is() -> None:
    base = morph(WOMAN)
    t = torso_of(base, joint_positions(base), 0.1, 1.66)
    assert t.back < 0 < t.chest
    assert 0.9 < t.shoulder[1] - base[:13380, 1].min() * 0.1 < 1.6
    heavy = morph(replace(WOMAN, weight=0.95))
    wide = torso_of(heavy, joint_positions(heavy), 0.1, 1.66)
    assert wide.hip[0] > t.hip[0]


# --- figures --------------------------------------------------------------------------------------


@cache
def dressed(*rows: str, hem: float | None = None) -> Figure:
    wardrobe, top = sampler(3), None
    garments: list[Garment] = []
    for name in rows:
        row = catalogue().row(name)
        garment = wardrobe.of_row(row, "blue", top=top)
        if hem is not None and row.slot in ("upper", "outer"):
            garment = replace(garment, hem_at=hem)
        top = garment if row.slot in ("upper", "outer") else top
        garments.append(garment)
    key = f"dressed in {' and '.join(rows)} {hem}"
    return figure_of(Person(key, WOMAN, LOOKS, tuple(garments)), small=True)


def faces_of(figure: Figure, part: int) -> int:
    return int((figure.vertices["meta"][figure.faces[:, 0], 1] == part).sum())


@needs_makehuman
def test_clothes_hide_the_skin_beneath_them() -> None:
    bare = faces_of(dressed("tank top", "hotpants", "sandals"), TORSO_SKIN)
    covered = faces_of(dressed("sweater", "jeans", "sneakers"), TORSO_SKIN)
    assert covered < 0.7 * bare


@needs_makehuman
def test_layers_lie_over_each_other_in_order() -> None:
    figure = dressed("shirt", "open jacket", "jeans", "sneakers")
    meta = figure.vertices["meta"]
    layer = {part: int(meta[meta[:, 1] == part, 3].max()) for part in (LOWER, UPPER, OUTER, FEET)}
    assert layer[LOWER] < layer[UPPER] < layer[OUTER]
    assert layer[OUTER] == LAYER["outer"]


@needs_makehuman
def test_every_garment_has_its_part_and_its_material() -> None:
    figure = dressed("t-shirt", "trousers", "boots", "socks", "cap", "scarf")
    for part in (UPPER, LOWER, FEET, SOCKS, HEADWEAR):
        assert part in figure.parts
    assert figure.vertices.dtype == VERTEX
    assert figure.materials.shape == (MAX_MATERIALS, 5, 4)
    used = np.unique(figure.vertices["meta"][:, 0])
    assert np.abs(figure.materials[used]).sum(axis=(1, 2)).min() > 0


@needs_makehuman
def test_open_garments_are_drawn_from_both_sides() -> None:
    closed, open_ = (
        dressed("jacket", "jeans", "sneakers"),
        dressed("t-shirt", "open jacket", "jeans", "sneakers"),
    )
    assert open_.two_sided > closed.two_sided


@needs_makehuman
def test_shoes_make_taller_and_bare_feet_do_not() -> None:
    boots, sandals = dressed("t-shirt", "jeans", "boots"), dressed("t-shirt", "jeans", "sandals")
    rows = catalogue()
    by = rows.row("boots").shoe.height_m - rows.row("sandals").shoe.height_m  # type: ignore[union-attr]
    assert boots.height - sandals.height == pytest.approx(by, abs=1e-6)


@needs_makehuman
def test_a_suit_shows_a_shirt_and_a_tie() -> None:
    figure = dressed("suit", "trousers of a suit", "shoes")
    modes = figure.materials[:, 2, 3]
    assert (modes == SUIT_FRONT).sum() == 1


@needs_makehuman
def test_hoods_hang_behind_unless_they_are_up() -> None:
    down = dressed("hoodie", "jeans", "sneakers")
    up = dressed("hoodie", "jeans", "sneakers", "hood")
    assert faces_of(down, UPPER) > faces_of(up, UPPER)
    assert HEADWEAR in up.parts and HEADWEAR not in down.parts


@needs_makehuman
def test_figures_are_kept_and_those_drawn_small_have_fewer_faces() -> None:
    person = sample_person(np.random.default_rng(5), key="kept")
    assert figure_of(person) is figure_of(person)
    assert len(figure_of(person, small=True).faces) < 0.7 * len(figure_of(person).faces)


@needs_makehuman
def test_a_thing_rides_on_a_bone_of_its_own() -> None:
    thing = sampler().prop("handbag", "red", 1)
    person = replace(sample_person(np.random.default_rng(5)), key="with a bag", props=(thing,))
    figure = figure_of(person, small=True)
    assert list(figure.free) == ["handbag"]
    mine = figure.vertices["meta"][:, 1] == THING_PART["handbag"]
    assert (figure.vertices["bones"][mine, 0] == figure.free["handbag"]).all()
    assert figure.free["handbag"] >= len(BONE)


@needs_makehuman
def test_looser_garments_stand_farther_off() -> None:
    base = morph(WOMAN)
    for row in ("t-shirt", "sweater", "trousers"):
        garment = sampler(4).of_row(catalogue().row(row), "blue")
        widths = [
            float(np.abs(fit_garment(base, replace(garment, loose=loose))[0].points[:, 2]).mean())
            for loose in (0.0, 1.0)
        ]
        assert widths[0] < widths[1], row


@needs_makehuman
def test_socks_end_where_they_are_told() -> None:
    base = morph(WOMAN)
    tops = [
        socks(base, top).points[np.unique(socks(base, top).faces), 1].max() for top in (0.6, 0.9)
    ]
    assert tops[0] > tops[1] + 0.5, "decimetres"


@needs_makehuman
def test_necklines_leave_the_neck_bare() -> None:
    surface = base_surface_map()
    garment = sampler().of_row(catalogue().row("tank top"), "blue")
    _, covers = fit_garment(morph(WOMAN), garment)
    (trunk,) = [span for span in covers if span[0] == TORSO]
    assert trunk[2] < 0.8
    assert (surface.along[surface.region == TORSO] > trunk[2]).any()


def test_a_prop_is_what_its_row_says() -> None:
    for row in catalogue().things:
        thing: Prop = sampler(9).prop(row.kind, "green", -1)
        assert (thing.kind, thing.side) == (row.kind, -1)
        assert row.gloss[0] <= thing.textile.gloss <= row.gloss[1]
        assert 0.85 <= thing.size <= 1.15

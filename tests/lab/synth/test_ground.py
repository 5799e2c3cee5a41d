"""Floors, walls, sight and ways: the geometry of places, against plain mathematics."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from reid.lab.synth.person import Person
from reid.lab.synth.places import Site, build_site, framed, materials, person_spans, project
from reid.lab.synth.places.builder import Builder
from reid.lab.synth.places.floors import cast_shade
from reid.lab.synth.places.texture_painting import fill, gradient, near, noise, rgb, shade
from reid.lab.synth.population import Member, sample_person
from reid.lab.synth.scene import Lens
from reid.lab.synth.venue.plan import lay_out
from reid.lab.synth.venue.routes import (
    Leg,
    Party,
    _apart,
    _length,
    _search,
    actors_in,
    find_path,
    standpoint,
)

Array = np.ndarray
LENS = Lens((1.0, 3.0, 9.0), (0.5, 0.8, 0.0), 42.0, 640, 360, roll=3.0)


def builder() -> Builder:
    return Builder(np.random.default_rng(0))


def normals(b: Builder) -> Array:
    quads = np.stack(b.quads).astype(float)
    across = np.cross(quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0])
    return across / np.linalg.norm(across, axis=1, keepdims=True)


@cache
def food_court() -> Site:
    return build_site(3, "train", "food court")


def an_empty_hall() -> Site:
    """Ten by six metres of floor, nothing on it, walls only."""
    site = food_court()
    b = builder()
    b.wall((-5, 3), (5, 3), 3.0, 0)
    place = replace(site.place, quads=np.stack(b.quads))
    return replace(site, place=place, width=10.0, depth=6.0, obstacles=np.zeros((0, 4), np.float32))


# --- building -------------------------------------------------------------------------------------


def test_a_box_faces_outward_and_takes_its_floor() -> None:
    b = builder()
    b.box((2.0, -1.0), (1.0, 0.8, 0.6), (0, 1), yaw=0.0)
    middles = np.stack(b.quads).mean(axis=1) - (2.0, 0.4, -1.0)
    assert (np.sum(normals(b) * middles, axis=1) > 0).all()
    assert b.footprints == [pytest.approx((1.5, -1.3, 2.5, -0.7))]
    assert np.stack(b.quads)[:, :, 1].max() == pytest.approx(0.8)


def test_a_turned_box_keeps_its_size_and_what_hangs_takes_no_floor() -> None:
    b = builder()
    b.box((0.0, 0.0), (2.0, 1.0, 1.0), (0,), yaw=np.pi / 2)
    (x0, z0, x1, z1) = b.footprints[0]
    assert (x1 - x0, z1 - z0) == pytest.approx((1.0, 2.0))
    b.box((3.0, 0.0), (1.0, 0.2, 1.0), (0,), base=2.5)
    b.box((6.0, 0.0), (1.0, 1.0, 1.0), (0,), solid=False)
    assert len(b.footprints) == 1


def test_a_column_stands_round_its_axis_and_tapers() -> None:
    b = builder()
    b.cylinder((1.0, 2.0), 0.5, 3.0, 0, sides=24, taper=0.5)
    points = np.stack(b.quads).reshape(-1, 3)
    radius = np.hypot(points[:, 0] - 1, points[:, 2] - 2)
    assert radius[points[:, 1] == 0] == pytest.approx(0.5)
    assert radius[points[:, 1] == 3] == pytest.approx(0.25)
    outward = np.stack(b.quads).mean(axis=1) - (1.0, 1.5, 2.0)
    assert (np.sum(normals(b) * outward, axis=1) > 0).all()


def test_turning_about_a_place_faces_where_it_says() -> None:
    (ahead,) = Builder.turned((1.0, 1.0), np.pi / 2, [(0.0, 2.0)])
    assert ahead == pytest.approx((3.0, 1.0)), "a quarter turn faces +x"
    (same,) = Builder.turned((1.0, 1.0), 0.0, [(0.0, 2.0)])
    assert same == pytest.approx((1.0, 3.0))


def test_one_colour_is_painted_once() -> None:
    b = builder()
    one, same, other = b.flat((9, 9, 9)), b.flat((9, 9, 9)), b.flat((10, 9, 9))
    assert one == same != other
    assert len(b.textures) == 2


# --- painting -------------------------------------------------------------------------------------


def test_noise_repeats_without_a_seam() -> None:
    field = noise(np.random.default_rng(1), 256, 8)
    assert (field.mean(), field.std()) == pytest.approx((0, 1), abs=1e-3)
    inside = np.abs(np.diff(field, axis=0)).mean()
    assert np.abs(field[0] - field[-1]).mean() < 3 * inside


def test_shade_multiplies_and_stays_in_range() -> None:
    image = fill(8, 8, (100, 50, 200))
    assert shade(image, np.full((8, 8), 0.5, np.float32))[0, 0].tolist() == [50, 25, 100]
    assert shade(image, np.full((8, 8), 1.9, np.float32))[0, 0].tolist() == pytest.approx(
        [190, 95, 255], abs=1
    )
    assert rgb((-5.0, 300.0, 12.6)) == (0, 255, 13)


def test_gradients_run_from_top_to_bottom_and_near_colours_are_near() -> None:
    ramp = gradient(11, 4, (0, 0, 0), (200, 100, 50))
    assert ramp[0].max() == 0 and ramp[-1, 0].tolist() == [200, 100, 50]
    assert ramp[5, 0].tolist() == pytest.approx([100, 50, 25], abs=1)
    rng = np.random.default_rng(2)
    drawn = np.array([near(rng, (120, 120, 120), 10) for _ in range(300)], float)
    assert drawn.mean() == pytest.approx(120, abs=2)
    assert np.ptp(drawn, axis=1).mean() < drawn.std(), "lighter or darker more than another hue"


@pytest.mark.parametrize("name", materials.MATERIALS)
def test_materials_tile_and_are_not_of_one_colour(name: str) -> None:
    for seed in range(2):
        tile = materials.paint(name, np.random.default_rng(seed))
        assert tile.shape == (materials.SIZE, materials.SIZE, 3) and tile.dtype == np.uint8
        assert tile.std() > 0.5
        image = tile.astype(float)
        inside = np.abs(np.diff(image, axis=0)).mean(axis=(1, 2))
        assert np.abs(image[0] - image[-1]).mean() <= inside.max() + 25, name


def test_what_stands_on_a_floor_darkens_it_beneath_and_away_from_the_sun() -> None:
    b = builder()
    b.box((0.0, 0.0), (1.0, 2.0, 1.0), (0,))
    image = fill(400, 400, (180, 180, 180))
    sun = np.array([0.6, 0.8, 0.0], np.float32)  # in the east: the shadow falls to the west
    shaded = cast_shade(b, image, (10.0, 10.0), sun, 0.6)[..., 0].astype(int)
    west, east, far = shaded[200, 200 - 50], shaded[200, 200 + 50], shaded[20, 20]
    assert west < 0.7 * far and east > 0.9 * far
    assert shaded[200, 200] < far, "contact"
    without = cast_shade(b, image, (10.0, 10.0), sun, 0.0)[..., 0].astype(int)
    assert without[200, 200 - 50] > 0.9 * far


# --- seeing ---------------------------------------------------------------------------------------


def test_projection_is_opencvs() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform((-4, 0, -4), (4, 2, 4), (50, 3)).astype(np.float32)
    pixels, depth = project(LENS, points)
    eye, at = np.array(LENS.position), np.array(LENS.look_at)
    ahead = (at - eye) / np.linalg.norm(at - eye)
    right = np.cross(ahead, (0, 1, 0))
    right /= np.linalg.norm(right)
    turn = np.radians(LENS.roll)
    level = np.stack([right, np.cross(ahead, right), ahead])  # OpenCV's x right, y down, z ahead
    roll = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    rotation = roll @ level
    camera = np.array([[LENS.focal, 0, 320], [0, LENS.focal, 180], [0, 0, 1]])
    theirs, _ = cv2.projectPoints(
        points.astype(float), cv2.Rodrigues(rotation)[0], -rotation @ eye, camera, None
    )
    assert pixels == pytest.approx(theirs[:, 0], abs=0.02)
    assert depth == pytest.approx(((points - eye) @ ahead), abs=1e-4)


def test_people_twice_as_far_are_half_as_tall_and_those_behind_are_not_there() -> None:
    lens = Lens((0.0, 1.0, 0.0), (0.0, 1.0, 10.0), 40.0, 640, 360)
    _, heights = person_spans(lens, np.array([[0, 4], [0, 8], [0, -4]], np.float32))
    assert heights[0] == pytest.approx(2 * heights[1], rel=0.01)
    assert heights[0] == pytest.approx(lens.focal * 1.65 / 4, rel=0.01)
    assert heights[2] == 0
    seen = framed(lens, np.array([[0, 4], [9, 4], [0, -4], [0, 200]], np.float32))
    assert seen.tolist() == [True, False, False, False]


def test_sight_ends_at_a_wall_and_goes_past_its_end() -> None:
    hall = an_empty_hall()
    eye = (0.0, 1.5, 0.0)
    points = np.array(
        [[0, 1.5, 2.5], [0, 1.5, 5], [0, 4.5, 9], [8, 1.5, 4], [0, 1.5, -5]], np.float32
    )
    assert hall.sees(eye, points).tolist() == [True, False, False, True, True]
    assert hall.sees((0.0, 8.0, 0.0), points[1:2]).tolist() == [True], "over the wall"


def test_the_floor_is_taken_near_obstacles_and_beyond_its_border() -> None:
    hall = replace(an_empty_hall(), obstacles=np.array([[0, 0, 1, 1]], np.float32))
    points = np.array([[0.5, 0.5], [1.2, 0.5], [1.3, 0.5], [4.7, 0], [-4.5, -2.5]], np.float32)
    assert hall.taken(points, 0.25).tolist() == [True, True, False, True, False]


# --- walking --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_ways_through_a_grid_are_the_shortest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    closed = rng.random((12, 15)) < 0.3
    start, goal = (0, 0), (11, 14)
    closed[start], closed[goal] = False, False
    rows, columns, costs = [], [], []
    for r, c in np.ndindex(closed.shape):
        for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
            y, x = r + dr, c + dc
            if 0 <= y < 12 and 0 <= x < 15 and not closed[y, x]:
                rows.append(r * 15 + c)
                columns.append(y * 15 + x)
                costs.append(np.hypot(dr, dc))
    graph = coo_array((costs, (rows, columns)), shape=(180, 180)).tocsr()
    shortest = dijkstra(graph, indices=0)[goal[0] * 15 + goal[1]]
    way = _search(closed, start, goal)
    if not np.isfinite(shortest):
        assert way == []
        return
    assert way[0] == start and way[-1] == goal
    assert not any(closed[cell] for cell in way[1:])
    assert _length(np.array(way, np.float32)) == pytest.approx(shortest, abs=1e-4)


def test_on_an_empty_floor_the_way_is_straight() -> None:
    path = find_path(an_empty_hall(), (-4.0, -2.0), (4.0, 2.0))
    assert _length(path) == pytest.approx(np.hypot(8, 4), rel=0.02)


def someone(seed: int) -> Person:
    return replace(sample_person(np.random.default_rng(seed), band="adult"), props=())


@cache
def couple() -> Party:
    """Two people who walk four metres in four seconds, stand for five, and walk back."""
    ahead = np.array([[0, 0], [4, 0]], np.float32)
    legs = (
        Leg(10.0, 14.0, 0, ahead),
        Leg(14.0, 19.0, 0, ahead[1:], 0.5),
        Leg(19.0, 23.0, 0, ahead[::-1]),
    )
    members = tuple(Member(someone(i), (0.3 * (-1) ** i, 0.0), True) for i in range(2))
    return Party("couple", members, legs, seed=3)


def test_people_are_where_their_legs_take_them() -> None:
    party = couple()
    assert standpoint(party, 0, 9.9) is None and standpoint(party, 0, 23.1) is None
    middle, waiting = standpoint(party, 0, 12.0), standpoint(party, 0, 16.0)
    assert middle is not None and waiting is not None
    assert middle.x == pytest.approx(2.0, abs=0.35) and not middle.still
    assert middle.yaw == pytest.approx(np.pi / 2), "they face the way they walk"
    assert waiting.still and waiting.walked == pytest.approx(4.0)
    back = standpoint(party, 0, 22.9)
    assert back is not None and back.walked == pytest.approx(8.0, abs=0.2)
    assert back.yaw == pytest.approx(-np.pi / 2)


def test_who_walks_moves_at_one_pace_and_in_small_steps() -> None:
    at = [standpoint(couple(), 1, t) for t in np.arange(11.6, 12.6, 0.1)]
    steps = [np.hypot(b.x - a.x, b.z - a.z) for a, b in pairwise(at) if a and b]
    assert steps == pytest.approx([0.1] * len(steps), abs=0.03)


def test_people_before_a_camera_keep_apart_and_step_as_they_walk() -> None:
    heights = {m.person.key: 1.7 for m in couple().members}
    actors = actors_in((couple(),), 0, 12.0, heights)
    assert len(actors) == 2
    assert actors_in((couple(),), 1, 12.0, heights) == []
    (x0, _, z0), (x1, _, z1) = (a.position for a in actors)
    assert np.hypot(x1 - x0, z1 - z0) > 0.3
    later = actors_in((couple(),), 0, 12.5, heights)
    assert later[0].phase != actors[0].phase
    assert {a.gait for a in actors_in((couple(),), 0, 16.0, heights)} == {"stand"}


def test_people_in_one_place_are_pushed_apart_and_others_stay() -> None:
    crowd = np.array([[0.0, 0.0], [0.1, 0.0], [5.0, 5.0]])
    apart = _apart(crowd.copy())
    assert np.linalg.norm(apart[0] - apart[1]) > 0.4
    assert apart[2] == pytest.approx([5.0, 5.0])
    assert apart[:2].mean(axis=0) == pytest.approx([0.05, 0.0])


def test_a_map_in_words_names_what_it_draws() -> None:
    plan = lay_out(7, 2, size=(320, 180))
    said = plan.as_dict()
    assert [z["id"] for z in said["zones"]] == list(range(len(plan.zones)))  # type: ignore[attr-defined]
    for link in said["links"]:  # type: ignore[attr-defined]
        one, other = link["from"], link["to"]
        assert plan.passage(one, other) == pytest.approx(link["metres"], abs=0.06)
        assert other in plan.neighbours(one) and one in plan.neighbours(other)
    assert len({z.name for z in plan.zones}) == len(plan.zones)

"""Places: same seed same place, nothing malformed, cameras that see people."""

from dataclasses import replace

import numpy as np
import pytest

from reid.lab.synth import places
from reid.lab.synth.places import animals_and_vehicles
from reid.lab.synth.places import site as site_module
from reid.lab.synth.places.builder import Builder
from reid.lab.synth.places.facades import FRONTS, _hang
from reid.lab.synth.places.furniture import MAKERS
from reid.lab.synth.places.materials import MATERIALS, SPAN
from reid.lab.synth.render import project as render_project


@pytest.mark.parametrize("domain", ["train", "held-out"])
def test_every_kind_builds_well_formed(domain: str) -> None:
    for seed, kind in enumerate(places.KINDS[domain]):
        site = places.build_site(seed, domain, kind)
        place, count = site.place, len(site.place.quads)
        assert place.quads.shape == (count, 4, 3) and place.uv.shape == (count, 4, 2), kind
        assert np.isfinite(place.quads).all(), kind
        assert place.texture.min() >= 0 and place.texture.max() < len(place.textures), kind
        assert all(t.dtype == np.uint8 and t.shape[2] == 3 for t in place.textures), kind
        assert np.linalg.norm(place.sun) == pytest.approx(1, abs=1e-3) and place.sun[1] > 0, kind
        assert place.domain == domain


def test_same_seed_same_place() -> None:
    first = places.build_site(5)
    site_module.build_site.cache_clear()
    again = places.build_site(5)
    assert first is not again
    assert np.array_equal(first.place.quads, again.place.quads)
    for a, b in zip(first.place.textures, again.place.textures, strict=True):
        assert np.array_equal(a, b)


def test_what_comes_along_is_added_to_what_stands() -> None:
    """Nothing else changes, nothing stands in another, and all that may come does somewhere."""
    names = []
    for seed, kind in enumerate(animals_and_vehicles.PASSING):
        site, without = (places.build_site(seed, kind=kind, passing=on) for on in (True, False))
        place, count = site.place, len(without.place.quads)
        assert np.isfinite(place.quads).all(), kind
        assert place.texture.max() < len(place.textures), kind
        assert np.array_equal(place.sun, without.place.sun), kind
        kept = {quad.tobytes() for quad in place.quads}
        assert all(quad.tobytes() in kept for quad in without.place.quads), kind
        extra = len(site.obstacles) - len(without.obstacles)
        assert (extra > 0) == (len(place.quads) > count), kind
        names.append(extra)
    assert sum(extra > 0 for extra in names) > len(names) / 2


@pytest.mark.parametrize("name", animals_and_vehicles.MAKERS)
def test_what_comes_along_stands_on_the_floor(name: str) -> None:
    for seed in range(4):
        b = Builder(np.random.default_rng(seed))
        animals_and_vehicles.MAKERS[name](b, (2.0, -3.0), 0.7 * seed)
        points = np.stack(b.quads).reshape(-1, 3)
        low, high = points.min(axis=0), points.max(axis=0)
        assert -0.05 <= low[1] < 0.4 and 0.2 < high[1] < 4, seed
        assert (np.abs(points[:, [0, 2]].mean(axis=0) - (2, -3)) < 1.5).all(), seed
        (x0, z0, x1, z1) = b.footprints[-1]
        assert x0 < 2 < x1 and z0 < -3 < z1, "nobody is put where it stands"
        feet = points[points[:, 1] < 0.05][:, [0, 2]]
        assert (feet > (x0 - 0.35, z0 - 0.35)).all() and (feet < (x1 + 0.35, z1 + 0.35)).all()


def test_domains_share_no_surface() -> None:
    def surfaces(domain: str) -> set[str]:
        return {m for kind in places.KINDS[domain].values() for m in (*kind.floors, *kind.walls)}

    assert not surfaces("train") & surfaces("held-out")


def test_tables_name_things_that_exist() -> None:
    for kinds in places.KINDS.values():
        for name, kind in kinds.items():
            assert set(kind.floors) | set(kind.walls) <= MATERIALS.keys(), name
            assert set(kind.fronts) <= FRONTS.keys(), name
            assert {thing for thing, _, _ in (*kind.edge, *kind.inside)} <= MAKERS.keys(), name
    assert MATERIALS.keys() == SPAN.keys()
    for kind, passing in animals_and_vehicles.PASSING.items():
        assert kind in places.TRAIN_KINDS
        assert {thing for thing, _, _ in passing} <= animals_and_vehicles.MAKERS.keys(), kind


def test_free_spots_are_free() -> None:
    site = places.build_site(3, "train", "food court")
    spots = site.free_spots(np.random.default_rng(0), 200)
    assert len(spots) > 50
    for x0, z0, x1, z1 in site.obstacles:
        inside = (spots[:, 0] > x0) & (spots[:, 0] < x1) & (spots[:, 1] > z0) & (spots[:, 1] < z1)
        assert not inside.any()


@pytest.mark.parametrize("seed", range(6))
def test_cameras_hang_high_and_see_people(seed: int) -> None:
    site = places.build_site(seed)
    rng = np.random.default_rng(seed)
    lens = places.hang_camera(site, rng)
    assert 2.2 <= lens.position[1] <= 6.0
    spots = site.free_spots(rng, 200)
    seen = places.framed(lens, spots)
    assert seen.sum() >= 10, "a camera that watches nobody"
    _, heights = places.person_spans(lens, spots[seen])
    assert heights.min() >= 39 and heights.max() <= 601


def test_projection_agrees_with_the_renderer() -> None:
    site = places.build_site(1)
    lens = places.hang_camera(site, np.random.default_rng(4))
    spots = site.free_spots(np.random.default_rng(0), 50)
    points = np.insert(spots, 1, 1.0, axis=1).astype(np.float32)
    pixels, depth = places.project(lens, points)
    theirs = render_project(lens, points)
    ahead = depth > 0.5
    assert np.abs(pixels[ahead] - theirs[ahead, :2]).max() < 0.05


def test_walls_hide_what_is_behind() -> None:
    site = places.build_site(2, "train", "corridor")
    beyond = np.array([[0.0, 1.0, site.depth]], np.float32)
    assert not site.sees((0.0, 1.5, 0.0), beyond)[0]


def test_what_hangs_at_a_wall_s_end_is_cut_off_there() -> None:
    wall, picture = np.zeros((10, 20, 3), np.uint8), np.full((4, 8, 3), 9, np.uint8)
    _hang(wall, 15, 8, picture)
    assert int((wall == 9).all(axis=2).sum()) == 2 * 5


def test_held_cameras_look_at_what_can_be_ridden() -> None:
    site = next(s for s in (places.build_site(i, passing=True) for i in range(40)) if s.ride_seats)
    at = np.array([seat.place for seat in site.ride_seats], np.float32)

    def seen(where: places.Site) -> float:
        lenses = [
            places.hold_camera(where, np.random.default_rng(i), size=(640, 480)) for i in range(60)
        ]
        return float(np.mean([places.framed(lens, at[:, [0, 2]]).any() for lens in lenses]))

    assert seen(site) > seen(replace(site, ride_seats=())) + 0.1

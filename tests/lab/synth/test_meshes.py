"""Shapes and meshes: closed, facing outward, of the stated size; cutting and thinning them."""

import numpy as np
import pytest

from reid.lab.synth.meshes import (
    components,
    cross,
    edges_of,
    face_normals,
    lengths,
    simplify,
    triangulate,
    vertex_normals,
)
from reid.lab.synth.pieces import Sheet, merged
from reid.lab.synth.shapes import Shape, arc, ball, grid_faces, joined, lathe, superellipsoid, tube

Array = np.ndarray


def volume(points: Array, faces: Array) -> float:
    """Signed volume of a closed mesh (divergence theorem); positive if faces look outward."""
    a, b, c = (points[faces[:, i]].astype(float) for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def area(points: Array, faces: Array) -> float:
    return float(np.linalg.norm(face_normals(points, faces), axis=1).sum() / 2)


def a_sheet(shape: Shape, region: int = 0) -> Sheet:
    n = len(shape.points)
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1))
    return Sheet(
        shape.points, shape.normals, shape.faces, np.full((n, 4), region, np.int32), weights,
        np.full(n, region, np.int32), shape.points[:, 1].copy(),
    )  # fmt: skip


# --- shapes ---------------------------------------------------------------------------------------


def test_an_ellipsoid_has_its_volume_and_a_box_nearly_its_own() -> None:
    egg = superellipsoid((1, 2, 0.5), 1, 1, 24)
    assert volume(egg.points, egg.faces) == pytest.approx(4 / 3 * np.pi * 1 * 2 * 0.5, rel=0.02)
    box = superellipsoid((1, 2, 0.5), 0.05, 0.05, 24)
    assert volume(box.points, box.faces) == pytest.approx(8 * 1 * 2 * 0.5, rel=0.12)
    assert np.abs(box.points).max(axis=0) == pytest.approx([1, 2, 0.5], rel=0.01)


def test_rounder_boxes_are_smaller() -> None:
    sizes = []
    for round_ in (0.2, 0.5, 1.0):
        shape = superellipsoid((1, 1, 1), round_, round_, 16)
        sizes.append(volume(shape.points, shape.faces))
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("sides", [4, 8, 16])
def test_a_tube_is_a_prism_of_its_radius(sides: int) -> None:
    t = tube(np.array([[0, 0, 0], [0, 1, 0], [0, 3, 0]]), 0.4, sides)
    around = t.points[:, [0, 2]]
    assert np.linalg.norm(around, axis=1) == pytest.approx(0.4)
    expected = 3 * 2 * sides * 0.4 * np.sin(np.pi / sides)
    assert area(t.points, t.faces) == pytest.approx(expected, rel=1e-5)


def test_a_flat_tube_is_a_strap() -> None:
    t = tube(np.array([[0, 0, 0], [0, 1, 0]]), 0.5, 12, flat=0.2)
    across = np.ptp(t.points, axis=0)
    assert sorted(across[[0, 2]]) == pytest.approx([0.2, 1.0], rel=0.05)


def test_a_tube_may_swell_along_its_way_and_begins_where_it_is_told() -> None:
    path = np.array([[0, 0, 0], [0, 1, 0], [0, 2, 0]])
    t = tube(path, np.array([0.1, 0.5, 0.1]), 8, beside=(0, 0, 1))
    radius = np.linalg.norm(t.points[:, [0, 2]], axis=1).reshape(3, 8)
    assert radius.mean(axis=1) == pytest.approx([0.1, 0.5, 0.1])
    assert t.points[0] == pytest.approx([0, 0, 0.1], abs=1e-6)


def test_a_turned_profile_has_the_volume_of_its_cones() -> None:
    """A double cone of radius 1 and heights 1 and 2: π / 3 · (1 + 2)."""
    top = lathe(np.array([[0.0, 1.0], [1.0, 0.0], [0.0, -2.0]]), 64)
    assert volume(top.points, top.faces) == pytest.approx(np.pi, rel=0.01)


def test_an_arc_goes_from_end_to_end_through_its_sag() -> None:
    path = arc(np.array([0, 0, 0]), np.array([2, 0, 0]), np.array([0, -1, 0]), n=5)
    assert path[[0, 2, 4]].tolist() == [[0, 0, 0], [1, -1, 0], [2, 0, 0]]


def test_joined_shapes_keep_their_volumes_and_moved_ones_their_form() -> None:
    one, other = ball(1.0, 12), ball(0.5, 12).moved((5, 0, 0))
    both = joined([one, other])
    parts = [volume(s.points, s.faces) for s in (one, other)]
    assert volume(both.points, both.faces) == pytest.approx(sum(parts), rel=1e-5)
    assert components(both.faces, len(both.points)).max() >= 1
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    turned = superellipsoid((1, 2, 3), 0.5, 0.5).turned(turn)
    assert np.ptp(turned.points, axis=0) == pytest.approx([4, 2, 6], rel=0.02)
    assert vertex_normals(turned.points, turned.faces) == pytest.approx(turned.normals, abs=1e-4)


@pytest.mark.parametrize("closed", [True, False])
def test_a_grid_of_points_has_two_triangles_a_cell(closed: bool) -> None:
    faces = grid_faces(4, 5, closed=closed)
    assert len(faces) == 2 * 3 * (5 if closed else 4)
    _, count = edges_of(faces)
    open_edges = int((count == 1).sum())
    assert open_edges == (2 * 5 if closed else 2 * (3 + 4))


# --- meshes ---------------------------------------------------------------------------------------


def test_polygons_are_cut_into_fans() -> None:
    assert triangulate([[0, 1, 2, 3], [4, 5, 6]]).tolist() == [[0, 1, 2], [0, 2, 3], [4, 5, 6]]
    assert triangulate([]).shape == (0, 3)


def test_products_and_lengths_are_numpys() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 50, 3)).astype(np.float32)
    assert cross(a, b) == pytest.approx(np.cross(a, b), abs=1e-5)
    assert cross(a, b[0]) == pytest.approx(np.cross(a, b[0]), abs=1e-5)
    assert lengths(a)[:, 0] == pytest.approx(np.linalg.norm(a, axis=1), abs=1e-5)


def test_normals_of_a_sphere_point_from_its_middle_and_loose_points_up() -> None:
    s = ball(2.0, 20)
    points = np.concatenate([s.points, [[9, 9, 9]]]).astype(np.float32)
    normals = vertex_normals(points, s.faces)
    ring = np.abs(s.points[:, 1]) < 1.5
    assert normals[:-1][ring] == pytest.approx(s.points[ring] / 2, abs=0.08)
    assert normals[-1].tolist() == [0, 1, 0]
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1, abs=1e-5)


def test_thinning_a_sphere_keeps_its_form_and_its_vertices() -> None:
    s = ball(1.0, 24)
    coarse = simplify(s.points, s.faces, 0.25)
    assert len(coarse) <= 0.3 * len(s.faces)
    assert set(coarse.ravel()) <= set(range(len(s.points)))
    assert volume(s.points, coarse) == pytest.approx(volume(s.points, s.faces), rel=0.08)
    middles = s.points[coarse].mean(axis=1)
    assert np.linalg.norm(middles, axis=1).min() > 0.85, "no face cuts deep into the sphere"


def test_thinning_flat_cloth_costs_nothing_even_along_its_border() -> None:
    x, z = np.meshgrid(np.arange(13.0), np.arange(13.0))
    points = np.stack([x.ravel(), np.zeros(169), z.ravel()], axis=1).astype(np.float32)
    faces = grid_faces(13, 13, closed=False)
    coarse = simplify(points, faces, 0.3, borders=True)
    assert len(coarse) < 0.5 * len(faces)
    assert area(points, coarse) == pytest.approx(144), "no face lies over another"
    assert (face_normals(points, coarse)[:, 1] > 0).all()


# --- sheets ---------------------------------------------------------------------------------------


def test_a_sheet_is_pushed_along_its_normals() -> None:
    sheet = a_sheet(ball(1.0, 20))
    ring = np.abs(sheet.points[:, 1]) < 0.8
    out = np.linalg.norm(sheet.pushed(0.5).points, axis=1)
    assert out[ring] == pytest.approx(1.5, abs=0.03)
    by_height = sheet.pushed(np.where(sheet.points[:, 1] > 0, 0.2, 0.0).astype(np.float32))
    assert np.array_equal(
        by_height.points[sheet.points[:, 1] < 0], sheet.points[sheet.points[:, 1] < 0]
    )


def test_cutting_a_sphere_in_two_leaves_two_halves_of_its_skin() -> None:
    sheet = a_sheet(ball(1.0, 24))
    keep = (sheet.points[:, 1] - 0.1).astype(np.float32)
    upper, lower = sheet.clipped(keep), sheet.clipped(-keep)
    whole = area(sheet.points, sheet.faces)
    assert area(upper.points, upper.faces) + area(lower.points, lower.faces) == pytest.approx(
        whole, rel=1e-4
    )
    assert upper.points[np.unique(upper.faces), 1].min() == pytest.approx(0.1, abs=1e-5)
    assert lower.points[np.unique(lower.faces), 1].max() == pytest.approx(0.1, abs=1e-5)


def test_a_cut_mixes_what_lies_between_and_takes_bones_from_the_nearer_end() -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    bones = np.array([[1] * 4, [1] * 4, [7] * 4], np.int32)
    sheet = Sheet(
        points, np.zeros((3, 3), np.float32), np.array([[0, 1, 2]], np.int32), bones,
        np.eye(4, dtype=np.float32)[[0, 0, 0]], np.array([0, 0, 5], np.int32), points[:, 1].copy(),
    )  # fmt: skip
    cut = sheet.clipped((0.25 - points[:, 1]).astype(np.float32))
    new = np.flatnonzero(np.isclose(cut.points[:, 1], 0.25))
    assert cut.along[new] == pytest.approx(0.25)
    assert (cut.bones[new] == 1).all() and (cut.region[new] == 0).all()
    high = sheet.clipped((points[:, 1] - 0.75).astype(np.float32))
    new = np.flatnonzero(np.isclose(high.points[:, 1], 0.75))
    assert (high.bones[new] == 7).all() and (high.region[new] == 5).all()


def test_a_cut_that_keeps_all_or_nothing() -> None:
    sheet = a_sheet(ball(1.0, 8))
    everything = np.ones(len(sheet.points), np.float32)
    assert sheet.clipped(everything) is sheet
    assert len(sheet.clipped(-everything).faces) == 0


def test_sheets_are_merged_with_all_they_carry() -> None:
    one, other = a_sheet(ball(1.0, 8), 1), a_sheet(ball(2.0, 8), 2)
    both = merged([one, other])
    assert area(both.points, both.faces) == pytest.approx(
        area(one.points, one.faces) + area(other.points, other.faces), rel=1e-5
    )
    assert both.region.tolist() == [1] * len(one.points) + [2] * len(other.points)
    assert merged([one]) is one
    some = both.only(np.arange(len(both.faces)) < len(one.faces))
    assert np.array_equal(some.faces, one.faces)

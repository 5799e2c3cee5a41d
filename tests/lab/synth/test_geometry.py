"""Meshes, gaits, colours, weaves: small exact checks that need no renderer."""

import numpy as np
import pytest

from reid.core.vocabulary import COLOURS, PATTERNS
from reid.lab.synth import pose
from reid.lab.synth.colours import draw, linear_to_srgb, name_of, srgb_to_linear
from reid.lab.synth.makehuman import BONE
from reid.lab.synth.meshes import components, edges_of, face_normals, simplify, vertex_normals
from reid.lab.synth.pieces import Sheet
from reid.lab.synth.shapes import ball, superellipsoid, tube
from reid.lab.synth.textiles import weaves
from tests.lab.synth.needs import needs_makehuman


def _square() -> Sheet:
    points = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    n = len(points)
    return Sheet(
        points=points, normals=np.tile(np.array([0, 0, 1], np.float32), (n, 1)),
        faces=np.array([[0, 1, 2], [0, 2, 3]], np.int32), bones=np.zeros((n, 4), np.int32),
        weights=np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1)),
        region=np.zeros(n, np.int32), along=points[:, 1].copy(),
    )  # fmt: skip


def _area(sheet: Sheet) -> float:
    return float(np.linalg.norm(face_normals(sheet.points, sheet.faces), axis=1).sum() / 2)


@pytest.mark.parametrize("level", [0.25, 0.5, 0.9])
def test_clipping_a_square_leaves_the_part_below(level: float) -> None:
    square = _square()
    below = square.clipped((level - square.along).astype(np.float32))
    assert _area(below) == pytest.approx(level, abs=1e-5)
    used = np.unique(below.faces)
    assert below.points[used, 1].max() == pytest.approx(level, abs=1e-5)
    assert (face_normals(below.points, below.faces)[:, 2] > 0).all()


@pytest.mark.parametrize("shape", [ball(1.0), superellipsoid((1, 2, 3), 0.3, 0.3)])
def test_closed_shapes_face_outward(shape: object) -> None:
    points, normals = shape.points, shape.normals  # type: ignore[attr-defined]
    assert (np.sum(points * normals, axis=1) > -1e-5).all()


def test_tube_faces_outward() -> None:
    t = tube(np.array([[0, 0, 0], [0, 1, 0], [0, 2, 0]]), 0.2)
    assert (np.sum(t.points * (1, 0, 1) * t.normals, axis=1) > 0).all()


def test_simplifying_keeps_borders_and_direction() -> None:
    s = ball(1.0, 16)
    band = s.faces[np.abs(s.points[s.faces, 1]).max(axis=1) < 0.9]
    coarse = simplify(s.points, band, 0.4)
    assert len(coarse) < 0.6 * len(band)
    flat = face_normals(s.points, coarse)
    assert (np.sum(flat * s.points[coarse[:, 0]], axis=1) > -1e-6).all()
    edges, count = edges_of(band)
    assert set(edges[count == 1].ravel()) <= set(coarse.ravel())
    grid = _square()
    edges, count = edges_of(grid.faces)
    assert len(edges) == 5
    assert (count == 1).sum() == 4


def test_components_tell_two_triangles_apart() -> None:
    label = components(np.array([[0, 1, 2], [3, 4, 5]], np.int32), 7)
    assert label[0] == label[2] != label[3]
    assert label[6] == -1


def test_normals_of_a_flat_square() -> None:
    square = _square()
    assert np.allclose(vertex_normals(square.points, square.faces), (0, 0, 1))


def test_aim_turns_one_direction_into_another() -> None:
    rng = np.random.default_rng(0)
    for a, b in rng.normal(size=(20, 2, 3)):
        r = pose.aim(a, b)
        assert np.allclose(r @ (a / np.linalg.norm(a)), b / np.linalg.norm(b), atol=1e-9)
        assert np.allclose(r @ r.T, np.eye(3), atol=1e-9)


@needs_makehuman
@pytest.mark.parametrize("gait", list(pose.STYLES))
def test_poses_keep_limb_lengths_and_are_deterministic(gait: str) -> None:
    from reid.lab.synth.body import joint_positions, tail_positions
    from reid.lab.synth.makehuman import load

    base = load().base
    skeleton = pose.Skeleton(joint_positions(base), tail_positions(base))
    one, _ = pose.posed(skeleton, gait, 0.3, {}, 5)
    two, _ = pose.posed(skeleton, gait, 0.3, {}, 5)
    assert np.array_equal(one.place, two.place)
    for a, b in (("upperleg01.L", "lowerleg01.L"), ("upperarm01.R", "lowerarm01.R")):
        rest = np.linalg.norm(skeleton.joints[BONE[a]] - skeleton.joints[BONE[b]])
        now = np.linalg.norm(one.place[BONE[a]] - one.place[BONE[b]])
        assert now == pytest.approx(rest, rel=2e-2)
    assert one.place[BONE["head"], 1] > one.place[BONE["upperleg01.L"], 1]


def test_who_is_active_bends_and_some_of_all_look_down() -> None:
    rng = np.random.default_rng(3)
    walking, active = (
        [pose.style_for(gait, rng) for _ in range(400)] for gait in ("walk", "active")
    )
    assert np.std([s.lean for s in walking]) < 4 < 15 < np.std([s.lean for s in active])
    assert all(-18 <= s.lean <= 80 for s in active)
    down = np.mean([s.head_nod > 25 for s in walking])
    assert 0.05 < down < 0.4


def test_srgb_goes_there_and_back() -> None:
    x = np.linspace(0, 1, 50)
    assert np.allclose(linear_to_srgb(srgb_to_linear(x)), x, atol=1e-4)


@pytest.mark.parametrize("name", [c for c in COLOURS if c != "multicolour"])
def test_drawn_shades_bear_their_name(name: str) -> None:
    rng = np.random.default_rng(1)
    assert {name_of(draw(name, rng))[0] for _ in range(60)} == {name}


def test_weaves_cover_all_patterns_in_both_domains() -> None:
    for domain in ("train", "held-out"):
        usable = [w for w in weaves() if w.domain in (domain, "both")]
        assert {w.pattern for w in usable} == set(PATTERNS)
    for weave in weaves():
        assert sum(weave.shares) == pytest.approx(1.0, abs=0.02)

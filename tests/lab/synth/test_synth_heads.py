"""Hard poses and the benchmark of heads: what is true of a picture is exact."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.core.errors import UsageError
from reid.lab.synth.heads import LISTING, MAPS, HeadsJob, make_heads
from reid.lab.synth.heads.kinds import STAGED
from reid.lab.synth.heads.panels import in_mirror, upright
from reid.lab.synth.heads.shot import Head, Shot, shot_of
from reid.lab.synth.labels import head_box
from reid.lab.synth.makehuman import BONE
from reid.lab.synth.population import DEFAULT, sample_person
from reid.lab.synth.postures import GROUNDED
from reid.lab.synth.render import render_staged, stage
from reid.lab.synth.scene import HEAD, Actor, Lens
from reid.lab.synth.scenes.posing import CARRYING, carrying, on_ground, with_hard_poses
from tests.lab.synth.needs import needs_gl, needs_makehuman
from tests.lab.synth.neutral import grey_room

NOWHERE = np.zeros((0, 2), np.float32)


def someone(seed: int, band: str | None = None) -> Actor:
    person = sample_person(np.random.default_rng(seed), key=f"heads{seed}", band=band)
    return Actor(replace(person, props=()), pose_seed=seed, gait="stand")


def one_head(box: list[float], face: list[list[float]]) -> Shot:
    """A picture of 6 × 4 pixels with one head."""
    numbers = np.zeros((4, 6), np.uint16)
    x0, y0, x1, y1 = (int(v) for v in box)
    numbers[y0:y1, x0:x1] = 1
    points = np.array(face, np.float32)
    head = Head(np.array(box, np.float32), 2.0, "upright", False, points, "p")
    image = np.repeat(numbers[..., None], 3, 2).astype(np.uint8) * 200
    record = {"box": box, "head": box, "full_box": box, "keypoints": [1.0, 0.5, 2.0, 0, 0, 0]}
    return Shot(image, numbers, (head,), (record,))


def inside(shot: Shot) -> bool:
    """Whether the head's box is the box of its pixels, and the face lies on them."""
    rows, columns = np.nonzero(shot.map)
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    x, y = np.floor(shot.heads[0].face[0]).astype(int)
    return shot.heads[0].box.tolist() == box and shot.map[y, x] == 1


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_turned_picture_turns_its_truth(quarters: int) -> None:
    shot = one_head([1, 0, 3, 1], [[1.5, 0.5]]).turned(quarters)
    assert inside(shot)
    assert shot.people[0]["head"] == shot.heads[0].box.tolist()
    assert shot.people[0]["keypoints"][:2] == pytest.approx(
        np.array([[1, 0.5], [0.5, 5], [5, 3.5], [3.5, 1]])[quarters].tolist(), abs=0.11
    )
    assert shot.people[0]["keypoints"][3:] == [0, 0, 0], "an unknown joint stays unknown"


def test_a_mirrored_picture_mirrors_its_truth() -> None:
    assert inside(one_head([1, 0, 3, 1], [[1.5, 0.5]]).mirrored())


def test_what_is_laid_over_a_picture_hides_heads_and_brings_its_own() -> None:
    under, over = one_head([0, 0, 2, 2], [[1, 1]]), one_head([1, 1, 3, 3], [[1.5, 1.5]])
    where = np.zeros((4, 6), bool)
    where[1:] = True
    both = under.over(over, where)
    assert both.map[:3, :3].tolist() == [[1, 1, 0], [0, 2, 2], [0, 2, 2]]
    assert len(both.heads) == 2 and both.people[1]["ignored"] is True


def test_a_pasted_picture_takes_its_truth_along() -> None:
    to = np.array([[1.0, 0, 2], [0, 1, 1], [0, 0, 1]])
    pasted = one_head([1, 0, 3, 1], [[1.5, 0.5]]).warped(to, (10, 8))
    assert inside(pasted) and pasted.heads[0].box.tolist() == [3, 1, 5, 2]


@needs_makehuman
@pytest.mark.parametrize("posture", GROUNDED)
@pytest.mark.parametrize("seed", [1, 2])
def test_who_is_on_the_floor_touches_it_and_does_not_sink(posture: str, seed: int) -> None:
    actor = on_ground(someone(seed), posture, np.random.default_rng(seed))
    from reid.lab.synth.dress import figure_of
    from reid.lab.synth.motion import bone_matrices

    figure = figure_of(actor.person)
    points = figure.outline.places(bone_matrices(figure, actor))
    assert -0.02 < points[:, 1].min() < 0.01
    top = points[figure.outline.parts == HEAD, 1].max()
    if posture.startswith("lie"):
        assert top < 0.45 * figure.height, "the head of who lies is near the floor"


@needs_makehuman
@needs_gl
@pytest.mark.parametrize("posture", ["lie-back", "lie-side", "lie-front", "upside-down"])
def test_the_head_of_who_is_not_upright_is_where_its_pixels_are(posture: str) -> None:
    actor = replace(on_ground(someone(5), posture, np.random.default_rng(5)), yaw=1.1)
    staged = stage([actor])
    lens = Lens((0.0, 1.6, 4.0), (0.0, 0.4, 0.0), 36.0, 320, 240)
    rendering = render_staged(grey_room(), lens, staged, supersample=1)
    shot = shot_of(rendering, lens, staged, [posture])
    rows, columns = np.nonzero(rendering.part == HEAD)
    x0, y0, x1, y1 = head_box(staged[0], lens)
    assert len(rows) and (shot.map == 1).sum() > 30
    assert x0 - 1 <= columns.min() and columns.max() <= x1 + 1
    assert y0 - 1 <= rows.min() and rows.max() <= y1 + 1
    whole = shot.people[0]["full_box"]
    tall = whole[3] - whole[1]
    at_top = y1 < whole[1] + 0.3 * tall
    at_left, at_right = x1 < whole[0] + 0.35 * (whole[2] - whole[0]), x0 > whole[2] * 0.6
    assert not at_top or at_left or at_right, "an upright person's head would be at the top"
    if posture == "upside-down":
        assert y0 > whole[1] + 0.5 * tall


@needs_makehuman
@pytest.mark.parametrize("how", CARRYING)
def test_a_carried_child_is_on_who_carries_it(how: str) -> None:
    from reid.lab.synth.dress import figure_of
    from reid.lab.synth.motion import bone_matrices

    carrier, child = carrying(someone(5, "adult"), how, DEFAULT, np.random.default_rng(5))
    heads = []
    for actor in (carrier, child):
        figure = figure_of(actor.person)
        points = figure.outline.places(bone_matrices(figure, actor))
        heads.append(points[figure.outline.parts == HEAD].mean(0))
    assert child.person.shape.years <= 6 and not child.person.props
    gap = heads[1] - heads[0]
    if how == "on shoulders":
        assert 0.15 < gap[1] < 0.75 and np.hypot(gap[0], gap[2]) < 0.4
    elif how == "in arms":
        assert -0.5 < gap[1] < 0.3 and 0.05 < np.hypot(gap[0], gap[2]) < 0.75
    else:
        assert -1.2 < gap[1] < -0.3 and 0.5 < np.hypot(gap[0], gap[2]) < 1.4


@needs_makehuman
def test_hard_poses_leave_no_two_in_one_place() -> None:
    people = [replace(someone(i, "adult"), position=(0.6 * i, 0.0, 0.0)) for i in range(8)]
    rng = np.random.default_rng(1)
    assert with_hard_poses(people, DEFAULT, rng, 0.0) == people
    posed = with_hard_poses(people, DEFAULT, rng, 1.0)
    lying = [a for a in posed if a.gait in GROUNDED and a.gait != "bent"]
    assert not lying, "who has no room to lie bends or carries"
    assert len(posed) > len(people)


@needs_makehuman
@needs_gl
def test_a_mirror_shows_who_stands_before_it() -> None:
    """Somebody beside the camera's view is seen in the glass alone, as far behind it as before."""
    panel = upright("mirror", (0.0, -2.0), 0.0, np.random.default_rng(1))
    actor = replace(someone(6, "adult"), position=(-1.2, 0.0, 0.0), yaw=np.pi)
    lens = Lens((1.6, 1.5, 1.0), (0.2, 1.2, -2.0), 40.0, 320, 240)
    staged = stage([actor])
    rendering = render_staged(grey_room(), lens, staged, supersample=1)
    base = shot_of(rendering, lens, staged, ["bystander"])
    shown = in_mirror(panel, grey_room(), base, lens, staged)
    mirrored = [i for i, head in enumerate(shown.heads, start=1) if head.kind == "mirror"]
    assert len(mirrored) == 1
    rows, columns = np.nonzero(shown.map == mirrored[0])
    head = staged[0].bones[BONE["head"]]
    joint = staged[0].figure.skeleton.joints[BONE["head"]] * staged[0].figure.scale
    place = head[:, :3] @ joint + head[:, 3]
    from reid.lab.synth.render import project

    there = project(lens, np.array([[place[0], place[1] + 0.1, -4.0 - place[2]]]))[0]
    assert len(rows) > 20
    assert np.hypot(columns.mean() - there[0], rows.mean() - there[1]) < 12


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three kinds, one picture each."""
    out = tmp_path_factory.mktemp("heads")
    make_heads(
        HeadsJob(out, seed=2, rounds=1, kinds=("lying on the back", "near", "poster")), workers=1
    )
    return out


@needs_makehuman
@needs_gl
def test_a_set_of_heads_lists_what_its_maps_hold(heads: Path) -> None:
    listing = json.loads((heads / LISTING).read_text())
    assert [image["kind"] for image in listing["images"]] == ["lying on the back", "near", "poster"]
    for image in listing["images"]:
        picture = cv2.imread(str(heads / "images" / image["file_name"]))
        path = (heads / MAPS / image["file_name"]).with_suffix(".png")
        numbers = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert numbers.dtype == np.uint16 and picture.shape[:2] == numbers.shape
        mine = [one for one in listing["heads"] if one["image_id"] == image["id"]]
        assert {one["number"] for one in mine} == set(np.unique(numbers)) - {0}
        for one in mine:
            rows, columns = np.nonzero(numbers == one["number"])
            x0, y0, x1, y1 = one["box"]
            assert one["pixels"] == len(rows)
            assert x0 - 2 <= columns.min() and columns.max() <= x1 + 2
            assert y0 - 2 <= rows.min() and rows.max() <= y1 + 2


@needs_makehuman
@needs_gl
def test_a_set_goes_on_and_is_not_mixed(heads: Path) -> None:
    job = HeadsJob(heads, seed=2, rounds=1, kinds=("lying on the back", "near", "poster"))
    _, tally = make_heads(job, workers=1)
    assert (tally.made, tally.found) == (0, 1)
    with pytest.raises(UsageError, match="another job"):
        make_heads(replace(job, seed=3), workers=1)


def test_full_stands_are_made_every_fourth_round() -> None:
    job = HeadsJob(Path("x"))
    rounds = [job.kinds_of(i) for i in range(8)]
    assert [("stand" in kinds, "pasted" in kinds) for kinds in rounds[:4]] == [
        (True, False), (False, False), (False, True), (False, False),
    ]  # fmt: skip
    assert all(len(kinds) >= len(STAGED) - 2 for kinds in rounds)

"""Scenes: files that trainers read agree with each other and with the picture."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.core.errors import UsageError
from reid.lab.synth.makehuman import BONE
from reid.lab.synth.motion import bone_matrices
from reid.lab.synth.places import build_site, hang_camera
from reid.lab.synth.population import sample_group
from reid.lab.synth.render import stage
from reid.lab.synth.scene import RIDING, Lens
from reid.lab.synth.scenes import ScenesJob, make_scenes
from reid.lab.synth.scenes.director import ELBOW_ROOM, _riders, _riding, direct
from reid.lab.synth.scenes.formats import coco, yolo_lines
from reid.lab.synth.scenes.frames import UNFINISHED, make_shard, split_of
from reid.lab.synth.scenes.photographs import person_record
from reid.lab.synth.scenes.plate import Plate, _merged
from reid.lab.synth.scenes.truth import Seen, observe
from tests.lab.synth.needs import needs_gl, needs_makehuman

RECORD = {
    "file_name": "a.jpg", "width": 200, "height": 100, "kind": "mall", "mood": "tubes",
    "camera": "good", "split": "train",
    "people": [
        {"person": "p", "box": [20.0, 10.0, 60.0, 90.0], "head": [30.0, 10.0, 50.0, 30.0],
         "full_box": [20.0, 10.0, 60.0, 90.0], "visible": 1.0, "head_visible": 1.0,
         "head_labelled": True, "ignored": False, "pixels": 1500, "keypoints": [1.0, 2.0, 2.0] * 17,
         "metres": 4.0},
        {"person": "q", "box": [0.0, 0.0, 10.0, 10.0], "head": [0.0, 0.0, 4.0, 4.0],
         "full_box": [0.0, 0.0, 10.0, 40.0], "visible": 0.05, "head_visible": 0.1,
         "head_labelled": False, "ignored": True, "pixels": 9, "keypoints": [0.0, 0.0, 0.0] * 17,
         "metres": 4.0},
    ],
}  # fmt: skip


def test_yolo_lines_are_shares_of_the_frame() -> None:
    assert yolo_lines(RECORD) == [
        "0 0.200000 0.500000 0.200000 0.800000",
        "1 0.200000 0.200000 0.100000 0.200000",
    ]


@pytest.mark.parametrize(("pixels", "ignored"), [(900, True), (1300, False)])
def test_who_covers_the_picture_is_labelled_however_little_of_them_is_seen(
    pixels: int, ignored: bool
) -> None:
    """Of 100,000 pixels 1.2 % are enough, though only a twentieth of the person is in the frame."""
    lens = Lens((0, 1.5, 0), (0, 1, 5), 50.0, 400, 250)
    box = np.array([0, 150, 120, 250], np.float32)
    whole = np.array([-60, 150, 200, 2000], np.float32)
    head = np.array([-60, 100, -20, 140], np.float32)
    seen = Seen(0, box, whole, head, 0.05, 0.0, np.zeros((17, 3), np.float32), pixels, 1.0)
    assert person_record(seen, lens, ["p"])["ignored"] is ignored


def test_coco_marks_what_is_hardly_seen_as_crowd() -> None:
    made = coco([RECORD], {"p": {}})
    people = [a for a in made["annotations"] if a["category_id"] == 1]
    assert [a["iscrowd"] for a in people] == [0, 1]
    assert people[0]["bbox"] == [20.0, 10.0, 40.0, 80.0] and people[0]["num_keypoints"] == 17
    assert len(made["categories"][0]["keypoints"]) == 17
    assert [a["id"] for a in made["annotations"]] == [1, 2, 3]


def test_places_are_split_whole() -> None:
    assert {split_of(i) for i in range(8)} == {"train", "val"}
    assert sum(split_of(i) == "val" for i in range(80)) == 10


def test_overlapping_rectangles_are_united() -> None:
    groups = _merged([(0, 0, 10, 10), (30, 30, 40, 40), None, (8, 8, 32, 32)])
    assert groups == [((0, 0, 40, 40), [0, 3, 1])] or groups[0][0] == (0, 0, 40, 40)
    assert _merged([(0, 0, 5, 5), (5, 5, 9, 9)]) == [((0, 0, 5, 5), [0]), ((5, 5, 9, 9), [1])]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two places with one camera each."""
    out = tmp_path_factory.mktemp("scenes")
    make_scenes(ScenesJob(out, seed=3, places=2, cameras=1, frames=3, people=6), workers=1)
    return out


@needs_makehuman
@needs_gl
def test_folders_are_as_trainers_expect(scenes: Path) -> None:
    made = json.loads((scenes / "annotations" / "person_keypoints_train.json").read_text())
    assert len(made["images"]) == 6
    for image in made["images"]:
        picture = cv2.imread(str(scenes / "images" / "train" / image["file_name"]))
        assert picture.shape == (image["height"], image["width"], 3)
        assert (scenes / "labels" / "train" / image["file_name"]).with_suffix(".txt").exists()
    assert "0: person" in (scenes / "data.yaml").read_text()


@needs_makehuman
@needs_gl
def test_coco_and_yolo_agree(scenes: Path) -> None:
    made = json.loads((scenes / "annotations" / "person_keypoints_train.json").read_text())
    by_image: dict[int, list[dict[str, object]]] = {}
    for annotation in made["annotations"]:
        by_image.setdefault(annotation["image_id"], []).append(annotation)
    compared = 0
    for image in made["images"]:
        text = (scenes / "labels" / "train" / image["file_name"]).with_suffix(".txt").read_text()
        rows = np.array([line.split() for line in text.splitlines()], float).reshape(-1, 5)
        kept = [a for a in by_image.get(image["id"], []) if not a["iscrowd"]]
        assert len(rows) == len(kept)
        size = np.array([image["width"], image["height"]] * 2)
        for row, annotation in zip(rows, kept, strict=True):
            assert row[0] == annotation["category_id"] - 1
            x, y, w, h = row[1:] * size
            assert np.allclose([x - w / 2, y - h / 2, w, h], annotation["bbox"], atol=0.15)
            compared += 1
    assert compared > 4


@needs_makehuman
@needs_gl
def test_boxes_are_inside_frames_and_heads_inside_people(scenes: Path) -> None:
    made = json.loads((scenes / "annotations" / "person_keypoints_train.json").read_text())
    size = {i["id"]: (i["width"], i["height"]) for i in made["images"]}
    people = [a for a in made["annotations"] if a["category_id"] == 1]
    heads = {
        (a["image_id"], a["person"]): a["bbox"]
        for a in made["annotations"]
        if a["category_id"] == 2
    }
    assert people and heads
    for a in people:
        x, y, w, h = a["bbox"]
        width, height = size[a["image_id"]]
        assert x >= 0 and y >= 0 and x + w <= width + 0.1 and y + h <= height + 0.1
        assert 0 <= a["visible_fraction"] <= 1
        head = heads.get((a["image_id"], a["person"]))
        if head:
            assert head[0] >= x - 0.1 and head[1] >= y - 0.1
            assert head[0] + head[2] <= x + w + 0.1 and head[1] + head[3] <= y + h + 0.1
        assert a["person"] in made["people"]


@needs_makehuman
@needs_gl
def test_a_finished_folder_is_left_alone(scenes: Path) -> None:
    job = ScenesJob(scenes, seed=3, places=2, cameras=1, frames=3, people=6)
    before = {p: p.stat().st_mtime_ns for p in (scenes / "images").rglob("*.jpg")}
    _, tally = make_scenes(job, workers=1)
    assert (tally.made, tally.found, tally.left) == (0, 2, 0)
    assert before == {p: p.stat().st_mtime_ns for p in (scenes / "images").rglob("*.jpg")}
    with pytest.raises(UsageError, match="another job"):
        make_scenes(replace(job, seed=4), workers=1)


@needs_makehuman
@needs_gl
def test_same_seed_same_pictures(scenes: Path, tmp_path: Path) -> None:
    make_scenes(ScenesJob(tmp_path, seed=3, places=1, cameras=1, frames=3, people=6), workers=1)
    for picture in sorted((tmp_path / "images").rglob("*.jpg")):
        twin = scenes / "images" / "train" / picture.name
        assert picture.read_bytes() == twin.read_bytes(), picture.name


@needs_makehuman
@needs_gl
def test_people_keep_their_distance_and_are_measured() -> None:
    rng = np.random.default_rng(2)
    site = build_site(7)
    lens = hang_camera(site, rng, size=(640, 360))
    groups = [sample_group(rng, key=f"t{i}") for i in range(4)]
    actors = direct(site, lens, groups, rng, 8)
    assert actors
    spots = np.array([[a.position[0], a.position[2]] for a in actors], np.float32)
    assert not site.taken(spots, 0.2).any()
    strangers = [a.person.key.split("-")[0] for a in actors]
    for i in range(len(actors)):
        for j in range(i):
            if strangers[i] != strangers[j]:
                assert np.linalg.norm(spots[i] - spots[j]) > ELBOW_ROOM * 0.99
    rendering, staged = Plate(site.place, lens, supersample=1).render(actors)
    for one in observe(rendering, lens, staged):
        assert 0 <= one.visible <= 1 and 0 <= one.head_visible <= 1
        x0, y0, x1, y1 = one.full_box
        assert x0 - 2 <= one.box[0] and one.box[2] <= x1 + 2
        assert y0 - 2 <= one.box[1] and one.box[3] <= y1 + 2
        hx, hy = (one.head[0] + one.head[2]) / 2, (one.head[1] + one.head[3]) / 2
        assert x0 <= hx <= x1 and y0 <= hy <= y0 + (y1 - y0) * 0.45


@needs_makehuman
def test_who_rides_sits_in_the_saddle_and_holds_on() -> None:
    """Hips just above the seat, feet above the ground and below the seat, hands ahead."""
    rng = np.random.default_rng(4)
    seen = set()
    for seed in range(60):
        site = build_site(seed, passing=True)
        for seat in site.ride_seats:
            x, y, z = seat.place
            assert site.taken(np.array([[x, z]], np.float32), 0.0)[0], "nobody else stands there"
            if seat.gait in seen:
                continue
            seen.add(seat.gait)
            person = sample_group(rng, key=f"r{seed}")[0].person
            rider = _riding(person, seat, rng)
            figure = stage([rider], [200.0])[0].figure
            matrices = bone_matrices(figure, rider)
            rest = np.insert(figure.skeleton.joints * figure.scale, 3, 1, axis=1)
            joint = {
                name: matrices[BONE[name]] @ rest[BONE[name]]
                for name in ("upperleg01.L", "foot.L", "foot.R", "wrist.L", "wrist.R", "head")
            }
            assert 0 < joint["upperleg01.L"][1] - y < 0.2
            for side in "LR":
                assert 0.05 < joint[f"foot.{side}"][1] < y - 0.1
                ahead = joint[f"wrist.{side}"] - (x, y, z)
                assert ahead[0] * np.sin(seat.yaw) + ahead[2] * np.cos(seat.yaw) > 0.1
            assert joint["head"][1] > y + 0.4
    assert seen == set(RIDING)


@needs_makehuman
def test_riders_are_those_before_the_camera() -> None:
    site = build_site(16, passing=True)
    x, y, z = site.ride_seats[0].place
    rng = np.random.default_rng(1)
    groups = [sample_group(rng, key=f"g{i}") for i in range(12)]
    lens = Lens((x, 1.4, z + 4.0), (x, y, z), 50.0, 640, 640)
    away = replace(lens, look_at=(x, 1.4, z + 9.0))
    assert _riders(site, away, groups, rng, 9) == ([], groups)
    assert all(_riders(site, lens, groups, rng, 0) == ([], groups) for _ in range(9))
    found = [_riders(site, lens, groups, rng, 9) for _ in range(20)]
    ridden = [(riders, left) for riders, left in found if riders]
    assert ridden and len(ridden) < len(found)
    for riders, left in ridden:
        assert {rider.gait for rider in riders} <= set(RIDING)
        names = {member.person.key for group in left for member in group}
        assert not names & {rider.person.key for rider in riders}


@needs_makehuman
@needs_gl
def test_a_place_cut_short_by_the_budget_counts_and_is_made_anew(tmp_path: Path) -> None:
    job = ScenesJob(tmp_path, seed=3, places=1, cameras=1, frames=2, people=3)
    make_scenes(job, workers=1, minutes=0)
    result = tmp_path / "shards" / "00000.json"
    make_shard(job, 0, result, deadline=0.0)
    assert not result.exists() and result.with_suffix(UNFINISHED).exists()
    counts, tally = make_scenes(job, workers=1)
    assert counts["images"] == 2 and tally.made == 1

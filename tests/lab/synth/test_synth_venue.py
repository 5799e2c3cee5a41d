"""Venues: people walk where there is floor, clips and truth tell the same story."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

import reid
from reid.core import vocabulary
from reid.lab.synth.places import build_site
from reid.lab.synth.venue.film import mot_lines, visits
from reid.lab.synth.venue.plan import draw, lay_out
from reid.lab.synth.venue.routes import Leg, find_path, plan_legs, wander
from tests.lab.synth.needs import needs_gl, needs_makehuman

RECORDS = [
    {"frame": i, "time": f"2026-05-02T14:00:0{i}+00:00", "seconds": float(i),
     "people": [{"person": "a", "box": [10.0, 20.0, 40.0, 120.0], "visible": 0.9}][: i != 4]}
    for i in range(9)
]  # fmt: skip


def test_mot_lines_follow_the_boxes() -> None:
    lines = mot_lines(RECORDS, {"a": 7})
    assert lines[0] == "1,7,10.0,20.0,30.0,100.0,1,1,0.900"
    assert len(lines) == 8 and lines[-1].startswith("9,7,")


def test_a_short_gap_does_not_end_a_stay_and_a_long_one_does() -> None:
    (stay,) = visits(RECORDS, "camera1")
    assert (stay["first_second"], stay["last_second"], stay["frames"]) == (0.0, 8.0, 8)
    assert len(visits(RECORDS, "camera1", gap=1.5)) == 2


def test_layout_is_deterministic_and_its_graph_is_whole() -> None:
    plan = lay_out(5, 4, size=(640, 360))
    assert plan.as_dict() == lay_out(5, 4, size=(640, 360)).as_dict()
    reached, edge = {0}, [0]
    while edge:
        for other in plan.neighbours(edge.pop()):
            if other not in reached:
                reached.add(other)
                edge.append(other)
    assert reached == set(range(len(plan.zones)))
    assert len(plan.cameras) == 4
    for i, zone in enumerate(plan.zones):
        assert set(zone.doors) == set(plan.neighbours(i))
    assert draw(plan).shape[2] == 3


def test_paths_avoid_furniture() -> None:
    site = build_site(3, "train", "food court")
    start, goal = (tuple(map(float, p)) for p in site.free_spots(np.random.default_rng(1), 2, 0.5))
    path = find_path(site, (start[0], start[1]), (goal[0], goal[1]))
    assert np.allclose(path[0], start) and np.allclose(path[-1], goal)
    steps = np.linspace(0, 1, 30)[:, None]
    for a, b in pairwise(path):
        line = (a + steps * (b - a)).astype(np.float32)
        assert not site.taken(line, 0.05).any()


def test_legs_follow_each_other() -> None:
    plan = lay_out(5, 4, size=(640, 360))
    rng = np.random.default_rng(0)
    zones = wander(plan, rng, 3)
    legs = plan_legs(plan, zones, 10.0, 1.2, rng)
    assert legs[0].start == 10.0
    assert all(one.end <= two.start + 1e-6 for one, two in pairwise(legs))
    assert [
        z for i, z in enumerate([leg.zone for leg in legs]) if i == 0 or z != legs[i - 1].zone
    ] == zones
    for leg in legs:
        if not leg.still:
            metres = np.linalg.norm(np.diff(leg.points, axis=0), axis=1).sum()
            assert metres / (leg.end - leg.start) == pytest.approx(1.2, rel=0.01)
    assert Leg(0, 1, 0, np.zeros((1, 2), np.float32)).still


@needs_makehuman
@needs_gl
def test_a_small_venue_is_consistent(tmp_path: Path) -> None:
    from reid.lab.synth.venue import VenueJob, make_venue

    job = VenueJob(
        tmp_path, seed=3, cameras=2, people=8, seconds=2.0, fps=5, size=(320, 180),
        start=datetime(2026, 1, 1, 9, 30, tzinfo=UTC),
    )  # fmt: skip
    tally = make_venue(job, workers=2)
    assert (tally.made, tally.left) == (2, 0)
    people = json.loads((tmp_path / "people.json").read_text())
    for camera in ("camera1", "camera2"):
        records = [
            json.loads(line) for line in (tmp_path / f"{camera}.jsonl").read_text().splitlines()
        ]
        with av.open(str(tmp_path / f"{camera}.mp4"), "r") as container:
            times = [float(frame.time or 0) for frame in container.decode(video=0)]
            assert container.metadata["creation_time"].startswith("2026-01-01T09:30:00")
        assert times == pytest.approx([r["seconds"] for r in records], abs=2e-3)
        boxes = [(r["frame"] + 1, p) for r in records for p in r["people"]]
        mot = (tmp_path / "mot" / camera / "gt" / "gt.txt").read_text().splitlines()
        assert len(mot) == len(boxes)
        for line, (frame, one) in zip(mot, boxes, strict=True):
            number, identity, x, y, w, h = (float(v) for v in line.split(",")[:6])
            assert number == frame and identity == people[one["person"]]["number"]
            assert np.allclose([x, y, x + w, y + h], one["box"], atol=0.11)
    said = [json.loads(line) for line in (tmp_path / "descriptions.jsonl").read_text().splitlines()]
    assert {one["person"] for one in said} == people.keys()
    assert all(vocabulary.is_valid(s["slot"], s["value"]) for one in said for s in one["slots"])
    assert make_venue(job, workers=2).found == 2


def test_the_shipped_clip_and_its_truth_agree() -> None:
    folder = Path(reid.__file__).parent / "demo"
    truth = json.loads((folder / "truth.json").read_text())
    assert sum(path.stat().st_size for path in folder.iterdir()) < 3_000_000
    assert 8 <= len(truth["people"]) <= 10
    for camera in truth["cameras"].values():
        with av.open(str(folder / camera["file"]), "r") as container:
            shapes = [(frame.width, frame.height) for frame in container.decode(video=0)]
        assert len(shapes) == len(camera["frames"])
        assert set(shapes) == {(truth["width"], truth["height"])}
        for rows in camera["frames"]:
            for person, x0, y0, x1, y1, *_ in rows:
                assert person in truth["people"]
                assert 0 <= x0 < x1 <= truth["width"] and 0 <= y0 < y1 <= truth["height"]
    child = truth["people"][truth["lost"]]["attributes"]
    assert child["upper.type"] == ["hoodie"] and child["upper.colour"][0] == "red"
    assert child["carry.backpack.colour"][0] == "yellow"
    seen_by = {stay["camera"] for stay in truth["visits"] if stay["person"] == truth["lost"]}
    assert seen_by == {"camera1", "camera2"}

"""Crops: deterministic, resumable, labels within bounds; counterfactuals change one thing."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from reid.cli.synth import app
from reid.core.errors import ReidError
from reid.lab.synth import counterfactual, crops
from reid.lab.synth.crops import FIELDS, CropJob, render_shard, run_shard, write_manifest
from reid.lab.synth.population import DEFAULT, median_stature
from reid.lab.synth.scene import ARM_SKIN, HAIR, HEAD, LEG_SKIN, TORSO_SKIN
from reid.lab.synth.shards import run_shards
from tests.lab.synth.needs import needs_gl, needs_makehuman

JOB = CropJob(identities=4, cameras=2, views=1, height=64, width=32, seed=3, pool=2, shard=2)
SKIN_PARTS = (HEAD, HAIR, TORSO_SKIN, ARM_SKIN, LEG_SKIN)

pytestmark = [needs_makehuman, needs_gl]


@pytest.fixture(scope="module")
def shard() -> dict[str, np.ndarray]:
    return render_shard(JOB, 0)


def test_a_shard_has_every_field_and_one_row_a_crop(shard: dict[str, np.ndarray]) -> None:
    assert set(shard) == set(FIELDS)
    assert {len(a) for a in shard.values()} == {4}
    assert shard["image"].shape == (4, 64, 32, 3)
    assert shard["identity"].tolist() == [0, 0, 1, 1]


def test_labels_are_within_bounds(shard: dict[str, np.ndarray]) -> None:
    assert ((shard["visible"] >= 0) & (shard["visible"] <= 1)).all()
    assert ((shard["part_visible"] >= 0) & (shard["part_visible"] <= 1)).all()
    whole, head = shard["whole_box"], shard["head_box"]
    assert (head[:, :2] >= whole[:, :2] - 1).all()
    assert (head[:, 2:] <= whole[:, 2:] + 1).all()
    assert set(np.unique(shard["joints"][..., 2])) <= {0.0, 1.0, 2.0}


def test_same_seed_same_pixels(shard: dict[str, np.ndarray]) -> None:
    again = render_shard(JOB, 0)
    for name, array in shard.items():
        assert np.array_equal(array, again[name]), name


def test_another_seed_other_people() -> None:
    assert crops.person_of(JOB, 0) != crops.person_of(replace(JOB, seed=4), 0)
    assert crops.person_of(JOB, 0) == crops.person_of(replace(JOB, identities=900), 0)


def test_a_finished_shard_is_not_made_again(tmp_path: Path) -> None:
    small = replace(JOB, identities=1, cameras=1, shard=1)
    write_manifest(tmp_path, small)
    results = [crops.shard_folder(tmp_path, 0)]
    assert run_shards(partial(run_shard, small), results, workers=1).made == 1
    stamp = (tmp_path / "shard-00000" / "image.npy").stat().st_mtime_ns
    (tmp_path / "shard-00001.part").mkdir()  # left by a run that was stopped
    assert run_shards(partial(run_shard, small), results, workers=1).made == 0
    assert (tmp_path / "shard-00000" / "image.npy").stat().st_mtime_ns == stamp
    loaded = crops.load_shard(tmp_path / "shard-00000")
    assert loaded["image"].shape == (1, 64, 32, 3)


def test_a_folder_of_another_job_is_refused(tmp_path: Path) -> None:
    write_manifest(tmp_path, JOB)
    write_manifest(tmp_path, replace(JOB, identities=40))
    with pytest.raises(ReidError, match="seed"):
        write_manifest(tmp_path, replace(JOB, seed=9))
    said = json.loads((tmp_path / "manifest.json").read_text())
    assert said["fields"] == FIELDS
    said["attribute_columns"].reverse()
    (tmp_path / "manifest.json").write_text(json.dumps(said))
    with pytest.raises(ReidError, match="columns"):
        write_manifest(tmp_path, JOB)


@pytest.mark.parametrize("change", ["skin", "age", "sex", "face", "hair"])
def test_a_counterfactual_keeps_the_clothes(change: str) -> None:
    person = crops.person_of(JOB, 1)
    other = counterfactual.changed(person, change, np.random.default_rng(0), DEFAULT)
    assert other.garments == person.garments
    assert other.props == person.props
    assert (other.looks, other.shape) != (person.looks, person.shape)


@pytest.mark.parametrize("change", ["childhood", "build"])
def test_another_body_keeps_the_clothes(change: str) -> None:
    person = crops.person_of(JOB, 1)
    other = counterfactual.changed(person, change, np.random.default_rng(0), DEFAULT)
    assert (other.garments, other.props) == (person.garments, person.props)
    assert (other.shape.years < 16) != (person.shape.years < 16) or change == "build"
    assert (other.shape.weight < 0.5) != (person.shape.weight < 0.5) or change == "childhood"
    tall = [s.stature / median_stature(s.years, s.sex) for s in (person.shape, other.shape)]
    assert tall[0] == pytest.approx(tall[1]), "as tall for the age as before"


def test_a_head_covering_and_a_pushchair_come_and_go() -> None:
    person = replace(crops.person_of(JOB, 1), props=())
    rng = np.random.default_rng(0)
    covered = counterfactual.changed(person, "covering", rng, DEFAULT)
    assert covered.wearing("head").kind == "covering"
    assert covered.wearing("upper") == person.wearing("upper")
    assert counterfactual.changed(covered, "covering", rng, DEFAULT).wearing("head") is None
    pushing = counterfactual.changed(person, "pushchair", rng, DEFAULT)
    assert [prop.kind for prop in pushing.props] == ["pushchair"]
    assert counterfactual.changed(pushing, "pushchair", rng, DEFAULT).props == ()


def test_sets_on_disk_keep_the_numbers_of_their_changes() -> None:
    first = ("skin", "age", "sex", "face", "hair", "clothes")
    assert tuple(counterfactual.CHANGES)[: len(first)] == first


def test_a_change_of_skin_changes_only_skin() -> None:
    job = replace(JOB, views=1, height=128, width=64)
    pair = counterfactual.pairs(job, 0, "skin")[0]
    assert np.array_equal(pair.before.parts, pair.after.parts)
    assert np.array_equal(pair.before.joints, pair.after.joints)
    assert not np.array_equal(pair.before.image, pair.after.image)


def test_another_colour_is_of_one_garment_only() -> None:
    for identity in range(8):
        person = crops.person_of(JOB, identity)
        other = counterfactual.changed(person, "colour", np.random.default_rng(0), DEFAULT)
        assert (other.shape, other.looks, other.props) == (person.shape, person.looks, person.props)
        pairs = zip(person.garments, other.garments, strict=True)
        [(old, new)] = [(a, b) for a, b in pairs if a != b]
        assert new.colours[0] != old.colours[0]
        assert (new.kind, new.cut, new.textile.layer) == (old.kind, old.cut, old.textile.layer)


def test_other_clothes_same_body() -> None:
    person = crops.person_of(JOB, 2)
    other = counterfactual.changed(person, "clothes", np.random.default_rng(0), DEFAULT)
    assert other.shape == person.shape
    assert other.looks == person.looks
    assert other.garments != person.garments


def test_every_command_shows_an_example() -> None:
    for name in ("crops", "scenes", "venue", "sheet", "counterfactual"):
        result = CliRunner().invoke(app, [name, "--help"])
        assert result.exit_code == 0
        assert f"reid synth {name} " in result.output


def test_a_bad_size_is_said_in_one_line() -> None:
    result = CliRunner().invoke(app, ["crops", "x", "--size", "big"])
    assert result.exit_code == 2
    assert "HEIGHTxWIDTH" in result.output

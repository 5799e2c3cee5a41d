"""The cost of privacy on paper: bodies tell people apart, and fine patterns in place of faces."""

import json
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest

from reid.core.boxes import as_boxes
from reid.core.pixels import HeadRegions
from reid.embed import RegionEmbedder
from reid.lab.bench.data.reid_sets import read_split
from reid.lab.bench.metrics.intervals import bootstrap_difference, wilson
from reid.lab.bench.privacy_cost import (
    WAYS,
    CostModels,
    PrivacyCostResult,
    _blurred,
    descriptions_in,
    run_privacy_cost,
)
from reid.lab.bench.rivals.extractors import unit
from reid.lab.research_image import ResearchImage
from tests.lab.bench.test_retrieval import MeanColour, paint

PEOPLE = {
    "1": ("red", (200, 20, 20), (250, 40, 40)),
    "2": ("green", (20, 130, 40), (40, 250, 40)),
    "3": ("blue", (20, 40, 170), (40, 40, 250)),
}
"""Identity → the clothes' colour as said and as painted, and the head's."""


class FinePattern:
    """A face recogniser on paper: a face is a fine pattern, whose colour says who it is."""

    model_id = "fine-pattern"
    files: ClassVar[dict[str, Path]] = {}

    def vectors(self, images, face_height):
        assert face_height > 0
        tops = [np.asarray(image[:24], np.float64) for image in images]
        fine = [np.abs(np.diff(top, axis=1)).mean() for top in tops]
        vectors = unit(np.stack([top.mean((0, 1)) - top.mean() for top in tops]))
        return vectors.astype(np.float64), np.array(fine) > 30


@pytest.fixture(scope="module")
def with_faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people in one colour each, whose head is a chequered pattern of its own colour."""
    folder = tmp_path_factory.mktemp("people")
    squares = (np.indices((24, 24)).sum(axis=0) // 2 % 2).astype(np.uint8)[..., None]
    lines = []
    for identity, (name, body, head) in PEOPLE.items():
        for camera in ("01", "02"):
            path = folder / identity / f"{camera}_1.png"
            paint(path, body)
            image = cv2.imread(str(path))
            left = (image.shape[1] - 24) // 2
            image[:24, left : left + 24] = squares * np.array(head[::-1], np.uint8)
            cv2.imwrite(str(path), image)
        said = {"describe_a": f"{name} shirt, {name} trousers", "describe_b": f"a {name} top"}
        lines.append(json.dumps({"id": identity, **said, "attributes": {}}))
    (folder / "descriptions.jsonl").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="module")
def result(with_faces: Path) -> PrivacyCostResult:
    models = CostModels(MeanColour(), RegionEmbedder(), FinePattern())
    split, told = read_split(with_faces), descriptions_in(with_faces)
    return run_privacy_cost(split, told, models, 0, lambda _: None)


def test_hiding_heads_takes_faces_and_leaves_clothes(result: PrivacyCostResult) -> None:
    assert result.face["heads on"].share == 1
    assert result.acquired["heads on"] == 1
    for way in ("blur", "face off", "head off"):
        assert (result.acquired[way], result.face[way].share) == (0, 0), way
        assert result.face[way].gains == -1, way
    for way in WAYS:
        assert result.description[way].share == 1, way
        assert result.description[way].n == 12, "six descriptions before two cameras"
    assert result.appearance["head off"].share == 1
    assert result.people == 3
    assert PrivacyCostResult.model_validate(result.to_json()) == result


def test_shares_and_gains_are_never_sure(result: PrivacyCostResult) -> None:
    head_off = result.description["head off"]
    assert head_off.interval == pytest.approx(wilson(3, 3), abs=1e-4)
    most = wilson(0, 3)[1]
    assert head_off.gains_interval == pytest.approx((-most, most), abs=1e-4)
    ends = bootstrap_difference(np.array([1.0, 0, 0, 0]), list("abcd"), 0)
    assert ends[0] == 0
    assert ends[1] > 0.25


def test_the_table_has_a_row_a_way_and_the_plot_a_bar_each(result: PrivacyCostResult) -> None:
    (table,) = result.tables()
    assert [row[0] for row in table.rows] == list(WAYS)
    assert table.columns[1:] == (
        "appearance, first", "appearance, gain", "description, first", "description, gain",
        "face, first", "face, gain",
    )  # fmt: skip
    assert table.rows[0][2] == "", "heads on gain nothing over themselves"
    assert "face -100.0 [-" in result.headline()
    axes = pytest.importorskip("matplotlib.figure").Figure().add_subplot()
    result.plots()[0](axes)
    assert len(axes.patches) == 3 * len(WAYS)


def test_without_descriptions_and_recogniser_those_are_left_out(
    with_faces: Path, tmp_path: Path
) -> None:
    told = descriptions_in(tmp_path)
    assert told == ()
    models = CostModels(MeanColour(), RegionEmbedder(), None)
    result = run_privacy_cost(read_split(with_faces), told, models, 0, lambda _: None)
    assert (result.description, result.face, result.acquired) == ({}, {}, {})
    assert result.tables()[0].columns == ("%", "appearance, first", "appearance, gain")


def test_a_blur_changes_the_head_alone() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (80, 40, 3), dtype=np.uint8)
    frame = ResearchImage(pixels).frame()
    soft = _blurred(pixels, HeadRegions.of_known_boxes(frame.ref, as_boxes([[10, 0, 30, 20]])))
    assert (soft[20:] == pixels[20:]).all()
    assert soft[2:18, 12:28].std() < pixels[2:18, 12:28].std() / 2
    assert (_blurred(pixels, HeadRegions.of_known_boxes(frame.ref, as_boxes([]))) == pixels).all()

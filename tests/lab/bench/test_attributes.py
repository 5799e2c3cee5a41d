"""Attribute figures on paper; data sets of attributes read into the vocabulary."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from reid.core import vocabulary
from reid.core.errors import ModelError, SourceError
from reid.core.vocabulary import ATTRIBUTE_INDEX, Column
from reid.embed import Features
from reid.lab.bench.attributes import CrossroadAttributes, run_attributes
from reid.lab.bench.data.attribute_sets import MARKET, PA100K, LabelledSet, read_labels, target
from reid.lab.bench.data.reid_sets import Labelled
from reid.lab.bench.metrics.calibration import Reliability, auc, example_f1, mean_accuracy
from tests.lab.bench.test_description import BLUE, RED
from tests.lab.bench.test_retrieval import paint


def flags(text: str) -> np.ndarray:
    return np.array([c == "1" for c in text])


def test_mean_accuracy_by_hand() -> None:
    """Two of three true ones found, three of four false ones left: (2/3 + 3/4) / 2."""
    assert mean_accuracy(flags("1101000"), flags("1110000")) == pytest.approx((2 / 3 + 3 / 4) / 2)
    assert np.isnan(mean_accuracy(flags("11"), flags("11")))


def test_auc_by_hand() -> None:
    """Pairs (true above false): 0.9 beats both, 0.4 beats 0.1 and ties with 0.4: 3.5 of 4."""
    assert auc(np.array([0.9, 0.4, 0.4, 0.1]), flags("1100")) == pytest.approx(3.5 / 4)
    assert np.isnan(auc(np.array([0.5]), flags("1")))


def test_ece_by_hand() -> None:
    """Said 0.25 four times, true once: right. Said 0.75 twice, never true: gap 0.75 for 2 of 6."""
    said = np.array([0.25] * 4 + [0.75] * 2)
    diagram = Reliability.of(said, flags("100000"), bins=2)
    assert diagram.ece == pytest.approx(0.75 * 2 / 6)
    assert [one.model_dump() for one in diagram.bins()] == [
        {"said": 0.25, "true": 0.25, "count": 4},
        {"said": 0.75, "true": 0.0, "count": 2},
    ]
    assert Reliability.of(np.array([1.0]), flags("1")).ece == 0


def test_example_f1_by_hand() -> None:
    """Precisions 1 and 1/2, recalls 1/2 and 1: F1 of 3/4 and 3/4."""
    predicted = np.stack([flags("100"), flags("110"), flags("111")])
    truth = np.stack([flags("110"), flags("100"), flags("000")])
    known = np.ones((3, 3), bool)
    assert example_f1(predicted, truth, known) == pytest.approx(0.75)


def test_every_target_is_of_the_vocabulary() -> None:
    for one in [*PA100K.values(), *(t for _, t in MARKET.values())]:
        for column in one.columns:
            assert vocabulary.is_valid(*column), one.name


def test_the_upper_body_may_be_an_outer_garment() -> None:
    columns = target("red top", ("upper.colour", "red")).columns
    assert set(columns) == {Column("upper.colour", "red"), Column("outer.colour", "red")}


class Stub:
    """Says of each crop that its upper body is red with the level of the red channel ÷ 255."""

    model_id, dim = "stub", 1

    def describe(self, crops, light):
        del light
        features = Features.unestimated(len(crops), 1)
        red = [crop.pixels[64, 20, 0] / 255 for crop in crops]
        features.attributes[:, ATTRIBUTE_INDEX[Column("upper.colour", "red")]] = red
        return features


def test_figures_from_files(tmp_path) -> None:
    for i, colour in enumerate([RED, RED, BLUE, BLUE]):
        paint(tmp_path / f"{i}.png", colour)
    images = tuple(Labelled(tmp_path / f"{i}.png", str(i), "") for i in range(4))
    targets = (
        target("red", ("upper.colour", "red")),
        target("backpack", ("carry.backpack", "present")),
    )
    truth = np.stack([flags("1100"), flags("1010")], axis=1)
    labelled = LabelledSet(images, targets, truth, np.ones_like(truth), ())
    result = run_attributes(labelled, Stub(), None, 0, lambda _: None)
    assert (result.mA, result.F1, result.AUC) == (1.0, 1.0, 1.0)
    assert result.targets["red"].positive == 2
    assert result.not_estimated == ["backpack"]
    gap = (2 * (1 - 200 / 255) + 2 * 20 / 255) / 4
    assert pytest.approx(gap, abs=1e-4) == result.ECE


class TwoColours(Stub):
    """Says red as `Stub`, and of every crop that it is blue with 0.05."""

    def describe(self, crops, light):
        features = super().describe(crops, light)
        features.attributes[:, ATTRIBUTE_INDEX[Column("upper.colour", "blue")]] = 0.05
        return features


def two_targets(folder: Path, n_attributes: int | None = None) -> LabelledSet:
    """Four images, the first red; red and blue are asked for, blue of the last two only."""
    for i, colour in enumerate([RED, RED, BLUE, BLUE]):
        paint(folder / f"{i}.png", colour)
    images = tuple(Labelled(folder / f"{i}.png", str(i), "") for i in range(4))
    targets = (target("red", ("upper.colour", "red")), target("blue", ("upper.colour", "blue")))
    truth = np.stack([flags("1000"), flags("0011")], axis=1)
    known = np.stack([flags("1111"), flags("0111")], axis=1)
    return LabelledSet(images, targets, truth, known, (), n_attributes=n_attributes)


def naive_ece(said: list[float], true: list[bool]) -> float:
    """ECE in ten bins, answer by answer (no code of `reid`)."""
    total = 0.0
    for low in range(10):
        chosen = [(s, t) for s, t in zip(said, true, strict=True) if min(int(s * 10), 9) == low]
        if chosen:
            gap = np.mean([s for s, _ in chosen]) - np.mean([t for _, t in chosen])
            total += abs(gap) * len(chosen) / len(said)
    return float(total)


def test_the_mean_over_targets_is_no_figure_of_all_answers_together(tmp_path) -> None:
    labelled = two_targets(tmp_path)
    result = run_attributes(labelled, TwoColours(), None, 0, lambda _: None)
    red, blue = [200 / 255] * 2 + [20 / 255] * 2, [0.05] * 3
    one, two = [True, False, False, False], [False, True, True]
    mean = (naive_ece(red, one) + naive_ece(blue, two)) / 2
    pooled = naive_ece(red + blue, one + two)
    assert abs(mean - pooled) > 0.01, "the case must tell"
    assert result.mean_ece == pytest.approx(mean, abs=1e-4)
    assert pytest.approx(pooled, abs=1e-4) == result.ECE
    (first, second, *_) = result.tables()[0].rows
    assert first[0] == "mean over 2 targets"
    assert first[3].startswith(f"{mean * 100:.1f} [")
    assert second[0] == "all answers together"
    assert second[3].startswith(f"{pooled * 100:.1f} [")


def test_a_mean_says_how_many_of_the_attributes_it_covers(tmp_path) -> None:
    result = run_attributes(two_targets(tmp_path, 26), TwoColours(), None, 0, lambda _: None)
    assert result.tables()[0].rows[0][0] == "mean over 2 of 26 targets"
    assert result.n_attributes == 26
    assert result.run.settings == {"labels": "descriptions"}
    half = run_attributes(two_targets(tmp_path), Stub(), None, 0, lambda _: None)
    assert half.tables()[0].rows[0][0] == "mean over 1 of 2 targets"


def test_pa100k_is_read(tmp_path) -> None:
    names = [*PA100K, "Front"]
    labels = np.zeros((2, len(names)), np.uint8)
    labels[1, names.index("Backpack")] = 1
    savemat(tmp_path / "annotation.mat", {
        "attributes": np.array(names, object), "test_label": labels,
        "test_images_name": np.array(["1.jpg", "2.jpg"], object),
    })  # fmt: skip
    read = read_labels(tmp_path, "pa100k")
    assert [i.path.name for i in read.images] == ["1.jpg", "2.jpg"]
    place = [t.name for t in read.targets].index("backpack")
    assert read.truth[:, place].tolist() == [False, True]
    assert read.truth.sum() == 1
    assert (read.n_attributes, read.kind) == (len(names), "pa100k"), "Front is one of them"


def test_market_attributes_are_read(tmp_path) -> None:
    (tmp_path / "query").mkdir()
    (tmp_path / "bounding_box_test").mkdir()
    (tmp_path / "query/0002_c1s1_000001_00.jpg").touch()
    for name in ("0002_c1s1_000001_00.jpg", "0007_c2s1_000001_00.jpg", "-1_c1s1_000001_00.jpg"):
        (tmp_path / "bounding_box_test" / name).touch()
    fields = {name: np.array([1, 2]) for name in MARKET}
    fields |= {"image_index": np.array(["0002", "0007"], object), "clothes": np.array([2, 1])}
    savemat(tmp_path / "market_attribute.mat", {"market_attribute": {"test": fields}})
    read = read_labels(tmp_path, "market1501")
    assert {i.identity for i in read.images} == {"2", "7"}
    assert {tuple(row) for row in read.truth.tolist()} == {
        (False,) * len(MARKET),
        (True,) * len(MARKET),
    }


def test_errors_name_the_file(tmp_path) -> None:
    with pytest.raises(SourceError, match=r"annotation\.mat does not exist"):
        read_labels(tmp_path, "pa100k")
    (tmp_path / "annotation.mat").write_bytes(b"nonsense")
    with pytest.raises(SourceError, match="not a MATLAB file"):
        read_labels(tmp_path, "pa100k")
    with pytest.raises(ModelError, match="cannot be read"):
        CrossroadAttributes(tmp_path / "annotation.mat")


def test_what_is_not_said_of_a_person_is_unknown(pku) -> None:
    read = read_labels(pku, "descriptions")
    names = [t.name for t in read.targets]
    rows = [i for i, image in enumerate(read.images) if image.identity == "079"]  # yellow dress
    at = {name: (read.truth[rows[0], i], read.known[rows[0], i]) for i, name in enumerate(names)}
    assert at["upper type dress"] == (True, True)
    assert at["lower colour blue"][1] == False, "nothing is said of a lower garment"  # noqa: E712
    assert at["shoulder-bag"] == (True, True)
    assert at["backpack"] == (False, True), "what is carried is always said"
    assert at["upper colour yellow"][1] == False, "said to be doubtful"  # noqa: E712

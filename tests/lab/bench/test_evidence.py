"""Verdicts on labelled people: what is asked of whom, what is fitted, what a table does."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from reid.core.errors import SourceError
from reid.core.records import Wish
from reid.embed import RegionEmbedder
from reid.lab.bench.data.attribute_sets import MARKET
from reid.lab.bench.data.field_sets import FieldSet, read_fields
from reid.lab.bench.data.venue_sets import demo_folder
from reid.lab.bench.evidence import run_evidence
from reid.lab.bench.metrics.intervals import wilson
from reid.lab.bench.metrics.likelihood import (
    FULLY_KNOWN,
    LITTLE_KNOWN,
    PRIOR_PEOPLE,
    Fitted,
    cautious,
    fit,
    joined,
)
from tests.lab.bench.test_description import three_described  # noqa: F401

FIELDS = FieldSet(
    {
        "coat": (
            Wish("outer.type", "coat"),
            Wish("outer.colour", "black"),
            Wish("upper.colour", "white"),
            Wish("upper.type", "sweater", certainty="unsure"),
            Wish("outer.pattern", "plain"),
            Wish("upper.pattern", "plain", certainty="unsure"),
        ),
        "bag": (Wish("upper.colour", "red"), Wish("carry.backpack", "present")),
    },
    (),
    None,
    (),
)


@pytest.mark.parametrize(
    ("slot", "value", "who", "truth"),
    [
        ("outer.colour", "black", "coat", True),
        ("outer.colour", "red", "coat", False),
        ("upper.colour", "black", "coat", None),  # true of what is worn over it
        ("upper.type", "sweater", "coat", None),  # doubtful
        ("outer.type", "jacket", "coat", None),  # its twin is doubtful
        ("outer.pattern", "plain", "coat", True),  # whatever is doubtful of its twin
        ("outer.pattern", "striped", "coat", None),
        ("carry.backpack", "present", "coat", False),  # what is carried is always labelled
        ("carry.backpack", "present", "bag", True),
        ("outer.colour", "blue", "bag", False),
        ("outer.colour", "red", "bag", None),
        ("feet.type", "boots", "bag", None),  # nothing is labelled of shoes
        ("carry.backpack", "present", "nobody", False),
    ],
)
def test_what_is_true_and_false_of_whom(
    slot: str, value: str, who: str, truth: bool | None
) -> None:
    assert FIELDS.holds((Wish(slot, value),), who) is truth


def test_what_is_doubtful_is_not_asked_for() -> None:
    assert [w.slot for w in FIELDS.asked_of("coat")] == [
        "outer.type", "outer.colour", "upper.colour", "outer.pattern",
    ]  # fmt: skip


def test_true_and_false_fields_are_counted_by_verdict(three_described: Path) -> None:  # noqa: F811
    """Three people in one colour each before two cameras: 6 true fields, 12 false ones."""
    fields = read_fields(three_described)
    result = run_evidence([fields], RegionEmbedder(), None, 0, lambda _: None)
    assert (result.n_true, result.n_false, result.n_fields) == (6, 12, 18)
    assert (result.n_people, result.n_sightings, result.n_not_estimated) == (3, 6, 0)
    assert result.true_for == 1
    assert (result.true_against, result.false_for) == (0, 0)
    for kind in ("true", "false"):
        parts = [getattr(result, f"{kind}_{x}") for x in ("for", "against", "unclear")]
        assert sum(parts) + getattr(result, f"{kind}_not_visible") == pytest.approx(1, abs=1e-3)
    assert result.slots["upper.colour"].AUC == 1
    assert not result.table, "a model without a table is believed as it says"
    assert result.intervals["true_for"] == pytest.approx(wilson(3, 3), abs=1e-4), "not [100, 100]"
    assert result.intervals["false_for"] == pytest.approx(wilson(0, 3), abs=1e-4)


def test_other_sets_say_what_beliefs_are_worth(three_described: Path) -> None:  # noqa: F811
    """Three people are too few to measure a slot by, so nothing may speak against anybody."""
    fields = read_fields(three_described)
    result = run_evidence([fields, fields], RegionEmbedder(), None, 0, lambda _: None)
    assert not result.table


def test_a_filmed_venue_is_measured() -> None:
    fields = read_fields(demo_folder())
    done: list[int] = []
    result = run_evidence([fields], RegionEmbedder(), None, 0, done.append)
    assert done[-1] == fields.steps == result.n_sightings
    assert result.n_true
    assert result.n_false


def test_market_s_targets_become_fields_and_their_opposites(tmp_path: Path) -> None:
    (tmp_path / "query").mkdir()
    (tmp_path / "bounding_box_test").mkdir()
    (tmp_path / "query/0002_c1s1_000001_00.jpg").touch()
    for name in ("0002_c1s1_000001_00.jpg", "0007_c2s1_000001_00.jpg"):
        (tmp_path / "bounding_box_test" / name).touch()
    labels = {name: np.array([1, 2]) for name in MARKET}
    labels |= {"image_index": np.array(["0002", "0007"], object), "clothes": np.array([2, 1])}
    savemat(tmp_path / "market_attribute.mat", {"market_attribute": {"test": labels}})
    fields = read_fields(tmp_path)
    assert {(w.slot, w.value) for w in fields.asked_of("2")} == {
        ("upper.sleeve", "long"), ("lower.length", "long"), ("body.sex", "male"),
        ("hair.length", "short"),
    }  # fmt: skip
    skirt = [w for w in fields.asked_of("7") if w.value in {"skirt", "dress"}]
    assert len({w.group for w in skirt}) == 1, "either of the two is asked for"
    assert fields.holds(tuple(skirt), "7") is True
    assert fields.holds(tuple(skirt), "2") is False
    assert fields.holds((Wish("carry.backpack", "present"),), "7") is True
    assert fields.holds((Wish("carry.backpack", "present"),), "2") is False


def test_pictures_without_labels_say_so(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1/01_1.png").touch()
    with pytest.raises(SourceError, match="has no labels of what people wear"):
        read_fields(tmp_path)
    (tmp_path / "descriptions.jsonl").write_text(json.dumps({"id": "1", "describe_a": "red"}))
    with pytest.raises(SourceError, match="attributes are missing"):
        read_fields(tmp_path)


# ------------------------------------------------------------------------------ fitting


def drawn(apart: float, people: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return differences whose log-likelihood ratio is apart · d, half of them true."""
    rng = np.random.default_rng(seed)
    truth = np.arange(20 * people) % 2 == 0
    return rng.normal(np.where(truth, apart / 2, -apart / 2), 1), truth


def test_a_known_ratio_is_found_again() -> None:
    one = fit(*drawn(1.5), people=200)
    assert one is not None
    assert one.slope == pytest.approx(1.5, abs=0.1)
    assert one.centre == pytest.approx(0, abs=0.1)


def test_noise_is_worth_nothing() -> None:
    one = fit(*drawn(0.0), people=200)
    assert one is not None
    worth = cautious([one])
    assert worth.slope == 0
    assert worth.below is None


def test_few_people_say_less() -> None:
    many, few = fit(*drawn(1.5), people=100), fit(*drawn(1.5), people=4)
    assert many is not None
    assert few is not None
    assert few.slope < many.slope * 4 / (4 + PRIOR_PEOPLE) + 0.2
    assert fit(*drawn(1.5), people=3) is None


def test_of_two_sets_the_most_cautious_is_taken() -> None:
    sure, doubtful = Fitted(2.0, 0.3, 0.97, 50), Fitted(1.0, -0.4, 0.95, 200)
    worth = cautious([sure, doubtful])
    assert (worth.slope, worth.below, worth.above) == (1.0, -0.4, 0.3)
    poor = cautious([sure, Fitted(1.0, -0.4, 0.66, 200)])
    assert poor.below is None, "it does not tell apart the people of one of them"
    known = (0.66 - LITTLE_KNOWN) / (FULLY_KNOWN - LITTLE_KNOWN)
    assert 0 < poor.slope == round(known, 2), "the least slope, by how well it is known"
    table = joined([{"feet.type": sure}, {"upper.sleeve": doubtful}], {"upper.sleeve": 0.5})
    assert table["upper.sleeve"].venue == 0.5
    assert table["feet.type"].venue == 1

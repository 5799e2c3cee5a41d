"""A model's columns are read by the names that its card states, whatever the vocabulary's order."""

import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from reid.core import columns, vocabulary
from reid.core.errors import ModelError
from reid.core.pixels import RedactedCrop
from reid.core.vocabulary import Column
from reid.embed import Light
from reid.embed.card import columns_toml
from reid.embed.learned import LearnedEmbedder
from reid.weights.registry import models_folder
from tests.changed_vocabulary import by_name, change

SHIPPED = models_folder() / "appearance"


@pytest.fixture
def crops(crop_of) -> list[RedactedCrop]:
    return [
        crop_of(np.random.default_rng(i).integers(0, 256, (96, 48, 3), np.uint8)) for i in (0, 1)
    ]


def described(folder: Path, crops: list[RedactedCrop]) -> dict[str, np.ndarray]:
    return by_name(LearnedEmbedder(folder).describe(crops, Light.neutral()))


def copied(folder: Path, *replaced: tuple[str, str]) -> Path:
    """Copy the shipped model, with some text of its card replaced."""
    shutil.copytree(SHIPPED, folder)
    text = (SHIPPED / "model.toml").read_text()
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    (folder / "model.toml").write_text(text)
    return folder


def test_the_shipped_card_names_the_order_of_its_weights() -> None:
    """The weights are as old as `FIRST`; whatever the vocabulary becomes, these names stay."""
    said = tomllib.loads((SHIPPED / "model.toml").read_text())["columns"]
    assert {name: tuple(of) for name, of in said.items()} == columns.FIRST._asdict()


def test_answers_are_the_same_by_name_when_the_vocabulary_is_in_another_order(
    crops: list[RedactedCrop], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = described(SHIPPED, crops)
    with monkeypatch.context() as patch:
        change(patch, lambda found: found[::-1])
        after = described(SHIPPED, crops)
        assert list(after) != list(before)
    assert after.keys() == before.keys()
    for name, values in before.items():
        assert np.array_equal(values, after[name], equal_nan=True), name


def test_a_new_column_is_not_estimated_and_a_removed_one_is_left_out(
    crops: list[RedactedCrop], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = described(SHIPPED, crops)
    new, gone = Column("upper.fabric", "denim"), vocabulary.ATTRIBUTE_COLUMNS[3]
    change(monkeypatch, lambda found: (new, *(c for c in found if c != gone)), ("attributes",))
    after = described(SHIPPED, crops)
    assert np.isnan(after.pop("upper.fabric=denim")).all()
    assert before.keys() - after.keys() == {f"{gone.slot}={gone.value}"}
    for name, values in after.items():
        assert np.array_equal(values, before[name], equal_nan=True), name


def test_a_new_body_part_is_not_estimated(
    crops: list[RedactedCrop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "PARTS", ("hands", *vocabulary.PARTS))
    visible = LearnedEmbedder(SHIPPED).describe(crops, Light.neutral()).visible
    assert np.isnan(visible[:, 0]).all() and not np.isnan(visible[:, 1:]).any()


def test_what_is_not_estimated_is_so_by_name(
    crops: list[RedactedCrop], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(monkeypatch, lambda found: found[::-1])
    said = tomllib.loads((SHIPPED / "model.toml").read_text())["not_estimated"]
    found = described(SHIPPED, crops)
    assert {name for name, values in found.items() if np.isnan(values).all()} == set(said)


def test_a_card_of_before_columns_had_names_means_the_first_order(
    tmp_path: Path, crops: list[RedactedCrop], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = described(SHIPPED, crops)
    folder = copied(tmp_path / "old", (columns_toml(), ""))
    change(monkeypatch, lambda found: found[::-1])
    for name, values in described(folder, crops).items():
        assert np.array_equal(values, before[name], equal_nan=True), name


def test_another_vocabulary_is_refused_in_one_line(tmp_path: Path) -> None:
    names = ("upper.", "outer.", "lower.", "feet.", "head.", "neck.", "carry.", "hair.", "body.")
    folder = copied(tmp_path / "foreign", *((f'"{name}', f'"x-{name}') for name in names))
    with pytest.raises(ModelError, match="another vocabulary") as caught:
        LearnedEmbedder(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        (('"upper.type=t-shirt", ', ""), "names 263 columns of 'attributes', the weights have 264"),
        (('"body.sex=female", ', ""), "names 27 columns of 'body', the weights have 28"),
        (('    "feet",\n', ""), "names 4 columns of 'visible', the weights have 5"),
        (('"upper.type=t-shirt"', '"upper.type=shirt"'), "not an embedder"),
        (('"upper.type=t-shirt"', "7"), "not an embedder"),
        (("attributes = [", "attributes = 5\nothers = ["), "not an embedder"),
    ],
)
def test_columns_that_do_not_fit_the_weights_are_refused_in_one_line(
    tmp_path: Path, replaced: tuple[str, str], message: str
) -> None:
    folder = copied(tmp_path / "misfit", replaced)
    with pytest.raises(ModelError, match=message) as caught:
        LearnedEmbedder(folder)
    assert "\n" not in str(caught.value)

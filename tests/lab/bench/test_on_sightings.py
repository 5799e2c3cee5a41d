"""Colours and bags of whole sightings, by hand."""

from pathlib import Path

import pytest
from PIL import Image

from reid.core.records import Wish
from reid.core.vocabulary import ATTRIBUTE_INDEX, Column
from reid.embed import Features
from reid.lab.bench.data.description_sets import Described, DescribedSet
from reid.lab.bench.data.reid_sets import Labelled
from reid.lab.bench.metrics.on_sightings import on_sightings

RED, BLUE = Column("upper.colour", "red"), Column("upper.colour", "blue")
BAG = Column("carry.backpack", "present")


class Scripted:
    """Says what the colour of an image's only pixel value stands for."""

    model_id, dim = "scripted", 1

    def describe(self, crops, light) -> Features:
        del light
        features = Features.unestimated(len(crops), 1)
        for row, crop in enumerate(crops):
            grey = int(crop.pixels[-1, -1, 0])
            features.attributes[row, ATTRIBUTE_INDEX[RED]] = grey / 255
            features.attributes[row, ATTRIBUTE_INDEX[BLUE]] = 0.5
            features.attributes[row, ATTRIBUTE_INDEX[BAG]] = grey / 255
        return features


def write(folder: Path, who: str, greys: list[int]) -> list[Labelled]:
    made = []
    for number, grey in enumerate(greys):
        path = folder / f"{who}-{number}.png"
        Image.new("RGB", (16, 40), (grey, grey, grey)).save(path)
        made.append(Labelled(path, who, "01"))
    return made


def test_pooled_colours_and_bags(tmp_path: Path) -> None:
    """Ann's red (mean .7) beats blue and is worn over white; Bob is as blue as described; of Cy's
    blue and red, either would do. The two with a bag score above the one without.
    """
    images = [
        *write(tmp_path, "ann", [255, 102]),
        *write(tmp_path, "bob", [51, 51]),
        *write(tmp_path, "cy", [153, 153]),
    ]
    labels = {
        "ann": (Wish("upper.colour", "white"), Wish("outer.colour", "red"), Wish(*BAG)),
        "bob": (Wish("upper.colour", "green"),),
        "cy": (Wish("upper.colour", "blue"), Wish("upper.colour", "red"), Wish(*BAG)),
    }
    described = DescribedSet((Described("", "ann", "a"),), tuple(images), labels)
    found = on_sightings(described, Scripted())["01"]
    assert (found.upper_colour.right, found.upper_colour.n) == (2, 3)
    assert found.lower_colour.share is None
    assert found.any_bag_auc == pytest.approx(1.0)
    assert found.n == 3


def test_a_model_that_estimates_nothing(tmp_path: Path) -> None:
    class Silent(Scripted):
        def describe(self, crops, light) -> Features:
            return Features.unestimated(len(crops), 1)

    images = write(tmp_path, "ann", [200])
    labels = {"ann": (Wish("upper.colour", "red"),)}
    found = on_sightings(DescribedSet((), tuple(images), labels), Silent())["01"]
    colour = found.upper_colour
    assert (colour.share, colour.right, colour.n) == (None, 0, 0)
    assert found.any_bag_auc is None

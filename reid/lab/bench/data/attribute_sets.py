"""Data sets of attributes → targets in the vocabulary's terms, and what is true of each image."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.errors import SourceError
from reid.core.records import Wish
from reid.core.vocabulary import Column
from reid.lab.bench.data.description_sets import DESCRIPTIONS, DescribedSet, read_described
from reid.lab.bench.data.reid_sets import Labelled, load_mat, read_split

LabelSet = Literal["descriptions", "pa100k", "market1501"]
LABEL_SETS: Final[tuple[LabelSet, ...]] = get_args(LabelSet)


@dataclass(frozen=True, slots=True)
class Target:
    """One yes-or-no question: holds if any of `columns` does."""

    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Images with what is true of them.

    Attributes:
        images: N.
        targets: T.
        truth: bool (N, T).
        known: bool (N, T); elsewhere the truth is doubtful or not labelled.
        files: what was read besides the images.
        described: the descriptions that the truth was taken from, if any.
        kind: which kind of data set, for the record.
        n_attributes: how many attributes the data set has, more than T where the vocabulary lacks
            some; None: T.
    """

    images: tuple[Labelled, ...]
    targets: tuple[Target, ...]
    truth: NDArray[np.bool_]
    known: NDArray[np.bool_]
    files: tuple[Path, ...]
    described: DescribedSet | None = None
    kind: LabelSet = "descriptions"
    n_attributes: int | None = None


def target(name: str, *columns: tuple[str, str]) -> Target:
    """Make a target; what is worn on the upper body may be the outer garment."""
    both = [Column(*column) for column in columns]
    for slot, value in columns:
        region, _, rest = slot.partition(".")
        twin = Column(f"outer.{rest}", value)
        if region == "upper" and twin in vocabulary.ATTRIBUTE_INDEX:
            both.append(twin)
    return Target(name, tuple(both))


def _any(slot: str, *values: str) -> tuple[tuple[str, str], ...]:
    return tuple((slot, value) for value in values)


PA100K: Final = {
    "Female": target("female", ("body.sex", "female")),
    "AgeOver60": target("older", ("body.age", "older")),
    "AgeLess18": target("under 18", *_any("body.age", "child", "teen")),
    "Hat": target("hat", *_any("head.type", *vocabulary.SLOTS["head.type"].values)),
    "HandBag": target("handbag", ("carry.handbag", "present")),
    "ShoulderBag": target("shoulder bag", ("carry.shoulder-bag", "present")),
    "Backpack": target("backpack", ("carry.backpack", "present")),
    "ShortSleeve": target("short sleeves", *_any("upper.sleeve", "short", "none")),
    "LongSleeve": target("long sleeves", ("upper.sleeve", "long")),
    "UpperStride": target("upper striped", ("upper.pattern", "striped")),
    "UpperLogo": target("upper graphic", ("upper.pattern", "graphic")),
    "UpperPlaid": target("upper plaid", ("upper.pattern", "plaid")),
    "LowerStripe": target("lower striped", ("lower.pattern", "striped")),
    "LowerPattern": target(
        "lower patterned", *_any("lower.pattern", "plaid", "spotted", "floral", "graphic")
    ),
    "LongCoat": target("coat", ("upper.type", "coat")),
    "Trousers": target("trousers", *_any("lower.type", "trousers", "jeans", "leggings")),
    "Shorts": target("shorts", ("lower.type", "shorts")),
    "Skirt&Dress": target("skirt or dress", ("lower.type", "skirt"), ("upper.type", "dress")),
    "boots": target("boots", ("feet.type", "boots")),
}
"""PA-100K's names → targets. Left out: view, glasses, held objects, splices (no such slot)."""

_GREY: Final = {"gray": "grey"}
_MARKET_COLOURS: Final = {
    "up": ("black", "white", "red", "purple", "yellow", "gray", "blue", "green"),
    "down": ("black", "white", "pink", "purple", "yellow", "gray", "blue", "green", "brown"),
}

MARKET: Final = {
    "backpack": (2, target("backpack", ("carry.backpack", "present"))),
    "bag": (2, target("shoulder bag", ("carry.shoulder-bag", "present"))),
    "handbag": (2, target("handbag", ("carry.handbag", "present"))),
    "hat": (2, target("hat", *_any("head.type", *vocabulary.SLOTS["head.type"].values))),
    "hair": (2, target("long hair", ("hair.length", "long"))),
    "gender": (2, target("female", ("body.sex", "female"))),
    "up": (2, target("short sleeves", *_any("upper.sleeve", "short", "none"))),
    "down": (2, target("short lower", ("lower.length", "short"))),
    "clothes": (1, target("skirt or dress", ("lower.type", "skirt"), ("upper.type", "dress"))),
    **{
        f"{where}{colour}": (
            2,
            target(
                f"{'upper' if where == 'up' else 'lower'} {_GREY.get(colour, colour)}",
                (f"{'upper' if where == 'up' else 'lower'}.colour", _GREY.get(colour, colour)),
            ),
        )
        for where, colours in _MARKET_COLOURS.items()
        for colour in colours
    },
}
"""Market-1501-attribute's fields → the value that means yes, and the target."""


def read_labels(data: Path, kind: LabelSet) -> LabelledSet:
    """Read a data set of attributes: its test part.

    Args:
        data: its folder. ``descriptions``: folders with ``descriptions.jsonl``; ``pa100k``:
            ``annotation.mat`` and the images; ``market1501``: Market-1501 with
            ``market_attribute.mat``.
        kind: which of these.

    Raises:
        SourceError: missing, or not of this layout.
    """
    readers: dict[str, Callable[[Path], LabelledSet]] = {
        "descriptions": _descriptions,
        "pa100k": _pa100k,
        "market1501": _market,
    }
    return readers[kind](data)


_DESCRIBED_SLOTS: Final = (
    "upper.colour", "lower.colour", "feet.colour", "upper.type", "upper.pattern", "upper.sleeve",
    "lower.type", "feet.type", "hair.length", "body.sex",
)  # fmt: skip


def _descriptions(data: Path) -> LabelledSet:
    """Take what is said of each person; slots that are not said, or doubtful, are unknown.

    Things carried and worn on the head are described whenever they are there, so there what is not
    said is absent.
    """
    described = read_described(data)
    targets = _described_targets()
    rows = {who: _truth_of(wishes, targets) for who, wishes in described.labels.items()}
    truth = np.stack([rows[image.identity][0] for image in described.images])
    known = np.stack([rows[image.identity][1] for image in described.images])
    return LabelledSet(described.images, targets, truth, known, (data / DESCRIPTIONS,), described)


def _described_targets() -> tuple[Target, ...]:
    made = [
        target(f"{slot.replace('.', ' ')} {value}", (slot, value))
        for slot in _DESCRIBED_SLOTS
        for value in vocabulary.SLOTS[slot].values
    ]
    made += [target(thing, (f"carry.{thing}", "present")) for thing in vocabulary.BAGS]
    made.append(PA100K["Hat"])
    return tuple(made)


def _truth_of(
    wishes: Sequence[Wish], targets: Sequence[Target]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    said = {(wish.slot, wish.value) for wish in wishes}
    slots = {wish.slot for wish in wishes}
    doubtful = {wish.slot for wish in wishes if wish.certainty == "unsure"}
    truth = np.array([any(tuple(c) in said for c in t.columns) for t in targets])
    known = np.array([
        not any(c.slot in doubtful for c in t.columns)
        and (
            t.columns[0].slot.startswith(("carry.", "head."))
            or any(c.slot in slots for c in t.columns)
        )
        for t in targets
    ])  # fmt: skip
    return truth, known


def _pa100k(data: Path) -> LabelledSet:
    content = _load_mat(data / "annotation.mat")
    folders = [data / "data", data / "release_data" / "release_data", data / "release_data", data]
    folder = next(f for f in folders if f.is_dir())
    try:
        names = [str(name) for name in np.ravel(content["attributes"])]
        images = [str(name) for name in np.ravel(content["test_images_name"])]
        labels = np.asarray(content["test_label"], bool)
        places = [names.index(name) for name in PA100K]
    except (KeyError, ValueError, IndexError):
        raise SourceError(f"{data / 'annotation.mat'} is not PA-100K's annotation") from None
    listed = tuple(Labelled(folder / name, name, "") for name in images)
    truth = labels[:, places]
    return LabelledSet(
        listed,
        tuple(PA100K.values()),
        truth,
        np.ones_like(truth),
        (data / "annotation.mat",),
        kind="pa100k",
        n_attributes=len(names),
    )


def _market(data: Path) -> LabelledSet:
    listing = data / "market_attribute.mat"
    content = _load_mat(listing)
    try:
        test = content["market_attribute"]["test"]
        people = [str(int(name)) for name in np.ravel(test["image_index"])]
        columns = [np.ravel(test[name]) == yes for name, (yes, _) in MARKET.items()]
    except (KeyError, ValueError, IndexError, TypeError):
        raise SourceError(f"{listing} is not Market-1501-attribute") from None
    truth_of = dict(zip(people, np.stack(columns, axis=1), strict=True))
    gallery = read_split(data, "market1501").gallery
    images = tuple(image for image in gallery if image.identity in truth_of)
    truth = np.stack([truth_of[image.identity] for image in images])
    targets = tuple(t for _, t in MARKET.values())
    known = np.ones_like(truth)
    return LabelledSet(images, targets, truth, known, (listing,), kind="market1501")


def _load_mat(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise SourceError(f"{path} does not exist: is --labels right?")
    return load_mat(path)

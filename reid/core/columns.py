"""Columns by name: what a model's card and a stored table say their columns mean.

Weights and stored sightings outlive the order of the vocabulary. Both name their columns and are
read by name: a column they lack is not estimated, one that the vocabulary lacks is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary

TABLES: Final = ("attributes", "body", "visible")
"""The tables of `Layout`, and the fields of `reid.core.records.Sightings` that they are about."""

MISSING: Final = -1


class Layout(NamedTuple):
    """The columns of three tables, by name, in order.

    Attributes:
        attributes, body: ``slot=value``, as ``upper.colour=red``.
        visible: body parts.
    """

    attributes: tuple[str, ...]
    body: tuple[str, ...]
    visible: tuple[str, ...]

    def of(self, table: str) -> tuple[str, ...]:
        """Return the columns of one of `TABLES`."""
        return self[TABLES.index(table)]


def current() -> Layout:
    """Return the columns of the vocabulary as it is now."""
    return Layout(
        _named(vocabulary.ATTRIBUTE_COLUMNS),
        _named(vocabulary.BODY_COLUMNS),
        tuple(vocabulary.PARTS),
    )


def places(names: Sequence[str], wanted: Iterable[str]) -> NDArray[np.intp]:
    """Return where each wanted column (W,) is among `names`; `MISSING` where it is not."""
    where = {name: i for i, name in enumerate(names)}
    return np.array([where.get(name, MISSING) for name in wanted], np.intp)


def arranged(
    values: NDArray[np.float32], names: Sequence[str], wanted: Sequence[str]
) -> NDArray[np.float32]:
    """Return a table float32 (N, K) of columns `names` as one of columns `wanted` (N, W).

    A wanted column that is not there is NaN; one that nobody wants is left out.
    """
    return take(values, places(names, wanted))


def take(values: NDArray[np.float32], where: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the columns at some places, float32 (N, W); NaN where a place is `MISSING`."""
    out = np.full((len(values), len(where)), np.nan, np.float32)
    there = where != MISSING
    out[:, there] = values[:, where[there]]
    return out


def _named(columns: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(f"{slot}={value}" for slot, value in columns)


_FIRST_COLOURS: Final = (
    "black white grey red orange yellow green blue purple pink brown beige multicolour"
)

_FIRST_ATTRIBUTES: Final = {
    "upper.type": "t-shirt shirt polo sweater hoodie jacket coat vest suit dress costume",
    "upper.colour": _FIRST_COLOURS,
    "upper.pattern": "plain striped plaid spotted floral graphic",
    "upper.sleeve": "none short long",
    "outer.type": "t-shirt shirt polo sweater hoodie jacket coat vest suit dress costume",
    "outer.colour": _FIRST_COLOURS,
    "outer.pattern": "plain striped plaid spotted floral graphic",
    "lower.type": "trousers jeans leggings shorts skirt",
    "lower.colour": _FIRST_COLOURS,
    "lower.pattern": "plain striped plaid spotted floral graphic",
    "lower.length": "short long",
    "feet.type": "sneakers sandals boots shoes",
    "feet.colour": _FIRST_COLOURS,
    "head.type": "cap hat hood helmet covering",
    "head.colour": _FIRST_COLOURS,
    "neck.type": "scarf",
    "neck.colour": _FIRST_COLOURS,
    "carry.backpack": "present",
    "carry.backpack.colour": _FIRST_COLOURS,
    "carry.shoulder-bag": "present",
    "carry.shoulder-bag.colour": _FIRST_COLOURS,
    "carry.handbag": "present",
    "carry.handbag.colour": _FIRST_COLOURS,
    "carry.plastic-bag": "present",
    "carry.plastic-bag.colour": _FIRST_COLOURS,
    "carry.suitcase": "present",
    "carry.suitcase.colour": _FIRST_COLOURS,
    "carry.umbrella": "present",
    "carry.umbrella.colour": _FIRST_COLOURS,
    "carry.toy": "present",
    "carry.toy.colour": _FIRST_COLOURS,
    "carry.balloon": "present",
    "carry.balloon.colour": _FIRST_COLOURS,
    "carry.pushchair": "present",
    "carry.pushchair.colour": _FIRST_COLOURS,
}

_FIRST_BODY: Final = {
    "hair.length": "short long bald",
    "hair.colour": _FIRST_COLOURS,
    "body.age": "child teen adult older",
    "body.build": "slim medium heavy",
    "body.height": "short medium tall",
    "body.sex": "female male",
}


def _spelled(table: Mapping[str, str]) -> tuple[str, ...]:
    return _named((slot, value) for slot, values in table.items() for value in values.split())


FIRST: Final = Layout(
    _spelled(_FIRST_ATTRIBUTES),
    _spelled(_FIRST_BODY),
    ("head", "upper", "lower", "feet", "carried"),
)
"""The order of what was written before columns had names. Frozen, whatever the vocabulary does."""

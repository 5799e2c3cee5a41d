"""An embedder's card, ``model.toml``: its name, and what each column of its outputs is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.core import columns
from reid.core.errors import ModelError
from reid.core.reading import read_toml

CARD: Final = "model.toml"


@dataclass(frozen=True, slots=True)
class Card:
    """What an embedder says of itself.

    Attributes:
        model_id: names the model and its vector space.
        names: the columns of each of its outputs among `columns.TABLES`, in its weights' order.
        not_estimated: ``slot=value`` of columns that could not be told from chance.
    """

    model_id: str
    names: Mapping[str, tuple[str, ...]]
    not_estimated: frozenset[str]

    def places(self, table: str) -> NDArray[np.intp]:
        """Return where in its output each column of the vocabulary (K,) is.

        `columns.MISSING` stands for one that it lacks or does not estimate.
        """
        where = self.rows(table)
        unknown = [name in self.not_estimated for name in columns.current().of(table)]
        return np.where(unknown, columns.MISSING, where)

    def rows(self, table: str) -> NDArray[np.intp]:
        """Return where in its output each column of the vocabulary (K,) is, estimated or not."""
        return columns.places(self.names.get(table, ()), columns.current().of(table))

    def shares_columns(self) -> bool:
        """Whether the vocabulary knows any of the columns; a model that names none may do so."""
        said = {name for table in ("attributes", "body") for name in self.names.get(table, ())}
        now = columns.current()
        return not said or bool(said & {*now.attributes, *now.body})

    def check_outputs(self, folder: Path, widths: Mapping[str, int]) -> None:
        """Compare the columns with the widths of the model's own outputs, by name.

        Raises:
            ModelError: an output has more or fewer columns than the card names.
        """
        for table in columns.TABLES:
            named, there = len(self.names.get(table, ())), widths.get(table, 0)
            if named != there:
                raise ModelError(
                    f"{folder / CARD} names {named} columns of {table!r}, the weights have "
                    f"{there}: take card and weights of one model"
                )


def read_card(folder: Path) -> Card:
    """Read the card in an embedder's folder.

    A card without ``[columns]`` was written before columns had names; it means `columns.FIRST`.

    Raises:
        ModelError: there is none, it is damaged, or none of its columns is the vocabulary's.
    """
    try:
        described = read_toml(folder / CARD, ModelError)
        said = described.get("columns", columns.FIRST._asdict())
        card = Card(
            str(described["model_id"]),
            {table: _names(said[table]) for table in columns.TABLES if table in said},
            frozenset(_names(described["not_estimated"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{folder} is not an embedder ({type(error).__name__})") from None
    if not card.shares_columns():
        raise ModelError(
            f"{folder} speaks another vocabulary, none of its columns is known here: "
            "choose another --embedder"
        )
    return card


def columns_toml() -> str:
    """Return the part of a card that names the columns: the vocabulary's as they are now."""
    lines = ["[columns]"]
    for table in columns.TABLES:
        slots: dict[str, list[str]] = {}
        for name in columns.current().of(table):
            slots.setdefault(name.partition("=")[0], []).append(f'"{name}"')
        rows = [f"    {', '.join(names)},\n" for names in slots.values()]
        lines.append(f"{table} = [\n{''.join(rows)}]")
    return "\n".join(lines) + "\n"


def _names(said: Any) -> tuple[str, ...]:
    """Return names as they are given; a TypeError unless they are different words."""
    if not isinstance(said, list | tuple) or not all(isinstance(name, str) for name in said):
        raise TypeError
    if len(set(said)) != len(said):
        raise TypeError
    return tuple(said)

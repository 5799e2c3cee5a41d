"""A vocabulary other than today's: for tests of what was made with another one."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from reid.core import columns, vocabulary
from reid.core.vocabulary import Column

Columns = tuple[Column, ...]


def change(
    patch: pytest.MonkeyPatch,
    how: Callable[[Columns], Sequence[Any]],
    tables: Sequence[str] = columns.TABLES,
) -> None:
    """Change the columns of some tables, and what is derived from them."""
    for table, name, index in (
        ("attributes", "ATTRIBUTE_COLUMNS", "ATTRIBUTE_INDEX"),
        ("body", "BODY_COLUMNS", "BODY_INDEX"),
        ("visible", "PARTS", "PART_INDEX"),
    ):
        if table in tables:
            found = tuple(how(getattr(vocabulary, name)))
            patch.setattr(vocabulary, name, found)
            patch.setattr(vocabulary, index, {column: i for i, column in enumerate(found)})


def by_name(said: Any) -> dict[str, np.ndarray]:
    """Return every column of what has tables as sightings have, by its name."""
    now = columns.current()
    return {
        name: np.asarray(getattr(said, table))[:, k]
        for table in columns.TABLES
        for k, name in enumerate(now.of(table))
    }

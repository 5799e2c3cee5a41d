"""What synthetic people wear and carry, as data: one row a garment, a pair of shoes, a thing.

Three files beside this module hold the rows: ``clothes.toml`` (garments, and the cuts they are made
to), ``headwear.toml`` (shapes of what sits on heads) and ``things.toml``. Whatever draws people or
dresses them reads rows; nothing asks which garment it has before it. Shares are of all people.
"""

import tomllib
from functools import lru_cache
from importlib import resources

import numpy as np

from reid.lab.synth.catalogue.checks import CatalogueError, checked, read_rows
from reid.lab.synth.catalogue.rows import (
    DOMAINS,
    SEXES,
    Brim,
    Catalogue,
    Cut,
    Dome,
    GarmentRow,
    Headwear,
    Shoe,
    Size,
    ThingRow,
    pick,
)

__all__ = [
    "DOMAINS",
    "SEXES",
    "Brim",
    "Catalogue",
    "CatalogueError",
    "Cut",
    "Dome",
    "GarmentRow",
    "Headwear",
    "Shoe",
    "Size",
    "ThingRow",
    "catalogue",
    "pick",
    "read_catalogue",
    "within",
]

_FILES = ("clothes.toml", "headwear.toml", "things.toml")


def read_catalogue(*texts: str) -> Catalogue:
    """Return the rows of TOML texts, whose tables are joined.

    Raises:
        CatalogueError: a text is no TOML, a row lacks or misnames something, or rows disagree.
    """
    tables: dict[str, object] = {}
    for text in texts:
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise CatalogueError(f"the catalogue of garments is no TOML: {error}") from error
        for name, rows in found.items():
            held = tables.get(name)
            if isinstance(held, list) and isinstance(rows, list):
                tables[name] = [*held, *rows]
            elif isinstance(held, dict) and isinstance(rows, dict):
                tables[name] = {**held, **rows}
            else:
                tables[name] = rows
    return checked(read_rows(tables))


def texts() -> tuple[str, ...]:
    """Return the text of each file of the catalogue."""
    here = resources.files(__name__)
    return tuple((here / name).read_text(encoding="utf-8") for name in _FILES)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return the catalogue that people are dressed from; it is read once.

    Raises:
        CatalogueError: as `read_catalogue`.
    """
    return read_catalogue(*texts())


def within(limits: tuple[float, float], rng: np.random.Generator) -> float:
    """Draw evenly between two limits."""
    low, high = limits
    return float(low + (high - low) * rng.random())

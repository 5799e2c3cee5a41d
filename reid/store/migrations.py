"""Schemas of the table of sightings: which there were, and the way from each to the next.

The last commit of a migration writes the schema's number, and what comes before it can be repeated:
one that was interrupted is begun again when the venue is next opened.
The caller holds the venue's lock.
"""

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa

from reid.core import body_measures, columns, vocabulary
from reid.core.errors import StoreError
from reid.storage.venue_path import Folder
from reid.store.layout import (
    IN_VIEW,
    MEASURES,
    measures_field,
    names_metadata,
    probability_fields,
    stored_names,
)

META_SCHEMA: Final = b"reid.schema"
META_ORDER: Final = b"reid.columns"
"""In the first schema: a hash of the order of all columns. Later ones name them."""

FIRST_ORDER: Final = "2afc8a174feddcac"
"""The only order that the first schema was shipped with, `columns.FIRST`."""


def _name_columns(table: Any, version: int) -> None:
    """1 → 2: state which column is which, by name."""
    names = {name: columns.FIRST.of(name) for name in columns.TABLES}
    changed: dict[str, str | None] = {**names_metadata(names)}
    changed |= {META_ORDER.decode(): None, META_SCHEMA.decode(): str(version)}
    table.to_lance().update_schema_metadata(changed)


def _add_measures(table: Any, version: int) -> None:
    """2 → 3: a field for what is measured of boxes, empty for what is stored already.

    The number of the schema is written last: whoever was interrupted before begins again.
    """
    if MEASURES not in table.schema.names:
        table.to_lance().add_columns(pa.schema([measures_field()]))
        table.checkout_latest()
    named = names_metadata({MEASURES: body_measures.FIELDS})
    table.to_lance().update_schema_metadata({**named, META_SCHEMA.decode(): str(version)})


def _add_in_view(table: Any, version: int) -> None:
    """3 → 4: a field for what redaction has left of each body part, not known of what is stored."""
    added = {IN_VIEW: vocabulary.PARTS}
    if IN_VIEW not in table.schema.names:
        table.to_lance().add_columns(pa.schema(probability_fields(added)))
        table.checkout_latest()
    stated = {**names_metadata(added), META_SCHEMA.decode(): str(version)}
    table.to_lance().update_schema_metadata(stated)


MIGRATIONS: Final[tuple[Callable[[Any, int], None], ...]] = (
    _name_columns,
    _add_measures,
    _add_in_view,
)
"""From the first schema on; each takes a table and the number of the schema that it leads to."""

SCHEMA_VERSION: Final = 1 + len(MIGRATIONS)


def schema_version(schema: pa.Schema) -> int | None:
    """Return the number of a table's schema; None where this program has not written it."""
    said = (schema.metadata or {}).get(META_SCHEMA, b"")
    return int(said) if said.isdigit() else None


def migrate(table: Any) -> None:
    """Bring a table to the newest schema, under the venue's lock."""
    first = schema_version(table.schema) or SCHEMA_VERSION
    for version, step in enumerate(MIGRATIONS[first - 1 :], first + 1):
        step(table, version)
        table.checkout_latest()


def check_schema(schema: pa.Schema, folder: Folder) -> None:
    """Look whether a table can be read.

    Raises:
        StoreError: another program wrote it, a newer version did, or its vocabulary is another.
    """
    version = schema_version(schema)
    if version is None:
        raise StoreError(f"{folder} was not written by this program")
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{folder} was written by a newer version (schema {version}, this one reads up to "
            f"{SCHEMA_VERSION}): install the newer version of this program that wrote it, or "
            f"choose another --venue"
        )
    first_order = (schema.metadata or {}).get(META_ORDER, b"").decode()
    unnamed = version == 1 and first_order != FIRST_ORDER
    if unnamed or not _shared(schema):
        raise StoreError(f"{folder} uses another vocabulary: index its sources again")


def _shared(schema: pa.Schema) -> set[str]:
    """Return the attributes that a table and the vocabulary have in common."""
    stored = stored_names(schema, "attributes").values()
    return {name for names in stored for name in names} & set(columns.current().attributes)

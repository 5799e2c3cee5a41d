"""How probabilities lie in a table: fields of one byte a column, whose names the table states.

A table keeps the layout that it was made with. What the vocabulary has learnt since goes into a
further field beside it (``attributes``, ``attributes_2`` …), so that nothing stored is rewritten.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reid.core import body_measures, columns, vocabulary
from reid.core.errors import StoreError
from reid.core.quantised import UNKNOWN, QuantisedProbabilities, quantise
from reid.core.records import Sightings

META_NAMES: Final = "reid.columns."
"""Before a field's name: the key of the table's metadata with the names of its columns, JSON."""


MEASURES: Final = "measures"
"""Field with the numbers of `reid.core.body_measures`; a table of an earlier schema has none."""


IN_VIEW: Final = "in_view"
"""Table with what redaction has left of each body part; earlier schemas have none."""

TABLES: Final = (*columns.TABLES, IN_VIEW)
"""What is stored as probabilities: fields of one byte a column."""


def measures_field() -> pa.Field:
    """Return the field with what was measured of a sighting's boxes."""
    return pa.field(MEASURES, pa.binary(4 * body_measures.WIDTH))


def packed_measures(measures: NDArray[np.float32]) -> list[bytes]:
    """Write measures (N, M) as little-endian floats of four bytes."""
    return [row.tobytes() for row in np.ascontiguousarray(measures, "<f4")]


def unpack_measures(rows: pa.Table) -> NDArray[np.float32]:
    """Return the measures of N rows, float32 (N, M); NaN for rows older than their field."""
    if MEASURES not in rows.column_names:
        return body_measures.unmeasured(rows.num_rows)
    empty = body_measures.unmeasured(1).tobytes()
    packed = rows.column(MEASURES).combine_chunks().fill_null(empty)
    data = np.frombuffer(packed.buffers()[1], "<f4", offset=len(empty) * packed.offset)
    return data[: len(packed) * body_measures.WIDTH].reshape(-1, body_measures.WIDTH).copy()


def probability_fields(names: Mapping[str, tuple[str, ...]]) -> list[pa.Field]:
    """Return the fields of a table, by the names of their columns."""
    return [pa.field(field, pa.binary(len(known))) for field, known in names.items()]


def names_metadata(names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the metadata that names the columns of some fields."""
    return {META_NAMES + field: json.dumps(known) for field, known in names.items()}


def current_names() -> dict[str, tuple[str, ...]]:
    """Return the fields of a new table, and their columns: the vocabulary as it is now."""
    return {table: _columns_now(table) for table in TABLES}


def _columns_now(table: str) -> tuple[str, ...]:
    return vocabulary.PARTS if table == IN_VIEW else columns.current().of(table)


def stored_names(schema: pa.Schema, table: str) -> dict[str, tuple[str, ...]]:
    """Return the fields that hold one of `TABLES`, each with the names of its columns.

    A table of the first schema states none; its columns are those of `columns.FIRST`.

    Raises:
        StoreError: a field has not as many columns as names.
    """
    metadata = schema.metadata or {}
    names_of: dict[str, tuple[str, ...]] = {}
    for field in schema.names:
        if field != table and not field.startswith(f"{table}_"):
            continue
        said = metadata.get((META_NAMES + field).encode())
        names = columns.FIRST.of(table) if said is None else tuple(json.loads(said))
        if schema.field(field).type.byte_width != len(names):
            raise StoreError(f"the columns of {field} do not fit their names: restore a backup")
        names_of[field] = names
    return names_of


def stored_fields(schema: pa.Schema) -> list[str]:
    """Return the fields that hold probabilities."""
    return [field for table in TABLES for field in stored_names(schema, table)]


def packed_fields(sightings: Sightings, schema: pa.Schema) -> dict[str, list[bytes]]:
    """Return N sightings' probabilities as a table of `schema` stores them, by field."""
    return {
        field: _pack(columns.arranged(getattr(sightings, table), _columns_now(table), names))
        for table in TABLES
        for field, names in stored_names(schema, table).items()
    }


def unpack(rows: pa.Table, schema: pa.Schema, table: str) -> QuantisedProbabilities:
    """Read back a table of probabilities (N, K) in the order of the vocabulary.

    Args:
        rows: N rows, with all of `stored_fields`.
        schema: of the table they were read from.
        table: one of `TABLES`; one that the schema lacks is unknown of everybody.
    """
    wanted = _columns_now(table)
    levels = np.full((rows.num_rows, len(wanted)), UNKNOWN, np.uint8, order="F")
    for field, names in stored_names(schema, table).items():
        _fill(levels, rows.column(field), columns.places(names, wanted))
    return QuantisedProbabilities(levels)


def widen(table: Any, sightings: Sightings) -> None:
    """Give a table the columns that it lacks and these sightings say something of.

    The names are written before the field: until it is there, nobody looks for it, and whoever was
    interrupted between the two begins again.
    """
    now = columns.current()
    for name in columns.TABLES:
        fields = stored_names(table.schema, name)
        stored = {column for names in fields.values() for column in names}
        lacking = [k for k, column in enumerate(now.of(name)) if column not in stored]
        if np.isnan(getattr(sightings, name)[:, lacking]).all():
            continue
        added = {f"{name}_{len(fields) + 1}": tuple(now.of(name)[k] for k in lacking)}
        table.to_lance().update_schema_metadata(names_metadata(added))
        table.checkout_latest()
        table.to_lance().add_columns(pa.schema(probability_fields(added)))
        table.checkout_latest()


def _pack(probabilities: NDArray[np.float32]) -> list[bytes]:
    """Write probabilities (N, width) as one byte each."""
    return [row.tobytes() for row in quantise(probabilities)]


def _fill(levels: NDArray[np.uint8], stored: pa.ChunkedArray, where: NDArray[np.intp]) -> None:
    """Put a stored field into the columns (K,) of `levels` (N, K) that `where` finds in it."""
    width, first = stored.type.byte_width, 0
    in_order = np.array_equal(where, np.arange(width))
    for chunk in stored.chunks:
        known = chunk.fill_null(bytes([UNKNOWN]) * width) if chunk.null_count else chunk
        if not len(known):
            continue
        data = np.frombuffer(known.buffers()[1], np.uint8, len(known) * width, known.offset * width)
        there, rows = data.reshape(-1, width), slice(first, first + len(known))
        if in_order:
            levels[rows] = there
        else:
            for k in np.flatnonzero(where != columns.MISSING):
                levels[rows, k] = there[:, where[k]]
        first += len(known)

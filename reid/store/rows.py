"""A sighting as a row: the table's fields, to Arrow and back."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from reid.core import body_measures
from reid.core.pixels import CropPlace, FrameKey, RedactedCrop, decode
from reid.core.quantised import QuantisedProbabilities
from reid.core.records import SightingKey, Sightings
from reid.store.layout import (
    MEASURES,
    current_names,
    measures_field,
    names_metadata,
    packed_fields,
    packed_measures,
    probability_fields,
)
from reid.store.migrations import META_SCHEMA, SCHEMA_VERSION

KEY_COLUMNS: Final = ("id", "source", "source_key", "camera", "start", "end", "track_id")
CROP_FIELDS: Final = ("crop", "crop_box", "crop_index", "crop_time", "frame_width", "frame_height")
META_MODEL: Final = b"reid.model"

Float = NDArray[np.float32]


class Keys(Sequence[SightingKey]):
    """The keys of many rows, each built when it is asked for."""

    def __init__(self, table: pa.Table) -> None:
        self._columns = [table.column(name) for name in KEY_COLUMNS]
        self._rows: int = table.num_rows

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, row: int) -> SightingKey: ...
    @overload
    def __getitem__(self, row: slice) -> list[SightingKey]: ...
    def __getitem__(self, row: int | slice) -> SightingKey | list[SightingKey]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(self._rows))]
        return SightingKey(*(column[row].as_py() for column in self._columns))

    def column(self, name: str) -> NDArray[Any]:
        """Return one field of all keys (N,): str objects, or datetime64 in UTC."""
        return np.asarray(self._columns[KEY_COLUMNS.index(name)].to_numpy())

    def row(self, sighting: str) -> int | None:
        """Return the row of a sighting's id, or None."""
        row = int(pc.index(self._columns[0], sighting).as_py())
        return None if row < 0 else row

    def take(self, rows: NDArray[np.intp]) -> "Keys":
        """Return the keys of some rows (R,)."""
        return Keys(pa.table(dict(zip(KEY_COLUMNS, self._columns, strict=True))).take(rows))

    def coded(self, name: str) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Return one field of all keys as positions (N,) in the values that occur, and those."""
        coded = self._columns[KEY_COLUMNS.index(name)].combine_chunks().dictionary_encode()
        codes = coded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
        return codes, tuple(coded.dictionary.to_pylist())


@dataclass(frozen=True, slots=True)
class Columns:
    """N stored sightings without their crops; as in `reid.core.records.Sightings`."""

    keys: Keys
    attributes: QuantisedProbabilities
    body: QuantisedProbabilities
    visible: QuantisedProbabilities
    measures: Float
    in_view: QuantisedProbabilities
    vectors: Float | None

    def __len__(self) -> int:
        return len(self.keys)

    def without(self, ids: Set[str]) -> "Columns":
        """Return the rows whose ids are not among `ids`."""
        kept = np.flatnonzero([name not in ids for name in self.keys.column("id")])
        return Columns(
            keys=self.keys.take(kept),
            attributes=self.attributes.take(kept),
            body=self.body.take(kept),
            visible=self.visible.take(kept),
            measures=self.measures[kept],
            in_view=self.in_view.take(kept),
            vectors=None if self.vectors is None else self.vectors[kept],
        )


def schema(model_id: str, dim: int) -> pa.Schema:
    """Return the fields of a new table for vectors of `dim` numbers of a model."""
    names = current_names()
    stamp = pa.timestamp("us", tz="UTC")
    primary = {"lance-schema:unenforced-primary-key": "true"}
    fields = [
        pa.field("id", pa.string(), nullable=False, metadata=primary),
        pa.field("source", pa.string()),
        pa.field("source_key", pa.string()),
        pa.field("camera", pa.string()),
        pa.field("start", stamp),
        pa.field("end", stamp),
        pa.field("track_id", pa.int64()),
        pa.field("vector", pa.list_(pa.float32(), dim)),
        measures_field(),
        *probability_fields(names),
        pa.field("crop", pa.large_binary()),
        pa.field("crop_box", pa.list_(pa.float32(), 4)),
        pa.field("crop_index", pa.int64()),
        pa.field("crop_time", stamp),
        pa.field("frame_width", pa.int32()),
        pa.field("frame_height", pa.int32()),
    ]
    metadata = {META_SCHEMA: str(SCHEMA_VERSION), META_MODEL: model_id}
    named = names_metadata(names | {MEASURES: body_measures.FIELDS})
    return pa.schema(fields, metadata=metadata | named)


def to_arrow(sightings: Sightings, schema: pa.Schema) -> pa.Table:
    """Return N sightings as N rows of `schema`; crops become JPEGs that carry the mark."""
    keys, crops = sightings.keys, sightings.crops
    columns: dict[str, Any] = {name: [getattr(key, name) for key in keys] for name in KEY_COLUMNS}
    columns["vector"] = sightings.vectors
    columns[MEASURES] = packed_measures(sightings.measures)
    columns.update(packed_fields(sightings, schema))
    columns["crop"] = [crop.encode() for crop in crops]
    columns["crop_box"] = np.stack([crop.box for crop in crops])
    columns["crop_index"] = [crop.index for crop in crops]
    columns["crop_time"] = [crop.time.astimezone(UTC) for crop in crops]
    columns["frame_width"] = [crop.place.frame_width for crop in crops]
    columns["frame_height"] = [crop.place.frame_height for crop in crops]
    return pa.table([_array(columns[field.name], field.type) for field in schema], schema=schema)


def with_vectors(dataset: Any, model_id: str, vectors: Mapping[str, Float]) -> pa.RecordBatchReader:
    """Return all rows of a table, batch by batch, with vectors by id that another model made.

    Rows without one are left out: they were erased meanwhile.
    """
    before: pa.Schema = dataset.schema
    layout = before.with_metadata({**(before.metadata or {}), META_MODEL: model_id.encode()})
    column = layout.get_field_index("vector")

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in dataset.to_batches():
            ids = batch.column("id").to_pylist()
            rows = [row for row, i in enumerate(ids) if i in vectors]
            if not rows:
                continue
            kept = batch.take(pa.array(rows))
            new = _array(np.stack([vectors[ids[row]] for row in rows]), layout.field(column).type)
            columns = [new if k == column else kept.column(k) for k in range(kept.num_columns)]
            yield pa.record_batch(columns, schema=layout)

    return pa.RecordBatchReader.from_batches(layout, batches())


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    if pa.types.is_fixed_size_list(kind):
        flat = pa.array(np.ascontiguousarray(values).reshape(-1), kind.value_type)
        return pa.FixedSizeListArray.from_arrays(flat, kind.list_size)
    return pa.array(values, kind)


def matrix(table: pa.Table, name: str) -> Float:
    """Return a fixed-size-list column as float32 (N, width)."""
    column = table.column(name)
    width = column.type.list_size
    chunks = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    flat = np.concatenate(chunks) if chunks else np.zeros(0, np.float32)
    return flat.reshape(-1, width).astype(np.float32, copy=False)


def crop_of(row: dict[str, Any]) -> RedactedCrop:
    """Decode a row's crop; refused unless its bytes carry redaction's mark."""
    key = FrameKey(row["camera"], row["crop_index"], row["crop_time"])
    box = np.array(row["crop_box"], np.float32)
    place = CropPlace(box, row["track_id"], row["frame_width"], row["frame_height"])
    return decode(row["crop"], key, place)

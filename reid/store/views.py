"""Further views of sightings, kept where a venue allows adaptation: a table beside theirs.

A sighting's row holds its best crop. Views are other redacted crops of the same track, which tell
an embedding what one person looks like from several sides. They are erased with their sighting, and
earlier where the rules keep them for a shorter time.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from reid.core.pixels import RedactedCrop
from reid.core.records import SightingKey
from reid.storage.locks import Lock
from reid.storage.venue_path import Folder
from reid.store import maintenance
from reid.store.filter import Filter
from reid.store.rows import CROP_FIELDS, crop_of

VIEWS: Final = "views"
"""Name of the table."""

_STAMP: Final = pa.timestamp("us", tz="UTC")
_SCHEMA: Final = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("camera", pa.string()),
        pa.field("start", _STAMP),
        pa.field("end", _STAMP),
        pa.field("track_id", pa.int64()),
        pa.field("crop", pa.large_binary()),
        pa.field("crop_box", pa.list_(pa.float32(), 4)),
        pa.field("crop_index", pa.int64()),
        pa.field("crop_time", _STAMP),
        pa.field("frame_width", pa.int32()),
        pa.field("frame_height", pa.int32()),
    ]
)
_NAMED_AT_ONCE: Final = 1000  # ids in one condition


class Views:
    """The views of one venue; whoever writes holds the venue's lock.

    Args:
        folder: the venue's.
        database: the open connection to its tables.
    """

    def __init__(self, folder: Folder, database: Any) -> None:
        self._folder, self._database = folder, database

    @property
    def exist(self) -> bool:
        """Whether the venue has ever kept any."""
        return (self._folder / f"{VIEWS}.lance").is_dir()

    def count(self, which: Filter | None = None) -> int:
        """Return how many crops there are."""
        where = (which or Filter()).sql()
        return int(self._table().count_rows(where or None)) if self.exist else 0

    def replace(self, keys: Sequence[SightingKey], views: Sequence[Sequence[RedactedCrop]]) -> None:
        """Keep the views of N sightings instead of those that they had."""
        rows = _rows(keys, views)
        if not rows.num_rows and not self.exist:
            return
        table = self._table()
        self.forget([key.id for key in keys])
        table.checkout_latest()
        if rows.num_rows:
            table.add(rows)
        maintenance.compact_files_if_many(table)

    def forget(self, ids: Sequence[str]) -> None:
        """Remove the views of sightings; their bytes go with the next erasure."""
        if not self.exist:
            return
        table = self._table()
        for some in _parts(ids):
            if table.count_rows(Filter(ids=some).sql()):
                table.delete(Filter(ids=some).sql())

    def read(self, ids: Sequence[str]) -> dict[str, list[RedactedCrop]]:
        """Return the views of sightings, by id; those that have none are left out."""
        found: dict[str, list[RedactedCrop]] = {}
        if not self.exist:
            return found
        table = self._table()
        names = ["id", "camera", "track_id", *CROP_FIELDS]
        for some in _parts(list(ids)):
            query = table.search().where(Filter(ids=some).sql()).select(names).limit(None)
            for row in query.to_list():
                found.setdefault(row["id"], []).append(crop_of(row))
        return found

    def expire(self, before: datetime, lock: Lock) -> int:
        """Remove the views of tracks that ended before a time, for good; returns how many went."""
        if not self.exist:
            return 0
        return self._purge(lambda table: Filter(ended_before=before).sql(), lock)

    def keep_only(self, stored: Callable[[Sequence[str]], set[str]], lock: Lock) -> int:
        """Remove what belongs to no sighting, so that no byte stays; returns how many went.

        Args:
            stored: which of some ids are still sightings.
            lock: the venue's, held.
        """
        if not self.exist:
            return 0

        def gone(table: Any) -> str:
            held = table.search().select(["id"]).limit(None).to_arrow().column("id").to_pylist()
            going = [i for some in _parts(sorted(set(held))) for i in set(some) - stored(some)]
            return Filter(ids=going).sql() if going else ""

        return self._purge(gone, lock)

    def _purge(self, which: Callable[[Any], str], lock: Lock) -> int:
        """Delete rows, then every file and earlier version that may hold them, deleted or not."""
        table = self._table()
        where = which(table)
        going = int(table.count_rows(where)) if where else 0
        if going:
            table.delete(where)
        maintenance.purge_files(self._folder / f"{VIEWS}.lance", table, lock)
        return going

    def _table(self) -> Any:
        if not self.exist:
            self._database.create_table(VIEWS, schema=_SCHEMA)
        return self._database.open_table(VIEWS)


def _rows(keys: Sequence[SightingKey], views: Sequence[Sequence[RedactedCrop]]) -> pa.Table:
    pairs = [(key, crop) for key, crops in zip(keys, views, strict=True) for crop in crops]
    columns: dict[str, list[Any]] = {
        "id": [key.id for key, _ in pairs],
        "camera": [key.camera for key, _ in pairs],
        "start": [key.start for key, _ in pairs],
        "end": [key.end for key, _ in pairs],
        "track_id": [key.track_id for key, _ in pairs],
        "crop": [crop.encode() for _, crop in pairs],
        "crop_box": [crop.box.tolist() for _, crop in pairs],
        "crop_index": [crop.index for _, crop in pairs],
        "crop_time": [crop.time.astimezone(UTC) for _, crop in pairs],
        "frame_width": [crop.place.frame_width for _, crop in pairs],
        "frame_height": [crop.place.frame_height for _, crop in pairs],
    }
    return pa.table(columns, schema=_SCHEMA)


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[i : i + _NAMED_AT_ONCE] for i in range(0, len(ids), _NAMED_AT_ONCE)]

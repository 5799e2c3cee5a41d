"""Made-up sightings in any number, shaped like real ones, written straight into a table.

Vectors gather around kinds of outfit; each row has one upper and one lower garment with beliefs as
a model has them. As in a table that grows, rows follow one another in time: `CAMERAS` cameras see
`PER_HOUR` people an hour each, in random order. The picture is one of a few small redacted ones:
what it weighs counts, not what it shows.
"""

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.body_measures import unmeasured
from reid.core.boxes import as_boxes
from reid.core.pixels import HeadRegions, RawFrame, RedactedCrop, redact
from reid.store.layout import packed_measures

DIM: Final = 256
MODEL: Final = "fabricated-1"
CAMERAS: Final = 300
PER_HOUR: Final = 120.0
EVERY: Final = 3600.0 / (CAMERAS * PER_HOUR)
"""Seconds from one sighting to the next, whatever the camera."""

_OUTFITS: Final = 2000
_NEAR: Final = 0.35  # how far people of one kind of outfit are apart, against 1 for the kinds
_SURE: Final = 225  # of 250: belief in what is worn
_RARELY: Final = 12  # of 250: belief in what is not
_PICTURES: Final = 16
BEGUN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_STAY: Final = 20_000_000  # microseconds
_LATE: Final = 60.0  # seconds within which a sighting is stored, so that rows are a little mixed


def rows(schema: pa.Schema, first: int, n: int, seed: int) -> pa.Table:
    """Return n rows of the sightings' table, numbered from `first`; the same again for a seed."""
    random = np.random.default_rng((seed, first))
    vectors = unit_vectors(random, n, seed)
    seconds = EVERY * np.arange(first, first + n) + random.uniform(0, _LATE, n)
    start = (1e6 * seconds).astype(np.int64) + int(BEGUN.timestamp() * 1e6)
    camera = random.integers(0, CAMERAS, n)
    stamp = pa.timestamp("us", tz="UTC")
    pictures = [crop(i).encode() for i in range(_PICTURES)]
    columns = {
        "id": [f"{number:024x}" for number in range(first, first + n)],
        "source": pa.array([f"{c}.mp4" for c in camera]),
        "source_key": [f"{c:032x}" for c in camera],
        "camera": [f"camera-{c:04d}" for c in camera],
        "start": pa.array(start).cast(stamp),
        "end": pa.array(start + _STAY).cast(stamp),
        "track_id": np.arange(n),
        "vector": _fixed(vectors),
        "attributes": _bytes(_beliefs(random, n)),
        "body": _bytes(np.full((n, len(vocabulary.BODY_COLUMNS)), 255, np.uint8)),
        "visible": _bytes(np.full((n, len(vocabulary.PARTS)), 240, np.uint8)),
        "measures": packed_measures(unmeasured(n)),
        "in_view": _bytes(np.full((n, len(vocabulary.PARTS)), 250, np.uint8)),
        "crop": pa.array([pictures[i % _PICTURES] for i in range(n)], pa.large_binary()),
        "crop_box": _fixed(np.tile(np.array([0, 0, 32, 64], np.float32), (n, 1))),
        "crop_index": np.zeros(n, np.int64),
        "crop_time": pa.array(start).cast(stamp),
        "frame_width": np.full(n, 32, np.int32),
        "frame_height": np.full(n, 64, np.int32),
    }
    return pa.table([_cast(columns[field.name], field.type) for field in schema], schema=schema)


def unit_vectors(random: np.random.Generator, n: int, seed: int) -> NDArray[np.float32]:
    """Return float32 (n, `DIM`), unit norm, gathered around kinds of outfit."""
    kinds = np.random.default_rng(seed).normal(size=(_OUTFITS, DIM)).astype(np.float32)
    found = kinds[random.integers(0, _OUTFITS, n)]
    found += _NEAR * random.standard_normal((n, DIM), np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found, np.float32)


def crop(number: int) -> RedactedCrop:
    """Draw a small redacted picture of cloth."""
    random = np.random.default_rng(number)
    pixels = np.kron(random.integers(0, 256, (16, 8, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    raw = RawFrame(pixels, "fabricated", number, BEGUN)
    frame = redact(raw, HeadRegions.of_known_boxes(raw.ref, as_boxes([[8, 0, 24, 12]])))
    return frame.crop(as_boxes([[0, 0, 32, 64]])[0], number)


def _beliefs(random: np.random.Generator, n: int) -> NDArray[np.uint8]:
    """Return attributes as stored: one colour and type of upper and lower each is likely."""
    found = random.integers(0, _RARELY, (n, len(vocabulary.ATTRIBUTE_COLUMNS))).astype(np.uint8)
    for slot in ("upper.colour", "upper.type", "lower.colour", "lower.type"):
        places = [i for i, c in enumerate(vocabulary.ATTRIBUTE_COLUMNS) if c.slot == slot]
        chosen = np.array(places)[random.integers(0, len(places), n)]
        found[np.arange(n), chosen] = _SURE
    return found


def _fixed(values: NDArray[np.float32]) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(values).reshape(-1), pa.float32())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _bytes(values: NDArray[np.uint8]) -> pa.Array:
    data = pa.py_buffer(np.ascontiguousarray(values).tobytes())
    return pa.Array.from_buffers(pa.binary(values.shape[1]), len(values), [None, data])


def _cast(values: Any, kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)

"""How a table behaves as it grows: appending, indexing, searching, with the memory each takes."""

import ctypes
import os
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from reid.core import vocabulary
from reid.core.errors import UsageError
from reid.core.records import SightingKey, Sightings
from reid.describe import describe
from reid.lab.bench.report.tables import Row
from reid.lab.bench.rivals import fabricated_rows
from reid.lab.bench.rivals.fabricated_rows import DIM, MODEL
from reid.lab.bench.searching import Timed
from reid.rank import rank
from reid.search.snapshot import VECTORS_UP_TO, Snapshot, gallery_of
from reid.storage.venue_path import Folder
from reid.store import Filter, Store, maintenance
from reid.store.connection import connect
from reid.store.table import TABLE

BATCH: Final = 32
"""Sightings a commit, as a camera's process stores them."""

_CHUNK: Final = 50_000
_COMMITS: Final = 30
_ROUNDS: Final = 20
_TOP: Final = 24
_SENTENCE: Final = "girl in a red hoodie and blue jeans"
_WINDOW: Final = timedelta(minutes=30)
_NEAREST: Final = 10  # of a vector, which looking at every one finds too
_AT_ONCE: Final = 1 << 16  # vectors looked at
_VECTOR_COPIES: Final = 3  # of all vectors, while they are read into memory
_ROW: Final = 900  # bytes of all else of a sighting in memory, about
_MEMORY_SHARE: Final = 0.7  # of what is free may be taken

Progress = Callable[[int], None]


class Grown(BaseModel):
    """One size of the table; filled in while it is measured.

    Attributes:
        sightings: rows.
        bytes_a_row: on storage, small picture included.
        appended: rows a second with commits of `BATCH`; `commit`: their latency.
        index_seconds, index_mb: to build all indexes anew, and the peak memory meanwhile.
        erase_seconds: to erase a sighting for good; the file it lies in is written anew.
        load_seconds, load_mb: to read all into memory for the desk, and the peak memory meanwhile;
            None if it would not fit. Of more than `VECTORS_UP_TO` vectors stay in the table.
        search: by way, by the clock.
        processor: milliseconds of processor time, of all threads, of a search by way, of a commit,
            and of all that is done once: what it takes whatever else the machine does.
    """

    sightings: int
    bytes_a_row: float = 0.0
    appended: float = 0.0
    index_seconds: float = 0.0
    index_mb: float = 0.0
    erase_seconds: float = 0.0
    load_seconds: float | None = None
    load_mb: float | None = None
    processor: dict[str, float] = Field(default_factory=dict)
    commit: Timed | None = None
    search: dict[str, Timed] = Field(default_factory=dict)

    def time(self, what: str, actions: Sequence[Callable[[], object]]) -> list[float]:
        """Do something a few times; returns the seconds that each took by the clock."""
        begun = time.process_time()
        seconds = [_timed(action) for action in actions]
        spent = (time.process_time() - begun) / len(actions)
        self.processor[what] = round(1000 * spent, 1)
        return seconds

    def row(self) -> Row:
        """Return what it takes to grow, as a row of a table."""
        assert self.commit is not None
        loaded = "does not fit"
        if self.load_seconds is not None:
            loaded = f"{self.load_seconds:.1f}, {self.load_mb:.0f}"
        return (
            f"{self.sightings:,}",
            f"{self.appended:.0f}",
            f"{self.commit.p50_ms:.0f}/{self.commit.p95_ms:.0f}",
            f"{self.index_seconds:.1f}, {self.index_mb:.0f}",
            f"{self.erase_seconds:.1f}",
            loaded,
        )

    def searches(self) -> list[Row]:
        """Return one row a way to search."""
        return [
            (
                f"{self.sightings:,}",
                way,
                f"{timed.p50_ms:.1f}",
                f"{timed.p95_ms:.1f}",
                f"{self.processor[way]:.1f}",
                "" if timed.recall_at_10 is None else f"{timed.recall_at_10:.2f}",
            )
            for way, timed in self.search.items()
        ]


def grow(folder: Folder, sizes: Sequence[int], seed: int, progress: Progress) -> list[Grown]:
    """Fill a new venue to each size in turn and measure it there.

    Raises:
        UsageError: the venue holds sightings already.
    """
    if Store.exists(folder):
        raise UsageError(f"{folder} holds sightings: name an empty venue to fill with made-up ones")
    store = Store.create(folder, MODEL, DIM)
    found, have = [], 0
    for number, size in enumerate(sorted(sizes)):
        _fill(folder, have, size, seed)
        found.append(_measured(store, size, seed))
        have = size
        progress(number + 1)
    return found


def _fill(folder: Folder, have: int, size: int, seed: int) -> None:
    table = connect(folder).open_table(TABLE)
    for first in range(have, size, maintenance.ROWS_A_FILE):
        table.add(_batches(table.schema, first, min(first + maintenance.ROWS_A_FILE, size), seed))


def _batches(schema: pa.Schema, first: int, end: int, seed: int) -> pa.RecordBatchReader:
    """Make up the rows of one file, a part at a time."""
    chunks = (
        batch
        for start in range(first, end, _CHUNK)
        for batch in fabricated_rows.rows(
            schema, start, min(_CHUNK, end - start), seed
        ).to_batches()
    )
    return pa.RecordBatchReader.from_batches(schema, chunks)


def _measured(store: Store, size: int, seed: int) -> Grown:
    at = Grown(sightings=size)
    table = connect(store.folder).open_table(TABLE)
    with _peak() as peak:
        at.index_seconds = at.time("indexes", [partial(maintenance.index, table)])[0]
    at.index_mb = peak[0]
    at.bytes_a_row = store.state().size / size
    batches = [_batch(number, seed) for number in range(_COMMITS)]
    seconds = at.time("commit", [partial(store.add, batch) for batch in batches])
    at.commit, at.appended = Timed.of(seconds), BATCH * _COMMITS / sum(seconds)
    _search_table(store, at, seed)
    _search_memory(store, at)
    store.erase(Filter(cameras=("fabricated",)))
    doomed = f"{size // 2:024x}"
    at.erase_seconds = at.time("erasure", [partial(store.erase, Filter(ids=(doomed,)))])[0]
    return at


def _search_table(store: Store, at: Grown, seed: int) -> None:
    """Search what is on storage: by likeness, all of it and of half an hour, and by description."""
    random = np.random.default_rng(seed + 1)
    vectors = fabricated_rows.unit_vectors(random, _ROUNDS, seed)
    way = "similar, from the table"
    seconds = at.time(way, [partial(store.similar, v, _TOP) for v in vectors])
    at.search[way] = Timed.of(seconds, _recall(store, vectors))
    length = at.sightings * fabricated_rows.EVERY
    begins = [
        fabricated_rows.BEGUN + timedelta(seconds=s) for s in random.uniform(0, length, _ROUNDS)
    ]
    windows = [Filter(since=begin, until=begin + _WINDOW) for begin in begins]
    way = "similar, half an hour, from the table"
    pairs = zip(vectors, windows, strict=True)
    at.search[way] = Timed.of(at.time(way, [partial(store.similar, v, _TOP, w) for v, w in pairs]))
    way = "description, half an hour, from the table"
    at.search[way] = Timed.of(at.time(way, [partial(_described, store, w) for w in windows]))


def _recall(store: Store, vectors: NDArray[np.float32]) -> float:
    """Return the share of the ten nearest of each vector that the table's index finds."""
    found = []
    for vector, exact in zip(vectors, _exact(store, vectors), strict=True):
        near = {name for name, _ in store.similar(vector, _NEAREST)}
        found.append(len(near & set(exact)) / _NEAREST)
    return float(np.mean(found))


def _exact(store: Store, vectors: NDArray[np.float32]) -> NDArray[np.object_]:
    """Return the ids (Q, 10) that are nearest to vectors (Q, D), reading every vector once."""
    ids = np.zeros((len(vectors), 0), object)
    closeness = np.zeros((len(vectors), 0), np.float32)
    dataset = connect(store.folder).open_table(TABLE).to_lance()
    for batch in dataset.to_batches(columns=["id", "vector"], batch_size=_AT_ONCE):
        read = batch.column("vector").flatten().to_numpy().reshape(-1, DIM)
        names = np.broadcast_to(
            batch.column("id").to_numpy(zero_copy_only=False), (len(vectors), len(read))
        )
        ids = np.concatenate([ids, names], axis=1)
        closeness = np.concatenate([closeness, vectors @ read.T], axis=1)
        best = np.argsort(-closeness, axis=1)[:, :_NEAREST]
        ids, closeness = (np.take_along_axis(all_, best, axis=1) for all_ in (ids, closeness))
    return ids


def _search_memory(store: Store, at: Grown) -> None:
    """Search as the desk does, with everything in memory; not where it would not fit."""
    vectors = 4 * DIM * _VECTOR_COPIES if at.sightings <= VECTORS_UP_TO else 0
    if at.sightings * (_ROW + vectors) > _MEMORY_SHARE * _free_memory():
        return
    query = describe(_SENTENCE)
    with _peak() as peak:
        found: list[Snapshot] = []
        at.load_seconds = at.time("read", [lambda: found.append(Snapshot.of(store))])[0]
    at.load_mb = peak[0]
    ranked = partial(rank, query, found[0].gallery, top=_TOP)
    way = "description, in memory"
    at.search[way] = Timed.of(at.time(way, [ranked] * _ROUNDS))


def _described(store: Store, which: Filter) -> None:
    gallery = gallery_of(store.read(which))
    rank(describe(_SENTENCE), gallery, top=_TOP)


def _batch(number: int, seed: int) -> Sightings:
    """Return a commit's worth of new sightings."""
    random = np.random.default_rng((seed, number))
    crops = tuple(fabricated_rows.crop(i) for i in range(BATCH))
    when = crops[0].time
    names = [f"{number:08x}{i:016x}f" for i in range(BATCH)]
    keys = tuple(
        SightingKey(name, "new.mp4", "new", "fabricated", when, when, i)
        for i, name in enumerate(names)
    )
    return Sightings(
        keys,
        fabricated_rows.unit_vectors(random, BATCH, seed),
        np.zeros((BATCH, len(vocabulary.ATTRIBUTE_COLUMNS)), np.float32),
        np.full((BATCH, len(vocabulary.BODY_COLUMNS)), np.nan, np.float32),
        np.ones((BATCH, len(vocabulary.PARTS)), np.float32),
        crops,
        MODEL,
    )


def _timed(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


@contextmanager
def _peak() -> Iterator[list[float]]:
    """Yield a list whose one entry becomes the peak memory of the block, in MB."""
    peak = [0.0]
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):  # give back what others used before
        ctypes.CDLL(None).malloc_trim(0)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # Linux: start the peak anew
    try:
        yield peak
    finally:
        peak[0] = _peak_mb()


def _peak_mb() -> float:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(x.split()[1]) for x in lines if x.startswith("VmHWM")) / 1000
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _free_memory() -> float:
    """Return the bytes that can be had, files that are only remembered included."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(x.split()[1]) for x in lines if x.startswith("MemAvailable")) * 1024.0
    except (OSError, StopIteration):
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))

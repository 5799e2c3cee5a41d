"""The simulator's store answers as the one on LanceDB does."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reid.store import Filter, Store
from tests.simulator.store import Disk, MemoryStore
from tests.simulator.world import World
from tests.venues import CAMERAS, DIM, MODEL, sightings

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def some_filter(rng: random.Random, names: list[str]) -> Filter:
    """Choose a filter that matches some sightings, none or all."""
    when = NOW - rng.randint(-5, 35) * MINUTE
    some = rng.sample(names, k=rng.randint(1, 8))
    choices: list[dict[str, Any]] = [
        {"cameras": rng.sample(CAMERAS, k=2)}, {"ids": some}, {"ended_before": when},
        {"ended_before": when, "except_ids": some}, {"since": when},
        {"since": when, "until": when + 7 * MINUTE}, {"sources": ["kgate"], "until": when},
    ]  # fmt: skip
    return Filter(**rng.choice(choices))


@pytest.mark.parametrize("seed", range(2))
def test_it_answers_as_the_table_does(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    real = Store.create(tmp_path / "venue", MODEL, DIM)
    ours = MemoryStore(World("store", tmp_path), {}, Disk(MODEL, DIM))
    for store in (real, ours):
        store.add(sightings(30, NOW))
        store.update(sightings(12, NOW - 3 * MINUTE, offset=25))  # 5 of these are stored
    names = sorted(real.ids())
    for _ in range(4):
        for _ in range(4):
            _same(real, ours, some_filter(rng, names))
        gone = some_filter(rng, names)
        assert ours.erase(gone) == real.erase(gone)
        _same(real, ours, Filter())


def _same(real: Store, ours: MemoryStore, which: Filter) -> None:
    """Compare all that the two say of a filter's sightings."""
    ids = real.ids(which)
    assert ours.ids(which) == ids
    assert ours.count(which) == real.count(which) == len(ids)
    assert ours.keys(sorted(ids)) == real.keys(sorted(ids))
    assert ours.pictures(sorted(ids)) == real.pictures(sorted(ids))
    mine, its = ours.read(which, vectors=True), real.read(which, vectors=True)
    order = [np.argsort([key.id for key in columns.keys], kind="stable") for columns in (mine, its)]
    for name in ("attributes", "body", "visible", "vectors"):
        one, other = (
            np.asarray(getattr(columns, name))[rows]
            for columns, rows in zip((mine, its), order, strict=True)
        )
        np.testing.assert_array_equal(one, other, err_msg=name)

"""A process that writes for weeks keeps no more of each version than its caches may hold."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reid.store import Store, connection
from tests.venues import DIM, MODEL, sightings

SMALL = 300_000  # bytes; without a limit the writes below leave 4 MB


def test_what_versions_leave_in_memory_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    real = connection.caches

    def noted() -> Any:
        made.append(real())
        return made[-1]

    monkeypatch.setattr(connection, "caches", noted)
    monkeypatch.setattr(connection, "METADATA_CACHE", SMALL)
    monkeypatch.setattr(connection, "INDEX_CACHE", SMALL)
    store = Store.create(tmp_path, MODEL, DIM)
    held = []
    for number in range(30):
        store.add(sightings(2, datetime.now(UTC), offset=10 * number))
        store.read()
        held.append(sum(one.size_bytes for one in made))
    assert held[0] > SMALL / 10, "the caches are in use"
    assert max(held) < 2 * SMALL
    assert store.count() == 60


def test_the_limits_are_far_below_what_a_small_machine_has() -> None:
    assert connection.METADATA_CACHE <= 64 << 20
    assert connection.INDEX_CACHE <= 1 << 30

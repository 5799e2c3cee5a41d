"""Shards: done once, retried once, stopped by the budget."""

import os
from functools import partial
from pathlib import Path

import pytest

from reid.lab.synth.shards import ShardFailed, run_shards


def write(shard: int, result: Path, deadline: float) -> None:
    """A shard that works."""
    result.write_text(str(shard))


def stumble(folder: Path, shard: int, result: Path, deadline: float) -> None:
    """A shard whose process dies the first time."""
    mark = folder / f"tried{shard}"
    if not mark.exists():
        mark.touch()
        os._exit(11)
    write(shard, result, deadline)


def die(shard: int, result: Path, deadline: float) -> None:
    """A shard whose process always dies."""
    os._exit(11)


def test_missing_shards_are_made_and_found_ones_kept(tmp_path: Path) -> None:
    results = [tmp_path / f"{i}.json" for i in range(3)]
    results[1].write_text("old")
    done: list[tuple[int, int]] = []
    tally = run_shards(
        write, results, workers=2, progress=lambda made, total: done.append((made, total))
    )
    assert (tally.made, tally.found, tally.left) == (2, 1, 0)
    assert [path.read_text() for path in results] == ["0", "old", "2"]
    assert done == [(2, 3), (3, 3)]


def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    tally = run_shards(partial(stumble, tmp_path), [tmp_path / "0.json"], workers=1)
    assert tally.made == 1


def test_a_process_that_dies_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ShardFailed, match="shard 0"):
        run_shards(die, [tmp_path / "0.json"], workers=1)


def test_no_time_no_work(tmp_path: Path) -> None:
    tally = run_shards(write, [tmp_path / "0.json"], workers=1, minutes=0)
    assert (tally.made, tally.left) == (0, 1)

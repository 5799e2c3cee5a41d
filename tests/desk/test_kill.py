"""kill -9 at any moment: nothing stored is lost, nothing erased comes back, the trail holds."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reid.desk.desk import Desk
from tests.venues import DIM, MODEL, write_rules


def work_until_killed(folder: Path, offset: int, seconds: float) -> dict[str, set[str]]:
    """Let a process work for a while, kill it, and return what it said."""
    command = [sys.executable, "-m", "tests.desk.kill_worker", str(folder), str(offset)]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=root, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        said: dict[str, set[str]] = {"stored": set(), "erasing": set(), "erased": set()}
        for line in process.stdout:
            word, _, what = line.strip().partition(" ")
            if word in said:
                said[word].add(what)
    return said


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "kills",
    [pytest.param(2, id="2"), pytest.param(50, id="50", marks=[pytest.mark.slow])],
)
@pytest.mark.timeout(1500)
def test_killed_at_random(tmp_path: Path, kills: int) -> None:
    from reid.store import Store

    write_rules(tmp_path)
    Store.create(tmp_path, MODEL, DIM)
    rng = random.Random(kills)
    stored: set[str] = set()
    begun: set[str] = set()
    erased: set[str] = set()
    for kill in range(kills):
        said = work_until_killed(tmp_path, 100_000 * (kill + 1), rng.uniform(0.05, 1.2))
        stored |= said["stored"]
        erased |= said["erased"]
        desk = Desk.open(tmp_path)
        desk.expire()
        ids = desk.store.ids()
        for sighting, case in (line.split() for line in said["erasing"]):
            # killed before the beginning was on record, an erasure must not have touched anything
            if desk.records.book.get(int(case)).state == "closed":
                assert sighting in ids, f"kill {kill}: erased half, without a record of it"
            else:
                begun.add(sighting)
        assert stored - begun <= ids, f"kill {kill}: lost {sorted(stored - begun - ids)[:3]}"
        assert not erased & ids, f"kill {kill}: came back {sorted(erased & ids)[:3]}"
        assert not begun & ids, f"kill {kill}: an erasure that was begun was not finished"
        assert desk.records.trail.verify().problem is None, f"kill {kill}"
        on_disk = bytes_of(tmp_path)
        left = [name for name in begun if name.encode() in on_disk]
        assert left == [], f"kill {kill}: bytes of erased sightings are still on disk"
        desk.records.database.close()
    assert stored
    assert begun

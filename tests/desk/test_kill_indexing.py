"""kill -9 while a detector indexes a clip: nothing stored is lost or doubled, nothing is raw."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from reid.desk.desk import Desk
from tests.desk.kill_indexer import main as index
from tests.venues import write_rules

CLIP = "store-aisle-detection.gif"
KILLS = 15
ENDLESS = 1000
JPEG, MARK = b"\xff\xd8\xff", b"reid redacted"


def index_until_killed(arguments: Sequence[str], seconds: float) -> set[str]:
    """Kill a process some time after it has begun; returns what it said to have stored."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.desk.kill_indexer", *arguments, str(ENDLESS)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=root,
        env=environment,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        said = [line.split() for line in process.stdout]
    return {what[0] for word, *what in said if word == "stored"}


def unmarked_pictures(folder: Path) -> list[Path]:
    """Return the files that hold a JPEG which redaction did not write."""
    found = []
    for path in (p for p in folder.rglob("*") if p.is_file()):
        content = path.read_bytes()
        at = content.find(JPEG)
        while at >= 0:
            if content[at : at + 40].find(MARK) != 6:
                found.append(path)
                break
            at = content.find(JPEG, at + 1)
    return found


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_killed_while_a_clip_is_indexed(tmp_path: Path, data: Path, detector_path: Path) -> None:
    clip, detector = str(data / "video" / CLIP), str(detector_path)
    whole = write_rules(tmp_path / "whole")
    began = time.monotonic()
    index(whole, clip, detector_path, 1)
    longest = 1.5 * (time.monotonic() - began)
    expected = Desk.open(whole).store.ids()
    assert len(expected) >= 3

    venue = write_rules(tmp_path / "venue")
    rng = random.Random(KILLS)
    stored: set[str] = set()
    for kill in range(KILLS):
        stored |= index_until_killed([str(venue), clip, detector], rng.uniform(0, longest))
        desk = Desk.open(venue)
        desk.expire()
        ids = desk.store.ids() if desk.has_sightings else set()
        assert stored <= ids, f"kill {kill}: lost {sorted(stored - ids)}"
        assert ids <= expected, f"kill {kill}: half a sighting {sorted(ids - expected)}"
        if ids:
            assert desk.store.count() == len(ids), f"kill {kill}: stored twice"
            assert desk.store.crops(sorted(ids)).keys() == ids, f"kill {kill}: a picture is missing"
        assert desk.records.trail.verify().problem is None, f"kill {kill}"
        assert unmarked_pictures(venue) == [], f"kill {kill}"
        desk.records.database.close()
    assert stored
    index(venue, clip, detector_path, 1)
    again = Desk.open(venue).store
    assert again.ids() == expected
    assert again.count() == len(expected)

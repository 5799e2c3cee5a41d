"""Thousands of steps of a venue where everything goes wrong, each run made again from its seed.

A long run: ``REID_SIMULATOR_SEEDS=0:200 REID_SIMULATOR_STEPS=5000 pytest -m slow
tests/simulator``. What fails says how to make it again: the same with that one seed.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator.venue import Venue

ROOT = Path(__file__).parents[2]
SEEDS = os.environ.get("REID_SIMULATOR_SEEDS", "")
STEPS = int(os.environ.get("REID_SIMULATOR_STEPS", "0"))

AGAIN = """
import sys
from tests.simulator.venue import Venue
print(Venue(sys.argv[1]).run(int(sys.argv[2])).digest)
"""


def chosen(usual: range) -> list[str]:
    """Return the seeds that the environment names, as FIRST:END or one, else the usual."""
    if not SEEDS:
        return [str(seed) for seed in usual]
    first, _, end = SEEDS.partition(":")
    return [str(seed) for seed in range(int(first), int(end))] if end else [first]


@pytest.mark.parametrize("seed", chosen(range(4)))
def test_what_is_promised_holds_whatever_goes_wrong(seed: str) -> None:
    report = Venue(seed).run(STEPS or 1000)
    assert report.operations > 50, report
    assert report.sightings > 0, report
    assert report.lines > 5, report


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_what_is_promised_holds_over_many_seeds() -> None:
    for seed in chosen(range(1000, 1200)):
        Venue(seed).run(STEPS or 5000)


def test_a_seed_gives_the_same_run_in_another_process() -> None:
    here = Venue("again").run(300).digest
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, "again", "300"], capture_output=True, text=True, check=True,
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert done.stdout.split() == [here]
    assert Venue("another").run(300).digest != here

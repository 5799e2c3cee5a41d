"""What is freed goes back to the system, whichever thread it was allocated in."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import threading
from pathlib import Path
from reid.core.heap import return_free_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

def work(kept):
    blocks = [bytearray(1000 + 37 * (i % 90)) for i in range(20_000)]
    kept.append(blocks[::400])  # something of each page stays for a while

kept = []
before = resident()
for _ in range(12):
    threads = [threading.Thread(target=work, args=(kept,)) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    del kept[:-2]
kept.clear()
grown = resident() - before
return_free_memory()
print(round(grown), round(resident() - before))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's arenas")
def test_freed_memory_is_returned() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    grown, left = map(int, done.stdout.split())
    assert grown > 50, "else this test shows nothing"
    assert left < 15, f"{grown} MB were taken, {left} MB stay"

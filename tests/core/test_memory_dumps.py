"""What holds raw pixels leaves no copy of its memory on disk, however it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="core files of Linux")

DOORS = """
import contextlib, json, os, resource, sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from reid.capture.images import read_image, read_pages
from reid.capture.video import open_container
from reid.cli.main import main
from reid.core.memory_dumps import may_be_dumped
from reid.core.pixels import RawFrame
from reid.fleet import camera_actor
from reid.fleet.bulk import index_shard
from reid.fleet.messages import Shard
from reid.loading import IndexOptions
from reid.web.server import Listening, run

most = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
camera_actor.warm = lambda: None


def command() -> None:
    sys.argv = ["reid", "version"]
    main()


doors = {
    "none": lambda: None,
    "the command line": command,
    "a frame of a notebook": lambda: RawFrame(
        np.zeros((4, 4, 3), np.uint8), "a", 0, datetime.now(UTC)
    ),
    "a video": lambda: open_container("-", "-"),
    "an image": lambda: read_image(Path("-")),
    "pages": lambda: next(read_pages(Path("-"))),
    "a camera of a cluster": lambda: camera_actor.CameraActor("-", "-", IndexOptions()),
    "a shard of a cluster": lambda: index_shard("-", Shard(("-",), None, None), IndexOptions()),
    "the web app": lambda: run(None, Listening(certificate=Path("-")), print),
}
for name, enter in doors.items():
    if not (child := os.fork()):
        with contextlib.suppress(BaseException):
            enter()
        os.write(1, (json.dumps([name, may_be_dumped()]) + "\\n").encode())
        if name != "none":
            os.abort()
        os._exit(0)
    os.waitpid(child, 0)
"""
CHILD = """
import os, subprocess, sys
from reid.core.memory_dumps import forbid_memory_dumps
forbid_memory_dumps()
subprocess.run([sys.executable, "-c", "import os; os.abort()"])
"""


def run(program: str, folder: Path) -> str:
    """Run a program in a folder; returns what it wrote."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_whatever_may_hold_raw_pixels_leaves_no_file_when_it_crashes(tmp_path: Path) -> None:
    lines = run(DOORS, tmp_path).splitlines()
    said = dict(json.loads(line) for line in lines if line.startswith("["))
    assert said.pop("none") is True, "else this test shows nothing"
    assert len(said) == 8
    assert [door for door, may_be_dumped in said.items() if may_be_dumped] == []
    assert list(tmp_path.iterdir()) == []


def test_children_write_no_core_file_either(tmp_path: Path) -> None:
    run(CHILD, tmp_path)
    assert list(tmp_path.iterdir()) == []

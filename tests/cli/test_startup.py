"""What a question loads: nothing that only indexing, a venue with rules or a server needs."""

import subprocess
import sys
from pathlib import Path

from reid.store import Store
from tests.venues import DIM, MODEL, sightings

NEVER = (
    "torch", "ultralytics", "openvino", "scipy", "sqlalchemy", "alembic", "av", "fastapi", "ray",
    "matplotlib", "pandas", "reid.pipeline", "reid.lab", "lance_namespace_urllib3_client.api",
)  # fmt: skip
SEARCH = f"""
import sys
from reid.cli.main import app
try:
    app(["search", "red hoodie, blue jeans", "--venue", sys.argv[1]])
except SystemExit as done:
    assert not done.code, done.code
loaded = [name for name in {NEVER!r} if name in sys.modules]
assert not loaded, loaded
"""


def test_a_search_loads_what_it_needs_alone(tmp_path: Path) -> None:
    Store.create(tmp_path / "venue", MODEL, DIM).add(sightings(30))
    done = subprocess.run(
        [sys.executable, "-c", SEARCH, str(tmp_path / "venue")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "first" in done.stdout

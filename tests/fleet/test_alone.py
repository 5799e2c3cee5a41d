"""On one machine nothing of Ray is needed or imported."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from reid.core.errors import UsageError
from reid.fleet import ray_client

PACKAGE = Path(__file__).parents[2] / "reid"
FILES = sorted(PACKAGE.rglob("*.py"))

EVERYTHING = """
import sys
sys.modules["ray"] = None  # importing it now fails
import reid.cli.main, reid.cli.commands, reid.cli.fleet, reid.fleet.bulk, reid.fleet.supervisor
import reid.fleet.camera_actor, reid.desk.desk, reid.watch.watcher, reid.web.app, reid.web.server
import reid.search.questions
assert not [name for name in sys.modules if name.startswith("ray.")]
from pathlib import Path
from reid.fleet.ray_client import RayClient
try:
    RayClient("local", Path("venue"))
except Exception as error:
    print(type(error).__name__, error)
"""


def test_everything_can_be_imported_without_it() -> None:
    run = subprocess.run(
        [sys.executable, "-c", EVERYTHING], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == (
        "UsageError a cluster needs more packages: pip install 'ray>=2.40' 'psycopg[binary]>=3.2'"
    )


def test_an_address_that_needs_more_says_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_client, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"ray\[client\]"):
        ray_client.RayClient("ray://127.0.0.1:10001", Path("venue"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_one_file_imports_it_and_not_before_it_is_needed(path: Path) -> None:
    tree = ast.parse(path.read_text())
    top = set(map(id, tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [
                alias.name for alias in node.names
            ]  # fmt: skip
            if any(name.split(".")[0] == "ray" for name in names):
                assert path.relative_to(PACKAGE) == Path("fleet/ray_client.py")
                assert id(node) not in top

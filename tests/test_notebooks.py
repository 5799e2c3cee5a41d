"""The notebooks run from top to bottom, offline, and show pictures; none is committed with them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reid.core.errors import ReidError
from reid.weights.registry import find_detector

FOLDER = Path(__file__).parents[1] / "notebooks"
NAMES = ("tour", "appearance_against_faces", "how_private_is_it", "bring_your_own")
QUICK = {"REID_EVERY": "4", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}


def read(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))


def test_every_notebook_is_run_here() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_committed_without_results_and_places(name: str) -> None:
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    assert len(text) < 200_000
    assert not re.search(r"(/home|/Users|/tmp|/root|C:\\\\)", text)
    for cell in read(name)["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


LONG = ("appearance_against_faces", "how_private_is_it")  # more than a minute each


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in NAMES]
)
def test_a_notebook_runs_and_shows_pictures(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cells assert what they claim; here only that pictures came of it."""
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    for key, value in QUICK.items():
        monkeypatch.setenv(key, value)
    root = str(FOLDER.parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    if name == "tour" and not _has_detector():
        monkeypatch.setenv("REID_DETECTOR", str(request.getfixturevalue("detector_path")))
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    manager = _kernel(tmp_path, monkeypatch)
    client.NotebookClient(
        notebook, timeout=500, kernel_name=manager, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = [
        output
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(shown) >= 2, "a notebook shows pictures and plots"


def _has_detector() -> bool:
    try:
        find_detector(None)
    except ReidError:
        return False
    return True


def _kernel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Set up a kernel of this very interpreter, whatever else is installed, and name it."""
    subprocess.run(
        [sys.executable, "-m", "ipykernel", "install", "--prefix", str(folder), "--name", "here"],
        check=True, capture_output=True,
    )  # fmt: skip
    monkeypatch.setenv("JUPYTER_PATH", str(folder / "share" / "jupyter"))
    return "here"

"""What is installed, and from where: nothing sends a user to another project on the index."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

FOREIGN = re.compile(r"pip install (?:-\S+ )*['\"]?reid\b|\breid\[[a-z]|requires?-dist: *reid\b")
"""The name `reid` belongs to another project on the package index."""

EXTRAS = re.compile(r"(?<![\w/])\.\[([a-z,]+)\]")
"""Extras of this project, as `pip install -e '.[test]'` names them."""


def texts() -> dict[str, str]:
    """Return the text of every tracked or new file that a person reads, by path."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py", "*.md", "*.ipynb", "*.toml"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("no git checkout")
    paths = [ROOT / name for name in listed.stdout.split()]
    return {p.relative_to(ROOT).as_posix(): p.read_text() for p in paths if p.is_file()}


def test_the_distribution_has_a_name_of_its_own() -> None:
    assert PROJECT["name"] == "wearabouts"
    assert PROJECT["scripts"] == {"reid": "reid.cli.main:main"}


@pytest.mark.parametrize(
    "text",
    ["pip install reid", "pip install 'reid[mqtt]'", "run `pip install reid[x]`", "needs reid[x]",
     "pip install -U reid"],
)  # fmt: skip
def test_the_other_project_is_recognised(text: str) -> None:
    assert FOREIGN.search(text)


def test_nothing_says_to_install_the_other_project() -> None:
    named = {path: FOREIGN.findall(text) for path, text in texts().items()}
    named.pop("tests/test_packaging.py", None)
    assert {path: found for path, found in named.items() if found} == {}


def test_every_extra_that_is_named_exists() -> None:
    known = set(PROJECT["optional-dependencies"])
    for path, text in texts().items():
        for group in EXTRAS.findall(text) if "pip install" in text else ():
            assert set(group.split(",")) <= known, f"{path}: .[{group}]"


def tracked(*folders: str) -> set[str]:
    """Return the files of the checkout below some folders, new ones too."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *folders],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("no git checkout")
    return {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, and lay it out as an installation is; returns that folder."""
    pytest.importorskip("hatchling", reason="builds the wheel: pip install hatchling")
    built, folder = (tmp_path_factory.mktemp(name) for name in ("wheel", "installed"))
    program = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    subprocess.run(program, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return folder


def run_installed(installed: Path, *arguments: str) -> str:
    """Run Python with the installation alone in an empty folder; returns what it prints."""
    empty = installed.parent / "empty"
    empty.mkdir(exist_ok=True)
    paths = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=empty, env=paths, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-400:]
    return done.stdout


def test_the_wheel_holds_every_file_of_the_package_and_the_weights_and_no_other(
    installed: Path,
) -> None:
    there = {p.relative_to(installed).as_posix() for p in installed.rglob("*") if p.is_file()}
    ours = {name for name in there if not re.match(r"[^/]+\.dist-info/", name)}
    models = {f"reid/_{name}" for name in tracked("models")}
    assert ours == tracked("reid") | models
    assert sum(re.search(r"dist-info/(METADATA|entry_points\.txt|licenses/LICENSE)$", name) is not
               None for name in there) == 3  # fmt: skip


def test_the_weights_of_an_installed_wheel_are_those_that_were_shipped(installed: Path) -> None:
    program = (
        "import reid; from reid.weights import registry as r; print(reid.__file__)\n"
        "for model in r.shipped(): model.verify(); print(model.name, model.path.exists())"
    )
    where, *models = run_installed(installed, "-c", program).splitlines()
    assert where == str(installed / "reid" / "__init__.py")
    assert models == ["appearance True", "person-head True"]


@pytest.mark.slow
def test_the_demo_of_an_installed_wheel_runs_in_an_empty_folder(installed: Path) -> None:
    said = run_installed(installed, "-m", "reid.cli", "demo")
    assert re.search(r"camera1\.mp4: \d+ sightings", said)
    page = installed.parent / "empty" / "reid-demo" / "answer.html"
    assert page.read_text(encoding="utf-8").count("data:image/png;base64,") == 2

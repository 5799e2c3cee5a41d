"""What is installed, and from where: nothing sends a user to another project on the index."""

import re
import subprocess
import tomllib
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

"""Style, types and import directions, checked by the tools that define them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHECKS = {
    "style": ["ruff", "check", "reid", "tests"],
    "format": ["ruff", "format", "--check", "reid", "tests"],
    "types": ["mypy"],
    "imports": ["lint-imports"],
}


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.timeout(600)
def test_standard(name: str) -> None:
    tool, *arguments = CHECKS[name]
    program = Path(sys.executable).parent / tool
    if not program.exists():
        pytest.skip(f"{tool} is not installed: pip install -e '.[test]'")
    done = subprocess.run(
        [program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

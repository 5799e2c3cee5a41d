import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The folder of reference data; tests that need it skip where it is absent."""
    root = Path(__file__).parents[2]
    folder = Path(os.environ.get("REID_DATA", root.parent / "shared/data"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}: set REID_DATA")
    return folder


@pytest.fixture(scope="session")
def pku(reference_data: Path) -> Path:
    return _part(reference_data, "pku-reid-dev")


@pytest.fixture(scope="session")
def peers(reference_data: Path) -> Path:
    return _part(reference_data, "peers")


def _part(folder: Path, name: str) -> Path:
    if not (folder / name).is_dir():
        pytest.skip(f"no {name} in {folder}")
    return folder / name

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def pku(data: Path) -> Path:
    return _part(data, "pku-reid-dev")


@pytest.fixture(scope="session")
def peers(data: Path) -> Path:
    return _part(data, "peers")


def _part(folder: Path, name: str) -> Path:
    if not (folder / name).is_dir():
        pytest.skip(f"no {name} in {folder}")
    return folder / name

"""Shared fixtures: reference data where it is present, small videos made on the spot."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch._dynamo  # noqa: F401 - before any OpenGL: Triton's LLVM crashes if Mesa's came first
from numpy.typing import NDArray

from reid.core.pixels import RawFrame, RedactedCrop
from reid.storage.postgresql import DATABASE_VARIABLE
from reid.storage.venue_path import Bucket
from tests.making import NOON, redacted
from tests.servers import BUCKET, S3, PostgreSQL, postgresql, s3

DATA = Path(os.environ.get("REID_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """Keep tests away from the user's cache and settings."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def data() -> Path:
    """Reference data, or skip."""
    if not DATA.is_dir():
        pytest.skip(f"reference data is not at {DATA}: set REID_DATA")
    return DATA


@pytest.fixture(scope="session")
def detector_path(data: Path) -> Path:
    return data / "peers" / "yolo11n_int8_openvino_model"


@pytest.fixture
def raw() -> Callable[..., RawFrame]:
    """Make a raw frame from pixels, or of noise."""

    def make(pixels: NDArray[np.uint8] | None = None, index: int = 0, **size: int) -> RawFrame:
        if pixels is None:
            shape = (size.get("height", 48), size.get("width", 64), 3)
            pixels = np.random.default_rng(index).integers(0, 256, shape, np.uint8)
        return RawFrame(pixels, "gate", index, NOON)

    return make


@pytest.fixture
def crop_of() -> Callable[[NDArray[np.uint8]], RedactedCrop]:
    """Turn pixels into a redacted crop (nothing painted)."""

    def make(pixels: NDArray[np.uint8]) -> RedactedCrop:
        height, width = pixels.shape[:2]
        frame = redacted(RawFrame(pixels, "gate", 0, NOON))
        return frame.crop(np.array([0, 0, width, height], np.float32), 1)

    return make


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def database() -> Iterator[PostgreSQL]:
    with postgresql() as server:
        yield server


@pytest.fixture
def bucket(
    storage: S3,
    database: PostgreSQL,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Bucket:
    """An empty venue in the bucket, with all that is needed to write it in the environment."""
    for name, value in storage.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(DATABASE_VARIABLE, database.url)
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    return Bucket(f"s3://{BUCKET}/{name}")

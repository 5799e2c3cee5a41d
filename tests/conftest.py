"""Shared fixtures: reference data where it is present, small videos made on the spot."""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from reid.pixels import CropPlace, FrameKey, RawFrame, RedactedCrop, decode, redact
from reid.tracks import empty_boxes

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
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
        frame = redact(RawFrame(pixels, "gate", 0, NOON), empty_boxes())
        return frame.crop(np.array([0, 0, width, height], np.float32), 1)

    return make


def stored_crop(crop: RedactedCrop) -> RedactedCrop:
    """Encode and decode a crop."""
    key = FrameKey(crop.camera, crop.index, crop.time)
    place = CropPlace(crop.box, crop.track_id, crop.place.frame_width, crop.place.frame_height)
    return decode(crop.encode(), key, place)


def write_video(
    path: Path,
    frames: Iterable[NDArray[np.uint8]],
    *,
    fps: int = 10,
    audio: bool = False,
    metadata: dict[str, str] | None = None,
    rotation: int = 0,
) -> Path:
    """Encode frames as H.264 (or GIF by the file's ending), with a tone if asked."""
    with av.open(str(path), "w") as out:
        for name, value in (metadata or {}).items():
            out.metadata[name] = value
        stream = None
        sound = out.add_stream("aac", rate=16000) if audio else None
        for count, pixels in enumerate(frames):
            if stream is None:
                gif = path.suffix == ".gif"
                stream = out.add_stream("gif" if gif else "libx264", rate=fps)
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "rgb8" if gif else "yuv420p"
                if rotation:
                    stream.set_display_rotation(rotation) if hasattr(
                        stream, "set_display_rotation"
                    ) else pytest.skip("this PyAV cannot write a rotation")
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = count, Fraction(1, fps)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if sound is not None:
            tone = np.zeros((1, 16000), np.float32)
            block = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            block.sample_rate = 16000
            out.mux(sound.encode(block))
            out.mux(sound.encode(None))
    return path

"""What many tests need made: times, stored crops, small videos."""

from collections.abc import Iterable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import as_boxes
from reid.core.pixels import (
    CropPlace,
    FrameKey,
    HeadRegions,
    RawFrame,
    RedactedCrop,
    RedactedFrame,
    decode,
    redact,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def redacted(raw: RawFrame, heads: object = ()) -> RedactedFrame:
    """Redact boxes (M, 4) that are known, or nothing."""
    return redact(raw, HeadRegions.of_known_boxes(raw.ref, as_boxes(heads)))


def redacted_noise(seed: int) -> RedactedCrop:
    """Make a small crop of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (24, 12, 3), np.uint8)
    frame = redacted(RawFrame(pixels, "gate", seed, NOON))
    return frame.crop(np.array([0, 0, 12, 24], np.float32), seed)


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
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = count, Fraction(1, fps)
            out.mux(stream.encode(frame))
        if stream is not None:
            out.mux(stream.encode(None))
        if sound is not None:
            tone = np.zeros((1, 16000), np.float32)
            block = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            block.sample_rate = 16000
            out.mux(sound.encode(block))
            out.mux(sound.encode(None))
    return path

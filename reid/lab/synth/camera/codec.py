"""Real compression: JPEG for stills, H.264 for stills and clips."""

import io
from collections.abc import Iterable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_TIME_BASE: Final = Fraction(1, 1000)


def jpeg_round_trip(image: Image, quality: int, chroma_half: bool = True) -> Image:
    """Encode and decode uint8 (H, W, 3) sRGB as JPEG; quality 1 to 100, 100 leaves it alone."""
    if quality >= 100:
        return image
    sampling = (
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
        if chroma_half
        else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    )
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
    return np.asarray(decoded, np.uint8)


def h264_round_trip(image: Image, crf: int) -> Image:
    """Encode and decode one picture as an H.264 key frame; even sides are made by repeating."""
    height, width = image.shape[:2]
    padded = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    memory = io.BytesIO()
    write_clip(memory, [(0.0, padded)], crf=crf, fps=10)
    memory.seek(0)
    with av.open(memory, "r") as container:
        frame = next(container.decode(video=0))
        return np.asarray(frame.to_ndarray(format="rgb24")[:height, :width], np.uint8)


def write_clip(
    target: Path | io.BytesIO,
    frames: Iterable[tuple[float, Image]],
    *,
    crf: int,
    fps: int,
    preset: str = "veryfast",
    start: datetime | None = None,
) -> int:
    """Write an H.264 clip in an MP4 with true timestamps.

    Args:
        target: a path or memory.
        frames: (seconds from the start, uint8 (H, W, 3) sRGB); sides must be even.
        crf: constant rate factor, 0 (best) to 51.
        fps: nominal rate, for the header and the key frame interval.
        preset: of x264; slower ones make smaller files.
        start: time of the first frame, written into the file as its creation time.

    Returns:
        Number of frames written.
    """
    place = str(target) if isinstance(target, Path) else target
    with av.open(place, "w", format="mp4") as container:
        if start is not None:
            container.metadata["creation_time"] = start.astimezone(UTC).isoformat()
        stream: VideoStream | None = None
        count = 0
        for seconds, image in frames:
            if stream is None:
                stream = container.add_stream("libx264", rate=fps)
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.codec_context.time_base = _TIME_BASE
                stream.options = {
                    "crf": str(crf), "preset": preset, "threads": "1", "g": str(fps * 4)
                }  # fmt: skip
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = round(seconds * 1000), _TIME_BASE
            container.mux(stream.encode(frame))
            count += 1
        if stream is not None:
            container.mux(stream.encode(None))
    return count

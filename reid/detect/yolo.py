"""People and head candidates in a frame, joined into tracks. The only importer of ultralytics.

Models are ultralytics' YOLO in any of its forms: an OpenVINO folder (CPU), or ``.pt`` weights
(torch on CUDA; on a CPU they are exported to OpenVINO once, into the cache). A model may know
persons, persons and heads, or poses, whose face keypoints give head candidates.
"""

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from reid.core.boxes import UNTRACKED, Boxes, Tracks, as_boxes, empty_boxes
from reid.core.errors import ModelError
from reid.core.pixels import Image, RawFrame
from reid.detect.detections import (
    SURE_HEAD,
    Detections,
    heads_of_poses,
    without_giants,
    without_parts,
)
from reid.detect.test_time_augmentation import AGAIN, ONCE, STILL, Look, joined, unmirrored
from reid.detect.thresholds import confidences_of
from reid.weights.openvino import BySize, silence_telemetry

_LEAST_LATER: Final = 0.625  # of the index score: what may go on with a track that has started
_TRACK_BUFFER_SECONDS: Final = 2.0  # how long a lost person may come back as the same track
_ASSETS: Final = "https://github.com/ultralytics/assets/releases/download/v8.3.0"
_HEAD_CLASSES: Final = ("head", "face")

CROP_HEAD: Final = 0.1
"""Confidence from which a head counts in the upper part of an image that is one person."""

CROP_OTHER_HEAD: Final = 0.5
"""The same further down, where a bag is taken for a head more often than a neighbour's is one."""

_UPPER_OF_CROP: Final = 0.4  # of its height; measured: further down are bags and hands

_CROP_SIDES: Final = (160, 384)
"""Px of the longer side: an image that is one person is looked at as large as people are in scenes
and, where no head is seen so, once more, larger."""
_CROP_MARGIN: Final = 64  # px around it, in which its border is repeated
_STRIDE: Final = 32  # px: sides that the network takes as they are


@dataclass(frozen=True, slots=True)
class CropHeads:
    """What is found in an image that is one person.

    Attributes:
        boxes: head candidates (M, 4).
        sure: the person's own head is among them.
        people: persons (N, 4) who would start a track: an umbrella above may leave them the lower
            part of the image.
    """

    boxes: Boxes
    sure: bool
    people: Boxes


class Detector:
    """One YOLO model.

    Args:
        path: an OpenVINO model folder or a ``.pt`` file.

    Raises:
        ModelError: missing, unreadable, or knows neither persons, heads nor poses.

    Its confidences are those that a ``model.toml`` beside it states, else the usual ones. It is
    `fixed` where it takes pictures of one size alone.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise ModelError(f"{path} does not exist: name an OpenVINO folder or .pt weights")
        self.path = path
        self.confidences = confidences_of(path)
        yolo = _ultralytics()
        device = _device(path)
        runnable = _for_cpu(path, yolo) if device == "cpu" else path
        self.fixed = _is_fixed(runnable)
        try:
            self._model: Any = yolo(str(runnable), task=_task_of(runnable), verbose=False)
            names = dict(self._model.names)
            if device == "cpu" and not self.fixed:
                _take_any_size(self._model)
        except Exception as error:  # ultralytics raises whatever its backends raise
            raise ModelError(f"{path} is not a YOLO model ({type(error).__name__})") from None
        self._device = device
        self._poses = self._model.task == "pose"
        self._person = _class_of(names, ("person", "pedestrian"))
        self._head = _class_of(names, _HEAD_CLASSES)
        if self._person is None and self._head is None:
            raise ModelError(f"{path} knows neither persons nor heads")

    @property
    def knows_heads(self) -> bool:
        """Whether it gives head candidates."""
        return self._poses or self._head is not None

    @property
    def knows_people(self) -> bool:
        """Whether it finds persons."""
        return self._person is not None

    def detect(self, raw: RawFrame, looks: Sequence[Look] = ONCE) -> Detections:
        """Find people and head candidates from the confidence that counts for redaction.

        Several looks are joined. A model of fixed size looks once: mirrored alone a second look
        lost more than it found (YOLO11n, AP50 .594 to .571 on COCO photos).
        """
        try:
            seen = [self._look(raw, look) for look in (ONCE if self.fixed else looks)]
        finally:
            self._forget()
        return self._told_apart(seen[0] if len(seen) == 1 else joined(seen))

    def _look(self, raw: RawFrame, look: Look) -> Detections:
        """See everything, from the least confidence that counts."""
        pixels = raw.expose_unredacted()
        shown = pixels[:, ::-1, ::-1] if look.mirrored else pixels[..., ::-1]
        seen = self._see(np.ascontiguousarray(shown), look.side)
        if not look.mirrored:
            return seen
        people, heads = (unmirrored(boxes, raw.width) for boxes in (seen.people, seen.heads))
        return Detections(people, seen.scores, heads, seen.head_scores)

    def look_into_crop(self, raw: RawFrame) -> Detections:
        """Find heads in an image that is one person, and the person where they stand in it.

        The detector knows people who stand in scenes, so that a person who fills the picture is
        shown to it smaller, with room around, and once more, larger, if it sees no head.
        """
        if not self.knows_heads:
            nobody = np.zeros(0, np.float32)
            return Detections(empty_boxes(), nobody, empty_boxes(), nobody)
        for side in _CROP_SIDES:
            seen = self._look_closely(raw, side)
            if len(seen.heads):
                break
        return seen

    def _look_closely(self, raw: RawFrame, side: int) -> Detections:
        """Look into a crop that is brought to so many px along its longer side."""
        bgr, scale, corner = _with_room(raw.expose_unredacted()[..., ::-1], side)
        try:
            seen = self._told_apart(self._see(bgr, max(bgr.shape[:2])))
        finally:
            self._forget()
        people, heads = (
            as_boxes((boxes - np.tile(corner, 2)) / scale) for boxes in (seen.people, seen.heads)
        )
        least = np.where(_high_in_crop(heads, raw), CROP_HEAD, CROP_OTHER_HEAD)
        kept = seen.head_scores >= least
        plain = seen.scores >= self.confidences.index
        return Detections(people[plain], seen.scores[plain], heads[kept], seen.head_scores[kept])

    def _see(self, bgr: Image, longest: int | None) -> Detections:
        """Return what the network says; `longest` is the picture's longer side for it, px."""
        size = {} if longest is None else {"imgsz": longest}
        wanted = [c for c in (self._person, self._head) if c is not None]
        result = self._model.predict(
            bgr,
            conf=self.confidences.least,
            classes=wanted,
            device=self._device,
            save=False,
            show=False,
            verbose=False,
            **size,
        )[0]
        boxes = result.boxes.cpu().numpy()
        xyxy = as_boxes(np.array(boxes.xyxy, np.float32))
        scores = np.array(boxes.conf, np.float32)
        kind = np.array(boxes.cls, np.int64)
        head, person = kind == self._head, kind == self._person
        heads, head_scores = xyxy[head], scores[head]
        if self._poses and len(xyxy):
            keypoints = np.array(result.keypoints.data.cpu(), np.float32)
            posed = heads_of_poses(keypoints, xyxy)
            heads = np.concatenate([heads, posed])
            head_scores = np.concatenate([head_scores, np.ones(len(posed), np.float32)])
        return Detections(xyxy[person], scores[person], heads, head_scores)

    def _told_apart(self, seen: Detections) -> Detections:
        """Keep what is sure enough, and tell people from their parts."""
        plain = seen.scores >= self.confidences.redaction
        enough = self.confidences.head_from(seen.heads[:, 3] - seen.heads[:, 1])
        head = seen.head_scores >= enough
        kept = Detections(
            seen.people[plain], seen.scores[plain], seen.heads[head], seen.head_scores[head]
        )
        return without_parts(without_giants(kept))

    def _forget(self) -> None:
        """Drop the raw images that ultralytics keeps in its predictor."""
        predictor = self._model.predictor
        if predictor is not None:
            for name in ("batch", "results", "dataset", "plotted_img"):
                setattr(predictor, name, None)


class People:
    """Finds people frame by frame and joins them into tracks (ByteTrack, Zhang et al. 2022).

    Args:
        detector: finds people, and heads where it knows them.
        heads: another model, asked for head candidates only.
    """

    def __init__(self, detector: Detector, heads: Detector | None = None) -> None:
        if not detector.knows_people:
            raise ModelError(f"{detector.path} does not know persons: choose another --detector")
        if heads is not None and not heads.knows_heads:
            raise ModelError(f"{heads.path} knows neither heads nor poses: choose another --heads")
        self._detector = detector
        self._heads = heads
        self._tracker: Any = None
        self._looks: Sequence[Look] = ONCE
        self._again: Sequence[Look] = ()
        self.start(fps=10.0)

    def start_still(self) -> None:
        """Begin a still, which is looked at several times."""
        self.start(fps=1.0)
        self._looks = STILL

    def start(self, fps: float, *, careful: bool = False) -> None:
        """Begin a new source of `fps` frames a second: no track carries over.

        `careful` looks a second time at each frame, for redaction alone, if the detector takes any
        size.
        """
        self._looks = ONCE
        self._again = AGAIN if careful and not self._detector.fixed else ()
        confidences = self._detector.confidences
        settings = SimpleNamespace(
            track_high_thresh=confidences.index * _LEAST_LATER,
            track_low_thresh=confidences.redaction,
            new_track_thresh=confidences.index,
            track_buffer=max(2, round(_TRACK_BUFFER_SECONDS * fps)),
            match_thresh=0.8,
            fuse_score=True,
        )
        self._tracker = _byte_tracker()(settings)

    def look(self, raw: RawFrame) -> tuple[Tracks, Boxes]:
        """Return the frame's people, and head candidates of shape (M, 4).

        People too weak to start a track are listed too, as `UNTRACKED`, and so are, with a score
        of 0, boxes round parts of people: redaction needs them.
        """
        seen = self._detector.detect(raw, self._looks)
        tracks, candidates = self._track(seen, raw), seen.heads
        if self._again:
            more = self._detector.detect(raw, self._again)
            tracks = _with_untracked(tracks, np.concatenate([more.people, more.parts]))
            candidates = np.concatenate([candidates, more.heads])
        if self._heads is not None:
            others = self._heads.detect(raw, self._looks).heads
            candidates = np.concatenate([candidates, others])
        return tracks, candidates

    def heads_of_crop(self, raw: RawFrame) -> CropHeads:
        """Return head candidates in an image that is one person already cut out."""
        asked = [self._detector] if self._heads is None else [self._detector, self._heads]
        found = [model.look_into_crop(raw) for model in asked]
        boxes = np.concatenate([seen.heads for seen in found])
        scores = np.concatenate([seen.head_scores for seen in found])
        sure = _high_in_crop(boxes, raw) & (scores >= SURE_HEAD)
        return CropHeads(boxes, bool(sure.any()), found[0].people)

    def _track(self, seen: Detections, raw: RawFrame) -> Tracks:
        ids = np.full(len(seen.people), UNTRACKED, np.int64)
        for row in self._tracker.update(_boxes(seen, raw)):  # x1 y1 x2 y2 id score class index
            ids[int(row[7])] = int(row[4])
        return _with_untracked(Tracks(seen.people, seen.scores, ids), seen.parts)


def _with_untracked(tracks: Tracks, boxes: Boxes) -> Tracks:
    """Return tracks and more boxes (N, 4) that redaction alone is to know of."""
    count = len(boxes)
    return Tracks(
        np.concatenate([tracks.xyxy, boxes]),
        np.concatenate([tracks.score, np.zeros(count, np.float32)]),
        np.concatenate([tracks.track_id, np.full(count, UNTRACKED, np.int64)]),
    )


def _high_in_crop(heads: Boxes, crop: RawFrame) -> NDArray[np.bool_]:
    """Return which heads (M, 4) are where that of the person in a crop may be; shape (M,)."""
    return np.asarray((heads[:, 1] + heads[:, 3]) / 2 < _UPPER_OF_CROP * crop.height, np.bool_)


def _with_room(crop: Image, side: int) -> tuple[Image, float, NDArray[np.float32]]:
    """Return an image (H, W, 3) of longer side `side` px, with its border repeated around.

    Also by how much it was scaled, and where its upper left corner is now, px.
    """
    height, width = crop.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    small = cv2.resize(np.ascontiguousarray(crop), size, interpolation=how)
    wide, tall = (-(-(side + _CROP_MARGIN) // _STRIDE) * _STRIDE for side in size)
    left, top = (wide - size[0]) // 2, (tall - size[1]) // 2
    roomy = cv2.copyMakeBorder(
        small, top, tall - size[1] - top, left, wide - size[0] - left, cv2.BORDER_REPLICATE
    )
    return np.asarray(roomy, np.uint8), scale, np.array([left, top], np.float32)


def _boxes(seen: Detections, raw: RawFrame) -> Any:
    from ultralytics.engine.results import Boxes as UltralyticsBoxes

    data = np.column_stack([seen.people, seen.scores, np.zeros_like(seen.scores)])
    return UltralyticsBoxes(data.astype(np.float32), (raw.height, raw.width))


def quieten_ultralytics() -> None:
    """See to it that ultralytics, once imported, neither calls home nor writes elsewhere."""
    os.environ["YOLO_OFFLINE"] = "true"
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ["YOLO_VERBOSE"] = "false"
    config = user_cache_path("reid") / "ultralytics"
    config.mkdir(parents=True, exist_ok=True)
    os.environ["YOLO_CONFIG_DIR"] = str(config)
    silence_telemetry()


def _ultralytics() -> Any:
    quieten_ultralytics()
    from ultralytics.models import YOLO

    return YOLO


def _byte_tracker() -> Any:
    from ultralytics.trackers.byte_tracker import BYTETracker

    return BYTETracker


def _device(path: Path) -> str:
    import torch

    return "cuda:0" if path.suffix == ".pt" and torch.cuda.is_available() else "cpu"


def _for_cpu(path: Path, yolo: Any) -> Path:
    """Return `path` itself, or for torch weights their OpenVINO export, made once in the cache."""
    if path.suffix != ".pt":
        return path
    digest = hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
    folder = user_cache_path("reid") / "openvino-any-size" / digest
    exported = folder / f"{path.stem}_openvino_model"
    if not exported.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        copied = folder / path.name
        shutil.copyfile(path, copied)
        try:
            yolo(str(copied)).export(format="openvino", dynamic=True, verbose=False)
        except Exception as error:  # ultralytics raises whatever its backends raise
            raise ModelError(f"{path} cannot be made ready ({type(error).__name__})") from None
        finally:
            copied.unlink(missing_ok=True)
    return exported


def _take_any_size(model: Any) -> None:
    """Let a model take pictures of every size where ultralytics would pin it to one.

    It does so with INT8 models on CPUs with matrix units (AMX), whose driver fails at shapes that
    are not fixed; crops and second looks would all be enlarged to that size.
    """
    blank = np.zeros((_STRIDE, _STRIDE, 3), np.uint8)
    model.predict(blank, imgsz=_STRIDE, device="cpu", verbose=False)
    backend: Any = getattr(model.predictor.model, "backend", None)
    if getattr(backend, "read_model", None) is not None:
        backend.dynamic = True
        backend.forward = BySize(backend)


def _task_of(path: Path) -> str | None:
    """Read the task off an OpenVINO folder's metadata; torch weights carry it themselves."""
    return _stated(path, "task")


def _is_fixed(path: Path) -> bool:
    """Return whether a model takes pictures of one size alone."""
    return _stated(path, "dynamic") == "false"


def _stated(path: Path, name: str) -> str | None:
    """Read a value off an OpenVINO folder's metadata, of whatever level."""
    metadata = path / "metadata.yaml"
    if not metadata.is_file():
        return None
    for line in metadata.read_text().splitlines():
        if line.strip().startswith(f"{name}:"):
            return line.split(":", 1)[1].strip()
    return None


def _class_of(names: dict[int, str], wanted: tuple[str, ...]) -> int | None:
    return next((i for i, name in names.items() if name.lower() in wanted), None)


def fetch_weights(name: str, folder: Path) -> Path:
    """Download public weights with ultralytics into `folder`; the one place that goes online.

    Raises:
        ModelError: they could not be fetched.
    """
    _ultralytics()
    os.environ["YOLO_OFFLINE"] = "false"
    from ultralytics.utils import downloads

    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.pt"
    part = folder / f"{name}.part.pt"
    try:
        address = f"{_ASSETS}/{name}.pt"
        downloads.safe_download(address, file=part, retry=1, progress=False)
        part.replace(target)
    except Exception as error:  # ultralytics raises whatever its backends raise
        reason = type(error).__name__
        raise ModelError(f"{name} could not be fetched ({reason}): is there internet?") from None
    finally:
        part.unlink(missing_ok=True)
        os.environ["YOLO_OFFLINE"] = "true"
    return target


def bundled_photos() -> list[Path]:
    """Return the photos that ultralytics' package carries."""
    _ultralytics()
    from ultralytics.utils import ASSETS

    return sorted(Path(ASSETS).glob("*.jpg"))

"""People and head candidates in one frame, found by YOLO.

With `tracker` the only module of the product that imports ultralytics. Models are ultralytics' YOLO
in any of its forms: an OpenVINO folder (CPU), or ``.pt`` weights (torch on CUDA; on a CPU they are
exported to OpenVINO once, into the cache). A model may know persons, persons and heads, or poses,
whose face keypoints give head candidates.
"""

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from reid.core.boxes import as_boxes, empty_boxes, turned_boxes
from reid.core.errors import ModelError
from reid.core.pixels import Image, RawFrame
from reid.core.reading import read_utf8
from reid.detect.detections import (
    Detections,
    heads_of_poses,
    in_upper_part,
    suppress_oversized_heads,
    suppress_partial_boxes,
)
from reid.detect.detector import Detector
from reid.detect.test_time_augmentation import (
    NO_AUGMENTATION,
    Augmentation,
    each_once,
    tiles_of,
    unmirrored,
    weighted_boxes_fusion,
)
from reid.detect.thresholds import read_thresholds
from reid.weights.openvino import BySize, prepare_openvino, silence_telemetry
from reid.weights.pins import check_pulled

_ASSETS: Final = "https://github.com/ultralytics/assets/releases/download/v8.3.0"
_OPENVINO: Final = "_openvino_model"  # how ultralytics tells a folder's kind
_HEAD_CLASSES: Final = ("head", "face")

CROP_HEAD: Final = 0.1
"""Confidence from which a head counts in the upper part of an image that is one person."""

CROP_OTHER_HEAD: Final = 0.5
"""The same further down, where a bag is taken for a head more often than a neighbour's is one."""

_CROP_SIDES: Final = (160, 384)
"""Px of the longer side: a person crop is detected at the size of people in scenes and, if no head
is found, once more, larger."""
_MOST_BOXES: Final = 10_000
"""Of one picture. Ultralytics keeps 300 unless told otherwise: a stand's people are more."""

_CROP_MARGIN: Final = 64  # px around it, in which its border is repeated
_STRIDE: Final = 32  # px: sides that the network takes as they are


class YoloDetector(Detector):
    """One YOLO model.

    Args:
        path: an OpenVINO model folder or a ``.pt`` file. Both are loaded as data: of a ``.pt``,
            which is a pickle, only weights and known layers, nothing that runs.

    Raises:
        ModelError: missing, unreadable, of another kind, holds more than weights, or knows neither
            persons, heads nor poses.

    Its thresholds are those that a ``model.toml`` beside it states, else the defaults. It is
    `fixed` if it takes pictures of one size only.
    """

    def __init__(self, path: Path) -> None:
        _check_kind(path)
        self.path = path
        self.thresholds = read_thresholds(path)
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
            raise ModelError(_not_loaded(path, error)) from None
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

    def detect(
        self, raw: RawFrame, augmentations: Sequence[Augmentation] = NO_AUGMENTATION
    ) -> Detections:
        """Find people and head candidates, from the thresholds for redaction on.

        The detections of several augmentations are fused. A model of fixed size takes none:
        mirroring alone lost more than it found (YOLO11n, AP50 .594 to .571 on COCO photos).
        """
        try:
            seen = [
                self._detect_once(raw, augmentation)
                for augmentation in (NO_AUGMENTATION if self.fixed else augmentations)
            ]
        finally:
            self._drop_images()
        return self._filtered(seen[0] if len(seen) == 1 else weighted_boxes_fusion(seen))

    def _detect_once(self, raw: RawFrame, augmentation: Augmentation) -> Detections:
        """Detect in one augmentation of the frame, from the lowest threshold on."""
        pixels = raw.expose_unredacted()
        if augmentation.tile is not None:
            return self._detect_in_tiles(pixels, augmentation.tile, augmentation.side)
        turned = np.rot90(pixels, augmentation.quarters)
        shown = turned[:, ::-1, ::-1] if augmentation.mirrored else turned[..., ::-1]
        seen = self._predict(np.ascontiguousarray(shown), augmentation.side)
        height, width = turned.shape[:2]
        boxes = [seen.people, seen.heads]
        if augmentation.mirrored:
            boxes = [unmirrored(some, width) for some in boxes]
        people, heads = (
            turned_boxes(some, -augmentation.quarters, width, height) for some in boxes
        )
        return Detections(people, seen.scores, heads, seen.head_scores)

    def _detect_in_tiles(self, pixels: Image, tile: int, side: int | None) -> Detections:
        """Detect in overlapping tiles at full resolution, or each resized to `side` px."""
        found = []
        for x0, y0, x1, y1 in tiles_of(pixels.shape[1], pixels.shape[0], tile):
            bgr = np.ascontiguousarray(pixels[y0:y1, x0:x1, ::-1])
            seen = self._predict(bgr, side or max(bgr.shape[:2]))
            corner = np.array([x0, y0, x0, y0], np.float32)
            found.append(replace(seen, people=seen.people + corner, heads=seen.heads + corner))
        return each_once(
            Detections(
                np.concatenate([seen.people for seen in found]),
                np.concatenate([seen.scores for seen in found]),
                np.concatenate([seen.heads for seen in found]),
                np.concatenate([seen.head_scores for seen in found]),
            )
        )

    def detect_in_crop(self, raw: RawFrame) -> Detections:
        """Find heads in an image that is one person, and the person where they stand in it.

        The detector was trained on people in scenes. So a person who fills the picture is shown
        to it smaller, with a margin, and once more, larger, if no head is found.
        """
        if not self.knows_heads:
            nobody = np.zeros(0, np.float32)
            return Detections(empty_boxes(), nobody, empty_boxes(), nobody)
        for side in _CROP_SIDES:
            seen = self._detect_at_side(raw, side)
            if len(seen.heads):
                break
        return seen

    def _detect_at_side(self, raw: RawFrame, side: int) -> Detections:
        """Detect in a crop whose longer side is resized to `side` px."""
        bgr, scale, corner = _with_room(raw.expose_unredacted()[..., ::-1], side)
        try:
            seen = self._filtered(self._predict(bgr, max(bgr.shape[:2])))
        finally:
            self._drop_images()
        people, heads = (
            as_boxes((boxes - np.tile(corner, 2)) / scale) for boxes in (seen.people, seen.heads)
        )
        least = np.where(in_upper_part(heads, raw), CROP_HEAD, CROP_OTHER_HEAD)
        kept = seen.head_scores >= least
        plain = seen.scores >= self.thresholds.index
        return Detections(people[plain], seen.scores[plain], heads[kept], seen.head_scores[kept])

    def _predict(self, bgr: Image, longest: int | None) -> Detections:
        """Run the network; `longest` is the longer side it is given, px, None = its own."""
        size = {} if longest is None else {"imgsz": longest}
        wanted = [c for c in (self._person, self._head) if c is not None]
        result = self._model.predict(
            bgr,
            conf=self.thresholds.least,
            classes=wanted,
            max_det=_MOST_BOXES,
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

    def _filtered(self, seen: Detections) -> Detections:
        """Apply the thresholds; suppress partial boxes and oversized heads."""
        plain = seen.scores >= self.thresholds.redaction
        enough = self.thresholds.head_from(seen.heads[:, 3] - seen.heads[:, 1])
        head = seen.head_scores >= enough
        kept = Detections(
            seen.people[plain], seen.scores[plain], seen.heads[head], seen.head_scores[head]
        )
        return suppress_partial_boxes(suppress_oversized_heads(kept))

    def _drop_images(self) -> None:
        """Drop the raw images that ultralytics keeps in its predictor."""
        predictor = self._model.predictor
        if predictor is not None:
            for name in ("batch", "results", "dataset", "plotted_img"):
                setattr(predictor, name, None)


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


def quieten_ultralytics() -> None:
    """See to it that ultralytics, once imported, neither calls home nor writes elsewhere."""
    os.environ["YOLO_OFFLINE"] = "true"
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ["YOLO_VERBOSE"] = "false"
    os.environ["ULTRALYTICS_SAFE_LOAD"] = "true"  # pickles are read as weights, nothing is run
    config = user_cache_path("reid") / "ultralytics"
    config.mkdir(parents=True, exist_ok=True)
    os.environ["YOLO_CONFIG_DIR"] = str(config)
    silence_telemetry()


def _ultralytics() -> Any:
    quieten_ultralytics()
    prepare_openvino()
    from ultralytics.models import YOLO
    from ultralytics.nn import tasks

    if not hasattr(tasks, "SAFE_LOAD"):
        raise ModelError("weights are loaded as data only: pip install -U 'ultralytics>=8.4.190'")
    tasks.SAFE_LOAD = True  # also where it was imported before with other settings
    return YOLO


def _device(path: Path) -> str:
    import torch

    return "cuda:0" if path.suffix == ".pt" and torch.cuda.is_available() else "cpu"


def _for_cpu(path: Path, yolo: Any) -> Path:
    """Return `path` itself, or for torch weights their OpenVINO export, made once in the cache."""
    if path.suffix != ".pt":
        return path
    digest = hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
    folder = user_cache_path("reid") / "openvino-any-size" / digest
    exported = folder / f"{path.stem}{_OPENVINO}"
    if not exported.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        copied = folder / path.name
        shutil.copyfile(path, copied)
        try:
            yolo(str(copied)).export(format="openvino", dynamic=True, verbose=False)
        except Exception as error:  # ultralytics raises whatever its backends raise
            raise ModelError(_not_loaded(path, error)) from None
        finally:
            copied.unlink(missing_ok=True)
    return exported


def _not_loaded(path: Path, error: Exception) -> str:
    return (
        f"{path} is not a YOLO model, or holds more than weights, which is never run "
        f"({type(error).__name__}): export it to OpenVINO where you trust it"
    )


def _take_any_size(model: Any) -> None:
    """Let a model take pictures of every size where ultralytics would pin it to one.

    It does so with INT8 models on CPUs with matrix units (AMX), whose driver fails at shapes that
    are not fixed; crops and second passes would all be enlarged to that size.
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


def _check_kind(path: Path) -> None:
    """Refuse what is not data: ultralytics would load engines and graphs of other makes too."""
    if not path.exists():
        raise ModelError(f"{path} does not exist: name an OpenVINO folder or .pt weights")
    openvino = path.is_dir() and path.name.endswith(_OPENVINO) and any(path.glob("*.xml"))
    if not openvino and not (path.is_file() and path.suffix == ".pt"):
        raise ModelError(
            f"{path} is neither .pt weights nor an OpenVINO folder named …{_OPENVINO}: name one"
        )


def _is_fixed(path: Path) -> bool:
    """Return whether a model takes pictures of one size alone."""
    return _stated(path, "dynamic") == "false"


def _stated(path: Path, name: str) -> str | None:
    """Read a value off an OpenVINO folder's metadata, of whatever level."""
    metadata = path / "metadata.yaml"
    if not metadata.is_file():
        return None
    for line in read_utf8(metadata, ModelError).splitlines():
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
        check_pulled(name, part)
        part.replace(target)
    except ModelError:
        raise ModelError(
            f"what came for {name} is not the file that was published: try again later, or from "
            "another network"
        ) from None
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

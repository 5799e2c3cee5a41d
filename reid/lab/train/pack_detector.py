"""A trained detector → measured, exported, packed as shipped weights.

OpenVINO's INT8 is shipped where it costs under one point of AP50 on unseen synthetic scenes, else
its 16-bit form; the torch weights lie beside it for GPUs.
"""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from reid.core.boxes import Boxes, empty_boxes
from reid.detect.detector import Detector
from reid.detect.thresholds import INDEX_SCORE
from reid.lab.bench.data.coco import Matched, Photo, average_precision, match, recall
from reid.lab.research_image import ResearchImage
from reid.lab.train.detector import CLASSES, build, read_checkpoint, read_weights
from reid.lab.train.quantise import in_int8
from reid.lab.train.run import mean_of
from reid.lab.train.scenes import EMPTY, Scenes, load
from reid.loading import load_detector

NAME: Final = "person-head"
MOST_LOST: Final = 0.01
"""AP50 that INT8 may cost."""

REDACTION: Final = 0.1
"""Confidence from which a person counts for redaction."""
HEADS: Final = 0.02
"""Confidence from which a head does: a face too many is better than one too few."""

_SIDE: Final = 640  # px: longer side of what the detector is given
_CALIBRATED_ON: Final = 300  # frames
_MEASURED_ON: Final = 250  # frames
_IOU: Final = 0.5
_LAYER: Final = re.compile(r"^__module\.model\.(\d+)")


@dataclass(frozen=True, slots=True)
class DetectorScores:
    """What a detector finds of people and heads in unseen scenes, from confidence 0.1 on.

    Attributes:
        person_ap50, head_ap50: average precision at IoU 0.5.
        person_recall, head_recall: share found at IoU 0.5 at all.
        best: confidence of persons at which F1 is best.
        frames: how many were looked at.
    """

    person_ap50: float
    head_ap50: float
    person_recall: float
    head_recall: float
    best: float
    frames: int


@dataclass(frozen=True, slots=True)
class Stated:
    """What ``model.toml`` says of a detector: its name, and what its confidence is worth."""

    model_id: str
    index: float
    redaction: float = REDACTION
    heads: float = HEADS


def pack_detector(
    checkpoint: Path,
    scenes: Path,
    folder: Path,
    model_id: str,
    other: Path | None = None,
    share: float = 0.5,
) -> dict[str, Any]:
    """Export a checkpoint's averaged network to `folder`, with ``model.toml``.

    Args:
        checkpoint: what `reid train detector` wrote.
        scenes: what `reid synth scenes` wrote; its validation frames calibrate and measure.
        folder: made anew.
        model_id: names the model.
        other: packed weights that the run began from: then the mean of both networks' weights is
            exported, which often knows more than either (Wortsman et al. 2022, robust fine-tuning).
        share: of those in the mean.

    Returns:
        Figures of the 16-bit form and of INT8, and which was packed.

    Raises:
        ReidError: one of them is no detector, or they are of different networks.
    """
    unseen = load([scenes], "val")
    with tempfile.TemporaryDirectory() as scratch:
        weights = _torch_weights(checkpoint, Path(scratch), other, share)
        plain = _openvino(weights)
        small = _quantised(plain, unseen)
        scores = {
            "fp16": measure(load_detector(plain), unseen),
            "int8": measure(load_detector(small), unseen),
        }
        fits = scores["fp16"].person_ap50 - scores["int8"].person_ap50 < MOST_LOST
        fits &= scores["fp16"].head_ap50 - scores["int8"].head_ap50 < MOST_LOST
        chosen = "int8" if fits else "fp16"
        index = round(scores[chosen].best, 2)
        _write(folder, weights, small if fits else plain, Stated(model_id, index))
    return {
        "packed": chosen,
        **{name: _json(score) for name, score in scores.items()},
    }


def _json(scores: DetectorScores) -> dict[str, float]:
    return {name: round(getattr(scores, name), 4) for name in DetectorScores.__slots__}


def _torch_weights(
    checkpoint: Path, scratch: Path, other: Path | None = None, share: float = 0.5
) -> Path:
    """Write ultralytics' own form of a checkpoint's averaged network, or its mean with another."""
    state = read_checkpoint(checkpoint)
    net = build(state["config"]["architecture"])
    weights = state["average"]
    if other is not None:
        weights = mean_of(weights, read_weights(other), share)
    net.load_state_dict(weights)
    for parameter in net.parameters():
        parameter.requires_grad = False
    path = scratch / f"{NAME}.pt"
    import ultralytics

    content = {"model": net.half().eval(), "version": ultralytics.__version__, "train_args": {}}
    torch.save({**content, "license": "AGPL-3.0-or-later"}, path)
    return path


def _openvino(weights: Path) -> Path:
    """Export to OpenVINO in 16 bits, for frames of any shape; return the folder."""
    from ultralytics.models import YOLO

    YOLO(str(weights)).export(
        format="openvino", half=True, dynamic=True, imgsz=_SIDE, verbose=False
    )
    return weights.with_name(f"{NAME}_openvino_model")


def _quantised(plain: Path, unseen: Scenes) -> Path:
    """Return a folder with the same network in INT8, calibrated on some frames.

    The first two layers and the last one, which says who is where, stay as they are: photos go
    beyond what rendered frames calibrate. In INT8 all through, four networks lost .001 to .007 of
    AP50 on photos, nothing on rendered frames.
    """
    import openvino

    model = openvino.Core().read_model(plain / f"{NAME}.xml")
    names = [op.get_friendly_name() for op in model.get_ordered_ops()]
    layer = {name: int(found[1]) for name in names if (found := _LAYER.match(name))}
    last = max(layer.values(), default=0)
    kept = [name for name, number in layer.items() if number in (0, 1, last)]
    step = max(len(unseen.frames) // _CALIBRATED_ON, 1)
    frames = [letterbox(frame) for frame in unseen.frames[::step][:_CALIBRATED_ON]]
    quantised = in_int8(model, frames, kept, careful=True)
    folder = plain.with_name(f"{NAME}_int8_openvino_model")
    folder.mkdir()
    openvino.save_model(quantised, folder / f"{NAME}.xml", compress_to_fp16=True)
    shutil.copyfile(plain / "metadata.yaml", folder / "metadata.yaml")
    return folder


def letterbox(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a frame as the network sees it: float32 (1, 3, h, w) in [0, 1], sides by 32."""
    height, width = frame.shape[:2]
    scale = _SIDE / max(height, width)
    small = cv2.resize(frame, (round(width * scale), round(height * scale)))
    tall, wide = (-(-side // 32) * 32 for side in small.shape[:2])
    canvas = np.full((tall, wide, 3), EMPTY, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    return np.asarray(canvas.transpose(2, 0, 1)[None] / 255, np.float32)


def measure(detector: Detector, scenes: Scenes) -> DetectorScores:
    """Measure a detector on labelled frames, as the product runs it."""
    step = max(len(scenes.frames) // _MEASURED_ON, 1)
    chosen = range(0, len(scenes.frames), step)
    people, heads = [], []
    for number in chosen:
        seen = detector.detect(ResearchImage(scenes.frames[number]).frame())
        labels = scenes.labels[number]
        people.append(_match(labels[labels[:, 0] == 0, 1:], seen.people, seen.scores))
        heads.append(_match(labels[labels[:, 0] == 1, 1:], seen.heads, seen.head_scores))
    return DetectorScores(
        average_precision(people), average_precision(heads), recall(people), recall(heads),
        best_confidence(people), len(chosen),
    )  # fmt: skip


def best_confidence(matched: Sequence[Matched]) -> float:
    """Return the confidence from which precision and recall have the best harmonic mean (F1)."""
    people = sum(len(m.found) for m in matched)
    scores = np.concatenate([m.scores for m in matched])
    if not len(scores) or not people:
        return INDEX_SCORE
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(np.concatenate([m.hit for m in matched])[order])
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + people)
    return float(scores[order][int(f1.argmax())])


def _match(truth: Boxes, found: Boxes, scores: NDArray[np.float32]) -> Matched:
    nobody = tuple(np.zeros((0, 2), np.float32) for _ in truth)
    photo = Photo(
        Path(), truth if len(truth) else empty_boxes(), np.zeros(len(truth), bool), nobody
    )
    return match(photo, found, scores, _IOU)


def _write(folder: Path, weights: Path, exported: Path, stated: Stated) -> None:
    shutil.rmtree(folder / exported.name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(exported, folder / exported.name)
    shutil.copyfile(weights, folder / weights.name)
    files = [weights.name, *(f"{exported.name}/{f.name}" for f in sorted(exported.iterdir()))]
    hashes = "\n".join(
        f'"{name}" = "{hashlib.sha256((folder / name).read_bytes()).hexdigest()}"' for name in files
    )
    classes = ", ".join(f'"{name}"' for name in CLASSES)
    (folder / "model.toml").write_text(
        f'kind = "detector"\nmodel_id = "{stated.model_id}"\nentry = "{exported.name}"\n'
        f'torch = "{weights.name}"\nlicence = "AGPL-3.0-or-later"\nclasses = [{classes}]\n\n'
        f"[thresholds]\nindex = {stated.index}\nredaction = {stated.redaction}\n"
        f"heads = {stated.heads}\n\n"
        f"[files]\n{hashes}\n"
    )

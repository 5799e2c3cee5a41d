"""What a trained embedding is worth on the held-out render domain."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from reid.core.boxes import as_boxes, empty_boxes
from reid.core.errors import ReidError
from reid.detect.head_regions import crop_regions_to_redact
from reid.lab.bench.data.counterfactual_sets import read_pairs
from reid.lab.bench.metrics.ranking import RankingScores, score_ranking
from reid.lab.research_image import ResearchImage
from reid.lab.train.data import Crops, load
from reid.lab.train.export import (
    Calibration,
    attributes_seen,
    calibrated,
    calibration_error,
    mean_accuracy,
    not_estimated,
)
from reid.lab.train.net import AppearanceNet, NetConfig
from reid.lab.train.pack_appearance import Packed, converted, quantised, run_model, write
from reid.lab.train.run import check_columns, mean_of
from reid.lab.train.unpack_appearance import unpack

_CALIBRATED_SHARE: Final = 0.5  # of the held-out people; the rest measure

MOST_LOST: Final = 0.01
"""mAP that INT8 may cost."""

YARDSTICK: Final = "colour"
"""The counterfactual by whose effect all others are measured."""

Float = NDArray[np.float32]


class Mixed(NamedTuple):
    """A packed embedding, and the share of its weights in a mean."""

    folder: Path
    share: float


def load_net(checkpoint: Path) -> AppearanceNet:
    """Return the averaged network of a checkpoint, on the CPU.

    Raises:
        ReidError: it is not a checkpoint.
    """
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        sizes = state["config"]["net"]
        check_columns(checkpoint, state)
        net = AppearanceNet(
            NetConfig(
                tuple(sizes["widths"]),
                tuple(sizes["blocks"]),
                tuple(sizes["strides"]),
                sizes["dim"],
                sizes["height"],
                sizes["width"],
            )
        )
        net.load_state_dict(state["average"])
    except (OSError, KeyError, RuntimeError) as error:
        raise ReidError(f"{checkpoint} is not a checkpoint ({type(error).__name__})") from None
    return net.eval()


def mean_net(checkpoints: Sequence[Path]) -> AppearanceNet:
    """Return the mean of the averaged networks of some checkpoints, on the CPU.

    Runs from one start that were trained apart often know more together than each (Wortsman et al.
    2022, model soups).

    Raises:
        ReidError: one is not a checkpoint, or they are of different networks.
    """
    net, *others = (load_net(checkpoint) for checkpoint in checkpoints)
    for count, other in enumerate(others, start=2):
        net.load_state_dict(mean_of(net.state_dict(), other.state_dict(), 1 / count))
    return net


def pack_and_measure(
    checkpoints: Sequence[Path],
    held_out: Path,
    folder: Path,
    model_id: str,
    pairs: Path | None = None,
    mixed: Mixed | None = None,
) -> dict[str, Any]:
    """Calibrate on half of the held-out people, measure on the other half, write to `folder`.

    INT8 is packed where it costs less than `MOST_LOST` of mAP, else 16 bits. All figures are of the
    model as packed.

    Args:
        checkpoints: what `reid train appearance` wrote; of several the mean is packed.
        held_out: crops of the held-out domain.
        folder: written.
        model_id: names the model and its vector space.
        pairs: counterfactuals; with them, what a change of skin, face or hair does to the vector is
            measured too.
        mixed: packed weights that the runs began from, to be packed in part.
    """
    net = mean_net(checkpoints)
    crops = load([held_out])
    if mixed is not None:
        began = AppearanceNet(net.config)
        unpack(began, mixed.folder, crops.images)
        net.load_state_dict(mean_of(net.state_dict(), began.state_dict(), mixed.share))
    first = crops.identity < int(crops.identities * _CALIBRATED_SHARE)
    fit, test = take(crops, first), take(crops, ~first)
    attributes, body = calibrated(net, crops, first)
    plain = converted(Packed(net, attributes, body))
    models = {"fp16": plain, "int8": quantised(plain, fit.images)}
    scores = {name: measure(model, test, attributes) for name, model in models.items()}
    fits = scores["fp16"]["mAP"] - scores["int8"]["mAP"] < MOST_LOST
    chosen = "int8" if fits else "fp16"
    write(models[chosen], folder, model_id, not_estimated(attributes, body))
    shares = {"counterfactual": counterfactual_shares(models[chosen], pairs)} if pairs else {}
    return {"packed": chosen, **scores[chosen], **shares, **scores}


def measure(model: Any, crops: Crops, calibration: Calibration) -> dict[str, Any]:
    """Return rank-1, mAP, mean accuracy (mA) and calibration error (ECE) of an OpenVINO model."""
    outputs = run_model(model, crops.images)
    scores = across_cameras(outputs["vector"], crops)
    probability = outputs["attributes"]
    used = attributes_seen(crops) > 0
    known = np.flatnonzero(calibration.estimated)
    accuracies = [
        mean_accuracy(
            probability[:, k],
            crops.attributes[:, k],
            used[:, k],
            float(crops.attributes[used[:, k], k].mean()),
        )
        for k in known
        if 0 < crops.attributes[used[:, k], k].sum() < used[:, k].sum()
    ]
    error = calibration_error(probability[:, known], crops.attributes[:, known], used[:, known])
    return {
        "crops": len(crops),
        "rank1": scores.rank(1),
        "mAP": scores.mean_ap,
        "mA": float(np.mean(accuracies)),
        "ECE": error,
        "columns": len(known),
    }


def counterfactual_shares(model: Any, folder: Path) -> dict[str, float]:
    """Return by change the median 1 − cos of its pairs, ÷ that of a garment's change of colour.

    Raises:
        SourceError: no pairs there.
        ReidError: none of them change a colour.
    """
    pairs = read_pairs(folder)
    shards = sorted(folder.glob("shard-*[0-9]"))
    heads = [
        np.concatenate([np.load(shard / f"{arm}_head.npy") for shard in shards])
        for arm in ("before", "after")
    ]
    redacted = [
        np.stack([_redacted(i, h) for i, h in zip(images, boxes, strict=True)])
        for images, boxes in zip((pairs.before, pairs.after), heads, strict=True)
    ]
    before, after = (run_model(model, images)["vector"] for images in redacted)
    distance = 1 - (before * after).sum(axis=1)
    medians = {c: float(np.median(distance[pairs.rows(c)])) for c in dict.fromkeys(pairs.change)}
    if YARDSTICK not in medians:
        raise ReidError(f"{folder} has no pairs of another {YARDSTICK}: render with --change")
    whole = medians.pop(YARDSTICK)
    return {change: median / whole for change, median in medians.items()}


def _redacted(image: NDArray[np.uint8], head: NDArray[np.float32]) -> NDArray[np.uint8]:
    sure = bool(np.isfinite(head).all())
    found = as_boxes([head]) if sure else empty_boxes()
    whole = ResearchImage(image)
    heads = crop_regions_to_redact(whole.frame().ref, found, sure=sure)
    return np.array(whole.redacted(heads).pixels)


def across_cameras(vectors: Float, crops: Crops) -> RankingScores:
    """Score every crop as a query against all crops of other cameras."""
    same = crops.identity[:, None] == crops.identity[None]
    same_camera = crops.camera[:, None] == crops.camera[None]
    return score_ranking(-(vectors @ vectors.T), same & ~same_camera, same_camera)


def take(crops: Crops, chosen: NDArray[np.bool_]) -> Crops:
    """Return some rows, identities renumbered from 0."""
    identity = np.unique(crops.identity[chosen], return_inverse=True)[1].astype(np.int64)
    return Crops(
        crops.images[chosen],
        crops.parts[chosen],
        identity,
        crops.camera[chosen],
        crops.attributes[chosen],
        crops.body[chosen],
        crops.visible[chosen],
        crops.shard[chosen],
        crops.shown[chosen],
    )

"""What a trained embedding is worth on the held-out render domain."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from reid.bench.metrics import RankingScores, score_ranking
from reid.errors import ReidError
from reid.train.data import Crops, load
from reid.train.export import (
    ATTRIBUTE_SLOTS,
    Calibration,
    Packed,
    calibrated,
    calibration_error,
    mean_accuracy,
    not_estimated,
    run,
    seen_weight,
    write,
)
from reid.train.net import AppearanceNet, NetConfig

_CALIBRATED_SHARE: Final = 0.5  # of the held-out people; the rest measure

Float = NDArray[np.float32]


def load_net(checkpoint: Path) -> AppearanceNet:
    """Return the averaged network of a checkpoint, on the CPU.

    Raises:
        ReidError: it is not a checkpoint.
    """
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        sizes = state["config"]["net"]
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


def pack_and_measure(
    checkpoint: Path, held_out: Path, folder: Path, model_id: str
) -> dict[str, Any]:
    """Calibrate on half of the held-out people, measure on the other half, write to `folder`."""
    net = load_net(checkpoint)
    crops = load([held_out])
    border = int(crops.identities * _CALIBRATED_SHARE)
    fit, test = take(crops, crops.identity < border), take(crops, crops.identity >= border)
    attributes, body = calibrated(net, fit)
    write(Packed(net, attributes, body), folder, model_id, not_estimated(attributes, body))
    return measure(net, test, attributes)


def measure(net: AppearanceNet, crops: Crops, calibration: Calibration) -> dict[str, Any]:
    """Return rank-1, mAP, mean accuracy (mA) and calibration error (ECE) on some crops."""
    outputs = run(net, crops.images)
    scores = across_cameras(outputs["vector"], crops)
    logits = outputs["attributes"] * calibration.slope + calibration.offset
    probability = np.asarray(1 / (1 + np.exp(-logits)), np.float32)
    used = seen_weight(crops.visible, ATTRIBUTE_SLOTS) > 0
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
    )

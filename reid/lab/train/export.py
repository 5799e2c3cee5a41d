"""A trained network's calibration, and what its figures are measured with.

Calibration is on the held-out render domain, which is never trained on: each column's logit gets a
slope and an offset (Platt 1999), shared by the values of a slot where a slot has few examples.
Columns that cannot be told from chance there are declared as not estimated.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from reid.core.vocabulary import ATTRIBUTE_COLUMNS, BODY_COLUMNS, PART_INDEX, SLOTS
from reid.lab.bench.metrics import calibration as metrics
from reid.lab.train.data import Crops
from reid.lab.train.net import AppearanceNet, both_ways

LEAST_AUC: Final = 0.62
"""A column whose area under the ROC curve is lower is not estimated."""

LEAST_POSITIVES: Final = 12
_SEEN: Final = 0.25
_STEPS: Final = 300
_BINS: Final = 15

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Slope and offset a column (K,), and which columns are estimated (K,)."""

    slope: Float
    offset: Float
    estimated: NDArray[np.bool_]


@torch.no_grad()
def run(
    net: AppearanceNet, images: NDArray[np.uint8], batch: int = 64, *, once: bool = False
) -> dict[str, Float]:
    """Return vectors and raw logits for images uint8 (N, H, W, 3), as shipped: seen both ways.

    `once` sees them as they are alone, in half the time.
    """
    net.eval()
    collected: dict[str, list[Tensor]] = {"vector": [], "attributes": [], "body": [], "visible": []}
    device = next(net.parameters()).device
    for begin in range(0, len(images), batch):
        x = torch.from_numpy(images[begin : begin + batch]).to(device)
        x = x.permute(0, 3, 1, 2).float() / 255
        outputs = net(x) if once else both_ways(net, x)
        for name, parts in collected.items():
            parts.append(getattr(outputs, name).float().cpu())
    return {name: torch.cat(parts).numpy() for name, parts in collected.items()}


def calibrate(
    logits: Float, labels: NDArray[np.uint8], weight: Float, slots: list[str]
) -> tuple[Float, Float]:
    """Fit slope and offset of every column (N, K), by maximum likelihood over what is seen.

    The slope is one a slot (its temperature), the offset one a column.
    """
    names = sorted(set(slots))
    which = torch.tensor([names.index(slot) for slot in slots])
    x, y, w = (torch.from_numpy(a.astype(np.float32)) for a in (logits, labels, weight))
    log_slope = torch.zeros(len(names), requires_grad=True)
    offset = torch.zeros(len(slots), requires_grad=True)
    optimizer = torch.optim.Adam([log_slope, offset], lr=0.05)
    for _ in range(_STEPS):
        scaled = x * log_slope.exp()[which] + offset
        loss = functional.binary_cross_entropy_with_logits(scaled, y, w, reduction="sum")
        loss = loss / w.sum() + 1e-4 * (offset**2).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    slope = log_slope.detach().exp()[which].numpy().astype(np.float32)
    return slope, offset.detach().numpy().astype(np.float32)


def told_apart(
    logits: Float, labels: NDArray[np.uint8], used: NDArray[np.bool_], slots: list[str]
) -> NDArray[np.bool_]:
    """Return which columns (K,) can be told from chance: by their own area under the ROC curve.

    A value too rare to say (an orange jacket) is estimated if its slot's values together are.
    """
    columns = range(len(slots))
    areas = [auc(logits[:, k], labels[:, k], used[:, k]) for k in columns]
    together: dict[str, float | None] = {}
    for slot in dict.fromkeys(slots):
        mine = [k for k in columns if slots[k] == slot]
        flat = (table[:, mine].ravel() for table in (logits, labels, used))
        together[slot] = auc(*flat)  # type: ignore[arg-type]
    decided = [
        area if area is not None else together[slot]
        for area, slot in zip(areas, slots, strict=True)
    ]
    return np.array([area is not None and area >= LEAST_AUC for area in decided])


def seen_weight(visible: Float, slots: list[str]) -> Float:
    """Return 1 where a column's body part is seen (N, K), else 0."""
    parts = [PART_INDEX[SLOTS[slot].part] for slot in slots]
    return (visible[:, parts] > _SEEN).astype(np.float32)


def attributes_seen(crops: Crops) -> Float:
    """Return 1 where what an attribute's column is about can be seen (N, K), else 0."""
    return seen_weight(crops.visible, ATTRIBUTE_SLOTS) * crops.shown


def auc(scores: Float, labels: NDArray[np.uint8], used: NDArray[np.bool_]) -> float | None:
    """Return the area under the ROC curve (Mann-Whitney), or None with too few examples."""
    truth = labels[used] == 1
    if min(int(truth.sum()), int((~truth).sum())) < LEAST_POSITIVES:
        return None
    return metrics.auc(scores[used].astype(np.float64), truth)


def calibration_error(
    probability: Float, labels: NDArray[np.uint8], used: NDArray[np.bool_]
) -> float:
    """Return the expected calibration error over equal-width bins (Naeini et al. 2015)."""
    said, truth = probability[used].astype(np.float64), labels[used] == 1
    return metrics.Reliability.of(said, truth, _BINS).ece


def mean_accuracy(
    probability: Float, labels: NDArray[np.uint8], used: NDArray[np.bool_], prior: float
) -> float:
    """Return (true positive rate + true negative rate) ÷ 2, cut at the column's own rate."""
    return metrics.mean_accuracy(probability[used] >= prior, labels[used] == 1)


ATTRIBUTE_SLOTS: Final = [column.slot for column in ATTRIBUTE_COLUMNS]
BODY_SLOTS: Final = [column.slot for column in BODY_COLUMNS]


def not_estimated(attributes: Calibration, body: Calibration) -> list[str]:
    """Return ``slot=value`` of every column that the model does not estimate."""
    pairs = [(ATTRIBUTE_COLUMNS, attributes), (BODY_COLUMNS, body)]
    return [
        f"{column.slot}={column.value}"
        for columns, calibration in pairs
        for column, known in zip(columns, calibration.estimated, strict=True)
        if not known
    ]


def calibrated(
    net: AppearanceNet, held_out: Crops, fit: NDArray[np.bool_]
) -> tuple[Calibration, Calibration]:
    """Return the calibration of attributes and body on the held-out domain.

    Slopes and offsets are of the crops `fit` (N,); which columns can be told from chance, which no
    calibration changes, is seen on all.
    """
    logits = run(net, held_out.images)
    return (
        _of_columns(
            logits["attributes"],
            held_out.attributes,
            attributes_seen(held_out),
            fit,
            ATTRIBUTE_SLOTS,
        ),
        _of_columns(
            logits["body"],
            held_out.body,
            seen_weight(held_out.visible, BODY_SLOTS),
            fit,
            BODY_SLOTS,
        ),
    )


def _of_columns(
    logits: Float,
    labels: NDArray[np.uint8],
    weight: Float,
    fit: NDArray[np.bool_],
    slots: list[str],
) -> Calibration:
    slope, offset = calibrate(logits[fit], labels[fit], weight[fit], slots)
    return Calibration(slope, offset, told_apart(logits, labels, weight > 0, slots))

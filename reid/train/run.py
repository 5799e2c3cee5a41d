"""What every training run does alike: the learning rate, the weights' average, checkpoints."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Report = Callable[[int, dict[str, Tensor]], None]
"""Told after every step: its number, and its losses (reading one waits for the device)."""


def learning_rate(peak: float, step: int, warmup: int, steps: int) -> float:
    """Return a step's rate: linear warm-up to `peak`, then half a cosine down to nothing."""
    if step < warmup:
        return peak * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return peak * 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, momentum: float, step: int) -> None:
    """Move the average of the weights towards the weights; faster in the first steps."""
    keep = min(momentum, (step + 1) / (step + 10))
    pairs = list(zip(average.state_dict().values(), net.state_dict().values(), strict=True))
    means, now = zip(*(pair for pair in pairs if pair[0].dtype.is_floating_point), strict=True)
    torch._foreach_lerp_(means, now, 1 - keep)  # one launch, not hundreds
    for mean, value in pairs:
        if not mean.dtype.is_floating_point:
            mean.copy_(value)


def parameter_groups(net: nn.Module, decay: float, *more: nn.Parameter) -> list[dict[str, Any]]:
    """Return what AdamW is to train: matrices and kernels decay, vectors and `more` do not."""
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    return [
        {"params": decayed, "weight_decay": decay},
        {"params": [*plain, *more], "weight_decay": 0.0},
    ]


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint; it appears under its name only when complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)

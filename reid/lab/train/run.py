"""What every training run does alike: the learning rate, the EMA of weights, checkpoints."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from reid.core import columns
from reid.core.errors import ReidError

LOG: Final = logging.getLogger("reid.train")

Progress = Callable[[int, dict[str, Tensor]], None]
"""Called after every step: its number, and its losses (reading one waits for the device)."""


class Schedule:
    """The learning rate: linear warm-up to `peak`, then half a cosine down to nothing.

    The fall ends with the last step or, where `within` set minutes, when they are up, whichever
    comes first: for a machine that is lent for so long.
    """

    def __init__(self, peak: float, warmup: int, steps: int) -> None:
        self._peak, self._warmup, self._steps = peak, warmup, steps
        self._seconds: float | None = None
        self._begun = 0.0

    def within(self, minutes: float, spent: float = 0.0) -> None:
        """Let the rate have fallen to nothing after so many minutes, `spent` seconds are over."""
        self._begun, self._seconds = time.monotonic() - spent, minutes * 60

    def rate(self, step: int) -> float:
        """Return the rate of a step."""
        if step < self._warmup:
            return self._peak * (step + 1) / self._warmup
        done = (step - self._warmup) / max(1, self._steps - self._warmup)
        if self._seconds is not None:
            done = max(done, (time.monotonic() - self._begun) / max(self._seconds, 1e-9))
        return self._peak * 0.5 * (1 + float(np.cos(np.pi * min(done, 1.0))))


class EMA:
    """An exponential moving average (EMA) of a network's weights, kept in a second network.

    `torch.optim.swa_utils.AveragedModel` is not used, since its figures differ: it copies the
    weights in the first step where this one warms up, and either copies the statistics of batch
    norms or averages their counters too.

    Both networks keep their tensors from now on: load weights into them, do not replace them.
    """

    def __init__(self, mean: nn.Module, net: nn.Module, momentum: float) -> None:
        self._momentum = momentum
        pairs = list(zip(mean.state_dict().values(), net.state_dict().values(), strict=True))
        weights = [pair for pair in pairs if pair[0].dtype.is_floating_point]
        self._means, self._now = ([pair[i] for pair in weights] for i in (0, 1))
        self._counts = [pair for pair in pairs if not pair[0].dtype.is_floating_point]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the mean a little towards the weights of `step`; further in the first steps."""
        keep = min(self._momentum, (step + 1) / (step + 10))
        torch._foreach_lerp_(self._means, self._now, 1 - keep)  # one launch, not hundreds
        if self._counts:
            means, now = zip(*self._counts, strict=True)
            torch._foreach_copy_(means, now)


class OptimiserStep:
    """What a training step does once its loss is known, alike for every network.

    Args:
        net: being trained. optimizer: of the net. schedule: its learning rate by step.
        ema: of the net's weights.
        max_norm: to which gradients are clipped.
    """

    def __init__(
        self,
        net: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        ema: EMA,
        *,
        max_norm: float,
    ) -> None:
        self._net, self._optimizer, self._schedule = net, optimizer, schedule
        self._ema, self._max_norm = ema, max_norm

    def take(self, loss: Tensor, step: int) -> None:
        """Step the optimiser down the gradient of the loss, then update the EMA."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._schedule.rate(step)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._net.parameters(), self._max_norm)
        self._optimizer.step()
        self._ema.update(step)


def recorded(net: nn.Module, sample: Tensor) -> Callable[[Tensor], Any]:
    """Return a network that takes batches like `sample` alone, at once where it can.

    On NVIDIA's GPUs its kernels are recorded once and replayed (a CUDA graph), forward and
    backward: small networks otherwise wait for Python to start each of some thousand kernels. On
    other devices, and where recording fails, which is logged, it is the network itself.

    Args:
        net: in training; gives tensors or tuples of them. Its normalisations see `sample` a few
            times.
        sample: a batch on the device.
    """
    if sample.device.type != "cuda":
        return net
    before = {name: value.clone() for name, value in net.state_dict().items()}
    try:
        with torch.autocast("cuda", dtype=torch.bfloat16, cache_enabled=False):
            faster: Callable[[Tensor], Any] = torch.cuda.make_graphed_callables(net, (sample,))
    except RuntimeError as error:
        LOG.warning("kernels are not recorded, so steps are slower: %s", error)
        return net
    finally:
        net.load_state_dict(before)
    return faster


def mean_of(
    one: dict[str, Tensor], other: dict[str, Tensor], share: float = 0.5
) -> dict[str, Tensor]:
    """Return the weighted mean of two networks' weights; what is counted is the first one's.

    A network and what it was trained further into often know more together than either (Wortsman
    et al. 2022, robust fine-tuning).

    Args:
        one: weights by name.
        other: as many, of the same shapes.
        share: of the other's.

    Raises:
        ReidError: they are of different networks.
    """
    if {k: v.shape for k, v in one.items()} != {k: v.shape for k, v in other.items()}:
        raise ReidError("these weights are of different networks: name those the run began from")
    return {
        name: torch.lerp(value, other[name].to(value), share)
        if value.is_floating_point()
        else value
        for name, value in one.items()
    }


def parameter_groups(net: nn.Module, decay: float, *more: nn.Parameter) -> list[dict[str, Any]]:
    """Return what AdamW is to train: matrices and kernels decay, vectors and `more` do not."""
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    return [
        {"params": decayed, "weight_decay": decay},
        {"params": [*plain, *more], "weight_decay": 0.0},
    ]


def check_columns(path: Path, state: dict[str, Any]) -> None:
    """Look whether a checkpoint's heads have the columns of the vocabulary, in its order.

    Raises:
        ReidError: they have not. One that names none was written when `columns.FIRST` was that.
    """
    said = state.get("columns", columns.FIRST._asdict())
    if {name: tuple(of) for name, of in said.items()} != columns.current()._asdict():
        raise ReidError(f"{path} was trained with another vocabulary: begin a new checkpoint")


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint; it appears under its name only when complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)

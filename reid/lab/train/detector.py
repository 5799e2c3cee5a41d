"""Train the person-head detector on synthetic scenes.

ultralytics' nano network and loss from scratch, in a loop of our own: pictures drawn by
`reid.lab.train.scenes`, AdamW, an EMA of the weights. A run stops when its minutes are up
and goes on from its checkpoint: every draw depends on the seed and the number of the picture alone.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from reid.core.errors import ReidError
from reid.detect.yolo import quieten_ultralytics
from reid.lab.train.run import (
    EMA,
    OptimiserStep,
    Progress,
    Schedule,
    parameter_groups,
    recorded,
    write_checkpoint,
)
from reid.lab.train.scenes import Scenes, draw

CLASSES: Final = ("person", "head")
LOSSES: Final = ("box", "class", "edge")
"""Overlap of boxes, who is where, and the distribution of each box's edges."""


@dataclass(frozen=True, slots=True)
class DetectorConfig:
    """What a run is made of.

    Attributes:
        steps: length of the whole run, in batches.
        batch: pictures a step. size: px of their sides.
        rate, warmup, decay: AdamW's learning rate, steps until it is reached, weight decay.
        ema_momentum: of the exponential moving average (EMA) of the weights.
        seed: of everything drawn.
        architecture: ultralytics' name of the network.
    """

    steps: int = 20_000
    batch: int = 16
    size: int = 384
    rate: float = 2e-3
    warmup: int = 400
    decay: float = 0.02
    ema_momentum: float = 0.999
    seed: int = 0
    architecture: str = "yolo11n"


def build(architecture: str) -> Any:
    """Return ultralytics' network for our two classes, with fresh weights."""
    quieten_ultralytics()
    from ultralytics.cfg import get_cfg
    from ultralytics.nn.tasks import DetectionModel

    make: Any = DetectionModel
    net = make(f"{architecture}.yaml", ch=3, nc=len(CLASSES), verbose=False)
    net.args = get_cfg()  # the loss reads its weights there
    net.names = dict(enumerate(CLASSES))
    return net


class Pictures(Dataset[tuple[Tensor, Tensor]]):
    """Training pictures by number: uint8 (3, S, S) and labels float32 (n, 5), class and cxcywh."""

    def __init__(self, scenes: Scenes, config: DetectorConfig) -> None:
        self._scenes, self._config = scenes, config

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        random = np.random.default_rng([self._config.seed, number])
        picture, labels = draw(self._scenes, random, self._config.size)
        boxes = labels[:, 1:] / self._config.size
        centre, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
        rows = np.concatenate([labels[:, :1], centre, sides], axis=1)
        return torch.from_numpy(picture).permute(2, 0, 1), torch.from_numpy(rows)


def collate(items: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
    """Join pictures into the batch that ultralytics' loss takes."""
    counts = [len(labels) for _, labels in items]
    joined = torch.cat([labels for _, labels in items])
    return {
        "img": torch.stack([picture for picture, _ in items]),
        "cls": joined[:, :1],
        "bboxes": joined[:, 1:],
        "batch_idx": torch.repeat_interleave(
            torch.arange(len(items)), torch.tensor(counts)
        ).float(),
    }


class Outputs(nn.Module):
    """The network with outputs that are tensors alone.

    Pictures (B, 3, S, S), uint8 → float32 distributions of boxes' edges (B, 4 R, A) and logits of
    classes (B, 2, A), over A anchors.
    """

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Run it."""
        x = (pictures.float() / 255).contiguous(memory_format=torch.channels_last)
        outputs = self.net(x)
        return outputs["boxes"].float(), outputs["scores"].float()


class Trainer:
    """A run in progress; `workers` processes draw its pictures (0 = this one)."""

    def __init__(
        self, config: DetectorConfig, scenes: Scenes, device: str, workers: int = 0
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device, self.workers = config, device, workers
        self.pictures = Pictures(scenes, config)
        self.net = build(config.architecture).to(device).to(memory_format=torch.channels_last)
        self.ema = build(config.architecture).to(device).to(memory_format=torch.channels_last)
        self.ema.load_state_dict(self.net.state_dict())
        groups = parameter_groups(self.net, config.decay)
        self.optimizer = torch.optim.AdamW(groups, lr=config.rate, fused=device != "cpu")
        self.step = 0
        self.schedule = Schedule(config.rate, config.warmup, config.steps)
        self._optimiser_step = OptimiserStep(
            self.net,
            self.optimizer,
            self.schedule,
            EMA(self.ema, self.net, config.ema_momentum),
            max_norm=10.0,
        )
        self._run: Callable[[Tensor], tuple[Tensor, Tensor]] = Outputs(self.net)
        sides = [config.size // int(stride) for stride in self.net.model[-1].stride]
        self._levels = [torch.empty(config.batch, 1, side, side, device=device) for side in sides]

    def train(self, minutes: float | None, progress: Progress) -> None:
        """Run until the last step, or until the minutes are up."""
        begun = time.monotonic()
        self.net.train()
        blank = torch.zeros(self.config.batch, 3, self.config.size, self.config.size)
        # before there are processes that hand pictures over: recording tolerates nothing beside it
        self._run = recorded(Outputs(self.net).train(), blank.to(self.device, torch.uint8))
        for batch in self._batches():
            losses = self._step(batch)
            self.step += 1
            progress(self.step, losses)
            if minutes is not None and time.monotonic() - begun > minutes * 60:
                return

    def _batches(self) -> Iterator[dict[str, Tensor]]:
        numbers = range(self.step * self.config.batch, self.config.steps * self.config.batch)
        return iter(
            DataLoader(
                self.pictures,
                batch_size=self.config.batch,
                sampler=numbers,
                num_workers=self.workers,
                collate_fn=collate,
                pin_memory=self.device != "cpu",
            )
        )

    def _step(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        batch = {name: value.to(self.device, non_blocking=True) for name, value in batch.items()}
        with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16):
            boxes, scores = self._run(batch["img"])
        outputs = {"boxes": boxes, "scores": scores, "feats": self._levels}
        losses, items = self.net.loss(batch, outputs)
        self._optimiser_step.take(losses.sum() / self.config.batch, self.step)
        values = items.values() if isinstance(items, dict) else items
        return {name: value.detach() for name, value in zip(LOSSES, values, strict=True)}

    def begin_from(self, path: Path) -> None:
        """Begin with the weights of a packed detector instead of fresh ones.

        Raises:
            ReidError: it is not one, or of another network.
        """
        weights = read_weights(path)
        try:
            self.net.load_state_dict(weights)
            self.ema.load_state_dict(weights)
        except RuntimeError:
            wanted = self.config.architecture
            raise ReidError(f"{path} is not a {wanted} of our classes: use another file") from None

    def save(self, path: Path) -> None:
        """Write a checkpoint; it appears under its name only when complete."""
        state = {
            "config": asdict(self.config),
            "step": self.step,
            "net": self.net.state_dict(),
            "average": self.ema.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        write_checkpoint(path, state)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint.

        Raises:
            ReidError: it is of another network.
        """
        state = read_checkpoint(path, self.device)
        if state["config"]["architecture"] != self.config.architecture:
            raise ReidError(f"{path} is of {state['config']['architecture']}: use another file")
        self.net.load_state_dict(state["net"])
        self.ema.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = int(state["step"])


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read the weights of a packed detector, ultralytics' ``.pt``, in float32.

    Raises:
        ReidError: it is something else.
    """
    quieten_ultralytics()
    from ultralytics.models import YOLO

    try:
        net: Any = YOLO(str(path)).model
        state: dict[str, Tensor] = net.float().state_dict()
    except Exception as error:  # ultralytics raises whatever torch raises
        raise ReidError(f"{path} is not a detector ({type(error).__name__})") from None
    return state


def read_checkpoint(path: Path, device: str = "cpu") -> dict[str, Any]:
    """Read what `Trainer.save` wrote.

    Raises:
        ReidError: it is something else.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
        state["config"]["architecture"]
    except (OSError, KeyError, TypeError, RuntimeError) as error:
        raise ReidError(f"{path} is not a checkpoint ({type(error).__name__})") from None
    return state

"""Train the appearance embedding on synthetic crops.

One loop: P × K sampling, augmentation, seven losses, an exponential moving average (EMA) of the
weights. A run stops when its minutes are up and goes on from its checkpoint exactly where it
stopped: every draw depends on the seed and the step alone.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from reid.core import columns
from reid.core.errors import ReidError
from reid.core.vocabulary import ATTRIBUTE_COLUMNS, BODY_COLUMNS, PART_INDEX, SLOTS
from reid.lab.train.augment import SHADE, TINT, augment, recolour_skin, regions_of, skin_of
from reid.lab.train.data import Crops
from reid.lab.train.export import run
from reid.lab.train.net import REGIONS, AppearanceNet, NetConfig, Outputs
from reid.lab.train.run import (
    EMA,
    OptimiserStep,
    Progress,
    Schedule,
    check_columns,
    parameter_groups,
    recorded,
    write_checkpoint,
)
from reid.lab.train.unpack_appearance import unpack

_SEEN: Final = 0.25  # visible share of a part from which its attributes are taught


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """What a run is made of.

    Attributes:
        steps: length of the whole run, in batches.
        people, views: identities in a batch and crops of each.
        shards: how many shards a batch's people come from: few, so that the people to be told
            apart stand before the same cameras, and places say nothing about who is who.
        rate, warmup, decay: AdamW's learning rate, steps until it is reached, weight decay.
        cluster: how many people alike are drawn together, by the vectors that the identity
            classifier holds of them; 1 = everybody by themselves.
        skin_pairs: crops of a batch that are seen twice, with skin of another tone, and are to
            have one vector (skin-invariance pairs); half of them show the most skin.
        tint: most that a cast lifts or lowers a channel's black.
        shade: most that light differs across a crop, logarithm.
        temperature: of the contrastive loss. scale: of the identity classifier's cosines.
        ema_momentum: of the exponential moving average (EMA) of the weights.
        seed: of everything drawn.
        net: sizes of the network.
    """

    steps: int = 12_000
    people: int = 24
    views: int = 4
    shards: int = 2
    cluster: int = 1
    skin_pairs: int = 24
    tint: float = TINT
    shade: float = SHADE
    rate: float = 1.2e-3
    warmup: int = 300
    decay: float = 0.05
    temperature: float = 0.1
    scale: float = 20.0
    ema_momentum: float = 0.998
    seed: int = 0
    net: NetConfig = field(default_factory=NetConfig)


WEIGHTS: Final = {
    "identity": 0.5,
    "supcon": 1.0,
    "attributes": 12.0,
    "body": 2.0,
    "visible": 0.5,
    "regions": 0.5,
    "skin": 20.0,
}
"""Of each loss in the sum; the attribute loss is a mean over many columns that are mostly 0."""


class Trainer:
    """A run in progress."""

    def __init__(self, config: TrainConfig, crops: Crops, device: str) -> None:
        torch.manual_seed(config.seed)
        self.config, self.crops, self.device = config, crops, device
        # instance norms are slow on a CPU with channels last
        self._layout = torch.contiguous_format if device == "cpu" else torch.channels_last
        self._columns = _on(crops, device)
        self.net = AppearanceNet(config.net).to(device).to(memory_format=self._layout)
        self.ema = AppearanceNet(config.net).to(device).to(memory_format=self._layout)
        self.ema.load_state_dict(self.net.state_dict())
        self.classes = nn.Parameter(
            functional.normalize(torch.randn(crops.identities, config.net.dim), dim=1).to(device)
        )
        groups = parameter_groups(self.net, config.decay, self.classes)
        self.optimizer = torch.optim.AdamW(
            groups, lr=config.rate, betas=(0.9, 0.98), fused=device != "cpu"
        )
        self.step = 0
        self.schedule = Schedule(config.rate, config.warmup, config.steps)
        self._optimiser_step = OptimiserStep(
            self.net,
            self.optimizer,
            self.schedule,
            EMA(self.ema, self.net, config.ema_momentum),
            max_norm=5.0,
        )
        self._run: Callable[[Tensor], Outputs] | None = None
        self._of_shard = _people_of_each(crops)
        parts = [PART_INDEX[SLOTS[c.slot].part] for c in ATTRIBUTE_COLUMNS]
        self._parts = torch.tensor(parts, device=device)

    def train(self, minutes: float | None, progress: Progress) -> None:
        """Run until the last step, or until the minutes are up."""
        begun = time.monotonic()
        self.net.train()
        while self.step < self.config.steps:
            if minutes is not None and time.monotonic() - begun > minutes * 60:
                return
            losses = self._step()
            self.step += 1
            progress(self.step, losses)

    def _step(self) -> dict[str, Tensor]:
        rows = torch.from_numpy(self.batch(self.step)).to(self.device)
        random = torch.Generator(self.device).manual_seed(self.config.seed * 1_000_003 + self.step)
        x, parts, left = augment(
            self._columns["images"][rows],
            self._columns["parts"][rows],
            random,
            self.config.tint,
            self.config.shade,
        )
        paired = skin_invariance_rows(parts, self.config.skin_pairs)
        other = recolour_skin(x[paired], parts[paired], random, share=1.0).clamp(0, 1)
        x = torch.cat([x, other]).contiguous(memory_format=self._layout)
        if self._run is None:
            self._run = recorded(self.net, x)
        with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16):
            outputs = self._run(x)
        losses = self._losses(_first(outputs, len(rows)), regions_of(parts), rows, left)
        losses["skin"] = consistency_loss(outputs.vector[paired], outputs.vector[len(rows) :])
        total = torch.stack([WEIGHTS[name] * loss for name, loss in losses.items()]).sum()
        self._optimiser_step.take(total, self.step)
        return {name: loss.detach() for name, loss in losses.items()}

    def batch(self, step: int) -> NDArray[np.int64]:
        """Return the rows of a step's batch: `people` identities, `views` crops of each."""
        random = np.random.default_rng([self.config.seed, step])
        count = min(self.config.shards, len(self._of_shard))
        chosen = random.choice(len(self._of_shard), count, replace=False)
        shares = np.diff(np.linspace(0, self.config.people, count + 1).round().astype(int))
        people = [
            someone
            for shard, share in zip(chosen, shares, strict=True)
            for someone in self._drawn(self._of_shard[shard], int(share), random)
        ]
        return np.concatenate([_rows(rows, self.config.views, random) for rows in people])

    def _drawn(
        self, people: list[NDArray[np.int64]], count: int, random: np.random.Generator
    ) -> list[NDArray[np.int64]]:
        """Draw `count` people of a shard, given as each one's rows."""
        if self.config.cluster < 2 or len(people) <= count:
            return _some(people, count, random)
        whose = torch.from_numpy(self.crops.identity[[rows[0] for rows in people]])
        held = functional.normalize(self.classes.detach()[whose.to(self.device)], dim=1)
        alike = (held @ held.T).float().cpu().numpy()
        return [people[i] for i in clusters(alike, count, self.config.cluster, random)]

    def _losses(
        self, outputs: Outputs, regions: Tensor, rows: Tensor, left: Tensor
    ) -> dict[str, Tensor]:
        identity, visible = self._columns["identity"][rows], self._columns["visible"][rows] * left
        cosines = outputs.vector @ functional.normalize(self.classes, dim=1).T
        return {
            "identity": functional.cross_entropy(
                cosines * self.config.scale, identity, label_smoothing=0.1
            ),
            "supcon": supcon_loss(outputs.vector, identity, self.config.temperature),
            "attributes": seen_only(
                outputs.attributes,
                self._columns["attributes"][rows],
                visible[:, self._parts] * self._columns["shown"][rows],
            ),
            "body": seen_only(
                outputs.body,
                self._columns["body"][rows],
                visible.max(dim=1, keepdim=True).values.expand(-1, len(BODY_COLUMNS)),
            ),
            "visible": functional.binary_cross_entropy_with_logits(
                outputs.visible.float(), visible.clamp(0, 1)
            ),
            "regions": region_loss(outputs.regions, regions),
        }

    def begin_from(self, folder: Path) -> None:
        """Begin with a packed embedding's weights instead of fresh ones.

        Raises:
            ReidError: it is of another network, or none.
        """
        unpack(self.net, folder, self.crops.images)
        self.ema.load_state_dict(self.net.state_dict())
        self._meet_everybody()

    def _meet_everybody(self) -> None:
        """Let the identity classifier begin with everybody's mean vector."""
        with torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16):
            found = run(self.net, self.crops.images, once=True)["vector"]
        vectors = torch.from_numpy(found).to(self.device)
        with torch.no_grad():
            self.classes.zero_().index_add_(0, self._columns["identity"], vectors)

    def save(self, path: Path) -> None:
        """Write a checkpoint; it appears under its name only when complete."""
        state = {
            "config": asdict(self.config),
            "columns": {name: list(of) for name, of in columns.current()._asdict().items()},
            "step": self.step,
            "net": self.net.state_dict(),
            "average": self.ema.state_dict(),
            "classes": self.classes.detach(),
            "optimizer": self.optimizer.state_dict(),
        }
        write_checkpoint(path, state)

    def resume(self, path: Path, *, fresh_classes: bool = False) -> None:
        """Go on from a checkpoint.

        `fresh_classes` keeps the network but not the optimiser, and the identity classifier
        begins with everybody's mean vector: for going on with more people than before.

        Raises:
            ReidError: the checkpoint is of another network, or of other people.
        """
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["config"]["net"] != asdict(self.config.net):
            raise ReidError(f"{path} is of a network of other sizes")
        check_columns(path, state)
        self.net.load_state_dict(state["net"])
        self.ema.load_state_dict(state["average"])
        self.step = int(state["step"])
        if fresh_classes:
            self._meet_everybody()
            return
        if state["classes"].shape != self.classes.shape:
            raise ReidError(f"{path} was trained on {len(state['classes'])} other people")
        with torch.no_grad():
            self.classes.copy_(state["classes"])
        self.optimizer.load_state_dict(state["optimizer"])


def clusters(
    alike: NDArray[np.float32], count: int, size: int, random: np.random.Generator
) -> list[int]:
    """Draw people by clusters: one at random, then those most like them of who is left.

    Small batches hold hard negatives only if those are looked for (graph sampling, Liao and Shao
    2022).

    Args:
        alike: similarities (N, N).
        count: how many to draw, at most N.
        size: of a cluster.
        random: draws who each begins with.

    Returns:
        `count` different numbers.
    """
    left = np.ones(len(alike), bool)
    drawn: list[int] = []
    while len(drawn) < count:
        first = int(random.choice(np.flatnonzero(left)))
        order = np.argsort(-np.where(left, alike[first], -np.inf), kind="stable")
        order = order[order != first][: min(size, int(left.sum())) - 1]
        cluster = [first, *order.tolist()][: count - len(drawn)]
        left[cluster] = False
        drawn += cluster
    return drawn


def supcon_loss(vectors: Tensor, identity: Tensor, temperature: float) -> Tensor:
    """Return the supervised contrastive loss (Khosla et al. 2020), over unit vectors (B, D)."""
    logits = vectors @ vectors.T / temperature
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    same = (identity[:, None] == identity[None]) & ~itself
    logits = logits.masked_fill(itself, -torch.inf)
    log_share = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    return -(log_share.masked_fill(~same, 0).sum(1) / same.sum(1).clamp(min=1)).mean()


def skin_invariance_rows(parts: Tensor, count: int) -> Tensor:
    """Return which rows form skin-invariance pairs: half the first, half who shows most skin.

    Args:
        parts: uint8 (B, H, W), part numbers of the renderer.
        count: how many; all if there are fewer.

    Returns:
        int64 (min(B, count),), all different.
    """
    count = min(count, len(parts))
    first = count // 2
    bare = skin_of(parts[first:]).flatten(1).sum(dim=1)
    most = bare.topk(count - first).indices + first
    return torch.cat([torch.arange(first, device=parts.device), most])


def consistency_loss(vectors: Tensor, others: Tensor) -> Tensor:
    """Return the mean 1 − cos of pairs of unit vectors, (T, D) each; 0 of none."""
    if not len(vectors):
        return vectors.new_zeros(())
    return 1 - (vectors * others).sum(dim=1).mean()


def _on(crops: Crops, device: str) -> dict[str, Tensor]:
    """Return what a step reads of the crops as tensors, on the device for the whole run."""
    names = ("images", "parts", "identity", "attributes", "body", "visible", "shown")
    return {name: torch.from_numpy(getattr(crops, name)).to(device) for name in names}


def _first(outputs: Outputs, count: int) -> Outputs:
    return Outputs(*(column[:count] for column in outputs))


def seen_only(logits: Tensor, labels: Tensor, visible: Tensor) -> Tensor:
    """Return the binary cross-entropy over what can be seen: all (B, K)."""
    weight = (visible > _SEEN).float()
    loss = functional.binary_cross_entropy_with_logits(
        logits.float(), labels.float(), weight, reduction="sum"
    )
    return loss / weight.sum().clamp(min=1)


def region_loss(logits: Tensor, regions: Tensor) -> Tensor:
    """Return the cross-entropy of attention (B, R, h, w) against masks (B, H, W), by area."""
    exact = functional.one_hot(regions.long(), len(REGIONS)).permute(0, 3, 1, 2).float()
    target = functional.adaptive_avg_pool2d(exact, (logits.shape[2], logits.shape[3]))
    log_share = functional.log_softmax(logits.float(), dim=1)
    return -(target * log_share).sum(dim=1).mean()


def _some(
    people: list[NDArray[np.int64]], count: int, random: np.random.Generator
) -> list[NDArray[np.int64]]:
    chosen = random.choice(len(people), count, replace=len(people) < count)
    return [people[i] for i in chosen]


def _rows(rows: NDArray[np.int64], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    return random.choice(rows, count, replace=len(rows) < count)


def _people_of_each(crops: Crops) -> list[list[NDArray[np.int64]]]:
    """Return, for each shard, the rows of each of its people."""
    shards: dict[int, list[NDArray[np.int64]]] = {}
    for rows in _rows_of_each(crops.identity):
        shards.setdefault(int(crops.shard[rows[0]]), []).append(rows)
    return list(shards.values())


def _rows_of_each(identity: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the rows of each person who has at least two."""
    order = np.argsort(identity, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(identity[order])) + 1)
    return [group for group in groups if len(group) > 1]

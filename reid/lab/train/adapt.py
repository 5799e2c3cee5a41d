"""Adaptation: the shipped embedding learns, without labels, how clothes look to a venue's cameras.

Tracks are gathered into clusters that stand for people (`pseudo_labels`), and crops are drawn
towards their cluster's centre and, camera by camera, towards what other cameras saw of it; then
clusters are made anew, several times (SpCL, Ge et al. 2020; cluster contrast, Dai et al. 2022;
camera-aware proxies, Wang et al. 2021). What the network says of garments and bodies is held to
what it said before, so that descriptions mean the same.
"""

import hashlib
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from reid.core import columns
from reid.core.errors import ReidError
from reid.embed.card import read_card
from reid.lab.train.augment import augment_unmasked
from reid.lab.train.export import Calibration, run
from reid.lab.train.net import AppearanceNet, Outputs
from reid.lab.train.pack_appearance import (
    Packed,
    can_quantise,
    converted,
    quantised,
    write,
)
from reid.lab.train.pseudo_labels import Tracks, clusters_of, mean_vectors
from reid.lab.train.run import EMA, OptimiserStep, Schedule, parameter_groups, write_checkpoint
from reid.lab.train.unpack_appearance import unpacked

Progress = Callable[[float], None]
"""Told the share of the work that is done, in [0, 1]."""

LEAST_TRACKS: Final = 8
"""Of fewer nothing can be learnt."""

_FROZEN: Final = ("attributes", "body", "visible", "regions", "stem")
"""What is not trained, nor is the trunk below its last stage: what heads say is kept, and most of
what is gained is gained above, in two thirds of the time."""

_MAX_NORM: Final = 5.0
_CALIBRATED_ON: Final = 300  # crops, for INT8


@dataclass(frozen=True, slots=True)
class TrackCrops:
    """N redacted crops of T tracks.

    Attributes:
        images: uint8 (N, H, W, 3), of the network's size.
        track: int (N,), of which track each is.
        tracks: who saw them, when.
    """

    images: NDArray[np.uint8]
    track: NDArray[np.intp]
    tracks: Tracks

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: NDArray[np.intp]) -> "TrackCrops":
        """Return the crops of some tracks, which are numbered anew in the order given."""
        number = np.full(len(self.tracks), -1)
        number[rows] = np.arange(len(rows))
        kept = number[self.track] >= 0
        return TrackCrops(self.images[kept], number[self.track[kept]], self.tracks.take(rows))


@dataclass(frozen=True, slots=True)
class AdaptConfig:
    """How to adapt.

    Attributes:
        passes: how often every crop is seen, about.
        least: steps at least, of few crops.
        rounds: how often clusters are made.
        people, views: clusters in a batch and crops of each.
        rate, decay, warmup: AdamW's learning rate, weight decay, steps until it is reached.
        temperature: of both contrastive losses.
        cameras: weight of the camera-aware loss beside that of clusters.
        kept: weight of what keeps the heads' words as they were.
        cut: as of `pseudo_labels.clusters_of`.
        momentum: of a centre in memory when one of its crops is seen.
        ema_momentum: of the exponential moving average of the weights.
        seed: of everything drawn.
    """

    passes: int = 6
    least: int = 160
    rounds: int = 4
    people: int = 16
    views: int = 4
    rate: float = 4e-4
    decay: float = 5e-4
    warmup: int = 20
    temperature: float = 0.05
    cameras: float = 0.5
    kept: float = 1.0
    cut: float = 0.7
    momentum: float = 0.9
    ema_momentum: float = 0.99
    seed: int = 0


class Adapter:
    """An adaptation in progress.

    Args:
        folder: packed embedding to begin from.
        crops: what to learn from.
        config: how.

    Raises:
        ReidError: too few tracks, or the folder holds no such embedding.
    """

    def __init__(self, folder: Path, crops: TrackCrops, config: AdaptConfig) -> None:
        if len(crops.tracks) < LEAST_TRACKS:
            raise ReidError(
                f"{len(crops.tracks)} tracks are too few to learn from: index more, with several "
                f"views each, until there are {LEAST_TRACKS}"
            )
        torch.manual_seed(config.seed)
        self.config, self.crops = config, crops
        self.net = unpacked(folder, crops.images)
        self.net.body_teaches = True
        self.shipped = deepcopy(self.net).eval().requires_grad_(False)
        self.ema = deepcopy(self.net).requires_grad_(False)
        self._below = sum(self.net.config.blocks[:-1])
        for part in (*(getattr(self.net, name) for name in _FROZEN), *self._lower()):
            part.requires_grad_(False)
        batch = config.people * config.views
        self.steps = max(config.least, config.passes * len(crops) // batch)
        self.schedule = Schedule(config.rate, config.warmup, self.steps)
        self.optimizer = torch.optim.AdamW(parameter_groups(self.net, config.decay), config.rate)
        ema = EMA(self.ema, self.net, config.ema_momentum)
        self._optimiser_step = OptimiserStep(
            self.net, self.optimizer, self.schedule, ema, max_norm=_MAX_NORM
        )
        self.step, self.spent = 0, 0.0
        self.clusters = 0
        self._images = torch.from_numpy(crops.images)

    def train(self, minutes: float | None, progress: Progress = lambda _: None) -> None:
        """Run until the last step, or until the minutes are up; the rate falls to nothing by then.

        Minutes spent before a checkpoint was resumed count.
        """
        if minutes is not None:
            self.schedule.within(minutes, self.spent)
        while (done := self._done(minutes)) < 1:
            until = (np.floor(done * self.config.rounds) + 1) / self.config.rounds
            memory = self._memory()
            self.net.train()
            for part in self._lower():
                part.eval()
            while (done := self._done(minutes)) < min(until, 1 - 1e-9):
                begun = time.monotonic()
                self._step(memory)
                self.step += 1
                self.spent += time.monotonic() - begun
                progress(done)
        self.ema.eval()

    def _done(self, minutes: float | None) -> float:
        """Return the share of the steps, or of the minutes, that is over, whichever is larger."""
        by_time = self.spent / (minutes * 60) if minutes else float(minutes == 0)
        return max(self.step / self.steps, by_time)

    def _memory(self) -> "Memory":
        """Make clusters of what the averaged network says of all tracks now."""
        begun = time.monotonic()
        self.ema.eval()
        vectors = run(self.ema, self.crops.images, once=True)["vector"]
        of_track = mean_vectors(vectors, self.crops.track)
        cluster = clusters_of(of_track, self.crops.tracks, self.config.cut)
        memory = Memory(
            vectors, cluster[self.crops.track], self.crops.tracks.camera[self.crops.track]
        )
        self.clusters = len(memory.centres)
        self.spent += time.monotonic() - begun
        return memory

    def _step(self, memory: "Memory") -> None:
        config = self.config
        random = np.random.default_rng([config.seed, self.step])
        rows = memory.draw(config.people, config.views, random)
        drawn = torch.Generator().manual_seed(config.seed * 1_000_003 + self.step)
        x = augment_unmasked(self._images[torch.from_numpy(rows)], drawn)
        with torch.no_grad():
            maps = x * 4 - 2
            for part in self._lower():
                maps = part(maps)
            before = self.shipped.said_of(self.shipped.trunk[self._below :](maps))
        outputs = self.net.said_of(self.net.trunk[self._below :](maps))
        loss = memory.loss(outputs.vector, rows, config.temperature, config.cameras)
        loss = loss + config.kept * kept_loss(outputs, before)
        self._optimiser_step.take(loss, self.step)
        memory.update(outputs.vector.detach(), rows, config.momentum)

    def _lower(self) -> list[nn.Module]:
        """Return the network's parts that stay as they are, below those that learn."""
        return [self.net.stem, *self.net.trunk[: self._below]]

    def save(self, path: Path) -> None:
        """Write a checkpoint; it appears under its name only when complete."""
        state = {
            "config": asdict(self.config),
            "step": self.step,
            "spent": self.spent,
            "net": self.net.state_dict(),
            "average": self.ema.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        write_checkpoint(path, state)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint, with the crops that there are now.

        Raises:
            ReidError: it is damaged, or was begun with other settings.
        """
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            if state["config"] != asdict(self.config):
                raise KeyError("config")
            self.net.load_state_dict(state["net"])
            self.ema.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.spent = int(state["step"]), float(state["spent"])
        except (OSError, KeyError, RuntimeError, EOFError) as error:
            raise ReidError(
                f"{path} cannot be gone on with ({type(error).__name__}): remove it to begin anew"
            ) from None


def pack_adapted(
    net: AppearanceNet,
    began_from: Path,
    folder: Path,
    model_id: str,
    images: NDArray[np.uint8] | None = None,
) -> None:
    """Write an adapted network as the shipped one lies in its folder.

    Its heads hold their calibration already; what they were not trusted with they still are not.

    Args:
        net: adapted.
        began_from: the packed embedding that it began from.
        folder: written.
        model_id: names the model and its vector space.
        images: uint8 (N, H, W, 3), to calibrate INT8 on, as the shipped one is; without them, or
            where NNCF is not installed, 16 bits, which take more than twice as long on a CPU.
    """
    card = read_card(began_from)
    unknown = [
        name
        for table in ("attributes", "body")
        for name, place in zip(columns.current().of(table), card.places(table), strict=True)
        if place == columns.MISSING
    ]
    as_it_is = [_uncalibrated(layer.out_features) for layer in (net.attributes, net.body)]
    model = converted(Packed(net.eval(), *as_it_is))
    if images is not None and can_quantise():
        model = quantised(model, images[:: max(1, len(images) // _CALIBRATED_ON)])
    write(model, folder, model_id, unknown)


def digest_of(net: AppearanceNet) -> str:
    """Return a hash of a network's weights, hex."""
    digest = hashlib.sha256()
    for name, value in net.state_dict().items():
        digest.update(name.encode() + value.numpy().tobytes())
    return digest.hexdigest()


def _uncalibrated(count: int) -> Calibration:
    ones, zeros = np.ones(count, np.float32), np.zeros(count, np.float32)
    return Calibration(ones, zeros, np.ones(count, np.bool_))


class Memory:
    """What is remembered of clusters: a centre of each, and one for each camera that saw it.

    Args:
        vectors: unit vectors (N, D) of all crops.
        cluster: int (N,), numbered from 0.
        camera: int (N,).

    Attributes:
        centres: unit vectors (C, D).
        proxies: unit vectors (P, D), one a cluster and camera.
    """

    def __init__(
        self, vectors: NDArray[np.float32], cluster: NDArray[np.intp], camera: NDArray[np.intp]
    ) -> None:
        pairs, proxy = np.unique(np.stack([cluster, camera], 1), axis=0, return_inverse=True)
        self.centres = torch.from_numpy(mean_vectors(vectors, cluster))
        self.proxies = torch.from_numpy(mean_vectors(vectors, proxy.ravel()))
        self._cluster, self._camera = cluster, camera
        self._cluster_of = torch.from_numpy(cluster)
        self._proxy_of = torch.from_numpy(proxy.ravel())
        self._cluster_of_proxy = torch.from_numpy(pairs[:, 0])
        members = [np.flatnonzero(cluster == c) for c in range(len(self.centres))]
        self._several = [rows for rows in members if len(rows) > 1] or members

    def draw(self, people: int, views: int, random: np.random.Generator) -> NDArray[np.intp]:
        """Return the rows of a batch: some clusters, of each crops of as many cameras as can be."""
        count = min(people, len(self._several))
        chosen = random.choice(len(self._several), count, replace=False)
        return np.concatenate([self._views(self._several[i], views, random) for i in chosen])

    def _views(
        self, rows: NDArray[np.intp], count: int, random: np.random.Generator
    ) -> NDArray[np.intp]:
        cameras = random.permutation(np.unique(self._camera[rows]))
        of_camera = [rows[self._camera[rows] == c] for c in cameras]
        return np.array([random.choice(of_camera[i % len(cameras)]) for i in range(count)])

    def loss(
        self, vectors: Tensor, rows: NDArray[np.intp], temperature: float, cameras: float
    ) -> Tensor:
        """Return the loss of unit vectors (B, D) of some rows (B,)."""
        cluster = self._cluster_of[torch.from_numpy(rows)]
        loss = functional.cross_entropy(vectors @ self.centres.T / temperature, cluster)
        if cameras:
            same = self._cluster_of_proxy[None] == cluster[:, None]
            loss = loss + cameras * proxy_loss(vectors @ self.proxies.T / temperature, same)
        return loss

    @torch.no_grad()
    def update(self, vectors: Tensor, rows: NDArray[np.intp], momentum: float) -> None:
        """Move centres and proxies a little towards the vectors (B, D) of some rows (B,)."""
        for vector, row in zip(vectors, rows, strict=True):
            for memory, place in ((self.centres, self._cluster_of), (self.proxies, self._proxy_of)):
                i = place[row]
                memory[i] = functional.normalize(torch.lerp(vector, memory[i], momentum), dim=0)


def proxy_loss(logits: Tensor, same: Tensor, negatives: int = 50) -> Tensor:
    """Return how far from its own proxies each vector is, against the likest others.

    Args:
        logits: (B, P), likeness to all proxies by the temperature.
        same: bool (B, P), which are of the vector's own cluster, whichever camera's.
        negatives: others that count, of each.
    """
    others = logits.masked_fill(same, -torch.inf)
    hardest = others.topk(min(negatives, logits.shape[1]), dim=1).values
    against = torch.logsumexp(
        torch.cat([logits.masked_fill(~same, -torch.inf), hardest], dim=1), dim=1, keepdim=True
    )
    own = (logits - against).masked_fill(~same, 0).sum(1) / same.sum(1).clamp(min=1)
    return -own.mean()


def kept_loss(outputs: Outputs, before: Outputs) -> Tensor:
    """Return by how much what is said of garments, bodies and their parts has changed."""
    changed = [
        50 * functional.mse_loss(outputs.attributes.sigmoid(), before.attributes.sigmoid()),
        10 * functional.mse_loss(outputs.body.sigmoid(), before.body.sigmoid()),
        10 * functional.mse_loss(outputs.visible.sigmoid(), before.visible.sigmoid()),
        functional.kl_div(
            functional.log_softmax(outputs.regions, dim=1),
            functional.log_softmax(before.regions, dim=1),
            reduction="none",
            log_target=True,
        )
        .sum(dim=1)
        .mean(),
    ]
    return torch.stack(changed).sum()

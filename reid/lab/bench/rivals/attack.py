"""Attackers: a recogniser retrained on hidden faces, and probes on stored vectors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

Float = NDArray[np.float32]
Labels = NDArray[np.int64]
Progress = Callable[[int], None]

_BATCH: Final = 64
_PEAK_RATE: Final = 4e-3
_DECAY: Final = 1e-2
_CHANNELS: Final = (16, 32, 64)
_HIDDEN: Final = 128
_SHIFT: Final = 2  # px


@dataclass(frozen=True, slots=True)
class Examples:
    """What an attacker trains on and is tested on.

    Attributes:
        train, test: float32 (N, …).
        train_labels, test_labels: int64 (N,), from 0 on.
    """

    train: Float
    train_labels: Labels
    test: Float
    test_labels: Labels

    @property
    def classes(self) -> int:
        """How many labels there are."""
        return int(max(self.train_labels.max(), self.test_labels.max())) + 1


def retrained_recogniser(
    examples: Examples, epochs: int, seed: int, progress: Progress = lambda _: None
) -> Labels:
    """Train a convolutional network on images (N, 3, H, W) and return its guesses for the test.

    The network is trained from scratch on images hidden in the same way as those it is tested on:
    the strongest position an attacker can be in who knows the method and has labelled images.
    """
    torch.manual_seed(seed)
    size = examples.train.shape[2:]
    network = _network((int(size[0]), int(size[1])), examples.classes)
    _fit(network, examples, epochs, seed, progress, shift=_SHIFT)
    return _guess(network, examples.test)


def probe(examples: Examples, epochs: int, seed: int, *, hidden: bool) -> Labels:
    """Train a linear or a two-layer probe on vectors (N, D) and return its guesses for the test."""
    torch.manual_seed(seed)
    mean, spread = examples.train.mean(axis=0), examples.train.std(axis=0) + 1e-6
    scaled = Examples(
        (examples.train - mean) / spread,
        examples.train_labels,
        (examples.test - mean) / spread,
        examples.test_labels,
    )
    width = scaled.train.shape[1]
    layers: list[nn.Module] = [nn.Linear(width, scaled.classes)]
    if hidden:
        layers = [
            nn.Linear(width, _HIDDEN), nn.ReLU(), nn.Dropout(0.3),
            nn.Linear(_HIDDEN, scaled.classes),
        ]  # fmt: skip
    network = nn.Sequential(*layers)
    _fit(network, scaled, epochs, seed, lambda _: None, shift=0)
    return _guess(network, scaled.test)


def _network(size: tuple[int, int], classes: int) -> nn.Module:
    layers: list[nn.Module] = []
    before = 3
    for channels in _CHANNELS:
        layers += [
            nn.Conv2d(before, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
        before = channels
    height, width = (side // 2 ** len(_CHANNELS) for side in size)
    flat = before * height * width
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.4), nn.Linear(flat, classes))


def _fit(
    network: nn.Module,
    examples: Examples,
    epochs: int,
    seed: int,
    progress: Progress,
    shift: int,
) -> None:
    """Train with AdamW and one cycle of the learning rate; images are mirrored and shifted."""
    rng = np.random.default_rng(seed)
    steps = epochs * -(-len(examples.train) // _BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_PEAK_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _PEAK_RATE, total_steps=steps)
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    network.train()
    for epoch in range(epochs):
        for rows in np.array_split(rng.permutation(len(examples.train)), steps // epochs):
            batch = examples.train[rows]
            batch = _moved(batch, rng, shift) if shift else batch
            optimiser.zero_grad()
            guess = network(torch.from_numpy(np.ascontiguousarray(batch)))
            error: Any = loss(guess, torch.from_numpy(examples.train_labels[rows]))
            error.backward()
            optimiser.step()
            schedule.step()
        progress(epoch + 1)


def _moved(batch: Float, rng: np.random.Generator, shift: int) -> Float:
    if rng.random() < 0.5:
        batch = batch[..., ::-1]
    down, right = rng.integers(-shift, shift + 1, 2)
    return np.roll(batch, (int(down), int(right)), axis=(2, 3))


def _guess(network: nn.Module, images: Float) -> Labels:
    network.eval()
    with torch.inference_mode():
        parts = [
            network(torch.from_numpy(images[i : i + 256])).argmax(1).numpy()
            for i in range(0, len(images), 256)
        ]
    return np.concatenate(parts).astype(np.int64)

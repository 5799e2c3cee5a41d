"""Can pictures be made again from stored vectors? A decoder is trained, and its pictures judged."""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from reid.lab.bench.metrics.figures import Ends, Figures, FourDigits
from reid.lab.bench.metrics.intervals import Interval, bootstrap

Float = NDArray[np.float32]
Labels = NDArray[np.int64]

FACE: Final = (20, 24)
"""Width and height of a decoded face, px."""

CLOTHES: Final = (16, 32)
"""Width and height of a decoded person, px."""

_HIDDEN: Final = 256
_BATCH: Final = 64
_RATE: Final = 2e-3
_DECAY: Final = 1e-2
_RESAMPLES: Final = 300


@dataclass(frozen=True, slots=True)
class Known:
    """What is inverted: vectors (N, D), the pictures behind them (N, P) in [0, 1], whose (N,)."""

    vectors: Float
    pictures: Float
    person: Labels


class RecoveredFigures(Figures):
    """How much of the pictures behind vectors comes back; fields as of `Recovered`."""

    explained: FourDigits
    interval: Ends
    n: int
    nothing_recovered: bool


@dataclass(frozen=True, slots=True)
class Recovered:
    """How much of the pictures behind vectors comes back.

    Attributes:
        explained: share of their variance that the decoder recovers beyond what the mean picture
            of its training does (R²); zero or less is nothing.
        interval: 95 %, people resampled.
        guess: int64 (N,), whose mean picture each decoded one is most like.
        n: test vectors.
    """

    explained: float
    interval: Interval
    guess: Labels
    n: int

    @property
    def nothing(self) -> bool:
        """Whether the mean picture may do as well."""
        return self.interval[0] <= 0

    def figures(self) -> RecoveredFigures:
        """Return the share explained and its interval."""
        return RecoveredFigures(
            explained=self.explained,
            interval=self.interval,
            n=self.n,
            nothing_recovered=self.nothing,
        )


def invert(train: Known, test: Known, epochs: int, seed: int) -> Recovered:
    """Train a decoder on pairs of vector and picture, and judge what it makes of other vectors.

    The attacker holds vectors and the pictures behind them of everybody, other photos than those
    that are tested. R² is 1 - Σ(decoded - true)² ÷ Σ(mean - true)², mean over the training.
    """
    mean = train.pictures.mean(axis=0)
    decoded = mean + _decode(train, test.vectors, mean, epochs, seed)
    error = ((decoded - test.pictures) ** 2).sum(axis=1, dtype=np.float64)
    baseline = ((mean - test.pictures) ** 2).sum(axis=1, dtype=np.float64)
    people = np.unique(test.person)
    of = np.searchsorted(people, test.person)
    sums = [np.bincount(of, weights=values) for values in (error, baseline)]

    def explained(drawn: NDArray[np.int64]) -> float:
        return float(1 - sums[0][drawn].sum() / max(1e-12, sums[1][drawn].sum()))

    everybody = np.arange(len(people))
    interval = bootstrap(len(people), explained, seed, _RESAMPLES)
    guess = _most_like(decoded - mean, train, mean)
    return Recovered(explained(everybody), interval, guess, len(test.person))


def as_picture(pixels: NDArray[np.uint8], size: tuple[int, int]) -> Float:
    """Return an image, grey (h, w) or RGB, as a row in [0, 1]; `size` is (w, h)."""
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32).ravel() / np.float32(255)


def _most_like(shapes: Float, train: Known, mean: Float) -> Labels:
    """Return whose mean picture correlates most with each decoded one, both less the mean."""
    people = np.unique(train.person)
    typical = np.stack([train.pictures[train.person == p].mean(axis=0) - mean for p in people])
    typical /= np.maximum(np.linalg.norm(typical, axis=1, keepdims=True), 1e-9)
    return np.asarray(people[(shapes @ typical.T).argmax(axis=1)], np.int64)


def _decode(train: Known, vectors: Float, mean: Float, epochs: int, seed: int) -> Float:
    """Return what a two-layer decoder makes of `vectors`, less the mean picture."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    middle, spread = train.vectors.mean(axis=0), train.vectors.std(axis=0) + 1e-6
    given = (train.vectors - middle) / spread
    wanted = train.pictures - mean
    network = nn.Sequential(
        nn.Linear(given.shape[1], _HIDDEN), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(_HIDDEN, wanted.shape[1]),
    )  # fmt: skip
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=_DECAY)
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(given)), -(-len(given) // _BATCH)):
            made = network(torch.from_numpy(given[rows].astype(np.float32)))
            loss: Any = nn.functional.mse_loss(made, torch.from_numpy(wanted[rows]))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    network.eval()
    with torch.inference_mode():
        made = network(torch.from_numpy(((vectors - middle) / spread).astype(np.float32)))
    return np.asarray(made.numpy(), np.float32)

"""Are attributes right, and is a probability of 0.8 right eight times in ten?"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.lab.bench.metrics.figures import Figures, Fraction

Float = NDArray[np.float64]
Flags = NDArray[np.bool_]

THRESHOLD: Final = 0.5
BINS: Final = 10


class ReliabilityBin(Figures):
    """Mean probability said in one bin, share that was true, and of how many."""

    said: Fraction
    true: Fraction
    count: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability diagram: equally wide bins of the probability said.

    Attributes:
        said: (B,), mean probability in each bin; NaN where it is empty.
        true: (B,), share that was true.
        count: (B,).
    """

    said: Float
    true: Float
    count: NDArray[np.int64]

    @classmethod
    def of(cls, probability: Float, truth: Flags, bins: int = BINS) -> "Reliability":
        """Sort predictions (N,) into bins."""
        place = np.minimum((probability * bins).astype(np.int64), bins - 1)
        count = np.bincount(place, minlength=bins)
        with np.errstate(invalid="ignore"):
            said = np.bincount(place, probability, bins) / count
            true = np.bincount(place, truth.astype(np.float64), bins) / count
        return cls(said, true, count)

    @property
    def ece(self) -> float:
        """Expected calibration error (Naeini et al. 2015): mean gap, weighted by count."""
        full = self.count > 0
        gaps = np.abs(self.said[full] - self.true[full])
        return float((gaps * self.count[full]).sum() / max(1, self.count.sum()))

    def bins(self) -> list[ReliabilityBin]:
        """Return the bins that are not empty."""
        rows = zip(self.said.tolist(), self.true.tolist(), self.count.tolist(), strict=True)
        return [ReliabilityBin(said=s, true=t, count=c) for s, t, c in rows if c > 0]


def mean_accuracy(predicted: Flags, truth: Flags) -> float:
    """Return (true positive rate + true negative rate) ÷ 2 of one attribute (Li et al. 2016).

    NaN where only one kind of truth occurs.
    """
    if truth.all() or not truth.any():
        return float("nan")
    return float((predicted[truth].mean() + (~predicted[~truth]).mean()) / 2)


def auc(score: Float, truth: Flags) -> float:
    """Return the chance that a true one scores above a false one; ties count half.

    NaN where only one kind of truth occurs. By ranks (Mann & Whitney 1947).
    """
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive or not negative:
        return float("nan")
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    ranks = (ends - (count - 1) / 2)[place]
    above = ranks[truth].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))


def example_f1(predicted: Flags, truth: Flags, known: Flags) -> float:
    """Return the example-based F1 (Li et al. 2016): of mean precision and mean recall an image.

    All arguments are (N, T); what is not known is left out. An image without anything predicted
    has precision 0, one without anything true is left out.
    """
    right = (predicted & truth & known).sum(axis=1)
    said = (predicted & known).sum(axis=1)
    there = (truth & known).sum(axis=1)
    rows = there > 0
    if not rows.any():
        return float("nan")
    precision = (right[rows] / np.maximum(said[rows], 1)).mean()
    recall = (right[rows] / there[rows]).mean()
    return float(2 * precision * recall / max(precision + recall, 1e-12))

"""Does it work equally well for everybody? Differentials after ISO/IEC 19795-10.

The people are synthetic and counterfactual: each picture is there twice, the same in everything but
one property of the person. So the two *arms* of a comparison wear the same clothes before the same
cameras in the same light, and what differs between them follows from the property alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.bench.counterfactuals import ARMS, Pairs
from reid.bench.extractors import Extractor
from reid.bench.intervals import Interval, bootstrap
from reid.bench.record import Record, Recorder
from reid.embed import Light
from reid.heads import crop_head_boxes
from reid.pixels import Image
from reid.research import ResearchImage
from reid.synth.labels import PARTS_OF
from reid.synth.scene import BACKGROUND
from reid.tracks import empty_boxes

Float = NDArray[np.float64]
Labels = NDArray[np.int64]

FALSE_MATCHES: Final = 0.01
"""The share of comparisons of different people that may be called the same, over both arms."""

LEFT_OVER: Final = 0.05
"""Share of a head's pixels left uncovered from which redaction has failed."""

_RESAMPLES: Final = 400
_MARGIN: Final = 0.03  # of the person's height, round a crop
_BATCH: Final = 128


@dataclass(frozen=True, slots=True)
class Arm:
    """Vectors of one arm: (N, D), whose they are (N,), and heads left uncovered (N,)."""

    vectors: Float
    person: Labels
    uncovered: Float


@dataclass(frozen=True, slots=True)
class Differential:
    """Two arms compared, at one threshold for both.

    Attributes:
        arms: names of the two.
        false_match, miss, redaction_failure: rates of both arms.
        ratio: worse ÷ better false match rate; infinite where the better arm has none.
        difference: miss rate of the first arm less that of the second.
        intervals: 95 % of ratio (of the first arm's to the second's) and difference, people
            resampled.
        n_people: in each arm.
    """

    arms: tuple[str, str]
    false_match: tuple[float, float]
    miss: tuple[float, float]
    redaction_failure: tuple[float, float]
    ratio: float
    difference: float
    intervals: dict[str, Interval]
    n_people: int

    def to_json(self) -> dict[str, Any]:
        """Return rates by arm, ratio and difference."""
        rates = {
            "false_match": self.false_match,
            "miss": self.miss,
            "redaction_failure": self.redaction_failure,
        }
        by_arm = {
            name: dict(zip(self.arms, (round(r, 4) for r in both), strict=True))
            for name, both in rates.items()
        }
        return {
            **by_arm,
            "worst_to_best_false_match": None if np.isinf(self.ratio) else round(self.ratio, 3),
            "miss_difference": round(self.difference, 4),
            "intervals": {k: [round(e, 4) for e in v] for k, v in self.intervals.items()},
            "n_people": self.n_people,
        }


@dataclass(frozen=True, slots=True)
class FairnessResult:
    """Differentials by property."""

    changes: dict[str, Differential]
    model_id: str
    run: Record

    def to_json(self) -> dict[str, Any]:
        """Return differentials by name."""
        return {
            "changes": {name: one.to_json() for name, one in self.changes.items()},
            "model_id": self.model_id,
            "redacted": True,
            "run": self.run.to_json(),
        }


def run_fairness(
    pairs: Pairs, extractor: Extractor, seed: int, progress: Callable[[int], None]
) -> FairnessResult:
    """Compare the arms of every property; `progress` is told the properties done."""
    recorder = Recorder("fairness", seed)
    results = {}
    for done, change in enumerate(pairs.changes, start=1):
        first, second = (_arm(pairs, change, arm, extractor) for arm in ARMS[change])
        results[change] = compare(ARMS[change], first, second, seed)
        progress(done)
    weights: dict[str, Path | None] = {extractor.model_id: extractor.weights}
    return FairnessResult(results, extractor.model_id, recorder.finish(weights, files=pairs.files))


def compare(names: tuple[str, str], first: Arm, second: Arm, seed: int) -> Differential:
    """Compare two arms that hold the same people in the same order."""
    people = np.unique(first.person)
    tables = [_Pairwise(arm, people) for arm in (first, second)]
    strangers = np.concatenate([t.different for t in tables])
    threshold = float(np.quantile(strangers, 1 - FALSE_MATCHES))
    false = tuple(float((t.different >= threshold).mean()) for t in tables)
    missed = tuple(float((t.same < threshold).mean()) for t in tables)
    left = tuple(float((arm.uncovered > LEFT_OVER).mean()) for arm in (first, second))

    def ratio(drawn: Labels) -> float:
        low, high = (t.false_match(drawn, threshold) for t in tables)
        return low / high if high > 0 else float("nan")

    def difference(drawn: Labels) -> float:
        one, other = (t.miss(drawn, threshold) for t in tables)
        return one - other

    worst, best = max(false), min(false)
    return Differential(
        names,
        (false[0], false[1]),
        (missed[0], missed[1]),
        (left[0], left[1]),
        worst / best if best > 0 else float("inf"),
        missed[0] - missed[1],
        {
            "false_match_ratio": bootstrap(len(people), ratio, seed, _RESAMPLES),
            "miss_difference": bootstrap(len(people), difference, seed, _RESAMPLES),
        },
        len(people),
    )


class _Pairwise:
    """Similarities within one arm: of the same person, and of different people."""

    def __init__(self, arm: Arm, people: Labels) -> None:
        similarity = arm.vectors @ arm.vectors.T
        member = np.searchsorted(people, arm.person)
        row, column = np.triu_indices(len(member), k=1)
        alike = member[row] == member[column]
        self.same: Float = similarity[row[alike], column[alike]]
        self.different: Float = similarity[row[~alike], column[~alike]]
        self._whose = member[row[alike]]
        self._left, self._right = member[row[~alike]], member[column[~alike]]
        self._people = len(people)

    def false_match(self, drawn: Labels, threshold: float) -> float:
        """Return the false match rate when people (positions) are drawn with repetition."""
        times = np.bincount(drawn, minlength=self._people)
        weight = times[self._left] * times[self._right]
        return float((weight * (self.different >= threshold)).sum() / max(1, weight.sum()))

    def miss(self, drawn: Labels, threshold: float) -> float:
        """Return the miss rate when people (positions) are drawn with repetition."""
        weight = np.bincount(drawn, minlength=self._people)[self._whose]
        return float((weight * (self.same < threshold)).sum() / max(1, weight.sum()))


def _arm(pairs: Pairs, change: str, name: str, extractor: Extractor) -> Arm:
    rows = pairs.rows(change)
    cut = [snug(image, parts) for image, parts in zip(*pairs.arm(change, name), strict=True)]
    vectors = []
    for start in range(0, len(cut), _BATCH):
        crops = [ResearchImage(image).redacted() for image, _ in cut[start : start + _BATCH]]
        vectors.append(extractor.vectors(crops, Light.neutral()))
    uncovered = np.array([left_over(parts) for _, parts in cut])
    return Arm(np.concatenate(vectors).astype(np.float64), pairs.identity[rows], uncovered)


def snug(image: Image, parts: NDArray[np.uint8]) -> tuple[Image, NDArray[np.uint8]]:
    """Cut an image and its parts (H, W) to the person with a small margin, as a detector would.

    Both pictures of a pair share one window, in which a smaller person would stand lower.
    """
    there = parts != BACKGROUND
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    if not len(rows):
        return image, parts
    margin = round((rows[-1] - rows[0] + 1) * _MARGIN)
    down = slice(max(0, int(rows[0]) - margin), int(rows[-1]) + 1 + margin)
    right = slice(max(0, int(columns[0]) - margin), int(columns[-1]) + 1 + margin)
    return np.ascontiguousarray(image[down, right]), parts[down, right]


def left_over(parts: NDArray[np.uint8]) -> float:
    """Return the share of a head's pixels that redaction of a person crop leaves uncovered.

    `parts` (H, W) names the part of each pixel; a crop without a head has nothing left over.
    """
    head = np.isin(parts, [int(part) for part in PARTS_OF["head"]])
    total = int(head.sum())
    if not total:
        return 0.0
    height, width = parts.shape
    for x0, y0, x1, y1 in crop_head_boxes(width, height, empty_boxes()):
        head[int(np.floor(y0)) : int(np.ceil(y1)), int(np.floor(x0)) : int(np.ceil(x1))] = False
    return float(head.sum() / total)

"""Are clothes, bags and the like estimated right, and are the probabilities calibrated?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.pixels import EmbeddableCrop
from reid.core.vocabulary import Column
from reid.embed import CropEmbedder, Features, Light
from reid.lab.bench.data.attribute_sets import LabelledSet, Target
from reid.lab.bench.data.person_images import crop_of, finder_weights
from reid.lab.bench.data.reid_sets import Labelled
from reid.lab.bench.metrics.calibration import (
    THRESHOLD,
    Reliability,
    ReliabilityBin,
    auc,
    example_f1,
    mean_accuracy,
)
from reid.lab.bench.metrics.figures import Ends, Figures, MaybeFraction
from reid.lab.bench.metrics.intervals import Interval, bootstrap_biased, bootstrap_statistic_share
from reid.lab.bench.metrics.on_sightings import SightingFigures, on_sightings
from reid.lab.bench.report.plots import CHANCE, OURS, Plot
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
from reid.lab.bench.retrieval import light_of
from reid.lab.bench.rivals.extractors import as_bgr, read_openvino

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]

_BATCH: Final = 256
_RESAMPLES: Final = 300
_PEER_SIZE: Final = (80, 160)

_PEER_COLUMNS: Final[tuple[tuple[Column, ...], ...]] = (
    (Column("body.sex", "male"),),
    (Column("carry.shoulder-bag", "present"), Column("carry.handbag", "present")),
    (Column("carry.backpack", "present"),),
    (Column("head.type", "hat"),),
    (Column("upper.sleeve", "long"),),
    (Column("lower.length", "long"),),
    (Column("hair.length", "long"),),
    (Column("outer.type", "coat"), Column("outer.type", "jacket")),
)
"""What the eight outputs of person-attributes-recognition-crossroad-0230 mean, in order."""


class TargetFigures(Figures):
    """One target: mean accuracy, AUC, ECE, and of `n` images, how many have it."""

    mA: MaybeFraction
    AUC: MaybeFraction
    ECE: MaybeFraction
    n: int
    positive: int


class AttributeResult(Result):
    """How well attributes are estimated.

    Attributes:
        mA, AUC, mean_ece: means over the targets measured, of which there are `len(targets)`.
        F1: example-based, of the targets measured.
        ECE: of all answers together, whichever target they are of.
        intervals: of the same; people are resampled.
        n_attributes: how many the data set has; what is published is over all of them.
        n_images: how many.
        model_id: names the model.
        targets: one by one; those whose truth varies.
        reliability: over all targets together.
        not_estimated: targets that the model says nothing about.
        sightings: by camera, of images pooled (`reid.lab.bench.metrics.on_sightings`), where
            people are described.
    """

    question: ClassVar[str] = (
        "Are clothes and bags estimated right, and are the probabilities calibrated?"
    )

    mA: MaybeFraction
    F1: MaybeFraction
    ECE: MaybeFraction
    AUC: MaybeFraction
    mean_ece: MaybeFraction = None
    intervals: dict[str, Ends]
    n_images: int
    n_attributes: int | None = None
    model_id: str
    redacted: bool = True
    targets: dict[str, TargetFigures]
    reliability: list[ReliabilityBin]
    not_estimated: list[str]
    sightings: dict[str, SightingFigures]

    def headline(self) -> str:
        """Return the means over targets, and the colours of sightings where there are any."""
        ends = self.intervals
        means = (
            f"mA {figure(self.mA, ends['mA'])}, AUC {figure(self.AUC, ends['AUC'])} over "
            f"{self._measured()} targets"
        )
        colours = [
            f"camera {camera}: likeliest upper colour right {figure(s.upper_colour.share)}, lower "
            f"{figure(s.lower_colour.share)} of {s.n}"
            for camera, s in self.sightings.items()
        ]
        return "; ".join([means, *colours])

    def tables(self) -> list[Table]:
        """Return one row a target, then one a camera's sightings."""
        ends = self.intervals
        mean = [figure(getattr(self, n), ends.get(n)) for n in ("mA", "AUC", "mean_ece")]
        rows: list[Row] = [
            (f"mean over {self._measured()} targets", *mean, str(self.n_images)),
            ("all answers together", "-", "-", figure(self.ECE, ends["ECE"]), ""),
        ]
        for name, target in self.targets.items():
            shown = (figure(target.mA), figure(target.AUC), figure(target.ECE))
            rows.append((name, *shown, f"{target.positive} of {target.n}"))
        note = (
            f"{self.model_id}, heads redacted: F1 {figure(self.F1, ends['F1'])}; "
            f"{len(self.not_estimated)} more targets are not estimated"
        )
        tables = [Table(("%", "mA", "AUC", "ECE", "true of"), tuple(rows), note)]
        return tables + ([self._sightings()] if self.sightings else [])

    def _measured(self) -> str:
        """Return how many targets the means are over, and of how many attributes there are."""
        all_of_them = self.n_attributes or len(self.targets)
        few = len(self.targets) < all_of_them
        return f"{len(self.targets)} of {all_of_them}" if few else f"{len(self.targets)}"

    def _sightings(self) -> Table:
        rows = tuple(
            (
                f"camera {camera}",
                figure(found.upper_colour.share, found.upper_colour.interval),
                figure(found.lower_colour.share, found.lower_colour.interval),
                figure(found.any_bag_auc),
                str(found.n),
            )
            for camera, found in self.sightings.items()
        )
        columns = ("%", "upper colour", "lower colour", "any bag, AUC", "sightings")
        return Table(columns, rows, "the likeliest colour is one of those described")

    def plots(self) -> list[Plot]:
        """Return the reliability diagram."""
        return [self._plot_reliability]

    def _plot_reliability(self, axes: "Axes") -> None:
        """Reliability diagram: how often what was said with a probability was true."""
        said, true = [b.said for b in self.reliability], [b.true for b in self.reliability]
        largest = max((b.count for b in self.reliability), default=1)
        sizes = [10 + 150 * b.count / largest for b in self.reliability]
        axes.plot([0, 1], [0, 1], color=CHANCE, linestyle="--", label="calibrated")
        axes.plot(said, true, color=OURS)
        axes.scatter(said, true, s=sizes, color=OURS, label="measured (size: how often)")
        axes.set(xlabel="probability said", ylabel="share true", xlim=(0, 1), ylim=(0, 1))
        axes.legend(loc="upper left", frameon=False)


def run_attributes(
    labelled: LabelledSet,
    embedder: CropEmbedder,
    weights: Path | None,
    seed: int,
    progress: Callable[[int], None],
) -> AttributeResult:
    """Measure attributes image by image; `progress` is told the number of images done.

    `weights` is where the embedder was read from, for the record.
    """
    recorder = Recorder("attributes", seed, {"labels": labelled.kind})
    said = _predict(labelled, embedder, progress)
    estimated = np.any(~np.isnan(said), axis=0)
    varies = np.array([
        len(np.unique(labelled.truth[k, t])) == 2 for t, k in enumerate(labelled.known.T)
    ])  # fmt: skip
    used = np.flatnonzero(estimated & varies)
    table = _Table(said[:, used], labelled.truth[:, used], labelled.known[:, used])
    people = _rows_of_people([image.identity for image in labelled.images])
    figures = table.figures()
    missing = [t.name for t, e in zip(labelled.targets, estimated.tolist(), strict=True) if not e]
    files = (*labelled.files, *(image.path for image in labelled.images))
    return AttributeResult(
        mA=figures["mA"],
        F1=figures["F1"],
        ECE=figures["ECE"],
        AUC=figures["AUC"],
        mean_ece=figures["mean_ece"],
        intervals=_intervals(table, people, seed),
        n_images=len(labelled.images),
        n_attributes=labelled.n_attributes or len(labelled.targets),
        model_id=embedder.model_id,
        targets={
            labelled.targets[t].name: TargetFigures(**table.target(i)._asdict())
            for i, t in enumerate(used)
        },
        reliability=Reliability.of(*table.flat()).bins(),
        not_estimated=missing,
        sightings=on_sightings(labelled.described, embedder) if labelled.described else {},
        run=recorder.finish({embedder.model_id: weights, **finder_weights()}, files),
    )


class _Score(NamedTuple):
    """The figures of `TargetFigures`, not rounded; NaN where not defined."""

    mA: float
    AUC: float
    ECE: float
    n: int
    positive: int


@dataclass(frozen=True, slots=True)
class _Table:
    """Predictions, truth and whether it is known, each (N, T); NaN predictions count as unknown."""

    said: Float
    truth: NDArray[np.bool_]
    known: NDArray[np.bool_]

    def figures(self) -> dict[str, float]:
        """Return mA, F1, ECE, AUC, mean_ece."""
        width = self.said.shape[1]
        scores = [self.target(i) for i in range(width)]
        guess = np.nan_to_num(self.said) >= THRESHOLD
        valid = self._valid()
        return {
            "mA": _mean([s.mA for s in scores]),
            "F1": example_f1(guess, self.truth, valid),
            "ECE": Reliability.of(*self.flat()).ece,
            "AUC": _mean([s.AUC for s in scores]),
            "mean_ece": _mean([s.ECE for s in scores]),
        }

    def target(self, i: int) -> _Score:
        """Score one column."""
        rows = self._valid()[:, i]
        said, truth = self.said[rows, i], self.truth[rows, i]
        return _Score(
            mean_accuracy(said >= THRESHOLD, truth),
            auc(said, truth),
            Reliability.of(said, truth).ece,
            len(truth),
            int(truth.sum()),
        )

    def flat(self) -> tuple[Float, NDArray[np.bool_]]:
        """Return all known predictions and truths, (M,) each."""
        valid = self._valid()
        return self.said[valid], self.truth[valid]

    def take(self, rows: NDArray[np.int64]) -> "_Table":
        return _Table(self.said[rows], self.truth[rows], self.known[rows])

    def _valid(self) -> NDArray[np.bool_]:
        return self.known & ~np.isnan(self.said)


def _intervals(
    table: _Table, people: Sequence[NDArray[np.int64]], seed: int
) -> dict[str, Interval]:
    def one(name: str) -> Interval:
        def statistic(drawn: NDArray[np.int64]) -> float:
            rows = np.concatenate([people[int(i)] for i in drawn])
            return table.take(rows).figures()[name]

        interval = bootstrap_biased if "ece" in name.lower() else bootstrap_statistic_share
        return interval(len(people), statistic, seed, _RESAMPLES)

    return {name: one(name) for name in ("mA", "F1", "ECE", "AUC", "mean_ece")}


def _rows_of_people(identities: Sequence[str]) -> list[NDArray[np.int64]]:
    named = np.asarray(identities)
    return [np.flatnonzero(named == who) for who in np.unique(named)]


def _predict(
    labelled: LabelledSet, embedder: CropEmbedder, progress: Callable[[int], None]
) -> Float:
    """Return the probability of each target (N, T), NaN where not estimated."""
    images = labelled.images
    said = np.full((len(images), len(labelled.targets)), np.nan)
    cameras = np.array([image.camera for image in images])
    done = 0
    for camera in np.unique(cameras):
        members = np.flatnonzero(cameras == camera)
        for start in range(0, len(members), _BATCH):
            rows = members[start : start + _BATCH]
            said[rows] = _batch([images[int(i)] for i in rows], labelled.targets, embedder)
            done += len(rows)
            progress(done)
    return said


def _batch(images: Sequence[Labelled], targets: Sequence[Target], embedder: CropEmbedder) -> Float:
    crops = [crop_of(image, i) for i, image in enumerate(images)]
    features = embedder.describe(crops, light_of(crops))
    columns = [[_column(features, column) for column in t.columns] for t in targets]
    return np.stack([_either(said) for said in columns], axis=1)


def _column(features: Features, column: Column) -> Float:
    table, index = (
        (features.attributes, vocabulary.ATTRIBUTE_INDEX)
        if column in vocabulary.ATTRIBUTE_INDEX
        else (features.body, vocabulary.BODY_INDEX)
    )
    return table[:, index[column]].astype(np.float64)


def _either(said: Sequence[Float]) -> Float:
    """Return the largest of several probabilities (N,), passing over what is not estimated."""
    return np.asarray(np.fmax.reduce(np.stack(said)), np.float64)


def _mean(values: Sequence[float]) -> float:
    known = [v for v in values if not np.isnan(v)]
    return float(np.mean(known)) if known else float("nan")


class CrossroadAttributes:
    """Open Model Zoo's person-attributes-recognition-crossroad-0230, as a rival.

    Takes BGR in [0, 255] of 80 × 160 and says eight things; it has no vector.
    """

    dim = 1

    def __init__(self, path: Path) -> None:
        self.model_id = path.stem
        self._network = read_openvino(path, _PEER_SIZE)

    def describe(self, crops: Sequence[EmbeddableCrop], light: Light) -> Features:
        """Return what it says of N crops."""
        del light
        features = Features.unestimated(len(crops), self.dim)
        for row, crop in enumerate(crops):
            sharp = np.asarray(cv2.resize(crop.pixels, _PEER_SIZE), np.uint8)
            said = np.array(self._network(as_bgr(sharp, _PEER_SIZE)[None])[0]).ravel()
            for probability, columns in zip(said, _PEER_COLUMNS, strict=True):
                for column in columns:
                    _set(features, row, column, float(probability))
            male = features.body[row, vocabulary.BODY_INDEX[Column("body.sex", "male")]]
            _set(features, row, Column("body.sex", "female"), float(1 - male))
        return features


def _set(features: Features, row: int, column: Column, value: float) -> None:
    if column in vocabulary.ATTRIBUTE_INDEX:
        features.attributes[row, vocabulary.ATTRIBUTE_INDEX[column]] = value
    else:
        features.body[row, vocabulary.BODY_INDEX[column]] = value

"""Does it work equally well for everybody? Differentials after ISO/IEC 19795-10.

The people are synthetic and counterfactual: each picture is there twice, the same in everything but
one property of the person. So the two *arms* of a comparison wear the same clothes before the same
cameras in the same light, and what differs between them follows from the property alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, clip
from reid.core.pixels import Image
from reid.embed import Light
from reid.lab.bench.data.counterfactual_sets import ARMS, Pairs
from reid.lab.bench.data.person_images import finder_weights, heads_of
from reid.lab.bench.metrics.intervals import Interval, bootstrap
from reid.lab.bench.privacy import Attacked
from reid.lab.bench.report.record import Record, Recorder
from reid.lab.bench.rivals.attack import Examples, probe
from reid.lab.bench.rivals.dlib_faces import FaceMethod
from reid.lab.bench.rivals.extractors import Extractor
from reid.lab.research_image import ResearchImage
from reid.lab.synth.labels import PARTS_OF
from reid.lab.synth.scene import BACKGROUND, HEAD

Float = NDArray[np.float64]
Labels = NDArray[np.int64]

FALSE_MATCHES: Final = 0.01
"""The share of comparisons of different people that may be called the same, over both arms."""

LEFT_OVER: Final = 0.05
"""Share of a head's pixels left uncovered from which redaction has failed."""

FEWEST: Final = 8
"""People from whom on error rates of faces are worth saying."""

_RESAMPLES: Final = 400
_TOP: Final = 0.4  # of a person, searched for the face
_FACE_SHARE: Final = 0.12  # of a person's height: how tall a face is expected to be
_PROBE_EPOCHS: Final = 60
_MARGIN: Final = 0.03  # of the person's height, round a crop
_BATCH: Final = 128


@dataclass(frozen=True, slots=True)
class Arm:
    """Vectors of one arm: (N, D), and whose they are (N,).

    `uncovered` (N,) is the share of the head that is left, its hair and headwear included, and
    `skin` (N,) that of the skin of the head alone.
    """

    vectors: Float
    person: Labels
    uncovered: Float
    skin: Float


@dataclass(frozen=True, slots=True)
class Differential:
    """Two arms compared, at one threshold for both.

    Attributes:
        arms: names of the two.
        false_match, miss, redaction_failure: rates of both arms; hair below the chin and cloth on
            the shoulders are of the head here.
        skin_left: share of pictures in which skin of the head is left.
        found: share of pictures whose nearest other picture in the arm is of the same person.
        ratio: worse ÷ better false match rate; infinite where the better arm has none.
        difference: miss rate of the first arm less that of the second.
        told: how often a probe tells from a vector which arm it is of (chance: a half); people of
            its training are not among those it is tested on.
        intervals: 95 %, people resampled: of the false match ratio (first arm's to the second's)
            and of the differences (first less second) in miss, found, redaction_failure and
            skin_left.
        n_people: in each arm.
    """

    arms: tuple[str, str]
    false_match: tuple[float, float]
    miss: tuple[float, float]
    redaction_failure: tuple[float, float]
    skin_left: tuple[float, float]
    found: tuple[float, float]
    ratio: float
    difference: float
    told: Attacked
    intervals: dict[str, Interval]
    n_people: int

    def to_json(self) -> dict[str, Any]:
        """Return rates by arm, ratio and difference."""
        rates = {
            "false_match": self.false_match,
            "miss": self.miss,
            "redaction_failure": self.redaction_failure,
            "skin_left": self.skin_left,
            "found": self.found,
        }
        by_arm = {
            name: dict(zip(self.arms, (round(r, 4) for r in both), strict=True))
            for name, both in rates.items()
        }
        return {
            **by_arm,
            "worst_to_best_false_match": None if np.isinf(self.ratio) else round(self.ratio, 3),
            "worst_to_best": {name: _worst_to_best(both) for name, both in rates.items()},
            "miss_difference": round(self.difference, 4),
            "found_difference": round(self.found[0] - self.found[1], 4),
            "told_from_vector": self.told.to_json(),
            "intervals": {k: [round(e, 4) for e in v] for k, v in self.intervals.items()},
            "n_people": self.n_people,
        }


def _worst_to_best(both: tuple[float, float]) -> float | None:
    """Return larger ÷ smaller; 1 where both are nil, None where only the smaller is."""
    low, high = min(both), max(both)
    if high == 0:
        return 1.0
    return round(high / low, 3) if low > 0 else None


@dataclass(frozen=True, slots=True)
class FaceDifferential:
    """A face-based method on the same pictures, heads left on.

    Attributes:
        arms: names of the two.
        failure_to_acquire: share of pictures in which no face was found, in both arms.
        compared: pictures whose face was found in both arms, by appearance's protocol; None where
            they are of fewer than `FEWEST` people.
    """

    arms: tuple[str, str]
    failure_to_acquire: tuple[float, float]
    compared: Differential | None

    def to_json(self) -> dict[str, Any]:
        """Return rates by arm."""
        rates = (round(rate, 4) for rate in self.failure_to_acquire)
        return {
            "failure_to_acquire": dict(zip(self.arms, rates, strict=True)),
            "compared": None if self.compared is None else self.compared.to_json(),
        }


@dataclass(frozen=True, slots=True)
class FairnessResult:
    """Differentials by property; `faces` are those of a face-based method, where one was asked."""

    changes: dict[str, Differential]
    faces: dict[str, FaceDifferential]
    model_id: str
    face_model: str | None
    run: Record

    def to_json(self) -> dict[str, Any]:
        """Return differentials by name."""
        return {
            "changes": {name: one.to_json() for name, one in self.changes.items()},
            "faces": {name: one.to_json() for name, one in self.faces.items()},
            "model_id": self.model_id,
            "face_model": self.face_model,
            "redacted": True,
            "run": self.run.to_json(),
        }


def run_fairness(
    pairs: Pairs,
    extractor: Extractor,
    face: FaceMethod | None,
    seed: int,
    progress: Callable[[int], None],
) -> FairnessResult:
    """Compare the arms of every property; `progress` is told the properties done."""
    recorder = Recorder("fairness", seed)
    results, faces = {}, {}
    for done, change in enumerate(pairs.changes, start=1):
        first, second = (_arm(pairs, change, arm, extractor) for arm in ARMS[change])
        results[change] = compare(ARMS[change], first, second, seed)
        if face is not None:
            faces[change] = _compare_faces(pairs, change, face, seed)
        progress(done)
    weights = {extractor.model_id: extractor.weights, **finder_weights()}
    if face is not None:
        weights |= face.files
    return FairnessResult(
        results,
        faces,
        extractor.model_id,
        None if face is None else face.model_id,
        recorder.finish(weights, files=pairs.files),
    )


def _compare_faces(pairs: Pairs, change: str, face: FaceMethod, seed: int) -> FaceDifferential:
    """Compare faces of pictures in whose both arms one was found."""
    names, person = ARMS[change], pairs.identity[pairs.rows(change)]
    described = [_faces(pairs, change, arm, face) for arm in names]
    both = described[0][1] & described[1][1]
    kept = np.isin(person, [p for p in np.unique(person) if (person[both] == p).sum() > 1]) & both
    lost = tuple(float((~found).mean()) for _, found in described)
    covered = np.zeros(int(kept.sum()))
    first, second = (Arm(vectors[kept], person[kept], covered, covered) for vectors, _ in described)
    enough = len(np.unique(person[kept])) >= FEWEST
    compared = compare(names, first, second, seed) if enough else None
    return FaceDifferential(names, (lost[0], lost[1]), compared)


def _faces(
    pairs: Pairs, change: str, name: str, face: FaceMethod
) -> tuple[Float, NDArray[np.bool_]]:
    """Return face vectors (n, D) of one arm, and where a face was found (n,)."""
    tops, heights = [], []
    for image, parts in zip(*pairs.arm(change, name), strict=True):
        person, _ = snug(image, parts)
        tops.append(person[: round(person.shape[0] * _TOP)])
        heights.append(person.shape[0] * _FACE_SHARE)
    return face.vectors(tops, float(np.median(heights)))


def compare(names: tuple[str, str], first: Arm, second: Arm, seed: int) -> Differential:
    """Compare two arms that hold the same people in the same order."""
    people = np.unique(first.person)
    tables = [_Pairwise(arm, people) for arm in (first, second)]
    strangers = np.concatenate([t.different for t in tables])
    threshold = float(np.quantile(strangers, 1 - FALSE_MATCHES))
    false = tuple(float((t.different >= threshold).mean()) for t in tables)
    missed = tuple(float((t.same < threshold).mean()) for t in tables)
    everybody = np.arange(len(people))
    left, bare, found = (
        tuple(rate(t, everybody) for t in tables)
        for rate in (_Pairwise.left_over, _Pairwise.skin_left, _Pairwise.found)
    )

    def ratio(drawn: Labels) -> float:
        low, high = (t.false_match(drawn, threshold) for t in tables)
        return low / high if high > 0 else float("nan")

    def gap(rate: Callable[[_Pairwise, Labels], float]) -> Interval:
        return bootstrap(
            len(people), lambda drawn: rate(tables[0], drawn) - rate(tables[1], drawn), seed,
            _RESAMPLES,
        )  # fmt: skip

    worst, best = max(false), min(false)
    return Differential(
        names,
        (false[0], false[1]),
        (missed[0], missed[1]),
        (left[0], left[1]),
        (bare[0], bare[1]),
        (found[0], found[1]),
        worst / best if best > 0 else float("inf"),
        missed[0] - missed[1],
        tell_apart(first, second, seed),
        {
            "false_match_ratio": bootstrap(len(people), ratio, seed, _RESAMPLES),
            "miss_difference": gap(lambda t, drawn: t.miss(drawn, threshold)),
            "found_difference": gap(_Pairwise.found),
            "redaction_difference": gap(_Pairwise.left_over),
            "skin_left_difference": gap(_Pairwise.skin_left),
        },
        len(people),
    )


def tell_apart(first: Arm, second: Arm, seed: int) -> Attacked:
    """Train a two-layer probe on half of the people to tell the arms apart; test on the others.

    Both halves are tested once. What a probe cannot tell, nothing that uses the vectors can.
    """
    vectors = np.concatenate([first.vectors, second.vectors]).astype(np.float32)
    person = np.concatenate([first.person, second.person])
    arm = np.repeat(np.array([0, 1], np.int64), [len(first.person), len(second.person)])
    half = np.isin(person, np.unique(person)[::2])
    guess = np.zeros(len(arm), np.int64)
    for test in (half, ~half):
        given = Examples(vectors[~test], arm[~test], vectors[test], arm[test])
        guess[test] = probe(given, _PROBE_EPOCHS, seed, hidden=True)
    return Attacked.of(guess, arm, person, 2, seed)


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
        others = similarity - 2 * np.eye(len(member)) * np.abs(similarity).max(initial=1)
        self._own = member
        self._first = member[others.argmax(axis=1)] == member
        self._uncovered = arm.uncovered > LEFT_OVER
        self._skin = arm.skin > LEFT_OVER

    def false_match(self, drawn: Labels, threshold: float) -> float:
        """Return the false match rate when people (positions) are drawn with repetition."""
        times = np.bincount(drawn, minlength=self._people)
        weight = times[self._left] * times[self._right]
        return float((weight * (self.different >= threshold)).sum() / max(1, weight.sum()))

    def found(self, drawn: Labels) -> float:
        """Return how often the nearest other picture is of the same person."""
        return self._share(self._first, drawn)

    def left_over(self, drawn: Labels) -> float:
        """Return how often redaction failed."""
        return self._share(self._uncovered, drawn)

    def skin_left(self, drawn: Labels) -> float:
        """Return how often skin of the head was left."""
        return self._share(self._skin, drawn)

    def _share(self, hits: NDArray[np.bool_], drawn: Labels) -> float:
        weight = np.bincount(drawn, minlength=self._people)[self._own]
        return float((weight * hits).sum() / max(1, weight.sum()))

    def miss(self, drawn: Labels, threshold: float) -> float:
        """Return the miss rate when people (positions) are drawn with repetition."""
        weight = np.bincount(drawn, minlength=self._people)[self._whose]
        return float((weight * (self.same < threshold)).sum() / max(1, weight.sum()))


def _arm(pairs: Pairs, change: str, name: str, extractor: Extractor) -> Arm:
    rows = pairs.rows(change)
    cut = [snug(image, parts) for image, parts in zip(*pairs.arm(change, name), strict=True)]
    images = [ResearchImage(image) for image, _ in cut]
    heads = [heads_of(image.frame()) for image in images]
    vectors = []
    for start in range(0, len(cut), _BATCH):
        some = slice(start, start + _BATCH)
        crops = [i.redacted(found) for i, found in zip(images[some], heads[some], strict=True)]
        vectors.append(extractor.vectors(crops, Light.neutral()))
    shown = [(parts, found.boxes) for (_, parts), found in zip(cut, heads, strict=True)]
    left = (np.array([left_over(*s, of) for s in shown]) for of in (PARTS_OF["head"], (HEAD,)))
    return Arm(np.concatenate(vectors).astype(np.float64), pairs.identity[rows], *left)


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


def left_over(
    parts: NDArray[np.uint8], heads: Boxes, of: Sequence[int] = PARTS_OF["head"]
) -> float:
    """Return the share of a head's pixels that redaction of `heads` (M, 4) leaves uncovered.

    `parts` (H, W) names the part of each pixel, and `of` those that count as the head; a crop
    without a head has nothing left over.
    """
    head = np.isin(parts, [int(part) for part in of])
    total = int(head.sum())
    if not total:
        return 0.0
    for x0, y0, x1, y1 in clip(heads, parts.shape[1], parts.shape[0]):
        head[int(np.floor(y0)) : int(np.ceil(y1)), int(np.floor(x0)) : int(np.ceil(x1))] = False
    return float(head.sum() / total)

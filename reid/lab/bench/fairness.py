"""Does it work equally well for everybody? Differentials after ISO/IEC 19795-10.

The people are synthetic and counterfactual: each picture is there twice, the same in everything but
one property of the person. So the two *arms* of a comparison wear the same clothes before the same
cameras in the same light, and what differs between them follows from the property alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from reid.core.boxes import Boxes, clip
from reid.core.pixels import Image
from reid.embed import Light
from reid.lab.bench.data.counterfactual_sets import ARMS, Pairs
from reid.lab.bench.data.person_images import finder_weights, heads_of
from reid.lab.bench.metrics.figures import Ends, Figures, FourDigits, Fraction, ThreeDigits
from reid.lab.bench.metrics.intervals import Interval, bootstrap
from reid.lab.bench.privacy import Attacked
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
from reid.lab.bench.rivals.attack import Examples, probe
from reid.lab.bench.rivals.dlib_faces import FaceMethod
from reid.lab.bench.rivals.extractors import Extractor, described_extractor
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


ByArm = dict[str, Fraction]
"""A rate of each of the two arms, by name."""

_SHOWN: Final = ("false_match", "miss", "found", "redaction_failure", "skin_left")


class Differential(Figures):
    """Two arms compared, at one threshold for both.

    Attributes:
        false_match, miss, redaction_failure: rates of both arms; hair below the chin and cloth on
            the shoulders are of the head here.
        skin_left: share of pictures in which skin of the head is left.
        found: share of pictures whose nearest other picture in the arm is of the same person.
        worst_to_best_false_match: worse ÷ better false match rate; None where the better arm has
            none.
        worst_to_best: larger ÷ smaller of each rate; 1 where both are nil, None where only the
            smaller is.
        miss_difference, found_difference: rate of the first arm less that of the second.
        told_from_vector: how often a probe tells from a vector which arm it is of (chance: a half);
            people of its training are not among those it is tested on.
        intervals: 95 %, people resampled: of the false match ratio (first arm's to the second's)
            and of the differences (first less second) in miss, found, redaction_failure and
            skin_left.
        n_people: in each arm.
    """

    false_match: ByArm
    miss: ByArm
    redaction_failure: ByArm
    skin_left: ByArm
    found: ByArm
    worst_to_best_false_match: ThreeDigits | None
    worst_to_best: dict[str, ThreeDigits | None]
    miss_difference: FourDigits
    found_difference: FourDigits
    told_from_vector: Attacked
    intervals: dict[str, Ends]
    n_people: int

    def rows(self) -> tuple[Row, Row]:
        """Return one row an arm."""
        first, second = self.miss
        low, high = self.intervals["false_match_ratio"]
        worst = self.worst_to_best_false_match
        spread = f"{'∞' if worst is None else f'{worst:.2f}'} [{low:.2f}, {high:.2f}]"
        gap = figure(self.miss_difference, self.intervals["miss_difference"])
        told = self.told_from_vector
        verdict = "at chance" if told.at_chance else "ABOVE CHANCE"
        return (
            (first, *self._rates(first), spread, gap, figure(told.accuracy)),
            (second, *self._rates(second), "", "", verdict),
        )

    def _rates(self, arm: str) -> Row:
        return tuple(figure(getattr(self, kind)[arm]) for kind in _SHOWN)


def _worst_to_best(both: tuple[float, float]) -> float | None:
    """Return larger ÷ smaller; 1 where both are nil, None where only the smaller is."""
    low, high = min(both), max(both)
    if high == 0:
        return 1.0
    return high / low if low > 0 else None


class FaceDifferential(Figures):
    """A face-based method on the same pictures, heads left on.

    Attributes:
        failure_to_acquire: share of pictures in which no face was found, in both arms.
        compared: pictures whose face was found in both arms, by appearance's protocol; None where
            they are of fewer than `FEWEST` people.
    """

    failure_to_acquire: ByArm
    compared: Differential | None

    def rows(self) -> list[Row]:
        """Return one row an arm."""
        return [
            (
                arm,
                figure(lost),
                figure(self.compared.false_match[arm] if self.compared else None),
                figure(self.compared.miss[arm] if self.compared else None),
            )
            for arm, lost in self.failure_to_acquire.items()
        ]


class FairnessResult(Result):
    """Differentials by property; `faces` are those of a face-based method, where one was asked."""

    question: ClassVar[str] = "Does it work equally well whatever the skin, age or sex?"

    changes: dict[str, Differential]
    faces: dict[str, FaceDifferential]
    model_id: str
    face_model: str | None
    redacted: bool = True

    def headline(self) -> str:
        """Return by how much the first arm of each property is missed more often."""
        gaps = [
            " − ".join(one.miss)
            + f" {figure(one.miss_difference, one.intervals['miss_difference'])}"
            for one in self.changes.values()
        ]
        return "missed more often, points: " + "; ".join(gaps)

    def tables(self) -> list[Table]:
        """Return two rows a property, its arms; then the same by face."""
        columns = (
            "%", "false match", "miss", "found", "head left", "its skin", "worst/best", "miss gap",
            "told",
        )  # fmt: skip
        people = max((one.n_people for one in self.changes.values()), default=0)
        note = (
            f"{self.model_id}, {people} people; in brackets the interval of first ÷ second and "
            "first - second; told: a probe's share of vectors assigned to the right arm"
        )
        rows = tuple(row for one in self.changes.values() for row in one.rows())
        tables = [Table(columns, rows, note)]
        if self.faces:
            by_face = tuple(row for one in self.faces.values() for row in one.rows())
            heads = ("% by face", "not acquired", "false match", "miss")
            tables.append(Table(heads, by_face, f"{self.face_model}, heads left on"))
        return tables


def run_fairness(
    pairs: Pairs,
    extractor: Extractor,
    face: FaceMethod | None,
    seed: int,
    progress: Callable[[int], None],
) -> FairnessResult:
    """Compare the arms of every property; `progress` is told the properties done."""
    recorder = Recorder(
        "fairness", seed, {"faces": face is not None, **described_extractor(extractor)}
    )
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
        changes=results,
        faces=faces,
        model_id=extractor.model_id,
        face_model=None if face is None else face.model_id,
        run=recorder.finish(weights, files=pairs.files),
    )


def _compare_faces(pairs: Pairs, change: str, face: FaceMethod, seed: int) -> FaceDifferential:
    """Compare faces of pictures in whose both arms one was found."""
    names, person = ARMS[change], pairs.identity[pairs.rows(change)]
    described = [_faces(pairs, change, arm, face) for arm in names]
    both = described[0][1] & described[1][1]
    kept = np.isin(person, [p for p in np.unique(person) if (person[both] == p).sum() > 1]) & both
    lost = (float((~found).mean()) for _, found in described)
    covered = np.zeros(int(kept.sum()))
    first, second = (Arm(vectors[kept], person[kept], covered, covered) for vectors, _ in described)
    enough = len(np.unique(person[kept])) >= FEWEST
    compared = compare(names, first, second, seed) if enough else None
    by_arm = dict(zip(names, lost, strict=True))
    return FaceDifferential(failure_to_acquire=by_arm, compared=compared)


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
    everybody = np.arange(len(people))
    rates = {
        "false_match": _both(tables, lambda t: float((t.different >= threshold).mean())),
        "miss": _both(tables, lambda t: float((t.same < threshold).mean())),
        "redaction_failure": _both(tables, lambda t: t.left_over(everybody)),
        "skin_left": _both(tables, lambda t: t.skin_left(everybody)),
        "found": _both(tables, lambda t: t.found(everybody)),
    }

    def ratio(drawn: Labels) -> float:
        low, high = (t.false_match(drawn, threshold) for t in tables)
        return low / high if high > 0 else float("nan")

    def gap(rate: Callable[[_Pairwise, Labels], float]) -> Interval:
        return bootstrap(
            len(people), lambda drawn: rate(tables[0], drawn) - rate(tables[1], drawn), seed,
            _RESAMPLES,
        )  # fmt: skip

    worst_to_best = {name: _worst_to_best(both) for name, both in rates.items()}
    false = rates["false_match"]
    return Differential(
        **{name: dict(zip(names, both, strict=True)) for name, both in rates.items()},
        worst_to_best_false_match=max(false) / min(false) if min(false) > 0 else None,
        worst_to_best=worst_to_best,
        miss_difference=rates["miss"][0] - rates["miss"][1],
        found_difference=rates["found"][0] - rates["found"][1],
        told_from_vector=tell_apart(first, second, seed),
        intervals={
            "false_match_ratio": bootstrap(len(people), ratio, seed, _RESAMPLES),
            "miss_difference": gap(lambda t, drawn: t.miss(drawn, threshold)),
            "found_difference": gap(_Pairwise.found),
            "redaction_difference": gap(_Pairwise.left_over),
            "skin_left_difference": gap(_Pairwise.skin_left),
        },
        n_people=len(people),
    )


def _both(
    tables: Sequence["_Pairwise"], rate: Callable[["_Pairwise"], float]
) -> tuple[float, float]:
    """Return a rate of each of the two arms."""
    first, second = tables
    return rate(first), rate(second)


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

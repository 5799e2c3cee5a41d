"""Adaptation: what does a venue's own, unlabelled footage teach about other people there?"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from reid.core.errors import SourceError
from reid.embed.learned import LearnedEmbedder, fitted
from reid.lab.bench.data.description_sets import DESCRIPTIONS, DescribedSet, read_described
from reid.lab.bench.data.person_images import crop_of, finder_weights
from reid.lab.bench.data.reid_sets import Split
from reid.lab.bench.data.tracks import TrackedImages, tracked
from reid.lab.bench.description import run_description
from reid.lab.bench.metrics.figures import Figures, OneDigit
from reid.lab.bench.metrics.summary import RankingFigures
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
from reid.lab.bench.retrieval import RetrievalResult, RetrievalSettings, run_retrieval
from reid.lab.bench.rivals.extractors import EmbedderVectors

Progress = Callable[[float], None]
"""Told the share of the work that is done, in [0, 1]."""

WIDTH: Final = 64
HEIGHT: Final = 128
"""Px of what an embedding learns from."""

_SHOWN: Final = ("rank1", "mAP")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What an embedding is adapted to: N redacted images of T tracks.

    Attributes:
        images: uint8 (N, `HEIGHT`, `WIDTH`, 3).
        track: int (N,), of which track each is.
        camera: int (T,), who saw each track.
        begin, end: float64 (T,), seconds; NaN where nobody knows.
    """

    images: NDArray[np.uint8]
    track: NDArray[np.intp]
    camera: NDArray[np.intp]
    begin: NDArray[np.float64]
    end: NDArray[np.float64]


Adapt = Callable[[Lesson, Path, Progress], None]
"""Adapts the shipped embedding and packs it into a folder."""


class HalfFigures(Figures):
    """One way round: adapted to some people, measured on the others.

    Attributes:
        people: how many were learnt from, and how many are asked for.
        crops, tracks: what was learnt from.
        before, after: the shipped and the adapted embedding on the same other people, as in the
            benchmark of retrieval: each image by itself.
        before_centred, after_centred: minus camera means.
        before_pooled, after_pooled: sightings.
        described_before, described_after: right person first and among the first three, from
            verbal descriptions, where the data has any.
        minutes: that adapting took.
    """

    people: tuple[int, int]
    crops: int
    tracks: int
    before: RankingFigures
    after: RankingFigures
    before_centred: RankingFigures
    after_centred: RankingFigures
    before_pooled: RankingFigures
    after_pooled: RankingFigures
    described_before: RankingFigures | None = None
    described_after: RankingFigures | None = None
    minutes: OneDigit

    def rows(self) -> Iterator[Row]:
        """Yield a row a way of comparing: before and after."""
        ways = [
            ("plain", self.before, self.after),
            ("- camera mean", self.before_centred, self.after_centred),
            ("sightings", self.before_pooled, self.after_pooled),
        ]
        if self.described_before is not None and self.described_after is not None:
            ways.append(("descriptions", self.described_before, self.described_after))
        for label, before, after in ways:
            shown = ("rank1", "rank3") if label == "descriptions" else _SHOWN
            for name in shown:
                then, now = before.figures()[name], after.figures()[name]
                yield (
                    f"{label}, {name}",
                    figure(then, before.intervals[name]),
                    figure(now, after.intervals[name]),
                    "-" if then is None or now is None else f"{100 * (now - then):+.1f}",
                )


class AdaptResult(Result):
    """What adapting without labels gains; the adapted weights are thrown away.

    Attributes:
        model_id: the embedding that was adapted.
        assumed: what stands for automatic tracking.
        halves: one way round, or both.
    """

    question: ClassVar[str] = "What is gained by adapting, without labels, to other people there?"

    model_id: str
    assumed: str
    halves: list[HalfFigures]

    def tables(self) -> list[Table]:
        """Return a table a way round."""
        return [
            Table(
                ("%", "shipped", "adapted", "points"),
                tuple(half.rows()),
                f"learnt from {half.crops} crops, {half.tracks} tracks of {half.people[0]} people, "
                f"in {half.minutes:g} min, asked for {half.people[1]} others; {self.assumed}",
            )
            for half in self.halves
        ]


@dataclass(frozen=True, slots=True)
class AdaptSettings:
    """How to measure.

    Attributes:
        both: the other way round as well.
        minutes: that one adaptation may take; None: as long as it takes.
        seed: of everything random.
    """

    both: bool = False
    minutes: float | None = None
    seed: int = 0

    def to_json(self) -> dict[str, JsonValue]:
        """Return them for the record."""
        return {"both": self.both, "minutes": self.minutes}


def run_adapt(
    data: Path, split: Split, shipped: Path, adapt: Adapt, settings: AdaptSettings,
    progress: Progress,
) -> AdaptResult:  # fmt: skip
    """Adapt to every second person, measure on the others.

    Args:
        data: the data set's folder, for its descriptions.
        split: its queries and gallery.
        shipped: folder of the embedding to begin from.
        adapt: adapts it.
        settings: how to measure.
        progress: told the share of the work that is done.

    Raises:
        SourceError: too few people, or an image that cannot be read.
    """
    people = sorted({i.identity for i in split.images() if i.subject == "person"}, key=_number)
    if len(people) < 4:
        raise SourceError(f"{len(people)} people are too few: half are learnt from")
    recorder = Recorder("adapt", settings.seed, settings.to_json())
    ways = [people[::2], people[1::2]][: 1 + settings.both]
    described = read_described(data) if (data / DESCRIPTIONS).is_file() else None
    halves, assumed, model_id = [], "", ""
    for number, learnt in enumerate(ways):
        bench = _Half(split, described, frozenset(learnt), shipped, settings)
        halves.append(bench.run(adapt, _part(progress, number, len(ways))))
        assumed, model_id = bench.lesson.assumed, bench.model_id
    weights = {model_id: shipped, **finder_weights()}
    return AdaptResult(
        model_id=model_id,
        assumed=assumed,
        halves=halves,
        run=recorder.finish(weights, [image.path for image in split.images()]),
    )


class _Half:
    """One way round."""

    def __init__(
        self, split: Split, described: DescribedSet | None, learnt: frozenset[str], shipped: Path,
        settings: AdaptSettings,
    ) -> None:  # fmt: skip
        self._learnt, self._shipped, self._settings = learnt, shipped, settings
        self._split = _of_others(split, learnt)
        self._described = described and _described_others(described, learnt)
        mine = [image for image in split.images() if image.identity in learnt]
        self.lesson = tracked(mine, split.layout)
        self.model_id = LearnedEmbedder(shipped).model_id

    def run(self, adapt: Adapt, progress: Progress) -> HalfFigures:
        """Measure, adapt, measure again."""
        recorder = Recorder("adapt", self._settings.seed)
        before, said_before = self._measured(self._shipped)
        with _thrown_away() as folder:
            lesson = lesson_of(self.lesson)
            adapt(lesson, folder, progress)
            seconds = recorder.finish({}).seconds
            after, said_after = self._measured(folder)
        return HalfFigures(
            people=(len(self._learnt), len({i.identity for i in self._split.query})),
            crops=len(lesson.images),
            tracks=len(lesson.camera),
            before=_plain(before),
            after=_plain(after),
            before_centred=before.minus_camera_mean,
            after_centred=after.minus_camera_mean,
            before_pooled=before.pooled,
            after_pooled=after.pooled,
            described_before=said_before,
            described_after=said_after,
            minutes=seconds / 60,
        )

    def _measured(self, folder: Path) -> tuple[RetrievalResult, RankingFigures | None]:
        embedder, seed = LearnedEmbedder(folder), self._settings.seed
        retrieved = run_retrieval(
            self._split, EmbedderVectors(embedder, folder), RetrievalSettings(seed=seed), _nothing
        )
        if self._described is None:
            return retrieved, None
        found = run_description(self._described, embedder, folder, seed, _nothing)
        return retrieved, RankingFigures.model_validate(
            {name: getattr(found, name) for name in RankingFigures.model_fields}
        )


def lesson_of(tracks: TrackedImages) -> Lesson:
    """Read images, without their heads, at the size that an embedding learns from."""
    images = [fitted(crop_of(image, i), HEIGHT, WIDTH) for i, image in enumerate(tracks.images)]
    return Lesson(
        np.asarray(np.stack(images), np.uint8),
        tracks.track,
        tracks.camera,
        tracks.begin,
        tracks.end,
    )


def _plain(found: RetrievalResult) -> RankingFigures:
    return RankingFigures.model_validate(
        {name: getattr(found, name) for name in RankingFigures.model_fields}
    )


def _of_others(split: Split, learnt: frozenset[str]) -> Split:
    """Leave out who was learnt from."""
    query, gallery = (
        tuple(i for i in images if i.subject != "person" or i.identity not in learnt)
        for images in (split.query, split.gallery)
    )
    return Split(query, gallery, split.layout)


def _described_others(described: DescribedSet, learnt: frozenset[str]) -> DescribedSet:
    return replace(
        described,
        descriptions=tuple(d for d in described.descriptions if d.identity not in learnt),
        images=tuple(i for i in described.images if i.identity not in learnt),
        labels={who: said for who, said in described.labels.items() if who not in learnt},
    )


@contextmanager
def _thrown_away() -> Iterator[Path]:
    """Yield a folder for weights that have learnt from people; it goes, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="reid-adapt-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _part(progress: Progress, number: int, parts: int) -> Progress:
    return lambda done: progress((number + done) / parts)


def _nothing(_: int) -> None:
    """Tell nobody."""


def _number(identity: str) -> tuple[int, str]:
    return (int(identity), identity) if identity.isdigit() else (0, identity)

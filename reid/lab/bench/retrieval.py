"""Image re-identification: is the same person found among another camera's images?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from reid.core.errors import SourceError
from reid.core.pixels import EmbeddableCrop
from reid.embed import Light
from reid.embed.light import borders
from reid.lab.bench.data.person_images import crop_of, crop_with_head, finder_weights
from reid.lab.bench.data.reid_sets import Labelled, Split, same_person
from reid.lab.bench.metrics.figures import Figures, Fraction
from reid.lab.bench.metrics.paired import Difference
from reid.lab.bench.metrics.ranking import RankingScores, score_ranking
from reid.lab.bench.metrics.summary import RankingFigures, summarised
from reid.lab.bench.report.plots import OURS, Plot, finish
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Table, figure
from reid.lab.bench.rivals.extractors import Extractor, described_extractor, unit
from reid.rank.rerank import rerank

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float32]
Progress = Callable[[int], None]

_BATCH: Final = 256
_SHOWN: Final = ("rank1", "rank5", "rank10", "mAP", "mINP")


class Comparison(Figures):
    """Another model on the same images; differences are ours less theirs, person by person."""

    model_id: str
    plain: Difference
    minus_camera_mean: Difference
    pooled: Difference

    def table(self) -> Table:
        """Return one row a figure, ways of comparing by column."""
        ways = (self.plain, self.minus_camera_mean, self.pooled)
        rows = tuple(
            (name, *(figure(getattr(w, name), w.intervals[name]) for w in ways))
            for name in ("rank1", "mAP")
        )
        note = f"this model less {self.model_id}; an interval that holds 0 shows no difference"
        return Table(("points", "plain", "- camera mean", "sightings"), rows, note)


class RetrievalResult(RankingFigures, Result):
    """What one model reaches on one data set: ranked by cosine similarity, every image by itself.

    Attributes:
        model_id: names the model.
        redacted: whether heads were gone.
        minus_camera_mean: each camera's mean vector taken off first.
        pooled: sightings, all images of a person before a camera pooled, minus camera mean.
        reranked: by k-reciprocal encoding, where asked.
        cmc: rank-1 to rank-50.
        against: a second model on the same images, where asked.
    """

    question: ClassVar[str] = "Is the same person found among another camera's images?"

    model_id: str
    redacted: bool
    minus_camera_mean: RankingFigures
    pooled: RankingFigures
    reranked: RankingFigures | None
    cmc: list[Fraction]
    against: Comparison | None = None

    def headline(self) -> str:
        """Return rank-1 and mAP of single images, and rank-1 of sightings."""
        if not self.redacted:
            return ""
        if self.reranked is not None:
            return f"re-ranked {_rank1_and_map(self.reranked)}"
        pooled = self.pooled
        return (
            f"{_rank1_and_map(self)}; camera means off {_rank1_and_map(self.minus_camera_mean)}; "
            f"sightings, rank-1 {figure(pooled.rank1, pooled.intervals['rank1'])} of "
            f"{pooled.n_query}"
        )

    def tables(self) -> list[Table]:
        """Return figures by row, ways of comparing by column."""
        heads = "heads redacted" if self.redacted else "WITH HEADS"
        ways: list[tuple[str, RankingFigures]] = [
            ("plain", self), ("- camera mean", self.minus_camera_mean), ("sightings", self.pooled),
        ]  # fmt: skip
        if self.reranked is not None:
            ways.append(("re-ranked", self.reranked))
        rows = tuple(
            (name, *(figure(found.figures()[name], found.intervals[name]) for _, found in ways))
            for name in _SHOWN
        )
        note = f"{self.model_id}, {heads}: {self.n_query} queries, {self.n_gallery} in the gallery"
        if self.run.settings.get("input"):
            note += f"; it took {self.run.settings['input']}"
        table = Table(("%", *(label for label, _ in ways)), rows, note)
        return [table, self.against.table()] if self.against else [table]

    def plots(self) -> list[Plot]:
        """Return the cumulative match characteristic."""
        return [self._plot_cmc]

    def _plot_cmc(self, axes: "Axes") -> None:
        """Cumulative match characteristic: share found among the first k."""
        axes.plot(range(1, len(self.cmc) + 1), [100 * s for s in self.cmc], color=OURS)
        axes.set(
            xlabel="first k of the gallery",
            ylabel="queries answered, %",
            ylim=(0, 101),
            title=self.model_id,
        )
        finish(axes, legend=False)


def _rank1_and_map(found: RankingFigures) -> str:
    ends = found.intervals
    return f"rank-1 {figure(found.rank1, ends['rank1'])}, mAP {figure(found.mAP, ends['mAP'])}"


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """How to measure.

    Attributes:
        with_heads: leave the heads on, for comparison.
        rerank: re-rank as well.
        seed: of the bootstrap.
    """

    with_heads: bool = False
    rerank: bool = False
    seed: int = 0


def run_retrieval(
    split: Split,
    extractor: Extractor,
    settings: RetrievalSettings,
    progress: Progress,
    against: Extractor | None = None,
) -> RetrievalResult:
    """Measure retrieval; `progress` is told the number of images done, over both models.

    Raises:
        SourceError: an image that cannot be read, or nobody who is asked for is in the gallery.
    """
    if not same_person(split.query, split.gallery)[0].any():
        raise SourceError("no query has a right answer in the gallery: is it the right --layout?")
    recorder = Recorder("retrieval", settings.seed, _recorded(split, extractor, settings, against))
    images, seed = split.images(), settings.seed
    found = _Ranked.of(split, extract(images, extractor, settings.with_heads, progress))
    weights = {extractor.model_id: extractor.weights}
    compared = None
    if against is not None:
        later = lambda done: progress(len(images) + done)  # noqa: E731
        other = _Ranked.of(split, extract(images, against, settings.with_heads, later))
        weights[f"against {against.model_id}"] = against.weights
        compared = found.compared(other, against.model_id, seed)
    weights |= {} if settings.with_heads else finder_weights()
    return RetrievalResult(
        **summarised(found.plain, found.people, seed),
        model_id=extractor.model_id,
        redacted=not settings.with_heads,
        minus_camera_mean=RankingFigures.of(found.centred, found.people, seed),
        pooled=RankingFigures.of(found.pooled, found.pooled_people, seed),
        reranked=_reranked(split, found, seed) if settings.rerank else None,
        cmc=found.plain.cmc(min(50, max(1, found.plain.n_gallery))).tolist(),
        against=compared,
        queries=_per_query(split, found.plain),
        run=recorder.finish(weights, [i.path for i in images]),
    )


@dataclass(frozen=True, slots=True)
class _Ranked:
    """One model's rankings, in each way of comparing, and the person behind each query."""

    vectors: Float
    plain: RankingScores
    centred: RankingScores
    people: list[str]
    pooled: RankingScores
    pooled_people: list[str]

    @classmethod
    def of(cls, split: Split, vectors: Float) -> Self:
        """Rank unit vectors (N, D) of `split.images()`."""
        images = split.images()
        right = same_person(split.query, split.gallery)
        centred = minus_camera_mean(vectors, [image.camera for image in images])
        plain, centred_scores = (
            score_ranking(1 - left @ among.T, *right)
            for left, among in (_parts(split, values) for values in (vectors, centred))
        )
        people = [image.identity for image in split.query]
        return cls(vectors, plain, centred_scores, people, *_pooled_scores(split, images, vectors))

    def compared(self, other: Self, model_id: str, seed: int) -> Comparison:
        return Comparison(
            model_id=model_id,
            plain=Difference.of(self.plain, other.plain, self.people, seed),
            minus_camera_mean=Difference.of(self.centred, other.centred, self.people, seed),
            pooled=Difference.of(self.pooled, other.pooled, self.pooled_people, seed),
        )


def _per_query(split: Split, scores: RankingScores) -> Table:
    """Return one row a query that has a right answer: its rank, plainly, and average precision."""
    asked = [split.query[int(row)] for row in scores.rows]
    found = zip(scores.first_rank.tolist(), scores.average_precision.tolist(), strict=True)
    rows = tuple(
        (f"{q.path.parent.name}/{q.path.name}", q.identity, q.camera, str(rank), f"{precision:.4f}")
        for q, (rank, precision) in zip(asked, found, strict=True)
    )
    return Table(("image", "person", "camera", "rank of first right", "average precision"), rows)


def _parts(split: Split, values: Float) -> tuple[Float, Float]:
    """Return the rows of the queries and of the gallery, of values (N, D) of all images."""
    row = {image: i for i, image in enumerate(split.images())}
    return values[[row[i] for i in split.query]], values[[row[i] for i in split.gallery]]


def _reranked(split: Split, found: _Ranked, seed: int) -> RankingFigures:
    distance = rerank(*_parts(split, found.vectors))
    scores = score_ranking(distance, *same_person(split.query, split.gallery))
    return RankingFigures.of(scores, found.people, seed)


def _recorded(
    split: Split, extractor: Extractor, settings: RetrievalSettings, against: Extractor | None
) -> dict[str, JsonValue]:
    """Return everything that tells one run from another, but for weights, data and seed."""
    return {
        "with_heads": settings.with_heads,
        "rerank": settings.rerank,
        "layout": split.layout,
        "query_cameras": [*sorted({i.camera for i in split.query})],
        "gallery_cameras": [*sorted({i.camera for i in split.gallery})],
        **described_extractor(extractor),
        "against": None if against is None else described_extractor(against),
    }


def extract(
    images: Sequence[Labelled], extractor: Extractor, with_heads: bool, progress: Progress
) -> Float:
    """Return unit vectors (N, D), read camera by camera in batches, heads redacted by default."""
    read: Callable[[Labelled, int], EmbeddableCrop] = crop_with_head if with_heads else crop_of
    rows: dict[int, Float] = {}
    cameras = np.array([image.camera for image in images])
    for camera in np.unique(cameras):
        members = np.flatnonzero(cameras == camera)
        for start in range(0, len(members), _BATCH):
            chosen = members[start : start + _BATCH]
            crops = [read(images[int(i)], int(i)) for i in chosen]
            found = extractor.vectors(crops, light_of(crops))
            rows.update(zip((int(i) for i in chosen), found, strict=True))
            progress(len(rows))
    return np.stack([rows[i] for i in range(len(images))])


def light_of(crops: Sequence[EmbeddableCrop]) -> Light:
    """Return the light of the camera that took these crops, from their borders."""
    return Light.of([borders(crop) for crop in crops])


def minus_camera_mean(vectors: Float, cameras: Sequence[str]) -> Float:
    """Return unit vectors, each less the mean vector of its camera (over what is given here)."""
    named = np.asarray(cameras)
    centred = vectors.copy()
    for camera in np.unique(named):
        centred[named == camera] -= vectors[named == camera].mean(axis=0)
    return unit(centred)


def pooled_ranking(
    split: Split, images: Sequence[Labelled], vectors: Float, seed: int
) -> RankingFigures:
    """Score sightings: a person's images before a camera are one, as in a venue's store."""
    return RankingFigures.of(*_pooled_scores(split, images, vectors), seed)


def _pooled_scores(
    split: Split, images: Sequence[Labelled], vectors: Float
) -> tuple[RankingScores, list[str]]:
    """Return the scores of sightings, and whom each pooled query shows.

    A person's queries and gallery images before one camera are two sightings, each with a mean of
    its own, unless they are the same images.
    """
    row = {image: i for i, image in enumerate(images)}
    query, gallery = _sightings(split.query, row), _sightings(split.gallery, row)
    everything = list({s.rows: s for s in (*query, *gallery)}.values())
    means = unit(np.stack([vectors[list(s.rows)].mean(axis=0) for s in everything]))
    centred = minus_camera_mean(means, [s.who.camera for s in everything])
    place = {s.rows: i for i, s in enumerate(everything)}
    left = centred[[place[s.rows] for s in query]]
    right = centred[[place[s.rows] for s in gallery]]
    asked, among = [s.who for s in query], [s.who for s in gallery]
    scores = score_ranking(1 - left @ right.T, *same_person(asked, among))
    return scores, [who.identity for who in asked]


class _Sighting(NamedTuple):
    """One of the images pooled, for whom it shows and where; and the rows of them all."""

    who: Labelled
    rows: tuple[int, ...]


def _sightings(images: Sequence[Labelled], row: Mapping[Labelled, int]) -> list[_Sighting]:
    """Return one entry a (person, camera).

    Junk is left out; a distractor, being nobody in particular, is a sighting of its own.
    """
    groups: dict[tuple[object, str], list[Labelled]] = {}
    for image in images:
        if image.subject != "junk":
            whose = image.identity if image.subject == "person" else image.path
            groups.setdefault((whose, image.camera), []).append(image)
    return [_Sighting(g[0], tuple(row[image] for image in g)) for g in groups.values()]

"""Text → person: is the one described found, and how many thumbnails are looked at before?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.errors import UsageError
from reid.core.records import Query, Sightings, Wish
from reid.describe import describe
from reid.embed import CropEmbedder
from reid.lab.bench.data.description_sets import Described, DescribedSet
from reid.lab.bench.data.galleries import CameraGallery, camera_galleries
from reid.lab.bench.data.person_images import finder_weights
from reid.lab.bench.data.venue_sightings import film_galleries
from reid.lab.bench.metrics.figures import Figures, MaybeFraction, TwoDigits
from reid.lab.bench.metrics.ranking import RankingScores, score_ranking
from reid.lab.bench.metrics.summary import RankingFigures, summarised
from reid.lab.bench.report.plots import CHANCE, OURS, Plot
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
from reid.rank import Gallery, ScoreConfig
from reid.rank.score import score, terms
from reid.search.snapshot import score_config_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIRST_SCREEN: Final = 12
"""Thumbnails that are seen without scrolling."""

VAGUE_WISHES: Final = 2
"""How much is kept of a description made vague."""


class TimeToFind(Figures):
    """Thumbnails looked at, up to and including the right one, and the first screen's share.

    None where nobody was looked for.
    """

    median: TwoDigits | None
    mean: TwoDigits | None
    p90: TwoDigits | None
    first_screen: MaybeFraction

    @classmethod
    def of(cls, ranks: NDArray[np.int64]) -> "TimeToFind":
        """Summarise 1-based ranks (Q,)."""
        if not len(ranks):
            return cls(median=None, mean=None, p90=None, first_screen=None)
        return cls(
            median=float(np.median(ranks)),
            mean=float(ranks.mean()),
            p90=float(np.quantile(ranks, 0.9, method="inverted_cdf")),
            first_screen=float((ranks <= FIRST_SCREEN).mean()),
        )


class DescriptionFigures(RankingFigures):
    """Figures of one kind of description; `median_rank` is that of `time_to_find`."""

    median_rank: TwoDigits | None
    time_to_find: TimeToFind


class DescriptionResult(DescriptionFigures, Result):
    """How well the described are found: all descriptions, each before each camera.

    Attributes:
        together: all cameras in one gallery, as a venue is searched.
        by_camera, by_description: the same descriptions, by camera and by style.
        altered: descriptions made vague, with one colour wrong, or written from labels.
        without: with parts of the score left out ("hedged_wrong/rarity": without rarity).
        unusable: descriptions in which nothing can be searched for.
        model_id: names the embedder.
    """

    question: ClassVar[str] = "Is the one who was described found, and after how many thumbnails?"

    model_id: str
    redacted: bool = True
    together: DescriptionFigures
    by_camera: dict[str, DescriptionFigures]
    by_description: dict[str, DescriptionFigures]
    altered: dict[str, DescriptionFigures]
    without: dict[str, DescriptionFigures]
    unusable: int

    def headline(self) -> str:
        """Return rank-1 and rank-3, and how many are looked at on average."""
        return (
            f"the right person first {figure(self.rank1, self.intervals['rank1'])}, among three "
            f"{figure(self.rank3, self.intervals['rank3'])}; "
            f"{_number(self.time_to_find.mean, '.1f')} looked at on average, of {self.n_gallery}"
        )

    def tables(self) -> list[Table]:
        """Return one row a kind of description."""
        shown = ("rank1", "rank10", "mAP")
        parts = ((self.by_camera, "camera "), (self.by_description, ""), (self.altered, ""))
        kinds: list[tuple[str, DescriptionFigures]] = [("all", self), ("together", self.together)]
        for part, label in parts:
            kinds += [(label + name.replace("_", " "), found) for name, found in part.items()]
        rows = tuple(
            (
                label,
                *(figure(found.figures()[name], found.intervals[name]) for name in shown),
                _number(found.time_to_find.median, "g"),
                _number(found.time_to_find.mean, ".1f"),
            )
            for label, found in kinds
        )
        note = (
            f"{self.model_id}, heads redacted: "
            f"{self.n_query} queries, {self.n_gallery} in a gallery"
        )
        return [Table(("%", *shown, "looked at", "mean"), rows, note)]

    def plots(self) -> list[Plot]:
        """Return the thumbnails looked at."""
        return [self._plot_time_to_find]

    def _plot_time_to_find(self, axes: "Axes") -> None:
        """Mean number of thumbnails looked at, by kind of description."""
        kinds = {"all": self, **self.by_description, **self.altered}
        groups = {n: mean for n, f in kinds.items() if (mean := f.time_to_find.mean) is not None}
        means = list(groups.values())
        axes.barh(range(len(groups)), means, color=OURS)
        axes.axvline((self.n_gallery + 1) / 2, color=CHANCE, linestyle="--", label="chance")
        axes.set(yticks=range(len(groups)), xlabel=f"thumbnails looked at, of {self.n_gallery}")
        axes.set_yticklabels([name.replace("_", " ") for name in groups])
        axes.invert_yaxis()
        axes.legend(frameon=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query, and whom it is about."""

    query: Query
    identity: str
    style: str


def run_description(
    described: DescribedSet,
    embedder: CropEmbedder,
    weights: Path | None,
    seed: int,
    progress: Callable[[int], None],
) -> DescriptionResult:
    """Measure the search by description; `progress` is told the number of images or visits done.

    `weights` is where the embedder was read from, for the record.
    """
    recorder = Recorder("description", seed)
    if described.venue is None:
        galleries = camera_galleries(described.images, embedder, described.pooled, progress)
    else:
        galleries = film_galleries(described.venue, embedder, progress)
    asked = [_ask(one) for one in described.descriptions]
    bench = _Bench(galleries, seed, score_config_of(embedder.model_id))
    files = (*described.files, *(image.path for image in described.images))
    return DescriptionResult(
        **dict(bench.found(asked, galleries)),
        model_id=embedder.model_id,
        together=bench.found(asked, [_joined(galleries)]),
        by_camera={g.camera: bench.found(asked, [g]) for g in galleries if g.camera},
        by_description={
            style: bench.found([a for a in asked if a.style == style], galleries)
            for style in dict.fromkeys(a.style for a in asked)
        },
        altered=_altered(bench, asked, described.labels, seed),
        without=_without(bench, asked, seed),
        unusable=sum(not a.query.wishes for a in asked),
        queries=bench.per_query(asked, galleries),
        run=recorder.finish({embedder.model_id: weights, **finder_weights()}, files),
    )


def _altered(
    bench: "_Bench", asked: Sequence[_Asked], labels: dict[str, tuple[Wish, ...]], seed: int
) -> dict[str, DescriptionFigures]:
    """Score descriptions made vague, with one colour wrong, and written from the labels."""
    rng = np.random.default_rng(seed)
    kinds = {
        "vague": [replace(a, query=vague(a.query, rng)) for a in asked],
        "one_wrong": [replace(a, query=one_wrong(a.query, rng)) for a in asked],
        "from_labels": [
            _Asked(Query("", wishes), identity, "labels")
            for identity, wishes in labels.items()
            if wishes
        ],
    }
    return {kind: bench.found(of_kind, bench.galleries) for kind, of_kind in kinds.items()}


def parts_of_score(config: ScoreConfig) -> dict[str, ScoreConfig]:
    """Return what can be left out of the score, to see what it is worth."""
    return {
        "nothing": config,
        "certainty": replace(config, certainty=False),
        "rarity": replace(config, rarity=False),
        "neighbours": replace(config, confusions=False),
    }


DOUBTED_WRONG, DOUBTED_RIGHT = 0.7, 0.15
"""How often a witness is made to hedge something wrong, and something right."""


def _without(bench: "_Bench", asked: Sequence[_Asked], seed: int) -> dict[str, DescriptionFigures]:
    """Score true, hedged wrong and vague descriptions with each part of the score left out."""
    rng = np.random.default_rng(seed)
    kinds = {
        "true": list(asked),
        "hedged_wrong": [
            replace(a, query=hedged(one_wrong(a.query, rng), a.query, rng)) for a in asked
        ],
        "vague": [replace(a, query=vague(a.query, rng)) for a in asked],
    }
    return {
        f"{kind}/{left_out}": bench.found(of_kind, bench.galleries, config)
        for kind, of_kind in kinds.items()
        for left_out, config in parts_of_score(bench.config).items()
    }


def hedged(altered: Query, true: Query, rng: np.random.Generator) -> Query:
    """Return `altered` with its wishes doubted as witnesses doubt: wrong ones more often."""
    wishes = []
    for wish in altered.wishes:
        often = DOUBTED_RIGHT if wish in true.wishes else DOUBTED_WRONG
        doubted = rng.random() < often
        wishes.append(replace(wish, certainty="unsure" if doubted else "sure"))
    return replace(altered, wishes=tuple(wishes))


class _Bench:
    """Ranks galleries, each shuffled once so that ties favour nobody."""

    def __init__(self, galleries: Sequence[CameraGallery], seed: int, config: ScoreConfig) -> None:
        self.galleries, self.config = galleries, config
        self._seed = seed

    def found(
        self,
        asked: Sequence[_Asked],
        galleries: Sequence[CameraGallery],
        config: ScoreConfig | None = None,
    ) -> DescriptionFigures:
        """Score every query before every gallery."""
        scored = [self._scores(asked, gallery, config or self.config) for gallery in galleries]
        people = [asked[int(row)].identity for scores in scored for row in scores.rows]
        joined = RankingScores(
            np.arange(len(people)),
            np.concatenate([s.average_precision for s in scored]),
            np.concatenate([s.inverse_negative_penalty for s in scored]),
            np.concatenate([s.first_rank for s in scored]),
            max(s.n_gallery for s in scored),
        )
        time = TimeToFind.of(joined.first_rank)
        return DescriptionFigures(
            **summarised(joined, people, self._seed), median_rank=time.median, time_to_find=time
        )

    def per_query(self, asked: Sequence[_Asked], galleries: Sequence[CameraGallery]) -> Table:
        """Return one row a query before a gallery that holds who is described."""
        rows: list[Row] = []
        for gallery in galleries:
            scores = self._scores(asked, gallery, self.config)
            for row, rank in zip(scores.rows, scores.first_rank, strict=True):
                one = asked[int(row)]
                rows.append((one.identity, one.style, gallery.camera, one.query.text, str(rank)))
        return Table(("person", "style", "camera", "description", "rank"), tuple(rows))

    def _scores(
        self, asked: Sequence[_Asked], where: CameraGallery, config: ScoreConfig
    ) -> RankingScores:
        table = Gallery.of(where.sightings)
        order = np.random.default_rng(self._seed).permutation(len(table))
        who = np.array(where.identities)[order]
        fits = [score(table, terms(a.query, config), config)[order] for a in asked]
        distance = -np.stack(fits) if fits else np.zeros((0, len(order)), np.float32)
        names = np.array([a.identity for a in asked], dtype=who.dtype if not asked else None)
        return score_ranking(distance, names[:, None] == who[None])


def vague(query: Query, rng: np.random.Generator) -> Query:
    """Return a query that keeps `VAGUE_WISHES` of the things said, alternatives counted as one."""
    things = list(dict.fromkeys(_thing(i, wish) for i, wish in enumerate(query.wishes)))
    if len(things) <= VAGUE_WISHES:
        return query
    kept = {things[i] for i in rng.choice(len(things), VAGUE_WISHES, replace=False)}
    wishes = (w for i, w in enumerate(query.wishes) if _thing(i, w) in kept)
    return replace(query, wishes=tuple(wishes))


def one_wrong(query: Query, rng: np.random.Generator) -> Query:
    """Return a query in which one colour is another one, as witnesses err."""
    coloured = [i for i, w in enumerate(query.wishes) if w.slot.endswith("colour")]
    if not coloured:
        return query
    wrong = int(rng.choice(coloured))
    wish = query.wishes[wrong]
    others = [c for c in vocabulary.COLOURS if c not in {wish.value, "multicolour"}]
    swapped = replace(wish, value=str(rng.choice(others)), modifier=None)
    return replace(query, wishes=(*query.wishes[:wrong], swapped, *query.wishes[wrong + 1 :]))


def _thing(i: int, wish: Wish) -> tuple[str, int]:
    return ("alone", i) if wish.group is None else ("group", wish.group)


def query_of(text: str) -> Query:
    """Return what is asked for; an empty description asks for nothing, finds nobody, and counts."""
    try:
        return describe(text)
    except UsageError:
        return Query(text)


def _ask(one: Described) -> _Asked:
    return _Asked(query_of(one.text), one.identity, one.style)


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _joined(galleries: Sequence[CameraGallery]) -> CameraGallery:
    sightings = Sightings.concatenate([g.sightings for g in galleries])
    return CameraGallery("", sightings, tuple(i for g in galleries for i in g.identities))

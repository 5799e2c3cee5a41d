"""What each part of the ranking is worth, and how much a good question saves, on known people.

All sightings of a set are one gallery, as a venue is searched. Beside the descriptions that came
with the set there are six random true fields of everybody, and the same with one or two colours
wrong, hedged as witnesses hedge, and cut down to two things.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from reid.core import vocabulary
from reid.core.errors import SourceError, UsageError
from reid.core.records import Query, Sightings, Wish
from reid.describe import describe
from reid.embed import CropEmbedder
from reid.lab.bench.data.description_sets import DescribedSet
from reid.lab.bench.data.galleries import CameraGallery, camera_galleries
from reid.lab.bench.data.person_images import finder_weights
from reid.lab.bench.data.venue_sightings import film_galleries
from reid.lab.bench.description import hedged, one_wrong, vague
from reid.lab.bench.known_people import DRAWS, Known, Labels, random_fields, rank_of
from reid.lab.bench.metrics.figures import (
    Ends,
    Figures,
    FourDigits,
    Fraction,
    MaybeFraction,
    TwoDigits,
)
from reid.lab.bench.metrics.intervals import bootstrap_mean
from reid.lab.bench.question_simulation import QuestionFigures, simulate_questions
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
from reid.rank import Gallery, ScoreConfig, measure, rank
from reid.rank.answer import FIRST_LOOKED_AT
from reid.rank.posterior import PRESENT, Posterior
from reid.rank.score import score, terms
from reid.search.snapshot import score_config_of

FIELDS: Final = 6
"""Of which the random descriptions consist."""

BANDS: Final = 10
"""Equal bands of probability in which what is said is compared with what is so."""

Kinds = dict[str, list[tuple[Query, str]]]


class PartFigures(Figures):
    """Ranks with a part of the score left out, and what leaving it out costs.

    Attributes:
        n: descriptions.
        rank1, rank3: shares of them whose person is first, or among the first three.
        median_rank: of the best sighting of the person.
        costs: loss of mean reciprocal rank against the whole score; `costs_interval`: people are
            resampled.
    """

    n: int
    rank1: Fraction
    rank3: Fraction
    median_rank: float
    mean_reciprocal_rank: Fraction
    costs: FourDigits
    costs_interval: Ends

    def row(self) -> Row:
        """Return the figures as columns of a table."""
        low, high = self.costs_interval
        costs = f"{self.costs * 100:+.1f} [{low * 100:+.1f}, {high * 100:+.1f}]"
        return (
            figure(self.rank1),
            figure(self.rank3),
            figure(self.mean_reciprocal_rank),
            costs if any((self.costs, low, high)) else "",
        )


class OutcomeShares(Figures):
    """How often which outcome is said."""

    found: Fraction
    unsure: Fraction
    nobody_fits: Fraction

    @classmethod
    def of(cls, said: Sequence[str]) -> "OutcomeShares":
        """Count outcomes."""
        return cls.model_validate(
            {name: said.count(name) / max(1, len(said)) for name in cls.model_fields}
        )

    def row(self) -> Row:
        """Return the shares as columns of a table."""
        return (figure(self.found), figure(self.unsure), figure(self.nobody_fits))


class Outcomes(Figures):
    """What is said of one kind of description, and how far it is to be believed.

    Attributes:
        there, away: outcomes with the person in the gallery, and without.
        first_ten_said: mean probability that one of the first ten is the person.
        first_ten_true: how often one of them is.
        found_is_right: how often "found" is said with the person among the first ten.
    """

    there: OutcomeShares
    away: OutcomeShares
    first_ten_said: Fraction
    first_ten_true: Fraction
    found_is_right: MaybeFraction


class CalibrationFigures(Figures):
    """How far probabilities are borne out, for three claims.

    The claims: the first is the person, one of the first ten is, a sighting among them is. Of each:
    mean probability said, how often it is true, Brier score, calibration error.
    """

    first_said: Fraction
    first_true: Fraction
    first_brier: Fraction
    first_error: Fraction
    first_ten_said: Fraction
    first_ten_true: Fraction
    first_ten_brier: Fraction
    first_ten_error: Fraction
    each_said: Fraction
    each_true: Fraction
    each_brier: Fraction
    each_error: Fraction

    def rows(self, name: str) -> list[Row]:
        """Return one row a claim, of a variant called `name`."""
        figures = self.model_dump()
        return [
            (
                name.replace("_", " "),
                claim.replace("_", " "),
                *(figure(figures[f"{claim}_{what}"]) for what in ("said", "true", "error")),
                f"{figures[f'{claim}_brier']:.3f}",
            )
            for claim in ("first", "first_ten", "each")
        ]


class RankingResult(Result):
    """What each part of the ranking is worth.

    Attributes:
        parts: kind of description → part left out → figures and what leaving it out costs.
        outcomes: kind → how often which outcome is said, with the person there and away.
        calibration: as shipped and without parts of `Posterior`; ``honesty`` in JSON.
        questions: by gain and in a fixed order.
        reliability: slot → measured over all; each person's queries use that of the other half.
        model_id: names the embedder.
    """

    question: ClassVar[str] = "What is each part of the ranking worth, and how calibrated is it?"

    parts: dict[str, dict[str, PartFigures]]
    outcomes: dict[str, Outcomes]
    calibration: dict[str, CalibrationFigures] = Field(
        validation_alias="honesty", serialization_alias="honesty"
    )
    questions: QuestionFigures
    reliability: dict[str, TwoDigits]
    model_id: str
    redacted: bool = True

    def tables(self) -> list[Table]:
        """Return parts of the score left out, outcomes, calibration, and questions."""
        parts = [
            (kind.replace("_", " "), name, *one.row())
            for kind, variants in self.parts.items()
            for name, one in variants.items()
        ]
        said = [
            (
                kind.replace("_", " "),
                figure(one.first_ten_said),
                figure(one.first_ten_true),
                *one.there.row(),
                *one.away.row(),
                figure(one.found_is_right),
            )
            for kind, one in self.outcomes.items()
        ]
        calibration_rows = [row for name, one in self.calibration.items() for row in one.rows(name)]
        heads = [f"{state}: {o}" for state in ("there", "away") for o in OutcomeShares.model_fields]
        return [
            Table(("%", "without", "first", "first three", "MRR", "costs"), tuple(parts)),
            Table(
                ("%", "ten: said", "true", *heads, "found is right"),
                tuple(said),
                self.questions.note(),
            ),
            Table(
                ("%", "is the person", "said", "true", "calibration error", "Brier"),
                tuple(calibration_rows),
            ),
        ]


def run_ranking(
    described: DescribedSet,
    embedder: CropEmbedder,
    weights: Path | None,
    seed: int,
    progress: Callable[[int], None],
) -> RankingResult:
    """Measure on images or a filmed venue; `progress` is told the number of images or visits.

    Raises:
        SourceError: nobody is labelled.
    """
    recorder = Recorder("ranking", seed)
    if described.venue is None:
        galleries = camera_galleries(described.images, embedder, described.pooled, progress)
    else:
        galleries = film_galleries(described.venue, embedder, progress)
    labels = {who: _labels(wishes) for who, wishes in described.labels.items() if wishes}
    if not labels:
        raise SourceError("nobody in this set is labelled: it needs attributes of its people")
    known = join(galleries, labels)
    config = score_config_of(embedder.model_id)
    said = [(_read(d.text), d.identity) for d in described.descriptions if d.style != "wrong"]
    kinds = make_kinds(said, labels, np.random.default_rng(seed))
    files = (*described.files, *(image.path for image in described.images))
    return RankingResult(
        parts={kind: parts_left_out(known, asked, config, seed) for kind, asked in kinds.items()},
        outcomes={kind: outcomes(known, asked, config) for kind, asked in kinds.items()},
        calibration={
            name: calibration(known, [pair for asked in kinds.values() for pair in asked], each)
            for name, each in (
                ("as_shipped", config),
                ("seen_once", replace(config, expected_sightings=1.0)),
                ("not_sharpened", replace(config, temperature=1.0)),
                ("neither", replace(config, temperature=1.0, expected_sightings=1.0)),
            )
        },
        questions=simulate_questions(known, config, seed),
        reliability=measure(known.gallery, _truths(known)),
        model_id=embedder.model_id,
        run=recorder.finish({embedder.model_id: weights, **finder_weights()}, files),
    )


def join(galleries: Sequence[CameraGallery], labels: dict[str, Labels]) -> Known:
    """Make one gallery of all cameras."""
    sightings = Sightings.concatenate([g.sightings for g in galleries])
    who = np.array([identity for g in galleries for identity in g.identities])
    return Known(Gallery.of(sightings), who, labels)


def make_kinds(
    said: list[tuple[Query, str]], labels: dict[str, Labels], rng: np.random.Generator
) -> Kinds:
    """Return queries and whom they are about, by kind of description."""
    fields = [
        (random_fields(true, FIELDS, rng), who)
        for who, true in labels.items()
        for _ in range(DRAWS)
    ]
    true = [(query, who) for query, who in (*said, *fields) if query.wishes]
    wrong = [(one_wrong(query, rng), who) for query, who in true]
    twice = [(one_wrong(query, rng), who) for query, who in wrong]

    def doubted(altered: list[tuple[Query, str]]) -> list[tuple[Query, str]]:
        pairs = zip(altered, true, strict=True)
        return [(hedged(query, right, rng), who) for (query, who), (right, _) in pairs]

    return {
        "said": [(query, who) for query, who in said if query.wishes],
        "six_fields": [(query, who) for query, who in fields if query.wishes],
        "one_wrong": doubted(wrong),
        "two_wrong": doubted(twice),
        "vague": [(vague(query, rng), who) for query, who in true],
    }


def parts_left_out(
    known: Known, asked: list[tuple[Query, str]], config: ScoreConfig, seed: int
) -> dict[str, PartFigures]:
    """Return figures with everything, and with each part left out (reliability: put in)."""
    halves = _reliability_by_half(known)
    same = dict.fromkeys(known.labels, config)
    variants = {
        "everything": same,
        "certainty": dict.fromkeys(same, replace(config, certainty=False)),
        "rarity": dict.fromkeys(same, replace(config, rarity=False)),
        "neighbours": dict.fromkeys(same, replace(config, confusions=False)),
        "plus reliability": {w: replace(config, reliability=r) for w, r in halves.items()},
    }
    asked = [(query, who) for query, who in asked if who in same and (known.who == who).any()]
    people = [who for _, who in asked]
    table = {
        name: np.array([rank_of(known, query, who, of[who]) for query, who in asked])
        for name, of in variants.items()
    }
    return {
        name: _figures(ranks, table["everything"], people, seed) for name, ranks in table.items()
    }


def _figures(
    ranks: NDArray[np.float64], whole: NDArray[np.float64], people: list[str], seed: int
) -> PartFigures:
    gain = 1 / whole - 1 / ranks
    return PartFigures(
        n=len(ranks),
        rank1=float((ranks <= 1).mean()),
        rank3=float((ranks <= 3).mean()),
        median_rank=float(np.median(ranks)),
        mean_reciprocal_rank=float((1 / ranks).mean()),
        costs=float(gain.mean()),
        costs_interval=bootstrap_mean(gain, people, seed),
    )


def outcomes(known: Known, asked: list[tuple[Query, str]], config: ScoreConfig) -> Outcomes:
    """Return how often which outcome is said, and how far the first ten are to be believed."""
    there: list[str] = []
    away: list[str] = []
    said: list[float] = []
    true: list[bool] = []
    everybody = np.arange(len(known.who))
    numbers = {key.id: i for i, key in enumerate(known.gallery.keys)}
    for query, who in asked:
        if not (known.who == who).any():
            continue
        for rows, outcome in ((everybody, there), (known.without(who), away)):
            answer = rank(query, known.gallery, top=FIRST_LOOKED_AT, config=config, rows=rows)
            outcome.append(answer.outcome)
            if rows is everybody:
                rowsof = [numbers[match.key.id] for match in answer.matches]
                scores = score(known.gallery, terms(query, config), config)
                posterior = Posterior.of(scores, config.temperature, config.expected_sightings)
                said.append(posterior.any_of(scores[rowsof]))
                true.append(bool((known.who[rowsof] == who).any()))
    hits = [hit for hit, outcome in zip(true, there, strict=True) if outcome == "found"]
    return Outcomes(
        there=OutcomeShares.of(there),
        away=OutcomeShares.of(away),
        first_ten_said=float(np.mean(said)),
        first_ten_true=float(np.mean(true)),
        found_is_right=float(np.mean(hits)) if hits else None,
    )


def calibration(
    known: Known, asked: list[tuple[Query, str]], config: ScoreConfig
) -> CalibrationFigures:
    """Return how far probabilities are borne out, where one in five is not there at all.

    Of three claims, that the first is the person, that one of the first ten is, and that a
    sighting among the first ten is: the Brier score (mean squared error of the probability) and
    the calibration error (mean distance, over ten equal bands of probability, between what is said
    and how often it is so).
    """
    claims: dict[str, list[tuple[float, bool, float]]] = {"first": [], "first_ten": [], "each": []}
    for query, who in asked:
        own = known.who == who
        if not own.any():
            continue
        scores = score(known.gallery, terms(query, config), config)
        for rows, share in ((np.arange(len(own)), PRESENT), (known.without(who), 1 - PRESENT)):
            posterior = Posterior.of(scores[rows], config.temperature, config.expected_sightings)
            best = rows[np.argsort(-scores[rows], kind="stable")[:FIRST_LOOKED_AT]]
            chances, right = posterior.probability(scores[best]), own[best]
            claims["first"].append((float(chances[0]), bool(right[0]), share))
            claims["first_ten"].append((posterior.any_of(scores[best]), bool(right.any()), share))
            claims["each"] += [
                (float(p), bool(r), share) for p, r in zip(chances, right, strict=True)
            ]
    figures: dict[str, float] = {}
    for name, stated in claims.items():
        said, true, share = np.array(stated, dtype=np.float64).T
        share = share / share.sum()
        figures[f"{name}_said"] = float((share * said).sum())
        figures[f"{name}_true"] = float((share * true).sum())
        figures[f"{name}_brier"] = float((share * (said - true) ** 2).sum())
        figures[f"{name}_error"] = _calibration_error(said, true, share)
    return CalibrationFigures.model_validate(figures)


def _calibration_error(
    said: NDArray[np.float64], true: NDArray[np.float64], share: NDArray[np.float64]
) -> float:
    band = np.minimum((said * BANDS).astype(int), BANDS - 1)
    gaps = np.bincount(band, weights=share * (said - true), minlength=BANDS)
    return float(np.abs(gaps).sum())


def _labels(wishes: Sequence[Wish]) -> Labels:
    found: dict[str, frozenset[str]] = {}
    for wish in wishes:
        if vocabulary.SLOTS[wish.slot].values:
            found[wish.slot] = found.get(wish.slot, frozenset()) | {str(wish.value)}
    return found


def _truths(known: Known) -> list[Labels]:
    return [known.labels.get(str(who), {}) for who in known.who]


def _reliability_by_half(known: Known) -> dict[str, dict[str, float]]:
    """Return for each person the reliability measured on the half that they are not in."""
    side = {who: i % 2 for i, who in enumerate(sorted(known.labels))}
    found = []
    for half in (0, 1):
        rows = np.flatnonzero([side.get(str(who), half) != half for who in known.who])
        truths = [known.labels[str(known.who[i])] for i in rows]
        found.append(measure(_part(known.gallery, rows), truths))
    return {who: found[half] for who, half in side.items()}


def _part(gallery: Gallery, rows: NDArray[np.intp]) -> Gallery:
    keys = [gallery.keys[int(i)] for i in rows]
    measures = None if gallery.measures is None else gallery.measures[rows]
    return Gallery(
        keys,
        gallery.attributes[rows],
        gallery.body[rows],
        gallery.visible[rows],
        measures=measures,
        in_view=None if gallery.in_view is None else gallery.in_view[rows],
    )


def _read(text: str) -> Query:
    try:
        return describe(text)
    except UsageError:  # an empty description
        return Query(text)

"""What each part of the ranking is worth, and how much a good question saves, on known people.

All sightings of a set are one gallery, as a venue is searched. Beside the descriptions that came
with the set there are six random true fields of everybody, and the same with one or two colours
wrong, hedged as witnesses hedge, and cut down to two things.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.errors import SourceError, UsageError
from reid.core.records import Query, Sightings, Wish
from reid.describe import describe
from reid.embed import Embedder
from reid.lab.bench.data.description_sets import DescribedSet
from reid.lab.bench.data.galleries import CameraGallery, camera_galleries
from reid.lab.bench.data.person_images import finder_weights
from reid.lab.bench.data.venue_sightings import film_galleries
from reid.lab.bench.description import hedged, one_wrong, vague
from reid.lab.bench.metrics.intervals import bootstrap_mean
from reid.lab.bench.report.record import Record, Recorder
from reid.rank import Gallery, Knobs, measure, next_question, rank
from reid.rank.answer import FIRST_LOOKED_AT
from reid.rank.odds import PRESENT, Odds
from reid.rank.question import open_slots
from reid.rank.score import score, terms
from reid.search.questions import knobs_of

DRAWS: Final = 3
"""Times that six fields of everybody are drawn."""

FIELDS: Final = 6
OPENING: Final = 2
"""Fields that an interview starts from."""

MOST_QUESTIONS: Final = 10
BANDS: Final = 10
"""Equal bands of probability in which what is said is compared with what is so."""

NEAR: Final = 3
"""An interview ends when the right person is among the first so many."""

ASKED_IN_ORDER: Final = (
    "body.age", "body.sex", "feet.type", "feet.colour", "upper.type", "upper.colour", "lower.type",
    "lower.colour", "outer.type", "outer.colour", "head.type", "hair.colour", "hair.length",
    "upper.pattern", "upper.sleeve", "carry.backpack", "carry.shoulder-bag", "carry.handbag",
)  # fmt: skip
"""The order of the desk's form: what questions are compared with."""

Labels = Mapping[str, frozenset[str]]
Kinds = dict[str, list[tuple[Query, str]]]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Sightings of known people: a gallery, who each sighting is (N,), and what is true of them."""

    gallery: Gallery
    who: NDArray[np.str_]
    labels: dict[str, Labels]

    def without(self, identity: str) -> NDArray[np.intp]:
        """Return the rows of everybody else."""
        return np.flatnonzero(self.who != identity)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What came of it.

    Attributes:
        parts: kind of description → part left out → figures and what leaving it out costs.
        outcomes: kind → how often what was said, with the person there and away.
        honesty: how far what is said is borne out, as shipped and without the parts of `Odds`.
        questions: order → how many it took.
        reliability: slot → measured over all; each person's queries use that of the other half.
        model_id, run: what it was measured with.
    """

    parts: dict[str, dict[str, Any]]
    outcomes: dict[str, Any]
    honesty: dict[str, Any]
    questions: dict[str, Any]
    reliability: dict[str, float]
    model_id: str
    run: Record

    def to_json(self) -> dict[str, Any]:
        """Return everything."""
        return {
            "parts": self.parts,
            "outcomes": self.outcomes,
            "honesty": self.honesty,
            "questions": self.questions,
            "reliability": self.reliability,
            "model_id": self.model_id,
            "redacted": True,
            "run": self.run.to_json(),
        }


def run_weighing(
    described: DescribedSet,
    embedder: Embedder,
    weights: Path | None,
    seed: int,
    progress: Callable[[int], None],
) -> Weighed:
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
    knobs = knobs_of(embedder.model_id)
    said = [(_read(d.text), d.identity) for d in described.descriptions if d.style != "wrong"]
    kinds = make_kinds(said, labels, np.random.default_rng(seed))
    files = (*described.files, *(image.path for image in described.images))
    return Weighed(
        {kind: weigh(known, asked, knobs, seed) for kind, asked in kinds.items()},
        {kind: outcomes(known, asked, knobs) for kind, asked in kinds.items()},
        {
            name: honesty(known, [pair for asked in kinds.values() for pair in asked], each)
            for name, each in (
                ("as_shipped", knobs),
                ("seen_once", replace(knobs, times=1.0)),
                ("not_sharpened", replace(knobs, sharpness=1.0)),
                ("neither", replace(knobs, sharpness=1.0, times=1.0)),
            )
        },
        interviews(known, knobs, seed),
        {slot: round(r, 2) for slot, r in measure(known.gallery, _truths(known)).items()},
        embedder.model_id,
        recorder.finish({embedder.model_id: weights, **finder_weights()}, files),
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
    fields = [(_some(true, FIELDS, rng), who) for who, true in labels.items() for _ in range(DRAWS)]
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


def weigh(known: Known, asked: list[tuple[Query, str]], knobs: Knobs, seed: int) -> dict[str, Any]:
    """Return figures with everything, and with each part left out (reliability: put in)."""
    halves = _reliability_by_half(known)
    same = dict.fromkeys(known.labels, knobs)
    variants = {
        "everything": same,
        "certainty": dict.fromkeys(same, replace(knobs, certainty=False)),
        "rarity": dict.fromkeys(same, replace(knobs, rarity=False)),
        "neighbours": dict.fromkeys(same, replace(knobs, neighbours=False)),
        "plus reliability": {w: replace(knobs, reliability=r) for w, r in halves.items()},
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


def rank_of(known: Known, query: Query, who: str, knobs: Knobs) -> float:
    """Return the rank of the best sighting of a person; half of its equals come before it."""
    scores = score(known.gallery, terms(query, knobs), knobs)
    own = known.who == who
    best = scores[own].max()
    equals = ((scores == best) & ~own).sum()
    return float(1 + ((scores > best) & ~own).sum() + equals / 2)


def _figures(
    ranks: NDArray[np.float64], whole: NDArray[np.float64], people: list[str], seed: int
) -> dict[str, Any]:
    gain = 1 / whole - 1 / ranks
    return {
        "n": len(ranks),
        "rank1": round(float((ranks <= 1).mean()), 4),
        "rank3": round(float((ranks <= NEAR).mean()), 4),
        "median_rank": float(np.median(ranks)),
        "mean_reciprocal_rank": round(float((1 / ranks).mean()), 4),
        "costs": round(float(gain.mean()), 4),
        "costs_interval": [round(x, 4) for x in bootstrap_mean(gain, people, seed)],
    }


def outcomes(known: Known, asked: list[tuple[Query, str]], knobs: Knobs) -> dict[str, Any]:
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
            answer = rank(query, known.gallery, top=FIRST_LOOKED_AT, knobs=knobs, rows=rows)
            outcome.append(answer.outcome)
            if rows is everybody:
                rowsof = [numbers[match.key.id] for match in answer.matches]
                scores = score(known.gallery, terms(query, knobs), knobs)
                odds = Odds.of(scores, knobs.sharpness, knobs.times)
                said.append(odds.any_of(scores[rowsof]))
                true.append(bool((known.who[rowsof] == who).any()))
    hits = [hit for hit, outcome in zip(true, there, strict=True) if outcome == "found"]
    return {
        "there": _shares(there),
        "away": _shares(away),
        "first_ten_said": round(float(np.mean(said)), 4),
        "first_ten_true": round(float(np.mean(true)), 4),
        "found_is_right": round(float(np.mean(hits)), 4) if hits else None,
    }


def honesty(known: Known, asked: list[tuple[Query, str]], knobs: Knobs) -> dict[str, float]:
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
        scores = score(known.gallery, terms(query, knobs), knobs)
        for rows, share in ((np.arange(len(own)), PRESENT), (known.without(who), 1 - PRESENT)):
            odds = Odds.of(scores[rows], knobs.sharpness, knobs.times)
            best = rows[np.argsort(-scores[rows], kind="stable")[:FIRST_LOOKED_AT]]
            chances, right = odds.probability(scores[best]), own[best]
            claims["first"].append((float(chances[0]), bool(right[0]), share))
            claims["first_ten"].append((odds.any_of(scores[best]), bool(right.any()), share))
            claims["each"] += [
                (float(p), bool(r), share) for p, r in zip(chances, right, strict=True)
            ]
    figures: dict[str, float] = {}
    for name, told in claims.items():
        said, true, share = np.array(told, dtype=np.float64).T
        share = share / share.sum()
        figures[f"{name}_said"] = float((share * said).sum())
        figures[f"{name}_true"] = float((share * true).sum())
        figures[f"{name}_brier"] = float((share * (said - true) ** 2).sum())
        figures[f"{name}_error"] = _calibration_error(said, true, share)
    return {name: round(value, 4) for name, value in figures.items()}


def _calibration_error(
    said: NDArray[np.float64], true: NDArray[np.float64], share: NDArray[np.float64]
) -> float:
    band = np.minimum((said * BANDS).astype(int), BANDS - 1)
    gaps = np.bincount(band, weights=share * (said - true), minlength=BANDS)
    return float(np.abs(gaps).sum())


def _shares(said: list[str]) -> dict[str, float]:
    names = ("found", "unsure", "nobody_fits")
    return {name: round(said.count(name) / max(1, len(said)), 4) for name in names}


def interviews(known: Known, knobs: Knobs, seed: int) -> dict[str, Any]:
    """Return how many questions it takes until the right person is among the first three."""
    rng = np.random.default_rng(seed)
    starts = [
        (_some(true, OPENING, rng), who)
        for who, true in known.labels.items()
        if (known.who == who).any()
        for _ in range(DRAWS)
    ]
    people = [who for _, who in starts]
    counts = {
        name: np.array([_interview(known, q, who, knobs, best=name == "best") for q, who in starts])
        for name in ("best", "fixed")
    }
    saved = (counts["fixed"] - counts["best"]).astype(np.float64)
    return {
        **{name: round(float(n.mean()), 3) for name, n in counts.items()},
        **{f"{name}_at_once": round(float((n == 0).mean()), 3) for name, n in counts.items()},
        "saves": round(float(saved.mean()), 3),
        "saves_interval": [round(x, 3) for x in bootstrap_mean(saved, people, seed)],
        "interviews": len(starts),
        "most": MOST_QUESTIONS,
    }


def _interview(known: Known, query: Query, who: str, knobs: Knobs, *, best: bool) -> int:
    """Ask until the person is near the top; what is not labelled the speaker does not know."""
    asked: frozenset[str] = frozenset()
    for count in range(MOST_QUESTIONS):
        if rank_of(known, query, who, knobs) <= NEAR:
            return count
        slot = _next(known, query, knobs, asked, best=best)
        if slot is None:
            break
        asked |= {slot}
        query = replace(query, wishes=(*query.wishes, *_answer(known.labels[who], slot)))
    return MOST_QUESTIONS


def _next(
    known: Known, query: Query, knobs: Knobs, asked: frozenset[str], *, best: bool
) -> str | None:
    if best:
        question = next_question(query, known.gallery, knobs=knobs, skip=asked)
        return None if question is None else question.slot
    still = set(open_slots(query, known.gallery, knobs)) - asked
    return next((slot for slot in ASKED_IN_ORDER if slot in still), None)


def _answer(true: Labels, slot: str) -> tuple[Wish, ...]:
    if slot in true:
        return tuple(Wish(slot, value) for value in sorted(true[slot])[:1])
    if slot.startswith("carry.") and not slot.endswith("colour"):
        return (Wish(slot, "present", negated=True),)
    return ()


def _some(true: Labels, n: int, rng: np.random.Generator) -> Query:
    """Say `n` random fields of a person as they are."""
    slots = [slot for slot in sorted(true) if slot in vocabulary.SLOTS]
    chosen = [slots[i] for i in rng.permutation(len(slots))[:n]]
    return Query("", tuple(Wish(slot, sorted(true[slot])[0]) for slot in chosen))


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
    return Gallery(keys, gallery.attributes[rows], gallery.body[rows], gallery.visible[rows])


def _read(text: str) -> Query:
    try:
        return describe(text)
    except UsageError:  # an empty description
        return Query(text)

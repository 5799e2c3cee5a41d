"""Verdicts on people whose truth is known: is the right one accused, is a wrong one told apart?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from reid.core import vocabulary
from reid.core.records import Query, Sightings, Verdict, Wish
from reid.embed import CropEmbedder
from reid.lab.bench.data.field_sets import FieldSet
from reid.lab.bench.data.galleries import CameraGallery, camera_galleries
from reid.lab.bench.data.person_images import finder_weights
from reid.lab.bench.data.venue_sightings import film_galleries
from reid.lab.bench.metrics.calibration import auc
from reid.lab.bench.metrics.figures import Ends, Figures, Fraction, MaybeFraction, TwoDigits
from reid.lab.bench.metrics.intervals import bootstrap_statistic_share
from reid.lab.bench.metrics.likelihood import Fitted, fit, joined
from reid.lab.bench.report.record import Recorder
from reid.lab.bench.report.result import Result
from reid.lab.bench.report.tables import Row, Table, figure
from reid.rank import Gallery, ScoreConfig
from reid.rank.answer import belief_in, log_ratios
from reid.rank.evidence import EvidenceTable, difference, verdict
from reid.rank.score import NOT_VISIBLE_BELOW, Term, rate, terms
from reid.search.snapshot import score_config_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Worth = TypeVar("Worth")

VENUE_SHARE: Final[Mapping[str, float]] = {"upper.sleeve": 0.5}
"""Slots whose beliefs hold across venues: half of the venue's rate is taken off, not all of it."""

FAMILIES: Final[Mapping[str, str]] = {
    f"carry.{bag}.colour": "colours of bags" for bag in vocabulary.BAGS if bag != "suitcase"
}
"""Slots that are measured as one: each by itself has too few people."""


class SlotFigures(Figures):
    """One slot: how well it tells people apart, what was fitted here, and what is shown.

    Attributes:
        people: of whom one of its values is true.
        slope, centre: log LR = slope · (d - centre), fitted on these people alone.
    """

    people: int
    n_true: int
    n_false: int
    AUC: MaybeFraction
    slope: TwoDigits | None
    centre: TwoDigits | None
    true_for: MaybeFraction
    true_against: MaybeFraction
    false_for: MaybeFraction
    false_against: MaybeFraction


class SlotWorth(Figures):
    """A line of the table that verdicts were made by, as in a model's card."""

    slope: TwoDigits
    below: TwoDigits | None
    above: TwoDigits
    venue: TwoDigits


class EvidenceResult(Result):
    """What verdicts say of fields whose truth is known, all cameras together as one venue.

    Attributes:
        true_for, true_against, true_unclear, true_not_visible: shares of the true fields of
            people, each at every sighting of theirs.
        false_for, false_against, false_unclear, false_not_visible: shares of the fields asked of
            one person that are false of another, at every sighting of the other.
        n_fields, n_true, n_false: how many of them the model says something about.
        n_not_estimated: further true fields, that it says nothing about.
        intervals: of the shares; people asked for are resampled.
        slots: one by one.
        table: what beliefs were taken to be worth; empty: as believed.
    """

    question: ClassVar[str] = "Does the evidence spare the right person, and speak against others?"

    model_id: str
    redacted: bool = True
    true_for: Fraction
    true_against: Fraction
    true_unclear: Fraction
    true_not_visible: Fraction
    false_for: Fraction
    false_against: Fraction
    false_unclear: Fraction
    false_not_visible: Fraction
    n_fields: int
    n_true: int
    n_false: int
    n_not_estimated: int
    n_people: int
    n_sightings: int
    intervals: dict[str, Ends]
    slots: dict[str, SlotFigures]
    table: dict[str, SlotWorth]

    def headline(self) -> str:
        """Return how often a verdict is for or against what is true, and what is not."""
        return (
            f"of what is true of a person, for {self._share('true_for')}, against "
            f"{self._share('true_against')}; of what is not, for {self._share('false_for')}, "
            f"against {self._share('false_against')}"
        )

    def tables(self) -> list[Table]:
        """Return the shares, then one row a slot."""
        shares: list[Row] = [
            (f"{kind} fields", *(self._share(f"{kind}_{said}") for said in _SAID))
            for kind in ("true", "false")
        ]
        note = (
            f"{self.model_id}, heads redacted: {self.n_true} true and {self.n_false} false fields "
            f"of {self.n_people} people; {self.n_not_estimated} true ones are not estimated"
        )
        rows = tuple(
            (
                name,
                figure(one.AUC),
                figure(one.true_for),
                figure(one.true_against),
                figure(one.false_for),
                figure(one.false_against),
                str(one.people),
            )
            for name, one in self.slots.items()
        )
        columns = ("%", "AUC", "true: for", "against", "false: for", "against", "people")
        heads = ("%", "for", "against", "cannot tell", "not in view")
        return [Table(heads, tuple(shares), note), Table(columns, rows)]

    def _share(self, name: str) -> str:
        return figure(getattr(self, name), self.intervals[name])


_SAID: Final[Mapping[str, Verdict]] = {
    "for": "match",
    "against": "conflict",
    "unclear": "unclear",
    "not_visible": "not_visible",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of one person at N sightings of theirs, where true, and of others, where false.

    Attributes:
        slot: what it is about.
        person: whose field it is.
        truth: bool (N,), whether it is true of whom the sighting shows.
        apart: float64 (N,), difference in log-odds, see `reid.rank.evidence`.
        said: N verdicts.
    """

    slot: str
    person: str
    truth: Flags
    apart: Floats
    said: NDArray[np.str_]


def run_evidence(
    sets: Sequence[FieldSet],
    embedder: CropEmbedder,
    weights: Path | None,
    seed: int,
    progress: Callable[[int], None],
) -> EvidenceResult:
    """Measure the verdicts on the first of some sets, by what the others say beliefs are worth.

    Without others they are worth what the model's card says. `progress` is told the number of
    images or visits done. `weights` is where the embedder was read from, for the record.
    """
    recorder = Recorder("evidence", seed)
    measured, *others = sets
    config = score_config_of(embedder.model_id)
    if others:
        fitted = [
            fit_slots(asked(one, _seen(one, embedder, progress), config)[0]) for one in others
        ]
        config = replace(config, evidence=EvidenceTable(_apart(joined(fitted, VENUE_SHARE))))
    seen = _seen(measured, embedder, progress)
    fields, missing = asked(measured, seen, config)
    files = (*measured.files, *(image.path for image in measured.images))
    shares, intervals = _shares(fields, seed)
    return EvidenceResult(
        **shares,
        model_id=embedder.model_id,
        n_fields=sum(len(one.truth) for one in fields),
        n_true=sum(int(one.truth.sum()) for one in fields),
        n_false=sum(int((~one.truth).sum()) for one in fields),
        n_not_estimated=missing,
        n_people=len({one.person for one in fields}),
        n_sightings=len(seen.sightings),
        intervals=intervals,
        slots=_slot_figures(fields),
        table={
            name: SlotWorth(slope=one.slope, below=one.below, above=one.above, venue=one.venue)
            for name, one in config.evidence.slots.items()
        },
        run=recorder.finish({embedder.model_id: weights, **finder_weights()}, files),
    )


def asked(fields: FieldSet, seen: CameraGallery, config: ScoreConfig) -> tuple[list[Asked], int]:
    """Ask for what is true of everybody, one description a person, and judge every sighting.

    Returns:
        The fields that the model says something about, and how many true ones it does not.
    """
    gallery, who = Gallery.of(seen.sightings), np.array(seen.identities)
    holds = cache(lambda wishes: _holds(fields, wishes, seen.identities))
    found, missing = [], 0
    for person in dict.fromkeys(seen.identities):
        for term in terms(Query("", fields.asked_of(person)), config):
            true = holds(term.wishes)
            about = np.where(who == person, true == 1, true == 0)
            said = _judge(gallery, term, config)
            told = about & (said != "not_estimated")
            missing += int((about & (who == person) & ~told).sum())
            if told.any():
                slot = term.wishes[0].slot
                apart = _differences(gallery, term, config)[told]
                found.append(Asked(slot, person, (true == 1)[told], apart, said[told]))
    return found, missing


def fit_slots(fields: Sequence[Asked]) -> dict[str, Fitted]:
    """Fit what a difference is worth in every slot, or family of slots, with enough people."""
    found = {
        name: fit(
            np.concatenate([one.apart for one in mine]),
            np.concatenate([one.truth for one in mine]),
            len({one.person for one in mine}),
        )
        for name, mine in _grouped(fields, lambda one: FAMILIES.get(one.slot, one.slot))
    }
    return {name: one for name, one in found.items() if one is not None}


def _seen(
    fields: FieldSet, embedder: CropEmbedder, progress: Callable[[int], None]
) -> CameraGallery:
    """Return everything that all cameras saw, as one gallery."""
    if fields.venue is None:
        galleries = camera_galleries(fields.images, embedder, True, progress)
    else:
        galleries = film_galleries(fields.venue, embedder, progress)
    sightings = Sightings.concatenate([one.sightings for one in galleries])
    return CameraGallery("", sightings, tuple(who for one in galleries for who in one.identities))


def _holds(
    fields: FieldSet, wishes: tuple[Wish, ...], identities: Sequence[str]
) -> NDArray[np.int8]:
    """Return 1 (true), 0 (false) or -1 (not known) for N sightings."""
    of = {who: fields.holds(wishes, who) for who in set(identities)}
    return np.array([-1 if of[who] is None else int(bool(of[who])) for who in identities], np.int8)


def _judge(gallery: Gallery, term: Term, config: ScoreConfig) -> NDArray[np.str_]:
    """Return the verdict on a term at each of N sightings."""
    rows = np.arange(len(gallery))
    beliefs = belief_in(gallery, term, rows, config)
    seen = gallery.part(term.wishes[0].slot)
    nats = log_ratios(gallery, term, beliefs, config)
    said = np.array([verdict(one) for one in nats.tolist()])
    said = np.where(seen < NOT_VISIBLE_BELOW, "not_visible", said)
    return np.where(np.isnan(beliefs) | np.isnan(seen), "not_estimated", said)


def _differences(gallery: Gallery, term: Term, config: ScoreConfig) -> Floats:
    beliefs = belief_in(gallery, term, np.arange(len(gallery)), config)
    share = VENUE_SHARE.get(term.wishes[0].slot, 1.0)
    return difference(beliefs, rate(gallery, term, config), share)


def _apart(table: Mapping[str, Worth]) -> dict[str, Worth]:
    """Return a table of slots from one of families."""
    members = {name: [s for s, family in FAMILIES.items() if family == name] for name in table}
    return {slot: worth for name, worth in table.items() for slot in members[name] or [name]}


def _grouped(
    fields: Sequence[Asked], key: Callable[[Asked], str]
) -> Iterator[tuple[str, list[Asked]]]:
    for name in sorted({key(one) for one in fields}):
        yield name, [one for one in fields if key(one) == name]


def _shares(
    fields: Sequence[Asked], seed: int
) -> tuple[dict[str, Any], dict[str, tuple[float, float]]]:
    """Return the share of each verdict among true and false fields, and their intervals."""
    people = [mine for _, mine in _grouped(fields, lambda one: one.person)]
    shares: dict[str, Any] = {}
    intervals = {}
    for kind, true in (("true", True), ("false", False)):
        total = np.array([sum(int((f.truth == true).sum()) for f in mine) for mine in people])
        for name, said in _SAID.items():
            hits = np.array([
                sum(int(((f.truth == true) & (f.said == said)).sum()) for f in mine)
                for mine in people
            ])  # fmt: skip

            def share(rows: NDArray[np.int64], hits: Floats = hits, total: Floats = total) -> float:
                return float(hits[rows].sum() / max(1, total[rows].sum()))

            shares[f"{kind}_{name}"] = share(np.arange(len(people)))
            intervals[f"{kind}_{name}"] = bootstrap_statistic_share(len(people), share, seed)
    return shares, intervals


def _slot_figures(fields: Sequence[Asked]) -> dict[str, SlotFigures]:
    fitted = _apart(fit_slots(fields))
    return {
        slot: _figures_of(mine, fitted.get(slot))
        for slot, mine in _grouped(fields, lambda one: one.slot)
    }


def _figures_of(mine: Sequence[Asked], fitted: Fitted | None) -> SlotFigures:
    truth = np.concatenate([one.truth for one in mine])
    said = np.concatenate([one.said for one in mine])

    def share(true: bool, verdict: Verdict) -> float:
        of = said[truth == true]
        return float((of == verdict).mean()) if len(of) else float("nan")

    return SlotFigures(
        people=len({one.person for one in mine if one.truth.any()}),
        n_true=int(truth.sum()),
        n_false=int((~truth).sum()),
        AUC=auc(np.concatenate([one.apart for one in mine]), truth),
        slope=None if fitted is None else fitted.slope,
        centre=None if fitted is None else fitted.centre,
        true_for=share(True, "match"),
        true_against=share(True, "conflict"),
        false_for=share(False, "match"),
        false_against=share(False, "conflict"),
    )

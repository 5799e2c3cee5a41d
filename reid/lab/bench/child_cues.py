"""Does a child look like a child? The belief in one, and heights, against a venue's truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.vocabulary import BODY_INDEX, Column
from reid.lab.bench.data.venue_sets import FilmedVenue
from reid.lab.bench.metrics.calibration import auc
from reid.lab.bench.metrics.figures import Ends, Figures, Fraction, OneDigit
from reid.lab.bench.metrics.intervals import bootstrap_statistic_share
from reid.lab.bench.report.tables import Row, Table, figure
from reid.rank import Gallery, stature
from reid.store import Columns

KNOWN_FROM: Final = 50
"""Tracks of a camera from which it counts as known."""

FIRST: Final = 10
"""Tracks of a camera that count as its first; each is judged by those up to it."""

_GROWN: Final = frozenset({"adult", "older"})
_RESAMPLES: Final = 300

Floats = NDArray[np.float32]


class Auc(Figures):
    """The chance that a child is believed to be one more than an adult; people are resampled."""

    auc: Fraction
    interval: Ends
    children: int
    adults: int

    def shown(self) -> str:
        """Return the figure with its interval, as a table prints it."""
        return figure(self.auc, self.interval)


class ChildFigures(Figures):
    """What is believed of who is a child.

    Attributes:
        before: by the model alone, of all sightings.
        after: by the model and the boxes.
        known: the same before cameras with `KNOWN_FROM` tracks and more.
        first: of the first `FIRST` sightings of each camera, judged as they came.
        said_child: share of adults who are said to be children (belief ≥ .5).
        height_cm: median difference from the height usual for the age, where it is measured.
    """

    before: Auc | None
    after: Auc | None
    known: Auc | None
    first: Auc | None
    said_child: Fraction | None
    height_cm: OneDigit | None

    def table(self) -> Table:
        """Return one row a way of judging."""
        rows: list[Row] = [
            (name, one.shown(), str(one.children), str(one.adults))
            for name, one in (
                ("model alone", self.before),
                ("with boxes", self.after),
                (f"with boxes, cameras of {KNOWN_FROM} tracks", self.known),
                (f"with boxes, first {FIRST} tracks", self.first),
            )
            if one is not None
        ]
        said = "-" if self.said_child is None else f"{100 * self.said_child:.0f}"
        height = "-" if self.height_cm is None else f"{self.height_cm:.0f}"
        note = f"{said} % of adults said to be children; heights off by {height} cm (median)"
        return Table(("%", "child or adult: AUC", "children", "adults"), tuple(rows), note)


@dataclass(frozen=True, slots=True)
class _Known:
    """N sightings of children and adults: which rows, who, and the height usual at their age."""

    rows: NDArray[np.intp]
    who: NDArray[np.str_]
    child: NDArray[np.bool_]
    usual_cm: NDArray[np.float64]


def child_figures(
    columns: Columns, owners: Mapping[str, str | None], venue: FilmedVenue
) -> ChildFigures:
    """Compare beliefs and heights of stored sightings with the truth.

    Args:
        columns: the sightings.
        owners: whom each shows.
        venue: what is true of people.
    """
    known = _known(columns, owners, venue)
    chosen, child = known.rows, known.child
    plain, full = _gallery(columns, measured=False), _gallery(columns, measured=True)
    before, after = (_belief(gallery)[chosen] for gallery in (plain, full))
    codes = full.cameras()[1][chosen]
    crowded = (np.bincount(full.cameras()[1]) >= KNOWN_FROM)[codes]
    early, first = _as_they_came(columns, chosen)
    grown = after[~child]
    return ChildFigures(
        before=_auc(before, known, np.ones(len(chosen), bool)),
        after=_auc(after, known, np.ones(len(chosen), bool)),
        known=_auc(after, known, crowded),
        first=_auc(first, known, early),
        said_child=float((grown >= 0.5).mean()) if len(grown) else None,
        height_cm=_height_error(full, chosen, known),
    )


def _known(columns: Columns, owners: Mapping[str, str | None], venue: FilmedVenue) -> _Known:
    said = [owners[key.id] or "" for key in columns.keys]
    ages = [(venue.attributes.get(who, {}).get("body.age") or [""])[0] for who in said]
    rows = [i for i, age in enumerate(ages) if age in _GROWN or age == "child"]
    return _Known(
        np.array(rows, np.intp),
        np.array([said[i] for i in rows], str),
        np.array([ages[i] == "child" for i in rows], bool),
        np.array([_usual(venue, said[i]) for i in rows]),
    )


def _usual(venue: FilmedVenue, who: str) -> float:
    """Return the median height, cm, at somebody's age; NaN where that is not known."""
    reference = stature.REFERENCE_CM
    sex = (venue.attributes[who].get("body.sex") or ["female"])[0]
    years = venue.years.get(who, float("nan"))
    return float(np.interp(years, reference["years"], reference[sex]))


def _gallery(columns: Columns, *, measured: bool) -> Gallery:
    measures = columns.measures if measured else None
    return Gallery(
        columns.keys, columns.attributes, columns.body, columns.visible, measures=measures
    )


def _belief(gallery: Gallery) -> Floats:
    belief = gallery.column(*Column("body.age", "child"))
    assert belief is not None
    return np.nan_to_num(belief)


def _as_they_came(columns: Columns, chosen: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Floats]:
    """Return which sightings (n,) are among the first of their camera, and the beliefs then."""
    full = _gallery(columns, measured=True)
    said = np.stack([np.asarray(columns.body[:, k]) for k in _age_columns()], axis=1)
    start, codes = columns.keys.column("start"), full.cameras()[1]
    belief = np.zeros(len(columns), np.float32)
    early = np.zeros(len(columns), bool)
    for camera in np.unique(codes):
        rows = np.flatnonzero(codes == camera)
        rows = rows[np.argsort(start[rows], kind="stable")]
        rows = rows[~np.isnan(columns.measures[rows]).all(axis=1)][:FIRST]
        early[rows] = True
        for n in range(1, len(rows) + 1):
            seen = stature.statures(columns.measures[rows[:n]], np.zeros(n, np.intp))
            belief[rows[n - 1]] = stature.beliefs(seen, said[rows[:n]])[0][-1, 0]
    return early[chosen], belief[chosen]


def _age_columns() -> list[int]:
    return [BODY_INDEX[Column("body.age", age)] for age in stature.AGES]


def _auc(belief: Floats, known: _Known, among: NDArray[np.bool_]) -> Auc | None:
    score, child = belief[among].astype(np.float64), known.child[among]
    who = known.who[among]
    value = auc(score, child)
    if np.isnan(value):
        return None
    names, member = np.unique(who, return_inverse=True)
    rows = [np.flatnonzero(member == i) for i in range(len(names))]

    def drawn(people: NDArray[np.int64]) -> float:
        taken = np.concatenate([rows[int(i)] for i in people])
        return auc(score[taken], child[taken])

    return Auc(
        auc=value,
        interval=bootstrap_statistic_share(len(names), drawn, 0, _RESAMPLES),
        children=int(child.sum()),
        adults=int((~child).sum()),
    )


def _height_error(gallery: Gallery, chosen: NDArray[np.intp], known: _Known) -> float | None:
    if not gallery.measured():
        return None
    away = np.abs(gallery.statures().take(chosen).centimetres - known.usual_cm)
    away = away[~np.isnan(away)]
    return float(np.median(away)) if len(away) else None

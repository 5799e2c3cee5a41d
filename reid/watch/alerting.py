"""Alerts with a stated budget: how well must a new sighting fit to be worth an alert.

The threshold is set on the venue's own recent sightings of other people: whoever is more likely
than not the one sought, from earlier passes, is left out (`reid.watch.impostors`). If a description
scores above t for k sightings in h hours of those, then k/h is how many false alerts an hour a
threshold t would have raised here. The lowest t whose rate is within the budget is taken.

While too few hours are known to tell, only sightings better than every one so far count, and what
log-likelihood ratios promise: of r people an hour who are not the one sought, r · exp(-t) reach t.
"""

import math
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.records import SearchWindow
from reid.desk.cases import Alert, Case, Raising
from reid.desk.cases.model import Decided, Looked
from reid.desk.desk import Desk
from reid.desk.parsed_description import allowed
from reid.desk.refinement import refined
from reid.rank.likeness import likeness
from reid.rank.nearest import instant
from reid.rank.posterior import FEWEST, Posterior
from reid.rank.score import score, terms
from reid.search.snapshot import Snapshot
from reid.watch.impostors import SAME_CLOTHES, split

RECENT: Final = timedelta(hours=24)
"""Sightings of this long before count for the calibration."""

ENOUGH: Final = 3.0
"""False alerts that the budget allows in the hours that are known, from which on these can tell."""

TAIL: Final = 0.45
"""Share of exp(-t) of unlike people who reach t; measured up to 7 nats on PKU-Reid."""

MARGIN: Final = 3.0
"""Nats above every unlike person so far from which a sighting counts whatever is promised."""

LEAST_SPAN: Final = 0.25
"""Hours; a shorter memory is taken to be this long."""

LEAST_NATS: Final = 1.0
"""A sighting that fits less well than this (e times as likely) never raises an alert."""

FIRST_LOOK: Final = timedelta(minutes=1)
"""How far before the beginning of its watch a case's first look goes back."""

LATE: Final = timedelta(minutes=5)
"""How long after its end a sighting may be stored: so far behind the last look that was noted goes
the first look of a process that was started anew."""

NOTED_EVERY: Final = timedelta(seconds=30)
"""How often it is noted until when all was looked at."""

EVERY: Final = 3.0
"""Seconds between two looks at new sightings."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which score on a sighting raises an alert, and what that cost on the venue's past.

    Attributes:
        score: nats.
        per_hour: alerts an hour that it would have raised on recent sightings.
        sightings, hours: what it was set on.
        again: the same for who was alerted before; their alert has spent the budget.
    """

    score: float
    per_hour: float
    sightings: int
    hours: float
    again: float = math.inf


def calibrate(scores: NDArray[np.float32], hours: float, budget: float) -> Threshold:
    """Return the lowest threshold whose rate of alerts on past scores (N,) is within the budget.

    Args:
        hours: how long the past sightings span.
        budget: false alerts allowed an hour.
    """
    hours = max(hours, LEAST_SPAN)
    most = int(budget * hours)
    best = np.sort(scores)[::-1]
    score = LEAST_NATS
    if len(best) > most:  # strictly above the first score that would be one alert too many
        score = max(score, float(np.nextafter(best[most], np.float32(np.inf))))
    return Threshold(score, float((scores >= score).sum()) / hours, len(scores), hours)


def promised(people: float, hours: float, budget: float) -> float:
    """Return the score that so few unlike people reach that the budget is kept, in nats.

    The budget of the first hour may be spent at once.

    Args:
        people: seen in `hours`.
        budget: false alerts allowed an hour.
    """
    hours = max(hours, 1.0)
    if budget * hours >= ENOUGH or people <= 0:
        return LEAST_NATS
    return max(LEAST_NATS, math.log(TAIL * max(people, FEWEST) / (hours * budget)))


class Alerting:
    """Compares new sightings with the watched cases and raises alerts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: set[str] | None = None
        self._looked: Looked | None = None
        self._lock = threading.Lock()
        self.every = EVERY

    def look(self, now: datetime | None = None) -> list[Alert]:
        """Raise alerts for sightings that were stored since the last look.

        What is new goes by the sightings' ids, not by their times: cameras store with a delay. A
        look that fails is made again, with the same sightings.
        """
        with self._lock:
            watched = [c for c in self._desk.records.book.all("open") if c.watching]
            moment = now or datetime.now(UTC)
            if not watched or not self._desk.has_sightings:
                self._known = None
                self._note(moment, frozenset())
                return []
            snapshot = self._desk.snapshots.get()
            fresh = self._fresh(snapshot)
            raised = []
            for case in watched:
                rows = self._rows(case, snapshot, fresh, moment)
                raised += self._compare(case, snapshot, rows, moment) if len(rows) else []
            self._known = set(snapshot.ids)
            self._note(moment, frozenset(case.id for case in watched))
            return raised

    def _fresh(self, snapshot: Snapshot) -> NDArray[np.intp] | None:
        """Return the rows not looked at before; None at the first look of this process."""
        if self._known is None:
            return None
        known = self._known
        return np.array([i for i, name in enumerate(snapshot.ids) if name not in known], np.intp)

    def _rows(
        self, case: Case, snapshot: Snapshot, fresh: NDArray[np.intp] | None, now: datetime
    ) -> NDArray[np.intp]:
        """Return the rows that are new to a case, over restarts and looks of other processes."""
        looked = self._looked
        if looked is None:
            looked = self._looked = self._desk.records.alerts.looked()
        if case.id not in looked.cases:
            since = _noted(self._desk.records.alerts.watched_since(case.id) or now, now)
            recent = np.flatnonzero(snapshot.end > instant(since - FIRST_LOOK))
            return recent if fresh is None else np.union1d(fresh, recent)
        if fresh is None:
            return np.flatnonzero(snapshot.end > instant(_noted(looked.at, now) - LATE))
        return fresh

    def _unseen(self, snapshot: Snapshot, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the rows that came after the last look for sure: a bar is set without these."""
        if self._known is not None or self._looked is None or not self._looked.cases:
            return rows
        return rows[snapshot.end[rows] > instant(self._looked.at)]

    def _note(self, now: datetime, cases: frozenset[int]) -> None:
        """Write down now and then that all of what is new was compared with these cases."""
        known = self._looked
        if known is None and not cases:
            known = self._desk.records.alerts.looked()
        if known is None or known.cases != cases or abs(now - known.at) >= NOTED_EVERY:
            self._looked = Looked(now, cases)
            if cases or (known is not None and known.cases):
                self._desk.records.alerts.note_look(self._looked)

    def threshold(
        self, case: Case, snapshot: Snapshot, now: datetime, fresh: NDArray[np.intp]
    ) -> Threshold:
        """Set a case's threshold on the sightings of the day before `now`, without the new ones."""
        rows = snapshot.rows(SearchWindow(now - RECENT, now))
        assert rows is not None
        rows = np.setdiff1d(rows, [*fresh, *self._decided(case, snapshot, "confirmed")])
        past = split(
            self._scores(case, snapshot, rows),
            self._vectors(snapshot, rows),
            self._vectors(snapshot, self._decided(case, snapshot, "rejected")),
            self._vectors(snapshot, self._alerted(case, snapshot)),
        )
        hours = 0.0
        if len(rows):
            hours = float((instant(now) - snapshot.start[rows].min()) / np.timedelta64(1, "h"))
        budget = self._desk.policy.watch.false_alarms_per_hour
        threshold = calibrate(past.impostors, hours, budget)
        best = float(past.impostors.max(initial=-math.inf))
        least = min(promised(past.people, hours, budget), best + MARGIN)
        again = threshold.score if threshold.score > LEAST_NATS else 0.0
        return replace(threshold, score=max(threshold.score, least), again=again)

    def _compare(
        self, case: Case, snapshot: Snapshot, rows: NDArray[np.intp], now: datetime
    ) -> list[Alert]:
        threshold = self.threshold(case, snapshot, now, self._unseen(snapshot, rows))
        scores = self._scores(case, snapshot, rows)
        known = [*rows, *self._decided(case, snapshot, "confirmed")]
        others = np.setdiff1d(np.arange(len(snapshot)), known)
        config = snapshot.config
        posterior = Posterior.of(
            self._scores(case, snapshot, others), config.temperature, config.expected_sightings
        )
        chances = posterior.probability(scores)
        raised = []
        for i in np.flatnonzero(scores >= min(threshold.score, threshold.again)):
            key, row = snapshot.keys[int(rows[i])], int(rows[i])
            continues = self._continues(case, snapshot, row)
            if scores[i] < (threshold.again if continues else threshold.score):
                continue
            how = Raising(self._desk.policy.watch.channels, continues)
            alert = self._desk.records.alerts.raise_once(
                case.id, key.id, key.camera, key.start, float(chances[i]), how
            )
            if alert is not None and self._desk.still_stored(key.id):
                raised.append(alert)
        return raised

    def _continues(self, case: Case, snapshot: Snapshot, row: int) -> bool:
        """Whether the clothes of a sighting are those of one alerted or confirmed before."""
        alerted = (snapshot.row(alert.sighting) for alert in self._desk.records.alerts.of(case.id))
        known = [
            *self._decided(case, snapshot, "confirmed"),
            *(r for r in alerted if r is not None),
        ]
        vectors = self._vectors(snapshot, np.array([r for r in known if r != row], np.intp))
        if vectors is None or not len(vectors) or snapshot.gallery.vectors is None:
            return False
        return bool((vectors @ snapshot.gallery.vectors[row]).max() >= SAME_CLOTHES)

    def _alerted(self, case: Case, snapshot: Snapshot) -> NDArray[np.intp]:
        """Return the rows that were alerted for a case."""
        found = [snapshot.row(a.sighting) for a in self._desk.records.alerts.of(case.id)]
        return np.array([row for row in found if row is not None], np.intp)

    def _decided(self, case: Case, snapshot: Snapshot, verdict: Decided) -> NDArray[np.intp]:
        """Return the rows that staff confirmed, or rejected."""
        decisions = self._desk.records.book.decisions(case.id, verdict)
        found = [snapshot.row(d.sighting) for d in decisions]
        return np.array([row for row in found if row is not None], np.intp)

    def _vectors(self, snapshot: Snapshot, rows: NDArray[np.intp]) -> NDArray[np.float32] | None:
        vectors = snapshot.gallery.vectors
        return None if vectors is None else vectors[rows]

    def _scores(
        self, case: Case, snapshot: Snapshot, rows: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Return the scores of some rows for what the case asked last, in nats."""
        description = self._desk.latest_query(case).description
        query, _ = allowed(description.query(), self._desk.policy.purpose(case.purpose))
        if not query.asks or not len(rows):
            return np.zeros(len(rows), np.float32)
        change = refined(query, snapshot, self._desk.records.book.decisions(case.id))
        totals = score(snapshot.gallery, terms(query, change.config), change.config)
        alike = likeness(query.photo, snapshot.gallery, change.config.model_id)
        totals = totals if alike is None else totals + alike.nats
        return np.asarray((totals + change.extra)[rows], np.float32)


def _noted(when: datetime, now: datetime) -> datetime:
    """Return a time that was noted before; what a clock noted that was ahead says nothing."""
    return min(when, now) if when - now <= LATE else now - RECENT

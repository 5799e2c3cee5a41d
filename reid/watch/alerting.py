"""Alerts with a stated budget: how well must a new sighting fit to be worth an alert.

The threshold is set on the venue's own recent sightings. If a description scores above t for k
sightings in h hours of people who are (almost all) not the one sought, then k/h is how many false
alerts an hour a threshold t would have raised here. The lowest t whose rate is within the budget is
taken; while too few hours are known to tell, only sightings better than every one so far count.
"""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reid.core.records import SearchWindow
from reid.desk.cases import Alert, Case
from reid.desk.desk import Desk
from reid.desk.parsed_description import allowed
from reid.desk.refinement import refined
from reid.rank.posterior import Posterior
from reid.rank.score import score, terms
from reid.search.snapshot import Snapshot

RECENT: Final = timedelta(hours=24)
"""Sightings of this long before count for the calibration."""

LEAST_SPAN: Final = 0.25
"""Hours; a shorter memory is taken to be this long."""

LEAST_NATS: Final = 1.0
"""A sighting that fits less well than this (e times as likely) never raises an alert."""

FIRST_LOOK: Final = timedelta(minutes=1)
"""How far the first look goes back."""

EVERY: Final = 3.0
"""Seconds between two looks at new sightings."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which score on a sighting raises an alert, and what that cost on the venue's past.

    Attributes:
        score: nats.
        per_hour: alerts an hour that it would have raised on recent sightings.
        sightings, hours: what it was set on.
    """

    score: float
    per_hour: float
    sightings: int
    hours: float


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


class Alerting:
    """Compares new sightings with the watched cases and raises alerts."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: set[str] | None = None
        self._lock = threading.Lock()
        self.every = EVERY

    def look(self, now: datetime | None = None) -> list[Alert]:
        """Raise alerts for sightings that were stored since the last look.

        What is new goes by the sightings' ids, not by their times: cameras store with a delay.
        """
        with self._lock:
            watched = [c for c in self._desk.records.book.all("open") if c.watching]
            if not watched or not self._desk.has_sightings:
                self._known = None
                return []
            snapshot = self._desk.snapshots.get()
            moment = now or datetime.now(UTC)
            rows = self._fresh(snapshot, moment)
            if not len(rows):
                return []
            return [a for case in watched for a in self._compare(case, snapshot, rows, moment)]

    def _fresh(self, snapshot: Snapshot, now: datetime) -> NDArray[np.intp]:
        """Return the rows not looked at before; at the first look, those of the last minute."""
        if self._known is None:
            rows = np.flatnonzero(snapshot.end > _instant(now - FIRST_LOOK))
        else:
            known = self._known
            rows = np.array([i for i, name in enumerate(snapshot.ids) if name not in known], int)
        self._known = set(snapshot.ids)
        return rows

    def threshold(
        self, case: Case, snapshot: Snapshot, now: datetime, fresh: NDArray[np.intp]
    ) -> Threshold:
        """Set a case's threshold on the sightings of the day before `now`, without the new ones."""
        rows = snapshot.rows(SearchWindow(now - RECENT, now))
        assert rows is not None
        rows = np.setdiff1d(rows, [*fresh, *self._confirmed(case, snapshot)])
        scores = self._scores(case, snapshot, rows)
        hours = 0.0
        if len(rows):
            hours = float((_instant(now) - snapshot.start[rows].min()) / np.timedelta64(1, "h"))
        return calibrate(scores, hours, self._desk.policy.watch.false_alarms_per_hour)

    def _compare(
        self, case: Case, snapshot: Snapshot, rows: NDArray[np.intp], now: datetime
    ) -> list[Alert]:
        threshold = self.threshold(case, snapshot, now, rows)
        scores = self._scores(case, snapshot, rows)
        known = [*rows, *self._confirmed(case, snapshot)]
        others = np.setdiff1d(np.arange(len(snapshot)), known)
        config = snapshot.config
        posterior = Posterior.of(
            self._scores(case, snapshot, others), config.temperature, config.expected_sightings
        )
        chances = posterior.probability(scores)
        raised = []
        for i in np.flatnonzero(scores >= threshold.score):
            key = snapshot.keys[int(rows[i])]
            alert = self._desk.records.alerts.raise_once(
                case.id, key.id, key.camera, key.start, float(chances[i]),
                self._desk.policy.watch.channels,
            )  # fmt: skip
            if alert is not None:
                raised.append(alert)
        return raised

    def _confirmed(self, case: Case, snapshot: Snapshot) -> list[int]:
        """Return the rows of the person themselves: they say nothing of how likely others are."""
        decisions = self._desk.records.book.decisions(case.id, "confirmed")
        found = [snapshot.row(d.sighting) for d in decisions]
        return [row for row in found if row is not None]

    def _scores(
        self, case: Case, snapshot: Snapshot, rows: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        """Return the scores of some rows for what the case asked last, in nats."""
        description = self._desk.latest_query(case).description
        query, _ = allowed(description.query(), self._desk.policy.purpose(case.purpose))
        if not query.wishes or not len(rows):
            return np.zeros(len(rows), np.float32)
        change = refined(query, snapshot, self._desk.records.book.decisions(case.id))
        totals = score(snapshot.gallery, terms(query, change.config), change.config)
        return np.asarray((totals + change.extra)[rows], np.float32)


def _instant(when: datetime) -> np.datetime64:
    return np.datetime64(when.astimezone(UTC).replace(tzinfo=None), "us")

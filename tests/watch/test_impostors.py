"""The bar comes from unlike people: the wanted is alerted again and again, the budget is kept."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from reid.watch.alerting import LEAST_NATS, MARGIN, calibrate, promised
from reid.watch.impostors import split

Floats = NDArray[np.float32]
DIM = 64
PER_HOUR = 60
BUDGET = 1.0


class Venue:
    """A stream of sightings: unlike people by the law of likelihood ratios, and the wanted."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._wanted = self._vector()
        self.scores: list[float] = []
        self.vectors: list[Floats] = []

    def _vector(self) -> Floats:
        vector = self._rng.normal(size=DIM).astype(np.float32)
        return vector / np.float32(np.linalg.norm(vector))

    def _seen(self, score: float, who: Floats) -> None:
        noisy = who + np.float32(0.4) * self._vector()
        self.vectors.append(noisy / np.float32(np.linalg.norm(noisy)))
        self.scores.append(score)

    def stranger(self) -> float:
        """Somebody else, who is seen twice; log-normal ratios with a mean of 1."""
        score, who = float(self._rng.normal(-1.125, 1.5)), self._vector()
        for _ in range(2):
            self._seen(score + float(self._rng.normal(0, 0.2)), who)
        return self.scores[-1]

    def wanted(self) -> float:
        """A pass of the wanted."""
        self._seen(float(self._rng.normal(6.5, 0.3)), self._wanted)
        return self.scores[-1]

    def bar(self, hours: float) -> float:
        """The threshold as it is now."""
        past = split(np.array(self.scores, np.float32), np.array(self.vectors))
        best = float(past.impostors.max(initial=-np.inf))
        least = min(promised(past.people, hours, BUDGET), best + MARGIN)
        return max(least, calibrate(past.impostors, hours, BUDGET).score)


@pytest.mark.parametrize("before", [0, 1, 6, 30], ids=lambda n: f"{n} passes before")
@pytest.mark.parametrize("hours", [1, 8])
def test_the_wanted_is_alerted_at_each_of_ten_passes(before: int, hours: int) -> None:
    venue = Venue(hours)
    for _ in range(before):
        venue.wanted()
    for _ in range(hours * PER_HOUR):
        venue.stranger()
    for number in range(10):
        bar = venue.bar(hours)
        assert venue.wanted() >= bar, f"pass {number + 1} after {before} is below the bar"


def alarms(seed: int, hours: int, before: Callable[[Venue], object]) -> float:
    """Return false alerts an hour, the bar set anew every four minutes."""
    venue, false, bar = Venue(seed), 0, 0.0
    before(venue)
    for minute in range(hours * 60):
        bar = bar if minute % 4 else venue.bar(minute / 60)
        false += venue.stranger() >= bar
    return false / hours


@pytest.mark.parametrize("passes", [0, 8])
def test_the_budget_is_kept_with_and_without_the_wanted_before(passes: int) -> None:
    def before(venue: Venue) -> None:
        for _ in range(passes):
            venue.wanted()

    rates = [alarms(seed, 5, before) for seed in range(6)]
    assert np.mean(rates) <= BUDGET, f"{np.mean(rates):.2f} an hour"


def test_a_lookalike_who_was_rejected_is_evidence_again() -> None:
    venue = Venue(3)
    for _ in range(40):
        venue.stranger()
    for _ in range(5):
        venue.wanted()
    scores, vectors = np.array(venue.scores, np.float32), np.array(venue.vectors)
    assert split(scores, vectors).impostors.max() < 5
    assert split(scores, vectors, vectors[-1:]).impostors.max() > 5


def test_without_vectors_each_sighting_is_a_person() -> None:
    scores = np.array([9.0, *np.full(50, -1.0)], np.float32)
    past = split(scores, None)
    assert (len(past.impostors), round(past.people)) == (50, 51)


def test_of_nobody_nothing_is_known() -> None:
    past = split(np.empty(0, np.float32), None)
    assert (len(past.impostors), past.people) == (0, 0.0)
    assert promised(0.0, 0.0, BUDGET) == LEAST_NATS

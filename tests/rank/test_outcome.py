"""Probabilities are honest, and what is said of them follows from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.rank import rank
from reid.rank.answer import FIRST_LOOKED_AT, LIKELY
from reid.rank.posterior import PRESENT, Posterior
from tests.crowd import STYLES, describe_person, make, reliability
from tests.rank.test_score import RED, Wish, ask, gallery

PEOPLE, ASKS = 60, 60
scores = st.lists(st.floats(-60, 60, width=32), min_size=1, max_size=80)


@given(scores, st.sampled_from([1.0, 0.6, 0.3]))
def test_all_and_nobody_are_never_more_than_certain(
    values: list[float], temperature: float
) -> None:
    array = np.array(values, np.float32)
    posterior = Posterior.of(array, temperature)
    chances = posterior.probability(array)
    assert ((chances >= 0) & (chances <= 1)).all()
    assert posterior.nobody + chances.sum() == pytest.approx(1, abs=1e-6)


def test_before_anything_is_known_the_prior_is_said() -> None:
    posterior = Posterior.of(np.zeros(40, np.float32))
    assert posterior.nobody == pytest.approx(1 - PRESENT)
    assert posterior.probability(np.zeros(1))[0] == pytest.approx(PRESENT / 40)


def test_among_few_sightings_the_person_is_less_often() -> None:
    few = Posterior.of(np.zeros(4, np.float32))
    assert few.nobody == pytest.approx(1 - PRESENT * np.sqrt(4 / 10))
    assert few.probability(np.zeros(1))[0] == pytest.approx(PRESENT * np.sqrt(4 / 10) / 4)
    assert Posterior.of(np.zeros(0, np.float32)).nobody == 1


def test_ten_times_as_likely_is_ten_times_as_probable() -> None:
    values = np.array([np.log(10), *[0.0] * 19], np.float32)  # Z = .2 + .8 (10 + 19) / 20 = 1.36
    chances = Posterior.of(values).probability(values)
    assert chances[0] == pytest.approx(0.8 / 20 * 10 / 1.36)
    assert chances[1] == pytest.approx(chances[0] / 10)


def test_a_low_temperature_tells_people_apart_and_leaves_open_whether_anybody_is_there() -> None:
    """Scores log 2 and 0 nine times: 2 to 1 as said, 4 to 1 at temperature 1/2."""
    values = np.array([np.log(2), *[0.0] * 9], np.float32)
    said, sharper = Posterior.of(values), Posterior.of(values, 0.5)
    assert sharper.nobody == pytest.approx(said.nobody)
    assert said.probability(values)[0] == pytest.approx((1 - said.nobody) * 2 / 11)
    assert sharper.probability(values)[0] == pytest.approx((1 - said.nobody) * 4 / 13)


@given(scores, st.sampled_from([1.0, 0.6, 0.3]), st.sampled_from([1.5, 2.0, 4.0]))
def test_who_is_seen_several_times_has_as_many_chances(
    values: list[float], temperature: float, times: float
) -> None:
    array = np.array(values, np.float32)
    posterior = Posterior.of(array, temperature, times)
    chances = posterior.probability(array)
    assert ((chances >= 0) & (chances <= 1 - posterior.nobody + 1e-9)).all()
    assert chances.sum() <= times * (1 - posterior.nobody) + 1e-6
    assert 0 <= posterior.any_of(array) <= 1 - posterior.nobody + 1e-9
    assert (np.diff(chances[np.argsort(array)]) >= -1e-12).all(), "in the order of the scores"


def test_twice_seen_among_forty_alike_each_has_one_chance_in_twenty() -> None:
    alike = np.zeros(40, np.float32)
    posterior = Posterior.of(alike, 0.6, 2.0)
    assert posterior.probability(alike) == pytest.approx(PRESENT * 2 / 40)
    assert posterior.any_of(alike[:20]) == pytest.approx(PRESENT * (1 - 0.95**20))


def test_two_that_fit_share_nothing_when_the_person_is_seen_twice() -> None:
    """Two at log 1e6, 298 at 0: λ is so that both are nearly sure; seen once, each is a half."""
    values = np.array([np.log(1e6)] * 2 + [0.0] * 298, np.float32)
    often, once = Posterior.of(values, 1.0, 2.0), Posterior.of(values)
    assert often.probability(values)[1] > 0.98
    assert once.probability(values)[1] == pytest.approx(0.5, abs=0.01)
    assert often.once(values) == pytest.approx(once.probability(values))


def test_a_confirmed_sighting_leaves_the_others_their_chances() -> None:
    table = gallery(*[{RED: 0.9}] * 12)
    extra = np.zeros(12, np.float32)
    extra[3] = 20
    answer = rank(ask(Wish(*RED)), table, extra=extra)
    assert answer.outcome == "found"
    assert answer.matches[0].probability == 1
    assert answer.matches[1].probability == pytest.approx(PRESENT / 11, rel=0.2)


@pytest.fixture(scope="module")
def answers() -> list[tuple[object, int | None]]:
    """Ask for people of a crowd in every style; one in five is not there at all."""
    rng = np.random.default_rng(3)
    config, crowd = reliability(8, 400), make(PEOPLE, 7)
    found = []
    for style in STYLES:
        for row in rng.integers(0, PEOPLE, ASKS):
            there = rng.random() < PRESENT
            rows = np.arange(PEOPLE) if there else np.delete(np.arange(PEOPLE), row)
            query = describe_person(rng, crowd.people[row], style)
            answer = rank(query, crowd.gallery, top=FIRST_LOOKED_AT, config=config, rows=rows)
            found.append((answer, int(row) if there else None))
    return found


def test_what_is_said_is_as_often_right(answers) -> None:
    said = np.array([m.probability for a, _ in answers for m in a.matches])
    right = np.array([m.key.id == str(row) for a, row in answers for m in a.matches])
    for low, high in ((0.0, 0.05), (0.05, 0.15), (0.15, 1.01)):
        band = (said >= low) & (said < high)
        spread = 3 * np.sqrt(max(said[band].mean() * (1 - said[band].mean()), 1e-4) / band.sum())
        assert right[band].mean() == pytest.approx(said[band].mean(), abs=spread), (low, high)


def test_found_means_more_likely_than_not_among_the_first_ten(answers) -> None:
    found = [(a, row) for a, row in answers if a.outcome == "found"]
    assert len(found) >= 20
    for answer, _ in found:
        assert sum(m.probability for m in answer.matches) >= LIKELY - 1e-6
    hits = [any(m.key.id == str(row) for m in a.matches) for a, row in found]
    assert np.mean(hits) >= LIKELY

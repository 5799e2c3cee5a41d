"""Sightings of the same clothes are one person, and words never contradict numbers."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.core import vocabulary as vocab
from reid.core.records import Answer, Match, Query, SightingKey, Wish, level_of, percent_of
from reid.rank import Gallery, rank, with_people
from reid.rank.people import any_of, people_of
from tests.making import NOON

MINUTE = timedelta(minutes=1)
ORDER = ("unlikely", "possible", "likely")


def key(name: str, camera: str, start: datetime) -> SightingKey:
    return SightingKey(name, "clip", "k", camera, start, start + MINUTE / 2, 0)


def match(name: str, camera: str, minute: int, probability: float) -> Match:
    return Match(key(name, camera, NOON + minute * MINUTE), 0.0, probability)


def of_kinds(*kinds: int) -> np.ndarray:
    """Vectors of people of so many kinds, alike within one and apart from others."""
    noise = np.random.default_rng(0).normal(scale=0.05, size=(len(kinds), 8))
    vectors = np.eye(8)[list(kinds)] + noise
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class TestPeople:
    CHILD = (match("a", "gate", 0, 0.43), match("b", "shop", 5, 0.38), match("c", "gate", 9, 0.36))

    def test_passes_of_one_child_are_one_person(self) -> None:
        other = match("d", "gate", 3, 0.1)
        people = people_of((*self.CHILD, other), of_kinds(0, 0, 0, 1))
        assert [person.sightings for person in people] == [("a", "b", "c"), ("d",)]
        assert people[0].probability == pytest.approx(1 - 0.57 * 0.62 * 0.64)
        assert people[0].level == "likely"

    def test_who_is_in_two_places_at_once_is_two_people(self) -> None:
        twins = (match("a", "gate", 0, 0.4), match("b", "shop", 0, 0.4))
        assert len(people_of(twins, of_kinds(0, 0))) == 2
        same_picture = (match("a", "gate", 0, 0.4), match("b", "gate", 0, 0.4))
        assert len(people_of(same_picture, of_kinds(0, 0))) == 2

    def test_without_vectors_each_is_a_person(self) -> None:
        assert len(people_of(self.CHILD, None)) == 3

    def test_no_person_is_likelier_than_that_somebody_is_there(self) -> None:
        (child,) = people_of(self.CHILD, of_kinds(0, 0, 0), nobody=0.5)
        assert max(0.43, child.probability) == child.probability <= 0.5

    def test_one_that_is_known_is_certain(self) -> None:
        assert any_of([1.0, 0.2], 0.5) == 1

    def test_the_likeliest_person_comes_first(self) -> None:
        alone = match("d", "gate", 3, 0.5)
        assert people_of((alone, *self.CHILD), of_kinds(1, 0, 0, 0))[0].sightings[0] == "a"


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_number_has_no_worse_word(a: float, b: float) -> None:
    low, high = sorted([a, b])
    assert ORDER.index(level_of(low)) <= ORDER.index(level_of(high))
    if percent_of(low) == percent_of(high):
        assert level_of(low) == level_of(high)


def random_answer(seed: int) -> Answer:
    """Ask for random things among random people, few or many, some painted, some known."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    columns = len(vocab.ATTRIBUTE_COLUMNS)
    attributes = rng.beta(0.3, rng.uniform(0.3, 4), (n, columns)).astype(np.float32)
    body = rng.random((n, len(vocab.BODY_COLUMNS)), np.float32)
    keys = [
        key(f"s{i}", f"c{rng.integers(3)}", NOON + int(rng.integers(30)) * MINUTE) for i in range(n)
    ]
    table = Gallery(keys, attributes, body, rng.random((n, len(vocab.PARTS)), np.float32))
    if rng.random() < 0.7:
        table = replace(table, vectors=of_kinds(*rng.integers(0, 8, n)))
    picked = rng.choice(columns, int(rng.integers(1, 6)), replace=False)
    asked = [vocab.ATTRIBUTE_COLUMNS[i] for i in picked]
    query = Query("", tuple(Wish(*one, negated=bool(rng.random() < 0.2)) for one in asked))
    extra = rng.choice([0, 0, 0, 0, 20, -20], n).astype(np.float32) if rng.random() < 0.3 else None
    return rank(query, table, top=24, extra=extra)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_word_and_number_never_contradict(seed: int) -> None:
    answer = random_answer(seed)
    levels = [person.level for person in answer.people]
    if answer.outcome == "nobody_fits":
        assert set(levels) <= {"unlikely"}, "nobody fits, over a card of 49 %"
    if answer.outcome == "found":
        assert set(levels) - {"unlikely"}
    named = [name for person in answer.people for name in person.sightings]
    assert sorted(named) == sorted(match.key.id for match in answer.matches)
    for person, matches in answer.by_person():
        best = max(match.probability for match in matches)
        assert best - 1e-9 <= person.probability <= 1
        assert person.level == level_of(percent_of(person.probability) / 100)
        for one in matches:
            assert ORDER.index(level_of(one.probability)) <= ORDER.index(person.level)
            assert level_of(one.probability) != "likely" or not _against(one)


def _against(match: Match) -> bool:
    """Whether all the evidence together speaks clearly against a sighting that is not known."""
    ratios = [why.likelihood_ratio for why in match.why if why.likelihood_ratio is not None]
    return match.probability < 1 and float(np.sum(np.log(ratios))) < -1e-6


def test_putting_people_together_can_only_soften_nobody_fits() -> None:
    matches = tuple(match(name, "gate", i, 0.15) for i, name in enumerate("abc"))
    answer = Answer(Query(""), "nobody_fits", matches)
    assert with_people(answer, of_kinds(0, 0, 0)).outcome == "unsure"
    assert with_people(answer, of_kinds(0, 1, 2)).outcome == "nobody_fits"

"""Who was with them: companions who are described raise those whom they walk with."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from reid.core import vocabulary as vocab
from reid.core.body_measures import WIDTH
from reid.core.records import Companion, Query, SightingKey, Wish
from reid.rank import Gallery, rank
from reid.rank.companions import MOST, UNSEEN, WITH, together
from tests.making import NOON

SECOND = timedelta(seconds=1)
RED, BLUE, GREEN = (("upper.colour", colour) for colour in ("red", "blue", "green"))
CHILD = Query("", (Wish(*RED),), (Companion("a woman in blue", (Wish(*BLUE),)),))


def people(*seen: tuple[tuple[str, str], str, int, float]) -> Gallery:
    """Make sightings of ten seconds: colour, camera, first second, and where the feet are, x."""
    attributes = np.full((len(seen), len(vocab.ATTRIBUTE_COLUMNS)), 0.02, np.float32)
    measures = np.full((len(seen), WIDTH), np.nan, np.float32)
    keys = []
    for row, (colour, camera, first, x) in enumerate(seen):
        attributes[row, vocab.ATTRIBUTE_INDEX[vocab.Column(*colour)]] = 0.9
        measures[row, :9] = (x, 0.3, 0.4) * 3
        start = NOON + first * SECOND
        keys.append(SightingKey(f"s{row}", "f", "k", camera, start, start + 10 * SECOND, row))
    body = np.full((len(seen), len(vocab.BODY_COLUMNS)), np.nan, np.float32)
    shown = np.ones((len(seen), len(vocab.PARTS)), np.float32)
    return Gallery(keys, attributes, body, shown, measures=measures)


TWO_CHILDREN = people(
    (RED, "gate", 0, 0.0),  # alone
    (RED, "shop", 0, 0.0),  # with somebody in blue
    (BLUE, "shop", 2, 0.2),
    (GREEN, "gate", 60, 0.0),
    (GREEN, "shop", 60, 0.0),
)


class TestTogether:
    def test_who_overlaps_nearby_walks_together(self) -> None:
        beside = together(TWO_CHILDREN, np.arange(5))
        assert [others.tolist() for others in beside] == [[], [2], [1], [], []]

    def test_who_is_far_away_or_only_passes_does_not(self) -> None:
        far = people((RED, "gate", 0, 0.0), (BLUE, "gate", 0, 0.7))
        brief = people((RED, "gate", 0, 0.0), (BLUE, "gate", 8, 0.0))
        for table in (far, brief):
            assert [len(others) for others in together(table, np.arange(2))] == [0, 0]

    def test_of_whom_nothing_is_measured_time_alone_tells(self) -> None:
        table = replace(TWO_CHILDREN, measures=None)
        assert together(table, np.array([1]))[0].tolist() == [2]


def test_the_one_with_such_a_companion_comes_first_and_says_so() -> None:
    answer = rank(CHILD, TWO_CHILDREN)
    first, second = answer.matches[:2]
    assert (first.key.id, second.key.id) == ("s1", "s0")
    (near,) = first.beside
    assert (near.sighting, near.verdict) == ("s2", "match")
    assert [(why.value, why.verdict) for why in near.why] == [("blue", "match")]
    (nobody,) = second.beside
    assert (nobody.sighting, nobody.verdict) == (None, "not_visible")


def test_who_is_alone_loses_little_and_nobody_gains_without_bound() -> None:
    with_her = {m.key.id: m.score for m in rank(CHILD, TWO_CHILDREN).matches}
    without = {m.key.id: m.score for m in rank(replace(CHILD, companions=()), TWO_CHILDREN).matches}
    lost = without["s0"] - with_her["s0"]
    assert lost == pytest.approx(-np.log(1 - WITH + WITH * UNSEEN), abs=1e-5)
    assert 0 < with_her["s1"] - without["s1"] <= MOST


def test_without_a_companion_described_nothing_changes() -> None:
    vague = replace(CHILD, companions=(Companion("her mum"),))
    plain = rank(replace(CHILD, companions=()), TWO_CHILDREN).matches
    assert [(m.score, m.beside) for m in rank(vague, TWO_CHILDREN).matches] == [
        (m.score, ()) for m in plain
    ]


def crowd(seed: int) -> tuple[Gallery, dict[str, tuple[str, str]]]:
    """Forty pairs of a child and a grown-up before one of four cameras, all in six colours."""
    rng = np.random.default_rng(seed)
    colours = [("upper.colour", c) for c in ("red", "blue", "green", "black", "white", "grey")]
    seen, pairs = [], {}
    for _ in range(40):
        child, adult = (colours[i] for i in rng.integers(0, 6, 2))
        camera, first, x = f"c{rng.integers(4)}", int(rng.integers(0, 600)), float(rng.normal())
        pairs[f"s{len(seen)}"] = (child[1], adult[1])
        seen += [(child, camera, first, x), (adult, camera, first + 1, x + 0.2)]
    return people(*seen), pairs


def test_in_crowds_of_pairs_companions_bring_the_right_child_forward() -> None:
    reciprocal: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(3):
        table, pairs = crowd(seed)
        for name, (child, adult) in list(pairs.items())[::4]:
            beside = (Companion("", (Wish("upper.colour", adult),)),)
            for said in (True, False):
                query = Query("", (Wish("upper.colour", child),), beside if said else ())
                ranked = [m.key.id for m in rank(query, table, top=None).matches]
                reciprocal[said].append(1 / (1 + ranked.index(name)))
    assert np.mean(reciprocal[True]) > 1.5 * np.mean(reciprocal[False])

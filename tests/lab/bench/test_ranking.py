"""What parts of the ranking are worth: on people in one colour each, and on a real gallery."""

from pathlib import Path

import numpy as np
import pytest

from reid.cli.bench_show import show
from reid.core.errors import SourceError
from reid.core.records import Query, Wish
from reid.embed import RegionEmbedder
from reid.lab.bench.data.description_sets import read_described
from reid.lab.bench.known_people import Known, rank_of
from reid.lab.bench.question_simulation import simulate_questions
from reid.lab.bench.ranking import make_kinds, run_ranking
from reid.rank import ScoreConfig
from tests.lab.bench.test_description import three_described  # noqa: F401
from tests.rank.test_score import gallery

RED, BLUE = ("upper.colour", "red"), ("upper.colour", "blue")
JEANS = ("lower.type", "jeans")


def known(*people: tuple[str, dict[tuple[str, str], float]]) -> Known:
    names = [name for name, _ in people]
    labels = {
        name: {slot: frozenset({value}) for (slot, value), p in beliefs.items() if p > 0.5}
        for name, beliefs in people
    }
    return Known(gallery(*(beliefs for _, beliefs in people)), np.array(names), labels)


def test_the_rank_is_that_of_the_best_sighting_and_halves_ties() -> None:
    crowd = known(("a", {BLUE: 0.9}), ("a", {RED: 0.9}), ("b", {RED: 0.9}), ("c", {BLUE: 0.9}))
    query = Query("", (Wish(*RED),))
    assert rank_of(crowd, query, "a", ScoreConfig()) == 1.5, "level with b"
    assert rank_of(crowd, query, "c", ScoreConfig()) > 2


def test_altered_kinds_keep_whom_they_are_about() -> None:
    labels = {"a": {"upper.colour": frozenset({"red"}), "lower.type": frozenset({"jeans"})}}
    said = [(Query("", (Wish(*RED), Wish(*JEANS), Wish("feet.colour", "white"))), "a")]
    kinds = make_kinds(said, labels, np.random.default_rng(0))
    assert {who for asked in kinds.values() for _, who in asked} == {"a"}
    assert all(len(query.wishes) == 2 for query, _ in kinds["vague"])
    values = {str(w.value) for query, _ in kinds["one_wrong"] for w in query.wishes}
    assert values - {"red", "jeans", "white"}, "a colour has become another one"


def test_the_telling_question_is_asked_before_the_first_of_the_form() -> None:
    """All wear jeans and one of twelve is in red: the form's order asks for less first."""
    people = [("p0", {JEANS: 0.9, RED: 0.95, ("feet.colour", "white"): 0.9})]
    people += [
        (f"p{i}", {JEANS: 0.9, BLUE: 0.95, ("feet.colour", "white"): 0.9}) for i in range(1, 12)
    ]
    result = simulate_questions(known(*people), ScoreConfig(), 0)
    assert result.best <= result.fixed
    assert result.interviews == 36


def test_three_people_in_one_colour_each(three_described: Path, capsys) -> None:  # noqa: F811
    result = run_ranking(read_described(three_described), RegionEmbedder(), None, 0, lambda _: None)
    assert result.parts["said"]["everything"].rank1 == 1
    assert result.parts["said"]["everything"].costs == 0
    assert result.outcomes["said"].first_ten_true == 1
    assert set(result.parts["vague"]) == {
        "everything", "certainty", "rarity", "neighbours", "plus reliability",
    }  # fmt: skip
    show(result)
    assert "questions until among the first three" in capsys.readouterr().out.replace("\n", " ")


def test_a_set_without_labels_is_refused(three_described: Path) -> None:  # noqa: F811
    described = read_described(three_described)
    from dataclasses import replace

    with pytest.raises(SourceError, match="labelled"):
        run_ranking(replace(described, labels={}), RegionEmbedder(), None, 0, lambda _: None)


def test_what_is_said_of_real_people_is_not_bold(pku: Path) -> None:
    """With the shipped weights: said to be among the first ten no more often than they are."""
    from reid.lab.bench.rivals.extractors import own_embedder

    result = run_ranking(read_described(pku), *own_embedder(None), 0, lambda _: None)
    for kind, one in result.outcomes.items():
        assert one.first_ten_said <= one.first_ten_true + 0.05, kind
    assert result.outcomes["said"].there.nobody_fits < 0.1
    low, _ = result.questions.saves_interval
    assert low > 0, "the best question saves questions"

"""Shards whose storage is away are begun again; others that fail are told of."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from reid.fleet import bulk
from reid.fleet.bulk import TRIES, index_all
from reid.fleet.messages import Indexed, Resources, Shard
from reid.fleet.ray_client import Failed, Gone
from reid.loading import IndexOptions
from reid.pipeline import IndexReport


@dataclass
class FakeClient:
    """Answers each shard as told, one answer a try; the last one again and again."""

    answers: dict[str, list[Any]]
    begun: Counter[str] = field(default_factory=Counter)
    most: int = 0
    open: set[str] = field(default_factory=set)

    def cpus(self) -> float:
        return 1.0

    def task(
        self, work: Any, resources: Resources, venue: str, shard: Shard, options: IndexOptions
    ) -> str:
        self.begun[shard.name] += 1
        self.open.add(shard.name)
        self.most = max(self.most, len(self.open))
        return f"{shard.name}#{self.begun[shard.name]}"

    def ready(self, asked: list[str], seconds: float) -> list[str]:
        return asked[:1]

    def answer(self, question: str) -> Any:
        name, _, number = question.partition("#")
        self.open.discard(name)
        given = self.answers.get(name)
        if given is None:
            return Indexed(Shard((name,)), IndexReport(name))
        return given[min(int(number), len(given)) - 1]


def index(client: FakeClient, *names: str) -> dict[str, Indexed]:
    shards = [Shard((name,)) for name in names]
    done = index_all(client, "venue", shards, IndexOptions(), Resources())  # type: ignore[arg-type]
    return {one.shard.name: one for one in done}


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PAUSE", 0)


def test_storage_that_comes_back_costs_nothing() -> None:
    away = Failed("the storage does not answer", passing=True)
    indexed = Indexed(Shard(("b",)), IndexReport("b"))
    client = FakeClient({"b": [away, away, indexed]})
    found = index(client, "a", "b", "c")
    assert [one.problem for one in found.values()] == ["", "", ""]
    assert client.begun == {"a": 1, "b": 3, "c": 1}


def test_storage_that_stays_away_is_told_of_in_the_end() -> None:
    client = FakeClient({"b": [Failed("the storage does not answer", passing=True)]})
    assert index(client, "a", "b")["b"].problem == "the storage does not answer"
    assert client.begun["b"] == TRIES


def test_what_will_not_get_better_is_not_tried_again() -> None:
    client = FakeClient({"a": [Failed("a is not a video")], "b": [Gone()]})
    found = index(client, "a", "b", "c")
    assert (found["a"].problem, found["b"].problem) == (
        "a is not a video",
        "its node died too often",
    )
    assert set(client.begun.values()) == {1}


def test_no_more_is_under_way_than_there_are_cores_for() -> None:
    client = FakeClient({})
    assert len(index(client, *(f"s{i}" for i in range(20)))) == 20
    assert client.most == 2

"""What a process takes of its node: cores, shares of a GPU; and that no more is begun than fits."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reid.core.errors import UsageError
from reid.fleet.bulk import index_all
from reid.fleet.messages import Indexed, Shard, Share
from reid.fleet.ray_client import Engine, this_node
from reid.loading import IndexOptions


class Seat:
    """A process that says where it sits."""

    def look(self) -> tuple[str, str]:
        return this_node(), os.environ.get("CUDA_VISIBLE_DEVICES", "")


def test_four_cameras_share_a_gpu_and_a_fifth_waits(cluster_of: Callable, tmp_path: Path) -> None:
    cluster = cluster_of(1, 2)
    cluster.add_node(num_cpus=2, num_gpus=1, object_store_memory=80_000_000)
    engine = Engine(cluster.address, tmp_path)
    share = Share(cpus=0.1, gpus=0.25)
    engine.check(share)
    seats = [engine.start(Seat, f"camera:{i}", share) for i in range(5)]
    asked = {seat.look.remote(): seat for seat in seats}
    sat: list[Any] = []
    while len(sat) < 4:
        found = engine.ready([one for one in asked if one not in sat], 60)
        assert found, "four fit"
        sat += found
    places = [engine.answer(one) for one in sat]
    assert len({node for node, _ in places}) == 1, "only one node has a GPU"
    assert {gpu for _, gpu in places} == {"0"}
    (left,) = set(asked) - set(sat)
    assert not engine.ready([left], 2), "the fifth waits"
    engine.kill(asked[sat[0]])
    assert engine.ready([left], 60), "until one goes"
    for wrong in (Share(cpus=0.1, gpus=2), Share(cpus=3), Share(cpus=0.1, gpus=1.5)):
        with pytest.raises(UsageError, match="--gpus"):
            engine.check(wrong)


def test_cameras_are_spread_over_the_nodes(cluster_of: Callable, tmp_path: Path) -> None:
    engine = Engine(cluster_of(2, 2).address, tmp_path)
    seats = [engine.start(Seat, f"camera:{i}", Share(cpus=0.5)) for i in range(4)]
    asked = [seat.look.remote() for seat in seats]
    nodes = []
    for question in asked:
        assert engine.ready([question], 60)
        nodes.append(engine.answer(question)[0])
    assert sorted(map(nodes.count, set(nodes))) == [2, 2]


class SlowEngine:
    """Begins tasks and ends one each time it is asked."""

    def __init__(self, cores: float) -> None:
        self.cores, self.under_way, self.most = cores, [], 0

    def cpus(self) -> float:
        return self.cores

    def task(
        self, work: Callable, share: Share, venue: str, shard: Shard, options: IndexOptions
    ) -> str:
        self.under_way.append(shard.name)
        self.most = max(self.most, len(self.under_way))
        return shard.name

    def ready(self, asked: list[str], seconds: float) -> list[str]:
        return [self.under_way.pop(0)]

    def answer(self, question: str) -> Indexed:
        return Indexed(Shard((question,)))


def test_no_more_shards_are_begun_than_there_are_cores_for() -> None:
    engine = SlowEngine(cores=4)
    shards = [Shard((f"{i}.mp4",)) for i in range(1000)]
    done = list(index_all(engine, "venue", shards, IndexOptions(), Share(cpus=0.5)))  # type: ignore[arg-type]
    assert len(done) == 1000
    assert engine.most == 16

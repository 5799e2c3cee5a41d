"""What a process takes of its node: cores, shares of a GPU; and that no more is begun than fits."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reid.core.errors import UsageError
from reid.fleet.bulk import index_all
from reid.fleet.messages import Indexed, Resources, Shard
from reid.fleet.ray_client import RayClient, this_node
from reid.loading import IndexOptions


class Seat:
    """A process that says where it sits."""

    def look(self) -> tuple[str, str]:
        return this_node(), os.environ.get("CUDA_VISIBLE_DEVICES", "")


def test_four_cameras_share_a_gpu_and_a_fifth_waits(cluster_of: Callable, tmp_path: Path) -> None:
    cluster = cluster_of(1, 2)
    cluster.add_node(num_cpus=2, num_gpus=1, object_store_memory=80_000_000)
    client = RayClient(cluster.address, tmp_path)
    resources = Resources(cpus=0.1, gpus=0.25)
    client.check(resources)
    seats = [client.start(Seat, f"camera:{i}", resources) for i in range(5)]
    asked = {seat.look.remote(): seat for seat in seats}
    sat: list[Any] = []
    while len(sat) < 4:
        found = client.ready([one for one in asked if one not in sat], 60)
        assert found, "four fit"
        sat += found
    places = [client.answer(one) for one in sat]
    assert len({node for node, _ in places}) == 1, "only one node has a GPU"
    assert {gpu for _, gpu in places} == {"0"}
    (left,) = set(asked) - set(sat)
    assert not client.ready([left], 2), "the fifth waits"
    client.kill(asked[sat[0]])
    assert client.ready([left], 60), "until one goes"
    for wrong in (Resources(cpus=0.1, gpus=2), Resources(cpus=3), Resources(cpus=0.1, gpus=1.5)):
        with pytest.raises(UsageError, match="--gpus"):
            client.check(wrong)


def test_cameras_are_spread_over_the_nodes(cluster_of: Callable, tmp_path: Path) -> None:
    client = RayClient(cluster_of(2, 2).address, tmp_path)
    seats = [client.start(Seat, f"camera:{i}", Resources(cpus=0.5)) for i in range(4)]
    asked = [seat.look.remote() for seat in seats]
    nodes = []
    for question in asked:
        assert client.ready([question], 60)
        nodes.append(client.answer(question)[0])
    assert sorted(map(nodes.count, set(nodes))) == [2, 2]


class SlowEngine:
    """Begins tasks and ends one each time it is asked."""

    def __init__(self, cores: float) -> None:
        self.cores, self.under_way, self.most = cores, [], 0

    def cpus(self) -> float:
        return self.cores

    def task(
        self, work: Callable, resources: Resources, venue: str, shard: Shard, options: IndexOptions
    ) -> str:
        self.under_way.append(shard.name)
        self.most = max(self.most, len(self.under_way))
        return shard.name

    def ready(self, asked: list[str], seconds: float) -> list[str]:
        return [self.under_way.pop(0)]

    def answer(self, question: str) -> Indexed:
        return Indexed(Shard((question,)))


def test_no_more_shards_are_begun_than_there_are_cores_for() -> None:
    client = SlowEngine(cores=4)
    shards = [Shard((f"{i}.mp4",)) for i in range(1000)]
    done = list(index_all(client, "venue", shards, IndexOptions(), Resources(cpus=0.5)))  # type: ignore[arg-type]
    assert len(done) == 1000
    assert client.most == 16

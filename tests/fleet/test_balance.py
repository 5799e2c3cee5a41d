"""Cameras spread over nodes again: one at a time, with patience, and none is lost on the way."""

from collections.abc import Callable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reid import __version__
from reid.fleet import rebalance
from reid.fleet.balance import NodeCapacity, imbalance
from reid.fleet.messages import WorkerStatus
from reid.fleet.ray_client import Failed
from reid.fleet.supervisor import Fleet
from reid.watch.status import Health
from tests.fleet.test_supervisor import FakeClient, clock, fleet_of  # noqa: F401

Clock = Callable[[float], None]


def test_the_fullest_node_gives_to_the_emptiest() -> None:
    capacities = {name: NodeCapacity(4, 4) for name in "abc"}
    assert imbalance({"a": 3, "b": 1}, capacities) == ("a", "c")
    assert imbalance({"a": 2, "b": 1, "c": 1}, capacities) is None
    assert imbalance({"a": 1}, capacities) is None, "one camera is as well here as there"
    assert imbalance({}, {}) is None


def test_a_node_twice_as_large_takes_twice_as_many() -> None:
    capacities = {"large": NodeCapacity(8, 8), "small": NodeCapacity(4, 4)}
    assert imbalance({"large": 4, "small": 2}, capacities) is None
    assert imbalance({"large": 3, "small": 3}, capacities) == ("small", "large")
    assert imbalance({"large": 6, "small": 0}, capacities) == ("large", "small")


def test_a_node_that_is_full_takes_nothing() -> None:
    assert imbalance({"a": 4}, {"a": NodeCapacity(4, 0), "b": NodeCapacity(4, 0.5)}) is None
    assert imbalance(
        {"a": 4}, {"a": NodeCapacity(4, 0), "head": NodeCapacity(0, 0), "b": NodeCapacity(4, 1)}
    ) == ("a", "b")


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), min_size=1, max_size=6))
def test_a_fleet_comes_to_rest(nodes: list[tuple[int, int]]) -> None:
    sizes = {f"n{i}": size for i, (size, _) in enumerate(nodes)}
    cameras = {f"n{i}": min(size, have) for i, (size, have) in enumerate(nodes)}
    total = sum(cameras.values())
    for _ in range(total + 1):
        capacities = {
            name: NodeCapacity(size, size - cameras[name]) for name, size in sizes.items()
        }
        found = imbalance(cameras, capacities)
        if found is None:
            break
        giver, taker = found
        cameras[giver] -= 1
        cameras[taker] += 1
    else:
        raise AssertionError(f"cameras go round and round: {sizes}, {cameras}")
    assert sum(cameras.values()) == total
    assert all(cameras[name] <= size for name, size in sizes.items())


def two_nodes(client: FakeClient, *cameras: str) -> Fleet:
    """Start a fleet whose cameras are all on the first of two nodes."""
    client.capacities_now = {"node-1": NodeCapacity(4, 0), "node-2": NodeCapacity(4, 4)}
    fleet = fleet_of(client, *cameras)
    fleet.step()
    fleet.step()
    return fleet


def places(fleet: Fleet) -> list[str]:
    return list(fleet.status().where)


def test_one_camera_at_a_time_and_not_at_once(clock: Clock) -> None:  # noqa: F811
    client = FakeClient()
    fleet = two_nodes(client, "gate", "hall", "shop", "tower")
    clock(rebalance.PATIENCE - 1)
    fleet.step()
    assert client.started_on == {}, "nodes come and go: it waits"
    clock(1)
    fleet.step()
    assert client.started_on == {"camera:gate#": "node-2"}
    assert places(fleet) == ["node-1 → node-2", "node-1", "node-1", "node-1"]
    for _ in range(3):
        fleet.step()
    assert places(fleet) == ["node-2", "node-1", "node-1", "node-1"]
    assert sorted(client.running) == ["camera:gate#", "camera:hall", "camera:shop", "camera:tower"]
    told = ["prepare camera:gate#", "leave camera:gate", "go camera:gate#", "stop camera:gate"]
    assert client.said == told
    clock(rebalance.BETWEEN - 1)
    fleet.step()
    assert len(client.started_on) == 1
    clock(1)
    for _ in range(4):
        fleet.step()
        clock(1)
    assert places(fleet) == ["node-2", "node-2", "node-1", "node-1"]
    client.capacities_now = {"node-1": NodeCapacity(4, 2), "node-2": NodeCapacity(4, 2)}
    clock(10 * rebalance.PATIENCE)
    fleet.step()
    assert len(client.started_on) == 2, "even: nothing moves any more"
    assert [h.moves for h in fleet.status().cameras] == [1, 1, 0, 0]
    assert [h.restarts for h in fleet.status().cameras] == [0, 0, 0, 0]


def test_a_camera_goes_on_while_the_other_process_loads(clock: Clock) -> None:  # noqa: F811
    client = FakeClient()
    fleet = two_nodes(client, "gate", "shop")
    clock(rebalance.PATIENCE)
    client.silent = {"camera:gate#"}
    for _ in range(5):
        fleet.step()
        clock(rebalance.PATIENCE)
    assert client.running["camera:gate"].alive
    assert client.said == ["prepare camera:gate#"]
    assert fleet.status().cameras[0].connected
    clock(rebalance.PREPARING)
    fleet.step()
    assert sorted(client.running) == ["camera:gate", "camera:shop"], "it has waited long enough"
    assert places(fleet) == ["node-1", "node-1"]


def test_after_a_move_that_failed_it_rests_longer_and_longer(clock: Clock) -> None:  # noqa: F811
    client = FakeClient()
    fleet = two_nodes(client, "gate", "shop")
    client.refuse = {"camera:gate#": Failed("no weights there"), "camera:shop#": Failed("neither")}
    tried = []
    for second in range(1200):
        before = len(client.said)
        fleet.step()
        clock(1)
        if len(client.said) > before:
            tried.append(second)
    waits = [b - a for a, b in pairwise(tried)]
    assert len(tried) == 4
    assert waits == sorted(waits)
    assert waits[-1] > 1.5 * waits[0] > rebalance.FIRST_REST
    assert fleet.status().cameras[0].connected


def test_what_can_not_be_handed_over_is_started_again(clock: Clock) -> None:  # noqa: F811
    client = FakeClient()
    fleet = two_nodes(client, "gate", "shop")
    clock(rebalance.PATIENCE)
    fleet.step()
    fleet.step()
    assert client.said[-1] == "go camera:gate#"
    client.kill(client.running["camera:gate#"])  # its node dies at this moment
    fleet.step()
    assert fleet.status().cameras[0].problem == "it could not be moved to another node"
    assert list(client.running) == ["camera:shop"]
    clock(1)
    fleet.step()
    fleet.step()
    assert fleet.status().cameras[0].connected
    assert fleet.status().cameras[0].moves == 0


def test_a_camera_whose_sightings_wait_stays(clock: Clock) -> None:  # noqa: F811
    client = FakeClient()
    client.health = lambda camera: Health(camera, connected=True, lag=60.0 if camera < "h" else 0)
    fleet = two_nodes(client, "gate", "shop")
    clock(rebalance.PATIENCE)
    fleet.step()
    assert client.started_on == {"camera:shop#": "node-2"}


def test_the_next_driver_ends_a_move_that_was_cut_short(clock: Clock) -> None:  # noqa: F811
    client = FakeClient()
    fleet = two_nodes(client, "gate", "shop")
    clock(rebalance.PATIENCE)
    fleet.step()
    assert "camera:gate#" in client.running
    later = fleet_of(client, "gate", "shop")
    assert list(client.running) == ["camera:shop"]
    later.step()
    later.step()
    assert [h.connected for h in later.status().cameras] == [True, True]


def test_the_next_driver_finds_a_camera_that_was_moved(clock: Clock) -> None:  # noqa: F811
    client = FakeClient()
    fleet = two_nodes(client, "gate", "shop")
    clock(rebalance.PATIENCE)
    for _ in range(4):
        fleet.step()
    assert "camera:gate#" in client.running
    later = fleet_of(client, "gate", "shop")
    later.step()
    later.step()
    assert places(later) == ["node-2", "node-1"]
    assert client.started.count("camera:gate") == 1


def test_a_process_that_was_told_to_stop_is_replaced(clock: Clock) -> None:  # noqa: F811
    client = FakeClient()
    fleet_of(client, "gate").step()
    stopped = client.running["camera:gate"]
    stopped.answer = WorkerStatus(Health("gate"), "node-1", __version__, looks=False)
    later = fleet_of(client, "gate")
    later.step()
    later.step()
    later.step()
    assert not stopped.alive
    assert later.status().cameras[0].connected

"""How a fleet watches over its cameras' processes, on an engine that fails when it is told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reid import __version__
from reid.fleet import supervisor as module
from reid.fleet.balance import NodeCapacity
from reid.fleet.camera_worker import camera_of
from reid.fleet.messages import Resources, WorkerStatus
from reid.fleet.ray_client import Failed, Gone
from reid.fleet.supervisor import Fleet
from reid.loading import IndexOptions
from reid.watch.status import Health


@dataclass
class Asked:
    """A question to a process; or to one, after the answer of another."""

    process: "Process"
    what: str

    def remote(self, *after: object) -> "Asked":
        self.process.said.append(f"{self.what} {self.process.name}")
        return self


@dataclass
class Process:
    name: str
    answer: Any
    said: list[str]
    silent: bool = False
    alive: bool = True

    @property
    def look(self) -> Asked:
        return Asked(self, "look")

    @property
    def stop(self) -> Asked:
        return Asked(self, "stop")

    @property
    def leave(self) -> Asked:
        return Asked(self, "leave")

    @property
    def prepare(self) -> Asked:
        return Asked(self, "prepare")

    @property
    def go(self) -> Asked:
        return Asked(self, "go")


@dataclass
class FakeClient:
    """An engine whose processes answer at once, unless they are told to be silent or to fail."""

    running: dict[str, Process] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    started_on: dict[str, str] = field(default_factory=dict)
    version: str = __version__
    capacities_now: dict[str, NodeCapacity] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    refuse: dict[str, Failed] = field(default_factory=dict)
    health: Callable[[str], Health] = lambda camera: Health(camera, frames=5, connected=True)
    everything: list[str] = field(default_factory=list)

    @property
    def said(self) -> list[str]:
        """What processes were told, but for how they are."""
        return [line for line in self.everything if not line.startswith("look")]

    def start(
        self, kind: type, name: str, resources: Resources, *arguments: object, node: str = ""
    ) -> Process:
        if name not in self.running:
            self.started.append(name)
            if node:
                self.started_on[name] = node
            seen = WorkerStatus(self.health(camera_of(name)), node or "node-1", self.version)
            self.running[name] = Process(name, seen, self.everything, name in self.silent)
        return self.running[name]

    def names(self) -> list[str]:
        return list(self.running)

    def find(self, name: str) -> Process | None:
        return self.running.get(name)

    def kill(self, process: Process) -> None:
        process.alive = False
        self.running.pop(process.name, None)

    def ready(self, asked: list[Asked], seconds: float) -> list[Asked]:
        return [one for one in asked if not one.process.silent]

    def answer(self, asked: Asked) -> Any:
        if not asked.process.alive:
            return Gone()
        if asked.what == "prepare":
            return self.refuse.get(asked.process.name)
        return asked.process.answer if asked.what == "look" else 0

    def nodes(self) -> dict[str, bool]:
        return {"node-1": True, "node-2": False}

    def capacities(self, resources: Resources) -> dict[str, NodeCapacity]:
        return self.capacities_now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Time stands still until it is moved on."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


def fleet_of(client: FakeClient, *cameras: str) -> Fleet:
    return Fleet(client, Path("venue"), cameras, IndexOptions(), Resources())  # type: ignore[arg-type]


def test_every_camera_is_started_and_heard(clock: Callable[[float], None]) -> None:
    client = FakeClient()
    fleet = fleet_of(client, "gate", "shop")
    fleet.step()
    fleet.step()
    status = fleet.status()
    assert [(h.camera, h.frames, h.connected) for h in status.cameras] == [
        ("gate", 5, True),
        ("shop", 5, True),
    ]
    assert [(n.name, n.alive, n.cameras) for n in status.nodes] == [
        ("node-1", True, 2),
        ("node-2", False, 0),
    ]


def test_what_died_is_started_again_after_longer_and_longer(clock: Callable[[float], None]) -> None:
    client = FakeClient()
    fleet = fleet_of(client, "gate", "shop")
    fleet.step()
    waited = []
    for _ in range(4):
        client.kill(client.running["camera:gate"])
        fleet.step()
        assert fleet.status().cameras[0].problem == "its process or node is gone"
        seconds = 0
        while "camera:gate" not in client.running:
            clock(1)
            seconds += 1
            fleet.step()
        waited.append(seconds)
    assert waited == [1, 2, 4, 8]
    assert fleet.status().cameras[0].restarts == 4
    assert client.started.count("camera:shop") == 1, "the others go on"


def test_one_that_cannot_begin_says_why(clock: Callable[[float], None]) -> None:
    client = FakeClient()
    fleet = fleet_of(client, "gate")
    fleet.step()
    client.running["camera:gate"].answer = Failed("no detector weights: run …")
    fleet.step()
    assert fleet.status().cameras[0].problem == "no detector weights: run …"


def test_one_that_hangs_is_ended(clock: Callable[[float], None]) -> None:
    client = FakeClient()
    fleet = fleet_of(client, "gate")
    fleet.step()
    fleet.step()
    hung = client.running["camera:gate"]
    hung.silent = True
    clock(module.SILENT / 2)
    fleet.step()
    assert hung.alive
    clock(module.SILENT)
    fleet.step()
    assert not hung.alive


def test_one_that_starts_on_a_busy_node_is_given_time(clock: Callable[[float], None]) -> None:
    client = FakeClient()
    fleet = fleet_of(client, "gate")
    fleet.step()
    starting = client.running["camera:gate"]
    starting.silent = True
    clock(3 * module.SILENT)
    fleet.step()
    assert starting.alive
    clock(module.STARTING)
    fleet.step()
    assert not starting.alive


def test_the_next_driver_finds_the_cameras_running(clock: Callable[[float], None]) -> None:
    client = FakeClient()
    fleet_of(client, "gate").step()
    fleet_of(client, "gate").step()
    assert client.started == ["camera:gate"]


def test_a_camera_that_the_rules_name_no_more_ends(clock: Callable[[float], None]) -> None:
    client = FakeClient()
    fleet_of(client, "gate", "shop").step()
    fleet_of(client, "gate")
    assert client.names() == ["camera:gate"]


def test_one_of_an_older_version_is_replaced(clock: Callable[[float], None]) -> None:
    client = FakeClient(version="0.0.1")
    fleet_of(client, "gate").step()
    client.version = __version__
    newer = fleet_of(client, "gate")
    newer.step()
    newer.step()
    newer.step()
    assert client.started == ["camera:gate", "camera:gate"]
    assert newer.status().cameras[0].connected


def test_a_node_that_is_gone_is_spoken_of_for_a_day(
    clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1e9]
    monkeypatch.setattr(module.time, "time", lambda: now[0])
    fleet = fleet_of(FakeClient(), "gate")

    def told() -> list[tuple[str, bool, float]]:
        return [(node.name, node.alive, node.gone) for node in fleet.status().nodes]

    assert told() == [("node-1", True, 0.0), ("node-2", False, 1e9)]
    now[0] += module.FORGOTTEN - 1
    assert told()[1] == ("node-2", False, 1e9), "since when it is gone stays the same"
    now[0] += 2
    assert told() == [("node-1", True, 0.0)]


def test_stopping_ends_all(clock: Callable[[float], None]) -> None:
    client = FakeClient()
    fleet = fleet_of(client, "gate", "shop")
    fleet.step()
    assert fleet.stop() == 0
    assert client.running == {}

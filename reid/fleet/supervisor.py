"""The cameras of a venue on a cluster: started, watched over, started again, spread evenly."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from reid import __version__
from reid.fleet.camera_actor import CameraActor
from reid.fleet.camera_worker import FIRST_PAUSE, CameraWorker, camera_of
from reid.fleet.messages import Resources, WorkerStatus
from reid.fleet.ray_client import Failed, Gone, RayClient
from reid.fleet.rebalance import Rebalancer
from reid.loading import IndexOptions
from reid.storage.venue_path import Folder
from reid.watch.cameras import STORE_WITHIN
from reid.watch.status import Health, Node, Status

LONGEST_PAUSE: Final = 60.0
"""Most seconds before a camera's process is started again."""

SETTLED: Final = 60.0
"""Seconds of answers after which a process's failures are forgotten."""

STARTING: Final = 600.0
"""Seconds that a process may take to answer at first: libraries load, the node may be busy."""

SILENT: Final = 90.0
"""Seconds without an answer after which one that has answered before is taken for hung."""

FORGOTTEN: Final = 86_400.0
"""Seconds after which a node that is gone is not spoken of any more."""


class Fleet:
    """Keeps one process a camera running. It never waits: call `step` again and again."""

    def __init__(
        self,
        client: RayClient,
        folder: Folder,
        cameras: Sequence[str],
        options: IndexOptions,
        resources: Resources,
    ) -> None:
        self._client, self._folder = client, folder
        self._options, self._resources = options, resources
        self._gone: dict[str, float] = {}  # since when, in seconds since 1970, by node
        running = self._retire(set(cameras))
        self._workers = [
            CameraWorker(camera, running.get(camera, ""), health=Health(camera))
            for camera in cameras
        ]
        self._rebalancer = Rebalancer(client, resources, self._start_waiting)

    def step(self) -> None:
        """Hear what the processes say; start those that are due; move one from a full node."""
        for worker in self._workers:
            if self._rebalancer.holds(worker):
                continue
            if worker.question is not None:
                self._hear(worker)
            if worker.process is None and time.monotonic() >= worker.due:
                self._start(worker)
            elif worker.process is not None and worker.question is None:
                self._ask(worker)
        lost = self._rebalancer.step(self._workers)
        if lost is not None:
            self._lost(lost, "it could not be moved to another node")

    def status(self) -> Status:
        """Return how cameras and nodes were when last heard of."""
        workers = self._workers
        cameras = [replace(p.health, restarts=p.restarts, moves=p.moves) for p in workers]
        where = [self._rebalancer.place(worker) for worker in workers]
        nodes = self._nodes([worker.node for worker in workers])
        return Status(datetime.now(UTC), cameras, where, nodes)

    def stop(self) -> int:
        """Let every camera store what it saw, then end it; returns what could not be stored."""
        self._rebalancer.stop()
        running = [worker for worker in self._workers if worker.process is not None]
        return self._end([worker.process for worker in running])

    def _nodes(self, where: Sequence[str]) -> list[Node]:
        """Return the nodes, those that are gone last and for a day only; Ray names them for ever.

        Called from threads that do not wait for each other, so nothing is changed in place.
        """
        now, alive = time.time(), self._client.nodes()
        gone = {name: self._gone.get(name, now) for name, up in alive.items() if not up}
        self._gone = gone
        up = [Node(name, True, where.count(name)) for name in alive if name not in gone]
        newest = sorted(gone.items(), key=lambda one: -one[1])
        return up + [
            Node(name, False, 0, since) for name, since in newest if now - since < FORGOTTEN
        ]

    def _start(self, worker: CameraWorker) -> None:
        arguments = str(self._folder), worker.camera, self._options
        worker.process = self._client.start(CameraActor, worker.name, self._resources, *arguments)
        worker.began = time.monotonic()
        self._ask(worker)

    def _start_waiting(self, worker: CameraWorker, name: str, node: str) -> Any:
        arguments = str(self._folder), worker.camera, self._options, False
        return self._client.start(CameraActor, name, self._resources, *arguments, node=node)

    def _ask(self, worker: CameraWorker) -> None:
        worker.question, worker.asked = worker.process.look.remote(), time.monotonic()

    def _hear(self, worker: CameraWorker) -> None:
        if not self._client.ready([worker.question], 0):
            if time.monotonic() - worker.asked > (SILENT if worker.heard else STARTING):
                self._client.kill(worker.process)
                self._lost(worker, "its process does not answer")
            return
        answer, worker.question = self._client.answer(worker.question), None
        if isinstance(answer, WorkerStatus):
            self._heard(worker, answer)
        else:
            why = answer.why if isinstance(answer, Failed) else "its process or node is gone"
            self._lost(worker, why)

    def _heard(self, worker: CameraWorker, status: WorkerStatus) -> None:
        if status.version != __version__:  # started by another version: a rolling upgrade
            self._replace(worker, "being upgraded")
            return
        if (
            not status.looks
        ):  # who watched before died when it had told it to stop, or not yet to go
            self._replace(worker, "its process had stopped")
            return
        worker.health, worker.node, worker.heard = status.health, status.node, True
        if time.monotonic() - worker.began > SETTLED:
            worker.pause = FIRST_PAUSE

    def _replace(self, worker: CameraWorker, why: str) -> None:
        self._end([worker.process])
        self._lost(worker, why)
        worker.due = 0.0

    def _lost(self, worker: CameraWorker, why: str) -> None:
        worker.process, worker.question, worker.node, worker.heard = None, None, "", False
        worker.health = replace(worker.health, connected=False, problem=why)
        worker.due = time.monotonic() + worker.pause
        worker.pause = min(LONGEST_PAUSE, 2 * worker.pause)
        worker.restarts += 1

    def _retire(self, cameras: set[str]) -> dict[str, str]:
        """Return the names of the processes that go on, by camera.

        Those of cameras that the rules name no more end, and both of a camera that was just being
        moved: which of them looks is not known.
        """
        running: dict[str, list[str]] = {}
        for name in self._client.names():
            running.setdefault(camera_of(name), []).append(name)
        going_on = {c: n[0] for c, n in running.items() if c in cameras and len(n) == 1}
        others = [n for c, names in running.items() if c not in going_on for n in names]
        found = [self._client.find(name) for name in others]
        self._end(process for process in found if process is not None)
        return going_on

    def _end(self, processes: Iterable[Any]) -> int:
        ending = [(process, process.stop.remote()) for process in processes]
        until, left = time.monotonic() + 2 * STORE_WITHIN + 5, 0
        for process, question in ending:
            if self._client.ready([question], max(0.0, until - time.monotonic())):
                answer = self._client.answer(question)
                left += 0 if isinstance(answer, Gone | Failed) else int(answer)
            self._client.kill(process)
        return left

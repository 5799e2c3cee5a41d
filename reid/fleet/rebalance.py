"""Cameras spread again over the nodes that are there: one at a time, and seldom.

A camera that moves is not looked at for as long as its second process takes to connect: it has
loaded its models before the first leaves the camera, which stores what it saw after that.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from reid.fleet.balance import imbalance
from reid.fleet.camera_worker import CameraWorker
from reid.fleet.messages import Resources
from reid.fleet.ray_client import Failed, Gone, RayClient
from reid.watch.cameras import STORE_WITHIN

LOG: Final = logging.getLogger("reid.watch")

PATIENCE: Final = 60.0
"""Seconds for which a fleet must be uneven before a camera is moved: nodes come and go, and what
was lost with one is started again by itself."""

BETWEEN: Final = 10.0
"""Seconds from one move to the next while it is uneven."""

PREPARING: Final = 300.0
"""Seconds that the second process may take to load."""

HANDING: Final = 30.0
"""Seconds from telling the first process to leave until the second must begin."""

CLOSING: Final = 3 * STORE_WITHIN
"""Seconds that the first process then has to store what it saw."""

FIRST_REST: Final = 120.0
LONGEST_REST: Final = 3600.0
"""Seconds without moves after one that failed; doubled with each failure."""

_LAG: Final = 5.0  # seconds that what it saw may wait: else the storage is slow or away


@dataclass(slots=True)
class Move:
    """A camera on its way: from its process to another one, on the node that takes it."""

    worker: CameraWorker
    old: Any
    new: Any
    to: str
    began: float
    question: Any
    stage: Literal["preparing", "handing", "closing"] = "preparing"


class Rebalancer:
    """Moves cameras from full nodes to empty ones. It never waits: call `step` again and again.

    Args:
        start: starts a process for a camera on a node, which does not look before it is told to.
    """

    def __init__(
        self,
        client: RayClient,
        resources: Resources,
        start: Callable[[CameraWorker, str, str], Any],
    ) -> None:
        self._client, self._resources, self._start = client, resources, start
        self._move: Move | None = None
        self._imbalanced_since = 0.0
        self._rest = FIRST_REST
        self._resting_until = 0.0

    def holds(self, worker: CameraWorker) -> bool:
        """Whether a camera is just being handed over: its process has been told to leave it."""
        move = self._move
        return move is not None and move.stage == "handing" and move.worker is worker

    def place(self, worker: CameraWorker) -> str:
        """Say where a camera is, and where to it is moving."""
        move = self._move
        going = move is not None and move.worker is worker and move.to != worker.node
        return f"{worker.node} → {move.to}" if move is not None and going else worker.node

    def step(self, workers: Sequence[CameraWorker]) -> CameraWorker | None:
        """Go on with the move under way, or begin one; returns a camera that a move lost."""
        move = self._move
        if move is None:
            self._consider(workers)
        elif move.stage == "preparing":
            self._prepare(move)
        elif move.stage == "handing":
            return self._hand_over(move)
        else:
            self._close(move)
        return None

    def stop(self) -> None:
        """Give up what is not finished; the first process goes on, or has left and still stores."""
        move, self._move = self._move, None
        if move is not None and move.stage == "closing":
            self._client.ready([move.question], CLOSING)
            self._client.kill(move.old)
        elif move is not None:
            self._client.kill(move.new)

    def _consider(self, workers: Sequence[CameraWorker]) -> None:
        now = time.monotonic()
        if now < self._resting_until:
            return
        found = imbalance(
            Counter(worker.node for worker in workers), self._client.capacities(self._resources)
        )
        if found is None:
            self._imbalanced_since = 0.0
            return
        self._imbalanced_since = self._imbalanced_since or now
        giver, taker = found
        able = [worker for worker in workers if worker.node == giver and _calm(worker)]
        if able and now - self._imbalanced_since >= PATIENCE:
            self._begin(min(able, key=lambda worker: (worker.moves, worker.camera)), taker)

    def _begin(self, worker: CameraWorker, taker: str) -> None:
        LOG.info(json.dumps({"moving": worker.camera, "from": worker.node, "to": taker}))
        new = self._start(worker, worker.other_name, taker)
        question = new.prepare.remote()
        self._move = Move(worker, worker.process, new, taker, time.monotonic(), question)

    def _prepare(self, move: Move) -> None:
        """Wait until the second process has loaded; then the first leaves, and the second looks."""
        late = time.monotonic() - move.began > PREPARING
        if move.worker.process is not move.old or late:
            self._give_up(move, "too late" if late else "its process died meanwhile")
        elif self._client.ready([move.question], 0):
            answer = self._client.answer(move.question)
            if isinstance(answer, Gone | Failed):
                self._give_up(move, answer.why if isinstance(answer, Failed) else "the node died")
            elif _calm(move.worker):
                move.stage, move.began = "handing", time.monotonic()
                move.question = move.new.go.remote(move.old.leave.remote())  # in this order

    def _hand_over(self, move: Move) -> CameraWorker | None:
        """Wait until the second process looks; returns the camera if neither does."""
        if self._client.ready([move.question], 0):
            failed = isinstance(self._client.answer(move.question), Gone | Failed)
        elif time.monotonic() - move.began > HANDING:
            failed = True
        else:
            return None
        if failed:
            self._client.kill(move.old)
            self._give_up(move, "it was not handed over")
            return move.worker
        self._handed(move)
        return None

    def _handed(self, move: Move) -> None:
        now, worker = time.monotonic(), move.worker
        LOG.info(json.dumps({"moved": worker.camera, "to": move.to}))
        worker.process, worker.question, worker.name = move.new, None, worker.other_name
        worker.node, worker.began, worker.heard = move.to, now, True
        worker.moves += 1
        self._rest = FIRST_REST
        move.stage, move.began, move.question = "closing", now, move.old.stop.remote()

    def _close(self, move: Move) -> None:
        """Wait until the first process has stored what it saw."""
        now = time.monotonic()
        if self._client.ready([move.question], 0) or now - move.began > CLOSING:
            self._client.kill(move.old)
            self._move, self._resting_until = None, now + BETWEEN

    def _give_up(self, move: Move, why: str) -> None:
        LOG.warning(json.dumps({"not moved": move.worker.camera, "problem": why}))
        self._client.kill(move.new)
        self._move, self._imbalanced_since = None, 0.0
        self._resting_until = time.monotonic() + self._rest
        self._rest = min(LONGEST_REST, 2 * self._rest)


def _calm(worker: CameraWorker) -> bool:
    """Whether a camera's process answers and its sightings are stored: then a move loses little."""
    return worker.process is not None and worker.heard and worker.health.lag < _LAG

"""The cameras of a venue on the nodes of a cluster: started, watched over, started again."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from reid import __version__
from reid.address import Folder
from reid.cluster.camera import Camera
from reid.cluster.engine import Engine, Failed, Gone
from reid.cluster.work import Looking, Seen, Share
from reid.watch import Health
from reid.watch.cameras import STORE_WITHIN
from reid.watch.status import Node, Status

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0
"""Seconds before a camera's process is started again; doubled with each failure."""

SETTLED: Final = 60.0
"""Seconds of answers after which a process's failures are forgotten."""

STARTING: Final = 600.0
"""Seconds that a process may take to answer at first: libraries load, the node may be busy."""

SILENT: Final = 90.0
"""Seconds without an answer after which one that has answered before is taken for hung."""

FORGOTTEN: Final = 86_400.0
"""Seconds after which a node that is gone is not spoken of any more."""

PREFIX: Final = "camera:"


@dataclass(slots=True)
class Post:
    """One camera's place in the fleet: its process, and what it said last."""

    camera: str
    process: Any = None
    question: Any = None
    asked: float = 0.0
    began: float = 0.0
    due: float = 0.0  # when it may be started, on the monotonic clock
    pause: float = FIRST_PAUSE
    restarts: int = 0
    node: str = ""
    heard: bool = False
    health: Health = field(default_factory=lambda: Health(""))


class Fleet:
    """Keeps one process a camera running. It never waits: call `step` again and again."""

    def __init__(
        self, engine: Engine, folder: Folder, cameras: Sequence[str], looking: Looking, share: Share
    ) -> None:
        self._engine, self._folder = engine, folder
        self._looking, self._share = looking, share
        self._posts = [Post(camera, health=Health(camera)) for camera in cameras]
        self._gone: dict[str, float] = {}  # since when, in seconds since 1970, by node
        self._retire(set(cameras))

    def step(self) -> None:
        """Hear what the processes say; start those that are due."""
        for post in self._posts:
            if post.question is not None:
                self._hear(post)
            if post.process is None and time.monotonic() >= post.due:
                self._start(post)
            elif post.process is not None and post.question is None:
                self._ask(post)

    def status(self) -> Status:
        """Return how cameras and nodes were when last heard of."""
        cameras = [replace(post.health, restarts=post.restarts) for post in self._posts]
        where = [post.node for post in self._posts]
        return Status(datetime.now(UTC), cameras, where, self._nodes(where))

    def stop(self) -> int:
        """Let every camera store what it saw, then end it; returns what could not be stored."""
        running = [post for post in self._posts if post.process is not None]
        return self._end([post.process for post in running])

    def _nodes(self, where: Sequence[str]) -> list[Node]:
        """Return the nodes, those that are gone last and for a day only; Ray names them for ever.

        Called from threads that do not wait for each other, so nothing is changed in place.
        """
        now, alive = time.time(), self._engine.nodes()
        gone = {name: self._gone.get(name, now) for name, up in alive.items() if not up}
        self._gone = gone
        up = [Node(name, True, where.count(name)) for name in alive if name not in gone]
        newest = sorted(gone.items(), key=lambda one: -one[1])
        return up + [
            Node(name, False, 0, since) for name, since in newest if now - since < FORGOTTEN
        ]

    def _start(self, post: Post) -> None:
        arguments = str(self._folder), post.camera, self._looking
        name = f"{PREFIX}{post.camera}"
        post.process = self._engine.start(Camera, name, self._share, *arguments)
        post.began = time.monotonic()
        self._ask(post)

    def _ask(self, post: Post) -> None:
        post.question, post.asked = post.process.look.remote(), time.monotonic()

    def _hear(self, post: Post) -> None:
        if not self._engine.ready([post.question], 0):
            if time.monotonic() - post.asked > (SILENT if post.heard else STARTING):
                self._engine.kill(post.process)
                self._lost(post, "its process does not answer")
            return
        answer, post.question = self._engine.answer(post.question), None
        if isinstance(answer, Seen):
            self._heard(post, answer)
        else:
            why = answer.why if isinstance(answer, Failed) else "its process or node is gone"
            self._lost(post, why)

    def _heard(self, post: Post, seen: Seen) -> None:
        post.health, post.node, post.heard = seen.health, seen.node, True
        if time.monotonic() - post.began > SETTLED:
            post.pause = FIRST_PAUSE
        if seen.version != __version__:  # started by another version: a rolling upgrade
            self._end([post.process])
            self._lost(post, "being upgraded")
            post.due = 0.0

    def _lost(self, post: Post, why: str) -> None:
        post.process, post.question, post.node, post.heard = None, None, "", False
        post.health = replace(post.health, connected=False, problem=why)
        post.due = time.monotonic() + post.pause
        post.pause = min(LONGEST_PAUSE, 2 * post.pause)
        post.restarts += 1

    def _retire(self, cameras: set[str]) -> None:
        """End the processes of cameras that the rules name no more."""
        running = {name.removeprefix(PREFIX) for name in self._engine.names()}
        found = [self._engine.find(f"{PREFIX}{camera}") for camera in running - cameras]
        self._end(process for process in found if process is not None)

    def _end(self, processes: Iterable[Any]) -> int:
        ending = [(process, process.stop.remote()) for process in processes]
        until, left = time.monotonic() + 2 * STORE_WITHIN + 5, 0
        for process, question in ending:
            if self._engine.ready([question], max(0.0, until - time.monotonic())):
                answer = self._engine.answer(question)
                left += 0 if isinstance(answer, Gone | Failed) else int(answer)
            self._engine.kill(process)
        return left

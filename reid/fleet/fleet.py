"""The cameras of a venue on a cluster: started, watched over, started again, spread evenly."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from reid import __version__
from reid.fleet.camera import Camera
from reid.fleet.camera_worker import FIRST_PAUSE, Post, camera_of
from reid.fleet.messages import Seen, Share
from reid.fleet.ray_client import Engine, Failed, Gone
from reid.fleet.rebalance import Mover
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
        engine: Engine,
        folder: Folder,
        cameras: Sequence[str],
        options: IndexOptions,
        share: Share,
    ) -> None:
        self._engine, self._folder = engine, folder
        self._options, self._share = options, share
        self._gone: dict[str, float] = {}  # since when, in seconds since 1970, by node
        running = self._retire(set(cameras))
        self._posts = [
            Post(camera, running.get(camera, ""), health=Health(camera)) for camera in cameras
        ]
        self._mover = Mover(engine, share, self._start_waiting)

    def step(self) -> None:
        """Hear what the processes say; start those that are due; move one from a full node."""
        for post in self._posts:
            if self._mover.holds(post):
                continue
            if post.question is not None:
                self._hear(post)
            if post.process is None and time.monotonic() >= post.due:
                self._start(post)
            elif post.process is not None and post.question is None:
                self._ask(post)
        lost = self._mover.step(self._posts)
        if lost is not None:
            self._lost(lost, "it could not be moved to another node")

    def status(self) -> Status:
        """Return how cameras and nodes were when last heard of."""
        posts = self._posts
        cameras = [replace(p.health, restarts=p.restarts, moves=p.moves) for p in posts]
        where = [self._mover.place(post) for post in posts]
        nodes = self._nodes([post.node for post in posts])
        return Status(datetime.now(UTC), cameras, where, nodes)

    def stop(self) -> int:
        """Let every camera store what it saw, then end it; returns what could not be stored."""
        self._mover.stop()
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
        arguments = str(self._folder), post.camera, self._options
        post.process = self._engine.start(Camera, post.name, self._share, *arguments)
        post.began = time.monotonic()
        self._ask(post)

    def _start_waiting(self, post: Post, name: str, node: str) -> Any:
        arguments = str(self._folder), post.camera, self._options, False
        return self._engine.start(Camera, name, self._share, *arguments, node=node)

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
        if seen.version != __version__:  # started by another version: a rolling upgrade
            self._replace(post, "being upgraded")
            return
        if not seen.looks:  # who watched before died when it had told it to stop, or not yet to go
            self._replace(post, "its process had stopped")
            return
        post.health, post.node, post.heard = seen.health, seen.node, True
        if time.monotonic() - post.began > SETTLED:
            post.pause = FIRST_PAUSE

    def _replace(self, post: Post, why: str) -> None:
        self._end([post.process])
        self._lost(post, why)
        post.due = 0.0

    def _lost(self, post: Post, why: str) -> None:
        post.process, post.question, post.node, post.heard = None, None, "", False
        post.health = replace(post.health, connected=False, problem=why)
        post.due = time.monotonic() + post.pause
        post.pause = min(LONGEST_PAUSE, 2 * post.pause)
        post.restarts += 1

    def _retire(self, cameras: set[str]) -> dict[str, str]:
        """Return the names of the processes that go on, by camera.

        Those of cameras that the rules name no more end, and both of a camera that was just being
        moved: which of them looks is not known.
        """
        running: dict[str, list[str]] = {}
        for name in self._engine.names():
            running.setdefault(camera_of(name), []).append(name)
        going_on = {c: n[0] for c, n in running.items() if c in cameras and len(n) == 1}
        others = [n for c, names in running.items() if c not in going_on for n in names]
        found = [self._engine.find(name) for name in others]
        self._end(process for process in found if process is not None)
        return going_on

    def _end(self, processes: Iterable[Any]) -> int:
        ending = [(process, process.stop.remote()) for process in processes]
        until, left = time.monotonic() + 2 * STORE_WITHIN + 5, 0
        for process, question in ending:
            if self._engine.ready([question], max(0.0, until - time.monotonic())):
                answer = self._engine.answer(question)
                left += 0 if isinstance(answer, Gone | Failed) else int(answer)
            self._engine.kill(process)
        return left

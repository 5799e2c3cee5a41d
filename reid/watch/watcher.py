"""All live cameras of a venue, watched in one process."""

import json
import logging
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from reid.core.errors import UsageError
from reid.core.records import Sightings
from reid.core.supervisor import Supervisor
from reid.desk.desk import Desk
from reid.detect.tracker import Tracker
from reid.embed import CropEmbedder
from reid.loading import warm
from reid.pipeline import Indexer
from reid.store import Store
from reid.store.write_buffer import WriteBuffer
from reid.watch.camera_metrics import serve_metrics
from reid.watch.cameras import COMES_ROUND_WITHIN, CameraLoop
from reid.watch.process import end_on_signals, has_ended, still_runs
from reid.watch.schedule import Scheduler
from reid.watch.status import Status

LOG: Final = logging.getLogger("reid.watch")

_STOP_WITHIN: Final = 15.0  # seconds, for all cameras to store what they have seen
_AGAIN: Final = 1.0  # seconds before a camera's loop that ended unexpectedly begins again


class Watcher:
    """All live cameras of a venue.

    Args:
        embedder, tracker: make an embedder and a tracker, one a camera.
        every: look at every n-th frame only.
        again: describes sightings anew if the venue's model has changed since.
    """

    def __init__(
        self,
        desk: Desk,
        embedder: Callable[[], CropEmbedder],
        tracker: Callable[[], Tracker],
        every: int = 1,
        again: Callable[[Sightings], Sightings] | None = None,
    ) -> None:
        self._desk, self._again = desk, again
        first = embedder(), tracker()
        warm(*first)
        self._store = Store.create(desk.folder, first[0].model_id, first[0].dim)
        self._embedder, self._tracker, self._every = embedder, tracker, every
        self._ready = [first]  # models that no camera has taken yet
        self.stop = threading.Event()
        self._supervisor = Supervisor(self.stop)
        addresses = {
            name: camera.url.get_secret_value()
            for name, camera in desk.policy.cameras.items()
            if camera.url is not None
        }
        if not addresses:
            raise UsageError("no camera has a `url` in venue.toml: there is nothing to watch")
        self.loops = [self._loop(name, address) for name, address in addresses.items()]

    def run(self, still_runs: Callable[[], None] = lambda: None) -> None:
        """Watch until `stop` is set; then every camera stores what it has seen.

        `still_runs` is called every second.
        """
        for loop in self.loops:
            name = f"camera {loop.health.camera}"
            supervised = self._supervisor.add(name, loop.run, _AGAIN, COMES_ROUND_WITHIN, 0.0)
            loop.beat = supervised.beat
        scheduler = Scheduler(self._desk, self.look, self._supervisor, still_runs)
        scheduler.run(self.stop, _STOP_WITHIN)

    def look(self) -> Status:
        """Return how the cameras are now."""
        cameras, loops = [loop.look() for loop in self.loops], self._supervisor.status()
        return Status(datetime.now(UTC), cameras, loops=loops)

    def _loop(self, name: str, address: str) -> CameraLoop:
        write_buffer = WriteBuffer(lambda: self._store, again=self._again)

        def indexer() -> Indexer:
            policy = self._desk.policy
            rotate, views = policy.cameras[name].rotate, policy.views_kept
            return Indexer(write_buffer, *self._models(), self._every, rotate=rotate, views=views)

        return CameraLoop(name, address, indexer, self.stop, write_buffer=write_buffer)

    def _models(self) -> tuple[CropEmbedder, Tracker]:
        try:
            return self._ready.pop()
        except IndexError:
            return self._embedder(), self._tracker()


def run(
    desk: Desk,
    embedder: Callable[[], CropEmbedder],
    tracker: Callable[[], Tracker],
    every: int,
    metrics_port: int | None,
    again: Callable[[Sightings], Sightings] | None = None,
) -> None:
    """Watch the venue's cameras until interrupted or terminated; arguments as of `Watcher`."""
    watcher = Watcher(desk, embedder, tracker, every, again)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    if metrics_port is not None:
        serve_metrics(metrics_port, watcher.look, desk)
    end_on_signals(watcher.stop)
    desk.note_start("watch", {"cameras": len(watcher.loops)})
    LOG.info(json.dumps({"watching": [loop.health.camera for loop in watcher.loops]}))
    watcher.run(still_runs)
    has_ended()
    for loop in watcher.loops:
        h = loop.look()
        LOG.info(json.dumps({"camera": h.camera, "frames": h.frames, "dropped": h.dropped,
                             "sightings": h.sightings, "reconnects": h.reconnects}))  # fmt: skip

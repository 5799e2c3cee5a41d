"""All live cameras of a venue, watched in one process."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from reid.core.errors import UsageError
from reid.desk.desk import Desk
from reid.detect.tracker import Tracker
from reid.embed import CropEmbedder
from reid.pipeline import Indexer
from reid.store import Store
from reid.store.write_buffer import WriteBuffer
from reid.watch.camera_metrics import serve_metrics
from reid.watch.cameras import CameraLoop
from reid.watch.schedule import Scheduler
from reid.watch.status import Status

LOG: Final = logging.getLogger("reid.watch")

_STOP_WITHIN: Final = 15.0  # seconds, a camera, to store what it has seen


class Watcher:
    """All live cameras of a venue.

    Args:
        embedder, tracker: make an embedder and a tracker, one a camera.
        every: look at every n-th frame only.
    """

    def __init__(
        self,
        desk: Desk,
        embedder: Callable[[], CropEmbedder],
        tracker: Callable[[], Tracker],
        every: int = 1,
    ) -> None:
        self._desk = desk
        described = embedder()
        self._store = Store.create(desk.folder, described.model_id, described.dim)
        self._embedder, self._tracker, self._every = embedder, tracker, every
        self.stop = threading.Event()
        addresses = {
            name: camera.url.get_secret_value()
            for name, camera in desk.policy.cameras.items()
            if camera.url is not None
        }
        if not addresses:
            raise UsageError("no camera has a `url` in venue.toml: there is nothing to watch")
        self.loops = [self._loop(name, address) for name, address in addresses.items()]

    def run(self) -> None:
        """Watch until `stop` is set; then every camera stores what it has seen."""
        threads = [threading.Thread(target=loop.run, daemon=True) for loop in self.loops]
        for thread in threads:
            thread.start()
        Scheduler(self._desk, self.look).run(self.stop, _STOP_WITHIN)
        for thread in threads:
            thread.join(_STOP_WITHIN)

    def look(self) -> Status:
        """Return how the cameras are now."""
        return Status(datetime.now(UTC), [loop.look() for loop in self.loops])

    def _loop(self, name: str, address: str) -> CameraLoop:
        write_buffer = WriteBuffer(lambda: self._store)

        def indexer() -> Indexer:
            rotate = self._desk.policy.cameras[name].rotate
            models = self._embedder(), self._tracker()
            return Indexer(write_buffer, *models, self._every, rotate=rotate)

        return CameraLoop(name, address, indexer, self.stop, write_buffer=write_buffer)


def run(
    desk: Desk,
    embedder: Callable[[], CropEmbedder],
    tracker: Callable[[], Tracker],
    every: int,
    metrics_port: int | None,
) -> None:
    """Watch the venue's cameras until interrupted or terminated."""
    watcher = Watcher(desk, embedder, tracker, every)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    if metrics_port is not None:
        serve_metrics(metrics_port, watcher.look, desk)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: watcher.stop.set())
    desk.note_start("watch", {"cameras": len(watcher.loops)})
    LOG.info(json.dumps({"watching": [loop.health.camera for loop in watcher.loops]}))
    watcher.run()
    for loop in watcher.loops:
        h = loop.look()
        LOG.info(json.dumps({"camera": h.camera, "frames": h.frames, "dropped": h.dropped,
                             "sightings": h.sightings, "reconnects": h.reconnects}))  # fmt: skip

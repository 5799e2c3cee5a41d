"""Watching live cameras: index them all, compare with watched cases, raise alerts."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from reid.desk import Desk
from reid.embed import Embedder
from reid.errors import ReidError, UsageError
from reid.people import People
from reid.pipeline import Indexer
from reid.store import Store
from reid.watch.alarms import EVERY, Sentry
from reid.watch.cameras import CameraLoop, Health
from reid.watch.notify import Notifier

__all__ = ["CameraHealth", "Health", "Sentry", "Watcher"]

LOG: Final = logging.getLogger("reid.watch")

_TIDY_EVERY: Final = 60.0  # seconds
_STOP_WITHIN: Final = 15.0  # seconds, a camera, to store what it has seen


class CameraHealth:
    """Prometheus' view of the cameras."""

    def __init__(self, cameras: list[Health]) -> None:
        self._cameras = cameras

    def collect(self) -> list[CounterMetricFamily | GaugeMetricFamily]:
        """Return frames, drops, reconnects, sightings, connection, queue and lag, a camera."""
        families: list[CounterMetricFamily | GaugeMetricFamily] = []
        for name in ("frames", "dropped", "reconnects", "sightings"):
            counter = CounterMetricFamily(f"reid_camera_{name}", name, labels=["camera"])
            for health in self._cameras:
                counter.add_metric([health.camera], float(getattr(health, name)))
            families.append(counter)
        for name, unit in (("connected", ""), ("queue", ""), ("lag", "_seconds")):
            gauge = GaugeMetricFamily(f"reid_camera_{name}{unit}", name, labels=["camera"])
            for health in self._cameras:
                gauge.add_metric([health.camera], float(getattr(health, name)))
            families.append(gauge)
        return families


class Watcher:
    """All live cameras of a venue.

    Args:
        embedder, people: make a model and a detector with tracks of its own, one a camera.
        every: look at every n-th frame only.
    """

    def __init__(
        self,
        desk: Desk,
        embedder: Callable[[], Embedder],
        people: Callable[[], People],
        every: int = 1,
    ) -> None:
        self._desk = desk
        described = embedder()
        self._store = Store.create(desk.folder, described.model_id, described.dim)
        self._embedder, self._people, self._every = embedder, people, every
        self.stop = threading.Event()
        addresses = {
            name: camera.url.get_secret_value()
            for name, camera in desk.policy.cameras.items()
            if camera.url is not None
        }
        if not addresses:
            raise UsageError("no camera has a `url` in venue.toml: there is nothing to watch")
        self.loops = [
            CameraLoop(name, address, self._indexer, self.stop)
            for name, address in addresses.items()
        ]

    def run(self) -> None:
        """Watch until `stop` is set; then every camera stores what it has seen."""
        threads = [threading.Thread(target=loop.run, daemon=True) for loop in self.loops]
        for thread in threads:
            thread.start()
        notifier = Notifier.of(self._desk)
        sentry = Sentry(self._desk)
        since_tidy = 0.0
        while not self.stop.wait(EVERY):
            since_tidy += EVERY
            try:
                for alert in sentry.look():
                    notifier.notify(alert)
                if since_tidy >= _TIDY_EVERY:
                    since_tidy = 0.0
                    self._desk.tidy()
            except ReidError as error:
                LOG.warning(json.dumps({"problem": type(error).__name__}))
        for thread in threads:
            thread.join(_STOP_WITHIN)
        notifier.drain(_STOP_WITHIN)

    def _indexer(self, stored: Callable[[int], None]) -> Indexer:
        return Indexer(self._store, self._embedder(), self._people(), self._every, stored=stored)


def run(
    desk: Desk,
    embedder: Callable[[], Embedder],
    people: Callable[[], People],
    every: int,
    metrics_port: int | None,
) -> None:
    """Watch the venue's cameras until interrupted or terminated."""
    watcher = Watcher(desk, embedder, people, every)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    if metrics_port is not None:
        registry = CollectorRegistry()
        registry.register(CameraHealth([loop.health for loop in watcher.loops]))
        start_http_server(metrics_port, addr="127.0.0.1", registry=registry)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: watcher.stop.set())
    desk.records.book.note("system", "watch.start", None, {"cameras": len(watcher.loops)})
    LOG.info(json.dumps({"watching": [loop.health.camera for loop in watcher.loops]}))
    watcher.run()
    for loop in watcher.loops:
        h = loop.health
        LOG.info(json.dumps({"camera": h.camera, "frames": h.frames, "dropped": h.dropped,
                             "sightings": h.sightings, "reconnects": h.reconnects}))  # fmt: skip

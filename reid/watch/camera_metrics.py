"""Prometheus' view of cameras, nodes and the table; numbers only, no names but the cameras'."""

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from reid.core.errors import ReidError
from reid.desk.desk import Desk
from reid.watch.status import Status

Family = CounterMetricFamily | GaugeMetricFamily

_COUNTERS: Final = ("frames", "dropped", "reconnects", "restarts", "moves", "sightings", "lost")
_GAUGES: Final = ("connected", "queue", "behind", "waiting", "lag", "last_frame")
_TABLE: Final = ("sightings", "size", "files", "small_files", "old_versions", "unindexed")


class WatchMetrics:
    """Collects everything when it is asked for."""

    def __init__(self, look: Callable[[], Status], desk: Desk) -> None:
        self._look, self._desk = look, desk

    def collect(self) -> Iterator[Family]:
        """Yield frames, drops, sightings, lag and losses a camera; nodes; the table's state."""
        status = self._look()
        for names, family in ((_COUNTERS, CounterMetricFamily), (_GAUGES, GaugeMetricFamily)):
            for name in names:
                metric = family(f"reid_camera_{name}", name, labels=["camera"])
                for health in status.cameras:
                    metric.add_metric([health.camera], float(getattr(health, name)))
                yield metric
        alive = sum(node.alive for node in status.nodes)
        yield GaugeMetricFamily("reid_nodes", "nodes that answer", value=alive)
        yield from self._loops(status)
        yield from self._outbox()
        yield from self._table()

    def _loops(self, status: Status) -> Iterator[Family]:
        failures = CounterMetricFamily("reid_loop_failures", "rounds that raised", labels=["loop"])
        late = GaugeMetricFamily("reid_loop_late", "1: has not come round", labels=["loop"])
        for loop in status.loops:
            failures.add_metric([loop.name], float(loop.failures))
            late.add_metric([loop.name], float(loop.late))
        yield failures
        yield late

    def _outbox(self) -> Iterator[Family]:
        channels = self._desk.policy.watch.channels
        waiting = GaugeMetricFamily("reid_alerts_waiting", "not taken yet", labels=["channel"])
        sent = CounterMetricFamily("reid_alerts_sent", "taken", labels=["channel"])
        try:
            states = self._desk.records.outbox.state(channels)
        except ReidError:
            return
        for one in states:
            waiting.add_metric([one.channel], float(one.waiting))
            sent.add_metric([one.channel], float(one.sent))
        yield waiting
        yield sent

    def _table(self) -> Iterator[Family]:
        try:
            kept = self._desk.store.state()
        except ReidError:  # nothing stored yet, or the storage is away: then there is no number
            return
        for name in _TABLE:
            yield GaugeMetricFamily(f"reid_table_{name}", name, value=float(getattr(kept, name)))


def serve_metrics(port: int, look: Callable[[], Status], desk: Desk) -> None:
    """Answer Prometheus at a port, to this machine only."""
    registry = CollectorRegistry()
    registry.register(WatchMetrics(look, desk))
    start_http_server(port, addr="127.0.0.1", registry=registry)

"""What goes on beside the cameras: alerts, expiry, maintenance of the table, status."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from reid.core.heap import return_free_memory
from reid.core.supervisor import Supervisor
from reid.desk.desk import Desk
from reid.watch.alerting import EVERY, Alerting
from reid.watch.notify import Notifier
from reid.watch.status import Status, write_status

EXPIRE_EVERY: Final = 60.0
UPKEEP_EVERY: Final = 600.0
STATUS_EVERY: Final = 5.0
SEALS_EVERY: Final = 5.0
MEMORY_EVERY: Final = 60.0
"""Seconds."""

_TEND_EVERY: Final = 1.0  # seconds


class Scheduler:
    """Runs each job in a supervised loop of its own; one that fails or hangs stops no other.

    Args:
        look: says how cameras and nodes are.
        supervisor: of all loops of the process; `run` starts and stops what was added to it.
        still_runs: called every second, for who watches over the process.
    """

    def __init__(
        self,
        desk: Desk,
        look: Callable[[], Status],
        supervisor: Supervisor | None = None,
        still_runs: Callable[[], None] = lambda: None,
    ) -> None:
        self._desk, self._look, self._still_runs = desk, look, still_runs
        self._notifier, self._alerting = Notifier.of(desk), Alerting(desk)
        self._supervisor = supervisor or Supervisor()
        jobs: list[tuple[str, Callable[[], object], float]] = [
            ("alerts", self._alert, EVERY),
            ("status", self._report, STATUS_EVERY),
            ("retention", desk.keep_retention, EXPIRE_EVERY),
            ("maintenance", self._upkeep, UPKEEP_EVERY),
            ("memory", return_free_memory, MEMORY_EVERY),
        ]
        for name, body, every in jobs:
            self._supervisor.add(name, body, every)
        self._notifier.supervise(self._supervisor)
        supervise_seals(desk, self._supervisor)

    def run(self, stop: threading.Event, drain: float) -> None:
        """Run jobs until `stop` is set; then send what is still to be sent, for some seconds."""
        self._supervisor.stop = stop
        self._supervisor.start()
        while not stop.wait(_TEND_EVERY):
            self._still_runs()
            self._supervisor.start()  # again, those whose threads have died
        self._supervisor.end(drain)
        self._notifier.drain(drain)

    def _alert(self) -> None:
        for alert in self._alerting.look():
            self._notifier.notify(alert)

    def _upkeep(self) -> None:
        if self._desk.has_sightings:
            self._desk.store.maintain()

    def _report(self) -> None:
        status = replace(self._look(), loops=self._supervisor.status())
        write_status(self._desk.folder, status)


def supervise_seals(desk: Desk, supervisor: Supervisor) -> None:
    """Send seals of the audit trail outside in a loop, where the rules name a sink."""
    if desk.records.trail.outside.sinks:
        supervisor.add("audit seals", desk.records.trail.send, SEALS_EVERY, first=0.0)

"""What goes on beside the cameras: alerts, expiry, maintenance of the table, status."""

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from reid.core.errors import ReidError
from reid.desk.desk import Desk
from reid.watch.alerting import EVERY, Alerting
from reid.watch.notify import Notifier
from reid.watch.status import Status, write_status

LOG: Final = logging.getLogger("reid.watch")

EXPIRE_EVERY: Final = 60.0
UPKEEP_EVERY: Final = 600.0
STATUS_EVERY: Final = 5.0
"""Seconds."""


class Scheduler:
    """Runs each job when it is due; one that fails is logged and tried again.

    Args:
        look: says how cameras and nodes are.
    """

    def __init__(self, desk: Desk, look: Callable[[], Status]) -> None:
        self._desk, self._look = desk, look
        self._notifier, self._alerting = Notifier.of(desk), Alerting(desk)
        self._jobs: list[tuple[float, Callable[[], object]]] = [
            (EVERY, self._alert),
            (STATUS_EVERY, self._report),
            (EXPIRE_EVERY, desk.expire),
            (UPKEEP_EVERY, self._upkeep),
        ]

    def run(self, stop: threading.Event, drain: float) -> None:
        """Run jobs until `stop` is set; then send what is still to be sent, for some seconds."""
        done = [time.monotonic()] * len(self._jobs)
        while not stop.wait(EVERY):
            for number, (every, job) in enumerate(self._jobs):
                if time.monotonic() - done[number] >= every * 0.99:
                    done[number] = time.monotonic()
                    self._try(job)
        self._notifier.drain(drain)

    def _alert(self) -> None:
        for alert in self._alerting.look():
            self._notifier.notify(alert)

    def _upkeep(self) -> None:
        if self._desk.has_sightings:
            self._desk.store.maintain()

    def _report(self) -> None:
        write_status(self._desk.folder, self._look())

    def _try(self, job: Callable[[], object]) -> None:
        try:
            job()
        except ReidError as error:
            LOG.warning(json.dumps({"problem": type(error).__name__}))

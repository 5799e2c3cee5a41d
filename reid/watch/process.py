"""A process that signals always end, and that does not stand still for ever in native code."""

import faulthandler
import os
import signal
import sys
import threading
import time
from typing import Final

END_WITHIN: Final = 60.0
"""Seconds after the first signal in which everything is stored and ended; then it ends anyhow."""

STUCK_AFTER: Final = 60.0
"""Seconds after which a process whose interpreter does not run any more ends itself."""

TOLD_AGAIN: Final = 1.0
"""Seconds after the first signal from which another is a second one: `timeout`, for one, sends its
signal to the process and to its group."""

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def end_on_signals(stop: threading.Event) -> None:
    """Set `stop` on the first signal, and end within `END_WITHIN`; end at once on the second."""
    first: list[float] = []

    def told(number: int, _frame: object) -> None:
        if first and time.monotonic() - first[0] > TOLD_AGAIN:
            os._exit(128 + number)
        if not first:
            first.append(time.monotonic())
            stop.set()
            _end_after(END_WITHIN)

    for name in _SIGNALS:
        signal.signal(name, told)


def still_runs() -> None:
    """Put off the end of this process; call it again and again while it runs.

    Python sees a signal only if its interpreter runs. Where native code holds that for ever, a
    timer outside it ends the process, and prints where it stood, so that it is started anew.
    """
    _end_after(STUCK_AFTER)


def has_ended() -> None:
    """Stop the timer."""
    faulthandler.cancel_dump_traceback_later()


def _end_after(seconds: float) -> None:
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or 2)

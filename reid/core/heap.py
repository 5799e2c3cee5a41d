"""Memory of a process that runs for weeks: freed memory goes back to the system.

Frames, sightings and answers of many sizes are made and freed by threads that come and go with a
camera's stream. glibc keeps what they free, so that the process grows while it uses no more.
"""

import ctypes
import sys
from functools import cache
from typing import Any


def return_free_memory() -> None:
    """Give freed memory back to the system, as far as whole pages are free (Linux with glibc)."""
    libc = _libc()
    if libc is not None:
        libc.malloc_trim(0)


@cache
def _libc() -> Any:
    """Return the C library, if it is glibc."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "malloc_trim") else None

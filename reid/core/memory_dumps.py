"""No copy of this process's memory on disk when it crashes, and none for who asks for one.

Raw pixels are in memory while heads are sought. A core file would hold them, unredacted, and stay.
"""

import ctypes
import os
import sys
from typing import Final

_PR_GET_DUMPABLE: Final = 3  # of <linux/prctl.h>
_PR_SET_DUMPABLE: Final = 4

_forbidden_in: set[int] = set()  # ids of processes: a fork has its own


def forbid_memory_dumps() -> None:
    """Let neither the kernel nor a debugger of the same user write this process's memory out.

    `RLIMIT_CORE` stops core files, those of child processes too; `PR_SET_DUMPABLE` stops a core
    that is piped to a program, which no limit does, and reading `/proc/PID/mem`. On other systems
    than Linux only the limit is set, on Windows nothing.
    """
    process = os.getpid()
    if process in _forbidden_in:
        return
    _limit_core_files()
    if sys.platform == "linux":
        _prctl(_PR_SET_DUMPABLE, 0)
    _forbidden_in.clear()
    _forbidden_in.add(process)


def may_be_dumped() -> bool:
    """Whether this process's memory could be written to disk by a crash."""
    if sys.platform == "win32":
        return True
    import resource

    dumpable = sys.platform != "linux" or _prctl(_PR_GET_DUMPABLE, 0) != 0
    return dumpable or resource.getrlimit(resource.RLIMIT_CORE)[0] != 0


def _limit_core_files() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _prctl(option: int, value: int) -> int:
    return int(ctypes.CDLL(None).prctl(option, value, 0, 0, 0))

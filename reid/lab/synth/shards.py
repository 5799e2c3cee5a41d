"""Long work in shards: one subprocess each, resumable, within a budget of minutes.

A renderer that runs for hours in one process leaks and crashes; a shard is small, writes its
result last, and is skipped when its result is there.
"""

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reid.core.errors import ReidError, UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_POLL: Final = 0.1
_ATTEMPTS: Final = 2
_THREADS: Final = (
    "LP_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
)  # fmt: skip
"""Set to 1 for subprocesses: one core each, whatever draws and computes there."""

Work = Callable[[int, Path, float], None]
"""(shard number, file or folder to write its result to, deadline in `time.time()` seconds)."""
Progress = Callable[[int, int], None]
"""(shards done, shards in all), called whenever one is finished."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ShardFailed(ReidError):
    """A shard's process ended in error twice."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run did: shards made now, found made, left undone; seconds it took."""

    made: int
    found: int
    left: int
    seconds: float


def run_shards(
    work: Work, results: list[Path], *, workers: int, minutes: float | None = None,
    progress: Progress | None = None,
) -> Tally:  # fmt: skip
    """Run `work` for every result that is missing, each in a process of its own.

    Args:
        work: a picklable function of the module level or a `functools.partial` of one.
        results: one file or folder a shard; `work` must write it last, in one piece.
        workers: processes at a time.
        minutes: after so long no shard is begun, and those running are asked to stop early.
        progress: called with (results there, results in all).

    Raises:
        ShardFailed: a process died twice over the same shard.
    """
    start = time.time()
    deadline = start + minutes * 60 if minutes is not None else float("inf")
    pool = _Pool(work, results, deadline)
    found, made = len(results) - len(pool.waiting), 0
    try:
        while pool.running or (pool.waiting and time.time() < deadline):
            while pool.waiting and len(pool.running) < workers and time.time() < deadline:
                pool.begin()
            time.sleep(_POLL)
            for _ in range(pool.finished()):
                made += 1
                if progress:
                    progress(found + made, len(results))
    finally:
        for process in pool.running.values():
            process.terminate()
    left = sum(not path.exists() for path in results)
    return Tally(made, found, left, time.time() - start)


class _Pool:
    """Shards that wait and those that run, each in a process of its own."""

    def __init__(self, work: Work, results: list[Path], deadline: float) -> None:
        self._work, self._results, self._deadline = work, results, deadline
        self.waiting = [i for i, path in enumerate(results) if not path.exists()]
        self.running: dict[int, SpawnProcess] = {}
        self._tries = dict.fromkeys(self.waiting, 0)
        self._context = multiprocessing.get_context("spawn")

    def begin(self) -> None:
        """Start the next shard."""
        shard = self.waiting.pop(0)
        self._tries[shard] += 1
        job = (self._work, shard, self._results[shard], self._deadline)
        process = self._context.Process(target=_alone, args=job)
        with _one_thread_each():
            process.start()
        self.running[shard] = process

    def finished(self) -> int:
        """Return how many results have come; a shard whose process died waits once more.

        Raises:
            ShardFailed: it died again.
        """
        come = 0
        for shard in [s for s, p in self.running.items() if not p.is_alive()]:
            process = self.running.pop(shard)
            if process.exitcode and self._tries[shard] >= _ATTEMPTS:
                raise ShardFailed(f"shard {shard} failed with exit code {process.exitcode}")
            if process.exitcode:
                self.waiting.insert(0, shard)
            come += not process.exitcode and self._results[shard].exists()
        return come


def _alone(work: Work, shard: int, result: Path, deadline: float) -> None:
    """Do one shard, with one thread wherever OpenCV computes."""
    import cv2

    cv2.setNumThreads(1)
    work(shard, result, deadline)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Make a process that is started inside use one thread."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def note_job(out: Path, job: "DataclassInstance", growing: str) -> None:
    """Write a job down as ``job.json``, or compare it with what is written.

    Args:
        out: the job's folder.
        job: its settings.
        growing: the setting of which more may be asked for later.

    Raises:
        UsageError: the folder holds another job.
    """
    note = out / "job.json"
    wanted = {k: v for k, v in asdict(job).items() if k not in ("out", growing)}
    wanted = json.loads(json.dumps(wanted))
    if note.exists() and json.loads(note.read_text()) != wanted:
        raise UsageError(f"{out} holds the pictures of another job; choose another folder")
    note.write_text(json.dumps(wanted))

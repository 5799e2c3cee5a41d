"""Running shards in subprocesses: one a core, within a budget of minutes, with progress."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@dataclass(frozen=True)
class Outcome:
    """What a run did: `made` items in `seconds`; `left` shards that the budget did not reach."""

    made: int
    seconds: float
    left: int

    @property
    def rate(self) -> float:
        """Items a second."""
        return self.made / max(self.seconds, 1e-9)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Make subprocesses started inside use one thread each, whatever draws and computes."""
    names = ("LP_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _quietly_single() -> None:
    import cv2

    cv2.setNumThreads(1)


def run_shards(
    work: Callable[[int], int], shards: list[int], *, minutes: float | None, processes: int,
    unit: str = "crops", quiet: bool = False,
) -> Outcome:  # fmt: skip
    """Run `work(shard)` for every shard, each in a fresh subprocess.

    Args:
        work: picklable; returns how many items it made.
        shards: their numbers.
        minutes: no shard is started after so long; None = no limit.
        processes: how many at once.
        unit: name of the items for the progress bar.
        quiet: no progress bar.

    Raises:
        Exception: the first failure of `work`.
    """
    start, made, waiting = time.monotonic(), 0, list(shards)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TimeRemainingColumn(), disable=quiet, transient=False,
    )  # fmt: skip
    pool = ProcessPoolExecutor(
        processes,
        mp_context=get_context("spawn"),
        initializer=_quietly_single,
        max_tasks_per_child=1,
    )
    with _one_thread_each(), bar, pool:
        task = bar.add_task(unit, total=len(shards))
        running: set[Future[int]] = set()
        while waiting or running:
            late = minutes is not None and time.monotonic() - start > minutes * 60
            while waiting and len(running) < processes and not late:
                running.add(pool.submit(work, waiting.pop(0)))
            if not running:
                break
            done, running = wait(running, return_when=FIRST_COMPLETED)
            made += sum(future.result() for future in done)
            rate = made / (time.monotonic() - start)
            bar.update(task, advance=len(done), description=f"{made} {unit}, {rate:.1f}/s")
    return Outcome(made, time.monotonic() - start, len(waiting))

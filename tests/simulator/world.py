"""The simulated machine: tasks that take turns, a clock, processes that are killed, a disk.

Tasks are greenlets. One runs until it comes to a point of contact with the outside (a lock, a
commit, a file, the network), where the seed's random numbers decide who goes on and what fails.
"""

import errno
import hashlib
import random
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PosixPath
from typing import Any, Final

from greenlet import GreenletExit, getcurrent, greenlet

START: Final = datetime(2026, 5, 1, 8, tzinfo=UTC)
TRACED: Final = 80
"""Last points of contact that a failure shows."""

FORGETFUL: Final = ("audit.head", "audit.key", "erasing")
"""Files whose creation, renaming and removal a power failure undoes, unless they were synced."""


def _always() -> bool:
    return True


class Killed(BaseException):
    """Ends a task of a process that is dead; no code of the product may survive it."""


class Stuck(AssertionError):
    """No task can ever go on."""


@dataclass(eq=False)
class Process:
    """A process of the venue: its tasks die together."""

    name: str
    alive: bool = True
    immortal: bool = False  # what is outside the venue's machine
    close: Callable[[], None] = lambda: None
    tasks: list["Task"] = field(default_factory=list)


@dataclass(eq=False)
class Task:
    """What one thread of a process does."""

    name: str
    process: Process
    body: greenlet
    ready: Callable[[], bool] = _always
    until: timedelta | None = None
    deadline: timedelta | None = None

    def may_run(self, elapsed: timedelta) -> bool:
        """Whether it waits for nothing, or has waited long enough."""
        if self.deadline is not None and elapsed >= self.deadline:
            return True
        return (self.until is None or elapsed >= self.until) and self.ready()


@dataclass
class Faults:
    """What goes wrong just now.

    Attributes:
        kill: chance that a point of contact is a process's last.
        tear: chance that the power fails while a commit is being written.
        full: whether the disk is full.
    """

    kill: float = 0.0
    tear: float = 0.0
    full: bool = False


class World:
    """One run of the simulation."""

    def __init__(self, seed: str, folder: Path) -> None:
        self.seed, self.rng = seed, random.Random(seed)
        self.elapsed = timedelta(0)  # what tasks wait by: it never goes back
        self._set_by = self._jumped_by = timedelta(0)
        self.faults = Faults()
        self.processes: list[Process] = []
        self.steps = self.kills = self.failures = 0
        self.trace: deque[str] = deque(maxlen=TRACED)
        self._events = hashlib.blake2b(digest_size=16)
        self.on_power_failure: Callable[[], None] = lambda: None
        """Called once all are dead, before the disk is as the failure leaves it."""

        self.folder = SimPath(folder)
        SimPath.world = self
        self._unsynced: list[tuple[Path, bytes | None]] = []
        self._power_failed: dict[str, bytes] | None = None
        self._hub = getcurrent()
        self._task_of: dict[greenlet, Task] = {}

    # --- time

    @property
    def now(self) -> datetime:
        """What the wall clock says."""
        return self.right_time + self._jumped_by

    @property
    def right_time(self) -> datetime:
        """What the wall clock would say if it had not jumped."""
        return START + self.elapsed + self._set_by

    @property
    def has_jumped(self) -> bool:
        """Whether the wall clock is far from the right time."""
        return bool(self._jumped_by)

    def set_clock_back(self, by: timedelta) -> None:
        """Set the wall clock back a little."""
        self._set_by -= by

    def jump(self, by: timedelta) -> None:
        """Let the wall clock be wrong by so much; by nothing: right again."""
        self._note(f"the clock jumps: it is ahead by {by}")
        self._jumped_by = by

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self.elapsed.total_seconds()

    @property
    def digest(self) -> str:
        """Names all that has happened so far: two runs of one seed have the same."""
        return self._events.hexdigest()

    def _note(self, what: str) -> None:
        line = f"{self.elapsed.total_seconds():.6f} {what}"
        self.trace.append(line)
        self._events.update(line.encode())

    # --- tasks

    def spawn(self, process: Process, name: str, body: Callable[[], object]) -> Task:
        """Start a task of a process; it runs when its turn comes."""

        def run() -> None:
            try:
                if process.alive:
                    body()
            except (Killed, GreenletExit):
                pass

        task = Task(name, process, greenlet(run, parent=self._hub))
        process.tasks.append(task)
        self._task_of[task.body] = task
        return task

    @property
    def task(self) -> Task | None:
        """The task that runs now."""
        return self._task_of.get(getcurrent())

    def pause(
        self,
        where: str,
        *,
        ready: Callable[[], bool] = _always,
        deadline: timedelta | None = None,
    ) -> None:
        """Let others run; come back when it is this task's turn and it is ready, or too late."""
        task = self.task
        if task is None:
            return
        self._require_alive(task)
        self.steps += 1
        self._note(f"{task.process.name}/{task.name}: {where}")
        if not task.process.immortal and self.faults.kill and self.rng.random() < self.faults.kill:
            self.kill(task.process)
            raise Killed
        task.ready, task.deadline = ready, deadline
        self._hub.switch()
        task.ready, task.deadline = _always, None
        self._require_alive(task)

    def sleep(self, seconds: float) -> None:
        """Let the task rest."""
        task = self.task
        assert task is not None
        task.until = self.elapsed + timedelta(seconds=seconds)
        self.pause("rests")
        task.until = None

    def require_alive(self) -> None:
        """End the task here if its process is dead: the dead write nothing."""
        task = self.task
        if task is not None:
            self._require_alive(task)

    def _require_alive(self, task: Task) -> None:
        if not task.process.alive:
            raise Killed

    def step(self) -> None:
        """Let one task run up to its next point of contact; the clock goes on where all rest.

        Raises:
            Stuck: nobody can ever run again.
        """
        for process in [one for one in self.processes if not one.alive]:
            self.bury(process)
        elapsed = self.elapsed
        runnable = [task for task in self._tasks() if task.may_run(elapsed)]
        if not runnable:
            self._pass_time()
            return
        self._switch_to(self.rng.choice(runnable))

    def _tasks(self) -> Iterator[Task]:
        for process in self.processes:
            yield from process.tasks

    def _switch_to(self, task: Task) -> None:
        task.body.switch()
        if task.body.dead and self._task_of.pop(task.body, None) is not None:
            task.process.tasks.remove(task)
        if self._power_failed is not None:
            self._lose_power()

    def _pass_time(self) -> None:
        wakes = [
            when
            for task in self._tasks()
            for when in (task.until, task.deadline)
            if when is not None and when > self.elapsed
        ]
        if not wakes:
            waiting = [f"{task.process.name}/{task.name}" for task in self._tasks()]
            raise Stuck(f"nobody can go on: {waiting}")
        self.elapsed = min(wakes)

    # --- processes

    def kill(self, process: Process) -> None:
        """Let a process die as by SIGKILL; its tasks end when their turn would come."""
        self.kills += 1
        self._note(f"{process.name} is killed")
        process.alive = False

    def bury(self, process: Process) -> None:
        """Unwind the tasks of a dead process and give back what it held."""
        process.alive = False
        current = getcurrent()
        for task in process.tasks:
            if not task.body.dead and task.body is not current:
                task.body.throw(Killed if task.body else GreenletExit)
            self._task_of.pop(task.body, None)
        process.close()
        self.processes.remove(process)

    # --- disk

    def require_room(self) -> None:
        """Fail as a write to a full disk does."""
        if self.faults.full:
            raise OSError(errno.ENOSPC, "No space left on device")

    def changes(self, path: Path) -> None:
        """Remember how a file was before a change that is not synced yet."""
        if path.name in FORGETFUL:
            self._unsynced.append((path, path.read_bytes() if path.exists() else None))

    def synced(self, path: Path) -> None:
        """Note that a folder was synced: what was renamed in it stays renamed."""
        if path == Path(self.folder):
            self._unsynced.clear()

    def power_fails(self, torn: tuple[Path, int, int] | None = None) -> None:
        """Let everything die at this instant.

        Args:
            torn: a file, and between which lengths it may end, as the last write did not finish.
        """
        self.failures += 1
        self._note("power fails")
        files = {p.name: p.read_bytes() for p in Path(self.folder).iterdir() if p.is_file()}
        for path, before in reversed(self._unsynced[self.rng.randint(0, len(self._unsynced)) :]):
            if before is None:
                files.pop(path.name, None)
            else:
                files[path.name] = before
        if torn is not None:
            path, least, most = torn
            files[path.name] = files[path.name][: self.rng.randint(least, most)]
        self._power_failed = {
            name: data for name, data in files.items() if not name.endswith("-shm")
        }
        for process in self.processes:
            process.alive = process.immortal

    def _lose_power(self) -> None:
        """Bury everybody, and leave on disk what was there at the instant."""
        files, self._power_failed = self._power_failed or {}, None
        for process in [one for one in self.processes if not one.immortal]:
            self.bury(process)
        self.on_power_failure()
        for path in Path(self.folder).iterdir():
            if path.is_file():
                path.unlink()
        for name, data in files.items():
            (Path(self.folder) / name).write_bytes(data)
        self._unsynced.clear()

    def close(self) -> None:
        """End all processes."""
        for process in list(self.processes):
            self.bury(process)


class SimPath(PosixPath):
    """A path whose changes are points of contact with the disk."""

    world: World

    def touch(self, mode: int = 0o666, exist_ok: bool = True) -> None:
        """Create it."""
        self._begin(f"touch {self.name}")
        super().touch(mode, exist_ok)

    def write_text(self, *said: Any, **more: Any) -> int:
        """Write it whole."""
        self._begin(f"write {self.name}")
        return super().write_text(*said, **more)

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove it."""
        self._begin(f"unlink {self.name}", needs_room=False)
        super().unlink(missing_ok)

    def replace(self, target: Any) -> Any:
        """Rename it."""
        self.world.pause(f"rename to {Path(target).name}")
        self.world.changes(Path(target))
        return super().replace(target)

    def _begin(self, what: str, *, needs_room: bool = True) -> None:
        self.world.pause(what)
        if needs_room:
            self.world.require_room()
        self.world.changes(Path(self))


class SimLock:
    """A lock between processes, or threads; the dead hold none.

    Args:
        held: who holds it, by name, shared by all locks of a world.
        timeout: seconds of the simulated clock; None for ever.
    """

    def __init__(
        self, world: World, held: dict[str, Any], name: str, timeout: float | None = None
    ) -> None:
        self._world, self._held, self._name, self._timeout = world, held, name, timeout
        self._depth = 0

    def _free(self) -> bool:
        holder = self._held.get(self._name)
        return holder is None or not holder[1].process.alive

    def acquire(self) -> None:
        """Wait until it is free, and take it."""
        task = self._world.task
        if task is None:
            return
        if self._depth and self._held.get(self._name) == (self, task):
            self._depth += 1
            return
        until = None if self._timeout is None else self._world.elapsed + timedelta(0, self._timeout)
        self._world.pause(f"lock {self._name}", ready=self._free, deadline=until)
        if not self._free():
            raise self.too_late()
        self._held[self._name], self._depth = (self, task), 1

    def release(self) -> None:
        """Give it back, if the task that runs now holds it."""
        if self._held.get(self._name) != (self, self._world.task):
            return
        self._depth -= 1
        if not self._depth:
            del self._held[self._name]

    def too_late(self) -> Exception:
        """Return what waiting for too long raises."""
        return TimeoutError(self._name)

    def still_held(self) -> bool:
        """Whether nobody else can have it."""
        return self._depth > 0

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return not self._free()

    def __enter__(self) -> "SimLock":
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@contextmanager
def patched(changes: list[tuple[Any, str, Any]]) -> Iterator[None]:
    """Set attributes of modules, and put back what was there."""
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    for owner, name, value in changes:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in before:
            setattr(owner, name, value)

"""A loop goes on whatever its rounds raise, is counted, and is seen when it is late."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from reid.core import supervisor as module
from reid.core.errors import StoreError
from reid.core.supervisor import LoopStatus, Supervisor


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    made = Supervisor()
    yield made
    made.end(5)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come true within 10 s"
        time.sleep(0.01)


RAISED = [
    StoreError("away"), OSError(24, "Too many open files"), ValueError(), MemoryError(),
    RuntimeError("can't start new thread"), SystemExit(1), KeyboardInterrupt(), GeneratorExit(),
    AssertionError(), RecursionError(),
]  # fmt: skip


@pytest.mark.parametrize("error", RAISED, ids=lambda e: type(e).__name__)
def test_whatever_a_round_raises_the_loop_goes_on_and_says_so(
    supervisor: Supervisor, error: BaseException
) -> None:
    broken = [True]

    def body() -> None:
        if broken[0]:
            raise error

    loop = supervisor.add("job", body, every=0.01)
    supervisor.start()
    until(lambda: loop.status().failures >= 3)
    assert supervisor.problems() == [f"job fails ({type(error).__name__})"]
    broken[0] = False
    until(lambda: loop.status().rounds >= 2)
    assert supervisor.problems() == []
    assert loop.alive


def test_pauses_grow_with_failures(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.1)
    loop = supervisor.add("job", lambda: 1 / 0, every=0.0)
    supervisor.start()
    time.sleep(0.8)
    assert 2 <= loop.status().failures <= 4, "0, .1, .3 and .7 s"


def test_a_loop_that_hangs_is_late_and_stops_no_other(supervisor: Supervisor) -> None:
    hung, rounds = threading.Event(), []
    supervisor.add("hung", hung.wait, every=0.01, within=0.1)
    supervisor.add("good", lambda: rounds.append(1), every=0.01, within=5)
    supervisor.start()
    until(lambda: any("hung has not come round" in one for one in supervisor.problems()))
    assert len(supervisor.problems()) == 1
    assert rounds
    hung.set()
    until(lambda: supervisor.problems() == [])


def test_a_long_round_that_gets_on_is_not_late(supervisor: Supervisor) -> None:
    done = threading.Event()

    def long() -> None:
        while not done.wait(0.02):
            loop.beat()

    loop = supervisor.add("camera", long, every=0.0, within=0.3)
    supervisor.start()
    time.sleep(0.7)
    assert supervisor.problems() == []
    done.set()


def die() -> float:
    raise SystemExit  # which a thread ends with in silence


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_thread_is_late_at_once_and_started_again(supervisor: Supervisor) -> None:
    loop = supervisor.add("job", lambda: None, every=0.01)
    loop._round = die  # type: ignore[method-assign]
    supervisor.start()
    until(lambda: not loop.alive)
    assert "job has not come round" in supervisor.problems()[0]
    del loop._round  # type: ignore[method-assign]
    supervisor.start()
    until(lambda: loop.status().rounds >= 1)
    assert (loop.status().restarts, supervisor.problems()) == (1, [])


def test_stopping_ends_every_loop_and_none_is_late(supervisor: Supervisor) -> None:
    loops = [supervisor.add(name, lambda: None, every=30.0, within=0.0) for name in "ab"]
    supervisor.start()
    supervisor.end(5)
    assert not any(loop.alive for loop in loops)
    assert supervisor.problems() == []


def test_what_is_written_is_read_again() -> None:
    given = LoopStatus("job", 3, 1, 0, 2.5, True, "OSError")
    assert LoopStatus.of_json({**given.to_json(), "mood": "fine"}) == given

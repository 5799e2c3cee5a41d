"""Every loop of a process: whatever one meets, it goes on, and health says so."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from reid.core import supervisor as module
from reid.core.supervisor import Supervisor
from reid.desk.desk import Desk
from reid.watch import schedule
from reid.watch.schedule import Scheduler
from reid.watch.status import WEB, Health, Status, read_loops, read_status
from reid.web import server
from reid.web.app import create_app
from tests.venues import filled

WATCH = """
[watch]
webhook = "http://127.0.0.1:9/alerts"
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in ("EVERY", "STATUS_EVERY", "EXPIRE_EVERY", "UPKEEP_EVERY", "_TEND_EVERY"):
        monkeypatch.setattr(schedule, name, 0.05)
    for name in ("STATUS_EVERY", "EXPIRE_EVERY"):
        monkeypatch.setattr(server, name, 0.05)
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.02)
    folder = filled(tmp_path / "venue", 5).folder
    with (folder / "venue.toml").open("a") as rules:
        rules.write(WATCH)
    opened = Desk.open(folder)
    yield opened
    opened.records.database.close()


def of_watch(desk: Desk) -> Supervisor:
    supervisor = Supervisor()
    Scheduler(desk, lambda: Status(datetime.now(UTC), [Health("gate")]), supervisor)
    return supervisor


def of_web(desk: Desk) -> Supervisor:
    supervisor = server.supervised(desk, threading.Event())
    supervisor._loops["alerts"]._every = 0.05
    return supervisor


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, f"within 10 s it did not happen: {what}"
        time.sleep(0.02)


@pytest.mark.parametrize("made", [of_watch, of_web], ids=["watch", "serve"])
@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), SystemExit(1)])
def test_every_loop_goes_on_whatever_it_meets(
    desk: Desk, made: Callable[[Desk], Supervisor], error: BaseException
) -> None:
    supervisor, broken = made(desk), [True]
    assert {"alerts", "retention", "status", "deliver webhook"} <= supervisor._loops.keys()
    for loop in supervisor._loops.values():
        body = loop._body

        def sometimes(body: Callable[[], object] = body) -> None:
            if broken[0]:
                raise error
            body()

        loop._body, loop.first_pause, loop._first = sometimes, 0.02, 0.0
    supervisor.start()
    every = set(supervisor._loops)
    until(lambda: all(s.failures >= 2 for s in supervisor.status()), "every loop fails twice")
    assert {problem.split(" fails")[0] for problem in supervisor.problems()} == every
    with TestClient(create_app(desk, supervisor=supervisor)) as browser:
        health = browser.get("/healthz")
        assert (health.status_code, health.json()["status"]) == (503, "failing")
        assert len(health.json()["problems"]) == len(every)
        broken[0] = False
        until(lambda: all(s.rounds >= 1 for s in supervisor.status()), "every loop recovers")
        assert browser.get("/healthz").json()["status"] == "ok"
    supervisor.end(5)


def test_the_venue_says_how_the_loops_are(desk: Desk) -> None:
    for made, said in (
        (of_watch, lambda: read_status(desk.folder)),
        (of_web, lambda: read_loops(desk.folder, WEB)),
    ):
        supervisor = made(desk)
        supervisor.start()
        until(lambda said=said: said() is not None and said().loops, "it is said")
        supervisor.end(5)
        assert {"alerts", "retention"} <= {loop.name for loop in said().loops}

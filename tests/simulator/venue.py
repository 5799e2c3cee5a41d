"""A simulated venue: staff at two desks, watchers, an indexer, and everything that goes wrong."""

import atexit
import http.client
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from reid.core.errors import ReidError
from reid.core.records import SearchWindow, SightingKey, Sightings
from reid.desk.cases import Case, NewCase, open_records
from reid.desk.cases.database import FILE_NAME, Database
from reid.desk.desk import Desk
from reid.desk.erasure import TOGETHER
from reid.desk.parsed_description import ParsedDescription
from reid.desk.policy import Policy, load_policy
from reid.search.snapshot import Snapshot
from reid.store import Filter
from reid.watch.alerting import Alerting
from reid.watch.notify import Notifier
from tests.simulator.machine import Machine
from tests.simulator.store import Disk, MemoryStore
from tests.simulator.truth import FOREVER, Broken, OpenCase, Register, Stored, Truth, require
from tests.simulator.world import Process, World
from tests.venues import CAMERAS, DIM, MODEL, sightings, write_rules

RETENTION_HOURS: Final = 0.25
CASE_HOURS: Final = 0.3
RULES: Final = """
[watch]
webhook = "http://receiver.example/"
"""
TEXT: Final = "red top, blue trousers"
STAFF: Final = ("anna", "ben", "cleo")
QUIET: Final = timedelta(minutes=8)
"""How long a run goes on once nothing fails any more, before all must be delivered."""

BETWEEN_JUMPS: Final = (400.0, 4000.0)  # seconds: retention goes round meanwhile
JUMPED_FOR: Final = 300.0  # seconds

ALERTS_EVERY, EXPIRE_EVERY, DELIVER_EVERY = 60.0, 120.0, 60.0  # seconds


@dataclass(frozen=True)
class Report:
    """What a run did."""

    seed: str
    steps: int
    operations: int
    refused: int
    kills: int
    power_failures: int
    sightings: int
    cases: int
    alerts: int
    lines: int
    simulated: timedelta
    digest: str


class Receiver:
    """The webhook's other end: away, slow, answering rubbish, or well."""

    name = "webhook"

    def __init__(self, world: World, truth: Truth) -> None:
        self._world, self._truth = world, truth
        self.mode = "well"

    def send(self, message: dict[str, Any]) -> None:
        """Take one message, or lose it, or lose the answer."""
        self._world.pause("sends a message")
        if self.mode == "away":
            raise ConnectionRefusedError("away")
        self._truth.received[int(message["case"][2:]), message["start"]] += 1
        self._world.pause("message was taken")
        if self.mode == "no answer":
            raise TimeoutError("no answer")
        if self.mode == "rubbish":
            raise http.client.BadStatusLine("rubbish")


class CountingAlerting(Alerting):
    """Notes which sightings were compared with which case."""

    def __init__(self, desk: Desk, compared: set[tuple[int, str]]) -> None:
        super().__init__(desk)
        self._compared = compared

    def _compare(self, case: Case, snapshot: Snapshot, rows: np.ndarray, now: Any) -> list[Any]:
        raised = super()._compare(case, snapshot, rows, now)
        self._compared |= {(case.id, str(snapshot.ids[row])) for row in rows}
        return raised


@lru_cache(maxsize=1)
def template() -> Sightings:
    """Return sightings to copy: the first in red over blue."""
    return sightings(10)


@lru_cache(maxsize=1)
def understood() -> ParsedDescription:
    """Return what the staff search for."""
    return ParsedDescription.of_sentence(TEXT)


@lru_cache(maxsize=1)
def fresh_venue() -> tuple[Policy, bytes]:
    """Return a venue's rules and its database before anything is in it."""
    with tempfile.TemporaryDirectory() as folder:
        rules = RULES.replace("[watch]", "[watch]")
        path = write_rules(Path(folder) / "venue", rules)
        text = (path / "venue.toml").read_text()
        hours = f"retention_hours = {RETENTION_HOURS}\ncase_hours = {CASE_HOURS}\n"
        (path / "venue.toml").write_text(text.replace("[signs]", f"{hours}\n[signs]"))
        Database(path).close()
        return load_policy(path), (path / FILE_NAME).read_bytes()


@lru_cache(maxsize=1)
def small_disk() -> Path:
    """Return this process's folder in memory, where there is such a place."""
    shared = Path("/dev/shm")
    where = shared if shared.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="reid-simulator-", dir=where))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def emptied_disk(database: bytes) -> Path:
    """Return the same folder with nothing in it but a database."""
    folder = small_disk()
    for path in folder.iterdir():
        path.unlink()
    (folder / FILE_NAME).write_bytes(database)
    return folder


class Venue:
    """One run: build it, `run` it, look at the report.

    Args:
        seed: decides everything.
        store: makes a process's store; None for the one in memory.
    """

    def __init__(self, seed: str, store: Callable[["Venue"], Any] | None = None) -> None:
        self.policy, database = fresh_venue()
        self.world = World(seed, emptied_disk(database))
        self.rng = self.world.rng
        self.machine, self.truth = Machine(self.world), Truth()
        self.disk = Disk(MODEL, DIM)
        self._make_store = store or _in_memory
        self.receiver = Receiver(self.world, self.truth)
        self.compared: set[tuple[int, str]] = set()
        self.operations = self.refused = self._numbered = self.jumps = 0
        self.quiet = False
        self.outside = Process("outside", immortal=True)

    def run(self, steps: int) -> Report:
        """Run so many steps, then until all must be well, and check everything.

        Raises:
            Broken: an invariant does not hold.
        """
        world = self.world
        logging.getLogger("reid").setLevel(logging.CRITICAL)
        try:
            with self.machine.bound():
                world.processes.append(self.outside)
                world.spawn(self.outside, "init", self._keep_running)
                world.spawn(self.outside, "weather", self._change_weather)
                world.spawn(self.outside, "clock", self._misset_clock)
                while world.steps < steps:
                    world.step()
                self._heal()
                until = world.elapsed + QUIET
                while world.elapsed < until:
                    world.step()
                return self._final_check()
        except Exception as error:
            shown = "\n".join(world.trace)
            raise Broken(f"seed {world.seed}, step {world.steps}: {error!r}\n{shown}") from error
        finally:
            logging.getLogger("reid").setLevel(logging.NOTSET)
            world.close()

    # --- outside

    def _keep_running(self) -> None:
        """Start what is not running, as a service manager does."""
        services = {
            "web": lambda process: self._web(process, STAFF[:2]),
            "other desk": lambda process: self._web(process, STAFF[2:]),
            "watch": self._watch,
            "indexer": self._index,
        }
        while True:
            alive = {process.name for process in self.world.processes}
            for name, boot in services.items():
                if name not in alive:
                    process = Process(name)
                    self.world.processes.append(process)
                    self.world.spawn(process, "main", lambda p=process, b=boot: self._boot(p, b))
            self.world.sleep(self.rng.uniform(5, 60))

    def _boot(self, process: Process, body: Callable[[Process], None]) -> None:
        """Run a service; one that cannot start ends, and is started again."""
        try:
            body(process)
        except ReidError:
            self.world.kill(process)

    def _change_weather(self) -> None:
        faults = self.world.faults
        while not self.quiet:
            faults.kill = self.rng.choice([0, 0, 0.0003, 0.003, 0.02])
            faults.tear = self.rng.choice([0, 0, 0.002, 0.02])
            faults.full = self.rng.random() < 0.12
            self.receiver.mode = self.rng.choice(["well", "well", "away", "no answer", "rubbish"])
            if self.rng.random() < 0.1:
                self.world.set_clock_back(timedelta(seconds=self.rng.uniform(0, 20)))
            self.world.sleep(self.rng.choice([20, 60, 120, 300]))

    def _misset_clock(self) -> None:
        """Now and then let the clock be days or years ahead, for less time than confirms it."""
        while not self.quiet:
            self.world.sleep(self.rng.uniform(*BETWEEN_JUMPS))
            if self.quiet or self.rng.random() < 0.5:
                continue
            self.jumps += 1
            self.world.jump(timedelta(days=self.rng.uniform(8, 4000)))
            self.world.sleep(self.rng.uniform(20, JUMPED_FOR))
            self.world.jump(timedelta(0))

    def _heal(self) -> None:
        self.quiet = True
        self.world.jump(timedelta(0))
        faults = self.world.faults
        faults.kill = faults.tear = 0.0
        faults.full = False
        self.receiver.mode = "well"

    # --- services

    def _open(self, process: Process) -> Desk:
        records = open_records(self.world.folder)
        desk = Desk(self.world.folder, self.policy, records)
        desk._store = self._make_store(self)
        return desk

    def _web(self, process: Process, staff: tuple[str, ...]) -> None:
        desk = self._open(process)
        desk.note_start("serve", {"tls": False})
        self._jobs(process, desk)
        for name in staff:
            self.world.spawn(process, name, Staff(self, desk, name).work)

    def _watch(self, process: Process) -> None:
        desk = self._open(process)
        desk.note_start("watch", {"cameras": 1})
        self._jobs(process, desk)

    def _jobs(self, process: Process, desk: Desk) -> None:
        """What `reid serve` and `reid watch` both do beside their own."""
        alerting = CountingAlerting(desk, self.compared)
        notifier = Notifier(desk, [self.receiver])
        jobs: list[tuple[str, Callable[[], object], float]] = [
            ("alerts", lambda: self._look(alerting, notifier), ALERTS_EVERY),
            ("retention", lambda: self._expire(desk), EXPIRE_EVERY),
            ("deliver", lambda: notifier.deliver("webhook"), DELIVER_EVERY),
        ]
        for name, body, every in jobs:
            self.world.spawn(process, name, lambda b=body, e=every: self._again(b, e))

    def _again(self, body: Callable[[], object], every: float) -> None:
        while True:
            self.world.sleep(self.rng.uniform(0.5, 1.5) * every)
            self.attempt(body)

    def attempt(self, body: Callable[[], object]) -> bool:
        """Do something; returns whether it was done. Whatever is refused is refused in a line."""
        self.operations += 1
        try:
            body()
        except ReidError:
            self.refused += 1
            return False
        return True

    def _look(self, alerting: Alerting, notifier: Notifier) -> None:
        for alert in alerting.look():
            self.truth.alerted[alert.case_id, alert.sighting] = alert.start
            notifier.notify(alert)

    def _index(self, process: Process) -> None:
        store = self._make_store(self)
        while True:
            self.world.sleep(self.rng.choice([0.1, 1, 10, 60, 120]))
            if not self.quiet:
                self.attempt(lambda: self._add(store))

    def _add(self, store: Any) -> None:
        """Store new sightings, or see some that are known for longer."""
        known = sorted(self.truth.sightings)[-6:]
        if known and self.rng.random() < 0.2:
            name = self.rng.choice(known)
            store.update(self._seen(name, self.truth.sightings[name]))
            return
        batch = []
        for _ in range(self.rng.randint(1, 3)):
            self._numbered += 1
            name = f"s{self._numbered:023d}"
            end = self.world.now - timedelta(seconds=self.rng.choice([3, 20, 90]))
            start = end.replace(microsecond=self._numbered % 1000) - timedelta(seconds=2)
            camera = self.rng.choice(CAMERAS)
            one = self.truth.sightings[name] = Stored(end, start, camera)
            batch.append(self._seen(name, one))
        store.add(Sightings.concatenate(batch))
        for one in batch:
            self.truth.sightings[one.keys[0].id].added = self.world.steps

    def _seen(self, name: str, one: Stored) -> Sightings:
        row = 0 if self.rng.random() < 0.3 else self.rng.randrange(1, 10)
        copied = template().take([row])
        key = SightingKey(
            name, f"{one.camera}.mp4", f"k{one.camera}", one.camera, one.start, one.end, 1
        )
        return replace(copied, keys=(key,))

    # --- retention

    def _expire(self, desk: Desk) -> None:
        truth, begun, now = self.truth, self.world.steps, self.world.right_time
        jumps, before = self.jumps, now - timedelta(hours=RETENTION_HOURS)
        due = {i for i, case in truth.cases.items() if case.expires <= now}
        kept = truth.kept_for_sure(begun)
        self._may_go(truth.over(before))
        for case_id, case in truth.cases.items():
            if case.may_expire <= now:
                self.case_may_close(case_id)
        desk.expire()
        if jumps == self.jumps and not self.world.has_jumped:
            together = min(TOGETHER, timedelta(hours=RETENTION_HOURS) / 50)
            over = truth.over(before - together) - truth.maybe_kept()
            truth.erasure_done(over, begun, self._step)
            for case_id in due:
                self._case_erased(case_id)
        self._check_erased(begun)
        for name in kept & truth.kept_for_sure(self._step):
            one = truth.sightings[name]
            if one.going == FOREVER:
                require(self.is_stored(name), f"{name} is confirmed and was erased as too old")

    @property
    def _step(self) -> int:
        return self.world.steps

    def _may_go(self, names: set[str]) -> None:
        """Note what may go from now on; what an open case keeps for sure may not."""
        step = self.world.steps
        self.truth.erasure_begins(names - self.truth.kept_for_sure(step), step)

    def case_may_close(self, case_id: int) -> None:
        """Note that a case is being closed or erased."""
        case = self.truth.cases[case_id]
        case.closing = min(case.closing, self._step)
        mine = {
            name
            for (number, name), register in self.truth.decisions.items()
            if number == case_id and "confirmed" in register.allowed()
        }
        self.truth.erasure_begins(mine, self._step)

    def _case_erased(self, case_id: int) -> None:
        self.truth.cases[case_id].erased = min(self.truth.cases[case_id].erased, self._step)

    # --- what is served, and what must be gone

    def is_stored(self, name: str) -> bool:
        """Look at the disk itself."""
        return name in self.disk.rows

    def served(self, names: Iterator[str] | list[str], begun: int) -> None:
        """Check that nothing is served whose erasure was answered before it was asked for."""
        wrong = sorted(set(names) & self.truth.gone(begun))
        require(not wrong, f"{wrong} were served after their erasure")

    def _check_erased(self, begun: int) -> None:
        """Check that nothing of what went is on disk, in the store or in the case book."""
        gone = self.truth.gone(self._step)
        require(not gone & set(self.disk.rows), f"{sorted(gone & set(self.disk.rows))} came back")
        require(not gone & self.disk.bytes_of, "old versions hold what was erased")

    def _final_check(self) -> Report:
        for process in [p for p in self.world.processes if not p.immortal]:
            self.world.bury(process)
        records = open_records(self.world.folder)
        try:
            check = FinalCheck(self, Desk(self.world.folder, self.policy, records))
            check.everything()
        finally:
            records.database.close()
        return check.report()


class Staff:
    """Somebody at a desk, who does one thing after the other."""

    def __init__(self, venue: Venue, desk: Desk, name: str) -> None:
        self._venue, self._desk, self._name = venue, desk, name
        self._world, self._truth, self._rng = venue.world, venue.truth, venue.rng
        self._book = desk.records.book

    def work(self) -> None:
        """Work until the run ends."""
        acts: dict[Callable[[], None], int] = {
            self._open: 6, self._search: 6, self._decide: 20, self._watch: 5, self._close: 2,
            self._erase_case: 3, self._erase: 3, self._pictures: 8, self._similar: 3,
            self._take_step: 3, self._extend: 2, self._schedule_erasure: 3, self._take_back: 1,
            self._reopen: 1,
        }  # fmt: skip
        while not self._venue.quiet:
            self._world.sleep(self._rng.choice([0, 0, 0.2, 2, 20, 60]))
            act = self._rng.choices(list(acts), list(acts.values()))[0]
            self._venue.attempt(act)

    @property
    def _step(self) -> int:
        return self._world.steps

    def _some_case(self) -> int | None:
        """Return a case that is open as far as staff know."""
        known = [i for i, case in self._truth.cases.items() if case.closing == FOREVER]
        return self._rng.choice(known) if known else None

    def _some_sighting(self) -> str | None:
        known = sorted(n for n, one in self._truth.sightings.items() if one.gone == FOREVER)[-40:]
        return self._rng.choice(known) if known else None

    def _audited(self, action: str, case_id: int | None) -> None:
        self._truth.audited[self._name, action, case_id] += 1

    def _open(self) -> None:
        secret = f"zq{self._rng.randrange(10**12):012d}"
        new = NewCase(
            "missing-child", f"{TEXT} {secret}", understood().to_text(), child_name=secret
        )
        case = self._book.open(new, self._name, CASE_HOURS)
        self._truth.cases[case.id] = OpenCase(secret, self._step, case.expires, case.expires)
        self._audited("case.open", case.id)

    def _watch(self) -> None:
        case_id = self._some_case()
        if case_id is None:
            return
        on = self._rng.random() < 0.8
        write = self._truth.cases[case_id].watched.begin(on, self._step)
        self._book.watch(case_id, on, self._name)
        write.done = self._step
        self._audited("watch.on" if on else "watch.off", case_id)

    def _search(self) -> None:
        case_id, begun = self._some_case(), self._step
        if case_id is None:
            return
        top = self._rng.choice([3, 24])
        result = self._desk.search(case_id, understood(), SearchWindow(), self._name, top)
        self._venue.served([match.key.id for match in result.answer.matches], begun)
        self._truth.cases[case_id].searches[result.number] = understood().to_text()
        self._audited("search", case_id)

    def _similar(self) -> None:
        case_id, name, begun = self._some_case(), self._some_sighting(), self._step
        if case_id is None or name is None:
            return
        ask = self._rng.choice([self._desk.similar, self._desk.journey])
        found = ask(case_id, name, SearchWindow(), self._name)
        self._venue.served([match.key.id for match in found], begun)

    def _pictures(self) -> None:
        name, begun = self._some_sighting(), self._step
        if name is not None and self._desk.pictures.get(name) is not None:
            self._venue.served([name], begun)
        gone = sorted(self._truth.gone(begun))
        for name in self._rng.sample(gone, k=min(3, len(gone))):
            require(self._desk.pictures.get(name) is None, f"a picture of {name} is served")

    def _decide(self) -> None:
        case_id, name = self._some_case(), self._some_sighting()
        if case_id is None or name is None:
            return
        verdict = self._rng.choice(["confirmed", "confirmed", "rejected", "undo"])
        register = self._truth.decisions.setdefault((case_id, name), Register())
        write = register.begin(None if verdict == "undo" else verdict, self._step)
        self._desk.decide(case_id, name, verdict, self._name)
        write.done = self._step
        self._audited(f"decide.{verdict}", case_id)

    def _take_step(self) -> None:
        case_id = self._some_case()
        if case_id is not None:
            self._book.take_step(case_id, self._rng.choice(["radio", "exits"]), self._name)

    def _extend(self) -> None:
        case_id = self._some_case()
        if case_id is None:
            return
        case = self._truth.cases[case_id]
        case.expires += timedelta(days=99)  # from now on it is not known
        case.may_expire = min(case.may_expire, self._world.now + timedelta(hours=0.1))
        self._book.extend(case_id, self._rng.uniform(0.1, CASE_HOURS), self._name)
        case.expires = case.may_expire = self._book.get(case_id).expires

    def _close(self) -> None:
        case_id = self._some_case()
        if case_id is None:
            return
        self._venue.case_may_close(case_id)
        self._book.close(case_id, "found-safe", self._name)
        self._truth.cases[case_id].closed = self._step
        self._audited("case.close", case_id)

    def _some_closed_case(self) -> int | None:
        """Return a case that was closed, as far as staff know."""
        known = [i for i, c in self._truth.cases.items() if c.closed < FOREVER == c.erased]
        return self._rng.choice(known) if known else None

    def _schedule_erasure(self) -> None:
        case_id = self._some_closed_case()
        if case_id is not None:
            self._desk.schedule_erasure(case_id, self._name)
            self._audited("erase.schedule", case_id)

    def _take_back(self) -> None:
        case_id = self._some_closed_case()
        if case_id is not None:
            self._desk.take_back_erasure(case_id, self._name)
            self._audited("erase.undo", case_id)

    def _reopen(self) -> None:
        case_id = self._some_closed_case()
        if case_id is not None:
            self._desk.records.book.reopen(case_id, self._name)
            self._audited("case.reopen", case_id)

    def _erase_case(self) -> None:
        case_id, begun = self._some_case(), self._step
        if case_id is None:
            return
        self._venue.case_may_close(case_id)
        secret = self._truth.cases[case_id].secret
        self._desk.erase_case(case_id, self._name)
        self._venue._case_erased(case_id)
        self._venue._check_erased(begun)
        self._leaves_no_bytes([secret])

    def _erase(self) -> None:
        begun, now = self._step, self._world.now
        before = now - timedelta(minutes=self._rng.choice([1, 5, 15]))
        camera = self._rng.choice(CAMERAS)
        names = {
            name
            for name, one in self._truth.sightings.items()
            if one.camera == camera and one.end < before
        }
        self._truth.erasure_begins(names, begun)
        which = Filter(cameras=[camera], ended_before=before)
        self._desk.erase(which, self._name, even_needed=self._rng.random() < 0.7)
        self._truth.erasure_done(names, begun, self._step)
        self._audited("erase.sightings", None)
        self._venue._check_erased(begun)
        self._leaves_no_bytes(sorted(names & self._truth.gone(self._step)))

    def _leaves_no_bytes(self, words: list[str]) -> None:
        """Check that the database's files hold none of some words."""
        for path in Path(self._world.folder).glob(f"{FILE_NAME}*"):
            data = path.read_bytes()
            left = [word for word in words if word.encode() in data]
            require(not left, f"{path.name} holds {left} after their erasure")


class FinalCheck:
    """What must hold once nothing fails any more and everybody has had time."""

    def __init__(self, venue: Venue, desk: Desk) -> None:
        self._venue, self._desk, self._truth = venue, desk, venue.truth
        self._records = desk.records
        self._step = venue.world.steps
        self.alerts = self.lines = 0

    def everything(self) -> None:
        """Check all of it."""
        self._nothing_is_lost()
        self._nothing_erased_is_left()
        self._retention_is_met()
        self._decisions_stand()
        self._searches_stand()
        self._alerts_were_delivered()
        self._all_were_compared()
        self._trail_holds()

    def _nothing_is_lost(self) -> None:
        lost = sorted(n for n in self._truth.present(self._step) if not self._venue.is_stored(n))
        require(not lost, f"{lost} were stored, and are gone though nobody erased them")

    def _nothing_erased_is_left(self) -> None:
        gone = self._truth.gone(self._step)
        self._venue._check_erased(self._step)
        named = sorted(gone & self._records.book.sightings())
        require(not named, f"the case book names {named} after their erasure")
        for case_id, case in self._truth.cases.items():
            if case.erased < FOREVER:
                found = self._records.book.get(case_id)
                require(found.state == "erased", f"{found.name} is {found.state}, not erased")

    def _retention_is_met(self) -> None:
        now = self._venue.world.now
        before = now - timedelta(hours=RETENTION_HOURS, seconds=2 * EXPIRE_EVERY) - TOGETHER
        kept = self._records.book.kept()
        old = sorted(
            name for name in self._truth.over(before) - kept if self._venue.is_stored(name)
        )
        require(not old, f"{old} are stored beyond their time")
        for case in self._records.book.all("open", "closed", "erasing"):
            late = now - case.expires > timedelta(seconds=4 * EXPIRE_EVERY)
            require(not late, f"{case.name} is {case.state} {now - case.expires} after its time")

    def _decisions_stand(self) -> None:
        for case_id, case in self._truth.cases.items():
            if case.closing < FOREVER:
                continue
            found = {d.sighting: d.verdict for d in self._records.book.decisions(case_id)}
            for (number, name), register in self._truth.decisions.items():
                if number == case_id and self._truth.sightings[name].going == FOREVER:
                    allowed = register.allowed()
                    require(
                        found.get(name) in allowed,
                        f"C-{case_id} says {found.get(name)} of {name}, not one of {allowed}",
                    )

    def _searches_stand(self) -> None:
        for case_id, case in self._truth.cases.items():
            for number, text in case.searches.items() if case.closing == FOREVER else ():
                saved = self._records.book.search(case_id, number)
                require(
                    saved is not None and saved.query == text,
                    f"search {number} of C-{case_id} is lost",
                )

    def _alerts_were_delivered(self) -> None:
        promised = dict(self._truth.alerted)
        for case in self._records.book.all("open"):
            for alert in self._records.alerts.of(case.id):
                promised[case.id, alert.sighting] = alert.start
        self.alerts = len(promised)
        for (case_id, sighting), start in promised.items():
            case, one = self._truth.cases.get(case_id), self._truth.sightings[sighting]
            over = case is None or case.closing < FOREVER or one.going < FOREVER
            received = self._truth.received[case_id, start.isoformat(timespec="seconds")]
            require(
                over or received > 0,
                f"the alert of C-{case_id} for {sighting} was never delivered",
            )

    def _all_were_compared(self) -> None:
        """Whoever came while a case was watched was compared with it, over restarts too."""
        for case_id, case in self._truth.cases.items():
            on = case.watched.writes
            if case.closing < FOREVER or not on or not all(write.value for write in on):
                continue
            since = min(write.done for write in on)
            missed = sorted(
                name
                for name, one in self._truth.sightings.items()
                if since < one.added < FOREVER
                and one.going == FOREVER
                and (case_id, name) not in self._venue.compared
            )
            require(not missed, f"{missed} came while C-{case_id} was watched; nobody looked")

    def _trail_holds(self) -> None:
        verified = self._records.trail.verify()
        require(verified.problem is None, f"the audit trail: {verified.problem}")
        self.lines = verified.lines
        found: dict[tuple[str, str, int | None], int] = {}
        for line in self._records.trail.lines():
            key = (line.actor, line.action, line.case_id)
            found[key] = found.get(key, 0) + 1
        for key, count in self._truth.audited.items():
            require(found.get(key, 0) >= count, f"{count} times {key}, {found.get(key, 0)} lines")

    def report(self) -> Report:
        """Return what the run did."""
        venue = self._venue
        return Report(
            venue.world.seed, venue.world.steps, venue.operations, venue.refused,
            venue.world.kills, venue.world.failures, len(self._truth.sightings),
            len(self._truth.cases), self.alerts, self.lines,
            venue.world.elapsed, venue.world.digest,
        )  # fmt: skip


def _in_memory(venue: Venue) -> MemoryStore:
    return MemoryStore(venue.world, venue.machine._locks, venue.disk)

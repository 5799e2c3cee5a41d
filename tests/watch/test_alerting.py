"""The budget of false alarms, worked out on paper; alerts leave the desk without content."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.core.errors import CaseError
from reid.core.records import Sightings
from reid.desk.cases import Alert, NewCase
from reid.desk.desk import Desk
from reid.desk.parsed_description import ParsedDescription
from reid.store import Filter
from reid.watch.alerting import LEAST_NATS, Alerting, calibrate
from reid.watch.notify import Notifier, Webhook, message
from tests.servers import free_port
from tests.venues import filled, sightings

TEXT = "red top, blue trousers, his name is Zebedee"


def test_two_hours_and_a_budget_of_one_allow_two_alerts() -> None:
    scores = np.array([9, 8, 7, 6, 5], np.float32)
    threshold = calibrate(scores, hours=2, budget=1)
    assert 7 < threshold.score < 7.001
    assert threshold.per_hour == 1


def test_equal_scores_are_all_kept_out() -> None:
    threshold = calibrate(np.array([9, 7, 7, 7], np.float32), hours=2, budget=1)
    assert threshold.score > 7
    assert threshold.per_hour == 0.5


def test_a_short_past_lets_nothing_through_that_it_has_seen() -> None:
    assert calibrate(np.array([3], np.float32), hours=0.01, budget=1).score > 3


def test_a_poor_fit_never_raises_an_alert() -> None:
    assert calibrate(np.empty(0, np.float32), hours=24, budget=60).score == LEAST_NATS


@given(
    st.lists(st.floats(-20, 20, width=32), max_size=200),
    st.floats(0.25, 100),
    st.floats(0.01, 60),
)
def test_the_budget_is_kept_on_the_past(scores: list[float], hours: float, budget: float) -> None:
    threshold = calibrate(np.array(scores, np.float32), hours, budget)
    assert threshold.per_hour <= budget + 1e-9


def watched(folder: Path, confirmed: bool = True, now: datetime | None = None) -> tuple[Desk, int]:
    filled(folder, now=now)
    desk = Desk.open(folder)
    asked = ParsedDescription.of_sentence(TEXT)
    case = desk.records.book.open(NewCase("missing-child", TEXT, asked.to_text()), "anna", 24)
    desk.records.book.watch(case.id, True, "anna")
    if confirmed:
        desk.decide(case.id, "s" + "0" * 23, "confirmed", "anna")
    return desk, case.id


def test_only_new_fitting_sightings_raise_alerts(tmp_path: Path) -> None:
    desk, case = watched(tmp_path)
    alerting = Alerting(desk)
    assert alerting.look() == []
    desk.store.add(sightings(5, offset=300))  # stored late: older than others already seen
    desk.snapshots.refresh()
    (alert,) = alerting.look()
    assert alert.sighting == "s" + f"{300:023d}"
    assert not alert.continues, "its clothes are another's"
    assert alert.probability > 0.2, "the confirmed sighting is no rival of the new one"
    assert alerting.look() == []
    desk.records.book.watch(case, False, "anna")
    desk.store.add(sightings(5, offset=400))
    desk.snapshots.refresh()
    assert alerting.look() == []


def test_who_came_while_nobody_looked_is_looked_at_after_the_restart(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    desk, _ = watched(tmp_path, now=now - timedelta(minutes=21))
    Alerting(desk).look(now - timedelta(minutes=20))
    desk.store.add(sightings(5, now - timedelta(minutes=10), offset=300))
    desk.snapshots.refresh()
    again = Alerting(desk)
    assert [alert.sighting for alert in again.look(now)] == ["s" + f"{300:023d}"]
    assert again.look(now) == []
    assert Alerting(desk).look(now + timedelta(minutes=1)) == []


def test_a_look_noted_by_a_clock_that_was_years_ahead_hides_nobody(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    desk, case = watched(tmp_path, now=now - timedelta(minutes=21))
    rules = desk.policy.watch.model_copy(update={"false_alarms_per_hour": 60.0})
    desk.policy = desk.policy.model_copy(update={"watch": rules})
    Alerting(desk).look(now + timedelta(days=3000))
    desk.store.add(sightings(5, now - timedelta(minutes=10), offset=300))
    desk.snapshots.refresh()
    expected = "s" + f"{300:023d}"
    assert expected in {alert.sighting for alert in Alerting(desk).look(now)}
    assert expected in {alert.sighting for alert in desk.records.alerts.of(case)}


def test_a_case_that_was_not_watched_meanwhile_is_not_told_of_the_past(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    desk, case = watched(tmp_path, now=now - timedelta(minutes=21))
    alerting = Alerting(desk)
    alerting.look(now - timedelta(minutes=20))
    desk.records.book.watch(case, False, "anna")
    alerting.look(now - timedelta(minutes=19))
    desk.store.add(sightings(5, now - timedelta(minutes=10), offset=300))
    desk.snapshots.refresh()
    desk.records.book.watch(case, True, "anna")
    assert Alerting(desk).look(now) == []


def test_who_came_between_the_beginning_of_a_watch_and_the_first_look_is_looked_at(
    tmp_path: Path,
) -> None:
    now = datetime.now(UTC)
    desk, _ = watched(tmp_path, now=now - timedelta(minutes=5))
    desk.store.add(sightings(5, now + timedelta(minutes=10), offset=300))
    desk.snapshots.refresh()
    (alert,) = Alerting(desk).look(now + timedelta(minutes=20))
    assert alert.sighting == "s" + f"{300:023d}"


def test_a_look_that_fails_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, _ = watched(tmp_path)
    alerting = Alerting(desk)
    alerting.look()
    desk.store.add(sightings(5, offset=300))
    desk.snapshots.refresh()
    with monkeypatch.context() as patch:
        patch.setattr(desk.records.alerts, "raise_once", _full)
        with pytest.raises(CaseError):
            alerting.look()
    assert len(alerting.look()) == 1


def _full(*_: object) -> None:
    raise CaseError("desk.sqlite cannot be used (database or disk is full)")


def test_nobody_is_alerted_for_who_was_erased_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, _ = watched(tmp_path)
    alerting = Alerting(desk)
    alerting.look()
    desk.store.add(sightings(5, offset=300))
    snapshot = desk.snapshots.refresh()
    Desk.open(tmp_path).erase(Filter(ids=["s" + f"{300:023d}"]), "ben")
    monkeypatch.setattr(desk.snapshots, "get", lambda: snapshot)
    assert alerting.look() == []
    assert desk.records.book.sightings() == {"s" + "0" * 23}


def test_what_leaves_the_desk_has_no_free_text(tmp_path: Path) -> None:
    desk, case = watched(tmp_path)
    now = datetime.now(UTC)
    told = message(desk, Alert(1, case, "s1", "gate", now, now, 0.5, seen=False))
    assert told["camera_name"] == "Main gate"
    assert {"slot": "upper.colour", "value": "red"} in told["asked"]
    assert "Zebedee" not in json.dumps(told)
    assert "s1" not in told.values()


def test_a_child_who_passes_again_and_again_is_alerted_each_time(tmp_path: Path) -> None:
    desk, _ = watched(tmp_path, confirmed=False)
    child = sightings(1, offset=300)
    desk.store.erase(Filter(ids=["s" + "0" * 23]))  # who is dressed alike, and somebody else
    alerting = Alerting(desk)
    alerting.look()
    for number in range(10):
        again = sightings(1, offset=400 + number)
        desk.store.add(replace(again, vectors=child.vectors))
        desk.store.add(sightings_of_others(9, offset=500 + 10 * number))
        desk.snapshots.refresh()
        raised = alerting.look()
        assert len(raised) == 1, f"pass {number + 1} raised {len(raised)}"
        assert raised[0].continues == (number > 0), f"pass {number + 1}"


def sightings_of_others(n: int, offset: int) -> Sightings:
    """Make n sightings without the one in red over blue."""
    return sightings(n + 1, offset=offset).take(list(range(1, n + 1)))


class Receiver(BaseHTTPRequestHandler):
    taken: list[dict] = []  # noqa: RUF012
    answers: list[bytes] = []  # noqa: RUF012

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        told = json.loads(self.rfile.read(length))
        if Receiver.answers:
            self.wfile.write(Receiver.answers.pop())
            return
        Receiver.taken.append(told)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Receiver.taken, Receiver.answers = [], []
    yield f"http://127.0.0.1:{server.server_port}/a"
    server.shutdown()
    server.server_close()


RUBBISH = [
    b"HTTP/1.0 503 away\r\n\r\n", b"rubbish\r\n\r\n", b"", b"\x00\xff" * 40_000,
    b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.0 301 x\r\nlocation: gopher://[\r\n\r\n",
    b"HTTP/1.0 302 x\r\nlocation: http://[::1\r\n\r\n",
    b"HTTP/1.0 200 x\r\n" + b"a: b\r\n" * 500 + b"\r\n",
]  # fmt: skip


@pytest.mark.parametrize("answer", RUBBISH, ids=lambda a: ascii(a[:16]))
def test_whatever_the_receiver_answers_the_alert_is_sent_again(
    tmp_path: Path, receiver: str, answer: bytes
) -> None:
    desk, case = watched(tmp_path)
    notifier = Notifier(desk, [Webhook(receiver)], pause=0.01)
    Receiver.answers = [answer, answer]
    notifier.notify(an_alert(case))
    notifier.drain(5)
    assert (notifier.sent, notifier.failed) == (1, 2)
    assert Receiver.taken[0]["case"] == "C-1"


def test_alerts_wait_for_a_receiver_that_is_away(tmp_path: Path) -> None:
    desk, case = watched(tmp_path)
    port = free_port()
    notifier = Notifier(desk, [Webhook(f"http://127.0.0.1:{port}/a")], pause=0.01)
    for name in ("s1", "s2"):
        notifier.notify(replace(an_alert(case), sighting=name))
    notifier.drain(0.5)
    (waiting,) = notifier.waiting()
    assert (waiting.waiting, waiting.problem) == (2, "URLError")
    server = HTTPServer(("127.0.0.1", port), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Receiver.taken, Receiver.answers = [], []
    Notifier(desk, [Webhook(f"http://127.0.0.1:{port}/a")]).drain(10)  # of another process
    server.shutdown()
    server.server_close()
    assert len(Receiver.taken) == 2


def an_alert(case: int) -> Alert:
    now = datetime.now(UTC)
    return Alert(1, case, "s1", "gate", now, now - timedelta(seconds=1), 0.5, seen=False)


def test_a_webhook_is_an_address() -> None:
    with pytest.raises(Exception, match="http"):
        Webhook("file:///etc/passwd")

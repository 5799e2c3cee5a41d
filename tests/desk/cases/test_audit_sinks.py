"""Seals leave the venue: to a file elsewhere, a syslog, a webhook; what fails is sent again."""

import http.server
import json
import socket
import threading
from pathlib import Path

import pytest

from reid.core.errors import AuditError, PolicyError, UsageError
from reid.core.supervisor import Supervisor
from reid.desk.cases.audit_sinks import FileSink, Outside, Seal, SyslogSink, WebhookSink, seals_in
from reid.desk.desk import Desk
from reid.desk.policy import load_policy
from reid.venue import verify_audit
from reid.watch.schedule import supervise_seals
from tests.venues import write_rules

SEAL = Seal(57, "ab" * 32)


def sent(desk: Desk) -> list[Seal]:
    return desk.records.trail.outside.files[0].seals()


@pytest.fixture
def desk(tmp_path: Path):
    (tmp_path / "mount").mkdir()
    write_rules(tmp_path / "venue", f'\n[audit]\nfile = "{tmp_path / "mount" / "seals.log"}"\n')
    opened = Desk.open(tmp_path / "venue")
    yield opened
    opened.records.database.close()


def test_every_line_leaves_its_seal_in_the_file(desk: Desk, tmp_path: Path) -> None:
    for number in range(3):
        desk.note_start("serve", {"number": number})
    lines = desk.records.trail.lines()
    assert sent(desk) == [Seal(line.seq, line.hash) for line in lines]
    assert (tmp_path / "mount" / "seals.log").stat().st_mode & 0o077 == 0
    assert verify_audit(desk, None).lines == 3


def test_a_file_that_is_away_stops_nothing_and_is_caught_up(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "mount").rename(tmp_path / "away")
    desk.note_start("serve", {})
    with pytest.raises(OSError, match="No such file"):
        desk.records.trail.send()
    with pytest.raises(AuditError, match="cannot be read"):
        verify_audit(desk, None)
    supervisor = Supervisor()
    supervise_seals(desk, supervisor)
    assert [loop.name for loop in supervisor.status()] == ["audit seals"]
    (tmp_path / "away").rename(tmp_path / "mount")
    desk.records.trail.send()
    assert sent(desk)[-1].line == 1
    desk.records.trail.send()
    assert len(sent(desk)) == 1, "what was received is not sent again"


def test_an_emptied_file_is_told(desk: Desk, tmp_path: Path) -> None:
    desk.note_start("serve", {})
    (tmp_path / "mount" / "seals.log").write_text("")
    with pytest.raises(AuditError, match="holds no seal"):
        verify_audit(desk, None)


def test_seals_that_others_received_are_compared(desk: Desk, tmp_path: Path) -> None:
    desk.note_start("serve", {})
    (line,) = desk.records.trail.lines()
    log = tmp_path / "syslog"
    right = Seal(1, line.hash).written('A "Park"')
    log.write_text(f"Dec  1 10:00:00 host {right}\nanother line \udcff\n", errors="surrogateescape")
    assert verify_audit(desk, None, log).lines == 1
    log.write_text(f"{right}\n{Seal(9, line.hash).written('Park')}\n")
    with pytest.raises(AuditError, match="lines 2 to 9 are missing: what was received"):
        verify_audit(desk, None, log)
    log.write_text(Seal(1, "0" * 64).written("Park"))
    with pytest.raises(AuditError, match="line 1 was changed: what was received has another seal"):
        verify_audit(desk, None, log)
    for path, says in ((tmp_path / "none", "cannot be read"), (tmp_path / "venue", "cannot be")):
        with pytest.raises(UsageError, match=says):
            verify_audit(desk, None, path)
    log.write_text("nothing")
    with pytest.raises(UsageError, match="holds no seal"):
        verify_audit(desk, None, log)


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_syslog_receives_a_seal(kind: str) -> None:
    stream = kind == "tcp"
    with socket.socket(type=socket.SOCK_STREAM if stream else socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        if stream:
            server.listen()
        sink = SyslogSink(f"{kind}://127.0.0.1:{server.getsockname()[1]}", "Park")
        sink.send(SEAL)
        taken = server.accept()[0] if stream else server
        assert seals_in(taken.recv(1000).decode()) == [SEAL]
        taken.close()


def test_a_syslog_that_is_away_is_an_error() -> None:
    for address in ("tcp://127.0.0.1:9", "/nowhere/log"):
        with pytest.raises(OSError, match=r"refused|did not take"):
            SyslogSink(address, "Park").send(SEAL)


def test_a_webhook_receives_a_seal() -> None:
    bodies = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        WebhookSink(f"http://127.0.0.1:{server.server_port}", "Park").send(SEAL)
    said = json.loads(bodies[0])
    assert (said["venue"], said["line"], said["seal"]) == ("Park", 57, SEAL.text)
    assert seals_in(said["text"]) == [SEAL]


class Broken:
    name = "broken"

    def send(self, seal: Seal) -> None:
        raise ConnectionRefusedError("away")


def test_one_that_fails_keeps_no_other_from_receiving(tmp_path: Path) -> None:
    file = FileSink(tmp_path / "seals", "Park")
    outside = Outside([Broken(), file])
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            outside.send(SEAL)
    assert file.seals() == [SEAL]


@pytest.mark.parametrize(
    ("setting", "says"),
    [('file = "seals.log"', "absolute path"), ('file = "{venue}/seals.log"', "venue's folder"),
     ('syslog = "http://x"', "audit.syslog"), ('webhook = "ftp://x"', "audit.webhook")],
)  # fmt: skip
def test_sinks_that_cannot_be_are_refused(tmp_path: Path, setting: str, says: str) -> None:
    folder = tmp_path / "venue"
    write_rules(folder, f"\n[audit]\n{setting.format(venue=folder)}\n")
    with pytest.raises(PolicyError, match=says):
        Desk.open(folder)
    assert "secret" not in repr(load_policy(write_rules(tmp_path / "b", WEBHOOK)))


WEBHOOK = '\n[audit]\nwebhook = "https://x/secret"\n'

"""Who opens many connections, says little or reads nothing, keeps nobody else from the desk."""

import contextlib
import http.client
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from reid.web.connections import Gate, Limits, network_of
from reid.web.server import Listening, configured
from tests.servers import free_port, wait_for
from tests.web.conftest import PASSWORD

ATTACKER, USER = "127.0.0.1", "127.0.0.2"
SMALL = Limits(
    connections=40, of_address=20, handshake_within=1.5, head_within=1.5, body_within=1.5,
    read_within=1.0,
)  # fmt: skip
LINE = b"GET /login HTTP/1.1\r\nhost: localhost\r\n"


class Served:
    """A server of the app on this machine."""

    def __init__(self, app: FastAPI, where: Listening) -> None:
        config = configured(app, where, SMALL)
        self.port, self.tls = where.port, where.tls
        self.gate: Gate = config.http.keywords["gate"]
        self._server = uvicorn.Server(config)
        listening = socket.create_server(("127.0.0.1", self.port), backlog=512)
        everywhere = socket.create_server(("127.0.0.2", self.port), backlog=512)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening, everywhere]}, daemon=True
        )
        self._thread.start()
        wait_for(self.port)

    def stop(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(10)

    def connect(self, source: str = ATTACKER, secure: bool | None = None) -> socket.socket:
        """Connect from an address; with TLS, where the server speaks it."""
        at = ("127.0.0.2" if source != ATTACKER else ATTACKER, self.port)
        plain = socket.create_connection(at, 5, source_address=(source, 0))
        if not (self.tls if secure is None else secure):
            return plain
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(plain)

    def ask(self, source: str = USER, text: bytes = LINE + b"\r\n") -> tuple[int, float]:
        """Send a request; returns the status (0: none) and the seconds that it took."""
        began = time.monotonic()
        try:
            with self.connect(source) as connection:
                connection.sendall(text)
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                return answer.status, time.monotonic() - began
        except (OSError, http.client.HTTPException):
            return 0, time.monotonic() - began


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for this machine, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-out", certificate, "-keyout", key],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@pytest.fixture
def serve(app: FastAPI, pair: tuple[Path, Path]) -> Iterator[Callable[..., Served]]:
    running = []

    def start(*, tls: bool = False) -> Served:
        files = pair if tls else (None, None)
        running.append(Served(app, Listening("127.0.0.1", free_port(), *files)))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def ends(connection: socket.socket, within: float) -> bytes | None:
    """Return what still came before the server ended a connection; None: it did not in time."""
    connection.settimeout(within)
    came = b""
    try:
        while data := connection.recv(65536):
            came += data
    except TimeoutError:
        return None
    except OSError:
        pass
    return came


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("said", [b"", LINE], ids=["silent", "half a request"])
def test_half_open_connections_keep_nobody_out(serve, tls: bool, said: bytes) -> None:
    server, held = serve(tls=tls), []
    for number in range(120):
        with contextlib.suppress(OSError):
            held.append(server.connect(secure=tls and bool(said)))
            held[-1].sendall(said)
        if number % 40 == 39:
            assert server.ask(USER)[0] == 200, "another address"
            assert server.ask(ATTACKER)[0] == 200, "the same address"
    assert len(server.gate) <= SMALL.of_address
    until = time.monotonic() + 10
    while len(server.gate):
        assert time.monotonic() < until, "it waits for ever for those who say nothing"
        time.sleep(0.1)
    for connection in held:
        connection.close()


def test_many_addresses_together_keep_nobody_out(serve) -> None:
    server, held = serve(), []
    for number in range(30):
        for _ in range(4):
            with contextlib.suppress(OSError):
                held.append(server.connect(f"127.0.1.{number + 1}"))
                held[-1].sendall(LINE)
    assert len(server.gate) <= SMALL.connections
    status, seconds = server.ask(USER)
    assert (status, seconds < 2) == (200, True)
    for connection in held:
        connection.close()


@pytest.mark.parametrize(
    ("begin", "drip"),
    [
        (LINE, b"x: y\r\n"),
        (b"POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4000\r\n\r\n", b"a"),
        (LINE + b"transfer-encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (LINE + b"\r\n" + LINE, b"x: y\r\n"),
    ],
    ids=["head", "body", "chunks", "the next request"],
)
def test_who_sends_byte_by_byte_is_cut_off(serve, begin: bytes, drip: bytes) -> None:
    server = serve()
    connection, began = server.connect(), time.monotonic()
    connection.sendall(begin)
    with contextlib.suppress(OSError):
        while time.monotonic() - began < 6:
            connection.sendall(drip)
            time.sleep(0.1)
    assert time.monotonic() - began < 5
    assert len(server.gate) == 0, "it is closed"
    assert server.ask()[0] == 200


HUGE = b"a" * 2_000_000


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (LINE + b"x: " + HUGE + b"\r\n\r\n", 431),
        (LINE + b"x: " + HUGE, 431),
        (b"GET /login?" + HUGE + b" HTTP/1.1\r\n\r\n", 431),
        (LINE + b"x: y\r\n" * 3000 + b"\r\n", 431),
        (LINE + b"x: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (LINE + b"transfer-encoding: chunked\r\n\r\n1;" + HUGE + b"\r\na\r\n", 413),
        (b"POST /login HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n"
         b"content-type: application/x-www-form-urlencoded\r\n\r\n1e8480\r\n" + HUGE, 413),
        ((LINE + b"\r\n") * 4000, 503),
    ],
    ids=["value", "no end", "address", "many", "in one piece", "extension", "body", "pipelined"],
)  # fmt: skip
def test_what_is_too_large_is_refused_early(serve, request_: bytes, status: int) -> None:
    server = serve()
    connection = server.connect()
    came: list[bytes | None] = []
    reader = threading.Thread(target=lambda: came.append(ends(connection, 5)))
    reader.start()
    with contextlib.suppress(OSError):
        connection.sendall(request_)
    reader.join()
    assert came[0] is not None, "the server goes on listening"
    if came[0]:  # a reset may overtake the answer
        assert came[0].startswith(b"HTTP/1.1 %d" % status), came[0][:300]
    assert server.ask()[0] == 200


def test_who_reads_nothing_is_cut_off(serve) -> None:
    server = serve()
    connection = server.connect()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    again = b"GET /static/app.css HTTP/1.1\r\nhost: localhost\r\n\r\n"
    until = time.monotonic() + 15
    with contextlib.suppress(OSError):
        while len(server.gate) and time.monotonic() < until:
            connection.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                connection.sendall(again * 4)
            time.sleep(0.05)
    assert len(server.gate) == 0
    connection.close()


def sign_in(server: Served) -> str:
    """Return a signed-in cookie."""
    browser = http.client.HTTPConnection("127.0.0.1", server.port)
    form = f"name=operator&password={PASSWORD.replace(' ', '+')}"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    browser.request("POST", "/login", form, headers)
    answer = browser.getresponse()
    assert answer.status == 303
    return str(answer.headers["set-cookie"]).partition(";")[0]


def test_one_sign_in_has_few_streams(serve) -> None:
    server, statuses, held = serve(), [], []
    cookie = sign_in(server)
    for _ in range(14):
        stream = http.client.HTTPConnection("127.0.0.1", server.port)
        stream.request("GET", "/events", headers={"cookie": cookie})
        statuses.append(stream.getresponse().status)
        held.append(stream)
    assert sorted(statuses) == [200] * 8 + [429] * 6
    assert server.ask(ATTACKER, LINE + b"cookie: " + cookie.encode() + b"\r\n\r\n")[0] == 303
    for stream in held:
        stream.close()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        stream = http.client.HTTPConnection("127.0.0.1", server.port)
        stream.request("GET", "/events", headers={"cookie": cookie})
        if stream.getresponse().status == 200:
            break
        time.sleep(0.2)
    else:
        pytest.fail("streams that were closed still count")


@pytest.mark.parametrize(
    ("host", "network"),
    [("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("testclient", "testclient"),
     ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64")],
)  # fmt: skip
def test_addresses_are_counted_as_one_client_has_them(host: str, network: str) -> None:
    assert network_of(host) == network

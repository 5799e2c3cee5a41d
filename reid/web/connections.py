"""Connections from a network: how many, how large a request, how long it may take to come.

Nothing here knows who is signed in. A client that opens connections and says nothing, or says it
byte by byte, or never reads its answer, is cut off; and where there are too many connections, one
that only waits makes room for a new one, so that nobody is shut out by somebody else's silence.
"""

import asyncio
import ipaddress
import ssl
import sys
from asyncio.sslproto import SSLProtocol
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from uvicorn import Config
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from reid.capture.photos import LARGEST_PHOTO

PHOTO_URL: Final = b"/api/photo"
"""Of the one request that may be large; who is not signed in is refused before it is read."""

_PIPELINED: Final = 16  # requests of one connection that wait for the one before them
_HEADERS: Final = 100
_V6_NETWORK: Final = 64  # bits: what one customer of a provider has
_REFUSED: Final = {
    408: b"Request Timeout",
    413: b"Content Too Large",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients may use.

    Attributes:
        connections, of_address: at once, of all clients and of one address.
        head: bytes of a request's line and headers.
        request: bytes of a whole request as it comes over the wire.
        handshake_within, head_within, body_within: seconds for TLS, for a request's head from the
            first byte on or from the connection's beginning, and for its body.
        upload: bytes of a request that brings a photo, likewise.
        upload_within: seconds for its body: phones are slow.
        read_within: seconds in which a client must take something of an answer that waits for it.
    """

    connections: int = 1024
    of_address: int = 256
    head: int = 16 * 1024
    request: int = 128 * 1024
    handshake_within: float = 5.0
    head_within: float = 10.0
    body_within: float = 20.0
    upload: int = LARGEST_PHOTO + 64 * 1024
    upload_within: float = 120.0
    read_within: float = 30.0


class Gate:
    """All connections of a server, by address.

    Args:
        limits: what clients may use.
        shared: addresses behind which many clients are, such as a proxy's: only all connections
            together are limited there.
    """

    def __init__(self, limits: Limits, shared: frozenset[str] = frozenset()) -> None:
        self.limits, self._shared = limits, shared
        self._open: dict[str, dict[LimitedConnection, None]] = {}  # in the order they came

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def enter(self, connection: "LimitedConnection") -> bool:
        """Let a connection in, in the place of one that waits if need be; False: there is none."""
        mine = self._open.setdefault(connection.address, {})
        alone = connection.address not in self._shared
        room = True
        if alone and len(mine) >= self.limits.of_address:
            room = _drop_one(mine)
        elif len(self) >= self.limits.connections:
            room = any(map(_drop_one, sorted(self._open.values(), key=len, reverse=True)))
        if room:
            self._open.setdefault(connection.address, {})[connection] = None
        return room

    def leave(self, connection: "LimitedConnection") -> None:
        """Forget a connection that is gone."""
        mine = self._open.get(connection.address, {})
        mine.pop(connection, None)
        if not mine:
            self._open.pop(connection.address, None)


def _drop_one(connections: "dict[LimitedConnection, None]") -> bool:
    """Cut off the oldest connection whose client waits for no answer, if there is any."""
    for connection in connections:
        if not connection.answering:
            connections.pop(connection)
            connection.cut_off()
            return True
    return False


class LimitedConnection(HttpToolsProtocol):
    """uvicorn's connection within limits.

    Args:
        gate: of the server.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        gate: Gate,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.address = ""
        self._gate, self._limits = gate, gate.limits
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._let_in = self._over = False
        self._in_head, self._in_body, self._came = True, False, 0
        self._most = self._limits.request
        self._answered: RequestResponseCycle | None = None  # pipelined requests wait for it

    @property
    def answering(self) -> bool:
        """Whether a whole request has come and its answer is under way."""
        asked = self._answered is not None and not self._answered.response_complete
        waits_for_us = self._answered is not self.cycle or not self._in_body
        return asked and waits_for_us and not self._over

    def cut_off(self) -> None:
        """Close it at once, whatever it does."""
        self._end()
        self.transport.abort()

    def let_in(self, transport: asyncio.Transport) -> bool:
        """Ask the gate; where there is no room the connection is closed."""
        self.transport = transport
        self.address = address_of(transport)
        self._let_in = self._gate.enter(self)
        if not self._let_in:
            self.cut_off()
        return self._let_in

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        if self._let_in or self.let_in(transport):
            super().connection_made(transport)
            self._within(self._limits.head_within)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._over = True
        self._stop_timers()
        self._gate.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless it is too much."""
        if self._over:
            return
        if self._deadline is None and self._in_head:
            self._within(self._limits.head_within)
        self._came += len(data)
        super().data_received(data)
        if self._in_head and self._came > self._limits.head:
            self._refuse(431)
        elif self._came > self._most:
            self._refuse(413)

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the head is too large."""
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if self._over:
            return
        if size > self._limits.head or len(self.headers) > _HEADERS:
            self._refuse(431)
        elif len(self.pipeline) >= _PIPELINED:
            self._refuse(503)
        else:
            self._in_head, self._in_body = False, True
            photo = self.url == PHOTO_URL and self.parser.get_method() == b"POST"
            self._most = self._limits.upload if photo else self._limits.request
            self._within(self._limits.upload_within if photo else self._limits.body_within)
            super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if not self._over:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for the next request."""
        if self._over:
            return
        self._stop_deadline()
        self._in_head, self._in_body, self._came = True, False, 0
        self._most = self._limits.request
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Wait, but not for ever, for a client that does not read."""
        super().pause_writing()
        self._unread = self.loop.call_later(self._limits.read_within, self.cut_off)

    def resume_writing(self) -> None:
        """Go on: the client reads."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def _within(self, seconds: float) -> None:
        self._stop_deadline()
        self._deadline = self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        self._deadline = None
        if self._came:
            self._refuse(408)
        else:
            self.cut_off()

    def _refuse(self, status: int) -> None:
        """Answer in one line and close, unless an answer is under way; read nothing more."""
        if self._over:
            return
        self._end()
        if self._answered is None or not self._answered.response_started:
            line = b"HTTP/1.1 %d %b\r\n" % (status, _REFUSED[status])
            self.transport.write(line + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()
        self.loop.call_later(1.0, self.transport.abort)  # a client that does not read stays else

    def _end(self) -> None:
        """Read nothing more, and write no answer that is under way."""
        self._over = True
        self._stop_timers()
        if self._answered is not None:
            self._answered.disconnected = True
            self._answered.message_event.set()
        self.pipeline.clear()

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _stop_timers(self) -> None:
        self._stop_deadline()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


class SecuredConnection(SSLProtocol):
    """TLS around a limited connection; the handshake begins only once the gate has let it in.

    (asyncio's own TLS tells a protocol of its connection only after the handshake.)
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        gate: Gate,
        tls: ssl.SSLContext,
    ) -> None:
        self._inside = LimitedConnection(config, server_state, app_state, _loop, gate=gate)
        within = gate.limits.handshake_within
        told: asyncio.Future[Any] = self._inside.loop.create_future()  # nobody waits for it
        told.add_done_callback(lambda done: done.cancelled() or done.exception())
        super().__init__(
            self._inside.loop,
            self._inside,
            tls,
            told,
            server_side=True,
            ssl_handshake_timeout=within,  # type: ignore[arg-type]
        )
        self._gate = gate

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the handshake, where there is room."""
        if self._inside.let_in(transport):
            super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget it, also one whose handshake was never done."""
        self._gate.leave(self._inside)
        super().connection_lost(exc)


def address_of(transport: asyncio.Transport) -> str:
    """Return who is counted together: an IPv4 address, or a customer's network of IPv6."""
    peer = transport.get_extra_info("peername")
    return network_of(str(peer[0])) if isinstance(peer, tuple) and peer else "local"


def connections_of(gate: Gate, tls: ssl.SSLContext | None) -> Any:
    """Return what uvicorn makes a connection's protocol of."""
    if tls is None:
        return partial(LimitedConnection, gate=gate)
    return partial(SecuredConnection, gate=gate, tls=tls)


def network_of(host: str) -> str:
    """Return what an address is counted as; one that is none counts as itself."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _V6_NETWORK), strict=False))


def allow_files(wanted: int) -> int:
    """Let this process have so many files and connections open, if it may; returns how many."""
    if sys.platform == "win32":
        return wanted
    import resource

    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    endless = resource.RLIM_INFINITY
    if now != endless and now < wanted:
        now = wanted if most == endless else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (now, most))
    return wanted if now == endless else now

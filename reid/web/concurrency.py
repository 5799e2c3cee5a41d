"""How much one sign-in, or one address, may have under way at once."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from reid.web.connections import network_of

STREAMS: Final = "/events"
"""Path of the pages' streams of alerts, which stay open."""


@dataclass(frozen=True, slots=True)
class AtOnce:
    """How many at once: requests and streams of one sign-in, requests of one address."""

    requests: int = 16  # a browser sends six at once to one server
    streams: int = 8
    of_address: int = 64


class Concurrency:
    """ASGI middleware: refuses what goes beyond, so that one browser cannot take every thread.

    Args:
        app: what answers.
        cookie: name of the cookie that carries a sign-in; it is not checked here, since who makes
            one up is still held to what an address may.
        most: how many at once.
    """

    def __init__(self, app: ASGIApp, cookie: str, most: AtOnce | None = None) -> None:
        self._app, self._cookie, self._most = app, cookie, most or AtOnce()
        self._under_way: Counter[tuple[str, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        taken = self._places(scope)
        if any(self._under_way[place] >= most for place, most in taken.items()):
            busy = PlainTextResponse("too much at once: wait a moment", 429, {"retry-after": "2"})
            await busy(scope, receive, send)
            return
        self._under_way.update(taken.keys())
        try:
            await self._app(scope, receive, send)
        finally:
            for place in taken:
                self._under_way[place] -= 1
                if not self._under_way[place]:
                    del self._under_way[place]

    def _places(self, scope: Scope) -> dict[tuple[str, str], int]:
        """Return what a request takes a place of, and how many places there are."""
        request, most = HTTPConnection(scope), self._most
        streams = scope["path"] == STREAMS
        places: dict[tuple[str, str], int] = {}
        if token := request.cookies.get(self._cookie, ""):
            sign_in = hashlib.sha256(token.encode()).hexdigest()
            kind = "streams" if streams else "requests"
            places[kind, sign_in] = most.streams if streams else most.requests
        if not streams:
            address = network_of(request.client.host) if request.client else "unknown"
            places["address", address] = most.of_address
        return places

"""How much one sign-in, or one address, may have under way at once.

Routes run in a few threads that all share. So of one sign-in some requests run and the next wait
their turn, without a thread; who asks for more than can be meant is refused.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial, wraps
from typing import Final, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from reid.web.connections import network_of

STREAMS: Final = "/events"
"""Path of the pages' streams of alerts, which stay open."""

SIGN_IN: Final = ("POST", "/login")
"""What hashes a password: slow, and open to strangers."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many run at once, and how many there may be with those that wait."""

    running: int
    most: int


SHARES: Final = {
    "requests": Share(8, 96),  # of one sign-in; with HTTP/2 a browser asks for a page at once
    "streams": Share(8, 8),  # of one sign-in
    "address": Share(64, 256),
    "sign-ins": Share(4, 64),  # of all together
}


SEARCHES: Final = 4
"""How many searches run at once. Ranking and pages share one interpreter: of twenty at once all
would be answered as late as the last; in turn most are answered early, and other requests too."""

P = ParamSpec("P")
T = TypeVar("T")
_SEARCHING: Final = RunVar[CapacityLimiter]("searching")  # one for each event loop


def in_turn(route: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """Run a route that searches in a thread once it is its turn; who waits holds no thread.

    The request has been read and its sign-in checked by then, so that no stranger takes a turn.
    """

    @wraps(route)
    async def waits(*args: P.args, **kwargs: P.kwargs) -> T:
        limiter = _SEARCHING.get(None)
        if limiter is None:
            _SEARCHING.set(limiter := CapacityLimiter(SEARCHES))
        return await to_thread.run_sync(partial(route, *args, **kwargs), limiter=limiter)

    return waits


class Turn:
    """Those of a kind and of one client that are under way."""

    def __init__(self, share: Share) -> None:
        self.share, self.count = share, 0
        self.running = asyncio.Semaphore(share.running)


class Concurrency:
    """ASGI middleware: lets requests wait their turn, and refuses what goes beyond.

    Args:
        app: what answers.
        cookie: name of the cookie that carries a sign-in; it is not checked here, since who makes
            one up is still held to what an address may.
        shares: how many at once.
    """

    def __init__(self, app: ASGIApp, cookie: str, shares: Mapping[str, Share] = SHARES) -> None:
        self._app, self._cookie, self._shares = app, cookie, shares
        self._turns: dict[tuple[str, str], Turn] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on in its turn, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        turns = {key: self._turn(key) for key in self._keys(scope)}
        if any(turn.count >= turn.share.most for turn in turns.values()):
            busy = PlainTextResponse("too much at once: wait a moment", 429, {"retry-after": "2"})
            await busy(scope, receive, send)
            return
        for key, turn in turns.items():
            turn.count += 1
            self._turns[key] = turn
        try:
            async with AsyncExitStack() as held:
                for turn in turns.values():
                    await held.enter_async_context(turn.running)
                await self._app(scope, receive, send)
        finally:
            for key, turn in turns.items():
                turn.count -= 1
                if not turn.count:
                    self._turns.pop(key, None)

    def _turn(self, key: tuple[str, str]) -> Turn:
        return self._turns.get(key) or Turn(self._shares[key[0]])

    def _keys(self, scope: Scope) -> list[tuple[str, str]]:
        """Return what a request is counted under, in the order in which it waits.

        The narrowest first: who waits for its own turn must hold no place that others wait for.
        """
        request = HTTPConnection(scope)
        streams = scope["path"] == STREAMS
        keys = []
        if token := request.cookies.get(self._cookie, ""):
            sign_in = hashlib.sha256(token.encode()).hexdigest()
            keys.append(("streams" if streams else "requests", sign_in))
        if (scope["method"], scope["path"]) == SIGN_IN:
            keys.append(("sign-ins", ""))
        if not streams:
            address = network_of(request.client.host) if request.client else "unknown"
            keys.append(("address", address))
        return keys

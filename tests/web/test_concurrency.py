"""Of one sign-in some requests run and the others wait, without a thread; others go on."""

import asyncio
import threading
import time
from collections import Counter

from starlette.types import Message, Receive, Scope, Send

from reid.web.concurrency import SEARCHES, SHARES, Concurrency, in_turn


class Slow:
    """An app that answers once it is let; counts what runs at once."""

    def __init__(self) -> None:
        self.running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        who = dict(scope["headers"]).get(b"cookie", b"").decode() or scope["path"]
        self.running[who] += 1
        self.most[who] = max(self.most[who], self.running[who])
        try:
            await self.go_on.wait()
        finally:
            self.running[who] -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def ask(app: Concurrency, cookie: str = "", path: str = "/", method: str = "GET",
              address: str = "192.0.2.1") -> int:  # fmt: skip
    statuses = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"cookie", cookie.encode())] if cookie else []
    scope = {"type": "http", "method": method, "path": path, "headers": headers,
             "client": (address, 1), "query_string": b""}  # fmt: skip
    await app(scope, receive, send)
    return statuses[0]


async def at_once(app: Concurrency, slow: Slow, asked: list) -> list[int]:
    tasks = [asyncio.create_task(one) for one in asked]
    await asyncio.sleep(0.05)
    slow.go_on.set()
    return list(await asyncio.gather(*tasks))


def test_requests_of_one_sign_in_wait_their_turn() -> None:
    async def run() -> None:
        slow = Slow()
        app = Concurrency(slow, "s")
        many = [ask(app, "s=a") for _ in range(120)]
        other = [ask(app, "s=b") for _ in range(6)]  # from the same address
        statuses = await at_once(app, slow, many + other)
        assert Counter(statuses[:120]) == {200: 96, 429: 24}
        assert statuses[120:] == [200] * 6
        assert slow.most["s=a"] == SHARES["requests"].running
        assert slow.most["s=b"] == 6
        assert app._turns == {}, "nobody is remembered who is gone"

    asyncio.run(run())


def test_made_up_cookies_are_held_to_what_an_address_may() -> None:
    async def run() -> None:
        slow = Slow()
        app = Concurrency(slow, "s")
        asked = [ask(app, f"s={number}") for number in range(300)]
        statuses = await at_once(app, slow, asked)
        assert Counter(statuses) == {200: 256, 429: 44}

    asyncio.run(run())


def test_few_passwords_are_hashed_at_once() -> None:
    async def run() -> None:
        slow = Slow()
        app = Concurrency(slow, "s")
        asked = [ask(app, "", "/login", "POST", f"192.0.2.{n}") for n in range(80)]
        statuses = await at_once(app, slow, asked)
        assert Counter(statuses) == {200: 64, 429: 16}
        assert slow.most["/login"] == SHARES["sign-ins"].running

    asyncio.run(run())


def test_who_leaves_while_waiting_takes_no_turn() -> None:
    async def run() -> None:
        slow = Slow()
        app = Concurrency(slow, "s")
        tasks = [asyncio.create_task(ask(app, "s=a")) for _ in range(20)]
        await asyncio.sleep(0.02)
        for task in tasks[10:]:
            task.cancel()
        slow.go_on.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert done[:10] == [200] * 10
        assert await ask(app, "s=a") == 200
        assert app._turns == {}

    asyncio.run(run())


def test_searches_run_in_turn_and_who_waits_holds_no_thread() -> None:
    most, running, lock = 0, 0, threading.Lock()
    ended: list[int] = []

    @in_turn
    def search(number: int) -> int:
        nonlocal most, running
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        ended.append(number)
        return number

    async def run() -> None:
        waiting = [asyncio.create_task(search(number)) for number in range(60)]
        other = await asyncio.wait_for(asyncio.to_thread(lambda: "answered"), 10)
        assert (other, len(ended) < 60) == ("answered", True)
        assert await asyncio.gather(*waiting) == list(range(60))

    for _ in range(2):  # each server has a loop of its own
        ended.clear()
        asyncio.run(run())
        assert most == SEARCHES
        assert set(ended[:SEARCHES]) == set(range(SEARCHES)), "who came first is answered first"

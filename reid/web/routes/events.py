"""Alerts and changes as they happen, health, metrics."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from reid.core.errors import ReidError
from reid.web.feed import Feed
from reid.web.security import Sees, client_of, session_of
from reid.web.state import State, language_of, state_of

router = APIRouter()

_POLL: Final = 1.5  # seconds
_DIGITS: Final = 15
_CHECK_SESSION: Final = 20  # polls
_BEAT: Final = 10  # polls; a page that hears nothing for long says that the server is gone
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "testclient"})


@router.get("/events")
async def events(request: Request, session: Sees) -> Response:
    """Stream alerts and changes as they happen (server-sent events)."""
    state = state_of(request)
    last = number_of(request.headers.get("last-event-id", ""))
    feed = await run_in_threadpool(Feed, state, session, language_of(request), last)
    return StreamingResponse(
        _stream(request, state, feed),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def number_of(text: str) -> int | None:
    """Read the number of the last alert that a browser has seen; None: it says none."""
    good = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return int(text) if good else None


@router.get("/healthz")
def health(request: Request) -> Response:
    """Say whether the app and its loops work, else 503; no content, no sign-in."""
    state = state_of(request)
    desk, problems, readable = state.desk, state.supervisor.problems(), False
    try:
        desk.records.trail.lines(newest=1)
        readable = desk.has_sightings
    except ReidError as error:
        problems = [*problems, f"the storage does not work ({type(error).__name__})"]
    said = {
        "status": "failing" if problems else "ok",
        "sightings_readable": readable,
        "problems": problems,
    }
    return JSONResponse(said, 503 if problems else 200)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Send Prometheus metrics, to this machine only."""
    state = state_of(request)
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if client_of(request) not in _LOCAL or forwarded:
        return Response(status_code=403)
    if state.desk.has_sightings:
        state.metrics.sightings.set(state.desk.store.count())
    state.metrics.open_cases.set(len(state.desk.records.book.all("open")))
    state.metrics.erased_so_far(state.desk.erased)
    return Response(state.metrics.text(), media_type="text/plain; version=0.0.4")


async def _stream(request: Request, state: State, feed: Feed) -> AsyncIterator[str]:
    state.metrics.streams.inc()
    polls = 0
    try:
        yield "retry: 3000\n\n"
        while not await request.is_disconnected():
            if polls % _BEAT == 0:
                yield "event: beat\ndata: {}\n\n"
            polls += 1
            if polls % _CHECK_SESSION == 0 and await run_in_threadpool(session_of, request) is None:
                return
            for message in await run_in_threadpool(feed.news):
                yield message
            await asyncio.sleep(_POLL)
    finally:
        state.metrics.streams.dec()

"""The app factory: routes, middleware, and errors in one line."""

import json
import logging
import traceback
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from reid.core.errors import (
    AccessError,
    CaseError,
    DatabaseError,
    PolicyError,
    ReidError,
    UsageError,
)
from reid.core.supervisor import Supervisor
from reid.desk.desk import Desk
from reid.web.concurrency import Concurrency
from reid.web.photo_tray import PhotoTray, Reader
from reid.web.request_metrics import RequestMetrics
from reid.web.rights import check_rights
from reid.web.routes import (
    alerts,
    case,
    closing,
    erasing,
    events,
    new_case,
    photos,
    pictures,
    sign_in,
    staff,
)
from reid.web.routes import map as venue_map
from reid.web.security import (
    LOCAL_HOSTS,
    NotSignedIn,
    RequestGuard,
    fresh_nonce,
    name_of_cookie,
    session_of,
)
from reid.web.state import State, render
from reid.web.translations import words

HERE: Final = Path(__file__).parent
LOG: Final = logging.getLogger("reid.web")

_STATUS: Final[dict[type[ReidError], int]] = {
    AccessError: 403,
    PolicyError: 403,
    CaseError: 404,
    UsageError: 400,
}


def create_app(
    desk: Desk,
    *,
    tls: bool = False,
    behind_proxy: bool = False,
    supervisor: Supervisor | None = None,
    hosts: Collection[str] = (),
) -> FastAPI:
    """Make the app of one venue.

    Args:
        desk: the venue.
        tls: browsers reach it over TLS, so cookies are for TLS only.
        behind_proxy: requests come from a proxy on this machine.
        supervisor: of the loops beside the app, for its health.
        hosts: names by which browsers reach it, besides those of `[web]` in the rules, this
            machine's, and the address that a connection came to.
    """
    app = FastAPI(title="reid", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.reid = State(
        desk, templates(), words(), tls=tls or behind_proxy, behind_proxy=behind_proxy,
        supervisor=supervisor or Supervisor(), photos=PhotoTray(lambda: _reader_of(desk)),
    )  # fmt: skip
    for part in (
        alerts, sign_in, new_case, photos, case, pictures, closing, erasing, venue_map, staff,
        events,
    ):  # fmt: skip
        app.include_router(part.router)
    check_rights(app)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_middleware(RequestMetrics, metrics=app.state.reid.metrics)
    app.add_middleware(Concurrency, cookie=name_of_cookie(tls or behind_proxy))
    names = frozenset(name.lower() for name in (*LOCAL_HOSTS, *desk.policy.web.hosts, *hosts))
    app.add_middleware(RequestGuard, tls=tls or behind_proxy, hosts=names)
    app.add_exception_handler(NotSignedIn, _to_sign_in)
    app.add_exception_handler(ReidError, _explained)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)
    return app


def _reader_of(desk: Desk) -> Reader:
    from reid.photo import PhotoReader  # loads what finds people, which the first photo needs

    return PhotoReader.of_venue(desk.folder)


def templates() -> Environment:
    """Return the pages' templates."""
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # else the file of each part is looked at for each card
    )
    # a page of results has some 400 icons of 15 kinds: each kind is drawn once
    pages.globals["icon"] = cache(pages.get_template("icons.html").module.icon)  # type: ignore[attr-defined]
    return pages


async def _to_sign_in(request: Request, error: Exception) -> Response:
    if request.method == "GET" and _wants_page(request):
        return RedirectResponse("/login", 303)
    return JSONResponse({"error": "sign in first"}, 401)


async def _explained(request: Request, error: Exception) -> Response:
    """Answer with what an error says, if it is meant for who asked; others name files."""
    status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), None)
    if status is None or isinstance(error, DatabaseError):
        number = _logged(error)
        said = f"the venue's storage does not work (number {number}): tell who runs it"
        return await _failure(request, said, 503)
    return await _failure(request, str(error), status)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await _failure(
        request,
        {404: "not found", 405: "not allowed"}.get(error.status_code, "not possible"),
        error.status_code,
    )


async def _invalid(request: Request, error: Exception) -> Response:
    return await _failure(request, "a field is missing or wrong: check the form", 400)


async def _unexpected(request: Request, error: Exception) -> Response:
    number = _logged(error)
    return await _failure(request, f"something went wrong (number {number})", 500)


async def _failure(request: Request, message: str, status: int) -> Response:
    if not _wants_page(request):
        return JSONResponse({"error": message}, status)
    try:
        session = await run_in_threadpool(session_of, request)
    except ReidError:  # what failed may be just that
        session = None
    return render(request, "error.html", session, status, message=message)


def _logged(error: Exception) -> str:
    """Log where something failed, without texts; returns the number to find it by."""
    number = fresh_nonce()
    where = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-4:]]
    LOG.error(json.dumps({"error": type(error).__name__, "number": number, "where": where}))
    return number


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")

"""What every request passes: headers, size limit, same origin, session, token, permission."""

import secrets
from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Depends, Path, Query, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reid.capture.photos import LARGEST_PHOTO
from reid.core.errors import AccessError, UsageError
from reid.desk.cases import Session, same
from reid.desk.policy import Permission, may, with_article
from reid.web.state import state_of

LARGEST_BODY: Final = 64 * 1024
"""Bytes a request may carry; no form here takes files."""

PHOTO_PATH: Final = "/api/photo"
"""Where a photo may be sent, as the whole body of a request: the one that may be large."""

LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
"""Names of this machine."""

COOKIE: Final = "reid_session"
TOKEN_FIELD: Final = "csrf"
TOKEN_HEADER: Final = "x-csrf-token"

_CSP: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
    )
)
_HEADERS: Final = {
    "content-security-policy": _CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
}
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class NotSignedIn(Exception):
    """Nobody is signed in; pages lead to the sign-in, everything else answers 401."""


class RequestGuard:
    """ASGI middleware: secure headers on every answer, bounded bodies, no foreign names, origins.

    Args:
        app: what answers.
        tls: whether browsers reach it over TLS.
        hosts: names by which they reach it, in lower case. A page of another site whose name leads
            to this machine (DNS rebinding) is not one of them. None: any, where nothing is shown
            without a secret that such a page does not know.
    """

    def __init__(self, app: ASGIApp, *, tls: bool, hosts: frozenset[str] | None) -> None:
        self._app, self._tls, self._hosts = app, tls, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = _most_bytes(scope)
        size = _BodySize(most)
        answer = self._with_headers(scope, send, size)
        headers = Headers(scope=scope)
        if not self._is_meant(headers, scope):
            unknown = PlainTextResponse("this venue has another name: see [web] hosts", 421)
            await unknown(scope, receive, answer)
            return
        if scope["method"] not in _SAFE and not _same_origin(headers, scope):
            refused = PlainTextResponse("this form was sent from another site", 403)
            await refused(scope, receive, answer)
            return
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > most:
            await PlainTextResponse("too large", 413)(scope, receive, answer)
            return
        if headers.get("content-type", "").startswith("multipart/"):
            await PlainTextResponse("files are not taken", 415)(scope, receive, answer)
            return
        await self._app(scope, size.bounded(receive), answer)

    def _is_meant(self, headers: Headers, scope: Scope) -> bool:
        """Whether a request names this app: by a known name, or by the address it came to."""
        named = headers.getlist("host")
        if len(named) != 1:
            return False
        if self._hosts is None:
            return True
        host = without_port(named[0])
        server = scope.get("server") or ("",)
        return host in self._hosts or host == str(server[0]).lower()

    def _with_headers(self, scope: Scope, send: Send, size: "_BodySize") -> Send:
        static = scope["path"].startswith("/static/")

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                if size.too_much:
                    message["status"] = 413
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                if self._tls:
                    headers["strict-transport-security"] = "max-age=31536000"
                if "cache-control" not in headers:
                    headers["cache-control"] = "public, max-age=300" if static else "no-store"
                if "server" in headers:
                    del headers["server"]
            await send(message)

        return answer


class _BodySize:
    """Counts a body that does not say how long it is, and cuts it off."""

    def __init__(self, most: int) -> None:
        self._bytes, self._most = 0, most
        self.too_much = False

    def bounded(self, receive: Receive) -> Receive:
        """Return `receive`, failing once too much has come."""

        async def bounded() -> Message:
            message = await receive()
            self._bytes += len(message.get("body", b""))
            if self._bytes > self._most:
                self.too_much = True
                raise UsageError("too large")
            return message

        return bounded


def _most_bytes(scope: Scope) -> int:
    """Return how many bytes the body of a request may have."""
    photo = scope["method"] == "POST" and scope["path"] == PHOTO_PATH
    return LARGEST_PHOTO if photo else LARGEST_BODY


def without_port(host: str) -> str:
    """Return the name of a Host header in lower case; IPv6 addresses lose their brackets."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and ":" not in name else host


def _same_origin(headers: Headers, scope: Scope) -> bool:
    """Whether a request comes from our own pages, as far as the browser says."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    host = headers.get("host", "")
    return origin in {f"http://{host}", f"https://{host}"}


def client_of(request: Request) -> str:
    """Return the address that a request comes from."""
    return request.client.host if request.client else "unknown"


def session_of(request: Request) -> Session | None:
    """Return the session that a request's cookie names, or None."""
    token = request.cookies.get(cookie_name(request), "")
    return state_of(request).desk.records.accounts.session(token) if token else None


def cookie_name(request: Request) -> str:
    """Name the cookie of a request's app."""
    return name_of_cookie(state_of(request).tls)


def name_of_cookie(tls: bool) -> str:
    """Name the cookie; over TLS with the prefix that browsers bind to this host."""
    return f"__Host-{COOKIE}" if tls else COOKIE


async def _submitted_token(request: Request) -> str:
    header = request.headers.get(TOKEN_HEADER)
    if header is not None:
        return header
    form = await request.form()
    value = form.get(TOKEN_FIELD, "")
    return value if isinstance(value, str) else ""


def allowed(permission: Permission | None) -> Callable[..., object]:
    """Return the dependency of a route: a session, the form's token, and a permission."""

    async def check(request: Request) -> Session:
        from starlette.concurrency import run_in_threadpool

        session = await run_in_threadpool(session_of, request)
        if session is None:
            raise NotSignedIn
        request.state.actor = session.user.name
        if request.method not in _SAFE:
            token = await _submitted_token(request)
            if not same(token, session.csrf):
                raise AccessError("this page is too old: reload it and try again")
        if permission is not None and not may(session.user.role, permission):
            await run_in_threadpool(_note_denied, request, session, permission)
            raise AccessError(f"{with_article(session.user.role)} may not do this")
        return session

    check.right = permission or "signed in"  # type: ignore[attr-defined]
    return check


def _note_denied(request: Request, session: Session, permission: str) -> None:
    state_of(request).desk.note_denied(permission, session.user.name)


def fresh_nonce() -> str:
    """Return a random name, e.g. of a request in the log."""
    return secrets.token_hex(6)


SignedIn = Annotated[Session, Depends(allowed(None))]
Sees = Annotated[Session, Depends(allowed("see"))]
Searches = Annotated[Session, Depends(allowed("search"))]
Decides = Annotated[Session, Depends(allowed("decide"))]
Erases = Annotated[Session, Depends(allowed("erase"))]
Closes = Annotated[Session, Depends(allowed("close"))]
ManagesUsers = Annotated[Session, Depends(allowed("users"))]
Audits = Annotated[Session, Depends(allowed("audit"))]
Reports = Annotated[Session, Depends(allowed("report"))]

_LARGEST_NUMBER: Final = 2**31 - 1
CaseId = Annotated[int, Path(ge=1, le=_LARGEST_NUMBER)]
Number = Annotated[int | None, Query(ge=1, le=_LARGEST_NUMBER)]

"""Signing in and out, and the choice of language."""

import math
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from reid.core.errors import AccessError, TooManyAttempts, rounded_wait
from reid.desk.cases import Origin
from reid.web.connections import network_of
from reid.web.security import SignedIn, client_of, cookie_name, session_of
from reid.web.state import render, state_of

router = APIRouter()

_YEAR: Final = 365 * 24 * 3600
_DEVICE: Final = "_device"  # added to the session's cookie: who has signed in on this device


@router.get("/login")
def login_page(request: Request) -> Response:
    """Show the sign-in."""
    if session_of(request):
        return RedirectResponse("/", 303)
    return render(request, "login.html", failed="", name="")


@router.post("/login")
def login(
    request: Request,
    name: Annotated[str, Form(max_length=64)],
    password: Annotated[str, Form(max_length=200)],
) -> Response:
    """Sign in; always under a new session."""
    state = state_of(request)
    device = f"{cookie_name(request)}{_DEVICE}"
    origin = Origin(network_of(client_of(request)), request.cookies.get(device, ""))
    try:
        signed_in = state.desk.records.accounts.sign_in_from(origin, name, password)
    except TooManyAttempts as error:
        return _wait(request, name, error.seconds)
    except AccessError:
        return render(request, "login.html", None, 403, failed="login.failed", name=name)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        cookie_name(request), signed_in.token, httponly=True, samesite="strict", secure=state.tls,
        path="/",
    )  # fmt: skip
    answer.set_cookie(
        device, signed_in.device, max_age=_YEAR, httponly=True, samesite="strict",
        secure=state.tls, path="/",
    )  # fmt: skip
    return answer


def _wait(request: Request, name: str, seconds: float) -> Response:
    """Say how long to wait, in words and for programs."""
    number, unit = rounded_wait(seconds)
    page = render(
        request, "login.html", None, 429, failed=f"login.wait_{unit}", name=name, number=number
    )
    page.headers["retry-after"] = str(math.ceil(seconds))
    return page


@router.post("/logout")
def logout(request: Request, session: SignedIn) -> Response:
    """Sign out."""
    token = request.cookies.get(cookie_name(request), "")
    state_of(request).desk.records.accounts.sign_out(token, session.user.name)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(cookie_name(request), path="/")
    answer.headers["clear-site-data"] = '"cache"'  # pages kept for the back button show pictures
    return answer


@router.post("/language")
def language(request: Request, code: Annotated[str, Form(max_length=5)]) -> Response:
    """Remember the language in this browser."""
    state = state_of(request)
    answer = RedirectResponse("/", 303)
    if code in state.words.languages:
        answer.set_cookie(
            "reid_language", code, max_age=_YEAR, httponly=True, samesite="strict",
            secure=state.tls, path="/",
        )  # fmt: skip
    return answer

"""The pages that set a venue up."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

from fastapi import APIRouter, Depends, Form, Request
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, RedirectResponse, Response

from reid.core.errors import AccessError, ReidError, UsageError
from reid.desk.cases import same
from reid.desk.first_run import KEPT_HOURS, PURPOSES, Beginning, FirstUser, begin, camera_id
from reid.desk.policy.places import ALLOWED
from reid.web.security import LOCAL_HOSTS, TOKEN_FIELD, name_of_cookie, without_port
from reid.web.setup import (
    COOKIE,
    Setup,
    index_first,
    language_of,
    recording_at,
    setup_of,
    show,
)

router = APIRouter()

_PLACES: Final = tuple(place for place in ALLOWED if place != "crop-gallery")
_KEPT: Final = 72  # hours
_FRESH_SECONDS: Final = 3  # that the page of progress waits until it asks again


@dataclass
class Typed:
    """What was typed into the form, or is suggested there."""

    name: Annotated[str, Form(max_length=200)] = ""
    timezone: Annotated[str, Form(max_length=64)] = ""
    venue_language: Annotated[str, Form(max_length=2)] = ""
    controller: Annotated[str, Form(max_length=400)] = ""
    contact: Annotated[str, Form(max_length=400)] = ""
    purposes: Annotated[tuple[str, ...], Form(max_length=8)] = ()
    keep: Annotated[int, Form()] = _KEPT
    camera: Annotated[str, Form(max_length=64)] = ""
    place: Annotated[str, Form(max_length=32)] = "gate"
    signs: Annotated[bool, Form()] = False
    recording: Annotated[str, Form(max_length=1000)] = ""
    start: Annotated[str, Form(max_length=32)] = ""
    user: Annotated[str, Form(max_length=32)] = ""
    password: Annotated[str, Form(max_length=200)] = ""
    again: Annotated[str, Form(max_length=200)] = ""


async def _by_link(request: Request) -> Setup:
    """Let only the browser pass that opened the link."""
    setup = setup_of(request)
    if not setup.link.is_held(request.cookies.get(COOKIE, "")):
        raise AccessError("open the link first")
    if request.method == "POST":
        token = (await request.form()).get(TOKEN_FIELD, "")
        if not isinstance(token, str) or not same(token, setup.link.csrf):
            raise AccessError("this page is too old")
    return setup


_by_link.right = "link"  # type: ignore[attr-defined]
ByLink = Annotated[Setup, Depends(_by_link)]


@router.get("/healthz")
def health() -> Response:
    """Say that the app works, and waits to be set up."""
    return JSONResponse({"status": "setup", "sightings_readable": False, "problems": []})


@router.get("/")
def closed(request: Request) -> Response:
    """Say that there is no venue yet; once there is, ask again until the desk answers."""
    if setup_of(request).is_ending:
        page = show(request, "setup_wait.html")
        page.headers["refresh"] = "1"
        return page
    return show(request, "setup_closed.html", 403)


@router.get("/setup")
def form(request: Request, key: str = "") -> Response:
    """Open the link, or show the form again to who has opened it."""
    setup = setup_of(request)
    opened = setup.link.is_held(request.cookies.get(COOKIE, ""))
    cookie = "" if opened else setup.link.open(key)
    if setup.is_done:
        return RedirectResponse("/setup/progress" if setup.indexing else "/", 303)
    language = language_of(request, setup.words)
    typed = Typed(timezone=_zone_of_machine(), venue_language=language, purposes=("missing-child",))
    answer = _form(request, typed)
    if cookie:
        answer.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=setup.tls,
                          path="/")  # fmt: skip
    return answer


@router.post("/setup")
def set_up(request: Request, setup: ByLink, typed: Annotated[Typed, Depends()]) -> Response:
    """Make the venue, sign its first supervisor in, and begin with the first recording."""
    if setup.is_done:
        return RedirectResponse("/setup/progress" if setup.indexing else "/", 303)
    try:
        _check(setup, typed)
        begin(setup.folder, _beginning(request, typed), _user(typed), setup.database)
    except ReidError as error:
        return _form(request, typed, str(error), 400)
    setup.is_done = True
    answer = _begin_recording(setup, typed)
    token = _sign_in(setup, typed)
    answer.set_cookie(name_of_cookie(setup.tls), token, httponly=True, samesite="strict",
                      secure=setup.tls, path="/")  # fmt: skip
    return answer


@router.get("/setup/progress")
def progress(request: Request, setup: ByLink) -> Response:
    """Show how far the first recording is."""
    if setup.indexing is None:
        return RedirectResponse("/setup", 303)
    page = show(request, "setup_progress.html", opened=True, about=setup.indexing)
    if not setup.indexing.is_over:
        page.headers["refresh"] = str(_FRESH_SECONDS)
    return page


@router.post("/setup/finish")
def finish(setup: ByLink) -> Response:
    """End this app; the desk begins at the same address."""
    return _to_desk(setup) if setup.is_done else RedirectResponse("/setup", 303)


def _form(request: Request, typed: Typed, problem: str = "", status: int = 200) -> Response:
    return show(
        request, "setup.html", status, opened=True, typed=typed, problem=problem,
        zones=sorted(available_timezones()), purposes=tuple(PURPOSES), kept=KEPT_HOURS,
        places=_PLACES, venue_name=typed.name,
    )  # fmt: skip


def _check(setup: Setup, typed: Typed) -> None:
    """Refuse what can be told before anything is made."""
    t = setup.words.translator(typed.venue_language)
    if typed.password != typed.again:
        raise UsageError(t("setup.differ"))
    if typed.keep not in KEPT_HOURS:
        raise UsageError("choose for how long sightings are kept")
    if typed.recording.strip() and not Path(typed.recording.strip()).is_file():
        raise UsageError(t("setup.no_file"))
    _start(typed)


def _start(typed: Typed) -> datetime | None:
    try:
        return datetime.fromisoformat(typed.start) if typed.start else None
    except ValueError:
        raise UsageError("the recording's start is no time") from None


def _beginning(request: Request, typed: Typed) -> Beginning:
    host = without_port(request.headers.get("host", ""))
    return Beginning(
        name=typed.name,
        timezone=typed.timezone,
        language=typed.venue_language,
        purposes=tuple(typed.purposes),
        retention_hours=typed.keep,
        camera=typed.camera,
        place=typed.place,
        signs_posted=typed.signs,
        controller=typed.controller,
        contact=typed.contact,
        hosts=(host,) if _is_name(host) else (),
    )


def _is_name(host: str) -> bool:
    """Whether a browser came by a name that the rules have to list."""
    if host in LOCAL_HOSTS:
        return False
    with suppress(ValueError):
        return not ip_address(host)
    return True


def _user(typed: Typed) -> FirstUser:
    return FirstUser(typed.user.strip().lower(), typed.password)


def _sign_in(setup: Setup, typed: Typed) -> str:
    from reid.desk.cases import open_records

    records = open_records(setup.folder, setup.database)
    try:
        return records.accounts.sign_in(_user(typed).name, typed.password)
    finally:
        records.database.close()


def _begin_recording(setup: Setup, typed: Typed) -> Response:
    path = typed.recording.strip()
    if not path:
        return _to_desk(setup)
    from reid.web.setup import FirstIndexing

    try:
        source, about = recording_at(setup, path, camera_id(typed.camera), _start(typed))
    except ReidError as error:
        setup.indexing = FirstIndexing(Path(path).name, problem=str(error))
    else:
        index_first(setup, source, about)
    return RedirectResponse("/setup/progress", 303)


def _to_desk(setup: Setup) -> Response:
    """Lead to the desk, on a connection of its own: this app's end with it."""
    setup.is_ending = True
    answer = RedirectResponse("/", 303, background=BackgroundTask(setup.finish))
    answer.headers["connection"] = "close"
    return answer


def _zone_of_machine() -> str:
    """Guess the time zone: what this machine goes by."""
    named = [os.environ.get("TZ", "")]
    with suppress(OSError):
        named.append(Path("/etc/timezone").read_text(encoding="ascii").strip())
    with suppress(OSError, ValueError):
        named.append(str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2])
    known = available_timezones()
    offset = time.localtime().tm_gmtoff
    found = next((zone for zone in named if zone in known and "/" in zone), "")
    fits = found and datetime.now(ZoneInfo(found)).utcoffset()
    return found if fits and fits.total_seconds() == offset else ""

"""The desk procedure, what leaves the desk, and the end of a case: outcome, erasure, print-out."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from reid.desk.cases import OUTCOMES, STEPS, Case, Session
from reid.desk.desk import Desk
from reid.desk.policy import may
from reid.web import phrases, views
from reid.web.audit_view import audit_rows
from reid.web.case_context import case_frame
from reid.web.security import CaseId, Closes, Decides, Sees
from reid.web.state import language_of, render, state_of
from reid.web.translations import Translator

router = APIRouter()

_BY_HAND: Final = tuple(step for step in STEPS if step not in {"description", "search"})


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of the procedure, and when it was taken."""

    name: str
    done: str
    by: str
    by_hand: bool


@router.get("/case/{case_id}/steps")
def procedure(request: Request, session: Sees, case_id: CaseId) -> Response:
    """Show the procedure with times."""
    desk = state_of(request).desk
    case = desk.records.book.require_open(case_id)
    taken = desk.records.book.steps(case_id)
    if "search" not in taken and desk.records.book.search(case_id):
        desk.records.book.take_step(case_id, "search", case.owner)
        taken = desk.records.book.steps(case_id)
    rows = []
    for name in STEPS:
        done = taken.get(name)
        clock = f"{done.made.astimezone(desk.policy.zone):%H:%M}" if done else ""
        rows.append(StepView(name, clock, done.by if done else "", name in _BY_HAND))
    return render(
        request,
        "steps.html",
        session,
        **case_frame(request, case, "steps"),
        steps=rows,
        radio=_radio(request, case),
        may_decide=may(session.user.role, "decide"),
    )


@router.post("/case/{case_id}/steps")
def take_step(
    request: Request, session: Decides, case_id: CaseId, step: Annotated[str, Form(max_length=30)]
) -> Response:
    """Note that a step was taken."""
    desk = state_of(request).desk
    desk.records.book.require_open(case_id)
    desk.records.book.take_step(case_id, step, session.user.name)
    return RedirectResponse(f"/case/{case_id}/steps", 303)


@router.post("/case/{case_id}/watch")
def watch(
    request: Request,
    session: Decides,
    case_id: CaseId,
    on: Annotated[str, Form(max_length=3)],
    back: Annotated[str, Form(max_length=10)] = "map",
) -> Response:
    """Have new sightings compared with this case, or no more."""
    state_of(request).desk.records.book.watch(case_id, on == "yes", session.user.name)
    if request.headers.get("x-part") == "1":
        return Response(status_code=204)
    return RedirectResponse(f"/case/{case_id}" + ("" if back == "search" else "/map"), 303)


@router.get("/case/{case_id}/sheet")
def sheet(request: Request, session: Decides, case_id: CaseId) -> Response:
    """Show a page to print: confirmed sightings and the description from its fields, no name."""
    desk = state_of(request).desk
    case = desk.records.book.require_open(case_id)
    confirmed = desk.records.book.decisions(case_id, "confirmed")
    t = state_of(request).words.translator(language_of(request))
    desk.note_export(case_id, "print", len(confirmed), session.user.name)
    desk.load_pictures([d.sighting for d in confirmed])
    return render(
        request,
        "sheet.html",
        session,
        **case_frame(request, case, "steps"),
        cards=views.Cards(desk, case_id, t).of_decisions(confirmed),
        radio=_radio(request, case),
    )


@router.get("/case/{case_id}/close")
def close_page(request: Request, session: Sees, case_id: CaseId) -> Response:
    """Show how to close, or what is left of a closed case."""
    return _close_page(request, session, case_id)


def _close_page(
    request: Request, session: Session, case_id: int, chosen: str = "", status: int = 200
) -> Response:
    """Show the page; `chosen` is an outcome that still lacks its guardian."""
    desk = state_of(request).desk
    case = desk.records.book.get(case_id)
    return render(
        request,
        "close.html",
        session,
        status,
        **case_frame(request, case, "close"),
        outcomes=OUTCOMES,
        chosen=chosen,
        confirmed=len(desk.records.book.decisions(case_id, "confirmed")),
        erase_clock=_clock(request, case.erase_at),
        may_close=may(session.user.role, "close"),
        may_erase=may(session.user.role, "erase"),
    )


@router.post("/case/{case_id}/close")
def close(
    request: Request,
    session: Closes,
    case_id: CaseId,
    outcome: Annotated[str, Form(max_length=30)],
    guardian: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Close a case; a child that was found needs a guardian who was checked."""
    desk = state_of(request).desk
    desk.records.book.require_open(case_id)
    if outcome.startswith("found") and guardian != "yes":
        return _close_page(request, session, case_id, outcome, 400)
    if guardian == "yes":
        desk.records.book.take_step(case_id, "guardian", session.user.name)
    desk.records.book.close(case_id, outcome, session.user.name)
    return RedirectResponse(f"/case/{case_id}/close", 303)


@router.get("/case/{case_id}/audit")
def case_audit(request: Request, session: Closes, case_id: CaseId) -> Response:
    """Show a case's audit lines, to print; they hold no content."""
    desk = state_of(request).desk
    case = desk.records.book.get(case_id)
    found = desk.records.trail.verify()
    t = state_of(request).words.translator(language_of(request))
    return render(
        request,
        "audit_case.html",
        session,
        case=case,
        lines=audit_rows(t, desk.records.trail.lines(case_id), desk.policy.zone),
        verified=found,
    )


def _clock(request: Request, when: datetime | None) -> str:
    zone = state_of(request).desk.policy.zone
    return f"{when.astimezone(zone):%H:%M}" if when else ""


def _radio(request: Request, case: Case) -> str:
    """Return what is read out on the radio: fields, place and time only, never a name."""
    state, language = state_of(request), language_of(request)
    t = state.words.translator(language)
    description = state.desk.latest_query(case).description
    parts = [
        t("radio.call", case=case.name),
        _capital(phrases.sentence(t, description.current, language)),
        _last_seen(state.desk, case, t),
    ]
    return t("radio.stop").join(part for part in parts if part) + t("radio.stop").strip()


def _last_seen(desk: Desk, case: Case, t: Translator) -> str:
    """Say where and when the person was seen last: confirmed since, or as was reported."""
    zone = desk.policy.zone
    confirmed = desk.records.book.decisions(case.id, "confirmed")
    reported = case.about.last_seen_at if case.about else None
    if confirmed and (reported is None or confirmed[-1].end >= reported):
        last = confirmed[-1]
        where, clock = desk.policy.camera_name(last.camera), f"{last.start.astimezone(zone):%H:%M}"
        return t("radio.seen", place=where, time=clock)
    said = desk.latest_query(case).description.last_seen_time
    time = f"{reported.astimezone(zone):%H:%M}" if reported else said
    place = _without_names(case)
    if place:
        return t("radio.seen", place=place, time=time) if time else t("radio.place", place=place)
    return t("radio.missing", time=time) if time else ""


def _without_names(case: Case) -> str:
    """Return the place as it was reported, unless it holds a name that must stay at the desk."""
    if case.about is None:
        return ""
    place = case.about.last_seen_place
    names = f"{case.about.child_name} {case.about.reporter}".casefold().split()
    words = re.split(r"\W+", place.casefold())
    named = any(n in words or (not n.isascii() and n in place.casefold()) for n in names)
    return "" if named else place


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

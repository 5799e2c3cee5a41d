"""Erasing a closed case: what goes is named, and it can be taken back for a while. Reopening."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from reid.core.errors import CaseError
from reid.desk.cases import Case, Decision, Session
from reid.desk.desk import Desk
from reid.desk.erasure_plan import ErasurePlan
from reid.web.case_context import case_frame
from reid.web.security import CaseId, Closes, Erases
from reid.web.state import render, state_of
from reid.web.views import day_of

router = APIRouter()


@dataclass(frozen=True, slots=True)
class GoingRow:
    """A sighting in words, and the open cases that keep it."""

    camera: str
    day: str
    clock: str
    needed_by: str = ""


@router.get("/case/{case_id}/erase")
def erase_page(request: Request, session: Erases, case_id: CaseId) -> Response:
    """Ask whether a case is to be erased, and name what goes with it."""
    desk = state_of(request).desk
    return _ask(request, session, _closed(desk, case_id))


@router.post("/case/{case_id}/erase")
def erase(
    request: Request,
    session: Erases,
    case_id: CaseId,
    plan: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Have a closed case erased; `plan` is the seal of what was named on the page before."""
    desk = state_of(request).desk
    case = _closed(desk, case_id)
    if plan != desk.erasure_plan(case_id).seal:
        return _ask(request, session, case, changed=bool(plan), status=409)
    desk.schedule_erasure(case_id, session.user.name)
    return RedirectResponse(f"/case/{case_id}/close", 303)


@router.post("/case/{case_id}/erase/undo")
def take_back(request: Request, session: Erases, case_id: CaseId) -> Response:
    """Keep a case after all that was to be erased."""
    state_of(request).desk.take_back_erasure(case_id, session.user.name)
    return RedirectResponse(f"/case/{case_id}/close", 303)


@router.post("/case/{case_id}/reopen")
def reopen(request: Request, session: Closes, case_id: CaseId) -> Response:
    """Open a closed case again."""
    state_of(request).desk.records.book.reopen(case_id, session.user.name)
    return RedirectResponse(f"/case/{case_id}", 303)


def _closed(desk: Desk, case_id: int) -> Case:
    case = desk.records.book.get(case_id)
    if case.is_open:
        raise CaseError("close the case with its outcome first")
    if case.state != "closed" or case.erase_at is not None:
        raise CaseError(f"{case.name} is being erased already")
    return case


def _ask(
    request: Request, session: Session, case: Case, *, changed: bool = False, status: int = 200
) -> Response:
    desk = state_of(request).desk
    plan = desk.erasure_plan(case.id)
    return render(
        request,
        "erase.html",
        session,
        status,
        **case_frame(request, case, "close"),
        **_rows(desk, plan),
        plan=plan,
        changed=changed,
        undo=desk.policy.venue.erase_undo_minutes,
    )


def _rows(desk: Desk, plan: ErasurePlan) -> dict[str, Any]:
    def row(decision: Decision, needed_by: tuple[str, ...] = ()) -> GoingRow:
        when = decision.start.astimezone(desk.policy.zone)
        camera = desk.policy.camera_name(decision.camera)
        return GoingRow(camera, day_of(when), f"{when:%H:%M:%S}", ", ".join(needed_by))

    return {
        "going": [row(decision) for decision in plan.going],
        "staying": [row(decision, names) for decision, names in plan.staying],
    }

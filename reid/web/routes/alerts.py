"""What changes by itself on an open page: alerts that wait, and what was confirmed of a case."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from reid.web import views
from reid.web.alert_cards import cards_of
from reid.web.security import CaseId, Sees
from reid.web.state import language_of, render, state_of

router = APIRouter()


@router.get("/alerts")
def waiting(request: Request, session: Sees) -> Response:
    """Send how many alerts wait for a decision."""
    return render(request, "part_waiting.html", session)


@router.get("/case/{case_id}/alerts")
def of_case(request: Request, session: Sees, case_id: CaseId) -> Response:
    """Send the parts of a case's search page that change without a search."""
    state = state_of(request)
    desk, t = state.desk, state.words.translator(language_of(request))
    case = desk.records.book.require_open(case_id)
    confirmed = desk.records.book.decisions(case_id, "confirmed")
    return render(
        request,
        "live_case.html",
        session,
        case=case,
        tab="search",
        alert_cards=cards_of(desk, t, desk.records.alerts.waiting(case_id)),
        confirmed=views.Cards(desk, case_id, t).of_decisions(confirmed),
    )

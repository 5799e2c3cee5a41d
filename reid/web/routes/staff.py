"""For supervisors and auditors: the audit trail, the report, the staff."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from reid.desk.impact_report import report
from reid.web.audit_view import audit_rows, report_sections
from reid.web.security import Audits, ManagesUsers, Number, Reports
from reid.web.state import language_of, render, state_of
from reid.web.translations import Translator

router = APIRouter()

_NEWEST = 300


@router.get("/audit")
def audit(request: Request, session: Audits, case: Number = None) -> Response:
    """Show the audit trail and whether it holds."""
    trail = state_of(request).desk.records.trail
    return render(
        request,
        "audit.html",
        session,
        lines=audit_rows(
            _translator(request),
            reversed(trail.lines(case, _NEWEST)),
            state_of(request).desk.policy.zone,
        ),
        verified=trail.verify(),
        newest=_NEWEST,
    )


@router.get("/report")
def report_page(request: Request, session: Reports) -> Response:
    """Show what an impact assessment asks for."""
    desk = state_of(request).desk
    sections = report_sections(_translator(request), report(desk, session.user.name))
    return render(request, "report.html", session, sections=sections)


def _translator(request: Request) -> Translator:
    return state_of(request).words.translator(language_of(request))


@router.get("/users")
def users(request: Request, session: ManagesUsers) -> Response:
    """Show the staff."""
    accounts = state_of(request).desk.records.accounts
    return render(request, "users.html", session, users=accounts.all())


@router.post("/users")
def add_user(
    request: Request,
    session: ManagesUsers,
    name: Annotated[str, Form(max_length=32)],
    password: Annotated[str, Form(max_length=200)],
    role: Annotated[str, Form(max_length=20)],
) -> Response:
    """Add somebody."""
    accounts = state_of(request).desk.records.accounts
    accounts.add(name.strip().lower(), password, role, session.user.name)
    return RedirectResponse("/users", 303)


@router.post("/users/disable")
def disable_user(
    request: Request, session: ManagesUsers, name: Annotated[str, Form(max_length=32)]
) -> Response:
    """Let somebody sign in no more."""
    accounts = state_of(request).desk.records.accounts
    accounts.disable(name, session.user.name)
    return RedirectResponse("/users", 303)

"""What surrounds every page of a case: its clock, its tabs, the police prompt."""

from datetime import UTC, datetime
from typing import Any

from fastapi import Request

from reid.desk.cases import Case
from reid.web import views
from reid.web.alert_cards import cards_of
from reid.web.state import language_of, state_of


def case_frame(request: Request, case: Case, tab: str) -> dict[str, Any]:
    """Return the values that the frame of a case's pages needs."""
    state = state_of(request)
    desk, t = state.desk, state.words.translator(language_of(request))
    steps = desk.records.book.steps(case.id)
    limit = desk.policy.venue.police_after_minutes
    zone = desk.policy.zone
    about = case.about
    seen = about.last_seen_at.astimezone(zone) if about and about.last_seen_at else None
    return {
        "case": case,
        "tab": tab,
        "about": about,
        "seen_clock": f"{seen:%H:%M}" if seen else "",
        "seen_ago": views.ago(t, seen) if seen else "",
        "seen_said": "" if seen else desk.latest_query(case).description.last_seen_time,
        "opened_clock": f"{case.opened.astimezone(zone):%H:%M}",
        "opened_ms": int(case.opened.timestamp() * 1000),
        "minutes": views.minutes_open(case, datetime.now(UTC)),
        "police_after": limit,
        "police_done": "police" in steps,
        "alert_cards": cards_of(desk, t, desk.records.alerts.waiting(case.id)),
    }

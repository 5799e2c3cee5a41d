"""What an open page is told as it happens: new alerts, and which cases have changed."""

import json
from typing import Any, Final

from reid.desk.cases import Alert, Session
from reid.desk.policy import may
from reid.web.alert_cards import cards_of
from reid.web.state import State

TOLD: Final = (
    "alert", "case.close", "case.describe", "case.open", "case.reopen", "decide.", "erase.",
    "step.", "watch.",
)  # fmt: skip
"""Beginnings of the audit actions after which pages that show a case are no longer right."""


class Feed:
    """The messages of one page's stream of server-sent events.

    Args:
        session: whose page it is.
        language: in which cards are written.
        last: number of the newest alert that the page has seen; None: only new ones are told.
    """

    def __init__(self, state: State, session: Session, language: str, last: int | None) -> None:
        self._state, self._session = state, session
        self._t = state.words.translator(language)
        records = state.desk.records
        self._last = records.alerts.last() if last is None else last
        self._seq = max((line.seq for line in records.trail.lines(newest=1)), default=0)

    def news(self) -> list[str]:
        """Return what has happened since the last call, as server-sent events."""
        told = [self._alert(alert) for alert in self._state.desk.records.alerts.after(self._last)]
        changed = self._changed()
        return [*told, _event("changed", {"cases": changed})] if changed else told

    def _alert(self, alert: Alert) -> str:
        self._last = alert.id
        return f"id: {alert.id}\n" + _event("alert", self._described(alert))

    def _described(self, alert: Alert) -> dict[str, Any]:
        desk = self._state.desk
        if not desk.records.book.get(alert.case_id).is_open:
            return {"id": alert.id, "case": alert.case_id, "html": ""}
        html = self._state.pages.get_template("part_alert.html").render(
            t=self._t,
            card=cards_of(desk, self._t, [alert])[0],
            csrf=self._session.csrf,
            may_confirm=may(self._session.user.role, "decide"),
            floats=True,
        )
        return {"id": alert.id, "case": alert.case_id, "html": html}

    def _changed(self) -> list[int]:
        """Return the cases of which something was written down."""
        lines = self._state.desk.records.trail.since(self._seq)
        if lines:
            self._seq = lines[-1].seq
        cases = [line.case_id for line in lines if line.action.startswith(TOLD)]
        return sorted({case for case in cases if case is not None})


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"

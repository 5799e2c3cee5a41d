"""One table of rights: every route is in it, every role is held to it, no right is unused."""

import inspect
from typing import get_args

import pytest
from fastapi import APIRouter, FastAPI

from reid.desk import sites
from reid.desk.desk import Desk
from reid.desk.policy import PERMISSIONS, Permission
from reid.web.rights import RIGHTS, check_rights
from reid.web.security import Sees
from tests.web.conftest import ROLES, TEXT, Browser, asked_to_erase

FORMS = {
    "/case/new": {"text": TEXT, "purpose": "missing-child"},
    "/api/phrase": {"slots": '{"slots":[]}'},
    "/case/{case_id}/similar": {"sighting": "s" + "0" * 23},
    "/case/{case_id}/view": {"sighting": "s" + "0" * 23},
    "/case/{case_id}/decide": {"sighting": "s" + "0" * 23, "verdict": "confirmed"},
    "/case/{case_id}/steps": {"step": "police"},
    "/case/{case_id}/watch": {"on": "yes"},
    "/case/{case_id}/close": {"outcome": "withdrawn"},
    "/users": {"name": "eve", "password": "correct horse battery", "role": "viewer"},
    "/users/disable": {"name": "viewer"},
}
"""What a form needs so that what it asks for happens."""

LAST = ("/users/disable", "/case/{case_id}/close", "/case/{case_id}/erase", "/logout")
ENDLESS = "/events"
BESIDE_ROUTES = {"sites": sites}
"""Rights that no route needs, and where they are asked for: the command line."""


def ordered() -> list[tuple[str, str]]:
    """Return all routes, those last that end what others need."""
    return sorted(RIGHTS, key=lambda place: LAST.index(place[1]) if place[1] in LAST else -1)


@pytest.mark.parametrize("role", ROLES)
def test_every_route_asks_every_role_for_its_right(
    browse, operator: Browser, case: str, desk: Desk, role: str
) -> None:
    browser, key = browse(role), desk.picture_keys(1).of("s" + "0" * 23)
    for method, path in ordered():
        right = RIGHTS[method, path]
        may = right in {"anyone", "signed in"} or right in PERMISSIONS[role]
        if path == ENDLESS and may:
            continue  # a stream: opened where it is tested
        if path == LAST[0]:
            desk.records.accounts.add(f"x-{role}", "correct horse battery", "viewer", "setup")
        said = path.replace("{case_id}", "1").replace("{sighting}", "s" + "0" * 23)
        said = said.replace("{key}", key)
        form = {**FORMS.get(path, {}), **({"name": f"x-{role}"} if path == LAST[0] else {})}
        answer = browser.get(said) if method == "GET" else browser.fill(said, **form)
        where = (role, method, path, answer.status_code, answer.text[:200])
        refused = answer.status_code == 403 and "may not do this" in answer.text
        assert refused is not may, where
        if may:
            assert answer.status_code < 500, where
            assert answer.status_code != 401, where
        else:
            newest = desk.records.trail.lines(newest=1)[0]
            assert (newest.action, right in newest.detail) == ("refused", True), where


def test_an_operator_closes_and_a_supervisor_erases(
    operator: Browser, browse, case: str, desk: Desk
) -> None:
    operator.fill(f"{case}/close", outcome="withdrawn")
    assert operator.fill(f"{case}/erase").status_code == 403
    assert desk.records.book.get(1).state == "closed"
    assert f'action="{case}/erase"' not in operator.get(f"{case}/close").text
    boss = browse("supervisor")
    assert boss.fill(f"{case}/erase").status_code == 409, "what goes was not named before"
    assert desk.records.book.get(1).erase_at is None
    assert asked_to_erase(boss, case)[1].status_code == 303


def test_no_right_is_unused() -> None:
    needed = set(RIGHTS.values()) - {"anyone", "signed in"}
    for right, module in BESIDE_ROUTES.items():
        assert f'"{right}")' in inspect.getsource(module), right
    assert needed | BESIDE_ROUTES.keys() == set(get_args(Permission))
    given = frozenset().union(*PERMISSIONS.values())
    assert given == set(get_args(Permission)), "a right that no role has"


def test_an_app_with_an_unlisted_or_a_changed_route_does_not_start(app: FastAPI) -> None:
    check_rights(app)
    stranger = APIRouter()

    @stranger.get("/secret")
    def secret() -> str:
        return "open to all"

    @stranger.post("/case/{case_id}/view")
    def view(session: Sees) -> str:
        return session.user.name

    open_to_all, changed = FastAPI(), FastAPI()
    for router in (app.router, stranger):
        open_to_all.include_router(router)
    with pytest.raises(RuntimeError, match="GET /secret takes 'anyone'"):
        check_rights(open_to_all)
    with pytest.raises(RuntimeError, match="GET / takes None"):
        check_rights(changed)

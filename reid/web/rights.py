"""Which right each route needs: one table, and an app that does not start where a route differs."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from reid.desk.policy import Permission

Right = Permission | Literal["anyone", "signed in", "link"]
"""A permission of the roles; that somebody is signed in, or came by the one-time link; nothing."""

RIGHTS: Final[dict[tuple[str, str], Right]] = {
    ("GET", "/healthz"): "anyone",
    ("GET", "/metrics"): "anyone",  # of this machine
    ("GET", "/login"): "anyone",
    ("POST", "/login"): "anyone",
    ("POST", "/language"): "anyone",
    ("POST", "/logout"): "signed in",
    ("GET", "/"): "signed in",
    ("GET", "/events"): "see",
    ("GET", "/plan"): "see",
    ("GET", "/case/{case_id}"): "see",
    ("GET", "/alerts"): "see",
    ("GET", "/case/{case_id}/alerts"): "see",
    ("GET", "/case/{case_id}/map"): "see",
    ("GET", "/case/{case_id}/steps"): "see",
    ("GET", "/case/{case_id}/close"): "see",
    ("GET", "/case/{case_id}/picture/{sighting}/{key}.jpg"): "see",
    ("POST", "/case/{case_id}/view"): "see",
    ("GET", "/case/new"): "search",
    ("POST", "/case/new"): "search",
    ("POST", "/api/describe"): "search",
    ("POST", "/api/phrase"): "search",
    ("POST", "/api/photo"): "search",
    ("GET", "/photo/{name}/{number}.jpg"): "search",
    ("POST", "/case/{case_id}/photo"): "search",
    ("POST", "/case/{case_id}/photo/forget"): "search",
    ("GET", "/case/{case_id}/photo/{number}.jpg"): "see",
    ("POST", "/case/{case_id}/search"): "search",
    ("POST", "/case/{case_id}/similar"): "search",
    ("POST", "/case/{case_id}/decide"): "decide",
    ("POST", "/case/{case_id}/steps"): "decide",
    ("POST", "/case/{case_id}/watch"): "decide",
    ("GET", "/case/{case_id}/sheet"): "decide",
    ("POST", "/case/{case_id}/close"): "close",
    ("GET", "/case/{case_id}/audit"): "close",
    ("POST", "/case/{case_id}/reopen"): "close",
    ("GET", "/case/{case_id}/erase"): "erase",
    ("POST", "/case/{case_id}/erase"): "erase",
    ("POST", "/case/{case_id}/erase/undo"): "erase",
    ("GET", "/audit"): "audit",
    ("GET", "/report"): "report",
    ("GET", "/users"): "users",
    ("POST", "/users"): "users",
    ("POST", "/users/disable"): "users",
}
"""Method and path of every route → what it needs. What a role may is in `PERMISSIONS`."""


SETUP_RIGHTS: Final[dict[tuple[str, str], Right]] = {
    ("GET", "/healthz"): "anyone",
    ("GET", "/"): "anyone",
    ("GET", "/setup"): "anyone",  # the link itself, once; what it shows needs its cookie
    ("POST", "/setup"): "link",
    ("GET", "/setup/progress"): "link",
    ("POST", "/setup/finish"): "link",
}
"""The same of the app that sets a venue up."""


def check_rights(app: FastAPI, table: Mapping[tuple[str, str], Right] = RIGHTS) -> None:
    """Compare an app's routes with a table of rights.

    Raises:
        RuntimeError: a route is not in the table, needs another right, or is gone.
    """
    found = {
        (method, route.path): _right_of(route.dependant)
        for route in routes_of(app.routes)
        for method in (route.methods or set()) - {"HEAD"}
    }
    for place in sorted(found.keys() | table.keys()):
        wanted, has = table.get(place), found.get(place)
        if wanted != has:
            raise RuntimeError(
                f"{' '.join(place)} takes {has!r}, reid/web/rights.py says {wanted!r}"
            )


def routes_of(items: Any) -> Iterator[APIRoute]:
    """Yield all routes, of included routers too (FastAPI keeps those nested)."""
    for item in items:
        if isinstance(item, APIRoute):
            yield item
        elif hasattr(item, "original_router"):
            yield from routes_of(item.original_router.routes)


def _right_of(dependant: Dependant) -> Right:
    """Return the right that a route's dependencies ask for."""
    asked = [
        right
        for part in dependant.dependencies
        if (right := getattr(part.call, "right", None)) is not None
    ]
    return asked[0] if asked else "anyone"

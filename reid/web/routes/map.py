"""The venue's plan: cameras, the confirmed route, where somebody could have walked by now."""

import mimetypes
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from PIL import Image as PillowImage
from starlette.responses import FileResponse, Response

from reid.core.errors import StoreError
from reid.desk.cases import Decision
from reid.desk.desk import Desk
from reid.desk.policy import may
from reid.desk.reach import radius, reachable
from reid.web import views
from reid.web.case_context import case_frame
from reid.web.security import CaseId, Sees
from reid.web.state import language_of, render, state_of

router = APIRouter()

WIDE: Final = 1000.0
"""Width of the drawing, in its own units."""

_PLAIN_ASPECT: Final = 0.6


@dataclass(frozen=True, slots=True)
class CameraMarker:
    """A camera on the plan."""

    camera: str
    name: str
    x: float
    y: float
    sees: float
    exit: bool
    stops: tuple[int, ...]
    alerted: bool


@dataclass(frozen=True, slots=True)
class ReachablePlace:
    """A place that could have been reached, in words."""

    name: str
    exit: bool
    metres: int
    clock: str
    possible: bool


@router.get("/case/{case_id}/map")
def map_page(request: Request, session: Sees, case_id: CaseId) -> Response:
    """Show the plan and the timeline of confirmed sightings."""
    state = state_of(request)
    desk, t = state.desk, state.words.translator(language_of(request))
    case = desk.records.book.require_open(case_id)
    route = desk.records.book.decisions(case_id, "confirmed")
    desk.pictures.load([d.sighting for d in route])
    height = WIDE * plan_aspect(desk)
    alerted = {alert.camera for alert in desk.records.alerts.waiting(case_id)}
    markers = _markers(desk, route, height, alerted)
    last = route[-1] if route else None
    return render(
        request,
        "map.html",
        session,
        **case_frame(request, case, "map"),
        wide=WIDE,
        height=height,
        has_plan=desk.policy.plan.image is not None,
        markers=markers,
        line=_line(markers, route),
        places=_reachable_places(desk, last) if last else [],
        reach=_reach(desk, last),
        start=next((s for s in markers if last and s.camera == last.camera), None),
        cards=views.Cards(desk, case_id, t).of_decisions(route),
        unplaced=[
            desk.policy.camera_name(c) for c, v in desk.policy.cameras.items() if v.x is None
        ],
        may_decide=may(session.user.role, "decide"),
    )


@router.get("/plan")
def plan(request: Request, session: Sees) -> Response:
    """Send the venue's plan."""
    desk = state_of(request).desk
    name = desk.policy.plan.image
    if name is None or not (desk.folder / name).is_file():
        return Response(status_code=404)
    plan = desk.folder / name
    if isinstance(plan, Path):
        return FileResponse(plan)
    return Response(plan.read_bytes(), media_type=mimetypes.guess_type(name)[0])


def plan_aspect(desk: Desk) -> float:
    """Return the plan's height over its width."""
    name = desk.policy.plan.image
    if name is None:
        return _PLAIN_ASPECT
    try:
        plan = desk.folder / name
        with PillowImage.open(
            plan if isinstance(plan, Path) else BytesIO(plan.read_bytes())
        ) as image:
            return image.height / image.width
    except (OSError, StoreError, ValueError, SyntaxError, PillowImage.DecompressionBombError):
        return _PLAIN_ASPECT


def _markers(
    desk: Desk, route: list[Decision], height: float, alerted: set[str]
) -> list[CameraMarker]:
    width_m = desk.policy.plan.width_m
    markers = []
    for name, camera in desk.policy.cameras.items():
        if camera.x is None or camera.y is None:
            continue
        stops = tuple(i + 1 for i, stop in enumerate(route) if stop.camera == name)
        sees = WIDE * camera.sees_m / width_m if width_m else WIDE * 0.08
        shown = desk.policy.camera_name(name)
        where = camera.x * WIDE, camera.y * height
        markers.append(CameraMarker(name, shown, *where, sees, camera.exit, stops, name in alerted))
    return markers


def _line(markers: list[CameraMarker], route: list[Decision]) -> str:
    where = {marker.camera: f"{marker.x:.0f},{marker.y:.0f}" for marker in markers}
    return " ".join(where[stop.camera] for stop in route if stop.camera in where)


def _reachable_places(desk: Desk, last: Decision) -> list[ReachablePlace]:
    now = datetime.now(UTC)
    zone = desk.policy.zone
    return [
        ReachablePlace(
            desk.policy.camera_name(place.camera),
            place.exit,
            round(place.metres),
            f"{place.earliest.astimezone(zone):%H:%M}",
            place.possible,
        )
        for place in reachable(desk.policy, last.camera, last.end, now, plan_aspect(desk))
        if place.camera != last.camera
    ]


def _reach(desk: Desk, last: Decision | None) -> float:
    share = radius(desk.policy, last.end, datetime.now(UTC)) if last else None
    return min(share or 0.0, 3.0) * WIDE

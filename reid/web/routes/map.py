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

from reid.core.errors import ReidError, StoreError
from reid.desk.cases import Decision
from reid.desk.desk import Desk
from reid.desk.policy import may
from reid.desk.reach import PLAIN_ASPECT, radius, reachable
from reid.watch.status import read_status
from reid.web import views
from reid.web.case_context import case_frame
from reid.web.security import CaseId, Sees
from reid.web.state import language_of, render, state_of
from reid.web.translations import Translator

router = APIRouter()

WIDE: Final = 1000.0
"""Width of the drawing, in its own units."""

LONGEST_NUMBER: Final = 4
LONGEST_LABEL: Final = 26
"""Characters on a camera's dot, and of its name on the plan."""


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

    @property
    def number(self) -> str:
        """Which stops of the route it is, short enough for its dot: "2·5", "1–6", "4×"."""
        first, last = (self.stops[0], self.stops[-1]) if self.stops else (0, 0)
        if len(self.stops) > 2 and last - first == len(self.stops) - 1:
            return f"{first}–{last}"
        said = "·".join(map(str, self.stops))
        return said if len(said) <= LONGEST_NUMBER else f"{len(self.stops)}×"

    @property
    def radius(self) -> int:
        """Of its dot, in units of the drawing."""
        return 34 if self.stops else 16

    @property
    def label(self) -> str:
        """Its name, short enough for the plan."""
        return (
            self.name if len(self.name) <= LONGEST_LABEL else f"{self.name[: LONGEST_LABEL - 1]}…"
        )

    @property
    def anchor(self) -> str:
        """From which end its name is written, so that it does not leave the plan."""
        return "start" if self.x < WIDE / 3 else "end" if self.x > WIDE * 2 / 3 else "middle"

    @property
    def label_x(self) -> float:
        """Where its name begins, ends, or has its middle."""
        edge = {"start": -self.radius, "middle": 0, "end": self.radius}[self.anchor]
        return min(max(self.x + edge, 8.0), WIDE - 8)

    @property
    def label_y(self) -> float:
        """The base line of its name: above the dot, or below where the plan ends."""
        gap = self.radius + (22 if self.alerted else 10)
        return self.y - gap if self.y > 90 else self.y + gap + 24


@dataclass(frozen=True, slots=True)
class CameraRow:
    """A camera in the list beside the plan: what it is, and how it is doing."""

    camera: str
    name: str
    place: str
    state: str
    stops: str
    exit: bool


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
    desk.load_pictures([d.sighting for d in route])
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
        rows=_camera_rows(desk, t, markers, route),
        may_search=may(session.user.role, "search"),
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
        return PLAIN_ASPECT
    try:
        plan = desk.folder / name
        with PillowImage.open(
            plan if isinstance(plan, Path) else BytesIO(plan.read_bytes())
        ) as image:
            return image.height / image.width
    except (OSError, StoreError, ValueError, SyntaxError, PillowImage.DecompressionBombError):
        return PLAIN_ASPECT


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


def _camera_rows(
    desk: Desk, t: Translator, markers: list[CameraMarker], route: list[Decision]
) -> list[CameraRow]:
    """List all cameras, those that are not on the plan too."""
    states, dots = _states(desk), {marker.camera: marker.number for marker in markers}
    seen = {d.camera for d in route}
    return [
        CameraRow(
            name,
            desk.policy.camera_name(name),
            t(f"place.{camera.place}"),
            states.get(name, ""),
            dots.get(name) or ("✓" if name in seen else ""),
            camera.exit,
        )
        for name, camera in desk.policy.cameras.items()
    ]


def _states(desk: Desk) -> dict[str, str]:
    """Return how the watched cameras are, as the banner and the terminal say it."""
    try:
        status = read_status(desk.folder)
    except ReidError:
        return {}
    return {h.camera: status.state_of(h) for h in status.cameras} if status else {}


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

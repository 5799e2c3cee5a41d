"""Redacted thumbnails: two dozen a search, so each must be cheap and still be checked."""

import time
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reid.core.errors import AccessError
from reid.desk.cases import same
from reid.desk.policy import may
from reid.web.security import CaseId, NotSignedIn, cookie_name, session_of
from reid.web.state import PictureGrant, State, state_of

router = APIRouter()

REMEMBERED: Final = 5.0
"""Seconds for which a session's right to a case's pictures is taken as checked."""

_MOST: Final = 2000


@router.get("/case/{case_id}/picture/{sighting}/{key}.jpg")
async def picture(request: Request, case_id: CaseId, sighting: str, key: str) -> Response:
    """Send a redacted thumbnail; its address is valid in its open case only."""
    state = state_of(request)
    token = request.cookies.get(cookie_name(request), "")
    granted = state.picture_grants.get((token, case_id))
    if granted is None or granted.until < time.monotonic():
        granted = await run_in_threadpool(_grant, request, state, case_id)
        if len(state.picture_grants) > _MOST:
            state.picture_grants.clear()
        state.picture_grants[token, case_id] = granted
    if not same(key, granted.case.of(sighting)):
        return Response(status_code=404)
    data = await run_in_threadpool(state.desk.pictures.get, sighting)
    if data is None:
        return Response(status_code=404)
    return Response(data, media_type="image/jpeg")


def _grant(request: Request, state: State, case_id: int) -> PictureGrant:
    """Check session, role and case."""
    session = session_of(request)
    if session is None:
        raise NotSignedIn
    if not may(session.user.role, "see"):
        raise AccessError(f"a {session.user.role} may not do this")
    state.desk.records.book.require_open(case_id)
    return PictureGrant(time.monotonic() + REMEMBERED, state.desk.picture_keys(case_id))

"""Redacted thumbnails: each is checked anew, for a session may end at any moment."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from reid.desk.cases import same
from reid.web.security import CaseId, Sees
from reid.web.state import state_of

router = APIRouter()


@router.get("/case/{case_id}/picture/{sighting}/{key}.jpg")
def picture(request: Request, session: Sees, case_id: CaseId, sighting: str, key: str) -> Response:
    """Send a redacted thumbnail; its address is valid in its open case only."""
    desk = state_of(request).desk
    desk.records.book.require_open(case_id)
    if not same(key, desk.picture_keys(case_id).of(sighting)):
        return Response(status_code=404)
    data = desk.pictures.get(sighting)
    if data is None:
        return Response(status_code=404)
    return Response(data, media_type="image/jpeg", headers={"cache-control": "private, no-store"})

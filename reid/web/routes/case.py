"""Working on a case: search, evidence, confirm and reject, same clothes elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from reid.core.clock import parse_time
from reid.core.errors import UsageError
from reid.core.records import SearchWindow, SimilarMatch
from reid.desk.cases import Case, Sent, Session
from reid.desk.desk import SHOWN, Desk, SearchResult
from reid.desk.parsed_description import ParsedDescription
from reid.desk.policy import may
from reid.web import views
from reid.web.case_context import case_frame
from reid.web.concurrency import in_turn
from reid.web.security import CaseId, Decides, Number, Searches, Sees
from reid.web.state import language_of, render, render_parts, state_of
from reid.web.translations import Translator

router = APIRouter()

_LAST_SEEN_MARGIN: Final = timedelta(minutes=5)
"""People are seldom right to the minute about when they last saw somebody."""

MOST_SHOWN: Final = 240
"""Sightings of one search that are shown at most, however often more are asked for."""

_CHANGING: Final = ("results", "chips", "confirmed", "facts")
"""Parts of a case's page that a search changes."""

Top = Annotated[int, Form(ge=1, le=MOST_SHOWN)]


@dataclass(frozen=True, slots=True)
class SearchResultPage:
    """What a page asks: for what, when and where, what not to ask next, how many to show."""

    description: ParsedDescription
    window: SearchWindow
    skip: frozenset[str] = frozenset()
    top: int = SHOWN


_LONGEST_SLOTS: Final = 20_000
_LONGEST_WAIT: Final = 2 * 24 * 3600  # seconds
_LONGEST_WINDOW: Final = 366 * 24 * 60  # minutes


@router.get("/case/{case_id}")
@in_turn
def case_page(request: Request, session: Sees, case_id: CaseId, s: Number = None) -> Response:
    """Show a case: its newest search, or the one in the address."""
    desk = state_of(request).desk
    case = desk.records.book.get(case_id)
    if not case.is_open:
        return RedirectResponse(f"/case/{case_id}/close", 303)
    if not may(session.user.role, "search"):
        return RedirectResponse(f"/case/{case_id}/map", 303)
    latest = desk.latest_query(case, s)
    if latest.number is None and s is not None:
        raise UsageError(f"this case has no search {s}")
    asked = SearchResultPage(latest.description, latest.window)
    values = _searched(request, session, case_id, asked)
    frame = case_frame(request, case, "search")
    return render(request, "case.html", session, **frame, **values)


@router.post("/case/{case_id}/search")
@in_turn
def search(
    request: Request,
    session: Searches,
    case_id: CaseId,
    slots: Annotated[str, Form(max_length=_LONGEST_SLOTS)] = "",
    text: Annotated[str, Form(max_length=4000)] = "",
    window: Annotated[str, Form(max_length=10)] = "",
    since: Annotated[str, Form(max_length=20)] = "",
    until: Annotated[str, Form(max_length=20)] = "",
    camera: Annotated[list[str] | None, Form()] = None,
    skip: Annotated[str, Form(max_length=2000)] = "",
    top: Top = SHOWN,
) -> Response:
    """Search anew, from changed fields, a new sentence, or other filters."""
    desk = state_of(request).desk
    case = desk.records.book.require_open(case_id)
    description = _description(desk, session, case, slots, text)
    where = _window(desk, case, window, since, until, camera or [])
    if _wants_part(request):
        asked = SearchResultPage(description, where, frozenset(skip.split(",")), top)
        return answer(request, session, case_id, asked)
    saved = desk.records.book.save_search(case_id, description.to_text(), where.to_text())
    return RedirectResponse(f"/case/{case_id}?s={saved.number}", 303)


@router.post("/case/{case_id}/decide")
def decide(
    request: Request,
    session: Decides,
    case_id: CaseId,
    sighting: Annotated[str, Form(max_length=64)],
    verdict: Annotated[str, Form(max_length=10)],
    s: Annotated[int | None, Form(ge=1, le=100000)] = None,
    key: Annotated[str, Form(max_length=64)] = "",
    age: Annotated[float | None, Form(ge=0, le=_LONGEST_WAIT)] = None,
    brief: Annotated[str, Form(max_length=3)] = "",
    top: Top = SHOWN,
) -> Response:
    """Confirm or reject a sighting; the list is refined at once.

    Args:
        key: of the request: one that was carried out already is not carried out again.
        age: seconds that it has waited in the browser; what others decided meanwhile stands.
        brief: "yes": the page shows no list.
    """
    desk = state_of(request).desk
    made = None if age is None else datetime.now(UTC) - timedelta(seconds=age)
    desk.decide(case_id, sighting, verdict, session.user.name, Sent(key, made))
    if brief == "yes":
        return JSONResponse({})
    if not _wants_part(request):
        return RedirectResponse(f"/case/{case_id}", 303)
    case = desk.records.book.require_open(case_id)
    latest = desk.latest_query(case, s)
    asked = SearchResultPage(latest.description, latest.window, top=top)
    return answer(request, session, case_id, asked)


@router.post("/case/{case_id}/similar")
def similar(
    request: Request,
    session: Searches,
    case_id: CaseId,
    sighting: Annotated[str, Form(max_length=64)],
) -> Response:
    """Show the same clothes elsewhere."""
    desk, t = _tools(request)
    found = desk.similar(case_id, sighting, SearchWindow(), session.user.name)
    makes = views.Cards(desk, case_id, t)
    cards = makes.of_similar(found)
    desk.pictures.load([sighting])
    (whose,) = makes.of_similar([SimilarMatch(desk.store.keys([sighting])[sighting], 1.0)])
    case = desk.records.book.require_open(case_id)
    values: dict[str, Any] = {
        "cards": cards,
        "whose": whose,
        "outcome": "similar",
        "searched": len(cards),
    }
    if _wants_part(request):
        page = render(request, "part_similar.html", session, case=case, **values)
        return JSONResponse({"html": bytes(page.body).decode()})
    return render(request, "similar.html", session, **case_frame(request, case, "search"), **values)


@router.post("/case/{case_id}/view")
def view(
    request: Request,
    session: Sees,
    case_id: CaseId,
    sighting: Annotated[str, Form(max_length=64)],
) -> Response:
    """Note that somebody opened a sighting."""
    desk = state_of(request).desk
    desk.view(case_id, sighting, session.user.name)
    return Response(status_code=204)


def _description(
    desk: Desk, session: Session, case: Case, slots: str, text: str
) -> ParsedDescription:
    """Take a new sentence if there is one, else the changed fields, else what was asked last."""
    if text.strip():
        last = desk.latest_query(case).description
        description = desk.understand(text, session.user.name, case.id).with_photo_of(last)
        seen = description.circumstances(desk.policy.zone)
        desk.records.book.describe(case.id, text, description.to_text(), session.user.name, seen)
        return description
    last = desk.latest_query(case).description
    return last.with_fields_of(ParsedDescription.of_text(slots)) if slots else last


def _window(
    desk: Desk, case: Case, window: str, since: str, until: str, cameras: list[str]
) -> SearchWindow:
    now = datetime.now(UTC)
    first, last = _local(desk, since), _local(desk, until)
    if window.isascii() and window.isdigit():
        first, last = now - timedelta(minutes=min(int(window), _LONGEST_WINDOW)), None
    elif window == "seen" and case.about is not None and case.about.last_seen_at:
        first, last = case.about.last_seen_at - _LAST_SEEN_MARGIN, None
    elif window == "any":
        first, last = None, None
    if first and last and last < first:
        raise UsageError("the end of the time window is before its start")
    return SearchWindow(first, last, tuple(cameras))


def _local(desk: Desk, text: str) -> datetime | None:
    """Read what a datetime-local field holds, by the venue's clock."""
    if not text:
        return None
    return parse_time(text, desk.policy.zone)


def _searched(
    request: Request, session: Session, case_id: int, asked: SearchResultPage
) -> dict[str, Any]:
    desk, t = _tools(request)
    if not desk.has_sightings:
        return _nothing_to_search(desk, t, case_id, asked)
    with state_of(request).metrics.search_seconds.time():
        result = desk.search(
            case_id, asked.description, asked.window, session.user.name, asked.top, asked.skip
        )
    return _shown(desk, t, result)


def _nothing_to_search(
    desk: Desk, t: Translator, case_id: int, asked: SearchResultPage
) -> dict[str, Any]:
    """Fill the page of a venue where no camera has seen anybody yet; what is asked is kept."""
    said, window = asked.description.to_text(), asked.window.to_text()
    return {
        **_asked(desk, t, case_id, asked.description, asked.window),
        "has_sightings": False,
        "cards": [],
        "outcome": "no_sightings",
        "confirmed": [],
        "explained": [],
        "searched": 0,
        "number": desk.records.book.save_search(case_id, said, window).number,
        "question": None,
        "more": 0,
    }


def _shown(desk: Desk, t: Translator, result: SearchResult) -> dict[str, Any]:
    cards = views.Cards(desk, result.case.id, t)
    decided = desk.records.book.decisions(result.case.id)
    confirmed = [one for one in decided if one.verdict == "confirmed"]
    matches = cards.of_answer(result.answer)
    outcome = result.answer.outcome if matches else "nothing_asked"
    shown = len(matches)
    return {
        **_asked(desk, t, result.case.id, result.description, result.window, result.withheld),
        "has_sightings": True,
        "cards": matches,
        "heading": views.heading(outcome, matches),
        "confirmed": cards.of_decisions(confirmed),
        "outcome": outcome,
        "more": min(shown + SHOWN, MOST_SHOWN) if shown < min(result.searched, MOST_SHOWN) else 0,
        "explained": views.explained(t, len(confirmed), len(decided) - len(confirmed), result),
        "searched": result.searched,
        "number": result.number,
        "seconds": result.seconds,
        "question": views.question(t, result.question),
    }


def _asked(
    desk: Desk,
    t: Translator,
    case_id: int,
    description: ParsedDescription,
    window: SearchWindow,
    withheld: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the values that show what is searched for, when and where."""
    zone = desk.policy.zone
    since, until = (
        f"{at.astimezone(zone):%Y-%m-%dT%H:%M}" if at else "" for at in (window.since, window.until)
    )
    return {
        "chips": views.chips(t, description.slots, withheld, description.is_changed),
        "places": [(name, desk.policy.camera_name(name)) for name in description.places],
        "photo_parts": views.photo_parts(t),
        "photo": _photo(desk, t, case_id, description),
        "slots_json": description.slots,
        "refused": [t(f"refused.{kind}") for kind in description.refused],
        "unparsed": description.unparsed,
        "withheld": bool(withheld),
        "filters": window,
        "since": since,
        "until": until,
        "cameras": [(name, desk.policy.camera_name(name)) for name in desk.policy.cameras],
    }


def _photo(
    desk: Desk, t: Translator, case_id: int, description: ParsedDescription
) -> dict[str, Any] | None:
    """Return what a page shows of the photo that is searched for too; None: there is none."""
    if not description.has_photo:
        return None
    number = description.photo_number
    kept = desk.records.photos.picture(case_id, number) is not None
    return {
        "picture": f"/case/{case_id}/photo/{number}.jpg" if kept else "",
        "parts": views.photo_parts(t, description.changed),
    }


def answer(request: Request, session: Session, case_id: int, asked: SearchResultPage) -> Response:
    """Send the parts of the page that a search changes."""
    values = _searched(request, session, case_id, asked)
    case = state_of(request).desk.records.book.get(case_id)

    values |= case_frame(request, case, "search")
    parts = render_parts(request, _CHANGING, session, values)
    return JSONResponse({"number": values["number"], "slots": values["slots_json"], **parts})


def _tools(request: Request) -> tuple[Desk, Translator]:
    state = state_of(request)
    return state.desk, state.words.translator(language_of(request))


def _wants_part(request: Request) -> bool:
    return request.headers.get("x-part") == "1"

"""The list of cases, and opening one: a sentence and a form that fill each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from reid.core.errors import AccessError, UsageError
from reid.core.records import PhotoPerson, SearchWindow
from reid.desk.cases import Case, NewCase, Session
from reid.desk.cases.book import LONGEST_FIELD
from reid.desk.parsed_description import ParsedDescription, clock_time
from reid.desk.policy import may
from reid.desk.said_places import cameras_named
from reid.web import phrases, views
from reid.web.alert_cards import cards_of
from reid.web.routes.photos import chosen_person
from reid.web.security import Searches, SignedIn
from reid.web.state import language_of, render, state_of
from reid.web.translations import Translator

router = APIRouter()


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in the list."""

    case: Case
    opened: str
    minutes: float
    description: str
    confirmed: int
    alerts: int
    police_due: bool


_NOTHING_TYPED: Final = dict.fromkeys(
    ("text", "purpose", "reporter", "relationship", "child_name", "last_seen_place",
     "last_seen_time", "companion"), "",
)  # fmt: skip


@router.get("/")
def case_list(request: Request, session: SignedIn) -> Response:
    """Show the open cases, and what is waiting in them."""
    if not may(session.user.role, "see"):
        return RedirectResponse("/audit", 303)
    desk, t = state_of(request).desk, state_of(request).words.translator(language_of(request))
    rows = [_row(request, t, case) for case in desk.records.book.all("open", "closed")]
    return render(
        request,
        "cases.html",
        session,
        open_rows=[row for row in rows if row.case.is_open],
        closed_rows=[row for row in rows if not row.case.is_open],
        has_sightings=desk.has_sightings,
        alert_cards=cards_of(desk, t, desk.records.alerts.waiting()),
        may_search=may(session.user.role, "search"),
    )


@router.get("/case/new")
def new_case(request: Request, session: Searches) -> Response:
    """Show the empty form."""
    return _form(request, session, _NOTHING_TYPED)


@router.post("/case/new")
def open_case(
    request: Request,
    session: Searches,
    purpose: Annotated[str, Form(max_length=64)],
    text: Annotated[str, Form(max_length=4000)] = "",
    slots: Annotated[str, Form(max_length=20000)] = "",
    photo: Annotated[str, Form(max_length=64)] = "",
    person: Annotated[int, Form(ge=0, le=100)] = 0,
    keep_picture: Annotated[str, Form(max_length=3)] = "",
    reporter: Annotated[str, Form(max_length=200)] = "",
    relationship: Annotated[str, Form(max_length=200)] = "",
    child_name: Annotated[str, Form(max_length=200)] = "",
    last_seen_place: Annotated[str, Form(max_length=200)] = "",
    last_seen_time: Annotated[str, Form(max_length=5)] = "",
    companion: Annotated[str, Form(max_length=200)] = "",
    anyway: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Open a case and search at once; asked first where nothing of it can be searched for."""
    desk = state_of(request).desk
    desk.policy.purpose(purpose)
    typed = {
        "text": text, "purpose": purpose, "reporter": reporter, "relationship": relationship,
        "child_name": child_name, "last_seen_place": last_seen_place,
        "last_seen_time": last_seen_time, "companion": companion,
    }  # fmt: skip
    try:
        shown = chosen_person(request, session, photo, person) if photo else None
        description = _description(request, session, text, slots, shown)
    except UsageError as error:
        return _form(request, session, typed, str(error), status=400)
    if not description.query().asks and anyway != "yes":
        return _form(request, session, typed, unclear=description.unparsed, status=409)
    description = description.with_places(cameras_named(last_seen_place, desk.policy))
    zone = desk.policy.zone
    seen = description.circumstances(zone)
    new = NewCase(
        purpose=purpose,
        text=text,
        query=description.to_text(),
        reporter=reporter.strip(),
        relationship=relationship.strip(),
        child_name=child_name.strip(),
        last_seen_place=last_seen_place.strip() or seen.place[:LONGEST_FIELD],
        last_seen_at=clock_time(last_seen_time, zone) or seen.at,
        companion=companion.strip() or seen.companion[:LONGEST_FIELD],
    )
    book = desk.records.book
    case = book.open(new, session.user.name, desk.policy.venue.case_hours)
    book.take_step(case.id, "description", session.user.name)
    if shown is not None:
        picture = shown.picture if keep_picture == "yes" else None
        number = desk.records.photos.keep(case.id, shown.query, session.user.name, picture)
        description = description.of_photo(number, shown.query)
    book.save_search(case.id, description.to_text(), SearchWindow().to_text())
    return RedirectResponse(f"/case/{case.id}", 303)


@router.post("/api/describe")
def understand(
    request: Request,
    session: Searches,
    text: Annotated[str, Form(max_length=4000)] = "",
    seen: Annotated[str, Form(max_length=20000)] = "",
) -> Response:
    """Tell how a sentence is understood, beside fields `seen` in a photo; nothing is kept."""
    _check_parses(request, session)
    words = ParsedDescription.of_sentence(text) if text.strip() else ParsedDescription.of_text("{}")
    return JSONResponse(_understood(request, _beside(words, seen)))


@router.post("/api/phrase")
def phrase(
    request: Request,
    session: Searches,
    slots: Annotated[str, Form(max_length=20000)],
    seen: Annotated[str, Form(max_length=20000)] = "",
) -> Response:
    """Say fields as a sentence, those `seen` in a photo left out."""
    _check_parses(request, session)
    description = ParsedDescription.of_text(slots)
    language = language_of(request)
    t = state_of(request).words.translator(language)
    text = phrases.sentence(t, description.slots, language)
    return JSONResponse({"text": text, **_understood(request, _beside(description, seen))})


def _beside(words: ParsedDescription, seen: str) -> ParsedDescription:
    """Return words with what was read off a photo, where they do not say otherwise."""
    return words.with_clothes(ParsedDescription.of_text(seen).photo_wishes()) if seen else words


def _description(
    request: Request, session: Session, text: str, slots: str, shown: PhotoPerson | None
) -> ParsedDescription:
    """Take the fields that the page has, else understand the sentence, and the photo's with it."""
    desk = state_of(request).desk
    nothing = ParsedDescription.of_text("{}")
    wordless = shown is not None and not text.strip()
    spoken = nothing if wordless else desk.understand(text, session.user.name)
    if shown is not None:
        spoken = spoken.with_photo(shown.query, shown.clothes)
    return spoken.with_fields_of(ParsedDescription.of_text(slots)) if slots else spoken


def _check_parses(request: Request, session: Session) -> None:
    if not state_of(request).parses.allow(session.user.name):
        raise AccessError("too many requests: wait a minute")


def _understood(request: Request, description: ParsedDescription) -> dict[str, Any]:
    t = state_of(request).words.translator(language_of(request))
    texts = [chip.text for chip in views.chips(t, description.slots)]
    zone = state_of(request).desk.policy.zone
    seen = description.last_seen_at(zone)
    return {
        "slots": [{**e, "text": text} for e, text in zip(description.slots, texts, strict=True)],
        "refused": [t(f"refused.{kind}") for kind in description.refused],
        "unparsed": description.unparsed,
        "place": description.last_seen_place,
        "time": f"{seen.astimezone(zone):%H:%M}" if seen else description.last_seen_time,
        "with": ", ".join(description.companions),
    }


def _form(
    request: Request,
    session: Session,
    typed: Mapping[str, str],
    problem: str = "",
    unclear: tuple[str, ...] | None = None,
    status: int = 200,
) -> Response:
    """Show the form with what was typed; `unclear` if nothing in it can be searched for."""
    t = state_of(request).words.translator(language_of(request))
    return render(
        request,
        "new.html",
        session,
        status,
        typed=typed,
        problem=problem,
        unclear=unclear,
        groups=views.form_groups(t),
        carried=views.carried(t),
        photo_parts=views.photo_parts(t),
    )


def _row(request: Request, t: Translator, case: Case) -> CaseRow:
    desk = state_of(request).desk
    book = desk.records.book
    description = desk.latest_query(case).description
    minutes = views.minutes_open(case)
    police = "police" in book.steps(case.id)
    return CaseRow(
        case,
        f"{case.opened.astimezone(desk.policy.zone):%H:%M}",
        minutes,
        phrases.sentence(t, description.current, language_of(request)),
        len(book.decisions(case.id, "confirmed")),
        len(desk.records.alerts.waiting(case.id)),
        not police and minutes >= desk.policy.venue.police_after_minutes,
    )

"""Starting from a photo: read from the request into memory, heads gone, and one person chosen."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from reid.capture.photos import LARGEST_PHOTO
from reid.core.errors import AccessError, SourceError, UsageError
from reid.core.heap import return_free_memory
from reid.core.records import PhotoPerson
from reid.describe import slot_json
from reid.desk.cases import Session
from reid.web import views
from reid.web.routes.case import SearchResultPage, answer
from reid.web.security import PHOTO_PATH, CaseId, Searches, Sees
from reid.web.state import language_of, state_of

router = APIRouter()

_LONGEST_NAME: Final = 64
Name = Annotated[str, Form(max_length=_LONGEST_NAME)]
Person = Annotated[int, Form(ge=0, le=100)]
Kept = Annotated[str, Form(max_length=3)]


@router.post(PHOTO_PATH)
async def read_photo(request: Request, session: Searches) -> Response:
    """Say who is in a photo, which is the whole body of the request; nothing of it is kept.

    It is no form: those with files in them are spooled to disk.
    """
    state, user = state_of(request), session.user.name
    if not state.photo_reads.allow(user):
        raise AccessError("too many photos: wait a minute")
    async with state.photos.turn:
        data = await _body(request)
        try:
            name, people = await run_in_threadpool(state.photos.take, data, user)
        except SourceError as error:  # says nothing of the photo
            raise UsageError(str(error)) from None
        finally:
            del data
    return_free_memory()
    await run_in_threadpool(state.desk.note_photo, len(people), user)
    shown = [_shown(request, name, i, person) for i, person in enumerate(people)]
    return JSONResponse({"photo": name, "people": shown})


@router.get("/photo/{name}/{number}.jpg")
def person_in_photo(
    request: Request,
    session: Searches,
    name: Annotated[str, Path(max_length=_LONGEST_NAME)],
    number: Annotated[int, Path(ge=0, le=100)],
) -> Response:
    """Show one of the people in a photo, without the head, to who handed it over."""
    person = state_of(request).photos.person(name, session.user.name, number)
    if person is None:
        raise HTTPException(404)
    return Response(person.picture.encode(), media_type="image/jpeg")


@router.post("/case/{case_id}/photo")
def add_photo(
    request: Request,
    session: Searches,
    case_id: CaseId,
    photo: Name,
    person: Person = 0,
    keep_picture: Kept = "",
) -> Response:
    """Search an open case with a photo as well."""
    desk, chosen = state_of(request).desk, chosen_person(request, session, photo, person)
    case = desk.records.book.require_open(case_id)
    last = desk.latest_query(case)
    kept = chosen.picture if keep_picture == "yes" else None
    number = desk.records.photos.keep(case_id, chosen.query, session.user.name, kept)
    described = last.description.without_photo().with_photo(chosen.query, chosen.clothes)
    described = described.of_photo(number, chosen.query)
    return answer(request, session, case_id, SearchResultPage(described, last.window))


@router.post("/case/{case_id}/photo/forget")
def forget_photos(request: Request, session: Searches, case_id: CaseId) -> Response:
    """Leave nothing of a case's photos, and search without them."""
    desk = state_of(request).desk
    last = desk.latest_query(desk.records.book.require_open(case_id))
    desk.forget_photos(case_id, session.user.name)
    asked = SearchResultPage(last.description.without_photo(), last.window)
    return answer(request, session, case_id, asked)


@router.get("/case/{case_id}/photo/{number}.jpg")
def kept_picture(
    request: Request,
    session: Sees,
    case_id: CaseId,
    number: Annotated[int, Path(ge=1, le=1000)],
) -> Response:
    """Show the redacted picture that staff have kept with an open case."""
    desk = state_of(request).desk
    desk.records.book.require_open(case_id)
    found = desk.records.photos.picture(case_id, number)
    if found is None:
        raise HTTPException(404)
    return Response(found, media_type="image/jpeg")


def chosen_person(request: Request, session: Session, photo: str, person: int) -> PhotoPerson:
    """Return the person whom somebody chose in a photo.

    Raises:
        UsageError: the photo is not in memory any more.
    """
    found = state_of(request).photos.person(photo, session.user.name, person)
    if found is None:
        raise UsageError("the photo is not in memory any more: choose it again")
    return found


async def _body(request: Request) -> bytes:
    """Return a body as it comes, in memory alone."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_PHOTO:
            raise UsageError(f"the photo is larger than {LARGEST_PHOTO >> 20} MB")
        parts.append(part)
    return b"".join(parts)


def _shown(request: Request, name: str, number: int, person: PhotoPerson) -> dict[str, Any]:
    """Return one person as the page shows them: the address of the picture, and the chips."""
    t = state_of(request).words.translator(language_of(request))
    slots = [slot_json(wish) for wish in person.clothes]
    texts = [chip.text for chip in views.chips(t, slots)]
    return {
        "picture": f"/photo/{name}/{number}.jpg",
        "slots": [{**e, "text": text} for e, text in zip(slots, texts, strict=True)],
    }

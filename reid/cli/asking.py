"""What `reid search` and `reid erase` do; nothing here loads what indexing needs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reid.cli.answers import answer_json
from reid.cli.console import complain, out, print_json, show_answer
from reid.core.errors import SourceError, UsageError
from reid.core.records import Answer, SearchWindow
from reid.desk.parsed_description import ParsedDescription
from reid.storage.venue_path import Folder
from reid.store import Filter
from reid.venue import Venue, clock_of, open_venue

SHEET_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, slots=True)
class FromPhoto:
    """A photo to search by.

    Attributes:
        path: JPEG, PNG, WebP or HEIC.
        person: which of the people in it, the largest first, from 1; None: the largest.
        changed: what the person wears differently today.
    """

    path: Path
    person: int | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: words, a photo or both; when and where to look; how many are shown."""

    text: str
    photo: FromPhoto | None
    window: SearchWindow
    top: int


@dataclass(frozen=True, slots=True)
class Output:
    """How an answer is shown: as JSON, and as a contact sheet besides."""

    as_json: bool = False
    sheet: Path | None = None


def search_venue(venue: Folder, asked: Asked, case: str | None, output: Output) -> Answer:
    """Search, print, and draw the sheet if asked."""
    as_json, sheet = output.as_json, output.sheet
    if sheet is not None and sheet.suffix.lower() not in SHEET_SUFFIXES:
        raise UsageError(f"{sheet}: a sheet is written as one of {', '.join(SHEET_SUFFIXES)}")
    opened = open_venue(venue, case)
    photo, people = asked.photo, 0
    if photo is None:
        description = opened.understand(asked.text)
    else:
        description, people = _with_photo(opened, asked.text, photo)
    answer = opened.search(description, asked.window, asked.top)
    if as_json:
        about = {"photo": _photo_json(photo, people, description)} if photo else {}
        print_json({**answer_json(answer, description), **about})
    else:
        if refused := ", ".join(description.refused):
            complain(f"{refused} is never searched for", "left out", "yellow")
        if description.unparsed:
            complain(", ".join(description.unparsed), "not understood", "yellow")
        if photo is not None:
            _tell_photo(photo, people, description, answer)
        show_answer(answer, clock_of(venue))
    if sheet is not None:
        _save_sheet(answer, opened, sheet)
        if not as_json:
            out.print(f"sheet: {sheet}")
    return answer


def _with_photo(opened: Venue, text: str, photo: FromPhoto) -> tuple[ParsedDescription, int]:
    """Return words and photo together, and how many people are in the photo."""
    from reid.photo import PhotoReader

    words = opened.understand_words(text)
    people = PhotoReader.of_venue(opened.folder).read(_bytes_of(photo.path))
    if not people:
        raise UsageError("nobody was found in the photo: choose one that shows the whole person")
    if photo.person is not None and photo.person > len(people):
        raise UsageError(f"--person {photo.person}: there are {len(people)} people in the photo")
    chosen = people[(photo.person or 1) - 1]
    described = words.with_photo(chosen.query, chosen.clothes).with_changed(photo.changed)
    return described, len(people)


def _bytes_of(path: Path) -> bytes:
    """Read a photo into memory; more than is taken anyway is not read."""
    from reid.capture.photos import LARGEST_PHOTO

    try:
        with path.open("rb") as file:
            return file.read(LARGEST_PHOTO + 1)
    except OSError as error:
        raise SourceError(f"the photo cannot be read ({error.strerror or error})") from None


def _photo_json(photo: FromPhoto, people: int, description: ParsedDescription) -> dict[str, Any]:
    return {
        "people": people,
        "person": photo.person or 1,
        "changed": list(description.changed),
        "clothes": [entry for entry in description.slots if entry.get("source") == "photo"],
    }


def _tell_photo(
    photo: FromPhoto, people: int, description: ParsedDescription, answer: Answer
) -> None:
    """Say whom of a photo is searched for, and by what."""
    if people > 1 and photo.person is None:
        complain(f"{people} people in it: the largest is searched for", "photo", "yellow")
        complain(f"--person 2 to --person {people} are the others", "photo", "yellow")
    clothes = ", ".join(map(str, description.photo_wishes())) or "nothing that can be named"
    out.print(f"from the photo: {clothes}", highlight=False, style="dim")
    if answer.matches and answer.matches[0].photo is None and description.query().photo:
        complain("this venue's sightings are of another model: only words count", "photo", "yellow")


def erase_from(
    venue: Folder, which: Filter, case: str | None, *, expired: bool, even_needed: bool = False
) -> int:
    """Erase what is asked for; returns how many sightings went."""
    opened = open_venue(venue, case)
    gone = opened.erase_expired() if expired else 0
    if case is not None:
        gone += opened.erase_case()
    if which.sql():
        gone += opened.erase(which, even_needed=even_needed)
    return gone


def _save_sheet(answer: Answer, venue: Venue, sheet: Path) -> None:
    from reid.cli.contact_sheet import contact_sheet, save_sheet

    crops = venue.export("sheet", [match.key.id for match in answer.matches])
    try:
        save_sheet(contact_sheet(answer, crops, clock_of(venue.folder)), sheet)
    except OSError as error:
        raise SourceError(f"{sheet} cannot be written ({error.strerror or error})") from None

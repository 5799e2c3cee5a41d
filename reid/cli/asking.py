"""What `reid search` and `reid erase` do; nothing here loads what indexing needs."""

from dataclasses import dataclass
from pathlib import Path

from reid.cli.answers import answer_json
from reid.cli.console import complain, out, print_json, show_answer
from reid.core.errors import SourceError, UsageError
from reid.core.records import Answer, SearchWindow
from reid.storage.venue_path import Folder
from reid.store import Filter
from reid.venue import Venue, clock_of, open_venue

SHEET_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, slots=True)
class Output:
    """How an answer is shown: as JSON, and as a contact sheet besides."""

    as_json: bool = False
    sheet: Path | None = None


def search_venue(
    text: str,
    venue: Folder,
    window: SearchWindow,
    top: int,
    case: str | None,
    output: Output,
) -> Answer:
    """Search, print, and draw the sheet if asked."""
    as_json, sheet = output.as_json, output.sheet
    if sheet is not None and sheet.suffix.lower() not in SHEET_SUFFIXES:
        raise UsageError(f"{sheet}: a sheet is written as one of {', '.join(SHEET_SUFFIXES)}")
    opened = open_venue(venue, case)
    description = opened.understand(text)
    answer = opened.search(description, window, top)
    if as_json:
        print_json(answer_json(answer, description))
    else:
        if refused := ", ".join(description.refused):
            complain(f"{refused} is never searched for", "left out", "yellow")
        if description.unparsed:
            complain(", ".join(description.unparsed), "not understood", "yellow")
        show_answer(answer, clock_of(venue))
    if sheet is not None:
        _save_sheet(answer, opened, sheet)
        if not as_json:
            out.print(f"sheet: {sheet}")
    return answer


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

"""What the larger commands do, between their options and the library."""

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

from PIL import Image as PillowImage

from reid.capture.addresses import is_stream
from reid.capture.sources import Source, SourceOptions, open_source, open_sources
from reid.cli.answers import answer_json
from reid.cli.console import complain, out, print_json, progress_bar, show_answer
from reid.cli.contact_sheet import contact_sheet, save_sheet
from reid.core.errors import ReidError, SourceError, UsageError
from reid.core.records import Answer, SearchWindow
from reid.loading import IndexOptions, load_models, load_tracker
from reid.pipeline import Indexer, IndexReport
from reid.storage.venue_path import Folder
from reid.store import Filter
from reid.venue import clock_of, open_venue

SHEET_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, slots=True)
class Output:
    """How an answer is shown: as JSON, and as a contact sheet besides."""

    as_json: bool = False
    sheet: Path | None = None


def index_sources(
    addresses: list[str],
    venue: Folder,
    options: IndexOptions,
    about: SourceOptions,
    *,
    as_json: bool,
) -> None:
    """Index sources one after the other; one that fails does not stop the others."""
    models = load_models(options, crops=about.crops)
    opened, failed = _open_all(addresses, about)
    if not opened:
        raise SourceError("nothing was indexed: none of the sources could be read")
    indexer = open_venue(venue).indexer(models, opened, options)
    incomplete = False
    for source in opened:
        try:
            report = _index_one(indexer, source)
        except SourceError as error:
            complain(str(error))
            failed = True
            continue
        _tell(report, source, clock_of(venue), as_json)
        incomplete = incomplete or report.incomplete
        if report.stopped:
            raise KeyboardInterrupt
    if failed:
        raise SourceError("some sources could not be indexed; the others are stored")
    if incomplete:
        raise SourceError("parts could not be read: what could be read is stored")


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
        crops = opened.export("sheet", [match.key.id for match in answer.matches])
        _save(contact_sheet(answer, crops, clock_of(venue)), sheet)
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


def redact_file(
    source: Path,
    target: Path,
    options: IndexOptions,
    *,
    face_only: bool,
    keep_audio: bool,
) -> None:
    """Write a redacted copy and say what was written."""
    from reid.anonymise import CopyOptions, redact_path

    if is_stream(str(source)):
        raise UsageError("streams cannot be redacted to a file: record one first")
    tracker = load_tracker(options)
    how = CopyOptions("face" if face_only else "head", keep_audio, options.rotate)
    total = None if source.is_dir() else open_source(str(source)).total
    with progress_bar(source.name, total) as progress:
        report = redact_path(source, target, tracker, how, progress=progress)
    _warn(report.problems)
    what = "frame" if report.written == 1 else "frames"
    out.print(f"{report.written} {what} → {report.target}", highlight=False, soft_wrap=True)
    _tell_faces_left(report.faces_left)
    if report.incomplete:
        raise SourceError("parts could not be read: the copy is kept as far as it goes")


def _open_all(addresses: list[str], about: SourceOptions) -> tuple[list[Source], bool]:
    """Return what can be opened, and whether something could not."""
    opened: list[Source] = []
    failed = False
    for address in addresses:
        try:
            opened += open_sources(
                address, camera=about.camera, start=about.start, crops=about.crops
            )
        except ReidError as error:
            complain(str(error))
            failed = True
    return opened, failed


def _index_one(indexer: Indexer, source: Source) -> IndexReport:
    from dataclasses import replace

    with progress_bar(Path(source.name).name or source.name, source.total) as progress:
        return replace(indexer, progress=progress).index(source)


def _tell(report: IndexReport, source: Source, zone: tzinfo | None, as_json: bool) -> None:
    _warn(report.problems)
    if as_json:
        print_json(_report_json(report, source))
        return
    spent = sum(report.clock.seconds.values())
    stages = ", ".join(f"{name} {s:.1f} s" for name, s in report.clock.seconds.items())
    kept = " (stopped early; this much is stored)" if report.stopped else ""
    out.print(
        f"{report.source}: {report.sightings} sightings in {report.frames} frames{kept}",
        highlight=False,
        soft_wrap=True,
    )
    out.print(
        f"  camera {source.camera}, from {source.start.astimezone(zone):%Y-%m-%d %H:%M:%S} "
        f"({source.start_from}); {report.frames / max(spent, 1e-9):.1f} frames/s: {stages}",
        highlight=False,
        soft_wrap=True,
        style="dim",
    )
    _tell_faces_left(report.faces_left)


def _tell_faces_left(count: int) -> None:
    if count:
        said = "face was" if count == 1 else "faces were"
        out.print(f"  {count} {said} found in a last check and painted over", style="dim")


def _report_json(report: IndexReport, source: Source) -> dict[str, Any]:
    return {
        "source": report.source,
        "camera": source.camera,
        "start": source.start.isoformat(),
        "start_from": source.start_from,
        "frames": report.frames,
        "sightings": report.sightings,
        "replaced": report.replaced,
        "stopped": report.stopped,
        "problems": report.problems,
        "faces_left": report.faces_left,
        "incomplete": report.incomplete,
        "seconds": {name: round(s, 3) for name, s in report.clock.seconds.items()},
    }


def _warn(problems: list[str]) -> None:
    for problem in problems:
        complain(problem, "warning", "yellow")


def _save(drawn: PillowImage.Image, sheet: Path) -> None:
    try:
        save_sheet(drawn, sheet)
    except OSError as error:
        raise SourceError(f"{sheet} cannot be written ({error.strerror or error})") from None

"""What the larger commands do, between their options and the library."""

from datetime import tzinfo
from pathlib import Path
from typing import Any

from reid.capture.addresses import is_stream
from reid.capture.sources import Source, SourceOptions, open_source, open_sources
from reid.cli.console import complain, out, print_json, progress_bar
from reid.core.errors import ReidError, SourceError, UsageError
from reid.loading import IndexOptions, load_models, load_tracker, options_for
from reid.pipeline import Indexer, IndexReport
from reid.storage.venue_path import Folder
from reid.venue import Venue, clock_of, open_venue


def index_sources(
    addresses: list[str],
    venue: Folder,
    options: IndexOptions,
    about: SourceOptions,
    *,
    as_json: bool,
) -> None:
    """Index sources one after the other; one that fails does not stop the others."""
    models = load_models(options_for(venue, options), crops=about.crops)
    place = open_venue(venue)
    opened, failed = _open_all(addresses, about, place)
    if not opened:
        raise SourceError("nothing was indexed: none of the sources could be read")
    indexer = place.indexer(models, opened, options)
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


def _open_all(
    addresses: list[str], about: SourceOptions, place: Venue
) -> tuple[list[Source], bool]:
    """Return what can be opened and is of a possible time, and whether something is not."""
    opened: list[Source] = []
    failed = False
    for address in addresses:
        try:
            for source in open_sources(
                address, camera=about.camera, start=about.start, crops=about.crops, zone=about.zone
            ):
                _warn([said] if (said := place.check_times(source)) else [])
                opened.append(source)
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

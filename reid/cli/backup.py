"""Commands that copy a venue, and make it again from a copy."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reid.cli.console import complain, out, print_json
from reid.cli.options import Json, Venue
from reid.core.errors import UsageError

if TYPE_CHECKING:  # loaded where a command runs
    from reid.desk.cases.audit import Line
    from reid.desk.restore import Restored


def backup(
    target: Annotated[Path, typer.Argument(help="File to write, or a folder for it.")],
    venue: Venue,
    as_json: Json = False,
) -> None:
    """Copy a venue, while it is in use, into one file that only you can read.

    It holds the sightings, the cases, the audit trail with its key, the rules and the plan.

    Example: reid backup /mnt/backups --venue park
    """
    from reid.desk.backup import back_up
    from reid.desk.policy import find_policy
    from reid.venue import actor, open_desk

    desk = open_desk(venue) if find_policy(venue) else None
    done = back_up(venue, desk, target, actor())
    size = done.path.stat().st_size
    if as_json:
        made = done.made.isoformat()
        print_json({"file": str(done.path), "made": made, "rows": done.rows, "bytes": size})
        return
    sightings = done.rows.get("sightings", 0)
    out.print(
        f"{done.path} written: {sightings} sightings, {size / 1e6:.1f} MB. Whoever has it has the "
        "venue: keep it as safe, and no longer than the venue keeps sightings",
        soft_wrap=True, highlight=False,
    )  # fmt: skip


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `reid backup` wrote.")],
    venue: Venue,
    received: Annotated[
        Path | None, typer.Option(help="A file with seals that a syslog or webhook received.")
    ] = None,
    trail: Annotated[
        Path | None,
        typer.Option(help="A copy of the later trail (`reid audit show --json`): erase anew."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a venue from a backup, where there is none yet, and erase what is over its time.

    Example: reid restore /mnt/backups/park-20260501T120000Z.reid-backup --venue park
    """
    from reid.desk.restore import Since
    from reid.desk.restore import restore as make_again
    from reid.storage.postgresql import DATABASE_VARIABLE
    from reid.venue import actor, received_seals

    since = Since(received_seals(received) if received else (), _lines(trail) if trail else ())
    done = make_again(file, venue, actor(), os.environ.get(DATABASE_VARIABLE), since)
    if as_json:
        print_json(_to_json(done))
    else:
        _tell(done, str(venue))


def _tell(done: "Restored", venue: str) -> None:
    sightings = done.rows.get("sightings", 0)
    at = f"{done.made:%Y-%m-%d %H:%M} UTC"
    out.print(f"{venue} is as it was at {at}: {sightings} sightings", highlight=False)
    if not done.rules:
        return
    gone = done.expired
    if gone.anything:
        out.print(f"erased, over their time: sightings {gone.sightings}, cases {len(gone.cases)}")
    if done.cases:
        names = ", ".join(f"C-{case}" for case in done.cases)
        out.print(f"erased again, as after the backup: {names}")
    out.print("everybody has to sign in anew")
    if problem := _came_back(done):
        complain(problem, "warning", "yellow")


def _came_back(done: "Restored") -> str:
    """Say what may have come back that was erased; "" if nothing can have."""
    at = f"{done.made:%Y-%m-%d %H:%M} UTC"
    if done.lost is None:
        return (
            f"what was erased by hand after {at} is back, and nobody outside tells of it: erase it "
            "again; [audit] in venue.toml sends seals outside"
        )
    if not done.lost:
        return ""
    known = [f"{line.at[:16]} {line.actor} ({line.detail})" for line in done.erasures]
    told = f"; sightings were erased: {', '.join(known)}" if known else ""
    return (
        f"{done.lost} lines of the trail after {at} are lost: what was erased by hand since is "
        f"back, erase it again{told}"
    )


def _to_json(done: "Restored") -> dict[str, Any]:
    return {
        "made": done.made.isoformat(), "rows": done.rows, "line": done.line, "lost": done.lost,
        "expired": {"sightings": done.expired.sightings, "cases": list(done.expired.cases)},
        "erased_again": [f"C-{case}" for case in done.cases],
        "erasures": [{"at": line.at, "actor": line.actor, "detail": json.loads(line.detail)}
                     for line in done.erasures],
        "warning": _came_back(done) if done.rules else "",
    }  # fmt: skip


def _lines(path: Path) -> "list[Line]":
    """Read a copy of a trail; which lines are genuine, the venue's key will tell."""
    from reid.core.reading import typed
    from reid.desk.cases.audit import Line

    try:
        text = path.read_text(encoding="utf-8")
        return [typed(Line, json.loads(line)) for line in text.splitlines() if line.strip()]
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(f"{path} holds other lines than `reid audit show --json` prints") from None

"""`reid status`: cameras, nodes and the table of a venue, once or as they change."""

import os
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from reid.cli.console import new_table, out
from reid.core.errors import StoreError
from reid.desk.cases import Waiting, open_records
from reid.desk.erasure import MARK
from reid.desk.policy import find_policy, load_policy
from reid.storage.postgresql import DATABASE_VARIABLE
from reid.storage.venue_path import Folder
from reid.store import Store
from reid.store.maintenance import TableState
from reid.watch.overview import overview_of
from reid.watch.status import SILENT_AFTER, WEB, Node, Status, read_loops, read_status

REFRESH: Final = 2.0
"""Seconds between two looks of the live view."""


@dataclass(frozen=True, slots=True)
class View:
    """What there is to show.

    Attributes:
        status: what was last said of the cameras.
        table: of the sightings.
        erasing: whether an erasure is under way.
        web: what is wrong with the web app's loops.
        outbox: alerts that receivers have not taken, a channel.
    """

    status: Status | None
    table: TableState | None
    erasing: bool
    web: tuple[str, ...] = ()
    outbox: tuple[Waiting, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it for programs; ``watching`` is false where nobody watches, or no more."""
        status = self.status
        said = status.to_json() if status else {"at": None, "cameras": [], "nodes": []}
        return {
            "watching": status is not None and not status.silent,
            **said,
            "table": self.table.to_json() if self.table else None,
            "erasing": self.erasing,
            "problems": [text.plain for text in _problems(self)],
            "outbox": [asdict(one) for one in self.outbox],
        }


def view_of(folder: Folder) -> View:
    """Look at a venue; a venue without sightings has no table.

    Raises:
        StoreError: the storage does not answer.
    """
    table = Store.open(folder).state() if Store.exists(folder) else None
    web = read_loops(folder, WEB)
    going_on = web is not None and web.age < SILENT_AFTER
    problems = tuple(web.problems()) if web is not None and going_on else ()
    return View(read_status(folder), table, (folder / MARK).exists(), problems, _outbox(folder))


def _outbox(folder: Folder) -> tuple[Waiting, ...]:
    """Return what has not left the desk; nothing where there are no rules or no channels."""
    if not find_policy(folder):
        return ()
    channels = load_policy(folder).watch.channels
    if not channels:
        return ()
    records = open_records(folder, os.environ.get(DATABASE_VARIABLE))
    try:
        return tuple(records.outbox.state(channels))
    finally:
        records.database.close()


def show(view: View) -> Group:
    """Return what to print."""
    parts: list[Table | Text] = [_heading(view.status)]
    if view.status is not None:
        parts.append(_cameras(view.status))
        if view.status.nodes:
            parts.append(_nodes(view.status))
    parts += [*_problems(view), _table(view)]
    return Group(*parts)


def watch_view(folder: Folder) -> None:
    """Show a venue until interrupted."""
    with Live(show(view_of(folder)), console=out, auto_refresh=False, screen=False) as live:
        while True:
            time.sleep(REFRESH)
            try:
                live.update(show(view_of(folder)), refresh=True)
            except StoreError as error:
                live.update(Text(str(error), style="red"), refresh=True)


def _heading(status: Status | None) -> Text:
    if status is None:
        return Text("nobody watches this venue yet: `reid watch`", style="yellow")
    if status.silent:
        return Text(f"nobody watches: silent for {status.age:.0f} s", style="red")
    seen = overview_of(status, len(status.cameras))
    newest = "no frame yet" if seen.age is None else f"newest frame {seen.age:.0f} s ago"
    line = f"{seen.good} of {seen.cameras} cameras connected, {newest}"
    return Text(line, style="red" if seen.bad else "default")


def _cameras(status: Status) -> Table:
    """One line a camera, at most 80 columns; `--json` says the rest."""
    moved = bool(status.nodes)
    table = new_table(
        "camera", "state", "frame", "sightings", "waiting", "lost", *(["node"] if moved else [])
    )
    nodes = list(status.where) or [""] * len(status.cameras)
    now = datetime.now(UTC)
    for health, node in zip(status.cameras, nodes, strict=True):
        state, age = status.state_of(health), health.age(now)
        counts = (health.sightings, health.waiting, health.lost)
        table.add_row(
            health.camera,
            Text(state, style=_STYLES[state]),
            "–" if age is None else f"{age:.0f} s",
            *map(str, counts),
            *([node] if moved else []),
        )
    return table


def _problems(view: View) -> list[Text]:
    """One line for each camera, loop and channel that has a problem."""
    status, found = view.status, []
    if status is not None:
        found += [f"{h.camera}: {h.problem}" for h in status.cameras if h.problem]
        found += [loop.words for loop in status.loops if not loop.well]
    found += [f"web app: {words}" for words in view.web]
    found += [
        f"{one.channel}: {one.waiting} alerts not delivered for {one.oldest:.0f} s ({one.problem})"
        for one in view.outbox
        if one.waiting and one.problem
    ]
    return [Text(words, style="yellow") for words in found]


_STYLES: Final = {"starting": "yellow", "ok": "green", "late": "yellow", "dead": "red"}


def _nodes(status: Status) -> Table:
    table = new_table("node", "answers", "cameras")
    for node in status.nodes:
        table.add_row(node.name, _answers(node, status.at), str(node.cameras))
    return table


def _answers(node: Node, now: datetime) -> Text:
    if node.alive:
        return Text("yes", style="green")
    minutes = (now.timestamp() - node.gone) / 60
    return Text(f"gone for {minutes:.0f} min" if node.gone else "no", style="red")


def _table(view: View) -> Text:
    kept = view.table
    if kept is None:
        return Text("no sightings stored yet")
    line = (
        f"{kept.sightings} sightings, {kept.size / 1e6:.1f} MB in {kept.files} files; "
        f"{kept.old_versions} old versions wait to be removed, {kept.unindexed} rows to be indexed"
    )
    return Text(line + ("; an erasure is under way" if view.erasing else ""))

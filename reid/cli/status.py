"""`reid status`: cameras, nodes and the table of a venue, once or as they change."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from reid.cli.console import new_table, out
from reid.core.errors import StoreError
from reid.desk.erasure import MARK
from reid.storage.venue_path import Folder
from reid.store import Store
from reid.store.maintenance import TableState
from reid.watch.status import Health, Node, Status, read_status

REFRESH: Final = 2.0
"""Seconds between two looks of the live view."""

LATE: Final = 10.0
"""Seconds without a frame, or of sightings waiting, after which a camera is shown as late."""


@dataclass(frozen=True, slots=True)
class View:
    """What there is to show: what was last said of the cameras, the table, erasure under way."""

    status: Status | None
    table: TableState | None
    erasing: bool

    def to_json(self) -> dict[str, Any]:
        """Return it for programs; ``watching`` is false where nobody watches, or no more."""
        status = self.status
        said = status.to_json() if status else {"at": None, "cameras": [], "nodes": []}
        return {
            "watching": status is not None and not status.silent,
            **said,
            "table": self.table.to_json() if self.table else None,
            "erasing": self.erasing,
        }


def view_of(folder: Folder) -> View:
    """Look at a venue; a venue without sightings has no table.

    Raises:
        StoreError: the storage does not answer.
    """
    table = Store.open(folder).state() if Store.exists(folder) else None
    return View(read_status(folder), table, (folder / MARK).exists())


def show(view: View) -> Group:
    """Return what to print."""
    parts: list[Table | Text] = [_heading(view.status)]
    if view.status is not None:
        parts.append(_cameras(view.status))
        if view.status.nodes:
            parts.append(_nodes(view.status))
    parts.append(_table(view))
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
    up = sum(health.connected for health in status.cameras)
    return Text(f"{up} of {len(status.cameras)} cameras connected, {status.age:.0f} s ago")


def _cameras(status: Status) -> Table:
    table = new_table(
        "camera", "state", "frames", "dropped", "sightings", "waiting", "lag", "lost", "restarts",
        "moves", "node",
    )  # fmt: skip
    nodes = list(status.where) or [""] * len(status.cameras)
    for health, node in zip(status.cameras, nodes, strict=True):
        word, style = _state(health)
        numbers = (health.frames, health.dropped, health.sightings, health.waiting)
        table.add_row(
            health.camera, Text(word, style=style), *map(str, numbers), f"{health.lag:.0f} s",
            str(health.lost), str(health.restarts + health.reconnects),
            str(health.moves), node,
        )  # fmt: skip
    return table


def _state(health: Health) -> tuple[str, str]:
    since = datetime.now(UTC).timestamp() - health.last_frame
    if not health.connected:
        return health.problem or "starting", "red"
    if health.problem or health.lag > LATE or since > LATE:
        return health.problem or "late", "yellow"
    return "ok", "green"


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

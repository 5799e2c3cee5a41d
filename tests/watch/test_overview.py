"""Whether the venue is watched: one truth for pages, terminal and programs."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from reid.cli.status import show, view_of
from reid.core.supervisor import LoopStatus
from reid.watch.overview import BAD, overview, overview_of
from reid.watch.status import SILENT_AFTER, Health, Status, write_status
from reid.web.translations import words
from tests.venues import write_rules

LATE_LOOP = LoopStatus("retention", age=700.0, late=True)


def said(cameras: str, ago: float = 0.0, loops: tuple[LoopStatus, ...] = ()) -> Status:
    """Return what was said some seconds ago of cameras that are named by how they are."""
    now = datetime.now(UTC)
    made = {
        "good": Health("gate", connected=True, last_frame=now.timestamp()),
        "stopped": Health("hall", connected=True, last_frame=now.timestamp() - 2 * SILENT_AFTER),
        "dead": Health("shop", problem="connection refused"),
        "new": Health("roof"),
    }
    named = [made[name] for name in cameras.split()]
    return Status(now - timedelta(seconds=ago), named, loops=loops)


@pytest.mark.parametrize(
    ("look", "state", "good"),
    [
        (lambda: None, "off", 0),
        (lambda: said("good"), "ok", 1),
        (lambda: said("dead"), "dead", 0),
        (lambda: said("stopped"), "dead", 0),
        (lambda: said("good dead"), "partly", 1),
        (lambda: said("new"), "starting", 0),
        (lambda: said("good", ago=2 * SILENT_AFTER), "silent", 0),
        (lambda: said("good", loops=(LATE_LOOP,)), "failing", 1),
    ],
    ids=["never", "ok", "dead", "no frames", "partly", "starting", "silent", "loop late"],
)
def test_the_watch_is_told_in_a_word(
    look: Callable[[], Status | None], state: str, good: int
) -> None:
    seen = overview_of(look(), 2)
    assert (seen.state, seen.good) == (state, good)


def test_a_venue_without_streams_is_not_said_to_be_unwatched(tmp_path: Path) -> None:
    assert overview(tmp_path, 0).state == "none"
    assert not overview(tmp_path, 0).bad


@pytest.mark.parametrize("state", BAD)
def test_the_banner_is_in_every_language(state: str) -> None:
    for language in words().languages:
        text = words().translator(language)(f"banner.{state}", good=1, n=2)
        assert text
        assert "{" not in text


def test_text_and_json_agree_and_fit_eighty_columns(tmp_path: Path) -> None:
    status = said("good dead stopped", loops=(LATE_LOOP,))
    long = [
        replace(status.cameras[0], camera=f"entrance-north-{i}", sightings=12345) for i in range(3)
    ]
    cameras = [*long, *status.cameras[1:]]
    write_status(write_rules(tmp_path), replace(status, cameras=cameras))
    view = view_of(tmp_path)
    console = Console(width=80, record=True, file=(tmp_path / "out").open("w"))
    console.print(show(view))
    shown = console.export_text()
    told = json.loads(json.dumps(view.to_json()))
    for camera in told["cameras"]:
        (line,) = [one for one in shown.splitlines() if one.startswith(f"{camera['camera']} ")]
        assert camera["state"] in line.split()
    assert "3 of 5 cameras connected" in shown
    assert "shop: connection refused" in told["problems"]
    for problem in told["problems"]:
        assert problem in shown
    assert max(map(len, shown.splitlines())) <= 80

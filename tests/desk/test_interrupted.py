"""What is cut short, comes between, or finds no room: nothing erased stays, nothing kept goes."""

import errno
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reid.core.errors import StoreError, UsageError
from reid.core.records import SearchWindow
from reid.desk import erasure
from reid.desk.cases import NewCase
from reid.desk.desk import Desk
from reid.desk.erasure import MARK, Eraser
from reid.desk.parsed_description import ParsedDescription
from reid.storage import durable
from reid.store import Filter
from tests.venues import filled, sightings

TEXT = "red top, blue trousers"
RED = f"s{0:023d}"


@pytest.fixture
def desks(tmp_path: Path):
    """Two processes of one venue."""
    filled(tmp_path, 12)
    both = Desk.open(tmp_path), Desk.open(tmp_path)
    yield both
    for desk in both:
        desk.records.database.close()


def case_of(desk: Desk) -> int:
    asked = ParsedDescription.of_sentence(TEXT)
    return desk.records.book.open(NewCase("missing-child", TEXT, asked.to_text()), "anna", 99).id


def test_the_next_erasure_finishes_one_that_was_cut_short(
    desks: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end takes the mark away, and nobody would know that something was left."""
    here, there = desks
    here.decide(case_of(here), RED, "confirmed", "anna")
    with monkeypatch.context() as patch:
        patch.setattr(here.records.book, "forget", _dies)
        with pytest.raises(KeyboardInterrupt):
            here.erase(Filter(ids=[RED]), "anna", even_needed=True)
    assert RED in there.records.book.sightings()
    there.erase(Filter(ids=[f"s{5:023d}"]), "ben")
    assert RED not in there.records.book.sightings()
    assert not (there.folder / MARK).exists()


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_full_disk_is_told_in_a_line_before_anything_goes(
    desks: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(durable, "sync_folder", full)
    with pytest.raises(StoreError, match="No space left on device"):
        desks[0].erase(Filter(ids=[RED]), "anna")
    assert RED in desks[1].store.ids()


def test_what_was_done_is_not_said_to_have_failed(
    desks: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is written by then; only the file beside the database was not."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    here, there = desks
    with monkeypatch.context() as patch:
        patch.setattr(durable, "sync_folder", full)
        case = case_of(here)
        here.decide(case, RED, "confirmed", "anna")
    assert [d.sighting for d in there.records.book.decisions(case)] == [RED]
    assert there.records.trail.verify().problem is None
    there.view(case, RED, "ben")
    assert there.records.trail.verify().problem is None


@pytest.mark.parametrize("ask", ["search", "similar", "journey"])
def test_nobody_is_shown_what_another_process_erased_while_others_came(
    desks: tuple[Desk, Desk], ask: str
) -> None:
    here, there = desks
    case, asked = case_of(here), ParsedDescription.of_sentence(TEXT)
    other = f"s{9:023d}"
    gone = [f"s{number:023d}" for number in (0, 3, 6)]

    def shown() -> set[str]:
        if ask == "search":
            found = here.search(case, asked, SearchWindow(), "anna").answer.matches
            return {match.key.id for match in found}
        question = getattr(here, ask)
        return {match.key.id for match in question(case, other, SearchWindow(), "anna")}

    shown()
    there.erase(Filter(ids=gone), "ben")
    there.store.add(sightings(6, offset=500))
    assert not shown() & set(gone)


def test_what_is_confirmed_as_its_time_ends_stays(
    desks: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = desks
    case = case_of(there)
    _before(
        monkeypatch, erasure, "touch_durably", lambda: there.decide(case, RED, "confirmed", "b")
    )
    here.expire(datetime.now(UTC) + timedelta(hours=here.policy.venue.retention_hours + 1 / 3))
    assert here.store.ids() == {RED}


def test_what_goes_while_it_is_confirmed_is_not_confirmed(
    desks: tuple[Desk, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = desks
    case = case_of(here)
    erase = lambda: there.erase(Filter(ids=[RED]), "ben")  # noqa: E731
    _before(monkeypatch, here.records.book, "decide", erase)
    with pytest.raises(UsageError, match="not stored any more"):
        here.decide(case, RED, "confirmed", "anna")
    assert here.records.book.sightings() == set()


def test_an_erasure_that_may_not_be_leaves_no_mark(desks: tuple[Desk, Desk]) -> None:
    here, there = desks
    here.decide(case_of(here), RED, "confirmed", "anna")
    with pytest.raises(Exception, match="needed by open cases"):
        there.erase(Filter(ids=[RED]), "ben")
    assert not (there.folder / MARK).exists()
    assert isinstance(there._eraser(), Eraser)


def _before(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, once: Callable[[], object]
) -> None:
    """Let something come between, right before a function is called for the first time."""
    real, left = getattr(owner, name), [once]

    def called(*arguments: Any, **named: Any) -> Any:
        if left:
            left.pop()()
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, called)

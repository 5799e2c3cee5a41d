"""Erasing a case can be taken back for a while, and nothing of it is served meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reid.core.errors import CaseError, UsageError
from reid.core.records import SearchWindow
from reid.desk.cases import NewCase
from reid.desk.desk import Desk
from reid.desk.parsed_description import ParsedDescription
from reid.store import Filter
from reid.venue import open_desk
from reid.watch.alerting import Alerting
from tests.venues import filled

TEXT = "boy about six in a red top and blue trousers"
ASKED = ParsedDescription.of_sentence(TEXT)
RED, OTHER, EXAMPLE = "s" + "0" * 23, "s" + f"{3:023d}", "s" + f"{6:023d}"
EVERYWHERE = SearchWindow()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    filled(tmp_path / "venue")
    opened = Desk.open(tmp_path / "venue")
    yield opened
    opened.records.database.close()


def case_of(desk: Desk, text: str = TEXT) -> int:
    new = NewCase("missing-child", text, ParsedDescription.of_sentence(text).to_text())
    return desk.records.book.open(new, "anna", 24).id


def closed_case(desk: Desk, *confirmed: str) -> int:
    case = case_of(desk)
    for sighting in confirmed or (RED,):
        desk.decide(case, sighting, "confirmed", "anna")
    desk.records.book.close(case, "found-safe", "anna")
    return case


def window_of(desk: Desk) -> timedelta:
    return timedelta(minutes=desk.policy.venue.erase_undo_minutes)


def served(desk: Desk, case: int, sighting: str = RED) -> list[str]:
    """Name the ways by which somebody who searches still gets a sighting."""
    ways = []
    found = desk.search(case, ASKED, EVERYWHERE, "bob", top=100)
    ways += ["search"] if sighting in {m.key.id for m in found.answer.matches} else []
    alike = desk.similar(case, EXAMPLE, EVERYWHERE, "bob", top=100)
    ways += ["similar"] if sighting in {m.key.id for m in alike} else []
    route = desk.journey(case, EXAMPLE, EVERYWHERE, "bob")
    ways += ["journey"] if sighting in {m.key.id for m in route} else []
    ways += ["picture"] if desk.pictures.get(sighting) else []
    for name, ask in (
        ("similar to it", lambda: desk.similar(case, sighting, EVERYWHERE, "bob")),
        ("its journey", lambda: desk.journey(case, sighting, EVERYWHERE, "bob")),
        ("decision", lambda: desk.decide(case, sighting, "confirmed", "bob")),
    ):
        try:
            ask()
        except UsageError:
            continue
        ways.append(name)
    return ways


def test_nothing_is_served_in_the_undo_window_and_all_is_back_when_taken_back(desk: Desk) -> None:
    case, other = closed_case(desk), case_of(desk)
    ways = ["search", "similar", "picture", "similar to it", "its journey", "decision"]
    assert set(ways) <= set(served(desk, other)), "the control must see it"
    desk.decide(other, RED, "undo", "bob")
    desk.schedule_erasure(case, "boss")
    assert served(desk, other) == []
    assert desk.store.ids(Filter(ids=[RED])) == {RED}, "its bytes are there still"
    desk.take_back_erasure(case, "boss")
    assert set(ways) <= set(served(desk, other))
    assert [line.action for line in desk.records.trail.lines(case)][-2:] == [
        "erase.schedule",
        "erase.undo",
    ]


def test_another_process_serves_nothing_either(desk: Desk) -> None:
    case, other = closed_case(desk), case_of(desk)
    beside = Desk.open(desk.folder)
    assert "picture" in served(beside, other)
    beside.decide(other, RED, "undo", "bob")
    desk.schedule_erasure(case, "boss")
    assert served(beside, other) == []
    beside.records.database.close()


def test_no_alert_for_what_is_in_the_undo_window(desk: Desk) -> None:
    case, other = closed_case(desk), case_of(desk)
    desk.records.book.watch(other, True, "anna")
    alerting = Alerting(desk)
    alerting.look()
    desk.schedule_erasure(case, "boss")
    assert RED not in {alert.sighting for alert in alerting.look()}


def test_the_bytes_go_when_the_window_is_over_and_not_before(desk: Desk) -> None:
    case = closed_case(desk)
    now = datetime.now(UTC)
    desk.schedule_erasure(case, "boss")
    assert not desk.expire(now + window_of(desk) - timedelta(seconds=1)).anything
    done = desk.expire(now + window_of(desk) + timedelta(seconds=1))
    assert done.cases == (case,)
    assert desk.store.ids(Filter(ids=[RED])) == set()
    assert desk.records.book.get(case).state == "erased"
    with pytest.raises(CaseError, match="erased"):
        desk.take_back_erasure(case, "boss")


def test_a_restart_keeps_the_window(desk: Desk) -> None:
    case, other = closed_case(desk), case_of(desk)
    desk.schedule_erasure(case, "boss")
    again = open_desk(desk.folder)
    assert again.records.book.get(case).erase_at == desk.records.book.get(case).erase_at
    assert served(again, other) == []
    again.records.database.close()


def test_without_a_window_it_goes_at_once(desk: Desk) -> None:
    rules = desk.folder / "venue.toml"
    rules.write_text(rules.read_text().replace("[venue]", "[venue]\nerase_undo_minutes = 0", 1))
    at_once = Desk.open(desk.folder)
    case = closed_case(at_once)
    assert at_once.schedule_erasure(case, "boss").state == "erased"
    assert at_once.store.ids(Filter(ids=[RED])) == set()
    at_once.records.database.close()


@pytest.mark.parametrize("need", ["confirmed", "alerted"])
def test_what_an_open_case_needs_stays_and_is_named(desk: Desk, need: str) -> None:
    case, other = closed_case(desk, RED, OTHER), case_of(desk)
    key = desk.store.keys([RED])[RED]
    if need == "confirmed":
        desk.decide(other, RED, "confirmed", "bob")
    else:
        desk.records.alerts.raise_once(other, RED, key.camera, key.start, 0.9)
    plan = desk.erasure_plan(case)
    assert [d.sighting for d in plan.going] == [OTHER]
    assert {d.sighting: cases for d, cases in plan.staying} == {RED: ("C-2",)}
    desk.schedule_erasure(case, "boss")
    assert "picture" in served(desk, other)
    desk.expire(datetime.now(UTC) + window_of(desk) + timedelta(seconds=1))
    assert desk.store.ids(Filter(ids=[RED, OTHER])) == {RED}
    alerts = desk.records.alerts.of(other)
    assert len(desk.records.book.decisions(other, "confirmed")) + len(alerts) > 0


def test_a_rejected_alert_needs_nothing(desk: Desk) -> None:
    case, other = closed_case(desk), case_of(desk)
    key = desk.store.keys([RED])[RED]
    desk.records.alerts.raise_once(other, RED, key.camera, key.start, 0.9)
    desk.decide(other, RED, "rejected", "bob")
    assert [d.sighting for d in desk.erasure_plan(case).going] == [RED]


def test_open_cases_that_list_what_goes_are_named(desk: Desk) -> None:
    case, other = closed_case(desk), case_of(desk)
    assert desk.erasure_plan(case).listed_by == ("C-2",)
    desk.records.book.save_search(
        other, ParsedDescription.of_sentence("woman in green").to_text(), '{"cameras": ["shop"]}'
    )
    assert desk.erasure_plan(case).listed_by == ()


def test_only_a_closed_case_is_scheduled_and_once(desk: Desk) -> None:
    with pytest.raises(CaseError, match="close"):
        desk.schedule_erasure(case_of(desk), "boss")
    case = closed_case(desk)
    desk.schedule_erasure(case, "boss")
    with pytest.raises(CaseError, match="being erased"):
        desk.schedule_erasure(case, "boss")
    with pytest.raises(CaseError, match="not being erased"):
        desk.take_back_erasure(case_of(desk), "boss")


def test_a_closed_case_can_be_opened_again(desk: Desk) -> None:
    case = case_of(desk)
    desk.records.book.watch(case, True, "anna")
    desk.records.book.take_step(case, "guardian", "anna")
    desk.records.book.take_step(case, "police", "anna")
    desk.records.book.close(case, "found-safe", "anna")
    again = desk.records.book.reopen(case, "anna")
    assert (again.state, again.outcome, again.closed) == ("open", None, None)
    assert again.watching, "it is watched as before"
    assert list(desk.records.book.steps(case)) == ["police"], "who fetches it is checked anew"
    assert desk.records.trail.lines(case)[-1].action == "case.reopen"
    assert desk.search(case, ASKED, EVERYWHERE, "anna").searched == 30


def test_what_cannot_be_opened_again(desk: Desk) -> None:
    opened = case_of(desk)
    with pytest.raises(CaseError, match="open already"):
        desk.records.book.reopen(opened, "anna")
    going = closed_case(desk)
    desk.schedule_erasure(going, "boss")
    with pytest.raises(CaseError, match="take the erasure back"):
        desk.records.book.reopen(going, "anna")
    desk.expire(datetime.now(UTC) + window_of(desk) + timedelta(seconds=1))
    with pytest.raises(CaseError, match="erased"):
        desk.records.book.reopen(going, "anna")


def test_erasing_sightings_by_hand_spares_what_open_cases_need(desk: Desk) -> None:
    case = case_of(desk)
    desk.decide(case, RED, "confirmed", "anna")
    with pytest.raises(CaseError, match=r"1 of 2 .*C-1"):
        desk.erase(Filter(ids=[RED, OTHER]), "boss")
    assert desk.store.count() == 30
    assert desk.erase(Filter(ids=[RED, OTHER]), "boss", even_needed=True) == 2
    assert desk.records.book.decisions(case) == []

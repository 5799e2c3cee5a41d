"""Alerts as cards, alike on every page, and decisions that arrive once however often they come."""

import json
import re

import pytest

from reid.desk.cases import Alert
from reid.desk.desk import Desk
from reid.web.feed import Feed
from tests.web.conftest import TEXT, Browser

HTML = {"accept": "text/html"}
RED, OTHER = "s" + "0" * 23, "s" + f"{4:023d}"


def raise_alert(desk: Desk, sighting: str = RED, case: int = 1) -> Alert:
    key = desk.store.keys([sighting])[sighting]
    raised = desk.records.alerts.raise_once(case, sighting, key.camera, key.start, 0.87)
    assert raised is not None
    return raised


def cards(page: str) -> list[str]:
    return re.findall(r'class="alert-card"[^>]*data-sighting="(\w+)"', page)


def badge(page: str) -> list[str]:
    found = re.search(r'id="nav-alerts"[^>]*data-waiting="([\d,]*)"', page)
    assert found, page[:600]
    return [number for number in found.group(1).split(",") if number]


def feed_of(browser: Browser, role: str, last: int | None = None) -> Feed:
    state = browser.app.state.reid
    session = state.desk.records.accounts.session(browser.cookies["reid_session"])
    assert session.user.role == role
    return Feed(state, session, "en", last)


def events(messages: list[str]) -> list[tuple[str, dict]]:
    return [
        (re.search(r"event: (\w+)", m).group(1), json.loads(re.search(r"data: (.+)", m).group(1)))
        for m in messages
    ]


@pytest.mark.parametrize("page", ["/", "/case/1", "/case/1/map", "/case/1/steps", "/case/new"])
def test_an_alert_is_a_card_on_every_page(
    operator: Browser, case: str, desk: Desk, page: str
) -> None:
    assert cards(operator.get(page, headers=HTML).text) == []
    raise_alert(desk)
    shown = operator.get(page, headers=HTML).text
    assert cards(shown) == [RED], "once, not twice"
    assert badge(shown) == ["1"]
    card = shown[shown.index('class="alert-card"') :].split("</article>")[0]
    picture = re.search(r'src="(/case/1/picture/[^"]+)"', card)
    assert picture
    assert operator.get(picture.group(1)).headers["content-type"] == "image/jpeg"
    assert "Main gate" in card
    assert re.findall(r'name="verdict" value="(\w+)"', card) == ["confirmed", "rejected"]


@pytest.mark.parametrize("verdict", ["confirmed", "rejected"])
def test_a_decided_alert_is_gone_from_cards_and_badges(
    operator: Browser, case: str, desk: Desk, verdict: str
) -> None:
    raise_alert(desk)
    raise_alert(desk, OTHER)
    assert 'badge alert"><svg' in operator.get("/", headers=HTML).text
    operator.fill(f"{case}/decide", sighting=RED, verdict=verdict)
    for page in ("/", "/case/1", "/case/1/map", "/alerts", "/case/1/alerts"):
        shown = operator.get(page, headers=HTML).text
        assert badge(shown) == ["2"], page
        assert RED not in cards(shown)
    operator.fill(f"{case}/close", outcome="withdrawn")
    assert badge(operator.get("/", headers=HTML).text) == []


def test_a_viewer_gets_the_card_without_buttons_and_an_auditor_none(
    browse, operator: Browser, case: str, desk: Desk
) -> None:
    raise_alert(desk)
    shown = browse("viewer").get("/", headers=HTML).text
    assert cards(shown) == [RED]
    assert 'name="verdict"' not in shown
    auditor = browse("auditor").get("/audit", headers=HTML).text
    assert "alert-card" not in auditor
    assert "nav-alerts" not in auditor


def test_pages_are_told_of_alerts_and_changes(operator: Browser, case: str, desk: Desk) -> None:
    feed = feed_of(operator, "operator")
    assert feed.news() == []
    raise_alert(desk)
    told = dict(events(feed.news()))
    assert (told["alert"]["case"], told["changed"]) == (1, {"cases": [1]})
    assert cards(told["alert"]["html"]) == [RED]
    assert feed.news() == []
    operator.fill("/case/new", text=TEXT, purpose="missing-child")
    operator.fill(f"{case}/decide", sighting=RED, verdict="confirmed")
    assert events(feed.news()) == [("changed", {"cases": [1, 2]})]
    operator.fill(f"{case}/view", sighting=RED)
    assert feed.news() == [], "looking at a sighting changes nothing"
    again = feed_of(operator, "operator", last=0)
    assert [name for name, _ in events(again.news())] == ["alert"], "after a lost connection"


def test_an_alert_of_a_closed_case_shows_no_picture(
    operator: Browser, case: str, desk: Desk
) -> None:
    raise_alert(desk)
    operator.fill(f"{case}/close", outcome="withdrawn")
    told = dict(events(feed_of(operator, "operator", last=0).news()))
    assert told["alert"]["html"] == ""


def test_deciding_on_a_card_is_no_search(operator: Browser, case: str, desk: Desk) -> None:
    before = [line.action for line in desk.records.trail.lines()].count("search")
    answer = operator.fill(
        f"{case}/decide", part=True, sighting=RED, verdict="confirmed", brief="yes"
    )
    assert answer.json() == {}
    assert [line.action for line in desk.records.trail.lines()].count("search") == before


def test_a_decision_that_comes_twice_is_carried_out_once(
    operator: Browser, case: str, desk: Desk
) -> None:
    """The answer to the first was lost; meanwhile somebody else has decided otherwise."""
    sent = {"sighting": RED, "verdict": "confirmed", "key": "a" * 32, "brief": "yes"}
    assert operator.fill(f"{case}/decide", **sent).status_code == 200
    operator.fill(f"{case}/decide", sighting=RED, verdict="rejected")
    assert operator.fill(f"{case}/decide", **sent).status_code == 200
    assert [d.verdict for d in desk.records.book.decisions(1)] == ["rejected"]
    lines = [line.action for line in desk.records.trail.lines(1)]
    assert lines.count("decide.confirmed") == 1
    operator.fill(f"{case}/decide", **{**sent, "key": "b" * 32})
    assert [d.verdict for d in desk.records.book.decisions(1)] == ["confirmed"]


def test_what_was_decided_while_a_decision_waited_stands(
    operator: Browser, browse, case: str, desk: Desk
) -> None:
    sent = {"sighting": RED, "verdict": "confirmed", "brief": "yes"}
    browse("supervisor").fill(f"{case}/decide", sighting=RED, verdict="rejected")
    late = operator.fill(f"{case}/decide", **sent, key="d" * 32, age=600)
    assert late.status_code == 400
    assert "supervisor has decided on this sighting meanwhile (rejected)" in late.text
    assert [d.verdict for d in desk.records.book.decisions(1)] == ["rejected"]
    assert operator.fill(f"{case}/decide", **sent, key="e" * 32, age=0).status_code == 200
    assert operator.fill(f"{case}/decide", **sent, key="f" * 32, age=600).status_code == 200, (
        "one's own may follow"
    )
    assert operator.fill(f"{case}/decide", **sent, age="x").status_code == 400
    assert [d.verdict for d in desk.records.book.decisions(1)] == ["confirmed"]


def test_a_request_is_forgotten_with_its_case(operator: Browser, case: str, desk: Desk) -> None:
    operator.fill(f"{case}/decide", sighting=RED, verdict="confirmed", key="c" * 32)
    desk.records.book.close(1, "withdrawn", "anna")
    desk.erase_case(1, "anna")
    assert b"c" * 32 not in (desk.folder / "desk.sqlite").read_bytes()

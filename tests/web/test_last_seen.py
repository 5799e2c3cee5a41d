"""Where and when somebody was last seen stays with the case: on its page, radio and sheet."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from reid.desk.desk import Desk
from reid.desk.parsed_description import ParsedDescription, clock_time
from tests.web.conftest import Browser
from tests.web.test_flow import HTML, RED

SAID = {
    "en": "boy in a red top, last seen at the carousel 20 minutes ago",
    "de": "Junge, roter Pulli, am Karussell vor 20 Minuten",
    "fr": "garçon, pull rouge, au manège il y a 20 minutes",
    "es": "niño, sudadera roja, en el tiovivo hace 20 minutos",
    "zh": "男孩，红色上衣，20分钟前在旋转木马",
}
PLACE = {"en": "carousel", "de": "Karussell", "fr": "manège", "es": "tiovivo", "zh": "旋转木马"}


def opened(operator: Browser, text: str, **more: str) -> str:
    answer = operator.fill("/case/new", text=text, purpose="missing-child", **more)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def radio(browser: Browser, case: str) -> str:
    found = re.search(r'id="radio">([^<]+)', browser.get(f"{case}/steps", headers=HTML).text)
    assert found
    return found.group(1)


def clock(desk: Desk, minutes: float) -> set[str]:
    """Return what the venue's clock showed so long ago, give or take the minute it may turn."""
    now = datetime.now(desk.policy.zone)
    return {f"{now - timedelta(minutes=m):%H:%M}" for m in (minutes, minutes + 0.5)}


@pytest.mark.parametrize("language", SAID)
def test_the_radio_says_it_before_anything_is_confirmed(
    operator: Browser, desk: Desk, language: str
) -> None:
    case = opened(operator, SAID[language])
    about = desk.records.book.get(1).about
    assert about
    assert PLACE[language] in about.last_seen_place
    assert abs(datetime.now(UTC) - timedelta(minutes=20) - about.last_seen_at) < timedelta(
        minutes=1
    )
    operator.cookies.set("reid_language", language)
    for page in (radio(operator, case), operator.get(f"{case}/sheet", headers=HTML).text):
        assert PLACE[language] in page
        assert any(said in page for said in clock(desk, 20)), page
    assert PLACE[language] in operator.get(case, headers=HTML).text


@pytest.mark.parametrize("language", SAID)
def test_the_form_is_filled_from_the_sentence(operator: Browser, desk: Desk, language: str) -> None:
    answer = operator.fill("/api/describe", text=SAID[language]).json()
    assert answer["time"] in clock(desk, 20)
    assert PLACE[language] in answer["place"]


def test_a_place_alone_is_said_and_a_vague_time(operator: Browser) -> None:
    assert "Last seen: Karussell" in radio(operator, opened(operator, "roter Pulli, am Karussell"))
    vague = opened(operator, "red top, at the fountain this morning")
    assert "Last seen: the fountain, this morning" in radio(operator, vague)
    assert "this morning" in operator.get(vague, headers=HTML).text
    assert "Last seen" not in radio(operator, opened(operator, "red top"))


def test_what_is_said_later_counts_and_what_is_not_stays(operator: Browser, desk: Desk) -> None:
    case = opened(operator, "red top, at the fountain", companion="her brother")
    answer = operator.fill(
        f"{case}/search", part=True, text="red top, at the carousel 20 minutes ago"
    )
    assert "carousel" in answer.json()["facts"]
    about = desk.records.book.get(1).about
    assert (about.last_seen_place, about.companion) == ("the carousel", "her brother")
    assert about.last_seen_at is not None
    operator.fill(f"{case}/search", part=True, text="red top, green shoes")
    assert desk.records.book.get(1).about.last_seen_place == "the carousel"


def test_whichever_is_newer_is_said(operator: Browser, desk: Desk) -> None:
    case = opened(operator, "red top, at the fountain just now")
    operator.fill(f"{case}/decide", sighting=RED, verdict="confirmed")  # half an hour ago
    assert "the fountain" in radio(operator, case)
    later = opened(operator, "red top, at the fountain two hours ago")
    operator.fill(f"{later}/decide", sighting=RED, verdict="confirmed")
    assert "Main gate" in radio(operator, later)


@pytest.mark.parametrize(
    ("place", "name"),
    [("grandma Quirk's shop", "Zebedee Quirk"), ("王小明家的店", "王小明"), ("by Ruth", "Ruth")],
)
def test_a_place_with_a_name_in_it_stays_at_the_desk(
    operator: Browser, place: str, name: str
) -> None:
    field = "reporter" if name == "Ruth" else "child_name"
    case = opened(operator, "red top", last_seen_place=place, **{field: name})
    assert place not in radio(operator, case)
    sheet = operator.get(f"{case}/sheet", headers=HTML).text
    assert name.rsplit(maxsplit=1)[-1] not in sheet


def test_the_fields_of_the_form_count_before_the_sentence(operator: Browser, desk: Desk) -> None:
    opened(operator, SAID["en"], last_seen_place="Gate 4", last_seen_time="00:00", companion="Mum")
    about = desk.records.book.get(1).about
    assert (about.last_seen_place, about.companion) == ("Gate 4", "Mum")
    assert f"{about.last_seen_at.astimezone(desk.policy.zone):%H:%M}" == "00:00"


def test_a_watch_that_is_a_little_ahead_is_not_yesterdays() -> None:
    now = datetime(2026, 5, 1, 12, 20, tzinfo=UTC)
    assert clock_time("12:25", UTC, now) == now
    assert clock_time("12:10", UTC, now) == now - timedelta(minutes=10)
    assert clock_time("12:40", UTC, now) == now + timedelta(minutes=20) - timedelta(days=1)
    assert clock_time("soon", UTC, now) is None


@pytest.mark.parametrize("language", ["../../etc", "xx", ""])
def test_a_language_from_elsewhere_opens_no_file(language: str) -> None:
    text = f'{{"slots": [], "language": "{language}", "context": {{"last_seen_place": null, '
    text += '"last_seen_time": "20 minutes ago", "with": []}}'
    seen = ParsedDescription.of_text(text).last_seen_at(UTC)
    assert seen is not None


def test_the_command_line_keeps_it_too(desk: Desk, tmp_path) -> None:
    from typer.testing import CliRunner

    from reid.cli.main import app

    arguments = ["case", "open", SAID["de"], "--purpose", "missing-child", "--venue"]
    result = CliRunner().invoke(app, [*arguments, str(desk.folder)])
    assert result.exit_code == 0, result.output
    about = desk.records.book.get(1).about
    assert about.last_seen_place == "Karussell"
    assert about.last_seen_at is not None

"""Small things that stop somebody under stress: what a page says, shows and leads to."""

import re
from html import unescape
from pathlib import Path

import pytest

import reid
from reid.core.vocabulary import SLOTS
from reid.desk.desk import Desk
from reid.desk.policy import with_article
from reid.web.app import create_app
from reid.web.audit_view import audit_rows
from reid.web.routes.map import LONGEST_NUMBER, WIDE, CameraMarker
from reid.web.translations import words
from tests.venues import write_rules
from tests.web.conftest import PASSWORD, ROLES, TEXT, Browser
from tests.web.test_flow import HTML, RED, shown

LANGUAGES = ["en", "de", "fr", "es", "zh"]


@pytest.fixture
def empty(tmp_path: Path) -> Browser:
    """An operator at a venue where no camera has seen anybody."""
    desk = Desk.open(write_rules(tmp_path / "empty"))
    for role in ROLES:
        desk.records.accounts.add(role, PASSWORD, role, "setup")
    return Browser(create_app(desk), follow_redirects=False).sign_in("operator")


def in_language(browser: Browser, language: str) -> None:
    browser.cookies.set("reid_language", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_venue_sends_nobody_to_a_terminal(empty: Browser, language: str) -> None:
    in_language(empty, language)
    answer = empty.fill("/case/new", text=TEXT, purpose="missing-child")
    case = answer.headers["location"]
    t = words().translator(language)
    for page in ("/", case, *(f"{case}/{tab}" for tab in ("map", "steps", "sheet", "close"))):
        answer = empty.get(page, headers=HTML)
        assert answer.status_code == 200, page
        assert "reid watch" not in answer.text
        assert "`" not in answer.text
    page = unescape(empty.get(case, headers=HTML).text)
    assert t("empty.meanwhile") in page
    assert f'href="{case}/steps"' in page
    part = empty.fill(f"{case}/search", part=True, text="a green coat").json()
    assert t("empty.title") in unescape(part["results"])
    assert part["number"] == 2, "what is asked is kept until there is something to search"


def test_what_nobody_understands_is_asked_about_first(operator: Browser, desk: Desk) -> None:
    typed = {"reporter": "Ruth", "last_seen_place": "Gate 4", "last_seen_time": "14:20"}
    answer = operator.fill("/case/new", text="asdf qwer", purpose="lost-bag", **typed)
    assert answer.status_code == 409
    assert desk.records.book.all() == []
    assert "Nothing of this can be searched for" in answer.text
    assert "asdf, qwer" in answer.text
    for value in ("Ruth", "Gate 4", "14:20"):
        assert f'value="{value}"' in answer.text, "what was typed is still there"
    assert re.search(r'value="lost-bag" selected', answer.text)
    again = operator.fill("/case/new", text="asdf qwer", purpose="lost-bag", anyway="yes", **typed)
    assert again.status_code == 303
    assert len(desk.records.book.all()) == 1


def test_more_than_the_first_can_be_seen(operator: Browser, case: str) -> None:
    first = operator.fill(f"{case}/search", part=True).json()["results"]
    assert len(shown(first)) == 24
    assert "24 of 30 shown." in first
    more = re.search(r'class="show-more" data-top="(\d+)"', first)
    assert more
    rest = operator.fill(f"{case}/search", part=True, top=more.group(1)).json()["results"]
    assert len(shown(rest)) == 30
    assert "show-more" not in rest
    decided = operator.fill(
        f"{case}/decide", part=True, sighting=RED, verdict="rejected", top=48
    ).json()
    assert len(shown(decided["results"])) == 30, "and stays in sight after a decision"
    assert operator.fill(f"{case}/search", part=True, top=100_000).status_code == 400


def test_same_clothes_shows_whose(operator: Browser, case: str) -> None:
    html = operator.fill(f"{case}/similar", part=True, sighting=RED).json()["html"]
    example = html[html.index('class="example"') :].split("</div>")[0]
    assert RED in example
    assert "Main gate" in example


def test_the_watch_is_in_sight_and_says_what_it_means(operator: Browser, case: str) -> None:
    for page in (case, f"{case}/map"):
        text = operator.get(page, headers=HTML).text
        assert "Watch new sightings" in text
        assert "budget" not in text.lower()
    answer = operator.fill(f"{case}/watch", on="yes", back="search")
    assert answer.headers["location"] == case
    assert "false alerts an hour" in operator.get(case, headers=HTML).text
    assert operator.fill(f"{case}/watch", part=True, on="no").status_code == 204


def marker(stops: tuple[int, ...], x: float = 500, name: str = "Gate") -> CameraMarker:
    return CameraMarker("gate", name, x, 300, 50, False, stops, False)


@pytest.mark.parametrize(
    ("stops", "said"),
    [((), ""), ((3,), "3"), ((2, 5), "2·5"), ((1, 2, 3, 4, 5, 6), "1–6"), ((1, 3, 5, 9), "4×"),
     (tuple(range(8, 13)), "8–12"), ((10, 12), "2×"), (tuple(range(1, 200, 2)), "100×")],
)  # fmt: skip
def test_a_marker_never_spills(stops: tuple[int, ...], said: str) -> None:
    assert marker(stops).number == said
    assert len(said) <= LONGEST_NUMBER


@pytest.mark.parametrize("x", [0.0, 20, 330, 340, 500, 660, 670, 990, WIDE])
def test_a_label_stays_on_the_plan(x: float) -> None:
    """As wide as it is on a phone: a character takes about 21 of the plan's 1,000 units."""
    one = marker((1,), x, "Grosser Platz vor dem Restaurant am See")
    wide = 21 * len(one.label)
    left = one.label_x - {"start": 0, "middle": wide / 2, "end": wide}[one.anchor]
    assert left >= 0
    assert left + wide <= WIDE


def test_every_camera_dot_leads_somewhere(operator: Browser, case: str) -> None:
    page = operator.get(f"{case}/map", headers=HTML).text
    targets = re.findall(r'<a href="#([\w-]+)" class="spot', page)
    assert targets == ["camera-gate", "camera-carousel", "camera-shop"]
    for target in targets:
        assert f'id="{target}"' in page
    answer = operator.fill(f"{case}/search", camera="shop")
    only = operator.get(answer.headers["location"], headers=HTML).text
    assert set(re.findall(r'class="camera">([^<]+)', only)) == {"Toy shop"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_purposes_are_said_in_the_readers_language(
    operator: Browser, case: str, language: str
) -> None:
    in_language(operator, language)
    said = words().translator(language)("purpose.missing-child")
    assert said in operator.get("/", headers=HTML).text
    page = operator.get("/case/new", headers=HTML).text
    assert said in page
    assert "Lost bag" in page, "a purpose of the venue's own has the venue's own words"


def test_a_venues_own_words_for_a_purpose_come_first(tmp_path: Path) -> None:
    rules = write_rules(tmp_path) / "venue.toml"
    text = rules.read_text().replace(
        'label = "Lost bag"', 'label = "Lost bag"\nlabels = { de = "Tasche weg" }'
    )
    rules.write_text(text.replace('label = "Missing child"', 'label = "Code Adam"'))
    desk = Desk.open(tmp_path)
    desk.records.accounts.add("operator", PASSWORD, "operator", "setup")
    browser = Browser(create_app(desk), follow_redirects=False).sign_in("operator")
    in_language(browser, "de")
    page = browser.get("/case/new", headers=HTML).text
    assert "Tasche weg" in page
    assert "Code Adam" in page
    assert "Vermisstes Kind" not in page


@pytest.mark.parametrize("role", ["viewer", "operator", "supervisor", "auditor"])
def test_a_role_has_its_article(role: str, browse) -> None:
    assert with_article(role) == f"{'a' if role in {'viewer', 'supervisor'} else 'an'} {role}"
    denied = browse(role).get("/users" if role in {"operator", "viewer"} else "/audit")
    if denied.status_code == 403:
        assert f"{with_article(role)} may not" in denied.json()["error"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_trail_is_in_words(browse, operator: Browser, case: str, language: str) -> None:
    operator.get(case)
    operator.fill(f"{case}/decide", sighting=RED, verdict="confirmed")
    operator.fill(f"{case}/steps", step="police")
    auditor = browse("auditor")
    in_language(auditor, language)
    page = auditor.get("/audit", headers=HTML).text
    table = page[page.index("<tbody>") : page.index("</tbody>")]
    assert not re.search(r'[{}"]\w*"?:', re.sub(r"<[^>]+>", "", table)), "no JSON"
    assert words().translator(language)("action.decide.confirmed") in table
    assert words().translator(language)("step.police") in table


def test_every_line_that_can_be_written_has_words() -> None:
    source = "\n".join(p.read_text() for p in (Path(reid.__file__).parent / "desk").rglob("*.py"))
    kinds = "case|erase|user|decide|watch|login|serve"
    actions = set(re.findall(rf'"((?:{kinds})\.[a-z.]+)"', source)) | {"login", "search", "alert"}
    actions = {action for action in actions if not action.endswith(".json")}
    assert len(actions) > 15
    for language in LANGUAGES:
        t = words().translator(language)
        assert [a for a in actions if f"action.{a}" not in t.texts] == []


def test_a_line_that_is_no_json_is_shown_as_it_is() -> None:
    from datetime import UTC

    from reid.desk.cases import Line

    t = words().translator("en")
    line = Line(1, "2026-05-01T12:00:00+00:00", "a", "unheard.of", None, "{broken", "", "")
    (row,) = audit_rows(t, [line], UTC)
    assert (row.details, row.code) == ((("", "{broken"),), "unheard.of")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_is_in_words(browse, operator: Browser, case: str, language: str) -> None:
    operator.get(case)
    boss = browse("supervisor")
    in_language(boss, language)
    page = re.sub(r"<[^>]+>", " ", boss.get("/report", headers=HTML).text)
    found = [slot for slot in SLOTS if re.search(rf"(?<![\w.]){re.escape(slot)}(?![\w.])", page)]
    assert found == []
    assert "_" not in re.sub(r"\S*[/@]\S*", "", page), "no names of fields"
    assert words().translator(language)("report.never_estimated") in page


def test_every_page_fits_a_phone() -> None:
    """A page without a viewport is laid out 980 px wide there."""
    found = []
    for path in Path(reid.__file__).parent.rglob("*"):
        if path.suffix in {".py", ".html"}:
            text = path.read_text(encoding="utf-8")
            found += [path.name] if "<!doctype html>" in text and "viewport" not in text else []
    assert found == []


def test_no_word_of_the_app_is_a_command() -> None:
    for language in LANGUAGES:
        texts = words().translator(language).texts
        assert [key for key, text in texts.items() if "`" in text or "reid " in text] == []

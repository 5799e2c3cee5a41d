"""The first run: from an empty folder to the desk in a browser, by a link that opens once."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from reid.core.errors import AccessError, PolicyError, UsageError
from reid.desk.desk import Desk
from reid.desk.first_run import (
    KEPT_HOURS,
    PURPOSES,
    Beginning,
    FirstUser,
    begin,
    camera_id,
    is_new,
    rules_text,
)
from reid.desk.policy import load_policy
from reid.desk.policy.places import ALLOWED
from reid.desk.policy.rules import policy_of
from reid.web.rights import SETUP_RIGHTS
from reid.web.setup import COOKIE, OPENED_WITHIN, Link, Setup
from reid.web.setup_app import create_setup
from reid.web.translations import words
from tests.fast import cheap_hashes  # noqa: F401
from tests.making import write_video
from tests.servers import free_port
from tests.venues import filled
from tests.web.browsers import (
    DESK,
    PASSWORD,
    PHONE,
    eventually,
    has_no_sideways_scroll,
    needs_browser,
)

ANSWERS: dict[str, object] = {
    "name": "Sunny Park", "timezone": "Europe/Berlin", "venue_language": "de",
    "purposes": ["missing-child", "lost-property"], "keep": "24", "camera": "Main gate",
    "place": "gate", "signs": "yes", "user": "anna", "password": PASSWORD, "again": PASSWORD,
}  # fmt: skip


def beginning(**other: object) -> Beginning:
    said: dict[str, object] = {
        "name": "Sunny Park", "timezone": "Europe/Berlin", "language": "de",
        "purposes": ("missing-child",), "retention_hours": 24, "camera": "Main gate",
        "place": "gate", "signs_posted": True,
    }  # fmt: skip
    return Beginning(**{**said, **other})  # type: ignore[arg-type]


class Ended(list[bool]):
    """What was called when the app ended."""


@pytest.fixture
def ended() -> Ended:
    return Ended()


@pytest.fixture
def app_of(tmp_path: Path, ended: Ended) -> Setup:
    return Setup(tmp_path / "park", None, lambda: ended.append(True))


def browser(setup: Setup) -> TestClient:
    return TestClient(create_setup(setup), follow_redirects=False, raise_server_exceptions=False)


def opened(setup: Setup) -> TestClient:
    client = browser(setup)
    assert client.get(f"/setup?key={setup.link.key}").status_code == 200
    return client


def send(client: TestClient, setup: Setup, **other: object):
    return client.post("/setup", data={**ANSWERS, "csrf": setup.link.csrf, **other})


def alert(page: str) -> str:
    found = re.search(r'role="alert">.*?<span>(.*?)</span>', page, re.DOTALL)
    return found.group(1) if found else ""


def test_the_rules_hold_and_keep_the_comments_of_the_template() -> None:
    text = rules_text(beginning(purposes=("lost-property", "vulnerable-adult")))
    policy = policy_of(tomllib.loads(text), "venue.toml")
    assert list(policy.purposes) == ["vulnerable-adult", "lost-property"]
    assert policy.purposes["vulnerable-adult"].body == ("body.age", "hair.colour")
    assert policy.purposes["lost-property"].body is False
    camera = policy.cameras["main-gate"]
    assert (camera.name, camera.place, camera.exit, camera.x) == ("Main gate", "gate", True, None)
    assert (policy.venue.language, policy.venue.retention_hours) == ("de", 24)
    assert (policy.venue.controller, policy.signs.text) == (None, None)
    for comment in ("# One entry a camera.", "# sees_m = 15", "# [plan]", "# [audit]"):
        assert comment in text
    assert "Your venue" not in text


@pytest.mark.parametrize("name", ['a "b" \\ c', "公园", "x\ny = 1", "ends ]", "# no"])
def test_what_is_typed_stays_a_value(name: str) -> None:
    policy = policy_of(tomllib.loads(rules_text(beginning(name=name, camera=name))), "venue.toml")
    assert policy.venue.name == name.strip()
    assert [camera.name for camera in policy.cameras.values()] == [name.strip()]
    assert set(policy.cameras) == {camera_id(name)}


@pytest.mark.parametrize(
    ("other", "kind", "said"),
    [
        ({"purposes": ()}, UsageError, "at least one purpose"),
        ({"purposes": ("marketing",)}, UsageError, "at least one purpose"),
        ({"signs_posted": False}, UsageError, "signs must hang"),
        ({"camera": "Toilets 2"}, PolicyError, "cameras are forbidden in a toilet"),
        ({"place": "changing-room"}, PolicyError, "people undress"),
        ({"timezone": "Mars/Olympus"}, PolicyError, "not a time zone"),
        ({"name": " "}, PolicyError, "venue.name"),
    ],
)
def test_what_the_rules_refuse_makes_no_venue(
    tmp_path: Path, other: dict[str, object], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        begin(tmp_path / "park", beginning(**other), FirstUser("anna", PASSWORD), None)
    assert is_new(tmp_path / "park")


def test_a_venue_that_is_there_is_not_begun_again(tmp_path: Path) -> None:
    filled(tmp_path / "park", n=1)
    (tmp_path / "park" / "venue.toml").unlink()
    with pytest.raises(UsageError, match="nothing is overwritten"):
        begin(tmp_path / "park", beginning(), FirstUser("anna", PASSWORD), None)


def test_begun_again_after_it_was_cut_short(tmp_path: Path) -> None:
    begin(tmp_path, beginning(), FirstUser("anna", "another password"), None)
    (tmp_path / "venue.toml").unlink()  # what is written last
    begin(tmp_path, beginning(), FirstUser("anna", PASSWORD), None)
    desk = Desk.open(tmp_path)
    assert desk.records.accounts.sign_in("anna", PASSWORD)
    assert desk.records.trail.verify().problem is None
    assert (tmp_path / "venue.toml").stat().st_mode & 0o777 == 0o600


def test_a_link_opens_once_for_half_an_hour_in_one_process() -> None:
    now = [0.0]
    link = Link(lambda: now[0])
    for wrong in ("", "x", link.key[:-1], Link().key):
        with pytest.raises(AccessError):
            link.open(wrong)
    assert not link.is_held("")
    cookie = link.open(link.key)
    with pytest.raises(AccessError):
        link.open(link.key)
    assert link.is_held(cookie)
    assert not link.is_held(link.key)
    now[0] = 10 * 3600
    assert not link.is_held(cookie)
    late = Link(lambda: now[0])
    now[0] += OPENED_WITHIN + 1
    with pytest.raises(AccessError):
        late.open(late.key)


def test_nobody_gets_in_without_the_link(app_of: Setup) -> None:
    stranger = browser(app_of)
    for method, path in SETUP_RIGHTS:
        answer = stranger.request(method, path, data=ANSWERS if method == "POST" else None)
        if path != "/healthz":
            assert answer.status_code == 403, (method, path)
            assert "<form" not in answer.text
    mine = opened(app_of)
    assert browser(app_of).get(f"/setup?key={app_of.link.key}").status_code == 403
    assert mine.get("/setup").status_code == 200  # a reload
    assert send(mine, app_of, csrf="").status_code == 403
    foreign = {"origin": "https://evil.example"}
    assert mine.post("/setup", data=ANSWERS, headers=foreign).status_code == 403
    cookie = next(one for one in mine.cookies.jar if one.name == COOKIE)
    assert {"HttpOnly", "SameSite"} <= set(cookie._rest)  # type: ignore[attr-defined]
    assert is_new(app_of.folder)


def test_the_form_makes_a_venue_and_signs_its_supervisor_in(app_of: Setup, ended: Ended) -> None:
    mine = opened(app_of)
    answer = send(mine, app_of)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert ended == [True]
    waiting = mine.get("/")  # until the desk answers at the same address
    assert (waiting.status_code, waiting.headers["refresh"]) == (200, "1")
    policy = load_policy(app_of.folder)
    assert (policy.venue.name, list(policy.purposes)) == (
        "Sunny Park", ["missing-child", "lost-property"],
    )  # fmt: skip
    desk = Desk.open(app_of.folder)
    session = desk.records.accounts.session(mine.cookies["reid_session"])
    assert session is not None
    assert (session.user.name, session.user.role) == ("anna", "supervisor")
    lines = desk.records.trail.lines()
    assert [(one.actor, one.action) for one in lines[:2]] == [
        ("setup", "user.add"), ("setup", "setup"),
    ]  # fmt: skip
    assert PASSWORD not in str(lines)
    assert send(mine, app_of, name="Other").status_code == 303  # sent twice: made once
    assert load_policy(app_of.folder).venue.name == "Sunny Park"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"again": "something else entirely"}, "verschieden"),
        ({"password": "short", "again": "short"}, "12"),
        ({"recording": "/nowhere/gate.mp4"}, "Diese Datei gibt es"),
        ({"camera": "Umkleide"}, "forbidden"),
        ({"keep": "9999"}, "how long"),
        ({"start": "yesterday"}, "no time"),
        ({"user": "Anna Müller!"}, "name"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    app_of: Setup, ended: Ended, other: dict[str, str], said: str
) -> None:
    mine = opened(app_of)
    answer = send(mine, app_of, **other)
    assert answer.status_code == 400
    assert said in alert(answer.text)
    assert 'value="Sunny Park"' in answer.text
    assert PASSWORD not in answer.text
    assert is_new(app_of.folder)
    assert ended == []


def test_a_name_by_which_a_browser_came_is_answered_later_too(app_of: Setup) -> None:
    mine = opened(app_of)
    mine.base_url = "http://desk.sunny.example"  # type: ignore[assignment]
    mine.cookies.set(COOKIE, next(c.value for c in mine.cookies.jar if c.name == COOKIE) or "")
    send(mine, app_of)
    assert load_policy(app_of.folder).web.hosts == ("desk.sunny.example",)


def test_the_first_recording_is_looked_at_while_one_goes_on(
    app_of: Setup, ended: Ended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    from reid.web import setup as module

    asked: list[object] = []
    monkeypatch.setattr(module, "_index", lambda *given: asked.append(given[1]))
    clip = write_video(tmp_path / "gate.mp4", [np.zeros((64, 64, 3), np.uint8)] * 5)
    mine = opened(app_of)
    assert send(mine, app_of, recording=str(clip)).headers["location"] == "/setup/progress"
    assert eventually(lambda: bool(asked))
    assert asked[0].camera == "main-gate"  # type: ignore[attr-defined]
    page = mine.get("/setup/progress")
    assert page.headers["refresh"] == "3"
    assert app_of.indexing is not None
    app_of.indexing.sightings = 7
    page = mine.get("/setup/progress", headers={"accept-language": "en"})
    assert "7 people" in page.text
    assert "refresh" not in page.headers
    assert ended == []
    done = mine.post("/setup/finish", data={"csrf": app_of.link.csrf})
    assert (done.headers["location"], done.headers["connection"], ended) == ("/", "close", [True])


def test_a_recording_that_cannot_be_read_is_said_and_the_venue_is_there(
    app_of: Setup, tmp_path: Path
) -> None:
    (tmp_path / "no.mp4").write_text("no video")
    mine = opened(app_of)
    assert send(mine, app_of, recording=str(tmp_path / "no.mp4")).status_code == 303
    assert "no.mp4" in alert(mine.get("/setup/progress").text)
    assert not is_new(app_of.folder)


def test_every_language_explains_every_choice() -> None:
    for language in words().languages:
        known = words().keys(language)
        assert {f"setup.why.{one}" for one in PURPOSES} <= known
        assert {f"purpose.{one}" for one in PURPOSES} <= known
        assert {f"setup.kept.{hours}" for hours in KEPT_HOURS} <= known
        assert {f"setup.kept_why.{hours}" for hours in KEPT_HOURS} <= known
        assert {f"place.{place}" for place in ALLOWED} <= known


def marked(test):
    """Mark a test as one that needs a browser."""
    for mark in needs_browser:
        test = mark(test)
    return test


class Serving:
    """`reid serve` of a new venue, as somebody starts it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "-u", "-m", "reid.cli", "serve", "--venue", str(folder)]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)], stdout=subprocess.PIPE, text=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert self.process.stdout is not None
        assert "is new" in self.process.stdout.readline()
        self.link = self.process.stdout.readline().strip()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    one = Serving(tmp_path / "park")
    yield one
    one.process.terminate()
    one.process.wait(30)


@marked
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_from_an_empty_folder_to_the_desk_with_the_keyboard_alone(
    open_browser, serving: Serving, size: tuple[int, int]
) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    driver = open_browser(size)
    driver.get(serving.link)
    assert has_no_sideways_scroll(driver)
    keyed = {"name": "Sunny Park", "camera": "Main gate", "user": "anna", "password": PASSWORD,
             "again": PASSWORD}  # fmt: skip
    actions = 0
    for _ in range(60):
        here = driver.switch_to.active_element
        name = here.get_attribute("name")
        if name in keyed and not here.get_attribute("value"):
            here.send_keys(keyed[name])
            actions += 1
        elif name == "signs":
            here.send_keys(Keys.SPACE)
            actions += 1
        elif "main" in (here.get_attribute("class") or "").split() and here.tag_name == "button":
            break
        here.send_keys(Keys.TAB)
    zone = driver.find_element(By.ID, "timezone")
    if not zone.get_attribute("value"):
        zone.send_keys("Europe/Berlin")
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    driver.find_element(By.CSS_SELECTOR, "header.top")
    assert driver.current_url == f"http://127.0.0.1:{serving.port}/"
    assert actions <= 10
    assert "Sunny Park" in driver.find_element(By.CSS_SELECTOR, ".brand").text
    driver.get(serving.link)  # it leads nowhere any more
    assert driver.execute_script("return document.querySelectorAll('form#setup').length") == 0

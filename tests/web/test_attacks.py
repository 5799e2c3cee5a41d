"""An attack list: who is not allowed in stays out, whatever they send."""

import re
import time
from collections.abc import Callable

import pytest
from fastapi import FastAPI

from reid.desk.desk import Desk
from reid.web.app import create_app
from reid.web.rights import routes_of
from reid.web.routes.events import number_of
from tests.venues import write_rules
from tests.web.conftest import PASSWORD, ROLES, TEXT, Browser

OPEN = {"/login", "/healthz", "/metrics", "/language"}
PAYLOAD = (
    """<script>alert(1)</script>'"; DROP TABLE cases;--{{7171*7}}${7171*7}%0d%0aX-Evil: 1\x00"""
)
HTML = {"accept": "text/html"}


def routes(app: FastAPI) -> list[tuple[str, str]]:
    found = []
    for route in routes_of(app.routes):
        path = route.path.replace("{case_id}", "1")
        path = path.replace("{sighting}", "s" + "0" * 23).replace("{key}", "0" * 24)
        found += [(method, path) for method in sorted(route.methods - {"HEAD"})]
    assert len(found) > 25
    return found


def test_no_route_without_sign_in(app: FastAPI, browse, case: str) -> None:
    stranger = browse()
    for method, path in routes(app):
        if path in OPEN:
            continue
        answer = stranger.request(method, path)
        assert answer.status_code == 401, (method, path, answer.status_code)
        assert "red" not in answer.text
        page = stranger.request(method, path, headers=HTML)
        assert page.status_code in {303, 401}, (method, path)


def test_a_made_up_session_is_none(app: FastAPI, browse, case: str) -> None:
    stranger = browse()
    for token in ("", "x", "0" * 43, "' OR '1'='1", "../../etc/passwd"):
        stranger.cookies.set("reid_session", token)
        assert stranger.get("/case/1").status_code == 401


DENIED = {
    "viewer": ["/case/new", "/audit", "/report", "/users", "/case/1/sheet", "/case/1/audit"],
    "operator": ["/audit", "/report", "/users"],
    "supervisor": ["/audit"],
    "auditor": ["/case/1", "/case/new", "/case/1/map", "/case/1/steps", "/users", "/plan",
                "/case/1/close", "/case/1/sheet", "/events"],
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_roles_cannot_be_escalated(browse, desk: Desk, case: str, role: str) -> None:
    browser = browse(role)
    for path in DENIED[role]:
        answer = browser.get(path)
        assert answer.status_code == 403, path
    refused = [line for line in desk.records.trail.lines() if line.action == "refused"]
    assert len(refused) == len(DENIED[role])


@pytest.mark.parametrize("role", ["viewer", "auditor", "operator"])
def test_forms_are_closed_to_other_roles(browse, case: str, role: str) -> None:
    browser = browse(role)
    forms = {"/users": {"name": "eve", "password": PASSWORD, "role": "supervisor"}}
    if role != "operator":
        forms |= {
            "/case/1/search": {"text": TEXT},
            "/case/1/decide": {"sighting": "s", "verdict": "confirmed"},
            "/case/1/close": {"outcome": "withdrawn"},
            "/case/1/erase": {},
            "/case/1/steps": {"step": "police"},
        }
    for path, data in forms.items():
        assert browser.fill(path, **data).status_code == 403, path


def test_an_auditor_sees_no_picture(browse, operator: Browser, case: str) -> None:
    picture = re.search(r"/case/1/picture/[^\"]+", operator.get(case).text)
    assert picture
    assert operator.get(picture.group()).status_code == 200
    assert browse("auditor").get(picture.group()).status_code == 403


def test_every_form_needs_its_token(app: FastAPI, operator: Browser, case: str) -> None:
    forms = [path for method, path in routes(app) if method == "POST" and path not in OPEN]
    assert len(forms) >= 12
    for path in forms:
        for token in ({}, {"x-csrf-token": ""}, {"x-csrf-token": "0" * 43}):
            answer = operator.post(path, data={"outcome": "withdrawn"}, headers=token)
            assert answer.status_code in {400, 403}, (path, answer.status_code)
    assert operator.get(case, headers=HTML).status_code == 200, "the case must still be open"


def test_another_users_token_is_no_good(browse, operator: Browser, case: str) -> None:
    other = browse("supervisor")
    answer = operator.post("/logout", headers={"x-csrf-token": other.csrf})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_foreign_pages_cannot_post(operator: Browser, case: str, headers: dict[str, str]) -> None:
    answer = operator.post(
        f"{case}/search", data={"text": TEXT}, headers={"x-csrf-token": operator.csrf, **headers}
    )
    assert answer.status_code == 403
    stranger = operator.post("/login", data={"name": "a", "password": "b"}, headers=headers)
    assert stranger.status_code == 403


def test_injection_in_every_field(operator: Browser, desk: Desk) -> None:
    fields = ("text", "reporter", "relationship", "child_name", "last_seen_place", "companion")
    data = dict.fromkeys(fields, PAYLOAD + " red top")
    answer = operator.fill("/case/new", purpose="missing-child", **data)
    assert answer.status_code == 303
    assert "x-evil" not in answer.headers
    for page in ("", "/map", "/steps", "/sheet", "/close", "/audit"):
        shown = operator.get(f"/case/1{page}", headers=HTML)
        assert shown.status_code == 200, page
        assert "<script>alert" not in shown.text, page
        assert str(7171 * 7) not in shown.text, page
    assert "<script>alert" not in operator.get("/", headers=HTML).text
    assert len(desk.records.book.all()) == 1


@pytest.mark.parametrize("field", ["window", "since", "until", "camera", "slots", "sighting"])
def test_injection_in_searches(operator: Browser, case: str, field: str) -> None:
    for value in ("' OR 1=1 --", "<img src=x onerror=alert(1)>", "\x00", "9" * 19, "[]"):
        answer = operator.fill(f"{case}/search", part=True, **{field: value})
        assert answer.status_code in {200, 400}, (field, value)
        assert "<img src=x" not in answer.text
    answer = operator.fill(f"{case}/decide", sighting="' OR 1=1 --", verdict="confirmed")
    assert answer.status_code == 400
    assert operator.fill(f"{case}/similar", sighting="x' OR 'a'='a").status_code == 400


MALFORMED = (
    "[" * 19_000,
    '{"slots":' * 2_000,
    '{"slots":[{"slot":"body.age_years","value":NaN}]}',
    '{"slots":[{"slot":"body.age_years","value":1e999}]}',
    '{"slots":[{"slot":"body.age_years","value":true}]}',
    '{"slots":[{"slot":"body.age_years","value":' + "9" * 5_000 + "}]}",
    '{"slots":[{"slot":"upper.colour","value":{"a":1}}]}',
    '{"slots":[{"slot":["upper.colour"],"value":"red"}]}',
    '{"slots":[{"slot":"upper.colour","value":"red","group":1e400}]}',
    '{"slots":[{"slot":"upper.colour","value":"red","group":[1]}]}',
    '{"slots":[{"slot":"upper.colour","value":"red","certainty":{}}]}',
    '{"slots":[{"slot":"upper.colour","value":"red","modifier":["dark"]}]}',
    '{"slots":[{"slot":"<b>","value":"red","certainty":"unknown"}]}',
    '{"slots":[{"slot":"upper.colour","value":"\\ud800","certainty":"unknown"}]}',
    '{"slots":[],"context":5}',
    '{"slots":[],"unparsed":[{"a":1}],"refused":5}',
)


@pytest.mark.parametrize("slots", MALFORMED, ids=lambda text: text[:60])
def test_malformed_fields_are_refused_not_tripped_over(
    operator: Browser, case: str, slots: str
) -> None:
    for path in (f"{case}/search", "/api/phrase"):
        answer = operator.fill(path, part=True, slots=slots)
        assert answer.status_code in {200, 400}, answer.text
        assert "went wrong" not in answer.json().get("error", ""), "an unexpected failure"
    assert operator.get(case, headers=HTML).status_code == 200, "the case still opens"


@pytest.mark.parametrize(
    ("field", "value"),
    [("window", "9999999999"), ("window", "\xb2"), ("since", "0001-01-01T00:00"),
     ("until", "0001-01-01T00:00"), ("since", "9999-12-31T23:59"), ("text", "9" * 4000),
     ("text", "not " + "really " * 500)],
)  # fmt: skip
def test_numbers_and_times_out_of_bounds(
    operator: Browser, case: str, field: str, value: str
) -> None:
    began = time.monotonic()
    assert operator.fill(f"{case}/search", part=True, **{field: value}).status_code in {200, 400}
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2f..%2fapp.py",
        "/static/%2e%2e/%2e%2e/web/app.py",
        "/plan/../desk.sqlite",
        "/case/1/picture/..%2f..%2fdesk.sqlite/0.jpg",
        "/case/1e9",
        "/case/-1",
        "/case/99999999999999999999",
        "/case/1?s=9999999999999999999999",
        "/nowhere",
    ],
)
def test_paths_lead_nowhere(operator: Browser, case: str, path: str) -> None:
    answer = operator.get(path)
    assert answer.status_code in {400, 404}, answer.text
    assert "Traceback" not in answer.text
    assert "import " not in answer.text


def test_pictures_are_bound_to_their_case(operator: Browser, case: str, desk: Desk) -> None:
    first = re.search(r"/case/1/picture/(\w+)/(\w+)\.jpg", operator.get(case).text)
    assert first
    operator.fill("/case/new", text=TEXT, purpose="missing-child")
    sighting, key = first.groups()
    assert operator.get(f"/case/2/picture/{sighting}/{key}.jpg").status_code == 404
    assert operator.get(f"/case/1/picture/{sighting}/{'0' * 24}.jpg").status_code == 404
    desk.records.book.close(1, "withdrawn", "operator")
    assert operator.get(first.group()).status_code == 404


@pytest.mark.parametrize("end", ["sign out", "disable", "new password"])
def test_a_session_that_ended_sees_no_picture(
    operator: Browser, case: str, desk: Desk, end: str
) -> None:
    picture = re.search(r"/case/1/picture/[^\"]+", operator.get(case).text)
    assert picture
    token, shown = operator.cookies["reid_session"], operator.get(picture.group())
    assert shown.status_code == 200
    assert "no-store" in shown.headers["cache-control"]
    if end == "sign out":
        assert "cache" in operator.fill("/logout").headers["clear-site-data"]
    elif end == "disable":
        desk.records.accounts.disable("operator", "boss")
    else:
        desk.records.accounts.set_password("operator", "another long phrase", "boss")
    operator.cookies.set("reid_session", token)
    assert operator.get(picture.group()).status_code == 401


def test_bodies_are_bounded(operator: Browser, case: str) -> None:
    huge = "a" * 70_000
    assert operator.fill(f"{case}/search", text=huge).status_code == 413
    streamed = operator.post(
        f"{case}/search",
        content=(b"text=" + b"a" * 9000 for _ in range(10)),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert streamed.status_code == 413
    files = operator.post(f"{case}/search", files={"text": ("a.jpg", b"\xff\xd8")})
    assert files.status_code == 415
    for garbage in (b"\xff\xfe\x00", b"%", b"=&=&;", b"{"):
        answer = operator.post(
            f"{case}/search",
            content=garbage,
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "x-csrf-token": operator.csrf,
            },
        )
        assert answer.status_code in {200, 303, 400}, garbage
    assert operator.post("/login", content=b"x", headers={"content-length": "-5"}).status_code in {
        400,
        413,
    }


def test_a_session_cannot_be_fixed(browse) -> None:
    victim = browse()
    victim.cookies.set("reid_session", "chosen-by-the-attacker")
    victim.post("/login", data={"name": "operator", "password": PASSWORD})
    attacker = browse()
    attacker.cookies.set("reid_session", "chosen-by-the-attacker")
    assert attacker.get("/case/new").status_code == 401


def test_signing_out_ends_the_session(operator: Browser) -> None:
    token = operator.cookies["reid_session"]
    operator.fill("/logout")
    operator.cookies.set("reid_session", token)
    assert operator.get("/case/new").status_code == 401


def test_cookies_and_headers(browse, app: FastAPI) -> None:
    browser = browse()
    answer = browser.post("/login", data={"name": "operator", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    for path in ("/login", "/static/app.css", "/nowhere", "/healthz"):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "server" not in headers
        if not path.startswith("/static/"):
            assert headers["cache-control"] == "no-store"


def test_tls_cookies(desk: Desk) -> None:
    browser = Browser(create_app(desk, tls=True), base_url="https://desk", follow_redirects=False)
    answer = browser.post("/login", data={"name": "operator", "password": PASSWORD})
    assert answer.headers["set-cookie"].startswith("__Host-reid_session=")
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "max-age" in answer.headers["strict-transport-security"]


WAIT = {
    "en": "Try again in 30 seconds",
    "de": "in 30 Sekunden",
    "es": "en 30 segundos",
    "fr": "dans 30 secondes",
    "zh": "30 秒",
}


@pytest.mark.parametrize("language", WAIT)
@pytest.mark.parametrize("name", ["operator", "nobody"])
def test_guessing_passwords_is_slowed_and_the_time_is_said(
    browse, language: str, name: str
) -> None:
    guesser = browse()
    header = {"accept-language": language}
    answers = [
        guesser.post("/login", data={"name": name, "password": f"guess {i}"}, headers=header)
        for i in range(8)
    ]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429] * 3
    assert WAIT[language] in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) <= 30
    right = guesser.post("/login", data={"name": name, "password": PASSWORD}, headers=header)
    assert right.status_code == 429, "a right password shows nothing to who guesses"


def test_a_device_that_signed_in_before_is_not_locked_out(browse, desk: Desk) -> None:
    known = browse("operator")
    known.fill("/logout")
    guesser = browse()
    for number in range(8):
        guesser.post("/login", data={"name": "operator", "password": f"guess {number}"})
    data = {"name": "operator", "password": PASSWORD}
    assert guesser.post("/login", data=data).status_code == 429
    assert known.post("/login", data=data).status_code == 303
    cookie = known.cookies["reid_session_device"]
    assert "operator" not in cookie


def test_names_cannot_be_tried_out(browse) -> None:
    pages = []
    for name in ("operator", "nobody"):
        answer = browse().post("/login", data={"name": name, "password": "wrong"})
        pages.append(answer.text.replace(name, ""))
    assert pages[0] == pages[1]


def test_metrics_are_for_this_machine(browse, operator: Browser) -> None:
    assert operator.get("/metrics").status_code == 200
    assert operator.get("/metrics", headers={"x-forwarded-for": "1.2.3.4"}).status_code == 403


def test_nothing_typed_is_logged(operator: Browser, case: str, caplog, desk: Desk) -> None:
    caplog.set_level("DEBUG")
    operator.fill(f"{case}/search", part=True, text="a purple costume, name Zebedee")
    operator.fill("/api/describe", text="a purple costume")
    operator.get(case)
    ours = " ".join(r.getMessage() for r in caplog.records if r.name.startswith("reid"))
    assert "/case/{case_id}" in ours
    lines = repr(desk.records.trail.lines())
    for secret in ("purple", "costume", "Zebedee", "red"):
        assert secret not in ours.replace("redirect", "").replace("shared", ""), secret
        assert secret not in lines.replace("rejected", "").replace("refused", ""), secret


def test_free_text_goes_by_post_only(app: FastAPI) -> None:
    for route in routes_of(app.routes):
        if "GET" in route.methods:
            names = {p.name for p in route.dependant.query_params}
            assert names <= {"s", "case"}, (route.path, names)


def test_old_sessions_of_a_disabled_user_die(browse, operator: Browser) -> None:
    boss = browse("supervisor")
    assert boss.fill("/users/disable", name="operator").status_code == 303
    assert operator.get("/case/new").status_code == 401


def test_a_slow_client_is_not_needed_for_health(browse: Callable[..., Browser]) -> None:
    began = time.monotonic()
    assert browse().get("/healthz").json()["status"] == "ok"
    assert time.monotonic() - began < 2


def test_the_last_alert_seen_is_a_small_number_or_none() -> None:
    assert number_of("41") == 41
    for text in ("", "-1", "\xb2", "1e3", "9" * 16, "9" * 5000):
        assert number_of(text) is None, text[:20]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8440", "localhost.evil.example", "127.0.0.1.nip.io", "", "[::2]",
     "testserver:80@evil.example", "192.0.2.7", "testserver\x00", "a, testserver"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/login", "/healthz", "/static/app.css", "/case/1"])
def test_another_host_is_not_answered(operator: Browser, host: str, path: str) -> None:
    answer = operator.get(path, headers={"host": host})
    assert answer.status_code == 421
    assert "red" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


def test_two_hosts_are_not_answered(operator: Browser) -> None:
    twice = [("host", "testserver"), ("host", "evil.example")]
    assert operator.get("/login", headers=twice).status_code == 421


OWN_HOSTS = (
    "localhost", "LOCALHOST:8440", "127.0.0.1:1", "[::1]:8440", "testserver", "Desk.Example.org",
    "desk.example.org:443",
)  # fmt: skip


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_the_venues_own_hosts_are_answered(tmp_path, host: str) -> None:
    rules = '\n[web]\nhosts = ["desk.example.org"]\n'
    desk = Desk.open(write_rules(tmp_path / "v", rules))
    answer = Browser(create_app(desk)).get("/healthz", headers={"host": host})
    assert answer.status_code == 200
    desk.records.database.close()


@pytest.mark.parametrize("role", [None, "operator"])
def test_a_broken_database_says_nothing_of_where_it_lies(browse, desk: Desk, role) -> None:
    browser = browse(role)
    browser.cookies.set("reid_session", browser.cookies.get("reid_session", "x"))
    path = desk.folder / "desk.sqlite"
    desk.records.database.close()
    for name in ("desk.sqlite", "desk.sqlite-wal", "desk.sqlite-shm"):
        (desk.folder / name).unlink(missing_ok=True)
    path.write_bytes(b"no database at all" * 300)
    paths = ["/", "/login", "/healthz", "/case/1", "/case/1/map", "/users", "/plan", "/nowhere",
             "/case/1/picture/a/b.jpg"]  # fmt: skip
    for wanted in paths:
        for headers in ({}, HTML):
            answer = browser.get(wanted, headers=headers)
            assert answer.status_code in {503, 404}, (wanted, answer.status_code, answer.text)
            assert answer.status_code == 503 or wanted == "/nowhere"
            for secret in (str(desk.folder), "sqlite", "Traceback", "database disk image"):
                assert secret not in answer.text, (wanted, secret)
    answer = browser.post("/login", data={"name": "operator", "password": PASSWORD})
    assert (answer.status_code, str(desk.folder) in answer.text) == (503, False)
    assert "DatabaseError" in browser.get("/healthz").json()["problems"][0]

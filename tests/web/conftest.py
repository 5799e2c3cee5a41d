"""A small venue with staff of every role, and browsers without a browser."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from reid.desk.desk import Desk
from reid.web.app import create_app
from tests.fast import cheap_hashes  # noqa: F401
from tests.venues import filled
from tests.web.browsers import CHROMIUM, DRIVER, FLAGS, PASSWORD, PHONE, Served

ROLES = ("viewer", "operator", "supervisor", "auditor")
TEXT = "boy about six in a red top and blue trousers, last seen at the carousel at 14:20"


class Browser(TestClient):
    """A signed-in client that sends the page's token with every form."""

    csrf = ""

    def sign_in(self, name: str) -> "Browser":
        answer = self.post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        page = self.get("/audit" if name == "auditor" else "/", headers={"accept": "text/html"})
        found = re.search(r'data-csrf="([^"]+)"', page.text)
        assert found, page.text[:400]
        self.csrf = found.group(1)
        return self

    def fill(self, path: str, part: bool = False, **data: object):
        headers = {"x-csrf-token": self.csrf, **({"x-part": "1"} if part else {})}
        return self.post(path, data=data, headers=headers)


def asked_to_erase(boss: Browser, case: str):
    """Ask for a case's erasure as the page does that names what goes."""
    page = boss.get(f"{case}/erase", headers={"accept": "text/html"}).text
    seal = re.search(r'name="plan" value="(\w+)"', page)
    assert seal, page
    return page, boss.fill(f"{case}/erase", plan=seal.group(1))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    filled(tmp_path / "venue")
    opened = Desk.open(tmp_path / "venue")
    for role in ROLES:
        opened.records.accounts.add(role, PASSWORD, role, "setup")
    yield opened
    opened.records.database.close()


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    return create_app(desk)


@pytest.fixture
def browse(app: FastAPI) -> Callable[..., Browser]:
    """Return a browser, signed in if a role is named."""

    def make(role: str | None = None) -> Browser:
        browser = Browser(app, follow_redirects=False, raise_server_exceptions=False)
        return browser.sign_in(role) if role else browser

    return make


@pytest.fixture
def operator(browse: Callable[..., Browser]) -> Browser:
    return browse("operator")


@pytest.fixture
def case(operator: Browser) -> str:
    """Open a case; returns its address."""
    answer = operator.fill(
        "/case/new", text=TEXT, purpose="missing-child", child_name="Zebedee Quirk"
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.fixture
def served(desk: Desk) -> Iterator[Served]:
    one = Served(create_app(desk))
    yield one
    one.stop()


@pytest.fixture
def address(served: Served) -> str:
    return served.address


@pytest.fixture
def open_browser(tmp_path: Path) -> Iterator[Callable]:
    from selenium import webdriver

    opened = []

    def make(size: tuple[int, int]):
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for flag in (*FLAGS, f"--user-data-dir={tmp_path}/profile{len(opened)}"):
            options.add_argument(flag)
        options.add_argument(f"--window-size={size[0]},{size[1]}")
        if size == PHONE:
            metrics = {"width": size[0], "height": size[1], "pixelRatio": 2, "touch": True}
            options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
        service = webdriver.ChromeService(executable_path=str(DRIVER))
        driver = webdriver.Chrome(options=options, service=service)
        driver.implicitly_wait(45)  # a first search loads models, on a busy machine slowly
        opened.append(driver)
        return driver

    yield make
    for driver in opened:
        driver.quit()

"""A real browser: six actions from a sentence to a confirmed sighting, by keyboard alone, on a
desk screen and a phone, without accessibility violations."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

from reid.desk.desk import Desk
from reid.web.app import create_app
from tests.web.conftest import PASSWORD

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver (apt: chromium-driver)"
    ),
]
AXE = Path(os.environ.get("REID_AXE", "node_modules/axe-core/axe.min.js"))
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en",
)  # fmt: skip
TEXT = "boy in a red top and blue trousers"
DESK, PHONE = (1440, 900), (390, 844)
WITHIN = 60  # seconds


def eventually(holds: Callable[[], bool], seconds: float = 8.0) -> bool:
    """Wait until something holds; the page answers in the background."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    app = create_app(desk)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    server.force_exit = True
    thread.join(5)


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


def sign_in(driver, address: str, name: str = "operator") -> None:
    driver.get(f"{address}/login")
    driver.find_element("id", "name").send_keys(name)
    driver.find_element("id", "password").send_keys(PASSWORD + "\n")
    driver.find_element("css selector", ".headline")


def has_no_sideways_scroll(driver) -> bool:
    wide = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    return bool(driver.execute_script(wide))


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_six_actions_at_most(open_browser, address: str, desk: Desk, size) -> None:
    driver = open_browser(size)
    sign_in(driver, address)
    began = time.monotonic()
    actions = 0
    driver.find_element("link text", "New case").click()
    actions += 1
    driver.switch_to.active_element.send_keys(TEXT)  # the sentence has the focus already
    actions += 1
    driver.find_element("css selector", ".submit-row .main").click()
    actions += 1
    card = driver.find_element("css selector", ".sighting")
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", card)
    card.click()
    actions += 1
    driver.find_element("css selector", ".evidence .act.good").click()
    actions += 1
    driver.find_element("css selector", ".confirmed-strip")
    assert actions <= 6
    assert time.monotonic() - began < WITHIN
    assert [d.sighting for d in desk.records.book.decisions(1, "confirmed")] == ["s" + "0" * 23]
    assert has_no_sideways_scroll(driver)
    severe = [line for line in driver.get_log("browser") if line["level"] == "SEVERE"]
    assert severe == []


def test_by_keyboard_alone(open_browser, address: str, desk: Desk) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def press(*keys: str) -> None:
        for key in keys:
            ActionChains(driver).send_keys(key).perform()

    driver = open_browser(DESK)
    driver.get(f"{address}/login")
    press("operator", Keys.TAB, PASSWORD, Keys.ENTER)
    link = driver.find_element("link text", "New case")
    for _ in range(12):
        if driver.switch_to.active_element == link:
            break
        press(Keys.TAB)
    press(Keys.ENTER)
    driver.find_element("id", "new-case")
    press(TEXT, Keys.ENTER)
    driver.find_element("css selector", ".sighting")
    press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    selected = driver.find_element("css selector", ".sighting[aria-selected=true]")
    assert selected.get_attribute("data-sighting") == "s" + "0" * 23
    press(Keys.ENTER, Keys.ENTER)  # open it; the focus is on Confirm
    driver.find_element("css selector", ".confirmed-strip")
    press(Keys.ARROW_RIGHT, "x")
    assert eventually(
        lambda: {d.verdict for d in desk.records.book.decisions(1)} == {"confirmed", "rejected"}
    )


def test_the_sentence_fills_the_form_and_back(open_browser, address: str) -> None:
    from selenium.webdriver.support.ui import Select

    driver = open_browser(DESK)
    sign_in(driver, address)
    driver.get(f"{address}/case/new")
    driver.find_element("id", "text").send_keys("girl in a red hoodie, yellow backpack")
    driver.find_element("css selector", "#chips .chip")
    assert driver.find_element("id", "f-upper.colour").get_attribute("value") == "red"
    Select(driver.find_element("id", "f-feet.colour")).select_by_value("white")
    deadline = time.monotonic() + 10
    while "white shoes" not in driver.find_element("id", "text").get_attribute("value"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core: npm install axe-core, or REID_AXE")
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_accessible(open_browser, address: str, size) -> None:
    driver = open_browser(size)
    driver.get(f"{address}/login")
    problems = violations(driver)
    sign_in(driver, address)
    problems |= violations(driver)
    driver.get(f"{address}/case/new")
    driver.find_element("id", "text").send_keys(TEXT + "\n")
    driver.find_element("css selector", ".sighting")
    for page in ("", "/map", "/steps", "/sheet", "/close"):
        driver.get(f"{address}/case/1{page}")
        problems |= violations(driver)
        assert has_no_sideways_scroll(driver), page
    assert problems == set()


def violations(driver) -> set[str]:
    driver.execute_script(AXE.read_text())
    run = """const done = arguments[arguments.length - 1];
        axe.run().then(r => done(r.violations
            .filter(v => ['serious', 'critical'].includes(v.impact)).map(v => v.id)));"""
    return {f"{driver.current_url}: {name}" for name in driver.execute_async_script(run)}

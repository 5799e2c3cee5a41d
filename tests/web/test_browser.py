"""A real browser: six actions from a sentence to a confirmed sighting, by keyboard alone, on a
desk screen and a phone, without accessibility violations."""

import time

import pytest

from reid.desk.desk import Desk
from tests.web.browsers import (
    AXE,
    DESK,
    PASSWORD,
    PHONE,
    eventually,
    has_no_sideways_scroll,
    needs_browser,
    sign_in,
    violations,
)
from tests.web.test_alerts import RED, raise_alert

pytestmark = needs_browser
TEXT = "boy in a red top and blue trousers"
WITHIN = 60  # seconds
EMPTY_CARDS = """
    const seen = (one) =>
        one.offsetParent && !one.innerText.trim() && !one.querySelector('img, svg, input');
    return [...document.querySelectorAll('.card, .alerts-here, .confirmed-strip')].filter(seen)
        .map((one) => `an empty ${one.className}`);
"""


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
    assert eventually(lambda: driver.find_elements("css selector", ".sighting"))
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


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "zh"])
def test_nothing_is_cut_off_on_a_phone_in_any_language(
    open_browser, address: str, desk: Desk, case: str, language: str
) -> None:
    """For every role's pages: no scrolling sideways, no card with nothing in it."""
    pages = {
        "supervisor": ("/", "/users", "/report", "/case/1", "/case/1/map", "/case/1/close"),
        "auditor": ("/audit", "/report"),
    }
    desk.decide(1, RED, "confirmed", "operator")
    raise_alert(desk, "s" + f"{4:023d}")
    driver = open_browser(PHONE)
    problems = []
    for role, paths in pages.items():
        driver.get(f"{address}/login")
        driver.delete_all_cookies()
        driver.add_cookie({"name": "reid_language", "value": language})
        sign_in(driver, address, role, ".top")
        for path in paths:
            driver.get(f"{address}{path}")
            problems += [] if has_no_sideways_scroll(driver) else [f"{path} is too wide"]
            problems += [f"{path} has {one}" for one in driver.execute_script(EMPTY_CARDS)]
    assert problems == []

"""What happens on an open page by itself: alerts come, a server goes away and comes back."""

import json

import pytest

from reid.desk.desk import Desk
from reid.web.app import create_app
from tests.web.browsers import (
    AXE,
    DESK,
    PHONE,
    Served,
    eventually,
    has_no_sideways_scroll,
    needs_browser,
    sign_in,
    violations,
)
from tests.web.conftest import Browser
from tests.web.test_alerts import RED, raise_alert

pytestmark = needs_browser
SHOWN = "return [...document.querySelectorAll(arguments[0])].filter((one) => one.offsetParent)"
COUNT_TONES = """
    window.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...at) {
        window.tones += 1;
        return start.apply(this, at);
    };
"""


def find(driver, selector: str) -> list:
    """Return what is on the page now, without waiting."""
    return driver.execute_script(SHOWN, selector)


def text_of(driver, selector: str) -> str:
    """Return what stands there now: asked at once, as a live part may be replaced any moment."""
    return " ".join(driver.execute_script(f"{SHOWN}.map((one) => one.innerText)", selector))


def press(driver, selector: str) -> None:
    """Click, again if what is there was replaced meanwhile."""
    from selenium.common.exceptions import StaleElementReferenceException

    def clicked() -> bool:
        try:
            driver.find_element("css selector", selector).click()
        except StaleElementReferenceException:
            return False
        return True

    assert eventually(clicked)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_an_alert_comes_with_picture_sound_and_buttons(
    open_browser, address: str, desk: Desk, case: str, size
) -> None:
    driver = open_browser(size)
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": COUNT_TONES})
    sign_in(driver, address)
    assert find(driver, ".alert-card") == []
    driver.execute_script("window.same = true")
    raise_alert(desk)
    assert eventually(lambda: len(find(driver, ".alert-card")) == 1)
    picture = "return document.querySelector('.alert-picture img').naturalWidth"
    assert eventually(lambda: driver.execute_script(picture) > 0)
    assert eventually(lambda: "1" in text_of(driver, ".case-row .badge.alert")), "in the list"
    assert eventually(lambda: "1" in text_of(driver, "#nav-alerts")), "and in the header"
    assert driver.title.startswith("(1) ")
    assert eventually(lambda: driver.execute_script("return window.tones") == 2)
    assert has_no_sideways_scroll(driver)
    if AXE.exists():
        assert violations(driver) == set()
    press(driver, ".alert-card .act.good")
    assert eventually(lambda: [d.verdict for d in desk.records.book.decisions(1)] == ["confirmed"])
    assert eventually(lambda: "1 confirmed" in text_of(driver, ".case-row .badge.good"))
    assert find(driver, ".alert-card") == []
    assert eventually(lambda: not driver.title.startswith("("))
    assert driver.execute_script("return window.same"), "all without a reload"


def test_the_sound_can_be_switched_off(open_browser, address: str, desk: Desk, case: str) -> None:
    driver = open_browser(DESK)
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": COUNT_TONES})
    sign_in(driver, address)
    driver.find_element("css selector", ".menu summary").click()
    driver.find_element("id", "sound").click()
    assert driver.find_element("id", "sound").get_attribute("aria-pressed") == "false"
    driver.get(f"{address}/case/new")
    raise_alert(desk)
    assert eventually(lambda: len(find(driver, "#floating .alert-card")) == 1)
    assert driver.execute_script("return window.tones") == 0


def test_an_alert_comes_into_its_case_and_onto_its_map(
    open_browser, address: str, desk: Desk, case: str
) -> None:
    driver = open_browser(DESK)
    sign_in(driver, address)
    driver.get(f"{address}/case/new")
    raise_alert(desk)
    assert eventually(lambda: len(find(driver, "#floating .alert-card")) == 1), "over any page"
    driver.get(f"{address}{case}/map")
    assert eventually(lambda: len(find(driver, "#side-live .alert-card")) == 1)
    assert find(driver, "#floating .alert-card") == [], "once"
    assert len(driver.find_elements("css selector", ".spot.alerted .ring")) == 1
    driver.get(f"{address}{case}")
    raise_alert(desk, "s" + f"{4:023d}")
    assert eventually(lambda: len(find(driver, "#part-alerts .alert-card")) == 2)
    press(driver, f'.alert-card[data-sighting="{RED}"] .act.good')
    assert eventually(lambda: "1 confirmed" in text_of(driver, "#part-confirmed"))
    assert eventually(lambda: len(find(driver, ".alert-card")) == 1)
    assert eventually(lambda: len(find(driver, f'[data-sighting="{RED}"] .stamp.confirmed')) == 1)


def test_a_decision_waits_for_the_server_and_arrives_once(
    open_browser, served: Served, desk: Desk, case: str
) -> None:
    driver = open_browser(DESK)
    sign_in(driver, served.address)
    driver.get(f"{served.address}{case}")
    driver.find_element("css selector", ".sighting").click()
    served.stop()
    assert eventually(lambda: "does not answer" in text_of(driver, "#reach")), "said at once"
    driver.find_element("css selector", ".evidence .act.good").click()
    assert eventually(lambda: "sent once it is back: 1" in text_of(driver, "#reach"))
    assert "waits for the server" in text_of(driver, ".sighting .stamp")
    kept = json.loads(driver.execute_script("return localStorage.getItem('reid-decisions')"))
    assert len(kept) == 1
    assert kept[0].keys() == {"key", "user", "case", "sighting", "verdict", "made"}, "ids only"
    driver.find_element("css selector", ".tabs a[href$='/steps']").click()
    driver.find_element("id", "text").send_keys(" and a hat")
    assert driver.current_url.startswith(f"{served.address}{case}"), "nobody is led off the page"
    assert desk.records.book.decisions(1) == []
    served.start()
    assert eventually(lambda: "Decisions sent: 1" in text_of(driver, "#reach"), 20)
    assert [(d.sighting, d.verdict) for d in desk.records.book.decisions(1)] == [(RED, "confirmed")]
    assert eventually(lambda: "1 confirmed" in text_of(driver, "#part-confirmed"))
    assert driver.execute_script("return localStorage.getItem('reid-decisions')") is None
    lines = [line.action for line in desk.records.trail.lines(1)]
    assert lines.count("decide.confirmed") == 1
    assert eventually(lambda: find(driver, "#reach") == [], 12), "the banner goes"


def test_a_decision_whose_answer_was_lost_is_not_carried_out_again(
    open_browser, desk: Desk, case: str
) -> None:
    app, lost = create_app(desk), []

    async def losing(scope, receive, send):
        async def swallowed(message):
            pass

        if scope["type"] == "http" and scope["path"].endswith("/decide") and not lost:
            lost.append(scope["path"])
            await app(scope, receive, swallowed)
            raise ConnectionResetError
        await app(scope, receive, send)

    one = Served(losing)
    driver = open_browser(DESK)
    sign_in(driver, one.address)
    driver.get(f"{one.address}{case}")
    driver.find_element("css selector", ".sighting").click()
    driver.find_element("css selector", ".evidence .act.good").click()
    assert eventually(lambda: "Decisions sent: 1" in text_of(driver, "#reach"), 20)
    assert lost == ["/case/1/decide"]
    lines = [line.action for line in desk.records.trail.lines(1)]
    assert lines.count("decide.confirmed") == 1
    one.stop()


def test_a_form_does_not_end_on_the_browsers_error_page(
    open_browser, served: Served, operator: Browser
) -> None:
    driver = open_browser(PHONE)
    sign_in(driver, served.address)
    driver.get(f"{served.address}/case/new")
    driver.find_element("id", "text").send_keys("girl in a red hoodie")
    served.stop()
    driver.find_element("css selector", ".submit-row .main").click()
    assert eventually(lambda: "nothing was sent" in text_of(driver, ".toast"))
    assert driver.find_element("id", "text").get_attribute("value") == "girl in a red hoodie"
    served.start()
    assert eventually(lambda: "The server is back" in text_of(driver, "#reach"), 20)
    driver.find_element("css selector", ".submit-row .main").click()
    driver.find_element("css selector", ".sighting")

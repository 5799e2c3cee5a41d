"""A case from a photo in a real browser: by mouse and keyboard, desk screen and phone."""

from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image

from reid.capture.photos import read_photo
from reid.core.records import PhotoPerson, PhotoQuery
from reid.desk.desk import Desk
from reid.web.app import create_app
from reid.web.photo_tray import PhotoTray
from tests.making import redacted_noise
from tests.venues import MODEL
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
from tests.web.test_photos import BLUE, RED

pytestmark = needs_browser
WITHIN = 30.0  # seconds


def is_usable(driver) -> bool:
    """Whether nothing is cut off, and axe-core, where it is installed, finds nothing."""
    return has_no_sideways_scroll(driver) and (not AXE.exists() or not violations(driver))


@pytest.fixture
def app_with_photos(desk: Desk) -> FastAPI:
    vectors = desk.store.read(vectors=True).vectors
    assert vectors is not None
    people = tuple(
        PhotoPerson(PhotoQuery(vectors[row], MODEL), clothes, redacted_noise(row))
        for row, clothes in ((5, ()), (0, (RED, BLUE)))
    )

    class Reads:
        def read(self, data: bytes) -> tuple[PhotoPerson, ...]:
            read_photo(data)
            return people

    app = create_app(desk)
    object.__setattr__(app.state.reid, "photos", PhotoTray(Reads))
    return app


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    noise = np.random.default_rng(4).integers(0, 256, (400, 300, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "child.jpg")
    return tmp_path / "child.jpg"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_from_a_photo_to_the_sightings(
    open_browser, app_with_photos: FastAPI, desk: Desk, photo: Path, size
) -> None:
    from selenium.webdriver.common.keys import Keys

    def count(selector: str) -> int:
        found = driver.execute_script("return document.querySelectorAll(arguments[0])", selector)
        return len(found)

    served = Served(app_with_photos)
    driver = open_browser(size)
    sign_in(driver, served.address)
    driver.get(f"{served.address}/case/new")
    driver.find_element("id", "photo-file").send_keys(str(photo))
    assert eventually(lambda: count("#photo-people input") == 2, WITHIN)
    shown = driver.find_elements("css selector", "#photo-people input")
    assert driver.switch_to.active_element == shown[0]
    shown[0].send_keys(Keys.ARROW_DOWN)  # the second person, by keyboard
    assert eventually(lambda: count("#chips .of-photo") == 2, WITHIN)
    assert is_usable(driver)
    lower = driver.find_element("css selector", '#photo-more input[value="lower"]')
    lower.send_keys(Keys.SPACE)
    assert eventually(lambda: count("#chips .withheld") == 1, WITHIN)
    driver.find_element("css selector", ".submit-row .main").click()
    first = driver.find_element("css selector", ".sighting")
    assert first.get_attribute("data-sighting") == f"s{0:023d}"
    assert is_usable(driver)
    query = desk.latest_query(desk.records.book.get(1)).description.query()
    assert query.photo is not None and query.photo.worn == pytest.approx(0.7)
    forget = driver.find_element("css selector", "[data-photo] .photo-forget")
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", forget)
    forget.click()
    assert eventually(lambda: count("[data-photo]") == 0, WITHIN)
    severe = [line for line in driver.get_log("browser") if line["level"] == "SEVERE"]
    assert severe == []
    served.stop()

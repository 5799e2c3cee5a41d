"""A real browser and a real server, for tests of pages as staff use them."""

import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from tests.servers import free_port

PASSWORD = "correct horse battery"
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_browser = [
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
DESK, PHONE = (1440, 900), (390, 844)


def eventually(holds: Callable[[], bool], seconds: float = 8.0) -> bool:
    """Wait until something holds; the page answers in the background."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


class Served:
    """An app at a port of its own, which can go away and come back."""

    def __init__(self, app: FastAPI) -> None:
        self._app, self._port = app, free_port()
        self.address = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        config = uvicorn.Config(self._app, port=self._port, log_level="critical")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.02)

    def stop(self) -> None:
        """End it and cut every connection."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)


def sign_in(driver, address: str, name: str = "operator", then: str = ".headline") -> None:
    driver.get(f"{address}/login")
    driver.find_element("id", "name").send_keys(name)
    driver.find_element("id", "password").send_keys(PASSWORD + "\n")
    driver.find_element("css selector", then)


def has_no_sideways_scroll(driver) -> bool:
    wide = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    return bool(driver.execute_script(wide))


def violations(driver) -> set[str]:
    driver.execute_script(AXE.read_text())
    run = """const done = arguments[arguments.length - 1];
        axe.run().then(r => done(r.violations
            .filter(v => ['serious', 'critical'].includes(v.impact)).map(v => v.id)));"""
    return {f"{driver.current_url}: {name}" for name in driver.execute_async_script(run)}

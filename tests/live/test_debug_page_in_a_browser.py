"""The debug page in a real browser: searchable, light and dark, readable on a phone, asking nobody."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.live.servers import Server, hypercorn

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs Debian's packages chromium and chromium-driver"
)
PHONE, DESK = (390, 844), (1280, 900)
"""Width and height of a window, in pixels."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Serve a router with ``default=debug_page``."""
    with hypercorn("tests.live.debug_served:app", "asyncio") as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """Start a browser without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
    yield driver
    driver.quit()


def opened(browser: webdriver.Chrome, server: Server, target: str, **features: str) -> Any:
    """Open a page, with media features such as a dark color scheme."""
    media = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
    browser.get(f"http://127.0.0.1:{server.port}{target}")
    return browser


def shown_rows(browser: webdriver.Chrome) -> list[str]:
    """Return the routes that one sees."""
    rows = browser.find_elements(By.CSS_SELECTOR, "#routes tbody tr")
    return [row.text for row in rows if row.is_displayed()]


def test_search(browser: webdriver.Chrome, server: Server) -> None:
    """Every word has to be in a route for it to stay."""
    opened(browser, server, "/users/abc/")
    assert "'abc' is not an int" in browser.find_element(By.TAG_NAME, "body").text
    everything = shown_rows(browser)
    assert len(everything) > 50
    field = browser.find_element(By.ID, "search")
    field.send_keys("more 17")
    (found,) = shown_rows(browser)
    assert "/more/17/<int:id>/" in found
    assert browser.find_element(By.ID, "count").text == f"1 of {len(everything)} routes"
    field.clear()
    field.send_keys("nowhere to be found")
    assert shown_rows(browser) == []


@pytest.mark.parametrize(
    "target", ["/%3Cscript%3Ealert(1)%3C/script%3E", "/%22%3E%3Cimg src=x onerror=alert(1)%3E"]
)
def test_hostile_paths(browser: webdriver.Chrome, server: Server, target: str) -> None:
    """They are text; nothing runs, and nothing is loaded."""
    opened(browser, server, target.replace(" ", "%20"))
    assert "alert(1)" in browser.find_element(By.TAG_NAME, "h1").text
    assert len(browser.find_elements(By.TAG_NAME, "script")) == 1
    assert browser.find_elements(By.TAG_NAME, "img") == []
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    # That the page itself is a 404 is all that the browser has to complain of.
    messages = [entry["message"] for entry in browser.get_log("browser")]
    assert [message for message in messages if "status of 404" not in message] == []


def test_light_and_dark(browser: webdriver.Chrome, server: Server) -> None:
    """The colors follow those of the system, and differ."""
    colors = {
        scheme: opened(browser, server, "/x", prefers_color_scheme=scheme).execute_script(
            "const style = getComputedStyle(document.documentElement);"
            "return [style.colorScheme, getComputedStyle(document.querySelector('h1 span')).color]"
        )
        for scheme in ("light", "dark")
    }
    assert colors["light"][0] == "light dark"
    assert colors["light"][1] != colors["dark"][1]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(
    browser: webdriver.Chrome, server: Server, tmp_path: Path, size: Any, scheme: str
) -> None:
    """Nothing sticks out of the window, however narrow that is; a picture is kept to be looked at."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    opened(browser, server, "/users/" + "x" * 300, prefers_color_scheme=scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    heading = browser.find_element(By.CSS_SELECTOR, "#routes th")
    assert heading.is_displayed() is (size == DESK)
    picture = tmp_path / f"{scheme}-{width}.png"
    assert browser.save_screenshot(str(picture))
    assert picture.stat().st_size > 1000
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

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


CONTRASTS = """
const channels = (color) => color.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b]
  .map((c) => c / 255)
  .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
const ratio = (one, other) => {
  const [less, more] = [light(one), light(other)].sort((a, b) => a - b);
  return (more + 0.05) / (less + 0.05);
};
const paper = channels(getComputedStyle(document.body).backgroundColor);
const found = [];
for (const element of document.body.querySelectorAll("*")) {
  for (const part of [null, "::before", "::placeholder"]) {
    const style = getComputedStyle(element, part);
    found.push([element.tagName + (part ?? ""), ratio(channels(style.color), paper)]);
  }
}
return found;
"""
"""The contrast of every text beside the color behind it, as WCAG has it."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("target", ["/users/abc/", "/notes/"])
def test_contrast(browser: webdriver.Chrome, server: Server, scheme: str, target: str) -> None:
    """Everybody can read it: at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    opened(browser, server, target, prefers_color_scheme=scheme)
    found = browser.execute_script(CONTRASTS)
    assert len({name for name, _ in found}) > 20
    assert min(ratio for _, ratio in found) >= 4.5, sorted(found, key=lambda one: one[1])[:5]


def test_labels_on_a_phone(browser: webdriver.Chrome, server: Server) -> None:
    """Where a table has no head, each of its cells says what it is."""
    label = "return getComputedStyle(arguments[0], '::before').content"
    metrics = {"width": PHONE[0], "height": PHONE[1], "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    opened(browser, server, "/notes/")
    cells = browser.find_elements(By.CSS_SELECTOR, "#routes tbody tr:nth-child(4) td")
    assert [browser.execute_script(label, cell) for cell in cells] == [
        f'"{name}"' for name in ("path", "methods", "name", "application", "declared")
    ]
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    opened(browser, server, "/notes/")
    (cell, *_) = browser.find_elements(By.CSS_SELECTOR, "#routes tbody td")
    assert browser.execute_script(label, cell) == "none"


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

"""A real browser: Debian's Chromium, driven by Playwright, and axe-core's view of the pages that it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import servers
from tests.adapters.web.console.office import PASSWORD

CHROMIUM = servers.chromium()
# The machine's browser asks nothing of anyone but the page.
_FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_AXE = Path(__file__).parents[4] / "front" / "node_modules" / "axe-core" / "axe.min.js"
WIDE, NARROW = (1280, 800), (390, 844)
PATIENCE = 15_000  # milliseconds that anything may take


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def window(browser: Browser, url: str, size: tuple[int, int] = WIDE, *, silent: bool = True) -> Iterator[Page]:
    """A window of a person of its own. `silent`: what its console complains of fails the test, since a blocked script or style
    is a defect."""
    context: BrowserContext = browser.new_context(
        base_url=url, viewport={"width": size[0], "height": size[1]}, locale="en-IE", timezone_id="Europe/Dublin",
        reduced_motion="reduce",  # or what fades in would be looked at half faded
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text} {page.url}"))
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    try:
        yield page
    finally:
        context.close()
    # A refused sign-in and the like are answered 4xx, which Chromium notes; what a page does wrong reads otherwise.
    wrong = [each for each in complaints if "Failed to load resource" not in each]
    assert not (silent and wrong), wrong


def sign_in(page: Page, name: str, to: str = "/", password: str = PASSWORD) -> None:
    page.goto(f"/sign-in?to={to}")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def violations(page: Page) -> list[str]:
    """What axe-core holds against the page by WCAG 2.2 AA and its best practices, one line a rule and place."""
    page.evaluate(_AXE.read_text("utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
    return [
        f"{rule['id']}: {' '.join(node['target'])}: {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def assert_fit(page: Page) -> None:
    """No violation, and nothing to scroll sideways for."""
    found = violations(page)
    assert not found, "\n".join([page.url, *found])
    assert not (over := overflow(page)), f"{page.url} is {over} pixels wider than its window"

"""The demonstration in a real browser: it opens on the console, signed in, and the phone is one click away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.adapters.test_demo import Visitor, start
from tests.adapters.web.console.browser import NARROW, WIDE, assert_fit, window


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    home: Path = tmp_path_factory.mktemp("demo") / "home"
    visitor = start(home)
    try:
        yield visitor
    finally:
        visitor.client.close()
        visitor.process.kill()
        visitor.process.communicate()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_it_opens_on_the_console_with_the_phone_one_click_away(demo: Visitor, browser: Browser, size: tuple[int, int]) -> None:
    with window(browser, str(demo.client.base_url), size) as page:
        page.goto("/")
        expect(page.get_by_role("link", name="Your account: The secretary")).to_be_visible()
        assert_fit(page)
        page.get_by_role("link", name="Phone and book").click()
        expect(page.get_by_role("heading", name="A patient’s phone")).to_be_visible()
        assert_fit(page)
        page.get_by_role("link", name="Staff console").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_the_inbox_is_a_morning_in_full_swing_when_it_opens(demo: Visitor, browser: Browser) -> None:
    with window(browser, str(demo.client.base_url)) as page:
        page.goto("/")
        counts = {
            queue: int(page.locator(f"#queue-{queue} .count").inner_text())
            for queue in ("urgent", "grave", "late", "cancellation", "reschedule", "question", "unclear", "unsent")
        }
        assert min(counts.values()) >= 1, counts
        expect(page.locator(".task", has_text="Unknown number")).to_be_visible()
        held = page.locator(".task", has_text="Noreen")
        expect(held).to_contain_text("And can my daughter come in with me?")
        held.get_by_role("link").first.click()
        expect(page.locator("#talk-work").get_by_text("Noreen has it")).to_be_visible()
        expect(page.locator(".bubble__text")).to_contain_text(["Is there parking?", "Yes, at the main gate.", "Thank you."])
        expect(page.locator("#talk-cards", has_text="she brings the letter of the GP")).to_be_visible()
        page.goto("/inbox?queue=cancellation")
        changed_mind = page.locator(".task", has=page.locator(".task__words", has_text=re.compile("^C$")))
        changed_mind.get_by_role("link").first.click()
        expect(page.get_by_text("Something came up, might not make it")).to_be_visible()
        said = page.locator(".bubble__text").all_inner_texts()
        assert len(said) >= 6, said


def test_a_patient_texts_and_the_secretarys_open_inbox_shows_it(demo: Visitor, browser: Browser) -> None:
    patient = demo.waiting()[0]
    demo.reminded(patient)
    with window(browser, str(demo.client.base_url)) as page:
        page.goto("/")
        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        assert demo.do("text", appointment=patient, text="crushing chest pain").status_code == 200
        expect(page.get_by_role("main")).to_contain_text("crushing chest pain")
        expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Inbox")).to_contain_text("urgent")


def test_an_open_page_does_not_hold_up_its_end(browser: Browser, tmp_path: Path) -> None:
    visitor = start(tmp_path / "home")
    try:
        with window(browser, str(visitor.client.base_url), silent=False) as page:  # its stream is cut off
            with page.expect_response("**/live*"):
                page.goto("/")
            visitor.process.terminate()
            said, _ = visitor.process.communicate(timeout=20)
            assert (visitor.process.returncode, said) == (0, "")
            page.goto("about:blank")
    finally:
        visitor.client.close()
        visitor.process.kill()

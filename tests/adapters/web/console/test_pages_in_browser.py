"""The console's own pages in a real browser: the cookie is kept, nothing is blocked, everybody can use them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from conversations.people import Role
from tests.adapters.web.console.browser import NARROW, WIDE, assert_fit, sign_in, window
from tests.adapters.web.console.office import Office


def test_a_browser_keeps_the_sign_in_and_sends_it_back(office: Office, browser: Browser) -> None:
    office.employ("maura", Role.ADMINISTRATOR)
    with window(browser, office.url) as page:
        page.goto("/people")
        assert "/sign-in?to=" in page.url
        sign_in(page, "maura", "/people")
        expect(page.get_by_role("heading", name="People")).to_be_visible()
        (cookie,) = [each for each in page.context.cookies() if each["name"] == "__Host-freagra"]
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are signed out.")).to_be_visible()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_every_page_of_the_house_is_fit_for_everybody(office: Office, browser: Browser, size: tuple[int, int]) -> None:
    maura = office.employ("maura", *Role)
    office.employ("fidelma", Role.SECRETARY, clinics={"EYE", "ENT"}, one_time=True)
    with window(browser, office.url, size) as page:
        page.goto("/sign-in")
        assert_fit(page)
        sign_in(page, "maura")
        own = ("/password", "/sign-in-again", "/nothing", "/guide", "/clinics", "/phrases", "/rules")
        for path in ("/people", "/people/new", f"/people/{maura.id}", "/audit", "/health", *own):
            page.goto(path)
            assert_fit(page)


def test_on_a_phone_the_bar_shows_where_one_is(office: Office, browser: Browser) -> None:
    office.employ("maura", *Role)
    with window(browser, office.url, NARROW) as page:
        sign_in(page, "maura", "/health")
        expect(page.get_by_role("link", name="Health")).to_be_in_viewport(ratio=0.9)  # a part of a pixel may be cut


def test_a_person_is_added_signs_in_and_is_disabled(office: Office, browser: Browser) -> None:
    office.employ("maura", Role.ADMINISTRATOR)
    with window(browser, office.url) as page, window(browser, office.url) as other:
        sign_in(page, "maura", "/people")
        page.get_by_role("link", name="Add a person").click()
        page.get_by_role("button", name="Add").click()
        page.get_by_label("Signs in as").fill("aoife")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("alert").filter(has_text="Choose at least one role.")).to_be_visible()
        assert_fit(page)
        page.get_by_label("Secretary").check()
        page.get_by_label("Only these").check()
        page.get_by_label("Others, by their codes").fill("EYE")
        page.get_by_role("button", name="Add").click()
        given = page.locator("dd.secret").all_inner_texts()
        assert_fit(page)
        sign_in(other, given[0], password=given[1])
        expect(other.get_by_role("heading", name="Choose your own password")).to_be_visible()
        other.get_by_label("Password now").fill(given[1])
        other.get_by_label("New password").fill("cattle grid umbrella stand")
        other.get_by_role("button", name="Change it").click()
        expect(other.get_by_text("Your password is changed")).to_be_visible()
        page.get_by_role("link", name="All people").click()
        page.get_by_role("link", name="aoife").click()
        page.get_by_role("button", name="Disable").click()
        expect(page.get_by_role("row", name="aoife")).to_contain_text("disabled")
        other.goto("/password")
        expect(other.get_by_role("heading", name="Sign in")).to_be_visible()

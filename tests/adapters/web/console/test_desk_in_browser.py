"""A secretary's morning in a real browser: what needs whom first, one look, one key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from conversations.people import Role
from engine.events import StaffAct
from tests.adapters.web.console.browser import NARROW, WIDE, assert_fit, sign_in, window
from tests.adapters.web.console.office import Office, open_office
from tests.conversations.clinic import ANN, BEN, CARA, Clinic

DORA = "+353874444444"
SCRIPT = "<script>alert(1)</script> \"><img src=x onerror=alert(1)>"


def seed(clinic: Clinic) -> None:
    """An emergency, a cancellation, a wish for another time, and a question."""
    clinic.invite("A1", number="H1", mobile=ANN, days=9)
    clinic.invite("A2", number="H2", mobile=BEN, days=5, first_name="Ben", clinic="CARDIO")
    clinic.invite("A3", number="H3", mobile=CARA, days=8, first_name="Cara")
    clinic.invite("A4", number="H4", mobile=DORA, days=7, first_name="Dora")
    clinic.reply(ANN, "canel")
    clinic.reply(BEN, "R")
    clinic.reply(BEN, "any Tuesday after 2")
    clinic.reply(CARA, "chest pain")
    clinic.reply(DORA, "is there parking")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, seed) as office:
        office.employ("maura", Role.SECRETARY, Role.CLINIC_ADMIN)
        office.employ("noel")
        yield office


def later(office: Office, seconds: float = 12) -> None:
    """What was done takes effect."""
    office.do(lambda clinic: clinic.clock.move(timedelta(seconds=seconds)))


def rows(page: Page) -> list[str]:
    return page.locator(".task__open").all_inner_texts()


def test_a_suggested_act_is_two_presses_from_the_inbox(office: Office, browser: Browser) -> None:
    with window(browser, office.url) as page:
        sign_in(page, "maura", "/inbox?queue=cancellation")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Ann Tierney")).to_be_visible()
        page.keyboard.press("s")
        expect(page.get_by_role("status").filter(has_text="Cancel and free the slot: Ann Tierney")).to_be_visible()
        assert "Ann Tierney" not in rows(page)
        expect(page).to_have_url(f"{office.url}/inbox?queue=cancellation")  # where one was
        later(office)
        office.eventually(lambda clinic: clinic.state("A1") == "cancelled")
        office.eventually(lambda clinic: clinic.book.actions("A1") == ["request_cancel", "cancel"])
        office.eventually(lambda clinic: clinic.prompts(ANN)[-1] == "cancelled")
        acts = office.do(lambda clinic: [(each["actor"], each["data"]["act"]) for each in clinic.entries("staff.acted")])
        assert acts == [("staff:maura", "cancel")]


def test_a_morning_from_sign_in_to_the_empty_inbox_by_keyboard_alone(office: Office, browser: Browser) -> None:
    with window(browser, office.url) as page:
        page.goto("/inbox")
        page.keyboard.press("Tab")  # past the skip link
        page.get_by_label("Name").focus()
        page.keyboard.type("maura")
        page.keyboard.press("Tab")
        page.keyboard.type("forty escalations before nine")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        assert rows(page) == ["Cara Tierney", "Ann Tierney", "Ben Tierney", "Dora Tierney"]

        page.keyboard.press("Enter")  # the emergency: they were rung
        expect(page.get_by_role("heading", name="Cara Tierney")).to_be_visible()
        page.keyboard.press("s")
        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()

        page.keyboard.press("Enter")  # the cancellation
        expect(page.get_by_role("heading", name="Ann Tierney")).to_be_visible()
        page.keyboard.press("s")
        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()

        page.keyboard.press("j")  # another time
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Ben Tierney")).to_be_visible()
        page.keyboard.press("s")
        expect(page.get_by_label("Day")).to_be_focused()
        page.get_by_label("Day").fill("2026-03-17")
        page.get_by_label("Time").fill("14:30")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()

        page.keyboard.press("Enter")  # the question
        expect(page.get_by_role("heading", name="Dora Tierney")).to_be_visible()
        page.keyboard.press("s")
        expect(page.get_by_label("Answer")).to_be_focused()
        page.keyboard.type("There is parking at the main gate.")
        expect(page.get_by_text("1 SMS part, €0.06")).to_be_visible()
        page.keyboard.press("Control+Enter")

        expect(page.get_by_text("All settled.")).to_be_visible()
        later(office)
        office.eventually(lambda clinic: clinic.tasks() == [])
        answer = (DORA, "There is parking at the main gate.")
        office.eventually(lambda clinic: answer in [(sent.to, sent.text) for sent in clinic.carrier.sent])
        office.eventually(lambda clinic: "reschedule" in clinic.book.actions("A2"))
        (moved,) = office.do(lambda clinic: [write.start for write in clinic.book.asked if write.action == "reschedule"])
        assert moved is not None
        assert moved.isoformat() == "2026-03-17T14:30:00+00:00"
        expect(page.get_by_text("All settled.")).to_be_visible()


def test_undone_in_time_it_never_was(office: Office, browser: Browser) -> None:
    with window(browser, office.url) as page:
        sign_in(page, "maura", "/inbox?queue=cancellation")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Ann Tierney")).to_be_visible()
        page.keyboard.press("s")
        page.get_by_role("button", name="Undo").wait_for()
        page.keyboard.press("u")
        expect(page.get_by_text("Taken back.")).to_be_visible()
        later(office, 60)
        office.eventually(lambda clinic: any(each["data"]["act"] == "undo" for each in clinic.entries("staff.acted")))
        page.goto("/inbox")
        assert "Ann Tierney" in rows(page)
        assert office.do(lambda clinic: clinic.state("A1")) == "cancelling"


def test_of_two_secretaries_one_has_the_patient(office: Office, browser: Browser) -> None:
    with window(browser, office.url) as one, window(browser, office.url) as other:
        for page, name in ((one, "maura"), (other, "noel")):
            sign_in(page, name, "/inbox?queue=cancellation")
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", name="Ann Tierney")).to_be_visible()
        one.keyboard.press("c")
        expect(one.locator("#talk-work").get_by_text("You have it")).to_be_visible()
        expect(other.locator("#talk-work").get_by_text("Maura has it")).to_be_visible()  # without a reload
        expect(other.get_by_text("Maura takes this on").first).to_be_visible()
        other.wait_for_timeout(1_000)  # in which no key acts on what has just changed by itself
        other.keyboard.press("x")
        expect(other.get_by_role("alert").filter(has_text="Maura has this patient. Nothing was done.")).to_be_visible()
        assert_fit(other)
        other.get_by_role("button", name="Take it from Maura").click()
        expect(other.locator("#talk-work").get_by_text("You have it")).to_be_visible()
        expect(one.locator("#talk-work").get_by_text("Noel has it")).to_be_visible()
        assert office.do(lambda clinic: clinic.book.actions("A1")) == ["request_cancel"]


def test_a_reply_arrives_while_one_looks(office: Office, browser: Browser) -> None:
    with window(browser, office.url) as inbox, window(browser, office.url) as talk:
        sign_in(inbox, "maura", "/inbox")
        sign_in(talk, "noel", "/inbox?queue=question")
        talk.keyboard.press("Enter")
        expect(talk.get_by_role("heading", name="Dora Tierney")).to_be_visible()
        talk.keyboard.press("a")
        talk.keyboard.type("Half an ans")
        later(office, 60)
        office.do(lambda clinic: clinic.hear(DORA, "and is there a bus"))
        expect(talk.get_by_text("and is there a bus").first).to_be_visible()
        expect(talk.get_by_label("Answer")).to_have_value("Half an ans")  # what is being written stays
        expect(talk.get_by_label("Answer")).to_be_focused()
        expect(inbox.get_by_text("and is there a bus")).to_be_visible()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_every_page_of_the_desk_is_fit_for_everybody(office: Office, browser: Browser, size: tuple[int, int]) -> None:
    office.do(lambda clinic: clinic.hear("+353860000000", "who is this"))
    office.eventually(lambda clinic: len(clinic.tasks()) == 5)
    with window(browser, office.url, size) as page:
        sign_in(page, "maura", "/inbox")
        assert_fit(page)
        page.goto("/inbox?queue=ipms")
        assert_fit(page)
        for name in ("Ann Tierney", "Dora Tierney"):
            page.goto("/inbox")
            page.get_by_role("link", name=name).click()
            expect(page.get_by_role("heading", name=name)).to_be_visible()
            page.locator(".reading summary").first.click()
            assert_fit(page)
        for key in "rnzgw":
            page.keyboard.press(key)
            page.keyboard.press("Escape") if key == "x" else page.locator("body").click(position={"x": 2, "y": 2})
        assert_fit(page)
        page.keyboard.press("?")
        expect(page.get_by_role("heading", name="Keys")).to_be_visible()
        assert_fit(page)
        page.goto("/inbox")
        page.get_by_role("link", name="Unknown number").click()
        expect(page.get_by_role("heading", name="A text from an unknown number")).to_be_visible()
        assert_fit(page)
        page.get_by_label("Patient").fill("H1")
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_role("button", name="It is theirs (Ann Tierney)")).to_be_visible()
        page.keyboard.press("z")
        expect(page.get_by_role("button", name="1 hour")).to_be_focused()
        assert_fit(page)
        page.goto("/messages?fate=unknown+numbers")
        assert_fit(page)
        page.get_by_role("table").get_by_role("link").first.click()
        expect(page.get_by_role("heading", name="A text from an unknown number")).to_be_visible()
        assert_fit(page)
        page.goto("/canned")
        page.get_by_label("Name", exact=True).fill("Parking")
        page.get_by_label("Text", exact=True).fill("There is parking at the main gate.")
        expect(page.get_by_text("1 SMS part, €0.06")).to_be_visible()
        page.get_by_role("button", name="Add").click()
        page.get_by_role("link", name="Change Parking").click()
        expect(page.get_by_role("heading", name="Change “Parking”")).to_be_visible()
        assert_fit(page)
        for path in ("/search", "/search?q=nobody", "/search?q=tierney", "/search?day=never", "/canned"):
            page.goto(path)
            assert_fit(page)


def test_settled_on_a_phone(office: Office, browser: Browser) -> None:
    with window(browser, office.url, NARROW) as page:
        sign_in(page, "maura", "/inbox")
        page.get_by_role("link", name="Ann Tierney").click()
        page.get_by_role("button", name="Cancel and free the slot").first.click()
        expect(page.get_by_role("status").filter(has_text="Ann Tierney")).to_be_visible()
        assert_fit(page)


def test_what_a_patient_writes_stays_text(office: Office, browser: Browser) -> None:
    alerts: list[str] = []
    office.do(lambda clinic: clinic.hear(DORA, SCRIPT))
    office.eventually(lambda clinic: clinic.talk("A4").replies == 2)
    with window(browser, office.url) as page:
        page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        sign_in(page, "maura", "/inbox")
        expect(page.locator(".task__words", has_text="<script>alert(1)</script>")).to_be_visible()
        page.get_by_role("link", name="Dora Tierney").click()
        expect(page.locator(".bubble__text", has_text=SCRIPT)).to_be_visible()
        page.locator(".reading summary").first.click()
        page.keyboard.press("n")
        page.get_by_label("Note for colleagues").fill(SCRIPT)
        page.get_by_role("button", name="Keep the note").click()
        expect(page.locator("#talk-cards", has_text=SCRIPT)).to_be_visible()
        page.goto("/search?q=%3Cscript%3Ealert(1)%3C/script%3E")
        expect(page.get_by_label("Name, hospital number")).to_have_value("<script>alert(1)</script>")
    assert alerts == []


def test_a_reading_is_explained_and_put_right(office: Office, browser: Browser) -> None:
    with window(browser, office.url) as page:
        sign_in(page, "maura", "/inbox?queue=cancellation")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Ann Tierney")).to_be_visible()
        page.keyboard.press("m")
        reading = page.locator(".reading[open]")
        expect(reading).to_contain_text("“canel” is 1 letter from “cancel”")
        expect(reading).to_contain_text("Next best: keep")
        page.get_by_label("This meant").select_option("reschedule")
        page.get_by_role("button", name="File it for the rules").click()
        expect(page.get_by_text("Filed for whoever keeps the rules.")).to_be_visible()
        office.eventually(lambda clinic: any(each["data"]["act"] == "meant" for each in clinic.entries("staff.acted")))


def test_notes_snoozing_and_giving_away(office: Office, browser: Browser) -> None:
    with window(browser, office.url) as page:
        sign_in(page, "maura", "/inbox?queue=question")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Dora Tierney")).to_be_visible()
        page.keyboard.press("n")
        page.keyboard.type("Uses a wheelchair")
        page.get_by_role("button", name="Keep the note").click()
        expect(page.locator("#talk-cards", has_text="Uses a wheelchair")).to_be_visible()
        page.keyboard.press("g")
        page.get_by_label("Colleague", exact=True).select_option("noel")
        page.get_by_role("button", name="Give").click()
        expect(page.locator("#talk-work").get_by_text("Noel has it")).to_be_visible()
        page.keyboard.press("i")
        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        expect(page.locator(".task", has_text="Dora")).to_contain_text("Noel")
        page.get_by_role("link", name="Everything").click()
        page.get_by_role("link", name="Ann Tierney").click()
        expect(page.get_by_role("heading", name="Ann Tierney")).to_be_visible()
        page.keyboard.press("z")
        page.get_by_role("button", name="tomorrow, 9:00").click()
        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        assert "Ann Tierney" not in rows(page)
        page.get_by_role("link", name="Put off").click()
        expect(page.locator(".task", has_text="Ann Tierney")).to_contain_text("back tomorrow 09:00")


def test_whoever_wants_no_single_keys_has_none(office: Office, browser: Browser) -> None:
    with window(browser, office.url) as page:
        sign_in(page, "maura", "/inbox?queue=cancellation")
        page.get_by_role("button", name="Keys").click()
        page.get_by_label("Do without single keys").check()
        page.get_by_role("button", name="Close").click()
        page.get_by_role("link", name="Ann Tierney").click()
        expect(page.get_by_role("heading", name="Ann Tierney")).to_be_visible()
        page.keyboard.press("s")
        page.keyboard.press("e")
        expect(page.get_by_role("heading", name="Ann Tierney")).to_be_visible()
        assert office.do(lambda clinic: [each["data"]["act"] for each in clinic.entries("staff.acted")]) == []


def test_a_long_talk_shows_its_end_and_earlier_ones_on_demand(office: Office, browser: Browser) -> None:
    def talkative(clinic: Clinic) -> None:
        talk, intake = clinic.talk("A3").id, clinic.house.intake
        for number in range(80):
            note = intake.take_staff_act(talk, StaffAct.NOTE, "noel", f"n{number}", text=f"note {number}!")
            clinic.run(note)

    office.do(talkative)
    office.eventually(lambda clinic: clinic.talk("A3").seq > 84)
    with window(browser, office.url) as page:
        sign_in(page, "maura", "/inbox?queue=urgent")
        page.keyboard.press("Enter")
        expect(page.get_by_text("note 79!").first).to_be_visible()
        assert page.locator(".bubble", has_text="chest pain").count() == 0
        page.get_by_role("button", name="Earlier").click()
        expect(page.locator(".bubble", has_text="chest pain")).to_be_attached()

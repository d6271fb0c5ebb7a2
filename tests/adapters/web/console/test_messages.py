"""Messages and texts by hand as staff meet them: lists within their clinics, exports as files, rounds that are previewed, sent,
paused and gone on with."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from adapters.web.console.messages import guarded
from conversations import schema
from conversations.people import Role
from conversations.ports import InboundReceipt, SendResult, SendStatus
from engine.events import TextStatus
from tests.adapters.web.console.browser import NARROW, PATIENCE, WIDE, assert_fit, sign_in, window
from tests.adapters.web.console.office import PASSWORD, Office, Visitor, open_office, plain
from tests.conversations.clinic import Clinic

SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://elsewhere.example";"see")'


def fill(clinic: Clinic) -> None:
    """A day of the eye clinic and one patient of another: one never texted, one who wants no texts, two who said odd things."""
    names = {1: "Aoife", 2: "Brian", 3: "=1+1", 4: "Darragh", 5: "Eimear"}
    clinic.tell(
        *(
            clinic.appointment(
                f"A{n}", number=f"H{n}", mobile=None if n == 4 else f"+35387100{n:04}", first_name=name, days=10 + n / 96,
                clinic_name="Eye Clinic",
            )
            for n, name in names.items()
        ),
        clinic.appointment("B1", number="N1", mobile="+353872000001", first_name="Nuala", clinic="ENT"),
    )  # fmt: skip
    clinic.wait(hours=3)
    clinic.deliver()
    clinic.reply("+353871000001", SCRIPT)
    clinic.reply("+353871000002", "STOP")
    clinic.reply("+353871000003", FORMULA)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, fill) as office:
        yield office


def until(office: Office, text: str, path: str, visitor: Visitor) -> str:
    """The page once it says so: the house's loops work beside it."""
    for _ in range(400):
        page = plain(visitor.get(path).text)
        if text in page:
            return page
        office.do(lambda clinic: clinic.clock.move(timedelta(milliseconds=250)))
    raise AssertionError(f"{path} never says {text!r}: {page}")


# ---- messages --------------------------------------------------------------------------------------------------------


def test_a_secretary_reads_the_messages_of_her_clinics_and_no_others(office: Office) -> None:
    office.employ("maura", clinics={"EYE"})
    office.employ("nora", clinics={"ENT"})
    maura, nora = office.signed_in("maura"), office.signed_in("nora")
    mine = plain(maura.get("/messages").text)
    assert "Aoife" in mine
    assert "Nuala" not in mine
    assert "Nuala" in plain(nora.get("/messages").text)
    ids = re.findall(r'href="/messages/([0-9a-f]{32})"', maura.get("/messages").text)
    assert len(ids) == 11
    for id in ids:
        assert maura.get(f"/messages/{id}").status_code == 200
        assert nora.get(f"/messages/{id}").status_code == 404
    (patient,) = set(re.findall(r"/messages\?of=([0-9a-f]{32})", nora.get("/messages").text))
    for narrowed in ("clinic=ENT", f"of={patient}", "patient=N1", "patient=Nuala", "patient=087+200+0001"):
        assert "Nuala" not in plain(maura.get(f"/messages?{narrowed}").text)
        assert "No message is like that." in plain(maura.get(f"/messages?{narrowed}").text)


def test_messages_are_narrowed_by_patient_day_and_fate(office: Office) -> None:
    office.employ("maura")
    visitor = office.signed_in("maura")
    assert "Aoife" in plain(visitor.get("/messages?patient=H1").text)
    assert "Brian" not in plain(visitor.get("/messages?patient=H1").text)
    assert "Brian" in plain(visitor.get("/messages?patient=087+100+0002").text)
    not_sent = plain(visitor.get("/messages?fate=not+sent").text)
    assert "Darragh" in not_sent
    assert "no mobile number on record" in not_sent
    assert "Aoife" not in not_sent
    assert "No message is like that." in plain(visitor.get("/messages?since=2026-03-03").text)
    assert "Aoife" in plain(visitor.get("/messages?since=2026-03-02&until=2026-03-02").text)
    assert visitor.get("/messages?since=yesterday").status_code == 422


def test_who_looked_at_what_is_on_record(office: Office) -> None:
    office.employ("maura")
    visitor = office.signed_in("maura")
    id = re.findall(r'href="/messages/([0-9a-f]{32})"', visitor.get("/messages?patient=H1").text)[0]
    visitor.get(f"/messages/{id}")
    did = office.do(lambda clinic: clinic.rows(sa.select(schema.audit.c.did, schema.audit.c.record, schema.audit.c.clinic)))
    assert ("searched", "messages", "") in did
    assert ("looked", f"message:{id}", "EYE") in did


# ---- export ----------------------------------------------------------------------------------------------------------


def test_an_export_asks_for_the_password_and_for_the_right(office: Office) -> None:
    office.employ("maura")
    assert office.signed_in("maura").get("/messages/export.csv").status_code == 403
    office.employ("aine", Role.CLINIC_ADMIN, clinics={"EYE"})
    visitor = office.signed_in("aine")
    office.wall.move(timedelta(minutes=12))
    asked = visitor.get("/messages/export.csv?fate=replies")
    assert asked.headers["location"] == "/sign-in-again?to=/messages/export.csv%3Ffate%3Dreplies"
    visitor.get(asked.headers["location"])
    visitor.post("/sign-in-again", {"password": PASSWORD, "to": "/messages/export"})
    answer = visitor.get("/messages/export.csv?fate=replies")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="messages-2026-03-02.csv"'
    exported = office.do(lambda clinic: clinic.rows(sa.select(schema.audit).where(schema.audit.c.did == "exported")))
    assert [(row.name, row.record) for row in exported] == [("aine", "messages")]


def test_an_exported_file_is_text_in_every_spreadsheet(office: Office) -> None:
    office.employ("aine", Role.CLINIC_ADMIN, clinics={"EYE"})
    content = office.signed_in("aine").get("/messages/export.csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert {row["clinic"] for row in rows} == {"EYE"}
    assert f"'{FORMULA}" in {row["text"] for row in rows}
    assert SCRIPT in {row["text"] for row in rows}
    assert "'=1+1 Tierney" in {row["name"] for row in rows}
    assert "'+353871000001" in {row["phone"] for row in rows}
    assert not [cell for row in rows for cell in row.values() if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]
    (never_sent,) = [row for row in rows if row["hospital number"] == "H4"]
    assert (never_sent["status"], never_sent["reason"]) == ("not sent", "no mobile number on record")


@pytest.mark.parametrize(
    "cell", ["=1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u00a0=1", "＝1", "|cmd", "%0A", "\n=1"]
)
def test_what_could_begin_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["yes", "", "1+1", "a=b", "'=1", "Ann O’Brien-Kelly"])
def test_what_could_not_stays_as_it_is(cell: str) -> None:
    assert guarded(cell) == cell


# ---- texts by hand ---------------------------------------------------------------------------------------------------

DAY = {
    "kind": "day", "clinic": "EYE", "day": "2026-03-12", "purpose": "called_off",
    "words-en": "The eye clinic on {date} at {time} is off. We will be in touch.",
}  # fmt: skip


def send(visitor: Visitor, form: dict[str, str]) -> str:
    """Through the preview; the address of the round."""
    shown = visitor.post("/rounds/preview", form)
    assert shown.status_code == 200, plain(shown.text)
    hidden = dict(re.findall(r'name="(seen|drawn)" value="([0-9a-f]+)"', shown.text))
    answer = visitor.post("/rounds", {**form, **hidden})
    assert answer.status_code == 303, plain(answer.text)
    return str(answer.headers["location"])


def test_a_round_for_a_cancelled_day_reaches_all_who_may_be_texted_and_names_the_others(office: Office) -> None:
    office.employ("maura", clinics={"EYE"})
    visitor = office.signed_in("maura")
    shown = plain(visitor.post("/rounds/preview", DAY).text)
    assert "3 patients get this text" in shown
    assert "3 SMS parts, €0.18" in shown
    assert "The eye clinic on March 12 at 10:15 AM is off." in shown
    assert "the patient asked for no more texts Thu 12 Mar 10:30 Brian" in shown
    assert "no mobile number on record Thu 12 Mar 11:00 Darragh" in shown
    round = send(visitor, DAY)
    page = until(office, "all have left", round, visitor)
    assert "3 of 3 have left" in page
    sent = office.do(lambda clinic: [each for each in clinic.carrier.sent if each.text.startswith("The eye clinic")])
    assert sorted(each.to for each in sent) == ["+353871000001", "+353871000003", "+353871000005"]
    acts = office.do(lambda clinic: clinic.rows(sa.select(schema.audit.c.record, schema.audit.c.clinic).where(
        schema.audit.c.did == "texted by hand"
    )))  # fmt: skip
    assert acts == [(round.replace("/rounds/", "round:"), "EYE")]
    assert "Eye Clinic, Thu 12 March 2026 Maura all have left 3" in plain(visitor.get("/rounds").text)


def test_a_form_that_is_sent_twice_sends_one_round(office: Office) -> None:
    office.employ("maura")
    visitor = office.signed_in("maura")
    shown = visitor.post("/rounds/preview", DAY).text
    hidden = dict(re.findall(r'name="(seen|drawn)" value="([0-9a-f]+)"', shown))
    addresses = {visitor.post("/rounds", {**DAY, **hidden}).headers["location"] for _ in range(2)}
    (round,) = addresses
    until(office, "all have left", round, visitor)
    sent = office.do(lambda clinic: [each.to for each in clinic.carrier.sent if each.text.startswith("The eye clinic")])
    assert len(sent) == len(set(sent)) == 3


def test_who_texts_a_day_that_a_colleague_has_texted_is_told_so_first(office: Office) -> None:
    office.employ("maura", clinics={"EYE"})
    office.employ("nora", clinics={"EYE"})
    maura, nora = office.signed_in("maura"), office.signed_in("nora")
    assert "has texted" not in plain(nora.post("/rounds/preview", DAY).text)
    round = send(maura, DAY)
    shown = nora.post("/rounds/preview", DAY).text
    assert "Maura has texted this clinic’s day already, today 13:03" in plain(shown)
    assert f'href="{round}"' in shown


def test_what_changed_since_the_preview_is_shown_before_anything_is_sent(office: Office) -> None:
    office.employ("maura")
    visitor = office.signed_in("maura")
    shown = visitor.post("/rounds/preview", DAY).text
    hidden = dict(re.findall(r'name="(seen|drawn)" value="([0-9a-f]+)"', shown))
    office.do(lambda clinic: clinic.change(sa.update(schema.patients).values(do_not_text=True)))
    answer = visitor.post("/rounds", {**DAY, **hidden})
    assert answer.status_code == 409
    assert "Nothing was sent: look again." in plain(answer.text)
    assert "marked “do not text” in the iPMS" in plain(answer.text)
    assert office.do(lambda clinic: clinic.rows(sa.select(schema.rounds))) == []


@pytest.mark.parametrize(("change", "words"), [
    ({"words-en": ""}, "Write what the patients are to read."),
    ({"words-en": "On {dat}"}, 'did you mean "date"?'),
    ({"day": ""}, "Choose the clinic and the day."),
    ({"clinic": "ENT"}, "There is nobody"),
    ({"clinic": "NONE"}, "There is nobody"),
    ({"purpose": "tells", "words-en": "Can you come?"}, "asks something"),
    ({"purpose": ""}, "Say what the text is"),
    ({"purpose": "tells", "prompt": "called_off"}, "says that the appointment will not go ahead"),
    ({"prompt": "confirmed"}, "no such wording"),
    ({"kind": "patient", "patient": "Nuala"}, "no patient that you can see"),
    ({"kind": "patient", "patient": ""}, "Say who is to get the text."),
])  # fmt: skip
def test_a_mistake_comes_back_with_all_that_was_typed(office: Office, change: dict[str, str], words: str) -> None:
    office.employ("maura", clinics={"EYE"})
    visitor = office.signed_in("maura")
    visitor.get("/rounds/new")
    form = {**DAY, "words-pl": "Klinika jest odwołana.", **change}
    answer = visitor.post("/rounds/preview", form)
    assert answer.status_code == 422
    assert words in plain(answer.text)
    assert "Klinika jest odwołana." in answer.text
    field = re.findall(r'<li><a href="#([^"]+)">', answer.text)[0]
    assert f'id="{field}"' in answer.text


def test_what_a_text_costs_at_its_longest_is_told_while_it_is_written(office: Office) -> None:
    office.employ("maura", clinics={"EYE"})
    visitor = office.signed_in("maura")
    assert "0 SMS parts" in plain(visitor.get("/rounds/new").text)

    def cost(text: str, language: str = "en") -> str:
        return plain(visitor.post("/rounds/segments", {"language": language, f"words-{language}": text}).text).strip()

    assert cost("Bring your glasses.") == "1 SMS part a patient at its longest, €0.06 · 19 characters"
    # What is filled in counts as long as it gets, and not as it is written.
    assert int(cost("{date} {place} {clinician}").split("·")[1].split()[0]) > 60
    assert cost("x" * 161).startswith("2 SMS parts a patient at its longest, €0.12")
    assert "“👍” makes it cost more" in cost("Zapraszamy 👍", "pl")
    assert 'did you mean "date"?' in cost("On {dat}")
    assert cost("") == "0 SMS parts"
    assert visitor.post("/rounds/segments", {"language": "xx"}).status_code == 422
    shown = visitor.post("/rounds/new", {**DAY, "words-en": "Bring your glasses."}).text
    assert "1 SMS part a patient at its longest" in plain(shown)


def test_a_round_of_another_clinic_is_not_there(office: Office) -> None:
    office.employ("maura", clinics={"EYE"})
    office.employ("nora", clinics={"ENT"})
    round = send(office.signed_in("maura"), DAY)
    nora = office.signed_in("nora")
    nora.get("/rounds")
    for path in (round, f"{round}/progress"):
        assert nora.get(path).status_code == 404
    for act in ("pause", "go-on", "stop"):
        assert nora.post(f"{round}/{act}").status_code == 404
    assert "Nothing has been texted by hand." in plain(nora.get("/rounds").text)


def test_a_round_begins_with_a_canned_answer_of_ones_own_clinics(office: Office) -> None:
    office.employ("maura", clinics={"EYE"})
    row = {"language": "en", "title": "Ring us", "changed_by": "aine", "changed_at": 0}
    for id, clinic, text in (("c1", "EYE", "Please ring the eye clinic."), ("c2", "ENT", "Please ring the ear clinic.")):
        office.do(lambda held, added={**row, "id": id, "clinic": clinic, "text": text}: held.change(
            sa.insert(schema.canned_answers).values(added)
        ))  # fmt: skip
    visitor = office.signed_in("maura")
    page = visitor.get("/rounds/new").text
    assert "the ear clinic" not in page
    assert re.findall(r'href="(/rounds/new\?canned=c1[^"]*)"', page)
    assert ">Please ring the eye clinic.</textarea>" in visitor.get("/rounds/new?canned=c1").text
    assert "the ear clinic" not in visitor.get("/rounds/new?canned=c2").text


def test_an_auditor_sees_rounds_and_sends_none(office: Office) -> None:
    office.employ("maura")
    round = send(office.signed_in("maura"), DAY)
    office.employ("una", Role.AUDITOR)
    una = office.signed_in("una")
    assert una.get(round).status_code == 200
    assert "Write one" not in plain(una.get("/rounds").text)
    assert una.get("/rounds/new").status_code == 403
    assert una.post(f"{round}/stop").status_code == 403


# ---- in a browser ----------------------------------------------------------------------------------------------------


def test_messages_are_filtered_opened_and_exported(office: Office, browser: Browser) -> None:
    office.employ("aine", Role.CLINIC_ADMIN)
    with window(browser, office.url) as page:
        sign_in(page, "aine", "/messages")
        expect(page.get_by_text(SCRIPT)).to_be_visible()
        page.get_by_label("How it fared").select_option("Not sent, and why")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("row")).to_have_count(2)
        expect(page.get_by_role("row", name="Darragh")).to_contain_text("no mobile number on record")
        page.goto("/messages?patient=H5")
        page.get_by_role("table").get_by_role("link").first.click()
        expect(page.get_by_role("heading", name="A text to Eimear Tierney")).to_be_visible()
        way = page.locator(".way li")
        expect(way).to_have_text([
            re.compile("Written by the machine"), re.compile("Handed to the gateway"), re.compile("Arrived on the phone"),
        ])  # fmt: skip
        office.wall.move(timedelta(minutes=12))
        page.goto("/messages?fate=replies")
        page.get_by_role("link", name="Export").click()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download the CSV file").click()
        content = Path(download.value.path()).read_text("utf-8-sig")
        assert "'=HYPERLINK" in content
        assert SCRIPT in content


def test_a_cancelled_day_is_told_with_the_keyboard_alone(tmp_path: Path, browser: Browser) -> None:
    """Previewed, sent, paused, gone on with, through a gateway that is busy at first."""

    def busy(clinic: Clinic) -> None:
        fill(clinic)
        clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY, "503", "the gateway is busy")

    def free(clinic: Clinic) -> None:
        clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
        clinic.clock.move(timedelta(minutes=1))

    with open_office(tmp_path, busy) as office:
        office.employ("maura", clinics={"EYE"})
        with window(browser, office.url) as page:
            sign_in(page, "maura", "/rounds")
            press(page, "Write one")
            page.get_by_role("heading", name="Write a text by hand").wait_for()
            reach(page, "#clinic")
            page.keyboard.type("Eye")
            page.keyboard.press("Tab")
            page.keyboard.type("03122026")
            reach(page, "#words-en")
            page.keyboard.type("The eye clinic on {date} is off.")
            expect(page.get_by_text("1 SMS part a patient at its longest, €0.06")).to_be_visible()
            press(page, "Preview")
            expect(page.get_by_role("heading", name="3 patients get this text")).to_be_visible()
            press(page, "Send to 3 patients")
            press(page, "Pause")
            expect(page.get_by_text("0 of 3 have left; the others are held")).to_be_visible()
            expect(page.get_by_role("progressbar")).to_have_attribute("value", "0")
            office.do(free)
            press(page, "Go on")
            expect(page.get_by_text("3 of 3 have left")).to_be_visible(timeout=PATIENCE)
            expect(page.get_by_text("all have left")).to_be_visible()
            expect(page.get_by_role("row", name="Brian")).to_contain_text("the patient asked for no more texts")
            expect(page.get_by_role("row", name="Darragh")).to_contain_text("no mobile number on record")
            office.do(_fail_one)
            until(office, "no such number", urlsplit(page.url).path, office.signed_in("maura"))
            page.reload()
            expect(page.get_by_role("row", name="Aoife")).to_contain_text("no such number")
            assert_fit(page)


def reach(page: Page, place: str) -> None:
    """Tab on until it has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("place => document.activeElement.matches(place)", place):
            return
    raise AssertionError(f"the keyboard never gets to {place}")


def press(page: Page, name: str) -> None:
    """Tab on to the link or button of this name, and press it."""
    page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"the keyboard never gets to {name}")


def _fail_one(clinic: Clinic) -> None:
    key = next(each.key for each in clinic.carrier.sent if each.to == "+353871000001" and each.text.startswith("The eye"))
    receipt = InboundReceipt(key, TextStatus.UNDELIVERABLE, reason="no such number", external_id="W-1")
    clinic.run(clinic.house.intake.take_inbound(clinic.carrier.name, [receipt]))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_every_page_of_messages_and_rounds_is_fit_for_everybody(
    office: Office, browser: Browser, size: tuple[int, int]
) -> None:
    office.employ("maura", Role.SECRETARY, Role.CLINIC_ADMIN)
    round = send(office.signed_in("maura"), DAY)
    with window(browser, office.url, size) as page:
        sign_in(page, "maura", "/messages")
        for path in ("/messages", "/messages?fate=not+sent", "/messages/export", "/rounds", "/rounds/new", round):
            page.goto(path)
            assert_fit(page)
        page.goto("/messages")
        for row in (1, 3):
            page.goto("/messages")
            page.get_by_role("table").get_by_role("row").nth(row).get_by_role("link").first.click()
            assert_fit(page)
        page.goto("/rounds/new")
        page.get_by_label("Clinic", exact=True).select_option("EYE")
        page.get_by_label("Day", exact=True).fill("2026-03-12")
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("alert").filter(has_text="Write what the patients are to read.")).to_be_visible()
        assert_fit(page)
        page.get_by_label("My own words, in English").fill("Dear {first_name}, no clinic.")
        page.get_by_role("button", name="Preview").click()
        expect(page.get_by_role("heading", name="3 patients get this text")).to_be_visible()
        assert_fit(page)
        page.get_by_role("button", name="Change it").click()
        expect(page.get_by_label("My own words, in English")).to_have_value("Dear {first_name}, no clinic.")

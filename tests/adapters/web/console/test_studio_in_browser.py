"""The rule studio as a clinic admin uses it, in a real browser on a real house."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Locator, Page, expect

from conversations.people import Role
from conversations.schema import conversations
from tests.adapters.web.console.browser import NARROW, WIDE, assert_fit, sign_in, window
from tests.adapters.web.console.office import Office, open_office
from tests.conversations.clinic import ANN, BEN, CARA, RULES, Clinic, secretary

NAME = "appointment-reminder"
SMALL = Path(__file__).parents[3] / "rulesets"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Two patients have a reminder; the small clinic's rules are drafted."""

    def seed(clinic: Clinic) -> None:
        clinic.invite()
        clinic.invite("A2", number="H2", mobile=BEN)
        small = (SMALL / "clinic.yaml").read_text("utf-8")
        clinic.house.versions.save("clinic", small, "maura")
        clinic.house.versions.publish("clinic", "maura", "for the small clinic", edition=1)

    with open_office(tmp_path, seed) as office:
        office.employ("maura", Role.CLINIC_ADMIN)
        office.employ("liam", Role.SECRETARY)
        yield office


@pytest.fixture
def page(office: Office, browser: Browser) -> Iterator[Page]:
    with window(browser, office.url) as page:
        yield page


def edit(page: Page, name: str) -> None:
    page.goto(f"/rules/{name}")
    checked(page)


def checked(page: Page) -> None:
    """The text has been checked since it was last changed."""
    page.locator("#studio[data-checked]").wait_for()


def write(page: Page, text: str) -> None:
    """Paste this in place of the whole text of the editor."""
    before = page.locator("#studio").get_attribute("data-checked")
    editor = page.get_by_label("The rules as text")
    editor.focus()
    page.keyboard.press("Control+a")
    editor.evaluate(
        """(editor, text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            editor.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
        }""",
        text,
    )
    expect(page.locator("#studio")).not_to_have_attribute("data-checked", before or "")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#saved")).to_contain_text("The draft is saved")


def publish(page: Page, name: str, why: str) -> None:
    page.goto(f"/rules/{name}/versions")
    page.locator("#publish").get_by_label("Why").fill(why)
    page.get_by_role("button", name="Publish it").click()
    expect(page.get_by_text("It is in force for conversations that begin from now on.")).to_be_visible()


def comes_true(page: Page, office: Office, what: Callable[[Clinic], bool]) -> None:
    """The house works beside the browser: wait for it, as long as a test may take."""
    for _ in range(150):
        if office.do(what):
            return
        page.wait_for_timeout(100)
    raise AssertionError("it never came true")


def test_a_broken_file_is_mended_by_following_its_messages_alone(page: Page) -> None:
    sign_in(page, "maura", "/rules")
    edit(page, "clinic")
    broken = (SMALL / "clinic.yaml").read_text("utf-8")
    for good, bad in (
        ("confirm: confirmed\n      cancel", "confirm: confrimed\n      cancel"),
        ("hospital: confirm\n", "hospitl: confirm\n"),
        ("urgent: with_staff", "urgent: waiting"),
        ("closes: 1 hour after\n", ""),
    ):
        assert good in broken
        broken = broken.replace(good, bad, 1)
    write(page, broken)
    head = page.locator("#problems-head")
    expect(head).to_contain_text("error")
    for _ in range(8):  # each click is one mend; a mend may bring to light what it stood before
        if "No problems" in head.inner_text():
            break
        checks = page.locator("#studio").get_attribute("data-checked")
        page.locator("#problems .problem button.nhsuk-button").first.click()
        expect(page.locator("#studio")).not_to_have_attribute("data-checked", checks or "")
    expect(head).to_have_text("No problems")
    save(page)


def test_the_form_changes_the_text_and_the_texts_beside_it(page: Page) -> None:
    sign_in(page, "maura", "/rules")
    edit(page, "clinic")
    page.get_by_role("tab", name="Texts").click()
    parts = page.locator("#text-reminder [data-parts]")
    page.get_by_label("As they would arrive in").select_option("ga")
    expect(parts).to_have_text("2 parts")  # Irish keeps its fadas here
    page.get_by_label("As they would arrive in").select_option("en")
    expect(parts).to_have_text("1 part")
    page.get_by_role("tab", name="Form").click()
    field = page.get_by_label("reminder").first
    field.fill("Your appointment is on {date} at {time}. Reply Y to confirm or C if you cannot come. Sláinte.")
    field.blur()
    page.get_by_role("tab", name="Texts").click()
    expect(page.locator("#text-reminder")).to_contain_text("Slainte")  # English goes without fadas where that is cheaper
    expect(parts).to_have_text("1 part")


def test_one_fada_more_is_seen_as_a_part_more_published_and_sent_to_the_next_patient(tmp_path: Path, browser: Browser) -> None:
    def seed(clinic: Clinic) -> None:
        clinic.house.take([SMALL / "clinic.yaml"])
        clinic.invite()

    with open_office(tmp_path, seed) as office, window(browser, office.url) as page:
        office.employ("maura", Role.CLINIC_ADMIN)
        before = office.do(lambda clinic: clinic.talk().version)
        sign_in(page, "maura", "/rules/clinic")
        checked(page)
        text = (SMALL / "clinic.yaml").read_text("utf-8").replace("accents: {ga: keep}", "accents: {en: keep, ga: keep}", 1)
        write(page, text)
        page.get_by_role("tab", name="Texts").click()
        parts = page.locator("#text-reminder [data-parts]")
        expect(parts).to_have_text("1 part")
        write(page, text.replace('en: "Your appointment', 'en: "A Mháire, your appointment', 1))
        expect(parts).to_have_text("2 parts")
        save(page)
        publish(page, "clinic", "a word of Irish")
        office.do(lambda clinic: clinic.push(clinic.appointment("A2", number="H2", mobile=BEN)))

        comes_true(page, office, lambda clinic: any(each.to == BEN for each in clinic.carrier.sent))
        (sent,) = office.do(lambda clinic: [each for each in clinic.carrier.sent if each.to == BEN])
        assert sent.text.startswith("A Mháire, your appointment is on March 12")
        assert sent.segments == 2
        office.do(lambda clinic: clinic.hear(ANN, "Y"))
        comes_true(page, office, lambda clinic: clinic.state() == "confirmed")
        assert office.do(lambda clinic: clinic.talk().version) == before
        assert office.do(lambda clinic: clinic.talk("A2").version) != before


def test_twelve_cancels_that_would_be_confirms_are_seen_as_exactly_that(tmp_path: Path, browser: Browser) -> None:
    def seed(clinic: Clinic) -> None:
        phones = [f"+3538720000{number:02}" for number in range(14)]
        for number, phone in enumerate(phones):
            clinic.push(clinic.appointment(f"A{number}", number=f"H{number}", mobile=phone))
        clinic.settle()
        for phone in phones[:12]:
            clinic.reply(phone, "C")
        for phone in phones[12:]:
            clinic.reply(phone, "Y")
        text = RULES.read_text("utf-8")
        talks, translations = text.index("\ntalks:"), text.index("\ntranslations:")
        text = (text[:talks] + text[translations:]).replace("      cancel: cancelling\n", "      cancel: confirmed\n", 1)
        clinic.house.versions.save(NAME, text, "maura")

    with open_office(tmp_path, seed) as office, window(browser, office.url) as page:
        office.employ("maura", Role.CLINIC_ADMIN)
        sign_in(page, "maura", f"/rules/{NAME}/impact")
        page.get_by_role("button", name="Play them again").click()
        row = page.get_by_role("row", name="12 request cancel confirm")
        expect(row).to_be_visible()
        expect(page.locator(".figures")).to_contain_text("12 come out differently")
        expect(page.locator(".figures")).to_contain_text("0 read differently")
        assert_fit(page)


def test_the_phone_explains_each_step_and_its_talk_is_kept_as_a_test(page: Page) -> None:
    sign_in(page, "maura", "/rules")
    edit(page, "clinic")
    page.get_by_label("Type as the patient").fill("canot come")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".phone")).to_contain_text("read as")
    page.get_by_role("button", name="1 day passes").click()
    expect(page.locator("#pane")).to_contain_text("Tue 3 Mar 10:01")
    page.get_by_role("button", name="Last text fails").click()
    expect(page.locator(".phone")).to_contain_text("the text is undeliverable")
    page.get_by_role("button", name="One step back").click()
    expect(page.locator(".phone")).not_to_contain_text("the text is undeliverable")
    expect(page.locator("#pane")).to_contain_text("with_staff")
    page.get_by_label("Keep this talk as a test").fill("spelt with one n")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator("#saved")).to_contain_text("played at every check")
    page.get_by_role("tab", name="Talks").click()
    expect(page.locator("#pane")).to_contain_text("16 of 16 talks go as written")
    page.get_by_role("tab", name="Diagram").click()
    expect(page.locator("svg.diagram")).to_contain_text("waiting")


def test_the_diagram_fits_its_pane_and_can_be_made_larger(page: Page) -> None:
    sign_in(page, "maura", "/rules")
    edit(page, NAME)
    page.get_by_role("tab", name="Diagram").click()
    scroll, drawn = page.get_by_role("region", name="Diagram of the states"), page.locator("svg.diagram")

    def width(of: Locator) -> float:
        box = of.bounding_box()
        assert box is not None
        return box["width"]

    expect(drawn).to_contain_text("which_days")
    assert width(drawn) <= width(scroll)
    before = width(drawn)
    page.get_by_role("button", name="Larger").click()
    assert width(drawn) > before
    page.get_by_role("button", name="All at once").click()
    page.get_by_role("button", name="Over the whole page").click()
    assert width(scroll) > 1000
    page.get_by_role("tab", name="Phone").click()
    expect(page.get_by_label("The rules as text")).to_be_visible()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("  extra: {ask: reminder, replies: {confirm: ", ["confirmed", "waiting"]),
        ("  extra: {ask: reminder, replies: {confirm: {go: stay, say: ", ["reminder", "thanks"]),
        ("  extra:\n    unclear:\n      - {ask: did_you_mean}\n      - {g", ["go"]),
        ("  extra: {task: {kind: question, due: 4h,\n    priority: ", ["urgent", "high"]),
        ("  extra: {send_failed: {retries: [15m, 2h], g", ["go"]),
    ],
)
def test_what_can_stand_in_braces_is_offered_there(page: Page, line: str, offered: list[str]) -> None:
    sign_in(page, "maura", "/rules")
    edit(page, "clinic")
    source = (SMALL / "clinic.yaml").read_text("utf-8")
    write(page, source[: source.index("\ntalks:")] + "\n" + line)
    page.get_by_label("The rules as text").focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Space")
    listed = page.locator(".cm-tooltip-autocomplete")
    for each in offered:
        expect(listed.get_by_role("option", name=each, exact=True)).to_be_visible()


def test_rules_are_tried_where_was_ticked_whichever_choice_was_made_first(office: Office, page: Page) -> None:
    def versions(clinic: Clinic) -> tuple[int, list[str]]:
        held = clinic.house.versions
        return len(held.published("clinic")), [trial.where for trial in held.trials("clinic")]

    sign_in(page, "maura", "/rules")
    edit(page, "clinic")
    write(page, (SMALL / "clinic.yaml").read_text("utf-8") + "# tried first\n")
    save(page)
    page.goto("/rules/clinic/versions")
    draft = page.locator("#publish")
    draft.get_by_label("in a hundred").fill("20")
    expect(draft.get_by_label("of a share first")).to_be_checked()  # who fills it in need not choose it too
    draft.locator("#clinic-EYE").check()
    expect(draft.get_by_label("of these clinics first")).to_be_checked()
    draft.get_by_label("everywhere").check()
    expect(draft.locator("#clinic-EYE")).not_to_be_checked()
    # A browser in which that did not happen sends what contradicts itself: it is refused, and what was chosen stays.
    for asked in ({"where": "all", "clinic": "EYE"}, {"where": "all", "share": "20"}, {"where": "clinics"}):
        visitor = office.signed_in("maura")
        visitor.get("/rules/clinic/versions")
        answer = visitor.post("/rules/clinic/publish", {"edition": "1", "why": "tried", "share": "10", **asked})
        assert answer.status_code == 422
        assert f'value="{asked["where"]}" checked' in answer.text
    assert office.do(versions) == (1, [])
    draft.locator("#clinic-EYE").check()
    draft.get_by_label("Why").fill("tried")
    page.get_by_role("button", name="Publish it").click()
    expect(page.get_by_text("The trial has begun.")).to_be_visible()
    count, (where,) = office.do(versions)
    assert (count, "EYE" in where) == (2, True)


def test_a_draft_is_put_away_by_two_steps_and_not_by_a_slip(page: Page) -> None:
    sign_in(page, "maura", "/rules")
    edit(page, "clinic")
    write(page, (SMALL / "clinic.yaml").read_text("utf-8") + "# a slip\n")
    save(page)
    page.goto("/rules/clinic/versions")
    gone = page.get_by_role("button", name="Put it away")
    expect(gone).to_be_hidden()
    page.get_by_text("Put the draft away").click()
    expect(page.get_by_text("What was changed in it is gone then.")).to_be_visible()
    gone.click()
    expect(page.get_by_text("There is none.")).to_be_visible()


def test_a_colleague_publishes_what_was_proposed_unless_it_was_put_away(office: Office, browser: Browser) -> None:
    office.do(lambda clinic: setattr(clinic.house.versions, "second_person", True))
    office.employ("nora", Role.CLINIC_ADMIN)
    with window(browser, office.url) as page, window(browser, office.url) as other:
        sign_in(page, "maura", "/rules")
        for words in ("a slip", "meant"):
            edit(page, "clinic")
            write(page, (SMALL / "clinic.yaml").read_text("utf-8") + f"# {words}\n")
            save(page)
            page.goto("/rules/clinic/versions")
            page.get_by_label("Why").first.fill(words)
            page.get_by_role("button", name="Propose it").click()
            expect(page.get_by_text("You proposed it, so a colleague has to publish it.")).to_be_visible()
            if words == "a slip":
                page.get_by_text("Put the draft away").click()
                page.get_by_role("button", name="Put it away").click()
                expect(page.get_by_text("There is none.")).to_be_visible()
        sign_in(other, "nora", "/rules")
        other.goto("/rules/clinic/versions")
        other.get_by_role("link", name="What differs").click()
        expect(other.locator(".diff--place")).to_contain_text("From line")
        expect(other.locator(".diff--new")).to_contain_text("# meant")
        assert_fit(other)
        publish(other, "clinic", "looked through")


def test_what_cannot_be_published_leads_to_its_line(page: Page) -> None:
    sign_in(page, "maura", "/rules")
    edit(page, "clinic")
    write(page, (SMALL / "clinic.yaml").read_text("utf-8").replace("confirm: confirmed\n", "confirm: confrimed\n", 1))
    save(page)
    page.goto("/rules/clinic/versions")
    page.locator("#publish").get_by_label("Why").fill("in a hurry")
    page.get_by_role("button", name="Publish it").click()
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(page.locator(".cm-activeLine")).to_contain_text("confrimed")


def test_on_a_phone_one_can_see_what_one_types_as_the_patient(office: Office, browser: Browser) -> None:
    with window(browser, office.url, NARROW) as page:
        sign_in(page, "maura", "/rules")
        edit(page, "clinic")
        field = page.get_by_label("Type as the patient")
        box = field.bounding_box()
        assert box is not None
        assert box["width"] > NARROW[0] / 2
        field.fill("Y")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#phone-state")).to_contain_text("confirmed")


def test_what_mends_several_problems_alike_is_said_once(page: Page) -> None:
    sign_in(page, "maura", "/rules")
    edit(page, NAME)
    expect(page.locator("#problems .problem")).to_have_count(9)  # nine translations that nobody has signed off
    expect(page.get_by_text("have someone who speaks the language check it")).to_have_count(1)
    text = (Path(__file__).parents[4] / "rules" / f"{NAME}.yaml").read_text("utf-8")
    head, _, last = text.rpartition("draft: yes")
    write(page, f"{head}reviewed: yes{last}")
    expect(page.locator("#problems-head")).to_have_text("1 error, 8 warnings")
    expect(page.locator("#problems .problem").first).to_contain_text("does not say when and by whom")  # wherever it stands


def test_languages_are_named(page: Page) -> None:
    sign_in(page, "maura", "/rules")
    edit(page, NAME)
    page.get_by_label("The patient's language").select_option("Irish")
    expect(page.locator(".bubble").first).to_contain_text("Meabhrúchán")


def test_each_clinic_is_shown_with_all_that_it_gets(page: Page) -> None:
    sign_in(page, "maura", "/clinics")
    row = page.get_by_role("row").filter(has_text="EYE")
    for words in (NAME, "clinic", "Mon–Fri 09:00–20:00, Sat 10:00–17:00", "HOSPITAL", "0 of its own"):
        expect(row).to_contain_text(words)


def test_a_clinic_gets_a_wording_of_its_own_and_the_difference_is_shown(office: Office, page: Page) -> None:
    sign_in(page, "maura", "/clinics")
    page.get_by_role("row").filter(has_text="EYE").get_by_role("link").first.click()
    page.get_by_label("Different from").select_option(NAME)
    page.get_by_role("button", name="Begin a draft").click()
    checked(page)
    expect(page.locator("#problems-head")).to_have_text("No problems")
    page.get_by_role("tab", name="Form").click()
    field = page.get_by_label("eve (shared)").first
    field.fill("See you on {weekday}, {date} at {time} with {clinician}. Please bring your glasses.")
    field.blur()
    expect(page.get_by_label("The rules as text")).to_contain_text("Please bring your glasses.")
    expect(page.locator("#problems-head")).to_have_text("1 warning")  # the other languages still say what is shared
    save(page)
    publish(page, f"{NAME}-eye", "for the glasses")
    page.goto("/clinics/EYE")
    row = page.get_by_role("row", name="prompts › eve")
    expect(row.locator("del")).to_contain_text("If anything has changed please text us back.")
    expect(row.locator("ins")).to_contain_text("Please bring your glasses.")
    office.do(lambda clinic: clinic.push(clinic.appointment("A9", number="H9", mobile=CARA)))
    comes_true(page, office, lambda clinic: any(each.to == CARA for each in clinic.carrier.sent))
    of_it = sa.select(conversations.c.ruleset).where(conversations.c.appointment_id == "A9")
    assert sorted(office.do(lambda clinic: [row.ruleset for row in clinic.rows(of_it)])) == [f"{NAME}-eye", "clinic"]
    page.goto(f"/rules/{NAME}-eye/versions")
    page.get_by_text("Give up: have the shared rules here again").click()
    page.get_by_label("Why").last.fill("one text for all")
    page.get_by_role("button", name="Give up").click()
    expect(page.get_by_text("new conversations begin with the shared rules")).to_be_visible()


def test_rules_that_have_a_file_say_so_before_they_are_published(tmp_path: Path, browser: Browser) -> None:
    def seed(clinic: Clinic) -> None:
        clinic.house.take([SMALL / "clinic.yaml"])
        clinic.invite()
        clinic.house.versions.save("clinic", (SMALL / "clinic.yaml").read_text("utf-8") + "# ours\n", "maura")

    with open_office(tmp_path, seed) as office, window(browser, office.url) as page:
        office.employ("maura", Role.CLINIC_ADMIN)
        sign_in(page, "maura", "/rules")
        expect(page.get_by_role("row", name="clinic")).to_contain_text("has a file: ")
        page.goto("/rules/clinic/versions")
        expect(page.get_by_text("The settings of the service name a file for these rules")).to_be_visible()
        assert_fit(page)
        publish(page, "clinic", "a remark")
        expect(page.get_by_text("What is in force is not what that file says.")).to_be_visible()


def test_who_may_only_read_rules_changes_nothing(page: Page) -> None:
    sign_in(page, "liam", "/rules")
    edit(page, "clinic")
    expect(page.get_by_role("button", name="Save draft")).to_have_count(0)
    page.get_by_label("The rules as text").focus()
    page.keyboard.type("spoilt")
    expect(page.locator("#problems-head")).to_have_text("No problems")
    page.goto("/rules/clinic/versions")
    expect(page.get_by_role("button", name="Roll back")).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_every_page_of_the_studio_is_fit_for_everybody(office: Office, browser: Browser, size: tuple[int, int]) -> None:
    source = (SMALL / "clinic.yaml").read_text("utf-8")
    office.do(lambda clinic: clinic.house.versions.save("clinic", source + "# more\n", "maura"))
    with window(browser, office.url, size) as page:
        sign_in(page, "maura", "/rules")
        assert_fit(page)
        edit(page, "clinic")
        for part in ("Phone", "Texts", "Form", "Diagram", "Talks"):
            page.get_by_role("tab", name=part).click()
            page.locator(f"#pane[data-shown={part.lower()}]").wait_for()
            assert_fit(page)
        draft = office.do(lambda clinic: clinic.house.versions.in_force("clinic"))
        assert draft is not None
        for path in ("versions", "impact", f"difference?from={draft.version}&to=draft"):
            page.goto(f"/rules/clinic/{path}")
            assert_fit(page)
        for path in ("/phrases", "/clinics", "/clinics/EYE", "/rules/guide"):
            page.goto(path)
            assert_fit(page)


def test_a_proposal_is_looked_at_with_what_it_would_change_and_taken_into_the_draft(tmp_path: Path, browser: Browser) -> None:
    def seed(clinic: Clinic) -> None:
        clinic.invite()
        clinic.reply(ANN, "me granddaughter has the car")
        clinic.invite("A2", number="H2", mobile=BEN)
        clinic.reply(BEN, "me granddaughter has the car")
        (entry, *_) = [each for each in clinic.entries("reply.read") if each["data"]["text"].startswith("me")]
        assert clinic.run(clinic.house.desk.propose(entry["conversation"], entry["seq"], "cancel", secretary("liam")))

    with open_office(tmp_path, seed) as office, window(browser, office.url) as page:
        office.employ("maura", Role.CLINIC_ADMIN)
        sign_in(page, "maura", "/phrases")
        page.get_by_role("link", name="What it would change").click()
        expect(page.get_by_text("2 past replies of the last 90 days would be read differently")).to_be_visible()
        assert_fit(page)
        page.get_by_role("button", name="Take it into the draft").click()
        expect(page.get_by_text("Nothing waits.")).to_be_visible()
        draft = office.do(lambda clinic: clinic.house.versions.draft(NAME))
        assert draft is not None
        assert "{en: me granddaughter has the car, is: cancel}" in draft.source

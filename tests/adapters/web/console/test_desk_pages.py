"""The pages of the desk without a browser: what is refused, to whom, and what it looks like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from conversations import schema
from conversations.people import Role
from conversations.ports import InboundReply
from tests.adapters.web.console.office import Office, Visitor, open_office, plain
from tests.conversations.clinic import ANN, BEN, HOSPITAL, Clinic

NOBODY = "+353860000000"


def seed(clinic: Clinic) -> None:
    clinic.invite("A1", number="H1", mobile=ANN, days=9)
    clinic.invite("A2", number="H2", mobile=BEN, days=5, first_name="Ben", clinic="CARDIO")
    clinic.reply(ANN, "C")
    clinic.reply(BEN, "C")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, seed) as office:
        yield office


@pytest.fixture
def maura(office: Office) -> Visitor:
    office.employ("maura", clinics={"EYE"})
    return office.signed_in("maura")


def talk(office: Office, appointment: str = "A1") -> str:
    return office.do(lambda clinic: clinic.talk(appointment).id)


def task(office: Office, talk: str) -> str:
    query = sa.select(schema.tasks.c.key).where(schema.tasks.c.conversation_id == talk)
    return str(office.do(lambda clinic: clinic.scalar(query)))


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found is not None
    return found[1]


def test_a_secretary_of_one_clinic_meets_no_patient_of_another(office: Office, maura: Visitor) -> None:
    theirs = talk(office, "A2")
    inbox = plain(maura.get("/inbox").text)
    assert "Ann Tierney" in inbox
    assert "Ben" not in inbox
    assert "Ben" not in plain(maura.get("/inbox?clinic=CARDIO").text)
    assert "Ben" not in plain(maura.get("/search?q=ben").text)
    key = task(office, theirs)
    addresses = (f"/conversations/{theirs}", f"/conversations/{theirs}/earlier?seq=9", f"/tasks/{key}")
    asked = [maura.get(address) for address in addresses]
    for path, form in (
        (f"/conversations/{theirs}/act", {"act": "cancel", "seen": "99"}),
        (f"/conversations/{theirs}/meant", {"intent": "keep", "seq": "5"}),
        (f"/tasks/{key}/claim", {}),
        (f"/tasks/{key}/release", {}),
        (f"/tasks/{key}/assign", {"person": "maura"}),
        (f"/tasks/{key}/snooze", {"until": "hour"}),
        (f"/tasks/{key}/settle", {"outcome": "done"}),
        ("/undo", {"key": f"{theirs}/9/cancel/x"}),
    ):
        asked.append(maura.post(path, form))
    assert {answer.status_code for answer in asked} == {404}
    assert not any("Ben" in answer.text for answer in asked)
    assert office.do(lambda clinic: list(clinic.entries("staff.acted"))) == []


def test_what_was_decided_before_the_patients_last_words_is_refused_on_the_page(office: Office, maura: Visitor) -> None:
    id = talk(office)
    page = maura.get(f"/conversations/{id}").text

    def reply(clinic: Clinic) -> None:
        said = InboundReply(ANN, HOSPITAL, "KEEP", clinic.clock.now(), "late")
        clinic.run(clinic.house.intake.take_inbound(clinic.carrier.name, [said]))

    office.do(reply)
    office.eventually(lambda clinic: clinic.state("A1") == "kept")
    answer = maura.post(f"/conversations/{id}/act", {"act": "cancel", "seen": seen(page)})
    assert answer.status_code == 409
    assert "Nothing was done: read it first" in answer.text
    assert "KEEP" in plain(answer.text)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"act": "answer", "text": "  "}, "There is nothing written yet."),
        ({"act": "answer", "text": "x" * 641}, "640 characters at most; this has 641"),
        ({"act": "rescheduled", "day": "2026-13-01", "time": "10:00"}, "Say the new day and time."),
        ({"act": "rescheduled", "day": "", "time": ""}, "Say the new day and time."),
    ],
)
def test_a_form_that_is_not_whole_comes_back_with_what_was_typed(
    office: Office, maura: Visitor, form: dict[str, str], says: str
) -> None:
    id = talk(office)
    answer = maura.post(f"/conversations/{id}/act", {**form, "seen": "99"})
    assert answer.status_code == 422
    assert says in plain(answer.text)
    assert form.get("text", "").strip() in answer.text


@pytest.mark.parametrize("form", [{"act": "cancel"}, {"act": "burn", "seen": "9"}, {"act": "cancel", "seen": "9" * 12}])
def test_a_form_of_nobodys_page_does_nothing(office: Office, maura: Visitor, form: dict[str, str]) -> None:
    assert maura.post(f"/conversations/{talk(office)}/act", form).status_code == 422
    assert office.do(lambda clinic: list(clinic.entries("staff.acted"))) == []


def test_an_auditor_reads_and_does_nothing(office: Office) -> None:
    office.employ("una", Role.AUDITOR)
    una, id = office.signed_in("una"), talk(office)
    page = una.get(f"/conversations/{id}")
    assert page.status_code == 200
    assert 'name="act"' not in page.text
    assert una.post(f"/conversations/{id}/act", {"act": "cancel", "seen": "9"}).status_code == 403
    assert una.post(f"/tasks/{task(office, id)}/claim").status_code == 403
    assert una.get("/canned").status_code == 403


def test_who_gets_no_texts_cannot_be_written_to_and_the_page_says_why(office: Office, maura: Visitor) -> None:
    writable = maura.get(f"/conversations/{talk(office)}").text
    assert '<button class="nhsuk-button">Send and settle</button>' in writable
    office.do(lambda clinic: clinic.reply(ANN, "STOP"))
    page = maura.get(f"/conversations/{talk(office)}").text
    assert "gets no texts: texts are stopped: opted out" in plain(page)
    assert '<button class="nhsuk-button" disabled>Send and settle</button>' in page
    assert re.search(r'<textarea [^>]*id="answer"[^>]* disabled', page)


def test_canned_answers_are_kept_by_the_admin_and_offered_to_all(office: Office, maura: Visitor) -> None:
    office.employ("fidelma", Role.CLINIC_ADMIN, clinics={"EYE"})
    fidelma = office.signed_in("fidelma")
    fidelma.get("/canned")
    wrong = fidelma.post("/canned", {"title": "", "text": "", "language": "", "clinic": "CARDIO"})
    assert wrong.status_code == 422
    for says in ("Give it a short name", "Write the text", "Choose the language", "Choose one of your clinics"):
        assert says in wrong.text
    right = {"title": "Parking", "text": "There is parking at the main gate.", "language": "en", "clinic": "EYE"}
    assert fidelma.post("/canned", right).status_code == 303
    assert "There is parking at the main gate." in maura.get(f"/conversations/{talk(office)}").text
    office.employ("noel", clinics={"CARDIO"})
    assert "main gate" not in office.signed_in("noel").get(f"/conversations/{talk(office, 'A2')}").text
    (held,) = office.do(lambda clinic: clinic.rows(sa.select(schema.canned_answers.c.id)))
    office.employ("cathal", Role.CLINIC_ADMIN, clinics={"CARDIO"})
    cathal = office.signed_in("cathal")
    assert cathal.post(f"/canned/{held.id}/remove").status_code == 404
    assert cathal.post(f"/canned/{held.id}", {**right, "clinic": "CARDIO", "text": "Nowhere."}).status_code == 404
    page = fidelma.get(f"/canned?edit={held.id}").text
    assert "Change “Parking”" in plain(page)
    assert ">There is parking at the main gate.</textarea>" in page
    assert "1 SMS part, €0.06" in plain(page)
    wrong = fidelma.post(f"/canned/{held.id}", {**right, "text": ""})
    assert wrong.status_code == 422
    assert f'action="/canned/{held.id}"' in wrong.text
    assert fidelma.post(f"/canned/{held.id}", {**right, "clinic": "CARDIO"}).status_code == 422
    changed = {**right, "title": "Car park", "text": "There is parking at the main gate, free for an hour."}
    assert fidelma.post(f"/canned/{held.id}", changed).status_code == 303
    page = maura.get(f"/conversations/{talk(office)}").text
    assert "free for an hour" in page
    assert page.count('data-into="answer"') == 1
    assert fidelma.post(f"/canned/{held.id}/remove").status_code == 303
    assert "main gate" not in maura.get(f"/conversations/{talk(office)}").text


def test_a_text_from_an_unknown_number_is_found_whose_and_goes_on_in_the_talk(office: Office, maura: Visitor) -> None:
    office.do(lambda clinic: clinic.hear(NOBODY, "Is this the eye clinic? =1+1"))
    loose = sa.select(schema.tasks.c.key).where(schema.tasks.c.conversation_id.is_(None))
    office.eventually(lambda clinic: bool(clinic.rows(loose)))
    key = str(office.do(lambda clinic: clinic.scalar(loose)))
    listed = plain(maura.get("/messages?fate=unknown+numbers").text)
    assert "not matched to a patient" in listed
    assert "Is this the eye clinic?" in listed
    assert NOBODY in listed
    assert "whose is it?" in listed
    assert "Is this the eye clinic?" in plain(maura.get(f"/messages?patient={NOBODY.replace('+', '%2B')}").text)
    (id,) = re.findall(r'href="/messages/([0-9a-f]{32})"', maura.get("/messages?fate=unknown+numbers").text)
    assert "A text from an unknown number" in plain(maura.get(f"/messages/{id}").text)

    page = plain(maura.get(f"/tasks/{key}?patient=H2").text)  # of another clinic
    assert "Nobody that you can see is found by that." in page
    assert "Ben" not in page
    assert maura.post(f"/tasks/{key}/attach", {"talk": talk(office, "A2")}).status_code == 404
    page = maura.get(f"/tasks/{key}?patient=H1").text
    assert "Ann Tierney" in plain(page)
    (mine,) = re.findall(r'name="talk" value="([0-9a-f]{32})"', page)
    answer = maura.post(f"/tasks/{key}/attach", {"talk": mine})
    assert answer.headers["location"] == f"/conversations/{mine}"
    office.eventually(lambda clinic: "question" in clinic.tasks())
    page = plain(maura.get(f"/conversations/{mine}").text)
    assert f"{NOBODY}: Is this the eye clinic?" in page
    assert "Maura has found that a text from another number is this patient’s" in page
    assert "Found to be this patient’s by Maura" in plain(maura.get(f"/messages/{id}").text)
    assert maura.get(f"/tasks/{key}").headers["location"] == f"/conversations/{mine}"
    office.employ("nora", clinics={"CARDIO"})
    nora = office.signed_in("nora")
    assert {nora.get(path).status_code for path in (f"/messages/{id}", f"/tasks/{key}")} == {404}


def test_a_task_that_is_settled_says_so(office: Office, maura: Visitor) -> None:
    office.do(lambda clinic: clinic.hear(NOBODY, "who is this"))
    loose = sa.select(schema.tasks.c.key).where(schema.tasks.c.conversation_id.is_(None))
    office.eventually(lambda clinic: bool(clinic.rows(loose)))
    key = str(office.do(lambda clinic: clinic.scalar(loose)))
    maura.get(f"/tasks/{key}")
    assert maura.post(f"/tasks/{key}/settle", {"outcome": "called", "note": "A nephew."}).status_code == 303
    page = maura.get(f"/tasks/{key}").text
    assert "This is settled." in plain(page)
    assert "/settle" not in page


def test_who_only_reads_finds_nobody_a_text(office: Office) -> None:
    office.do(lambda clinic: clinic.hear(NOBODY, "who is this"))
    loose = sa.select(schema.tasks.c.key).where(schema.tasks.c.conversation_id.is_(None))
    office.eventually(lambda clinic: bool(clinic.rows(loose)))
    key = str(office.do(lambda clinic: clinic.scalar(loose)))
    office.employ("una", Role.AUDITOR)
    una = office.signed_in("una")
    assert "It is theirs" not in una.get(f"/tasks/{key}?patient=H1").text
    assert una.post(f"/tasks/{key}/attach", {"talk": talk(office)}).status_code == 403


def test_whoever_works_one_queue_comes_back_to_it(office: Office, maura: Visitor) -> None:
    id = talk(office)
    assert f'href="/conversations/{id}"' in maura.get("/inbox").text
    (opened,) = re.findall(rf'href="(/conversations/{id}[^"]*)"', maura.get("/inbox?queue=cancellation&clinic=EYE").text)
    page = maura.get(opened).text
    assert 'href="/inbox?queue=cancellation&amp;clinic=EYE" data-key="i"' in page
    came = {"referer": f"{office.url}{opened}"}
    noted = maura.post(f"/conversations/{id}/act", {"act": "note", "text": "Rang.", "seen": seen(page)}, **came)
    assert noted.headers["location"] == opened
    settled = maura.post(f"/conversations/{id}/act", {"act": "call_back", "seen": seen(maura.get(opened).text)}, **came)
    assert settled.headers["location"] == "/inbox?queue=cancellation&clinic=EYE"
    elsewhere = {"referer": f"{office.url}/conversations/{id}?in=" + "x" * 500}
    key = task(office, id)
    assert maura.post(f"/tasks/{key}/snooze", {"until": "hour"}, **elsewhere).headers["location"] == "/inbox"


def test_a_page_of_the_inbox_that_is_none_is_not_there(maura: Visitor) -> None:
    assert maura.get("/inbox?after=1.2.3").status_code == 404
    assert maura.get("/inbox?queue=nonsense&whose=nonsense").status_code == 200

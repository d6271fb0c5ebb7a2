"""All messages of a clinic in one list: what was sent, what was not and why, what came back, and how each text fared."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from conversations import journeys, messages, schema
from conversations.database import open_database
from conversations.desk import NotThere
from conversations.lines import line_id
from conversations.messages import Listing, Wanted
from conversations.people import Scope
from conversations.ports import SendResult, SendStatus
from conversations.said import Message
from conversations.schema import instant
from engine.events import StaffAct, TextStatus
from tests.conversations.clinic import ANN, BEN, CARA, EVERYWHERE, MONDAY, Clinic, secretary
from tests.stores import PostgresStore, store

EYE, ENT = Scope(frozenset({"EYE"})), Scope(frozenset({"ENT"}))
BOTH = Scope(frozenset({"EYE", "ENT"}))


def listed(held: Clinic, scope: Scope = EVERYWHERE, *, before: str = "", limit: int = 50, **wanted: Any) -> Listing:
    with held.house.database.reader() as connection:
        return messages.listing(connection, held.house.vault, scope, Wanted(**wanted), before=before, limit=limit)


def said(listing: Listing) -> list[str]:
    """Of each message, what it is, the oldest first."""
    return [each.words if each.incoming else each.prompt or each.words or "" for each in reversed(listing.messages)]


def way(clinic: Clinic, message: Message, scope: Scope = EVERYWHERE) -> list[tuple[str, str]]:
    with clinic.house.database.reader() as connection:
        found = journeys.journey(connection, clinic.house.vault, message.id, scope)
    assert found is not None
    return [(step.what, step.reason) for step in found.steps]


def test_texts_and_replies_stand_in_one_order_with_whose_they_are(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "yes")
    found = listed(clinic)
    assert said(found) == ["reminder", "yes", "confirmed"]
    first, reply, last = reversed(found.messages)
    assert (first.name, first.number, first.phone, first.clinic, first.segments) == ("Ann Tierney", "H1", ANN, "EYE", 1)
    assert (first.status, reply.status, last.status) == ("delivered", "reply", "accepted")
    assert reply.read_as == "confirm"
    assert first.at <= reply.at <= last.at


def test_a_texts_way_is_told_step_by_step_with_the_gateways_reasons(clinic: Clinic) -> None:
    clinic.invite()
    (text,) = listed(clinic).messages
    clinic.receipt(text.id, TextStatus.SENT)
    clinic.clock.move(timedelta(minutes=3))
    clinic.receipt(text.id, TextStatus.UNDELIVERABLE, code="27", reason="the phone is switched off")
    clinic.clock.move(timedelta(minutes=1))
    clinic.receipt(text.id, TextStatus.DELIVERED)
    (text,) = listed(clinic).messages
    assert way(clinic, text) == [
        ("queued", ""), ("accepted", ""), ("sent", ""), ("undeliverable", "the phone is switched off"), ("delivered", ""),
    ]  # fmt: skip
    with clinic.house.database.reader() as connection:
        found = journeys.journey(connection, clinic.house.vault, text.id, EVERYWHERE)
    assert found is not None
    assert found.steps[3].at == MONDAY + timedelta(minutes=3)
    assert found.waiting is None


def test_what_waits_says_when_it_is_tried_next_and_how_often_it_was_tried(clinic: Clinic) -> None:
    clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY, "503", "the gateway is busy")
    clinic.invite()
    (text,) = listed(clinic, fate="on the way").messages
    assert text.reason == "the gateway is busy"
    with clinic.house.database.reader() as connection:
        found = journeys.journey(connection, clinic.house.vault, text.id, EVERYWHERE)
    assert found is not None
    assert found.waiting is not None
    assert found.waiting.attempts == 1
    assert found.waiting.due > MONDAY


def test_not_sent_and_why_is_a_list_of_its_own(clinic: Clinic) -> None:
    clinic.invite("A1", mobile=None)
    clinic.invite("A2", number="H2", mobile=BEN, days=11)
    clinic.push(clinic.appointment("A3", number="H3", mobile=CARA))
    clinic.house.worker.step(clinic.clock.now())
    (patient,) = clinic.rows(sa.select(schema.conversations.c.patient_id).where(schema.conversations.c.appointment_id == "A3"))
    died = sa.update(schema.patients).where(schema.patients.c.id == patient.patient_id).values(deceased=True)
    clinic.change(died)
    clinic.settle()
    found = listed(clinic, fate="not sent")
    assert {(each.name, each.number, each.status, each.reason) for each in found.messages} == {
        ("Ann Tierney", "H1", "withheld", "no mobile number"),
        ("Ann Tierney", "H3", "unsent", "deceased"),
    }
    withheld = next(each for each in found.messages if each.status == "withheld")
    assert (withheld.prompt, withheld.words, withheld.segments) == ("reminder", "", 0)
    assert way(clinic, withheld) == [("withheld", "no mobile number")]
    clinic.change(sa.update(schema.patients).where(schema.patients.c.id == patient.patient_id).values(deceased=False))


def test_it_is_narrowed_by_clinic_day_patient_and_fate(clinic: Clinic) -> None:
    clinic.invite("A1")
    clinic.wait(days=1)
    clinic.invite("A2", number="H2", mobile=BEN, clinic="ENT", first_name="Ben")
    clinic.reply(BEN, "no thanks")
    assert {each.clinic for each in listed(clinic, clinic="ENT").messages} == {"ENT"}
    assert len(listed(clinic, until=MONDAY + timedelta(days=1)).messages) == 1
    assert {each.number for each in listed(clinic, since=MONDAY + timedelta(hours=14)).messages} == {"H2"}
    with clinic.house.database.reader() as connection:
        by_number = messages.patients_by(connection, clinic.house.vault, "H2", [])
        by_phone = messages.patients_by(connection, clinic.house.vault, "nothing", [BEN])
    assert by_number == by_phone != ()
    of_ben = listed(clinic, patients=by_number)
    assert said(of_ben)[:2] == ["reminder", "no thanks"]
    assert of_ben == Listing([each for each in listed(clinic).messages if each.number == "H2"], "")
    assert said(listed(clinic, patients=by_number, fate="replies")) == ["no thanks"]
    assert said(listed(clinic, fate="replies")) == ["no thanks"]
    assert {each.status for each in listed(clinic, fate="arrived").messages} == {"delivered"}
    assert listed(clinic, patients=()).messages == []


def test_whoever_sees_one_clinic_never_sees_anothers_by_whatever_way(clinic: Clinic) -> None:
    clinic.invite("A1")
    clinic.invite("A2", number="H2", mobile=None, clinic="ENT", first_name="Ben")
    clinic.invite("A3", number="H3", mobile=CARA, clinic="ENT", first_name="Cara")
    clinic.reply(CARA, "yes")
    with clinic.house.database.reader() as connection:
        cara = messages.patients_by(connection, clinic.house.vault, "H3", [])
    for fate in ("", *messages.FATES):
        assert {each.clinic for each in listed(clinic, EYE, fate=fate).messages} <= {"EYE"}
        assert listed(clinic, EYE, fate=fate, patients=cara).messages == []
        assert listed(clinic, EYE, fate=fate, clinic="ENT").messages == []
        assert listed(clinic, Scope(frozenset()), fate=fate).messages == []
    for each in listed(clinic, ENT).messages:
        with clinic.house.database.reader() as connection:
            assert journeys.journey(connection, clinic.house.vault, each.id, EYE) is None
            assert journeys.journey(connection, clinic.house.vault, each.id, ENT) is not None


def test_what_was_said_goes_with_the_appointment_to_another_clinic(clinic: Clinic) -> None:
    record = clinic.invite("A1")
    clinic.reply(ANN, "yes")
    before = said(listed(clinic, EYE))
    clinic.tell(clinic.appointment("A1", clinic="ENT", changed_at=clinic.clock.now()))
    assert record.clinic == "EYE"
    assert listed(clinic, EYE).messages == []
    assert said(listed(clinic, ENT))[: len(before)] == before
    assert said(listed(clinic, ENT, fate="replies")) == ["yes"]


@pytest.mark.parametrize("scope", [EVERYWHERE, BOTH, EYE])
@pytest.mark.parametrize("fate", ["", "not sent", "on the way"])
def test_pages_follow_on_each_other_and_miss_nothing(clinic: Clinic, scope: Scope, fate: str) -> None:
    for number in range(14):
        mobile = None if number % 2 else f"+3538711111{number:02}"
        where = "ENT" if number % 3 == 0 else "EYE"
        clinic.push(clinic.appointment(f"A{number}", number=f"H{number}", mobile=mobile, clinic=where))
        clinic.clock.move(timedelta(seconds=number % 3))
        clinic.settle()
    whole = listed(clinic, scope, fate=fate)
    assert whole.older == ""
    assert len(whole.messages) > 3
    paged: list[Message] = []
    before = ""
    while True:
        page = listed(clinic, scope, fate=fate, before=before, limit=3)
        paged += page.messages
        before = page.older
        if not before:
            break
    assert paged == whole.messages
    with clinic.house.database.reader() as connection:
        every = messages.every(connection, clinic.house.vault, scope, Wanted(fate=fate), most=100, at_once=4)
        assert list(every) == whole.messages
        most = messages.every(connection, clinic.house.vault, scope, Wanted(fate=fate), most=5, at_once=2)
        assert list(most) == whole.messages[:5]


def test_of_a_text_that_several_talks_share_each_part_is_listed_and_the_whole_is_not(clinic: Clinic) -> None:
    clinic.tell(clinic.appointment("A1", days=12), clinic.appointment("A2", number="H2", days=12.1, clinic="ENT"))
    clinic.wait(days=2)
    assert len(clinic.carrier.sent) == 1
    both = listed(clinic).messages
    assert {(each.clinic, each.shared, each.segments) for each in both} == {("EYE", True, 0), ("ENT", True, 0)}
    (mine,) = listed(clinic, EYE).messages
    assert way(clinic, mine) == [("queued", ""), ("joined", "2"), ("accepted", "")]
    assert mine.words
    assert clinic.carrier.sent[0].text != mine.words


def test_an_erased_patients_messages_are_counted_and_not_read(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "yes")
    clinic.change(sa.update(schema.patients).values(wrapped_key=None))
    found = listed(clinic).messages
    assert len(found) == 3
    assert {(each.words, each.name, each.number) for each in found} == {(None, None, None)}
    assert way(clinic, found[0]) == []


def test_what_was_said_before_this_version_is_listed_too(tmp_path: Path) -> None:
    held = store()
    url = held.server.make("before_messages") if isinstance(held, PostgresStore) else f"sqlite:///{tmp_path}/before.sqlite3"
    talk, key = f"{instant(MONDAY) // 1000:012x}{'b' * 20}", f"{instant(MONDAY) // 1000:012x}{'c' * 20}"
    rows = [
        "INSERT INTO patients (id, hospital_number_index, sealed, changed_at) VALUES ('p', 'i', 's', 0)",
        "INSERT INTO appointments (id, patient_id, version, start, status, clinic, changed_at) "
        "VALUES ('A1', 'p', 1, 0, 'booked', 'EYE', 0)",
        "INSERT INTO conversations (id, patient_id, appointment_id, ruleset, version, state, owner, closed, seq, head, sealed, "
        f"opened_at, changed_at) VALUES ('{talk}', 'p', 'A1', 'r', 'v', 'w', 'machine', false, 2, 'h', 's', 0, 0)",
        *(
            "INSERT INTO transcript (conversation_id, seq, at, kind, sealed, hash, batch) "
            f"VALUES ('{talk}', {seq}, {instant(MONDAY)}, '{kind}', 's', 'h', 1)"
            for seq, kind in ((1, "text.withheld"), (2, "reply.read"), (3, "state.entered"))
        ),
        "INSERT INTO texts (key, conversation_id, patient_id, gateway, lane, prompt, sealed, segments, about, safety, phase, "
        f"status, due, not_after, queued_at, status_at) VALUES ('{key}', '{talk}', 'p', 'g', 'bulk', 'x', 's', 1, 0, false, "
        "'done', 'unsent', 0, 0, 0, 0)",
    ]
    with open_database(url) as database:
        database.migrate("0005")
        with database.writing() as connection, connection.begin():
            for row in rows:
                connection.exec_driver_sql(row)
        database.migrate()
        with database.reader() as connection:
            assert connection.execute(sa.select(schema.texts.c.clinic)).scalars().all() == ["EYE"]
            for table, seq in ((schema.withheld, 1), (schema.replies, 2)):
                (row,) = connection.execute(sa.select(table)).all()
                assert (row.id, row.seq, row.clinic) == (line_id(instant(MONDAY), talk, seq), seq, "EYE")


NOBODY = "+353860000000"


def test_an_emergency_stays_one_when_it_is_found_whose_it_is(clinic: Clinic) -> None:
    clinic.invite("A1")
    clinic.reply(NOBODY, "I have chest pain")
    (text,) = listed(clinic, fate="unknown numbers").messages
    clinic.run(clinic.house.desk.attach(text.task, clinic.talk("A1").id, secretary("maura")))
    clinic.settle()
    task = schema.tasks.c
    (opened,) = clinic.rows(sa.select(task.kind, task.priority, task.conversation_id).where(task.status == "open"))
    assert tuple(opened) == ("urgent", 0, clinic.talk("A1").id)


def test_what_an_unknown_number_writes_is_listed_and_is_everybodys_until_it_is_found_whose(clinic: Clinic) -> None:
    clinic.invite("A1")
    clinic.invite("A2", number="H2", mobile=CARA, clinic="ENT", first_name="Cara")
    for words in ("Is this the eye clinic?", "STOP"):
        clinic.wait(minutes=1)
        clinic.reply(NOBODY, words)
    for scope in (EVERYWHERE, EYE, ENT):
        stop, asked = listed(clinic, scope, fate="unknown numbers").messages
        assert (asked.words, asked.phone, asked.unmatched, asked.clinic) == ("Is this the eye clinic?", NOBODY, True, "")
        assert (stop.words, stop.task, stop.outcome.partition(":")[0]) == ("STOP", "", "acted")
        assert {asked.id, stop.id} <= {each.id for each in listed(clinic, scope).messages}
        assert {asked.id, stop.id} <= {each.id for each in listed(clinic, scope, fate="replies").messages}
    assert way(clinic, asked) == [("read", asked.read_as), ("settled", "the number is not known")]
    index = clinic.house.vault.phone_index(NOBODY)
    assert [each.id for each in listed(clinic, EYE, patients=(), phone=index).messages] == [stop.id, asked.id]

    talk = clinic.talk("A2").id
    with pytest.raises(NotThere):  # of a clinic that she does not see
        clinic.run(clinic.house.desk.attach(asked.task, talk, secretary("maura", "EYE")))
    clinic.run(clinic.house.desk.attach(asked.task, talk, secretary("nora", "ENT")))
    clinic.settle()
    (found,) = [each for each in listed(clinic, ENT, fate="unknown numbers").messages if each.id == asked.id]
    assert (found.name, found.clinic, found.found_by, found.task) == ("Cara Tierney", "ENT", "nora", "")
    assert [each.id for each in listed(clinic, EYE, fate="unknown numbers").messages] == [stop.id]
    assert asked.id in [each.id for each in listed(clinic, ENT, patients=(found.patient,)).messages]
    task = schema.tasks.c
    (opened,) = clinic.rows(sa.select(task.kind, task.conversation_id, task.clinic).where(task.status == "open"))
    assert tuple(opened) == ("question", talk, "ENT")
    clinic.run(clinic.house.desk.act(talk, StaffAct.CALL_BACK, secretary("nora", "ENT"), clinic.talk("A2").seq))
    clinic.wait(minutes=1)
    assert clinic.tasks() == []
    with pytest.raises(NotThere):  # once
        clinic.run(clinic.house.desk.attach(asked.task, talk, secretary("nora", "ENT")))
    clinic.change(sa.update(schema.patients).values(wrapped_key=None))
    assert [each.words for each in listed(clinic, ENT, fate="unknown numbers").messages] == ["STOP", None]


@pytest.mark.sqlite
def test_lists_are_found_by_indexes(clinic: Clinic) -> None:
    """No list reads a whole table, whatever it is narrowed by."""
    clinic.invite()
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:  # noqa: ARG001
        asked.append((statement, parameters))

    with clinic.house.database.reader() as connection:
        sa.event.listen(connection, "before_cursor_execute", note)
        for scope in (EVERYWHERE, BOTH):
            for fate in ("", *messages.FATES):
                for wanted in (Wanted(fate=fate), Wanted("EYE", fate=fate), Wanted(fate=fate, since=MONDAY), Wanted(round="r")):
                    messages.listing(connection, clinic.house.vault, scope, wanted)
        sa.event.remove(connection, "before_cursor_execute", note)
        for statement, parameters in asked:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            # What is read in the order of its key, until there is enough, is not read whole.
            in_order = "LIMIT" in statement and not any("TEMP B-TREE" in step for step in plan)
            assert in_order or not any(step.startswith("SCAN") for step in plan), (statement, plan)
            assert not any("TEMP B-TREE" in step for step in plan if "round_id" not in statement), (statement, plan)

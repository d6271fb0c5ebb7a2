"""The desk: one patient has one answerer, nothing is done unseen, and what was done by mistake can be taken back."""

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
import sqlalchemy as sa

from conversations import queues, schema
from conversations.desk import Desk, NotThere, Stale, Taken, TooLate, UnderWay
from conversations.pending import UNDO_FOR
from conversations.people import Person, Scope
from conversations.places import proposal_place
from conversations.queues import Page, View
from conversations.talks import talk as read_talk
from engine.events import StaffAct
from tests.conversations.clinic import ANN, BEN, EVERYWHERE, Clinic, secretary

MAURA, NOEL = secretary("maura"), secretary("noel")
CARDIO = secretary("cathal", "CARDIO")


@pytest.fixture
def desk(clinic: Clinic) -> Desk:
    return clinic.house.desk


def page(clinic: Clinic, who: Person = MAURA, **view: object) -> Page:
    asked = View(who, **view)  # type: ignore[arg-type]
    with clinic.house.database.reader() as connection:
        return queues.page(connection, clinic.house.vault, asked, clinic.clock.now())


def cancelling(clinic: Clinic) -> tuple[str, str, int]:
    """A patient who wants to cancel: the task, the talk, and how far it has come."""
    clinic.invite()
    clinic.reply(ANN, "C")
    (task,) = page(clinic).tasks
    return task.key, task.talk, clinic.talk().seq


def acts(clinic: Clinic) -> list[tuple[str, str]]:
    return [(entry["actor"], entry["data"]["act"]) for entry in clinic.entries("staff.acted")]


# ---- who has it ------------------------------------------------------------------------------------------------------


def test_of_two_who_take_the_same_patient_one_does_and_the_other_hears_who(clinic: Clinic, desk: Desk) -> None:
    task, talk, seen = cancelling(clinic)
    clinic.run(desk.claim(task, MAURA))
    with pytest.raises(Taken) as taken:
        clinic.run(desk.claim(task, NOEL))
    assert taken.value.holder == "maura"
    with pytest.raises(Taken):
        clinic.run(desk.act(talk, StaffAct.CANCEL, NOEL, seen))
    clinic.wait(minutes=1)
    assert page(clinic, NOEL, whose="mine").tasks == []
    (held,) = page(clinic, MAURA, whose="mine").tasks
    assert held.owner == "maura"
    assert clinic.book.actions() == ["request_cancel"]
    assert acts(clinic) == [("staff:maura", "claim")]


def test_a_colleague_may_take_it_over_knowingly(clinic: Clinic, desk: Desk) -> None:
    task, _, _ = cancelling(clinic)
    clinic.run(desk.claim(task, MAURA))
    clinic.run(desk.claim(task, NOEL, take_from="maura"))
    assert [each.owner for each in page(clinic).tasks] == ["noel"]
    with pytest.raises(Taken) as taken:  # it is not maura's any more
        clinic.run(desk.claim(task, secretary("orla"), take_from="maura"))
    assert taken.value.holder == "noel"


def test_acting_takes_it(clinic: Clinic, desk: Desk) -> None:
    _, talk, seen = cancelling(clinic)
    clinic.run(desk.act(talk, StaffAct.CANCEL, MAURA, seen))
    (owner,) = clinic.rows(sa.select(schema.tasks.c.owner))
    assert owner.owner == "maura"


def test_assigned_released_and_claimed_once(clinic: Clinic, desk: Desk) -> None:
    task, _, _ = cancelling(clinic)
    clinic.run(desk.assign(task, MAURA, "noel"))
    clinic.settle()
    assert [each.owner for each in page(clinic).tasks] == ["noel"]
    with pytest.raises(Taken):
        clinic.run(desk.release(task, MAURA))
    clinic.run(desk.release(task, NOEL))
    clinic.run(desk.release(task, NOEL))  # nothing changes, so nothing is on record
    clinic.settle()
    assert [each.owner for each in page(clinic).tasks] == [""]
    assert acts(clinic) == [("staff:maura", "assign"), ("staff:noel", "release")]
    (first, _) = clinic.entries("staff.acted")
    assert first["data"]["to"] == "noel"


def test_all_of_a_patient_is_one_persons(clinic: Clinic, desk: Desk) -> None:
    clinic.invite("A1", days=9)
    clinic.invite("A2", days=8)
    clinic.reply(ANN, "where is the car park")
    waiting = page(clinic).tasks
    assert waiting
    clinic.run(desk.claim(waiting[0].key, MAURA))
    assert {task.owner for task in page(clinic).tasks} == {"maura"}


def test_what_is_not_of_their_clinics_is_not_there(clinic: Clinic, desk: Desk) -> None:
    task, talk, seen = cancelling(clinic)
    for refused in (
        desk.claim(task, CARDIO),
        desk.snooze(task, CARDIO, clinic.clock.now()),
        desk.act(talk, StaffAct.CANCEL, CARDIO, seen),
        desk.propose(talk, seen, "keep", CARDIO),
        desk.undo(f"{talk}/{seen}/cancel/x", CARDIO),
        desk.claim("no such task", MAURA),
        desk.act("no such talk", StaffAct.NOTE, MAURA, 1),
    ):
        with pytest.raises(NotThere):
            clinic.run(refused)
    clinic.settle()
    assert acts(clinic) == []


def test_a_claim_leaves_alone_what_the_claimer_cannot_see(clinic: Clinic, desk: Desk) -> None:
    clinic.invite("A1", days=9)
    clinic.invite("A2", days=8, clinic="CARDIO")
    clinic.reply(ANN, "cancel both")
    eye = secretary("maura", "EYE")
    (task,) = page(clinic, eye).tasks
    clinic.run(desk.claim(task.key, eye))
    (others,) = page(clinic, CARDIO, whose="unassigned").tasks
    with pytest.raises(Taken):  # and yet the two do not answer the same patient unawares
        clinic.run(desk.claim(others.key, CARDIO))
    clinic.run(desk.claim(others.key, CARDIO, take_from="maura"))


# ---- acts and undoing them -------------------------------------------------------------------------------------------


def test_an_act_waits_a_moment_and_then_tells_everyone(clinic: Clinic, desk: Desk) -> None:
    _, talk, seen = cancelling(clinic)
    done = clinic.run(desk.act(talk, StaffAct.CANCEL, MAURA, seen))
    assert done.undo_until is not None
    clinic.settle()
    assert clinic.state() == "cancelling"
    assert page(clinic).tasks == []  # it is settled as far as the queue goes
    clinic.wait(seconds=UNDO_FOR.total_seconds() + 1)
    assert clinic.state() == "cancelled"
    assert clinic.book.actions() == ["request_cancel", "cancel"]
    assert clinic.prompts()[-1] == "cancelled"
    assert clinic.tasks() == []
    assert acts(clinic) == [("staff:maura", "cancel")]


def test_taken_back_in_time_nothing_has_happened_and_that_is_on_record(clinic: Clinic, desk: Desk) -> None:
    task, talk, seen = cancelling(clinic)
    done = clinic.run(desk.act(talk, StaffAct.CANCEL, MAURA, seen))
    clinic.wait(seconds=3)
    clinic.run(desk.undo(done.key, MAURA))
    clinic.wait(minutes=5)
    assert clinic.state() == "cancelling"
    assert clinic.book.actions() == ["request_cancel"]
    assert [each.key for each in page(clinic).tasks] == [task]
    assert acts(clinic) == [("staff:maura", "undo")]
    with pytest.raises(TooLate):
        clinic.run(desk.undo(done.key, MAURA))


def test_too_late_is_too_late(clinic: Clinic, desk: Desk) -> None:
    _, talk, seen = cancelling(clinic)
    done = clinic.run(desk.act(talk, StaffAct.CANCEL, MAURA, seen))
    clinic.clock.move(UNDO_FOR - timedelta(milliseconds=500))  # the worker may be reading it
    with pytest.raises(TooLate):
        clinic.run(desk.undo(done.key, MAURA))
    clinic.wait(seconds=2)
    assert clinic.state() == "cancelled"


def test_pressed_twice_it_is_done_once(clinic: Clinic, desk: Desk) -> None:
    _, talk, seen = cancelling(clinic)
    first = clinic.run(desk.act(talk, StaffAct.CANCEL, MAURA, seen))
    again = clinic.run(desk.act(talk, StaffAct.CANCEL, MAURA, seen))
    assert (first.key, first.again, again.again) == (again.key, False, True)
    clinic.wait(minutes=1)
    assert acts(clinic) == [("staff:maura", "cancel")]


def test_a_second_act_waits_for_the_first(clinic: Clinic, desk: Desk) -> None:
    _, talk, seen = cancelling(clinic)
    clinic.run(desk.act(talk, StaffAct.CANCEL, MAURA, seen))
    with pytest.raises(UnderWay):
        clinic.run(desk.act(talk, StaffAct.KEEP, MAURA, seen))
    clinic.run(desk.act(talk, StaffAct.NOTE, MAURA, seen, text="Rang twice."))  # among colleagues at any time
    clinic.wait(minutes=1)
    assert acts(clinic) == [("staff:maura", "note"), ("staff:maura", "cancel")]


def test_what_was_decided_before_the_patients_last_words_is_not_done(clinic: Clinic, desk: Desk) -> None:
    _, talk, seen = cancelling(clinic)
    clinic.reply(ANN, "KEEP")
    with pytest.raises(Stale):
        clinic.run(desk.act(talk, StaffAct.CANCEL, MAURA, seen))
    clinic.wait(minutes=1)
    assert clinic.state() == "kept"
    clinic.run(desk.act(talk, StaffAct.NOTE, MAURA, seen, text="seen"))


def test_what_crosses_with_the_patients_words_is_not_done(clinic: Clinic, desk: Desk) -> None:
    _, talk, seen = cancelling(clinic)
    clinic.run(desk.act(talk, StaffAct.CANCEL, MAURA, seen))
    clinic.wait(seconds=3)
    clinic.hear(ANN, "KEEP")
    clinic.wait(minutes=1)
    assert clinic.state() == "kept"
    assert clinic.prompts()[-1] == "kept"
    assert clinic.book.actions() == ["request_cancel", "withdraw_request"]
    (task,) = page(clinic).tasks
    assert "the patient wrote a moment before it took effect" in task.why


def test_what_was_written_and_crossed_is_given_back(clinic: Clinic, desk: Desk) -> None:
    clinic.invite()
    clinic.reply(ANN, "is there parking")
    (task,) = page(clinic).tasks
    clinic.run(desk.act(task.talk, StaffAct.ANSWER, MAURA, clinic.talk().seq, text="Behind the chapel."))
    clinic.wait(seconds=3)
    clinic.hear(ANN, "and can my daughter come in with me")
    clinic.wait(minutes=1)
    assert all("chapel" not in sent.text for sent in clinic.carrier.sent)
    (task,) = page(clinic).tasks
    assert task.words == "Behind the chapel."


def test_what_crosses_with_a_move_is_not_done_for_another_time(clinic: Clinic, desk: Desk) -> None:
    record = clinic.invite()
    clinic.reply(ANN, "is there parking")
    (task,) = page(clinic).tasks
    clinic.run(desk.act(task.talk, StaffAct.CONFIRM, MAURA, clinic.talk().seq))
    clinic.tell(replace(record, start=record.start + timedelta(days=1)))
    clinic.wait(minutes=1)
    assert clinic.book.actions() == []
    with pytest.raises(Stale):
        clinic.run(desk.act(task.talk, StaffAct.CONFIRM, MAURA, 5))


@pytest.mark.parametrize("act", [StaffAct.WRONG_NUMBER, StaffAct.DECEASED, StaffAct.STOP])
def test_what_stops_texts_stops_them_at_once(clinic: Clinic, desk: Desk, act: StaffAct) -> None:
    _, talk, seen = cancelling(clinic)
    done = clinic.run(desk.act(talk, act, MAURA, seen, tell=False))
    clinic.settle()
    assert done.undo_until is None
    assert clinic.talk().blocked
    assert clinic.tasks() == []


def test_a_task_that_its_act_did_not_settle_comes_back(clinic: Clinic, desk: Desk) -> None:
    task, talk, seen = cancelling(clinic)
    clinic.run(desk.act(talk, StaffAct.ANSWER, MAURA, seen, text="Are you sure, Ann?"))
    clinic.wait(seconds=30)
    assert page(clinic).tasks == []
    clinic.wait(minutes=2)
    assert [each.key for each in page(clinic).tasks] == [task]


# ---- snoozing --------------------------------------------------------------------------------------------------------


def test_snoozed_it_is_away_until_then_or_until_there_is_news(clinic: Clinic, desk: Desk) -> None:
    clinic.invite()
    clinic.reply(ANN, "is there parking")
    (task,) = page(clinic).tasks
    until = clinic.clock.now() + timedelta(hours=3)
    clinic.run(desk.snooze(task.key, MAURA, until))
    clinic.settle()
    assert page(clinic).tasks == []
    (away,) = page(clinic, snoozed=True).tasks
    assert away.shown_from == until
    clinic.reply(ANN, "and a bus stop?")
    assert [each.key for each in page(clinic).tasks] == [task.key]
    clinic.run(desk.snooze(task.key, MAURA, clinic.clock.now() + timedelta(hours=1)))
    clinic.wait(hours=1, seconds=1)
    assert [each.key for each in page(clinic).tasks] == [task.key]
    assert acts(clinic) == [("staff:maura", "snooze")] * 2


# ---- what is about no conversation -----------------------------------------------------------------------------------


def test_a_text_from_nobody_known_can_be_settled(clinic: Clinic, desk: Desk) -> None:
    clinic.hear("+353860000000", "can I move it")
    clinic.settle()
    (task,) = page(clinic).tasks
    assert task.talk == ""
    clinic.run(desk.claim(task.key, MAURA))
    with pytest.raises(Taken):
        clinic.run(desk.settle_loose(task.key, NOEL, "called"))
    clinic.run(desk.settle_loose(task.key, MAURA, "called", "It was Mrs Byrne of the EYE clinic."))
    assert page(clinic).tasks == []
    (row,) = clinic.rows(sa.select(schema.tasks))
    assert (row.status, row.outcome) == ("closed", "called")
    steps = orjson.loads(clinic.house.vault.open_own(f"tasks|{row.key}", row.sealed))
    assert (steps[-1]["why"], steps[-1]["words"]) == ("maura: called", "It was Mrs Byrne of the EYE clinic.")


def test_what_is_about_a_conversation_is_settled_there(clinic: Clinic, desk: Desk) -> None:
    task, _, _ = cancelling(clinic)
    with pytest.raises(NotThere):
        clinic.run(desk.settle_loose(task, MAURA, "called"))


# ---- teaching --------------------------------------------------------------------------------------------------------


def test_what_was_meant_is_filed_sealed_and_once(clinic: Clinic, desk: Desk) -> None:
    clinic.invite()
    clinic.reply(ANN, "wibble the frog")
    talk = clinic.talk().id
    seq = next(number for number, each in enumerate(clinic.entries(), 1) if each["kind"] == "reply.read")
    assert clinic.run(desk.propose(talk, seq, "confirm", MAURA))
    assert not clinic.run(desk.propose(talk, seq, "confirm", NOEL))
    clinic.settle()
    (row,) = clinic.rows(sa.select(schema.proposals))
    assert (row.wanted, row.read_as, row.proposed_by, row.status) == ("confirm", "unknown", "maura", "open")
    (key,) = clinic.rows(sa.select(schema.patients.c.wrapped_key))
    said = orjson.loads(clinic.house.vault.open(key.wrapped_key, proposal_place(row.key), row.sealed))
    assert said["text"] == "wibble the frog"
    assert acts(clinic) == [("staff:maura", "meant")]
    with pytest.raises(NotThere):
        clinic.run(desk.propose(talk, 1, "confirm", MAURA))


# ---- one talk, as its page shows it ----------------------------------------------------------------------------------


def test_a_talk_shows_what_is_on_its_way_and_what_else_the_patient_has(clinic: Clinic, desk: Desk) -> None:
    clinic.invite("A2", days=30, clinic="CARDIO", type="other")
    task, talk, seen = "", "", 0
    clinic.invite("A1", days=9)
    clinic.reply(ANN, "C")
    talk, seen = clinic.talk("A1").id, clinic.talk("A1").seq
    clinic.run(desk.act(talk, StaffAct.CANCEL, MAURA, seen))
    with clinic.house.database.reader() as connection:
        vault, now = clinic.house.vault, clinic.clock.now()
        seen_by_all = read_talk(connection, vault, talk, EVERYWHERE, now)
        seen_by_one = read_talk(connection, vault, talk, Scope(frozenset({"EYE"})), now)
        not_seen = read_talk(connection, vault, talk, CARDIO.scope, now)
        latest = read_talk(connection, vault, talk, EVERYWHERE, now, limit=3)
    assert not_seen is None
    assert seen_by_all is not None
    assert seen_by_one is not None
    assert latest is not None
    assert [each.act for each in seen_by_all.pending] == [StaffAct.CANCEL]
    assert [each.clinic_name for each in seen_by_all.others] == ["CARDIO"]
    assert seen_by_one.others == []
    assert [each.seq for each in latest.entries] == [seen - 2, seen - 1, seen]
    assert latest.earlier
    assert seen_by_all.record["mobile"] == ANN
    assert task == ""
    assert BEN != ANN

"""When patients would come: from their replies to the task in front of staff and to the iPMS, words and structure together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from conversations import schema
from conversations.places import task_place
from conversations.ports import WriteResult, WriteStatus
from engine.events import StaffAct
from tests.conversations.clinic import ANN, Clinic, replace


def steps(clinic: Clinic, kind: str = "reschedule") -> list[dict[str, Any]]:
    """What happened on the latest task of this kind, opened with the vault."""
    query = (
        sa.select(schema.tasks.c.key, schema.tasks.c.sealed, schema.patients.c.wrapped_key)
        .join(schema.patients, schema.patients.c.id == schema.tasks.c.patient_id)
        .where(schema.tasks.c.kind == kind)
        .order_by(schema.tasks.c.opened_at)
    )
    row = clinic.rows(query)[-1]
    assert b"Friday" not in row.sealed
    found: list[dict[str, Any]] = orjson.loads(clinic.house.vault.open(row.wrapped_key, task_place(row.key), row.sealed))
    return found


def test_the_task_holds_the_structure_and_the_words(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "R")
    clinic.reply(ANN, "Not Fridays, any morning after 10")
    (step,) = steps(clinic)
    assert step["words"] == "Not Fridays, any morning after 10"
    assert step["preferences"] == {
        "summary": "Mornings, after 10:00; not Fridays",
        "requestedPeriod": [],
        "wanted": [{"partOfDay": ["morning"], "availableStartTime": "10:00:00", "availableEndTime": "12:00:00"}],
        "unwanted": [{"daysOfWeek": ["fri"]}],
        "flags": [],
        "words": ["Not Fridays, any morning after 10"],
    }
    (write,) = clinic.book.asked
    assert (write.action, write.note, write.preferences) == ("request_reschedule", step["words"], step["preferences"])


def test_who_names_a_day_at_once_is_not_asked_for_it(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "I can't do Thursday, Friday instead")
    assert clinic.prompts()[-1] == "moving"
    assert clinic.book.asked[0].action == "request_reschedule"
    assert steps(clinic)[0]["preferences"]["summary"] == "Fridays; not Thursdays"


def test_who_says_only_what_does_not_suit_is_asked(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "can't do Thursdays")
    assert clinic.prompts()[-1] == "which_days"
    clinic.reply(ANN, "after 2")
    assert steps(clinic)[0]["preferences"]["summary"] == "After 14:00; not Thursdays"


def test_what_was_said_with_the_request_itself_is_kept(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "I can't do Thursday, Friday instead")
    clinic.reply(ANN, "after 2")
    step = steps(clinic)[-1]
    assert step["preferences"]["summary"] == "Fridays, after 14:00; not Thursdays"
    assert step["preferences"]["words"] == ["I can't do Thursday, Friday instead", "after 2"]
    assert clinic.book.asked[-1].note == "I can't do Thursday, Friday instead / after 2"


def test_each_further_reply_adds_to_the_task_and_is_written_too(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "R")
    clinic.reply(ANN, "any Tuesday")
    sent = len(clinic.carrier.sent)
    clinic.reply(ANN, "or week of the 23rd")
    clinic.reply(ANN, "actually not Tuesdays, can we change it to Mondays")
    assert [step["preferences"]["summary"] for step in steps(clinic)] == [
        "Tuesdays",
        "Tuesdays; or from 23 to 29 March",
        "From 23 to 29 March; or Mondays; not Tuesdays",
    ]
    assert [step["words"] for step in steps(clinic)][1:] == [
        "or week of the 23rd",
        "actually not Tuesdays, can we change it to Mondays",
    ]
    assert clinic.tasks() == ["reschedule"]
    assert clinic.book.actions() == ["request_reschedule"] * 3
    assert clinic.book.asked[-1].preferences == steps(clinic)[-1]["preferences"]
    assert len(clinic.carrier.sent) == sent, "staff answer from here"


def test_a_reply_that_says_nothing_of_times_is_kept_in_its_own_words(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "R")
    clinic.reply(ANN, "when my daughter can drive me")
    (step,) = steps(clinic)
    assert step["words"] == "when my daughter can drive me"
    assert "preferences" not in step
    assert clinic.book.asked[0].preferences is None


def test_what_was_wanted_is_over_once_it_is_settled(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "R")
    clinic.reply(ANN, "any Tuesday")
    clinic.reply(ANN, "KEEP")
    assert not clinic.talk().preferences
    clinic.reply(ANN, "R")
    clinic.reply(ANN, "mornings")
    assert [step["preferences"]["summary"] for step in steps(clinic)] == ["Mornings"]


def test_what_was_wanted_instead_of_the_old_time_is_not_said_of_a_new_one(clinic: Clinic) -> None:
    record = clinic.invite()
    clinic.reply(ANN, "R")
    clinic.reply(ANN, "any Tuesday")
    new = record.start + timedelta(days=6)
    clinic.act(StaffAct.RESCHEDULED, start=new)
    clinic.tell(replace(record, start=new))
    assert not clinic.talk().preferences
    assert clinic.book.asked[-1].preferences is None


def test_a_reply_to_staff_adds_to_the_task_as_well(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "R")
    clinic.reply(ANN, "any Tuesday")
    clinic.act(StaffAct.TAKE)
    clinic.reply(ANN, "not before the 25th")
    assert steps(clinic)[-1]["preferences"]["summary"] == "Tuesdays, not before 25 March"


def test_a_write_that_the_ipms_refuses_keeps_what_staff_have(clinic: Clinic) -> None:
    clinic.book.answer = lambda _: WriteResult(WriteStatus.REFUSED, "closed", "No.")
    clinic.invite()
    clinic.reply(ANN, "R")
    clinic.reply(ANN, "any Tuesday")
    assert steps(clinic)[0]["preferences"]["summary"] == "Tuesdays"

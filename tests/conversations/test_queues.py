"""The work queues: what waits for whom, in which order, and what it costs to look."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from conversations import queues, schema
from conversations.people import Person
from conversations.queues import BadPlace, Count, View
from engine.events import StaffAct
from tests.conversations.clinic import ANN, BEN, CARA, Clinic, secretary

MAURA = secretary("maura")


def page(clinic: Clinic, /, after: str = "", limit: int = 25, who: Person = MAURA, **view: object) -> queues.Page:
    asked = View(who, **view)  # type: ignore[arg-type]
    with clinic.house.database.reader() as connection:
        return queues.page(connection, clinic.house.vault, asked, clinic.clock.now(), after=after, limit=limit)


def kinds(clinic: Clinic, /, **view: object) -> list[str]:
    return [task.kind for task in page(clinic, **view).tasks]  # type: ignore[arg-type]


def counts(clinic: Clinic, /, who: Person = MAURA, **view: object) -> dict[str, Count]:
    with clinic.house.database.reader() as connection:
        found = queues.overview(connection, View(who, **view), clinic.clock.now()).counts  # type: ignore[arg-type]
    return {queue: count for queue, count in found.items() if count != Count()}


def three(clinic: Clinic) -> None:
    """A cancellation in nine days, a wish for another time in five, an emergency in eight."""
    clinic.invite("A1", number="H1", mobile=ANN, days=9)
    clinic.invite("A2", number="H2", mobile=BEN, days=5, first_name="Ben", clinic="CARDIO")
    clinic.invite("A3", number="H3", mobile=CARA, days=8, first_name="Cara")
    clinic.reply(ANN, "C")
    clinic.reply(BEN, "R")
    clinic.reply(BEN, "any Tuesday after 2")
    clinic.reply(CARA, "chest pain")


def test_the_urgent_come_first_and_each_says_who_why_and_when(clinic: Clinic) -> None:
    three(clinic)
    first, *others = page(clinic).tasks
    assert [first.kind, *(task.kind for task in others)] == ["urgent", "cancellation_review", "reschedule"]
    assert (first.name, first.words, first.priority) == ("Cara Tierney", "chest pain", "urgent")
    assert "emergency" in first.why
    assert first.start is not None
    wish = others[1]
    assert wish.wanted == "Tuesdays, after 14:00"
    assert (wish.clinic, wish.suggest) == ("CARDIO", "rescheduled")


def test_among_equals_the_next_appointment_comes_first_and_those_that_are_over_last(clinic: Clinic) -> None:
    for number, days in ((1, 9), (2, 3), (3, 6)):
        clinic.invite(f"A{number}", number=f"H{number}", mobile=f"+35387111000{number}", days=days, first_name=f"P{number}")
        clinic.reply(f"+35387111000{number}", "is there parking")
    assert [task.name for task in page(clinic).tasks] == ["P2 Tierney", "P3 Tierney", "P1 Tierney"]
    clinic.wait(days=4)
    named = [task.name for task in page(clinic, queue="question").tasks]
    assert named == ["P3 Tierney", "P1 Tierney", "P2 Tierney"]


def test_a_task_follows_its_appointment_to_another_day_and_clinic(clinic: Clinic) -> None:
    record = clinic.invite("A1", days=9)
    clinic.reply(ANN, "is there parking")
    (before,) = page(clinic).tasks
    clinic.tell(clinic.appointment("A1", days=5, clinic="CARDIO"))
    (after,) = page(clinic).tasks
    assert before.start is not None
    assert after.start is not None
    assert record.start == before.start
    assert before.start - after.start == timedelta(days=4)
    assert after.clinic == "CARDIO"


def test_pages_follow_each_other_without_a_gap_or_a_double(clinic: Clinic) -> None:
    for number in range(7):
        clinic.invite(f"A{number}", number=f"H{number}", mobile=f"+35387111000{number}", days=3 + number % 3)
        clinic.reply(f"+35387111000{number}", "chest pain" if number == 4 else "is there parking")
    clinic.hear("+353860000000", "who is this")  # a number nobody knows: it is about no appointment
    clinic.settle()
    whole = [task.key for task in page(clinic).tasks]
    assert len(whole) == 8
    pages, after = [], ""
    while True:
        found = page(clinic, after=after, limit=3)
        pages.append([task.key for task in found.tasks])
        after = found.next
        if not after:
            break
    assert [len(each) for each in pages] == [3, 3, 2]
    assert [key for each in pages for key in each] == whole
    with pytest.raises(BadPlace):
        page(clinic, after="1.2.3")


def test_nobody_sees_the_patients_of_another_clinic_and_everybody_what_is_of_none(clinic: Clinic) -> None:
    three(clinic)
    clinic.hear("+353860000000", "who is this")
    clinic.settle()
    cardio = secretary("noel", "CARDIO")
    assert kinds(clinic, who=cardio) == ["reschedule", "question"]
    assert kinds(clinic, who=cardio, clinic="EYE") == []
    assert counts(clinic, who=cardio) == {
        "reschedule": Count(all=1, unassigned=1),
        "question": Count(all=1, unassigned=1),
    }
    assert counts(clinic, who=cardio, clinic="EYE") == {}


def test_queues_are_filtered_and_counted_alike(clinic: Clinic) -> None:
    three(clinic)
    for queue, count in counts(clinic).items():
        assert len(page(clinic, queue=queue).tasks) == count.all == 1
    assert kinds(clinic, queue="urgent") == ["urgent"]
    assert kinds(clinic, clinic="CARDIO") == ["reschedule"]
    assert kinds(clinic, overdue=True) == []
    clinic.wait(hours=1)
    assert kinds(clinic, overdue=True) == ["urgent"]  # it was due in a quarter of an hour
    assert counts(clinic)["urgent"].overdue == 1
    assert kinds(clinic, queue="no such queue") == []


def test_a_kind_that_only_a_ruleset_knows_is_in_a_queue_too(clinic: Clinic) -> None:
    three(clinic)
    task = schema.tasks.c
    clinic.change(sa.update(schema.tasks).where(task.kind == "urgent").values(kind="interpreter"))
    assert kinds(clinic, queue="other") == ["interpreter"]
    assert counts(clinic)["other"].all == 1


def test_a_task_that_gets_more_pressing_is_due_sooner_and_never_later(clinic: Clinic) -> None:
    clinic.invite(mobile=None)
    (waits,) = page(clinic).tasks  # a working day for what could not be sent
    clinic.act(StaffAct.ANSWER, text="Please ring us.")
    (presses,) = page(clinic).tasks  # four hours for what staff wrote and could not be sent
    assert presses.key == waits.key
    assert (waits.priority, presses.priority) == ("normal", "high")
    assert presses.due == clinic.clock.now() + timedelta(hours=4) < waits.due
    clinic.wait(hours=1)
    clinic.act(StaffAct.ANSWER, text="Please do ring us.")
    assert page(clinic).tasks[0].due == presses.due


@pytest.mark.sqlite
def test_looking_reads_the_index_alone_and_sorts_nothing(clinic: Clinic) -> None:
    three(clinic)
    statements: list[tuple[str, Any]] = []
    engine = clinic.house.database._read

    def note(*told: Any) -> None:
        statements.append((told[2], told[3]))

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        page(clinic)
        counts(clinic)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    plans = []
    with clinic.house.database.reader() as connection:
        for statement, parameters in statements:
            if "FROM tasks" in statement and "JOIN" not in statement:
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans.append(" / ".join(row.detail for row in rows))
    assert len(plans) == 9  # upcoming and over of each priority, and the counts
    *queued, counted = plans
    assert all("COVERING INDEX tasks_queued" in plan for plan in queued)
    assert "COVERING INDEX tasks_counted" in counted
    assert not any("TEMP B-TREE" in plan for plan in plans)

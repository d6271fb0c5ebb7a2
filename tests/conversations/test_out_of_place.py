"""Replies that come from where or when none was expected: an unknown number, a former one, after the visit has begun, after the
talk is over, after a move. Each has an answer that helps, and none is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from conversations import schema
from conversations.schema import moment
from engine.ruleset import PRIORITIES
from tests.conversations.clinic import ANN, BEN, CARA, Clinic, replace


def task(clinic: Clinic) -> tuple[str, str, timedelta]:
    """The one open task: its kind, its priority, how soon it is due."""
    (row,) = clinic.rows(sa.select(schema.tasks).where(schema.tasks.c.status == "open"))
    return row.kind, PRIORITIES[row.priority], moment(row.due) - moment(row.opened_at)


class TestFromANumberWeDoNotKnow:
    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ("I have chest pain", ("urgent", "urgent", timedelta(minutes=15))),
            ("he passed away last week", ("bereavement", "urgent", timedelta(hours=1))),
            ("please cancel my appointment", ("question", "high", timedelta(hours=4))),
            ("can I change it to another day", ("question", "high", timedelta(hours=4))),
            ("running late", ("running_late", "high", timedelta(minutes=15))),
            ("Y", ("question", "normal", timedelta(hours=4))),
            ("blue horse", ("question", "normal", timedelta(hours=4))),
        ],
    )
    def test_staff_get_it_as_soon_as_it_deserves(
        self, clinic: Clinic, words: str, expected: tuple[str, str, timedelta]
    ) -> None:
        clinic.invite()
        clinic.reply(CARA, words)
        assert task(clinic) == expected
        assert clinic.prompts(CARA) == []
        assert clinic.book.actions() == []

    def test_a_wrong_number_from_one_troubles_nobody(self, clinic: Clinic) -> None:
        clinic.reply(CARA, "sorry wrong number")
        assert clinic.tasks() == []
        assert clinic.outcomes() == ["noted: a wrong number, and the number is not known"]

    def test_a_stop_from_one_holds_when_the_number_becomes_a_patients(self, clinic: Clinic) -> None:
        clinic.reply(CARA, "STOP")
        clinic.invite(mobile=CARA)
        assert clinic.prompts(CARA) == []
        assert clinic.tasks() == []


class TestFromAFormerNumber:
    @pytest.fixture
    def moved(self, clinic: Clinic) -> Clinic:
        record = clinic.invite()
        clinic.tell(replace(record, patient=replace(record.patient, mobile=BEN)))
        return clinic

    @pytest.mark.parametrize("words", ["Y", "C", "where is it", "wrong number"])
    def test_nothing_is_done_nothing_is_said_and_staff_see_it(self, moved: Clinic, words: str) -> None:
        before = moved.prompts(ANN)
        moved.reply(ANN, words)
        assert moved.book.actions() == []
        assert moved.tasks() == ["former_number"]
        assert moved.prompts(ANN) == before

    def test_a_stop_is_heeded_for_that_number_alone(self, moved: Clinic) -> None:
        moved.reply(ANN, "STOP")
        assert moved.tasks() == []
        moved.invite("A2", number="H2", mobile=ANN)
        assert moved.prompts(ANN) == ["reminder"]
        moved.reply(BEN, "Y")
        assert moved.book.actions() == ["confirm"]

    def test_an_emergency_is_one_whoever_tells_of_it(self, moved: Clinic) -> None:
        moved.reply(ANN, "I have chest pain")
        assert moved.tasks() == ["urgent"]
        assert moved.talk().staff_own


class TestOnceTheVisitHasBegun:
    @pytest.fixture
    def begun(self, clinic: Clinic) -> Clinic:
        clinic.invite()
        clinic.wait(days=10, minutes=10)
        return clinic

    @pytest.mark.parametrize("words", ["Y", "C", "R"])
    def test_nothing_is_recorded_and_staff_hear_at_once(self, begun: Clinic, words: str) -> None:
        begun.reply(ANN, words)
        assert "question" in begun.tasks()
        assert begun.prompts()[-1] == "too_late"
        assert begun.book.actions() == []

    def test_who_is_late_is_late(self, begun: Clinic) -> None:
        begun.reply(ANN, "running late")
        assert begun.prompts()[-1] == "late_noted"
        assert "running_late" in begun.tasks()


class TestAfterTheTalkIsOver:
    @pytest.fixture
    def over(self, clinic: Clinic) -> Clinic:
        clinic.invite()
        clinic.reply(ANN, "Y")
        clinic.wait(days=11)
        assert clinic.talk().closed
        return clinic

    def test_thanks_troubles_nobody(self, over: Clinic) -> None:
        over.reply(ANN, "thank you")
        assert over.tasks() == []
        assert over.prompts()[-1] == "eve"

    @pytest.mark.parametrize("words", ["C", "can i get a new one", "blue horse"])
    def test_anything_else_is_read_by_a_person_and_the_patient_told_so(self, over: Clinic, words: str) -> None:
        over.reply(ANN, words)
        assert over.tasks() == ["question"]
        assert over.prompts()[-1] == "too_late"
        assert over.book.actions() == ["confirm"]

    def test_an_emergency_is_urgent_still(self, over: Clinic) -> None:
        over.reply(ANN, "I have chest pain")
        assert over.tasks() == ["urgent"]
        assert over.prompts()[-1] == "urgent"

    def test_what_comes_is_for_the_appointment_that_is_still_to_come(self, over: Clinic) -> None:
        over.invite("A2", days=19)
        over.reply(ANN, "Y")
        assert over.book.actions("A2") == ["confirm"]


def test_a_reply_after_a_move_is_asked_about_for_the_new_time(clinic: Clinic) -> None:
    record = clinic.invite()
    clinic.deliver()
    clinic.tell(replace(record, start=record.start + timedelta(days=2)))
    clinic.clock.move(timedelta(seconds=20))
    clinic.hear(ANN, "Y")
    clinic.settle()
    assert clinic.book.actions() == []
    clinic.wait(minutes=2)
    clinic.reply(ANN, "Y")
    assert clinic.book.actions() == ["confirm"]

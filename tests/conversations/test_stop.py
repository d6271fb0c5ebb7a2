"""STOP as far as the patient says, START for all of it: what leaves the house, and what does not."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from conversations import schema
from conversations.ports import OutboundText, SendResult, SendStatus
from engine.events import TextStatus
from tests.conversations.clinic import ANN, BEN, CARA, Clinic, open_clinic


def told(clinic: Clinic, phone: str = ANN) -> list[str]:
    """The prompts sent since this was last asked."""
    new = clinic.prompts(phone)
    clinic.carrier.sent.clear()
    return new


def key(clinic: Clinic, appointment: str) -> str:
    talk = clinic.talk(appointment).id
    return [row.key for row in clinic.texts() if row.conversation_id == talk][-1]


def blocks(clinic: Clinic) -> list[tuple[str, str, bool]]:
    """Scope, clinic and whether it stands, of each block."""
    table = schema.blocks
    return [(row.scope, row.clinic, row.lifted_at is None) for row in clinic.rows(sa.select(table).order_by(table.c.id))]


class TestOneClinic:
    def test_the_texts_of_another_clinic_still_leave(self, clinic: Clinic) -> None:
        clinic.invite("A1", clinic="EYE")
        clinic.reply(ANN, "stop texts from this clinic")
        assert told(clinic) == ["reminder", "opted_out_clinic"]
        assert blocks(clinic) == [("clinic", "EYE", True)]
        clinic.invite("A2", days=9, clinic="DENTAL")
        assert told(clinic) == ["reminder"]
        clinic.reply(ANN, "Y")
        assert told(clinic) == ["confirmed"]
        assert clinic.book.actions("A2") == ["confirm"]

    def test_a_new_appointment_there_is_on_record_as_not_sent_and_why(self, clinic: Clinic) -> None:
        clinic.invite("A1", clinic="EYE")
        clinic.reply(ANN, "stop texts from this clinic")
        told(clinic)
        clinic.invite("A2", days=9, clinic="EYE")
        assert told(clinic) == []
        assert clinic.texts("reminder")[-1].reason == "opted out"

    def test_a_text_that_waited_is_held_back_by_the_clinic_that_its_appointment_has_now(self, clinic: Clinic) -> None:
        clinic.invite("A1", clinic="EYE")
        clinic.deliver()
        clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY)
        clinic.invite("A2", days=9, clinic="EYE")
        clinic.invite("A3", days=8, clinic="DENTAL")
        clinic.reply(ANN, "stop texts from this clinic", answers=key(clinic, "A1"))
        clinic.carrier.sent.clear()
        clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
        clinic.wait(hours=1)
        assert sorted(told(clinic)) == ["opted_out_clinic", "reminder"]
        assert [row.reason for row in clinic.texts("reminder") if row.conversation_id == clinic.talk("A2").id] == ["opted out"]


class TestOneSeries:
    def test_all_other_texts_still_leave(self, clinic: Clinic) -> None:
        clinic.invite("A1", clinic="EYE")
        clinic.reply(ANN, "just stop reminders for this one")
        assert told(clinic) == ["reminder", "opted_out_series"]
        clinic.invite("A2", days=9, clinic="EYE")
        assert told(clinic) == ["reminder"]
        clinic.wait(days=9)
        assert "eve" not in told(clinic)

    def test_stopping_more_afterwards_is_answered_in_whichever_talk_it_is_said(self, clinic: Clinic) -> None:
        clinic.invite("A1", clinic="EYE")
        clinic.reply(ANN, "stop texts from this clinic")
        clinic.invite("A2", days=9, clinic="DENTAL")
        told(clinic)
        clinic.reply(ANN, "STOP", answers=key(clinic, "A2"))
        assert told(clinic) == ["opted_out"]
        clinic.invite("A3", days=8, clinic="ENT")
        assert told(clinic) == []


class TestAfterStop:
    def test_thanks_lifts_nothing_and_is_not_answered(self, clinic: Clinic) -> None:
        clinic.invite("A1")
        clinic.reply(ANN, "STOP")
        clinic.invite("A2", days=9)
        told(clinic)
        for talk in ("A1", "A2"):
            clinic.reply(ANN, "thanks", answers=key(clinic, talk))
            clinic.wait(minutes=5)
        assert told(clinic) == []
        assert [stands for _, _, stands in blocks(clinic)] == [True]
        assert clinic.tasks() == []

    def test_an_answer_to_what_was_asked_before_is_recorded_without_a_text(self, clinic: Clinic) -> None:
        clinic.invite("A1", number="H1", mobile=CARA, first_name="Tom")
        clinic.invite("A2", number="H2", mobile=CARA, first_name="Una", days=9)
        clinic.reply(CARA, "STOP", answers=key(clinic, "A1"))
        told(clinic, CARA)
        clinic.reply(CARA, "C", answers=key(clinic, "A2"))
        assert clinic.book.actions("A2") == ["request_cancel"]
        assert told(clinic, CARA) == []
        assert len(clinic.texts("cancelling")) == 0


class TestStart:
    def test_every_talk_of_the_phone_that_a_stop_ended_goes_on(self, clinic: Clinic) -> None:
        clinic.invite("A1", number="H1", mobile=CARA, first_name="Tom")
        clinic.invite("A2", number="H2", mobile=CARA, first_name="Una", days=9)
        clinic.reply(CARA, "STOP", answers=key(clinic, "A1"))
        clinic.reply(CARA, "STOP", answers=key(clinic, "A2"))
        assert (clinic.state("A1"), clinic.state("A2")) == ("opted_out", "opted_out")
        told(clinic, CARA)
        clinic.reply(CARA, "START", answers=key(clinic, "A2"))
        assert told(clinic, CARA) == ["reminder", "reminder"]
        assert (clinic.state("A1"), clinic.state("A2")) == ("waiting", "waiting")
        clinic.reply(CARA, "Y", answers=key(clinic, "A1"))
        assert clinic.book.actions("A1") == ["confirm"]

    def test_what_several_stops_stopped_is_lifted_by_one_start(self, clinic: Clinic) -> None:
        clinic.invite("A1", clinic="EYE")
        clinic.reply(ANN, "stop texts from this clinic", answers=key(clinic, "A1"))
        clinic.invite("A2", days=9, clinic="DENTAL")
        clinic.reply(ANN, "just stop reminders for this one", answers=key(clinic, "A2"))
        told(clinic)
        clinic.reply(ANN, "START")
        assert [stands for _, _, stands in blocks(clinic)] == [False, False]
        assert told(clinic) == ["reminder", "reminder"]

    def test_it_says_so_where_there_is_nothing_to_ask_again(self, clinic: Clinic) -> None:
        clinic.invite("A1", clinic="EYE")
        clinic.invite("A2", days=9, clinic="DENTAL")
        clinic.deliver()
        clinic.reply(ANN, "Y", answers=key(clinic, "A2"))
        clinic.reply(ANN, "C", answers=key(clinic, "A1"))
        clinic.reply(ANN, "just stop reminders for this one", answers=key(clinic, "A1"))
        told(clinic)
        clinic.reply(ANN, "START", answers=key(clinic, "A2"))
        assert "texts_again" in told(clinic)

    def test_the_talk_of_another_phone_stays_stopped(self, clinic: Clinic) -> None:
        clinic.invite("A1", number="H1", mobile=ANN)
        clinic.invite("A2", number="H2", mobile=BEN)
        clinic.reply(ANN, "STOP")
        clinic.reply(BEN, "STOP")
        clinic.reply(ANN, "START")
        assert (clinic.talk("A1").blocked, clinic.talk("A2").blocked) == ("", "opted_out")

    def test_a_talk_whose_appointment_is_over_is_left_alone(self, clinic: Clinic) -> None:
        clinic.invite("A1", days=2)
        clinic.invite("A2", days=9)
        for talk in ("A1", "A2"):
            clinic.reply(ANN, "STOP", answers=key(clinic, talk))
        clinic.wait(days=3)
        told(clinic)
        clinic.reply(ANN, "START", answers=key(clinic, "A2"))
        assert told(clinic) == ["reminder"]
        assert clinic.state("A1") == "opted_out"


class TestTheCarrier:
    def test_its_own_opt_out_stops_everything(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.reply(ANN, "STOP this clinic", opt_out=True)
        assert blocks(clinic) == [("all", "", True)]

    def test_a_number_that_it_lets_nothing_through_to_is_not_tried_again_and_staff_hear_of_it(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.deliver()

        def refuses(_: OutboundText) -> SendResult:
            return SendResult(SendStatus.REFUSED, "21610", "the number takes no texts", opted_out=True)

        clinic.carrier.answer = refuses
        clinic.invite("A2", days=9)
        assert blocks(clinic) == [("all", "", True)]
        assert clinic.tasks() == ["undelivered"]
        told(clinic)
        clinic.invite("A3", days=8)
        assert told(clinic) == []

    def test_so_is_one_of_which_it_says_so_later(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.receipt(clinic.text("reminder").key, TextStatus.UNDELIVERABLE, opted_out=True)
        assert blocks(clinic) == [("all", "", True)]
        told(clinic)
        clinic.wait(days=8)
        assert told(clinic) == []


def test_the_last_word_counts_however_many_are_worked_at_once(tmp_path: Path) -> None:
    """More events than go into one commit lie between the two."""
    with open_clinic(tmp_path, batch=1024) as clinic:
        clinic.invite("A1")
        clinic.invite("A2", days=9)
        clinic.reply(ANN, "Y", answers=key(clinic, "A2"))
        many = [clinic.appointment(f"B{n}", number=f"P{n}", mobile=f"+35386{n:07}", days=40) for n in range(300)]
        clinic.hear(ANN, "STOP", answers=key(clinic, "A1"))
        clinic.push(*many)
        clinic.hear(ANN, "START", answers=key(clinic, "A2"))
        clinic.settle()
        assert clinic.outcomes()[-1] == "acted: texts are wanted again"
        assert [stands for _, _, stands in blocks(clinic)] == [False]
        clinic.assert_sound()


class TestTheAnswerToItIsLost:
    """Nobody knows whether it left: no word came from the gateway."""

    def lose(self, clinic: Clinic, words: str = "STOP") -> None:
        clinic.invite("A1")
        told(clinic)
        clinic.carrier.answer = lambda _: SendResult(SendStatus.UNKNOWN)
        clinic.reply(ANN, words)
        assert len(told(clinic)) == 1
        clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)

    def test_it_is_said_once_more(self, clinic: Clinic) -> None:
        self.lose(clinic)
        clinic.wait(minutes=15)
        assert told(clinic) == ["opted_out"]
        clinic.wait(days=3)
        assert told(clinic) == []

    def test_one_about_this_appointment_alone_is_too(self, clinic: Clinic) -> None:
        self.lose(clinic, "stop texts about this appointment")
        clinic.wait(minutes=15)
        assert told(clinic) == ["opted_out_series"]

    def test_there_is_no_third(self, clinic: Clinic) -> None:
        self.lose(clinic)
        clinic.carrier.answer = lambda _: SendResult(SendStatus.UNKNOWN)
        clinic.wait(minutes=15)
        assert told(clinic) == ["opted_out"]
        clinic.wait(days=3)
        assert told(clinic) == []

    def test_it_is_not_said_again_where_the_gateway_spoke_meanwhile(self, clinic: Clinic) -> None:
        self.lose(clinic)
        clinic.receipt(key(clinic, "A1"), TextStatus.SENT)
        clinic.wait(days=3)
        assert told(clinic) == []

    def test_it_is_not_said_again_where_it_is_known_not_to_arrive(self, clinic: Clinic) -> None:
        clinic.invite("A1")
        told(clinic)
        clinic.reply(ANN, "STOP")
        assert told(clinic) == ["opted_out"]
        clinic.receipt(key(clinic, "A1"), TextStatus.UNDELIVERABLE)
        clinic.wait(days=3)
        assert told(clinic) == []

    def test_who_wants_texts_again_meanwhile_hears_no_more_of_it(self, clinic: Clinic) -> None:
        self.lose(clinic)
        clinic.reply(ANN, "START")
        assert "opted_out" not in told(clinic)
        clinic.wait(minutes=15)
        assert "opted_out" not in told(clinic)

    def test_nobody_is_woken_by_it(self, clinic: Clinic) -> None:
        clinic.invite("A1")
        clinic.wait(hours=12)
        told(clinic)
        clinic.carrier.answer = lambda _: SendResult(SendStatus.UNKNOWN)
        clinic.reply(ANN, "STOP")
        clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
        told(clinic)
        clinic.wait(minutes=30)
        assert told(clinic) == []
        clinic.wait(hours=12)
        assert told(clinic) == ["opted_out"]

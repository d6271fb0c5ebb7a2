"""Whole talks through the whole house: what the patient is sent, what the iPMS is told, what staff find on their desk."""

from __future__ import annotations

import itertools
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from conversations import schema
from conversations.ports import OutboundText, SendResult, SendStatus, WriteResult, WriteStatus
from conversations.schema import instant, moment
from conversations.writer import StoreAway
from engine.events import StaffAct, TextStatus
from tests.conversations.clinic import ANN, BEN, CARA, MONDAY, Clinic, open_clinic, replace
from tests.stores import store


def refuse_once(status: SendStatus, **facts: Any) -> Any:
    """An answer that is `status` the first time and an acceptance after that."""
    answers = iter([SendResult(status, **facts)])
    return lambda _: next(answers, SendResult(SendStatus.ACCEPTED))


class TestTheMainJob:
    def test_yes_is_confirmed_in_the_ipms_and_on_the_patients_record(self, clinic: Clinic) -> None:
        clinic.invite()
        assert clinic.carrier.sent[0].text == (
            "Reminder: Your appointment with Dr Nora Byrne is on March 12 at 10:00 AM. "
            "Reply Y to confirm, R to Reschedule or C to Cancel."
        )
        clinic.reply(ANN, "Y")
        assert clinic.prompts() == ["reminder", "confirmed"]
        assert clinic.book.actions() == ["confirm"]
        assert clinic.outcomes() == ["acted: read as confirm"]
        said = [(message.direction, message.status, message.text) for message in clinic.book.messages]
        assert ("in", "received", "Y") in said
        assert [text for _, status, text in said if status == "accepted"] == [sent.text for sent in clinic.carrier.sent]
        clinic.wait(days=9)
        assert clinic.prompts() == ["reminder", "confirmed", "eve"]
        clinic.wait(days=2)
        assert clinic.talk().closed
        assert clinic.tasks() == []

    def test_cancel_is_a_request_for_staff_and_can_be_undone(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.reply(ANN, "C")
        assert clinic.book.actions() == ["request_cancel"]
        assert clinic.tasks() == ["cancellation_review"]
        clinic.reply(ANN, "KEEP")
        assert clinic.prompts() == ["reminder", "cancelling", "kept"]
        assert clinic.book.actions() == ["request_cancel", "withdraw_request"]
        assert clinic.tasks() == []

    def test_reschedule_asks_for_days_and_staff_settle_a_new_time(self, clinic: Clinic) -> None:
        record = clinic.invite()
        clinic.reply(ANN, "R")
        clinic.reply(ANN, "any Tuesday after 2")
        assert clinic.prompts() == ["reminder", "which_days", "moving"]
        assert clinic.book.actions() == ["request_reschedule"]
        assert clinic.book.asked[0].note == "any Tuesday after 2"
        assert clinic.book.asked[0].preferences is not None
        assert clinic.book.asked[0].preferences["wanted"] == [{"daysOfWeek": ["tue"], "availableStartTime": "14:00:00"}]
        assert clinic.tasks() == ["reschedule"]
        new = MONDAY + timedelta(days=15, hours=4)
        clinic.act(StaffAct.RESCHEDULED, start=new)
        assert [(write.action, write.start) for write in clinic.book.asked][1:] == [("reschedule", new)]
        assert clinic.tasks() == []
        clinic.tell(replace(record, start=new))
        assert clinic.prompts()[-1] == "changed"
        assert "March 17 at 2:00 PM" in clinic.carrier.sent[-1].text

    def test_a_patient_is_asked_again_after_a_move_and_the_second_yes_is_recorded_too(self, clinic: Clinic) -> None:
        record = clinic.invite()
        clinic.reply(ANN, "Y")
        clinic.tell(replace(record, start=record.start + timedelta(days=1)))
        clinic.wait(minutes=5)
        clinic.reply(ANN, "Y")
        assert clinic.state() == "confirmed"
        assert clinic.book.actions() == ["confirm", "confirm"]

    def test_a_yes_that_crosses_the_news_of_a_move_is_not_a_yes_to_the_new_time(self, clinic: Clinic) -> None:
        record = clinic.invite()
        clinic.wait(hours=1)
        said_at = clinic.clock.now()
        clinic.clock.move(timedelta(seconds=5))
        clinic.tell(replace(record, start=record.start + timedelta(days=1)))
        clinic.hear(ANN, "Y", sent_at=said_at)
        clinic.settle()
        assert clinic.book.actions() == []
        assert clinic.state() == "changed"

    def test_a_reply_said_long_before_it_reached_us_is_not_acted_on(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.wait(hours=5)
        clinic.hear(ANN, "C", sent_at=clinic.clock.now() - timedelta(hours=4), stale=True)
        clinic.settle()
        assert clinic.book.actions() == []
        assert clinic.outcomes()[0].startswith("handed")
        assert len(clinic.tasks()) == 1


class TestStop:
    def test_stop_silences_the_number_in_every_talk_and_start_lifts_it(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.reply(ANN, "STOP")
        assert clinic.prompts() == ["reminder", "opted_out"]
        clinic.invite("A2", days=9, clinician="Mr Roche")
        assert clinic.prompts() == ["reminder", "opted_out"]
        assert clinic.texts("reminder")[-1].reason == "opted out"
        clinic.reply(ANN, "START")
        clinic.invite("A3", days=8, clinician="Ms Garvey")
        assert "Ms Garvey" in clinic.carrier.sent[-1].text

    def test_start_after_stop_brings_back_the_talk_that_was_stopped(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.reply(ANN, "STOP")
        clinic.reply(ANN, "START")
        assert clinic.prompts() == ["reminder", "opted_out", "reminder"]
        clinic.reply(ANN, "Y")
        assert clinic.book.actions() == ["confirm"]

    @pytest.mark.parametrize(("words", "silenced"), [(("STOP", "START"), False), (("START", "STOP"), True)])
    def test_the_last_word_counts_though_both_are_worked_at_once(
        self, clinic: Clinic, words: tuple[str, str], silenced: bool
    ) -> None:
        clinic.invite()
        if silenced:
            clinic.reply(ANN, "STOP")
        clinic.clock.move(timedelta(minutes=1))
        for word in words:
            clinic.clock.move(timedelta(seconds=30))
            clinic.hear(ANN, word)
        clinic.settle()
        clinic.invite("A2", days=9, clinician="Mr Roche")
        assert any("Roche" in sent.text for sent in clinic.carrier.sent) is not silenced

    def test_start_said_to_one_talk_is_not_stop_for_ever_in_another(self, clinic: Clinic) -> None:
        clinic.invite()
        first = clinic.text("reminder").key
        clinic.reply(ANN, "STOP", answers=first)
        clinic.invite("A2", days=9, clinician="Mr Roche")
        clinic.reply(ANN, "START")
        clinic.wait(minutes=1)
        clinic.reply(ANN, "START")
        # The second START finds nothing stopped any more.
        assert not clinic.outcomes()[-1].startswith("acted: texts are wanted again")

    def test_stop_from_a_stranger_holds_when_the_number_becomes_a_patients(self, clinic: Clinic) -> None:
        clinic.reply(ANN, "STOP")
        assert clinic.outcomes() == ["acted: no texts to this number, which is no patient's we know"]
        clinic.invite()
        assert clinic.prompts() == []
        clinic.reply(ANN, "START")
        clinic.invite("A2", days=9)
        assert len(clinic.prompts()) >= 1

    def test_the_carriers_own_opt_out_is_a_stop(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.reply(ANN, "50123 x", opt_out=True)
        assert clinic.state() == "opted_out"


class TestWhatChangesWhileATextWaits:
    """The carrier is down for a while, so that texts wait."""

    @pytest.fixture
    def waiting(self, clinic: Clinic) -> Any:
        clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY, "http_503")
        record = clinic.invite()
        assert clinic.text("reminder").phase == "queued"
        clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
        clinic.carrier.sent.clear()
        return record

    def test_the_appointment_moved(self, clinic: Clinic, waiting: Any) -> None:
        clinic.tell(replace(waiting, start=waiting.start + timedelta(days=1)))
        clinic.wait(hours=1)
        assert clinic.text("reminder").reason == "appointment changed"
        assert [sent.text for sent in clinic.carrier.sent if "March 12" in sent.text] == []
        assert "March 13" in clinic.carrier.sent[-1].text

    def test_the_patient_died(self, clinic: Clinic, waiting: Any) -> None:
        clinic.tell(replace(waiting, patient=replace(waiting.patient, deceased=True)))
        clinic.wait(hours=1)
        assert clinic.carrier.sent == []
        assert clinic.text("reminder").reason == "deceased"
        assert clinic.talk().closed

    def test_the_patient_is_marked_do_not_text(self, clinic: Clinic, waiting: Any) -> None:
        clinic.tell(replace(waiting, patient=replace(waiting.patient, do_not_text=True)))
        clinic.wait(hours=1)
        assert clinic.carrier.sent == []
        assert clinic.text("reminder").reason == "do not text"

    def test_the_number_changed(self, clinic: Clinic, waiting: Any) -> None:
        clinic.tell(replace(waiting, patient=replace(waiting.patient, mobile=BEN)))
        clinic.wait(hours=1)
        assert clinic.prompts(ANN) == []
        assert clinic.prompts(BEN) == ["reminder"]
        clinic.reply(BEN, "Y")
        assert clinic.book.actions() == ["confirm"]

    def test_the_appointment_was_called_off(self, clinic: Clinic, waiting: Any) -> None:
        clinic.tell(replace(waiting, status="cancelled"))
        clinic.wait(hours=1)
        assert "reminder" not in clinic.prompts()
        assert clinic.talk().closed


class TestAnEmergencyOnceMore:
    """Staff have the talk from the first time; the second is as pressing."""

    def due(self, clinic: Clinic) -> list[tuple[str, int, timedelta]]:
        table = schema.tasks
        rows = clinic.rows(sa.select(table).where(table.c.status == "open").order_by(table.c.opened_at))
        return [(row.kind, row.priority, moment(row.due) - clinic.clock.now()) for row in rows]

    def test_it_is_due_as_soon_as_the_first(self, clinic: Clinic) -> None:
        clinic.invite("A1")
        clinic.reply(ANN, "he has chest pain")
        first = self.due(clinic)
        clinic.act(StaffAct.CALL_BACK, text="Rang, is better.")
        assert self.due(clinic) == []
        clinic.reply(ANN, "the chest pain is back")
        assert self.due(clinic) == first
        assert first[0][0] == "urgent"

    def test_it_does_not_wait_behind_what_else_staff_have_to_do(self, clinic: Clinic) -> None:
        clinic.invite("A1")
        clinic.reply(ANN, "he has chest pain")
        first = self.due(clinic)
        clinic.act(StaffAct.CALL_BACK, text="Rang, is better.")
        clinic.reply(ANN, "will you ring me on Thursday")
        clinic.reply(ANN, "the chest pain is back")
        assert first[0] in self.due(clinic)
        assert len(self.due(clinic)) == 2


class TestWhoseReply:
    def test_a_reply_from_a_former_number_is_shown_to_staff_and_nothing_more(self, clinic: Clinic) -> None:
        record = clinic.invite()
        clinic.tell(replace(record, patient=replace(record.patient, mobile=BEN)))
        clinic.reply(ANN, "C")
        assert clinic.book.actions() == []
        assert clinic.tasks() == ["former_number"]
        clinic.reply(BEN, "Y")
        assert clinic.book.actions() == ["confirm"]

    def test_a_number_we_do_not_know_reaches_staff(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.reply(CARA, "Y")
        assert clinic.book.actions() == []
        assert clinic.outcomes() == ["handed: the number is not known"]
        assert clinic.tasks() == ["question"]

    def test_two_children_on_one_phone_told_apart_by_the_text_that_is_answered(self, clinic: Clinic) -> None:
        clinic.invite("A1", number="H1", mobile=CARA)
        clinic.invite("A2", number="H2", mobile=CARA, first_name="Tom", days=9)
        texts = {row.conversation_id: row.key for row in clinic.texts("reminder")}
        clinic.reply(CARA, "Y", answers=texts[clinic.talk("A2").id])
        assert clinic.book.actions("A2") == ["confirm"]
        assert clinic.book.actions("A1") == []
        clinic.reply(CARA, "C", answers=texts[clinic.talk("A1").id])
        assert clinic.book.actions("A1") == ["request_cancel"]

    def test_two_children_on_one_phone_not_told_apart_are_asked_about_and_then_for_a_person(self, clinic: Clinic) -> None:
        clinic.invite("A1", number="H1", mobile=CARA)
        clinic.invite("A2", number="H2", mobile=CARA, first_name="Tom", days=9)
        clinic.reply(CARA, "Y")
        clinic.reply(CARA, "Y")
        assert [write for write in clinic.book.asked if write.action == "confirm"] == []
        assert clinic.outcomes()[0] == "asked: asked which appointment is meant"
        assert clinic.outcomes()[1] == "handed: it cannot be told which appointment is meant"
        assert clinic.tasks() == ["question"]


class TestTwice:
    def test_the_same_webhook_again_does_nothing(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.reply(ANN, "C", external_id="same")
        clinic.reply(ANN, "C", external_id="same")
        assert clinic.outcomes() == ["acted: read as cancel"]
        assert clinic.prompts() == ["reminder", "cancelling"]

    def test_a_webhook_without_an_id_again_does_nothing(self, clinic: Clinic) -> None:
        clinic.invite()
        at = clinic.clock.now() + timedelta(seconds=5)
        clinic.reply(ANN, "C", external_id=None, sent_at=at)
        clinic.reply(ANN, "C", external_id=None, sent_at=at)
        assert clinic.outcomes() == ["acted: read as cancel"]

    def test_the_same_words_within_seconds_count_once(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.clock.move(timedelta(seconds=30))
        at = clinic.clock.now()
        clinic.hear(ANN, "zork plinth", external_id=None, sent_at=at)
        clinic.hear(ANN, "zork plinth", external_id=None, sent_at=at + timedelta(seconds=2))
        clinic.settle()
        assert len(clinic.prompts()) == 2
        assert sorted(outcome.partition(":")[0] for outcome in clinic.outcomes()) == ["asked", "noted"]

    def test_the_same_words_a_minute_later_count_again(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.reply(ANN, "zork plinth")
        clinic.clock.move(timedelta(minutes=1))
        clinic.reply(ANN, "zork plinth")
        assert [outcome.partition(":")[0] for outcome in clinic.outcomes()] == ["asked", "handed"]

    def test_a_snapshot_again_changes_nothing(self, clinic: Clinic) -> None:
        record = clinic.invite()
        clinic.tell(record, record)
        assert clinic.prompts() == ["reminder"]
        assert clinic.talk().appointment.version == 1


class TestSnapshots:
    def test_an_older_snapshot_is_history(self, clinic: Clinic) -> None:
        now = clinic.clock.now()
        record = clinic.invite(changed_at=now)
        clinic.tell(replace(record, start=record.start + timedelta(days=1), changed_at=now - timedelta(hours=1)))
        assert clinic.talk().appointment.start == record.start
        assert clinic.outcomes("appointment")[-1] == "older than what is held"

    def test_an_older_word_on_the_patient_is_history_though_nothing_changed_in_between(self, clinic: Clinic) -> None:
        now = clinic.clock.now()
        record = clinic.invite(changed_at=now)
        clinic.clock.move(timedelta(hours=3))
        clinic.tell(replace(record, changed_at=now + timedelta(hours=2), revision="3"))
        late = replace(record, patient=replace(record.patient, mobile=BEN), changed_at=now + timedelta(hours=1))
        clinic.tell(late)
        clinic.reply(ANN, "Y")
        assert clinic.book.actions() == ["confirm"]
        assert clinic.prompts(BEN) == []

    def test_moves_that_arrive_in_the_wrong_order_end_at_the_newest(self, clinic: Clinic) -> None:
        now = clinic.clock.now()
        record = clinic.invite(changed_at=now)
        second = replace(record, start=record.start + timedelta(days=1), changed_at=now + timedelta(minutes=1))
        third = replace(record, start=record.start + timedelta(days=2), changed_at=now + timedelta(minutes=2))
        clinic.clock.move(timedelta(minutes=5))
        clinic.tell(third, second)
        assert clinic.talk().appointment.start == third.start
        assert clinic.prompts() == ["reminder", "changed"]

    def test_a_stamp_from_the_future_shuts_nothing_out(self, clinic: Clinic) -> None:
        record = clinic.invite(changed_at=clinic.clock.now() + timedelta(days=300))
        clinic.wait(hours=1)
        clinic.tell(replace(record, start=record.start + timedelta(days=1), changed_at=clinic.clock.now()))
        assert clinic.prompts() == ["reminder", "changed"]

    def test_an_appointment_that_is_booked_again_under_its_id_is_asked_about_anew(self, clinic: Clinic) -> None:
        record = clinic.invite()
        clinic.reply(ANN, "Y")
        clinic.tell(replace(record, status="cancelled"))
        assert clinic.prompts()[-1] == "called_off"
        clinic.wait(hours=1)
        clinic.tell(replace(record, start=record.start + timedelta(days=2)))
        assert clinic.state() == "changed"
        assert "March 14" in clinic.carrier.sent[-1].text
        clinic.wait(minutes=5)
        clinic.reply(ANN, "Y")
        assert clinic.state() == "confirmed"

    def test_an_id_that_goes_to_another_patient_tells_neither_of_the_others_appointment(self, clinic: Clinic) -> None:
        record = clinic.invite()
        clinic.invite("B1", number="H9", mobile=CARA)
        other = clinic.appointment(number="H2", mobile=BEN, first_name="Ben", days=12, clinician="Mr Roche")
        clinic.tell(other)
        assert all("Roche" not in sent.text for sent in clinic.carrier.sent if sent.to == ANN)
        assert clinic.talk(number="H1").closed
        assert clinic.tasks() == ["fault"]
        # Nothing stands still for it, and what the first patient says now is for a person.
        clinic.reply(CARA, "Y")
        assert clinic.book.actions("B1") == ["confirm"]
        clinic.reply(ANN, "Y")
        assert clinic.book.actions("A1") == []
        clinic.tell(replace(record, status="cancelled"))

    def test_an_id_that_goes_to_another_patient_is_talked_about_with_that_one(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.reply(ANN, "Y")
        clinic.tell(clinic.appointment(number="H2", mobile=BEN, first_name="Ben", days=12, clinician="Mr Roche"))
        clinic.wait(days=3)
        assert [sent.text.count("Roche") for sent in clinic.carrier.sent if sent.to == BEN] == [1]
        clinic.reply(BEN, "C")
        assert clinic.book.actions() == ["confirm", "request_cancel"]
        # Back again: the first patient's talk stays ended, and staff know.
        clinic.tell(clinic.appointment(days=14))
        clinic.reply(BEN, "keep")
        assert clinic.book.actions() == ["confirm", "request_cancel"]
        assert clinic.tasks().count("fault") == 2


class TestSending:
    def test_a_gateway_that_is_busy_is_tried_again_and_the_patient_gets_one_text(self, clinic: Clinic) -> None:
        busy = iter([SendResult(SendStatus.RETRY, "http_503")] * 5)
        clinic.carrier.answer = lambda _: next(busy, SendResult(SendStatus.ACCEPTED))
        clinic.invite()
        clinic.wait(hours=1)
        tries = [sent.at for sent in clinic.carrier.sent]
        waits = [later - sooner for sooner, later in itertools.pairwise(tries)]
        assert len(tries) == 6
        assert len({sent.key for sent in clinic.carrier.sent}) == 1
        assert waits[0] < waits[2] < waits[4]
        assert clinic.text("reminder").status == "accepted"

    def test_never_sooner_than_the_gateway_asks(self, clinic: Clinic) -> None:
        clinic.carrier.answer = refuse_once(SendStatus.RETRY, retry_after=600.0)
        clinic.invite()
        clinic.wait(minutes=9)
        assert len(clinic.carrier.sent) == 1
        clinic.wait(minutes=2)
        assert len(clinic.carrier.sent) == 2

    def test_an_account_fault_rests_the_lane_and_then_goes_on(self, clinic: Clinic) -> None:
        clinic.carrier.answer = lambda _: SendResult(SendStatus.HALTED, "credit", "no credit left")
        clinic.invite("A1")
        clinic.invite("A2", number="H2", mobile=BEN)
        asked = len(clinic.carrier.sent)
        assert clinic.tasks() == ["fault"]  # one, however many texts were refused
        clinic.wait(minutes=4)
        assert len(clinic.carrier.sent) == asked
        clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
        clinic.wait(minutes=2)
        assert {row.status for row in clinic.texts("reminder")} == {"accepted"}

    def test_an_account_fault_told_by_webhook_rests_the_lane_too(self, clinic: Clinic) -> None:
        clinic.receipt(None, TextStatus.REJECTED, reason="sender", halts=True)
        clinic.invite()
        assert clinic.carrier.sent == []
        clinic.wait(minutes=6)
        assert clinic.prompts() == ["reminder"]

    def test_a_refused_text_is_not_tried_again_and_staff_hear_of_it(self, clinic: Clinic) -> None:
        clinic.carrier.answer = lambda _: SendResult(SendStatus.REFUSED, "bad_number")
        clinic.invite()
        clinic.wait(days=2)
        assert len(clinic.carrier.sent) == 1
        assert clinic.tasks() == ["undelivered"]

    def test_no_word_from_the_gateway_is_unknown_after_ten_minutes(self, clinic: Clinic) -> None:
        clinic.carrier.answer = refuse_once(SendStatus.UNKNOWN)
        clinic.invite()
        clinic.wait(minutes=9)
        assert clinic.text("reminder").phase == "sending"
        clinic.wait(minutes=2)
        assert clinic.text("reminder").status == "unknown"

    def test_a_word_that_comes_after_all_ends_the_doubt(self, clinic: Clinic) -> None:
        clinic.carrier.answer = refuse_once(SendStatus.UNKNOWN)
        clinic.invite()
        clinic.wait(minutes=11)
        key = clinic.text("reminder").key
        clinic.receipt(key, TextStatus.DELIVERED)
        clinic.wait(hours=1)
        assert clinic.text("reminder").status == "delivered"
        assert clinic.prompts() == ["reminder"]
        clinic.reply(ANN, "Y")
        assert clinic.book.actions() == ["confirm"]

    def test_a_text_left_half_sent_by_a_crash_is_not_handed_over_again(self, clinic: Clinic) -> None:
        clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY)
        clinic.invite()
        clinic.carrier.sent.clear()
        clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
        key = clinic.text("reminder").key
        # Claimed on disk, and then the process was gone.
        at = instant(clinic.clock.now())
        texts = schema.texts
        clinic.change(sa.update(texts).where(texts.c.key == key).values(phase="sending", status_at=at))
        clinic.wait(days=3)
        assert key not in [sent.key for sent in clinic.carrier.sent]
        assert next(row for row in clinic.texts() if row.key == key).status == "unknown"

    def test_one_text_that_cannot_be_read_spoils_no_other(self, clinic: Clinic) -> None:
        clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY)
        clinic.invite("A1")
        clinic.invite("A2", number="H2", mobile=BEN)
        clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
        clinic.carrier.sent.clear()
        texts = schema.texts
        rotten = clinic.talk("A1").id
        clinic.change(sa.update(texts).where(texts.c.conversation_id == rotten).values(sealed=b"rotten"))
        clinic.wait(hours=1)
        assert clinic.prompts(BEN) == ["reminder"]
        assert [row.status for row in clinic.texts() if row.phone_index == clinic.house.vault.phone_index(BEN)] == ["accepted"]
        assert clinic.tasks() == ["undelivered"]

    def test_a_gateway_that_raises_costs_its_own_text_only(self, clinic: Clinic) -> None:
        def answer(text: OutboundText) -> SendResult:
            if text.to == ANN:
                raise RuntimeError("a fault in the adapter")
            return SendResult(SendStatus.ACCEPTED)

        clinic.carrier.answer = answer
        clinic.tell(clinic.appointment("A1"), clinic.appointment("A2", number="H2", mobile=BEN))
        by_phone = {row.phone_index: row.status for row in clinic.texts("reminder")}
        assert by_phone[clinic.house.vault.phone_index(BEN)] == "accepted"
        assert [sent.to for sent in clinic.carrier.sent].count(ANN) == 1

    def test_a_long_answer_does_not_starve_behind_short_reminders(self, tmp_path: Path) -> None:
        with open_clinic(tmp_path / "slow", segments_per_second=1.0) as slow:
            slow.invite("A0", language="ga", mobile=CARA, number="H0")
            slow.wait(minutes=1)
            many = [
                slow.appointment(f"B{n}", number=f"P{n}", mobile=f"+35386{n:07}", clinician="Dr A") for n in range(200)
            ]
            slow.push(*many)
            slow.reply(CARA, "R")
            for _ in range(30):
                slow.clock.move(timedelta(milliseconds=700))
                slow.settle()
            answer = next(sent for sent in slow.carrier.sent if sent.to == CARA and "laethanta" in sent.text)
            assert answer.segments >= 2
            assert slow.carrier.sent.index(answer) <= 5


class TestWritingBack:
    def test_writes_of_one_appointment_keep_their_order_and_hold_up_no_other(self, clinic: Clinic) -> None:
        away = {"A1"}

        def answer(write: Any) -> WriteResult:
            return WriteResult(WriteStatus.RETRY if write.appointment in away else WriteStatus.DONE)

        clinic.book.answer = answer
        clinic.invite("A1")
        clinic.invite("A2", number="H2", mobile=BEN)
        clinic.reply(ANN, "C")
        clinic.reply(ANN, "KEEP")
        clinic.reply(BEN, "Y")
        assert clinic.book.actions("A2") == ["confirm"]
        assert set(clinic.book.actions("A1")) == {"request_cancel"}
        away.clear()
        clinic.wait(hours=1)
        done = list(dict.fromkeys(clinic.book.actions("A1")))
        assert done == ["request_cancel", "withdraw_request"]
        assert len({write.key for write in clinic.book.asked if write.appointment == "A1"}) == 2

    def test_a_refusal_is_told_to_staff(self, clinic: Clinic) -> None:
        clinic.book.answer = lambda _: WriteResult(WriteStatus.REFUSED, "locked", "the clinic is locked")
        clinic.invite()
        clinic.reply(ANN, "Y")
        assert clinic.tasks() == ["ipms_write_failed"]

    def test_a_conflict_asks_the_patient_about_the_version_that_the_ipms_holds(self, clinic: Clinic) -> None:
        record = clinic.invite(revision="1")
        moved = replace(record, start=record.start + timedelta(days=1), revision="2")
        clinic.book.held["A1"] = moved
        clinic.book.answer = lambda write: WriteResult(
            WriteStatus.DONE if write.revision == "2" else WriteStatus.CONFLICT
        )
        clinic.reply(ANN, "Y")
        assert clinic.prompts() == ["reminder", "confirmed", "changed"]
        assert "March 13" in clinic.carrier.sent[-1].text
        clinic.wait(minutes=5)
        clinic.reply(ANN, "Y")
        assert [(write.action, write.revision) for write in clinic.book.asked] == [("confirm", "1"), ("confirm", "2")]

    def test_a_conflict_over_the_tag_alone_is_written_again_with_the_new_tag(self, clinic: Clinic) -> None:
        record = clinic.invite(revision="1")
        clinic.book.held["A1"] = replace(record, revision="2")
        clinic.book.answer = lambda write: WriteResult(
            WriteStatus.DONE if write.revision == "2" else WriteStatus.CONFLICT
        )
        clinic.reply(ANN, "Y")
        clinic.wait(minutes=2)
        assert [write.revision for write in clinic.book.asked] == ["1", "2"]
        assert len({write.key for write in clinic.book.asked}) == 1
        assert clinic.prompts() == ["reminder", "confirmed"]

    def test_what_the_ipms_answers_to_a_conflict_counts_whatever_its_stamp(self, clinic: Clinic) -> None:
        now = clinic.clock.now()
        record = clinic.invite(revision="1", changed_at=now)
        clinic.book.held["A1"] = replace(record, revision="2", changed_at=now - timedelta(days=3))
        clinic.book.answer = lambda write: WriteResult(
            WriteStatus.DONE if write.revision == "2" else WriteStatus.CONFLICT
        )
        clinic.reply(ANN, "Y")
        clinic.wait(minutes=2)
        assert [write.revision for write in clinic.book.asked] == ["1", "2"]

    def test_a_conflict_over_an_appointment_that_the_ipms_does_not_know_reaches_staff(self, clinic: Clinic) -> None:
        clinic.invite(revision="1")
        clinic.book.answer = lambda _: WriteResult(WriteStatus.CONFLICT)
        clinic.reply(ANN, "Y")
        assert clinic.tasks() == ["ipms_write_failed"]

    def test_an_appointment_that_moved_between_the_yes_and_the_write_is_not_confirmed(self, clinic: Clinic) -> None:
        clinic.book.answer = lambda _: WriteResult(WriteStatus.RETRY)
        record = clinic.invite()
        clinic.reply(ANN, "Y")
        clinic.book.asked.clear()
        clinic.book.answer = lambda _: WriteResult(WriteStatus.DONE)
        clinic.tell(replace(record, start=record.start + timedelta(days=1)))
        clinic.wait(hours=1)
        assert clinic.book.actions() == []
        assert clinic.prompts()[-1] == "changed"

    def test_one_write_that_cannot_be_read_holds_up_no_other_appointment(self, clinic: Clinic) -> None:
        clinic.book.answer = lambda _: WriteResult(WriteStatus.RETRY)
        clinic.invite("A1")
        clinic.invite("A2", number="H2", mobile=BEN)
        clinic.reply(ANN, "Y")
        writes = schema.writes
        rotten = (writes.c.appointment_id == "A1") & (writes.c.action == "confirm")
        clinic.change(sa.update(writes).where(rotten).values(sealed=b"rotten"))
        clinic.book.answer = lambda _: WriteResult(WriteStatus.DONE)
        clinic.wait(minutes=1)
        clinic.reply(BEN, "Y")
        assert clinic.book.actions("A2") == ["confirm"]
        assert clinic.tasks() == ["ipms_write_failed"]

    def test_an_ipms_that_raises_is_tried_again(self, clinic: Clinic) -> None:
        faults = iter([RuntimeError("a fault in the adapter")])

        def answer(_: Any) -> WriteResult:
            for fault in faults:
                raise fault
            return WriteResult(WriteStatus.DONE)

        clinic.book.answer = answer
        clinic.invite()
        clinic.reply(ANN, "Y")
        clinic.wait(minutes=2)
        assert clinic.book.actions() == ["confirm", "confirm"]
        assert len({write.key for write in clinic.book.asked}) == 1


class TestPoison:
    """Rows that cannot be worked. They hold up nobody and end with a person."""

    def test_an_inbox_row_that_cannot_be_opened(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.hear(ANN, "C")
        inbox = schema.inbox
        clinic.change(sa.update(inbox).where(inbox.c.kind == "reply").values(sealed=b"rotten"))
        clinic.reply(ANN, "Y")
        assert clinic.book.actions() == ["confirm"]
        clinic.wait(minutes=5)
        assert clinic.outcomes() == ["failed", "acted: read as confirm"]
        assert clinic.tasks() == ["fault"]

    @pytest.mark.parametrize("kind", ["reply", "receipt", "appointment", "staff_act", "written", "unheard_of"])
    def test_an_inbox_row_of_no_known_shape(self, clinic: Clinic, kind: str) -> None:
        clinic.invite()
        row = clinic.house.intake.row("somewhere", kind, "odd", {"what": "is this"}, ANN)
        clinic.run(clinic.house.intake.take([row]))
        clinic.reply(ANN, "Y")
        assert clinic.book.actions() == ["confirm"]
        clinic.wait(minutes=5)
        assert clinic.tasks() == ["fault"]

    def test_a_conversation_that_cannot_be_opened(self, clinic: Clinic) -> None:
        clinic.invite("A1")
        clinic.invite("A2", number="H2", mobile=BEN)
        talks = schema.conversations
        rotten = talks.c.appointment_id == "A1"
        (whole,) = clinic.rows(sa.select(talks.c.sealed).where(rotten))
        clinic.change(sa.update(talks).where(rotten).values(sealed=b"rotten"))
        clinic.hear(ANN, "Y")
        clinic.reply(BEN, "Y")
        assert clinic.book.actions("A2") == ["confirm"]
        clinic.wait(minutes=5)
        assert clinic.outcomes() == ["failed", "acted: read as confirm"]
        clinic.wait(days=6)  # its timers fall due
        assert set(clinic.tasks()) == {"fault"}
        assert clinic.prompts(BEN) == ["reminder", "confirmed"]
        clinic.wait(days=5)
        assert clinic.prompts(BEN) == ["reminder", "confirmed", "eve"]
        clinic.change(sa.update(talks).where(rotten).values(sealed=whole.sealed))

    def test_a_row_that_the_database_will_not_take(self, clinic: Clinic) -> None:
        # Two events of one batch that decide well and cannot be committed together with anything.
        clinic.invite("A1")
        clinic.invite("A2", number="H2", mobile=BEN)
        clinic.clock.move(timedelta(seconds=30))
        clinic.house.writer.submit(lambda held: store().refusing(held, "texts", "NEW.prompt = 'cancelling'")).result()
        clinic.hear(ANN, "C")
        clinic.reply(BEN, "Y")
        assert clinic.book.actions("A2") == ["confirm"]
        clinic.wait(minutes=5)
        assert clinic.outcomes() == ["failed", "acted: read as confirm"]
        assert clinic.tasks() == ["fault"]

    def test_a_row_is_tried_again_before_it_is_given_up(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.clock.move(timedelta(seconds=30))
        clinic.hear(ANN, "Y")
        inbox = schema.inbox
        (row,) = clinic.rows(sa.select(inbox.c.id, inbox.c.sealed).where(inbox.c.kind == "reply"))
        clinic.change(sa.update(inbox).where(inbox.c.id == row.id).values(sealed=b"rotten"))
        clinic.settle()
        clinic.change(sa.update(inbox).where(inbox.c.id == row.id).values(sealed=row.sealed))
        clinic.wait(minutes=2)
        assert clinic.book.actions() == ["confirm"]
        assert clinic.tasks() == []

    def test_the_store_being_away_costs_no_row_its_tries(self, clinic: Clinic, tmp_path: Path) -> None:
        clinic.invite()
        clinic.clock.move(timedelta(seconds=30))
        clinic.hear(ANN, "Y")
        with store().away(tmp_path):
            for _ in range(5):
                with pytest.raises((StoreAway, sa.exc.OperationalError)):
                    clinic.house.worker.step(clinic.clock.now())
            with pytest.raises(StoreAway):
                clinic.change(sa.update(schema.inbox).values(attempts=3))
        clinic.settle()
        assert clinic.book.actions() == ["confirm"]
        assert clinic.outcomes() == ["acted: read as confirm"]


class TestManyAtOnce:
    def test_an_import_of_five_thousand_appointments(self, clinic: Clinic) -> None:
        many = [
            clinic.appointment(f"N{n}", number=f"P{n}", mobile=f"+35386{n:07}", days=20 + n % 30) for n in range(5_000)
        ]
        for first in range(0, len(many), 1_000):
            clinic.push(*many[first : first + 1_000])
        tracemalloc.start()
        try:
            steps = 0
            while clinic.house.worker.step(clinic.clock.now()).events:
                steps += 1
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert steps == 20  # of 256 rows each
        assert peak < 32 << 20
        assert clinic.scalar(sa.select(sa.func.count()).select_from(schema.conversations)) == 5_000
        assert clinic.outcomes("appointment").count("opened appointment-reminder") == 5_000

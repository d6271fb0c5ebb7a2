"""Talks, told as they happen: what the patient, the hospital, the gateway and staff do, and what must come of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.appointment import AppointmentStatus, Listed
from engine.decide import Decision
from engine.effects import OpenTask, SendText, UpdateTask, WriteAppointment
from engine.events import (
    AppointmentChanged,
    Doubt,
    Event,
    PatientChanged,
    ReplyReceived,
    StaffAct,
    StaffActed,
    TextReported,
    TextStatus,
    TimerFired,
    WriteReported,
)
from engine.loader import load
from engine.rehearsal import Rehearsal
from engine.ruleset import Ruleset

RULES = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HALF_CLEAR_CANCEL = "maybe cancel"
URGENT, DEAD, WRONG_NUMBER = "i have chest pain", "he passed away last month", "you have the wrong number"


@lru_cache(maxsize=1)
def rules() -> Ruleset:
    ruleset = load(RULES.read_text(), RULES.name, rehearse=False).ruleset
    assert ruleset is not None
    return ruleset


class Talk(Rehearsal):
    """A rehearsal with the hospital, gateway and staff at hand."""

    _asked_at = 0

    def hears(self, text: str, **facts: object) -> Decision:
        """A text that comes in at this very moment, with whatever else is known of it."""
        self._replies += 1
        event = ReplyReceived(f"reply-{self._replies}", text, facts.pop("received_at", self.now), **facts)  # type: ignore[arg-type]
        return self.happen(event)

    def moved(self, days: int = 12, **facts: object) -> Decision:
        """The hospital moves the appointment, or (place=...) changes something else that patients are told."""
        now = self.conversation.appointment
        start = now.start if facts else self.now + days * DAY
        return self.happen(AppointmentChanged(replace(now, version=now.version + 1, start=start, **facts)))  # type: ignore[arg-type]

    def becomes(self, status: AppointmentStatus, *, version: int = 0) -> Decision:
        now = self.conversation.appointment
        return self.happen(AppointmentChanged(replace(now, version=now.version + version, status=status)))

    def new_number(self) -> Decision:
        return self.happen(PatientChanged(self.conversation.patient, number_changed=True))

    def report(self, status: TextStatus, reason: str = "", back: int = 1) -> Decision:
        """The gateway's word on the latest text, or on one further back."""
        return self.happen(TextReported(self.conversation.texts[-back].key, status, "", reason))

    def leaves(self) -> None:
        """The texts that are waiting leave, and arrive."""
        for text in self.conversation.texts:
            if text.status == "queued":
                self.happen(TextReported(text.key, TextStatus.ACCEPTED))
                self.happen(TextReported(text.key, TextStatus.DELIVERED))

    def settled(self) -> str:
        return str(next(entry for entry in reversed(self.entries) if entry.kind == "reply.settled").data["outcome"])

    def prompts(self) -> list[str]:
        """What was said since this was last asked; "" is a text that staff wrote."""
        new, self._asked_at = self.entries[self._asked_at :], len(self.entries)
        return [entry.data["prompt"] for entry in new if entry.kind == "text.queued"]

    def kinds(self) -> set[str]:
        return {task.kind for task in self.conversation.tasks}


def talk(appointment: str = "in 10 days at 10:00", *, deliver: bool = True, ruleset: Ruleset | None = None) -> Talk:
    return Talk(ruleset or rules(), appointment=appointment, deliver=deliver)


def reminded(**facts: object) -> Talk:
    """A talk whose reminder has arrived."""
    play = talk(**facts)  # type: ignore[arg-type]
    play.leaves()
    assert play.prompts() == ["reminder"]
    return play


def stricter(**limits: int) -> Ruleset:
    return replace(rules(), version=f"limits {limits}", limits=replace(rules().limits, **limits))  # type: ignore[arg-type]


def effects_of(decision: Decision, kind: type) -> list[object]:
    return [effect for effect in decision.effects if isinstance(effect, kind)]


class TestConfirming:
    def test_yes_is_written_to_the_ipms_once(self) -> None:
        play = reminded()
        play.patient("Y")
        play.patient("Y")
        assert play.written == ["confirm"]
        assert play.prompts() == ["confirmed"]
        assert play.settled() == "noted"

    def test_nothing_is_confirmed_before_the_reminder_has_left(self) -> None:
        play = talk(deliver=False)
        play.hears("Y")
        assert (play.written, play.settled()) == ([], "noted")  # the question is on its way

    def test_a_yes_sent_before_the_reminder_left_is_asked_about(self) -> None:
        play = reminded()
        play.hears("Y", received_at=play.now - HOUR)
        assert play.written == []
        assert play.prompts() == ["reminder"]  # and not "it has changed": nothing has

    def test_a_text_that_came_back_told_nothing(self) -> None:
        play = talk(deliver=False)
        play.report(TextStatus.ACCEPTED)
        play.report(TextStatus.UNDELIVERABLE)
        play.wait(MINUTE)
        play.hears("Y")
        assert play.written == []

    def test_a_confirmation_outlives_a_late_word_that_its_question_failed(self) -> None:
        play = talk(deliver=False)
        play.report(TextStatus.ACCEPTED)
        play.wait(MINUTE)
        play.hears("Y")
        play.report(TextStatus.UNDELIVERABLE, back=2)
        assert play.conversation.state == "confirmed"
        assert play.written == ["confirm"]

    def test_what_we_say_without_a_date_never_makes_the_talk_forget_what_was_told(self) -> None:
        play = reminded()
        for _ in range(9):
            play.staff(StaffAct.ANSWER, "The lift is working again.")
        assert play.conversation.told == 1

    def test_a_refused_confirmation_is_written_again_at_the_next_yes(self) -> None:
        play = reminded()
        play.patient("Y")
        play.happen(WriteReported(play.conversation.wish_key, "confirm", ok=False, reason="locked"))
        assert "ipms_write_failed" in play.kinds()
        play.patient("thanks")
        assert play.written == ["confirm"]
        play.patient("Y")
        assert play.written == ["confirm", "confirm"]
        play.patient("Y")
        assert play.written == ["confirm", "confirm"]


class TestDidYouMean:
    def asked(self) -> Talk:
        play = reminded()
        play.patient(HALF_CLEAR_CANCEL)
        assert play.prompts() == ["did_you_mean"]
        assert play.conversation.guess == "cancel"
        return play

    @pytest.mark.parametrize("yes", ["Y", "yes", "Yes please", "👍"])
    def test_a_plain_yes_means_what_we_asked(self, yes: str) -> None:
        play = self.asked()
        play.patient(yes)
        assert play.written == ["request_cancel"]

    @pytest.mark.parametrize("text", ["see you then", "i will be there", "ok", "CONFIRM", "N", "no", "blue horse"])
    def test_what_is_no_plain_yes_does_nothing_and_is_asked_about(self, text: str) -> None:
        play = self.asked()
        play.patient(text)
        assert play.written == []
        assert play.settled() == "asked"

    @pytest.mark.parametrize("text", ["KEEP", "don't cancel"])
    def test_keeping_the_appointment_is_no_yes_to_cancelling_it(self, text: str) -> None:
        play = self.asked()
        play.patient(text)
        assert play.written == ["confirm"]

    def test_it_is_asked_once_and_then_comes_a_person(self) -> None:
        play = self.asked()
        for _ in range(2):
            play.patient(HALF_CLEAR_CANCEL)
        assert play.settled() == "handed"
        assert play.conversation.staff_own

    def test_a_yes_after_the_appointment_changed_is_not_for_the_guess(self) -> None:
        play = self.asked()
        play.moved()
        play.patient("Y")
        assert play.written == ["confirm"]

    def test_a_yes_from_a_new_phone_is_not_for_a_guess_it_never_saw(self) -> None:
        play = self.asked()
        play.new_number()
        play.wait(MINUTE)
        assert play.prompts() == ["reminder"]
        play.patient("Y")
        assert "request_cancel" not in play.written

    def test_a_yes_after_staff_had_the_talk_is_not_for_the_guess(self) -> None:
        play = self.asked()
        play.staff(StaffAct.TAKE)
        play.staff(StaffAct.RESCHEDULED, start=play.now + 20 * DAY)
        play.patient("Y")
        assert "request_cancel" not in play.written

    def test_when_it_did_not_arrive_it_is_asked_again_in_full(self) -> None:
        play = self.asked()
        play.receipt(TextStatus.UNDELIVERABLE)
        first = play.entries[-1]
        play.wait(20 * MINUTE)
        again = next(entry for entry in reversed(play.entries) if entry.kind == "text.queued")
        assert again.data["prompt"] == "did_you_mean"
        assert "cancel the appointment" in again.data["text"]
        assert first.at < again.at


LONG = "himself put the yoke on backwards and it is sideways"  # ten words that mean nothing to us


class TestALongReplyThatCannotBeRead:
    def test_a_person_reads_it_at_once_and_soon(self) -> None:
        play = reminded()
        decision = play.hears(LONG)
        assert (play.conversation.state, play.prompts(), play.kinds()) == ("to_be_read", ["urgent"], {"unclear_reply"})
        (task,) = effects_of(decision, OpenTask)
        assert isinstance(task, OpenTask)
        assert (task.priority, task.due - play.now) == ("high", HOUR)
        play.patient("Y")
        assert play.prompts() == []

    def test_also_where_the_patient_was_asked_before(self) -> None:
        play = reminded()
        play.patient("blue horse")
        play.patient(LONG)
        assert play.conversation.state == "to_be_read"

    def test_also_where_one_answer_is_nearer_than_the_others(self) -> None:
        play = reminded()
        play.patient("cancel everything and tell dr smith it was not his fault")
        assert play.conversation.state == "to_be_read"

    def test_who_writes_little_is_asked(self) -> None:
        play = reminded()
        play.patient(" ".join(LONG.split()[:8]))
        assert play.prompts() == ["unclear"]

    def test_who_is_understood_is_answered(self) -> None:
        play = reminded()
        play.patient("yes thanks a million I will be there on the day please God")
        assert play.prompts() == ["confirmed"]

    def test_what_no_person_wrote_is_answered_for_who_reads_it_later(self) -> None:
        play = reminded()
        play.patient("This is an automatic reply: I am driving and will see your message when I get there.")
        assert play.prompts() == ["unclear"]


class TestTheAppointmentChanges:
    def test_a_late_yes_to_the_old_time_does_not_confirm_the_new_one(self) -> None:
        play = reminded()
        play.moved()
        play.hears("Y")
        assert play.written == []
        assert play.prompts() == ["changed", "changed"]  # asked again

    def test_a_yes_while_the_news_is_still_on_its_way_waits_for_an_answer_to_it(self) -> None:
        play = reminded()
        play.deliver = False
        play.moved()
        play.hears("Y")
        assert (play.written, play.settled()) == ([], "noted")

    def test_a_yes_from_a_phone_that_did_not_get_the_news_yet_is_asked_about(self) -> None:
        play = reminded()
        play.deliver = False
        play.moved()
        play.report(TextStatus.ACCEPTED)
        play.wait(3 * HOUR)
        play.hears("Y")
        assert (play.written, play.settled()) == ([], "asked")

    def test_where_no_receipts_come_a_second_yes_to_a_second_question_counts(self) -> None:
        play = reminded()
        play.deliver = False
        play.moved()
        for _ in range(2):
            play.report(TextStatus.ACCEPTED)
            play.wait(2 * MINUTE)
            play.hears("Y")
        assert play.written == ["confirm"]

    def test_a_yes_to_the_news_confirms_the_new_time(self) -> None:
        play = reminded()
        play.patient("Y")
        play.moved()
        decision = play.patient("Y")
        written = effects_of(decision, WriteAppointment)
        assert [(effect.action, effect.version) for effect in written] == [("confirm", 2)]  # type: ignore[attr-defined]

    def test_a_yes_that_the_gateway_says_answers_the_old_text_is_asked_about(self) -> None:
        play = reminded()
        old = play.conversation.texts[-1].key
        play.moved()
        play.wait(HOUR)
        play.hears("Y", answers=old)
        assert (play.written, play.settled()) == ([], "asked")

    def test_a_yes_that_the_gateway_says_answers_the_news_counts_at_once(self) -> None:
        play = reminded()
        play.moved()
        play.wait(MINUTE)
        play.hears("Y", answers=play.conversation.texts[-1].key)
        assert play.written == ["confirm"]

    def test_another_room_is_another_appointment_to_confirm(self) -> None:
        play = reminded()
        play.moved(place="Another building")
        play.hears("Y")
        assert play.written == []

    def test_a_cancel_that_crosses_the_news_is_asked_about(self) -> None:
        play = reminded()
        play.moved()
        play.hears("C")
        assert (play.written, play.settled()) == ([], "asked")
        play.patient("C")
        assert play.written == ["request_cancel"]

    def test_the_same_news_is_not_repeated_without_end(self) -> None:
        play = reminded()
        old = play.conversation.texts[-1].key
        play.moved()
        for _ in range(5):
            play.wait(MINUTE)
            play.hears("Y", answers=old)
        assert play.conversation.staff_own
        assert play.written == []

    def test_before_the_first_reminder_there_is_nothing_to_tell(self) -> None:
        play = talk("in 40 days at 10:00")
        play.moved(20)
        assert play.prompts() == []
        play.wait(11 * DAY)
        assert play.prompts() == ["reminder"]

    def test_moved_into_the_past_it_is_over(self) -> None:
        play = reminded()
        play.moved(-1)
        assert play.prompts() == []
        assert play.conversation.closed

    def test_it_was_cancelled_before_any_text(self) -> None:
        play = talk("in 40 days at 10:00")
        play.change("cancelled")
        assert play.prompts() == []
        assert play.conversation.closed

    def test_cancelled_and_standing_again_it_is_asked_anew(self) -> None:
        play = reminded()
        play.patient("Y")
        play.change("cancelled")
        play.wait(DAY)
        play.becomes(AppointmentStatus.BOOKED, version=1)
        assert play.prompts() == ["confirmed", "called_off", "changed"]
        play.patient("Y")
        assert play.written == ["confirm", "confirm"]
        play.wait(9 * DAY)
        assert play.prompts() == ["confirmed", "eve"]

    def test_missed_and_rebooked_it_is_asked_anew(self) -> None:
        play = reminded()
        play.wait(10 * DAY + 2 * HOUR)
        play.change("missed")
        play.prompts()
        start = play.now + 9 * DAY
        booked = replace(play.conversation.appointment, version=2, start=start, status=AppointmentStatus.BOOKED)
        play.happen(AppointmentChanged(booked))
        assert play.prompts() == ["changed"]

    def test_for_a_while_not_booked_it_goes_on_where_it_stood(self) -> None:
        play = reminded()
        play.becomes(AppointmentStatus.PENDING)
        assert play.conversation.closed
        play.becomes(AppointmentStatus.BOOKED)
        assert play.prompts() == []
        play.wait(8 * DAY)
        assert play.kinds() == {"call_patient"}  # silence still reaches a person

    def test_what_staff_cancelled_does_not_come_back_by_an_edit(self) -> None:
        play = reminded()
        play.staff(StaffAct.CANCEL)
        play.moved(place="Room 9")
        assert play.conversation.closed
        assert play.prompts() == ["cancelled"]

    @pytest.mark.parametrize("what", ["moved", "cancelled"])
    def test_who_stopped_texts_is_rung_about_it(self, what: str) -> None:
        play = reminded()
        play.patient("STOP")
        play.prompts()
        if what == "moved":
            play.moved()
        else:
            play.becomes(AppointmentStatus.CANCELLED)
        assert play.prompts() == []
        assert play.kinds() == {"call_patient"}

    def test_who_stopped_texts_in_another_talk_is_rung_about_it(self) -> None:
        play = reminded()
        play.deliver = False
        play.moved()
        play.report(TextStatus.UNSENT, "opted out")
        assert play.kinds() == {"not_sent"}

    def test_that_it_is_off_is_said_however_many_texts_went_out(self) -> None:
        play = reminded(ruleset=stricter(texts_a_day=1))
        play.change("cancelled")
        assert play.prompts() == ["called_off"]

    def test_that_it_is_off_and_could_not_be_told_reaches_staff(self) -> None:
        play = reminded()
        play.change("cancelled")
        play.receipt(TextStatus.UNDELIVERABLE)
        assert play.kinds() == {"undelivered"}

    def test_an_emergency_stays_with_staff_when_it_is_cancelled(self) -> None:
        play = reminded()
        play.hears(URGENT, former_number=True)
        play.staff(StaffAct.HAND_BACK)
        play.hears("hello", former_number=True)
        play.change("cancelled")
        assert "former_number" in play.kinds()


class TestStaff:
    def test_the_machine_is_silent_while_staff_own_the_talk(self) -> None:
        play = reminded()
        play.staff(StaffAct.TAKE)
        for text in ("Y", "C", "R", "blue horse", URGENT, "STOP", "START"):
            play.patient(text)
        play.moved()
        play.new_number()
        play.wait(7 * DAY)
        play.change("cancelled")
        assert play.prompts() == []
        assert play.written == []

    def test_an_answer_to_a_question_that_was_still_queued_goes_to_staff(self) -> None:
        play = talk(deliver=False)
        play.staff(StaffAct.TAKE)
        play.leaves()
        play.wait(8 * DAY)
        play.hears("Y")
        assert play.settled() == "handed"
        assert play.written == []

    def test_taken_before_the_first_reminder_nothing_goes_out_when_it_moves(self) -> None:
        play = talk("in 40 days at 10:00")
        play.staff(StaffAct.TAKE)
        play.moved(5)
        assert play.prompts() == []
        assert play.conversation.staff_own

    def test_handed_back_before_the_first_reminder_it_waits_for_its_day(self) -> None:
        play = talk("in 40 days at 10:00")
        play.hears("is it still on?")
        assert play.conversation.staff_own
        play.staff(StaffAct.HAND_BACK)
        assert play.prompts() == []
        play.wait(31 * DAY)
        assert play.prompts() == ["reminder"]

    def test_handed_back_after_a_change_the_patient_is_told_first(self) -> None:
        play = reminded()
        play.staff(StaffAct.TAKE)
        play.moved()
        assert play.kinds() == {"question"}
        play.staff(StaffAct.HAND_BACK)
        assert play.prompts() == ["changed"]

    def test_handed_back_after_the_appointment_nobody_is_reminded_of_it(self) -> None:
        play = reminded()
        play.staff(StaffAct.TAKE)
        play.wait(11 * DAY)
        play.staff(StaffAct.HAND_BACK)
        assert play.prompts() == []
        assert play.conversation.closed

    def test_handed_back_after_a_text_that_came_when_it_was_over(self) -> None:
        play = reminded()
        play.wait(11 * DAY)
        play.prompts()
        play.patient("where do i go")
        play.staff(StaffAct.HAND_BACK)
        assert play.prompts() == ["too_late"]
        assert play.conversation.closed

    @pytest.mark.parametrize("text", [DEAD, WRONG_NUMBER])
    def test_handed_back_with_texts_stopped_there_is_nothing_to_say(self, text: str) -> None:
        play = reminded()
        play.patient(text)
        play.prompts()
        play.staff(StaffAct.HAND_BACK)
        assert play.prompts() == []
        assert play.conversation.closed

    def test_handing_back_what_they_do_not_own_changes_nothing(self) -> None:
        play = reminded()
        play.patient("C")
        play.prompts()
        play.staff(StaffAct.HAND_BACK)
        assert play.conversation.state == "cancelling"
        assert play.kinds() == {"cancellation_review"}
        assert play.prompts() == []

    def test_the_talk_still_ends_after_it_was_handed_back(self) -> None:
        play = reminded()
        play.wait(10 * DAY + 2 * HOUR)
        play.prompts()
        play.patient("hello")  # over: now with staff, and without timers
        play.moved(5)
        play.staff(StaffAct.HAND_BACK)
        assert play.prompts() == ["too_late", "changed"]
        play.wait(6 * DAY)
        assert play.conversation.closed

    def test_what_staff_wrote_and_did_not_arrive_comes_back_to_them(self) -> None:
        play = reminded()
        play.staff(StaffAct.ANSWER, "Please use the side door.")
        play.receipt(TextStatus.UNDELIVERABLE)
        assert play.kinds() == {"undelivered"}

    @pytest.mark.parametrize("why", ["STOP", "deceased", "do_not_text"])
    def test_what_staff_write_to_someone_who_gets_no_texts_comes_back_to_them(self, why: str) -> None:
        play = reminded()
        if why == "STOP":
            play.patient("STOP")
        else:
            play.happen(PatientChanged(replace(play.conversation.patient, **{why: True})))  # type: ignore[arg-type]
        play.prompts()
        play.staff(StaffAct.ANSWER, "Please use the side door.")
        assert play.prompts() == []
        assert play.kinds() == {"not_sent"}

    def test_an_answer_of_staff_is_never_sent_again_by_the_machine(self) -> None:
        play = reminded()
        play.staff(StaffAct.ANSWER, "Please use the side door.")
        play.staff(StaffAct.RESCHEDULED, start=play.now + 20 * DAY)
        play.report(TextStatus.EXPIRED)
        play.wait(2 * DAY)
        assert play.prompts() == [""]

    def test_settled_once_it_is_off_nobody_is_told_otherwise(self) -> None:
        play = reminded()
        play.change("cancelled")
        play.prompts()
        play.staff(StaffAct.CONFIRM)
        assert play.prompts() == []
        assert play.written == []

    def test_a_task_of_the_same_kind_is_added_to(self) -> None:
        play = reminded()
        play.patient("is there parking")
        decision = play.patient("and who will i see")
        assert effects_of(decision, OpenTask) == []
        (update,) = effects_of(decision, UpdateTask)
        assert update.words == "and who will i see"  # type: ignore[attr-defined]

    def test_a_question_that_a_text_answers_needs_nobody(self) -> None:
        play = reminded()
        decision = play.patient("what time is it at?")
        assert (play.prompts(), play.kinds()) == (["details"], set())
        assert effects_of(decision, OpenTask) == []
        play.patient("Y")
        assert (play.prompts(), play.written) == (["confirmed"], ["confirm"])
        play.patient("where do i go")
        assert play.prompts() == ["details_only"]

    @pytest.mark.parametrize(
        "asked", ["where is it and can i bring my son", "what time should i stop eating", "what is it for", "is it cancelled"]
    )
    def test_whatever_else_is_asked_goes_to_a_person(self, asked: str) -> None:
        play = reminded()
        play.patient(asked)
        assert (play.prompts(), play.kinds()) == (["staff_will_answer"], {"question"})

    def test_who_asks_again_did_not_get_what_they_wanted(self) -> None:
        play = reminded()
        play.patient("where is it")
        assert play.prompts() == ["details"]
        play.patient("yes but where is it")
        assert (play.prompts(), play.kinds()) == (["staff_will_answer"], {"question"})

    def test_while_staff_own_the_talk_no_question_is_answered(self) -> None:
        play = reminded()
        play.staff(StaffAct.TAKE)
        play.patient("where is it")
        assert play.prompts() == []

    def test_a_new_wish_replaces_the_one_before(self) -> None:
        play = reminded()
        play.patient("C")
        play.patient("R")
        play.patient("any Tuesday")
        assert play.kinds() == {"reschedule"}

    def test_a_new_time_is_told_when_the_ipms_has_it(self) -> None:
        play = reminded()
        play.patient("is there parking")
        play.prompts()
        play.staff(StaffAct.RESCHEDULED, start=play.now + 20 * DAY)
        assert (play.written, play.prompts()) == (["reschedule"], [])
        play.moved(20)
        assert play.prompts() == ["changed"]

    def test_a_withdrawal_that_the_ipms_did_not_take_reaches_staff(self) -> None:
        play = reminded()
        play.patient("C")
        play.patient("KEEP")
        play.happen(WriteReported(play.conversation.wish_key, "withdraw_request", ok=False, conflict=True))
        assert play.kinds() == {"ipms_write_failed"}


class TestSafety:
    @pytest.mark.parametrize("text", [URGENT, DEAD, WRONG_NUMBER])
    @pytest.mark.parametrize("when", ["before any text", "reminded", "confirmed", "with staff", "over", "opted out"])
    def test_it_reaches_a_person_first_wherever_the_talk_stands(self, text: str, when: str) -> None:
        play = talk("in 40 days at 10:00") if when == "before any text" else reminded()
        match when:
            case "confirmed":
                play.patient("Y")
            case "with staff":
                play.staff(StaffAct.TAKE)
            case "over":
                play.wait(11 * DAY)
            case "opted out":
                play.patient("STOP")
        play.prompts()
        decision = play.patient(text)
        assert play.settled() == "handed"
        assert play.conversation.staff_own
        (task,) = effects_of(decision, OpenTask)
        assert task.priority == "urgent"  # type: ignore[attr-defined]
        assert len(play.prompts()) == (0 if when in ("with staff", "opted out") else 1)

    @pytest.mark.parametrize(("text", "kind"), [(URGENT, "urgent"), (DEAD, "bereavement")])
    def test_from_a_former_number_it_is_urgent_and_stops_the_machine(self, text: str, kind: str) -> None:
        play = reminded()
        play.hears(text, former_number=True)
        assert play.kinds() == {kind}
        assert play.conversation.staff_own
        assert play.conversation.blocked == ""
        assert play.prompts() == []

    def test_a_former_number_says_nothing_for_the_patient(self) -> None:
        play = reminded()
        for text in ("Y", "C", "STOP"):
            play.hears(text, former_number=True)
        assert play.written == []
        assert play.conversation.state == "waiting"
        assert play.conversation.blocked == ""
        assert play.kinds() == {"former_number"}
        play.wait(5 * DAY)
        assert play.prompts() == ["second_reminder"]  # the patient is as silent as before

    def test_the_patients_own_text_is_no_double_of_a_strangers(self) -> None:
        play = reminded()
        play.wait(HOUR)
        play.hears("Y", former_number=True)
        play.hears("Y")
        assert play.written == ["confirm"]

    @pytest.mark.parametrize("text", [DEAD, WRONG_NUMBER])
    def test_neither_stop_nor_start_weakens_a_graver_block(self, text: str) -> None:
        play = reminded()
        play.patient(text)
        blocked = play.conversation.blocked
        play.patient("STOP")
        play.hears("START", opted_out=True)
        assert play.conversation.blocked == blocked
        play.prompts()
        play.staff(StaffAct.HAND_BACK)
        play.staff(StaffAct.CONFIRM)
        assert play.prompts() == []

    def test_a_new_number_lifts_that_the_old_one_was_wrong(self) -> None:
        play = reminded()
        play.patient(WRONG_NUMBER)
        play.new_number()
        play.prompts()
        play.staff(StaffAct.HAND_BACK)
        assert play.prompts() == ["reminder"]

    def test_stop_while_staff_own_the_talk_leaves_it_with_them(self) -> None:
        play = reminded()
        play.patient("is there parking")
        play.prompts()
        play.patient("STOP")
        assert play.conversation.blocked == "opted_out"
        assert play.conversation.staff_own
        assert play.prompts() == []
        play.patient("START")
        assert play.conversation.blocked == ""
        assert play.conversation.staff_own
        assert play.prompts() == []

    def test_a_death_that_may_be_anothers_is_a_persons_first_and_nobody_is_answered(self) -> None:
        play = reminded()
        play.prompts()
        (task,) = effects_of(play.patient("C my father died"), OpenTask)
        assert (task.kind, task.priority) == ("question", "urgent")  # type: ignore[attr-defined]
        assert play.conversation.staff_own
        assert (play.prompts(), play.written, play.conversation.blocked) == ([], [], "")
        (again,) = effects_of(play.patient("C my father died"), UpdateTask)
        assert again.priority == "urgent"  # type: ignore[attr-defined]

    def test_only_the_farewell_passes_the_block(self) -> None:
        play = reminded()
        (farewell,) = effects_of(play.patient("STOP"), SendText)
        assert farewell.safety  # type: ignore[attr-defined]
        (urgent,) = effects_of(reminded().patient(URGENT), SendText)
        assert not urgent.safety  # type: ignore[attr-defined]

    def test_start_takes_the_talk_up_again(self) -> None:
        play = reminded()
        play.patient("STOP")
        play.patient("START")
        assert play.prompts() == ["opted_out", "reminder"]
        play.patient("Y")
        assert play.written == ["confirm"]

    @pytest.mark.parametrize("meanwhile", ["it is over", "hospital cancelled", "staff cancelled", "do not text"])
    def test_start_takes_nothing_up_that_is_settled(self, meanwhile: str) -> None:
        play = reminded()
        if meanwhile == "staff cancelled":
            play.staff(StaffAct.CANCEL)
        play.patient("STOP")
        match meanwhile:
            case "it is over":
                play.wait(11 * DAY)
            case "hospital cancelled":
                play.becomes(AppointmentStatus.CANCELLED)
            case "do not text":
                play.happen(PatientChanged(replace(play.conversation.patient, do_not_text=True)))
        play.prompts()
        play.patient("START")
        assert play.prompts() in ([], ["texts_again"])  # of texts it may speak, of the appointment no more
        assert play.conversation.closed
        assert play.conversation.blocked == ""

    def test_start_after_a_stop_in_another_talk_leaves_this_one_as_it_is(self) -> None:
        play = reminded()
        play.patient("Y")
        play.prompts()
        play.hears("START", opted_out=True)
        assert play.conversation.state == "confirmed"
        assert play.prompts() == ["texts_again"]

    def test_a_marked_patient_gets_nothing_and_is_asked_when_the_mark_was_an_error(self) -> None:
        play = talk("in 20 days at 10:00")
        patient = play.conversation.patient
        play.happen(PatientChanged(replace(patient, do_not_text=True)))
        play.wait(11 * DAY)
        assert play.prompts() == []
        play.happen(PatientChanged(patient))
        assert play.prompts() == ["reminder"]

    def test_a_new_phone_is_asked_what_the_old_one_was(self) -> None:
        play = reminded()
        play.new_number()
        assert play.prompts() == ["reminder"]
        play.hears("Y")
        assert play.written == []  # it cannot have read it yet


class TestDoubles:
    def test_a_text_delivered_twice_counts_once(self) -> None:
        play = reminded()
        play.wait(HOUR)
        play.hears("blue horse")
        play.hears("blue horse")
        assert play.prompts() == ["unclear"]
        assert not play.conversation.staff_own

    def test_the_same_word_to_another_question_is_another_answer(self) -> None:
        play = reminded()
        play.wait(HOUR)
        play.hears("R", received_at=play.now - timedelta(seconds=1))
        play.wait(timedelta(seconds=2))
        play.hears("R")
        assert play.conversation.state == "moving"


class TestBounds:
    def test_the_same_text_again_and_again_ends_with_a_person(self) -> None:
        play = reminded()
        for _ in range(6):
            play.patient("thanks")
        assert play.kinds() == {"unclear_reply"}
        assert play.conversation.staff_own

    def test_too_many_replies_end_with_a_person(self) -> None:
        play = reminded(ruleset=stricter(texts_a_day=99))
        for number in range(14):
            play.patient(("thanks", "KEEP", "Y")[number % 3])
        assert play.conversation.staff_own

    def test_texts_a_day(self) -> None:
        play = reminded(ruleset=stricter(texts_a_day=2))
        play.patient("thanks")
        play.patient("thanks a lot")
        assert play.prompts() == ["thanks_but"]
        assert play.settled() == "handed"
        assert "not_sent" in play.kinds()

    def test_what_staff_settle_is_told_however_many_texts_went_out(self) -> None:
        play = reminded(ruleset=stricter(texts_a_day=1))
        play.patient("What is the address?")
        play.staff(StaffAct.CONFIRM)
        assert play.prompts() == ["confirmed"]

    def test_a_text_that_failed_was_not_borne_and_counts_once(self) -> None:
        play = talk(deliver=False, ruleset=stricter(texts_a_day=2))
        play.staff(StaffAct.ANSWER, "One.")
        play.report(TextStatus.ACCEPTED, back=2)
        for status in (TextStatus.UNDELIVERABLE, TextStatus.EXPIRED, TextStatus.UNDELIVERABLE):
            play.report(status)
        assert play.conversation.day_texts == 1
        play.report(TextStatus.DELIVERED)
        assert play.conversation.day_texts == 2

    def test_stop_and_start_without_end_are_not_answered_without_end(self) -> None:
        play = reminded()
        for _ in range(30):
            play.patient("STOP")
            play.patient("START")
        day = play.conversation.day
        queued = [entry for entry in play.entries if entry.kind == "text.queued" and entry.data["day"] == day]
        assert len(queued) <= rules().limits.texts_a_day + 1

    def test_steps(self) -> None:
        play = reminded(ruleset=stricter(steps=5, replies=99, texts_a_day=99))
        for _ in range(4):
            play.patient("C")
            play.patient("KEEP")
        assert play.kinds() == {"fault"}
        assert play.conversation.staff_own


class TestReceipts:
    def test_a_failure_told_twice_is_one_failure(self) -> None:
        play = talk(deliver=False)
        play.report(TextStatus.UNDELIVERABLE)
        play.report(TextStatus.UNDELIVERABLE)
        play.report(TextStatus.EXPIRED)
        assert play.conversation.failures == 1

    def test_what_arrived_has_arrived(self) -> None:
        play = reminded()
        play.report(TextStatus.UNDELIVERABLE)
        play.wait(4 * HOUR)
        assert play.conversation.told == 1
        assert play.prompts() == []

    def test_what_arrived_after_all_is_not_sent_again(self) -> None:
        play = talk(deliver=False)
        play.report(TextStatus.UNKNOWN)
        play.report(TextStatus.DELIVERED)
        play.prompts()
        play.wait(4 * HOUR)
        assert play.prompts() == []
        play.wait(5 * DAY)
        play.leaves()
        play.wait(2 * DAY)
        assert play.kinds() == {"call_patient"}  # and its silence counts

    def test_a_retry_does_not_repeat_what_was_said_since(self) -> None:
        play = talk(deliver=False)
        play.report(TextStatus.UNDELIVERABLE)
        play.hears("thanks")
        play.report(TextStatus.ACCEPTED)
        assert play.prompts() == ["reminder", "thanks_but"]
        play.wait(4 * HOUR)
        assert play.prompts() == []

    def test_a_word_on_a_text_that_is_not_ours_changes_nothing(self) -> None:
        play = reminded()
        before = play.conversation
        for status in TextStatus:
            play.happen(TextReported("f" * 32, status))
        assert play.conversation._replace(seq=before.seq) == before

    def test_held_back_for_a_former_number_it_is_said_to_the_new_one(self) -> None:
        play = reminded()
        play.deliver = False
        play.patient("Y")
        play.new_number()
        play.report(TextStatus.UNSENT, "former number")
        assert play.prompts() == ["confirmed", "confirmed"]

    def test_held_back_until_it_was_of_no_use_it_reaches_staff(self) -> None:
        play = talk(deliver=False)
        play.report(TextStatus.UNSENT, "expired")
        assert play.kinds() == {"not_sent"}


class TestTimers:
    def fire_again(self, play: Talk, name: str, visit: int) -> None:
        play.happen(TimerFired(name, visit))

    @pytest.mark.parametrize("name", ["no_reply", "retry", "close", "cadence.second", "cadence.eve", "what?"])
    def test_a_stale_timer_does_nothing(self, name: str) -> None:
        play = reminded()
        play.moved()
        stale = play.conversation.visit - 1 if name in ("no_reply", "retry") else 1
        decision = play.happen(TimerFired(name, stale))
        assert (decision.entries, decision.effects) == ((), ())

    def test_a_reminder_whose_timer_fires_twice_goes_out_once(self) -> None:
        play = reminded()
        play.patient("Y")
        play.wait(9 * DAY)
        self.fire_again(play, "cadence.eve", 1)
        assert play.prompts() == ["confirmed", "eve"]

    def test_a_retry_whose_timer_fires_twice_goes_out_once(self) -> None:
        play = talk(deliver=False)
        play.report(TextStatus.UNDELIVERABLE)
        play.wait(20 * MINUTE)
        self.fire_again(play, "retry", play.conversation.visit)
        assert play.prompts() == ["reminder", "reminder"]

    def test_a_wait_counts_anew_from_a_question_that_is_still_on_its_way(self) -> None:
        play = reminded()
        play.deliver = False
        play.hears("thanks")
        play.happen(TimerFired("no_reply", play.conversation.visit))
        assert play.conversation.state == "waiting"

    def test_news_is_not_followed_at_once_by_having_heard_nothing(self) -> None:
        play = reminded()
        play.moved(5)
        play.wait(2 * HOUR)
        assert play.prompts() == ["changed"]

    def test_nobody_is_reminded_of_what_has_begun(self) -> None:
        noon = datetime(2026, 3, 2, 12, 0, tzinfo=ZoneInfo("Europe/Dublin"))
        play = Talk(rules(), appointment="in 0 days at 11:45", beginning=noon)
        assert play.prompts() == []


class TestManyAppointments:
    """What becomes of a reply in one talk, once it was shared among those of the phone."""

    def among(self, play: Talk) -> tuple[Listed, ...]:
        mine = play.conversation.appointment
        own = Listed("rehearsal", "rehearsal", "Mary", mine.id, mine.version, mine.start, mine.clinic)
        return (own, replace(own, conversation="other", patient="p2", first_name="Tom", appointment="other"))

    def test_what_may_be_for_another_goes_to_a_person(self) -> None:
        play = reminded()
        play.wait(MINUTE)
        play.hears("Y", doubt=Doubt(self.among(play)))
        assert (play.written, play.settled()) == ([], "handed")

    def test_or_is_asked_about(self) -> None:
        play = reminded()
        play.wait(MINUTE)
        play.hears("Y", doubt=Doubt(self.among(play), ask=True))
        assert (play.written, play.settled(), play.prompts()) == ([], "asked", ["which_one"])

    def test_a_part_of_it_is_read_by_itself(self) -> None:
        play = reminded()
        play.wait(MINUTE)
        play.hears("yes for Tom, cancel Mary's", part="cancel")
        assert play.written == ["request_cancel"]

    def test_what_was_about_another_changes_nothing(self) -> None:
        play = reminded()
        play.wait(MINUTE)
        play.hears("cancel Tom's", aside=True)
        assert (play.written, play.settled(), play.opened) == ([], "noted", [])

    def test_an_answer_to_a_list_that_showed_an_earlier_date_confirms_nothing(self) -> None:
        play = reminded()
        play.wait(MINUTE)
        play.hears("1", part="yes", shown=0)
        assert (play.written, play.settled()) == ([], "asked")


@pytest.mark.parametrize(
    "event",
    [
        StaffActed(StaffAct.NOTE, "nora", "rang, no answer"),
        StaffActed(StaffAct.HAND_BACK, "nora"),
        StaffActed(StaffAct.ANSWER, "nora", "  "),
        WriteReported("f" * 32, "confirm", ok=True),
    ],
)
def test_what_needs_no_answer_gets_none(event: Event) -> None:
    play = reminded()
    play.happen(event)
    assert play.prompts() == []
    assert play.conversation.state == "waiting"


class TestNewsAtNight:
    """What the hospital changes at three in the morning is told at nine, unless the patient would set out before."""

    def lane(self, play: Talk, what: str) -> str:
        before = len(play.entries)
        play.change(what)
        (queued,) = [entry for entry in play.entries[before:] if entry.kind == "text.queued"]
        return str(queued.data["lane"])

    @pytest.mark.parametrize("what", ["moved to in 12 days at 14:00", "cancelled"])
    def test_news_of_a_day_to_come_waits_for_sending_hours(self, what: str) -> None:
        assert self.lane(reminded(), what) == "notice"

    def test_news_of_the_next_hours_is_told_at_once(self) -> None:
        play = reminded()
        play.wait(timedelta(days=9, hours=20))
        assert self.lane(play, "cancelled") == "reply"

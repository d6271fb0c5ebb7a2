"""Several appointments on one phone: a parent's two children, a patient's two clinics. A reply is acted on where it is plain
which of them it is about; otherwise it is asked about once, and then a person finds out."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from engine.events import StaffAct, TextStatus
from tests.conversations.clinic import BEN, CARA, RULES, Clinic, open_clinic, replace

WHICH = "asked: asked which appointment is meant"
HANDED = "handed: it cannot be told which appointment is meant"


def invite_family(clinic: Clinic) -> Clinic:
    """Two children with their mother's phone, reminded one after the other: Tom for Thursday 12 March at ten, Amy for Friday
    the 13th at half past two."""
    clinic.invite("A1", number="H1", mobile=CARA, first_name="Tom", clinic="EYE", clinic_name="Eye Clinic")
    clinic.clock.move(timedelta(minutes=1))
    facts = {"clinic": "CARDIO", "clinic_name": "Heart Clinic", "clinician": "Mr Joe Smith"}
    clinic.invite("A2", number="H2", mobile=CARA, first_name="Amy", days=11 + 4.5 / 24, **facts)
    clinic.wait(days=1, hours=5)
    assert clinic.prompts(CARA) == ["reminder", "reminder"]
    return clinic


@pytest.fixture
def family(clinic: Clinic) -> Clinic:
    return invite_family(clinic)


def done(clinic: Clinic) -> tuple[list[str], list[str]]:
    return clinic.book.actions("A1"), clinic.book.actions("A2")


CONFIRM, CANCEL, MOVE = ["confirm"], ["request_cancel"], ["request_reschedule"]
NONE: list[str] = []


@pytest.mark.parametrize(
    ("words", "first", "second"),
    [
        ("yes for Tom, cancel Amy's", CONFIRM, CANCEL),
        ("Yes for Tom and Amy", CONFIRM, CONFIRM),
        ("Y for both", CONFIRM, CONFIRM),
        ("yes to all of them", CONFIRM, CONFIRM),
        ("Y to the first", CONFIRM, NONE),
        ("the 13th yes", NONE, CONFIRM),
        ("cancel 12/3", CANCEL, NONE),
        ("13 march ok, cancel 12 march", CANCEL, CONFIRM),
        ("Thursday is fine", CONFIRM, NONE),
        ("yes for 2:30pm", NONE, CONFIRM),
        ("cancel eye clinic", CANCEL, NONE),
        ("Mr Smith yes", NONE, CONFIRM),
        ("Tom yes. Cancel the other one", CONFIRM, CANCEL),
        ("Amys is fine thanks", NONE, CONFIRM),
        ("dont cancel Tom's", CONFIRM, NONE),
    ],
)
def test_what_the_reply_names_decides(family: Clinic, words: str, first: list[str], second: list[str]) -> None:
    family.reply(CARA, words)
    assert done(family) == (first, second)


@pytest.mark.parametrize("words", ["Y", "yes", "C", "please cancel it", "R"])
def test_a_bare_answer_to_two_questions_is_asked_about_and_acts_on_neither(family: Clinic, words: str) -> None:
    family.reply(CARA, words)
    assert done(family) == (NONE, NONE)
    assert family.outcomes() == [WHICH]
    asked = family.carrier.sent[-1].text
    listed = "1) T. March 12 at 10:00 AM 2) A. March 13 at 2:30 PM"
    assert asked == f"Which appointment do you mean? {listed}. Reply with the number, or ALL."


def test_the_question_shows_whoever_has_the_phone_nothing_of_health(family: Clinic) -> None:
    family.reply(CARA, "Y")
    asked = family.carrier.sent[-1].text
    for word in ("Eye", "Heart", "Byrne", "Smith", "EYE", "CARDIO", "Tom", "Amy"):
        assert word not in asked


def test_two_appointments_of_one_patient_are_told_apart_by_their_times_alone(clinic: Clinic) -> None:
    clinic.invite("A1", mobile=CARA)
    clinic.invite("A2", mobile=CARA, days=9)
    clinic.reply(CARA, "C")
    assert clinic.carrier.sent[-1].text.startswith("Which appointment do you mean? 1) March 11 at 10:00 AM 2) March 12 at")


@pytest.mark.parametrize(
    ("answer", "first", "second"),
    [
        ("1", CANCEL, NONE),
        ("2", NONE, CANCEL),
        ("number 2 please", NONE, CANCEL),
        ("the second one", NONE, CANCEL),
        ("Amy", NONE, CANCEL),
        ("the 12th", CANCEL, NONE),
        ("Friday", NONE, CANCEL),
        ("both", CANCEL, CANCEL),
        ("ALL", CANCEL, CANCEL),
        ("1 and 2", CANCEL, CANCEL),
        ("C2", NONE, CANCEL),
        ("Y1 C2", CONFIRM, CANCEL),
        ("1 Y 2 C", CONFIRM, CANCEL),
    ],
)
def test_the_answer_to_which_one_is_applied_to_what_was_said(
    family: Clinic, answer: str, first: list[str], second: list[str]
) -> None:
    family.reply(CARA, "cancel please")
    family.reply(CARA, answer)
    assert done(family) == (first, second)
    assert family.tasks() == ["cancellation_review"] * (first + second).count("request_cancel")


def test_it_is_asked_once_and_then_a_person_finds_out(family: Clinic) -> None:
    family.reply(CARA, "Y")
    family.reply(CARA, "Y")
    assert done(family) == (NONE, NONE)
    assert family.prompts(CARA).count("which_one") == 1
    assert family.outcomes() == [WHICH, HANDED]
    (task,) = family.entries("task.opened")
    assert "A1 (EYE, 2026-03-12 10:00); A2 (CARDIO, 2026-03-13 14:30)" in task["data"]["why"]
    assert "Tom" not in task["data"]["why"]


def test_a_question_which_one_that_nobody_answers_ends_with_a_person(family: Clinic) -> None:
    family.reply(CARA, "cancel it")
    family.wait(hours=5)
    (task,) = family.entries("task.opened")
    assert (task["data"]["kind"], task["data"]["words"]) == ("question", "cancel it")
    family.reply(CARA, "2")
    assert done(family) == (NONE, NONE)


class TestAPersonFindsOut:
    """Whoever wrote is told so, once."""

    def test_the_phone_is_told_that_staff_will_look(self, family: Clinic) -> None:
        family.reply(CARA, "blue horse")
        assert family.outcomes() == [HANDED]
        assert family.prompts(CARA) == ["reminder", "reminder", "staff_will_answer"]

    def test_it_is_told_nothing_of_any_appointment(self, family: Clinic) -> None:
        family.reply(CARA, "blue horse")
        said = family.carrier.sent[-1].text
        for word in ("Eye", "Heart", "Byrne", "Smith", "Tom", "Amy", "March", "12", "13"):
            assert word not in said

    def test_it_is_told_once_however_often_it_writes(self, family: Clinic) -> None:
        for words in ("Y", "Y", "Y", "blue horse", "green horse"):
            family.reply(CARA, words)
        assert family.prompts(CARA) == ["reminder", "reminder", "which_one", "staff_will_answer"]

    def test_it_is_told_once_a_day_though_staff_hand_the_talk_back(self, family: Clinic) -> None:
        family.reply(CARA, "blue horse")
        (owned,) = (id for id in ("A1", "A2") if family.talk(id).staff_own)
        for _ in range(2):
            family.act(StaffAct.HAND_BACK, owned)
            family.reply(CARA, "blue horse")
        assert family.prompts(CARA).count("staff_will_answer") == 1

    @pytest.mark.parametrize(("later", "told"), [(0, ["staff_will_answer"]), (3, [])])
    def test_who_does_not_say_which_is_told_so_unless_it_is_night(self, family: Clinic, later: int, told: list[str]) -> None:
        family.wait(hours=later)
        family.reply(CARA, "cancel it")
        family.wait(hours=5)
        assert family.tasks() == ["question"]
        assert family.prompts(CARA)[2:] == ["which_one", *told]

    def test_it_is_not_told_where_texts_are_stopped(self, family: Clinic) -> None:
        family.reply(CARA, "stop texts about this appointment", answers=family.texts("reminder")[0].key)
        family.reply(CARA, "START")
        family.reply(CARA, "stop texts from this clinic", answers=family.texts("reminder")[0].key)
        family.act(StaffAct.STOP, "A2")
        before = family.prompts(CARA)
        family.reply(CARA, "blue horse")
        assert family.prompts(CARA) == before

    @pytest.mark.parametrize("words", ["he has chest pain", "he passed away last week", "wrong number"])
    def test_what_outranks_everything_has_its_own_answer(self, family: Clinic, words: str) -> None:
        family.reply(CARA, words)
        assert "staff_will_answer" not in family.prompts(CARA)

    def test_rules_without_such_a_text_say_nothing(self, tmp_path: Path) -> None:
        silent = tmp_path / RULES.name
        silent.write_text(re.sub(r"\n  handed: .*", "", RULES.read_text("utf-8")), "utf-8")
        with open_clinic(tmp_path / "silent") as clinic:
            clinic.house.publish([silent])
            invite_family(clinic).reply(CARA, "blue horse")
            assert clinic.outcomes() == [HANDED]
            assert clinic.prompts(CARA) == ["reminder", "reminder"]


def test_an_answer_to_a_list_counts_for_the_appointment_as_it_was_listed(family: Clinic) -> None:
    family.reply(CARA, "Y")
    moved = family.appointment("A2", number="H2", mobile=CARA, first_name="Amy", days=20, clinic="CARDIO")
    family.tell(moved)
    family.reply(CARA, "2")
    assert done(family) == (NONE, NONE)
    family.wait(minutes=2)
    family.reply(CARA, "yes for Amy")
    assert done(family) == (NONE, CONFIRM)


def test_the_question_which_one_is_said_again_where_it_did_not_arrive(family: Clinic) -> None:
    family.reply(CARA, "C")
    family.receipt(family.text("which_one").key, TextStatus.UNDELIVERABLE)
    family.wait(minutes=16)
    assert [sent.text for sent in family.carrier.sent[-2:]] == [family.carrier.sent[-1].text] * 2
    family.reply(CARA, "1")
    assert done(family) == (CANCEL, NONE)


def test_each_patients_record_and_transcript_have_the_whole_of_what_was_said(family: Clinic) -> None:
    family.reply(CARA, "yes for Tom, cancel Amy's")
    read = {entry["conversation"]: entry["data"] for entry in family.entries("reply.read")}
    tom, amy = family.talk("A1").id, family.talk("A2").id
    assert {data["text"] for data in read.values()} == {"yes for Tom, cancel Amy's"}
    assert (read[tom]["part"], read[amy]["part"]) == ("yes", "cancel")
    recorded = {(message.appointment, message.text) for message in family.book.messages if message.direction == "in"}
    assert recorded == {("A1", "yes for Tom, cancel Amy's"), ("A2", "yes for Tom, cancel Amy's")}
    names = [message.key for message in family.book.messages if message.direction == "in"]
    assert len(set(names)) == 2


def test_what_waited_is_on_the_record_of_the_appointment_it_was_about(family: Clinic) -> None:
    family.reply(CARA, "cancel it please")
    family.reply(CARA, "1")
    said = {message.text for message in family.book.messages if message.direction == "in" and message.appointment == "A1"}
    assert said == {"cancel it please", "1"}
    (read,) = [e["data"] for e in family.entries("reply.read") if e["conversation"] == family.talk("A1").id]
    assert (read["text"], read["part"], read["waited"]["text"]) == ("1", "cancel it please", "cancel it please")


def test_one_part_that_is_not_understood_is_asked_about_by_its_own_date(family: Clinic) -> None:
    family.reply(CARA, "yes for Tom, Amy no")
    assert done(family) == (CONFIRM, NONE)
    assert any("March 13 at 2:30 PM" in sent.text and "did not understand" in sent.text for sent in family.carrier.sent)


@pytest.mark.parametrize(
    "words",
    [
        "cancel Amy's not Tom's", "all except Tom's", "if Tom's is at 10 then cancel Amy's", "Tom or Amy, not sure yet",
        "blue horse",
    ],
)  # fmt: skip
def test_what_hangs_together_is_not_cut_up_but_read_by_a_person(family: Clinic, words: str) -> None:
    family.reply(CARA, words)
    assert done(family) == (NONE, NONE)
    assert "question" in family.tasks() or family.outcomes() == [WHICH]


@pytest.mark.parametrize(
    "words",
    ["cancel amy tom is fine", "can't make tom's amy is fine", "cancel for tom for amy is fine", "tom's amy's cancel move",
     "cancel, amy is fine", "tom, cancel amy's"],
)  # fmt: skip
def test_names_that_run_together_are_asked_about_and_nothing_is_cancelled(family: Clinic, words: str) -> None:
    family.reply(CARA, words)
    assert done(family) == (NONE, NONE)
    assert "cancellation_review" not in family.tasks()
    assert family.outcomes() in ([WHICH], [HANDED])


def test_of_three_children_side_by_side_none_is_cancelled(family: Clinic) -> None:
    family.invite("A3", number="H3", mobile=CARA, first_name="Jack", days=8)
    family.reply(CARA, "cancel tom and amy jack is fine")
    assert [*done(family), family.book.actions("A3")] == [NONE, NONE, NONE]


def test_a_name_that_fits_two_appointments_is_asked_about(family: Clinic) -> None:
    family.invite("A3", number="H1", mobile=CARA, first_name="Tom", days=8)
    family.reply(CARA, "cancel Tom's")
    assert family.outcomes() == [WHICH]


def test_a_language_that_nobody_knows_is_no_obstacle(clinic: Clinic) -> None:
    clinic.invite("A1", number="H1", mobile=CARA, first_name="Tom", language="x!")
    clinic.invite("A2", number="H2", mobile=CARA, first_name="Amy", days=9, language="en-IE")
    clinic.reply(CARA, "yes for Tom")
    assert done(clinic) == (CONFIRM, NONE)


def test_both_is_not_said_of_three(family: Clinic) -> None:
    family.invite("A3", number="H3", mobile=CARA, first_name="Jack", days=8)
    family.reply(CARA, "yes to both")
    assert [*done(family), family.book.actions("A3")] == [NONE, NONE, NONE]


def test_all_is_all_that_the_phone_was_told_of(family: Clinic) -> None:
    family.invite("A3", number="H3", mobile=CARA, first_name="Jack", days=40)
    family.reply(CARA, "yes to both")
    assert [*done(family), family.book.actions("A3")] == [CONFIRM, CONFIRM, NONE]


def test_a_day_that_would_suit_better_does_not_say_which_is_meant(family: Clinic) -> None:
    family.reply(CARA, "R Friday")
    assert done(family) == (NONE, NONE)
    assert family.outcomes() == [WHICH]


def test_the_reply_itself_knows_better_than_the_gateways_reference(family: Clinic) -> None:
    latest = family.texts("reminder")[-1].key
    family.reply(CARA, "cancel Tom's", answers=latest)
    assert done(family) == (CANCEL, NONE)


def test_a_talk_that_staff_own_gets_what_may_be_for_it(family: Clinic) -> None:
    family.act(StaffAct.TAKE, "A1")
    family.reply(CARA, "Y")
    assert done(family) == (NONE, NONE)
    assert family.prompts(CARA) == ["reminder", "reminder"]
    family.reply(CARA, "yes for Amy")
    assert done(family) == (NONE, CONFIRM)


def test_thanks_settles_nothing_and_troubles_nobody(family: Clinic) -> None:
    family.reply(CARA, "thanks")
    assert done(family) == (NONE, NONE)
    assert family.tasks() == []


def test_a_question_reaches_staff_who_see_the_phones_other_appointments(family: Clinic) -> None:
    family.reply(CARA, "where do I go?")
    assert family.tasks() == ["question"]
    (more,) = family.entries("task.updated")
    assert "A1 (EYE" in more["data"]["why"] or "A2 (CARDIO" in more["data"]["why"]


class TestWhatOutranksEverything:
    def test_a_death_is_the_named_patients(self, family: Clinic) -> None:
        family.reply(CARA, "Tom passed away")
        assert (family.state("A1"), family.state("A2")) == ("bereaved", "waiting")

    def test_a_death_of_nobody_knows_whom_silences_the_talks_of_all(self, family: Clinic) -> None:
        family.reply(CARA, "he passed away last week")
        assert family.tasks() == ["bereavement", "bereavement"]
        assert family.talk("A1").staff_own
        assert family.talk("A2").staff_own
        assert family.prompts(CARA) == ["reminder", "reminder", "bereaved"]
        assert (family.talk("A1").blocked, family.talk("A2").blocked) == ("", "")
        family.wait(days=9)
        assert family.prompts(CARA) == ["reminder", "reminder", "bereaved"]

    def test_a_wrong_number_is_so_for_every_patient_it_was_given_for(self, family: Clinic) -> None:
        family.reply(CARA, "wrong number")
        assert family.tasks() == ["wrong_number", "wrong_number"]
        family.wait(days=9)
        assert family.prompts(CARA) == ["reminder", "reminder", "wrong_number"]

    def test_a_second_stop_that_falls_to_the_other_talk_has_no_second_farewell(self, family: Clinic) -> None:
        family.reply(CARA, "STOP")
        family.reply(CARA, "STOP")
        assert family.prompts(CARA) == ["reminder", "reminder", "opted_out"]

    def test_an_emergency_comes_before_the_question_which_one(self, family: Clinic) -> None:
        family.reply(CARA, "Y")
        family.reply(CARA, "he has chest pain")
        assert "urgent" in family.tasks()
        family.reply(CARA, "2")
        assert done(family) == (NONE, NONE)


class TestHappeningAgain:
    @pytest.mark.parametrize("words", ["Y", "yes for Tom, cancel Amy's"])
    def test_a_text_that_the_carrier_delivers_twice_counts_once(self, family: Clinic, words: str) -> None:
        family.deliver()
        family.clock.move(timedelta(minutes=1))
        at = family.clock.now()
        family.hear(CARA, words, external_id=None, sent_at=at)
        family.hear(CARA, words, external_id=None, sent_at=at + timedelta(seconds=2))
        family.settle()
        assert family.outcomes()[1] == "noted: the same text twice within seconds"
        if words == "Y":
            family.reply(CARA, "1")
            assert done(family) == (CONFIRM, NONE)
        else:
            assert done(family) == (CONFIRM, CANCEL)

    def test_an_answer_to_which_one_that_is_delivered_twice_counts_once(self, family: Clinic) -> None:
        family.reply(CARA, "C")
        family.deliver()
        family.clock.move(timedelta(minutes=1))
        at = family.clock.now()
        family.hear(CARA, "2", external_id=None, sent_at=at)
        family.hear(CARA, "2", external_id=None, sent_at=at + timedelta(seconds=2))
        family.settle()
        assert done(family) == (NONE, CANCEL)
        assert family.outcomes()[2] == "noted: the same text twice within seconds"

    def test_the_same_rows_worked_in_one_batch_or_one_by_one_come_to_the_same(self, tmp_path: Path) -> None:
        found = []
        for batch in (1, 256):
            home = tmp_path / str(batch)
            home.mkdir()
            with open_clinic(home, batch=batch) as clinic:
                invite_family(clinic)
                clinic.deliver()
                clinic.clock.move(timedelta(minutes=1))
                clinic.hear(CARA, "cancel")
                clinic.hear(CARA, "both")
                clinic.settle()
                clinic.assert_sound()
                found.append((done(clinic), sorted(clinic.tasks())))
        assert found[0] == found[1]

    def test_a_part_that_fails_takes_the_whole_reply_back_to_be_tried_again(
        self, family: Clinic, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from conversations import batch

        real, calls = batch.decide, []

        def falls_once(*arguments: object) -> object:
            calls.append(arguments)
            if len(calls) == 2:
                raise RuntimeError("a fault")
            return real(*arguments)  # type: ignore[arg-type]

        family.deliver()
        family.clock.move(timedelta(minutes=1))
        family.hear(CARA, "yes for Tom, cancel Amy's")
        monkeypatch.setattr(batch, "decide", falls_once)
        family.settle()
        assert done(family) == (NONE, NONE)
        family.wait(minutes=1)
        assert done(family) == (CONFIRM, CANCEL)


def test_a_number_that_was_one_childs_still_answers_for_the_other(family: Clinic) -> None:
    record = family.appointment("A1", number="H1", mobile=BEN, first_name="Tom", clinic="EYE", clinic_name="Eye Clinic")
    family.tell(replace(record, patient=replace(record.patient, mobile=BEN)))
    family.reply(CARA, "Y")
    assert done(family) == (NONE, CONFIRM)

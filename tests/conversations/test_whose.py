"""Whose reply is it, and about which appointment? Where that is not certain, nobody guesses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conversations.clinic import ANN, BEN, CARA, Clinic, replace


@pytest.fixture
def family(clinic: Clinic) -> Clinic:
    """Two children with their mother's phone, both reminded."""
    clinic.invite("A1", number="H1", mobile=CARA, first_name="Tom")
    clinic.clock.move(timedelta(minutes=1))
    clinic.invite("A2", number="H2", mobile=CARA, first_name="Una", days=9)
    return clinic


def key(clinic: Clinic, appointment: str, prompt: str = "reminder") -> str:
    talk = clinic.talk(appointment).id
    return next(row.key for row in clinic.texts(prompt) if row.conversation_id == talk)


def settled_in(clinic: Clinic) -> list[str]:
    """The appointment in whose talk each reply was settled."""
    of = {clinic.talk(id).id: id for id in ("A1", "A2")}
    return [of[entry["conversation"]] for entry in sorted(clinic.entries("reply.settled"), key=lambda e: e["at"])]


def test_the_text_that_the_gateway_names_decides(family: Clinic) -> None:
    family.reply(CARA, "Y", answers=key(family, "A1"))
    family.reply(CARA, "C", answers=key(family, "A2"))
    assert settled_in(family) == ["A1", "A2"]
    assert (family.book.actions("A1"), family.book.actions("A2")) == (["confirm"], ["request_cancel"])


def test_a_reference_to_a_text_that_went_to_another_phone_is_no_reference(clinic: Clinic) -> None:
    clinic.invite("A1", number="H1", mobile=ANN)
    clinic.invite("A2", number="H2", mobile=BEN)
    clinic.reply(BEN, "C", answers=key(clinic, "A1"))
    assert (clinic.book.actions("A1"), clinic.book.actions("A2")) == ([], ["request_cancel"])


def test_a_reference_to_no_text_of_ours_is_no_reference(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "Y", answers="0" * 32)
    assert clinic.book.actions() == ["confirm"]


def test_a_reference_to_a_text_that_went_to_a_number_since_given_up(clinic: Clinic) -> None:
    record = clinic.invite()
    clinic.tell(replace(record, patient=replace(record.patient, mobile=BEN)))
    clinic.reply(ANN, "C", answers=clinic.texts("reminder")[0].key)
    assert clinic.book.actions() == []
    assert clinic.tasks() == ["former_number"]


def test_the_open_question_is_what_a_yes_answers_when_the_other_is_settled(family: Clinic) -> None:
    family.reply(CARA, "Y", answers=key(family, "A1"))
    family.reply(CARA, "Y")
    assert family.book.actions("A2") == ["confirm"]


@pytest.mark.parametrize("words", ["KEEP", "Y"])
@pytest.mark.parametrize("first", ["C", "R"])
def test_a_word_that_would_undo_one_and_settle_the_other_is_asked_about(family: Clinic, first: str, words: str) -> None:
    family.reply(CARA, first, answers=key(family, "A1"))
    before = family.book.actions("A1")
    family.reply(CARA, words)
    assert family.book.actions("A1") == before
    assert family.book.actions("A2") == []
    assert family.outcomes()[-1] == "asked: asked which appointment is meant"


def test_the_days_that_suit_answer_the_question_that_was_just_asked(family: Clinic) -> None:
    family.reply(CARA, "R", answers=key(family, "A1"))
    family.reply(CARA, "any Tuesday after 2")
    assert family.book.actions("A1") == ["request_reschedule"]
    assert family.book.actions("A2") == []
    assert family.tasks() == ["reschedule"]


def test_a_change_of_mind_that_may_be_about_either_is_asked_about(family: Clinic) -> None:
    family.reply(CARA, "Y", answers=key(family, "A1"))
    family.reply(CARA, "Y", answers=key(family, "A2"))
    family.reply(CARA, "C")
    assert "request_cancel" not in family.book.actions("A1") + family.book.actions("A2")
    assert family.outcomes()[-1] == "asked: asked which appointment is meant"


def test_what_outranks_everything_does_so_whoever_is_meant(family: Clinic) -> None:
    family.reply(CARA, "STOP")
    assert family.outcomes() == ["acted: stop outranks everything"]
    family.invite("A3", number="H1", mobile=CARA, days=8)
    assert len(family.prompts(CARA)) == 3  # two reminders and the farewell


def test_the_talk_that_was_not_told_yet_is_no_rival(clinic: Clinic) -> None:
    clinic.invite("A1", number="H1", mobile=CARA)
    clinic.invite("A2", number="H2", mobile=CARA, days=40)
    clinic.reply(CARA, "Y")
    assert clinic.book.actions("A1") == ["confirm"]


def test_a_number_that_moved_from_one_patient_to_another(clinic: Clinic) -> None:
    record = clinic.invite("A1", number="H1", mobile=ANN)
    clinic.tell(replace(record, patient=replace(record.patient, mobile=CARA)))
    clinic.invite("A2", number="H2", mobile=ANN, days=9)
    clinic.reply(ANN, "Y")
    assert (clinic.book.actions("A1"), clinic.book.actions("A2")) == ([], ["confirm"])


def test_a_number_that_comes_back_to_its_patient(clinic: Clinic) -> None:
    record = clinic.invite()
    clinic.tell(replace(record, patient=replace(record.patient, mobile=BEN)))
    clinic.tell(record)
    clinic.reply(ANN, "Y")
    assert clinic.book.actions() == ["confirm"]


class TestInOneBatch:
    """What comes first counts first, though both are worked together."""

    def test_a_reply_behind_the_news_that_the_number_is_given_up(self, clinic: Clinic) -> None:
        record = clinic.invite()
        clinic.deliver()
        clinic.clock.move(timedelta(minutes=1))
        clinic.push(replace(record, patient=replace(record.patient, mobile=BEN)))
        clinic.hear(ANN, "C")
        clinic.settle()
        assert clinic.book.actions() == []
        assert clinic.tasks() == ["former_number"]

    def test_a_reply_from_a_number_that_has_just_become_the_patients(self, clinic: Clinic) -> None:
        record = clinic.invite()
        clinic.deliver()
        clinic.clock.move(timedelta(minutes=1))
        clinic.push(replace(record, patient=replace(record.patient, mobile=BEN)))
        clinic.hear(BEN, "STOP")
        clinic.settle()
        assert clinic.outcomes() == ["acted: stop outranks everything"]
        assert clinic.talk().blocked == "opted_out"

    def test_a_reply_behind_the_news_of_a_death_texts_nobody(self, clinic: Clinic) -> None:
        record = clinic.invite()
        clinic.deliver()
        clinic.clock.move(timedelta(minutes=1))
        clinic.push(replace(record, patient=replace(record.patient, deceased=True)))
        clinic.hear(ANN, "Y")
        clinic.settle()
        assert clinic.prompts() == ["reminder"]
        assert clinic.outcomes()[0].startswith("handed")

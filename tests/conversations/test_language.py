"""A patient asks for another language: in this talk, in the others, and in all to come."""

from __future__ import annotations

from tests.conversations.clinic import ANN, BEN, Clinic, replace


def last(clinic: Clinic) -> str:
    return clinic.carrier.sent[-1].text


def test_the_question_comes_again_in_irish_and_is_answered(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "as Gaeilge le do thoil")
    assert clinic.prompts() == ["reminder", "reminder"]
    assert last(clinic).startswith("Meabhrúchán")
    clinic.reply(ANN, "beidh mé ann")
    assert clinic.book.actions() == ["confirm"]
    assert last(clinic).startswith("Go raibh maith agat")


def test_the_wish_is_recorded_in_the_ipms_like_every_reply(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "as Gaeilge")
    assert [message.text for message in clinic.book.messages if message.direction == "in"] == ["as Gaeilge"]


def test_later_talks_and_those_that_run_are_in_that_language(clinic: Clinic) -> None:
    clinic.invite("A1")
    clinic.invite("A2", days=40)  # nothing was said of it yet
    clinic.reply(ANN, "as Gaeilge")
    clinic.invite("A3", days=9)
    assert last(clinic).startswith("Meabhrúchán")
    assert clinic.talk("A2").patient.language == "ga"
    clinic.wait(days=30)
    (text,) = [each for each in clinic.carrier.sent if each.at.day == 1]
    assert text.text.startswith("Meabhrúchán")


def test_it_outranks_the_language_of_the_ipms_until_that_changes(clinic: Clinic) -> None:
    record = clinic.invite()
    clinic.reply(ANN, "as Gaeilge")
    clinic.tell(replace(record, patient=replace(record.patient, last_name="Tierney-Walsh")))
    assert clinic.talk().patient.language == "ga"
    clinic.tell(replace(record, patient=replace(record.patient, language="pl")))
    assert clinic.talk().patient.language == "pl"


def test_another_patient_of_the_phone_keeps_theirs(clinic: Clinic) -> None:
    clinic.invite("A1", number="H1", mobile=BEN)
    clinic.reply(BEN, "as Gaeilge")
    clinic.invite("A2", number="H2", mobile=BEN, days=9)
    assert clinic.talk("A2").patient.language == "en"


def test_a_language_that_the_rules_lack_becomes_a_task(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "Somali please")
    assert clinic.tasks() == ["question"]
    assert clinic.prompts() == ["reminder"]
    (task,) = clinic.entries("task.opened")
    assert task["data"]["why"] == "The patient wants to be written to in Somali."

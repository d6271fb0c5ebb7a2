"""Reminders for one phone that are due on one day leave as one text. What a talk is told by it, and what becomes of it, is as
if it had been a text of its own; and it never leaves with a part in it that has gone stale."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from conversations import schema
from conversations.ports import AppointmentRecord, SendResult, SendStatus
from engine.events import StaffAct, TextStatus
from tests.conversations.clinic import ANN, BEN, CARA, RULES, Clinic, open_clinic, replace


def tom(clinic: Clinic, **facts: object) -> AppointmentRecord:
    return clinic.appointment(**{"id": "A1", "number": "H1", "mobile": CARA, "first_name": "Tom", "days": 12, **facts})  # type: ignore[arg-type]


def amy(clinic: Clinic, **facts: object) -> AppointmentRecord:
    given = {"id": "A2", "number": "H2", "mobile": CARA, "first_name": "Amy", "days": 12 + 3 / 24, "clinic": "CARDIO", **facts}
    return clinic.appointment(**given)  # type: ignore[arg-type]


def reminded(clinic: Clinic) -> Clinic:
    """Two children, a quarter of a fortnight ahead, three hours apart: reminded together two days later."""
    clinic.tell(tom(clinic), amy(clinic))
    assert clinic.carrier.sent == []
    clinic.wait(days=2)
    return clinic


def texts(clinic: Clinic, phone: str = CARA) -> list[str]:
    return [sent.text for sent in clinic.carrier.sent if sent.to == phone]


BOTH = (
    "Reminder: You have 2 appointments: 1) T. March 14 at 10:00 AM 2) A. March 14 at 1:00 PM. "
    "Reply Y to confirm all, or give the number: 1Y to confirm, 1R to Reschedule or 1C to Cancel."
)


def done(clinic: Clinic) -> tuple[list[str], list[str]]:
    return clinic.book.actions("A1"), clinic.book.actions("A2")


def test_two_that_are_due_on_one_day_are_one_text(clinic: Clinic) -> None:
    reminded(clinic)
    assert texts(clinic) == [BOTH]
    clinic.wait(hours=8)
    assert texts(clinic) == [BOTH]
    assert (clinic.state("A1"), clinic.state("A2")) == ("waiting", "waiting")


def test_two_that_are_booked_at_once_and_late_are_one_text(clinic: Clinic) -> None:
    clinic.tell(tom(clinic, days=6), amy(clinic, days=8))
    assert len(texts(clinic)) == 1


def test_one_patients_two_are_told_by_clinician_and_not_by_name(clinic: Clinic) -> None:
    clinic.tell(tom(clinic, days=6), amy(clinic, number="H1", first_name="Tom", days=8, clinician="Mr Joe Smith"))
    (text,) = texts(clinic)
    assert "1) March 8 at 10:00 AM with Dr Nora Byrne 2) March 10 at 10:00 AM with Mr Joe Smith" in text


def test_reminders_of_different_days_are_texts_of_their_own(clinic: Clinic) -> None:
    clinic.tell(tom(clinic), amy(clinic, days=14))
    clinic.wait(days=4)
    assert clinic.prompts(CARA) == ["reminder", "reminder"]


def test_other_phones_are_not_joined(clinic: Clinic) -> None:
    clinic.tell(tom(clinic), amy(clinic, mobile=BEN))
    clinic.wait(days=3)
    assert (clinic.prompts(CARA), clinic.prompts(BEN)) == (["reminder"], ["reminder"])


def test_two_languages_are_two_texts(clinic: Clinic) -> None:
    clinic.tell(tom(clinic, days=6), amy(clinic, days=8, language="ga"))
    assert clinic.prompts(CARA) == ["reminder", "reminder"]


def test_more_than_the_ruleset_allows_are_cut_into_several(clinic: Clinic) -> None:
    children = [tom(clinic, id=f"A{n}", number=f"H{n}", first_name=name, days=5 + n / 10) for n, name in enumerate("PQRS", 1)]
    clinic.tell(*children)
    assert sorted(clinic.prompts(CARA)) == ["reminder", "reminders"]


def test_a_ruleset_that_does_not_join_has_a_text_for_each(tmp_path: Path) -> None:
    apart = tmp_path / "apart.yaml"
    lines = RULES.read_text().splitlines(keepends=True)
    apart.write_text("".join(line for line in lines if not line.startswith("  together:")))
    (tmp_path / "home").mkdir()
    with open_clinic(tmp_path / "home") as clinic:
        clinic.house.publish([apart])
        clinic.tell(tom(clinic, days=6), amy(clinic, days=8))
        assert clinic.prompts(CARA) == ["reminder", "reminder"]


@pytest.mark.parametrize(
    ("words", "first", "second"),
    [
        ("Y", ["confirm"], ["confirm"]),
        ("yes thanks", ["confirm"], ["confirm"]),
        ("Y both", ["confirm"], ["confirm"]),
        ("1Y", ["confirm"], []),
        ("1Y 2C", ["confirm"], ["request_cancel"]),
        ("2C", [], ["request_cancel"]),
        ("C both", ["request_cancel"], ["request_cancel"]),
        ("yes for Tom, cancel Amy's", ["confirm"], ["request_cancel"]),
        ("C", [], []),
    ],
)
@pytest.mark.parametrize("referenced", [False, True])
def test_the_answer_goes_to_those_it_is_about(
    clinic: Clinic, words: str, first: list[str], second: list[str], referenced: bool
) -> None:
    reminded(clinic)
    clinic.reply(CARA, words, answers=clinic.carrier.sent[-1].key if referenced else None)
    assert done(clinic) == (first, second)


def test_a_bare_cancel_is_asked_about(clinic: Clinic) -> None:
    reminded(clinic)
    clinic.reply(CARA, "C")
    assert clinic.prompts(CARA) == ["reminders", "which_one"]
    clinic.reply(CARA, "2")
    assert done(clinic) == ([], ["request_cancel"])


def test_a_yes_is_not_for_a_third_that_was_shown_by_itself(clinic: Clinic) -> None:
    reminded(clinic)
    clinic.invite("A3", number="H3", mobile=CARA, first_name="Jack", days=8)
    clinic.reply(CARA, "Y")
    assert [*done(clinic), clinic.book.actions("A3")] == [[], [], []]
    assert clinic.prompts(CARA)[-1] == "which_one"


def test_cancel_all_with_a_third_that_the_list_did_not_show_is_asked_about(clinic: Clinic) -> None:
    reminded(clinic)
    clinic.invite("A3", number="H3", mobile=CARA, first_name="Jack", days=8)
    clinic.reply(CARA, "cancel all")
    assert [*done(clinic), clinic.book.actions("A3")] == [[], [], []]


def test_each_talk_and_each_patients_record_has_its_own_line_alone(clinic: Clinic) -> None:
    reminded(clinic)
    clinic.deliver()
    own = {entry["conversation"]: entry["data"] for entry in clinic.entries("text.joined")}
    first, second = own[clinic.talk("A1").id], own[clinic.talk("A2").id]
    assert first["shared"] == second["shared"] == clinic.carrier.sent[-1].key
    assert "1) T. March 14 at 10:00 AM" in first["text"]
    assert "A." not in first["text"]
    assert "2) A. March 14 at 1:00 PM" in second["text"]
    assert "T." not in second["text"]
    recorded = {(m.appointment, m.text, m.status) for m in clinic.book.messages}
    assert {("A1", first["text"], "delivered"), ("A2", second["text"], "delivered")} <= recorded


def test_receipts_reach_every_talk(clinic: Clinic) -> None:
    reminded(clinic)
    clinic.receipt(clinic.carrier.sent[-1].key, TextStatus.DELIVERED)
    for appointment in ("A1", "A2"):
        talk = clinic.talk(appointment)
        assert [text.status for text in talk.texts] == ["delivered"]
        assert talk.told == talk.appointment.version
    assert {row.status for row in clinic.texts()} == {"delivered"}


def test_it_is_paid_for_once(clinic: Clinic) -> None:
    reminded(clinic)
    clinic.deliver()
    (sent,) = clinic.carrier.sent
    assert clinic.scalar(sa.select(sa.func.sum(schema.texts.c.segments))) == sent.segments


def test_what_does_not_arrive_is_tried_again_as_one(clinic: Clinic) -> None:
    reminded(clinic)
    clinic.receipt(clinic.carrier.sent[-1].key, TextStatus.UNDELIVERABLE)
    clinic.wait(minutes=20)
    assert texts(clinic) == [BOTH, BOTH]
    assert len({sent.key for sent in clinic.carrier.sent}) == 2
    clinic.reply(CARA, "Y")
    assert done(clinic) == (["confirm"], ["confirm"])


def test_silence_is_followed_up_together_as_well(clinic: Clinic) -> None:
    reminded(clinic)
    clinic.wait(days=6)
    assert clinic.prompts(CARA) == ["reminders", "reminders"]


class TestAtSending:
    """Something happens between the decision and the sending: the carrier is slow, then the gate looks again."""

    @pytest.fixture
    def queued(self, clinic: Clinic) -> Clinic:
        clinic.tell(tom(clinic), amy(clinic))
        clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY, "busy", "busy", retry_after=600)
        clinic.wait(days=2)
        assert len(clinic.carrier.sent) == 1
        clinic.carrier.sent.clear()
        clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
        return clinic

    def test_nothing_happened(self, queued: Clinic) -> None:
        queued.wait(hours=1)
        assert texts(queued) == [BOTH]

    def test_one_was_moved(self, queued: Clinic) -> None:
        queued.tell(tom(queued, days=20))
        queued.wait(hours=1)
        assert sorted(queued.prompts(CARA)) == ["changed", "reminder"]
        assert not any("2 appointments" in text for text in texts(queued))
        assert any("March 14 at 1:00 PM" in text for text in texts(queued))

    def test_one_was_called_off(self, queued: Clinic) -> None:
        queued.tell(tom(queued, status="cancelled"))
        queued.wait(hours=1)
        assert "reminder" in queued.prompts(CARA)
        assert not any("2 appointments" in text for text in texts(queued))

    def test_one_patient_died(self, queued: Clinic) -> None:
        record = tom(queued)
        queued.tell(replace(record, patient=replace(record.patient, deceased=True)))
        queued.wait(hours=1)
        assert queued.prompts(CARA) == ["reminder"]
        assert "March 14 at 1:00 PM" in texts(queued)[0]

    def test_one_patient_has_another_number_now(self, queued: Clinic) -> None:
        queued.tell(tom(queued, mobile=ANN))
        queued.wait(hours=1)
        assert queued.prompts(CARA) == ["reminder"]
        assert "March 14 at 1:00 PM" in texts(queued)[0]
        assert queued.prompts(ANN)[-1] == "reminder"

    def test_staff_took_one(self, queued: Clinic) -> None:
        queued.act(StaffAct.TAKE, "A1")
        queued.wait(hours=1)
        assert queued.prompts(CARA) == ["reminder"]
        assert "March 14 at 1:00 PM" in texts(queued)[0]

    def test_the_phone_wants_no_texts(self, queued: Clinic) -> None:
        queued.hear(CARA, "STOP")
        queued.wait(hours=1)
        assert "reminders" not in queued.prompts(CARA)
        assert "reminder" not in queued.prompts(CARA)

    def test_of_three_the_two_that_stand_are_one_text_again(self, clinic: Clinic) -> None:
        clinic.tell(tom(clinic), amy(clinic), tom(clinic, id="A3", number="H3", first_name="Jack", days=12 + 5 / 24))
        clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY, "busy", "busy", retry_after=600)
        clinic.wait(days=2)
        clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
        clinic.carrier.sent.clear()
        clinic.tell(tom(clinic, days=20))
        clinic.wait(hours=1)
        (joint,) = [text for text in texts(clinic) if "2 appointments" in text]
        assert "1) A. March 14 at 1:00 PM 2) J. March 14 at 3:00 PM" in joint
        assert "T." not in joint


def test_the_same_worked_row_by_row_loses_nothing(tmp_path: Path) -> None:
    with open_clinic(tmp_path, batch=1) as clinic:
        clinic.tell(tom(clinic), amy(clinic))
        clinic.wait(days=2, hours=8)
        told = {each for each in ("A1", "A2") if clinic.talk(each).told}
        assert told == {"A1", "A2"}
        clinic.assert_sound()


def test_no_row_is_left_between(clinic: Clinic) -> None:
    reminded(clinic)
    clinic.deliver()
    phases = {row.phase for row in clinic.rows(sa.select(schema.texts))}
    assert phases == {"done"}
    clinic.clock.move(timedelta(minutes=1))

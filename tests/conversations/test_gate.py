"""The last look before a text leaves: what was right when it was queued may be wrong now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from conversations import schema
from conversations.outbox import Outbox
from conversations.ports import SendResult, SendStatus
from conversations.schema import instant
from engine.events import StaffAct
from tests.conversations.clinic import ANN, BEN, MONDAY, Clinic, open_clinic, replace


def busy(clinic: Clinic) -> None:
    clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY)


def back(clinic: Clinic) -> None:
    clinic.carrier.sent.clear()
    clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)


def block(clinic: Clinic, reason: str, *, phone: str | None = None, patient: str | None = None) -> None:
    index = clinic.house.vault.phone_index(phone) if phone else None
    row = {"reason": reason, "phone_index": index, "patient_id": patient, "conversation_id": "", "since": 0}
    clinic.change(sa.insert(schema.blocks).values(row))


def patients(**facts: Any) -> Callable[[Clinic], None]:
    """The patient's row says something else now, and nobody told the conversation."""
    return lambda clinic: clinic.change(sa.update(schema.patients).values(**facts))


def appointments(**facts: Any) -> Callable[[Clinic], None]:
    return lambda clinic: clinic.change(sa.update(schema.appointments).values(**facts))


REASONS: list[tuple[str, Callable[[Clinic], None]]] = [
    ("erased", patients(wrapped_key=None)),
    ("deceased", patients(deceased=True)),
    ("do not text", patients(do_not_text=True)),
    ("former number", patients(phone_index=b"another phone")),
    ("former number", patients(phone_index=None)),
    ("opted out", lambda clinic: block(clinic, "opted_out", phone=ANN)),
    ("wrong number", lambda clinic: block(clinic, "wrong_number", phone=ANN)),
    ("deceased", lambda clinic: block(clinic, "deceased", patient=clinic.talk().patient.id)),
    ("appointment changed", appointments(version=2)),
    ("appointment called off", appointments(status="cancelled")),
    ("appointment called off", appointments(status="entered-in-error")),
    ("expired", lambda clinic: clinic.clock.move(timedelta(days=20))),
    ("staff own the talk", lambda clinic: clinic.act(StaffAct.TAKE)),
]


@pytest.mark.parametrize(("reason", "change"), REASONS)
def test_a_reminder_that_became_wrong_while_it_waited_is_held_back_for_good(
    clinic: Clinic, reason: str, change: Callable[[Clinic], None]
) -> None:
    busy(clinic)
    clinic.invite()
    back(clinic)
    change(clinic)
    clinic.clock.move(timedelta(hours=1))
    clinic.run(clinic.house.outbox.step())
    (row,) = clinic.rows(sa.select(schema.texts))
    assert clinic.carrier.sent == []
    assert row.phase == "held"
    (said,) = [each for each in clinic.inbox_contents("receipt") if each["status"] == "unsent"]
    assert said["reason"] == reason
    # Once and for all: it is not looked at again.
    clinic.clock.move(timedelta(hours=1))
    assert clinic.run(clinic.house.outbox.step()) == 0


def test_nothing_wrong_means_that_it_leaves(clinic: Clinic) -> None:
    busy(clinic)
    clinic.invite()
    back(clinic)
    clinic.clock.move(timedelta(hours=1))
    assert clinic.run(clinic.house.outbox.step()) == 1
    assert [sent.to for sent in clinic.carrier.sent] == [ANN]


def test_a_block_that_was_lifted_or_is_anothers_holds_nothing_back(clinic: Clinic) -> None:
    busy(clinic)
    clinic.invite()
    back(clinic)
    block(clinic, "opted_out", phone=BEN)
    block(clinic, "deceased", patient="another patient")
    block(clinic, "opted_out", phone=ANN)
    blocks = schema.blocks
    mine = blocks.c.phone_index == clinic.house.vault.phone_index(ANN)
    clinic.change(sa.update(blocks).where(mine).values(lifted_at=1))
    clinic.wait(hours=1)
    assert clinic.prompts() == ["reminder"]


def test_the_one_farewell_passes_the_block_that_it_tells_of_and_no_other_text_does(clinic: Clinic) -> None:
    clinic.invite("A1")
    clinic.invite("A2", days=9)
    busy(clinic)
    first, second = clinic.texts("reminder")
    clinic.reply(ANN, "Y", answers=second.key)
    clinic.reply(ANN, "STOP", answers=first.key)
    back(clinic)
    clinic.wait(hours=1)
    assert clinic.prompts() == ["opted_out"]
    assert clinic.text("confirmed").reason == "opted out"


def test_a_farewell_does_not_pass_a_death(clinic: Clinic) -> None:
    record = clinic.invite()
    busy(clinic)
    clinic.reply(ANN, "STOP")
    back(clinic)
    clinic.tell(replace(record, patient=replace(record.patient, deceased=True)))
    clinic.wait(hours=1)
    assert clinic.carrier.sent == []


class TestTheHourOfDay:
    NIGHT = datetime(2026, 3, 3, 23, tzinfo=UTC)

    def night(self, clinic: Clinic) -> None:
        """A reminder that the gateway did not take by day is still there at night."""
        clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY, retry_after=86_400.0 / 2)
        clinic.clock.move_to(MONDAY + timedelta(hours=9))
        clinic.invite(days=9)
        back(clinic)

    def test_a_reminder_waits_for_the_morning(self, clinic: Clinic) -> None:
        self.night(clinic)
        clinic.clock.move_to(datetime(2026, 3, 3, 7, 30, tzinfo=UTC))
        clinic.settle()
        assert clinic.carrier.sent == []
        clinic.wait(hours=2)
        (sent,) = clinic.carrier.sent
        assert sent.at == datetime(2026, 3, 3, 9, tzinfo=UTC)

    def test_an_answer_to_a_patient_does_not(self, clinic: Clinic) -> None:
        clinic.invite()
        clinic.clock.move_to(self.NIGHT)
        clinic.reply(ANN, "Y")
        assert clinic.prompts() == ["reminder", "confirmed"]


class Meanwhile:
    """A writer to whose every job another comes first."""

    def __init__(self, clinic: Clinic, first: Callable[[], None]) -> None:
        self._writer = clinic.house.writer
        self._first = first

    async def run(self, job: Callable[[sa.Connection], Any]) -> Any:
        self._first()
        return await self._writer.run(job)


def test_what_is_committed_before_the_claim_cannot_escape_the_look(clinic: Clinic) -> None:
    """The patient stops all texts in the moment in which the outbox has found something to send."""
    busy(clinic)
    clinic.invite()
    back(clinic)
    clinic.clock.move(timedelta(hours=1))
    held = clinic.house
    writer: Any = Meanwhile(clinic, lambda: block(clinic, "opted_out", phone=ANN))
    outbox = Outbox(
        held.database, writer, held.vault, held.rulebook, held.gateway, held.intake, held.clock, held.bus
    )
    assert clinic.run(outbox.step()) == 1
    clinic.settle()
    assert clinic.carrier.sent == []
    assert clinic.text("reminder").reason == "opted out"


def test_answers_go_before_reminders(clinic: Clinic) -> None:
    clinic.invite("A0", number="H0", mobile=ANN)
    clinic.deliver()
    busy(clinic)
    clinic.tell(*[clinic.appointment(f"B{n}", number=f"P{n}", mobile=f"+35386{n:07}") for n in range(100)])
    clinic.clock.move(timedelta(minutes=30))
    clinic.hear(ANN, "Y")
    clinic.house.worker.step(clinic.clock.now())
    back(clinic)
    clinic.settle()
    assert "confirmed" in clinic.carrier.sent[0].text
    assert len(clinic.carrier.sent) == 101


def test_the_rate_of_the_gateway_is_kept_in_segments(tmp_path: Path) -> None:
    with open_clinic(tmp_path, segments_per_second=5.0) as clinic:
        many = [clinic.appointment(f"B{n}", number=f"P{n}", mobile=f"+35386{n:07}") for n in range(60)]
        clinic.push(*many)
        for _ in range(100):
            clinic.settle()
            clinic.clock.move(timedelta(milliseconds=200))
        for sent in clinic.carrier.sent:
            window = [each for each in clinic.carrier.sent if timedelta(0) <= each.at - sent.at < timedelta(seconds=1)]
            assert sum(each.segments for each in window) <= 5 + 5  # a full bucket, and what a second adds to it
        assert len(clinic.carrier.sent) == 60
        assert instant(clinic.carrier.sent[-1].at) - instant(clinic.carrier.sent[0].at) >= 10_000_000


def test_what_staff_write_goes_out_whatever_the_appointment_does(clinic: Clinic) -> None:
    record = clinic.invite()
    busy(clinic)
    clinic.act(StaffAct.ANSWER, text="Bring your glasses.")
    clinic.tell(replace(record, start=record.start + timedelta(days=1)))
    back(clinic)
    clinic.wait(hours=1)
    assert [sent.text for sent in clinic.carrier.sent] == ["Bring your glasses."]


def test_a_text_longer_than_the_bucket_still_leaves(tmp_path: Path) -> None:
    with open_clinic(tmp_path, segments_per_second=1.0) as clinic:
        clinic.invite(language="ga", clinician="An Dochtúir Síle Ní Cheallaigh agus Tomás Breathnach")
        clinic.wait(seconds=30)
        (sent,) = clinic.carrier.sent
        assert sent.segments > 2

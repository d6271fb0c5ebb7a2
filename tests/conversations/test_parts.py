"""A batch is committed in parts: what an event of an earlier part did, one of a later part must know."""

from __future__ import annotations

from pathlib import Path

from conversations.ports import InboundReceipt
from engine.events import TextStatus
from tests.conversations.clinic import ANN, BEN, Clinic, open_clinic


def fill(clinic: Clinic) -> None:
    """Enough of what changes nothing that what comes next is in another part of the batch."""
    receipts = [InboundReceipt(None, TextStatus.DELIVERED, external_id=f"F{number}") for number in range(200)]
    clinic.run(clinic.house.intake.take_inbound(clinic.carrier.name, receipts))


def test_a_number_that_an_earlier_part_changed_is_the_patients(tmp_path: Path) -> None:
    with open_clinic(tmp_path, batch=2_000) as clinic:
        clinic.invite(mobile=ANN)
        clinic.deliver()
        clinic.push(clinic.appointment(mobile=BEN, clinician="Dr Una Roe"))
        fill(clinic)
        clinic.hear(BEN, "Is there parking?")
        clinic.hear(ANN, "Y")
        clinic.settle()
        assert clinic.outcomes()[0].startswith("handed")
        assert clinic.outcomes()[1] == "handed: the number is no longer the patient's"
        assert clinic.book.actions() == []
        clinic.assert_sound()

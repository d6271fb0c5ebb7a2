"""A batch is committed in parts: what an event of an earlier part did, one of a later part must know."""

from __future__ import annotations

from pathlib import Path

from conversations.commits import Commits
from conversations.leases import Holding
from conversations.ports import InboundReceipt
from conversations.worker import Worker
from engine.events import TextStatus
from tests.conversations.clinic import ANN, BEN, Clinic, open_clinic


def fill(clinic: Clinic, many: int = 200) -> None:
    """Enough of what changes nothing that what comes next is in another part of the batch."""
    receipts = [InboundReceipt(None, TextStatus.DELIVERED, external_id=f"F{number}") for number in range(many)]
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


def test_a_reply_that_was_read_ahead_and_worked_by_another_is_not_worked_again(tmp_path: Path) -> None:
    with open_clinic(tmp_path) as clinic:
        house, now = clinic.house, clinic.clock.now

        def commits(holding: Holding) -> Commits:
            return Commits(house.writer, house.vault, holding)

        clinic.invite(mobile=ANN)
        clinic.deliver()
        fill(clinic, 256)
        clinic.hear(ANN, "Y")
        assert house.worker.step(now()).events == 256  # and the reply was read while this was committed
        other = Worker(house.database, commits, house.vault, house.rulebook, house.gateway.name)
        assert other.step(now()).events == 1
        clinic.hear(ANN, "Is there parking?")
        assert house.worker.step(now()).events == 1
        clinic.settle()
        assert [outcome.split(":")[0] for outcome in clinic.outcomes()] == ["acted", "handed"]
        clinic.assert_sound()

"""A patient is erased: what is left says that something happened, and of whom nothing."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from conversations import erasure, messages, places, playback, schema, verification
from conversations.changes import Changes
from conversations.commits import Commits
from conversations.erasure import By
from conversations.finding import Finder
from conversations.leases import Holding
from conversations.messages import Wanted as Messages
from conversations.people import Scope
from conversations.ports import InboundReceipt, OutboundText, SendResult, SendStatus
from conversations.search import Search, Wanted
from conversations.traces import ErasureRefused, Held
from conversations.worker import Worker
from engine.events import StaffAct, TextStatus
from tests.conversations.clinic import ANN, BEN, CARA, Clinic, open_clinic

BY = By("dpo", "request of 3 March", login="root")
WORDS = "Grainne says it hurts behind the left eye"


def erase(clinic: Clinic, number: str = "H1") -> Held:
    house = clinic.house
    found = erasure.erase(house.database, house.writer, house.vault, number, BY, clinic.clock.now())
    clinic.settle()
    return found


def everything(clinic: Clinic) -> bytes:
    """All values of all rows of all tables, what the vault's own key seals opened where it can be."""
    found = []
    with clinic.house.database.reader() as connection:
        for table in schema.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                found += [value if isinstance(value, bytes) else str(value).encode() for value in row]
                found += [_opened(clinic, table.name, row)]
    return b"\n".join(found)


def _opened(clinic: Clinic, table: str, row: sa.Row[tuple[object, ...]]) -> bytes:
    sealed = row._mapping.get("sealed")
    if not sealed or sealed[:1] != b"\x02":
        return b""
    where = {
        "inbox": lambda: f"inbox|{row.source}|{row.external_id}",
        "tasks": lambda: f"tasks|{row.key}",
        "unmatched": lambda: f"unmatched|{row.id}",
        "rounds": lambda: f"rounds|{row.id}",
        "transcript": lambda: places.entry_place(row.conversation_id, row.seq),
        "audit": lambda: f"audit.sealed|{row.at}|{row.did}|{row.record[:160]}",
    }
    return clinic.house.vault.open_own(where[table](), sealed)


def _search(clinic: Clinic, text: str) -> int:
    house = clinic.house
    while Finder(house.database, house.writer, house.vault, house.clock).step():
        pass
    with house.database.reader() as connection:
        return len(Search(connection, house.vault, Scope()).find(Wanted(text)).hits)


def _busy(clinic: Clinic) -> None:
    """Of H1: a text from before the number was known, a talk with words in it that staff have, another that goes on, a number
    that was theirs once, a text by hand."""
    clinic.hear(ANN, f"{WORDS}, who is this")
    clinic.settle()
    clinic.invite("A1", first_name="Grainne")
    clinic.reply(ANN, WORDS)
    clinic.act(StaffAct.NOTE, text="Grainne has rung, left eye")
    clinic.invite("A2", first_name="Grainne", mobile="+353874444444", days=12)
    clinic.hear(ANN, "Y")
    clinic.settle()


def test_nothing_of_the_patient_is_left_in_any_table(clinic: Clinic) -> None:
    _busy(clinic)
    assert _search(clinic, "Grainne")
    vault = clinic.house.vault
    phones = [ANN, "+353874444444"]
    secrets = [b"Grainne", b"Tierney", b"left eye", *(phone.encode() for phone in phones)]
    indexes = [vault.number_index("H1"), *(vault.phone_index(phone) for phone in phones)]
    (wrapped,) = clinic.rows(sa.select(schema.patients.c.wrapped_key))
    before = everything(clinic)
    assert all(secret in before for secret in [b"Grainne", ANN.encode(), *indexes, wrapped.wrapped_key])
    found = erase(clinic)
    assert (found.conversations, found.open, found.tasks > 0) == (2, 2, True)
    after = everything(clinic)
    for secret in [*secrets, *indexes, wrapped.wrapped_key, b"\nA1\n", b"\nA2\n"]:
        assert secret not in after, secret
    assert _search(clinic, "Grainne") == 0
    assert clinic.tasks() == []
    assert clinic.rows(sa.select(schema.timers)) == []
    assert clinic.rows(sa.select(schema.conversations).where(~schema.conversations.c.closed)) == []


def test_the_record_is_whole_and_says_who_erased_it_and_why(clinic: Clinic) -> None:
    _busy(clinic)
    talk = clinic.talk("A1").id
    with clinic.house.database.reader() as connection:
        newest = verification.verify(connection).newest
    erase(clinic)
    with clinic.house.database.reader() as connection:
        assert verification.verify(connection, witness=newest).whole
        differing = list(playback.replay(connection, clinic.house.vault))
        *others, last = [
            orjson.loads(line) for line in playback.export(connection, clinic.house.vault, conversation=talk)
        ]
    assert len(differing) == 2
    assert all(each.erased for each in differing)
    assert others
    assert all(each["erased"] and "data" not in each for each in others)
    assert (last["kind"], last["actor"], last["data"]) == ("patient.erased", "staff:dpo", {"why": "request of 3 March"})
    (noted,) = clinic.rows(sa.select(schema.audit).where(schema.audit.c.did == "erased a patient"))
    assert noted.name == "dpo"


def test_a_text_that_waits_is_withdrawn_and_what_the_ipms_was_to_be_told_too(clinic: Clinic) -> None:
    clinic.invite()
    clinic.reply(ANN, "Y")
    clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY, "busy", "later")
    clinic.invite("A2", days=9.9)
    sent = len(clinic.carrier.sent)
    assert erase(clinic).unsent == 1
    clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
    clinic.wait(days=14)
    assert len(clinic.carrier.sent) == sent
    assert clinic.rows(sa.select(schema.writes).where(schema.writes.c.status == "queued")) == []


def test_the_same_person_begins_afresh(clinic: Clinic) -> None:
    record = clinic.invite()
    erase(clinic)
    clinic.wait(minutes=1)
    clinic.tell(record)  # of the very same appointment, even
    assert clinic.prompts() == ["reminder", "reminder"]
    clinic.reply(ANN, "Y")
    assert clinic.state("A1") == "confirmed"
    assert clinic.tasks() == []
    assert clinic.book.actions("A1") == ["confirm"]


def test_a_later_reply_is_of_an_unknown_number(clinic: Clinic) -> None:
    clinic.invite()
    key = clinic.carrier.taken[-1]
    erase(clinic)
    clinic.reply(ANN, "I cannot come on Monday", answers=key)
    assert clinic.outcomes()[-1] == "handed: the number is not known"
    assert clinic.tasks() == ["question"]


def test_a_reply_that_was_taken_before_and_not_worked_is_not_lost(clinic: Clinic) -> None:
    clinic.invite()
    clinic.hear(ANN, "I cannot come on Monday")
    erase(clinic)
    assert clinic.outcomes()[-1] == "handed: the number is not known"
    assert clinic.tasks() == ["question"]


def test_who_wanted_no_texts_gets_none_when_booked_anew(clinic: Clinic) -> None:
    record = clinic.invite()
    clinic.reply(ANN, "STOP")
    erase(clinic)
    sent = len(clinic.carrier.sent)
    clinic.wait(minutes=1)
    clinic.tell(record)
    clinic.wait(days=9)
    assert len(clinic.carrier.sent) == sent


def test_others_of_the_phone_are_reminded_and_keep_their_words(clinic: Clinic) -> None:
    ann = clinic.appointment("A1", first_name="Grainne")
    cian = clinic.appointment("A2", number="H2", first_name="Cian", days=9.9)
    clinic.tell(ann, cian)
    erase(clinic)
    clinic.reply(ANN, "Y")
    assert clinic.state("A2") == "confirmed"
    assert b"Grainne" not in everything(clinic)


def test_what_was_decided_meanwhile_is_decided_anew(clinic: Clinic) -> None:
    """The gateway is asked while the patient is erased, and its answer, a receipt and a timer meet what is left."""
    house = clinic.house

    def erased_meanwhile(_: OutboundText) -> None:
        clinic.carrier.before = lambda _: None
        erasure.erase(house.database, house.writer, house.vault, "H1", BY, clinic.clock.now())

    clinic.carrier.before = erased_meanwhile
    clinic.invite()
    clinic.deliver()
    clinic.wait(days=12)
    assert clinic.tasks() == []
    assert len(clinic.carrier.sent) == 1


def test_a_batch_that_holds_the_patient_in_memory_does_not_bring_them_back(clinic: Clinic) -> None:
    clinic.invite()
    house, moved = clinic.house, "+353874444444"
    clinic.push(clinic.appointment(mobile=moved, days=11))

    class Late(Commits):
        erased = False

        def add(self, part: Changes, at: int) -> None:
            if not Late.erased:
                Late.erased = True
                erasure.erase(house.database, house.writer, house.vault, "H1", BY, clinic.clock.now())
            super().add(part, at)

    def commits(holding: Holding) -> Late:
        return Late(house.writer, house.vault, holding)

    Worker(house.database, commits, house.vault, house.rulebook, house.gateway.name).step(clinic.clock.now())
    clinic.settle()
    assert Late.erased
    after = everything(clinic)
    assert house.vault.phone_index(ANN) not in after
    assert house.vault.phone_index(moved) not in after
    assert clinic.outcomes("appointment") == ["opened appointment-reminder", "erased"]


def test_what_was_read_ahead_of_the_patient_is_not_worked(clinic: Clinic) -> None:
    clinic.invite()
    house, moved = clinic.house, "+353874444444"
    receipts = [InboundReceipt(None, TextStatus.DELIVERED, external_id=f"F{number}") for number in range(256)]
    clinic.run(house.intake.take_inbound(clinic.carrier.name, receipts))
    clinic.push(clinic.appointment(mobile=moved, days=11))
    assert house.worker.step(clinic.clock.now()).events == 256  # and the appointment was read while this was committed
    erase(clinic)
    after = everything(clinic)
    assert house.vault.phone_index(ANN) not in after
    assert house.vault.phone_index(moved) not in after
    assert clinic.outcomes("appointment") == ["opened appointment-reminder", "erased"]


def _two_of_a_phone(clinic: Clinic) -> None:
    """Their reminders are one text two days from now."""
    clinic.tell(
        clinic.appointment("A1", mobile=CARA, first_name="Tom", days=12),
        clinic.appointment("A2", number="H2", mobile=CARA, first_name="Amy", days=12 + 3 / 24),
    )


@pytest.mark.parametrize(("erased", "other"), [("H1", "A2"), ("H2", "A1")])
def test_one_text_for_two_that_waits_is_taken_apart_and_the_other_is_reminded(
    clinic: Clinic, erased: str, other: str
) -> None:
    _two_of_a_phone(clinic)
    clinic.carrier.answer = lambda _: SendResult(SendStatus.RETRY, "busy", "later")
    clinic.wait(days=2)
    assert "You have 2 appointments" in clinic.carrier.sent[-1].text
    erase(clinic, erased)
    clinic.carrier.answer = lambda _: SendResult(SendStatus.ACCEPTED)
    clinic.wait(minutes=30)
    assert "2 appointments" not in clinic.carrier.sent[-1].text
    clinic.reply(CARA, "Y")
    assert clinic.state(other) == "confirmed"


@pytest.mark.parametrize(("erased", "line"), [("H1", "T. March 14"), ("H2", "A. March 14")])
def test_one_text_for_two_that_has_left_is_read_no_more(clinic: Clinic, erased: str, line: str) -> None:
    _two_of_a_phone(clinic)
    clinic.wait(days=2)
    assert line in clinic.carrier.sent[-1].text
    erase(clinic, erased)
    with clinic.house.database.reader() as connection:
        found = messages.listing(connection, clinic.house.vault, Scope(), Messages(), limit=50).messages
    assert found
    assert not [message for message in found if line in (message.words or "")]


def test_nobody_is_erased_without_a_reason_or_twice(clinic: Clinic) -> None:
    clinic.invite()
    house = clinic.house
    with pytest.raises(ErasureRefused, match="why"):
        erasure.erase(house.database, house.writer, house.vault, "H1", By("dpo", " "), clinic.clock.now())
    erase(clinic)
    with pytest.raises(ErasureRefused, match="no patient"):
        erase(clinic)


@pytest.mark.sqlite
def test_the_files_hold_nothing_once_the_log_is_folded_in(tmp_path: Path) -> None:
    with open_clinic(tmp_path) as clinic:
        _busy(clinic)
        clinic.invite("B1", number="H2", mobile=BEN)
        (wrapped,) = clinic.rows(
            sa.select(schema.patients.c.wrapped_key).where(
                schema.patients.c.hospital_number_index == clinic.house.vault.number_index("H1")
            )
        )
        erase(clinic)
        vault = clinic.house.vault
        secrets = [wrapped.wrapped_key, vault.number_index("H1"), vault.phone_index(ANN)]
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert vault.phone_index(BEN) in files
    assert not [secret for secret in secrets if secret in files]

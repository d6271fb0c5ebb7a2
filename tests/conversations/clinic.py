"""A house on a virtual clock with its outside in the test's hands: what the gateway is asked to send, what the iPMS is
asked to write, and a day that passes as quickly as it can be told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa

from adapters.bootstrap import House, house
from adapters.local import VirtualClock
from conversations import places, playback, schema, verification
from conversations.intake import opened
from conversations.people import Person, Role, Scope
from conversations.ports import (
    AppointmentRecord,
    AppointmentWrite,
    Inbound,
    InboundReceipt,
    InboundReply,
    MessageRecord,
    OutboundText,
    PatientRecord,
    SendResult,
    SendStatus,
    WebhookRefused,
    WebhookRequest,
    WriteResult,
    WriteStatus,
)
from conversations.schema import instant, moment
from conversations.vault import Keys
from engine.as_json import from_json
from engine.conversation import Conversation
from engine.events import StaffAct, TextStatus
from tests.stores import store

T = TypeVar("T")

RULES = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)  # ten in the morning in Dublin too
ANN, BEN, CARA = "+353871111111", "+353872222222", "+353873333333"
HOSPITAL = "+353879999999"
EVERYWHERE = Scope()  # all clinics


def secretary(name: str, *clinics: str) -> Person:
    """Someone who works on replies, in these clinics or in all."""
    return Person(name, name, name.capitalize(), frozenset({Role.SECRETARY}), Scope(frozenset(clinics) if clinics else None))


def keys(seed: str = "clinic") -> Keys:
    def key(what: str) -> bytes:
        return sha256(f"{seed} {what}".encode()).digest()

    return Keys({b"test": key("kek")}, {b"test": key("own")}, key("index"))


@dataclass(frozen=True)
class Sent:
    at: datetime
    key: str
    to: str
    text: str
    segments: int


class Carrier:
    """The Gateway port. Takes every text unless `answer` says otherwise."""

    name = "carrier"

    def __init__(self, clock: VirtualClock, segments_per_second: float = 1_000.0) -> None:
        self.segments_per_second = segments_per_second
        self.sent: list[Sent] = []
        self.taken: list[str] = []  # keys of the texts that were accepted
        self.answer: Callable[[OutboundText], SendResult] = lambda _: SendResult(SendStatus.ACCEPTED)
        self.before: Callable[[OutboundText], None] = lambda _: None
        self._clock = clock

    async def send(self, text: OutboundText) -> SendResult:
        self.before(text)
        self.sent.append(Sent(self._clock.now(), text.key, text.to, text.text, text.segments))
        result = self.answer(text)
        if result.status is SendStatus.ACCEPTED:
            self.taken.append(text.key)
        return result

    def read_webhook(self, request: WebhookRequest) -> Sequence[Inbound]:  # noqa: ARG002  the port's shape
        raise WebhookRefused(404, "not_found", "This gateway has no webhooks.")

    def sender(self, clinic: str) -> str:  # noqa: ARG002  the port's shape
        return "HOSPITAL"

    async def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        return None


class Book:
    """The PatientSystem port. Does every write unless `answer` says otherwise."""

    name = "book"

    def __init__(self) -> None:
        self.asked: list[AppointmentWrite] = []
        self.messages: list[MessageRecord] = []
        self.held: dict[str, AppointmentRecord] = {}
        self.answer: Callable[[AppointmentWrite], WriteResult] = lambda _: WriteResult(WriteStatus.DONE)
        self.answer_message: Callable[[MessageRecord], WriteResult] = lambda _: WriteResult(WriteStatus.DONE)

    def actions(self, appointment: str = "A1") -> list[str]:
        return [write.action for write in self.asked if write.appointment == appointment]

    async def read(self, appointment: str) -> AppointmentRecord | None:
        return self.held.get(appointment)

    async def write(self, write: AppointmentWrite) -> WriteResult:
        self.asked.append(write)
        return self.answer(write)

    async def record(self, message: MessageRecord) -> WriteResult:
        self.messages.append(message)
        return self.answer_message(message)

    async def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        return None


class Clinic:
    def __init__(self, held: House, clock: VirtualClock, runner: asyncio.Runner) -> None:
        self.house = held
        self.clock = clock
        self.carrier: Carrier = held.gateway  # type: ignore[assignment]
        self.book: Book = held.patient_system  # type: ignore[assignment]
        self._runner = runner
        self._numbers = itertools.count(1)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    # ---- time --------------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Do all that is due at this moment."""

        async def rounds() -> None:
            for _ in range(1_000):
                now = self.clock.now()
                done = self.house.worker.step(now).events
                done += await self.house.outbox.step()
                done += await self.house.writeback.step()
                done += await self.house.rounds.step()
                if not done:
                    await self.house.outbox.sweep()
                    if not self.house.worker.step(now).events:
                        return
            raise AssertionError("it never comes to rest")

        self.run(rounds())

    def wait(self, **duration: float) -> None:
        """Let time pass; whatever falls due is done when it does."""
        until = self.clock.now() + timedelta(**duration)
        self.settle()
        while (due := self._next_due()) is not None and due <= until:
            self.clock.move_to(due)
            self.settle()
        self.clock.move_to(until)
        self.settle()

    def _next_due(self) -> datetime | None:
        now = instant(self.clock.now())
        texts, writes, inbox = schema.texts, schema.writes, schema.inbox
        due = [
            self.scalar(sa.select(sa.func.min(schema.timers.c.due)).where(schema.timers.c.due > now)),
            self.scalar(sa.select(sa.func.min(texts.c.due)).where(texts.c.phase == "queued", texts.c.due > now)),
            self.scalar(sa.select(sa.func.min(writes.c.due)).where(writes.c.status == "queued", writes.c.due > now)),
            self.scalar(sa.select(sa.func.min(inbox.c.due)).where(inbox.c.status == "new", inbox.c.due > now)),
        ]
        found = [each for each in due if each is not None]
        return moment(min(found)) if found else None

    # ---- what comes in -----------------------------------------------------------------------------------------------

    def appointment(
        self,
        id: str = "A1",
        *,
        number: str = "H1",
        mobile: str | None = ANN,
        days: float = 10,
        first_name: str = "Ann",
        language: str = "en",
        **facts: Any,
    ) -> AppointmentRecord:
        """A snapshot, so many days after the clinic's first Monday at ten."""
        person = PatientRecord(number, first_name, "Tierney", mobile, language)
        given = {"start": MONDAY + timedelta(days=days), "status": "booked", "clinic": "EYE", **facts}
        return AppointmentRecord(id, person, clinician=given.pop("clinician", "Dr Nora Byrne"), **given)

    def push(self, *records: AppointmentRecord) -> None:
        """Snapshots from the iPMS, taken and not yet worked."""
        names = [f"{record.id}/{next(self._numbers)}" for record in records]
        self.run(self.house.intake.take_appointments(records, "ipms:book", names))

    def tell(self, *records: AppointmentRecord) -> None:
        self.push(*records)
        self.settle()

    def invite(self, id: str = "A1", **facts: Any) -> AppointmentRecord:
        """An appointment is booked and its reminder sent."""
        record = self.appointment(id, **facts)
        self.tell(record)
        return record

    def hear(self, phone: str, text: str, **facts: Any) -> None:
        """A reply, taken and not yet worked."""
        given = {"to": HOSPITAL, "sent_at": self.clock.now(), "external_id": f"R{next(self._numbers)}", **facts}
        self.run(self.house.intake.take_inbound(self.carrier.name, [InboundReply(phone, text=text, **given)]))

    def deliver(self) -> None:
        """Receipts for all that the gateway took and has not told of yet."""
        texts = schema.texts
        for (key,) in self.rows(sa.select(texts.c.key).where(texts.c.status == "accepted").order_by(texts.c.key)):
            self.receipt(key, TextStatus.DELIVERED)

    def reply(self, phone: str, text: str, **facts: Any) -> None:
        """What we sent arrives; a minute later comes a reply, and all that follows from it at once."""
        self.deliver()
        self.clock.move(timedelta(minutes=1))
        self.hear(phone, text, **facts)
        self.settle()

    def receipt(self, key: str | None, status: TextStatus, **facts: Any) -> None:
        receipt = InboundReceipt(key, status, external_id=f"W{next(self._numbers)}", **facts)
        self.run(self.house.intake.take_inbound(self.carrier.name, [receipt]))
        self.settle()

    def act(self, act: StaffAct, appointment: str = "A1", **facts: Any) -> None:
        talk = self.talk(appointment).id
        self.run(self.house.intake.take_staff_act(talk, act, "Maura", f"act-{next(self._numbers)}", **facts))
        self.settle()

    # ---- what came of it ---------------------------------------------------------------------------------------------

    def rows(self, query: sa.Select[Any]) -> Sequence[Any]:
        with self.house.database.reader() as connection:
            return connection.execute(query).all()

    def scalar(self, query: sa.Select[Any]) -> Any:
        with self.house.database.reader() as connection:
            return connection.execute(query).scalar()

    def change(self, statement: sa.Update | sa.Insert) -> None:
        """As if the disk had it so."""
        self.house.writer.submit(lambda connection: connection.execute(statement).rowcount).result()

    def talk(self, appointment: str = "A1", number: str | None = None) -> Conversation:
        """The conversation as its row holds it: with the patient of this hospital number, where there are several."""
        table, patients = schema.conversations, schema.patients
        query = (
            sa.select(table.c.id, table.c.sealed, patients.c.wrapped_key)
            .join(patients, patients.c.id == table.c.patient_id)
            .where(table.c.appointment_id == appointment)
        )
        if number is not None:
            query = query.where(patients.c.hospital_number_index == self.house.vault.number_index(number))
        (row,) = self.rows(query)
        content = self.house.vault.open(row.wrapped_key, places.conversation_place(row.id), row.sealed)
        return from_json(orjson.loads(content))

    def state(self, appointment: str = "A1") -> str:
        return self.talk(appointment).state

    def prompts(self, phone: str = ANN) -> list[str]:
        """The prompts that the gateway was asked to send to this phone, in order."""
        named = dict(self.rows(sa.select(schema.texts.c.key, schema.texts.c.prompt)))
        return [named[sent.key] for sent in self.carrier.sent if sent.to == phone]

    def texts(self, prompt: str | None = None) -> Sequence[Any]:
        query = sa.select(schema.texts).order_by(schema.texts.c.queued_at, schema.texts.c.key)
        return self.rows(query if prompt is None else query.where(schema.texts.c.prompt == prompt))

    def text(self, prompt: str) -> Any:
        """The one text of this prompt."""
        (row,) = self.texts(prompt)
        return row

    def tasks(self, status: str = "open") -> list[str]:
        table = schema.tasks
        query = sa.select(table.c.kind).where(table.c.status == status).order_by(table.c.opened_at, table.c.kind)
        return [row.kind for row in self.rows(query)]

    def outcomes(self, kind: str = "reply") -> list[str]:
        table = schema.inbox
        query = sa.select(table.c.status, table.c.outcome).where(table.c.kind == kind).order_by(table.c.id)
        return [row.outcome if row.status == "done" else row.status for row in self.rows(query)]

    def settled(self) -> dict[str, int]:
        """Inbox id of each reply -> how many reply.settled entries the transcript of a talk holds for it, at most."""
        found: dict[tuple[str, str], int] = {}
        for entry in self.entries("reply.settled"):
            place = (entry["data"]["reply"], entry["conversation"])
            found[place] = found.get(place, 0) + 1
        return {reply: max(found[place] for place in found if place[0] == reply) for reply, _ in found}

    def entries(self, kind: str | None = None) -> Iterator[dict[str, Any]]:
        with self.house.database.reader() as connection:
            talks = connection.execute(sa.select(schema.conversations.c.id)).scalars().all()
            for talk in talks:
                for line in playback.export(connection, self.house.vault, conversation=talk):
                    entry: dict[str, Any] = orjson.loads(line)
                    if kind is None or entry["kind"] == kind:
                        yield entry

    def inbox_contents(self, kind: str) -> list[dict[str, Any]]:
        rows = self.rows(sa.select(schema.inbox).where(schema.inbox.c.kind == kind).order_by(schema.inbox.c.id))
        return [opened(self.house.vault, row) for row in rows]

    def assert_sound(self) -> None:
        """What must hold whatever happened: the chain is whole, rows are what their entries say, each reply that was
        worked for a patient has one outcome, and the gateway took no text twice."""
        with self.house.database.reader() as connection:
            verdict = verification.verify(connection)
            assert verdict.whole, [str(fault) for fault in verdict.faults]
            assert [each for each in playback.replay(connection, self.house.vault) if not each.erased] == []
            erased = connection.execute(sa.select(schema.patients.c.id).where(schema.patients.c.wrapped_key.is_(None)))
            if not erased.first():
                assert set(self.settled().values()) <= {1}
        taken = self.carrier.taken
        assert len(set(taken)) == len(taken), "a text was handed over twice"


@contextmanager
def open_clinic(
    home: Path,
    *,
    segments_per_second: float = 1_000.0,
    batch: int = 256,
    carrier: type[Carrier] = Carrier,
    relief: bool = False,
) -> Iterator[Clinic]:
    clock = VirtualClock(MONDAY)
    with (
        asyncio.Runner() as runner,
        house(
            home=home,
            database_url=store().url(home),
            gateway=carrier(clock, segments_per_second),
            patient_system=Book(),
            clock=clock,
            keys=keys(),
            rng=Random(1),
            batch=batch,
            relief=relief,
        ) as held,
    ):
        held.publish([RULES])
        yield Clinic(held, clock, runner)


__all__ = ["ANN", "BEN", "CARA", "HOSPITAL", "MONDAY", "RULES", "Book", "Carrier", "Clinic", "keys", "open_clinic", "replace"]

"""A random week of a whole hospital, and what must be true of it afterwards whatever happened."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from adapters.bootstrap import House, house
from adapters.gateways.simulator.behaviour import Behaviour
from adapters.gateways.simulator.virtual import VirtualGateway
from adapters.ipms.simulator.book import Population, make_book
from adapters.ipms.simulator.hospital import Hospital
from adapters.local import VirtualClock
from adapters.simulate import Simulation, VirtualPatientSystem
from conversations import playback, schema, verification
from conversations.ports import AppointmentWrite, InboundReply, OutboundText, SendResult, WriteResult
from conversations.schema import moment
from conversations.together import members
from tests.conversations.clinic import HOSPITAL, MONDAY, RULES, keys
from tests.stores import Store

# Everything that a gateway can do to us, more often than it does.
MOODY = Behaviour(
    result_after=(0.2, 3.0),
    receipt_after=(2.0, 240.0),
    undelivered=0.05,
    no_receipt=0.02,
    duplicate=0.1,
    out_of_order=0.1,
    hang_after_accept=0.02,
    server_error=0.1,
    burst=30,  # texts wait for long, and much can happen to them meanwhile
    throttled=0.02,
    message_error=0.01,
    hint=0.7,
)


@dataclass
class Watch:
    """Looks over the shoulder of the gateway and of the iPMS: what was true in the store when they were asked."""

    held: House | None = None
    sent: list[tuple[str, str]] = field(default_factory=list)  # key, phone
    wrong: list[str] = field(default_factory=list)
    confirmed: int = 0

    def on_send(self, text: OutboundText) -> None:
        assert self.held is not None
        self.sent.append((text.key, text.to))
        index = self.held.vault.phone_index(text.to)
        texts = schema.texts
        with self.held.database.reader() as connection:
            joint = connection.execute(sa.select(texts.c.members).where(texts.c.key == text.key)).scalar_one()
            for key in [each.key for each in members(joint)] or [text.key]:
                self._look(connection, key, index)

    def _look(self, connection: sa.Connection, key: str, index: bytes) -> None:
        texts, patients, blocks = schema.texts, schema.patients, schema.blocks
        row = connection.execute(
            sa.select(texts.c.conversation_id, texts.c.safety, patients)
            .join(patients, patients.c.id == texts.c.patient_id)
            .where(texts.c.key == key)
        ).one()
        stopped = connection.execute(
            sa.select(blocks.c.reason, blocks.c.conversation_id).where(
                blocks.c.lifted_at.is_(None),
                sa.or_(blocks.c.phone_index == index, blocks.c.patient_id == row.id),
            )
        ).all()
        if row.deceased or row.do_not_text:
            self.wrong.append(f"{key}: to someone who died or wants no texts")
        if row.phone_index != index:
            self.wrong.append(f"{key}: to a former number")
        if any(not (row.safety and each.conversation_id == row.conversation_id) for each in stopped):
            self.wrong.append(f"{key}: to a number that wants no texts")

    def on_confirm(self, write: AppointmentWrite, hospital: Hospital) -> None:
        """The start that the iPMS is about to confirm must be one that a text told, and the last that did."""
        assert self.held is not None
        talks = schema.conversations
        with self.held.database.reader() as connection:
            (talk,) = connection.execute(
                sa.select(talks.c.id).where(talks.c.appointment_id == write.appointment, talks.c.ruleset != "follow-up")
            ).scalars()
            lines = playback.export(connection, self.held.vault, conversation=talk)
            entries = [orjson.loads(line) for line in lines]
        starts: dict[int, str] = {}
        told: list[int] = []
        about: dict[str, int] = {}
        for entry in entries:
            data = entry["data"]
            if entry["kind"] in ("conversation.opened", "appointment.changed"):
                starts[data["appointment"]["version"]] = data["appointment"]["start"]
            elif entry["kind"] == "text.queued" and data["about"]:
                about[data["key"]] = data["about"]
            elif entry["kind"] == "text.status" and data["key"] in about:
                if data["status"] in ("accepted", "sent", "delivered"):
                    told.append(about[data["key"]])
            elif entry["kind"] == "ipms.queued" and data["key"] == write.key:
                if entry["actor"].startswith("staff") or _by_staff(entries, entry):
                    return  # a secretary spoke to the patient
                if data["appointment_version"] not in told:
                    self.wrong.append(f"{write.key}: confirms a version that the patient was not told of")
                break
        record = hospital.entry(write.appointment).record
        accepted = record.status == "booked" and write.revision == record.revision
        if accepted and datetime.fromisoformat(starts[told[-1]]) != record.start:
            self.wrong.append(f"{write.key}: confirms another start than the one told")
        self.confirmed += accepted


def _by_staff(entries: list[dict[str, Any]], queued: dict[str, Any]) -> bool:
    """Whether the state in which this was queued was entered by a staff act."""
    before = [entry for entry in entries if entry["seq"] < queued["seq"] and entry["kind"] == "state.entered"]
    return bool(before) and before[-1]["data"]["trigger"].startswith("staff.")


class WatchedGateway(VirtualGateway):
    watch: Watch

    async def send(self, text: OutboundText) -> SendResult:
        self.watch.on_send(text)
        return await super().send(text)


class WatchedPatientSystem(VirtualPatientSystem):
    def __init__(self, hospital: Hospital, watch: Watch) -> None:
        super().__init__(hospital)
        self._book = hospital
        self._watch = watch

    async def write(self, write: AppointmentWrite) -> WriteResult:
        if write.action == "confirm":
            self._watch.on_confirm(write, self._book)
        return await super().write(write)


async def upset(held: House, hospital: Hospital, rng: Random) -> None:
    """Something happens in the hospital between two looks at the clock; to those first for whom a text is waiting."""
    texts, talks = schema.texts, schema.conversations
    with held.database.reader() as connection:
        query = sa.select(talks.c.appointment_id).join(texts, texts.c.conversation_id == talks.c.id)
        waiting = sorted(connection.execute(query.where(texts.c.phase == "queued")).scalars())
    record = hospital.entry(rng.choice(waiting or [entry.record.id for entry in hospital.entries()])).record
    if record.status != "booked":
        return
    match rng.randrange(9):
        case 0 | 1:
            hospital.move(record.id, record.start + timedelta(days=rng.randrange(0, 3), hours=rng.randrange(-2, 3)))
        case 2:
            hospital.cancel(record.id)
        case 3:
            hospital.touch(record.id)
        case 4 | 5:
            _change_patient(hospital, record.patient.id, mobile=f"+35389{rng.randrange(10_000_000):07}")
        case 6:
            _change_patient(hospital, record.patient.id, do_not_text=True)
        case 7:
            _change_patient(hospital, record.patient.id, deceased=True)
        case 8 if record.patient.mobile:
            stop = InboundReply(record.patient.mobile, HOSPITAL, "STOP", held.clock.now())
            await held.intake.take_inbound(held.gateway.name, [stop])


def _change_patient(hospital: Hospital, number: str, **facts: Any) -> None:
    for entry in hospital.entries():
        if entry.record.patient.id == number:
            entry.record = replace(entry.record, patient=replace(entry.record.patient, **facts))
            hospital.touch(entry.record.id)


@dataclass(frozen=True)
class Week:
    held: House
    watch: Watch


@pytest.fixture(scope="module", params=[1, 3])
def week(store: Store, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    rng = Random(request.param)
    clock = VirtualClock(MONDAY)
    watch = Watch()
    gateway = WatchedGateway(clock, replace(MOODY, seed=request.param))
    gateway.watch = watch
    family = Population(no_mobile=0.05, shared_mobile=0.15, second_visit=0.1)
    hospital = Hospital(make_book(rng, 60, (MONDAY + timedelta(days=2)).date(), days=8, population=family), clock)
    home = tmp_path_factory.mktemp("week")
    with house(
        home=home,
        database_url=store.url(home),
        gateway=gateway,
        patient_system=WatchedPatientSystem(hospital, watch),
        clock=clock,
        keys=keys(f"week {request.param}"),
        rng=Random(request.param),
    ) as held:
        watch.held = held
        held.publish([RULES])
        simulation = Simulation(held, clock, gateway, hospital, rng)

        async def live() -> None:
            while clock.now() < MONDAY + timedelta(days=7):
                await simulation.run(clock.now() + timedelta(hours=rng.uniform(0.1, 6.0)))
                for _ in range(3):
                    await upset(held, hospital, rng)
            await simulation.drain()

        asyncio.run(live())
        yield Week(held, watch)


def test_the_week_was_a_busy_one(week: Week) -> None:
    with week.held.database.reader() as connection:
        replies = connection.execute(sa.select(sa.func.count()).where(schema.inbox.c.kind == "reply")).scalar_one()
        unsent = connection.execute(sa.select(sa.func.count()).where(schema.texts.c.status == "unsent")).scalar_one()
    assert len(week.watch.sent) > 60
    assert replies > 20
    assert week.watch.confirmed > 8
    assert unsent > 0


def test_the_chain_is_whole_and_replay_gives_the_rows(week: Week) -> None:
    with week.held.database.reader() as connection:
        verdict = verification.verify(connection)
        assert verdict.whole, [str(fault) for fault in verdict.faults]
        assert list(playback.replay(connection, week.held.vault)) == []


def test_every_reply_has_one_outcome_in_each_talk_it_went_to(week: Week) -> None:
    settled: Counter[tuple[str, str]] = Counter()
    with week.held.database.reader() as connection:
        for talk in connection.execute(sa.select(schema.conversations.c.id)).scalars().all():
            for line in playback.export(connection, week.held.vault, conversation=talk):
                entry = orjson.loads(line)
                if entry["kind"] == "reply.settled":
                    settled[entry["data"]["reply"], talk] += 1
        replies = connection.execute(sa.select(schema.inbox).where(schema.inbox.c.kind == "reply")).all()
    assert {row.status for row in replies} == {"done"}
    known = {str(row.id) for row in replies if "not known" not in row.outcome and "no patient's we know" not in row.outcome}
    assert {reply for reply, _ in settled} == known
    assert set(settled.values()) == {1}


def test_nothing_else_was_left_lying(week: Week) -> None:
    now = week.held.clock.now()
    with week.held.database.reader() as connection:
        inbox = schema.inbox
        left = connection.execute(sa.select(inbox.c.kind, inbox.c.status).where(inbox.c.status != "done")).all()
        due = connection.execute(sa.select(sa.func.min(schema.timers.c.due))).scalar()
        failed = connection.execute(sa.select(schema.tasks.c.kind).where(schema.tasks.c.kind == "fault")).all()
    assert left == []
    assert failed == []
    assert due is None or moment(due) > now


def test_no_text_went_where_it_must_not(week: Week) -> None:
    assert week.watch.wrong == []


def test_no_key_was_taken_twice_and_each_text_is_in_the_transcript(week: Week) -> None:
    queued: Counter[str] = Counter()
    joined: set[str] = set()
    with week.held.database.reader() as connection:
        rows = {row.key: row for row in connection.execute(sa.select(schema.texts))}
        for talk in connection.execute(sa.select(schema.conversations.c.id)).scalars().all():
            for line in playback.export(connection, week.held.vault, conversation=talk):
                entry = orjson.loads(line)
                if entry["kind"] == "text.queued":
                    queued[entry["data"]["key"]] += 1
                elif entry["kind"] == "text.joined":
                    joined.add(entry["data"]["shared"])
    assert set(queued) | joined == set(rows)
    assert joined == {key for key, row in rows.items() if row.members}
    assert set(queued.values()) == {1}
    again = [key for key, times in Counter(key for key, _ in week.watch.sent).items() if times > 1]
    # Handed over again only where the gateway had said that it did not take it.
    assert all(rows[key].attempts > 0 for key in again)


def test_what_the_transcript_says_of_a_text_is_what_the_outbox_holds(week: Week) -> None:
    last: dict[str, str] = {}
    with week.held.database.reader() as connection:
        # A joint text has no entries of its own: those in whose place it left have them.
        own = sa.select(schema.texts).where(schema.texts.c.members == "")
        rows = {row.key: row.status for row in connection.execute(own)}
        for talk in connection.execute(sa.select(schema.conversations.c.id)).scalars().all():
            for line in playback.export(connection, week.held.vault, conversation=talk):
                entry = orjson.loads(line)
                if entry["kind"] == "text.status":
                    last[entry["data"]["key"]] = entry["data"]["status"]
    assert {key: status for key, status in rows.items() if status != "queued"} == last


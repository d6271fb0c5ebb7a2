"""Crashes at the boundaries. Wherever the process ends - before or after a commit, before or after the gateway or the iPMS is
asked - the next one takes up what is there, and a week later all is as if nothing had happened: the same outcomes, nothing
lost, nothing doubled.

The outside goes on meanwhile as it would: the gateway repeats what was not acknowledged, and so does the iPMS.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from adapters.gateways.simulator.behaviour import Behaviour
from adapters.gateways.simulator.virtual import VirtualGateway
from adapters.local import LocalBus, VirtualClock
from conversations import places, playback, schema, verification
from conversations.commits import Commits
from conversations.database import Database, open_database
from conversations.intake import Intake
from conversations.outbox import NO_WORD, Outbox
from conversations.places import text_place
from conversations.ports import (
    AppointmentRecord,
    AppointmentWrite,
    Inbound,
    MessageRecord,
    OutboundText,
    PatientRecord,
    SendResult,
    WriteResult,
    WriteStatus,
)
from conversations.rulebook import Rulebook, publish
from conversations.schema import instant, moment
from conversations.vault import Vault
from conversations.worker import Worker
from conversations.writeback import Writeback
from conversations.writer import Writer
from engine.as_json import from_json
from engine.events import StaffAct
from engine.loader import load
from tests.conversations.clinic import MONDAY, RULES, keys
from tests.stores import Store, store

WEEK = MONDAY + timedelta(days=8)
YES, UNDOES, STOPS, MOVES, SILENT = (f"+35387{digit * 7}" for digit in "12345")


class Crash(BaseException):
    """The process is gone. No line after this one runs."""


@dataclass
class Life:
    """One process. It ends `at` the so-many-th boundary, before its effect or after it; 0: it lives."""

    at: int = 0
    after: bool = False
    boundaries: list[str] = field(default_factory=list)
    dead: bool = False

    def begin(self, what: str) -> bool:
        """A boundary is reached; whether this is the last thing that happens."""
        if self.dead:
            raise Crash
        self.boundaries.append(what)
        last = len(self.boundaries) == self.at
        if last and not self.after:
            self.die()
        return last

    def die(self) -> None:
        self.dead = True
        raise Crash


class MortalWriter:
    def __init__(self, writer: Writer, life: Life) -> None:
        self._writer = writer
        self._life = life

    def submit(self, job: Any) -> Any:
        last = self._life.begin("decisions")
        future = self._writer.submit(job)
        if last:
            future.result()
            self._life.die()
        return future

    async def run(self, job: Any) -> Any:
        last = self._life.begin("marks")
        done = await self._writer.run(job)
        if last:
            self._life.die()
        return done

    def insert_inbox(self, row: Any) -> Any:
        last = self._life.begin(row["source"].partition(":")[0])
        future = self._writer.insert_inbox(row)
        return asyncio.ensure_future(self._then_die(future)) if last else future

    async def _then_die(self, future: Any) -> None:
        await future
        self._life.die()


@dataclass
class Outside:
    """What does not end with the process: gateway, phones, iPMS, staff, time."""

    clock: VirtualClock
    gateway: VirtualGateway
    sent: list[tuple[str, str, str]] = field(default_factory=list)  # key, phone, text
    written: dict[str, str] = field(default_factory=dict)  # key -> what the iPMS recorded
    asked: Counter[str] = field(default_factory=Counter)
    unheard: list[str] = field(default_factory=list)  # texts that were claimed by a process that ended then
    webhooks: list[Inbound] = field(default_factory=list)  # sent and not yet acknowledged
    pushes: list[tuple[datetime, AppointmentRecord]] = field(default_factory=list)
    acts: list[tuple[datetime, str, StaffAct]] = field(default_factory=list)
    life: Life = field(default_factory=Life)
    name: str = "outside"

    @property
    def segments_per_second(self) -> float:
        return 1_000.0

    # the Gateway port
    async def send(self, text: OutboundText) -> SendResult:
        last = self.life.begin("send")
        self.sent.append((text.key, text.to, text.text))
        result = await self.gateway.send(text)
        if last:
            self.life.die()
        return result

    # the PatientSystem port
    async def write(self, write: AppointmentWrite) -> WriteResult:
        last = self.life.begin("write")
        self.written.setdefault(write.key, f"{write.appointment} {write.action} {write.note}".strip())
        if last:
            self.life.die()
        return WriteResult(WriteStatus.DONE)

    async def record(self, message: MessageRecord) -> WriteResult:  # noqa: ARG002  the port's shape
        last = self.life.begin("record")
        if last:
            self.life.die()
        return WriteResult(WriteStatus.DONE)

    async def read(self, appointment: str) -> AppointmentRecord | None:
        raise NotImplementedError


def persona(_: Random, text: str, phone: str) -> list[tuple[float, str]]:
    """Each phone has its own way; told by what the text asks for."""
    asks = "Reply Y" in text
    match phone:
        case _ if phone == YES and asks:
            return [(90.0, "Y")]
        case _ if phone == UNDOES:
            return [(90.0, "C")] if asks else [(300.0, "KEEP")] if "Reply KEEP" in text else []
        case _ if phone == STOPS and asks:
            return [(60.0, "STOP")]
        case _ if phone == MOVES:
            return [(60.0, "R")] if asks else [(60.0, "any Tuesday after 2")] if "Which days" in text else []
    return []


def outside() -> Outside:
    clock = VirtualClock(MONDAY)
    quick = Behaviour(result_after=(0.5, 1.0), receipt_after=(2.0, 9.0), hint=1.0)
    gateway = VirtualGateway(clock, quick, persona=persona, language=lambda phone: phone)
    world = Outside(clock, gateway)
    for number, phone in enumerate((YES, UNDOES, STOPS, MOVES, SILENT), 1):
        start = MONDAY + timedelta(days=5 + number % 2, hours=number)
        patient = PatientRecord(f"H{number}", "Ann", "Tierney", phone, "en")
        record = AppointmentRecord(f"A{number}", patient, start, "booked", "EYE", clinician="Dr Nora Byrne")
        world.pushes.append((MONDAY, record))
    moved = replace(world.pushes[0][1], start=MONDAY + timedelta(days=7, minutes=30))
    world.pushes.append((MONDAY + timedelta(days=2), moved))
    world.acts.append((MONDAY + timedelta(days=3), "A4", StaffAct.KEEP))
    return world


class Rest:
    """All parts of one process, put together around a writer that may die."""

    def __init__(self, world: Outside, database: Database, writer: Writer, rulebook: Rulebook) -> None:
        mortal: Any = MortalWriter(writer, world.life)
        gateway: Any = world
        vault, clock, bus = Vault(keys()), world.clock, LocalBus()
        self.database = database
        self.world = world
        self.intake = Intake(mortal, vault, clock, bus)
        self.worker = Worker(database, partial(Commits, mortal, vault), vault, rulebook, world.name)
        self.outbox = Outbox(database, mortal, vault, rulebook, gateway, self.intake, clock, bus, rng=Random(1))
        self.writeback = Writeback(database, mortal, vault, gateway, self.intake, clock, rng=Random(1))

    async def live(self) -> None:
        clock = self.world.clock
        while clock.now() < WEEK:
            while await self._round():
                pass
            if await self.outbox.sweep() and await self._round():
                continue
            clock.move_to(min(self._next(), WEEK))

    async def _round(self) -> int:
        now, world = self.world.clock.now(), self.world
        done = 0
        for at, record in list(world.pushes):
            if at <= now:
                await self.intake.take_appointments([record], "ipms", [f"{record.id} {record.start.isoformat()}"])
                world.pushes.remove((at, record))
                done += 1
        world.webhooks += world.gateway.due(now)
        while world.webhooks:
            await self.intake.take_inbound(world.name, [world.webhooks[0]])
            world.webhooks.pop(0)
            done += 1
        for act in list(world.acts):
            if act[0] <= now:
                talk = self._one(sa.select(schema.conversations.c.id).where(schema.conversations.c.appointment_id == act[1]))
                await self.intake.take_staff_act(talk, act[2], "Maura", f"act {act[1]}")
                world.acts.remove(act)
                done += 1
        done += self.worker.step(now).events
        done += await self.outbox.step()
        return done + await self.writeback.step()

    def _next(self) -> datetime:
        texts, writes, inbox = schema.texts, schema.writes, schema.inbox
        now = self.world.clock.now()
        due = [at for at, *_ in [*self.world.pushes, *self.world.acts]]
        coming = self.world.gateway.next_at()
        if coming is not None:
            due.append(coming)
        silent = self._one(sa.select(sa.func.min(texts.c.status_at)).where(texts.c.phase == "sending"))
        if silent is not None:
            due.append(moment(silent) + NO_WORD)
        # A write that stands behind another of its appointment waits for that one, which may be claimed for a while.
        earlier = writes.alias("earlier")
        behind = sa.exists().where(
            earlier.c.appointment_id == writes.c.appointment_id, earlier.c.status == "queued", earlier.c.id < writes.c.id
        )
        for query in (
            sa.select(sa.func.min(schema.timers.c.due)),
            sa.select(sa.func.min(texts.c.due)).where(texts.c.phase == "queued"),
            sa.select(sa.func.min(writes.c.due)).where(writes.c.status == "queued", ~behind),
            sa.select(sa.func.min(inbox.c.due)).where(inbox.c.status == "new"),
        ):
            at = self._one(query)
            if at is not None:
                due.append(moment(at))
        return max(min(due, default=WEEK), now + timedelta(milliseconds=1))

    def _one(self, query: sa.Select[Any]) -> Any:
        with self.database.reader() as connection:
            return connection.execute(query).scalar()


@dataclass(frozen=True)
class Outcome:
    """What a patient, a secretary and the iPMS would say of it a week later."""

    talks: dict[str, tuple[str, bool, str]]  # appointment -> state, closed, what the iPMS was last asked
    recorded: dict[str, int]  # in the iPMS, how often
    tasks: dict[tuple[str, str], int]
    replies: dict[str, int]  # outcome -> how many
    answered: dict[str, int]  # what the talk heard of its writes


@pytest.fixture(scope="module")
def begun(store: Store, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rulebook]:
    """An empty store with its rules in force, to be copied."""
    path = tmp_path_factory.mktemp("store")
    rulebook = Rulebook()
    with open_database(store.url(path)) as database:
        database.migrate()
        # Texts that get lost count towards the day, and here many do; but none is given up, and none comes so late that the
        # next one is left out for it.
        text = instead(RULES.read_text(), r"texts_a_day: \d+", "texts_a_day: 40")
        text = instead(text, r"retries: \[.*?\]", f"retries: [{', '.join(['15m'] * 12)}]")
        ruleset = load(text, rehearse=False).ruleset
        assert ruleset is not None
        with database.writing() as connection, connection.begin():
            publish(connection, ruleset, instant(MONDAY))
        with database.reader() as connection:
            rulebook.refresh(connection)
    return path, rulebook


def instead(rules: str, pattern: str, words: str) -> str:
    """The rules with these words where the pattern is, which must be somewhere."""
    changed, times = re.subn(pattern, words, rules)
    assert times, f"the rules have no {pattern}"
    return changed


def a_week(world: Outside, begun: tuple[Path, Rulebook], path: Path, lives: Iterable[Life]) -> None:
    """Live through it: one process after the other, each as long as it has, and then one that stays."""
    store().copy(begun[0], path)
    for life in itertools.chain(lives, [Life()]):
        world.life = life
        with open_database(store().url(path)) as database, Writer(database) as writer:
            try:
                asyncio.run(Rest(world, database, writer, begun[1]).live())
            except Crash:
                continue
            return


def outcome(world: Outside, path: Path) -> Outcome:
    vault = Vault(keys())
    talks, tasks, inbox = schema.conversations, schema.tasks, schema.inbox
    with open_database(store().url(path), read_only=True) as database, database.reader() as connection:
        verdict = verification.verify(connection)
        assert verdict.whole, [str(fault) for fault in verdict.faults]
        assert list(playback.replay(connection, vault)) == []
        held = {}
        replies: Counter[str] = Counter()
        settled: Counter[str] = Counter()
        answered: Counter[str] = Counter()
        wrapped = dict(connection.execute(sa.select(schema.patients.c.id, schema.patients.c.wrapped_key)).all())
        for row in connection.execute(sa.select(talks)).all():
            sealed = vault.open(wrapped[row.patient_id], places.conversation_place(row.id), row.sealed)
            held[row.appointment_id] = (row.state, row.closed, from_json(orjson.loads(sealed)).wish)
            for line in playback.export(connection, vault, conversation=row.id):
                entry = orjson.loads(line)
                if entry["kind"] == "reply.settled":
                    settled[entry["data"]["reply"]] += 1
                elif entry["kind"] == "ipms.status":
                    answered[f"{row.appointment_id} {entry['data']['action']} {entry['data']['status']}"] += 1
        for row in connection.execute(sa.select(inbox).where(inbox.c.kind == "reply")):
            assert row.status == "done"
            assert settled[str(row.id)] == 1
            replies[row.outcome] += 1
        number = sa.func.count()
        opened = connection.execute(sa.select(tasks.c.kind, tasks.c.status, number).group_by(tasks.c.kind, tasks.c.status))
        unheard = _unheard(connection, vault, wrapped, world)
        kinds = {(kind, status): times for kind, status, times in opened}
    sent = Counter(text for _, _, text in world.sent)
    keys_sent = [key for key, _, _ in world.sent]
    assert len(set(keys_sent)) == len(keys_sent), "a text was handed over twice"
    world.unheard = unheard
    world.asked = sent + Counter(unheard)
    return Outcome(held, dict(Counter(world.written.values())), kinds, dict(replies), dict(answered))


def _unheard(connection: sa.Connection, vault: Vault, wrapped: dict[str, bytes], world: Outside) -> list[str]:
    """Texts that were claimed and never reached the gateway. Each is on record as unknown."""
    reached = {key for key, _, _ in world.sent}
    found = []
    for row in connection.execute(sa.select(schema.texts).where(schema.texts.c.status != "unsent")):
        if row.key not in reached:
            assert row.status == "unknown", row.status
            found.append(orjson.loads(vault.open(wrapped[row.patient_id], text_place(row.key), row.sealed))["text"])
    return found


Calm = tuple[Outcome, Outside, list[str]]


@pytest.fixture(scope="module")
def undisturbed(begun: tuple[Path, Rulebook], tmp_path_factory: pytest.TempPathFactory) -> Calm:
    path = tmp_path_factory.mktemp("undisturbed")
    world = outside()
    life = Life()
    a_week(world, begun, path, [life])
    return outcome(world, path), world, life.boundaries


def test_a_week_without_a_crash_is_what_the_other_tests_take_it_for(undisturbed: Calm) -> None:
    found, world, boundaries = undisturbed
    assert {id: talk[2] for id, talk in found.talks.items()} == {
        "A1": "confirm", "A2": "withdraw_request", "A3": "", "A4": "withdraw_request", "A5": "",
    }  # fmt: skip
    assert found.recorded == {
        "A1 confirm Y": 2,  # for the first date, and for the one that it was moved to
        "A2 request_cancel C": 1,
        "A2 withdraw_request KEEP": 1,
        "A4 request_reschedule any Tuesday after 2": 1,
        "A4 withdraw_request": 1,
    }
    assert len(world.sent) == 16
    assert set(boundaries) == set(KINDS)


KINDS = ("ipms", "gateway", "outbox", "staff", "decisions", "marks", "send", "write", "record")


def same(world: Outside, path: Path, calm: Calm) -> None:
    expected, before, _ = calm
    found = outcome(world, path)
    # Where an answer was claimed and never left, which no one says again unasked, staff are told; of nothing else.
    tasks = {(kind, status): times for (kind, status), times in found.tasks.items() if kind != "not_sent"}
    assert world.unheard or tasks == found.tasks
    assert replace(found, tasks=tasks) == expected
    sent = Counter(text for _, _, text in world.sent)
    assert sent <= Counter(text for _, _, text in before.sent), "doubled"
    assert set(world.asked) == set(before.asked), "lost"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_one_crash_changes_nothing_in_the_end(
    kind: str, after: bool, undisturbed: Calm, begun: tuple[Path, Rulebook], tmp_path: Path
) -> None:
    places = [number for number, what in enumerate(undisturbed[2], 1) if what == kind]
    world, life = outside(), Life(Random(f"{kind} {after}").choice(places), after)
    a_week(world, begun, tmp_path, [life])
    assert life.dead, "the week was over before"
    same(world, tmp_path, undisturbed)
    assert len(world.unheard) <= (kind == "send" and not after)


@pytest.mark.parametrize("seed", range(3))
def test_crash_upon_crash_changes_nothing_in_the_end(
    seed: int, undisturbed: Calm, begun: tuple[Path, Rulebook], tmp_path: Path
) -> None:
    rng = Random(seed)
    lives = [Life(rng.randint(1, 12), rng.random() < 0.5) for _ in range(60)]
    world = outside()
    a_week(world, begun, tmp_path, lives)
    assert sum(life.dead for life in lives) >= 20
    same(world, tmp_path, undisturbed)

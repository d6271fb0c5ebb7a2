"""`freagra simulate`: a virtual hospital on a virtual clock over the real store. What would these rules do?

Everything between the iPMS and the gateway is the real thing: intake, store, worker, outbox, way back, transcript. Around it
stand a simulated appointment book, patients who answer or do not, and a front desk that works off its tasks in staffed hours.
The same seed gives the same hospital, the same patients and the same figures.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from adapters.bootstrap import House, house
from adapters.config import Costs
from adapters.gateways.simulator.virtual import VirtualGateway
from adapters.ipms.simulator.book import make_book
from adapters.ipms.simulator.hospital import Hospital, Refused
from adapters.local import VirtualClock
from conversations import playback, schema, timers, verification
from conversations.figures import figures, replies
from conversations.ports import (
    AppointmentRecord,
    AppointmentWrite,
    MessageRecord,
    WriteResult,
    WriteStatus,
)
from conversations.schema import instant, moment
from conversations.vault import Keys
from engine import hours
from engine.events import StaffAct

# A Monday, so that a short simulation meets working days.
FIRST_DAY = date(2026, 3, 2)
_TICK = timedelta(seconds=30)
_SHIFT = timedelta(hours=1)  # how often the front desk looks at its tasks
_MISSES = 0.06  # of those who were expected


class VirtualPatientSystem:
    """The iPMS port over a simulated appointment book, in process."""

    name = "virtual"

    def __init__(self, hospital: Hospital) -> None:
        self._hospital = hospital

    async def read(self, appointment: str) -> AppointmentRecord | None:
        try:
            return self._hospital.entry(appointment).record
        except Refused:
            return None

    async def write(self, write: AppointmentWrite) -> WriteResult:
        try:
            self._hospital.respond(
                write.appointment,
                write.key,
                write.action,
                write.note,
                write.start,
                write.revision or None,
                write.preferences,
            )
        except Refused as refused:
            conflict = refused.status in (409, 412)
            status = WriteStatus.CONFLICT if conflict else WriteStatus.REFUSED
            return WriteResult(status, refused.code, refused.message, current=refused.current)
        return WriteResult(WriteStatus.DONE)

    async def record(self, message: MessageRecord) -> WriteResult:
        self._hospital.record(
            message.appointment, {"key": message.key, "direction": message.direction, "status": message.status}
        )
        return WriteResult(WriteStatus.DONE)

    async def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it. Money in EUR at 0.06 an SMS part. `lost` counts replies without an outcome: always 0."""

    days: int
    patients: int
    seed: int
    appointments: int
    conversations: int
    reminders: int
    texts: int
    segments: int
    cost: float
    undelivered: int
    not_sent: int
    replies: int
    understood: int
    asked_again: int
    handed_to_staff: int
    needed_nothing: int
    confirmed: int
    reschedules: int
    cancels: int
    escalations: dict[str, int]
    lost: int
    chain: str


def _keys(seed: int) -> Keys:
    """Keys drawn from the seed, so that pseudonyms and with them every order are the same in each run."""

    def key(what: str) -> bytes:
        return sha256(f"simulation {seed} {what}".encode()).digest()

    return Keys({b"sim0": key("kek")}, {b"sim0": key("own")}, key("index"))


class Simulation:
    def __init__(self, held: House, clock: VirtualClock, gateway: VirtualGateway, hospital: Hospital, rng: Random) -> None:
        self._house = held
        self._clock = clock
        self._gateway = gateway
        self._hospital = hospital
        self._rng = rng
        self._pushed: Counter[str] = Counter()
        self._acts = 0
        self._visited: set[str] = set()
        self._next_shift = clock.now()

    async def run(self, until: datetime) -> None:
        while self._clock.now() < until:
            if not await self._round():
                self._clock.move_to(min(self._next_event(), until))

    async def drain(self) -> None:
        """Let everything that is on its way arrive, without moving the clock far."""
        for _ in range(10_000):
            if not await self._round():
                return

    async def _round(self) -> int:
        """Do all that is due at this moment once; how much was done."""
        done = await self._push()
        now = self._clock.now()
        done += self._house.worker.step(now).events
        done += await self._house.outbox.step()
        done += await self._house.writeback.step()
        coming = self._gateway.due(now)
        if coming:
            await self._house.intake.take_inbound(self._gateway.name, coming)
        if now >= self._next_shift:
            self._next_shift = now + _SHIFT
            done += await self._front_desk(now) + self._visits(now)
            await self._house.outbox.sweep()
        return done + len(coming)

    def _next_event(self) -> datetime:
        """The next moment at which something is due; a little later than that, so that what falls together is done together."""
        moments = [self._next_shift]
        coming = self._gateway.next_at()
        if coming is not None:
            moments.append(coming)
        with self._house.database.reader() as connection:
            timer = timers.next_due(connection)
            if timer is not None:
                moments.append(timer)
            for query in (
                sa.select(sa.func.min(schema.texts.c.due)).where(schema.texts.c.phase == "queued"),
                sa.select(sa.func.min(schema.writes.c.due)).where(schema.writes.c.status == "queued"),
            ):
                due = connection.execute(query).scalar()
                if due is not None:
                    moments.append(moment(due))
        return max(min(moments), self._clock.now()) + _TICK

    async def _push(self) -> int:
        changed = list(self._hospital.unpushed)
        self._hospital.unpushed.clear()
        records = [self._hospital.entry(id).record for id in changed]
        keys = []
        for id in changed:
            self._pushed[id] += 1
            keys.append(f"{id}/{self._pushed[id]}")
        if records:
            await self._house.intake.take_appointments(records, "ipms:virtual", keys)
        return len(records)

    def _visits(self, now: datetime) -> int:
        """Appointments whose time has come: attended, or missed."""
        passed = 0
        for entry in self._hospital.entries():
            record = entry.record
            if record.id in self._visited or record.status != "booked" or record.start + _SHIFT > now:
                continue
            self._visited.add(record.id)
            passed += 1
            if self._rng.random() < _MISSES:
                self._hospital.miss(record.id)
            else:
                self._hospital.attend(record.id)
        return passed

    # ---- the front desk ----------------------------------------------------------------------------------------------

    async def _front_desk(self, now: datetime) -> int:
        """In staffed hours a secretary settles what is open, the most urgent first."""
        ruleset = self._house.rulebook.in_force()[0]
        if not hours.is_open(ruleset.hours, ruleset.hours.staffed, now):
            return 0
        tasks = schema.tasks
        query = (
            sa.select(tasks.c.key, tasks.c.kind, tasks.c.conversation_id, schema.conversations.c.appointment_id)
            .join_from(tasks, schema.conversations, schema.conversations.c.id == tasks.c.conversation_id)
            .where(tasks.c.status == "open", tasks.c.opened_at <= instant(now - _SHIFT))
            .order_by(tasks.c.priority, tasks.c.due, tasks.c.key)
            .limit(40)
        )
        with self._house.database.reader() as connection:
            rows = list(connection.execute(query).all())
        for row in rows:
            await self._settle(row, now)
        return len(rows)

    async def _settle(self, row: Any, now: datetime) -> None:
        act, start = self._judge(row.kind, now)
        self._acts += 1
        await self._house.intake.take_staff_act(
            row.conversation_id, act, "front desk", f"act-{self._acts}", text=f"settled: {row.kind}", start=start
        )

    def _judge(self, kind: str, now: datetime) -> tuple[StaffAct, datetime | None]:
        match kind:
            case "reschedule":
                day = now + timedelta(days=7 + self._rng.randrange(14))
                day += timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)
                return StaffAct.RESCHEDULED, day.replace(hour=9 + self._rng.randrange(7), minute=0, second=0, microsecond=0)
            case "cancellation_review":
                return StaffAct.CANCEL, None
            case "call_patient" | "undelivered" | "not_sent" | "unclear_reply":
                return (StaffAct.CONFIRM if self._rng.random() < 0.6 else StaffAct.CALL_BACK), None
            case "wrong_number":
                return StaffAct.WRONG_NUMBER, None
            case "bereavement":
                return StaffAct.DECEASED, None
        return StaffAct.CLOSE, None


def simulate(days: int, patients: int, seed: int, rulesets: Sequence[Path] = ()) -> Figures:
    """Run a hospital of so many appointments for so many days and add up what came of it. Raises RulesBroken."""
    with simulated(days, patients, seed, rulesets) as held:
        return _add_up(held, days, patients, seed)


@contextmanager
def simulated(days: int, patients: int, seed: int, rulesets: Sequence[Path] = ()) -> Iterator[House]:
    """The house of a hospital that had so many appointments for so many days. Raises RulesBroken."""
    rng = Random(seed)
    begin = datetime.combine(FIRST_DAY, datetime.min.time(), UTC).replace(hour=8)
    clock = VirtualClock(begin)
    gateway = VirtualGateway(clock)
    # Appointments are made for the days to come, so that their reminders fall into the time simulated.
    book = list(make_book(rng, patients, FIRST_DAY + timedelta(days=3), days=max(days, 4)))
    hospital = Hospital(book, clock)
    with (
        tempfile.TemporaryDirectory(prefix="freagra-simulate-") as folder,
        house(
            home=Path(folder),
            database_url=f"sqlite:///{folder}/freagra.sqlite3",
            gateway=gateway,
            patient_system=VirtualPatientSystem(hospital),
            clock=clock,
            keys=_keys(seed),
            rng=Random(seed),
        ) as held,
    ):
        held.publish(rulesets)
        simulation = Simulation(held, clock, gateway, hospital, rng)

        async def live() -> None:
            await simulation.run(begin + timedelta(days=days))
            await simulation.drain()

        asyncio.run(live())
        yield held


def _add_up(held: House, days: int, patients: int, seed: int) -> Figures:
    begin, end = moment(0), held.clock.now() + timedelta(days=1)
    with held.database.reader() as connection:
        counted = figures(connection, begin, end)
        answers = replies(connection, begin, end)
        whole = verification.verify(connection).whole and not any(playback.replay(connection, held.vault))
    return Figures(
        days=days,
        patients=patients,
        seed=seed,
        appointments=patients,
        conversations=counted.conversations,
        reminders=counted.reminders,
        texts=counted.texts,
        segments=counted.segments,
        cost=round(counted.segments * Costs().text, 2),
        undelivered=counted.undelivered,
        not_sent=counted.not_sent,
        replies=answers.received,
        understood=answers.understood,
        asked_again=answers.asked_again,
        handed_to_staff=answers.handed_to_staff,
        needed_nothing=answers.needed_nothing,
        confirmed=counted.confirmed,
        reschedules=counted.reschedules,
        cancels=counted.cancels,
        escalations=dict(counted.escalations),
        lost=answers.pending,
        chain="whole" if whole else "BROKEN",
    )


_TOLD = (
    ("appointments", "appointments"),
    ("conversations", "conversations opened"),
    ("reminders", "reminders and nudges sent"),
    ("texts", "texts sent in all"),
    ("segments", "SMS parts"),
    ("cost", "cost in EUR"),
    ("undelivered", "texts not delivered"),
    ("not_sent", "texts held back at the send gate"),
    ("replies", "replies"),
    ("understood", "  acted on at once"),
    ("asked_again", "  asked again"),
    ("handed_to_staff", "  handed to staff"),
    ("needed_nothing", "  needed nothing"),
    ("confirmed", "confirmed in the iPMS"),
    ("reschedules", "reschedule requests"),
    ("cancels", "cancellation requests"),
    ("escalations", "tasks for staff"),
    ("lost", "replies lost"),
    ("chain", "transcript"),
)


def told(found: Figures) -> str:
    """The figures for a person."""
    lines = [f"{found.patients} appointments over {found.days} days (seed {found.seed})", ""]
    for name, label in _TOLD:
        value = getattr(found, name)
        if isinstance(value, dict):
            lines.append(f"{label:36}{sum(value.values()):>10}")
            lines.extend(f"  {kind.replace('_', ' '):34}{number:>10}" for kind, number in value.items())
        else:
            lines.append(f"{label:36}{value:>10}")
    return "\n".join(lines)


def simulate_command(days: int, patients: int, seed: int, rulesets: list[Path], as_json: bool) -> int:
    found = simulate(days, patients, seed, rulesets)
    if as_json:
        values = {name: getattr(found, name) for name in found.__slots__}
        json.dump(values, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        print(told(found))
    return 0 if found.lost == 0 and found.chain == "whole" else 1

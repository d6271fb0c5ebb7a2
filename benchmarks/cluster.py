"""(H) Workers on PostgreSQL and Redis beside the embedded store, and how long an answer takes.

Each number of workers works off the same inbox of replies, on a copy of the same database, by turns. A rate is told from when
the first worker begins to when the last one ends, of the turn beside which other programs took least. Beside it stands the
processor time of an event, of the workers and of PostgreSQL: on a machine that is kept busy it is what can be compared.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from random import Random
from statistics import quantiles

import sqlalchemy as sa

from adapters.bootstrap import House, house
from adapters.gateways.simulator.virtual import VirtualGateway
from adapters.ipms.none import NoPatientSystem
from adapters.local import SystemClock, VirtualClock
from adapters.tuning import settle
from benchmarks.parts import MORNING, REMINDER, appointments, take_all, work_off
from benchmarks.replying import REPLIES
from conversations import schema
from conversations.ports import AppointmentRecord, Clock, InboundReceipt, InboundReply
from conversations.service import Duty
from engine.events import TextStatus
from tests.servers import Postgres, Redis, left_out, wait_until

COUNT = int(os.environ.get("FREAGRA_BENCH_REPLIES", "4000"))
_WORKERS = (1, 2, 4)
_EMBEDDED = 0  # workers on PostgreSQL
_TURNS = 4
_SPAWN = multiprocessing.get_context("spawn")
# A reply that takes long to read, so that deciding outweighs writing: many words, none of them a key.
_STORY = (
    "well now I was talking to my sister about it and she said that her neighbour had the very same thing last spring and "
    "the bus was late twice that week so we are none the wiser but sure the weather is grand and the garden needs doing "
)


# Of a worker: when it began and ended, seconds of processor time, events.
Said = tuple[float, float, float, int]


@dataclass(frozen=True)
class Run:
    """`rate` in events a second; processor time of one event in microseconds, of the workers and of PostgreSQL; how many cores
    other programs took meanwhile."""

    rate: float
    workers: float
    database: float
    others: float


@dataclass(frozen=True)
class Runs:
    """The same measured again and again. Told is the run beside which other programs took least, and the range of rates."""

    runs: tuple[Run, ...]

    @property
    def quietest(self) -> Run:
        return min(self.runs, key=lambda run: run.others)

    def __str__(self) -> str:
        told, rates = self.quietest, [run.rate for run in self.runs]
        beside = f" + PostgreSQL {told.database:,.0f}" if told.database else ""
        return (
            f"{told.rate:>7,.0f}/s  ({min(rates):,.0f} to {max(rates):,.0f})   processor time of one event "
            f"{told.workers:,.0f}{beside} us   others {told.others:.2f} cores"
        )


@contextmanager
def _house(home: Path, url: str, clock: Clock, redis: str = "", *, shared: bool = False, works: bool = True) -> Iterator[House]:
    with house(
        home=home,
        database_url=url,
        gateway=VirtualGateway(clock),
        patient_system=NoPatientSystem(),
        clock=clock,
        shared=shared,
        redis_url=redis,
        duties=frozenset({Duty.WORK}) if works else frozenset(),
    ) as held:
        yield held


def prepare(home: Path, url: str, texts: Sequence[str], turn: int = 0) -> None:
    """Appointments whose reminders were accepted, and in the inbox a reply to each. Every `turn` brings patients of its own."""
    clock = VirtualClock(MORNING)
    with _house(home, url, clock) as held:
        held.publish([REMINDER])
        records = [_of_turn(record, turn) for record in appointments(COUNT * 2, 1 + turn) if record.patient.mobile][:COUNT]
        asyncio.run(take_all(held, records, f"{turn}-"))
        work_off(held, clock.now())
        with held.database.reader() as connection:
            waiting = sa.select(schema.texts.c.key).where(schema.texts.c.phase == "queued", schema.texts.c.lane == "bulk")
            keys = connection.execute(waiting).scalars().all()
        accepted = [InboundReceipt(key, TextStatus.ACCEPTED) for key in keys]
        asyncio.run(held.intake.take_inbound("virtual", accepted))
        work_off(held, clock.now())
        clock.move(timedelta(hours=1))
        rng = Random(2)
        drawn = rng.sample(texts, COUNT) if len(texts) >= COUNT else rng.choices(texts, k=COUNT)
        replies = [
            InboundReply(record.patient.mobile or "", "+353879999999", text, clock.now(), f"{turn}-{number}")
            for number, (record, text) in enumerate(zip(records, drawn, strict=True))
        ]
        asyncio.run(held.intake.take_inbound("virtual", replies))


def _of_turn(record: AppointmentRecord, turn: int) -> AppointmentRecord:
    patient = replace(record.patient, id=f"{turn}-{record.patient.id}")
    return replace(record, id=f"{turn}-{record.id}", patient=patient)


def _worker(home: str, url: str, redis: str, at: datetime, begin: Barrier, said: Queue[Said]) -> None:
    clock = VirtualClock(at)
    with _house(Path(home), url, clock, redis, shared=True) as held:
        leases = held.service._leases
        assert leases is not None
        for _ in range(3):  # all join, then all give away and take
            leases.renew()
            begin.wait()
        held.worker.make_ready()
        settle()
        begin.wait()
        start, used, worked = time.time(), time.process_time(), 0
        while done := held.worker.step(at).events:
            worked += done
        said.put((start, time.time(), time.process_time() - used, worked))
        begin.wait()
        leases.leave()


def throughput(postgres: Postgres, redis: Redis, home: Path, url: str, workers: int) -> Run:
    """What so many workers make of the replies that wait in this database."""
    begin, said = _SPAWN.Barrier(workers + 1), _SPAWN.Queue()
    at = MORNING + timedelta(hours=1)
    started = [_SPAWN.Process(target=_worker, args=(str(home), url, redis.url, at, begin, said)) for _ in range(workers)]
    for process in started:
        process.start()
    for _ in range(4):
        begin.wait()
    before, busy = _used(postgres), _busy()
    starts, ends, used, worked = zip(*(said.get() for _ in started), strict=True)
    database, busy = _used(postgres) - before, _busy() - busy
    begin.wait()
    for process in started:
        process.join()
    events = sum(worked)
    assert events >= COUNT, f"{events} of {COUNT} replies were worked"
    took, others = max(ends) - min(starts), busy - database - sum(used)
    return Run(events / took, sum(used) / events * 1e6, database / events * 1e6, others / took)


def _on_a_copy(postgres: Postgres, redis: Redis, home: Path, template: str, workers: int, turn: int) -> Run:
    name = f"{template}_{workers}_{turn}"
    try:
        return throughput(postgres, redis, home, postgres.make(name, template), workers)
    finally:
        postgres.drop(name)


def _used(postgres: Postgres) -> float:
    """Seconds of processor time of the server and all that it has started, those that have ended as well."""
    assert postgres._process is not None
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == postgres._process.pid:
            ticks += int(fields[11]) + int(fields[12])
        elif int(entry.parent.name) == postgres._process.pid:
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _busy() -> float:
    """Seconds of processor time of all there is on this machine."""
    user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().split(maxsplit=9)[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def _embedded(home: Path, template: Path) -> Run:
    with tempfile.TemporaryDirectory(prefix="freagra-bench-") as folder:
        copy = shutil.copy(template, folder)
        clock = VirtualClock(MORNING + timedelta(hours=1))
        with _house(home, f"sqlite:///{copy}", clock) as held:
            held.worker.make_ready()
            settle()
            busy, used, start = _busy(), time.process_time(), time.perf_counter()
            events = work_off(held, clock.now())
            took, used = time.perf_counter() - start, time.process_time() - used
            return Run(events / took, used / events * 1e6, 0.0, (_busy() - busy - used) / took)


# ---- how long an answer takes ----------------------------------------------------------------------------------------


class _Shifted:
    def __init__(self, offset: timedelta) -> None:
        self._offset = offset

    def now(self) -> datetime:
        return SystemClock().now() + self._offset


def _serve(home: str, url: str, redis: str, offset: float, stop: Event) -> None:
    with _house(Path(home), url, _Shifted(timedelta(seconds=offset)), redis, shared=True) as held:
        held.worker.make_ready()
        settle()

        async def live() -> None:
            held.service.start()
            await asyncio.to_thread(stop.wait)
            await held.service.stop()

        asyncio.run(live())


def _latency(postgres: Postgres, redis: Redis, home: Path, template: str, rate: float) -> tuple[float, float]:
    """From an acknowledged reply to its answer in the outbox, p50 and p99 in milliseconds, two workers, so many replies a
    second."""
    url = postgres.make("latency", template)
    offset = (MORNING + timedelta(hours=2) - SystemClock().now()).total_seconds()
    clock, stop = _Shifted(timedelta(seconds=offset)), _SPAWN.Event()
    started = [_SPAWN.Process(target=_serve, args=(str(home), url, redis.url, offset, stop)) for _ in range(2)]
    with _house(home, url, clock, redis.url, shared=True, works=False) as held:
        with held.database.writing() as connection, connection.begin():
            # Replies again, one by one, as they come in service.
            rows = connection.execute(sa.select(schema.inbox.c.phone_index).where(schema.inbox.c.status == "new")).all()
            connection.execute(sa.delete(schema.inbox).where(schema.inbox.c.status == "new"))
        phones = [record.patient.mobile for record in appointments(COUNT * 2) if record.patient.mobile][: len(rows)]
        for process in started:
            process.start()
        wait_until(lambda: _owners(held) == 2, "two workers share the partitions", 120)

        async def call() -> None:
            start, many = time.monotonic(), int(min(len(phones), rate * 10))
            for number in range(many):
                reply = InboundReply(phones[number] or "", "+353879999999", "Y", clock.now(), f"late {number}")
                await held.intake.take_inbound("virtual", [reply])
                await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
            await asyncio.sleep(6)

        asyncio.run(call())
        inbox, texts = schema.inbox.c, schema.texts.c
        waited = sa.select(sa.func.min(texts.queued_at) - sa.func.min(inbox.received_at)).where(
            texts.phone_index == inbox.phone_index, inbox.kind == "reply", texts.lane == "reply"
        )
        with held.database.reader() as reader:
            found = [each / 1000 for each in reader.execute(waited.group_by(inbox.id)).scalars()]
        stop.set()
    for process in started:
        process.join()
    postgres.drop("latency")
    cuts = quantiles(found, n=100)
    return cuts[49], cuts[98]


def _owners(held: House) -> int:
    shares = schema.partitions.c
    with held.database.reader() as reader:
        found = set(reader.execute(sa.select(shares.owner).distinct()).scalars())
    return 0 if "" in found else len(found)


def run() -> None:
    if left_out():
        print(f"(H) {left_out()}")
        return
    postgres, redis = Postgres("shared_buffers=256MB", "max_wal_size=4GB"), Redis()
    try:
        with tempfile.TemporaryDirectory(prefix="freagra-bench-") as folder:
            _run(postgres, redis, Path(folder))
    finally:
        postgres.close()
        redis.close()


def _run(postgres: Postgres, redis: Redis, home: Path) -> None:
    stories = [f"{_STORY * 3}{number}" for number in range(COUNT)]  # none like another: readings are kept
    rates: dict[int, Runs] = {}
    for name, kind, texts in (("stories", "decide-bound: long texts", stories), ("replies", "as they come", REPLIES)):
        file = home / f"{name}.sqlite3"
        prepare(home, postgres.make(name), texts)
        prepare(home, f"sqlite:///{file}", texts)
        found: dict[int, list[Run]] = {workers: [] for workers in (_EMBEDDED, *_WORKERS)}
        for turn in range(_TURNS):
            found[_EMBEDDED].append(_embedded(home, file))
            for workers in _WORKERS:
                found[workers].append(_on_a_copy(postgres, redis, home, name, workers, turn))
        rates = {workers: Runs(tuple(runs)) for workers, runs in found.items()}
        print(f"(H) {COUNT:,} replies, {kind}")
        print(f"    embedded           {rates[_EMBEDDED]}")
        for workers in _WORKERS:
            print(f"    {workers} on PostgreSQL    {rates[workers]}")
        print(
            f"    2 workers: {rates[2].quietest.rate / rates[1].quietest.rate:.2f} times one  (goal 1.6 of decide-bound work)",
            flush=True,
        )
    half = rates[2].quietest.rate / 2
    middle, slow = _latency(postgres, redis, home, "replies", half)
    print(f"    reply to answer, at {half:,.0f} replies a second: p50 {middle:,.0f} ms, p99 {slow:,.0f} ms")

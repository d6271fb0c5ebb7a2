"""(H) Workers on PostgreSQL and Redis beside the embedded store; how long an answer takes; a large store.

Each number of workers works off the same inbox of replies, on a copy of the same database. Beside the rate stands the processor
time of an event, of the workers and of PostgreSQL: on a machine that other programs keep busy it is what can be compared.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
from conversations.ports import Clock, InboundReceipt, InboundReply
from conversations.service import Duty
from engine.events import TextStatus
from tests.servers import Postgres, Redis, left_out, wait_until

COUNT = int(os.environ.get("FREAGRA_BENCH_REPLIES", "4000"))
LARGE = int(os.environ.get("FREAGRA_BENCH_LARGE", "5000000"))
_SMALL = 50_000
_WORKERS = (1, 2, 4)
_SPAWN = multiprocessing.get_context("spawn")
# A reply that takes long to read, so that deciding outweighs writing: many words, none of them a key.
_STORY = (
    "well now I was talking to my sister about it and she said that her neighbour had the very same thing last spring and "
    "the bus was late twice that week so we are none the wiser but sure the weather is grand and the garden needs doing "
)


@dataclass(frozen=True)
class Run:
    """`rate` in events a second; processor time of one event in microseconds, of the workers and of PostgreSQL."""

    rate: float
    workers: float
    database: float = 0.0

    def __str__(self) -> str:
        beside = f" + PostgreSQL {self.database:,.0f}" if self.database else ""
        return f"{self.rate:>8,.0f}/s   processor time of one event {self.workers:,.0f}{beside} us"


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


def _prepare(home: Path, url: str, texts: Sequence[str]) -> None:
    """Appointments whose reminders were accepted, and in the inbox a reply to each."""
    clock = VirtualClock(MORNING)
    with _house(home, url, clock) as held:
        held.publish([REMINDER])
        records = [record for record in appointments(COUNT * 2) if record.patient.mobile][:COUNT]
        asyncio.run(take_all(held, records))
        work_off(held, clock.now())
        with held.database.reader() as connection:
            keys = connection.execute(sa.select(schema.texts.c.key)).scalars().all()
        accepted = [InboundReceipt(key, TextStatus.ACCEPTED) for key in keys]
        asyncio.run(held.intake.take_inbound("virtual", accepted))
        work_off(held, clock.now())
        clock.move(timedelta(hours=1))
        rng = Random(2)
        drawn = rng.sample(texts, COUNT) if len(texts) >= COUNT else rng.choices(texts, k=COUNT)
        replies = [
            InboundReply(record.patient.mobile or "", "+353879999999", text, clock.now(), str(number))
            for number, (record, text) in enumerate(zip(records, drawn, strict=True))
        ]
        asyncio.run(held.intake.take_inbound("virtual", replies))


def _worker(home: str, url: str, redis: str, at: datetime, begin: Barrier, said: Queue[tuple[float, float, int]]) -> None:
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
        used, worked = time.process_time(), 0
        while done := held.worker.step(at).events:
            worked += done
        said.put((time.time(), time.process_time() - used, worked))
        begin.wait()
        leases.leave()


def _throughput(postgres: Postgres, redis: Redis, home: Path, template: str, workers: int) -> Run:
    name = f"{template}_{workers}_{time.monotonic_ns()}"
    url = postgres.make(name, template)
    begin, said = _SPAWN.Barrier(workers + 1), _SPAWN.Queue()
    at = MORNING + timedelta(hours=1)
    started = [_SPAWN.Process(target=_worker, args=(str(home), url, redis.url, at, begin, said)) for _ in range(workers)]
    for process in started:
        process.start()
    for _ in range(3):
        begin.wait()
    before = _used(postgres)
    start = time.time()
    begin.wait()
    ends = [said.get() for _ in started]
    after = _used(postgres)
    begin.wait()
    for process in started:
        process.join()
    postgres.drop(name)
    events = sum(worked for _, _, worked in ends)
    assert events >= COUNT, f"{events} of {COUNT} replies were worked"
    cpu = sum(used for _, used, _ in ends)
    return Run(events / (max(end for end, _, _ in ends) - start), cpu / events * 1e6, (after - before) / events * 1e6)


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


def _embedded(texts: Sequence[str]) -> Run:
    with tempfile.TemporaryDirectory(prefix="freagra-bench-") as folder:
        url = f"sqlite:///{folder}/freagra.sqlite3"
        _prepare(Path(folder), url, texts)
        clock = VirtualClock(MORNING + timedelta(hours=1))
        with _house(Path(folder), url, clock) as held:
            settle()
            used, start = time.process_time(), time.perf_counter()
            events = work_off(held, clock.now())
            return Run(events / (time.perf_counter() - start), (time.process_time() - used) / events * 1e6)


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


# ---- a large store ---------------------------------------------------------------------------------------------------

# Conversations of other patients, as many as wanted: rows of the size and with the indexes of real ones, never opened.
_FILL = (
    "INSERT INTO patients (id, hospital_number_index, phone_index, wrapped_key, sealed, changed_at) "
    "SELECT {id}, decode(md5('n' || n), 'hex'), decode(md5('p' || n), 'hex'), {bytes60}, {bytes200}, 1 FROM {n}",
    "INSERT INTO appointments (id, patient_id, version, start, status, clinic, changed_at) "
    "SELECT 'filled-' || n, {id}, 1, 1900000000000000 + n, 'booked', 'EYE', 1 FROM {n}",
    "INSERT INTO conversations (id, patient_id, appointment_id, ruleset, version, state, owner, closed, seq, head, sealed, "
    "opened_at, changed_at) SELECT {id}, {id}, 'filled-' || n, 'appointment-reminder', '0', 'asked', 'machine', false, 3, "
    "{bytes32}, {bytes400}, 1, 1 FROM {n}",
    "INSERT INTO transcript (conversation_id, seq, at, kind, sealed, hash, batch) "
    "SELECT {id}, s, 1, 'state.entered', {bytes200}, {bytes32}, 0 FROM {n}, generate_series(1, 3) AS s",
    "INSERT INTO texts (key, conversation_id, patient_id, phone_index, gateway, lane, prompt, sealed, segments, about, safety, "
    "phase, status, due, not_after, queued_at, status_at) SELECT {id}, {id}, {id}, decode(md5('p' || n), 'hex'), 'virtual', "
    "'bulk', 'reminder', {bytes200}, 1, 1, false, 'handed', 'delivered', 1, 1, 1, 1 FROM {n}",
    "INSERT INTO timers (conversation_id, name, due, visit) "
    "SELECT {id}, 'cadence.eve', 1900000000000000 + n, 1 FROM {n}",
)
_AT_ONCE = 250_000


def _fill(postgres: Postgres, database: str, count: int) -> None:
    random = {f"bytes{size}": f"decode(repeat(md5(n::text), {size // 16 + 1}), 'hex')" for size in (32, 60, 200, 400)}
    with postgres.admin(database) as admin:
        for first in range(0, count, _AT_ONCE):
            rows = f"generate_series({first}, {min(first + _AT_ONCE, count) - 1}) AS n"
            for statement in _FILL:
                filled = statement.format(id="lpad(to_hex(n), 12, '0') || substr(md5(n::text), 1, 20)", n=rows, **random)
                admin.execute(filled.encode())
        admin.execute("VACUUM ANALYZE")


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
    rates: dict[int, Run] = {}
    for name, kind, texts in (("replies", "as they come", REPLIES), ("stories", "decide-bound: long texts", stories)):
        _prepare(home, postgres.make(name), texts)
        print(f"(H) {COUNT:,} replies, {kind}")
        print(f"    embedded           {_embedded(texts)}")
        for workers in _WORKERS:
            rates[workers] = _throughput(postgres, redis, home, name, workers)
            print(f"    {workers} on PostgreSQL    {rates[workers]}")
        print(f"    2 workers: {rates[2].rate / rates[1].rate:.2f} times one  (goal 1.6 of decide-bound work)")
    half = rates[2].rate / 2
    median, slow = _latency(postgres, redis, home, "replies", half)
    print(f"    reply to answer, at {half:,.0f} replies a second: p50 {median:,.0f} ms, p99 {slow:,.0f} ms")
    _large(postgres, redis, home)


def _large(postgres: Postgres, redis: Redis, home: Path) -> None:
    for name, count in (("small", _SMALL), ("large", LARGE)):
        postgres.make(name, "replies")
        _fill(postgres, name, count)
    rates = {name: _throughput(postgres, redis, home, name, 1) for name in ("small", "large")}
    print(f"    beside {_SMALL:,} conversations   {rates['small']}")
    print(f"    beside {LARGE:,} conversations   {rates['large']}")
    print(f"    change of the rate {rates['large'].rate / rates['small'].rate - 1:+.1%}  (goal within 15 %)\n")

"""(D) Opening reminders: appointments to queued first texts, beside bare sqlite3, and with a million conversations open.

The bare side inserts the very rows that openings left - same columns, same values - into tables without an index, in commits
as many as the openings took, with the same journal and synchronous settings.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

from adapters.bootstrap import House
from adapters.local import VirtualClock
from adapters.tuning import settle
from benchmarks.parts import Rate, appointments, beside, fresh_house, spent, take_all
from benchmarks.weight import Weight
from conversations.database import Database
from conversations.ports import AppointmentRecord

_TABLES = ("patients", "appointments", "conversations", "transcript", "ledger", "texts", "timers")
_COUNT = 16_384
_PART = 10_240  # appointments of which one rate is taken while the store grows
_EARLY, _LATE = 2, 12  # such parts at the beginning of a store, and at the end of the large one; medians are told
_STORES = 5  # small ones beside it
MILLION = int(os.environ.get("FREAGRA_BENCH_CONVERSATIONS", "1000000"))


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one part: openings a second, and microseconds of processor time for each."""

    rate: float
    cost: float


def _open(count: int, seed: int) -> tuple[float, float]:
    """Openings a second, and those of bare sqlite3 with the same rows."""
    with fresh_house() as (held, clock):
        asyncio.run(take_all(held, appointments(count, seed)))
        settle()  # what the benchmark itself holds is not the service's to look through
        start = time.perf_counter()
        while held.worker.step(clock.now()).events:
            pass
        ours = count / (time.perf_counter() - start)
        return ours, _bare(held.database, count)


def _bare(database: Database, count: int) -> float:
    with database.reader() as connection:
        rows = {
            name: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")] for name in _TABLES
        }
    with tempfile.TemporaryDirectory(prefix="freagra-bench-") as folder:
        bare = sqlite3.connect(Path(folder) / "bare.sqlite3", isolation_level=None)
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        inserts = {}
        for name, held in rows.items():
            columns = ", ".join(f"c{n}" for n in range(len(held[0])))
            bare.execute(f"CREATE TABLE {name} ({columns})")
            inserts[name] = f"INSERT INTO {name} VALUES ({', '.join('?' * len(held[0]))})"
        start = time.perf_counter()
        commits = len(rows["ledger"])
        for n in range(commits):
            bare.execute("BEGIN IMMEDIATE")
            for name, held in rows.items():
                bare.executemany(inserts[name], held[n * len(held) // commits : (n + 1) * len(held) // commits])
            bare.execute("COMMIT")
        rate = count / (time.perf_counter() - start)
        bare.close()
        return rate


def _fill(held: House, clock: VirtualClock, count: int) -> Iterator[Figures]:
    """Open so many talks in a store, and tell of each part's openings. The clock goes as it does in service, where ids begin
    with the time: were it to stand still, a million rows would be of the same moment and lie in random order."""
    for made in range(0, count, _PART):
        asyncio.run(take_all(held, _named(f"{made}-", appointments(_PART, seed=made + 7))))
        settle()
        used, start = spent(held), time.perf_counter()
        before = start
        while held.worker.step(clock.now()).events:
            after = time.perf_counter()
            clock.move(timedelta(seconds=after - before))
            before = after
        yield Figures(_PART / (time.perf_counter() - start), (spent(held) - used) / _PART * 1e6)


def _small(count: int) -> list[Figures]:
    """Of so many stores, one after the other, the first parts; watched as the large one is, which takes some of a core."""
    parts: list[Figures] = []
    for _ in range(count):
        with fresh_house() as (held, clock), Weight(partial(beside, held)):
            parts += _fill(held, clock, _EARLY * _PART)
    return parts


def _growth() -> None:
    """One store, filled to a million open conversations; the rate at its end beside that of small ones. Of these there are
    several, since one is over in three seconds, and a machine's seconds differ by a fifth; they come after it, so that what
    they held in memory is not counted as the million's."""
    with fresh_house() as (held, clock), Weight(partial(beside, held)) as weight:
        parts = list(_fill(held, clock, MILLION))
    small = parts[:_EARLY] + _small(_STORES)
    early, late = (
        Figures(median(part.rate for part in some), median(part.cost for part in some)) for some in (small, parts[-_LATE:])
    )
    print(f"    rate around 10,000 open conversations   {early.rate:>8,.0f}/s   {len(small)} parts, {_range(small)}")
    ends = f"{_LATE} parts, {_range(parts[-_LATE:])}"
    print(f"    rate near {len(parts) * _PART:,} open conversations  {late.rate:>8,.0f}/s   {ends}")
    print(f"    change                                  {late.rate / early.rate - 1:>+9.1%}  (goal within 15 %)")
    print(f"    processor time of one opening           {early.cost:>8,.0f} us, and {late.cost:,.0f} us at the end")
    both, of_it = weight.most
    print(f"    most memory, pages shared counted once  {both:>8,.0f} MB  (goal under 400 MB)")
    print(f"    of it of the process beside             {of_it:>8,.0f} MB\n")


def _range(parts: list[Figures]) -> str:
    return f"{min(part.rate for part in parts):,.0f} to {max(part.rate for part in parts):,.0f}"


def _named(prefix: str, records: list[AppointmentRecord]) -> list[AppointmentRecord]:
    """The same with other ids, of appointments and of patients."""
    return [
        replace(each, id=f"{prefix}{each.id}", patient=replace(each.patient, id=f"{prefix}{each.patient.id}"))
        for each in records
    ]


def run(runs: int = 5) -> None:
    print("(D) opening reminders: appointment to queued first text")
    _growth()  # first, since the most memory is the process's: the bare side below holds all its rows
    pairs = [_open(_COUNT, seed) for seed in range(1, runs + 1)]
    ours, bare = Rate(tuple(pair[0] for pair in pairs)), Rate(tuple(pair[1] for pair in pairs))
    print(f"    ours                 {ours}")
    print(f"    bare sqlite3         {bare}   ratio {ours.median / bare.median:.2f}  (goal 0.15)")

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
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from adapters.tuning import settle
from benchmarks.parts import Rate, appointments, beside, fresh_house, spent, take_all
from benchmarks.weight import Weight
from conversations.database import Database
from conversations.ports import AppointmentRecord

_TABLES = ("patients", "appointments", "conversations", "transcript", "ledger", "texts", "timers")
_COUNT = 16_384
_PART = 10_240  # appointments of which one rate is taken while the store grows
_EARLY, _LATE = 2, 8  # such rates, of which the median is told
MILLION = int(os.environ.get("FREAGRA_BENCH_CONVERSATIONS", "1000000"))


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


def _growth() -> None:
    """One store, filled to a million open conversations; the rate at both ends. The clock goes as it does in service, where ids
    begin with the time: were it to stand still, a million rows would be of the same moment and lie in random order."""
    with fresh_house() as (held, clock), Weight(lambda: beside(held)) as weight:
        rates: list[tuple[float, float]] = []  # openings a second, and microseconds of processor time for each
        for made in range(0, MILLION, _PART):
            asyncio.run(take_all(held, _named(f"{made}-", appointments(_PART, seed=made + 7))))
            settle()
            used, start = spent(held), time.perf_counter()
            before = start
            while held.worker.step(clock.now()).events:
                after = time.perf_counter()
                clock.move(timedelta(seconds=after - before))
                before = after
            rates.append((_PART / (time.perf_counter() - start), (spent(held) - used) / _PART * 1e6))
    count = len(rates) * _PART
    (at_ten, cost_early), (at_million, cost_late) = (
        [median(figures) for figures in zip(*some, strict=True)] for some in (rates[:_EARLY], rates[-_LATE:])
    )
    print(f"    rate around 10,000 open conversations   {at_ten:>8,.0f}/s")
    change = f"{at_million / at_ten - 1:+.1%}  (goal within 15 %)"
    print(f"    rate near {count:,} open conversations  {at_million:>8,.0f}/s   {change}")
    print(f"    processor time of one opening           {cost_early:>8,.0f} us, and {cost_late:,.0f} us at the end")
    both, of_it = weight.most
    print(f"    most memory, pages shared counted once  {both:>8,.0f} MB  (goal under 400 MB)")
    print(f"    of it of the process beside             {of_it:>8,.0f} MB\n")


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

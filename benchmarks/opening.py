"""(D) Opening reminders: appointments to queued first texts, beside bare sqlite3, and with a million conversations open.

The bare side inserts the very rows that openings left - same columns, same values - into tables without an index, in commits
of the same number of openings, with the same journal and synchronous settings.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sqlite3
import tempfile
import time
from pathlib import Path
from statistics import median

from adapters.tuning import settle
from benchmarks.parts import Rate, appointments, fresh_house, take_all
from conversations.database import Database

_TABLES = ("patients", "appointments", "conversations", "transcript", "ledger", "texts", "timers")
_BATCH = 1024  # appointments taken at once
_COMMIT = 256  # appointments to a commit, on both sides
_COUNT = 8 * _BATCH
MILLION = int(os.environ.get("FREAGRA_BENCH_CONVERSATIONS", "1000000"))
TEN_THOUSAND = 10_000


def _open(count: int, seed: int) -> tuple[float, float]:
    """Openings a second, and those of bare sqlite3 with the same rows."""
    with fresh_house(_BATCH) as (held, clock):
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
        commits = -(-count // _COMMIT)
        for n in range(commits):
            bare.execute("BEGIN IMMEDIATE")
            for name, held in rows.items():
                bare.executemany(inserts[name], held[n * len(held) // commits : (n + 1) * len(held) // commits])
            bare.execute("COMMIT")
        rate = count / (time.perf_counter() - start)
        bare.close()
        return rate


def _growth() -> None:
    """One store, filled to a million open conversations; the rate at both ends."""
    with fresh_house(_BATCH) as (held, clock):
        made = 0
        early: list[float] = []
        late: list[float] = []
        part = 20 * _BATCH
        while made < MILLION:
            records = appointments(part, seed=made + 7)
            renamed = [
                type(record)(
                    **{
                        **{name: getattr(record, name) for name in record.__slots__},
                        "id": f"{made}-{record.id}",
                        "patient": type(record.patient)(
                            **{
                                **{name: getattr(record.patient, name) for name in record.patient.__slots__},
                                "id": f"{made}-{record.patient.id}",
                            }
                        ),
                    }
                )
                for record in records
            ]
            asyncio.run(take_all(held, renamed))
            del records, renamed
            settle()
            start = time.perf_counter()
            while held.worker.step(clock.now()).events:
                pass
            rate = part / (time.perf_counter() - start)
            made += part
            if made <= TEN_THOUSAND + 3 * part:
                early.append(rate)
            late.append(rate)
            del late[:-4]
        at_ten, at_million = median(early), median(late)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"    rate near 10,000 open conversations     {at_ten:>8,.0f}/s")
        change = f"{at_million / at_ten - 1:+.1%}  (goal within 15 %)"
        print(f"    rate near {made:,} open conversations  {at_million:>8,.0f}/s   {change}")
        print(f"    most memory of the whole process        {peak:>8,.0f} MB  (goal under 400 MB)\n")


def run(runs: int = 5) -> None:
    pairs = [_open(_COUNT, seed) for seed in range(1, runs + 1)]
    ours, bare = Rate(tuple(pair[0] for pair in pairs)), Rate(tuple(pair[1] for pair in pairs))
    print("(D) opening reminders: appointment to queued first text")
    print(f"    ours                 {ours}")
    print(f"    bare sqlite3         {bare}   ratio {ours.median / bare.median:.2f}  (goal 0.15)")
    _growth()

"""(H) One worker on PostgreSQL beside five million conversations, and beside fifty thousand.

The rows of other patients are made by PostgreSQL itself, of the size and with the indexes of real ones, and are never opened.
They are put in without looking up foreign keys, and their indexes are built at the end. FREAGRA_BENCH_STORE names a folder in
which the databases stay, so that they are made once.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.cluster import COUNT, Run, Runs, prepare, throughput
from benchmarks.replying import REPLIES
from conversations.database import open_database
from tests.servers import FORGETFUL, Postgres, Redis, left_out

LARGE = int(os.environ.get("FREAGRA_BENCH_LARGE", "5000000"))
_SMALL = 50_000
_TURNS = 5
_AT_ONCE = 500_000
# While rows are made nothing is at stake; they are flushed before anything is measured.
_MAKING = (*FORGETFUL, "autovacuum=off", "max_wal_size=8GB", "checkpoint_timeout=1h", "maintenance_work_mem=1GB")
_MEASURING = ("shared_buffers=256MB", "max_wal_size=4GB", "autovacuum=off")
_FILL: dict[str, Sequence[str]] = {
    "patients": ("{id}", "decode(md5('n' || n), 'hex')", "decode(md5('p' || n), 'hex')", "{bytes60}", "{bytes200}", "1"),
    "appointments": ("'filled-' || n", "{id}", "1", "1900000000000000 + n", "'booked'", "'EYE'", "1"),
    "conversations": (
        "{id}", "{id}", "'filled-' || n", "'appointment-reminder'", "'0'", "'asked'", "'machine'", "false", "3", "{bytes32}",
        "{bytes400}", "1", "1",
    ),
    "transcript": ("{id}", "s", "1", "'state.entered'", "{bytes200}", "{bytes32}", "0"),
    "texts": (
        "{id}", "{id}", "{id}", "decode(md5('p' || n), 'hex')", "'virtual'", "'bulk'", "'reminder'", "{bytes200}", "1", "1",
        "false", "'handed'", "'delivered'", "1", "1", "1", "1", "'EYE'",
    ),
    "timers": ("{id}", "'cadence.eve'", "1900000000000000 + n", "1"),
}  # fmt: skip
_COLUMNS = {
    "patients": "id, hospital_number_index, phone_index, wrapped_key, sealed, changed_at",
    "appointments": "id, patient_id, version, start, status, clinic, changed_at",
    "conversations": (
        "id, patient_id, appointment_id, ruleset, version, state, owner, closed, seq, head, sealed, opened_at, changed_at"
    ),
    "transcript": "conversation_id, seq, at, kind, sealed, hash, batch",
    "texts": (
        "key, conversation_id, patient_id, phone_index, gateway, lane, prompt, sealed, segments, about, safety, phase, status, "
        "due, not_after, queued_at, status_at, clinic"
    ),
    "timers": "conversation_id, name, due, visit",
}
_BYTES = {f"bytes{size}": f"decode(repeat(md5(n::text), {size // 16 + 1}), 'hex')" for size in (32, 60, 200, 400)}
_ID = "lpad(to_hex(n), 12, '0') || substr(md5(n::text), 1, 20)"


def run() -> None:
    if left_out():
        print(f"(H) {left_out()}")
        return
    kept = os.environ.get("FREAGRA_BENCH_STORE")
    with tempfile.TemporaryDirectory(prefix="freagra-bench-") as folder:
        home = Path(kept or folder)
        start = time.monotonic()
        make(home)
        print(f"(H) one worker beside many conversations; they were made in {(time.monotonic() - start) / 60:.0f} minutes")
        _measure(home)


def make(home: Path) -> None:
    """The databases that are not there yet."""
    postgres = Postgres(*_MAKING, folder=home / "postgres")
    try:
        for count in (_SMALL, LARGE):
            if not postgres.has(_name(count)):
                postgres.drop("begun")
                _fill(postgres, postgres.make("begun"), count)
                with postgres.admin() as admin:
                    admin.execute(f"ALTER DATABASE begun RENAME TO {_name(count)}".encode())
        with postgres.admin() as admin:
            admin.execute("CHECKPOINT")
    finally:
        postgres.close()
    os.sync()


def _measure(home: Path) -> None:
    postgres, redis = Postgres(*_MEASURING, folder=home / "postgres"), Redis()
    found: dict[int, list[Run]] = {_SMALL: [], LARGE: []}
    try:
        for _ in range(_TURNS):
            for count, runs in found.items():
                url = postgres.url(_name(count))
                prepare(home, url, REPLIES, turn=time.time_ns())
                with postgres.admin(_name(count)) as admin:  # what came before costs neither of them anything
                    admin.execute("ANALYZE")
                    admin.execute("CHECKPOINT")
                runs.append(throughput(postgres, redis, home, url, 1))
    finally:
        postgres.close()
        redis.close()
    rates = {count: Runs(tuple(runs)) for count, runs in found.items()}
    for count, each in rates.items():
        print(f"    {COUNT:,} replies beside {count:>9,}   {each}")
    print(f"    change of the rate {rates[LARGE].quietest.rate / rates[_SMALL].quietest.rate - 1:+.1%}  (goal within 15 %)\n")


def _name(count: int) -> str:
    return f"beside_{count}"


def _fill(postgres: Postgres, url: str, count: int) -> None:
    with open_database(url) as database:
        database.migrate()
    with postgres.admin("begun") as admin:
        indexes = [str(each) for (each,) in admin.execute(_INDEXES).fetchall()]
        unique = [(str(table), str(name), str(rule)) for table, name, rule in admin.execute(_UNIQUE).fetchall()]
        names = [str(each) for (each,) in admin.execute(_INDEX_NAMES).fetchall()]
        for table, name, _ in unique:
            admin.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
        for name in names:
            admin.execute(f"DROP INDEX {name}".encode())

    def rows(table: str) -> None:
        with postgres.admin("begun") as admin:
            admin.execute("SET session_replication_role = replica")
            values = ", ".join(_FILL[table]).format(id=_ID, **_BYTES)
            for first in range(0, count, _AT_ONCE):
                numbers = f"generate_series({first}, {min(first + _AT_ONCE, count) - 1}) AS n"
                numbers += ", generate_series(1, 3) AS s" if table == "transcript" else ""
                admin.execute(f"INSERT INTO {table} ({_COLUMNS[table]}) SELECT {values} FROM {numbers}".encode())

    def build(statement: str) -> None:
        with postgres.admin("begun") as admin:
            admin.execute(statement.encode())

    with ThreadPoolExecutor(2) as both:
        list(both.map(rows, ("transcript", *(table for table in _FILL if table != "transcript"))))
        list(both.map(build, indexes))
        list(both.map(build, [f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule}" for table, name, rule in unique]))
    with postgres.admin("begun") as admin:
        admin.execute("VACUUM ANALYZE")


_OURS = f"schemaname = 'public' AND tablename IN ({', '.join(repr(table) for table in _FILL)})"
_PLAIN = f"FROM pg_indexes WHERE {_OURS} AND indexname NOT IN (SELECT conname FROM pg_constraint)"
_INDEXES, _INDEX_NAMES = f"SELECT indexdef {_PLAIN}".encode(), f"SELECT indexname {_PLAIN}".encode()
_UNIQUE = (
    b"SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'u' "
    b"AND conrelid::regclass::text IN (" + ", ".join(repr(table) for table in _FILL).encode() + b")"
)

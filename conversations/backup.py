"""Copies of the database, made while the service runs.

A copy holds the same sealed bytes as the database and no key: to be of use it needs the key file, which is backed up
apart. Once a patient's key is destroyed, older copies still hold it wrapped: they must be let go on a schedule too.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
import sqlalchemy as sa

from conversations.bulk import insert_rows
from conversations.database import Database
from conversations.errors import FreagraError
from conversations.schema import facts, instant, moment
from conversations.transcript import Ledger, canonical

_NOTE = "last-backup.json"
_FACT = "backup"


class BackupFailed(FreagraError):
    """No copy was made, and what lay at the target before is still there."""

    code = "backup_failed"
    retryable = True


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: when, and under which name, of a file or as whoever made it calls it."""

    at: datetime
    file: str


def backup(database: Database, target: Path, at: datetime, home: Path | None = None) -> None:
    """Copy the `database`, as of one moment, to the file `target`, which is replaced if it exists: a SQLite file, or what
    pg_dump makes of PostgreSQL (its custom format, for pg_restore).

    The copy is read from end to end before it takes its name. Then it is noted (`note`), in a `home` folder together with its
    size and with the ledger's newest row in it, a witness to keep. Readers and the writer go on meanwhile. Raises BackupFailed.
    """
    copy = _copy if database.path is not None else _dump
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            ledger = copy(database, draft)
            os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)
        _flush(target.parent)
    except (OSError, sqlite3.Error, sa.exc.DBAPIError) as fault:
        raise BackupFailed(f"{target}: {fault}") from fault
    if home is not None:
        held: dict[str, str | int] = {"bytes": target.stat().st_size, "batch": ledger.batch, "hash": ledger.hash.hex()}
        try:
            note(database, home, Made(at, target.name), **held)
        except BackupFailed as fault:
            raise BackupFailed(f"{target} is made and sound, but the service will not know of it: {fault}") from fault


def note(database: Database, home: Path, made: Made, **more: str | int) -> None:
    """Have the service know that a backup was made, by whatever program: in the database where several processes share it, else
    in the home folder, since the database is then the running service's alone to write in. Raises BackupFailed."""
    try:
        if database.path is None:
            with database.writing() as connection, connection.begin():
                row = (_FACT, made.file, instant(made.at))
                insert_rows(connection, facts, ("name", "value", "at"), [row], replacing=("value", "at"))
        else:
            (home / _NOTE).write_bytes(canonical({"at": made.at.isoformat(), "file": made.file, **more}))
    except (OSError, sa.exc.DBAPIError) as fault:
        raise BackupFailed(f"it cannot be noted: {fault}") from fault


def last_backup(database: Database, home: Path) -> Made | None:
    """The last one that was noted; None where there is none, or the note cannot be read."""
    try:
        if database.path is None:
            with database.reader() as connection:
                row = connection.execute(sa.select(facts.c.value, facts.c.at).where(facts.c.name == _FACT)).first()
            return None if row is None else Made(moment(row.at), row.value)
        held = orjson.loads((home / _NOTE).read_bytes())
        return Made(datetime.fromisoformat(held["at"]), str(held["file"]))
    except (OSError, ValueError, KeyError, TypeError, sa.exc.DBAPIError):
        return None


def _copy(database: Database, draft: Path) -> Ledger:
    with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
        with database.reader() as reader:
            source = reader.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            # In one step: a step at a time would begin anew whenever the writer commits.
            source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, complete in itself
        problems = [line for (line,) in copy.execute("PRAGMA integrity_check") if line != "ok"]
        if problems:
            raise BackupFailed(f"{draft.name}: the copy is not sound: {problems[0]}")
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(draft), poolclass=sa.NullPool)
    with engine.connect() as connection:
        ledger = Ledger.read(connection)
    _flush(draft)
    return ledger


def _dump(database: Database, draft: Path) -> Ledger:
    # What argv shows to others on the machine has no password; libpq takes that from the environment.
    address = database.url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, "PGPASSWORD": database.url.password or os.environ.get("PGPASSWORD", "")}
    with database.reader() as reader:
        snapshot = str(reader.execute(sa.select(sa.func.pg_export_snapshot())).scalar_one())
        ledger = Ledger.read(reader)
        how = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={draft}"]
        _run(["pg_dump", *how, address], environment)
    _run(["pg_restore", "--file=/dev/null", str(draft)], environment)
    _flush(draft)
    return ledger


def _run(words: list[str], environment: dict[str, str]) -> None:
    try:
        ended = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BackupFailed(f"there is no {words[0]} here; Debian's package postgresql-client brings it") from None
    if ended.returncode:
        said = ended.stderr.strip().splitlines()
        raise BackupFailed(f"{words[0]} ended with {ended.returncode}: {said[0] if said else 'it said nothing'}")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

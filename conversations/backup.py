"""Copies of the database, made while the service runs.

A copy holds the same sealed bytes as the database and no key: to be of use it needs the key file, which is backed up
apart. Once a patient's key is destroyed, older copies still hold it wrapped: they must be let go on a schedule too.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from conversations.database import Database, DatabaseUnfit
from conversations.errors import FreagraError
from conversations.schema import facts, instant
from conversations.transcript import Ledger, canonical
from conversations.writer import Writer


class BackupFailed(FreagraError):
    """No copy was made, and what lay at the target before is still there."""

    code = "backup_failed"
    retryable = True


def backup(database: Database, target: Path, at: datetime, writer: Writer | None = None) -> None:
    """Copy the SQLite `database`, as of one moment, to the file `target`, which is replaced if it exists.

    The copy is checked page by page before it takes its name. With a `writer` the fact "last_backup" is recorded in the
    database: {"file", "bytes", "batch", "hash"}, the last two being the ledger's newest row in the copy, a witness to
    keep. Readers and the writer go on meanwhile. Raises BackupFailed, DatabaseUnfit (not SQLite), StoreAway.
    """
    if database.path is None:
        raise DatabaseUnfit("only a SQLite file is copied here; PostgreSQL has pg_dump and pg_basebackup")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            ledger = _copy(database, draft)
            os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)
        _flush(target.parent)
    except (OSError, sqlite3.Error, sa.exc.DBAPIError) as fault:
        raise BackupFailed(f"{target}: {fault}") from fault
    if writer is not None:
        held = {"file": target.name, "bytes": target.stat().st_size, "batch": ledger.batch, "hash": ledger.hash.hex()}
        value = {"name": "last_backup", "value": canonical(held).decode(), "at": instant(at)}
        writer.submit(lambda connection: _record(connection, value)).result()


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


def _record(connection: sa.Connection, value: dict[str, object]) -> None:
    connection.execute(facts.delete().where(facts.c.name == value["name"]))
    connection.execute(facts.insert(), value)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

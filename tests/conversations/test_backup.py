import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from conversations.backup import BackupFailed, Made, backup, last_backup
from conversations.database import Database, open_database
from conversations.schema import facts, ledger
from conversations.transcript import Ledger
from conversations.verification import Witness, verify
from conversations.writer import Writer

AT = datetime(2026, 6, 10, 3, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(f"sqlite:///{tmp_path}/freagra.sqlite3") as database:
        database.migrate()
        yield database


def _append(connection: sa.Connection) -> None:
    """Two tables that must agree in any copy: as many facts as ledger rows."""
    book = Ledger.read(connection)
    connection.execute(ledger.insert(), book.close(0, [("c", book.next_batch, bytes(32))]))
    connection.execute(facts.insert(), {"name": f"{book.batch}", "value": "x" * 2_000, "at": 0})


def test_a_copy_made_under_load_is_whole_and_of_one_moment(database: Database, tmp_path: Path) -> None:
    target = tmp_path / "backup.sqlite3"
    with Writer(database) as writer:
        for _ in range(20):
            writer.submit(_append).result()
        stop = threading.Event()

        def load() -> None:
            while not stop.is_set():
                writer.submit(_append).result()

        thread = threading.Thread(target=load)
        thread.start()
        try:
            backup(database, target, AT, tmp_path)
        finally:
            stop.set()
            thread.join()
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == ["backup.sqlite3", "last-backup.json"]
    assert target.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (rows,) = copy.execute("SELECT count(*) FROM ledger").fetchone()
        assert copy.execute("SELECT count(*) FROM facts").fetchone() == (rows,)
        (newest,) = copy.execute("SELECT hash FROM ledger ORDER BY batch DESC LIMIT 1").fetchone()
    assert rows >= 20
    assert last_backup(database, tmp_path) == Made(AT, "backup.sqlite3")
    said = json.loads((tmp_path / "last-backup.json").read_bytes())
    assert (said["bytes"], said["batch"], said["hash"]) == (target.stat().st_size, rows, newest.hex())


def test_a_copy_can_be_put_in_the_databases_place(database: Database, tmp_path: Path) -> None:
    with database.writing() as connection, connection.begin():
        _append(connection)
    backup(database, tmp_path / "backup.sqlite3", AT)
    with database.reader() as reader:
        assert reader.execute(sa.select(facts.c.name)).scalars().all() == ["1"]
        held = Ledger.read(reader)
    with open_database(f"sqlite:///{tmp_path}/backup.sqlite3") as restored:
        restored.migrate()
        with restored.writing() as connection, connection.begin():
            _append(connection)
        with restored.reader() as reader:
            assert Ledger.read(reader).batch == 2
            faults = verify(reader, witness=Witness(held.batch, held.hash)).faults
    assert not any("witness" in fault.what for fault in faults)


def test_a_newer_copy_takes_the_place_of_an_older_one(database: Database, tmp_path: Path) -> None:
    target = tmp_path / "backup.sqlite3"
    for _ in range(2):
        with database.writing() as connection, connection.begin():
            _append(connection)
        backup(database, target, AT)
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT count(*) FROM ledger").fetchone() == (2,)


def test_a_copy_that_cannot_be_made_leaves_the_old_one(database: Database, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="nowhere"):
        backup(database, tmp_path / "nowhere" / "backup.sqlite3", AT)
    target = tmp_path / "backup.sqlite3"
    target.mkdir()
    (target / "kept").touch()
    with pytest.raises(BackupFailed):
        backup(database, target, AT)
    assert (target / "kept").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_damaged_database_makes_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "freagra.sqlite3"
    with open_database(f"sqlite:///{path}") as database:
        database.migrate()
        with database.writing() as connection, connection.begin():
            for _ in range(200):
                _append(connection)
    raw = bytearray(path.read_bytes())
    raw[-4096 * 3 : -4096 * 2] = b"\x5a" * 4096
    path.write_bytes(raw)
    with (
        open_database(f"sqlite:///{path}", read_only=True) as damaged,
        pytest.raises(BackupFailed, match=r"not sound|malformed"),
    ):
        backup(damaged, tmp_path / "backup.sqlite3", AT)
    assert sorted(file.name for file in tmp_path.iterdir() if "backup" in file.name) == []

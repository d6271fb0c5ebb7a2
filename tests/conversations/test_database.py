import logging
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from conversations.bulk import delete_rows, insert_rows, update_rows
from conversations.database import (
    Database,
    DatabaseInUse,
    DatabaseUnfit,
    newest_version,
    open_database,
)
from conversations.schema import facts, ledger, metadata, timers, transcript
from conversations.writer import StoreAway, Writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "freagra.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with open_database(f"sqlite:///{path}") as database:
        database.migrate()
        yield database


def _definitions(connection: sa.Connection) -> dict[str, list[str]]:
    """Each table's and index's clauses, whatever their order; a table that a migration made anew has its name quoted."""
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger' AND name <> 'alembic_version'"
    )
    plain = {name: re.sub(r"\s+", " ", sql.replace('"', "")) for name, sql in rows}
    return {name: sorted(clause.strip(" )") for clause in sql.split(",")) for name, sql in plain.items()}


# The first comparison holds those indexes too that the second cannot read back.
@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_migrations_build_what_the_schema_says(database: Database) -> None:
    afresh = sa.create_engine("sqlite://")
    with afresh.begin() as connection:
        metadata.create_all(connection)
        wanted = _definitions(connection)
    afresh.dispose()
    with database.reader() as reader:
        assert _definitions(reader) == wanted
        assert compare_metadata(MigrationContext.configure(reader), metadata) == []


def test_migrating_twice_changes_nothing_and_is_silent(
    database: Database, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        database.migrate()
    assert [record for record in caplog.records if not record.name.startswith("freagra")] == []
    assert capsys.readouterr() == ("", "")


def test_the_version_that_needs_no_migration_is_that_of_the_last_one(database: Database) -> None:
    with database.reader() as reader:
        assert reader.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [newest_version()]


def test_a_migration_that_fails_leaves_no_half_built_tables(path: Path) -> None:
    with open_database(f"sqlite:///{path}") as database:
        with database.writing() as connection, connection.begin():
            connection.exec_driver_sql("CREATE TABLE tasks (id INTEGER)")
        with pytest.raises(sa.exc.OperationalError, match="already exists"):
            database.migrate()
        with database.reader() as reader:
            assert sa.inspect(reader).get_table_names() == ["tasks"]


def test_a_database_of_a_later_version_is_refused(database: Database) -> None:
    with database.writing() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseUnfit, match="later one"):
        database.migrate()


_ENTRY = {"conversation_id": "c", "seq": 1, "at": 1, "kind": "k", "sealed": b"s", "hash": b"h" * 32, "batch": 1}
_ROW = {"batch": 1, "at": 1, "entries": 1, "digest": b"d" * 32, "hash": b"h" * 32}


def _under_another_key(table: sa.Table) -> str:
    """The table's columns, the last one of its key changed."""
    names, last = table.c.keys(), list(table.primary_key)[-1].name
    return ", ".join(f"{name} + 1" if name == last else name for name in names)


@pytest.mark.parametrize("table", [transcript, ledger])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {0} SET at = 2",
        "UPDATE OR REPLACE {0} SET hash = x'00' WHERE batch = 1",
        "DELETE FROM {0}",
        "INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
        "REPLACE INTO {0} SELECT * FROM {0}",
        "INSERT INTO {0} SELECT * FROM {0} WHERE true ON CONFLICT DO UPDATE SET at = 2",
        "INSERT OR REPLACE INTO {0} (rowid, {1}) SELECT rowid, {2} FROM {0}",
    ],
)
def test_the_record_can_only_grow(database: Database, path: Path, table: sa.Table, statement: str) -> None:
    row = _ENTRY if table is transcript else _ROW
    with database.writing() as connection, connection.begin():
        connection.execute(table.insert(), row)
    # With the bare driver, as someone with the file and an SQLite shell would.
    stranger = sqlite3.connect(path, isolation_level=None)
    try:
        with pytest.raises(sqlite3.IntegrityError, match=f"{table.name} is append-only"):
            stranger.execute(statement.format(table.name, ", ".join(table.c.keys()), _under_another_key(table)))
    finally:
        stranger.close()
    with database.reader() as reader:
        assert [dict(found) for found in reader.execute(sa.select(table)).mappings()] == [row]


def test_the_write_connection_is_durable_and_careful(database: Database) -> None:
    with database.writing() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "temp_store", "mmap_size")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "temp_store": 2,
        "mmap_size": 0,
    }


def test_a_reader_cannot_write_and_sees_one_moment(database: Database) -> None:
    with database.reader() as reader:
        with pytest.raises(sa.exc.OperationalError, match="readonly"):
            reader.execute(facts.insert(), {"name": "a", "value": "", "at": 0})
        reader.rollback()
        assert reader.execute(sa.select(sa.func.count()).select_from(facts)).scalar_one() == 0
        with database.writing() as connection, connection.begin():
            connection.execute(facts.insert(), {"name": "a", "value": "", "at": 0})
        assert reader.execute(sa.select(sa.func.count()).select_from(facts)).scalar_one() == 0
        reader.rollback()
        assert reader.execute(sa.select(sa.func.count()).select_from(facts)).scalar_one() == 1


def test_there_is_one_write_connection(database: Database) -> None:
    with database.writing(), pytest.raises(DatabaseInUse, match="taken in this process"):
        database.writing()


_OTHER_PROCESS = """
import sys
from conversations.database import DatabaseInUse, open_database
try:
    open_database(sys.argv[1]).close()
except DatabaseInUse as refused:
    sys.exit(str(refused))
"""


def test_a_second_process_may_read_but_not_write(database: Database, path: Path) -> None:
    def other() -> subprocess.CompletedProcess[str]:
        command_line = [sys.executable, "-c", _OTHER_PROCESS, f"sqlite:///{path}"]
        return subprocess.run(command_line, capture_output=True, text=True, check=False)

    refused = other()
    assert refused.returncode == 1
    assert "open for writing" in refused.stderr
    with open_database(f"sqlite:///{path}", read_only=True) as beside:
        with beside.reader() as reader:
            assert "facts" in sa.inspect(reader).get_table_names()
        with pytest.raises(DatabaseInUse, match="read only"):
            beside.writing()
    database.close()
    assert other().returncode == 0


def test_the_file_is_nobody_elses_to_read(database: Database, path: Path) -> None:
    with database.writing() as connection, connection.begin():
        connection.execute(facts.insert(), {"name": "a", "value": "", "at": 0})
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true"])
def test_a_database_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(DatabaseUnfit, match="needs a file"):
        open_database(url)


def test_what_is_no_database_is_refused_and_kept(path: Path) -> None:
    path.write_bytes(b"a letter, not a database " * 200)
    with pytest.raises(DatabaseUnfit, match="not a database"):
        open_database(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"a letter")
    with pytest.raises(DatabaseUnfit, match="folder must exist"):
        open_database(f"sqlite:///{path.parent}/nowhere/a.sqlite3")
    with pytest.raises(DatabaseUnfit, match="no database here"):
        open_database(f"sqlite:///{path.parent}/absent.sqlite3", read_only=True)


def test_many_rows_are_inserted_in_order_and_in_full(database: Database) -> None:
    rows = [(f"fact {number:04}", "x", number) for number in range(700)]
    with database.writing() as connection, connection.begin():
        insert_rows(connection, facts, ("name", "value", "at"), rows)
        insert_rows(connection, facts, ("name", "value", "at"), [])
    with database.reader() as reader:
        assert [tuple(row) for row in reader.execute(sa.select(facts).order_by(facts.c.name))] == rows


def test_many_rows_are_replaced_updated_and_deleted(database: Database) -> None:
    names = [f"fact {number:04}" for number in range(700)]
    with database.writing() as connection, connection.begin():
        insert_rows(connection, facts, ("name", "value", "at"), [(name, "x", 1) for name in names])
        insert_rows(connection, facts, ("name", "value", "at"), [(name, "y", 2) for name in names[:300]], replacing=("value",))
        update_rows(connection, facts, "name", ("at",), [(name, 3) for name in names[200:]])
        delete_rows(connection, facts, [(name,) for name in [*names[650:], "none"]])
    with database.reader() as reader:
        found = [tuple(row) for row in reader.execute(sa.select(facts).order_by(facts.c.name))]
    assert found == [
        (name, "y" if place < 300 else "x", 1 if place < 200 else 3) for place, name in enumerate(names[:650])
    ]


def test_rows_with_two_keys_are_deleted_and_no_others_without_reading_the_whole_table(database: Database) -> None:
    rows = [(f"c{number // 2:03}", f"t{number % 2}", 1, 1, 0) for number in range(600)]
    plans: list[str] = []

    def explain(connection: sa.Connection, _: object, statement: str, values: object, *__: object) -> None:
        if statement.startswith("DELETE"):
            explained = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.extend(row[3] for row in explained)

    with database.writing() as connection, connection.begin():
        sa.event.listen(connection, "before_cursor_execute", explain)
        insert_rows(connection, timers, ("conversation_id", "name", "due", "visit", "attempts"), rows)
        delete_rows(connection, timers, [("c000", "t1"), ("c007", "t0"), ("c299", "t1"), ("c300", "t0")])
    with database.reader() as reader:
        left = {tuple(row) for row in reader.execute(sa.select(timers))}
    assert left == {row for row in rows if row[:2] not in {("c000", "t1"), ("c007", "t0"), ("c299", "t1")}}
    assert any("SEARCH timers" in plan for plan in plans)
    assert not any("SCAN timers" in plan for plan in plans)


def test_a_full_disk_fails_a_group_of_writes_whole_and_is_recovered_from(database: Database) -> None:
    def note(connection: sa.Connection) -> None:
        connection.execute(facts.insert(), {"name": "small", "value": "", "at": 0})

    def fill(connection: sa.Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        connection.execute(facts.insert(), {"name": "big", "value": "x" * 100_000, "at": 0})

    with Writer(database) as writer:
        begun, release = threading.Event(), threading.Event()
        busy = writer.submit(lambda _: begun.set() or release.wait())
        begun.wait()
        together = [writer.submit(note), writer.submit(fill)]
        release.set()
        assert busy.result()
        for each in together:
            with pytest.raises(StoreAway, match="full"):
                each.result()
        with database.reader() as reader:
            assert reader.execute(sa.select(facts.c.name)).scalars().all() == []
        writer.submit(note).result()
    with database.reader() as reader:
        assert reader.execute(sa.select(facts.c.name)).scalars().all() == ["small"]

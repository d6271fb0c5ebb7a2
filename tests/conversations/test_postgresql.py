"""What is PostgreSQL's own in the store: the rest of tests/conversations runs on it as on SQLite."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from conversations.bulk import delete_rows, insert_rows, update_rows
from conversations.database import Database, DatabaseInUse, DatabaseUnfit, open_database, serialise
from conversations.schema import facts, former_phones, ledger, metadata, patients, timers, transcript
from tests import servers

if servers.postgres_programs() is None:
    pytest.skip(servers.left_out(), allow_module_level=True)


@pytest.fixture
def url(postgres: servers.Postgres) -> Iterator[str]:
    yield postgres.make("freagra_of_its_own")
    postgres.drop("freagra_of_its_own")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with open_database(url) as database:
        database.migrate()
        yield database


def test_the_migrations_build_what_the_schema_says(database: Database) -> None:
    with database.reader() as reader:
        differing = compare_metadata(MigrationContext.configure(reader), metadata)
    # That index there is of a kind that SQLite has not, and that metadata so does not name.
    assert [each for each in differing if not (each[0] == "remove_index" and each[1].name == "transcript_batch")] == []


def test_several_processes_that_start_at_once_build_the_tables_once(url: str) -> None:
    faults: list[Exception] = []

    def start() -> None:
        try:
            with open_database(url) as database:
                database.migrate()
        except sa.exc.SQLAlchemyError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with open_database(url, read_only=True) as database, database.reader() as reader:
        assert set(metadata.tables) <= set(sa.inspect(reader).get_table_names())


_ENTRY = {"conversation_id": "c", "seq": 1, "at": 1, "kind": "k", "sealed": b"s", "hash": b"h" * 32, "batch": 1}
_ROW = {"batch": 1, "at": 1, "entries": 1, "digest": b"d" * 32, "hash": b"h" * 32}


@pytest.mark.parametrize("table", [transcript, ledger])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {0} SET at = 2",
        "DELETE FROM {0}",
        "TRUNCATE {0}",
        "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT ON CONSTRAINT {0}_pkey DO UPDATE SET at = 2",
        "MERGE INTO {0} AS held USING {0} AS given ON held.batch = given.batch WHEN MATCHED THEN DELETE",
    ],
)
def test_the_record_can_only_grow(database: Database, table: sa.Table, statement: str) -> None:
    row = _ENTRY if table is transcript else _ROW
    with database.writing() as connection, connection.begin():
        connection.execute(table.insert(), row)
    with (
        pytest.raises(sa.exc.IntegrityError, match=f"{table.name} is append-only"),
        database.writing() as connection,
        connection.begin(),
    ):
        connection.exec_driver_sql(statement.format(table.name))
    with database.reader() as reader:
        assert [dict(found) for found in reader.execute(sa.select(table)).mappings()] == [row]


def test_a_reader_cannot_write_and_sees_one_moment(database: Database) -> None:
    with database.reader() as reader:
        with pytest.raises(sa.exc.DBAPIError, match="read-only transaction"):
            reader.execute(facts.insert(), {"name": "a", "value": "", "at": 0})
        reader.rollback()
        assert reader.execute(sa.select(sa.func.count()).select_from(facts)).scalar_one() == 0
        with database.writing() as connection, connection.begin():
            connection.execute(facts.insert(), {"name": "a", "value": "", "at": 0})
        assert reader.execute(sa.select(sa.func.count()).select_from(facts)).scalar_one() == 0
        reader.rollback()
        assert reader.execute(sa.select(sa.func.count()).select_from(facts)).scalar_one() == 1


def test_what_is_only_read_cannot_be_written(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    with open_database(url, read_only=True) as beside, pytest.raises(DatabaseInUse, match="read only"):
        beside.writing()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://freagra@127.0.0.1:1/freagra", "refused"),
        ("postgresql+psycopg://freagra:geheim@127.0.0.1:1/freagra", "refused"),
        ("mysql://freagra@127.0.0.1/freagra", "SQLite or PostgreSQL"),
        ("postgresql+asyncpg://freagra@127.0.0.1/freagra", "SQLite or PostgreSQL"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_without_its_password(url: str, words: str) -> None:
    with pytest.raises(DatabaseUnfit, match=words) as refused:
        open_database(url)
    assert "geheim" not in str(refused.value)


def test_many_rows_are_inserted_replaced_updated_and_deleted(database: Database) -> None:
    names = [f"fact {number:05}" for number in range(12_000)]
    columns = ("name", "value", "at")
    with database.writing() as connection, connection.begin():
        insert_rows(connection, facts, columns, [(name, "x", 1 << 40) for name in names])
        insert_rows(connection, facts, columns, [])
        insert_rows(connection, facts, columns, [(name, "y", 2) for name in names[:300]], replacing=("value",))
        update_rows(connection, facts, "name", ("at",), [(name, 3) for name in names[200:]])
        delete_rows(connection, facts, [(name,) for name in [*names[650:], "none"]])
    with database.reader() as reader:
        found = [tuple(row) for row in reader.execute(sa.select(facts).order_by(facts.c.name))]
    assert found == [
        (name, "y" if place < 300 else "x", 1 << 40 if place < 200 else 3) for place, name in enumerate(names[:650])
    ]


def test_a_row_that_is_given_twice_keeps_the_last_word(database: Database) -> None:
    patient = (*(f"p{number}" for number in (1, 2)),)
    columns = ("id", "hospital_number_index", "wrapped_key", "sealed", "deceased", "changed_at")
    rows = [(id, id.encode() * 8, None, b"\x00\xff", number == 1, 1) for number, id in enumerate(patient)]
    once = [(b"phone", "p1", 5), (b"phone", "p2", 6), (b"phone", "p1", 7)]
    keys = [("c1", "t1"), ("c1", "t2"), ("c2", "t1")]
    with database.writing() as connection, connection.begin():
        insert_rows(connection, patients, columns, rows)
        insert_rows(connection, former_phones, ("phone_index", "patient_id", "until"), once, replacing=("until",))
        insert_rows(connection, timers, ("conversation_id", "name", "due", "visit"), [(*key, 1, 1) for key in keys])
        delete_rows(connection, timers, [("c1", "t2"), ("c2", "t2")])
    with database.reader() as reader:
        until = dict(reader.execute(sa.select(former_phones.c.patient_id, former_phones.c.until)).all())
        left = reader.execute(sa.select(timers.c.conversation_id, timers.c.name).order_by(timers.c.conversation_id)).all()
        held = reader.execute(sa.select(patients.c.wrapped_key, patients.c.sealed, patients.c.deceased)).all()
    assert until == {"p1": 7, "p2": 6}
    assert [tuple(row) for row in left] == [("c1", "t1"), ("c2", "t1")]
    assert [tuple(row) for row in held] == [(None, b"\x00\xff", False), (None, b"\x00\xff", True)]


def test_what_is_serialised_waits_for_the_other_transaction(database: Database) -> None:
    order: list[str] = []

    def second() -> None:
        with database.writing() as connection, connection.begin():
            serialise(connection, "this")
            order.append("second")

    with database.writing() as connection, connection.begin():
        serialise(connection, "this")
        thread = threading.Thread(target=second)
        thread.start()
        with database.writing() as other, other.begin():
            serialise(other, "that")  # another matter waits for nobody
        order.append("first")
    thread.join()
    assert order == ["first", "second"]

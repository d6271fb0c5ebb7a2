"""Which timers are due, found by the hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from conversations import timers
from conversations.bulk import insert_rows
from conversations.database import Database, open_database
from conversations.leases import EVERYTHING, Holding
from conversations.partitions import PARTITIONS, of_id
from conversations.schema import instant
from conversations.schema import timers as table
from tests.stores import store

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# Ids in another order than their moments.
AT = {
    "f" * 32: NOW - 3 * HOUR,
    "a" * 32: NOW - HOUR,
    "c" * 32: NOW - 29 * MINUTE,
    "b" * 32: NOW,
    "0" * 32: NOW + MINUTE,
    "9" * 32: NOW + 40 * MINUTE,
    "8" * 32: NOW + 2 * HOUR,
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(store().url(tmp_path)) as held:
        held.migrate()
        with held.writing() as connection, connection.begin():
            rows = [(id, "close", instant(at), 1) for id, at in AT.items()]
            insert_rows(connection, table, ("conversation_id", "name", "due", "visit"), rows)
        yield held


def due(database: Database, size: int, now: datetime = NOW, holding: Holding = EVERYTHING) -> str:
    with database.reader() as connection:
        return "".join(row.conversation_id[0] for row in timers.due(connection, now, size, holding))


def test_what_is_due_is_taken_in_the_order_of_its_moments_and_what_comes_later_in_the_hour_is_not(database: Database) -> None:
    assert due(database, 10) == "facb"
    assert due(database, 3) == "fac"
    assert due(database, 10, NOW - MINUTE) == "fac"
    assert due(database, 10, NOW + 30 * MINUTE) == "facb0"


def test_a_worker_takes_the_timers_of_its_own_partitions(database: Database) -> None:
    own = frozenset({of_id("a" * 32)})
    assert due(database, 10, holding=Holding(own, lambda _: None)) == "".join(
        id[0] for id in ("f" * 32, "a" * 32, "c" * 32, "b" * 32) if of_id(id) in own
    )


def test_what_falls_due_soon_is_told_by_partition_and_second(database: Database) -> None:
    with database.reader() as connection:
        found = timers.soon(connection, NOW, 45 * MINUTE, range(PARTITIONS))
        none = timers.soon(connection, NOW, 45 * MINUTE, ())
    wanted = {(of_id(id), int(AT[id].timestamp())) for id in ("0" * 32, "9" * 32)}
    assert (found, none) == (wanted, set())


def test_the_next_of_all_is_the_first_of_its_hour(database: Database) -> None:
    with database.reader() as connection:
        assert timers.next_due(connection) == NOW - 3 * HOUR
    with database.writing() as connection, connection.begin():
        connection.execute(sa.delete(table).where(table.c.due <= instant(NOW)))
    with database.reader() as connection:
        assert timers.next_due(connection) == NOW + MINUTE
    with database.writing() as connection, connection.begin():
        connection.execute(sa.delete(table))
    with database.reader() as connection:
        assert timers.next_due(connection) is None

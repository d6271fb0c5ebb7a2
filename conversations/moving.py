"""Moving a whole store to another database: a hospital that grew goes from its SQLite file to PostgreSQL.

Rows go table by table in the order of their keys, many to a commit, so that a move that was broken off goes on behind the last
row that arrived. Nothing is opened on the way and no key is needed: what is sealed stays so. The move is done when both records
have been verified and end in the same ledger row, and when every table has as many rows as before. Until then the new database
says of itself that it is half moved, and no service starts on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.bulk import insert_rows
from conversations.database import Database
from conversations.errors import FreagraError
from conversations.schema import NEVER, members, metadata, partitions
from conversations.verification import Verdict, verify

_ROWS = 5_000  # to a commit
_MARK = "moving"  # the member that stands for a move under way

Progress = Callable[[int], object]


class MoveRefused(FreagraError):
    """The stores are not such that the one could be moved into the other. The message says why, and what to do."""

    code = "move_refused"


def tables() -> list[sa.Table]:
    """What is moved, so that no row comes before one that it refers to: all but who works what at the moment."""
    return [table for table in metadata.sorted_tables if table not in (members, partitions)]


def count(connection: Connection) -> dict[str, int]:
    """Rows of each table."""
    return {
        table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables()
    }


def half_moved(connection: Connection) -> str:
    """From where a move into this database was begun and not finished; "" where none was."""
    return str(connection.execute(sa.select(members.c.trouble).where(members.c.id == _MARK)).scalar() or "")


def move(source: Database, target: Database, progress: Progress = lambda _: None) -> Verdict:
    """Move all of `source`, which nobody else has open for writing, into `target`, and verify it: the verdict on the new
    record. `progress` hears of rows that have arrived and of entries that were verified. Raises MoveRefused, also where the
    record is not whole."""
    origin = source.url.render_as_string()[:200]
    with source.reader() as read, target.writing() as write:
        begun = half_moved(write)
        if begun and begun != origin:
            raise MoveRefused(f"a move from {begun} into this database was begun; finish that one, or name an empty database")
        if not begun and any(count(write).values()):
            raise MoveRefused("the database to move to holds a record already; name an empty one")
        write.rollback()
        if not begun:
            with write.begin():
                mark = {"id": _MARK, "works": False, "sends": False, "trouble": origin, "until": NEVER}
                write.execute(sa.insert(members), mark)
        for table in tables():
            _move_table(read, write, table, progress)
        with write.begin():
            _go_on_counting(write)
        verdict = _compare(read, write, progress)
        with write.begin():
            write.execute(sa.delete(members).where(members.c.id == _MARK))
        return verdict


def _move_table(read: Connection, write: Connection, table: sa.Table, progress: Progress) -> None:
    key = list(table.primary_key)
    columns = [column.name for column in table.c]
    places = [columns.index(column.name) for column in key]
    last = _last(write, key)
    write.rollback()
    while True:
        query = sa.select(table).order_by(*key).limit(_ROWS)
        if last is not None:
            behind = [sa.bindparam(None, value, column.type) for value, column in zip(last, key, strict=True)]
            query = query.where(sa.tuple_(*key) > sa.tuple_(*behind))
        rows: Sequence[Any] = read.execute(query).all()
        if not rows:
            return
        with write.begin():
            insert_rows(write, table, columns, [tuple(row) for row in rows])
        last = [rows[-1][place] for place in places]
        progress(len(rows))


def _last(connection: Connection, key: list[sa.Column[Any]]) -> list[Any] | None:
    """The last key that has arrived, in the order of the source: SQLite compares texts byte by byte."""
    shared = connection.dialect.name != "sqlite"
    order = [
        (sa.collate(column, "C") if shared and isinstance(column.type, sa.String) else column).desc() for column in key
    ]
    row = connection.execute(sa.select(*key).order_by(*order).limit(1)).first()
    return None if row is None else list(row)


def _go_on_counting(connection: Connection) -> None:
    """PostgreSQL counts ids by sequences, which know nothing of rows that brought theirs along."""
    if connection.dialect.name == "sqlite":
        return
    for table in tables():
        column = table.autoincrement_column
        if column is not None:
            sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
            newest = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(sequence, newest, False)))


def _compare(read: Connection, write: Connection, progress: Progress) -> Verdict:
    before, after = verify(read, progress), verify(write, progress)
    counts = count(read), count(write)
    write.rollback()
    for name, verdict in (("old", before), ("new", after)):
        if not verdict.whole:
            raise MoveRefused(f"the {name} record is not whole: {verdict.faults[0]}; freagra transcript verify tells all")
    if before.newest != after.newest:
        raise MoveRefused("the new record ends in another ledger row than the old one")
    differing = [name for name in counts[0] if counts[0][name] != counts[1][name]]
    if differing:
        raise MoveRefused(f"not as many rows as before in {', '.join(differing)}")
    return after

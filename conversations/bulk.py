"""Many rows in few statements.

On SQLite one statement for many rows is several times quicker than one for each: every step of a statement gives up the
interpreter lock, and beside a busy thread it takes longer to get back than the step ran. Compiling a long statement costs
as much as running it, so rows go by powers of two: the driver keeps those few statements compiled. PostgreSQL takes any number
of rows by one statement, an array for each column.

Values go to the driver as they are: plain int, str, bytes, bool, None.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

import sqlalchemy as sa

T = TypeVar("T")
Row = Sequence[Any]

# The driver knows int, float and str; of every other value it asks in four places, one after the other, how it may be adapted,
# unless it finds that at once: a third of what binding a row costs.
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(bool, int)
sqlite3.register_adapter(type(None), lambda nothing: nothing)

_VALUES_IN_ONE = 4_096  # of one statement; SQLite takes up to 32,766
_IN_ONE = 500  # values of one IN (...)
_AT_A_TIME = 1_000  # rows fetched of many


def portions(wanted: Iterable[T]) -> Iterator[list[T]]:
    """What is wanted, each once and in order, in lists short enough for one IN (...)."""
    once = list(dict.fromkeys(wanted))
    for start in range(0, len(once), _IN_ONE):
        yield once[start : start + _IN_ONE]


def among_those(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """The column's value is one of those that `rows_of` is given."""
    return column.in_(sa.bindparam("those", expanding=True))


def rows_of(connection: sa.Connection, query: sa.Select[Any], those: Iterable[Any], **also: Any) -> Iterator[Any]:
    """The rows of a query that holds `among_those`; `also` are the values of its other parameters. Such a query is best made
    once: what is made for each batch refers to itself, and lies in memory with all its values until the garbage collector
    comes, which it seldom does."""
    for some in portions(those):
        yield from connection.execute(query, {"those": some, **also}).all()


def stream(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Any]:
    """The rows of a query that has very many, without holding them all."""
    with connection.execute(query, execution_options={"yield_per": _AT_A_TIME}) as rows:
        yield from rows


def insert_rows(
    connection: sa.Connection,
    table: sa.Table,
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    replacing: Sequence[str] = (),
    once: bool = False,
) -> None:
    """INSERT many rows, each a value for every column in order. A row whose primary key is there already gives that one
    its values of the columns `replacing`, or is left out where each goes in `once`; otherwise it is refused. What never
    changes is best not named there, since every index on a named column is written anew."""
    suffix = "ON CONFLICT DO NOTHING" if once else ""
    if replacing:
        keys = ", ".join(column.name for column in table.primary_key)
        taken = ", ".join(f"{name} = excluded.{name}" for name in replacing)
        suffix = f"ON CONFLICT ({keys}) DO UPDATE SET {taken}"
    if connection.dialect.name != "sqlite":
        if replacing:
            rows = _last_of_each(table, columns, rows)
        names = ", ".join(columns)
        _by_arrays(connection, f"INSERT INTO {table.name} ({names}) SELECT * FROM {{}} AS new {suffix}", table, columns, rows)
        return
    for part in by_powers(rows, len(columns)):
        connection.exec_driver_sql(insert_sql(table.name, tuple(columns), len(part), suffix), _flat(part))


def update_rows(
    connection: sa.Connection, table: sa.Table, key: str, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """UPDATE many rows, each given as its key and then the new value of every column in order. No key twice."""
    if connection.dialect.name != "sqlite":
        new = ", ".join(f"{name} = new.{name}" for name in columns)
        names = ", ".join(("the_key", *columns))
        update = f"UPDATE {table.name} SET {new} FROM {{}} AS new({names}) WHERE {table.name}.{key} = the_key"
        _by_arrays(connection, update, table, (key, *columns), rows)
        return
    for part in by_powers(rows, 1 + len(columns)):
        connection.exec_driver_sql(_update_sql(table.name, key, tuple(columns), len(part)), _flat(part))


def delete_rows(connection: sa.Connection, table: sa.Table, keys: Sequence[Row]) -> None:
    """DELETE the rows with these primary keys, those that are there."""
    columns = tuple(column.name for column in table.primary_key)
    if connection.dialect.name != "sqlite":
        matches = " AND ".join(f"{table.name}.{name} = gone.{name}" for name in columns)
        delete = f"DELETE FROM {table.name} USING {{}} AS gone({', '.join(columns)}) WHERE {matches}"
        _by_arrays(connection, delete, table, columns, keys)
        return
    for part in by_powers(keys, 1 + len(columns)):
        firsts = tuple(key[0] for key in part)
        connection.exec_driver_sql(_delete_sql(table.name, columns, len(part)), firsts + _flat(part))


def _by_arrays(
    connection: sa.Connection, statement: str, table: sa.Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Run a statement of PostgreSQL that reads the rows where it has {}."""
    if rows:
        arrays = tuple(list(values) for values in zip(*rows, strict=True))
        connection.exec_driver_sql(statement.format(rows_of_arrays(table, tuple(columns))), arrays)


@lru_cache(maxsize=256)
def rows_of_arrays(table: sa.Table, columns: tuple[str, ...]) -> str:
    """For PostgreSQL: the rows whose columns are given as arrays, one placeholder each."""
    return f"unnest({', '.join(f'%b::{_kind(table.c[name])}[]' for name in columns)})"


def _kind(column: sa.Column[Any]) -> str:
    return next(word for kind, word in _KINDS if isinstance(column.type, kind))


_KINDS: tuple[tuple[type, str], ...] = (
    (sa.BigInteger, "bigint"),
    (sa.SmallInteger, "smallint"),
    (sa.Integer, "integer"),
    (sa.Boolean, "boolean"),
    (sa.LargeBinary, "bytea"),
    (sa.String, "text"),
)


def _last_of_each(table: sa.Table, columns: Sequence[str], rows: Sequence[Row]) -> Sequence[Row]:
    """PostgreSQL refuses to replace a row twice in one statement: the last word on it counts, as it does on SQLite."""
    places = [columns.index(column.name) for column in table.primary_key]
    return list({tuple(row[place] for place in places): row for row in rows}.values())


def by_powers(rows: Sequence[T], columns: int) -> Iterator[Sequence[T]]:
    """The rows in as few parts as there can be whose lengths are powers of two. A statement that stays compiled holds the
    values that it was last given as well, so that one for each length would hold 50 MB for a table of the inbox's."""
    size = 1 << (_VALUES_IN_ONE // columns).bit_length() - 1
    first = 0
    while first < len(rows):
        while size > len(rows) - first:
            size >>= 1
        yield rows[first : first + size]
        first += size


def _flat(rows: Sequence[Row]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(rows))


def _values(columns: int, rows: int) -> str:
    return ",".join(["(" + ",".join("?" * columns) + ")"] * rows)


@lru_cache(maxsize=1024)
def insert_sql(table: str, columns: tuple[str, ...], rows: int, suffix: str = "") -> str:
    """INSERT of so many rows, with question marks. `suffix` is what follows the values, such as ON CONFLICT."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {_values(len(columns), rows)} {suffix}"


@lru_cache(maxsize=1024)
def _update_sql(table: str, key: str, columns: tuple[str, ...], rows: int) -> str:
    new = ", ".join(f"{name} = new.{name}" for name in columns)
    return (
        f"WITH new(the_key, {', '.join(columns)}) AS (VALUES {_values(1 + len(columns), rows)}) "
        f"UPDATE {table} SET {new} FROM new WHERE {table}.{key} = new.the_key"
    )


@lru_cache(maxsize=1024)
def _delete_sql(table: str, columns: tuple[str, ...], rows: int) -> str:
    # SQLite would read the whole table for the second IN alone; for the first it looks into the index.
    return (
        f"DELETE FROM {table} WHERE {columns[0]} IN (VALUES {_values(1, rows)}) "
        f"AND ({', '.join(columns)}) IN (VALUES {_values(len(columns), rows)})"
    )
